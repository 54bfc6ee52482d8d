"""Officers' pages of the lists that name units, and of the holds on their refunds. Works without a script."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.roles import Action, can, requires
from enterprises import selectors, services
from enterprises.forms import HoldForm, LiftForm, PublicationForm
from enterprises.models import Hold
from enterprises.refusals import sentence
from enterprises.words import fault_words
from law.errors import Refused


def _officer(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `requires` has let nobody else in
    return request.user


@requires(Action.SEE_UNITS)
@require_GET
def lists(request: HttpRequest) -> HttpResponse:
    """What was read of each list, and the form to record the next issue."""
    return _lists(request, PublicationForm())


def _lists(request: HttpRequest, form: PublicationForm, *, status: int = 200) -> HttpResponse:
    context = {
        "rows": selectors.publications(),
        "form": form,
        "may_keep": can(request.user, Action.KEEP_LISTS),
    }
    return render(request, "enterprises/lists.html", context, status=status)


@requires(Action.KEEP_LISTS)
@require_POST
def record_list(request: HttpRequest) -> HttpResponse:
    """Record one issue of a list."""
    form = PublicationForm(request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = services.record_publication(
                name=given["name"],
                document=given["document"],
                published_on=given["published_on"],
                entries=form.entries(),
                actor=_officer(request),
                now=datetime.now(UTC),
                is_complete=not given["supplement"],
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
        else:
            words = ngettext(
                "登记了 %(rows)s 行，其中 %(known)s 个是本地参保单位。",
                "登记了 %(rows)s 行，其中 %(known)s 个是本地参保单位。",
                made.rows,
            )
            messages.success(request, words % {"rows": made.rows, "known": made.known})
            return redirect("list", key=made.pk)
    return _lists(request, form, status=422)


@requires(Action.SEE_UNITS)
@require_GET
def one_list(request: HttpRequest, key: int) -> HttpResponse:
    """One issue of a list: the units of ours on it, and the lines that could not be read."""
    page = selectors.publication_page(_officer(request), key)
    if page is None:
        raise Http404
    context = {"page": page, "faults": fault_words(page.publication)}
    return render(request, "enterprises/list.html", context)


@requires(Action.SEE_UNITS)
@require_GET
def holds(request: HttpRequest) -> HttpResponse:
    """The refunds that are held back, and those let go lately."""
    return _holds(request, HoldForm())


def _holds(request: HttpRequest, form: HoldForm, *, status: int = 200) -> HttpResponse:
    context = {
        "page": selectors.holds_page(_officer(request)),
        "form": form,
        "lift": LiftForm(auto_id=False),
        "may_hold": can(request.user, Action.HOLD_REFUNDS),
    }
    return render(request, "enterprises/holds.html", context, status=status)


@requires(Action.HOLD_REFUNDS)
@require_POST
def place_hold(request: HttpRequest) -> HttpResponse:
    """Hold a unit's refund back."""
    form = HoldForm(request.POST)
    if form.is_valid():
        unit = selectors.enterprise_by_code(_officer(request), form.cleaned_data["code"])
        if unit is None:
            form.add_error("code", _("您的地区里没有这个代码的参保单位。请核对代码。"))
        else:
            services.place_hold(
                enterprise=unit,
                ground=Hold.Ground(form.cleaned_data["ground"]),
                case=None,
                reason=form.cleaned_data["reason"],
                actor=_officer(request),
                now=datetime.now(UTC),
            )
            messages.success(request, _("已暂缓这个单位的返还。职工的待遇不受影响。"))
            return redirect("holds")
    return _holds(request, form, status=422)


@requires(Action.HOLD_REFUNDS)
@require_POST
def lift_hold(request: HttpRequest, key: int) -> HttpResponse:
    """Let a unit's refund go again."""
    found = selectors.hold_by_key(_officer(request), key)
    if found is None:
        raise Http404
    form = LiftForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("请写明为什么解除。"))
        return redirect("holds")
    try:
        services.lift_hold(
            hold=found,
            because=form.cleaned_data["because"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("holds")
    messages.success(request, _("已解除。"))
    return redirect("holds")
