"""What the refund's pages show: selectors' answers put into words, headings and choices. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import cases.messages
import cases.selectors
import payouts.selectors
import policy.selectors
from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import masked_number
from cases.models import Determination
from cases.wording import date_words, reference_words, sentence
from law.decision import Outcome
from law.retention_refund import RefundDecision
from law.workdays import legal_day
from payouts.models import Payee
from subsidies.refund import kinds, selectors, words
from subsidies.refund.models import Campaign, FinanceReview, Notice, Refund, Run
from subsidies.refund.services.publishing import ready_to_publish
from subsidies.refund.words import percent

TONES: Mapping[str, str] = {
    kinds.INELIGIBLE: "bad",
    kinds.MANUAL: "warn",
    kinds.REVIEW: "warn",
    kinds.HELD: "warn",
    kinds.PAID: "ok",
    kinds.TOPPED_UP: "ok",
    kinds.PUBLIC_NOTICE: "info",
    kinds.FINANCE_REVIEW: "info",
    kinds.APPROVED: "info",
    kinds.PAYING: "info",
}
AFTER_NOTICE = (kinds.FINANCE_REVIEW, kinds.APPROVED, kinds.PAYING, kinds.PAID, kinds.TOPPED_UP)
AFTER_TOLD = (kinds.CONFIRMED, kinds.DECLINED, kinds.PUBLIC_NOTICE, kinds.HELD, *AFTER_NOTICE)
ELIGIBLE = (kinds.ELIGIBLE, kinds.NOTIFIED, *AFTER_TOLD)
WHOLE = 1_000


@dataclass(frozen=True)
class Stage:
    """One bar of the funnel: how many came so far, as a share of all, and where the others are."""

    label: str
    count: int
    width: str
    lost: str


@dataclass(frozen=True)
class Todo:
    """Something that needs a person: how many, what, and the list."""

    title: str
    note: str
    url: str
    tone: str


@dataclass(frozen=True)
class Line:
    """One unit in a list."""

    number: str
    name: str
    size: str
    average: str
    drew: int | None
    limit: str
    outcome: str
    base_fen: int | None
    rate: str
    payable_fen: int | None
    status_label: str
    tone: str
    why: str


@dataclass(frozen=True)
class Check:
    """One test of the rule as a page shows it."""

    code: str
    outcome: str
    title: str
    detail: str
    source: str
    when: datetime | None


@dataclass(frozen=True)
class Step:
    """One station on a unit's way: state done, now or empty."""

    state: str
    label: str
    note: str


# --- the campaign -----------------------------------------------------------------------------------------


def overview(viewer: User) -> dict[str, Any]:
    """All years of the viewer's pools, the fund's years beside them."""
    region = viewer.regions[0][:4] + "00" if viewer.regions else ""
    return {
        "campaigns": [
            {
                "campaign": campaign,
                "status_label": kinds.CAMPAIGN.status_labels[campaign.case.status],
                "owed": selectors.owed(campaign),
            }
            for campaign in selectors.campaigns(viewer)
        ],
        "fund_years": selectors.fund_years(region),
        "fund": payouts.selectors.fund(region) if region else None,
        "may_open": can(viewer, Action.HANDLE_CASE),
    }


