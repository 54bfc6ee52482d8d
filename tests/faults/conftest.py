"""Places for servers that run as another user, and the stage on the one running site."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.stage import Stage
from tests.site import RunningSite


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """A directory that every user may cross; pytest's own is closed to the servers' user."""
    path = Path(tempfile.mkdtemp(prefix="anye-fault-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def stage(running_site: RunningSite) -> Iterator[Stage]:
    """The running site to play on. After all that was done to it, its books must hold."""
    stage = Stage(running_site)
    yield stage
    stage.books_must_hold()
