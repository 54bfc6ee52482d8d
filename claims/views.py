"""Pages of the claim: the combined form and the tracker for citizens, the case page for officers.

Each view makes one selector or one service call for its purpose and wakes the worker after it. No queries.
"""

import uuid
from datetime import datetime
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

import accounts.services
import cases.letters
from accounts.models import Party, User
from accounts.roles import Action, requires
from cases.waking import wake
from claims import kinds, pages, paperwork, selectors, services, tasks
from claims.change_pages import ChangeForms
from claims.forms import (
    AnswerForm,
    ApplicationForm,
    ProposalForm,
    ReopenForm,
    ReviewForm,
    changed_answers,
    draft_answers,
)
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
    if request.method == "POST" and "save" not in request.POST:
        return _sent(request, party, now)
    held = selectors.open_claim_of(party)
    if held is not None and not _is_resent(request, held):
        return _show_open(request, held.case.number)
    if request.method == "POST":
        return _save(request, party)
    services.look_up_for_form(party=party, now=now)
    form = ApplicationForm(initial=pages.initial_answers(party), **pages.form_choices(now=now))
    return render(request, "claims/apply.html", pages.form_page(party=party, form=form, now=now))


def _sent(request: HttpRequest, party: Party, now: datetime) -> HttpResponse:
    """The form that was sent. Whether one is open already the service sees, with the person's lock held."""
    form = ApplicationForm(data=request.POST, files=request.FILES, **pages.form_choices(now=now))
    if form.is_valid():
        return _submit(request, party, form, now)
    held = selectors.open_claim_of(party)
    if held is not None and not _is_resent(request, held):
        return _show_open(request, held.case.number)
    page = pages.form_page(party=party, form=form, now=now)
    return render(request, "claims/apply.html", page, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _submit(request: HttpRequest, party: Party, form: ApplicationForm, now: datetime) -> HttpResponse:
    try:
        claim = services.submit_claim(
            party=party,
            application=form.application(),
            submission_id=form.cleaned_data["submission_id"],
            actor=_officer(request),
            now=now,
            papers=form.cleaned_data["papers"],
        )
    except Refused as refused:
        if refused.code == "claim.already_open":
            return _show_open(request, str(refused.numbers["number"]))
        messages.warning(request, sentence(refused))
        return redirect("my")
    wake(tasks.verify_claim, claim_id=claim.pk)
    return redirect("claim", number=claim.case.number)


def _show_open(request: HttpRequest, number: str) -> HttpResponse:
    messages.info(request, _("您已经有一件在办，这就是它。"))
    return redirect("claim", number=number)


def _is_resent(request: HttpRequest, held: Claim) -> bool:
    """Whether this is the double click that made the open claim: the service answers that with the claim."""
    return request.method == "POST" and request.POST.get("submission_id") == str(held.submission_id)


def _save(request: HttpRequest, party: Party) -> HttpResponse:
    try:
        submission_id = uuid.UUID(request.POST.get("submission_id", ""))
    except ValueError:
        submission_id = uuid.uuid4()
    answers = draft_answers({name: str(request.POST.get(name, "")) for name in request.POST})
    try:
        services.save_draft(party=party, submission_id=submission_id, answers=answers, now=timezone.now())
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("my")
    messages.success(request, _("存好了，30 天内都能接着填。"))
    return redirect("apply")


@requires(Action.APPLY)
@require_POST
def save_field(request: HttpRequest) -> HttpResponse:
    """Keep one field of the form as soon as it was changed; answers with the words that say so."""
    answers = changed_answers({name: str(request.POST[name]) for name in request.POST})
    try:
        submission_id = uuid.UUID(request.POST.get("submission_id", ""))
    except ValueError:
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    if answers is None:
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    try:
        draft = services.save_draft(
            party=_person(request), submission_id=submission_id, answers=answers, now=timezone.now()
        )
    except Refused as refused:
        return HttpResponse(sentence(refused), status=HTTPStatus.CONFLICT)
    return render(request, "claims/_saved.html", {"saved": draft})


@requires(Action.SEE_OWN_MATTERS)
@require_GET
def my_matters(request: HttpRequest) -> HttpResponse:
    """A person's own matters: the claims, the form begun, the messages received."""
    viewer, now = _officer(request), timezone.now()
    page = pages.my_page(viewer, now=now)
    services.note_read(viewer=viewer, received=page["received"], now=now)
    return render(request, "claims/my.html", page)


@requires(Action.SEE_OWN_MATTERS)
@require_GET
def tracker(request: HttpRequest, number: str) -> HttpResponse:
    """The citizen's page of one claim: what has happened, who we wait for, what comes next."""
    claim, viewer, now = _own(request, number), _officer(request), timezone.now()
    page = pages.tracker_page(claim, viewer=viewer, now=now)
    services.note_read(viewer=viewer, received=page["received"], now=now)
    return render(request, "claims/tracker.html", page)


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
def answer_papers(request: HttpRequest, number: str) -> HttpResponse:
    """The answer to the notice of what is missing: words, papers, or both."""
    claim, viewer, now = _own(request, number), _officer(request), timezone.now()
    form = AnswerForm(data=request.POST, files=request.FILES)
    if not form.is_valid():
        page = pages.tracker_page(claim, viewer=viewer, now=now, answer=form)
        return render(request, "claims/tracker.html", page, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        services.answer_papers(
            claim=claim,
            text=form.cleaned_data["answer"],
            papers=form.cleaned_data["papers"],
            actor=viewer,
            now=now,
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("claim", number=number)
    wake(tasks.verify_claim, claim_id=claim.pk)
    messages.success(request, _("收到了，接着为您核验。"))
    return redirect("claim", number=number)


@requires(Action.SEE_OWN_MATTERS)
@require_POST
def reopen(request: HttpRequest, number: str) -> HttpResponse:
    """New evidence against a refusal, by the person it was sent to."""
    claim, viewer, now = _own(request, number), _officer(request), timezone.now()
    form = ReopenForm(data=request.POST, files=request.FILES)
    if not form.is_valid():
        page = pages.tracker_page(claim, viewer=viewer, now=now, reopening=form)
        return render(request, "claims/tracker.html", page, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if _reopened(request, claim, form):
        messages.success(request, _("收到了，重新受理，从今天起重新算期限。"))
    return redirect("claim", number=number)


def _reopened(request: HttpRequest, claim: Claim, form: ReopenForm) -> bool:
    """Take the claim up again and wake the worker; what is refused is said on the next page."""
    try:
        services.reopen(
            claim=claim,
            why=form.cleaned_data["why"],
            papers=form.cleaned_data["papers"],
            actor=_officer(request),
            now=timezone.now(),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return False
    wake(tasks.verify_claim, claim_id=claim.pk)
    return True


def case_for(request: HttpRequest, number: str) -> Claim:
    """A claim of the officer's regions; 404 for any other."""
    claim = selectors.claim_for_officer(_officer(request), number)
    if claim is None:
        raise Http404
    return claim


@requires(Action.SEE_CASE)
@require_GET
def case_page(request: HttpRequest, number: str) -> HttpResponse:
    """The caseworker's one screen of a claim. That it was read is recorded."""
    return show_case(request, case_for(request, number))


def show_case(
    request: HttpRequest,
    claim: Claim,
    *,
    form: ProposalForm | None = None,
    reopening: ReopenForm | None = None,
    reviewing: ReviewForm | None = None,
    changing: ChangeForms | None = None,
) -> HttpResponse:
    """The screen, also with a form to be filled in again: whichever way it is read, it is recorded."""
    viewer, now = _officer(request), timezone.now()
    accounts.services.record_access(
        act="READ", actor=viewer, party=claim.party, case_number=claim.case.number, now=now
    )
    page = pages.officer_page(
        claim,
        viewer=viewer,
        form=form or ProposalForm(),
        now=now,
        reopening=reopening,
        reviewing=reviewing,
        changing=changing,
    )
    is_faulty = any(each is not None for each in (form, reopening, reviewing, changing))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_faulty else HTTPStatus.OK
    return render(request, "claims/case.html", page, status=status)


@requires(Action.HANDLE_CASE)
@require_POST
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """The handler's act: settle facts and propose, or ask the applicant for what is missing."""
    claim, now, viewer = case_for(request, number), timezone.now(), _officer(request)
    form = ProposalForm(data=request.POST, files=request.FILES)
    if not form.is_valid():
        return show_case(request, claim, form=form)
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
                papers=form.cleaned_data["papers"],
                actor=viewer,
                now=now,
            )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        claim = case_for(request, number)
        if claim.case.status == kinds.REVIEW1:
            return show_case(request, claim, form=form)  # what was written stays written
        return redirect("case-claim", number=number)
    messages.success(request, str(pages.PROPOSED[act]))
    return redirect("queue")


@requires(Action.HANDLE_CASE)
@require_POST
def ask_again(request: HttpRequest, number: str) -> HttpResponse:
    """Have every register asked once more."""
    claim = case_for(request, number)
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
    claim, now, viewer = case_for(request, number), timezone.now(), _officer(request)
    form = ReviewForm(data=request.POST)
    if not form.is_valid():
        return show_case(request, claim, reviewing=form)
    agreed = form.cleaned_data["decision"] == "agree"
    try:
        services.review(claim=claim, agreed=agreed, remark=form.cleaned_data["remark"], actor=viewer, now=now)
    except Refused as refused:
        messages.warning(request, sentence(refused))
        claim = case_for(request, number)
        if claim.case.status == kinds.REVIEW2:
            return show_case(request, claim, reviewing=form)
        return redirect("case-claim", number=number)
    wake(tasks.accrue_claim, claim_id=claim.pk)
    messages.success(request, _("已签。") if agreed else _("已退回经办。"))
    return redirect("queue")


@requires(Action.HANDLE_CASE)
@require_POST
def reopen_by_officer(request: HttpRequest, number: str) -> HttpResponse:
    """A refusal that an officer takes up again: new evidence, or a mistake of ours."""
    claim = case_for(request, number)
    form = ReopenForm(data=request.POST, files=request.FILES)
    if not form.is_valid():
        return show_case(request, claim, reopening=form)
    if _reopened(request, claim, form):
        messages.success(request, _("已重新受理，正在核验；两个期限从今天起重新算。"))
    return redirect("case-claim", number=number)


def _for_reader(request: HttpRequest, number: str) -> Claim:
    claim = selectors.claim_for_reader(_officer(request), number)
    if claim is None:
        raise Http404
    return claim


@requires(Action.OPEN_PAPERS)
@require_GET
def letter(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """The page of one letter: to read, and to print. That it was opened is recorded."""
    claim, viewer = _for_reader(request, number), _officer(request)
    found = services.open_letter(claim=claim, key=key, viewer=viewer, now=timezone.now())
    if found is None:
        raise Http404
    return render(request, "letters/letter.html", paperwork.letter_page(claim, found, viewer=viewer))


@requires(Action.OPEN_PAPERS)
@require_GET
def letter_pdf(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """The letter as a PDF; where the font lacks a character, the page instead, which says so."""
    claim, viewer, now = _for_reader(request, number), _officer(request), timezone.now()
    found = services.open_letter(claim=claim, key=key, viewer=viewer, now=now)
    if found is None:
        raise Http404
    content = cases.letters.pdf_of(letter=found, now=now)
    if content is None:
        return redirect("claim-letter", number=number, key=key)
    return _file(content, name=f"{found.number}.pdf", kind="application/pdf")


@requires(Action.OPEN_PAPERS)
@require_GET
def paper(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """One paper of a claim, byte for byte. A person gets what that person handed in; reads are recorded."""
    claim, viewer = _for_reader(request, number), _officer(request)
    found = services.open_paper(claim=claim, key=key, viewer=viewer, now=timezone.now())
    if found is None:
        raise Http404
    return _file(found.content, name=found.name, kind=found.kind)


def _file(content: bytes, *, name: str, kind: str) -> HttpResponse:
    """A file to be saved. Whatever is in it, the browser opens it with no rights of this site."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
