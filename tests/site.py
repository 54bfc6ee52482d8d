"""The whole product, started as `./run` starts it, for journeys and fault tests.

It has a home, ports and servers of its own, and is removed with all it wrote. Nothing in it is replaced by a
stand-in: the outside world is the sandbox, over HTTP.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg2
import redis

from config.home import ROOT, Home, open_home, process_environment, remove
from config.play import CODE_SECONDS, one_time_code
from config.servers import die_with_parent
from config.supervisor import processes_file

START_SECONDS = 180
STOP_SECONDS = 60
HURRY_SECONDS = 15
BUSY_TIMES = 3
OF_THE_TEST_RUN = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_XDIST_WORKER")


class RunningSite:
    """One running product; a context manager."""

    def __init__(self, *arguments: str) -> None:
        """`arguments` go to `./run` in place of the size of a small city."""
        self.arguments = arguments or ("--people", "12", "--enterprises", "0")
        # Not pytest's own directory: as root, the servers' user must get through.
        self.directory = Path(tempfile.mkdtemp(prefix="anye-site-", dir="/tmp"))
        self.directory.chmod(0o711)
        self.port = free_pair_of_ports()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def home(self) -> Home:
        return open_home(self.directory / "var")

    @property
    def demo(self) -> dict[str, Any]:
        """What `demo.json` says: addresses and accounts."""
        found: dict[str, Any] = json.loads(self.home.demo_file.read_text())
        return found

    @property
    def environment(self) -> dict[str, str]:
        """That of a person who types commands, with this site as its home."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in OF_THE_TEST_RUN and not name.startswith(("ANYE_", "ALLOWED_HOSTS", "SECRET_KEY"))
        }
        return kept | {"ANYE_HOME": str(self.directory / "var")}

    def __enter__(self) -> RunningSite:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()
        remove(self.home)
        shutil.rmtree(self.directory, ignore_errors=True)

    # --- life ---------------------------------------------------------------------------------------------

    def launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `./run` on this site's port without waiting; its words go to `run.log`."""
        with (self.directory / "run.log").open("ab") as log:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "config.supervisor",
                    "--port",
                    str(self.port),
                    *self.arguments,
                    *arguments,
                ],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # a test run that is killed leaves no site behind
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - started from the main thread
            )

    def start(self) -> None:
        """Return when the site is ready, at once if it runs; fails with its last words if it does not."""
        if not self._has_ended():
            return
        (self.directory / "var" / "demo.json").unlink(missing_ok=True)  # the last start's
        self.process = self.launch()
        wait_until(
            lambda: self._is_up() or self._has_ended(),
            seconds=START_SECONDS,
            what=f"the site: {self.words()}",
        )
        if self._has_ended():
            raise AssertionError(f"the site ended while starting: {self.words()}")

    def _is_up(self) -> bool:
        return (self.directory / "var" / "demo.json").exists()

    def _has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def words(self) -> str:
        """The end of what `./run` said."""
        log = self.directory / "run.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def stop(self) -> int | None:
        """Ask it to stop, as `kill` would; its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                raise AssertionError(f"the site did not stop in {STOP_SECONDS} s: {self.words()}") from None
        return self.process.returncode

    # --- officers -----------------------------------------------------------------------------------------

    def code(self, username: str, totp_secret: str) -> str:
        """A one-time code that the site will take, whoever used one before: it asks the site's own record.

        A code counts once, and one step early or late; all tests of a run share the site and its officers.
        """
        address = process_environment(self.home, self.environment)["DATABASE_URL"]
        with contextlib.closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT last_code_step FROM accounts_user WHERE username = %s", [username])
            (used,) = cursor.fetchone() or (0,)

        def now() -> int:
            return int(time.time()) // CODE_SECONDS

        wait_until(lambda: used < now() + 1, seconds=CODE_SECONDS + 5, what="the next one-time code")
        # The step before this one counts only while this one lasts, and a page needs its time to get there.
        oldest = int(time.time() - CODE_SECONDS + HURRY_SECONDS) // CODE_SECONDS
        return one_time_code(totp_secret, max(used + 1, oldest))

    # --- faults -------------------------------------------------------------------------------------------

    def pid(self, part: str) -> int:
        """Process number of a part: web, worker, beat, sandbox or supervisor."""
        return int(json.loads(processes_file(self.home).read_text())[part]["pid"])

    def kill(self, part: str, number: int = signal.SIGKILL) -> None:
        """Kill one part; the supervisor starts it again."""
        os.kill(self.pid(part), number)

    def kill_worker(self) -> None:
        """Kill the worker and its children without a chance to finish, and wait until a new one is there."""
        old = self.pid("worker")
        os.killpg(old, signal.SIGKILL)
        wait_until(lambda: self.pid("worker") != old, seconds=30, what="a new worker")

    def wipe_broker(self) -> None:
        """Lose every message and every cached value."""
        address = process_environment(self.home, self.environment)["REDIS_URL"]
        with redis.Redis.from_url(address) as broker:
            broker.flushall()

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command against this site."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(
                f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}"
            )
        return done


def free_pair_of_ports() -> int:
    """A port that is free, as is the next one."""
    for _ in range(100):
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with socket.socket() as second:
                try:
                    second.bind(("127.0.0.1", port + 1))
                except OSError:
                    continue
                return port
    raise AssertionError("no two free ports in a row")


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Return as soon as `condition()` is true.

    `seconds`: how long it may take on an idle machine; a busy one is given three times as long.
    """
    deadline = time.monotonic() + BUSY_TIMES * seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {BUSY_TIMES * seconds:g} s in vain for {what}")
        time.sleep(0.05)
