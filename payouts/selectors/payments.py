"""Reads of what was owed and paid, for the apps above and their pages. It never opens an account number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from cases.models import Case
from law.money import Fen
from payouts.kinds import CAUSE_ADVICE, CAUSE_LABELS, READY, SETTLED
from payouts.models import (
    Account,
    Balance,
    Move,
    Obligation,
    Payment,
    PaymentHold,
    ReturnedPayment,
    Transfer,
    pool_of,
    still_owed,
)


@dataclass(frozen=True, slots=True)
class MonthState:
    """One obligation and how far its money is. `month` is "YYYY-MM", or empty for a single payment.

    At most one of `is_paid`, `is_returned`, `is_sent` holds; none of them: it waits for a batch.
    `is_returned` means that something must be put right first; once it is, the next batch pays it again.
    """

    month: str
    item: str
    amount_fen: Fen
    due_on: date
    is_paid: bool
    is_stopped: bool
    is_to_recover: bool
    is_held: bool
    is_returned: bool
    is_sent: bool
    is_in_batch: bool
    paid_at: datetime | None
    tail: str
    bank_name: str
    batch_number: str
    returned_number: str
    cause: str

    @property
    def words(self) -> str:
        """The state in a few words."""
        if self.is_stopped:
            return _("已停发，不再发")
        if self.is_to_recover:
            return _("多发了，要退回")
        if self.is_paid:
            return _("已到账")
        if self.is_held:
            return _("暂停，核实清楚再发")
        if self.is_returned:
            return _("退回：%(cause)s") % {"cause": CAUSE_LABELS.get(self.cause, "")}
        if self.is_sent:
            return _("已送银行")
        return _("在批次中，等签字") if self.is_in_batch else _("等下一批")

    @property
    def advice(self) -> str:
        """What happens next with money that came back; empty otherwise."""
        return str(CAUSE_ADVICE.get(self.cause, "")) if self.is_returned else ""


def months_of_case(case: Case) -> Sequence[MonthState]:
    """Every obligation that a case has granted, oldest month first."""
    standing = Obligation.objects.select_related("receivable").filter(case=case, replaced_by=None)
    stopped = Exists(Transfer.objects.filter(obligation=OuterRef("pk"), kind=Move.STOPPED))
    held = Exists(PaymentHold.objects.filter(case=case, lifted_at=None))
    marked = standing.annotate(is_stopped=stopped, is_held=held)
    obligations = list(marked.order_by("month", "due_on", "pk"))
    payments = Payment.objects.select_related("batch__case", "payee").filter(obligation__in=obligations)
    # The account number is not for pages; its last four digits stand beside it.
    latest = {
        payment.obligation_id: payment
        for payment in payments.defer("payee__account", "payee__contact").order_by("attempt")
    }
    returns = ReturnedPayment.objects.select_related("case").filter(obligation__in=obligations)
    returned = {one.obligation_id: one for one in returns}
    return [
        _state(
            owed,
            latest.get(owed.pk),
            returned.get(owed.pk),
            is_stopped=owed.is_stopped,
            is_held=owed.is_held,
        )
        for owed in obligations
    ]


def payments_of_case(case: Case) -> Sequence[MonthState]:
    """The same, newest first, for the officer's page."""
    return [*reversed(months_of_case(case))]


def paid_case_ids(case_ids: Iterable[int]) -> set[int]:
    """Those of the cases that have at least one payment which arrived and stayed."""
    paid = Payment.objects.filter(
        obligation__case_id__in=list(case_ids), settled_at__isnull=False, returned_at=None
    )
    return set(paid.values_list("obligation__case_id", flat=True))


def all_paid_case_ids(case_ids: Iterable[int]) -> set[int]:
    """Those of the cases that are owed something, all of which has arrived and stayed."""
    owed = still_owed(Obligation.objects.filter(case__in=list(case_ids)))
    arrived = Exists(
        Payment.objects.filter(obligation=OuterRef("pk"), settled_at__isnull=False, returned_at=None)
    )
    found: dict[int, bool] = {}
    for case_id, is_there in owed.annotate(arrived=arrived).values_list("case_id", "arrived"):
        found[case_id] = found.get(case_id, True) and is_there
    return {case_id for case_id, is_there in found.items() if is_there}


@dataclass(frozen=True, slots=True)
class FundState:
    """The ledger of one pool, posted amounts in fen; `held_fen` is what the bank account must hold."""

    region: str
    fund_fen: Fen
    payable_fen: Fen
    transit_fen: Fen
    suspense_fen: Fen
    held_fen: Fen


def fund(region: str) -> FundState:
    """The balances of the pool that `region` belongs to; zero where nothing was ever booked."""
    pool = pool_of(region)
    posted = dict(Balance.objects.filter(region=pool).values_list("account", "posted_fen"))
    return FundState(
        region=pool,
        fund_fen=Fen(posted.get(str(Account.FUND), 0)),
        payable_fen=Fen(posted.get(str(Account.PAYABLE), 0)),
        transit_fen=Fen(posted.get(str(Account.TRANSIT), 0)),
        suspense_fen=Fen(posted.get(str(Account.SUSPENSE), 0)),
        held_fen=Fen(-posted.get(str(Account.OUTSIDE), 0)),
    )


def _state(
    owed: Obligation,
    payment: Payment | None,
    returned: ReturnedPayment | None,
    *,
    is_stopped: bool,
    is_held: bool,
) -> MonthState:
    """The state by the latest attempt and the open return, if there is one."""
    is_paid = payment is not None and payment.settled_at is not None and payment.returned_at is None
    is_live = (
        payment is not None and payment.failed_at is None and payment.returned_at is None and not is_paid
    )
    is_returned = returned is not None and returned.case.status not in (READY, SETTLED)
    shown = payment if payment is not None and (is_paid or is_live) else None
    return MonthState(
        month=owed.month,
        item=owed.item,
        amount_fen=Fen(owed.amount_fen),
        due_on=owed.due_on,
        is_paid=is_paid,
        is_stopped=is_stopped,
        is_to_recover=hasattr(owed, "receivable") and not is_stopped,
        is_held=is_held and not is_paid and not is_live and not is_stopped,
        is_returned=is_returned,
        is_sent=payment is not None and is_live and payment.batch.submitted_at is not None,
        is_in_batch=is_live,
        paid_at=payment.settled_at if payment is not None and is_paid else None,
        tail=shown.payee.account_last4 if shown is not None else "",
        bank_name=shown.payee.bank_name if shown is not None else "",
        batch_number=shown.batch.case.number if shown is not None else "",
        returned_number=returned.case.number if returned is not None and is_returned else "",
        cause=returned.cause if returned is not None and is_returned else "",
    )
