"""Reads of the refund: campaigns with their funnel, lists of units by key, one unit's refund, the fund's
cover.

Lists page by key and read no JSON. Nothing here writes or asks anybody outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet, Sum

import payouts.selectors
import policy.selectors
from accounts.models import Party, User
from accounts.selectors import covers, in_regions, party_by_number
from cases.models import Message
from enterprises.models import Enterprise
from law.errors import MissingParameter
from law.money import Fen
from payouts.kinds import READY, SETTLED
from payouts.models import ReturnedPayment
from subsidies.refund import kinds
from subsidies.refund.models import Award, Campaign, FinanceReview, FundYear, Notice, Objection, Refund, Run

PAGE = 50


# --- campaigns --------------------------------------------------------------------------------------------


def campaigns(viewer: User) -> list[Campaign]:
    """The campaigns of the viewer's pools, newest year first."""
    rows = Campaign.objects.select_related("case", "opened_by")
    return list(in_regions(rows, viewer).order_by("-refund_year"))


def campaign_of(*, refund_year: int, region: str) -> Campaign | None:
    """The campaign of a year in a pool, if it was opened."""
    rows = Campaign.objects.select_related("case", "opened_by")
    return rows.filter(refund_year=refund_year, region=region).first()


def campaign_by_number(viewer: User, number: str) -> Campaign | None:
    """A campaign in the viewer's regions by the number of its case."""
    rows = Campaign.objects.select_related("case", "opened_by")
    found = rows.filter(case__number=number.upper()).first()
    return found if found is not None and covers(viewer, found.region) else None


def latest_run(campaign: Campaign) -> Run | None:
    """The newest screening."""
    return campaign.runs.order_by("-number").first()


def _units_of(region: str) -> QuerySet[Enterprise]:
    return Enterprise.objects.filter(region__startswith=region[:4])


def count_units(region: str) -> int:
    """How many units the pool insures."""
    return _units_of(region).count()


def unit_ids_after(*, region: str, after: int, most: int) -> list[int]:
    """The keys of the next units of a pool, ascending."""
    rows = _units_of(region).filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:most])


def paid_before(*, campaign: Campaign, unit_ids: Sequence[int]) -> dict[int, int]:
    """Fen that a campaign has owed to each of these units; those it owes nothing are not in the answer."""
    rows = Award.objects.filter(refund__campaign=campaign, refund__unit__in=list(unit_ids), withdrawn_at=None)
    return dict(rows.values_list("refund__unit").annotate(fen=Sum("amount_fen")).order_by())


# --- the fund ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cover:
    """How long the pool's reserve lasts (domain rule 2.1); amounts in fen, None where nobody entered them."""

    year: int
    balance_fen: int | None
    expenditure_fen: int | None
    source: str
    least: int | None
    fund_fen: Fen

    @property
    def years(self) -> str:
        """Balance over spending with two decimals, cut off: never shown longer than it lasts."""
        if self.balance_fen is None or not self.expenditure_fen:
            return ""
        hundredths = self.balance_fen * 100 // self.expenditure_fen
        return f"{hundredths // 100}.{hundredths % 100:02d}"

    @property
    def is_enough(self) -> bool:
        """Compared in whole numbers; false while a number is missing."""
        if self.balance_fen is None or self.expenditure_fen is None or self.least is None:
            return False
        return self.balance_fen >= self.least * self.expenditure_fen


def cover_of(*, refund_year: int, region: str) -> Cover:
    """The reserve at the end of the year before, with what the ledger holds today beside it."""
    rows = FundYear.objects.filter(region=region, year=refund_year - 1)
    entered = rows.order_by("-entered_at", "-pk").first()
    try:
        least: int | None = policy.selectors.integer(
            "refund.reserve_years", region=region, on=date(refund_year, 1, 1)
        )
    except MissingParameter:
        least = None
    return Cover(
        year=refund_year - 1,
        balance_fen=entered.balance_fen if entered else None,
        expenditure_fen=entered.expenditure_fen if entered else None,
        source=entered.source if entered else "",
        least=least,
        fund_fen=payouts.selectors.fund(region).fund_fen,
    )


def fund_years(region: str) -> list[FundYear]:
    """What was entered for a pool, newest year and newest word first."""
    rows = FundYear.objects.select_related("entered_by").filter(region=region)
    return list(rows.order_by("-year", "-entered_at", "-pk")[:12])


