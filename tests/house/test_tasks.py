"""Every task may run twice: a broker delivers again what a killed worker held, and sweeps overlap.

The tasks are taken from the Celery app itself, so that one without a case here fails. "Twice" means that the
second run, five minutes later, leaves every row of every table as the first one left it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.test import Client

import audit.services
import claims.services
from accounts.models import API_SCOPES
from accounts.selectors import machine
from accounts.services import create_client
from cases.desk import hold_until
from cases.jobs import ask_for_export
from cases.models import Job
from claims import kinds
from config.celery import TIMETABLE
from enterprises.models import Hold
from enterprises.services import place_hold
from law.parameters import NATION, Value
from payouts import kinds as money
from payouts.selectors import prove
from tests.enterprises.samples import dispute_of, large_firm
from tests.factories import CITY, NOW, City, set_value
from tests.house.broker import tasks
from tests.sheets import handed_in
from tests.subsidies import samples, steps

AGAIN = timedelta(minutes=5)
"""When the broker hands out again what a lost worker had not finished."""

OVER = datetime(2029, 1, 5, 1, 30, tzinfo=UTC)
"""When every spell of today is over."""

Arguments = Mapping[str, int]


@dataclass(frozen=True)
class Twice:
    """A task's work: how it comes about (returns the task's arguments), and when the task runs."""

    prepare: Callable[[City], Arguments]
    at: datetime = NOW + timedelta(hours=3)
    # Tables that grow with every run by design.
    grows: frozenset[str] = field(default_factory=frozenset)


def no_arguments(prepare: Callable[[City], object]) -> Callable[[City], Arguments]:
    def prepared(city: City) -> Arguments:
        prepare(city)
        return {}

    return prepared


def of_one_claim(status: str) -> Callable[[City], Arguments]:
    return lambda city: {"claim_id": city.claim(status).pk}


def paid_but_not_followed(city: City) -> Arguments:
    city.batch(money.SETTLED)
    return {}


def provisional_until_now(city: City) -> Arguments:
    """A claim at the end of a year whose successor's calendar was approved afterwards."""
    city.submitted(now=datetime(2026, 12, 28, 1, 30, tzinfo=UTC))
    days: Value = {"off": ["2027-01-01"], "worked": ["2027-01-09"]}
    set_value(city.staff, "calendar.2027", days, "calendar", start=date(2027, 1, 1), region=NATION)
    return {}


def put_aside(city: City) -> None:
    """A question that waits for another office for a week."""
    asked = city.claim(kinds.REVIEW1).case
    until, actor = (NOW + timedelta(days=7)).date(), city.staff.handlers[0]
    hold_until(case=asked, until=until, reason="等原单位答复", actor=actor, now=NOW + timedelta(hours=1))


def signed_in_long_ago(city: City) -> Arguments:
    """A session and a token whose time is over."""
    browser, made = Client(), create_client(name="x", scopes=API_SCOPES, actor=machine(), now=NOW)
    with time_machine.travel(NOW, tick=False):
        browser.force_login(city.staff.handlers[0])
        form = {"grant_type": "client_credentials", "client_id": made[0].pk, "client_secret": made[1]}
        assert browser.post("/api/v1/token/", form).status_code == 200
    return {}


def began_a_form(city: City) -> None:
    """Somebody fills in half a form and does not come back."""
    party = city.verified().party
    claims.services.save_draft(party=party, submission_id=uuid.uuid4(), answers={"mobile": "138"}, now=NOW)


def used_up(city: City) -> None:
    """A claim whose last month was owed."""
    claim = city.claim(kinds.PAYING)
    claims.services.accrue_due(now=OVER, claim_ids=[claim.pk])


def a_step(city: City) -> Arguments:
    """A handler has asked for the payables of the month again; somebody was granted meanwhile."""
    city.claim(kinds.APPROVED)
    row, actor = city.month(), city.staff.handlers[0]
    city.verified()
    later = NOW + timedelta(hours=2)
    return {"run_id": claims.services.ask_for_step(row=row, step="OWE", actor=actor, now=later).pk}


def answered_check(city: City) -> None:
    """A check whose answer has come and whose hits nobody has looked at yet."""
    city.verified(city.person("WORKS_ELSEWHERE_LATER"))
    now = NOW + timedelta(days=60)
    run = audit.services.start_check(region=CITY, period="2027-01", actor=machine(), now=now)
    file = audit.services.make_request(run=run, now=now)
    assert file is not None
    for minute in range(2):
        audit.services.exchange(file_id=file.pk, now=now + timedelta(minutes=minute))


