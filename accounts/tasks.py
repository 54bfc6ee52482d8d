"""Celery entry points of accounts: read the clock, call one service."""

from datetime import UTC, datetime

from celery import shared_task

from accounts import services


@shared_task(name="accounts.tasks.clear_expired")
def clear_expired() -> None:
    """Remove sessions and API tokens whose time is over."""
    services.delete_expired(now=datetime.now(UTC))
