"""Money that did not arrive or came back: one case for its obligation, what to do by cause, and paying it
again.

The benefit month stays used and the obligation stays owed: only the way to the account is put right. It must
never write off an obligation, and never pay into a changed account without a trace of who said so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import User
from accounts.selectors import machine
from cases.batch import Notice, Opening, notify_many, open_many
from cases.messages import CASE_NUMBER
from cases.services import transition, transition_many
from law.workdays import legal_day
from payouts.kinds import (
    ASKS_THE_PERSON,
    CAUSE_OF_REASON,
    CORRECTING,
    READY,
    RETRIED_BY_THE_MACHINE,
    RETURN,
    RETURNED,
    SETTLED,
    Cause,
)
from payouts.models import Move, Payment, ReturnedPayment
from payouts.services.ledger import book_payments
from payouts.services.stopping import release_receivables
from policy.selectors import deadline, integer

# A cause that the machine may try again by itself is tried once, then it asks.
RETRIES = 1
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Bounced:
    """One payment and the bank's reason (ISO 20022 code, may be empty)."""

    payment_id: int
    reason_code: str


def open_returns(bounced: Sequence[Bounced], *, now: datetime) -> None:
    """For payments that failed or came back: open their case, or take it up again, and make the first step.

    What had to come back anyway, because the benefit was stopped meanwhile, is not paid again: its case is
    closed at once. Runs inside the caller's transaction, which holds the pool's lock and has booked the
    money.
    """
    reasons = {one.payment_id: one.reason_code for one in bounced}
    payments = Payment.objects.select_related("obligation__case", "payee").filter(pk__in=list(reasons))
    known = {
        returned.obligation_id: returned
        for returned in ReturnedPayment.objects.select_related("case", "obligation__case").filter(
            obligation__payments__in=list(reasons)
        )
    }
    actor = machine()
    new: list[Payment] = []
    opened: list[ReturnedPayment] = []
    for payment in payments.order_by("pk"):
        returned = known.get(payment.obligation_id)
        if returned is None:
            new.append(payment)
        else:
            _open_again(returned, payment, reasons[payment.pk], actor=actor, now=now)
            opened.append(returned)
    opened += _open_all(new, reasons, actor=actor, now=now)
    released = set(release_receivables(list(reasons), now=now))
    _close([one for one in opened if one.payment_id in released], actor=actor, now=now)
    _first_steps([one for one in opened if one.payment_id not in released], actor=actor, now=now)


def _close(stopped: Sequence[ReturnedPayment], *, actor: User, now: datetime) -> None:
    """The benefit had been stopped: nothing is sent again, and the person need not pay it back."""
    _move(stopped, to=SETTLED, verb="return.stopped", payload={}, actor=actor, now=now)
    _tell(stopped, template="payment.not_to_return", now=now)


def _cause(reason_code: str) -> str:
    return CAUSE_OF_REASON.get(reason_code, Cause.FILE_OR_TIME)


def _payload(payment: Payment, reason_code: str) -> dict[str, str | int]:
    return {
        "payment": payment.end_to_end_id,
        "amount_fen": payment.amount_fen,
        "reason": reason_code,
        "cause": _cause(reason_code),
    }


def _open_all(
    payments: Sequence[Payment], reasons: Mapping[int, str], *, actor: User, now: datetime
) -> list[ReturnedPayment]:
    """A case for each of these; a bank can send back thousands at once."""
    openings = [
        Opening(
            payment.obligation.party_id, payment.obligation.region, _payload(payment, reasons[payment.pk])
        )
        for payment in payments
    ]
    case_ids = open_many(kind=RETURN, openings=openings, verb="return.opened", actor=actor, now=now)
    return ReturnedPayment.objects.bulk_create(
        [
            ReturnedPayment(
                case_id=case_id,
                obligation=payment.obligation,
                payment=payment,
                cause=_cause(reasons[payment.pk]),
                reason_code=reasons[payment.pk],
                returned_on=legal_day(now),
            )
            for case_id, payment in zip(case_ids, payments, strict=True)
        ]
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


def _first_steps(opened: Sequence[ReturnedPayment], *, actor: User, now: datetime) -> None:
    """What each cause asks for: try again, ask the person, or leave it to an officer; and say so."""
    retried: list[ReturnedPayment] = []
    asked: list[ReturnedPayment] = []
    for returned in opened:
        may_retry = returned.cause == Cause.FILE_OR_TIME or returned.times <= RETRIES
        if returned.cause in RETRIED_BY_THE_MACHINE and may_retry:
            retried.append(returned)
        elif returned.cause in ASKS_THE_PERSON or returned.cause == Cause.UNSPECIFIED:
            asked.append(returned)
    back = [one.payment_id for one in retried if one.payment.returned_at is not None]
    if back:
        book_payments(Move.REISSUED, back, posted_on=legal_day(now), now=now)
    _move(retried, to=READY, verb="return.ready", payload={"why": "machine"}, actor=actor, now=now)
    _move(asked, to=CORRECTING, verb="return.person_asked", payload={}, actor=actor, now=now)
    pools = {returned.obligation.pool for returned in asked}
    days = {pool: next_reminder(pool, legal_day(now)) for pool in pools}
    for returned in asked:
        returned.reminders = 0
        returned.remind_on = days[returned.obligation.pool]
    ReturnedPayment.objects.bulk_update(asked, ["reminders", "remind_on"], batch_size=CHUNK)
    _tell(opened, now=now)


def _move(
    returned: Sequence[ReturnedPayment],
    *,
    to: str,
    verb: str,
    payload: Mapping[str, str],
    actor: User,
    now: datetime,
) -> None:
    case_ids = [one.pk for one in returned]
    moved = transition_many(
        kind=RETURN,
        case_ids=case_ids,
        from_status=RETURNED,
        to=to,
        verb=verb,
        actor=actor,
        now=now,
        payload=payload,
    )
    if len(moved) != len(case_ids):
        # They were opened in this very transaction, under the pool's lock.
        raise AssertionError(f"{len(case_ids) - len(moved)} returned payments did not move to {to}")


def _tell(opened: Sequence[ReturnedPayment], *, now: datetime, template: str = "") -> None:
    """Each person hears what came back, why, and what to do now (`template`: the same to all). Never when the
    bank says that they have died.
    """
    notify_many(
        notices=[
            Notice(
                case_id=returned.obligation.case_id,
                party_id=returned.obligation.party_id,
                template=template or f"payment.returned.{returned.cause}",
                numbers={
                    "amount_fen": returned.payment.amount_fen,
                    "tail": returned.payment.payee.account_last4,
                    CASE_NUMBER: returned.obligation.case.number,
                },
                address=returned.payment.payee.contact,
            )
            for returned in opened
            if returned.cause != Cause.DECEASED
        ],
        now=now,
    )


def next_reminder(pool: str, after: date) -> date:
    """The working day on which a person who was asked or reminded on `after` is reminded next."""
    days = integer("payout.return_reminder_wd", region=pool, on=after)
    due, _is_provisional = deadline(start=after, days=days, region=pool)
    return due


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
