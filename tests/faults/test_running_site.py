"""The running product loses parts, and its supervisor; nothing stays behind and nothing stays down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from config.home import ROOT
from tests.site import RunningSite, wait_until

pytestmark = pytest.mark.faults


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - the site's own address
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)
    except OSError:
        return 0


def is_ready(site: RunningSite) -> bool:
    return status(f"{site.base_url}/readyz") == 200


def processes_of(site: RunningSite) -> list[str]:
    """Command lines of every process that works for this site, its servers included."""
    marks = (str(site.directory), str(site.home.runtime), f"--port {site.port}", f"--port {site.port + 1}")
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (entry / "environ").read_bytes().decode(errors="replace")
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
        if any(mark in line for mark in marks) or f"ANYE_HOME={site.directory}" in environment:
            found.append(line)
    return found


def test_everything_answers(running_site: RunningSite) -> None:
    assert is_ready(running_site)
    assert status(f"{running_site.base_url}/") == 200
    assert status(f"{running_site.sandbox_url}/") == 200
    roles = [officer["role"] for officer in running_site.demo["staff"]]
    assert all(roles.count(role) == 2 for role in ("HANDLER", "REVIEWER", "SUPERVISOR"))
    assert running_site.demo["base_url"] == running_site.base_url


@pytest.mark.parametrize("part", ["web", "beat", "sandbox"])
def test_a_killed_part_comes_back(running_site: RunningSite, part: str) -> None:
    old = running_site.pid(part)
    running_site.kill(part, signal.SIGKILL)
    wait_until(lambda: running_site.pid(part) != old, seconds=30, what=f"a new {part}")
    wait_until(lambda: is_ready(running_site), seconds=60, what="the site to be ready again")
    wait_until(lambda: status(f"{running_site.sandbox_url}/") == 200, seconds=60, what="the sandbox")


def test_a_killed_worker_comes_back(running_site: RunningSite) -> None:
    running_site.kill_worker()
    running_site.wipe_broker()  # and with the broker's memory goes the mark of the old worker
    wait_until(lambda: is_ready(running_site), seconds=60, what="a worker that was seen")


def test_a_second_run_in_the_same_home_says_where_the_first_is(running_site: RunningSite) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "config.supervisor", "--port", "1"],
        cwd=ROOT, env=running_site.environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert second.returncode == 1
    assert second.stderr.startswith(f"run: already running at {running_site.base_url}/")
    assert len(second.stderr.splitlines()) == 1
    assert is_ready(running_site)


def test_a_management_command_uses_the_servers_that_run(running_site: RunningSite) -> None:
    assert "[X] 0001_initial" in running_site.manage("showmigrations", "accounts").stdout
    assert is_ready(running_site)


def test_logs_carry_no_number_of_a_person(running_site: RunningSite) -> None:
    numbers = [citizen["id_number"] for citizen in running_site.demo["citizens"]]
    assert numbers
    for log in running_site.home.logs.glob("*.log"):
        text = log.read_text(errors="replace")
        assert not [number for number in numbers if number in text], log.name


@pytest.fixture(scope="module")
def own_site() -> Iterator[RunningSite]:
    """A site that may be killed as a whole."""
    with RunningSite("--no-seed") as site:
        yield site


def test_nothing_stays_when_the_supervisor_is_killed_and_the_next_start_finds_its_data(
    own_site: RunningSite,
) -> None:
    own_site.start()
    first = own_site.demo["staff"]
    assert own_site.process is not None
    own_site.process.kill()
    own_site.process.wait()
    wait_until(lambda: processes_of(own_site) == [], seconds=30, what="every process to end")
    own_site.start()
    assert is_ready(own_site)
    assert own_site.demo["staff"] == first


def test_nothing_stays_when_the_supervisor_is_killed_while_starting(own_site: RunningSite) -> None:
    own_site.stop()
    for part in ("sandbox", "web"):
        starting = own_site.launch()
        wait_until(partial(_has_part, own_site, part), seconds=60, what=f"the start of {part}")
        starting.kill()
        starting.wait()
        wait_until(lambda: processes_of(own_site) == [], seconds=30, what="every process to end")


def _has_part(site: RunningSite, part: str) -> bool:
    try:
        return site.pid(part) > 0
    except (FileNotFoundError, KeyError):
        return False


def test_nothing_stays_after_a_stop_in_order(own_site: RunningSite) -> None:
    own_site.start()
    assert own_site.stop() == 0
    assert processes_of(own_site) == []


def test_a_lost_var_starts_anew(own_site: RunningSite) -> None:
    own_site.start()
    before = own_site.demo["staff"]
    assert own_site.stop() == 0
    for name in ("installation", "demo.json", "demo-secrets.json"):
        (own_site.home.var / name).unlink(missing_ok=True)
    own_site.start()
    assert is_ready(own_site)
    assert own_site.demo["staff"] != before
