"""A month of benefit for the whole city, from what is owed to what is reconciled, and what that is made of.

Work: owe the month to every spell, seal it in files of 10,000, sign each as often as its sum asks for, bring
the files to the bank, record the receipts, reconcile the day. One payment in a hundred comes back. All by the
services that the workers and pages call, in one process, over HTTP to a bank in another one.

Floor: the very same rows, those of cases, events and messages included, written from staging tables with one
`INSERT … SELECT` a table, indexes, constraints and triggers in force.

Not counted: people, claims, accounts and the month before, which are there already; telling the bank what is
to come back; and the time the bank takes to answer (a row of its own), since it is not our work and the floor
has no bank. The time to make what is sent and to read what is answered is counted. Peak memory is the
resident set of the one process that does all of it, which is never less than its proportional share.

The default size is for a look in a few minutes; the city is `./bench payout --size 58000`.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import urllib3
from django.db import connection, transaction

from accounts.models import Identifier, Party, Role, User
from accounts.privacy import digest
from accounts.selectors import machine
from benchmarks.books import Books, columns
from benchmarks.rows import Row
from benchmarks.stage import CITY, in_processes, officer
from cases.models import Case, Determination, ParameterSet
from claims import kinds
from claims.models import Claim, JobWish, Registration, Spell
from claims.services import accrue_month
from config.scratch import outside, scratch_database
from gateways.adapters import wire
from law.money import Fen
from law.parameters import Parameters
from law.programs import PROGRAMS
from law.unemployment_benefit import UnemploymentDecision
from payouts.models import Batch, Payee, Payment, ReturnedPayment
from payouts.selectors import required_levels
from payouts.services import (
    fetch_and_record,
    open_fund,
    reconcile_day,
    seal_batch,
    sign_batch,
    submit_waiting,
)
from policy.selectors import parameters_for
from sandbox.world import Person, World

SIZES = (10_000,)
ROUNDS = 3
COUNTY = "130102"
PROGRAM = "unemployment-benefit"
SEED = 7
TODAY = date(2026, 11, 23)
MONTH, MONTH_BEFORE = "2026-11", "2026-10"
FIRST_RUN = datetime(2026, 11, 9, 1, 0, tzinfo=UTC)
RUN_BEFORE = datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
"""Each round has a day of its own, so that the statement of the day holds its lines alone."""
SPARE = 1.5
"""So many people for each obligation: only those are paid whose card takes money and whose story is quiet."""
ONE_IN = 100
CHUNK = 5_000
FACTS: dict[str, object] = {
    "applied_on": "2026-08-20",
    "birth_date": "1986-04-02",
    "sex": "M",
    "retirement_category": None,
    "contributed_months": 114,
    "deemed_months": 0,
    "had_previous_spell": False,
    "residual_months": 0,
    "separation_reason": "D03",
    "employed": "NO",
    "drawing_pension": "NO",
    "drawing_elsewhere": "NO",
    "imprisoned": "NO",
    "deceased": "NO",
    "operates_business": "NO",
    "agency_competent": "YES",
    "identity": "MATCH",
    "card_account": "ACTIVE",
    "paying_county": COUNTY,
}

WRITTEN = (
    "cases_case",
    "claims_spellmonth",
    "payouts_obligation",
    "payouts_batch",
    "payouts_batchfile",
    "payouts_signature",
    "payouts_payment",
    "payouts_receipt",
    "payouts_statementline",
    "payouts_transfer",
    "payouts_reconciliation",
    "payouts_returnedpayment",
    "cases_message",
    "cases_event",
)
"""Every table that the work adds rows to, in an order that the floor can write them in."""
KEY_OF = {
    "payouts_batch": "case_id",
    "payouts_batchfile": "batch_id",
    "payouts_returnedpayment": "case_id",
}


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Pay each size in a database of its own: the row of the work, and one for the bank's own time."""
    return [row for size in sizes or SIZES for row in _measure(size)]


