"""Where the web processes of one installation count their requests together.

Called before Django loads, by the web server's entry point alone: the library that counts looks for the
directory when it is first imported. Must never import Django, and never stop the site: a count is worth less
than an answer.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from pathlib import Path

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
KEPT_SECONDS = 7 * 24 * 3600
"""Counts of a process that has ended stay in the sum for so long: a sum that sinks looks like a restart."""

logger = logging.getLogger(__name__)


def share_counters(home: Path) -> None:
    """Let this process count in a directory of this machine below `home`, and clear what nobody needs."""
    directory = home / "metrics" / socket.gethostname()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _clear(directory, now=time.time())
    except OSError as error:
        logger.warning("requests are counted by each process for itself: %s", error.strerror)
        return
    os.environ[DIRECTORY] = str(directory)


def _clear(directory: Path, *, now: float) -> None:
    for file in directory.glob("*_*.db"):
        number = file.stem.rpartition("_")[2]
        is_ours = number.isdecimal() and not _lives(int(number))
        if is_ours and now - file.stat().st_mtime > KEPT_SECONDS:
            file.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
