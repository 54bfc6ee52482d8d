"""A city's monthly check from the roll to stored findings, against the one join that it is made of.

Work: the snapshot of everybody whose benefit runs, the request file, both exchanges over HTTP, matching the
answer file with the roll, and a case for each hit, by the services that the timetable calls, in one process.
The other side is the benchmark's own register: 10,000,000 insured rows in PostgreSQL, without an index, asked
by another process that reads the file, joins it with the register and writes the answer. All of that counts.

Floor: the same people joined with the same register by one statement, a hash join, and nothing else.

Not counted: people, claims and register, which are there already, and the minute that is waited for an answer
(the services are told that it has passed). What a finding does to a payment afterwards is another matter.
"""

from __future__ import annotations

import resource
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from json import dumps
from multiprocessing import get_context
from typing import Any

from django.db import connection, connections
from django.test.utils import override_settings

from accounts.models import Identifier
from accounts.selectors import machine
from audit.models import Finding
from audit.services import exchange, make_request, open_findings, start_check
from benchmarks import payout
from benchmarks.books import Books
from benchmarks.rows import Row
from benchmarks.stage import CITY, in_processes
from config.scratch import scratch_database
from gateways.adapters import wire

SIZES = (58_000,)
REGISTER = 10_000_000
ROUNDS = 3
PERIOD = "2026-11"
NOW = datetime(2026, 10, 28, 18, 10, tzinfo=UTC)
DATA_DATE = "2026-10-27"
ONE_IN = 500
"""So many people of the roll for each who is insured elsewhere by now."""
ADDED = (
    "audit_checkrun",
    "audit_checkrow",
    "audit_checkfile",
    "audit_checkhit",
    "cases_case",
    "audit_finding",
    "cases_event",
)
KEY_OF = {"audit_finding": "case_id"}

