"""The log of who signed in and who read whom: the audit administrator's page, and each person's own share.

A number to look for comes by POST and leaves as the party's key: no number of a person stands in an address.
"""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import selectors
from accounts.models import Access, IdentifierKind, User
from accounts.roles import Action, requires
from accounts.selectors import LogFilters, LogKey


@requires(Action.READ_AUDIT_LOG)
@require_safe
def access_log(request: HttpRequest) -> HttpResponse:
    """The log, newest first, narrowed by who, what, whose file, which case, when."""
    filters = _filters(request)
    page = selectors.access_lines(filters, after=LogKey.parse(request.GET.get("after", "")))
    context = {
        "filters": filters,
        "page": page,
        "acts": Access.Act.choices,
        "next_url": _address(filters, after=page.next_after) if page.next_after else "",
        "clear_url": reverse("access-log"),
        "party_number": selectors.masked_number_of(filters.party),
    }
    return render(request, "administration/access_log.html", context)


@requires(Action.READ_AUDIT_LOG)
@require_POST
def find_party(request: HttpRequest) -> HttpResponse:
    """From a number to the lines about its holder; other filters stay."""
    number = "".join(request.POST.get("number", "").split()).upper()[:40]
    found = next(
        (
            party
            for kind in IdentifierKind.values
            if (party := selectors.party_by_number(kind=kind, number=number)) is not None
        ),
        None,
    )
    if found is None:
        messages.warning(request, _("没有登记过这个号码的人或单位。"))
        return HttpResponseRedirect(reverse("access-log"))
    return HttpResponseRedirect(_address(LogFilters(party=found.pk)))


@requires(Action.SEE_OWN_MATTERS)
@require_safe
def own_readers(request: HttpRequest) -> HttpResponse:
    """Who looked at the own file, when, and why where a reason was asked for."""
    viewer = request.user
    if not isinstance(viewer, User) or viewer.party is None:
        raise Http404
    page = selectors.readers_of(viewer.party, after=LogKey.parse(request.GET.get("after", "")))
    next_url = f"{reverse('my-readers')}?{urlencode({'after': page.next_after})}" if page.next_after else ""
    return render(request, "account/readers.html", {"page": page, "next_url": next_url})


def _filters(request: HttpRequest) -> LogFilters:
    """What the address asks for; a value that cannot be narrows nothing."""
    act, party = request.GET.get("act", ""), request.GET.get("party", "")
    return LogFilters(
        who=_plain(request, "who", 150),
        act=act if act in Access.Act.values else "",
        party=int(party) if party.isascii() and party.isdigit() and len(party) < 19 else None,
        case_number=_plain(request, "case", 24).upper(),
        start=_day(request, "from"),
        end=_day(request, "to"),
    )


def _plain(request: HttpRequest, name: str, longest: int) -> str:
    return request.GET.get(name, "").replace("\x00", "").strip()[:longest]


def _day(request: HttpRequest, name: str) -> date | None:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None


def _address(filters: LogFilters, after: str = "") -> str:
    given = {
        "who": filters.who,
        "act": filters.act,
        "party": filters.party or "",
        "case": filters.case_number,
        "from": filters.start or "",
        "to": filters.end or "",
        "after": after,
    }
    asked = urlencode({name: value for name, value in given.items() if value})
    return f"{reverse('access-log')}?{asked}" if asked else reverse("access-log")
