"""What a person sees of a check: what is asked, why money waits, and a place to reply."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.roles import Action, requires
from audit import kinds, selectors, services
from audit.checks import Check
from audit.forms import ReplyForm
from audit.refusals import sentence
from audit.selectors.findings import reply_clock
from law.errors import Refused


@requires(Action.SEE_OWN_MATTERS)
@require_http_methods(["GET", "POST"])
def own_finding(request: HttpRequest, number: str) -> HttpResponse:
    """One's own matter: read what was found, and state and defend in words or with papers."""
    assert isinstance(request.user, User)
    viewer, now = request.user, datetime.now(UTC)
    found = selectors.own_finding(viewer, number)
    if found is None:
        raise Http404
    form = ReplyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.reply(
                finding=found,
                text=form.cleaned_data["text"],
                papers=form.cleaned_data["papers"],
                actor=viewer,
                now=now,
            )
        except Refused as refused:
            messages.warning(request, sentence(refused))
        else:
            messages.success(request, _("收到了，您说的写进了案卷。"))
        return redirect("own-finding", number=number)
    context = {
        "finding": found,
        "case": found.case,
        "check_label": Check(found.check_code).label,
        "status_label": kinds.FINDING.status_labels[found.case.status],
        "clock": reply_clock(found, now=now),
        "may_reply": found.case.status in kinds.TAKES_A_REPLY,
        "form": form,
    }
    is_faulty = request.method == "POST"
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_faulty else HTTPStatus.OK
    return render(request, "audit/own_finding.html", context, status=status)
