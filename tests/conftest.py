"""Fixtures that every test may use. Must hold none that only one app needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.site import RunningSite

# The browser's driver keeps an event loop in the test process, and Django would refuse every query beside it.
# Each test still does one thing at a time.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests need a browser of the distribution; where CI says it has one, missing it is a failure."""
    if CHROMIUM is not None or os.environ.get("CI") == "true":
        return
    reason = "Chromium is not installed (Debian: apt-get install chromium fonts-noto-cjk)"
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """No test sees what another left: rate limits of signing in are kept in the cache."""
    yield
    cache.clear()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; a failure where it is missing though CI promised it."""
    if CHROMIUM is None:
        pytest.fail("CI=true, and no Chromium on the PATH")
    return CHROMIUM


@pytest.fixture(scope="session")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """The whole product with a small city, started once for all tests that need it."""
    with RunningSite() as site:
        yield site
