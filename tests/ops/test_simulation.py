"""The simulated year: its books hold, with crashes too, and its proof sees every way they could break."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import psycopg2
import pytest
import urllib3
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

import gateways.services
from cases.models import Event
from config.celery import TIMETABLE
from config.home import ROOT
from config.simulation import plan as plans
from config.simulation.entitlement import GRANTED
from config.simulation.faults import Steps
from config.simulation.jobs import JOBS
from config.simulation.outside import BankRow
from config.simulation.proof import Verdict, prove
from config.simulation.run import simulated
from config.simulation.stage import Filing, Stage
from config.simulation.year import Year
from law import months
from law.ending import GROUNDS
from law.money import Fen
from law.workdays import LEGAL_ZONE
from payouts.formats import bank_file, files
from payouts.models import Payment
from payouts.payer import payer

MONTHS, PEOPLE = 3, 240
OF_THE_TEST_RUN = ("DJANGO_SETTINGS_MODULE", "PYTEST_XDIST_WORKER")


@pytest.fixture(scope="module")
def year(django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Stage, Verdict]]:
    """A year that was played to its end, with the proof as it stood then."""
    with (
        django_db_blocker.unblock(),
        simulated(months=MONTHS, people=PEOPLE, seed=1, tell=lambda _line: None) as stage,
    ):
        Year(stage, Steps(Random(0)), lambda _line: None).play()
        yield stage, prove(stage)


@pytest.fixture
def stage(year: tuple[Stage, Verdict]) -> Stage:
    """The same year to break something in. The bank forgets nothing: each test names whom it meant."""
    return year[0]


def proved_after(stage: Stage, *statements: tuple[str, list[str]]) -> Verdict:
    """The proof after statements that go round every trigger; they are undone."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for statement, values in statements:
                cursor.execute(statement, values)
        found = prove(stage)
        transaction.set_rollback(True)
    return found


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`./manage simulate` on the servers of the test run."""
    given = {name: value for name, value in os.environ.items() if name not in OF_THE_TEST_RUN}
    return subprocess.run(
        [sys.executable, "manage.py", "simulate", *arguments],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_year_holds(year: tuple[Stage, Verdict]) -> None:
    stage, verdict = year
    assert verdict.violations == {}
    assert verdict.counts["claims"] == len(stage.filings) > 5
    assert verdict.counts["  on the card"] == verdict.counts["entitled months"] > 5


def test_a_year_with_crashes_holds_and_leaves_nothing_behind() -> None:
    before = databases()
    done = command("--months", "3", "--people", "160", "--seed", "2", "--faults")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything holds." in done.stdout
    assert "seed 2: " in done.stdout and " 0 of them killed" not in done.stdout
    assert databases() == before


def databases() -> set[str]:
    """The simulated years' databases on the test run's server."""
    opened = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        with opened.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'scratch_simulate_%'")
            return {name for (name,) in cursor.fetchall()}
    finally:
        opened.close()


@pytest.mark.parametrize("wrong", [("--months", "0"), ("--fast",)])
def test_wrong_usage_is_said_as_such(wrong: tuple[str, ...]) -> None:
    assert command(*wrong).returncode == 2


def test_every_job_of_the_timetable_is_played(year: tuple[Stage, Verdict]) -> None:
    assert set(JOBS) == set(TIMETABLE), "config/simulation/jobs.py names the jobs of the timetable"
    stage = year[0]
    played = Year(stage, Steps(Random(0)), lambda _line: None)
    acts = {turn.act for day in played.days() for turn in played.turns(day, day)}
    assert [name for name, job in JOBS.items() if job not in acts] == []


# --- the plan ---------------------------------------------------------------------------------------------


def test_a_plan_is_the_same_for_the_same_seed(year: tuple[Stage, Verdict]) -> None:
    people = [course.person for course in year[0].plan.courses]
    again = plans.make(people=people, seed=1, length=MONTHS)
    assert again == year[0].plan
    assert plans.make(people=people, seed=2, length=MONTHS) != again


def test_a_long_plan_holds_every_kind_of_course(year: tuple[Stage, Verdict]) -> None:
    people = [replace(course.person, ordinal=nth) for nth, course in enumerate(year[0].plan.courses)]
    many = [replace(one, ordinal=nth * 1_000 + one.ordinal) for nth in range(60) for one in people]
    plan = plans.make(people=many, seed=5, length=12)
    losses = [loss for course in plan.courses for loss in course.losses]
    assert len(plan.courses) * 0.2 < len(losses)
    assert any(len(course.losses) > 1 for course in plan.courses), "work is lost again"
    assert {loss.stop.region_name != "" for loss in losses if loss.stop is not None} == {True, False}
    for happens in (
        lambda loss: loss.asks_papers and loss.answers_after is None,
        lambda loss: loss.found_later,
        lambda loss: loss.reported_at is None,
        lambda loss: loss.asks_for_person,
        lambda loss: loss.stop is not None and loss.stop.told_at.date() > loss.stop.on + timedelta(days=40),
    ):
        assert any(map(happens, losses))
    grounds = {loss.stop.ground for loss in losses if loss.stop is not None}
    assert grounds == set(GROUNDS), "every ground on which a spell may end"
    assert any(loss.inquiry for loss in losses)
    assert any(loss.stop.over_on for loss in losses if loss.stop is not None)
    assert {course.repairs_after is None for course in plan.courses} == {True, False}
    assert any(course.first_payment_returns for course in plan.courses)
    assert {outage.source for outage in plan.outages} - {"bank"}


# --- the proof sees what is broken ------------------------------------------------------------------------


def paid(stage: Stage, nth: int) -> tuple[Filing, BankRow]:
    """The nth of those whose month arrived and stayed, with the bank's row of it; each test takes another."""
    granted = [filing for filing in stage.filings.values() if filing.due.outcome == GRANTED]
    by_person = {filing.course.person.ordinal: filing for filing in granted}
    rows = {row.person: row for row in stage.outside.book() if row.arrived and not row.came_back}
    row = list(rows.values())[nth]
    return by_person[row.person], row


