"""Pages of the month for officers: its steps, its roll, the request of funds, its end. They need no script.

Each view calls one selector or one service and wakes the worker after it. Signing asks for a one-time code.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

import payouts.selectors
import payouts.services
from accounts.models import User
from accounts.roles import Action, requires
from accounts.services import check_one_time_code
from cases.waking import wake
from claims import month_pages, rolls, services, tasks
from claims.month_forms import CloseForm, FundDecisionForm, ReceiptForm, StepForm
from claims.month_models import BenefitMonth, RollLine
from claims.refusals import sentence
from law.errors import MissingParameter, Refused
from payouts.month_models import FundRequest


def _officer(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def _month_or_404(request: HttpRequest, number: str) -> BenefitMonth:
    found = rolls.month_by_number(_officer(request), number)
    if found is None:
        raise Http404
    return found


@requires(Action.SEE_BATCHES)
@require_GET
def months(request: HttpRequest) -> HttpResponse:
    """The months of the viewer's regions, newest first, and by which days their steps are due."""
    rows = rolls.months_of(_officer(request))
    days = month_pages.timetable_words(rows[0].pool, rows[0].month) if rows else []
    return render(request, "claims/months.html", {"rows": rows, "days": days})


@requires(Action.SEE_BATCHES)
@require_GET
def month(request: HttpRequest, number: str) -> HttpResponse:
    """One month: its steps with counts, its roll, its batches, what differs."""
    return _show(request, number, now=timezone.now())


def _show(request: HttpRequest, number: str, *, now: datetime, form: CloseForm | None = None) -> HttpResponse:
    row = _month_or_404(request, number)
    found = [] if row.closed_at else services.differences(row=row, now=now)
    page = month_pages.month_page(row, viewer=_officer(request), differences=found, now=now)
    is_faulty = form is not None and not form.is_valid()
    context = {**page, "form": form or CloseForm()}
    return render(request, "claims/month.html", context, status=422 if is_faulty else 200)


@requires(Action.RUN_MONTH)
@require_POST
def run_step(request: HttpRequest, number: str) -> HttpResponse:
    """Have a step done again by the worker; asked for twice, it runs once."""
    row, form = _month_or_404(request, number), StepForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("没有这一步。"))
        return redirect("case-month", number=number)
    step = form.cleaned_data["step"]
    try:
        run = services.ask_for_step(row=row, step=step, actor=_officer(request), now=timezone.now())
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-month", number=number)
    wake(tasks.run_step, run_id=run.pk)
    messages.success(request, _("已交后台去做，做到哪里看本页。重复做不会重复生成。"))
    return redirect("case-month", number=number)


@requires(Action.SEE_BATCHES)
@require_GET
def roll(request: HttpRequest, number: str) -> HttpResponse:
    """A part of the frozen roll by name: on it, left and why, granted later, or what the scan noted."""
    row = _month_or_404(request, number)
    parts = {"on", "left", "added", *RollLine.Notice.values}
    show = request.GET.get("show", "left")
    after = request.GET.get("after", "0")
    if show not in parts or not after.isdecimal() or len(after) > 18:
        raise Http404
    people, next_after = rolls.people_of(row, show, after=int(after))
    context = {"row": row, "show": show, "people": people, "next_after": next_after,
               "roll": rolls.roll_of(row)}  # fmt: skip
    return render(request, "claims/month_roll.html", context)


@requires(Action.RUN_MONTH)
@require_POST
def propose_close(request: HttpRequest, number: str) -> HttpResponse:
    """Say that all of the month agrees; a supervisor signs."""
    row = _month_or_404(request, number)
    try:
        services.propose_close(row=row, actor=_officer(request), now=timezone.now())
    except Refused as refused:
        messages.warning(request, sentence(refused))
    else:
        messages.success(request, _("已送主管签字。"))
    return redirect("case-month", number=number)


