"""All reads of parties, users and regions. It must never write, and never return a number in the clear."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from typing import TypeVar

from allauth.idp.oidc.models import Client
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from accounts.models import Access, Identifier, Mandate, Party, User
from accounts.privacy import digest
from law.parameters import ParameterBook
from law.workdays import LEGAL_ZONE, end_of_legal_day, legal_day

Row = TypeVar("Row", bound=Model)

MACHINE_USERNAME = "system"
# Digests of party numbers carry this purpose; another app that digests the same number for its own use
# cannot be joined.
IDENTIFIER_PURPOSE = "identifier"


@cache
def machine() -> User:
    """The user in whose name the machine acts, made by a migration and kept once a process."""
    return User.objects.get(username=MACHINE_USERNAME)


def identifier_digest(*, kind: str, number: str) -> str:
    """The digest under which a number of this kind is kept."""
    return digest(f"{kind}:{number}", purpose=IDENTIFIER_PURPOSE)


def party_by_number(*, kind: str, number: str) -> Party | None:
    """The party that holds this number now."""
    found = (
        Identifier.objects.filter(
            kind=kind, digest=identifier_digest(kind=kind, number=number), valid_to__isnull=True
        )
        .select_related("party")
        .first()
    )
    return found.party if found else None


def masked_number(party: Party) -> str:
    """What may be shown of the party's number without a reason; empty if it has none."""
    found = party.identifiers.filter(valid_to__isnull=True).order_by("id").first()
    return found.masked if found else ""


def masked_numbers(parties: Sequence[int]) -> dict[int, str]:
    """The same for many parties at once, by party id."""
    rows = Identifier.objects.filter(party_id__in=parties, valid_to__isnull=True).order_by("-id")
    return dict(rows.values_list("party_id", "masked"))


def region_prefixes(user: User | AnonymousUser) -> list[str]:
    """Prefixes of the regions a user works for: 130100 gives 1301 and so its counties, 130000 gives 13."""
    if not isinstance(user, User):
        return []
    return _prefixes(user.regions)


def covers(user: User | AnonymousUser, region: str) -> bool:
    """Whether the user works for this region."""
    return any(region.startswith(prefix) for prefix in region_prefixes(user))


def in_regions(queryset: QuerySet[Row], viewer: User | AnonymousUser, field: str = "region") -> QuerySet[Row]:
    """Only the rows of the viewer's regions; none for a viewer without one."""
    return _within(queryset, region_prefixes(viewer), field)


def in_regions_of_client(queryset: QuerySet[Row], client: Client, field: str = "region") -> QuerySet[Row]:
    """Only the rows of the regions a machine client was registered for; all where it was for none in
    particular.
    """
    regions = client_regions(client)
    return _within(queryset, _prefixes(regions), field) if regions else queryset


def client_regions(client: Client) -> list[str]:
    """The regions a machine client may read; empty means no limit."""
    found = client.data.get("regions") if isinstance(client.data, dict) else None
    return [str(region) for region in found] if isinstance(found, list) else []


def is_revoked(client: Client) -> bool:
    """Whether a machine client was shut out for good."""
    return isinstance(client.data, dict) and "revoked_at" in client.data


@dataclass(frozen=True)
class Passkey:
    """A passkey as its owner's page shows it."""

    key: int
    name: str
    added_at: datetime
    used_at: datetime | None


def passkeys_of(user: User) -> list[Passkey]:
    """The passkeys of an officer, oldest first."""
    rows = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN).order_by("pk")
    return [Passkey(row.pk, str(row.data.get("name", "")), row.created_at, row.last_used_at) for row in rows]


def has_second_factor(user: User) -> bool:
    """Whether the user has set up one-time codes."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists())


def staff_by_username(username: str) -> User | None:
    """An officer by the name he signs in with, letter case as registered."""
    return User.objects.filter(username=username).exclude(roles=[]).first()


def region_names() -> dict[str, str]:
    """The name of every county that the shipped law knows, by its code; and of its city, which has none."""
    book = ParameterBook.shipped()
    names: dict[str, str] = {}
    for city in book.regions():
        counties = [row.table() for row in book.history("region.name", region=city)]
        if any(counties) and city not in names:
            names[city] = ""
        for table in counties:
            names.update(table)
    return dict(sorted(names.items()))


# --- mandates ---------------------------------------------------------------------------------------------

PAST_MANDATES = 20
MOST_MANDATES = 200


def mandates_in_force(rows: QuerySet[Mandate], on: date) -> QuerySet[Mandate]:
    """Only those in force on a day: begun, not over, and not ended by the end of that day."""
    lasting = Q(valid_to=None) | Q(valid_to__gte=on)
    not_ended = Q(ended_at=None) | Q(ended_at__gte=end_of_legal_day(on))
    return rows.filter(lasting, not_ended, valid_from__lte=on)


def mandates_of(user: User | AnonymousUser, on: date) -> list[Mandate]:
    """The units that a user may act for on a day, by name; none in any other capacity than agent's."""
    if not isinstance(user, User) or not user.is_active or user.agent_person_id is None:
        return []
    own = Mandate.objects.filter(person_id=user.agent_person_id).select_related("unit", "granted_by")
    return list(mandates_in_force(own, on).order_by("unit__name", "pk")[:MOST_MANDATES])


