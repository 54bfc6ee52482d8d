"""Pages about whose desk a case lies on: putting it aside, going on with it, and the supervisor's desks.

One service a view; what is refused is said on the case's page. No queries.
"""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.roles import Action, requires
from cases import aging, desk, desks, selectors
from cases.forms import HoldForm, ReceiverForm
from cases.models import Case
from cases.refusals import sentence
from law.errors import Refused


def _viewer(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _case(viewer: User, number: str) -> Case:
    case = selectors.case_by_number(viewer, number)
    if case is None:
        raise Http404
    return case


@requires(Action.SEE_QUEUE)
@require_POST
def hold(request: HttpRequest, number: str) -> HttpResponse:
    """Put a case aside until a day, because another office must answer first."""
    viewer = _viewer(request)
    case, form = _case(viewer, number), HoldForm(request.POST)
    if form.is_valid():
        until, reason = form.cleaned_data["until"], form.cleaned_data["reason"]
        try:
            desk.hold_until(case=case, until=until, reason=reason, actor=viewer, now=datetime.now(UTC))
        except Refused as refused:
            messages.warning(request, sentence(refused))
        else:
            messages.success(request, _("放到“等外单位”里了，到时自己回来。两个期限照常走。"))
    else:
        messages.warning(request, form.first_problem())
    return redirect(selectors.case_url(case.kind, case.number))


@requires(Action.SEE_QUEUE)
@require_POST
def resume(request: HttpRequest, number: str) -> HttpResponse:
    """Go on with a case before its day has come."""
    viewer = _viewer(request)
    case = _case(viewer, number)
    try:
        desk.resume(case=case, actor=viewer, now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
    return redirect(selectors.case_url(case.kind, case.number))


@requires(Action.REASSIGN)
@require_safe
def all_desks(request: HttpRequest) -> HttpResponse:
    """The officers of the supervisor's regions, and how much lies with each."""
    found = desks.desks(_viewer(request), now=datetime.now(UTC))
    return render(
        request,
        "cases/desks.html",
        {"desks": found, "aged": aging.count(_viewer(request), now=datetime.now(UTC))},
    )


@requires(Action.REASSIGN)
@require_safe
def aged(request: HttpRequest) -> HttpResponse:
    """The cases of the supervisor's regions that have stood in one status too long."""
    found = aging.groups(_viewer(request), now=datetime.now(UTC))
    return render(request, "cases/aged.html", {"groups": found})


@requires(Action.REASSIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def one_desk(request: HttpRequest, key: int) -> HttpResponse:
    """What lies with one officer; all of it can be given to another, or back to the pool."""
    viewer, now = _viewer(request), datetime.now(UTC)
    holder = desks.officer_of(viewer, key)
    if holder is None:
        raise Http404
    receivers = desks.receivers(viewer, without=holder)
    form = ReceiverForm(request.POST if request.method == "POST" else None, receivers=receivers)
    if form.is_valid():
        moved = desk.reassign_all(holder=holder, to=form.receiver(), actor=viewer, now=now)
        _say(request, moved)
        return redirect("desk", key=key)
    context = {
        "officer": holder,
        "rows": desks.rows_on(viewer, holder, now=now),
        "count": desks.count_on(viewer, holder),
        "form": form,
    }
    return render(request, "cases/one_desk.html", context, status=422 if form.errors else 200)


def _say(request: HttpRequest, moved: desk.Moved) -> None:
    """How many went, and which did not."""
    done = ngettext("转办了 %(count)d 件。", "转办了 %(count)d 件。", moved.count) % {"count": moved.count}
    if moved.left:
        left = _("、").join(moved.left[:10])
        words = _("%(done)s还有 %(count)d 件没有转，岗位或区县不合：%(left)s。")
        messages.warning(request, words % {"done": done, "count": len(moved.left), "left": left})
    else:
        messages.success(request, done)


@requires(Action.REASSIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def reassign(request: HttpRequest, number: str) -> HttpResponse:
    """Give one case to another officer, or back to the pool."""
    viewer = _viewer(request)
    case = _case(viewer, number)
    receivers = desks.receivers(viewer, without=case.handler)
    form = ReceiverForm(request.POST if request.method == "POST" else None, receivers=receivers)
    if not form.is_valid():
        status = 422 if form.errors else 200
        context = {"case": case, "url": selectors.case_url(case.kind, case.number), "form": form}
        return render(request, "cases/reassign.html", context, status=status)
    try:
        desk.reassign(case=case, to=form.receiver(), actor=viewer, now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
    else:
        messages.success(request, _("转好了。"))
    return redirect(selectors.case_url(case.kind, case.number))
