"""Officers and citizens for these tests, made by the services."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value

from accounts.models import Role, User
from accounts.selectors import machine
from accounts.services import create_staff

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PASSWORD = "an-officer's-password-7"
# Synthetic: serial 000, check digit right.
NUMBER = "130102199003070003"
OTHER_NUMBER = "13010219900307002X"


def officer(
    username: str = "officer",
    *roles: Role,
    regions: tuple[str, ...] = ("130100",),
    totp_secret: str | None = None,
) -> User:
    """An officer with these roles, a handler if none is named."""
    return create_staff(
        username=username,
        full_name=f"{username} 甲",
        roles=roles or (Role.HANDLER,),
        regions=regions,
        password=PASSWORD,
        totp_secret=totp_secret,
        actor=machine(),
        now=NOW,
    )


def new_secret() -> str:
    """A secret of one-time codes."""
    return str(generate_totp_secret())


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the telephone shows now, or `steps` half minutes from now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))
