"""Pages of monthly checks: the newest run, one run, starting one by hand and asking again."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.roles import Action, can, requires
from audit import selectors, services, tasks
from audit.forms import StartForm
from audit.models import CheckRun
from audit.refusals import sentence
from audit.services.monthly import due_period
from cases.waking import wake
from law.errors import Refused
from payouts.models import pool_of


def _officer(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


@requires(Action.SEE_CASE)
@require_GET
def checks(request: HttpRequest) -> HttpResponse:
    """The newest run of the viewer's regions, or how to start the first one."""
    return _show(request, selectors.latest_run(_officer(request)))


@requires(Action.SEE_CASE)
@require_GET
def check(request: HttpRequest, number: str) -> HttpResponse:
    """One run: how far it is, what it found, and the findings."""
    return _show(request, _found_or_404(request, number))


def _found_or_404(request: HttpRequest, number: str) -> CheckRun:
    run = selectors.run_by_number(_officer(request), number)
    if run is None:
        raise Http404
    return run


def _show(request: HttpRequest, run: CheckRun | None) -> HttpResponse:
    viewer, now = _officer(request), datetime.now(UTC)
    after = request.GET.get("after", "")
    is_key = after.isascii() and after.isdigit() and len(after) < 18
    page = selectors.run_page(viewer, run, after=int(after) if is_key else None) if run is not None else None
    cities = sorted({pool_of(region) for region in viewer.regions if not region.endswith("0000")})
    runs = selectors.runs_of(viewer)
    known = {(one.region, one.period) for one in runs}
    due = [(region, due_period(region, now=now)) for region in cities]
    context = {
        "page": page,
        "runs": runs,
        "startable": [one for one in due if one not in known] if can(viewer, Action.HANDLE_CASE) else [],
    }
    return render(request, "audit/check.html", context)


@requires(Action.HANDLE_CASE)
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Start the check of a month by hand; started already, it is shown."""
    form = StartForm(request.POST)
    if not form.is_valid():
        return redirect("checks")
    try:
        run = services.start_check(
            region=form.cleaned_data["region"],
            period=form.cleaned_data["period"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("checks")
    wake(tasks.go_on)
    messages.success(request, _("名单已定，正在送全国信息查询比对。"))
    return redirect("check", number=run.number)


@requires(Action.HANDLE_CASE)
@require_POST
def again(request: HttpRequest, number: str) -> HttpResponse:
    """Ask once more about everybody who has no answer."""
    run = _found_or_404(request, number)
    try:
        file = services.ask_again(run=run, actor=_officer(request), now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("check", number=number)
    if file is None:
        messages.info(request, _("人人都有结果，不用再查。"))
        return redirect("check", number=number)
    wake(tasks.go_on)
    messages.success(request, _("正在重查没有结果的人。"))
    return redirect("check", number=number)
