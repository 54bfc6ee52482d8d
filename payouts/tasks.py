"""Celery's way in: each task reads the clock and calls one service. All are sweeps that may run twice at
once.
"""

from __future__ import annotations

from datetime import UTC, datetime

from celery import shared_task

from payouts import services


@shared_task
def submit_approved() -> None:
    """Bring every batch with all its signatures to the bank, or ask what became of it; returns how many were
    tried.
    """
    services.submit_waiting(now=datetime.now(UTC))


@shared_task
def fetch_receipts() -> None:
    """Ask the bank for the receipts that are missing."""
    services.fetch_and_record(now=datetime.now(UTC))


@shared_task
def reconcile() -> None:
    """Compare every open day with the bank's statement."""
    services.reconcile_open_days(now=datetime.now(UTC))


@shared_task
def remind_returned() -> None:
    """Remind whoever has not put right yet what made a payment come back."""
    services.remind_returned(now=datetime.now(UTC))
