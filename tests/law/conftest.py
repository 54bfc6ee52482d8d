"""Tests of the law need no database, no broker and no Django: what the other tests clear, nothing here fills.

Runs alone with `python -m pytest -c /dev/null --rootdir . -p no:django -n0 tests/law`.
"""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """In place of the fixture that clears the cache of the pages: the law has none."""
    yield
