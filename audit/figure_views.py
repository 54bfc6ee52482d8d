"""The supervisor's page: what was spent, how quickly was decided, what needs somebody; and it as a file."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.roles import Action, can, requires
from audit.figure_forms import FiguresForm
from audit.selectors import figures
from cases import jobs
from cases.models import Job
from cases.refusals import sentence
from cases.tasks import run_job
from cases.waking import wake
from law.errors import Refused
from law.workdays import legal_day


@requires(Action.SEE_FUND)
@require_safe
def fund(request: HttpRequest) -> HttpResponse:
    """A year of the viewer's regions; the latest one with figures unless another is asked for."""
    assert isinstance(request.user, User)
    today = legal_day(datetime.now(UTC))
    board = figures.board(request.user, year=request.GET.get("year", str(today.year)), today=today)
    context = {"board": board, "may_export": can(request.user, Action.EXPORT)}
    return render(request, "audit/fund.html", context)


@requires(Action.EXPORT)
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Ask for a year's figures as a file; asked for twice it is one job."""
    assert isinstance(request.user, User)
    form = FiguresForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("没有选年度或者格式，请在这一页上再点一次。"))
        return redirect("fund")
    parameters = {"year": form.cleaned_data["year"], "language": get_language() or ""}
    try:
        job = jobs.ask_for_export(
            kind=Job.Kind(form.cleaned_data["kind"]),
            parameters=parameters,
            reason=_("带走看板的汇总数字"),
            actor=request.user,
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("fund")
    wake(run_job, job_id=job.pk)
    return redirect("job", key=job.pk)
