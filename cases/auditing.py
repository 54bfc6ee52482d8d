"""Determinations as an auditor gets them: what was decided, on what, by which numbers, vouched for how.

Reads only. Facts and codes, never a name and never a number of a person: none of these tables holds one. What
an officer wrote in words stays in the house.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from allauth.idp.oidc.models import Client
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.selectors import MACHINE_USERNAME, in_regions_of_client
from cases import trail
from cases.models import Determination, Event, ParameterSet
from law.decision import Reason
from law.money import Fen, yuan
from law.workdays import LEGAL_ZONE, end_of_legal_day

FEN = "_fen"


@dataclass(frozen=True)
class Money:
    """An amount: whole fen, and the same in yuan as text."""

    fen: int
    yuan: str

    @classmethod
    def of(cls, fen: int) -> Money:
        """From fen."""
        return cls(fen, yuan(Fen(fen)))


@dataclass(frozen=True)
class Link:
    """One event of a case's trail, with the text of each part as it was hashed."""

    sequence: int
    verb: str
    actor_id: int
    at: str
    payload: str
    previous_hash: str
    hash: str


@dataclass(frozen=True)
class Audited:
    """One determination. `files` of the access log: whose file was read by looking at it."""

    id: int
    case_number: str
    region: str
    program: str
    rule_version: str
    verdict: str
    made_at: datetime
    made_by: str
    amount: Money | None
    results: Mapping[str, object]
    reasons: Sequence[Mapping[str, object]]
    facts: Mapping[str, object]
    sources: Mapping[str, object]
    parameters_digest: str
    content_hash: str
    event_sequence: int
    event_hash: str
    party_id: int | None


@dataclass(frozen=True)
class Evidence(Audited):
    """One determination with all that it takes to recompute its hashes."""

    decision: Mapping[str, object]
    trail: Sequence[Link]


@dataclass(frozen=True)
class Wanted:
    """What narrows the list; days are legal days, both included."""

    program: str = ""
    verdict: str = ""
    case_number: str = ""
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Place:
    """The last determination of a page, after which the next one begins."""

    made_at: datetime
    id: int


def determinations(client: Client, *, wanted: Wanted, after: Place | None, limit: int) -> list[Audited]:
    """Up to `limit` determinations in the client's regions, oldest first: what is there never moves."""
    rows = _readable(client)
    if wanted.program:
        rows = rows.filter(program=wanted.program)
    if wanted.verdict:
        rows = rows.filter(verdict=wanted.verdict)
    if wanted.case_number:
        rows = rows.filter(case__number=wanted.case_number)
    if wanted.start is not None:
        rows = rows.filter(made_at__gte=_midnight(wanted.start))
    if wanted.end is not None:
        rows = rows.filter(made_at__lt=end_of_legal_day(wanted.end))
    if after is not None:
        # The first condition repeats the second in the form that walks the index.
        later = Q(made_at__gt=after.made_at) | Q(made_at=after.made_at, pk__gt=after.id)
        rows = rows.filter(later, made_at__gte=after.made_at)
    page = list(rows.order_by("made_at", "pk")[:limit])
    vouching = _vouching(page)
    return [Audited(**_fields(row, vouching[row.pk])) for row in page]


def determination(client: Client, *, key: int) -> Evidence | None:
    """One determination with its trail; None where there is none in the client's regions."""
    row = _readable(client).filter(pk=key).first()
    if row is None:
        return None
    event = _vouching([row])[row.pk]
    links = (
        Event.objects.filter(case_id=row.case_id, sequence__lte=event.sequence)
        .annotate(text=Cast("payload", TextField()))
        .order_by("sequence")
        .values_list("sequence", "verb", "actor_id", "at", "text", "previous_hash", "hash")
    )
    chain = [Link(*link[:3], trail.instant(link[3]), *link[4:]) for link in links]
    return Evidence(**_fields(row, event), decision=row.decision, trail=chain)


def parameter_set(digest: str) -> ParameterSet | None:
    """The numbers of law kept under this digest. They name nobody, so every auditor may read them."""
    return ParameterSet.objects.filter(pk=digest).first()


def _readable(client: Client) -> QuerySet[Determination]:
    rows = Determination.objects.select_related("case", "made_by")
    return in_regions_of_client(rows, client, "case__region")


def _vouching(rows: Sequence[Determination]) -> dict[int, Event]:
    """The event of the trail that vouches for each determination. There is one for each: else the trail is
    broken, and a KeyError says so.
    """
    events = Event.objects.filter(case_id__in={row.case_id for row in rows}, verb=trail.DETERMINED)
    return {event.payload["determination"]: event for event in events}


def _fields(row: Determination, event: Event) -> dict[str, Any]:
    results: Mapping[str, object] = row.decision["results"]
    reasons = [Reason.from_json(stored) for stored in row.decision["reasons"]]
    return {
        "id": row.pk,
        "case_number": row.case.number,
        "region": row.case.region,
        "program": row.program,
        "rule_version": row.rule_version,
        "verdict": row.verdict,
        "made_at": row.made_at,
        "made_by": "MACHINE" if row.made_by.username == MACHINE_USERNAME else "OFFICER",
        "amount": None if row.amount_fen is None else Money.of(row.amount_fen),
        "results": _with_money(results),
        "reasons": [{**reason.to_public(), "fields": list(reason.fields)} for reason in reasons],
        "facts": row.facts,
        "sources": row.sources,
        "parameters_digest": row.parameter_set_id,
        "content_hash": row.content_hash,
        "event_sequence": event.sequence,
        "event_hash": event.hash,
        "party_id": row.case.party_id,
    }


def _with_money(results: Mapping[str, object]) -> dict[str, object]:
    """`monthly_fen: 198000` as `monthly: {"fen": 198000, "yuan": "1980.00"}`; all else as it stands."""
    shown: dict[str, object] = {}
    for name, value in results.items():
        if name.endswith(FEN) and (value is None or isinstance(value, int)):
            shown[name.removesuffix(FEN)] = None if value is None else vars(Money.of(value))
        else:
            shown[name] = value
    return shown


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, LEGAL_ZONE)
