"""Where the benchmarks play: a database of their own, a bank and registers of their own, forked processes.

Everything made here is removed at the end whatever happens. It measures nothing.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.db import connection, connections
from django.test.utils import override_settings

from accounts.models import Role, User
from accounts.selectors import machine
from accounts.services import create_staff
from config.home import ROOT
from config.servers import die_with_parent
from gateways.adapters import wire

Result = TypeVar("Result")

SANDBOX_SECONDS = 300
CITY = "130100"
# The manifest would ask for collectstatic first.
PLAIN_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@contextmanager
def scratch_database(name: str) -> Iterator[None]:
    """A migrated database of its own on the same server, dropped at the end whatever happens."""
    own_name = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_{name}_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connections.close_all()
        connection.creation.destroy_test_db(own_name, verbosity=0)


@contextmanager
def outside(*, people: int, seed: int, today: date) -> Iterator[str]:
    """A sandbox in a process of its own, and the gateways pointed at it; its address."""
    directory = Path(tempfile.mkdtemp(prefix="anye-bench-", dir="/tmp"))
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


def in_processes(call: Callable[..., Result], arguments: Sequence[tuple[object, ...]]) -> list[Result]:
    """Call once with each tuple, each in a forked process of its own, at once; the results in order.

    Forked, so that a process begins small, works in the same scratch database and is gone afterwards.
    """
    connections.close_all()
    wire.reset()
    # Making a database leaves garbage that a child would inherit and clear away in its own time.
    gc.collect()
    with ProcessPoolExecutor(len(arguments), mp_context=get_context("fork")) as pool:
        return [future.result() for future in [pool.submit(call, *given) for given in arguments]]


def officer(username: str, role: Role, *, now: datetime, region: str = CITY) -> User:
    """An officer made by the service that makes them; the database is dropped after the run."""
    return create_staff(
        username=username,
        full_name=username,
        roles=[role],
        regions=[region],
        password="a long enough password 7",  # noqa: S106 - as above
        totp_secret=str(generate_totp_secret()),
        actor=machine(),
        now=now,
    )
