"""Celery entry points of cases: read the clock, call one service."""

from datetime import UTC, datetime, timedelta

from celery import shared_task

from cases import clocks, deadlines, desk, jobs, services
from cases.waking import wake
from law.workdays import legal_day


@shared_task(name="cases.tasks.seal_day")
def seal_day() -> None:
    """Seal the legal day that has ended. Running it twice makes one seal."""
    now = datetime.now(UTC)
    services.seal_day(day=legal_day(now) - timedelta(days=1), now=now)


@shared_task(name="cases.tasks.recompute_provisional")
def recompute_provisional() -> None:
    """Count provisional deadlines again by the calendars there are now. Twice changes nothing more."""
    deadlines.recompute_provisional(calendar=clocks.calendar(), now=datetime.now(UTC))


@shared_task(name="cases.tasks.return_held")
def return_held() -> None:
    """Bring back the cases whose day has come. Twice changes nothing more."""
    desk.return_due(now=datetime.now(UTC))


@shared_task(name="cases.tasks.run_job")
def run_job(*, job_id: int) -> None:
    """Go on with one job; what is left is the next message's work, or the sweep's."""
    if jobs.go_on(job_id=job_id, now=datetime.now(UTC)):
        wake(run_job, job_id=job_id)


@shared_task(name="cases.tasks.sweep_jobs")
def sweep_jobs() -> None:
    """Take up the jobs that nobody works at, and forget old results."""
    now = datetime.now(UTC)
    for job_id in jobs.unfinished(now=now):
        jobs.go_on(job_id=job_id, now=now)
    jobs.drop_old_results(now=now)
