"""Takes up a case again that had come to rest: the only way by which both clocks begin anew.

The old course stays in the trail; nothing of it is rewritten.
"""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

import cases.services
from accounts.models import User
from cases.models import Case, Event


@transaction.atomic
def reopen(
    *,
    case: Case,
    to: str,
    verb: str,
    promise_due: date,
    promise_days: int,
    statutory_due: date,
    statutory_days: int,
    due_provisional: bool,
    actor: User,
    now: datetime,
    payload: Mapping[str, object] | None = None,
) -> Event:
    """Move a case out of its rest to `to`, with new dates counted by the caller; `case` is brought up to
    date.

    Raises what `transition` raises.
    """
    dates = {"promise_due": promise_due.isoformat(), "statutory_due": statutory_due.isoformat()}
    event = cases.services.transition(
        case=case, to=to, verb=verb, actor=actor, now=now, payload={**(payload or {}), **dates}
    )
    case.reopened_at = now
    case.promise_due, case.promise_days = promise_due, promise_days
    case.statutory_due, case.statutory_days = statutory_due, statutory_days
    case.due_provisional = due_provisional
    case.save(
        update_fields=[
            "reopened_at",
            "promise_due",
            "promise_days",
            "statutory_due",
            "statutory_days",
            "due_provisional",
        ]
    )
    return event
