"""Where one installation keeps its run-time state, its secrets, and the environment of its processes.

Never imports Django or an app of ours: it runs before either can be set up. Never prints a secret.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pwd
import secrets
import shutil
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
IS_ROOT = os.geteuid() == 0
DATABASE = "anye"
DEFAULT_PORT = 8000
SERVER_USER = "nobody"
"""Root cannot run PostgreSQL; this user, present on every Linux and macOS, can."""


class HomeError(Exception):
    """A reason why the installation cannot start, in one line that can be shown as it stands."""


def server_account() -> tuple[str, int] | tuple[None, None]:
    """User name and group number to which a server gives up root; nothing for ordinary users.

    Raises HomeError if root has nobody to give up to.
    """
    if not IS_ROOT:
        return None, None
    try:
        return SERVER_USER, pwd.getpwnam(SERVER_USER).pw_gid
    except KeyError:
        raise HomeError(
            f"root cannot run PostgreSQL and this machine has no user '{SERVER_USER}': "
            "start as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from None


def is_traversable(path: Path) -> bool:
    """Whether every directory up to `path` lets other users through, on the way of a link and behind it."""
    given, real = path.absolute(), path.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (given, *given.parents, real, *real.parents))


@dataclass(frozen=True)
class Home:
    """The places of one installation. Two installations share nothing."""

    var: Path
    """Everything a person may want to look at: logs, demo.json, static files."""
    data: Path
    """The databases and, beside them, their secrets: lost together or kept together."""
    runtime: Path
    """Sockets and locks, in a path short enough for a socket (107 bytes)."""
    programs: Path | None
    """Where the PostgreSQL binaries are copied when `nobody` cannot reach the virtual environment."""
    is_throwaway: bool = False
    """For tests: no durability, and the data are removed with the last user."""

    @property
    def logs(self) -> Path:
        return self.var / "logs"

    @property
    def postgres_data(self) -> Path:
        return self.data / "postgres"

    @property
    def postgres_socket(self) -> Path:
        return self.runtime / "postgres"

    @property
    def valkey_data(self) -> Path:
        return self.data / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.runtime / "valkey" / "valkey.sock"

    @property
    def secrets_file(self) -> Path:
        return self.data / "secrets.env"

    @property
    def site_file(self) -> Path:
        """The addresses of the site that ran last; `./manage` reaches the sandbox by it."""
        return self.data / "site.json"

    @property
    def seeded_file(self) -> Path:
        """Exists once the demo city stands; beside the data, for it is true of these data only."""
        return self.data / "seeded.json"

    @property
    def demo_file(self) -> Path:
        return self.var / "demo.json"


def home_from_environment() -> Home:
    """The installation that `ANYE_HOME` names, or `var/` beside the code.

    Raises HomeError if it cannot be created.
    """
    return open_home(Path(os.environ.get("ANYE_HOME") or ROOT / "var"))


def open_home(var: Path, *, is_throwaway: bool = False) -> Home:
    """The installation in `var`, with its directories made and its secrets written.

    Raises HomeError if a directory cannot be made or belongs to someone else.
    """
    try:
        home = _locate(var, is_throwaway=is_throwaway)
        _prepare(home)
    except OSError as error:
        raise HomeError(f"cannot use {var}: {error.strerror or error}.") from error
    return home


def _locate(var: Path, *, is_throwaway: bool) -> Home:
    if not var.exists():
        var.mkdir(parents=True)
        var.chmod(0o711 if IS_ROOT else 0o700)
    if not var.is_dir():
        raise HomeError(f"cannot use {var}: it is not a directory.")
    var = var.resolve()
    key = hashlib.sha256(str(var).encode()).hexdigest()[:10]
    if IS_ROOT and os.access("/run", os.W_OK):
        runtime = Path("/run") / f"anye-{key}"
    else:  # not $TMPDIR or $XDG_RUNTIME_DIR: every session of this user must find the same locks
        runtime = Path("/tmp") / f"anye-{os.geteuid()}-{key}"  # noqa: S108 - made private in _own_directory
    private = Path("/var/lib") / f"anye-{key}"
    # Once data lie in the private place they stay there, whatever happens to the modes of the checkout.
    if IS_ROOT and (
        (private / "data").exists() or not (is_traversable(var) and is_traversable(Path(sys.prefix)))
    ):
        return Home(var, private / "data", runtime, private, is_throwaway)
    return Home(var, var / "data", runtime, None, is_throwaway)


def _prepare(home: Home) -> None:
    _own_directory(home.runtime, 0o711 if IS_ROOT else 0o700)
    mark = home.var / "installation"
    if not mark.exists():
        write_private(mark, secrets.token_hex(8) + "\n")
    installation = mark.read_text()
    if home.data.exists():
        known = home.data / "installation"
        if not known.exists() or known.read_text() != installation:
            _set_aside(home.data)
    if not home.data.exists():
        home.data.mkdir(parents=True)
        home.data.chmod(0o711 if IS_ROOT else 0o700)
        if home.programs is not None:
            home.programs.chmod(0o711)
        write_private(home.data / "installation", installation)
    home.logs.mkdir(exist_ok=True)
    home.logs.chmod(0o700)
    _complete_secrets(home.secrets_file)


def _own_directory(path: Path, mode: int) -> None:
    """Make `path` ours alone; its name can be guessed, so one that someone else made is refused."""
    path.mkdir(mode=mode, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise HomeError(f"{path} belongs to another user: remove it, or set ANYE_HOME to another directory.")
    path.chmod(mode)


def _set_aside(data: Path) -> None:
    """Keep the data whose `var` was lost, once: the installation starts anew without destroying them."""
    aside = data.with_name(data.name + ".orphaned")
    if aside.exists():
        shutil.rmtree(aside)
    data.rename(aside)


def destroy(home: Home) -> None:
    """Remove the data of an installation that nobody uses (the caller holds its lock)."""
    for path in (home.data, home.var / "static", home.var / "beat", home.var / "metrics"):
        shutil.rmtree(path, ignore_errors=True)
    for name in (
        "installation",
        "demo.json",
        "demo-secrets.json",
        "sandbox.sqlite3",
        "sandbox.sqlite3-wal",
        "sandbox.sqlite3-shm",
    ):
        (home.var / name).unlink(missing_ok=True)


def remove(home: Home) -> None:
    """Remove an installation with everything it wrote (for tests; the caller holds its lock)."""
    for path in (home.data, home.var, home.runtime, home.programs):
        if path is not None:
            shutil.rmtree(path, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


# --- secrets ----------------------------------------------------------------------------------------------


def _key_of_32_bytes() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _signing_key() -> str:
    """A new RSA key for API tokens: PEM, base64 so that it fits on one line."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - 60 ms, needed once in a lifetime
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - as above

    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return base64.b64encode(pem).decode()


