"""The timetable's jobs as a simulated year takes them: by name, each as its task calls it, time handed in.

A new job of `config.celery` gets its line here and its hour in `config.simulation.year`; a test holds both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import accounts.services
import audit.services
import cases.clocks
import cases.deadlines
import cases.desk
import cases.intake
import cases.jobs
import cases.services
import claims.services
import enterprises.services
import gateways.services
import payouts.services
from claims.intakes import LINES
from law.workdays import legal_day
from subsidies.refund import services as refunds

Job = Callable[[datetime], object]


def _seal_yesterday(now: datetime) -> None:
    cases.services.seal_day(day=legal_day(now) - timedelta(days=1), now=now)


def _go_on_with_jobs(now: datetime) -> None:
    for job_id in cases.jobs.unfinished(now=now):
        cases.jobs.go_on(job_id=job_id, now=now)
    cases.jobs.drop_old_results(now=now)


def _follow_payments(now: datetime) -> None:
    while claims.services.follow_payments(now=now):
        pass


def _verify(now: datetime) -> None:
    while claims.services.verify_due(now=now):
        pass


def _go_on_with_imports(now: datetime) -> None:
    for intake_id in cases.intake.unfinished():
        cases.intake.go_on(intake_id=intake_id, lines=LINES, now=now)


def _go_on_with_steps(now: datetime) -> None:
    for run_id in claims.services.steps_to_go_on(now=now):
        claims.services.go_on_with_step(run_id=run_id, now=now)


def _go_on_with_refund_runs(now: datetime) -> None:
    for run_id in refunds.unfinished(now=now):
        refunds.go_on(run_id=run_id, now=now)


def _check_owed_refunds(now: datetime) -> None:
    refunds.hold_changed(now=now)
    refunds.owe_waiting(now=now)


JOBS: Mapping[str, Job] = {
    "seal-yesterday": _seal_yesterday,
    "close-unanswered-notices": lambda now: claims.services.close_unanswered(now=now),
    "end-used-up-spells": lambda now: claims.services.end_used_up(now=now),
    "clear-expired": lambda now: accounts.services.delete_expired(now=now),
    "drop-old-drafts": lambda now: claims.services.drop_old_drafts(now=now),
    "remind-of-returned-payments": lambda now: payouts.services.remind_returned(now=now),
    "sweep-commitments": lambda now: enterprises.services.sweep_overdue(now=now),
    "return-held-cases": lambda now: cases.desk.return_due(now=now),
    "recompute-provisional-deadlines": lambda now: cases.deadlines.recompute_provisional(
        calendar=cases.clocks.calendar(), now=now
    ),
    "go-on-with-jobs": _go_on_with_jobs,
    "go-on-with-imports": _go_on_with_imports,
    "verify-submitted-claims": _verify,
    "accrue-current-month": lambda now: claims.services.go_through_months(now=now),
    "go-on-with-steps": _go_on_with_steps,
    "submit-approved-batches": lambda now: payouts.services.submit_waiting(now=now),
    "fetch-bank-receipts": lambda now: payouts.services.fetch_and_record(now=now),
    "reconcile-with-statement": lambda now: payouts.services.reconcile_open_days(now=now),
    "follow-payments": _follow_payments,
    "send-messages": lambda now: gateways.services.send_messages(now=now),
    "go-on-with-refund-runs": _go_on_with_refund_runs,
    "end-refund-notices": lambda now: refunds.end_notices(now=now),
    "check-owed-refunds": _check_owed_refunds,
    "follow-refunds": lambda now: refunds.follow_payments(now=now),
    "start-monthly-checks": lambda now: audit.services.start_due(now=now),
    "go-on-with-checks": lambda now: audit.services.go_on(now=now),
    "sweep-inquiries": lambda now: audit.services.sweep_inquiries(now=now),
    "count-figures": lambda now: audit.services.count_figures(now=now),
}
"""The timetable's jobs by name, each as its task calls it."""
