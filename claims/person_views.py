"""What a citizen reports, asks and looks up beside the tracker: work found, a person, every month's money."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

import accounts.services
from accounts.models import Access, User
from accounts.roles import Action, requires
from claims import money_pages, pages, paperwork, selectors, services
from claims.forms import JobForm, PersonAnswerForm, PersonForm
from claims.models import Claim, PersonRequest
from claims.refusals import sentence
from law.errors import Refused


def _user(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def _own_or_404(request: HttpRequest, number: str) -> Claim:
    claim = selectors.claim_for_citizen(_user(request), number)
    if claim is None:
        raise Http404
    return claim


@requires(Action.SEE_OWN_MATTERS)
@require_POST
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """The right to have a person look: a request in the officers' queue, answered on the tracker."""
    claim, viewer, now = _own_or_404(request, number), _user(request), timezone.now()
    form = PersonForm(request.POST)
    if not form.is_valid():
        page = pages.tracker_page(claim, viewer=viewer, now=now, asking=form)
        return render(request, "claims/tracker.html", page, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    services.ask_for_person(claim=claim, question=form.cleaned_data["question"], actor=viewer, now=now)
    messages.success(request, _("已经记下，会有工作人员看，答复写在这一页。"))
    return redirect("claim", number=number)


@requires(Action.SEE_OWN_MATTERS)
@require_GET
def money(request: HttpRequest, number: str) -> HttpResponse:
    """Every month's money of one's own claim; before it was granted, the tracker instead."""
    claim = _own_or_404(request, number)
    spell = selectors.spell_of(claim)
    if spell is None:
        return redirect("claim", number=number)
    return render(request, "claims/money.html", money_pages.money_page(claim, spell))


@requires(Action.SEE_OWN_MATTERS)
@require_POST
def report_job(request: HttpRequest, number: str) -> HttpResponse:
    """The person has found work: benefit stops, and what is left is kept."""
    claim, viewer, now = _own_or_404(request, number), _user(request), timezone.now()
    form = JobForm(request.POST)
    if form.is_valid():
        try:
            services.report_job(
                claim=claim, started_on=form.cleaned_data["started_on"], actor=viewer, now=now
            )
        except Refused as refused:
            form.add_error("started_on", sentence(refused))
    if form.errors:
        page = pages.tracker_page(claim, viewer=viewer, now=now, job=form)
        return render(request, "claims/tracker.html", page, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("恭喜！已经记下，谢谢您告诉我们。"))
    return redirect("claim", number=number)


@requires(Action.SEE_CASE)
@require_GET
def person_request(request: HttpRequest, number: str) -> HttpResponse:
    """What the applicant asks, beside the claim it is about. Who looked is recorded."""
    return _show(request, number, form=PersonAnswerForm())


def _show(request: HttpRequest, number: str, *, form: PersonAnswerForm) -> HttpResponse:
    found, viewer, now = _found_or_404(request, number), _user(request), timezone.now()
    accounts.services.record_access(
        act=Access.Act.READ, actor=viewer, party=found.claim.party, case_number=number, now=now
    )
    page = paperwork.person_request_page(found, viewer=viewer, form=form, now=now)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "claims/person_request.html", page, status=status)


def _found_or_404(request: HttpRequest, number: str) -> PersonRequest:
    found = selectors.person_request_for_officer(_user(request), number)
    if found is None:
        raise Http404
    return found


@requires(Action.HANDLE_CASE)
@require_POST
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """Answer in one's own words, which closes the request."""
    found, form = _found_or_404(request, number), PersonAnswerForm(request.POST)
    if not form.is_valid():
        return _show(request, number, form=form)
    try:
        services.answer_person_request(
            request=found, answer=form.cleaned_data["answer"], actor=_user(request), now=timezone.now()
        )
    except Refused as refused:
        form.add_error(None, sentence(refused))
        return _show(request, number, form=form)
    messages.success(request, _("已答复，短信告诉了申请人。"))
    return redirect("case-person-request", number=number)
