"""Entry points of the workers for supervision: each reads the clock and calls one service. No logic here."""

from celery import shared_task
from django.utils import timezone

from audit import services


@shared_task
def count_figures() -> None:
    """Count the figures of the last days again."""
    services.count_figures(now=timezone.now())
