"""Officers' pages of the refund: the years, one year, one unit's refund, finance's answer. One call each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Access, User
from accounts.roles import Action, requires
from accounts.services import record_access
from cases.waking import wake
from law.errors import Refused
from law.workdays import legal_day
from subsidies.refund import pages, selectors, services, tasks, trial_pages
from subsidies.refund.forms import (
    FinanceForm,
    FundYearForm,
    HoldForm,
    OpenForm,
    ProposeForm,
    ReviewForm,
    TrialForm,
    WordsForm,
)
from subsidies.refund.models import Campaign, FinanceReview, Refund, Run
from subsidies.refusals import sentence


def _officer(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def _region(viewer: User) -> str:
    """The pool an officer works for."""
    return viewer.regions[0][:4] + "00" if viewer.regions else ""


# --- the years --------------------------------------------------------------------------------------------


@requires(Action.SEE_CASE)
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """All years, and what the fund held."""
    return _overview(request)


def _overview(
    request: HttpRequest, *, opening: OpenForm | None = None, fund: FundYearForm | None = None
) -> HttpResponse:
    year = legal_day(datetime.now(UTC)).year
    context = {
        **pages.overview(_officer(request)),
        "opening": opening or OpenForm(initial={"year": year}),
        "fund_form": fund or FundYearForm(initial={"year": year - 1}),
    }
    is_faulty = any(form is not None and form.errors for form in (opening, fund))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_faulty else HTTPStatus.OK
    return render(request, "refunds/overview.html", context, status=status)


@requires(Action.HANDLE_CASE)
@require_POST
def open_year(request: HttpRequest) -> HttpResponse:
    """Open a year; the worker screens every unit."""
    form, viewer = OpenForm(request.POST), _officer(request)
    if not form.is_valid():
        return _overview(request, opening=form)
    try:
        made = services.open_campaign(
            refund_year=form.cleaned_data["year"],
            region=_region(viewer),
            actor=viewer,
            now=datetime.now(UTC),
        )
    except Refused as refused:
        form.add_error(None, sentence(refused))
        return _overview(request, opening=form)
    _wake_for(made)
    messages.success(request, _("已经开始筛查。这一页会显示进度，不用等在这里。"))
    return redirect("case-refund-campaign", number=made.case.number)


def _wake_for(campaign: Campaign) -> None:
    run = selectors.latest_run(campaign)
    if run is not None:
        wake(tasks.go_on_with_run, run_id=run.pk)


@requires(Action.HANDLE_CASE)
@require_POST
def fund_year(request: HttpRequest) -> HttpResponse:
    """Write down what the fund held at the end of a year."""
    form, viewer, now = FundYearForm(request.POST), _officer(request), datetime.now(UTC)
    if form.is_valid():
        try:
            services.enter_fund_year(
                region=_region(viewer),
                year=form.cleaned_data["year"],
                balance_fen=form.cleaned_data["balance"],
                expenditure_fen=form.cleaned_data["expenditure"],
                source=form.cleaned_data["source"],
                actor=viewer,
                now=now,
                today=legal_day(now),
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
    if form.errors:
        return _overview(request, fund=form)
    messages.success(request, _("已经登记。以最后一次登记的为准，以前的都留着。"))
    return redirect("refunds")


# --- one year ---------------------------------------------------------------------------------------------


@requires(Action.SEE_CASE)
@require_GET
def campaign(request: HttpRequest, number: str) -> HttpResponse:
    """One year with its funnel and a page of units; htmx gets the units alone."""
    found = _campaign_or_404(request, number)
    asked = request.GET
    filters = selectors.Filters(
        status=asked.get("status", ""),
        reason=asked.get("reason", ""),
        size=asked.get("size", ""),
        text=asked.get("text", "").strip()[:60],
    )
    after = asked.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else 0
    if request.headers.get("HX-Target") == "units":
        part = pages.units_part(found, filters=filters, after=start)
        return render(request, "refunds/_units.html", part)
    page = pages.campaign_page(
        found, viewer=_officer(request), filters=filters, after=start, now=datetime.now(UTC)
    )
    return render(request, "refunds/campaign.html", page)


def _campaign_or_404(request: HttpRequest, number: str) -> Campaign:
    found = selectors.campaign_by_number(_officer(request), number)
    if found is None:
        raise Http404
    return found


Act = Callable[[Campaign, User, datetime], object]
STEPS: Mapping[str, Act] = {
    "notify": lambda campaign, actor, now: services.notify(campaign=campaign, actor=actor, now=now),
    "publish": lambda campaign, actor, now: services.publish(campaign=campaign, actor=actor, now=now),
    "late": lambda campaign, actor, now: services.ask_for_run(
        campaign=campaign, kind=Run.Kind.LATE, actor=actor, now=now
    ),
    "top-up": lambda campaign, actor, now: services.ask_for_run(
        campaign=campaign, kind=Run.Kind.TOP_UP, actor=actor, now=now
    ),
    "close": lambda campaign, actor, now: services.close_campaign(campaign=campaign, actor=actor, now=now),
}
"""What a handler may have done with a whole year, by the last part of the address."""


@requires(Action.HANDLE_CASE)
@require_POST
def step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """The next step of a year; long work goes to the worker."""
    found = _campaign_or_404(request, number)
    act = STEPS.get(step)
    if act is None:
        raise Http404
    try:
        act(found, _officer(request), datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-refund-campaign", number=number)
    _wake_for(found)
    messages.success(request, _("已经开始，在后台逐批办理。"))
    return redirect("case-refund-campaign", number=number)


@requires(Action.SEE_POLICY)
@require_GET
def trial(request: HttpRequest, number: str) -> HttpResponse:
    """What other numbers would cost; a question, not an act: nothing is written."""
    found = _campaign_or_404(request, number)
    asked = TrialForm(request.GET) if request.GET else TrialForm(trial_pages.trial_start(found))
    page = trial_pages.trial_page(found, form=asked, viewer=_officer(request), now=datetime.now(UTC))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if asked.errors else HTTPStatus.OK
    return render(request, "refunds/trial.html", page, status=status)


# --- finance ----------------------------------------------------------------------------------------------


@requires(Action.REVIEW_CASE)
@require_http_methods(["GET", "POST"])
def finance(request: HttpRequest, key: int) -> HttpResponse:
    """What finance is asked, and its answer as a reviewer records it."""
    found = _finance_or_404(request, key)
    form = FinanceForm(request.POST, request.FILES) if request.method == "POST" else FinanceForm()
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            run = services.record_finance_answer(
                review=found,
                agreed=given["agreed"] == "yes",
                document=given["document"],
                dated_on=given["dated_on"],
                remark=given["remark"],
                papers=given["papers"],
                actor=_officer(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
        else:
            if run is not None:
                wake(tasks.go_on_with_run, run_id=run.pk)
            messages.success(request, _("已经登记财政的意见。"))
            return redirect("case-refund-campaign", number=found.campaign.case.number)
    context = {**pages.finance_page(found, viewer=_officer(request)), "form": form}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "refunds/finance.html", context, status=status)


def _finance_or_404(request: HttpRequest, key: int) -> FinanceReview:
    found = selectors.finance_review(_officer(request), key)
    if found is None:
        raise Http404
    return found


@requires(Action.SEE_CASE)
@require_GET
def finance_paper(request: HttpRequest, key: int) -> HttpResponse:
    """The document that carries finance's answer, byte for byte."""
    found = _finance_or_404(request, key)
    if found.attachment is None:
        raise Http404
    response = HttpResponse(found.attachment.content, content_type=found.attachment.kind)
    name = content_disposition_header(as_attachment=True, filename=found.attachment.name)
    response["Content-Disposition"] = name or ""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


