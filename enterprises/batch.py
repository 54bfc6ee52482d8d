"""Set-based writes of what a core system, a register or a list says about many units at once.

Each runs again without effect: what is known already stays as it is, and every call says how many rows were
new, changed or known. The caller has read the file; a row that cannot be true is refused by its constraint.
Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.db.models import Model

from accounts.batch import NewUnit, add_units, parties_by_number
from accounts.models import IdentifierKind, Party, User
from accounts.services import take_over_name
from enterprises.models import Arrears, Enterprise, InsuredYear, SizeClassRecord, Source
from enterprises.selectors import MANUAL, answer_of
from law.errors import Refused
from payouts.models import Payee
from payouts.services import NewPayee, set_first_payees, set_payee
from policy.selectors import book

CHUNK = 1_000
Row = TypeVar("Row")
Stored = TypeVar("Stored", bound=Model)


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of many rows."""

    new: int = 0
    changed: int = 0
    known: int = 0

    def __add__(self, other: Saved) -> Saved:
        return Saved(self.new + other.new, self.changed + other.changed, self.known + other.known)


@dataclass(frozen=True, slots=True)
class Said:
    """Who says something about units, in which document, of which day."""

    source: str
    document: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a register has it; `uscc` must have passed its check."""

    uscc: str
    name: str
    kind: str
    region: str
    industry: str = ""
    is_labour_dispatch: bool = False
    registered_on: date | None = None
    deregistered_on: date | None = None


@dataclass(frozen=True, slots=True)
class Year:
    """Contributions of one unit in one year: twelve month-ends, and what was paid for its fee periods."""

    enterprise_id: int
    year: int
    headcounts: tuple[int | None, ...]
    paid_months: int | None
    in_arrears: str
    base_fen: int | None


@dataclass(frozen=True, slots=True)
class Recipients:
    """How many who left a unit drew their first month in a year."""

    enterprise_id: int
    year: int
    new_recipients: int


@dataclass(frozen=True, slots=True)
class Classed:
    """The class of a unit by the 2020 record or by the table, with the measures at the end of `year`."""

    enterprise_id: int
    size_class: str
    basis: str
    from_on: date
    year: int | None = None
    employees: int | None = None
    revenue_wan: int | None = None
    assets_wan: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of a unit at the end of a year; None: not known. The industry is the unit's own."""

    enterprise_id: int
    year: int
    employees: int | None
    revenue_wan: int | None
    assets_wan: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A unit's corporate account, held in the unit's name."""

    enterprise_id: int
    account: str
    account_name: str
    bank_code: str
    bank_name: str
    contact: str = ""


OF_UNIT = ("kind", "region", "industry", "is_labour_dispatch", "registered_on", "deregistered_on")
OF_YEAR = ("headcounts", "paid_months", "in_arrears", "base_fen")


@transaction.atomic
def save_units(
    *, units: Sequence[Unit], said: Said, actor: User, now: datetime
) -> tuple[Saved, dict[str, int]]:
    """Make or bring up to date many units; what came of them, and the key of each by its code.

    A code that stands twice counts once, as its last row has it. Another name than before is taken over and
    the old one kept. Raises `Refused("identifier.invalid")` for a code that cannot be one.
    """
    total, keys = Saved(), {}
    for chunk in _chunks(list({unit.uscc: unit for unit in units}.values())):
        parties = _parties(chunk, actor=actor, now=now)
        rows = Enterprise.objects.in_bulk([party.pk for party in parties.values()])
        new, changed = [], []
        for unit in chunk:
            party = parties[unit.uscc]
            keys[unit.uscc] = party.pk
            row = rows.get(party.pk)
            if row is None:
                new.append(Enterprise(party=party, **_values(unit, OF_UNIT), **_of(said)))
            elif _take(row, _values(unit, OF_UNIT), said):
                changed.append(row)
        Enterprise.objects.bulk_create(new, batch_size=CHUNK)
        _update(Enterprise, changed, [*OF_UNIT, *_of(said)])
        total += Saved(len(new), len(changed), len(chunk) - len(new) - len(changed))
    return total, keys


def _parties(units: Sequence[Unit], *, actor: User, now: datetime) -> dict[str, Party]:
    """The party of each unit by its code, made if new; a new name of a known one is taken over."""
    kind = IdentifierKind.USCC.value
    known = parties_by_number(id_kind=kind, numbers=[unit.uscc for unit in units])
    strangers = [NewUnit(unit.name, unit.uscc, now) for unit in units if unit.uscc not in known]
    for unit in units:
        party = known.get(unit.uscc)
        if party is not None and party.name != unit.name:
            take_over_name(party=party, name=unit.name, actor=actor, now=now)
    made = add_units(units=strangers)
    return known | {one.uscc: row.party for one, row in zip(strangers, made, strict=True)}


@transaction.atomic
def save_years(*, rows: Sequence[Year], said: Said) -> Saved:
    """Record contributions of many units. What they say of a year replaces what was said of it before.

    Raises `Refused("year.headcounts")` for a row that has not twelve months.
    """
    if any(len(row.headcounts) != 12 for row in rows):
        raise Refused("year.headcounts")
    total = Saved()
    for chunk in _chunks(list({(row.enterprise_id, row.year): row for row in rows}.values())):
        known = _years(chunk)
        new, changed = [], []
        for one in chunk:
            values = {**_values(one, OF_YEAR), "headcounts": list(one.headcounts)}
            row = known.get((one.enterprise_id, one.year))
            if row is None:
                new.append(InsuredYear(enterprise_id=one.enterprise_id, year=one.year, **values, **_of(said)))
            elif _take(row, values, said):
                changed.append(row)
        InsuredYear.objects.bulk_create(new, batch_size=CHUNK)
        _update(InsuredYear, changed, [*OF_YEAR, *_of(said)])
        total += Saved(len(new), len(changed), len(chunk) - len(new) - len(changed))
    return total


@transaction.atomic
def save_recipients(*, rows: Sequence[Recipients], said: Said) -> Saved:
    """Record how many of each unit drew their first month in a year; OWN for our own count.

    One number a unit and year: the later word replaces the earlier one, and says whose it is.
    """
    total = Saved()
    names = ("new_recipients", "recipients_source", "recipients_document", "recipients_as_of")
    for chunk in _chunks(list({(row.enterprise_id, row.year): row for row in rows}.values())):
        known = _years(chunk)
        new, changed = [], []
        for one in chunk:
            row = known.get((one.enterprise_id, one.year))
            if row is None:
                row = InsuredYear(enterprise_id=one.enterprise_id, year=one.year, headcounts=[None] * 12)
                new.append(row)
            elif (row.new_recipients, row.recipients_source) == (one.new_recipients, said.source):
                continue
            else:
                changed.append(row)
            row.new_recipients, row.recipients_source = one.new_recipients, said.source
            row.recipients_document, row.recipients_as_of = said.document, said.as_of
        InsuredYear.objects.bulk_create(new, batch_size=CHUNK)
        _update(InsuredYear, changed, names)
        total += Saved(len(new), len(changed), len(chunk) - len(new) - len(changed))
    return total


@transaction.atomic
def save_classes(*, rows: Sequence[Classed], said: Said, now: datetime) -> Saved:
    """Record classes; a class that stands already is left alone, the 2020 record is made once for all.

    Raises `Refused("size_class.differs")` if the 2020 record of a unit says another class already.
    """
    total = Saved()
    for chunk in _chunks(list({(row.enterprise_id, row.basis): row for row in rows}.values())):
        standing: dict[tuple[int, str], SizeClassRecord] = {
            (record.enterprise_id, record.basis): record
            for record in SizeClassRecord.objects.filter(
                enterprise__in=[row.enterprise_id for row in chunk]
            ).order_by("from_on", "pk")
        }
        new = []
        for one in chunk:
            earlier = standing.get((one.enterprise_id, one.basis))
            if earlier is not None and earlier.size_class == one.size_class:
                continue
            if earlier is not None and one.basis == SizeClassRecord.Basis.RECORD_2020:
                raise Refused("size_class.differs")
            new.append(
                SizeClassRecord(
                    **{field.name: getattr(one, field.name) for field in fields(one)},
                    source=said.source,
                    document=said.document,
                    recorded_at=now,
                )
            )
        SizeClassRecord.objects.bulk_create(new, batch_size=CHUNK)
        total += Saved(len(new), 0, len(chunk) - len(new))
    return total


def class_by_table(*, rows: Sequence[Measured], said: Said, now: datetime) -> Saved:
    """Work out the class of units without a 2020 record by the size rule, and record it.

    What the rule leaves to a person (an industry outside its table, a measure it lists that is not known)
    gets no record: `known` counts it, and the refund of such a unit goes to a person.
    """
    units = {unit.pk: unit for unit in Enterprise.objects.filter(pk__in=[row.enterprise_id for row in rows])}
    classed, law = [], book()
    for row in rows:
        answer = answer_of(units[row.enterprise_id], row, law=law)
        if answer != MANUAL:
            classed.append(
                Classed(
                    enterprise_id=row.enterprise_id,
                    size_class=answer,
                    basis=SizeClassRecord.Basis.TABLE.value,
                    from_on=date(row.year + 1, 1, 1),
                    year=row.year,
                    employees=row.employees,
                    revenue_wan=row.revenue_wan,
                    assets_wan=row.assets_wan,
                )
            )
    saved = save_classes(rows=classed, said=said, now=now)
    return saved + Saved(known=len(rows) - len(classed))


@transaction.atomic
def save_accounts(*, rows: Sequence[Account], actor: User, now: datetime) -> Saved:
    """Record corporate accounts; another one than before waits out a batch, as `payouts` has it.

    Raises `Refused("payee.name_differs")` for an account that is held in another name.
    """
    total = Saved()
    for chunk in _chunks(list({row.enterprise_id: row for row in rows}.values())):
        ids = [row.enterprise_id for row in chunk]
        parties = Party.objects.in_bulk(ids)
        known = dict(Payee.objects.filter(party__in=ids, valid_to=None).values_list("party_id", "pk"))
        set_first_payees(
            rows=[
                NewPayee(
                    party=parties[row.enterprise_id],
                    account=row.account,
                    account_name=row.account_name,
                    bank_code=row.bank_code,
                    bank_name=row.bank_name,
                    lookup=None,
                    contact=row.contact,
                    at=now,
                    is_card=False,
                )
                for row in chunk
                if row.enterprise_id not in known
            ]
        )
        changed = 0
        for row in chunk:
            if row.enterprise_id in known:
                payee = set_payee(
                    party=parties[row.enterprise_id],
                    account=row.account,
                    account_name=row.account_name,
                    bank_code=row.bank_code,
                    bank_name=row.bank_name,
                    lookup=None,
                    contact=row.contact,
                    is_card=False,
                    actor=actor,
                    now=now,
                )
                changed += payee.pk != known[row.enterprise_id]
        total += Saved(len(chunk) - len(known), changed, len(known) - changed)
    return total


def _years(rows: Sequence[Year | Recipients]) -> dict[tuple[int, int], InsuredYear]:
    found = InsuredYear.objects.filter(
        enterprise__in=[row.enterprise_id for row in rows], year__in={row.year for row in rows}
    )
    return {(row.enterprise_id, row.year): row for row in found}


def _update(model: type[Stored], rows: Sequence[Stored], names: Sequence[str]) -> None:
    """Bring rows that exist up to date, a chunk by one statement: their keys conflict, so it updates."""
    assert model._meta.pk is not None
    model._default_manager.bulk_create(
        rows,
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=[model._meta.pk.name],
        update_fields=list(names),
    )


def _of(said: Said) -> dict[str, str | date]:
    return {"source": said.source, "document": said.document, "as_of": said.as_of}


def _values(row: object, names: Sequence[str]) -> dict[str, object]:
    return {name: getattr(row, name) for name in names}


def _take(row: Enterprise | InsuredYear, values: Mapping[str, object], said: Said) -> bool:
    """Bring a row up to date; False if it says the same already, whoever said it."""
    if row.source and all(getattr(row, name) == value for name, value in values.items()):
        return False
    for name, value in {**values, **_of(said)}.items():
        setattr(row, name, value)
    return True


def _chunks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


__all__ = [
    "Account",
    "Arrears",
    "Classed",
    "Measured",
    "Recipients",
    "Said",
    "Saved",
    "Source",
    "Unit",
    "Year",
    "class_by_table",
    "save_accounts",
    "save_classes",
    "save_recipients",
    "save_units",
    "save_years",
]
