"""Opening the case of a contradiction: in the bank's words about a payment, or between the rule and what is
owed.

Nothing is put right here, and nothing is netted: the money stays where it is until two officers have signed
(`payouts.services.resolving`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.selectors import machine
from cases.batch import Opening, open_many
from cases.services import record
from payouts.kinds import CONTRADICTION, Odd
from payouts.models import Contradiction, Obligation, Payment, unresolved_receipts


def open_for_payments(payment_ids: Sequence[int], *, odd: Odd, now: datetime) -> None:
    """One open case for each of these payments; where one is open already, its trail says that more came.

    Runs inside the caller's transaction, which holds the pool's lock.
    """
    ids = sorted(set(payment_ids))
    if not ids:
        return
    known = Contradiction.objects.select_related("case").filter(payment__in=ids, resolved_at=None)
    waiting = list(known.order_by("pk"))
    if odd is Odd.RECEIPT:
        for one in waiting:
            record(case=one.case, verb="contradiction.again", actor=machine(), now=now)
    open_already = {one.payment_id for one in waiting}
    payments = Payment.objects.select_related("obligation").filter(pk__in=ids).order_by("pk")
    new = [one for one in payments if one.pk not in open_already]
    openings = [
        Opening(
            one.obligation.party_id,
            one.obligation.region,
            {"odd": odd.value, "payment": one.end_to_end_id, "amount_fen": one.amount_fen},
        )
        for one in new
    ]
    _open(openings, [(one.obligation_id, one.pk) for one in new], odd=odd, now=now)


def open_for_old_receipts(pool: str, *, now: datetime) -> None:
    """A case for each receipt that was marked before contradictions had cases. Run again it finds none."""
    waiting = Contradiction.objects.filter(payment=OuterRef("payment"), resolved_at=None)
    lacking = unresolved_receipts().filter(~Exists(waiting), payment__obligation__pool=pool)
    open_for_payments(list(lacking.values_list("payment", flat=True)), odd=Odd.RECEIPT, now=now)


def open_for_obligations(obligation_ids: Sequence[int], *, now: datetime) -> None:
    """One open case for each obligation that the rule no longer gives, as `open_for_payments`."""
    waiting = Contradiction.objects.filter(odd=Odd.RECHECK, resolved_at=None)
    owed = Obligation.objects.filter(pk__in=list(obligation_ids)).exclude(
        pk__in=waiting.values("obligation_id")
    )
    new = list(owed.order_by("pk"))
    openings = [
        Opening(
            one.party_id,
            one.region,
            {"odd": Odd.RECHECK.value, "obligation": one.pk, "amount_fen": one.amount_fen},
        )
        for one in new
    ]
    _open(openings, [(one.pk, None) for one in new], odd=Odd.RECHECK, now=now)


def _open(
    openings: Sequence[Opening], about: Sequence[tuple[int, int | None]], *, odd: Odd, now: datetime
) -> None:
    case_ids = open_many(
        kind=CONTRADICTION, openings=openings, verb="contradiction.opened", actor=machine(), now=now
    )
    Contradiction.objects.bulk_create(
        [
            Contradiction(
                case_id=case_id, odd=odd, obligation_id=obligation_id, payment_id=payment_id, found_at=now
            )
            for case_id, (obligation_id, payment_id) in zip(case_ids, about, strict=True)
        ]
    )