def _measure(size: int) -> list[Row]:
    people = int(size * SPARE)
    with scratch_database("payout"), outside(people=people, seed=SEED, today=TODAY) as bank:
        in_processes(prepare, [(size, people)])
        # A month like any other: one before it is paid and reconciled, and the database knows its tables.
        in_processes(work, [(size, bank, RUN_BEFORE, MONTH_BEFORE)])
        books = Books(added=WRITTEN, changed=("payouts_balance",), keys=KEY_OF)
        books.open()
        done: list[tuple[dict[str, float], float, float]] = []
        floors: list[float] = []
        for turn in range(ROUNDS):
            now = FIRST_RUN + timedelta(days=turn)
            done += in_processes(work, [(size, bank, now, MONTH)])
            books.keep()
            books.take_back()
            floors += in_processes(floor, [()])
            books.must_be_the_same()
            books.take_back()
    for phases, waited, _peak in done:
        told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in phases.items())
        print(f"payout: {told}, bank {waited:.1f}", file=sys.stderr)
    phases, waited, _ = min(done, key=lambda one: sum(one[0].values()))
    seconds, least = sum(phases.values()), min(floors)
    return [
        Row(
            name="payout",
            size=size,
            seconds=round(seconds, 2),
            per_second=round(size / seconds, 1),
            floor_seconds=round(least, 2),
            ratio=round(seconds / least, 2),
            peak_mb=round(max(peak for _, _, peak in done), 1),
        ),
        Row(
            name="payout-bank",
            size=size,
            seconds=round(waited, 2),
            per_second=round(size / waited, 1),
            floor_seconds=None,
            ratio=None,
            peak_mb=None,
        ),
    ]


# --- the city ---------------------------------------------------------------------------------------------


def prepare(size: int, people: int) -> None:
    """Everybody with a granted claim and an account."""
    now = RUN_BEFORE - timedelta(days=10)
    for username, role in (("maker", Role.HANDLER), ("checker", Role.REVIEWER), ("head", Role.SUPERVISOR)):
        officer(username, role, now=now)
    open_fund(region=CITY, amount_fen=Fen(2_000_000 * size), actor=machine(), now=now, reference="opening")
    program = PROGRAMS[PROGRAM]
    parameters = parameters_for(program=PROGRAM, region=COUNTY)
    decision = program.decide(program.parse(FACTS), parameters)
    assert isinstance(decision, UnemploymentDecision)
    ParameterSet.objects.create(digest=parameters.digest, snapshot=parameters.snapshot())
    world = World(SEED, people, TODAY)
    payable = (
        (ordinal, person)
        for ordinal in range(1, world.size + 1)
        if _is_quiet(person := world.person(ordinal))
    )
    made = 0
    with connection.cursor() as cursor:
        # Past the triggers, because what is there before is not measured.
        cursor.execute("SET session_replication_role = replica")
        while made < size:
            chunk = [found for _, found in zip(range(min(CHUNK, size - made)), payable, strict=False)]
            if not chunk:
                raise RuntimeError(f"only {made} of {people} people can be paid")
            _claims(world, chunk, made, parameters, decision, now=now)
            made += len(chunk)
        cursor.execute(HISTORY, {"now": now, "machine": machine().pk})
        cursor.execute("SET session_replication_role = DEFAULT")


# A trail that is not empty: its trigger would else be planned for a table without rows, and look at all of
# them for each event, in the work as in the floor.
HISTORY = """
    INSERT INTO cases_event (case_id, sequence, verb, actor_id, at, payload, previous_hash, hash)
    SELECT id, step, 'claim.checked', %(machine)s, %(now)s, '{}', '', ''
    FROM cases_case, generate_series(1, 5) step WHERE kind = 'claim'
"""


