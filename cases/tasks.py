"""Celery entry points of cases: read the clock, call one service."""

from datetime import UTC, datetime, timedelta

from celery import shared_task

from cases import services
from law.workdays import legal_day


@shared_task(name="cases.tasks.seal_day")
def seal_day() -> None:
    """Seal the legal day that has ended. Running it twice makes one seal."""
    now = datetime.now(UTC)
    services.seal_day(day=legal_day(now) - timedelta(days=1), now=now)
