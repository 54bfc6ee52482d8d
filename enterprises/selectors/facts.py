"""What the refund rule may see of units: their facts for one refund year, each with where it came from.

Whole cities at a time, in chunks. Decides nothing and asks nobody outside. What nobody knows is handed on as
UNKNOWN: a missing month is not zero, a list that was never read is not an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from django.db.models import Q, QuerySet

from accounts.models import Party
from accounts.selectors import masked_numbers
from enterprises.models import (
    Enterprise,
    ExclusionList,
    Hold,
    InsuredYear,
    Listing,
    Publication,
    SizeClassRecord,
    UpliftBasis,
)
from enterprises.selectors.classing import classes_of
from enterprises.selectors.disputes import Origin, commitments_of
from law.reading import UNKNOWN, Unknown
from law.retention_refund import GATES, KINDS, LISTS, UPLIFTS, Commitment, Facts, Gate, Listed, Uplift
from law.size_class import CLASSES, SizeClass
from law.unemployment_reasons import ANSWERS
from payouts.models import Payee

CHUNK = 5_000
NO_MONTHS = (None,) * 12
DEREGISTERED = "DEREGISTERED"

SILENT: Origin = {"source": "NONE"}
"""Nobody has said anything."""


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """One unit for one refund year. `payee_id` is the corporate account in force, None without one.

    `facts.already_paid_fen` is 0 unless the caller said what was paid.
    """

    enterprise_id: int
    name: str
    uscc: str
    region: str
    payee_id: int | None
    deregistered_on: date | None
    facts: Facts
    origins: Mapping[str, Origin]


@dataclass(frozen=True, slots=True)
class _Known:
    """All that is known of the units of one chunk, by unit."""

    years: Mapping[int, InsuredYear]
    classes: Mapping[int, SizeClassRecord]
    listings: Mapping[int, Sequence[Listing]]
    holds: Mapping[int, Sequence[Hold]]
    commitments: Mapping[int, tuple[Commitment, Origin]]
    payees: Mapping[int, int]
    names: Mapping[int, str]
    codes: Mapping[int, str]


def refund_facts(
    *,
    refund_year: int,
    on: date,
    region: str = "",
    enterprise_ids: Iterable[int] | None = None,
    already_paid: Mapping[int, int] | None = None,
) -> Iterator[list[UnitFacts]]:
    """The facts of units for a refund year as they are known for the day `on`, in chunks by key.

    `region`: a county, or a city's code ending in 00 for all its counties; empty: every unit. With
    `enterprise_ids`, of these only. `already_paid`: fen paid for this year before, by unit. The base year is
    the one before `refund_year`. Units deregistered long ago are among them: that is a fact, not a filter.
    """
    units = Enterprise.objects.all()
    if region:
        units = units.filter(region__startswith=region[:4] if region.endswith("00") else region)
    lists = lists_read(on)
    paid = already_paid or {}
    for chunk in _chunks(units, enterprise_ids):
        known = _known_of([unit.pk for unit in chunk], refund_year=refund_year, on=on)
        yield [
            _unit_facts(unit, known, lists, refund_year=refund_year, on=on, paid=paid.get(unit.pk, 0))
            for unit in chunk
        ]


def lists_read(on: date) -> Mapping[str, tuple[str, date]]:
    """Of each list, the latest publication up to `on` that was read: its document and its day."""
    rows = Publication.objects.filter(published_on__lte=on).order_by("name", "published_on", "pk")
    return {
        name: (document, day) for name, document, day in rows.values_list("name", "document", "published_on")
    }


def _chunks(units: QuerySet[Enterprise], ids: Iterable[int] | None) -> Iterator[list[Enterprise]]:
    if ids is not None:
        wanted = iter(sorted(set(ids)))
        while part := list(islice(wanted, CHUNK)):
            yield list(units.filter(pk__in=part).order_by("pk"))
        return
    last = 0
    while chunk := list(units.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def _known_of(ids: Sequence[int], *, refund_year: int, on: date) -> _Known:
    years = InsuredYear.objects.filter(enterprise__in=ids, year=refund_year - 1)
    listed: dict[int, list[Listing]] = {}
    in_force = Q(to_on=None) | Q(to_on__gt=on)
    for listing in Listing.objects.filter(in_force, enterprise__in=ids, from_on__lte=on).order_by("pk"):
        listed.setdefault(listing.enterprise_id, []).append(listing)
    held: dict[int, list[Hold]] = {}
    for hold in Hold.objects.filter(enterprise__in=ids).order_by("pk"):
        held.setdefault(hold.enterprise_id, []).append(hold)
    payees = Payee.objects.filter(party__in=ids, valid_to=None)
    return _Known(
        years={year.enterprise_id: year for year in years},
        classes=classes_of(ids, on=on),
        listings=listed,
        holds=held,
        commitments=commitments_of(ids, refund_year=refund_year),
        payees=dict(payees.values_list("party_id", "pk")),
        names=dict(Party.objects.filter(pk__in=ids).values_list("pk", "name")),
        codes=masked_numbers(ids),
    )


def _unit_facts(
    unit: Enterprise,
    known: _Known,
    lists: Mapping[str, tuple[str, date]],
    *,
    refund_year: int,
    on: date,
    paid: int,
) -> UnitFacts:
    key = unit.pk
    size, size_origin = _size(known.classes.get(key))
    uplift, uplift_origin = _uplift(known.listings.get(key, ()), lists)
    excluded, excluded_origin = _excluded(unit, known.listings.get(key, ()), lists, on=on)
    gate, gate_origin = _gate(known.holds.get(key, ()))
    commitment, commitment_origin = known.commitments.get(key, (None, SILENT))
    own: Origin = {"source": unit.source, "at": unit.as_of.isoformat(), "document": unit.document}
    year = known.years.get(key)
    said, counted = _of_year(year)
    return UnitFacts(
        enterprise_id=key,
        name=known.names[key],
        uscc=known.codes.get(key, ""),
        region=unit.region,
        payee_id=known.payees.get(key),
        deregistered_on=unit.deregistered_on,
        facts=Facts(
            refund_year=refund_year,
            kind=KINDS[unit.kind],
            size_class=size,
            monthly_headcounts=NO_MONTHS if year is None else tuple(year.headcounts),
            new_recipients=UNKNOWN if year is None or year.new_recipients is None else year.new_recipients,
            paid_months_in_base_year=UNKNOWN
            if year is None or year.paid_months is None
            else year.paid_months,
            in_arrears=ANSWERS[UNKNOWN if year is None else year.in_arrears],
            base_fen=UNKNOWN if year is None or year.base_fen is None else year.base_fen,
            uplift=uplift,
            exclusion_lists=excluded,
            gate=gate,
            labour_dispatch=unit.is_labour_dispatch,
            already_paid_fen=paid,
            commitment=commitment,
        ),
        origins={
            "refund_year": {"source": "RULE"},
            "kind": own,
            "size_class": size_origin,
            "monthly_headcounts": said,
            "new_recipients": counted,
            "paid_months_in_base_year": said,
            "in_arrears": said,
            "base_fen": said,
            "uplift": uplift_origin,
            "exclusion_lists": excluded_origin,
            "gate": gate_origin,
            "labour_dispatch": own,
            "already_paid_fen": {"source": "LEDGER"},
            "commitment": commitment_origin,
        },
    )


def _of_year(year: InsuredYear | None) -> tuple[Origin, Origin]:
    """Where contributions and where recipients of the base year come from."""
    if year is None:
        return SILENT, SILENT
    said = _dated(year.source, year.as_of, year.document)
    return said, _dated(year.recipients_source, year.recipients_as_of, year.recipients_document)


def _dated(source: str, as_of: date | None, document: str) -> Origin:
    if as_of is None:
        return SILENT
    return {"source": source, "at": as_of.isoformat(), "document": document}


def _size(record: SizeClassRecord | None) -> tuple[SizeClass | Unknown, Origin]:
    if record is None:
        return UNKNOWN, SILENT
    origin: Origin = {
        "source": record.basis,
        "record": record.pk,
        "at": record.from_on.isoformat(),
        "document": record.document,
    }
    return CLASSES[record.size_class], origin


def _uplift(listings: Sequence[Listing], lists: Mapping[str, tuple[str, date]]) -> tuple[Uplift, Origin]:
    for listing in listings:
        if listing.name in UpliftBasis.values:
            return UPLIFTS[listing.name], {
                "source": "LISTING",
                "listing": listing.pk,
                "at": listing.from_on.isoformat(),
            }
    read = [lists[name] for name in UpliftBasis.values if name in lists]
    return UPLIFTS["NONE"], _read(read)


def _excluded(
    unit: Enterprise, listings: Sequence[Listing], lists: Mapping[str, tuple[str, date]], *, on: date
) -> tuple[tuple[Listed, ...] | Unknown, Origin]:
    """The lists that name a unit. One is enough to know; that none does is known only if all were read."""
    names = {listing.name for listing in listings if listing.name in ExclusionList.values}
    if unit.deregistered_on is not None and unit.deregistered_on <= on:
        names.add(DEREGISTERED)
    if names:
        first = next((listing for listing in listings if listing.name in names), None)
        origin: Origin = (
            {"source": unit.source, "at": unit.as_of.isoformat(), "document": unit.document}
            if first is None
            else {"source": "LISTING", "listing": first.pk, "at": first.from_on.isoformat()}
        )
        return tuple(LISTS[name] for name in LISTS if name in names), origin
    if any(name not in lists for name in ExclusionList.values):
        return UNKNOWN, SILENT
    return (), _read([lists[name] for name in ExclusionList.values])


def _read(read: Sequence[tuple[str, date]]) -> Origin:
    """The oldest of the lists read: what no list says is known as of that day."""
    if not read:
        return SILENT
    document, day = min(read, key=lambda one: one[1])
    return {"source": "PUBLICATION", "at": day.isoformat(), "document": document}


def _gate(holds: Sequence[Hold]) -> tuple[Gate, Origin]:
    """FAILED before OPEN before PASSED: what keeps a unit out longest counts."""
    standing = [hold for hold in holds if hold.lifted_at is None]
    failed = [hold for hold in standing if hold.failed_at is not None]
    for rows, gate in ((failed, "FAILED"), (standing, "OPEN"), (holds, "PASSED")):
        if rows:
            return GATES[gate], {
                "source": "HOLD",
                "hold": rows[-1].pk,
                "at": rows[-1].placed_at.isoformat(),
            }
    return GATES["NONE"], {"source": "HOLD"}
