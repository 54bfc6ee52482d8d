"""Set-based writes of parties, where one by one would be too slow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Identifier, IdentifierKind, Party
from accounts.selectors import identifier_digest
from law import identifiers
from law.errors import Refused
from law.workdays import legal_day

CHUNK = 1_000


@dataclass(frozen=True, slots=True, repr=False)
class NewPerson:
    """A person nobody knows yet: `accounts.services.ensure_person` without its look-up."""

    name: str
    id_kind: str
    id_number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit nobody knows yet: `accounts.services.ensure_unit` without its look-up."""

    name: str
    uscc: str
    at: datetime


def known_numbers(*, id_kind: str, numbers: Sequence[str]) -> set[str]:
    """Those of `numbers` that a party holds now."""
    digests = {identifier_digest(kind=id_kind, number=number): number for number in numbers}
    held = Identifier.objects.filter(kind=id_kind, digest__in=list(digests), valid_to__isnull=True)
    return {digests[digest] for digest in held.values_list("digest", flat=True)}


def parties_by_number(*, id_kind: str, numbers: Sequence[str]) -> dict[str, Party]:
    """The parties that hold these numbers now, by number."""
    digests = {identifier_digest(kind=id_kind, number=number): number for number in numbers}
    held = Identifier.objects.filter(kind=id_kind, digest__in=list(digests), valid_to__isnull=True)
    return {digests[row.digest]: row.party for row in held.select_related("party").defer("number")}


@transaction.atomic
def add_people(*, people: Sequence[NewPerson]) -> list[Identifier]:
    """Make people that nobody has made; their documents, each with its party, in the order given.

    Raises `Refused("identifier.invalid")`, and IntegrityError for a number that is known.
    """
    return _add(Party.Kind.PERSON, [(one.name, one.id_kind, one.id_number, one.at) for one in people])


@transaction.atomic
def add_units(*, units: Sequence[NewUnit]) -> list[Identifier]:
    """Make units that nobody has made; their codes, each with its party, in the order given.

    Raises `Refused("identifier.invalid")`, and IntegrityError for a code that is known.
    """
    kind = IdentifierKind.USCC.value
    return _add(Party.Kind.UNIT, [(one.name, kind, one.uscc, one.at) for one in units])


def _add(kind: Party.Kind, rows: Sequence[tuple[str, str, str, datetime]]) -> list[Identifier]:
    """Parties of one kind from (name, kind of number, number, moment)."""
    for _name, id_kind, number, at in rows:
        if not identifiers.check(id_kind, number, on=legal_day(at)).valid:
            raise Refused("identifier.invalid")
    parties = Party.objects.bulk_create(
        [Party(kind=kind, name=name, created_at=at) for name, _id_kind, _number, at in rows],
        batch_size=CHUNK,
    )
    return Identifier.objects.bulk_create(
        [
            Identifier(
                party=party,
                kind=id_kind,
                number=number,
                digest=identifier_digest(kind=id_kind, number=number),
                masked=identifiers.mask(id_kind, number),
                valid_from=legal_day(at),
            )
            for party, (_name, id_kind, number, at) in zip(parties, rows, strict=True)
        ],
        batch_size=CHUNK,
    )
