"""What the refund rule may see of units: their facts for one refund year, each with where it came from.

Whole cities at a time, in chunks. Decides nothing and asks nobody outside. What nobody knows is handed on as
UNKNOWN: a missing month is not zero, a list that was never read is not an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import NamedTuple, TypeVar

from django.db import connection
from django.db.models import Model, Q, QuerySet

from cases.arrays import integers
from enterprises.models import Enterprise, ExclusionList, Hold, Listing, Publication, UpliftBasis
from enterprises.selectors.disputes import Origin, commitments_of
from law.reading import UNKNOWN, Unknown
from law.retention_refund import GATES, KINDS, LISTS, UPLIFTS, Commitment, Facts, Gate, Listed, Uplift
from law.size_class import CLASSES, SizeClass
from law.unemployment_reasons import ANSWERS

CHUNK = 5_000
# Read once: the class works them out each time it is asked, and a city asks for every unit.
EXCLUDING = tuple(ExclusionList.values)
RAISING = tuple(UpliftBasis.values)
NO_MONTHS = (None,) * 12
DEREGISTERED = "DEREGISTERED"

SILENT: Origin = {"source": "NONE"}
"""Nobody has said anything."""
RULE: Origin = {"source": "RULE"}
LEDGER: Origin = {"source": "LEDGER"}
NO_HOLD: Origin = {"source": "HOLD"}

Row = TypeVar("Row", bound=Model)


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


class _Line(NamedTuple):
    """One unit with its base year, the class on record that counts and its account."""

    key: int
    name: str
    uscc: str | None
    region: str
    kind: str
    is_labour_dispatch: bool
    deregistered_on: date | None
    source: str
    document: str
    as_of: date
    headcounts: list[int | None] | None
    paid_months: int | None
    in_arrears: str | None
    base_fen: int | None
    year_source: str | None
    year_document: str | None
    year_as_of: date | None
    new_recipients: int | None
    recipients_source: str | None
    recipients_document: str | None
    recipients_as_of: date | None
    record: int | None
    size_class: str | None
    basis: str | None
    from_on: date | None
    record_document: str | None
    payee: int | None


# Text, not expressions: for fifty thousand units, building the objects cost more than all the reading.
_LINES = """
    SELECT unit.party_id, party.name, held.masked, unit.region, unit.kind, unit.is_labour_dispatch,
           unit.deregistered_on, unit.source, unit.document, unit.as_of,
           insured.headcounts, insured.paid_months, insured.in_arrears, insured.base_fen,
           insured.source, insured.document, insured.as_of,
           insured.new_recipients, insured.recipients_source, insured.recipients_document,
           insured.recipients_as_of,
           record.id, record.size_class, record.basis, record.from_on, record.document, payee.id
    FROM unnest(%(keys)s::bigint[]) AS given (key)
    JOIN enterprises_enterprise unit ON unit.party_id = given.key
    JOIN accounts_party party ON party.id = unit.party_id
    LEFT JOIN accounts_identifier held
        ON held.party_id = unit.party_id AND held.kind = 'USCC' AND held.valid_to IS NULL
    LEFT JOIN enterprises_insuredyear insured
        ON insured.enterprise_id = unit.party_id AND insured.year = %(year)s
    LEFT JOIN payouts_payee payee ON payee.party_id = unit.party_id AND payee.valid_to IS NULL
    LEFT JOIN LATERAL (
        SELECT id, size_class, basis, from_on, document FROM enterprises_sizeclassrecord
        WHERE enterprise_id = unit.party_id AND from_on <= %(on)s AND basis <> 'COMMITMENT'
        ORDER BY CASE basis WHEN 'PROOF' THEN 3 WHEN 'RECORD_2020' THEN 2 ELSE 1 END DESC,
                 from_on DESC, id DESC
        LIMIT 1
    ) record ON true
    ORDER BY unit.party_id
