"""Cases that have stood in one status longer than their kind allows, for the supervisors of their regions.

The same limits (`Kind.max_age`) raise the alarms of those who watch the installation; here stand the cases
themselves, of every kind, whoever holds them. Reads only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from accounts.models import User
from accounts.selectors import in_regions
from cases import kinds
from cases.kinds import WAITS_FOR_LABELS, Label, WaitsFor
from cases.models import OPEN, Case
from cases.queue import COUNTED_TO
from cases.selectors import case_url

SHOWN = 50
"""So many of a group are listed, longest first; all are counted."""


@dataclass(frozen=True)
class Aged:
    """One case that has not moved."""

    number: str
    party_name: str
    handler_name: str
    since: datetime
    url: str


@dataclass(frozen=True)
class Group:
    """All cases of one kind and status that are past its limit."""

    kind_label: Label
    status_label: Label
    waits_for: Label
    limit: timedelta
    count: int
    oldest_at: datetime
    cases: Sequence[Aged]

    @property
    def limit_hours(self) -> int:
        """The limit of a status that is left within a day."""
        return int(self.limit.total_seconds()) // 3_600


def count(viewer: User, *, now: datetime) -> int:
    """How many there are in the viewer's regions, up to `COUNTED_TO`."""
    return _past(viewer, now=now).order_by()[:COUNTED_TO].count()


def groups(viewer: User, *, now: datetime) -> list[Group]:
    """By kind and status, longest waiting first; one query for the groups and one for each."""
    found = (
        _past(viewer, now=now)
        .order_by()
        .values("kind", "status")
        .annotate(size=Count("pk"), oldest=Min("changed_at"))
    )
    return [
        _group(viewer, row["kind"], row["status"], row["size"], row["oldest"], now=now)
        for row in sorted(found, key=lambda row: (row["oldest"], row["kind"], row["status"]))
    ]


def _past(viewer: User, *, now: datetime, only: tuple[str, str] | None = None) -> QuerySet[Case]:
    limits = [
        (kind.code, status, age)
        for kind in kinds.all_kinds()
        for status, age in kind.max_age.items()
        if only is None or only == (kind.code, status)
    ]
    past = Q(pk__in=())
    for kind, status, age in limits:
        past |= Q(kind=kind, status=status, changed_at__lt=now - age)
    return in_regions(Case.objects.filter(OPEN, past), viewer)


def _group(viewer: User, kind: str, status: str, size: int, oldest: datetime, *, now: datetime) -> Group:
    declared = kinds.get(kind)
    rows = _past(viewer, now=now, only=(kind, status)).select_related("party", "handler")
    return Group(
        kind_label=declared.label,
        status_label=declared.status_labels[status],
        waits_for=WAITS_FOR_LABELS[WaitsFor(declared.waits_for[status])],
        limit=declared.max_age[status],
        count=size,
        oldest_at=oldest,
        cases=[
            Aged(
                number=case.number,
                party_name=case.party.name if case.party is not None else "",
                handler_name=str(case.handler or ""),
                since=case.changed_at,
                url=case_url(case.kind, case.number),
            )
            for case in rows.order_by("changed_at", "pk")[:SHOWN]
        ],
    )
