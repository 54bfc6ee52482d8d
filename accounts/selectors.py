"""All reads of parties, users and regions. It must never write, and never return a number in the clear."""

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

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
    return [_prefix(region) for region in user.regions]


def covers(user: User | AnonymousUser, region: str) -> bool:
    """Whether the user works for this region."""
    return any(region.startswith(prefix) for prefix in region_prefixes(user))


def in_regions(queryset: QuerySet[Row], viewer: User | AnonymousUser, field: str = "region") -> QuerySet[Row]:
    """Only the rows of the viewer's regions; none for a viewer without one."""
    wanted = Q()
    for prefix in region_prefixes(viewer):
        wanted |= Q(**{f"{field}__startswith": prefix})
    return queryset.filter(wanted) if wanted else queryset.none()


def has_second_factor(user: User) -> bool:
    """Whether the user has set up one-time codes."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists())


def staff_by_username(username: str) -> User | None:
    """An officer by the name he signs in with, letter case as registered."""
    return User.objects.filter(username=username).exclude(roles=[]).first()


def _prefix(region: str) -> str:
    if region.endswith("0000"):
        return region[:2]
    if region.endswith("00"):
        return region[:4]
    return region