def mandate_for(user: User | AnonymousUser, unit: int, on: date) -> Mandate | None:
    """The mandate under which a user may act for the unit with this key on a day."""
    if not isinstance(user, User) or not user.is_active or user.agent_person_id is None:
        return None
    own = Mandate.objects.filter(person_id=user.agent_person_id, unit_id=unit).select_related("unit")
    return mandates_in_force(own, on).order_by("pk").first()


def may_act_for(user: User | AnonymousUser, unit: Party, on: date) -> bool:
    """Whether a user may act for a unit on a day."""
    return mandate_for(user, unit.pk, on) is not None


def last_mandate(user: User, unit: int) -> Mandate | None:
    """The latest mandate a user ever had for the unit with this key, in force or not."""
    if user.agent_person_id is None:
        return None
    own = Mandate.objects.filter(person_id=user.agent_person_id, unit_id=unit).select_related("unit")
    return own.order_by("-granted_at", "-pk").first()


def was_ever_agent(*, kind: str, number: str) -> bool:
    """Whether the person with this number ever had a mandate."""
    person = party_by_number(kind=kind, number=number)
    return person is not None and Mandate.objects.filter(person=person).exists()


def agent_with_number(*, kind: str, number: str) -> User | None:
    """The user under whom the person with this number acts for units."""
    person = party_by_number(kind=kind, number=number)
    return User.objects.filter(agent_person=person).first() if person else None


@dataclass(frozen=True)
class MandateRow:
    """A mandate with what may be shown of a number: of the unit, or of the person, as the page needs it."""

    mandate: Mandate
    number: str
    is_own: bool = False
    may_end: bool = False


@dataclass(frozen=True)
class OwnUnits:
    """The units somebody may act for now, and those he might once."""

    now: list[MandateRow]
    past: list[MandateRow]


def own_units(user: User, *, now: datetime) -> OwnUnits:
    """What 我的单位 shows."""
    on = legal_day(now)
    current = mandates_of(user, on)
    kept = [mandate.pk for mandate in current]
    other = Mandate.objects.filter(person_id=user.agent_person_id).exclude(pk__in=kept)
    past = list(
        other.select_related("unit", "granted_by").order_by("-granted_at", "-pk")[:PAST_MANDATES]
        if user.agent_person_id is not None
        else []
    )
    codes = masked_numbers([mandate.unit_id for mandate in (*current, *past)])

    def rows(mandates: Iterable[Mandate]) -> list[MandateRow]:
        return [MandateRow(mandate, codes.get(mandate.unit_id, "")) for mandate in mandates]

    return OwnUnits(now=rows(current), past=rows(past))


@dataclass(frozen=True)
class UnitPage:
    """One unit, as somebody sees it who may act for it."""

    own: Mandate
    code: str
    agents: list[MandateRow]


def unit_page(own: Mandate, *, now: datetime) -> UnitPage:
    """The unit of a mandate, and who else may act for it; a delegate sees only himself."""
    rows = Mandate.objects.filter(unit_id=own.unit_id).select_related("person", "granted_by", "unit")
    if not own.may_delegate:
        rows = rows.filter(pk=own.pk)
    found = list(mandates_in_force(rows, legal_day(now)).order_by("granted_at", "pk")[:MOST_MANDATES])
    numbers = masked_numbers([mandate.person_id for mandate in found])
    agents = [
        MandateRow(
            mandate,
            numbers.get(mandate.person_id, ""),
            is_own=mandate.pk == own.pk,
            may_end=mandate.capacity == Mandate.Capacity.DELEGATE,
        )
        for mandate in found
    ]
    return UnitPage(own, masked_numbers([own.unit_id]).get(own.unit_id, ""), agents)


# --- administration ---------------------------------------------------------------------------------------

LOG_PAGE = 50
MOST_OFFICERS = 2_000


