"""Entry points of the workers for supervision: each reads the clock and calls one service. No logic here.

All are sweeps that may run twice.
"""

from celery import shared_task
from django.utils import timezone

from audit import services


@shared_task
def count_figures() -> None:
    """Count the figures of the last days again."""
    services.count_figures(now=timezone.now())


@shared_task
def start_due() -> None:
    """Take the roll of the month that is about to be paid, once it is near enough."""
    services.start_due(now=timezone.now())


@shared_task
def go_on() -> None:
    """Take every check that is not answered yet a step further."""
    services.go_on(now=timezone.now())


@shared_task
def sweep_inquiries() -> None:
    """Hand back inquiries whose time is over, and remind agencies that are late."""
    services.sweep_inquiries(now=timezone.now())