# People nobody of the roll is: an area code that does not exist. Every tenth of them works no more.
MAKE_REGISTER = """
    CREATE UNLOGGED TABLE bench_register AS
    SELECT '99' || lpad(n::text, 16, '0') AS id_number, '广东省' AS province, '深圳市**有限公司' AS unit,
           '2024-' || lpad((n %% 12 + 1)::text, 2, '0') AS start_month,
           CASE WHEN n %% 10 = 0 THEN '2025-12' ELSE '' END AS end_month
    FROM generate_series(1, %s) n
"""
JOIN = """
    SELECT asked.seq, found.province, found.unit, found.start_month
    FROM bench_asked asked JOIN bench_register found USING (id_number) WHERE found.end_month = ''
"""


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Check each number of people in a database of its own."""
    return [_measure(size) for size in sizes or SIZES]


def _measure(size: int) -> Row:
    with scratch_database("check"):
        in_processes(payout.prepare, [(size, int(size * payout.SPARE))])
        in_processes(prepare, [(size,)])
        books = Books(added=ADDED, changed=(), keys=KEY_OF)
        books.open()
        done: list[tuple[dict[str, float], float]] = []
        floors: list[float] = []
        for _ in range(ROUNDS):
            with register() as url, override_settings(ANYE_OUTSIDE={"COMPARISON": {"url": url}}):
                done += in_processes(work, [(size,)])
            books.take_back()
            floors += in_processes(floor, [()])
    for phases, _peak in done:
        told = ", ".join(f"{name} {seconds:.2f}" for name, seconds in phases.items())
        print(f"cross-check: {told}", file=sys.stderr)
    seconds = min(sum(phases.values()) for phases, _ in done)
    least = min(floors)
    return Row(
        name="cross-check",
        size=size,
        seconds=round(seconds, 2),
        per_second=round(size / seconds, 1),
        floor_seconds=round(least, 2),
        ratio=round(seconds / least, 2),
        peak_mb=round(max(peak for _, peak in done), 1),
    )


def prepare(size: int) -> None:
    """The register, and in it those of the roll who are insured elsewhere; the same people for the floor."""
    with connection.cursor() as cursor:
        cursor.execute(MAKE_REGISTER, [REGISTER - size // ONE_IN])
        numbers = list(Identifier.objects.filter(party__claims__isnull=False).order_by("pk")[:size])
        cursor.execute("CREATE TABLE bench_asked (seq int, id_number text)")
        cursor.executemany(
            "INSERT INTO bench_asked VALUES (%s, %s)",
            [(seq, one.number) for seq, one in enumerate(numbers, start=1)],
        )
        cursor.execute(
            "INSERT INTO bench_register SELECT id_number, '广东省', '深圳市**有限公司', '2026-10', ''"
            " FROM bench_asked WHERE seq %% %s = 0",
            [ONE_IN],
        )
        cursor.execute("VACUUM ANALYZE bench_register")
        cursor.execute("VACUUM ANALYZE bench_asked")


def work(size: int) -> tuple[dict[str, float], float]:
    """The whole check in one process: seconds of each part, and peak megabytes."""
    wire.reset()
    actor = machine()
    marks = [time.perf_counter()]
    run_of_month = start_check(region=CITY, period=PERIOD, actor=actor, now=NOW)
    marks.append(time.perf_counter())
    file = make_request(run=run_of_month, now=NOW)
    marks.append(time.perf_counter())
    assert file is not None
    exchange(file_id=file.pk, now=NOW)
    marks.append(time.perf_counter())
    answered = exchange(file_id=file.pk, now=NOW + timedelta(minutes=1))
    marks.append(time.perf_counter())
    open_findings(run=run_of_month, now=NOW + timedelta(minutes=1))
    marks.append(time.perf_counter())
    clean, found = run_of_month.rows.exclude(clean_on=None).count(), Finding.objects.count()
    expected = size // ONE_IN
    if not answered or (run_of_month.count, clean, found) != (size, size - expected, expected):
        raise RuntimeError(f"{run_of_month.count} on the roll, {clean} clean, {found} found")
    names = ("roll", "request", "send", "answer and match", "findings")
    phases = {name: end - begun for name, begun, end in zip(names, marks, marks[1:], strict=False)}
    return phases, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def floor() -> float:
    """Seconds of the bare hash join."""
    with connection.cursor() as cursor:
        _only_hash(cursor)
        began = time.perf_counter()
        cursor.execute(JOIN)
        cursor.fetchall()
        return time.perf_counter() - began


def _only_hash(cursor: Any) -> None:
    cursor.execute("SET enable_nestloop = off")
    cursor.execute("SET enable_mergejoin = off")
    cursor.execute(f"EXPLAIN {JOIN}")
    if "Hash Join" not in "".join(line for (line,) in cursor.fetchall()):
        raise RuntimeError("the floor is no hash join")


# --- the register's side ----------------------------------------------------------------------------------


@contextmanager
def register() -> Iterator[str]:
    """The register behind the wire of docs/wire.md §6, in a process of its own; its address."""
    connections.close_all()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = get_context("fork").Process(target=_serve, args=(port,), daemon=True)
    process.start()
    try:
        _await(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()


def _await(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the register did not start")


def _serve(port: int) -> None:
    HTTPServer(("127.0.0.1", port), _Register).serve_forever()


class _Register(BaseHTTPRequestHandler):
    """Takes a request file, joins it with the register, and gives the answer file."""

    answers: dict[str, bytes] = {}

    def do_POST(self) -> None:
        number = str(self.headers["X-Anye-Request"])
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.answers[number] = _compare(number, content.decode())
        taken = {"req_no": number, "accepted": True, "code": "ACCP", "message": "", "reference": number}
        self._send(dumps(taken).encode(), "application/json")

    def do_GET(self) -> None:
        self._send(self.answers[self.path.split("/")[-2]], "text/plain; charset=utf-8")

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def _compare(number: str, content: str) -> bytes:
    """The answer file: hits of the first check by the join, and no to everything else."""
    people = [line.split("|") for line in content.split("\r\n")[1:-2]]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bench_asked (seq int, id_number text)")
        rows = StringIO("".join(f"{one[1]}\t{one[3]}\n" for one in people))
        cursor.copy_expert("COPY pg_temp.bench_asked FROM STDIN", rows)
        cursor.execute("ANALYZE pg_temp.bench_asked")
        _only_hash(cursor)
        cursor.execute(JOIN)
        hits = {str(seq): found for seq, *found in cursor.fetchall()}
        cursor.execute("DROP TABLE pg_temp.bench_asked")
    lines = []
    for _, seq, _, _, _, _, checks in people:
        hit = hits.get(seq)
        if hit is None:
            lines.append(f"A|{seq}|{checks}|N|||||{DATA_DATE}|")
            continue
        lines.append(f"A|{seq}|C1|Y|{hit[0]}|{hit[1]}|{hit[2]}||{DATA_DATE}|Y")
        lines.append(f"A|{seq}|{checks.removeprefix('C1+')}|N|||||{DATA_DATE}|")
    header = f"H|{number}|{PERIOD}|{len(lines)}|{NOW.isoformat()}"
    return "\r\n".join([header, *lines, f"T|{len(lines)}", ""]).encode()
