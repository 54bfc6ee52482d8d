"""Celery's way in: reads the clock and calls one service. A sweep that may run twice at once."""

from __future__ import annotations

from datetime import UTC, datetime

from celery import shared_task

from enterprises import services


@shared_task
def sweep_commitments() -> None:
    """Remind units whose papers are overdue, and end the commitments that were reminded in vain."""
    services.sweep_overdue(now=datetime.now(UTC))
