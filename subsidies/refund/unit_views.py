"""The unit's own pages of its refunds, opened under a mandate; and the public notice, which anybody may
read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.acting import acting_for
from accounts.models import Mandate, User
from accounts.roles import Action, requires
from law.errors import Refused
from law.workdays import legal_day
from subsidies.refund import pages, selectors, services
from subsidies.refund.forms import WordsForm
from subsidies.refund.models import Refund
from subsidies.refusals import sentence


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `requires` has let nobody else in
    return request.user


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_safe
def refunds(request: HttpRequest, unit: int) -> HttpResponse:
    """All years of a unit."""
    own = acting_for(request, unit)
    rows = [pages.unit_line(refund) for refund in selectors.refunds_of_unit(own.unit_id)]
    return render(request, "refunds/unit_list.html", {"own": own, "rows": rows})


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_safe
def refund(request: HttpRequest, unit: int, year: int) -> HttpResponse:
    """One year: the amount, the numbers behind it, and what the unit may say."""
    own, found = _own_or_404(request, unit, year)
    return _show(request, own, found)


def _own_or_404(request: HttpRequest, unit: int, year: int) -> tuple[Mandate, Refund]:
    own = acting_for(request, unit)
    found = selectors.refund_of_unit(own.unit_id, year)
    if found is None:
        raise Http404
    return own, found


def _show(
    request: HttpRequest, own: Mandate, found: Refund, *, objecting: WordsForm | None = None
) -> HttpResponse:
    context = {
        **pages.unit_page(found, now=datetime.now(UTC)),
        "own": own,
        "objecting": objecting or WordsForm(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if objecting is not None else HTTPStatus.OK
    return render(request, "refunds/unit.html", context, status=status)


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_POST
def confirm(request: HttpRequest, unit: int, year: int) -> HttpResponse:
    """The numbers are right."""
    _own, found = _own_or_404(request, unit, year)
    try:
        services.confirm(refund=found, actor=_user(request), now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
    else:
        messages.success(request, _("已经确认，接着公示。"))
    return redirect("unit-refund", unit=unit, year=year)


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_POST
def decline(request: HttpRequest, unit: int, year: int) -> HttpResponse:
    """No refund is wanted this year."""
    _own, found = _own_or_404(request, unit, year)
    try:
        services.decline(refund=found, actor=_user(request), now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
    else:
        messages.success(request, _("已经记下：本年不要返还。"))
    return redirect("unit-refund", unit=unit, year=year)


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_POST
def object_to(request: HttpRequest, unit: int, year: int) -> HttpResponse:
    """Something is wrong; a person looks at it."""
    own, found = _own_or_404(request, unit, year)
    form = WordsForm(request.POST)
    if form.is_valid():
        try:
            services.object_to(
                refund=found,
                words=form.cleaned_data["words"],
                actor=_user(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
    if form.errors:
        return _show(request, own, found, objecting=form)
    messages.success(request, _("已经收到您的异议，工作人员核实后在这一页答复。"))
    return redirect("unit-refund", unit=unit, year=year)


# --- the public notice ------------------------------------------------------------------------------------


@requires(Action.PUBLIC)
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """The notices whose days last."""
    rows = selectors.open_notices(legal_day(datetime.now(UTC)))
    return render(request, "refunds/notices.html", {"rows": rows})


@requires(Action.PUBLIC)
@require_safe
def notice(request: HttpRequest, year: int, region: str, nth: int) -> HttpResponse:
    """One notice: unit names, average headcounts and amounts, and how to speak up."""
    found = selectors.notice_of(year, region, nth)
    if found is None:
        raise Http404
    after = request.GET.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else 0
    page = pages.notice_page(found, after=start, now=datetime.now(UTC))
    return render(request, "refunds/notice.html", page)
