"""The outside for these tests is the sandbox's bank over real HTTP; what is owed rests on real
determinations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Role, User
from accounts.selectors import machine
from accounts.services import create_staff
from gateways.adapters import wire
from law.money import Fen
from payouts.services import open_fund
from sandbox.server import Running, running
from sandbox.server import Settings as SandboxSettings
from tests.cases.conftest import keys_of_all_tables, remove_all_but

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
CITY = "130100"
MONTH = "2026-11"


@dataclass(frozen=True)
class Staff:
    """Officers of the tests."""

    maker: User
    checker: User
    other_checker: User
    supervisor: User
    elsewhere: User


@pytest.fixture
def bank(tmp_path: Path, settings: Settings) -> Iterator[Running]:
    """A sandbox of this test alone: batch numbers begin anew with each test, and a bank remembers them."""
    keys = SandboxSettings("", (), key="only-for-tests")
    with running(
        tmp_path / "sandbox.sqlite3",
        product="http://127.0.0.1:8000",
        people=0,
        seed=7,
        today=TODAY,
        settings=keys,
    ) as server:
        settings.ANYE_SANDBOX_URL = server.url
        settings.ANYE_GATEWAY_KEY = "only-for-tests"
        settings.ANYE_OUTSIDE = {}
        wire.reset()
        yield server
        wire.reset()


_serial = count(1)


def officer(role: Role, *, region: str = CITY) -> User:
    """An officer made by the service that makes them."""
    name = f"{role.value.lower()}{next(_serial)}"
    return create_staff(
        username=name,
        full_name=name,
        roles=[role],
        regions=[region],
        password="a long and dull password",
        totp_secret="JBSWY3DPEHPK3PXP",
        actor=machine(),
        now=NOW,
    )


@pytest.fixture
def staff(db: None) -> Staff:
    """Two who check, so that a third signature is somebody else's."""
    return Staff(
        maker=officer(Role.HANDLER),
        checker=officer(Role.REVIEWER),
        other_checker=officer(Role.REVIEWER),
        supervisor=officer(Role.SUPERVISOR),
        elsewhere=officer(Role.REVIEWER, region="130200"),
    )


@pytest.fixture
def money(db: None) -> None:
    """A fund that covers whatever a test owes."""
    open_fund(region=CITY, amount_fen=Fen(100_000_000_00), actor=machine(), now=NOW, reference="opening")


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Real transactions on several connections; all rows are removed afterwards, past the triggers."""
    with django_db_blocker.unblock():
        kept = keys_of_all_tables()
        try:
            yield
        finally:
            remove_all_but(kept)
            connection.close()
