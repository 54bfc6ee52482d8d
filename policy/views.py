"""Pages of dated values: the list, one key, a new value, a proposal and its decision. They work without a
script; each calls one selector or one service.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import cases.tasks
from accounts.models import User
from accounts.roles import Action, can, requires
from cases.waking import wake
from law.errors import Refused
from law.workdays import legal_day
from policy import pages, services, wording
from policy.checks import CALENDAR, Draft
from policy.forms import DecideForm, FilterForm, ProposalForm, WithdrawForm, fingerprint
from policy.models import PolicyValue
from policy.refusals import sentence
from policy.selectors import proposal

FIELD_OF = {
    "policy.region_unknown": "region",
    "policy.region_not_yours": "region",
    "policy.start_not_of_year": "start",
    "policy.start_too_early": "start",
    "policy.start_too_late": "start",
    "policy.reference_missing": "title",
    "policy.notice_of_other_year": "title",
}
"""Where the form shows a refusal; any other stands at its top."""


def _officer(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


@requires(Action.SEE_POLICY)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """All parameters by topic, as they stand in a region on a day; what is missing and what waits."""
    viewer, today = _officer(request), legal_day(datetime.now(UTC))
    form = FilterForm(request.GET or None, regions=pages.region_choices())
    asked = form.cleaned_data if form.is_valid() else {}
    region = asked.get("region") or pages.home_region(viewer)
    on = asked.get("on") or today
    context = {
        "page": pages.overview(region=region, on=on, text=asked.get("text") or ""),
        "form": form,
        "region": region,
        "on": on,
        "text": asked.get("text") or "",
        "may_propose": can(viewer, Action.PROPOSE_POLICY),
    }
    return render(request, "policy/overview.html", context, status=422 if form.errors else 200)


@requires(Action.SEE_POLICY)
@require_safe
def key(request: HttpRequest, key: str) -> HttpResponse:
    """The dated values of one key, and every proposal there was."""
    viewer = _officer(request)
    regions = pages.region_choices()
    region = request.GET.get("region", "")
    if region not in dict(regions):
        region = pages.home_region(viewer)
    page = pages.key_page(key=key, region=region, today=legal_day(datetime.now(UTC)))
    if page is None:
        raise Http404
    context = {"page": page, "regions": regions, "may_propose": can(viewer, Action.PROPOSE_POLICY)}
    return render(request, "policy/key.html", context)


@requires(Action.PROPOSE_POLICY)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose a key, fill in its value and its document, look at what it changes, propose it.

    Nothing is proposed that was not looked at: the fields of a preview travel with its fingerprint.
    """
    viewer, now = _officer(request), datetime.now(UTC)
    wanted = request.POST.get("key") or request.GET.get("key") or ""
    regions = pages.region_choices()
    region = request.GET.get("region", "")
    if region not in dict(regions):
        region = pages.home_region(viewer)
    begin = pages.entry_start(key=wanted, region=region, today=legal_day(now))
    if begin is None:
        context = {"picks": pages.picks(region=region, today=legal_day(now)), "region": region, "key": wanted}
        return render(request, "policy/pick.html", context, status=404 if wanted else 200)
    form = ProposalForm(
        request.POST if request.method == "POST" else None,
        model=begin.model,
        key=wanted,
        regions=regions,
        region=region,
        current=begin.current,
    )
    shown: dict[str, object] = {"form": form, "key": wanted, "title": wording.title(wanted)}
    if request.method != "POST":
        return render(request, "policy/new.html", shown)
    if not form.is_valid():
        return render(request, "policy/new.html", shown, status=422)
    return _preview_or_propose(request, form, viewer=viewer, now=now, shown=shown)


