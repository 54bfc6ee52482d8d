"""The supervisor's page: what was spent, how quickly it was decided, what needs somebody. Reads only."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.roles import Action, requires
from audit.selectors import figures
from law.workdays import legal_day


@requires(Action.SEE_FUND)
@require_safe
def fund(request: HttpRequest) -> HttpResponse:
    """A year of the viewer's regions; the latest one with figures unless another is asked for."""
    assert isinstance(request.user, User)
    today = legal_day(datetime.now(UTC))
    board = figures.board(request.user, year=request.GET.get("year", str(today.year)), today=today)
    return render(request, "audit/fund.html", {"board": board})
