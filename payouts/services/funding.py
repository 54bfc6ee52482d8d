"""Money asked of finance for a month, signed by a second officer, and booked when it has come.

What is asked is what the books are short of and nothing else. Nobody is paid by it; it must never be booked
twice, which the voucher's number sees to.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import covers
from cases.services import open_case, transition
from law.errors import Refused
from law.money import Fen
from payouts.kinds import APPROVED, ASKED, DECLINED, FUND_REQUEST, RECEIVED
from payouts.month_models import FundRequest
from payouts.selectors import free_fen
from payouts.services.ledger import lock_pool
from payouts.services.owing import open_fund


@transaction.atomic
def ask_for_funds(
    *, pool: str, month: str, count: int, needed_fen: Fen, actor: User, now: datetime
) -> FundRequest:
    """Ask for what the fund is short of: `needed_fen` is still to be owed for `count` months of benefit.

    `Refused`: "fund.not_yours", "fund.asked" (the number of the one that is open), "fund.enough".
    """
    if not (can(actor, Action.RUN_MONTH) and covers(actor, pool)):
        raise Refused("fund.not_yours")
    lock_pool(pool)
    standing = (
        FundRequest.objects.select_related("case").filter(pool=pool, month=month, closed_at=None).first()
    )
    if standing is not None:
        raise Refused("fund.asked", number=standing.case.number)
    held = free_fen(pool)
    if needed_fen <= held:
        raise Refused("fund.enough")
    amount = Fen(needed_fen - held)
    case = open_case(
        kind=FUND_REQUEST,
        party=None,
        region=pool,
        actor=actor,
        now=now,
        verb="fund_request.asked",
        payload={"month": month, "count": count, "amount_fen": amount},
    )
    return FundRequest.objects.create(
        case=case,
        pool=pool,
        month=month,
        count=count,
        needed_fen=needed_fen,
        held_fen=held,
        amount_fen=amount,
        asked_by=actor,
        asked_at=now,
    )


@transaction.atomic
def decide_fund_request(
    *, request: FundRequest, agreed: bool, remark: str, actor: User, now: datetime
) -> FundRequest:
    """A supervisor signs, or does not.

    `Refused`: "fund.not_yours", "fund.own", "fund.not_waiting", "fund.remark_missing".
    """
    request = _locked(request)
    if request.case.status != ASKED:
        raise Refused("fund.not_waiting")
    if not (can(actor, Action.SIGN_MONTH) and covers(actor, request.pool)):
        raise Refused("fund.not_yours")
    if request.asked_by_id == actor.pk:
        raise Refused("fund.own")
    if not agreed and not remark.strip():
        raise Refused("fund.remark_missing")
    request.decided_by, request.decided_at, request.remark = actor, now, remark.strip()
    if not agreed:
        request.closed_at = now
    request.save(update_fields=["decided_by", "decided_at", "remark", "closed_at"])
    to, verb = (APPROVED, "fund_request.approved") if agreed else (DECLINED, "fund_request.declined")
    transition(case=request.case, to=to, verb=verb, actor=actor, now=now)
    return request


@transaction.atomic
def receive_funds(
    *, request: FundRequest, voucher: str, amount_fen: Fen, actor: User, now: datetime
) -> FundRequest:
    """Finance has moved the money: book it under the number of its voucher, once.

    `Refused`: "fund.not_yours", "fund.not_waiting", "fund.voucher_missing", "fund.voucher_used",
    "fund.amount_differs" (another sum than was signed).
    """
    request = _locked(request)
    if request.case.status != APPROVED:
        raise Refused("fund.not_waiting")
    if not (can(actor, Action.RUN_MONTH) and covers(actor, request.pool)):
        raise Refused("fund.not_yours")
    number = voucher.strip()
    if not number:
        raise Refused("fund.voucher_missing")
    if amount_fen != request.amount_fen:
        raise Refused("fund.amount_differs")
    booked = open_fund(region=request.pool, amount_fen=amount_fen, reference=number, actor=actor, now=now)
    if booked.at != now:
        raise Refused("fund.voucher_used", reference_number=number)
    request.voucher, request.received_at, request.closed_at = number, now, now
    request.save(update_fields=["voucher", "received_at", "closed_at"])
    payload = {"amount_fen": amount_fen, "transfer": booked.pk}
    transition(
        case=request.case, to=RECEIVED, verb="fund_request.received", actor=actor, now=now, payload=payload
    )
    return request


def _locked(request: FundRequest) -> FundRequest:
    lock_pool(request.pool)
    rows = FundRequest.objects.select_related("case").select_for_update(of=("self", "case"))
    return rows.get(pk=request.pk)
