"""The queue's pages: a list of open cases, taking one, the next one, and the way to a case's own page.

One selector or service a view. A case's own page belongs to the app of its kind (`case-<kind>`).
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import accounts.refusals
from accounts.models import User
from accounts.roles import Action, can, requires
from accounts.selectors import masked_number
from accounts.services import unmask
from cases import aging, selectors, services
from cases.context import COUNTED
from cases.kinds import Label
from cases.models import Case
from cases.queue import ALL, Filters, Key, own_count, tabs_of
from cases.refusals import sentence
from law.errors import Refused


@dataclass(frozen=True)
class Tab:
    """One tab of the queue: where it leads, how much is in it, and whether it is open."""

    code: str
    label: Label
    count: str
    current: bool
    url: str


def _viewer(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _filters(request: HttpRequest) -> Filters:
    """What the address asks for; a value nobody offers narrows nothing."""

    def chosen(name: str, offered: list[str]) -> str:
        value = request.GET.get(name, "")
        return value if value in offered else ""

    text = request.GET.get("text") or request.GET.get("q") or ""
    return Filters(
        kind=chosen("kind", [code for code, _label in selectors.kind_choices()]),
        check=chosen("check", [code for code, _label in selectors.check_choices()]),
        due=chosen("due", list(selectors.DUE_CHOICES)),
        text=text.replace("\x00", "").strip()[:60],
    )


def _address(**parts: str) -> str:
    given = {name: value for name, value in parts.items() if value}
    return f"{reverse('queue')}?{urlencode(given)}" if given else reverse("queue")


@requires(Action.SEE_QUEUE)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """The officer's queue; htmx gets the rows alone. A complete case number leads to the case itself."""
    viewer, now, filters = _viewer(request), datetime.now(UTC), _filters(request)
    known = tabs_of(viewer)
    searched = "q" in request.GET
    tab = request.GET.get("tab", "")
    if tab not in known:
        tab = ALL if searched else known[0]
    if searched and (found := selectors.case_by_number(viewer, filters.text)) is not None:
        return redirect(selectors.case_url(found.kind, found.number))
    after = request.GET.get("after", "")
    page = selectors.open_cases(viewer, tab=tab, filters=filters, now=now, after=after)
    narrowed = {name: value for name, value in asdict(filters).items() if value}
    next_url = _address(tab=tab, **narrowed, after=page.next_after) if page.next_after else ""
    context: dict[str, object] = {
        "page": page,
        "tab": tab,
        "filters": filters,
        "next_after": page.next_after,
        "next_url": next_url,
        "is_first": Key.parse(after) is None,
    }
    if request.headers.get("HX-Request") == "true":
        return render(
            request, "cases/_rows.html", context | {"total_label": _total(len(page.rows), "", filters)}
        )
    sizes = selectors.counts(viewer, now=now)
    setattr(request, COUNTED, {"queue": own_count(viewer, sizes), **sizes})
    context |= {
        "tabs": [
            Tab(
                code,
                selectors.tab_label(code),
                selectors.shown_count(sizes[code]),
                code == tab,
                _address(tab=code, **narrowed),
            )
            for code in known
        ],
        "kind_choices": selectors.kind_choices(),
        "check_choices": selectors.check_choices(),
        "due_choices": list(selectors.DUE_CHOICES.items()),
        "clear_url": _address(tab=tab),
        "aged": aging.count(viewer, now=now) if can(viewer, Action.REASSIGN) else 0,
        "due_today": sizes["due_today"],
        "overdue": sizes["overdue"],
        "total_label": _total(len(page.rows), selectors.shown_count(sizes[tab]), filters),
    }
    return render(request, "cases/queue.html", context)


def _total(shown: int, count: str, filters: Filters) -> str:
    """How many there are: of the whole tab, or what a narrowed list shows here."""
    if filters.active or not count:
        return ngettext("这里 %(shown)d 件", "这里 %(shown)d 件", shown) % {"shown": shown}
    return _("共 %(count)s 件") % {"count": count}


def _case(viewer: User, number: str) -> Case:
    case = selectors.case_by_number(viewer, number)
    if case is None:
        raise Http404
    return case


@requires(Action.SEE_CASE)
@require_safe
def open_case_page(request: HttpRequest, number: str) -> HttpResponse:
    """Lead to the page of the case's own kind; 404 outside the viewer's regions."""
    case = _case(_viewer(request), number)
    return redirect(selectors.case_url(case.kind, case.number))


@requires(Action.SEE_QUEUE)
@require_POST
def take(request: HttpRequest, number: str) -> HttpResponse:
    """Put a case on the officer's desk and open it; what stands in the way is said on its page."""
    viewer = _viewer(request)
    case = _case(viewer, number)
    try:
        services.take(case=case, actor=viewer, now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
    return redirect(selectors.case_url(case.kind, case.number))


@requires(Action.SEE_QUEUE)
@require_POST
def release(request: HttpRequest, number: str) -> HttpResponse:
    """Put a case back into the queue."""
    viewer = _viewer(request)
    case = _case(viewer, number)
    try:
        services.release(case=case, actor=viewer, now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect(selectors.case_url(case.kind, case.number))
    return HttpResponseRedirect(reverse("queue"))


@requires(Action.SEE_QUEUE)
@require_POST
def next_case(request: HttpRequest) -> HttpResponse:
    """Take the next case by its promise and open it; `skip` is the number of the one being left."""
    case = services.take_next(
        viewer=_viewer(request), now=datetime.now(UTC), skip=request.POST.get("skip", "")[:24]
    )
    if case is None:
        messages.success(request, _("待办都办完了。"))
        return HttpResponseRedirect(reverse("queue"))
    return redirect(selectors.case_url(case.kind, case.number))


@never_cache
@requires(Action.UNMASK)
@require_http_methods(["GET", "HEAD", "POST"])
def show_number(request: HttpRequest, number: str) -> HttpResponse:
    """The number of the case's person in full, on this one answer, for a reason that the person can read."""
    viewer = _viewer(request)
    case = _case(viewer, number)
    if case.party is None:
        raise Http404
    reason, context, status = request.POST.get("reason", ""), {"shown": "", "refusal": ""}, 200
    if request.method == "POST":
        try:
            context["shown"] = unmask(
                party=case.party,
                actor=viewer,
                case_number=case.number,
                reason=reason,
                address=str(request.META.get("REMOTE_ADDR", "")),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            context["refusal"], status = accounts.refusals.sentence(refused), 422
    page = {
        "case": case,
        "party": case.party,
        "case_url": selectors.case_url(case.kind, case.number),
        "masked_number": masked_number(case.party),
        "reason": reason,
        **context,
    }
    return render(request, "cases/number.html", page, status=status)
