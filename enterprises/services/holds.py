"""Holding a unit's refund back, letting it go again, or noting that what was found was not put right.

Whoever inspects places the hold; the refund rule reads it as its gate. It never stops what staff is owed.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from cases.models import Case
from enterprises.models import Enterprise, Hold
from law.errors import Refused


@transaction.atomic
def place_hold(
    *, enterprise: Enterprise, ground: Hold.Ground, case: Case | None, reason: str, actor: User, now: datetime
) -> Hold:
    """Hold a unit's refund back for one case. The same again is the hold that stands.

    Raises `Refused("hold.reason_missing")`.
    """
    if not reason.strip():
        raise Refused("hold.reason_missing")
    # Two who place the same at once wait here, so that the second finds the first.
    Enterprise.objects.select_for_update().get(pk=enterprise.pk)
    standing = Hold.objects.filter(enterprise=enterprise, ground=ground, case=case, lifted_at=None).first()
    if standing is not None:
        return standing
    return Hold.objects.create(
        enterprise=enterprise,
        ground=ground,
        case=case,
        reason=reason.strip(),
        placed_at=now,
        placed_by=actor,
    )


@transaction.atomic
def fail_hold(*, hold: Hold, now: datetime) -> Hold:
    """What was found was not put right in time; the gate stays shut. Raises `Refused("hold.not_open")`."""
    standing = _standing(hold)
    if standing.failed_at is None:
        standing.failed_at = now
        standing.save(update_fields=["failed_at"])
    return standing


@transaction.atomic
def lift_hold(*, hold: Hold, because: str, actor: User, now: datetime) -> Hold:
    """The gate is passed. Raises `Refused("hold.reason_missing")` and `Refused("hold.not_open")`."""
    if not because.strip():
        raise Refused("hold.reason_missing")
    standing = _standing(hold)
    standing.lifted_at, standing.lifted_by, standing.lifted_because = now, actor, because.strip()
    standing.save(update_fields=["lifted_at", "lifted_by", "lifted_because"])
    return standing


def _standing(hold: Hold) -> Hold:
    found = Hold.objects.select_for_update().get(pk=hold.pk)
    if found.lifted_at is not None:
        raise Refused("hold.not_open")
    return found
