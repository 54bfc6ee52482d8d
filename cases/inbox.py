"""Marks messages as seen by the party they were written to. Never by anybody else's reading."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import Party
from cases.models import Message


@transaction.atomic
def mark_read(*, party: Party, messages: Sequence[Message], now: datetime) -> int:
    """Note that the party has seen these messages of its own; returns how many were new to it."""
    unread = [message.pk for message in messages if message.read_at is None]
    if not unread:
        return 0
    return Message.objects.filter(pk__in=unread, party=party, read_at__isnull=True).update(read_at=now)
