"""Pages of findings: two records side by side, the inquiry, and its end by two people. Works without a
script.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

import policy.selectors
from accounts.models import Access, User
from accounts.roles import Action, requires
from accounts.services import record_access
from audit import letters, selectors, services
from audit.forms import (
    AgencyAnswerForm,
    AgencyForm,
    InquiryForm,
    OutcomeForm,
    RecordedReplyForm,
    SignOutcomeForm,
)
from audit.kinds import Act
from audit.models import Assistance, Finding
from audit.refusals import sentence
from audit.selectors.findings import first_day_of_event
from law.errors import Refused


def _officer(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def _found_or_404(request: HttpRequest, number: str) -> Finding:
    found = selectors.finding_by_number(_officer(request), number)
    if found is None:
        raise Http404
    return found


@requires(Action.SEE_CASE)
@require_GET
def finding(request: HttpRequest, number: str) -> HttpResponse:
    """What another office's record says beside ours. Who looked is recorded."""
    return _show(request, number)


def _show(request: HttpRequest, number: str, **forms_given: forms.Form) -> HttpResponse:
    found, now = _found_or_404(request, number), datetime.now(UTC)
    page = selectors.finding_page(_officer(request), found, now=now)
    record_access(
        act=Access.Act.READ,
        actor=_officer(request),
        party=found.claim.party,
        case_number=number,
        now=now,
    )
    initial = {
        "ground": page.entry.event if page.entry.event != "DEATH" else "DIED",
        "event_on": first_day_of_event(found),
    }
    context = {
        "page": page,
        "finding": found,
        "case": found.case,
        "party": found.claim.party,
        "masked_number": page.masked_number,
        "events": page.events,
        "inquiry": InquiryForm(),
        "replying": RecordedReplyForm(),
        "agency": AgencyForm(),
        "answering": AgencyAnswerForm(),
        "outcome": OutcomeForm(acts=page.acts, initial=initial),
        "signing": SignOutcomeForm(),
        **forms_given,
    }
    return render(request, "audit/finding.html", context, status=422 if forms_given else 200)


def _done(request: HttpRequest, number: str, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("case-finding", number=number)


def _refused(request: HttpRequest, number: str, refused: Refused) -> HttpResponse:
    messages.warning(request, sentence(refused))
    return redirect("case-finding", number=number)


@requires(Action.HANDLE_CASE)
@require_POST
def inquire(request: HttpRequest, number: str) -> HttpResponse:
    """Send the notice that asks the person."""
    found, form = _found_or_404(request, number), InquiryForm(request.POST)
    if not form.is_valid():
        return _show(request, number, inquiry=form)
    try:
        services.begin_inquiry(
            finding=found,
            facts=form.cleaned_data["facts"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        return _refused(request, number, refused)
    return _done(request, number, _("询问通知已发出，短信也告诉了本人。"))


@requires(Action.HANDLE_CASE)
@require_POST
def record_reply(request: HttpRequest, number: str) -> HttpResponse:
    """Write down what the person said on the telephone or at the counter."""
    found, form = _found_or_404(request, number), RecordedReplyForm(request.POST)
    if not form.is_valid():
        return _show(request, number, replying=form)
    try:
        services.reply(
            finding=found, text=form.cleaned_data["text"], actor=_officer(request), now=datetime.now(UTC)
        )
    except Refused as refused:
        return _refused(request, number, refused)
    return _done(request, number, _("已记录。"))


@requires(Action.HANDLE_CASE)
@require_POST
def ask_agency(request: HttpRequest, number: str) -> HttpResponse:
    """Write the letter of assistance."""
    found, form = _found_or_404(request, number), AgencyForm(request.POST)
    if not form.is_valid():
        return _show(request, number, agency=form)
    try:
        services.ask_agency(
            finding=found,
            agency=form.cleaned_data["agency"],
            question=form.cleaned_data["question"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        return _refused(request, number, refused)
    return _done(request, number, _("协查函写好了，请打印盖章寄出；到期没有答复会催办一次，再报省里。"))


@requires(Action.SEE_CASE)
@require_GET
def agency_letter(request: HttpRequest, number: str) -> HttpResponse:
    """The letter of assistance, to print."""
    found, now = _found_or_404(request, number), datetime.now(UTC)
    asked = Assistance.objects.filter(finding=found).first()
    if asked is None:
        raise Http404
    record_access(
        act=Access.Act.READ,
        actor=_officer(request),
        party=found.claim.party,
        case_number=number,
        now=now,
    )
    asked.finding = found
    lines = letters.assistance_lines(asked, policy.selectors.book())
    return render(request, "audit/agency_letter.html", {"case": found.case, "lines": lines})


@requires(Action.HANDLE_CASE)
@require_POST
def agency_answer(request: HttpRequest, number: str) -> HttpResponse:
    """Write down what the agency answered."""
    found, form = _found_or_404(request, number), AgencyAnswerForm(request.POST)
    if not form.is_valid():
        return _show(request, number, answering=form)
    try:
        services.record_agency_answer(
            finding=found, answer=form.cleaned_data["answer"], actor=_officer(request), now=datetime.now(UTC)
        )
    except Refused as refused:
        return _refused(request, number, refused)
    return _done(request, number, _("已记录。"))


@requires(Action.HANDLE_CASE)
@require_POST
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """Propose how the finding ends; another officer signs."""
    found, form = _found_or_404(request, number), OutcomeForm(request.POST, acts=list(Act))
    if not form.is_valid():
        return _show(request, number, outcome=form)
    try:
        services.propose_outcome(
            finding=found,
            act=Act(form.cleaned_data["act"]),
            reason=form.cleaned_data["reason"],
            ground=form.cleaned_data["ground"],
            event_on=form.cleaned_data["event_on"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        return _refused(request, number, refused)
    return _done(request, number, _("已送复核。"))


@requires(Action.REVIEW_CASE)
@require_POST
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Sign, or send back."""
    found, form = _found_or_404(request, number), SignOutcomeForm(request.POST)
    if not form.is_valid():
        return _show(request, number, signing=form)
    agreed = form.cleaned_data["agreed"] == "yes"
    try:
        services.decide_outcome(
            finding=found,
            agreed=agreed,
            remark=form.cleaned_data["remark"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        return _refused(request, number, refused)
    return _done(request, number, _("已签。") if agreed else _("已退回经办。"))


@requires(Action.SEE_CASE)
@require_GET
def paper(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """A paper that came with a reply, byte for byte; who read it is recorded."""
    found = _found_or_404(request, number)
    attached = selectors.paper_of(found, key)
    if attached is None:
        raise Http404
    record_access(
        act=Access.Act.READ,
        actor=_officer(request),
        party=found.claim.party,
        case_number=number,
        now=datetime.now(UTC),
    )
    response = HttpResponse(attached.content, content_type=attached.kind)
    disposition = content_disposition_header(as_attachment=True, filename=attached.name)
    response["Content-Disposition"] = disposition or ""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
