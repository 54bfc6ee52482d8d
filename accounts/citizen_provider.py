"""The identity providers of citizens and of units: OpenID Connect that hands over numbers we must not keep.

The sign-in library would store everything it is told as plain JSON. This provider takes the verified person
out before
that can happen. It must never let a number reach `SocialAccount.extra_data`, a log or an exception.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest

from accounts.mandates import RegisteredUnit
from accounts.models import IdentifierKind, Mandate

# The only claims kept beside the account: enough to recognise it, nothing that tells who it is.
KEPT_CLAIMS = ("sub", "iss")
# Ids of the two providers in the settings: at the second one signs in for units.
CITIZEN = "citizen"
UNIT = "unit"
# What the provider may say of a person at a unit; a delegation is never its word, but ours.
CAPACITIES = (Mandate.Capacity.REPRESENTATIVE.value, Mandate.Capacity.REGISTERED.value)
DEREGISTERED = "DEREGISTERED"


@dataclass(frozen=True, slots=True)
class VerifiedPerson:
    """Who the identity provider says this is. Not shown by `repr`, because exceptions and logs print that."""

    name: str = field(repr=False)
    id_kind: str
    id_number: str = field(repr=False)


def claims_of(response: Mapping[str, Any]) -> Mapping[str, Any]:
    """The claims of the user-info answer if there is one, else of the id token."""
    found = response.get("userinfo") or response.get("id_token") or response
    return found if isinstance(found, Mapping) else {}


def verified_person(response: Mapping[str, Any]) -> VerifiedPerson | None:
    """The person in the provider's answer, or None if name or number is missing."""
    claims = claims_of(response)
    name, number = claims.get("name"), claims.get("id_number")
    if not (isinstance(name, str) and isinstance(number, str) and name and number):
        return None
    kind = claims.get("id_kind", IdentifierKind.CITIZEN_ID.value)
    return VerifiedPerson(name=name, id_kind=str(kind), id_number=number)


def registered_units(response: Mapping[str, Any]) -> list[RegisteredUnit] | None:
    """The units the person is registered for, or None if the answer does not say it as agreed."""
    listed = claims_of(response).get("units")
    if not isinstance(listed, list):
        return None
    units = []
    for one in listed:
        if not isinstance(one, Mapping):
            return None
        texts = [one.get(name) for name in ("name", "code", "capacity", "status")]
        if not all(isinstance(text, str) and text for text in texts) or one["capacity"] not in CAPACITIES:
            return None
        name, code, capacity, status = map(str, texts)
        units.append(RegisteredUnit(name, code, capacity, is_active=status != DEREGISTERED))
    return units


class CitizenProvider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    """OpenID Connect, keeping nothing of what it is told but the subject."""

    def get_default_scope(self) -> list[str]:
        """No e-mail address is wanted."""
        return ["openid", "profile"]

    def extract_common_fields(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing of it goes into the user: name and number go to the party."""
        return {}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[Any]:
        """None is kept."""
        return []

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What is stored beside the account."""
        claims = claims_of(data)
        return {name: claims[name] for name in KEPT_CLAIMS if name in claims}

    def sociallogin_from_response(self, request: HttpRequest, response: Mapping[str, Any]) -> SocialLogin:
        """Make the sign-in, with the verified person and units on it for this request only."""
        login = super().sociallogin_from_response(request, response)
        login.verified_person = verified_person(response)
        login.registered_units = registered_units(response) if self.app.provider_id == UNIT else None
        return login
