"""All reads of parties, users and regions. It must never write, and never return a number in the clear."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TypeVar

from allauth.idp.oidc.models import Client
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet

from accounts.models import Identifier, Party, User
from accounts.privacy import digest

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


def has_second_factor(user: User) -> bool:
    """Whether the user has set up one-time codes."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists())


def staff_by_username(username: str) -> User | None:
    """An officer by the name he signs in with, letter case as registered."""
    return User.objects.filter(username=username).exclude(roles=[]).first()


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
