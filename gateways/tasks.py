"""Celery entry points: read the clock, call one service. No arguments, so that nothing personal is in the
queue.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from gateways import services


@shared_task(acks_late=True)
def send_messages() -> int:
    """Send the short messages that are due. A sweep: running it twice sends nothing twice."""
    return services.send_messages(now=timezone.now())
