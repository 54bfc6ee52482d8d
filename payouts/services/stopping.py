"""Stopping: what was owed for months that are not due after all goes back to the fund, or has to come back.

Nothing is netted and nothing is altered: an obligation that was never sent is booked back by a transfer of
its own, one that was sent becomes a `Receivable`, which stands until that money turns out never to have
arrived. Whoever stops decides which months; here it is only booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import User
from cases.models import Case
from cases.services import transition
from law.money import Fen
from law.workdays import legal_day
from payouts.kinds import READY, SETTLED
from payouts.models import (
    Move,
    Obligation,
    Payment,
    Receivable,
    ReturnedPayment,
    standing_receivables,
    still_owed,
)
from payouts.services.ledger import book_obligations, book_payments, lock_pool


@dataclass(frozen=True, slots=True)
class Stopped:
    """What became of the months that are not due: `withdrawn` were never sent, `to_recover` were."""

    withdrawn: tuple[str, ...]
    to_recover: tuple[str, ...]
    to_recover_fen: Fen


@transaction.atomic
def stop_after(*, case: Case, item: str, month: str, why: str, actor: User, now: datetime) -> Stopped:
    """Stop what `case` was owed for `item` in months after `month` ("YYYY-MM"). Run again it finds nothing.

    What was never sent, or came back, goes back to the fund, and an open return is closed; what arrived or is
    on its way has to come back.
    """
    owed = still_owed(Obligation.objects.filter(case=case, item=item, month__gt=month)).order_by("month")
    first = owed.first()
    if first is None:
        return Stopped((), (), Fen(0))
    lock_pool(first.pool)
    # Read under the lock: a batch may have been sealed, or a receipt booked, meanwhile.
    live = Exists(Payment.objects.filter(obligation=OuterRef("pk"), failed_at=None, returned_at=None))
    rows = list(owed.annotate(is_live=live))
    here = [one for one in rows if not one.is_live]
    gone = [one for one in rows if one.is_live]
    _close_returns(here, actor=actor, now=now)
    if here:
        book_obligations(Move.STOPPED, [one.pk for one in here], now=now)
    Receivable.objects.bulk_create(
        Receivable(obligation=one, amount_fen=one.amount_fen, why=why, found_at=now) for one in gone
    )
    return Stopped(
        withdrawn=tuple(one.month for one in here),
        to_recover=tuple(one.month for one in gone),
        to_recover_fen=Fen(sum(one.amount_fen for one in gone)),
    )


@transaction.atomic
def stop_unsent(*, case_ids: Sequence[int], item: str, actor: User, now: datetime) -> list[int]:
    """Take back what these cases are owed for `item` and nobody has sent; the cases, ascending.

    What is in a batch stays as it is: a batch can be sent back, but never be made smaller.
    """
    owed = still_owed(Obligation.objects.filter(case__in=list(case_ids), item=item)).order_by("pk")
    first = owed.first()
    if first is None:
        return []
    lock_pool(first.pool)
    live = Exists(Payment.objects.filter(obligation=OuterRef("pk"), failed_at=None, returned_at=None))
    here = [one for one in owed.annotate(is_live=live) if not one.is_live]
    _close_returns(here, actor=actor, now=now)
    if here:
        book_obligations(Move.STOPPED, [one.pk for one in here], now=now)
    return sorted({one.case_id for one in here})


def release_receivables(payment_ids: Sequence[int], *, now: datetime) -> list[int]:
    """Of payments that failed, came back or were never sent: those whose money was to be recovered.

    There is nothing to recover of them any more: what was owed goes back to the fund, and is not paid again.
    Runs inside the caller's transaction, which holds the pool's lock and has booked what the bank said.
    """
    standing = standing_receivables().values("obligation")
    rows = list(
        Payment.objects.filter(pk__in=list(payment_ids), obligation__in=standing)
        .order_by("pk")
        .values_list("pk", "obligation_id", "returned_at")
    )
    back = [payment_id for payment_id, _, returned_at in rows if returned_at is not None]
    if back:
        book_payments(Move.REISSUED, back, posted_on=legal_day(now), now=now)
    if rows:
        book_obligations(Move.STOPPED, [obligation_id for _, obligation_id, _ in rows], now=now)
    return [payment_id for payment_id, _, _ in rows]


def _close_returns(stopped: Sequence[Obligation], *, actor: User, now: datetime) -> None:
    """Nothing is sent again: money in suspense goes back to what was owed, and the return's case ends."""
    rows = ReturnedPayment.objects.select_related("case", "payment").filter(obligation__in=list(stopped))
    for returned in rows.exclude(case__status=SETTLED):
        if returned.case.status != READY and returned.payment.returned_at is not None:
            book_payments(Move.REISSUED, [returned.payment_id], posted_on=legal_day(now), now=now)
        transition(case=returned.case, to=SETTLED, verb="return.stopped", actor=actor, now=now)
