"""Money that did not arrive or came back: one case for its obligation, what to do by cause, and paying it
again.

The benefit month stays used and the obligation stays owed: only the way to the account is put right. It must
never write off an obligation, and never pay into a changed account without a trace of who said so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from accounts.selectors import machine
from cases.services import notify, open_case, transition
from law.workdays import legal_day
from payouts.kinds import (
    ASKS_THE_PERSON,
    CAUSE_OF_REASON,
    CORRECTING,
    READY,
    RETRIED_BY_THE_MACHINE,
    RETURN,
    RETURNED,
    Cause,
)
from payouts.models import Move, Payment, ReturnedPayment
from payouts.services.ledger import book_payments

# A cause that the machine may try again by itself is tried once, then it asks.
RETRIES = 1


@dataclass(frozen=True, slots=True)
class Bounced:
    """One payment and the bank's reason (ISO 20022 code, may be empty)."""

    payment_id: int
    reason_code: str


def open_returns(bounced: Sequence[Bounced], *, now: datetime) -> None:
    """For payments that failed or came back: open their case, or take it up again, and make the first step.

    Runs inside the caller's transaction, which holds the pool's lock and has booked the money.
    """
    reasons = {one.payment_id: one.reason_code for one in bounced}
    payments = Payment.objects.select_related("obligation__party", "obligation__case").filter(
        pk__in=list(reasons)
    )
    known = {
        returned.obligation_id: returned
        for returned in ReturnedPayment.objects.select_related("case").filter(
            obligation__payments__in=list(reasons)
        )
    }
    actor = machine()
    for payment in payments.order_by("pk"):
        returned = known.get(payment.obligation_id)
        if returned is None:
            returned = _open(payment, reasons[payment.pk], actor=actor, now=now)
        else:
            _open_again(returned, payment, reasons[payment.pk], actor=actor, now=now)
        _first_step(returned, actor=actor, now=now)


def _cause(reason_code: str) -> str:
    return CAUSE_OF_REASON.get(reason_code, Cause.FILE_OR_TIME)


def _payload(payment: Payment, reason_code: str) -> dict[str, str | int]:
    return {
        "payment": payment.end_to_end_id,
        "amount_fen": payment.amount_fen,
        "reason": reason_code,
        "cause": _cause(reason_code),
    }


def _open(payment: Payment, reason_code: str, *, actor: User, now: datetime) -> ReturnedPayment:
    case = open_case(
        kind=RETURN,
        party=payment.obligation.party,
        region=payment.obligation.region,
        actor=actor,
        now=now,
        verb="return.opened",
        payload=_payload(payment, reason_code),
    )
    return ReturnedPayment.objects.create(
        case=case,
        obligation=payment.obligation,
        payment=payment,
        cause=_cause(reason_code),
        reason_code=reason_code,
        returned_on=legal_day(now),
    )


def _open_again(
    returned: ReturnedPayment, payment: Payment, reason_code: str, *, actor: User, now: datetime
) -> None:
    returned.payment = payment
    returned.cause = _cause(reason_code)
    returned.reason_code = reason_code
    returned.returned_on = legal_day(now)
    returned.times += 1
    returned.save()
    transition(
        case=returned.case,
        to=RETURNED,
        verb="return.again",
        actor=actor,
        now=now,
        payload=_payload(payment, reason_code),
    )


def _first_step(returned: ReturnedPayment, *, actor: User, now: datetime) -> None:
    """What each cause asks for: try again, ask the person, or leave it to an officer."""
    may_retry = returned.cause == Cause.FILE_OR_TIME or returned.times <= RETRIES
    if returned.cause in RETRIED_BY_THE_MACHINE and may_retry:
        make_ready(returned, why="machine", actor=actor, now=now)
    elif returned.cause in ASKS_THE_PERSON or returned.cause == Cause.UNSPECIFIED:
        transition(case=returned.case, to=CORRECTING, verb="return.person_asked", actor=actor, now=now)
    if returned.cause != Cause.DECEASED:
        _tell(returned, now=now)


def _tell(returned: ReturnedPayment, *, now: datetime) -> None:
    """The person hears what came back, why, and what to do now. Never when the bank says that they have
    died.
    """
    notify(
        case=returned.obligation.case,
        party=returned.obligation.party,
        template=f"payment.returned.{returned.cause}",
        numbers={
            "amount_fen": returned.payment.amount_fen,
            "tail": returned.payment.payee.account_last4,
        },
        address=returned.payment.payee.contact,
        now=now,
    )


def make_ready(returned: ReturnedPayment, *, why: str, actor: User | None, now: datetime) -> None:
    """The obligation may go into the next batch. Money that lay in suspense goes back to what is owed."""
    if returned.payment.returned_at is not None:
        book_payments(Move.REISSUED, [returned.payment_id], posted_on=legal_day(now), now=now)
    transition(
        case=returned.case,
        to=READY,
        verb="return.ready",
        actor=actor or machine(),
        now=now,
        payload={"why": why},
    )
