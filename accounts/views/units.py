"""我的单位: the units one may act for, who else may, and giving that on or taking it back."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import mandates, selectors
from accounts.acting import acting_for, ended_words
from accounts.forms import DelegateForm
from accounts.models import Access, Mandate, User
from accounts.refusals import sentence
from accounts.roles import Action, requires
from accounts.services import record_access
from law.errors import Refused

# Where the words of a refusal stand on the form; all others stand above it.
FIELD_OF = {
    "identifier.invalid": "id_number",
    "mandate.self": "id_number",
    "mandate.already": "id_number",
    "mandate.name_differs": "id_number",
    "mandate.until_past": "until",
}


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_safe
def own_units(request: HttpRequest) -> HttpResponse:
    """The units one may act for, and those one no longer may; without any it says so, as a refusal."""
    found = selectors.own_units(_user(request), now=datetime.now(UTC))
    why = ended_words(found.past[0].mandate) if found.past and not found.now else ""
    context = {"rows": found.now, "past": found.past, "why": why}
    return render(request, "units/list.html", context, status=200 if found.now else 403)


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_safe
def unit(request: HttpRequest, unit: int) -> HttpResponse:
    """One unit, and who may act for it."""
    return _unit_page(request, acting_for(request, unit), DelegateForm())


@never_cache
@sensitive_post_parameters("id_number", "name")
@requires(Action.DELEGATE_UNIT)
@require_POST
def delegate(request: HttpRequest, unit: int) -> HttpResponse:
    """Let another person act for the unit."""
    own = acting_for(request, unit)
    form = DelegateForm(request.POST)
    if form.is_valid():
        try:
            made = mandates.delegate(
                unit=own.unit,
                name=form.cleaned_data["name"],
                id_number=form.cleaned_data["id_number"],
                until=form.cleaned_data["until"],
                actor=_user(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            if refused.code == "mandate.not_yours":
                # Ended since the page was opened, and even since the guard asked.
                raise PermissionDenied(sentence(refused)) from None
            # Whose number belongs to which name must not be found out by trying: each try leaves a trace.
            _record_refused(request, own, refused)
            form.add_error(FIELD_OF.get(refused.code), sentence(refused))
        else:
            messages.success(
                request,
                _("已经委托%(name)s。请告诉本人：在登录页选“单位”登录，就能替单位办事。")
                % {"name": made.named_as},
            )
            return redirect("unit", unit=unit)
    return _unit_page(request, own, form, status=422)


@never_cache
@requires(Action.DELEGATE_UNIT)
@require_POST
def end_mandate(request: HttpRequest, unit: int, key: int) -> HttpResponse:
    """Take a delegation back, or give the own one up."""
    own = acting_for(request, unit)
    try:
        ended = mandates.end_mandate(key=key, unit=unit, actor=_user(request), now=datetime.now(UTC))
    except Refused as refused:
        if refused.code == "mandate.not_yours":
            raise Http404 from None
        messages.error(request, sentence(refused))
        return redirect("unit", unit=unit)
    if ended.pk == own.pk:
        messages.success(request, _("您已经交还“%(unit)s”的委托，马上生效。") % {"unit": own.unit.name})
        return redirect("units")
    messages.success(request, _("已经撤回对%(name)s的委托，马上生效。") % {"name": ended.named_as})
    return redirect("unit", unit=unit)


def _record_refused(request: HttpRequest, own: Mandate, refused: Refused) -> None:
    record_access(
        act=Access.Act.REFUSED,
        actor=_user(request),
        party=own.unit,
        reason=refused.code,
        address=request.META.get("REMOTE_ADDR", ""),
        now=datetime.now(UTC),
    )


def _unit_page(request: HttpRequest, own: Mandate, form: DelegateForm, *, status: int = 200) -> HttpResponse:
    page = selectors.unit_page(own, now=datetime.now(UTC))
    return render(request, "units/unit.html", {"page": page, "form": form}, status=status)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `requires` has let nobody else in
    return request.user
