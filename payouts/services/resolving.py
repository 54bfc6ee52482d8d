"""What two officers do about a contradiction: one proposes which word stands, another signs.

What was said is never altered and nothing is netted: a wrong booking is put right by a correcting transfer,
and the account statement, the third witness, must agree before money is called paid or unpaid.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from cases.models import Determination, Proposal
from cases.services import decide_proposal, determine, propose, transition
from law.errors import Refused
from law.workdays import legal_day
from payouts.kinds import OPEN, PROPOSED, READY, RESOLVED, SETTLED, Act
from payouts.models import (
    Contradiction,
    Move,
    Obligation,
    Payment,
    Receipt,
    ReturnedPayment,
    StatementLine,
    Transfer,
    unresolved_receipts,
)
from payouts.recheck import Anew, work_out_anew
from payouts.services.closing import open_days
from payouts.services.ledger import book_obligation, book_payments, lock_pool
from payouts.services.returns import Bounced, open_returns

FAILED = "F"


@transaction.atomic
def propose_act(
    *, contradiction: Contradiction, act: Act, reason: str, actor: User, now: datetime
) -> Proposal:
    """An officer proposes how to put it right; a reason is required.

    Raises `Refused`: "contradiction.not_open", "contradiction.reason_missing", and those of `check_act`.
    """
    if contradiction.case.status != OPEN:
        raise Refused("contradiction.not_open")
    if not reason.strip():
        raise Refused("contradiction.reason_missing")
    check_act(contradiction, act)
    proposal = propose(case=contradiction.case, act=act.value, reason=reason, actor=actor, now=now)
    transition(
        case=contradiction.case,
        to=PROPOSED,
        verb="contradiction.proposed",
        actor=actor,
        now=now,
        payload={"act": act.value},
    )
    return proposal


@transaction.atomic
def decide_act(
    *, contradiction: Contradiction, agreed: bool, remark: str, actor: User, now: datetime
) -> Proposal:
    """Another officer signs, and the books are put right in the same transaction; or sends it back.

    Everything is looked at anew: `Refused` as in `check_act`, "contradiction.no_proposal", "proposal.own".
    """
    lock_pool(contradiction.obligation.pool)
    contradiction.refresh_from_db()
    case = contradiction.case
    proposal = Proposal.objects.filter(case=case, decided_at=None).first()
    if proposal is None:
        raise Refused("contradiction.no_proposal")
    act = Act(proposal.act)
    if agreed:
        check_act(contradiction, act)
    decided = decide_proposal(proposal=proposal, agreed=agreed, remark=remark, actor=actor, now=now)
    case.refresh_from_db()
    if not agreed:
        transition(case=case, to=OPEN, verb="contradiction.declined", actor=actor, now=now)
        return decided
    _put_right(contradiction, act, actor=actor, now=now)
    contradiction.act, contradiction.resolved_at = act, now
    contradiction.save(update_fields=["act", "resolved_at"])
    transition(
        case=case,
        to=RESOLVED,
        verb="contradiction.resolved",
        actor=actor,
        now=now,
        payload={"act": act.value},
    )
    return decided


def acts_for(contradiction: Contradiction) -> list[Act]:
    """The acts that what is known allows now; empty while one must wait for the bank."""
    possible = []
    for act in Act:
        try:
            check_act(contradiction, act)
        except Refused:
            continue
        possible.append(act)
    return possible


def check_act(contradiction: Contradiction, act: Act) -> None:
    """Whether the evidence allows this act: `Refused` with what stands in its way.

    "contradiction.other_act", "contradiction.statement_says_paid", "contradiction.not_on_statement",
    "contradiction.paid_again", "contradiction.return_proposed", "contradiction.law_refuses",
    "contradiction.was_sent".
    """
    payment = contradiction.payment
    if payment is None:
        if act is not Act.OWE_ANEW:
            raise Refused("contradiction.other_act")
        _check_anew(contradiction.obligation)
        return
    left = _left_the_account(payment)
    match act:
        case Act.FIRST_STANDS:
            if left and payment.settled_at is None:
                raise Refused("contradiction.statement_says_paid")
        case Act.PAID_AFTER_ALL:
            if payment.failed_at is None or _is_corrected(payment):
                raise Refused("contradiction.other_act")
            if not left:
                raise Refused("contradiction.not_on_statement")
            _check_not_paid_again(payment)
        case Act.UNPAID_AFTER_ALL:
            said = unresolved_receipts().filter(payment=payment, status=FAILED)
            is_open = payment.settled_at is not None and payment.returned_at is None
            if not is_open or _is_corrected(payment) or not said.exists():
                raise Refused("contradiction.other_act")
            if left:
                raise Refused("contradiction.statement_says_paid")
        case Act.OWE_ANEW:
            raise Refused("contradiction.other_act")


def _left_the_account(payment: Payment) -> bool:
    """Whether the account statement shows this payment's sum as gone."""
    lines = StatementLine.objects.filter(end_to_end_id=payment.end_to_end_id, direction="D")
    return lines.filter(amount_fen=payment.amount_fen).exists()


