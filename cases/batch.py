"""Set-based writes for whole-city work, where one statement a row would be too slow.

Each does what its single form in `cases.services` does, for many rows at once. Nothing else may write here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.selectors import machine
from cases import messages
from cases.models import Event, Message

CHUNK = 5_000


@dataclass(frozen=True, slots=True, repr=False)
class Notice:
    """One message to be written: `cases.services.notify` without its objects. `address` may be empty (inbox
    only).
    """

    case_id: int
    party_id: int
    template: str
    numbers: Mapping[str, str | int]
    address: str = ""


@transaction.atomic
def notify_many(*, notices: Sequence[Notice], now: datetime) -> int:
    """Put many messages into inboxes and their events into the trails; returns how many. Raises as `notify`.

    The caller answers for the verb: every kind knows `message.sent`.
    """
    for notice in notices:
        messages.check_numbers(notice.numbers)
        messages.fill(notice.template, notice.numbers)
    written = Message.objects.bulk_create(
        [
            Message(
                case_id=notice.case_id,
                party_id=notice.party_id,
                template=notice.template,
                numbers=dict(notice.numbers),
                channel=Message.Channel.SMS if notice.address else Message.Channel.INBOX,
                mobile=notice.address,
                created_at=now,
            )
            for notice in notices
        ],
        batch_size=CHUNK,
    )
    actor = machine()
    # In the order of the cases, so that two writers that overlap wait for each other and never cross.
    pairs = sorted(zip(notices, written, strict=True), key=lambda pair: (pair[0].case_id, pair[1].pk))
    Event.objects.bulk_create(
        [
            Event(
                case_id=notice.case_id,
                verb="message.sent",
                actor=actor,
                at=now,
                payload={"message": message.pk, "template": notice.template},
            )
            for notice, message in pairs
        ],
        batch_size=CHUNK,
    )
    return len(written)
