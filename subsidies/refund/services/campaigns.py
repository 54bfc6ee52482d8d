"""The campaign of a year: opened once, screened again for late units and top-ups, and what the fund must
last.

An officer opens and asks; the machine screens (`subsidies.refund.services.screening`). Nothing here
decides about a unit or moves money.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction

import policy.selectors
from accounts.models import User
from accounts.selectors import covers
from cases.services import open_case, record, transition
from law.errors import MissingParameter, Refused
from law.money import Fen
from law.retention_refund import PROGRAM, terms_for
from payouts.models import pool_of
from subsidies.refund import kinds
from subsidies.refund.models import Campaign, FundYear, Refund, Run
from subsidies.refund.selectors import campaign_of, count_units, cover_of


def ask_for(campaign: Campaign, kind: Run.Kind, *, actor: User, now: datetime, total: int) -> Run:
    """A run of this kind, numbered; `Refused("campaign.busy")` while another one is open."""
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.runs.filter(finished_at=None).exists():
        raise Refused("campaign.busy")
    return Run.objects.create(
        campaign=campaign,
        number=campaign.runs.count() + 1,
        kind=kind,
        asked_by=actor,
        asked_at=now,
        total=total,
    )


@transaction.atomic
def open_campaign(*, refund_year: int, region: str, actor: User, now: datetime) -> Campaign:
    """Open the campaign of a year in the pool of `region` and ask for its first screening.

    `Refused`: "campaign.opened" (by whom), "campaign.no_row" (the year has no numbers),
    "campaign.fund_unknown", "campaign.fund_short", "campaign.not_yours", "campaign.nobody".
    """
    pool = pool_of(region)
    if not covers(actor, pool):
        raise Refused("campaign.not_yours")
    _refuse_second(refund_year, pool)
    check_year(refund_year=refund_year, region=pool)
    must_cover(refund_year=refund_year, region=pool)
    total = count_units(pool)
    if not total:
        raise Refused("campaign.nobody")
    try:
        # An inner block, so that the one that was faster can still be read.
        with transaction.atomic():
            case = open_case(
                kind=kinds.CAMPAIGN,
                party=None,
                region=pool,
                actor=actor,
                now=now,
                verb="campaign.opened",
                payload={"refund_year": refund_year},
            )
            campaign = Campaign.objects.create(
                case=case, refund_year=refund_year, region=pool, opened_by=actor, opened_at=now
            )
    except IntegrityError:
        _refuse_second(refund_year, pool)
        raise
    Run.objects.create(
        campaign=campaign, number=1, kind=Run.Kind.FIRST, asked_by=actor, asked_at=now, total=total
    )
    return campaign


def _refuse_second(refund_year: int, pool: str) -> None:
    standing = campaign_of(refund_year=refund_year, region=pool)
    if standing is not None:
        raise Refused("campaign.opened", year=refund_year, who=str(standing.opened_by))


def check_year(*, refund_year: int, region: str) -> None:
    """`Refused("campaign.no_row")` for a year whose limits and ratios are not in force: nothing may be
    assumed.
    """
    numbers = policy.selectors.parameters_for(program=PROGRAM, region=region)
    try:
        terms_for(numbers, refund_year)
    except MissingParameter as missing:
        raise Refused("campaign.no_row", year=refund_year, key=missing.key) from missing


def must_cover(*, refund_year: int, region: str) -> None:
    """The condition on the pool (domain rule 2.1): last year's reserve lasts long enough."""
    cover = cover_of(refund_year=refund_year, region=region)
    if cover.balance_fen is None:
        raise Refused("campaign.fund_unknown", year=refund_year - 1)
    if not cover.is_enough:
        raise Refused("campaign.fund_short", year=refund_year - 1, years=cover.years, least=cover.least or 0)


@transaction.atomic
def ask_for_run(*, campaign: Campaign, kind: Run.Kind, actor: User, now: datetime) -> Run:
    """Screen once more in the same year: late units, or what a higher ratio adds.

    `Refused`: "campaign.not_yours", "campaign.running" (a screening is under way), "campaign.closed".
    """
    _check(campaign, actor)
    if campaign.case.status == kinds.CLOSED:
        raise Refused("campaign.closed", year=campaign.refund_year)
    if campaign.case.status != kinds.RUNNING:
        raise Refused("campaign.running")
    must_cover(refund_year=campaign.refund_year, region=campaign.region)
    transition(
        case=campaign.case,
        to=kinds.SCREENING,
        verb="campaign.run_asked",
        actor=actor,
        now=now,
        payload={"kind": kind.value},
    )
    return ask_for(campaign, kind, actor=actor, now=now, total=count_units(campaign.region))


@transaction.atomic
def close_campaign(*, campaign: Campaign, actor: User, now: datetime) -> None:
    """End the year: no screening, notice or owing after it. `Refused("campaign.unfinished")` while cases
    wait.
    """
    _check(campaign, actor)
    left = Refund.objects.filter(campaign=campaign, case__closed_at=None).count()
    if campaign.case.status != kinds.RUNNING or left:
        raise Refused("campaign.unfinished", count=left)
    transition(case=campaign.case, to=kinds.CLOSED, verb="campaign.closed", actor=actor, now=now)


def _check(campaign: Campaign, actor: User) -> None:
    if not covers(actor, campaign.region):
        raise Refused("campaign.not_yours")


@transaction.atomic
def enter_fund_year(
    *,
    region: str,
    year: int,
    balance_fen: Fen,
    expenditure_fen: Fen,
    source: str,
    actor: User,
    now: datetime,
    today: date,
) -> FundYear:
    """Write down what the pool held at the end of a year and spent in its reference year, and who says so.

    `Refused`: "campaign.not_yours", "fund_year.not_over", "fund_year.amounts", "fund_year.source".
    """
    pool = pool_of(region)
    if not covers(actor, pool):
        raise Refused("campaign.not_yours")
    if year >= today.year:
        raise Refused("fund_year.not_over", year=year)
    if balance_fen < 0 or expenditure_fen <= 0:
        raise Refused("fund_year.amounts")
    if not source.strip():
        raise Refused("fund_year.source")
    entered = FundYear.objects.create(
        region=pool,
        year=year,
        balance_fen=balance_fen,
        expenditure_fen=expenditure_fen,
        source=source.strip(),
        entered_by=actor,
        entered_at=now,
    )
    campaign = campaign_of(refund_year=year + 1, region=pool)
    if campaign is not None:
        payload = {"year": year, "balance_fen": balance_fen, "expenditure_fen": expenditure_fen}
        record(case=campaign.case, verb="campaign.fund_entered", actor=actor, now=now, payload=payload)
    return entered
