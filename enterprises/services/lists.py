"""Recording a public list as it was published: who stands on it now, and who stands on it no longer.

Every line is answered for: a unit of ours, a stranger, or a fault with its line and its reason. A name is
never guessed; a unit is known by its code alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q

from accounts.models import Identifier, IdentifierKind, User
from accounts.selectors import identifier_digest
from enterprises.models import Enterprise, Listing, Publication
from law import identifiers
from law.errors import Refused
from law.workdays import legal_day

FAULTS_KEPT = 500
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: its number in the file, the code and the name as they stand there."""

    line: int
    uscc: str
    name: str = ""


@transaction.atomic
def record_publication(
    *,
    name: str,
    document: str,
    published_on: date,
    entries: Sequence[Entry],
    actor: User,
    now: datetime,
    is_complete: bool = True,
    until: date | None = None,
) -> Publication:
    """Record one publication of a list; the same one again is the one that stands.

    `is_complete`: whoever it does not name is off the list from its day; a supplement only adds. `until`: the
    day from which its names count no longer. A code that stands twice counts once and is noted.

    Raises Refused: "list.document_missing", "list.in_future", "list.older" than one that was recorded.
    """
    if not document.strip():
        raise Refused("list.document_missing")
    if published_on > legal_day(now):
        raise Refused("list.in_future")
    sha256 = _digest(entries)
    _one_at_a_time(name)
    earlier = list(Publication.objects.filter(name=name).order_by("published_on", "pk"))
    for one in earlier:
        if (one.published_on, one.sha256) == (published_on, sha256):
            return one
    if earlier and earlier[-1].published_on > published_on:
        raise Refused("list.older", published_on=earlier[-1].published_on.isoformat())
    found, faults = _read(entries)
    publication = Publication.objects.create(
        name=name,
        document=document.strip(),
        published_on=published_on,
        sha256=sha256,
        rows=len(entries),
        known=len(found),
        faults=faults[:FAULTS_KEPT],
        recorded_by=actor,
        recorded_at=now,
    )
    _follow(publication, found, is_complete=is_complete, until=until)
    return publication


def _one_at_a_time(name: str) -> None:
    """Whoever records the same list at once waits: a first publication has no row that could be locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"enterprises.list.{name}"])


def _follow(publication: Publication, found: Sequence[int], *, is_complete: bool, until: date | None) -> None:
    day = publication.published_on
    in_force = Listing.objects.filter(Q(to_on=None) | Q(to_on__gt=day), name=publication.name)
    standing = set(in_force.values_list("enterprise_id", flat=True))
    if is_complete:
        in_force.exclude(enterprise__in=found).update(to_on=day, ended_by=publication)
    Listing.objects.bulk_create(
        [
            Listing(
                enterprise_id=key, name=publication.name, publication=publication, from_on=day, to_on=until
            )
            for key in found
            if key not in standing
        ],
        batch_size=CHUNK,
    )


def _read(entries: Sequence[Entry]) -> tuple[list[int], list[Mapping[str, str | int]]]:
    """The units that are ours, in order, and the lines at fault."""
    faults: list[Mapping[str, str | int]] = []
    codes: dict[str, int] = {}
    for entry in entries:
        code = entry.uscc.strip().upper()
        check = identifiers.check(identifiers.USCC, code)
        if not check.valid:
            faults.append({"line": entry.line, "problem": check.problem or "SHAPE", "given": code[:24]})
        elif code in codes:
            faults.append({"line": entry.line, "problem": "TWICE", "given": code, "first": codes[code]})
        else:
            codes[code] = entry.line
    return _ours(list(codes)), faults


def _ours(codes: Sequence[str]) -> list[int]:
    kind = IdentifierKind.USCC.value
    found: list[int] = []
    for start in range(0, len(codes), CHUNK):
        digests = [identifier_digest(kind=kind, number=code) for code in codes[start : start + CHUNK]]
        held = Identifier.objects.filter(kind=kind, digest__in=digests, valid_to=None)
        ours = Enterprise.objects.filter(pk__in=held.values("party_id"))
        found += ours.order_by("pk").values_list("pk", flat=True)
    return found


def _digest(entries: Sequence[Entry]) -> str:
    lines = [[entry.uscc.strip().upper(), entry.name.strip()] for entry in entries]
    return hashlib.sha256(json.dumps(lines, ensure_ascii=False).encode()).hexdigest()