def _is_quiet(person: Person) -> bool:
    return (
        person.card_status == "ACTIVE"
        and person.died_on is None
        and person.account_name == person.name
        and person.scenario != "PAYMENT_RETURNED_LATER"
    )


def _claims(
    world: World,
    chunk: Sequence[tuple[int, Person]],
    made: int,
    parameters: Parameters,
    decision: UnemploymentDecision,
    *,
    now: datetime,
) -> None:
    keys = range(1_000_000 + made, 1_000_000 + made + len(chunk))
    pairs = [(key, *found) for key, found in zip(keys, chunk, strict=True)]
    _people(pairs, now=now)
    stored = decision.to_json()
    Determination.objects.bulk_create(
        Determination(
            pk=key,
            case_id=key,
            program=PROGRAM,
            rule_version=str(PROGRAMS[PROGRAM].version),
            verdict=decision.verdict.value,
            facts=FACTS,
            sources={},
            parameter_set_id=parameters.digest,
            decision=stored,
            pass_count=12,
            fail_count=0,
            unknown_count=0,
            amount_fen=decision.total_fen,
            months=decision.months,
            content_hash="",
            made_by=machine(),
            made_at=now,
        )
        for key, _, _ in pairs
    )
    _awards(world, pairs, decision, now=now)


def _people(pairs: Sequence[tuple[int, int, Person]], *, now: datetime) -> None:
    """Parties, their numbers and their cases."""
    Party.objects.bulk_create(
        Party(pk=key, kind="PERSON", name=person.name, created_at=now) for key, _, person in pairs
    )
    Identifier.objects.bulk_create(
        Identifier(
            party_id=key,
            kind="CITIZEN_ID",
            number=person.id_number,
            digest=digest(person.id_number, purpose="identifier"),
            masked=f"{person.id_number[:4]}**********{person.id_number[-4:]}",
            valid_from=now.date(),
        )
        for key, _, person in pairs
    )
    Case.objects.bulk_create(
        Case(
            pk=key,
            number=f"SP20261020-{key}",
            kind=kinds.CLAIM.code,
            party_id=key,
            region=COUNTY,
            status=kinds.PAYING,
            waits_for=kinds.CLAIM.waits_for[kinds.PAYING].value,
            opened_at=now,
            changed_at=now,
            closed_at=now,
        )
        for key, _, _ in pairs
    )


def _awards(
    world: World, pairs: Sequence[tuple[int, int, Person]], decision: UnemploymentDecision, *, now: datetime
) -> None:
    Registration.objects.bulk_create(
        Registration(
            pk=key,
            party_id=key,
            registered_on=now.date(),
            mobile=person.mobile,
            residence=COUNTY,
            street="",
            job_wish=JobWish.UNDECIDED,
            wants_training=False,
        )
        for key, _, person in pairs
    )
    Claim.objects.bulk_create(
        Claim(
            case_id=key,
            party_id=key,
            registration_id=key,
            submission_id=f"00000000-0000-4000-8000-{key:012d}",
            applied_on=now.date(),
            county=COUNTY,
            notice_version="1",
            truth_committed_at=now,
            questions_open_at=now,
        )
        for key, _, _ in pairs
    )
    assert decision.months and decision.first_month and decision.last_month
    Spell.objects.bulk_create(
        Spell(
            claim_id=key,
            determination_id=key,
            months=decision.months,
            first_month=decision.first_month,
            last_month=decision.last_month,
            granted_at=now,
        )
        for key, _, _ in pairs
    )
    Payee.objects.bulk_create(
        Payee(
            party_id=key,
            account=world.account(ordinal, 0),
            account_digest=digest(world.account(ordinal, 0), purpose="payee-account"),
            account_last4=world.account(ordinal, 0)[-4:],
            account_name=person.account_name,
            bank_code=person.bank_code,
            bank_name=person.bank_name,
            contact=person.mobile,
            valid_from=now,
        )
        for key, ordinal, person in pairs
    )


