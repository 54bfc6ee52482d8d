"""The national comparison: takes a file of people, works on it a minute of the asker's time, and says who was
found where.

It answers from `sandbox.world`, as of the moment at which the request came in, and from nothing else; the
request number is the key. Of people with a told life (`sandbox.lives`) it finds nothing. It must never judge
a person: what a hit means is the product's business.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sandbox import scenarios
from sandbox.registers import behave, fault_now, refuse_down
from sandbox.store import Store
from sandbox.wire import Answer, Request, WireError, asked_at, china_day, json_answer, stamp
from sandbox.world import CHINA, Person, World, month_of, month_text

WORKS_FOR = timedelta(minutes=1)
MOST_ROWS = 200_000
TEXT = "text/plain; charset=utf-8"
CHECKS = tuple(f"C{number}" for number in range(1, 12))
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,35}", re.ASCII)
_ROW = re.compile(
    r"D\|([1-9][0-9]{0,8})\|([A-Z_]{1,20})\|([^|]{1,40})\|([^|]{1,120})\|([0-9]{4}-[0-9]{2})\|(C[0-9C+]{1,60})"
)


class FileRejected(Exception):
    """The file is not taken, and why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of a request."""

    seq: int
    id_number: str
    name: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """What is known elsewhere of one check: where, at which unit, since and until when, under which name."""

    province: str
    unit: str
    since: date
    until: date | None
    name: str


class Comparison:
    """The comparison of one world. Every method is one request; the time of each is the asker's."""

    def __init__(self, store: Store, world: World) -> None:
        self.store = store
        self.world = world

    def _fault(self) -> scenarios.Fault:
        with self.store.reading() as connection:
            fault = fault_now(connection, scenarios.COMPARISON)
        if fault.mode == scenarios.DOWN:
            refuse_down(scenarios.COMPARISON)
        return fault

    def submit(self, request: Request) -> Answer:
        """`POST /comparison/requests`: take a file or refuse it; the same again gets the same answer.

        Raises WireError: no number, the number with other content, comparison down.
        """
        at = asked_at(request)
        number = request.headers.get("x-anye-request", "")
        if _NUMBER.fullmatch(number) is None:
            raise WireError(400, "bad_request", "X-Anye-Request must be 1 to 35 of A-Z, a-z, 0-9 and -.")
        digest = sha256(request.body).hexdigest()
        fault = self._fault()
        with self.store.writing() as connection:
            connection.execute(
                "UPDATE comparison_requests SET submissions = submissions + 1 WHERE req_no = ?", (number,)
            )
            if _known(connection, number) is None:
                _take(connection, number, request, digest, at)
            known = _known(connection, number)
        if known is None or known["sha256"] != digest:
            raise WireError(409, "request_differs", "This request number was sent before with other content.")
        return behave(
            json_answer(
                {
                    "req_no": number,
                    "accepted": bool(known["accepted"]),
                    "code": known["code"],
                    "message": known["message"],
                    "reference": known["reference"],
                    "received_at": known["received_at"],
                    "as_of": stamp(at),
                }
            ),
            fault,
        )

    def answer(self, request: Request) -> Answer:
        """`GET /comparison/requests/<req_no>/answer`: the file, or 202 while it is being made.

        Raises WireError: no such request taken, comparison down.
        """
        at, fault = asked_at(request), self._fault()
        number = request.parts["number"]
        with self.store.reading() as connection:
            known = _known(connection, number)
            if known is None or not known["accepted"]:
                raise WireError(404, "request_unknown", "No request of this number was taken; send it.")
            received = datetime.fromisoformat(known["received_at"])
            if at < received + WORKS_FOR:
                return behave(
                    json_answer({"req_no": number, "state": "WORKING", "as_of": stamp(at)}, 202), fault
                )
            lines = list(self._answers(connection, bytes(known["content"]), received))
        header = f"H|{number}|{_period(bytes(known['content']))}|{len(lines)}|{stamp(received)}"
        content = "\r\n".join([header, *lines, f"T|{len(lines)}", ""]).encode()
        if fault.mode == scenarios.TWICE:
            content += content
        answer = Answer(200, content, TEXT)
        return answer.after(fault.seconds) if fault.mode == scenarios.SLOW else answer

    def _answers(self, connection: sqlite3.Connection, content: bytes, received: datetime) -> Iterator[str]:
        day = received.astimezone(CHINA).date()
        data_date = (day - timedelta(days=1)).isoformat()
        for asked in parse(content):
            row = connection.execute(
                "SELECT ordinal FROM people"
                " WHERE id_number = ? AND ordinal NOT IN (SELECT ordinal FROM lives)",
                (asked.id_number,),
            ).fetchone()
            hits = {} if row is None else hits_of(self.world.person(int(row["ordinal"])), day)
            none = "+".join(check for check in asked.checks if check not in hits)
            if none:
                yield f"A|{asked.seq}|{none}|N|||||{data_date}|"
            for check in asked.checks:
                if check in hits:
                    yield _line(asked, check, hits[check], data_date)