def campaign_page(
    campaign: Campaign, *, viewer: User, filters: selectors.Filters, after: int, now: datetime
) -> dict[str, Any]:
    """One year: how far it is, why units do not go on, what needs a person, and a page of units."""
    found = selectors.funnel(campaign)
    run = selectors.latest_run(campaign)
    may_handle = can(viewer, Action.HANDLE_CASE)
    is_idle = run is not None and run.finished_at is not None
    ready = Refund.objects.filter(ready_to_publish(campaign, now=now)).count()
    untold = selectors.untold(campaign)
    return {
        "campaign": campaign,
        "case": campaign.case,
        "status_label": kinds.CAMPAIGN.status_labels[campaign.case.status],
        "run": run,
        "progress": _progress(run),
        "stages": _stages(found),
        "todos": _todos(campaign, found),
        "reasons": _reasons(found),
        "owed": selectors.owed(campaign),
        "smaller": _share_of_smaller(campaign),
        "cover": selectors.cover_of(refund_year=campaign.refund_year, region=campaign.region),
        "notices": selectors.notices_of(campaign),
        "reviews": selectors.finance_reviews_of(campaign),
        "returned": selectors.returned_count(campaign),
        "ready": ready,
        "untold": untold,
        "may_notify": may_handle and is_idle and untold > 0 and campaign.case.status == kinds.RUNNING,
        "may_publish": may_handle and is_idle and ready > 0 and campaign.case.status == kinds.RUNNING,
        "may_run": may_handle and is_idle and campaign.case.status == kinds.RUNNING,
        "may_review": can(viewer, Action.REVIEW_CASE),
        "events": cases.selectors.timeline(campaign.case),
        **units_part(campaign, filters=filters, after=after),
    }


def units_part(campaign: Campaign, *, filters: selectors.Filters, after: int) -> dict[str, Any]:
    """A page of units and the choices of its filters; the part that changes alone."""
    page = selectors.refunds(campaign, filters, after=after)
    query = "".join(
        f"&{name}={value}"
        for name, value in (
            ("status", filters.status),
            ("reason", filters.reason),
            ("size", filters.size),
            ("text", filters.text),
        )
        if value
    )
    return {
        "campaign": campaign,
        "lines": [_line(refund) for refund in page.rows],
        "filters": filters,
        "next_url": f"?after={page.next_after}{query}#units" if page.next_after else "",
        "is_first": not after,
        "status_choices": list(kinds.REFUND.status_labels.items()),
        "reason_choices": list(words.BECAUSE.items()),
        "size_choices": [("LARGE", _("大型")), ("SMALLER", _("中小微")), ("SIX_KINDS", words.SIX_KINDS)],
    }


def _progress(run: Run | None) -> dict[str, object] | None:
    """How far the worker is with a run that is not over."""
    if run is None or run.finished_at is not None:
        return None
    most = max(run.total, run.done, 1)
    return {"label": run.get_kind_display(), "done": run.done, "total": most, "width": _width(run.done, most)}


def _width(count: int, most: int) -> str:
    """A share as a bar's width, in whole tenths of a per cent."""
    tenths = count * WHOLE // max(most, 1)
    return f"{tenths // 10}.{tenths % 10}"


def _stages(found: selectors.Funnel) -> list[Stage]:
    total = found.total

    def stage(label: str, count: int, lost: str) -> Stage:
        return Stage(label, count, _width(count, total), lost)

    told = found.of(kinds.NOTIFIED, *AFTER_TOLD)
    published = found.of(kinds.PUBLIC_NOTICE, kinds.HELD, *AFTER_NOTICE)
    paid = found.of(kinds.PAID, kinds.TOPPED_UP)
    return [
        stage(_("筛查"), total, ""),
        stage(_("符合"), found.of(*ELIGIBLE), _lost_at_screening(found)),
        stage(_("已通知"), told, _list((_("等通知"), found.of(kinds.ELIGIBLE)))),
        stage(
            _("公示"),
            published,
            _list(
                (_("等单位核对"), found.of(kinds.NOTIFIED)),
                (_("单位已确认"), found.of(kinds.CONFIRMED)),
                (_("放弃"), found.of(kinds.DECLINED)),
            ),
        ),
        stage(
            _("已拨付"),
            paid,
            _list(
                (_("公示中"), found.of(kinds.PUBLIC_NOTICE)),
                (_("财政审核"), found.of(kinds.FINANCE_REVIEW)),
                (_("拨付中"), found.of(kinds.APPROVED, kinds.PAYING)),
                (_("暂缓"), found.of(kinds.HELD)),
            ),
        ),
    ]