# --- funnel -----------------------------------------------------------------------------------------------

_BY_STATUS = """
    SELECT c.status, count(*), coalesce(sum(r.payable_fen), 0),
           count(*) FILTER (WHERE r.notified_at IS NULL)
    FROM subsidies_refund r JOIN cases_case c ON c.id = r.case_id
    WHERE r.campaign_id = %s GROUP BY c.status
"""
_BY_REASON = """
    SELECT c.status, reason, count(*)
    FROM subsidies_refund r JOIN cases_case c ON c.id = r.case_id CROSS JOIN unnest(r.because) AS reason
    WHERE r.campaign_id = %s AND c.status = ANY(%s) GROUP BY c.status, reason ORDER BY count(*) DESC, reason
"""
_PAID = """
    SELECT count(DISTINCT r.case_id), coalesce(sum(a.amount_fen), 0),
           count(DISTINCT r.case_id) FILTER (WHERE r.uplift <> 'NONE' AND r.kind = 'ENTERPRISE'),
           count(DISTINCT r.case_id) FILTER (WHERE r.on_commitment),
           count(DISTINCT r.case_id) FILTER (WHERE r.kind = 'ENTERPRISE' AND r.size_class <> 'LARGE')
    FROM subsidies_award a JOIN subsidies_refund r ON r.case_id = a.refund_id
    WHERE r.campaign_id = %s AND a.withdrawn_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many refunds stand in each status, what they come to, and why the others do not go on."""

    counts: Mapping[str, int]
    sums: Mapping[str, int]
    reasons: Mapping[str, Sequence[tuple[str, int]]]
    total: int

    def of(self, *statuses: str) -> int:
        """How many stand in one of these."""
        return sum(self.counts.get(status, 0) for status in statuses)

    def fen_of(self, *statuses: str) -> int:
        """What these come to."""
        return sum(self.sums.get(status, 0) for status in statuses)


def funnel(campaign: Campaign) -> Funnel:
    """Two grouped reads of the campaign's refunds."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_STATUS, [campaign.pk])
        rows = cursor.fetchall()
        cursor.execute(_BY_REASON, [campaign.pk, [kinds.INELIGIBLE, kinds.MANUAL]])
        reasons: dict[str, list[tuple[str, int]]] = {}
        for status, reason, count in cursor.fetchall():
            reasons.setdefault(status, []).append((reason, count))
    return Funnel(
        counts={status: count for status, count, _fen, _new in rows},
        sums={status: int(fen) for status, _count, fen, _new in rows},
        reasons=reasons,
        total=sum(count for _status, count, _fen, _new in rows),
    )


@dataclass(frozen=True, slots=True)
class Owed:
    """What a campaign owes by now: units, fen, and of the units those of a higher ratio, and so on."""

    units: int
    fen: Fen
    uplifted: int
    committed: int
    smaller: int


def owed(campaign: Campaign) -> Owed:
    """One grouped read."""
    with connection.cursor() as cursor:
        cursor.execute(_PAID, [campaign.pk])
        units, fen, uplifted, committed, smaller = cursor.fetchone()
    return Owed(units, Fen(int(fen)), uplifted, committed, smaller)


# --- lists ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of units is narrowed to; empty means all. `size` is LARGE, SMALLER or SIX_KINDS."""

    status: str = ""
    reason: str = ""
    size: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Up to `PAGE` rows, and where the next page begins (0: this was the last)."""

    rows: Sequence[Refund]
    next_after: int


def refunds(campaign: Campaign, filters: Filters, *, after: int = 0, limit: int = PAGE) -> Page:
    """A page of a campaign's refunds by key."""
    rows = Refund.objects.select_related("case", "unit").filter(campaign=campaign, pk__gt=after)
    if filters.status:
        rows = rows.filter(case__status=filters.status)
    if filters.reason:
        rows = rows.filter(because__contains=[filters.reason])
    if filters.size == "SIX_KINDS":
        rows = rows.exclude(kind__in=["ENTERPRISE", "PUBLIC_BODY"])
    elif filters.size:
        large = Q(size_class="LARGE")
        rows = rows.filter(large if filters.size == "LARGE" else ~large, kind="ENTERPRISE")
    if filters.text:
        rows = rows.filter(unit__in=units_named(filters.text))
    found = list(rows.order_by("pk")[: limit + 1])
    shown = found[:limit]
    return Page(shown, shown[-1].pk if len(found) > limit else 0)