def _preview_or_propose(
    request: HttpRequest, form: ProposalForm, *, viewer: User, now: datetime, shown: dict[str, object]
) -> HttpResponse:
    draft = form.draft()
    seen = fingerprint(draft)
    try:
        services.check_proposal(draft, actor=viewer, now=now)
        if request.POST.get("step") == "propose" and request.POST.get("seen_preview") == seen:
            made = _propose(draft, reason=form.cleaned_data["reason"], viewer=viewer, now=now)
            messages.success(request, _("已提出，等另一位主管批准。批准之前，数值不变。"))
            return redirect("case-policy", number=made.number)
    except Refused as refused:
        return _refused(request, form, refused, viewer=viewer, shown=shown)
    shown |= {"preview": pages.preview(draft, today=legal_day(now)), "seen_preview": seen}
    shown["has_changed"] = request.POST.get("step") == "propose"
    return render(request, "policy/new.html", shown)


def _propose(draft: Draft, *, reason: str, viewer: User, now: datetime) -> PolicyValue:
    return services.propose(
        key=draft.key,
        region=draft.region,
        start=draft.start,
        value=draft.value,
        unit=draft.unit,
        reference=draft.reference,
        assumption=draft.assumption,
        reason=reason,
        actor=viewer,
        now=now,
    )


def _refused(
    request: HttpRequest, form: ProposalForm, refused: Refused, *, viewer: User, shown: dict[str, object]
) -> HttpResponse:
    """A second click leads to what the first one made; anything else is said in the form."""
    if refused.code == "policy.already_proposed":
        waiting = proposal(str(refused.numbers["number"]))
        if waiting is not None and waiting.proposed_by_id == viewer.pk:
            messages.info(request, sentence(refused))
            return redirect("case-policy", number=waiting.number)
    field = FIELD_OF.get(refused.code)
    form.add_error(field if field in form.fields else None, sentence(refused))
    return render(request, "policy/new.html", shown, status=422)


# --- a proposal -------------------------------------------------------------------------------------------


@requires(Action.SEE_POLICY)
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """One proposal: what it is, what it changes, who decides, and what happened."""
    return _show(request, number)


def _show(
    request: HttpRequest,
    number: str,
    *,
    form: DecideForm | None = None,
    withdrawal: WithdrawForm | None = None,
) -> HttpResponse:
    page = pages.proposal_page(_officer(request), number, today=legal_day(datetime.now(UTC)))
    if page is None:
        raise Http404
    is_faulty = any(one is not None and not one.is_valid() for one in (form, withdrawal))
    context = {
        "page": page,
        "case": page.value.case,
        "events": page.events,
        "form": form or DecideForm(),
        "withdrawal": withdrawal or WithdrawForm(),
    }
    return render(request, "policy/proposal.html", context, status=422 if is_faulty else 200)


def _found(number: str) -> PolicyValue:
    row = proposal(number)
    if row is None:
        raise Http404
    return row


@requires(Action.APPROVE_POLICY)
@require_POST
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """The second supervisor approves or declines. A calendar wakes the worker that counts deadlines again."""
    row, viewer, now = _found(number), _officer(request), datetime.now(UTC)
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _show(request, number, form=form)
    remark = form.cleaned_data["remark"]
    try:
        if form.cleaned_data["agreed"] == "yes":
            services.approve(value=row, remark=remark, actor=viewer, now=now)
            messages.success(request, _("已批准，从起始日起生效。"))
        else:
            services.decline(value=row, remark=remark, actor=viewer, now=now)
            messages.success(request, _("没有批准。提出的人能看到您写的原因。"))
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-policy", number=number)
    if CALENDAR.fullmatch(row.key):
        wake(cases.tasks.recompute_provisional)
    return redirect("case-policy", number=number)


@requires(Action.PROPOSE_POLICY)
@require_POST
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """The proposer takes a proposal back."""
    row = _found(number)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return _show(request, number, withdrawal=form)
    try:
        services.withdraw(
            value=row, remark=form.cleaned_data["remark"], actor=_officer(request), now=datetime.now(UTC)
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-policy", number=number)
    messages.success(request, _("已撤回。"))
    return redirect(f"{reverse('policy-key', args=[row.key])}?{urlencode({'region': row.region})}")
