"""The outside for these tests is the sandbox over real HTTP; each test has a sandbox of its own, because a
comparison remembers its request numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from gateways.adapters import wire
from sandbox.server import Running, running
from sandbox.server import Settings as SandboxSettings
from tests.factories import TODAY, City


@pytest.fixture
def sandbox(tmp_path: Path, settings: Settings) -> Iterator[Running]:
    """The world outside of this test's product, with closed breakers."""
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


@pytest.fixture
def city(db: None, sandbox: Running) -> City:
    """A bureau at work."""
    return City(sandbox)
