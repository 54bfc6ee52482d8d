"""The nine registers: what each says about a person at the asker's time.

A register answers from `sandbox.world` and from nothing else; asking has no effect. It must never judge a
person: what an answer means for a claim is the product's rule.
"""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn

from sandbox import lives, scenarios
from sandbox.store import Store
from sandbox.wire import Answer, Json, Request, WireError, asked_at, json_answer, parse_time, stamp, text_of
from sandbox.world import Person, World, month_of, month_text

EMPTY: Mapping[str, Json] = {
    "identity": {"name": "", "sex": None, "birth_date": None, "deceased": None, "hukou_region": ""},
    "insurance": {
        "contributed_months": 0,
        "deemed_months": 0,
        "first_month": None,
        "last_month": None,
        "unit_name": "",
        "unit_code": "",
        "county": "",
        "active": False,
        "had_previous_spell": False,
        "residual_months": 0,
        "competent": False,
    },
    "insurance-province": {"active": False, "region_name": "", "start_month": None, "drawing": None},
    "insurance-national": {"active": False, "region_name": "", "start_month": None, "drawing": False},
    "separation": {
        "reported": False,
        "reason_code": "",
        "separated_on": None,
        "reported_at": None,
        "unit_name": "",
    },
    "pension": {"drawing": False, "category": None},
    "justice": {"imprisoned": False},
    "market": {"operates": False, "names": []},
    "card": {"status": None, "bank_name": "", "bank_code": "", "account_number": "", "account_name": ""},
}
"""What each register says of a person it does not know."""
MOST_ASKED = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """A person, the number of cards they were given after the first, and the moment of the question."""

    person: Person
    cards: int
    account: str
    at: datetime

    @property
    def day(self) -> date:
        """The asker's day in Asia/Shanghai."""
        return lives.moment_day(self.at)


def register(store: Store, world: World, request: Request) -> Answer:
    """Answer `POST /registers/<source>`. Raises WireError: unknown source, bad question, source down."""
    source = request.parts["source"]
    if source not in EMPTY:
        raise WireError(404, "not_found", f"There is no register {source[:40]!r}.")
    at = asked_at(request)
    request_id = text_of(request.json, "request_id", longest=64)
    subject = request.json.get("subject")
    if not isinstance(subject, dict):
        raise WireError(400, "bad_request", "subject must be an object.")
    for name in ("name", "id_kind"):
        text_of(subject, name, longest=120)
    id_number = text_of(subject, "id_number", longest=40)
    with store.reading() as connection:
        row = connection.execute(
            "SELECT ordinal, scenario, card FROM people WHERE id_number = ?", (id_number,)
        ).fetchone()
        scenario = scenarios.CLEAN if row is None else str(row["scenario"])
        fault = fault_now(connection, source, id_number=id_number, scenario=scenario)
        known = None if row is None else _known(connection, world, row, at)
    if fault.mode == scenarios.DOWN:
        refuse_down(source)
    return behave(_said(source, known, request_id=request_id, at=at), fault)


def _known(connection: sqlite3.Connection, world: World, row: sqlite3.Row, at: datetime) -> Known:
    ordinal, cards = int(row["ordinal"]), int(row["card"])
    person = lives.person_on(connection, world, ordinal, lives.moment_day(at))
    return Known(person, cards, world.account(ordinal, cards), at)


def _said(source: str, known: Known | None, *, request_id: str, at: datetime) -> Answer:
    """What a register says of a person, or of somebody it does not know."""
    result: Json = {"found": known is not None}
    result |= EMPTY[source] if known is None else _ANSWERS[source](known)
    return json_answer({"request_id": request_id, "source": source, "as_of": stamp(at), "result": result})


def answers(store: Store, world: World, fields: Mapping[str, object]) -> list[Json]:
    """`POST /people/answers`: what the registers say of many people, word for word as they would one by one.

    A source that is down has no text; one that is slow does not keep the others waiting. Raises WireError for
    a list that is none, and for a number nobody here has.
    """
    asked = fields.get("asked")
    if not isinstance(asked, list) or len(asked) > MOST_ASKED:
        raise WireError(400, "bad_request", f"asked must be a list of at most {MOST_ASKED}.")
    with store.reading() as connection:
        return [_answers_of(connection, world, row) for row in asked]


def _answers_of(connection: sqlite3.Connection, world: World, row: object) -> Json:
    requests = row.get("requests") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(requests, dict) or not requests.keys() <= EMPTY.keys():
        raise WireError(400, "bad_request", "Each row of asked names a person, an instant and requests.")
    id_number = text_of(row, "id_number", longest=40)
    at = parse_time(text_of(row, "asked_at", longest=40), "asked_at")
    found = connection.execute(
        "SELECT ordinal, scenario, card FROM people WHERE id_number = ?", (id_number,)
    ).fetchone()
    if found is None:
        raise WireError(404, "not_found", "No person here has this number.")
    known = _known(connection, world, found, at)
    texts: Json = {}
    for source, request_id in requests.items():
        fault = fault_now(connection, source, id_number=id_number, scenario=str(found["scenario"]))
        if fault.mode != scenarios.DOWN:
            said = _said(source, known, request_id=str(request_id), at=at)
            texts[source] = (said.twice() if fault.mode == scenarios.TWICE else said).body.decode()
    return texts