def staff() -> list[User]:
    """Every officer, open accounts first, by user name; whether a second factor is set as `has_code`."""
    coded = Authenticator.objects.filter(user_id=OuterRef("pk"), type=Authenticator.Type.TOTP)
    officers = User.objects.exclude(roles=[]).annotate(has_code=Exists(coded))
    return list(officers.order_by("-is_active", "username")[:MOST_OFFICERS])


def staff_by_key(key: int) -> User | None:
    """An officer by primary key."""
    return User.objects.filter(pk=key).exclude(roles=[]).first()


@dataclass(frozen=True)
class ClientRow:
    """A machine client as its page shows it."""

    client: Client
    regions: list[str]
    scopes: list[str]
    revoked: bool


def clients() -> list[ClientRow]:
    """Every machine client, the revoked ones last."""
    rows = [
        ClientRow(client, client_regions(client), client.get_scopes(), is_revoked(client))
        for client in Client.objects.order_by("created_at", "pk")
    ]
    return sorted(rows, key=lambda row: row.revoked)


def client_by_key(key: str) -> Client | None:
    """A machine client by its id."""
    return Client.objects.filter(pk=key).first()


@dataclass(frozen=True)
class LogFilters:
    """What narrows the access log; days are legal days, both included; `party` is its key."""

    who: str = ""
    act: str = ""
    party: int | None = None
    case_number: str = ""
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class LogKey:
    """The place of a line in the log; its text is the `after` of the next page."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at:%Y%m%d%H%M%S%f%z}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> "LogKey | None":
        """The reverse; None for anything else, which then means the first page."""
        at, _sign, key = text.rpartition("-")
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            return None
        try:
            return cls(datetime.strptime(at, "%Y%m%d%H%M%S%f%z"), int(key))
        except ValueError:
            return None


@dataclass(frozen=True)
class LogPage:
    """Up to 50 lines, and where the next page begins (empty: this was the last)."""

    rows: Sequence[Access]
    masked: dict[int, str]
    next_after: str

    @property
    def lines(self) -> list[tuple[Access, str]]:
        """Each line, and what may be shown of the number of the person it is about."""
        return [(row, self.masked.get(row.party_id or 0, "")) for row in self.rows]


def access_lines(filters: LogFilters, *, after: LogKey | None) -> LogPage:
    """The access log, newest first."""
    rows = Access.objects.select_related("actor")
    if filters.who:
        rows = rows.filter(actor__in=User.objects.filter(username=filters.who))
    if filters.act:
        rows = rows.filter(act=filters.act)
    if filters.party is not None:
        rows = rows.filter(party_id=filters.party)
    if filters.case_number:
        rows = rows.filter(case_number=filters.case_number)
    if filters.start is not None:
        rows = rows.filter(at__gte=datetime.combine(filters.start, time.min, LEGAL_ZONE))
    if filters.end is not None:
        rows = rows.filter(at__lt=end_of_legal_day(filters.end))
    return _log_page(rows, after)


def readers_of(party: Party, *, after: LogKey | None) -> LogPage:
    """Who looked at a person's file, newest first; the own looks are left out."""
    acts = [Access.Act.READ, Access.Act.UNMASK]
    rows = Access.objects.select_related("actor").filter(party=party, act__in=acts)
    return _log_page(rows.filter(Q(actor__isnull=True) | Q(actor__party__isnull=True)), after)


def _log_page(rows: QuerySet[Access], after: LogKey | None) -> LogPage:
    if after is not None:
        # The second condition repeats the first in the form that walks the index.
        rows = rows.filter(Q(at__lt=after.at) | Q(at=after.at, pk__lt=after.id), at__lte=after.at)
    found = list(rows.order_by("-at", "-pk")[: LOG_PAGE + 1])
    page = found[:LOG_PAGE]
    parties = sorted({row.party_id for row in page if row.party_id is not None})
    return LogPage(
        rows=page,
        masked=masked_numbers(parties),
        next_after=str(LogKey(page[-1].at, page[-1].pk)) if len(found) > LOG_PAGE else "",
    )


def masked_number_of(party: int | None) -> str:
    """What may be shown of the number of the party with this key; empty for none."""
    return "" if party is None else masked_numbers([party]).get(party, "")


def _within(queryset: QuerySet[Row], prefixes: Iterable[str], field: str) -> QuerySet[Row]:
    wanted = Q()
    for prefix in prefixes:
        wanted |= Q(**{f"{field}__startswith": prefix})
    return queryset.filter(wanted) if wanted else queryset.none()


def _prefixes(regions: Iterable[str]) -> list[str]:
    return [_prefix(region) for region in regions]


def _prefix(region: str) -> str:
    if region.endswith("0000"):
        return region[:2]
    if region.endswith("00"):
        return region[:4]
    return region