def send_behind_the_back(row: BankRow, *, month: str, number: str) -> None:
    """A file that the product knows nothing of pays the holder of a row for a month."""
    payment = Payment.objects.select_related("batch__file").get(end_to_end_id=row.name)
    line = next(
        line
        for line in files.stored(payment.batch.file.content).read().lines
        if line.end_to_end_id == row.name
    )
    paying, now = payer(), datetime.fromisoformat(row.booked_at) + timedelta(days=1)
    header = bank_file.Header(number, "UIB", paying.account, paying.name, now.date(), now)
    # A sum of its own, so that no other test's money can make up for it.
    rogue = replace(
        line,
        end_to_end_id=f"{number}-1",
        purpose=f"失业保险金{month.replace('-', '')}",
        amount_fen=Fen(line.amount_fen + len(month) + int(number[-1])),
    )
    content = bank_file.build(header, [rogue])
    reply = gateways.services.submit_file(
        batch_number=number, content=content, sha256=hashlib.sha256(content).hexdigest(), now=now
    )
    assert reply.accepted


def test_a_month_paid_twice_is_seen(stage: Stage) -> None:
    filing, row = paid(stage, 0)
    send_behind_the_back(row, month=row.month, number="FB-ROGUE-1")
    seen = prove(stage).violations
    assert f"person {filing.course.person.ordinal}, {row.month}" in seen["a month was paid twice"]
    assert "the bank does not hold what the ledger says" in seen


def test_money_for_a_month_that_is_not_due_is_seen(stage: Stage) -> None:
    filing, row = paid(stage, 1)
    beyond = months.shift(max(filing.due.fen_of), 30)
    send_behind_the_back(row, month=beyond, number="FB-ROGUE-2")
    seen = prove(stage).violations
    who = f"person {filing.course.person.ordinal}, {beyond}"
    assert who in [
        *seen.get("money for a month nobody was entitled to", []),
        *seen.get("money after the stop month, although the stop was known", []),
    ]