def fault_now(
    connection: sqlite3.Connection, source: str, *, id_number: str = "", scenario: str = scenarios.CLEAN
) -> scenarios.Fault:
    """How a source behaves now: told for this person, else told for all, else by the person's scenario."""
    rows = {
        str(row["id_number"]): scenarios.Fault(str(row["mode"]), float(row["seconds"]))
        for row in connection.execute(
            "SELECT id_number, mode, seconds FROM faults WHERE source = ? AND id_number IN (?, '')",
            (source, id_number),
        )
    }
    told = rows.get(id_number) or rows.get("")
    return told or scenarios.fault_of(scenario, source) or scenarios.Fault(scenarios.OK)


def behave(answer: Answer, fault: scenarios.Fault) -> Answer:
    """The answer as a slow or a repeating source gives it."""
    if fault.mode == scenarios.SLOW:
        return answer.after(fault.seconds)
    return answer.twice() if fault.mode == scenarios.TWICE else answer


def refuse_down(source: str) -> NoReturn:
    """Raise what a source that is down answers."""
    raise WireError(503, "source_down", f"{source} is down; nothing was done. Ask again later.")


def _identity(known: Known) -> Json:
    person = known.person
    return {
        "name": person.register_name,
        "sex": person.sex,
        "birth_date": person.birth_date.isoformat(),
        "deceased": person.died_on is not None and person.died_on <= known.day,
        "hukou_region": person.hukou_region,
    }


def _insurance(known: Known) -> Json:
    person, day = known.person, known.day
    month = month_of(day)
    before = day < person.separated_on
    job = person.next_job if person.next_job is not None and person.next_job.starts_on <= day else None
    unit = job.unit if job is not None else person.unit
    # Asked about a day on which the person still worked, the months to come are not there yet.
    missing = max(0, person.last_month - month) if before else 0
    last_month = month if before or job is not None else person.last_month
    return {
        "contributed_months": max(0, person.contributed_months - missing),
        "deemed_months": 0,
        "first_month": month_text(person.first_month) if person.first_month <= month else None,
        "last_month": month_text(last_month) if person.first_month <= last_month else None,
        "unit_name": unit.name,
        "unit_code": unit.code,
        "county": person.county,
        "active": before or job is not None,
        "had_previous_spell": person.had_previous_spell,
        "residual_months": person.residual_months,
        "competent": True,
    }


def _province(known: Known) -> Json:
    return dict(EMPTY["insurance-province"])


def _national(known: Known) -> Json:
    person, day = known.person, known.day
    job = person.job_elsewhere
    if job is None or job.starts_on > day or (job.ends_on is not None and job.ends_on <= day):
        return dict(EMPTY["insurance-national"])
    drawing = person.draws_elsewhere_from is not None and person.draws_elsewhere_from <= day
    return {
        "active": not drawing,
        "region_name": job.region_name,
        "start_month": month_text(month_of(job.starts_on)),
        "drawing": drawing,
    }


def _separation(known: Known) -> Json:
    person = known.person
    if person.reported_at is None or person.reported_at > known.at:
        return dict(EMPTY["separation"])
    return {
        "reported": True,
        "reason_code": person.reason,
        "separated_on": person.separated_on.isoformat(),
        "reported_at": stamp(person.reported_at),
        "unit_name": person.unit.name,
    }


def _pension(known: Known) -> Json:
    person = known.person
    drawing = person.draws_pension or (person.pension_from is not None and person.pension_from <= known.day)
    return {"drawing": drawing, "category": person.pension_category}


def _justice(known: Known) -> Json:
    since = known.person.imprisoned_on
    return {"imprisoned": since is not None and since <= known.day}


def _market(known: Known) -> Json:
    person = known.person
    begun = person.business_from is None or person.business_from <= known.day
    return {"operates": bool(person.businesses) and begun, "names": list(person.businesses) if begun else []}


def _card(known: Known) -> Json:
    person = known.person
    renewed = known.cards > 0
    return {
        "status": "ACTIVE" if renewed else person.card_status,
        "bank_name": person.bank_name,
        "bank_code": person.bank_code,
        "account_number": known.account,
        "account_name": person.name if renewed else person.account_name,
    }


_ANSWERS: Mapping[str, Callable[[Known], Json]] = {
    "identity": _identity,
    "insurance": _insurance,
    "insurance-province": _province,
    "insurance-national": _national,
    "separation": _separation,
    "pension": _pension,
    "justice": _justice,
    "market": _market,
    "card": _card,
}
