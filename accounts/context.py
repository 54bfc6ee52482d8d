"""Tells every template who is signed in and what he may do.

It must never run a query before a template asks.
"""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.roles import Action, can, roles_of


class SignedIn:
    """Who is signed in, in words for a page."""

    def __init__(self, user: User | None) -> None:
        self.user = user
        self.name = str(user) if user else ""
        self.is_staff = user.is_staff_member if user else False
        self.roles = [role.label for role in roles_of(user)] if user else []

    def __bool__(self) -> bool:
        return self.user is not None


class May:
    """`{% if may.HANDLE_CASE %}`: whether the user may do this."""

    def __init__(self, request: HttpRequest) -> None:
        self._user = request.user

    def __getitem__(self, name: str) -> bool:
        """Raises KeyError for a name that is no action, so that a misspelt one shows."""
        return can(self._user, Action[name])


def who(request: HttpRequest) -> dict[str, object]:
    """`who` (false for a visitor; name, roles, is_staff), `may` (by the name of an action), and how many
    seconds before a session ends by itself its page says so.
    """

    def signed_in() -> SignedIn:
        user = request.user
        return SignedIn(user if isinstance(user, User) else None)

    return {
        "who": SimpleLazyObject(signed_in),
        "may": SimpleLazyObject(lambda: May(request)),
        "session_warning_seconds": settings.ANYE_IDLE_WARNING_SECONDS,
    }
