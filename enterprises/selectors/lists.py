"""Reads for the pages of lists and holds, in the viewer's regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import IdentifierKind, User
from accounts.selectors import in_regions, masked_numbers, party_by_number
from enterprises.models import Enterprise, Hold, Listing, Publication

SHOWN = 200


@dataclass(frozen=True, slots=True)
class ListedUnit:
    """A unit of ours on one issue of a list."""

    name: str
    code: str
    listing: Listing


@dataclass(frozen=True, slots=True)
class PublicationPage:
    """One issue of a list."""

    publication: Publication
    units: Sequence[ListedUnit]


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold with its unit's code."""

    hold: Hold
    code: str


@dataclass(frozen=True, slots=True)
class HoldsPage:
    """The holds that stand, and those that were lifted last."""

    standing: Sequence[HoldRow]
    lifted: Sequence[HoldRow]


def publications() -> list[Publication]:
    """The issues of all lists, the latest first; lists are public, so no region hides one."""
    rows = Publication.objects.select_related("recorded_by").defer("faults")
    return list(rows.order_by("-published_on", "-pk")[:SHOWN])


def publication_page(viewer: User, key: int) -> PublicationPage | None:
    """One issue, with the units of the viewer's regions that it put on its list."""
    publication = Publication.objects.select_related("recorded_by").filter(pk=key).first()
    if publication is None:
        return None
    rows = Listing.objects.select_related("enterprise__party").filter(publication=publication)
    listed = list(in_regions(rows, viewer, "enterprise__region").order_by("pk")[:SHOWN])
    codes = masked_numbers([one.enterprise_id for one in listed])
    return PublicationPage(
        publication=publication,
        units=[
            ListedUnit(one.enterprise.party.name, codes.get(one.enterprise_id, ""), one) for one in listed
        ],
    )


def holds_page(viewer: User) -> HoldsPage:
    """The holds of the viewer's regions."""
    rows = in_regions(
        Hold.objects.select_related("enterprise__party", "placed_by", "lifted_by", "case"),
        viewer,
        "enterprise__region",
    )
    standing = list(rows.filter(lifted_at=None).order_by("placed_at", "pk")[:SHOWN])
    lifted = list(rows.exclude(lifted_at=None).order_by("-lifted_at", "-pk")[:SHOWN])
    codes = masked_numbers([hold.enterprise_id for hold in (*standing, *lifted)])
    return HoldsPage(
        standing=[HoldRow(hold, codes.get(hold.enterprise_id, "")) for hold in standing],
        lifted=[HoldRow(hold, codes.get(hold.enterprise_id, "")) for hold in lifted],
    )


def hold_by_key(viewer: User, key: int) -> Hold | None:
    """A hold of the viewer's regions."""
    rows = Hold.objects.select_related("enterprise__party")
    return in_regions(rows, viewer, "enterprise__region").filter(pk=key).first()


def enterprise_by_code(viewer: User, code: str) -> Enterprise | None:
    """The unit with this code, if it is in the viewer's regions."""
    party = party_by_number(kind=IdentifierKind.USCC.value, number=code.strip().upper())
    if party is None:
        return None
    rows = Enterprise.objects.select_related("party")
    return in_regions(rows, viewer).filter(pk=party.pk).first()