def test_a_month_that_never_arrived_is_seen(stage: Stage) -> None:
    filing, row = paid(stage, 2)
    url = stage.outside.url
    assert urllib3.request("POST", f"{url}/control/return", json={"end_to_end_id": row.name}).status == 200
    end = datetime.combine(stage.plan.ends_on + timedelta(days=90), datetime.min.time(), LEGAL_ZONE)
    gateways.services.fetch_statement(day=end.date(), now=end)
    seen = prove(stage).violations
    assert f"person {filing.course.person.ordinal}, {row.month}" in seen["an entitled month never arrived"]


def test_a_month_of_another_sum_is_seen(stage: Stage) -> None:
    filing, row = paid(stage, 3)
    stage.filings[filing.number] = replace(
        filing,
        due=replace(filing.due, fen_of={month: fen + 1 for month, fen in filing.due.fen_of.items()}),
    )
    try:
        seen = prove(stage).violations
    finally:
        stage.filings[filing.number] = filing
    assert f"person {filing.course.person.ordinal}, {row.month}" in seen["a month was paid with another sum"]


def test_a_claim_that_is_lost_or_decided_otherwise_is_seen(stage: Stage) -> None:
    filing, _row = paid(stage, 4)
    reject = (
        "UPDATE cases_case SET status = 'REJECTED' WHERE id ="
        " (SELECT case_id FROM claims_claim WHERE submission_id = %s)"
    )
    lose = "UPDATE claims_claim SET submission_id = gen_random_uuid() WHERE submission_id = %s"
    seen = proved_after(stage, (reject, [str(filing.number)])).violations
    assert "a claim that had to be GRANTED is REJECTED" in seen
    seen = proved_after(stage, (lose, [str(filing.number)])).violations
    assert seen["an application is lost"] == [f"person {filing.course.person.ordinal}, claim 1"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE payouts_balance SET posted_fen = posted_fen - 1 WHERE account = 'FUND'", "verify_ledger"),
        ("UPDATE payouts_obligation SET amount_fen = amount_fen + 1", "verify_ledger"),
        ("UPDATE cases_event SET verb = 'claim.resumed' WHERE sequence = 2", "verify_trail"),
        ("DELETE FROM cases_event WHERE id = (SELECT max(id) FROM cases_event)", "verify_trail"),
        ("UPDATE cases_determination SET verdict = 'REFUSE'", "replay"),
    ],
)
def test_changed_books_are_seen(stage: Stage, change: str, what: str) -> None:
    assert any(seen.startswith(what) for seen in proved_after(stage, (change, [])).violations)


# --- crashes ----------------------------------------------------------------------------------------------


def test_a_killed_step_leaves_nothing_and_runs_again(year: tuple[Stage, Verdict]) -> None:
    done: list[int] = []

    def step() -> None:
        with transaction.atomic():
            for _statement in range(400):
                list(Event.objects.values_list("pk", flat=True)[:1])
        done.append(os.getpid())

    steps = Steps(Random(1), share=1.0)
    steps.take(step)
    assert (steps.run, steps.killed, steps.twice) == (1, 1, 0)
    assert done == [os.getpid()]


def test_a_step_that_was_quicker_is_done_twice(year: tuple[Stage, Verdict]) -> None:
    steps = Steps(Random(1), share=1.0)
    steps.take(lambda: None)
    assert (steps.run, steps.killed, steps.twice) == (1, 0, 1)


def test_a_step_that_fails_is_no_crash(year: tuple[Stage, Verdict]) -> None:
    steps = Steps(Random(1), share=1.0)
    with pytest.raises(RuntimeError):
        steps.take(lambda: 1 // 0)
