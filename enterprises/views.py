"""Officers' pages of a dispute about a size class: what was signed beside what is known. No script needed."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Access, User
from accounts.roles import Action, requires
from accounts.services import record_access
from cases.downloads import file_response
from cases.letters import pdf_of
from cases.models import Letter
from cases.selectors import cannot_be_drawn
from enterprises import selectors, services
from enterprises.forms import FindingForm, SignFindingForm
from enterprises.kinds import Act
from enterprises.models import SizeDispute
from enterprises.refusals import sentence
from enterprises.words import contradiction_words
from law.errors import Refused
from law.workdays import legal_day


def _officer(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


@requires(Action.SEE_CASE)
@require_GET
def dispute(request: HttpRequest, number: str) -> HttpResponse:
    """What the unit signed for beside what is known of it. Who looked is recorded."""
    return _show(request, number)


def _show(
    request: HttpRequest,
    number: str,
    *,
    form: FindingForm | None = None,
    decision: SignFindingForm | None = None,
) -> HttpResponse:
    viewer, now = _officer(request), datetime.now(UTC)
    found = _found(request, number)
    record_access(
        act=Access.Act.READ, actor=viewer, party=found.enterprise.party, case_number=number, now=now
    )
    page = selectors.officer_page(found, viewer, on=legal_day(now))
    context = {
        "page": page,
        "case": found.case,
        "party": page.party,
        "events": page.shown.events,
        "contradictions": contradiction_words(found),
        "proposed_act": Act(page.proposal.act).label if page.proposal is not None else "",
        "form": form or FindingForm(),
        "decision": decision or SignFindingForm(),
    }
    is_faulty = any(one is not None and one.errors for one in (form, decision))
    return render(request, "enterprises/dispute.html", context, status=422 if is_faulty else 200)


def _found(request: HttpRequest, number: str) -> SizeDispute:
    found = selectors.dispute_for_officer(_officer(request), number)
    if found is None:
        raise Http404
    return found


@requires(Action.HANDLE_CASE)
@require_POST
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """Put in what the papers show; the rule makes the class, another officer signs."""
    found = _found(request, number)
    form = FindingForm(request.POST)
    if form.is_valid():
        try:
            services.propose_finding(
                dispute=found,
                found=form.found(),
                why=form.cleaned_data["why"],
                actor=_officer(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error(
                "by_person" if refused.code == "dispute.class_missing" else None, sentence(refused)
            )
    if form.errors:
        return _show(request, number, form=form)
    messages.success(request, _("已送复核。"))
    return redirect("case-size-dispute", number=number)


@requires(Action.REVIEW_CASE)
@require_POST
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Sign, or send it back."""
    found = _found(request, number)
    decision = SignFindingForm(request.POST)
    if not decision.is_valid():
        return _show(request, number, decision=decision)
    agreed = decision.cleaned_data["agreed"] == "yes"
    try:
        services.decide_finding(
            dispute=found,
            agreed=agreed,
            remark=decision.cleaned_data["remark"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-size-dispute", number=number)
    messages.success(request, _("已签，认定书已发给单位。") if agreed else _("已退回经办。"))
    return redirect("case-size-dispute", number=number)


@requires(Action.SEE_CASE)
@require_GET
def letter(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """One letter of a dispute, to read and to print. Who looked is recorded."""
    opened = _letter(request, number, key)
    context = {
        "letter": opened,
        "words": opened.words,
        "pdf_url": reverse("dispute-letter-pdf", args=[number, key]),
        "not_drawn": cannot_be_drawn(opened),
        "back_url": reverse("case-size-dispute", args=[number]),
        "back_label": _("回到案件"),
    }
    return render(request, "letters/letter.html", context)


@requires(Action.SEE_CASE)
@require_GET
def letter_pdf(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """The letter as a PDF; where the font lacks a character, the page instead."""
    opened = _letter(request, number, key)
    content = pdf_of(letter=opened, now=datetime.now(UTC))
    if content is None:
        return redirect("dispute-letter", number=number, key=key)
    return file_response(content, name=f"{opened.number}.pdf", kind="application/pdf")


def _letter(request: HttpRequest, number: str, key: int) -> Letter:
    found, viewer = _found(request, number), _officer(request)
    opened = services.open_letter(dispute=found, key=key, viewer=viewer, now=datetime.now(UTC))
    if opened is None:
        raise Http404
    return opened


@requires(Action.SEE_CASE)
@require_GET
def paper(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """One paper of a dispute, byte for byte. Who looked is recorded."""
    found, viewer = _found(request, number), _officer(request)
    opened = services.open_paper(dispute=found, key=key, viewer=viewer, now=datetime.now(UTC))
    if opened is None:
        raise Http404
    return file_response(opened.content, name=opened.name, kind=opened.kind)