"""


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
    teller = _Teller(refund_year=refund_year, on=on, paid=already_paid or {})
    for keys in _chunks(units, enterprise_ids):
        yield teller.tell(keys)


def lists_read(on: date) -> Mapping[str, tuple[str, date]]:
    """Of each list, the latest publication up to `on` that was read: its document and its day."""
    rows = Publication.objects.filter(published_on__lte=on).order_by("name", "published_on", "pk")
    return {
        name: (document, day) for name, document, day in rows.values_list("name", "document", "published_on")
    }


def _chunks(units: QuerySet[Enterprise], ids: Iterable[int] | None) -> Iterator[list[int]]:
    """The keys of units, ascending."""
    if ids is not None:
        wanted = iter(sorted(set(ids)))
        while part := list(islice(wanted, CHUNK)):
            yield list(units.filter(pk__in=part).order_by("pk").values_list("pk", flat=True))
        return
    last = 0
    while keys := list(units.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        yield keys
        last = keys[-1]


class _Teller:
    """Makes the facts of one refund year. What few units have is asked per chunk, what all share once."""

    def __init__(self, *, refund_year: int, on: date, paid: Mapping[int, int]) -> None:
        self.refund_year = refund_year
        self.on = on
        self.paid = paid
        self.lists = lists_read(on)
        self._said: dict[tuple[str | None, date | None, str | None], Origin] = {}

    def tell(self, keys: Sequence[int]) -> list[UnitFacts]:
        """The facts of the units with these keys."""
        if not keys:
            return []
        with connection.cursor() as cursor:
            year = self.refund_year - 1
            cursor.execute(_LINES, {"keys": integers(keys), "year": year, "on": self.on})
            lines = [_Line(*row) for row in cursor.fetchall()]
        # Few units stand on a list, under a hold or on a commitment: by range, which costs no list of keys.
        within = Q(enterprise__gte=keys[0], enterprise__lte=keys[-1])
        in_force = Q(to_on=None) | Q(to_on__gt=self.on)
        listings = _by_unit(Listing.objects.filter(within, in_force, from_on__lte=self.on).order_by("pk"))
        holds = _by_unit(Hold.objects.filter(within).order_by("pk"))
        commitments = commitments_of(within, refund_year=self.refund_year)
        return [
            self._unit(line, listings.get(line.key, ()), holds.get(line.key, ()), commitments.get(line.key))
            for line in lines
        ]

    def _unit(
        self,
        line: _Line,
        listings: Sequence[Listing],
        holds: Sequence[Hold],
        commitment: tuple[Commitment, Origin] | None,
    ) -> UnitFacts:
        own = self._by(line.source, line.as_of, line.document)
        said = self._by(line.year_source, line.year_as_of, line.year_document)
        size, size_origin = _size(line)
        uplift, uplift_origin = self._uplift(listings)
        excluded, excluded_origin = self._excluded(line, listings, own)
        gate, gate_origin = _gate(holds)
        facts = Facts(
            refund_year=self.refund_year,
            kind=KINDS[line.kind],
            size_class=size,
            monthly_headcounts=NO_MONTHS if line.headcounts is None else tuple(line.headcounts),
            new_recipients=UNKNOWN if line.new_recipients is None else line.new_recipients,
            paid_months_in_base_year=UNKNOWN if line.paid_months is None else line.paid_months,
            in_arrears=ANSWERS[line.in_arrears or UNKNOWN],
            base_fen=UNKNOWN if line.base_fen is None else line.base_fen,
            uplift=uplift,
            exclusion_lists=excluded,
            gate=gate,
            labour_dispatch=line.is_labour_dispatch,
            already_paid_fen=self.paid.get(line.key, 0),
            commitment=None if commitment is None else commitment[0],
        )
        origins = {
            "refund_year": RULE,
            "kind": own,
            "size_class": size_origin,
            "monthly_headcounts": said,
            "new_recipients": self._by(
                line.recipients_source, line.recipients_as_of, line.recipients_document
            ),
            "paid_months_in_base_year": said,
            "in_arrears": said,
            "base_fen": said,
            "uplift": uplift_origin,
            "exclusion_lists": excluded_origin,
            "gate": gate_origin,
            "labour_dispatch": own,
            "already_paid_fen": LEDGER,
            "commitment": SILENT if commitment is None else commitment[1],
        }
        return UnitFacts(
            enterprise_id=line.key,
            name=line.name,
            uscc=line.uscc or "",
            region=line.region,
            payee_id=line.payee,
            deregistered_on=line.deregistered_on,
            facts=facts,
            origins=origins,
        )

    def _by(self, source: str | None, as_of: date | None, document: str | None) -> Origin:
        """Who said it; one object for all units of which the same file speaks."""
        key = (source, as_of, document)
        found = self._said.get(key)
        if found is None:
            found = SILENT
            if source and as_of is not None:
                found = {"source": source, "at": as_of.isoformat(), "document": document or ""}
            self._said[key] = found
        return found

    def _uplift(self, listings: Sequence[Listing]) -> tuple[Uplift, Origin]:
        for listing in listings:
            if listing.name in RAISING:
                return UPLIFTS[listing.name], _listed(listing)
        return UPLIFTS["NONE"], self._read(RAISING)

    def _excluded(
        self, line: _Line, listings: Sequence[Listing], own: Origin
    ) -> tuple[tuple[Listed, ...] | Unknown, Origin]:
        """The lists that name a unit: one is enough. That none does is known only if all were read."""
        named = [listing for listing in listings if listing.name in EXCLUDING]
        names = {listing.name for listing in named}
        if line.deregistered_on is not None and line.deregistered_on <= self.on:
            names.add(DEREGISTERED)
        if names:
            found = tuple(LISTS[name] for name in LISTS if name in names)
            return found, _listed(named[0]) if named else own
        if any(name not in self.lists for name in EXCLUDING):
            return UNKNOWN, SILENT
        return (), self._read(EXCLUDING)

    def _read(self, names: Sequence[str]) -> Origin:
        """The oldest of the lists read: what no list says is known as of that day."""
        read = [self.lists[name] for name in names if name in self.lists]
        if not read:
            return SILENT
        document, day = min(read, key=lambda one: one[1])
        return self._by("PUBLICATION", day, document)


def _by_unit(rows: QuerySet[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(getattr(row, "enterprise_id"), []).append(row)  # noqa: B009 - a row of either table
    return found


def _listed(listing: Listing) -> Origin:
    return {"source": "LISTING", "listing": listing.pk, "at": listing.from_on.isoformat()}


def _size(line: _Line) -> tuple[SizeClass | Unknown, Origin]:
    if line.record is None or line.size_class is None or line.from_on is None:
        return UNKNOWN, SILENT
    origin: Origin = {
        "source": line.basis or "",
        "record": line.record,
        "at": line.from_on.isoformat(),
        "document": line.record_document or "",
    }
    return CLASSES[line.size_class], origin


def _gate(holds: Sequence[Hold]) -> tuple[Gate, Origin]:
    """FAILED before OPEN before PASSED: what keeps a unit out longest counts."""
    if not holds:
        return GATES["NONE"], NO_HOLD
    standing = [hold for hold in holds if hold.lifted_at is None]
    failed = [hold for hold in standing if hold.failed_at is not None]
    gate, rows = next(
        (name, rows) for name, rows in (("FAILED", failed), ("OPEN", standing), ("PASSED", holds)) if rows
    )
    return GATES[gate], {"source": "HOLD", "hold": rows[-1].pk, "at": rows[-1].placed_at.isoformat()}
