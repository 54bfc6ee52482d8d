"""Set-based writes of parties, where one by one would be too slow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Identifier, Party
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


def known_numbers(*, id_kind: str, numbers: Sequence[str]) -> set[str]:
    """Those of `numbers` that a party holds now."""
    digests = {identifier_digest(kind=id_kind, number=number): number for number in numbers}
    held = Identifier.objects.filter(kind=id_kind, digest__in=list(digests), valid_to__isnull=True)
    return {digests[digest] for digest in held.values_list("digest", flat=True)}


@transaction.atomic
def add_people(*, people: Sequence[NewPerson]) -> list[Identifier]:
    """Make people that nobody has made; their documents, each with its party, in the order given.

    Raises `Refused("identifier.invalid")`, and IntegrityError for a number that is known.
    """
    for one in people:
        if not identifiers.check(one.id_kind, one.id_number, on=legal_day(one.at)).valid:
            raise Refused("identifier.invalid")
    parties = Party.objects.bulk_create(
        [Party(kind=Party.Kind.PERSON, name=one.name, created_at=one.at) for one in people],
        batch_size=CHUNK,
    )
    return Identifier.objects.bulk_create(
        [
            Identifier(
                party=party,
                kind=one.id_kind,
                number=one.id_number,
                digest=identifier_digest(kind=one.id_kind, number=one.id_number),
                masked=identifiers.mask(one.id_kind, one.id_number),
                valid_from=legal_day(one.at),
            )
            for party, one in zip(parties, people, strict=True)
        ],
        batch_size=CHUNK,
    )
