"""A database and a sandbox of their own for programs that play a long story: benchmarks, a simulated year.

Everything made here is removed at the end whatever happens. It must never touch the installation's own data.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.db import connection, connections
from django.test.utils import override_settings

from config.home import ROOT
from config.servers import die_with_parent
from gateways.adapters import wire

SANDBOX_SECONDS = 300


@contextmanager
def scratch_database(name: str) -> Iterator[None]:
    """A migrated database of its own on the same server, dropped at the end whatever happens."""
    own_name, test_name = connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"scratch_{name}_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connections.close_all()
        connection.creation.destroy_test_db(own_name, verbosity=0)
        connection.settings_dict["TEST"]["NAME"] = test_name


@contextmanager
def outside(*, people: int, seed: int, today: date) -> Iterator[str]:
    """A sandbox in a process of its own, and the gateways pointed at it; its address."""
    directory = Path(tempfile.mkdtemp(prefix="anye-scratch-", dir="/tmp"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "sandbox", "--port", str(port), "--db", str(directory / "sandbox.sqlite3"),
        "--product", "http://127.0.0.1:8000", "--people", str(people), "--seed", str(seed),
        "--today", today.isoformat(),
    ]  # fmt: skip
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - there is one thread
        )
    try:
        _await(server, url, directory / "log")
        with override_settings(ANYE_SANDBOX_URL=url, ANYE_OUTSIDE={}):
            wire.reset()
            yield url
    finally:
        wire.reset()
        server.terminate()
        server.wait()
        shutil.rmtree(directory, ignore_errors=True)


def _await(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + SANDBOX_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/people?limit=1", timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the sandbox did not start: {log.read_text(errors='replace')[-500:]}")