# --- one unit's refund ------------------------------------------------------------------------------------


@requires(Action.SEE_CASE)
@require_GET
def refund(request: HttpRequest, number: str) -> HttpResponse:
    """One unit's refund. Who looked is recorded."""
    return _show(request, _refund_or_404(request, number))


def _refund_or_404(request: HttpRequest, number: str) -> Refund:
    found = selectors.refund_by_number(_officer(request), number)
    if found is None:
        raise Http404
    return found


def _show(request: HttpRequest, found: Refund, **faulty: forms.Form) -> HttpResponse:
    viewer, now = _officer(request), datetime.now(UTC)
    record_access(act=Access.Act.READ, actor=viewer, party=found.unit, case_number=found.case.number, now=now)
    context = {
        **pages.refund_page(found, viewer=viewer, now=now),
        "proposing": ProposeForm(),
        "reviewing": ReviewForm(),
        "holding": HoldForm(),
        "complaining": WordsForm(),
        "answering": WordsForm(),
        **faulty,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faulty else HTTPStatus.OK
    return render(request, "refunds/case.html", context, status=status)


def _done(request: HttpRequest, number: str, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("case-refund", number=number)


@requires(Action.HANDLE_CASE)
@require_POST
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """Settle facts and propose what the rule then says."""
    found, form = _refund_or_404(request, number), ProposeForm(request.POST)
    if form.is_valid():
        try:
            services.propose(
                refund=found,
                act=form.cleaned_data["act"],
                why=form.cleaned_data["why"],
                amendments=form.amendments(),
                evidence=form.cleaned_data["evidence"],
                actor=_officer(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
    if form.errors:
        return _show(request, _refund_or_404(request, number), proposing=form)
    return _done(request, number, _("已送复核。"))


@requires(Action.REVIEW_CASE)
@require_POST
def review(request: HttpRequest, number: str) -> HttpResponse:
    """Sign a proposal, or send it back."""
    found, form = _refund_or_404(request, number), ReviewForm(request.POST)
    if form.is_valid():
        try:
            services.review(
                refund=found,
                agreed=form.cleaned_data["agreed"] == "yes",
                remark=form.cleaned_data["remark"],
                actor=_officer(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
    if form.errors:
        return _show(request, _refund_or_404(request, number), reviewing=form)
    return _done(request, number, _("已签。"))


@requires(Action.HANDLE_CASE)
@require_POST
def end_hold(request: HttpRequest, number: str) -> HttpResponse:
    """Let a refund that was held go on, or have it decided anew."""
    found, form = _refund_or_404(request, number), HoldForm(request.POST)
    if form.is_valid():
        try:
            services.end_hold(
                refund=found,
                cleared=form.cleaned_data["cleared"] == "yes",
                why=form.cleaned_data["why"],
                actor=_officer(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
    if form.errors:
        return _show(request, _refund_or_404(request, number), holding=form)
    return _done(request, number, _("已经办好，并告诉了单位。"))


@requires(Action.HANDLE_CASE)
@require_POST
def complain(request: HttpRequest, number: str) -> HttpResponse:
    """Write down what somebody said against a published refund."""
    found, form = _refund_or_404(request, number), WordsForm(request.POST)
    if form.is_valid():
        try:
            services.record_complaint(
                refund=found,
                words=form.cleaned_data["words"],
                actor=_officer(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
    if form.errors:
        return _show(request, _refund_or_404(request, number), complaining=form)
    return _done(request, number, _("已经记下，这一件暂缓，核实清楚再办。"))


@requires(Action.HANDLE_CASE)
@require_POST
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """Answer what a unit said after its money had gone."""
    found, form = _refund_or_404(request, number), WordsForm(request.POST)
    if form.is_valid():
        try:
            services.settle_objection(
                refund=found,
                answer=form.cleaned_data["words"],
                actor=_officer(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
    if form.errors:
        return _show(request, _refund_or_404(request, number), answering=form)
    return _done(request, number, _("已经答复，单位在自己的页面看得到。"))