def asked_in_vain(city: City) -> None:
    """A person and an agency that have not answered."""
    found, handler, now = city.finding(), city.staff.handlers[0], NOW + timedelta(days=60, hours=1)
    audit.services.begin_inquiry(finding=found, facts="请说明。", actor=handler, now=now)
    audit.services.ask_agency(finding=found, agency="某市社保局", question="请核实。", actor=handler, now=now)


def an_export(city: City) -> Arguments:
    """A supervisor has asked for the list of all open cases."""
    city.claim(kinds.REVIEW1)
    job = ask_for_export(
        kind=Job.Kind.QUEUE_CSV,
        parameters={"tab": "all"},
        reason="季度检查",
        actor=city.staff.supervisors[0],
        now=NOW + timedelta(hours=1),
    )
    return {"job_id": job.pk}


def a_file(city: City) -> Arguments:
    """A supervisor has handed in a contribution history."""
    return {"intake_id": handed_in(city.staff.supervisors[0]).pk}


def screening_asked_for(city: City) -> Arguments:
    """A refund year that an officer has opened."""
    team = samples.staff()
    samples.funded(team.handler)
    samples.city()
    campaign = samples.opened(team.handler)
    return {"run_id": campaign.runs.get().pk}


def owed_refunds(city: City) -> tuple[samples.Staff, samples.City]:
    """Refunds of a small city that are owed."""
    team = samples.staff()
    samples.funded(team.handler)
    made = samples.city()
    for nth, unit in enumerate((made.fine, made.at_limit, made.large)):
        steps.account_of(unit, nth)
    samples.screened(team.handler)
    steps.told(team)
    steps.published(team)
    return team, made


def held_after_owing(city: City) -> None:
    """A unit that is owed a refund, and was found wanting since."""
    team, made = owed_refunds(city)
    steps.agreed(team)
    place_hold(
        enterprise=made.fine,
        ground=Hold.Ground.RECTIFICATION,
        case=None,
        reason="检查发现问题",
        actor=team.handler,
        now=steps.AFTER_NOTICE,
    )


def refunds_arrived(city: City) -> None:
    """The bank has answered for each refund."""
    team, _made = owed_refunds(city)
    steps.agreed(team)
    steps.answered(team, steps.AFTER_NOTICE)


def committed_long_ago(city: City) -> None:
    """A unit that signed for another class and showed no papers."""
    dispute_of(large_firm(), now=NOW)


CASES: Mapping[str, Twice] = {
    "subsidies.refund.tasks.go_on_with_run": Twice(screening_asked_for),
    "subsidies.refund.tasks.sweep_runs": Twice(no_arguments(screening_asked_for)),
    "subsidies.refund.tasks.end_notices": Twice(no_arguments(owed_refunds)),
    "subsidies.refund.tasks.check_standing": Twice(no_arguments(held_after_owing)),
    "subsidies.refund.tasks.follow_payments": Twice(no_arguments(refunds_arrived)),
    "accounts.tasks.clear_expired": Twice(signed_in_long_ago, at=NOW + timedelta(days=1)),
    "audit.tasks.count_figures": Twice(
        no_arguments(lambda city: city.batch(money.SETTLED)), grows=frozenset({"audit_counting"})
    ),
    "claims.tasks.verify_claim": Twice(of_one_claim(kinds.SUBMITTED)),
    "claims.tasks.sweep_unverified": Twice(no_arguments(lambda city: city.claim(kinds.SUBMITTED))),
    "claims.tasks.accrue_claim": Twice(of_one_claim(kinds.APPROVED)),
    "claims.tasks.accrue_current_month": Twice(no_arguments(lambda city: city.claim(kinds.APPROVED))),
    "claims.tasks.run_step": Twice(a_step),
    "claims.tasks.sweep_steps": Twice(no_arguments(a_step)),
    "claims.tasks.follow_payments": Twice(paid_but_not_followed),
    "claims.tasks.drop_old_drafts": Twice(no_arguments(began_a_form), at=NOW + timedelta(days=31)),
    "claims.tasks.end_used_up": Twice(no_arguments(used_up), at=OVER),
    "claims.tasks.close_unanswered": Twice(
        no_arguments(lambda city: city.claim(kinds.SUPPLEMENT)), at=NOW + timedelta(days=60)
    ),
    "claims.tasks.run_import": Twice(a_file),
    "claims.tasks.sweep_imports": Twice(no_arguments(a_file)),
    "audit.tasks.start_due": Twice(no_arguments(lambda city: city.claim(kinds.APPROVED))),
    "audit.tasks.go_on": Twice(no_arguments(answered_check), at=NOW + timedelta(days=60, minutes=5)),
    "audit.tasks.sweep_inquiries": Twice(no_arguments(asked_in_vain), at=NOW + timedelta(days=90)),
    "enterprises.tasks.sweep_commitments": Twice(
        no_arguments(committed_long_ago), at=NOW + timedelta(days=61)
    ),
    "payouts.tasks.submit_approved": Twice(no_arguments(lambda city: city.batch(money.APPROVED2))),
    "payouts.tasks.fetch_receipts": Twice(no_arguments(lambda city: city.batch(money.ACCEPTED))),
    "payouts.tasks.remind_returned": Twice(
        no_arguments(lambda city: city.returned()), at=NOW + timedelta(days=20)
    ),
    "payouts.tasks.reconcile": Twice(
        no_arguments(lambda city: city.batch(money.SETTLED)),
        # A comparison is kept whatever it finds, also when nothing has changed.
        grows=frozenset({"payouts_reconciliation"}),
    ),
    "gateways.tasks.send_messages": Twice(no_arguments(lambda city: city.claim(kinds.APPROVED))),
    "cases.tasks.recompute_provisional": Twice(
        provisional_until_now, at=datetime(2026, 12, 29, 1, 30, tzinfo=UTC)
    ),
    "cases.tasks.return_held": Twice(no_arguments(put_aside), at=NOW + timedelta(days=7)),
    "cases.tasks.run_job": Twice(an_export),
    "cases.tasks.sweep_jobs": Twice(no_arguments(an_export)),
    "cases.tasks.seal_day": Twice(
        no_arguments(lambda city: city.claim(kinds.APPROVED)), at=NOW + timedelta(days=1)
    ),
}


