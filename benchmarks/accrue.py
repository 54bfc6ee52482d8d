"""A month of benefit through the rule and into obligations, for the city and for ten of it.

Work: `claims.services.accrue_month`, as the timetable and the month's page call it: which spells are due the
month, the amount of each by the pure rule, then month, obligation, ledger row and event of each, in parts
that each commit.

Floor: the very same rows. Months and obligations, which come from the program, by COPY; ledger rows and
events by one `INSERT … SELECT` each; indexes, constraints and triggers in force.

Not counted: people, claims and determinations, which are there already. Linear means that ten cities take ten
times as long: compare the two rows' `per second`. Peak memory is the resident set of the one process.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection, transaction

from accounts.selectors import machine
from benchmarks.books import Books, columns
from benchmarks.payout import COUNTY, FACTS, PROGRAM
from benchmarks.rows import Row
from benchmarks.stage import CITY, in_processes
from cases.models import ParameterSet
from claims import kinds
from claims.services import accrue_month
from config.scratch import scratch_database
from law.money import Fen
from law.programs import PROGRAMS
from law.unemployment_benefit import UnemploymentDecision
from payouts.services import open_fund
from policy.selectors import parameters_for

SIZES = (58_000, 580_000)
ROUNDS = 2
MONTH = "2026-11"
GRANTED = datetime(2026, 9, 29, 1, 0, tzinfo=UTC)
RUN = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
FIRST_KEY = 1_000_000

COPIED = ("claims_spellmonth", "payouts_obligation")
"""What the program makes; the floor reads it from the outside, too."""
DERIVED = ("payouts_transfer", "cases_event")
"""What follows from rows that are there."""


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Owe each size in a database of its own."""
    return [_measure(size) for size in sizes or SIZES]


def _measure(size: int) -> Row:
    with scratch_database("accrue"):
        in_processes(prepare, [(size,)])
        books = Books(added=(*COPIED, *DERIVED), changed=("payouts_balance",), keys={})
        books.open()
        done: list[tuple[float, float]] = []
        floors: list[float] = []
        for _ in range(ROUNDS):
            done += in_processes(work, [(size,)])
            books.keep()
            books.take_back()
            floors += in_processes(floor, [()])
            books.must_be_the_same()
            books.take_back()
    print(f"accrue: {', '.join(f'{seconds:.1f}' for seconds, _ in done)} s", file=sys.stderr)
    seconds, least = min(seconds for seconds, _ in done), min(floors)
    return Row(
        name="accrue",
        size=size,
        seconds=round(seconds, 2),
        per_second=round(size / seconds, 1),
        floor_seconds=round(least, 2),
        ratio=round(seconds / least, 2),
        peak_mb=round(max(peak for _, peak in done), 1),
    )


