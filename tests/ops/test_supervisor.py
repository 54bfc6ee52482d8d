"""The supervisor's own decisions, with small processes in place of the product's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import supervisor
from config.home import HomeError, open_home, remove
from config.supervisor import Part, Site, alone, check_disk, check_ports, finish_leftovers, parse, started_at
from tests.site import free_pair_of_ports, wait_until

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
FAIL = [sys.executable, "-c", "print('no such table: rates'); raise SystemExit(3)"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    home = open_home(tmp_path / "var")
    made = Site(home, parse(["--port", str(free_pair_of_ports()), "--no-seed"]))
    yield made
    made.stop()
    remove(home)


def put(site: Site, name: str, command: list[str]) -> Part:
    """Let a part of the site be another program."""
    part = Part(name, command, dict(os.environ), stop_seconds=5)
    site.parts[name] = part
    site._launch(part)
    return part


def test_a_part_that_ended_is_started_again(site: Site) -> None:
    part = put(site, "worker", SLEEP)
    assert part.process is not None
    first = part.process
    first.kill()
    first.wait()
    site._mend()
    assert part.restart_at is not None, (
        "not at once: a part that fails at its start must not burn the processor"
    )

    def is_started_again() -> bool:
        site._mend()
        return part.process is not first

    wait_until(is_started_again, seconds=5, what="the second start")
    assert part.is_running()
    assert "worker ended with status -9" in (site.home.logs / "supervisor.log").read_text()


def test_a_part_that_keeps_ending_stops_the_site_with_its_last_words(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 0.01)
    put(site, "worker", FAIL)
    with pytest.raises(HomeError, match=r"worker ended 5 times within 60 s.*status 3: no such table: rates"):
        _mend_for(site, seconds=20)


def _mend_for(site: Site, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        site._mend()
        time.sleep(0.01)


def test_stopping_ends_grandchildren_too(site: Site, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    script = (
        "import subprocess, sys, time, pathlib\n"
        f"child = subprocess.Popen({SLEEP!r})\n"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)"
    )
    put(site, "web", [sys.executable, "-c", script])
    wait_until(lambda: note.exists() and bool(note.read_text()), seconds=10, what="the grandchild")
    site.stop()
    wait_until(lambda: not _is_running(int(note.read_text())), seconds=5, what="the grandchild's end")


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


def test_a_busy_port_is_named() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(HomeError, match=rf"port {port} .* is in use"):
            check_ports(port)
        with pytest.raises(HomeError, match=rf"port {port} .*sandbox.* is in use"):
            check_ports(port - 1)


def test_a_full_disk_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "MIN_FREE_MIB", 1 << 40)
    with pytest.raises(HomeError, match="the disk is full"):
        check_disk(site.home)


def test_a_second_run_in_the_same_home_is_told_where_the_first_is(site: Site) -> None:
    with (
        alone(site.home, 8000),
        pytest.raises(HomeError, match=r"already running at http://127\.0\.0\.1:"),
        alone(site.home, 8000),
    ):
        pass


def test_children_of_a_killed_supervisor_are_ended_by_the_next_start(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LEFTOVER_SECONDS", 0.2)
    stubborn = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
        ],
        start_new_session=True,
    )
    part = Part("worker", SLEEP, {}, 1, process=stubborn)
    site.parts["worker"] = part
    site._note_processes()
    note = supervisor.processes_file(site.home)
    note.write_text(note.read_text().replace(started_at(os.getpid()), "another process"))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children of a dead parent are reaped by the kernel
    try:
        began = time.monotonic()
        finish_leftovers(site.home)
        assert time.monotonic() - began < 5
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    assert not _is_running(stubborn.pid)
    stubborn.wait()
    part.process = None


@pytest.mark.parametrize(
    "arguments", [["--port", "0"], ["--port", "65535"], ["--people", "-1"], ["--nonsense"]]
)
def test_wrong_usage_ends_with_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err


def test_a_log_that_grew_too_long_is_moved_while_its_writer_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "KEPT_LOG_BYTES", 100)
    log = site.home.logs / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 50)
        supervisor.keep_logs_short(site.home)
        writer.write(b"new\n")
    assert log.read_bytes() == b"new\n"
    assert (site.home.logs / "web.log.1").read_bytes() == b"old\n" * 50
