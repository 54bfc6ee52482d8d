"""What officers do to a spell on the case page: suspend, resume, propose a stop, sign it, let it go on.

Each view makes one service call; what is refused is said on the same page, with what was written.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.roles import Action, requires
from cases.waking import wake
from claims import services, tasks
from claims.change_forms import CategoryForm, ReleaseForm, StopForm, SuspendForm
from claims.change_pages import ChangeForms
from claims.forms import ReviewForm
from claims.models import Claim, Ground
from claims.refusals import sentence
from claims.views import case_for, show_case
from law.errors import Refused
from law.workdays import legal_day


def _officer(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def _act(request: HttpRequest, number: str, forms: ChangeForms, act: Callable[[Claim], str]) -> HttpResponse:
    """Do it and say so; a form at fault, or what the service refuses, shows the page again."""
    claim = case_for(request, number)
    if forms.is_faulty:
        return show_case(request, claim, changing=forms)
    try:
        done = act(claim)
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return show_case(request, case_for(request, number), changing=forms)
    messages.success(request, done)
    return redirect("case-claim", number=number)


@requires(Action.HANDLE_CASE)
@require_POST
def suspend(request: HttpRequest, number: str) -> HttpResponse:
    """Let the next payments wait while something is looked into; the person is told why."""
    form = SuspendForm(request.POST)

    def act(claim: Claim) -> str:
        services.suspend_claim(
            claim=claim, why=form.cleaned_data["why"], actor=_officer(request), now=timezone.now()
        )
        return _("已暂停发放，告知书已经发给领取人。")

    return _act(request, number, ChangeForms(suspend=form), act)


@requires(Action.HANDLE_CASE)
@require_POST
def resume(request: HttpRequest, number: str) -> HttpResponse:
    """What was looked into is cleared: payment goes on, with what waited."""

    def act(claim: Claim) -> str:
        services.resume_claim(claim=claim, actor=_officer(request), now=timezone.now())
        wake(tasks.accrue_claim, claim_id=claim.pk)
        return _("已恢复发放，暂停期间的进下一批。")

    return _act(request, number, ChangeForms(), act)


@requires(Action.HANDLE_CASE)
@require_POST
def propose_stop(request: HttpRequest, number: str) -> HttpResponse:
    """Propose to end the spell; payment waits from now on, and a reviewer signs."""
    form, now = StopForm(data=request.POST, files=request.FILES), timezone.now()

    def act(claim: Claim) -> str:
        given = form.cleaned_data
        services.propose_stop(
            claim=claim,
            ground=Ground(given["ground"]),
            event_on=given["event_on"] or legal_day(now),
            why=given["why"],
            evidence=given["evidence"],
            keeps_months=given["keeps_months"],
            papers=given["papers"],
            actor=_officer(request),
            now=now,
        )
        return _("已送复核：拟停发。签字之前先不发。")

    return _act(request, number, ChangeForms(stop=form), act)


@requires(Action.REVIEW_CASE)
@require_POST
def sign_stop(request: HttpRequest, number: str) -> HttpResponse:
    """The second signature under a stop, or back to the handler."""
    form = ReviewForm(request.POST)

    def act(claim: Claim) -> str:
        agreed = form.cleaned_data["decision"] == "agree"
        services.sign_stop(
            claim=claim,
            agreed=agreed,
            remark=form.cleaned_data["remark"],
            actor=_officer(request),
            now=timezone.now(),
        )
        wake(tasks.accrue_claim, claim_id=claim.pk)
        return _("已签，决定书已经发出。") if agreed else _("已退回经办。")

    return _act(request, number, ChangeForms(signing=form), act)


@requires(Action.HANDLE_CASE)
@require_POST
def settle_category(request: HttpRequest, number: str) -> HttpResponse:
    """What the pension file says: the spell goes on up to the retirement age, or its months are over."""
    form = CategoryForm(request.POST)

    def act(claim: Claim) -> str:
        services.settle_category(
            claim=claim,
            category=form.cleaned_data["category"],
            evidence=form.cleaned_data["category_evidence"],
            why=form.cleaned_data["category_why"],
            actor=_officer(request),
            now=timezone.now(),
        )
        wake(tasks.accrue_claim, claim_id=claim.pk)
        return _("已认定，结果已经告诉领取人。")

    return _act(request, number, ChangeForms(category=form), act)


@requires(Action.HANDLE_CASE)
@require_POST
def release(request: HttpRequest, number: str) -> HttpResponse:
    """The person is free again: the spell goes on."""
    form = ReleaseForm(request.POST)

    def act(claim: Claim) -> str:
        services.end_interruption(
            claim=claim,
            ended_on=form.cleaned_data["ended_on"],
            actor=_officer(request),
            now=timezone.now(),
        )
        wake(tasks.accrue_claim, claim_id=claim.pk)
        return _("已接着发，起止月份已经告诉领取人。")

    return _act(request, number, ChangeForms(release=form), act)
