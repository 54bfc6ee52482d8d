"""Pages of contradictions: one officer proposes which word stands, another signs. Works without a script."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Access, User
from accounts.roles import Action, requires
from accounts.services import record_access
from law.errors import Refused
from payouts import selectors, services
from payouts.forms import ActForm, SignActForm
from payouts.kinds import Act
from payouts.models import Contradiction
from payouts.refusals import sentence


def _officer(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


@requires(Action.SEE_CASE)
@require_GET
def contradiction(request: HttpRequest, number: str) -> HttpResponse:
    """Two statements that cannot both be true, side by side. Who looked is recorded."""
    return _show(request, number)


def _show(
    request: HttpRequest, number: str, *, form: ActForm | None = None, decision: SignActForm | None = None
) -> HttpResponse:
    page = selectors.contradiction_page(_officer(request), number)
    if page is None:
        raise Http404
    party = page.contradiction.obligation.party
    record_access(
        act=Access.Act.READ,
        actor=_officer(request),
        party=party,
        case_number=page.case.number,
        now=datetime.now(UTC),
    )
    acts = services.acts_for(page.contradiction) if page.may_handle else []
    context = {
        "page": page,
        "case": page.case,
        "party": party,
        "masked_number": page.masked_number,
        "events": page.events,
        "acts": acts,
        "form": form or ActForm(acts=acts),
        "decision": decision or SignActForm(),
    }
    is_faulty = any(one is not None and not one.is_valid() for one in (form, decision))
    if form is not None:
        form.offer(acts)
    return render(request, "payouts/contradiction.html", context, status=422 if is_faulty else 200)


def _found_or_404(request: HttpRequest, number: str) -> Contradiction:
    found = selectors.contradiction_by_number(_officer(request), number)
    if found is None:
        raise Http404
    return found


@requires(Action.HANDLE_CASE)
@require_POST
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """Propose how to put it right; another officer signs."""
    found = _found_or_404(request, number)
    form = ActForm(request.POST, acts=list(Act))
    if not form.is_valid():
        return _show(request, number, form=form)
    try:
        services.propose_act(
            contradiction=found,
            act=Act(form.cleaned_data["act"]),
            reason=form.cleaned_data["reason"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-contradiction", number=number)
    messages.success(request, _("已送复核。"))
    return redirect("case-contradiction", number=number)


@requires(Action.REVIEW_CASE)
@require_POST
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Sign, which puts the books right, or send it back."""
    found = _found_or_404(request, number)
    decision = SignActForm(request.POST)
    if not decision.is_valid():
        return _show(request, number, decision=decision)
    agreed = decision.cleaned_data["agreed"] == "yes"
    try:
        services.decide_act(
            contradiction=found,
            agreed=agreed,
            remark=decision.cleaned_data["remark"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-contradiction", number=number)
    messages.success(request, _("已签，账已更正。") if agreed else _("已退回经办。"))
    return redirect("case-contradiction", number=number)
