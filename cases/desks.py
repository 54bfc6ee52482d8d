"""All reads of officers' desks: who holds how much, what lies on one desk, who may be given a case.

The supervisor who asks comes first: only cases of the own regions are counted and shown. Never writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts.models import Role, User
from accounts.selectors import in_regions, region_prefixes
from cases import kinds
from cases.clocks import Clock, calendar
from cases.kinds import Label, WaitsFor
from cases.models import OPEN, Case
from cases.selectors import case_url, clocks_of
from law.workdays import legal_day

SHOWN = 100
"""A desk's page shows so many cases, nearest promise first."""

WORKERS = (Role.HANDLER, Role.REVIEWER)
"""The roles that hold cases."""


@dataclass(frozen=True)
class Desk:
    """One officer and what lies on the desk: open cases, those past their promise, those put aside."""

    officer: User
    open: int
    overdue: int
    aside: int


@dataclass(frozen=True)
class Row:
    """One case on a desk."""

    case: Case
    kind_label: Label
    status_label: Label
    promise_clock: Clock
    url: str


def desks(viewer: User, *, now: datetime) -> list[Desk]:
    """Every officer of the viewer's regions who handles or reviews, and whoever else holds a case there;
    fullest desk first.
    """
    held = _held(viewer).order_by().values("handler")
    sizes = {
        row["handler"]: row
        for row in held.annotate(
            open=Count("pk"),
            overdue=Count("pk", filter=Q(queue_on__lt=legal_day(now))),
            aside=Count("pk", filter=Q(waits_for=WaitsFor.OFFICE.value)),
        )
    }
    none = {"open": 0, "overdue": 0, "aside": 0}
    officers = User.objects.filter(Q(is_active=True) | Q(pk__in=list(sizes))).exclude(roles=[])
    found = [
        Desk(officer, size["open"], size["overdue"], size["aside"])
        for officer in officers
        if (size := sizes.get(officer.pk, none)) is not none or _works_for(viewer, officer)
    ]
    return sorted(found, key=lambda desk: (-desk.open, str(desk.officer)))


def _held(viewer: User, **narrowed: object) -> QuerySet[Case]:
    """The open cases of the viewer's regions that lie on a desk."""
    held = Case.objects.filter(OPEN, handler__isnull=False, **narrowed)
    return in_regions(held, viewer)


def _works_for(viewer: User, officer: User) -> bool:
    """Whether the officer holds cases at all, and in a region that is also the viewer's."""
    if not any(officer.has_role(role) for role in WORKERS):
        return False
    return any(
        own.startswith(other) or other.startswith(own)
        for own in region_prefixes(viewer)
        for other in region_prefixes(officer)
    )


def officer_of(viewer: User, key: int) -> User | None:
    """An officer whose desk the viewer may see; None for any other user."""
    officer = User.objects.filter(pk=key).exclude(roles=[]).first()
    if officer is None:
        return None
    return officer if _works_for(viewer, officer) or _held(viewer, handler=officer).exists() else None


def receivers(viewer: User, *, without: User | None = None) -> list[User]:
    """Officers of the viewer's regions to whom a case could be given, by name."""
    active = User.objects.filter(is_active=True, roles__overlap=[role.value for role in WORKERS])
    return sorted(
        (officer for officer in active if officer != without and _works_for(viewer, officer)), key=str
    )


def count_on(viewer: User, officer: User) -> int:
    """How many open cases of the viewer's regions lie on an officer's desk."""
    return _held(viewer, handler=officer).count()


def rows_on(viewer: User, officer: User, *, now: datetime) -> Sequence[Row]:
    """The first cases on an officer's desk, nearest promise first."""
    days = calendar()
    found = _held(viewer, handler=officer).select_related("party").order_by("queue_on", "pk")
    return [_row(case, clocks_of(case, now=now, days=days)[0]) for case in found[:SHOWN]]


def _row(case: Case, promise: Clock) -> Row:
    kind = kinds.get(case.kind)
    return Row(
        case=case,
        kind_label=kind.label,
        status_label=kind.status_labels.get(case.status, case.status),
        promise_clock=promise,
        url=case_url(case.kind, case.number),
    )
