"""Reads of lookups: which evidence there is. What it means is decided by the app that asked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from accounts.models import Party
from cases.models import Case
from gateways.models import Lookup
from gateways.ports import Source


def latest_lookups(
    *, party: Party, since: date, sources: Collection[Source] = tuple(Source)
) -> dict[Source, Lookup]:
    """The newest lookup of each source about `party` asked on or after `since`: an answered one before an
    open one.

    A source that has answered once and is silent when asked again keeps its answer.
    """
    rows = Lookup.objects.filter(party=party, asked_on__gte=since, source__in=[s.value for s in sources])
    found: dict[Source, Lookup] = {}
    for lookup in rows.order_by("asked_at", "round", "pk"):
        source = Source(lookup.source)
        known = found.get(source)
        if known is None or lookup.answered or not known.answered:
            found[source] = lookup
    return found


def lookups_of_case(case: Case) -> list[Lookup]:
    """Every question asked for a case, oldest first."""
    return list(Lookup.objects.filter(case=case).order_by("asked_at", "pk"))
