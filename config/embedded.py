"""Sharing the embedded PostgreSQL and Valkey: who uses them holds a lease.

Every user (`./run`, `./manage`, `./bench`, a test run) holds a shared lock on one file. One small process,
the keeper (`config/keeper.py`), owns the servers and stops them when it gets that lock alone, so they also go
when the last user was killed. Must never import Django.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

from config.home import ROOT, Home, HomeError

START_SECONDS = 60
STOP_SECONDS = 20
READY = "READY"


class Lock:
    """An flock on a file of the runtime directory; it goes with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def take(self, *, shared: bool, seconds: float = 0.0) -> bool:
        """Whether the lock was got within `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            if self._file is None:
                self._file = self._path.open("a")
            try:
                fcntl.flock(self._file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN):
                    raise
            else:
                if self._is_current():
                    return True
                self.free()
                continue
            if time.monotonic() >= deadline:
                self.free()
                return False
            time.sleep(0.05)

    def _is_current(self) -> bool:
        """Whether the file locked is still the one that the path names."""
        if self._file is None or not self._path.exists():
            return False
        return os.fstat(self._file.fileno()).st_ino == self._path.stat().st_ino

    def free(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def users_lock(home: Home) -> Lock:
    """Held, shared, by everyone who uses the servers."""
    return Lock(home.runtime / "users.lock")


def keeper_lock(home: Home) -> Lock:
    """Held by the keeper as long as it lives."""
    return Lock(home.runtime / "keeper.lock")


def keeper_state_file(home: Home) -> Path:
    """The keeper's process number and the servers it owns."""
    return home.runtime / "keeper.json"


# --- users ------------------------------------------------------------------------------------------------


class Lease:
    """The right to use the servers while it is held; the last one to let go stops them."""

    def __init__(self, home: Home, servers: frozenset[str]) -> None:
        self._home = home
        self._servers = servers
        self._users = users_lock(home)

    def __enter__(self) -> Lease:
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.release()

    def take(self) -> None:
        """Wait until the servers answer. Raises HomeError with the reason if they do not."""
        if not self._servers:
            return
        if not self._users.take(shared=True, seconds=START_SECONDS):
            raise HomeError("the servers of this installation are still stopping: try again in a minute.")
        try:
            self.ensure()
        except HomeError:
            self._users.free()
            raise

    def ensure(self) -> None:
        """Start a keeper if none is alive (the caller holds the lock)."""
        if not self._servers:
            return
        starting = Lock(self._home.runtime / "start.lock")
        if not starting.take(shared=False, seconds=START_SECONDS):
            raise HomeError("another command is still starting the servers: try again in a minute.")
        try:
            probe = keeper_lock(self._home)
            if probe.take(shared=False):
                probe.free()
                _start_keeper(self._home, self._servers)
                return
            state = _keeper_state(self._home)
            if state is not None and not self._servers <= set(state["servers"]):
                raise HomeError(
                    "the servers run already, but not all that are needed: stop what uses them first."
                )
        finally:
            starting.free()

    def release(self) -> None:
        """Let go; if nobody else uses the servers, return only when they have stopped."""
        if not self._servers:
            return
        self._users.free()
        last = users_lock(self._home)
        if last.take(shared=False):
            state = _keeper_state(self._home)
            if state is not None:
                _send(int(str(state["pid"])), signal.SIGTERM)
            self._await_keeper()
        elif not last.take(shared=True):  # neither alone nor in company: the keeper was quicker
            self._await_keeper()
        last.free()

    def _await_keeper(self) -> None:
        keeper = keeper_lock(self._home)
        keeper.take(shared=False, seconds=STOP_SECONDS + 5)
        keeper.free()


@contextmanager
def exclusive_use(home: Home) -> Iterator[None]:
    """No user and no server while it lasts. Raises HomeError if there is one."""
    users = users_lock(home)
    if not users.take(shared=False, seconds=5):
        raise HomeError(f"{home.var} is in use by another command: stop that first.")
    try:
        yield
    finally:
        users.free()


def servers_needed(environment: dict[str, str] | None = None) -> frozenset[str]:
    """The servers that nothing in the environment replaces."""
    given = os.environ if environment is None else environment
    names = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}
    return frozenset(server for server, variable in names.items() if not given.get(variable))


def _keeper_state(home: Home) -> dict[str, list[str] | str] | None:
    try:
        state: dict[str, list[str] | str] = json.loads(keeper_state_file(home).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return state


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _start_keeper(home: Home, servers: frozenset[str]) -> None:
    """Returns when the servers answer; the keeper is then nobody's child. Raises HomeError."""
    command = [sys.executable, "-m", "config.keeper", str(home.var), "--servers", *sorted(servers)]
    if home.is_throwaway:
        command.append("--throwaway")
    started = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False
    )
    if started.returncode:
        raise HomeError(started.stdout.strip() or f"the servers did not start: see {home.logs}/keeper.log")