def own_tasks() -> set[str]:
    """The names of all tasks but Celery's own."""
    return {name for name in tasks() if not name.startswith("celery.")}


def rows(*, without: frozenset[str] = frozenset()) -> dict[str, tuple[int, str]]:
    """Of every table: how many rows, and a digest of all that they hold."""
    found = {}
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - without
    with connection.cursor() as cursor:
        for table in sorted(tables & set(connection.introspection.table_names(cursor))):
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) "  # noqa: S608 - names of our own tables
                f"FROM {table} t"
            )
            count, digest = cursor.fetchone()
            found[table] = (count, digest)
    return found


def run(task: str, arguments: Arguments, at: datetime) -> None:
    """Run a task as a worker does, with the clock at `at`."""
    with time_machine.travel(at, tick=False):
        tasks()[task](**arguments)


def test_every_task_has_a_case_and_every_case_a_task() -> None:
    assert set(CASES) == own_tasks()


def test_every_job_of_the_timetable_is_a_task() -> None:
    assert {job.task for job in TIMETABLE.values()} <= own_tasks()


def test_every_task_is_found_again_by_a_sweep_or_is_one() -> None:
    """A task that takes arguments is only a wake-up: the same work must be found without its message."""
    swept = {job.task for job in TIMETABLE.values()}
    woken = own_tasks() - swept
    assert woken == {
        "claims.tasks.verify_claim",
        "claims.tasks.accrue_claim",
        "cases.tasks.run_job",
        "claims.tasks.run_import",
        "claims.tasks.run_step",
        "subsidies.refund.tasks.go_on_with_run",
    }, "name here which job of the timetable finds the work of a new wake-up"
    assert {
        "claims.tasks.sweep_unverified",
        "claims.tasks.accrue_current_month",
        "claims.tasks.sweep_steps",
        "cases.tasks.sweep_jobs",
        "claims.tasks.sweep_imports",
        "subsidies.refund.tasks.sweep_runs",
    } <= swept


@pytest.mark.parametrize("task", sorted(own_tasks()))
def test_running_a_task_twice_changes_nothing_the_second_time(task: str, own_city: City) -> None:
    case = CASES[task]
    arguments = case.prepare(own_city)
    untouched = rows()
    run(task, arguments, case.at)
    once = rows(without=case.grows)
    assert rows() != untouched, "the first run had nothing to do: the case proves nothing"
    run(task, arguments, case.at + AGAIN)
    twice = rows(without=case.grows)
    assert {name: (once[name][0], twice[name][0]) for name in once if once[name] != twice[name]} == {}
    assert prove().findings == []


OF_EVERY_DAY = {"cases.tasks.seal_day", "audit.tasks.count_figures"}


@pytest.mark.parametrize("task", sorted(own_tasks()))
def test_a_task_with_nothing_to_do_does_nothing(task: str, own_city: City) -> None:
    """A sweep over an empty table is the commonest run of all."""
    # A day is sealed and counted even if nothing happened on it.
    if CASES[task].prepare.__name__ != "prepared" or task in OF_EVERY_DAY:
        return
    before = rows(without=CASES[task].grows)
    run(task, {}, NOW)
    assert rows(without=CASES[task].grows) == before