def _is_corrected(payment: Payment) -> bool:
    return Transfer.objects.filter(
        payment=payment, kind__in=[Move.PAID_AFTER_ALL, Move.UNPAID_AFTER_ALL]
    ).exists()


def _check_not_paid_again(payment: Payment) -> None:
    """A second attempt that is on its way, or an open proposal to make one, must be looked at first."""
    live = Payment.objects.filter(obligation=payment.obligation_id, failed_at=None, returned_at=None)
    if live.exists():
        raise Refused("contradiction.paid_again")
    if ReturnedPayment.objects.filter(obligation=payment.obligation_id, case__status=PROPOSED).exists():
        raise Refused("contradiction.return_proposed")


def _check_anew(obligation: Obligation) -> Anew:
    if obligation.payments.exists():
        raise Refused("contradiction.was_sent")
    return work_out_anew(obligation)


# --- putting it right -------------------------------------------------------------------------------------


def _put_right(contradiction: Contradiction, act: Act, *, actor: User, now: datetime) -> None:
    payment = contradiction.payment
    if act is Act.OWE_ANEW:
        _owe_anew(contradiction.obligation, actor=actor, now=now)
    elif act is Act.PAID_AFTER_ALL and payment is not None:
        _call_paid(payment, actor=actor, now=now)
    elif act is Act.UNPAID_AFTER_ALL and payment is not None:
        _call_unpaid(payment, now=now)


def _call_paid(payment: Payment, *, actor: User, now: datetime) -> None:
    """The money had left: from PAYABLE to TRANSIT, whence the statement's line takes it out."""
    line = StatementLine.objects.filter(end_to_end_id=payment.end_to_end_id, direction="D").order_by("pk")[0]
    book_payments(Move.PAID_AFTER_ALL, [payment.pk], posted_on=legal_day(now), now=now)
    payment.failed_at, payment.settled_at, payment.reason_code = None, line.booked_at, ""
    payment.save(update_fields=["failed_at", "settled_at", "reason_code"])
    returned = ReturnedPayment.objects.select_related("case").filter(obligation=payment.obligation_id).first()
    if returned is not None and returned.case.status != SETTLED:
        verb = "return.settled" if returned.case.status == READY else "return.paid_after_all"
        transition(case=returned.case, to=SETTLED, verb=verb, actor=actor, now=now)


def _call_unpaid(payment: Payment, *, now: datetime) -> None:
    """The money never left: from TRANSIT back to PAYABLE, and what is to be done about it is a return."""
    word = Receipt.objects.filter(payment=payment, status=FAILED).order_by("-booked_at", "-pk")[0]
    book_payments(Move.UNPAID_AFTER_ALL, [payment.pk], posted_on=legal_day(now), now=now)
    payment.settled_at, payment.failed_at, payment.reason_code = None, word.booked_at, word.reason_code
    payment.save(update_fields=["settled_at", "failed_at", "reason_code"])
    open_returns([Bounced(payment.pk, word.reason_code)], now=now)


def _owe_anew(obligation: Obligation, *, actor: User, now: datetime) -> Obligation:
    """Withdraw what is owed, determine the case anew, and owe what the law gives."""
    anew = _check_anew(obligation)
    before: Determination = obligation.determination
    made = determine(
        case=obligation.case,
        program=before.program,
        facts=before.facts,
        sources=before.sources,
        parameters=anew.parameters,
        decision=anew.decision,
        actor=actor,
        now=now,
    )
    book_obligation(Move.WITHDRAWN, obligation.pk, now=now)
    first, late = open_days([obligation.pool], now=now).get(
        obligation.pool, (obligation.due_on, obligation.due_on)
    )
    replacement = Obligation.objects.create(
        key=f"{obligation.key}/{obligation.pk}",
        party_id=obligation.party_id,
        case_id=obligation.case_id,
        determination=made,
        program=obligation.program,
        item=obligation.item,
        month=obligation.month,
        region=obligation.region,
        pool=obligation.pool,
        amount_fen=anew.amount_fen,
        due_on=obligation.due_on if obligation.due_on >= first else late,
        created_at=now,
        replaces=obligation,
    )
    book_obligation(Move.OWED, replacement.pk, now=now)
    return replacement
