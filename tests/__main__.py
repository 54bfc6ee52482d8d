"""`./test`: every check the project has; the exit status is 0 only if all of them pass.

Cheap checks come first. Without arguments pytest runs twice: once in parallel, then alone for the journeys
and the fault tests, which start real sites. Arguments go to pytest, in one run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.embedded import Lease, servers_needed
from config.home import ROOT, Home, HomeError, open_home, process_environment, remove

BIN = Path(sys.executable).parent
CHECKS: list[tuple[str, list[str]]] = [
    ("lint", [str(BIN / "ruff"), "check", "."]),
    ("format", [str(BIN / "ruff"), "format", "--check", "."]),
    ("imports", [str(BIN / "lint-imports"), "--no-cache"]),
    ("types", [sys.executable, "-m", "mypy"]),
    ("django", [sys.executable, "manage.py", "check", "--fail-level", "WARNING"]),
    ("migrations", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]),
]
PYTEST = [sys.executable, "-m", "pytest"]
ALONE = "browser or faults"
NOTHING_COLLECTED = 5


def main(arguments: list[str]) -> int:
    """Run all checks, tell the time of each, and repeat at the end what failed."""
    with tempfile.TemporaryDirectory(prefix="anye-test-", dir="/tmp") as directory:
        place = Path(directory)
        place.chmod(0o711)  # as root, the servers' user must get through
        (place / "home").mkdir()
        (place / "home").chmod(0o711)
        try:
            home = open_home(place / "home", is_throwaway=True)
            try:
                with Lease(home, servers_needed()):
                    return _check_all(home, arguments)
            finally:
                remove(home)
        except HomeError as error:
            print(f"test: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("test: stopped", file=sys.stderr)
            return 1


def _check_all(home: Home, arguments: list[str]) -> int:
    environment = process_environment(home)
    failed: list[str] = []
    for name, command in CHECKS:  # with the product's own settings
        _stage(name, command, environment, failed)
    tested = _environment_of_tests(environment)
    if arguments:
        _stage("tests", [*PYTEST, *arguments], tested, failed)
    else:
        _stage("tests", [*PYTEST, "-q", "-n", "2", "-m", f"not ({ALONE})"], tested, failed)
        _stage("tests on running sites", [*PYTEST, "-q", "-m", ALONE], tested, failed)
    print(f"\nFAILED: {', '.join(failed)}" if failed else "\nAll checks passed.")
    return 1 if failed else 0


def _environment_of_tests(environment: dict[str, str]) -> dict[str, str]:
    """The servers of this run, and for the rest what a plain `pytest` has."""
    servers = {name: environment[name] for name in ("DATABASE_URL", "REDIS_URL", "ANYE_HOME")}
    mark = {"ANYE_TEST_SERVERS": "embedded"} if servers_needed() else {}
    return os.environ | servers | mark | {"DJANGO_SETTINGS_MODULE": "tests.settings"}


def _stage(name: str, command: list[str], environment: dict[str, str], failed: list[str]) -> None:
    print(f"--- {name}", flush=True)
    began = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    if status:
        failed.append(name)
    print(f"--- {name}: {'failed' if status else 'ok'} ({time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
