"""Celery entry points of the refund: read the clock, call services that may run again without harm."""

from __future__ import annotations

from datetime import UTC, datetime

from celery import shared_task

from cases.waking import wake
from subsidies.refund import services


@shared_task(name="subsidies.refund.tasks.go_on_with_run")
def go_on_with_run(*, run_id: int) -> None:
    """Go on with one run; what is left is the next message's work, or the sweep's."""
    if services.go_on(run_id=run_id, now=datetime.now(UTC)):
        wake(go_on_with_run, run_id=run_id)


@shared_task(name="subsidies.refund.tasks.sweep_runs")
def sweep_runs() -> None:
    """Take up the runs that nobody works at."""
    now = datetime.now(UTC)
    for run_id in services.unfinished(now=now):
        services.go_on(run_id=run_id, now=now)


@shared_task(name="subsidies.refund.tasks.end_notices")
def end_notices() -> None:
    """Hand over to finance what stood in a notice whose days are over."""
    services.end_notices(now=datetime.now(UTC))


@shared_task(name="subsidies.refund.tasks.check_standing")
def check_standing() -> None:
    """Hold what is owed and may not be paid any more, and owe what was cleared."""
    now = datetime.now(UTC)
    services.hold_changed(now=now)
    services.owe_waiting(now=now)


@shared_task(name="subsidies.refund.tasks.follow_payments")
def follow_payments() -> None:
    """Note the refunds whose money has arrived."""
    services.follow_payments(now=datetime.now(UTC))
