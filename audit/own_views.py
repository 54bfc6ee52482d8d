"""What a person sees of the checks: what is compared and when, what is asked, why money waits, and a place to
reply.
"""

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
from audit import selectors, services
from audit.forms import ReplyForm
from audit.refusals import sentence
from claims.selectors import claim_for_citizen
from law.errors import Refused


@requires(Action.SEE_OWN_MATTERS)
@require_http_methods(["GET", "POST"])
def own_checks(request: HttpRequest, number: str) -> HttpResponse:
    """The checks of one's own claim: read what was found, state and defend in words or with papers."""
    assert isinstance(request.user, User)
    viewer, now = request.user, datetime.now(UTC)
    claim = claim_for_citizen(viewer, number)
    if claim is None:
        raise Http404
    form = None
    if request.method == "POST":
        found = selectors.own_finding(claim, request.POST.get("finding", ""))
        if found is None:
            messages.warning(request, _("没有要您说明的这件事。请从下面选。"))
            return redirect("claim-checks", number=number)
        form = ReplyForm(request.POST, request.FILES)
        if form.is_valid():
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
            return redirect("claim-checks", number=number)
    page = selectors.own_page(claim, now=now)
    status = HTTPStatus.OK if form is None else HTTPStatus.UNPROCESSABLE_ENTITY
    context = {
        "page": page,
        "case": claim.case,
        "form": form or ReplyForm(),
        "faulty": request.POST.get("finding", "") if form is not None else "",
    }
    return render(request, "audit/own_checks.html", context, status=status)
