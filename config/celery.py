"""The Celery app and the timetable: every periodic job, its hour, its reason.

The database is the queue and Celery only wakes us: each task is a re-runnable sweep over rows in a state, so
a lost broker loses nothing. This module must not import Django: beat runs from it alone (without
DJANGO_SETTINGS_MODULE) and so stays a third of the size.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import NamedTuple

from celery import Celery
from celery.schedules import crontab

from config.addresses import broker_url


class Job(NamedTuple):
    """One line of the timetable; a job that is still waiting when its next turn comes is dropped."""

    task: str
    every: timedelta | crontab
    reason: str


TIMETABLE = {
    # name                       task                                  when                          why
    "verify-submitted-claims": Job(
        "claims.tasks.sweep_unverified",
        timedelta(minutes=1),
        "a claim whose wake-up message was lost is still verified",
    ),
    "accrue-current-month": Job(
        "claims.tasks.accrue_current_month",
        crontab(minute=5),
        "the roll of a month that has begun is frozen and scanned, and benefit is owed for it",
    ),
    "go-on-with-steps": Job(
        "claims.tasks.sweep_steps",
        timedelta(minutes=1),
        "a step of a month whose worker was lost goes on",
    ),
    "follow-payments": Job(
        "claims.tasks.follow_payments",
        timedelta(seconds=30),
        "a claim whose first payment has arrived is in payment",
    ),
    "end-used-up-spells": Job(
        "claims.tasks.end_used_up",
        crontab(hour=2, minute=20),
        "a spell whose months are over ends, and the person is told and may claim again",
    ),
    "drop-old-drafts": Job(
        "claims.tasks.drop_old_drafts",
        crontab(hour=3, minute=40),
        "a form begun and left is kept thirty days and no longer",
    ),
    "close-unanswered-notices": Job(
        "claims.tasks.close_unanswered",
        crontab(hour=1, minute=10),
        "a notice of missing papers that nobody answered closes the claim",
    ),
    "go-on-with-refund-runs": Job(
        "subsidies.refund.tasks.sweep_runs",
        timedelta(minutes=1),
        "a screening whose worker was lost goes on where it stood",
    ),
    "end-refund-notices": Job(
        "subsidies.refund.tasks.end_notices",
        crontab(hour=0, minute=40),
        "what stood in a public notice whose days are over goes to finance",
    ),
    "check-owed-refunds": Job(
        "subsidies.refund.tasks.check_standing",
        crontab(minute=35),
        "a unit that may not be paid any more is held before its money leaves",
    ),
    "follow-refunds": Job(
        "subsidies.refund.tasks.follow_payments",
        timedelta(minutes=1),
        "a refund whose money has arrived is paid",
    ),
    "start-monthly-checks": Job(
        "audit.tasks.start_due",
        crontab(hour=2, minute=10),
        "who is about to be paid is compared with other offices' records before the month begins",
    ),
    "go-on-with-checks": Job(
        "audit.tasks.go_on",
        timedelta(minutes=1),
        "the comparison answers when it likes; we ask, and ask again about whoever has no answer",
    ),
    "sweep-inquiries": Job(
        "audit.tasks.sweep_inquiries",
        crontab(hour=1, minute=30),
        "who was asked and has not replied in time, person or agency, holds nothing up",
    ),
    "submit-approved-batches": Job(
        "payouts.tasks.submit_approved",
        timedelta(minutes=1),
        "a batch with all its signatures goes to the bank",
    ),
    "fetch-bank-receipts": Job(
        "payouts.tasks.fetch_receipts", timedelta(seconds=30), "the bank answers when it likes; we ask"
    ),
    "remind-of-returned-payments": Job(
        "payouts.tasks.remind_returned",
        crontab(hour=9, minute=10),
        "a person whose money came back is reminded by day, and then an officer takes it up",
    ),
    "reconcile-with-statement": Job(
        "payouts.tasks.reconcile",
        timedelta(minutes=10),
        "our books and the bank's must be equal, or shown as different",
    ),
    "sweep-commitments": Job(
        "enterprises.tasks.sweep_commitments",
        crontab(hour=9, minute=20),
        "a unit whose papers are overdue is reminded by day, and a commitment reminded in vain ends",
    ),
    "send-messages": Job(
        "gateways.tasks.send_messages",
        timedelta(minutes=1),
        "a message that could not be sent is tried again",
    ),
    "recompute-provisional-deadlines": Job(
        "cases.tasks.recompute_provisional",
        crontab(minute=40),
        "a deadline in a year whose calendar has come gets the date that the law gives",
    ),
    "return-held-cases": Job(
        "cases.tasks.return_held",
        crontab(minute=15),
        "a case put aside for another office comes back when its day has come",
    ),
    "go-on-with-jobs": Job(
        "cases.tasks.sweep_jobs",
        timedelta(minutes=1),
        "long work whose worker was lost goes on, and results that nobody fetched go",
    ),
    "go-on-with-imports": Job(
        "claims.tasks.sweep_imports",
        timedelta(minutes=1),
        "a file from the core system whose worker was lost is read again",
    ),
    "seal-yesterday": Job(
        "cases.tasks.seal_day", crontab(hour=0, minute=20), "the trail of the day that ended gets its seal"
    ),
    "count-figures": Job(
        "audit.tasks.count_figures",
        crontab(minute=50),
        "the supervisor's page reads figures that were counted, and counts nothing itself",
    ),
    "clear-expired": Job(
        "accounts.tasks.clear_expired",
        crontab(hour=3, minute=30),
        "sessions and tokens whose time is over are of no use to anybody but a thief",
    ),
}
"""Hours are those of Asia/Shanghai. Beat remembers what ran: a turn missed while down is made up at once."""


def make_app() -> Celery:
    """The app, configured from the environment alone."""
    celery = Celery("anye", broker=broker_url(os.environ["REDIS_URL"]))
    celery.conf.update(
        timezone="Asia/Shanghai",
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        # A task is taken off the queue when it is done, not when it begins: a killed worker repeats it.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        # A message held by a worker that vanished comes back after this; the sweeps are the real recovery.
        broker_transport_options={"visibility_timeout": 300},
        broker_connection_retry_on_startup=True,
        worker_hijack_root_logger=False,
        worker_max_tasks_per_child=2_000,
        beat_schedule={
            name: {"task": job.task, "schedule": job.every, "options": {"expires": _patience(job.every)}}
            for name, job in TIMETABLE.items()
        },
    )
    # Read by Celery's Django support: otherwise each task opens a new database connection (4 times slower).
    celery.conf["CELERY_DB_REUSE_MAX"] = 1_000
    celery.autodiscover_tasks()
    return celery


def _patience(every: timedelta | crontab) -> float:
    """Seconds after which a message that nobody took is worthless, because the next one is there."""
    return every.total_seconds() if isinstance(every, timedelta) else 3_600.0


app = make_app()