def _lost_at_screening(found: selectors.Funnel) -> str:
    parts = []
    refused, manual = found.of(kinds.INELIGIBLE), found.of(kinds.MANUAL, kinds.REVIEW)
    if refused:
        why = _list(
            *((_because(code, kinds.INELIGIBLE), n) for code, n in found.reasons.get(kinds.INELIGIBLE, ()))
        )
        parts.append(_("不符合 %(n)s：%(why)s") % {"n": f"{refused:,}", "why": why})
    if manual:
        parts.append(_("人工 %(n)s") % {"n": f"{manual:,}"})
    return _("；").join(parts)


def _list(*counted: tuple[object, int]) -> str:
    return " · ".join(f"{label} {count:,}" for label, count in counted if count)


def _because(code: str, status: str) -> str:
    if status != kinds.INELIGIBLE and code in words.OPEN_CODES:
        return str(words.OPEN_CODES[code])
    return str(words.BECAUSE.get(code, code))


def _reasons(found: selectors.Funnel) -> list[dict[str, object]]:
    """Each reason with its count and the list behind it."""
    return [
        {"label": _because(code, status), "count": count, "query": f"?status={status}&reason={code}#units"}
        for status in (kinds.INELIGIBLE, kinds.MANUAL)
        for code, count in found.reasons.get(status, ())
    ]


def _todos(campaign: Campaign, found: selectors.Funnel) -> list[Todo]:
    page = reverse("case-refund-campaign", args=[campaign.case.number])
    wanted = (
        (kinds.MANUAL, _("待核实 %(n)s 家"), _list(*(
            (_because(code, kinds.MANUAL), n) for code, n in found.reasons.get(kinds.MANUAL, ())
        )), "warn"),
        (kinds.REVIEW, _("等复核 %(n)s 家"), "", "warn"),
        (kinds.HELD, _("暂缓 %(n)s 家"), _("核实清楚后继续，或者重新认定"), "warn"),
    )  # fmt: skip
    return [
        Todo(label % {"n": f"{found.of(status):,}"}, note, f"{page}?status={status}#units", tone)
        for status, label, note, tone in wanted
        if found.of(status)
    ]


def _share_of_smaller(campaign: Campaign) -> str:
    owed = selectors.owed(campaign)
    return _width(owed.smaller, owed.units) if owed.units else ""


def _line(refund: Refund) -> Line:
    status = refund.case.status
    return Line(
        number=refund.case.number,
        name=refund.unit.name,
        size=str(words.class_label(refund.kind, refund.size_class)),
        average=refund.average,
        drew=refund.drew,
        limit=percent(refund.limit_bp),
        outcome=_layoff_outcome(refund),
        base_fen=refund.base_fen,
        rate=percent(refund.rate_bp),
        payable_fen=None if status in (kinds.INELIGIBLE, kinds.MANUAL) else refund.payable_fen,
        status_label=str(kinds.REFUND.status_labels[status]),
        tone=TONES.get(status, "idle"),
        why=_why(refund),
    )


def _layoff_outcome(refund: Refund) -> str:
    if "Q2" in refund.because:
        return "FAIL" if refund.case.status == kinds.INELIGIBLE else "OPEN"
    return "OPEN" if refund.limit_bp is None or refund.drew is None else "PASS"


def _why(refund: Refund) -> str:
    """What a list says below the status: why it does not go on, or until when it waits."""
    status = refund.case.status
    if status == kinds.HELD:
        return str(words.HELD.get(refund.held_because, refund.held_because))
    if status in (kinds.INELIGIBLE, kinds.MANUAL, kinds.REVIEW):
        return _("；").join(_because(code, status) for code in refund.because)
    if status == kinds.NOTIFIED and refund.answer_due is not None:
        return _("%(day)s前无异议即公示") % {"day": date_words(refund.answer_due)}
    return ""


# --- one refund -------------------------------------------------------------------------------------------