# People with a granted claim each, made past the triggers, because what is there before is not measured.
PEOPLE = """
    INSERT INTO accounts_party (id, kind, name, former_names, created_at)
    SELECT key, 'PERSON', '样例', '{}', %(now)s FROM generate_series(%(first)s, %(last)s) key;

    INSERT INTO cases_case (id, number, kind, party_id, region, status, waits_for, due_provisional, opened_at,
                            changed_at, closed_at, checks)
    SELECT key, 'SP20260929-' || key, 'claim', key, %(county)s, %(status)s, %(waits_for)s, false, %(now)s,
           %(now)s, %(now)s, ''
    FROM generate_series(%(first)s, %(last)s) key;

    INSERT INTO cases_determination (id, case_id, program, rule_version, verdict, facts, sources, decision,
                                     parameter_set_id, pass_count, fail_count, unknown_count, amount_fen,
                                     months, content_hash, made_by_id, made_at)
    SELECT key, key, %(program)s, '1', 'GRANT', %(facts)s::jsonb, '{}', '{}', %(digest)s, 13, 0, 0, %(total)s,
           %(months)s, '', %(machine)s, %(now)s
    FROM generate_series(%(first)s, %(last)s) key;

    INSERT INTO claims_registration (id, party_id, registered_on, mobile, residence, street, job_wish,
                                     wants_training)
    SELECT key, key, %(now)s, '', %(county)s, '', 'UNDECIDED', false
    FROM generate_series(%(first)s, %(last)s) key;

    INSERT INTO claims_claim (case_id, party_id, registration_id, submission_id, applied_on, county,
                              claimed_reason, disputed, notice_version, truth_committed_at, asked_round,
                              questions_open_at, papers_wanted, new_evidence)
    SELECT key, key, key, gen_random_uuid(), %(now)s, %(county)s, '', '', '1', %(now)s, 1, %(now)s, '', ''
    FROM generate_series(%(first)s, %(last)s) key;

    INSERT INTO claims_spell (claim_id, determination_id, months, first_month, last_month, granted_at, ground,
                              paid_through, extended_from)
    SELECT key, key, %(months)s, %(first_month)s, %(last_month)s, %(now)s, '', '', ''
    FROM generate_series(%(first)s, %(last)s) key;

    INSERT INTO cases_event (case_id, sequence, verb, actor_id, at, payload, previous_hash, hash)
    SELECT key, 1, 'claim.granted', %(machine)s, %(now)s, '{}', '', ''
    FROM generate_series(%(first)s, %(last)s) key;
"""


def prepare(size: int) -> None:
    """Everybody with a granted claim, and a fund that covers them."""
    open_fund(
        region=CITY, amount_fen=Fen(2_000_000 * size), actor=machine(), now=GRANTED, reference="opening"
    )
    program = PROGRAMS[PROGRAM]
    parameters = parameters_for(program=PROGRAM, region=COUNTY)
    decision = program.decide(program.parse(FACTS), parameters)
    assert isinstance(decision, UnemploymentDecision)
    ParameterSet.objects.create(digest=parameters.digest, snapshot=parameters.snapshot())
    given: dict[str, str | int | datetime | None] = {
        "first": FIRST_KEY,
        "last": FIRST_KEY + size - 1,
        "now": GRANTED,
        "county": COUNTY,
        "status": kinds.PAYING,
        "waits_for": kinds.CLAIM.waits_for[kinds.PAYING].value,
        "program": PROGRAM,
        "facts": json.dumps(FACTS),
        "digest": parameters.digest,
        "total": decision.total_fen,
        "months": decision.months,
        "first_month": decision.first_month,
        "last_month": decision.last_month,
        "machine": machine().pk,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in PEOPLE.split(";\n"):
            if statement.strip():
                cursor.execute(statement, given)
        cursor.execute("SET session_replication_role = DEFAULT")


def work(size: int) -> tuple[float, float]:
    """The month once: its seconds and the peak megabytes."""
    begun = time.perf_counter()
    owed = accrue_month(month=MONTH, now=RUN)
    seconds = time.perf_counter() - begun
    if owed != size:
        raise RuntimeError(f"{owed} of {size} are owed")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def floor() -> float:
    """Seconds to write the staged rows, one statement and one transaction a table."""
    with connection.cursor() as cursor:
        names = {table: columns(table) for table in (*COPIED, *DERIVED)}
        content = {table: io.BytesIO() for table in COPIED}
        for table, rows in content.items():
            staged = f"SELECT {names[table]} FROM staged_{table} ORDER BY id"  # noqa: S608 - our own names
            cursor.copy_expert(f"COPY ({staged}) TO STDOUT", rows)
            rows.seek(0)
        begun = time.perf_counter()
        for table, rows in content.items():
            with transaction.atomic():
                cursor.copy_expert(f"COPY {table} ({names[table]}) FROM STDIN", rows)
        for table in DERIVED:
            with transaction.atomic():
                cursor.execute(
                    f"INSERT INTO {table} ({names[table]})"  # noqa: S608 - our own names
                    f" SELECT {names[table]} FROM staged_{table} ORDER BY id"
                )
        return time.perf_counter() - begun