@requires(Action.SIGN_MONTH)
@require_POST
def decide_close(request: HttpRequest, number: str) -> HttpResponse:
    """Sign the end of a month with a one-time code, or send it back with a reason."""
    row, viewer, now = _month_or_404(request, number), _officer(request), timezone.now()
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _show(request, number, now=now, form=form)
    agreed = form.cleaned_data["agreed"] == "yes"
    if agreed and not check_one_time_code(user=viewer, code=form.cleaned_data["code"]):
        form.add_error("code", sentence(Refused("batch.code_wrong")))
        return _show(request, number, now=now, form=form)
    try:
        services.decide_close(
            row=row, agreed=agreed, remark=form.cleaned_data["remark"], actor=viewer, now=now
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-month", number=number)
    messages.success(request, _("已签字，这个月结了账。") if agreed else _("已退回经办。"))
    return redirect("case-month", number=number)


# --- requests of funds ------------------------------------------------------------------------------------


@requires(Action.RUN_MONTH)
@require_POST
def ask_funds(request: HttpRequest, number: str) -> HttpResponse:
    """Ask finance for what the fund is short of; the sum is worked out, not typed."""
    row = _month_or_404(request, number)
    try:
        asked = services.ask_for_month_funds(row=row, actor=_officer(request), now=timezone.now())
    except MissingParameter as fault:
        messages.warning(request, rolls.problem_words(fault.key))
        return redirect("case-month", number=number)
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-month", number=number)
    messages.success(request, _("拨款申请已送主管签批。"))
    return redirect("case-fund-request", number=asked.case.number)


def _request_or_404(request: HttpRequest, number: str) -> FundRequest:
    found = payouts.selectors.fund_request_by_number(_officer(request), number)
    if found is None:
        raise Http404
    return found


@requires(Action.SEE_BATCHES)
@require_GET
def fund_request(request: HttpRequest, number: str) -> HttpResponse:
    """The request as a document that can be printed, and what is to be done about it."""
    return _show_request(request, number)


def _show_request(
    request: HttpRequest,
    number: str,
    *,
    form: FundDecisionForm | None = None,
    receipt: ReceiptForm | None = None,
) -> HttpResponse:
    asked, viewer = _request_or_404(request, number), _officer(request)
    context = month_pages.fund_request_page(asked, viewer=viewer)
    context |= {"form": form or FundDecisionForm(), "receipt": receipt or ReceiptForm()}
    is_faulty = any(one is not None and not one.is_valid() for one in (form, receipt))
    return render(request, "claims/fund_request.html", context, status=422 if is_faulty else 200)


@requires(Action.SIGN_MONTH)
@require_POST
def decide_funds(request: HttpRequest, number: str) -> HttpResponse:
    """Sign the request, or do not."""
    asked, form = _request_or_404(request, number), FundDecisionForm(request.POST)
    if not form.is_valid():
        return _show_request(request, number, form=form)
    try:
        payouts.services.decide_fund_request(
            request=asked,
            agreed=form.cleaned_data["agreed"] == "yes",
            remark=form.cleaned_data["remark"],
            actor=_officer(request),
            now=timezone.now(),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
    return redirect("case-fund-request", number=number)


@requires(Action.RUN_MONTH)
@require_POST
def receive_funds(request: HttpRequest, number: str) -> HttpResponse:
    """Book the money that finance has moved; the month goes on by itself."""
    asked, receipt = _request_or_404(request, number), ReceiptForm(request.POST)
    if not receipt.is_valid():
        return _show_request(request, number, receipt=receipt)
    try:
        payouts.services.receive_funds(
            request=asked,
            voucher=receipt.cleaned_data["voucher"],
            amount_fen=receipt.cleaned_data["amount"],
            actor=_officer(request),
            now=timezone.now(),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-fund-request", number=number)
    wake(tasks.accrue_current_month)
    messages.success(request, _("已入账，缺的应付接着生成。"))
    return redirect("case-fund-request", number=number)
