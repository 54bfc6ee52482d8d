"""The writes of mandates: who may act for which unit, given at sign-in or by the unit, and ended.

What the identity provider registers is followed at each sign-in; what a unit delegates is ours alone, and a
delegate hands nothing on. Every act stands in the access log under the unit. It must never change a mandate
otherwise than by ending it, which the database refuses too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import Access, IdentifierKind, Mandate, Party, User
from accounts.selectors import mandate_for, mandates_of
from accounts.services import ensure_person, ensure_unit, record_access, take_over_name
from law.errors import Refused
from law.workdays import legal_day


@dataclass(frozen=True, slots=True)
class RegisteredUnit:
    """A unit for which the identity provider has somebody registered."""

    name: str
    code: str
    capacity: str
    is_active: bool = True


@transaction.atomic
def confirm_agent(
    *,
    user: User,
    name: str,
    id_number: str,
    units: Sequence[RegisteredUnit],
    now: datetime,
    id_kind: str = IdentifierKind.CITIZEN_ID.value,
) -> list[Mandate]:
    """Tie a user to the person who acts, follow what the identity provider registers, say what is in force.

    Raises Refused: "identity.officer" for an officer's or a claimant's user; "identity.number_differs" if the
    user is already another person; "identity.linked_elsewhere" if another user acts as this person;
    "identifier.invalid"; "identity.unit_code" for a code that cannot be one.
    """
    if user.is_staff_member or user.party_id is not None:
        raise Refused("identity.officer")
    person = ensure_person(name=name, id_kind=id_kind, id_number=id_number, now=now)
    if user.agent_person_id not in (None, person.pk):
        raise Refused("identity.number_differs")
    if User.objects.filter(agent_person=person).exclude(pk=user.pk).exists():
        raise Refused("identity.linked_elsewhere")
    person = Party.objects.select_for_update().get(pk=person.pk)
    take_over_name(party=person, name=name, actor=user, now=now)
    is_new = user.agent_person_id is None
    if is_new or user.full_name != name:
        user.agent_person = person
        user.full_name = name
        user.save(update_fields=["agent_person", "full_name"])
    if is_new:
        record_access(act=Access.Act.LINKED, actor=user, party=person, now=now)
        _end_those_of_another_name(person=person, user=user, now=now)
    registered = _known_units(units, user=user, now=now)
    _follow_register(person=person, registered=registered, user=user, now=now)
    return mandates_of(user, legal_day(now))


@transaction.atomic
def delegate(
    *, unit: Party, name: str, id_number: str, until: date | None, actor: User, now: datetime
) -> Mandate:
    """Let another person act for the unit from today, to the day named or until it is withdrawn.

    Raises Refused: "mandate.not_yours", "mandate.no_further" for a delegate, "mandate.until_past",
    "mandate.self", "mandate.already", "mandate.name_differs" if the number is known to be another's, and
    "identifier.invalid".
    """
    today = legal_day(now)
    if until is not None and until < today:
        raise Refused("mandate.until_past")
    _own_to_delegate(actor, unit.pk, today)
    person = ensure_person(name=name, id_kind=IdentifierKind.CITIZEN_ID.value, id_number=id_number, now=now)
    # People before units, in this module everywhere: two acts at once then wait for each other in one order.
    Party.objects.select_for_update().get(pk=person.pk)
    Party.objects.select_for_update().get(pk=unit.pk)
    own = _own_to_delegate(actor, unit.pk, today)
    if person.pk == own.person_id:
        raise Refused("mandate.self")
    is_verified = User.objects.filter(Q(party=person) | Q(agent_person=person)).exists()
    if is_verified and person.name != name:
        raise Refused("mandate.name_differs")
    earlier = Mandate.objects.filter(person=person, unit=unit, ended_at=None).first()
    if earlier is not None:
        if earlier.valid_to is None or earlier.valid_to >= today:
            raise Refused("mandate.already")
        _end(earlier, because=Mandate.End.EXPIRED, actor=actor, now=now)
    return _grant(
        person=person,
        unit=unit,
        capacity=Mandate.Capacity.DELEGATE,
        named_as=name,
        until=until,
        by=actor,
        actor=actor,
        now=now,
    )


@transaction.atomic
def end_mandate(*, key: int, unit: int, actor: User, now: datetime) -> Mandate:
    """Take a delegation back, or give the own one up; it ends at once. One that has ended stays as it is.

    Raises Refused: "mandate.not_yours" (unknown, or of a unit that is not the actor's), "mandate.registered"
    for one of the identity provider's, "mandate.no_further" for a delegate who would end another's.
    """
    found = Mandate.objects.filter(pk=key, unit_id=unit).select_related("person", "unit").first()
    own = mandate_for(actor, unit, legal_day(now))
    if found is None or own is None:
        raise Refused("mandate.not_yours")
    if found.capacity != Mandate.Capacity.DELEGATE:
        raise Refused("mandate.registered")
    if found.pk != own.pk and not own.may_delegate:
        raise Refused("mandate.no_further")
    because = Mandate.End.GIVEN_UP if found.pk == own.pk else Mandate.End.WITHDRAWN
    _end(found, because=because, actor=actor, now=now)
    return found


@transaction.atomic
def end_all_of_unit(*, unit: Party, actor: User, now: datetime) -> int:
    """The unit is deregistered: nobody acts for it any more. How many mandates that ended."""
    Party.objects.select_for_update().get(pk=unit.pk)
    rows = list(Mandate.objects.filter(unit=unit, ended_at=None).select_related("person", "unit"))
    for mandate in rows:
        _end(mandate, because=Mandate.End.DEREGISTERED, actor=actor, now=now)
    return len(rows)


def _own_to_delegate(actor: User, unit: int, on: date) -> Mandate:
    own = mandate_for(actor, unit, on)
    if own is None:
        raise Refused("mandate.not_yours")
    if not own.may_delegate:
        raise Refused("mandate.no_further")
    return own


def _known_units(
    units: Sequence[RegisteredUnit], *, user: User, now: datetime
) -> Mapping[int, tuple[Party, str]]:
    """The units that exist, by key, with the capacity; of those that do so no longer every mandate ends."""
    known: dict[int, tuple[Party, str]] = {}
    for one in sorted(units, key=lambda unit: unit.code):
        try:
            unit = ensure_unit(name=one.name, uscc=one.code, now=now)
        except Refused:
            raise Refused("identity.unit_code") from None
        take_over_name(party=unit, name=one.name, actor=user, now=now)
        if one.is_active:
            known[unit.pk] = (unit, one.capacity)
        else:
            end_all_of_unit(unit=unit, actor=user, now=now)
    return known


def _follow_register(
    *, person: Party, registered: Mapping[int, tuple[Party, str]], user: User, now: datetime
) -> None:
    """Grant what is registered, end what is registered no longer; a delegation gives way to the register."""
    open_now = {
        mandate.unit_id: mandate
        for mandate in Mandate.objects.filter(person=person, ended_at=None).select_related("person", "unit")
    }
    for unit_key, mandate in open_now.items():
        if mandate.may_delegate and unit_key not in registered:
            _end(mandate, because=Mandate.End.NOT_REGISTERED, actor=user, now=now)
    for unit_key, (unit, capacity) in registered.items():
        earlier = open_now.get(unit_key)
        if earlier is not None and earlier.capacity == capacity:
            continue
        if earlier is not None:
            _end(earlier, because=Mandate.End.REPLACED, actor=user, now=now)
        _grant(
            person=person,
            unit=unit,
            capacity=capacity,
            named_as=person.name,
            until=None,
            by=None,
            actor=user,
            now=now,
        )


def _end_those_of_another_name(*, person: Party, user: User, now: datetime) -> None:
    """A unit wrote another name beside this number: it meant somebody else, whose number it had wrong."""
    waiting = Mandate.objects.filter(person=person, ended_at=None, capacity=Mandate.Capacity.DELEGATE)
    for mandate in waiting.exclude(named_as=person.name).select_related("person", "unit"):
        _end(mandate, because=Mandate.End.NAME_DIFFERS, actor=user, now=now)


def _grant(
    *,
    person: Party,
    unit: Party,
    capacity: str,
    named_as: str,
    until: date | None,
    by: User | None,
    actor: User,
    now: datetime,
) -> Mandate:
    made = Mandate.objects.create(
        person=person,
        unit=unit,
        capacity=capacity,
        named_as=named_as,
        valid_from=legal_day(now),
        valid_to=until,
        granted_at=now,
        granted_by=by,
    )
    act = Access.Act.MANDATE_GRANTED if by is None else Access.Act.MANDATE_DELEGATED
    record_access(act=act, actor=actor, party=unit, reason=f"{named_as} {capacity}", now=now)
    return made


def _end(mandate: Mandate, *, because: Mandate.End, actor: User, now: datetime) -> None:
    """End it unless it has ended: of two who do it at once, the row lets one through."""
    is_open = Mandate.objects.filter(pk=mandate.pk, ended_at=None)
    if is_open.update(ended_at=now, ended_by=actor, ended_because=because):
        reason = f"{mandate.named_as} {because.value}"
        record_access(act=Access.Act.MANDATE_ENDED, actor=actor, party=mandate.unit, reason=reason, now=now)
