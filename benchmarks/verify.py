"""From submitted to decided: what verification adds to asking the registers and writing the rows.

Work: claims of people whose records are in order, all submitted and none looked up yet, are verified by two
processes through the service the workers call: nine registers over HTTP, the rule, the determination, the
grant with its letter and messages.

Floor: two processes ask the same nine questions with the same client, as many at once, and then write the
same rows with plain `INSERT … SELECT` and `UPDATE` by primary key, in one transaction a claim, indexes,
constraints and triggers in force.

Both wait for the same sandbox, which is a third process on the same machine; on two busy cores it is most of
both times. Submitting is not counted, nor is the broker.
"""

from __future__ import annotations

import resource
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial

from django.db import connection, transaction

from accounts.selectors import machine
from accounts.services import ensure_person
from benchmarks.books import Books, columns
from benchmarks.rows import Row
from benchmarks.stage import CITY, in_processes
from claims import kinds
from claims.facts import ALL_SOURCES
from claims.models import Claim
from claims.selectors import subject_of
from claims.services import Application, submit_claim, verify_claim
from config.scratch import outside, scratch_database
from gateways import registry
from gateways.ports import Question
from law.money import Fen
from payouts.services import open_fund
from sandbox.world import World

SIZES = (500,)
ROUNDS = 3
WORKERS = 2
SEED = 7
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
SPARE = 3
ADDED = (
    "gateways_lookup",
    "cases_determination",
    "claims_spell",
    "payouts_payee",
    "cases_letter",
    "cases_message",
    "cases_event",
)
CHANGED = ("cases_case", "claims_claim")
KEY_OF = {"claims_spell": "claim_id", "claims_claim": "case_id"}
CASE_OF = {"claims_spell": "claim_id", "cases_case": "id", "claims_claim": "case_id"}
"""The column that holds the case of a row, where it is not `case_id`; a payee hangs on the party."""


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Verify each number of claims in a database of its own."""
    return [_measure(size) for size in sizes or SIZES]


def _measure(size: int) -> Row:
    people = size * SPARE
    with scratch_database("verify"), outside(people=people, seed=SEED, today=TODAY):
        in_processes(prepare, [(size, people)])
        books = Books(added=ADDED, changed=CHANGED, keys=KEY_OF)
        books.open()
        done: list[tuple[float, float]] = []
        floors: list[float] = []
        for _ in range(ROUNDS):
            done.append(_timed(work))
            _must_be_decided(size)
            books.keep(indexed={table: _case_column(table) for table in (*ADDED, *CHANGED)})
            books.take_back()
            floors.append(_timed(floor)[0])
            books.must_be_the_same()
            books.take_back()
    seconds, least = min(done)[0], min(floors)
    return Row(
        name="verify",
        size=size,
        seconds=round(seconds, 2),
        per_second=round(size / seconds, 1),
        floor_seconds=round(least, 2),
        ratio=round(seconds / least, 2),
        peak_mb=round(max(peak for _, peak in done), 1),
    )


def _timed(call: object) -> tuple[float, float]:
    """Seconds from the first process's start of work to the last one's end, and the larger peak."""
    assert callable(call)
    told = in_processes(call, [(index,) for index in range(WORKERS)])
    begun, ended, peaks = zip(*told, strict=True)
    return max(ended) - min(begun), max(peaks)


def prepare(size: int, people: int) -> None:
    """So many people in order, each with a claim just submitted."""
    open_fund(region=CITY, amount_fen=Fen(100_000_000_00), actor=machine(), now=NOW, reference="opening")
    world = World(SEED, people, TODAY)
    clean = (
        person
        for ordinal in range(1, world.size + 1)
        if (person := world.person(ordinal)).scenario == "CLEAN"
    )
    made = 0
    for person in clean:
        party = ensure_person(name=person.name, id_kind="CITIZEN_ID", id_number=person.id_number, now=NOW)
        submit_claim(
            party=party,
            application=Application(person.mobile, person.county, "", "UNDECIDED", False, "", ""),
            submission_id=uuid.uuid4(),
            actor=machine(),
            now=NOW,
        )
        made += 1
        if made == size:
            return
    raise RuntimeError(f"only {made} people are in order")


def _share(index: int) -> list[int]:
    return list(Claim.objects.order_by("pk").values_list("pk", flat=True))[index::WORKERS]


def work(index: int) -> tuple[float, float, float]:
    """One worker: verify its share; when it began and ended, and its peak megabytes."""
    mine = _share(index)
    begun = time.monotonic()
    for claim_id in mine:
        verify_claim(claim_id=claim_id, now=NOW)
    return begun, time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _must_be_decided(size: int) -> None:
    found = Claim.objects.filter(
        case__status__in=[kinds.APPROVED, kinds.REVIEW2], case__determination__verdict="GRANT"
    )
    if found.count() != size:
        raise RuntimeError(f"{found.count()} of {size} claims were decided as they should be")
    connection.close()


# --- the floor --------------------------------------------------------------------------------------------


def floor(index: int) -> tuple[float, float, float]:
    """One process: ask what its share asks, and write what its share wrote."""
    claims = list(Claim.objects.select_related("party").order_by("pk"))[index::WORKERS]
    subjects = [(claim.pk, claim.party_id, subject_of(claim.party)) for claim in claims]
    inserts = [_insert(table) for table in ADDED]
    updates = [_update(table) for table in CHANGED]
    begun = time.monotonic()
    for case_id, party_id, subject in subjects:
        asks = [partial(_ask, Question(source=source, subject=subject)) for source in ALL_SOURCES]
        with ThreadPoolExecutor(max_workers=len(asks)) as pool:
            for answered in [pool.submit(ask) for ask in asks]:
                answered.result()
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in (*inserts, *updates):
                cursor.execute(statement, {"case": case_id, "party": party_id})
    return begun, time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ask(question: Question) -> str:
    row = registry.SOURCES[question.source]
    heard = row.adapter.ask(
        registry.endpoint(question.source),
        row.path,
        question=question,
        request_id=str(uuid.uuid4()),
        asked_at=NOW,
        limits=row.limits,
    )
    return heard.text


def _case_column(table: str) -> str:
    return "party_id" if table == "payouts_payee" else CASE_OF.get(table, "case_id")


def _whose(table: str) -> str:
    return f"{_case_column(table)} = %({'party' if table == 'payouts_payee' else 'case'})s"


def _insert(table: str) -> str:
    names, key = columns(table), KEY_OF.get(table, "id")
    return (
        f"INSERT INTO {table} ({names}) SELECT {names} FROM staged_{table} "  # noqa: S608 - our own names
        f"WHERE {_whose(table)} ORDER BY {key}"
    )


def _update(table: str) -> str:
    key = KEY_OF.get(table, "id")
    names = [name for name in columns(table).split(", ") if name not in (key, "number", "kind", "opened_at")]
    listed = ", ".join(names)
    return (
        f"UPDATE {table} SET ({listed}) = (SELECT {listed} FROM staged_{table} "  # noqa: S608 - our own names
        f"WHERE {_whose(table)}) WHERE {_whose(table)}"
    )
