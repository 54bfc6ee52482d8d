"""The public notice: which refunds stand in it, until when, and what follows when its days are over.

Whoever confirmed, and whoever did not answer in time, is published; who declined or objected is not. A notice
counts working days, the day after its publication being the first.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, Sum

import policy.selectors
from accounts.models import User
from accounts.selectors import covers, machine
from cases.services import record, transition_many
from law.errors import Refused
from law.workdays import legal_day
from subsidies.refund import kinds
from subsidies.refund.models import Campaign, FinanceReview, Notice, Refund, Run
from subsidies.refund.services.campaigns import ask_for

PART = 5_000


def ready_to_publish(campaign: Campaign, *, now: datetime) -> Q:
    """Refunds that may be published: confirmed, or notified with the time to answer over."""
    return Q(campaign=campaign, notice=None) & (
        Q(case__status=kinds.CONFIRMED) | Q(case__status=kinds.NOTIFIED, answer_due__lt=legal_day(now))
    )


@transaction.atomic
def publish(*, campaign: Campaign, actor: User, now: datetime) -> Run:
    """Publish what is ready as one notice; the worker enters the units.

    `Refused`: "campaign.not_yours", "campaign.running", "campaign.busy", "notice.nothing".
    """
    if not covers(actor, campaign.region):
        raise Refused("campaign.not_yours")
    if campaign.case.status != kinds.RUNNING:
        raise Refused("campaign.running")
    ready = Refund.objects.filter(ready_to_publish(campaign, now=now))
    found = ready.aggregate(count=Count("pk"), fen=Sum("payable_fen"))
    if not found["count"]:
        raise Refused("notice.nothing")
    today = legal_day(now)
    days = policy.selectors.integer("refund.notice_wd", region=campaign.region, on=today)
    until, provisional = policy.selectors.deadline(start=today, days=days, region=campaign.region)
    notice = Notice.objects.create(
        campaign=campaign,
        number=campaign.notices.count() + 1,
        published_at=now,
        published_by=actor,
        until=until,
        days=days,
        provisional=provisional,
        count=found["count"],
        total_fen=found["fen"] or 0,
    )
    # Taken into the notice at once, so that its list is whole while the cases are moved.
    ready.update(notice=notice)
    payload = {"notice": notice.number, "count": notice.count, "until": until.isoformat()}
    record(case=campaign.case, verb="campaign.notice_published", actor=actor, now=now, payload=payload)
    return ask_for(campaign, Run.Kind.PUBLISH, actor=actor, now=now, total=notice.count)


def publish_part(run: Run, *, now: datetime) -> int:
    """Move the next refunds of the newest notice to it; returns how many."""
    notice = run.campaign.notices.order_by("-number").first()
    if notice is None:
        return 0
    moved = 0
    for status in (kinds.CONFIRMED, kinds.NOTIFIED):
        rows = Refund.objects.filter(notice=notice, case__status=status).order_by("pk")
        moved += len(
            transition_many(
                kind=kinds.REFUND,
                case_ids=list(rows.values_list("pk", flat=True)[:PART]),
                from_status=status,
                to=kinds.PUBLIC_NOTICE,
                verb="refund.published",
                actor=machine(),
                now=now,
                payload={"notice": notice.number},
            )
        )
    return moved


def end_notices(*, now: datetime) -> int:
    """Hand over to finance what stood in a notice whose last day has passed; returns how many.
    Re-runnable.
    """
    ended = 0
    today = legal_day(now)
    over = Refund.objects.filter(case__status=kinds.PUBLIC_NOTICE, notice__until__lt=today)
    for campaign_id in sorted(set(over.values_list("campaign_id", flat=True))):
        ended += _end_of(Campaign.objects.select_related("case").get(pk=campaign_id), now=now)
    return ended


@transaction.atomic
def _end_of(campaign: Campaign, *, now: datetime) -> int:
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    over = Refund.objects.filter(
        campaign=campaign, case__status=kinds.PUBLIC_NOTICE, notice__until__lt=legal_day(now)
    )
    moved = transition_many(
        kind=kinds.REFUND,
        case_ids=list(over.values_list("pk", flat=True)),
        from_status=kinds.PUBLIC_NOTICE,
        to=kinds.FINANCE_REVIEW,
        verb="refund.notice_over",
        actor=machine(),
        now=now,
    )
    if not moved:
        return 0
    mine = Refund.objects.filter(pk__in=moved)
    review = FinanceReview.objects.create(
        campaign=campaign,
        number=campaign.finance_reviews.count() + 1,
        asked_at=now,
        count=len(moved),
        total_fen=mine.aggregate(fen=Sum("payable_fen"))["fen"] or 0,
    )
    mine.update(finance=review)
    payload = {"review": review.number, "count": review.count, "total_fen": review.total_fen}
    record(case=campaign.case, verb="campaign.finance_asked", actor=machine(), now=now, payload=payload)
    return len(moved)