# --- the work ---------------------------------------------------------------------------------------------


class Watch:
    """Seconds of each phase without those that the bank took to answer."""

    def __init__(self) -> None:
        self.phases: dict[str, float] = {}
        self.waited = 0.0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        waited, begun = self.waited, time.perf_counter()
        yield
        self.phases[name] = time.perf_counter() - begun - (self.waited - waited)

    @contextmanager
    def bank_apart(self) -> Iterator[None]:
        """Inside, each exchange with the bank is counted apart."""
        exchange: Callable[..., wire.Reply] = wire.exchange

        def timed(*arguments: Any, **named: Any) -> wire.Reply:
            begun = time.perf_counter()
            try:
                return exchange(*arguments, **named)
            finally:
                self.waited += time.perf_counter() - begun

        wire.exchange = timed
        try:
            yield
        finally:
            wire.exchange = exchange


def work(size: int, bank: str, now: datetime, month: str) -> tuple[dict[str, float], float, float]:
    """The whole month once: seconds of each phase, seconds of the bank, peak megabytes."""
    maker, checker, head = (User.objects.get(username=name) for name in ("maker", "checker", "head"))
    watch = Watch()
    with watch.bank_apart():
        with watch.phase("owe"):
            owed = accrue_month(month=month, now=now)
        with watch.phase("seal"):
            batches = _seal_all(size, maker, now)
        with watch.phase("approve"):
            for batch in batches:
                for level, signer in ((2, checker), (3, head)):
                    if level <= required_levels(batch):
                        sign_batch(batch=batch, total_fen=Fen(batch.total_fen), actor=signer, now=now)
        with watch.phase("file"):
            submit_waiting(now=now)
        returned = _let_come_back(bank, batches)
        later = now + timedelta(hours=1)
        with watch.phase("receipts"):
            fetch_and_record(now=later)
        with watch.phase("reconcile"):
            made = reconcile_day(region=CITY, day=now.date(), now=later)
    paid = Payment.objects.filter(batch__in=batches)
    came_back = ReturnedPayment.objects.filter(payment__batch__in=batches)
    found = (owed, paid.exclude(settled_at=None).count(), came_back.count())
    if found != (size, size, returned) or not made.agreed:
        raise RuntimeError(f"{found}, {made.differences[:3]}: not what was to be paid")
    return watch.phases, watch.waited, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _seal_all(size: int, maker: User, now: datetime) -> list[Batch]:
    batches: list[Batch] = []
    while sum(batch.count for batch in batches) < size:
        batches.append(seal_batch(region=CITY, actor=maker, now=now))
    return batches


def _let_come_back(bank: str, batches: Sequence[Batch]) -> int:
    """Tell the bank which payments are to come back; it books them when it is asked next."""
    payments = Payment.objects.filter(batch__in=batches).order_by("pk")
    names = list(payments.values_list("end_to_end_id", flat=True))[::ONE_IN]
    pool = urllib3.PoolManager()
    for name in names:
        body = json.dumps({"end_to_end_id": name, "reason_code": "AC06"})
        answer = pool.request("POST", f"{bank}/control/return", body=body)
        if answer.status != 200:
            raise RuntimeError(f"the bank lets nothing come back: {answer.status}")
    return len(names)


# --- the floor --------------------------------------------------------------------------------------------


def floor() -> float:
    """Seconds to write the staged rows, one statement and one transaction a table."""
    with connection.cursor() as cursor:
        names_of = {table: columns(table) for table in WRITTEN}
        begun = time.perf_counter()
        for table in WRITTEN:
            names = names_of[table]
            with transaction.atomic():
                cursor.execute(
                    f"INSERT INTO {table} ({names}) SELECT {names} FROM staged_{table} "  # noqa: S608 - our own names
                    f"ORDER BY {KEY_OF.get(table, 'id')}"
                )
        return time.perf_counter() - begun
