"""The end of a month: one officer says that all agrees, a supervisor signs, and the month is shut.

Refused while anything differs. What stays owed to somebody (money that came back, an account that is not
there) hinders nothing: it is written into the closing, and stays visible until it is paid or decided. It must
never put right what differs.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

import payouts.selectors
import payouts.services
from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import covers
from cases.services import transition
from claims import kinds
from claims.month_models import BenefitMonth
from claims.rolls import Difference, figures_of, needed_of, stands_in_the_way
from law.errors import Refused
from payouts.month_models import FundRequest


@transaction.atomic
def ask_for_month_funds(*, row: BenefitMonth, actor: User, now: datetime) -> FundRequest:
    """Ask finance for what the fund is short of for the rest of this month. Refuses as `ask_for_funds`."""
    count, needed = needed_of(row)
    return payouts.services.ask_for_funds(
        pool=row.pool, month=row.month, count=count, needed_fen=needed, actor=actor, now=now
    )


@transaction.atomic
def propose_close(*, row: BenefitMonth, actor: User, now: datetime) -> BenefitMonth:
    """An officer says that all of the month agrees; a supervisor is to sign.

    `Refused`: "month.not_yours", "month.not_open", "month.differs" (how much).
    """
    row = _locked(row)
    if not (can(actor, Action.RUN_MONTH) and covers(actor, row.pool)):
        raise Refused("month.not_yours")
    if row.case.status != kinds.OPEN:
        raise Refused("month.not_open")
    _must_agree(row, now=now)
    row.proposed_by, row.proposed_at = actor, now
    row.save(update_fields=["proposed_by", "proposed_at"])
    transition(case=row.case, to=kinds.PROPOSED, verb="month.close_proposed", actor=actor, now=now)
    return row


@transaction.atomic
def decide_close(*, row: BenefitMonth, agreed: bool, remark: str, actor: User, now: datetime) -> BenefitMonth:
    """A supervisor signs, and nothing of the month is owed or booked any more; or sends it back.

    Everything is looked at anew. `Refused`: "month.not_yours", "month.not_proposed", "month.own",
    "month.remark_missing", "month.differs", and those of `payouts.services.close_month`.
    """
    row = _locked(row)
    if row.case.status != kinds.PROPOSED:
        raise Refused("month.not_proposed")
    if not (can(actor, Action.SIGN_MONTH) and covers(actor, row.pool)):
        raise Refused("month.not_yours")
    if row.proposed_by_id == actor.pk:
        raise Refused("month.own")
    if not agreed:
        return _send_back(row, remark, actor=actor, now=now)
    _must_agree(row, now=now)
    figures = figures_of(row)
    payouts.services.close_month(pool=row.pool, month=row.month, figures=figures, actor=actor, now=now)
    row.closed_by, row.closed_at, row.remark = actor, now, remark.strip()
    row.save(update_fields=["closed_by", "closed_at", "remark"])
    transition(
        case=row.case,
        to=kinds.CLOSED,
        verb="month.closed",
        actor=actor,
        now=now,
        payload={"figures": figures},
    )
    return row


def differences(row: BenefitMonth, *, now: datetime, with_books: bool = False) -> list[Difference]:
    """What stands in the way of closing the month; `with_books`: the ledger is proven, too, which takes
    long.
    """
    unpaid = payouts.services.unpaid_of(pool=row.pool, month=row.month, now=now)
    return stands_in_the_way(row, unpaid=unpaid.get("", 0), with_books=with_books, now=now)


def _must_agree(row: BenefitMonth, *, now: datetime) -> None:
    found = differences(row, now=now, with_books=True)
    if found:
        raise Refused("month.differs", count=len(found), first=found[0].code)


def _send_back(row: BenefitMonth, remark: str, *, actor: User, now: datetime) -> BenefitMonth:
    if not remark.strip():
        raise Refused("month.remark_missing")
    row.remark = remark.strip()
    row.save(update_fields=["remark"])
    transition(case=row.case, to=kinds.OPEN, verb="month.close_declined", actor=actor, now=now)
    return row


def _locked(row: BenefitMonth) -> BenefitMonth:
    rows = BenefitMonth.objects.select_related("case").select_for_update(of=("self", "case"))
    return rows.get(pk=row.pk)