def refund_page(refund: Refund, *, viewer: User, now: datetime) -> dict[str, Any]:
    """One unit's refund for officers: every test with its numbers, the sum, what was said, what may be
    done.
    """
    promise, statutory = cases.selectors.clocks_of(refund.case, now=now)
    free = refund.case.handler_id in (None, viewer.pk)
    may_handle = can(viewer, Action.HANDLE_CASE) and free
    status = refund.case.status
    proposal = cases.selectors.open_proposal(refund.case)
    return {
        **shared(refund),
        "party": refund.unit,
        "masked_number": masked_number(refund.unit),
        "promise_clock": promise,
        "statutory_clock": statutory,
        "events": cases.selectors.timeline(refund.case),
        "proposal": proposal,
        "may_propose": may_handle and status == kinds.MANUAL,
        "may_review": can(viewer, Action.REVIEW_CASE)
        and status == kinds.REVIEW
        and proposal is not None
        and proposal.proposed_by_id != viewer.pk,
        "may_end_hold": may_handle and status == kinds.HELD,
        "may_complain": may_handle and status == kinds.PUBLIC_NOTICE,
        "may_answer": may_handle
        and status in (kinds.PAYING, kinds.PAID, kinds.TOPPED_UP)
        and bool(selectors.open_objections([refund.pk])),
    }


def shared(refund: Refund) -> dict[str, Any]:
    """What the unit and officers see alike: tests, sum, payments, words said."""
    determination = refund.case.determination
    decision = None if determination is None else RefundDecision.from_json(determination.decision)
    checks = [] if determination is None or decision is None else checks_of(determination, decision)
    outcomes = [check.outcome for check in checks]
    return {
        "refund": refund,
        "campaign": refund.campaign,
        "case": refund.case,
        "year": refund.campaign.refund_year,
        "base_year": refund.campaign.refund_year - 1,
        "status_label": kinds.REFUND.status_labels[refund.case.status],
        "tone": TONES.get(refund.case.status, "idle"),
        "checks": checks,
        "tally": {
            "passed": outcomes.count("PASS"),
            "failed": outcomes.count("FAIL"),
            "unknown": outcomes.count("UNKNOWN"),
        },
        "size_label": words.class_label(refund.kind, refund.size_class),
        "rate": percent(refund.rate_bp),
        "already_paid_fen": None if determination is None else determination.facts.get("already_paid_fen"),
        "payments": payouts.selectors.payments_of_case(refund.case),
        "objections": selectors.objections_of(refund),
        "held_label": words.HELD.get(refund.held_because, "") if refund.held_because else "",
        "payee": Payee.objects.filter(party=refund.unit_id, valid_to=None).defer("account").first(),
    }


def checks_of(determination: Determination, decision: RefundDecision) -> list[Check]:
    """Every test with its sentence, its article and where its facts came from."""
    return [
        Check(
            code=reason.code,
            outcome=reason.outcome.value,
            title=sentence(reason),
            detail=reference_words(reason.reference),
            source=_sources(determination.sources, reason.fields),
            when=None,
        )
        for reason in decision.reasons
        if reason.code != "Q6" or reason.outcome is not Outcome.PASS or reason.variant
    ]


def _sources(stored: Mapping[str, Any], fields: Sequence[str]) -> str:
    """Who said it and of which day, each source once."""
    found: dict[str, None] = {}
    for field in fields:
        origin = stored.get(field) or {}
        source = str(origin.get("source", "NONE"))
        if source in ("NONE", "RULE", "HOLD", "LEDGER"):
            continue
        label = str(words.SOURCES.get(source, source))
        day = str(origin.get("at", ""))[:10]
        found[f"{label} · {date_words(legal_day_of(day))}" if day else label] = None
    return _("；").join(found)


def legal_day_of(text: str) -> Any:
    """A day as origins store it."""
    return datetime.fromisoformat(text).date()


