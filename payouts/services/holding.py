"""Holding: what a case is owed waits while something about it is looked into, and goes on when that is over.

Nothing is booked and nothing is altered: an obligation stays owed, and the sealing of batches leaves it out.
A payment that lies in a sealed batch already goes its way, unless the checker sends that batch back.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cases.models import Case
from payouts.models import PaymentHold, pool_of
from payouts.services.ledger import lock_pool


@transaction.atomic
def hold_payments(*, case: Case, now: datetime) -> None:
    """Leave what `case` is owed out of every batch sealed from now on. Held already, nothing happens."""
    # A batch being sealed this moment is waited for: it either has the payment or will find the hold.
    lock_pool(pool_of(case.region))
    if not PaymentHold.objects.filter(case=case, lifted_at=None).exists():
        PaymentHold.objects.create(case=case, since=now)


@transaction.atomic
def release_payments(*, case: Case, now: datetime) -> None:
    """Let what `case` is owed go with the next batch. Not held, nothing happens."""
    PaymentHold.objects.filter(case=case, lifted_at=None).update(lifted_at=now)
