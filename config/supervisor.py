"""`./run`: starts every part of the product on this machine, keeps them alive, and leaves none behind.

The parts are those of `docker-compose.yml`. Each child is a session of its own, so that Ctrl-C reaches the
supervisor alone, which then stops them in order; when the supervisor itself is killed, the kernel tells them.
Must never import Django or an app: it lives as long as the site does and stays small.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded import Lease, Lock, exclusive_use, servers_needed
from config.home import (
    DEFAULT_PORT,
    ROOT,
    Home,
    HomeError,
    destroy,
    home_from_environment,
    process_environment,
    site_addresses,
    write_private,
)
from config.servers import die_with_parent

START_SECONDS = 120
WATCH_SECONDS = 0.5
MAX_DEATHS, DEATHS_WITHIN_SECONDS = 5, 60
FIRST_PAUSE_SECONDS = 0.5
LEFTOVER_SECONDS = 10
MIN_FREE_MIB = 256
KEPT_LOG_BYTES = 10 * 1024 * 1024
DEFAULT_PEOPLE, DEFAULT_ENTERPRISES = 300, 60
PRODUCT_ONLY = (
    "SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "ANYE_FIELD_KEYS",
    "ANYE_DIGEST_KEY",
    "ANYE_TOKEN_KEY",
)
"""What the outside world must not know of us."""


class StopAsked(Exception):
    """Ctrl-C, SIGTERM or the end of the terminal."""


@dataclass
class Part:
    """One child process and its history."""

    name: str
    command: list[str]
    environment: dict[str, str]
    stop_seconds: float
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    restart_at: float | None = None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def web_command(port: int, host: str = "127.0.0.1") -> list[str]:
    """Granian, two processes of one thread: pages are made by Python, and idle sockets block nobody."""
    return [
        str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--workers", "2",
        "--blocking-threads", "1", "--workers-kill-timeout", "5", "--respawn-failed-workers",
        "--no-access-log", "--host", host, "--port", str(port), "config.wsgi:application",
    ]  # fmt: skip


def worker_command() -> list[str]:
    return [
        sys.executable, "-m", "celery", "-A", "config.celery", "worker", "--concurrency", "2",
        "--loglevel", "INFO", "--without-gossip", "--without-mingle",
    ]  # fmt: skip


def beat_command(schedule: Path) -> list[str]:
    return [
        sys.executable, "-m", "celery", "-A", "config.celery", "beat", "--loglevel", "INFO",
        "--schedule", str(schedule), "--pidfile", "",
    ]  # fmt: skip


def sandbox_command(
    port: int,
    database: Path,
    product: str,
    people: int,
    host: str = "127.0.0.1",
    enterprises: int = 0,
) -> list[str]:
    employers = ["--enterprises", str(enterprises)] if enterprises else []
    return [
        sys.executable, "-m", "sandbox", "--port", str(port), "--db", str(database), "--product", product,
        "--people", str(people), "--host", host, *employers,
    ]  # fmt: skip


class Site:
    """One running installation."""

    def __init__(self, home: Home, options: argparse.Namespace) -> None:
        self.home = home
        self.port: int = options.port
        self.addresses = site_addresses(self.port)
        self.environment = process_environment(home, os.environ) | self._own_environment()
        self._size: dict[str, int] = {
            "people": DEFAULT_PEOPLE if options.people is None else options.people,
            "enterprises": DEFAULT_ENTERPRISES if options.enterprises is None else options.enterprises,
        }
        self._seed = self._seed_wanted(options)
        self.parts: dict[str, Part] = {part.name: part for part in self._make_parts()}
        self._is_stopping = False
        self._must_hurry = False

    def _own_environment(self) -> dict[str, str]:
        hosts = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost")
        return {
            "ANYE_BASE_URL": self.addresses["base_url"],
            "ANYE_SANDBOX_URL": os.environ.get("ANYE_SANDBOX_URL", self.addresses["sandbox_url"]),
            "ALLOWED_HOSTS": hosts,
            "PYTHONUNBUFFERED": "1",
        }

    def _seed_wanted(self, options: argparse.Namespace) -> dict[str, int] | None:
        """The size of the city to make; None if it stands or none is wanted."""
        if self.home.seeded_file.exists():
            size = json.loads(self.home.seeded_file.read_text())
            asked = (options.people, options.enterprises)
            if asked != (None, None) and asked != (size["people"], size["enterprises"]):
                say(f"The demo city stands already, with {size['people']} people; --fresh makes a new one.")
            return None
        if options.no_seed:
            return None
        return self._size

    def _make_parts(self) -> Iterator[Part]:
        var = self.home.var
        outside = {name: value for name, value in self.environment.items() if name not in PRODUCT_ONLY}
        without_django = {
            name: value for name, value in self.environment.items() if name != "DJANGO_SETTINGS_MODULE"
        }
        people, enterprises = self._city_size("people"), self._city_size("enterprises")
        yield Part(
            "sandbox",
            sandbox_command(
                self.port + 1,
                var / "sandbox.sqlite3",
                self.addresses["base_url"],
                people,
                enterprises=enterprises,
            ),
            outside,
            5,
        )
        yield Part("worker", worker_command(), self.environment, 20)
        yield Part("beat", beat_command(var / "beat" / "schedule"), without_django, 5)
        yield Part("web", web_command(self.port), self.environment, 8)

    def _city_size(self, what: str) -> int:
        if self._seed is not None:
            return self._seed[what]
        if self.home.seeded_file.exists():
            return int(json.loads(self.home.seeded_file.read_text())[what])
        return self._size[what]

    # --- start --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Return when every part answers. Raises HomeError with the reason if one does not."""
        self.home.demo_file.unlink(missing_ok=True)
        (self.home.var / "beat").mkdir(exist_ok=True)
        write_private(self.home.site_file, json.dumps(self.addresses))
        self._launch(self.parts["sandbox"])
        self._wait_for(self.addresses["sandbox_url"] + "/", "sandbox")
        draft = self._prepare()
        for name in ("worker", "beat", "web"):
            self._launch(self.parts[name])
        self._wait_for(self.addresses["base_url"] + "/healthz", "web")
        self._wait_for(self.addresses["base_url"] + "/readyz", "worker")
        draft.replace(self.home.demo_file)

    def _prepare(self) -> Path:
        """Migrate, collect static files, seed and write the demo accounts: one process, as each costs 2 s."""
        draft = self.home.var / "demo.json.draft"
        command = [
            sys.executable, "manage.py", "prepare", "--demo-file", str(draft),
            "--base-url", self.addresses["base_url"], "--sandbox-url", self.environment["ANYE_SANDBOX_URL"],
        ]  # fmt: skip
        if self._seed is not None:
            command += [
                "--people",
                str(self._seed["people"]),
                "--enterprises",
                str(self._seed["enterprises"]),
            ]
        preparing = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - the supervisor has one thread
        )
        try:
            status = preparing.wait()
        except StopAsked:
            os.killpg(preparing.pid, signal.SIGKILL)
            preparing.wait()
            raise
        if status:
            raise HomeError(f"preparing the database failed with status {status}: the reason stands above.")
        if self._seed is not None:
            write_private(self.home.seeded_file, json.dumps(self._seed))
        return draft

    def _launch(self, part: Part) -> None:
        with (self.home.logs / f"{part.name}.log").open("ab") as log:
            part.process = subprocess.Popen(
                part.command,
                cwd=ROOT,
                env=part.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - the supervisor has one thread
            )
        part.restart_at = None
        self._note_processes()

    def _note_processes(self) -> None:
        """For the next start after a `kill -9`, and for those who want to kill a part on purpose."""
        running = {name: part.process.pid for name, part in self.parts.items() if part.process is not None}
        write_private(
            processes_file(self.home),
            json.dumps(
                {name: {"pid": pid, "started": started_at(pid)} for name, pid in running.items()}
                | {"supervisor": {"pid": os.getpid(), "started": started_at(os.getpid())}}
            ),
        )

    def _wait_for(self, address: str, name: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(address):
            self._mend()
            if time.monotonic() > deadline:
                raise HomeError(f"{name} did not answer in {START_SECONDS} s: {self._last_words(name)}")
            time.sleep(0.1)

    def _last_words(self, name: str) -> str:
        log_file = self.home.logs / f"{name}.log"
        lines = log_file.read_text(errors="replace").strip().splitlines() if log_file.exists() else []
        return f"{lines[-1].strip()} (see {log_file})" if lines else f"see {log_file}"

    # --- run ----------------------------------------------------------------------------------------------

    def watch(self, lease: Lease) -> None:
        """Restart what ends, until asked to stop. Raises HomeError when a part cannot be kept alive."""
        while True:
            self._mend()
            lease.ensure()
            keep_logs_short(self.home)
            time.sleep(WATCH_SECONDS)

    def _mend(self) -> None:
        now = time.monotonic()
        for part in self.parts.values():
            if part.restart_at is not None:
                if now >= part.restart_at:
                    self._launch(part)
            elif part.process is not None and part.process.poll() is not None:
                self._bury(part, now)

    def _bury(self, part: Part, now: float) -> None:
        """A part ended by itself: end what is left of it and set the time of its next start."""
        if part.process is None:
            return
        kill_group(part.process.pid)
        status = part.process.returncode
        part.deaths = [at for at in part.deaths if now - at < DEATHS_WITHIN_SECONDS] + [now]
        if len(part.deaths) >= MAX_DEATHS:
            raise HomeError(
                f"{part.name} ended {len(part.deaths)} times within {DEATHS_WITHIN_SECONDS} s, "
                f"last with status {status}: {self._last_words(part.name)}"
            )
        pause = FIRST_PAUSE_SECONDS * 2 ** (len(part.deaths) - 1)
        part.restart_at = now + pause
        self._log(f"{part.name} ended with status {status}; starting it again in {pause:g} s")

    def _log(self, text: str) -> None:
        say(text)
        with (self.home.logs / "supervisor.log").open("a") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {text}\n")

    # --- stop ---------------------------------------------------------------------------------------------

    def on_signal(self, number: int, frame: object) -> None:
        """The first signal stops in order; one more while stopping kills."""
        if self._is_stopping:
            self._must_hurry = True
            return
        self._is_stopping = True
        raise StopAsked

    def stop(self) -> None:
        """First those that ask for work, then those that do it."""
        self._is_stopping = True
        for names in (("web", "beat"), ("worker",), ("sandbox",)):
            running = [self.parts[name] for name in names if self.parts[name].is_running()]
            for part in running:
                send(part, signal.SIGTERM)
            for part in running:
                self._await_end(part)
        processes_file(self.home).unlink(missing_ok=True)

    def _await_end(self, part: Part) -> None:
        deadline = time.monotonic() + part.stop_seconds
        while part.is_running() and time.monotonic() < deadline and not self._must_hurry:
            time.sleep(0.05)
        if part.process is not None:
            kill_group(part.process.pid)  # also what a part left of its own children
            part.process.wait()


# --- small things -----------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)


def send(part: Part, number: int) -> None:
    if part.process is not None and part.process.poll() is None:
        part.process.send_signal(number)


def kill_group(pid: int) -> None:
    """Kill what is left of a session that we started."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS answers the second for a group of the dead
        return


def keep_logs_short(home: Home) -> None:
    """Move what a log holds into `<name>.log.1` when it has grown too long; its writers append and go on."""
    for log in home.logs.glob("*.log"):
        if log.stat().st_size > KEPT_LOG_BYTES:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


def processes_file(home: Home) -> Path:
    return home.runtime / "processes.json"


def started_at(pid: int) -> str:
    """When a process began, in the kernel's ticks: with the number it names one process; empty if unknown."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return ""


def answers(address: str) -> bool:
    """Whether a GET is answered with a status below 400."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status < 400)
    except (urllib.error.URLError, OSError):
        return False


def check_ports(port: int) -> None:
    """Raises HomeError if the site's port or the sandbox's is taken."""
    for number, name in ((port, "--port"), (port + 1, "the sandbox's, one above --port")):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError as error:
                reason = (
                    "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
                )
                raise HomeError(f"port {number} ({name}) {reason}; choose another with --port N.") from None


def check_disk(home: Home) -> None:
    """Raises HomeError if a start would fill the disk."""
    for place in (home.var, home.data):
        free = shutil.disk_usage(place).free >> 20
        if free < MIN_FREE_MIB:
            raise HomeError(f"the disk is full: {free} MiB free at {place}, {MIN_FREE_MIB} needed.")


def finish_leftovers(home: Home) -> None:
    """After a supervisor that was killed: wait for its children to end, then end them."""
    try:
        left = json.loads(processes_file(home).read_text())
    except (FileNotFoundError, ValueError):
        return
    deadline = time.monotonic() + LEFTOVER_SECONDS
    for child in left.values():
        pid, started = int(child["pid"]), str(child["started"])
        while started and started_at(pid) == started:
            if time.monotonic() > deadline:
                kill_group(pid)
            time.sleep(0.1)
    processes_file(home).unlink(missing_ok=True)


@contextmanager
def alone(home: Home, port: int) -> Iterator[None]:
    """No second `./run` in the same home while it lasts. Raises HomeError if there is one."""
    lock = Lock(home.runtime / "run.lock")
    if not lock.take(shared=False):
        site = json.loads(home.site_file.read_text()) if home.site_file.exists() else site_addresses(port)
        raise HomeError(f"already running at {site['base_url']}/ (state in {home.var}); stop that one first.")
    try:
        yield
    finally:
        lock.free()


def welcome(site: Site) -> str:
    """What the person at the terminal needs: addresses, and who can sign in."""
    demo = json.loads(site.home.demo_file.read_text())
    lines = [
        "",
        f"  Anye is ready     {demo['base_url']}/",
        f"  Outside world     {demo['sandbox_url']}/",
        "",
        f"  Staff sign in at  {demo['base_url']}/staff/sign-in/",
        *(
            f"    {one['role']:<23} {one['username']:<14} {one['password']:<24} TOTP {one['totp_secret']}"
            for one in demo["staff"]
        ),
        "",
        f"  Citizens sign in at {demo['base_url']}/sign-in/ with name and number",
    ]
    seen: set[str] = set()
    for person in demo["citizens"]:
        if person["scenario"] not in seen:
            seen.add(person["scenario"])
            lines.append(f"    {person['scenario']:<24} {person['id_number']}  {person['name']}")
    lines += ["", f"  All accounts: {site.home.demo_file}   Logs: {site.home.logs}   Stop: Ctrl-C", ""]
    return "\n".join(lines)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run", description="Start the whole product on this machine.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="the sandbox takes the next one")
    parser.add_argument("--fresh", action="store_true", help="drop all data first")
    parser.add_argument("--people", type=int, help=f"size of the demo city ({DEFAULT_PEOPLE})")
    parser.add_argument(
        "--enterprises",
        type=int,
        help=f"employers of the demo city ({DEFAULT_ENTERPRISES})",
    )
    parser.add_argument("--no-seed", action="store_true", help="start without a demo city")
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65534:
        parser.error("--port must lie between 1 and 65534")
    for name in ("people", "enterprises"):
        if (getattr(options, name) or 0) < 0:
            parser.error(f"--{name} cannot be negative")
    return options


def run(options: argparse.Namespace) -> None:
    """Start, watch, stop. Raises HomeError with a reason that fits one line."""
    home = home_from_environment()
    with alone(home, options.port):
        finish_leftovers(home)
        check_ports(options.port)
        if options.fresh:
            if servers_needed() != {"postgres", "valkey"}:
                raise HomeError(
                    "--fresh drops only embedded data; drop those of DATABASE_URL and REDIS_URL yourself."
                )
            with exclusive_use(home):
                destroy(home)
            home = home_from_environment()
        check_disk(home)
        site = Site(home, options)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, site.on_signal)
        say("Starting…")
        try:
            with Lease(home, servers_needed()) as lease:
                try:
                    site.start()
                    say(welcome(site))
                    site.watch(lease)
                finally:
                    site.stop()
        except StopAsked:
            say("Stopped.")


def main() -> int:
    """The exit status: 0 after a stop that was asked for, 1 with one line if it could not start or go on."""
    options = parse(sys.argv[1:])
    os.umask(0o077)
    try:
        run(options)
    except HomeError as error:
        print(f"run: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print("run: the disk is full.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
