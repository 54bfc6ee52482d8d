"""Pages of the claim: the combined form and the tracker for citizens, the case page for officers.

Each view makes one selector or one service call for its purpose and wakes the worker after it. No queries.
"""

import uuid
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

import accounts.services
from accounts.models import Party, User
from accounts.roles import Action, requires
from cases.waking import wake
from claims import pages, selectors, services, tasks
from claims.forms import ApplicationForm, ProposalForm, ReviewForm, draft_answers
from claims.models import Claim
from claims.refusals import sentence
from law.errors import Refused


def _officer(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def _person(request: HttpRequest) -> Party:
    party = _officer(request).party
    assert party is not None
    return party


@requires(Action.APPLY)
@require_http_methods(["GET", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """The combined form. An application that is open or in payment is shown instead of a second one."""
    party, now = _person(request), timezone.now()
    held = selectors.open_claim_of(party)
    if held is not None and not _is_resent(request, held):
        messages.info(request, _("您已经有一件在办，这就是它。"))
        return redirect("claim", number=held.case.number)
    form_kwargs: dict[str, Any] = {"counties": pages.counties(now=now), "reasons": pages.reasons(now=now)}
    if request.method == "GET":
        services.look_up_for_form(party=party, now=now)
        form = ApplicationForm(initial=pages.initial_answers(party), **form_kwargs)
        return render(request, "claims/apply.html", pages.form_page(party=party, form=form, now=now))
    form = ApplicationForm(data=request.POST, **form_kwargs)
    if "save" in request.POST:
        return _save(request, party)
    if not form.is_valid():
        page = pages.form_page(party=party, form=form, now=now)
        return render(request, "claims/apply.html", page, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        claim = services.submit_claim(
            party=party,
            application=form.application(),
            submission_id=form.cleaned_data["submission_id"],
            actor=_officer(request),
            now=now,
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("my")
    wake(tasks.verify_claim, claim_id=claim.pk)
    return redirect("claim", number=claim.case.number)


def _is_resent(request: HttpRequest, held: Claim) -> bool:
    """Whether this is the double click that made the open claim: the service answers that with the claim."""
    return request.method == "POST" and request.POST.get("submission_id") == str(held.submission_id)


def _save(request: HttpRequest, party: Party) -> HttpResponse:
    try:
        submission_id = uuid.UUID(request.POST.get("submission_id", ""))
    except ValueError:
        submission_id = uuid.uuid4()
    answers = draft_answers({name: str(request.POST.get(name, "")) for name in request.POST})
    services.save_draft(party=party, submission_id=submission_id, answers=answers, now=timezone.now())
    messages.success(request, _("存好了，30 天内都能接着填。"))
    return redirect("apply")


@requires(Action.SEE_OWN_MATTERS)
@require_GET
def my_matters(request: HttpRequest) -> HttpResponse:
    """A person's own matters: the claims, the form begun, the messages received."""
    viewer = _officer(request)
    return render(request, "claims/my.html", pages.my_page(viewer, now=timezone.now()))


@requires(Action.SEE_OWN_MATTERS)
@require_GET
def tracker(request: HttpRequest, number: str) -> HttpResponse:
    """The citizen's page of one claim: what has happened, who we wait for, what comes next."""
    claim = _own(request, number)
    return render(request, "claims/tracker.html", pages.tracker_page(claim, now=timezone.now()))


def _own(request: HttpRequest, number: str) -> Claim:
    claim = selectors.claim_for_citizen(_officer(request), number)
    if claim is None:
        raise Http404
    return claim


@requires(Action.SEE_OWN_MATTERS)
@require_POST
def check_card(request: HttpRequest, number: str) -> HttpResponse:
    """Ask about the card once more, after it was activated or replaced."""
    claim = _own(request, number)
    payable = services.check_card_again(claim_id=claim.pk, actor=_officer(request), now=timezone.now())
    if payable:
        messages.success(request, _("查到了：这张卡现在可以收款，下一批就发。"))
    else:
        messages.warning(request, _("这张卡现在还不能收款。请到发卡银行激活或换卡，再回来点一次。"))
    return redirect("claim", number=number)


@requires(Action.SEE_OWN_MATTERS)
@require_POST
def ask_for_person(request: HttpRequest, number: str) -> HttpResponse:
    """The right to have a person look: recorded for the officers."""
    services.ask_for_person(claim=_own(request, number), actor=_officer(request), now=timezone.now())
    messages.success(request, _("已经记下：这件事会有工作人员再看一遍。"))
    return redirect("claim", number=number)


@requires(Action.SEE_OWN_MATTERS)
@require_POST
def answer_papers(request: HttpRequest, number: str) -> HttpResponse:
    """The answer to the notice of what is missing."""
    claim = _own(request, number)
    try:
        services.answer_papers(
            claim=claim, text=request.POST.get("answer", ""), actor=_officer(request), now=timezone.now()
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("claim", number=number)
    wake(tasks.verify_claim, claim_id=claim.pk)
    messages.success(request, _("收到了，接着为您核验。"))
    return redirect("claim", number=number)


def _case_for(request: HttpRequest, number: str) -> Claim:
    claim = selectors.claim_for_officer(_officer(request), number)
    if claim is None:
        raise Http404
    return claim


@requires(Action.SEE_CASE)
@require_GET
def case_page(request: HttpRequest, number: str) -> HttpResponse:
    """The caseworker's one screen of a claim. That it was read is recorded."""
    claim, now, viewer = _case_for(request, number), timezone.now(), _officer(request)
    accounts.services.record_access(
        act="READ", actor=viewer, party=claim.party, case_number=claim.case.number, now=now
    )
    page = pages.officer_page(claim, viewer=viewer, form=ProposalForm(), now=now)
    return render(request, "claims/case.html", page)


@requires(Action.HANDLE_CASE)
@require_POST
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """The handler's act: settle facts and propose, or ask the applicant for what is missing."""
    claim, now, viewer = _case_for(request, number), timezone.now(), _officer(request)
    form = ProposalForm(data=request.POST)
    if not form.is_valid():
        page = pages.officer_page(claim, viewer=viewer, form=form, now=now)
        return render(request, "claims/case.html", page, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    act, why = form.cleaned_data["act"], form.cleaned_data["why"]
    try:
        if act == "supplement":
            services.request_papers(claim=claim, wanted=why, actor=viewer, now=now)
        else:
            services.propose(
                claim=claim,
                act=act.upper(),
                why=why,
                amendments=form.amendments(),
                evidence=form.cleaned_data["evidence"],
                actor=viewer,
                now=now,
            )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-claim", number=number)
    messages.success(request, str(pages.PROPOSED[act]))
    return redirect("queue")


@requires(Action.HANDLE_CASE)
@require_POST
def ask_again(request: HttpRequest, number: str) -> HttpResponse:
    """Have every register asked once more."""
    claim = _case_for(request, number)
    try:
        services.ask_again(claim_id=claim.pk, actor=_officer(request), now=timezone.now())
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-claim", number=number)
    wake(tasks.verify_claim, claim_id=claim.pk)
    messages.success(request, _("正在重新查询，结果出来后会显示在这里。"))
    return redirect("case-claim", number=number)


@requires(Action.REVIEW_CASE)
@require_POST
def review(request: HttpRequest, number: str) -> HttpResponse:
    """The second signature."""
    claim, now, viewer = _case_for(request, number), timezone.now(), _officer(request)
    form = ReviewForm(data=request.POST)
    if not form.is_valid():
        messages.warning(request, _("请选同意还是退回。"))
        return redirect("case-claim", number=number)
    agreed = form.cleaned_data["decision"] == "agree"
    try:
        services.review(claim=claim, agreed=agreed, remark=form.cleaned_data["remark"], actor=viewer, now=now)
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-claim", number=number)
    wake(tasks.accrue_claim, claim_id=claim.pk)
    messages.success(request, _("已签。") if agreed else _("已退回经办。"))
    return redirect("queue")