def hits_of(person: Person, day: date) -> dict[str, Hit]:
    """Every check that finds something about a person on a day, with what it finds."""
    return {check: hit for check, look in _LOOKS.items() if (hit := look(person, day)) is not None}


def parse(content: bytes) -> list[Asked]:
    """Read a request file. Raises FileRejected with the first fault found."""
    try:
        lines = content.decode("utf-8").split("\r\n")
    except UnicodeDecodeError as error:
        raise FileRejected("the file is not UTF-8") from error
    if len(lines) < 4 or lines[-1] or not lines[0].startswith("H|") or not lines[-2].startswith("T|"):
        raise FileRejected("header, trailer or the end of the last line is missing")
    rows = []
    for number, line in enumerate(lines[1:-2], start=2):
        found = _ROW.fullmatch(line)
        checks = tuple(found[6].split("+")) if found else ()
        if found is None or not set(checks) <= set(CHECKS):
            raise FileRejected(f"line {number} does not have the fields it should have")
        rows.append(Asked(int(found[1]), found[3], found[4], checks))
    fields = lines[0].split("|")
    if len(fields) != 5 or fields[3] != str(len(rows)) or lines[-2] != f"T|{len(rows)}":
        raise FileRejected("the counts of header, trailer and lines differ")
    if len(rows) > MOST_ROWS or len({row.seq for row in rows}) != len(rows):
        raise FileRejected("there are too many lines, or a place is given twice")
    return rows


def _take(connection: sqlite3.Connection, number: str, request: Request, digest: str, at: datetime) -> None:
    code, message, count = "ACCP", "", 0
    try:
        if request.headers.get("x-anye-content-sha256", digest) != digest:
            raise FileRejected("X-Anye-Content-SHA256 differs from the body")
        count = len(parse(request.body))
        if request.body.split(b"|", 2)[1].decode() != number:
            raise FileRejected("line 1: the number is not that of X-Anye-Request")
    except FileRejected as rejected:
        code, message = "FF01", str(rejected)
    accepted = code == "ACCP"
    connection.execute(
        "INSERT INTO comparison_requests (req_no, sha256, accepted, code, message, reference, content, count,"
        " received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            digest,
            accepted,
            code,
            message,
            f"BD-{china_day(at).replace('-', '')}-{digest[:8]}" if accepted else "",
            request.body,
            count,
            stamp(at),
        ),
    )


def _known(connection: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM comparison_requests WHERE req_no = ?", (number,)
    ).fetchone()
    return row


def _period(content: bytes) -> str:
    return content.split(b"|", 3)[2].decode()


def _line(asked: Asked, check: str, hit: Hit, data_date: str) -> str:
    until = month_text(month_of(hit.until)) if hit.until else ""
    same = "Y" if hit.name == asked.name else "N"
    since = month_text(month_of(hit.since))
    return f"A|{asked.seq}|{check}|Y|{hit.province}|{hit.unit}|{since}|{until}|{data_date}|{same}"


def _elsewhere(person: Person, day: date) -> Hit | None:
    job = person.job_elsewhere
    if job is None or job.starts_on > day or person.draws_elsewhere_from is not None:
        return None
    return Hit(job.region_name, job.unit.name, job.starts_on, job.ends_on, job.under or person.name)


def _here(person: Person, day: date) -> Hit | None:
    job = person.next_job
    if job is None or job.starts_on > day:
        return None
    unit = job.unit.name
    return Hit("河北省石家庄市", f"{unit[:3]}**{unit[-4:]}", job.starts_on, None, person.name)


def _drawing(person: Person, day: date) -> Hit | None:
    job = person.job_elsewhere
    if job is None or person.draws_elsewhere_from is None:
        return None
    return _since(person, person.draws_elsewhere_from, day, province=job.region_name)


def _pension(person: Person, day: date) -> Hit | None:
    return _since(person, person.separated_on if person.draws_pension else person.pension_from, day)


def _business(person: Person, day: date) -> Hit | None:
    if not person.businesses:
        return None
    name = person.businesses[0]
    since = person.business_from or person.separated_on
    return _since(person, since, day, unit=f"{name[:3]}**{name[-3:]}")


def _since(
    person: Person, since: date | None, day: date, *, province: str = "河北省", unit: str = ""
) -> Hit | None:
    return Hit(province, unit, since, None, person.name) if since is not None and since <= day else None


_LOOKS: Mapping[str, Callable[[Person, date], Hit | None]] = {
    "C1": _elsewhere,
    "C2": _here,
    "C3": _drawing,
    "C4": _pension,
    "C5": lambda person, day: _since(person, person.died_on, day),
    "C6": lambda person, day: _since(person, person.imprisoned_on, day),
    "C7": _business,
    "C8": lambda person, day: _since(person, person.taxed_from, day, unit="石家庄**商贸有限公司"),
    "C11": lambda person, day: _since(person, person.pays_privately_from, day),
}
"""Nobody here is ever conscripted or emigrates: C9 and C10 find nothing."""