def units_named(text: str, *, most: int = 200) -> list[int]:
    """The keys of units by the beginning of their name, or the whole of their code."""
    by_code = party_by_number(kind="USCC", number=text.strip())
    if by_code is not None:
        return [by_code.pk]
    rows = Party.objects.filter(kind=Party.Kind.UNIT, name__startswith=text.strip())
    return list(rows.values_list("pk", flat=True)[:most])


# --- one refund -------------------------------------------------------------------------------------------

_WHOLE = ("case__determination", "case__handler", "campaign__case", "unit", "run", "notice", "finance")


def refund_by_number(viewer: User, number: str) -> Refund | None:
    """A refund in the viewer's regions by the number of its case."""
    found = Refund.objects.select_related(*_WHOLE).filter(case__number=number.upper()).first()
    return found if found is not None and covers(viewer, found.case.region) else None


def refunds_of_unit(unit: int) -> list[Refund]:
    """All refunds of a unit, newest year first."""
    rows = Refund.objects.select_related(*_WHOLE).filter(unit=unit)
    return list(rows.order_by("-campaign__refund_year"))


def refund_of_unit(unit: int, refund_year: int) -> Refund | None:
    """A unit's refund of one year."""
    rows = Refund.objects.select_related(*_WHOLE)
    return rows.filter(unit=unit, campaign__refund_year=refund_year).first()


def objections_of(refund: Refund) -> list[Objection]:
    """What was said against a refund, newest first."""
    rows = Objection.objects.select_related("made_by", "settled_by").filter(refund=refund)
    return list(rows.order_by("-made_at", "-pk"))


def open_objections(case_ids: Iterable[int]) -> list[Objection]:
    """Objections of these refunds that nobody has settled yet."""
    return list(Objection.objects.filter(refund__in=list(case_ids), settled_at=None).order_by("pk"))


def notices_of(campaign: Campaign) -> list[Notice]:
    """The campaign's public notices with what finance said, newest first."""
    rows = Notice.objects.select_related("published_by").filter(campaign=campaign)
    return list(rows.order_by("-number"))


def finance_reviews_of(campaign: Campaign) -> list[FinanceReview]:
    """What finance was asked about the campaign, newest first."""
    rows = FinanceReview.objects.select_related("recorded_by", "attachment").filter(campaign=campaign)
    return list(rows.order_by("-number"))


def finance_review(viewer: User, key: int) -> FinanceReview | None:
    """One question to finance, in the viewer's regions."""
    rows = FinanceReview.objects.select_related("campaign__case", "recorded_by", "attachment")
    found = rows.filter(pk=key).first()
    return found if found is not None and covers(viewer, found.campaign.region) else None


def untold(campaign: Campaign) -> int:
    """How many units have not been told yet what was found."""
    rows = Refund.objects.filter(
        campaign=campaign,
        case__status__in=[kinds.ELIGIBLE, kinds.INELIGIBLE, kinds.MANUAL],
        notified_at=None,
    )
    return rows.count()


def returned_count(campaign: Campaign) -> int:
    """How many payments of the campaign came back and are not settled yet."""
    rows = ReturnedPayment.objects.filter(obligation__case__refund__campaign=campaign)
    return rows.exclude(case__status__in=[READY, SETTLED]).count()


def messages_of(refund: Refund) -> list[Message]:
    """What was written to the unit about this refund, newest first."""
    return list(Message.objects.filter(case=refund.pk).order_by("-created_at", "-pk")[:20])


# --- the public notice ------------------------------------------------------------------------------------


def open_notices(on: date) -> list[Notice]:
    """The notices whose days last, newest first."""
    rows = Notice.objects.select_related("campaign").filter(until__gte=on)
    return list(rows.order_by("-published_at"))


def notice_of(refund_year: int, region: str, number: int) -> Notice | None:
    """One notice by its year, pool and number."""
    rows = Notice.objects.select_related("campaign")
    return rows.filter(campaign__refund_year=refund_year, campaign__region=region, number=number).first()


def published(notice: Notice, *, after: int = 0, limit: int = PAGE) -> Page:
    """A page of a notice's units by key: names, headcounts and amounts are all that leaves it."""
    rows = Refund.objects.select_related("unit").filter(notice=notice, pk__gt=after)
    found = list(rows.order_by("pk")[: limit + 1])
    shown = found[:limit]
    return Page(shown, shown[-1].pk if len(found) > limit else 0)