def unit_page(refund: Refund, *, now: datetime) -> dict[str, Any]:
    """The unit's own page: the amount, how it came about, what it may say and until when."""
    status = refund.case.status
    today = legal_day(now)
    is_asked = status == kinds.NOTIFIED and refund.answer_due is not None and today <= refund.answer_due
    return {
        **shared(refund),
        "steps": _steps(refund),
        "is_eligible": status in ELIGIBLE and status != kinds.DECLINED,
        "may_confirm": is_asked,
        "may_decline": is_asked or status == kinds.CONFIRMED,
        "may_object": status
        in (kinds.INELIGIBLE, kinds.NOTIFIED, kinds.CONFIRMED, kinds.PUBLIC_NOTICE, *AFTER_NOTICE),
        "notice_days": policy.selectors.integer(
            "refund.notice_wd", region=refund.campaign.region, on=legal_day(now)
        ),
        "failed": [check for check in shared_checks(refund) if check.outcome == "FAIL"],
        "messages_sent": [
            {"message": message, "text": cases.messages.render(message)}
            for message in selectors.messages_of(refund)
        ],
    }


def unit_line(refund: Refund) -> dict[str, Any]:
    """One year in a unit's list."""
    return {
        "year": refund.campaign.refund_year,
        "status_label": kinds.REFUND.status_labels[refund.case.status],
        "tone": TONES.get(refund.case.status, "idle"),
        "payable_fen": refund.payable_fen if refund.case.status in ELIGIBLE else None,
    }


def shared_checks(refund: Refund) -> list[Check]:
    """The tests of the newest determination."""
    determination = refund.case.determination
    if determination is None:
        return []
    return checks_of(determination, RefundDecision.from_json(determination.decision))


def _steps(refund: Refund) -> list[Step]:
    """Where a refund is on its way, for the unit."""
    order = [
        (_("筛查"), (kinds.SCREENED, kinds.ELIGIBLE, kinds.MANUAL, kinds.REVIEW, kinds.INELIGIBLE)),
        (_("您核对"), (kinds.NOTIFIED, kinds.CONFIRMED, kinds.DECLINED)),
        (_("公示"), (kinds.PUBLIC_NOTICE,)),
        (_("财政审核"), (kinds.FINANCE_REVIEW,)),
        (_("到账"), (kinds.APPROVED, kinds.PAYING, kinds.PAID, kinds.TOPPED_UP)),
    ]
    status = refund.held_from or refund.case.status
    reached = next(nth for nth, (_label, statuses) in enumerate(order) if status in statuses)
    is_over = status in (kinds.PAID, kinds.TOPPED_UP)
    steps = []
    for nth, (label, _statuses) in enumerate(order):
        state = "done" if nth < reached or is_over else "now" if nth == reached else ""
        steps.append(Step(state, label, _note_of_step(refund, nth)))
    return steps


def _note_of_step(refund: Refund, nth: int) -> str:
    if nth == 1 and refund.answer_due is not None:
        return _("至%(day)s") % {"day": date_words(refund.answer_due)}
    if nth == 2 and refund.notice is not None:
        return _("至%(day)s") % {"day": date_words(refund.notice.until)}
    return ""


# --- the public notice ------------------------------------------------------------------------------------


def notice_page(notice: Notice, *, after: int, now: datetime) -> dict[str, Any]:
    """A notice as anybody reads it: names, average headcounts and amounts, while its days last."""
    is_open = legal_day(now) <= notice.until
    page = selectors.published(notice, after=after) if is_open else selectors.Page([], 0)
    return {
        "notice": notice,
        "campaign": notice.campaign,
        "is_open": is_open,
        "rows": page.rows,
        "next_after": page.next_after,
        "is_first": not after,
        "words": ngettext("%(n)s 个工作日", "%(n)s 个工作日", notice.days) % {"n": notice.days},
    }


def finance_page(review: FinanceReview, *, viewer: User) -> dict[str, Any]:
    """What finance is asked, and the form for its answer."""
    return {
        "review": review,
        "campaign": review.campaign,
        "may_answer": can(viewer, Action.REVIEW_CASE) and review.recorded_at is None,
    }
