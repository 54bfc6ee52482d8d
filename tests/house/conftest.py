"""One city a module, inside a transaction that is rolled back; each test may undo what it did within it.

The clock stands at the factories' hour, so that what pages and tasks read of it is the same every day.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import override_settings
from pytest_django import DjangoDbBlocker

from cases.models import Serial
from gateways.adapters import wire
from sandbox.server import Running, running
from sandbox.server import Settings as SandboxSettings
from tests.factories import NOW, TODAY, City

LATER = NOW + timedelta(hours=6)
"""When pages are looked at: after all that the factories do on that day."""


@contextmanager
def undone() -> Iterator[None]:
    """Roll back what happens inside. Marked as a test's block: the outside may be asked within it."""
    block = transaction.atomic()
    setattr(block, "_from_testcase", True)  # noqa: B010 - the stubs do not know the mark that Django reads
    block.__enter__()
    try:
        yield
    finally:
        transaction.set_rollback(True)
        block.__exit__(None, None, None)


@contextmanager
def sandbox_in(path: Path, *, people: int) -> Iterator[Running]:
    """A sandbox as the world outside of the product, with closed breakers."""
    keys = SandboxSettings("", (), key="only-for-tests", client_id="anye", client_secret="only-for-tests")
    with (
        running(
            path, product="http://testserver", people=people, seed=7, today=TODAY, settings=keys
        ) as server,
        override_settings(
            ANYE_SANDBOX_URL=server.url,
            ANYE_GATEWAY_KEY="only-for-tests",
            ANYE_OUTSIDE={},
            SOCIALACCOUNT_PROVIDERS=_provider_at(f"{server.url}/oidc"),
        ),
    ):
        wire.reset()
        yield server
        wire.reset()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox of this module alone: its bank remembers batch numbers, which begin anew with each city."""
    with sandbox_in(tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite3", people=2_000) as server:
        yield server


def _provider_at(url: str) -> dict[str, object]:
    """The sign-in library's settings with the sandbox as identity provider, of people and of units."""
    configured: dict[str, Any] = dict(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"])
    issuers = {"citizen": url, "unit": f"{url}/units"}
    own = [
        {**app, "secret": "only-for-tests", "settings": {"server_url": issuers[app["provider_id"]]}}
        for app in configured["APPS"]
    ]
    return {"openid_connect": {**configured, "APPS": own}}


@pytest.fixture(scope="module")
def city(box: Running, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[City]:
    """Officers, a fund and the sandbox's people; gone with the module."""
    with django_db_blocker.unblock():
        with time_machine.travel(LATER), undone():
            yield City(box)
        connection.close()


@pytest.fixture
def new_numbers(city: City) -> None:
    """Batch numbers go on from test to test: what a test does is undone here, but the bank remembers it."""
    Serial.objects.update_or_create(
        prefix="FB", day=TODAY, defaults={"last": F("last") + 20}, create_defaults={"last": 20}
    )


@pytest.fixture
def within(city: City, new_numbers: None, db: None) -> City:
    """The module's city; what the test does to it is undone, for `db` nests in the city's transaction."""
    return city


@pytest.fixture
def own_city(tmp_path: Path, db: None) -> Iterator[City]:
    """A city and a bank of this test alone: where the books must agree with what the bank remembers."""
    with sandbox_in(tmp_path / "sandbox.sqlite3", people=0) as server, time_machine.travel(LATER):
        yield City(server)