SECRETS = {
    "POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(24),
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "ANYE_FIELD_KEYS": lambda: f"k1:{_key_of_32_bytes()}",
    "ANYE_DIGEST_KEY": _key_of_32_bytes,
    "ANYE_GATEWAY_KEY": lambda: secrets.token_hex(32),
    "ANYE_OIDC_CLIENT_SECRET": lambda: secrets.token_urlsafe(32),
    "ANYE_TOKEN_KEY": _signing_key,
}
"""What an installation must keep to itself, and how each is made at the first start."""


def _read_secrets(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if line)


def _complete_secrets(path: Path) -> None:
    known = _read_secrets(path)
    missing = [name for name in SECRETS if name not in known]
    if missing:
        known |= {name: SECRETS[name]() for name in missing}
        write_private(path, "".join(f"{name}={value}\n" for name, value in known.items()))


# --- environment ------------------------------------------------------------------------------------------


def site_addresses(port: int) -> dict[str, str]:
    """Base URLs of the product and of the sandbox beside it."""
    return {"base_url": f"http://127.0.0.1:{port}", "sandbox_url": f"http://127.0.0.1:{port + 1}"}


def process_environment(home: Home, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The complete environment of a process of this installation; what is given already stays."""
    known = _read_secrets(home.secrets_file)
    password = quote(known.pop("POSTGRES_PASSWORD"), safe="")
    site = json.loads(home.site_file.read_text()) if home.site_file.exists() else site_addresses(DEFAULT_PORT)
    defaults = {
        **known,
        "DATABASE_URL": f"postgresql://{DATABASE}:{password}@/{DATABASE}?host={home.postgres_socket}",
        "REDIS_URL": f"unix://{home.valkey_socket}?db=0",
        "ANYE_HOME": str(home.var),
        "ANYE_BASE_URL": site["base_url"],
        "ANYE_SANDBOX_URL": site["sandbox_url"],
        "ANYE_OIDC_CLIENT_ID": "anye",
        "ANYE_HTTPS": "false",
        "ANYE_DEMO": "true",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUTF8": "1",
    }
    return defaults | dict(given)
