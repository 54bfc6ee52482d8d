"""Telling units what the screening found, and until when they may look at it: one part of a run at a time.

Each part is those that stand in the status the run begins at, so that a run that was killed goes on by
itself. A unit without a corporate account is told so; its refund waits until it has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

import policy.selectors
from accounts.models import User
from accounts.selectors import covers, machine
from cases.batch import Notice as Message
from cases.batch import notify_many
from cases.services import transition_many
from law.errors import Refused
from law.workdays import legal_day
from payouts.models import Payee
from subsidies.refund import kinds
from subsidies.refund.models import Campaign, Refund, Run
from subsidies.refund.services.campaigns import ask_for
from subsidies.refund.words import percent

PART = 5_000


@transaction.atomic
def notify(*, campaign: Campaign, actor: User, now: datetime) -> Run:
    """Have the worker tell every unit that has not been told. `Refused`: "campaign.not_yours",
    "campaign.running", "campaign.busy", "notify.nothing".
    """
    if not covers(actor, campaign.region):
        raise Refused("campaign.not_yours")
    if campaign.case.status != kinds.RUNNING:
        raise Refused("campaign.running")
    waiting = Refund.objects.filter(
        campaign=campaign,
        case__status__in=[kinds.ELIGIBLE, kinds.INELIGIBLE, kinds.MANUAL],
        notified_at=None,
    ).count()
    if not waiting:
        raise Refused("notify.nothing")
    return ask_for(campaign, Run.Kind.NOTIFY, actor=actor, now=now, total=waiting)


def notify_part(run: Run, *, now: datetime) -> int:
    """Tell the next units what may be refunded to them; returns how many were told."""
    campaign = run.campaign
    rows = Refund.objects.filter(campaign=campaign, case__status=kinds.ELIGIBLE).select_related("case")
    refunds = list(rows.order_by("pk")[:PART])
    if not refunds:
        return 0
    due, _provisional = policy.selectors.deadline(
        start=legal_day(now),
        days=policy.selectors.integer("refund.answer_wd", region=campaign.region, on=legal_day(now)),
        region=campaign.region,
    )
    moved = transition_many(
        kind=kinds.REFUND,
        case_ids=[refund.pk for refund in refunds],
        from_status=kinds.ELIGIBLE,
        to=kinds.NOTIFIED,
        verb="refund.notified",
        actor=machine(),
        now=now,
        payload={"due": due.isoformat()},
    )
    Refund.objects.filter(pk__in=moved).update(notified_at=now, answer_due=due)
    told = set(moved)
    _tell(campaign, [refund for refund in refunds if refund.pk in told], due=due.isoformat(), now=now)
    return len(moved)


def tell_others_part(run: Run, *, now: datetime) -> int:
    """Tell the next units that are not eligible, or are looked at by a person; returns how many."""
    campaign = run.campaign
    rows = Refund.objects.filter(
        campaign=campaign, case__status__in=[kinds.INELIGIBLE, kinds.MANUAL], notified_at=None
    ).select_related("case")
    refunds = list(rows.order_by("pk")[:PART])
    contacts = _accounts([refund.unit_id for refund in refunds])
    messages = [
        Message(
            case_id=refund.pk,
            party_id=refund.unit_id,
            template="refund.ineligible" if refund.case.status == kinds.INELIGIBLE else "refund.manual",
            numbers={"year": campaign.refund_year, "count": len(refund.because)},
            address=contacts[refund.unit_id].contact if refund.unit_id in contacts else "",
        )
        for refund in refunds
    ]
    notify_many(notices=messages, now=now)
    Refund.objects.filter(pk__in=[refund.pk for refund in refunds]).update(notified_at=now)
    return len(refunds)


def _tell(campaign: Campaign, refunds: Sequence[Refund], *, due: str, now: datetime) -> None:
    accounts = _accounts([refund.unit_id for refund in refunds])
    messages = []
    for refund in refunds:
        account = accounts.get(refund.unit_id)
        numbers: dict[str, str | int] = {
            "year": campaign.refund_year,
            "rate": percent(refund.rate_bp),
            "amount_fen": refund.payable_fen or 0,
            "due": due,
        }
        if account is not None:
            numbers["tail"] = account.account_last4
        messages.append(
            Message(
                case_id=refund.pk,
                party_id=refund.unit_id,
                template=f"refund.notified.{ratio_class(refund) if account is not None else 'NO_ACCOUNT'}",
                numbers=numbers,
                address=account.contact if account is not None else "",
            )
        )
    notify_many(notices=messages, now=now)


def ratio_class(refund: Refund) -> str:
    """By which of the three ratios a refund goes: LARGE, SMALLER or SIX_KINDS."""
    if refund.kind != "ENTERPRISE":
        return "SIX_KINDS"
    return "LARGE" if refund.size_class == "LARGE" and not refund.on_commitment else "SMALLER"


def _accounts(units: Sequence[int]) -> dict[int, Payee]:
    """The account in force of each unit that has one; its number is not read."""
    rows = Payee.objects.filter(party__in=units, valid_to=None).defer("account")
    return {payee.party_id: payee for payee in rows}
