"""A pytest plugin, loaded before Django: gives the run a PostgreSQL and a Valkey to throw away.

Without DATABASE_URL it uses the embedded servers of `ANYE_TEST_HOME` (default `var/tests`), shared by all
runs on this checkout and removed by the last one. It also keeps every test on this machine: only the loopback
interface and sockets of the file system can be reached.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import Lease, servers_needed
from config.home import ROOT, open_home, process_environment

_LEASES: list[Lease] = []
_LOOPBACK = ("127.", "::1", "localhost")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """A wrapper, because pytest-django loads the settings in the same hook and wants to be first."""
    _take_servers()
    return (yield)


def _take_servers() -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ and servers_needed():
        home = open_home(Path(os.environ.get("ANYE_TEST_HOME") or ROOT / "var" / "tests"), is_throwaway=True)
        lease = Lease(home, servers_needed())
        lease.take()
        _LEASES.append(lease)
        made = process_environment(home)
        os.environ.update({name: made[name] for name in ("DATABASE_URL", "REDIS_URL", "ANYE_HOME")})
        os.environ["ANYE_TEST_SERVERS"] = "embedded"
    if os.environ.get("ANYE_TEST_SERVERS") == "embedded":
        # A broker and a cache of its own for each process: two numbers out of 256.
        address = os.environ["REDIS_URL"].split("?")[0]
        os.environ["REDIS_URL"] = f"{address}?db={2 + os.getpid() % 120 * 2}"


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    while _LEASES:
        _LEASES.pop().release()


class _Guard(socket.socket):
    def connect(self, address: object) -> None:
        _check(self.family, address)
        super().connect(address)  # type: ignore[arg-type]  # as above

    def connect_ex(self, address: object) -> int:
        _check(self.family, address)
        return super().connect_ex(address)  # type: ignore[arg-type]  # as above


def _check(family: int, address: object) -> None:
    if family == socket.AF_UNIX:
        return
    host = str(address[0]) if isinstance(address, tuple) else str(address)
    if not host.startswith(_LOOPBACK):
        raise AssertionError(f"a test tried to reach {host}: only the loopback interface is allowed")


socket.socket = _Guard  # type: ignore[misc]  # the point: whoever opens a socket gets the guarded one
