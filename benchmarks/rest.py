"""What the product holds in memory when nobody uses it, and how fast its first page is.

Starts a whole site of its own (a home, servers and ports apart), waits until it has settled, and adds up
the proportional set size of every process, so that shared pages count once. The sandbox is not part of the
product and has a row of its own. Linux only: other systems do not tell it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.rows import Row
from config.embedded import keeper_state_file
from config.home import ROOT, Home, HomeError, open_home, process_environment, remove
from config.servers import die_with_parent
from config.supervisor import answers, check_ports, processes_file

SIZES = (60,)
START_SECONDS = 300
SETTLE_SECONDS = 45
"""More than one turn of most jobs: the worker has loaded what it loads."""
FIRST_PORT = 18_000


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Start a city of each size; a row for start-up, one for the product at rest, one for the sandbox."""
    return [row for size in sizes or SIZES for row in _measure(size)]


def _measure(people: int) -> list[Row]:
    with _site(people) as (home, cold):
        time.sleep(SETTLE_SECONDS)
        held = _memory(home)
    product = sum(megabytes for name, megabytes in held.items() if name != "sandbox")
    return [
        _row("rest", people, cold, product),
        _row("rest-sandbox", people, cold, held["sandbox"]),
    ]


def _row(name: str, size: int, seconds: float, peak: float) -> Row:
    return Row(
        name=name,
        size=size,
        seconds=round(seconds, 2),
        per_second=round(size / seconds, 2),
        floor_seconds=None,
        ratio=None,
        peak_mb=round(peak, 1),
    )


@contextmanager
def _site(people: int) -> Iterator[tuple[Home, float]]:
    """A running site with its home, and the seconds from the command to its last word."""
    directory = Path(tempfile.mkdtemp(prefix="anye-rest-", dir="/tmp"))
    directory.chmod(0o711)
    home = open_home(directory / "var")
    of_an_installation = process_environment(home, {})  # that of the home in which `./bench` itself runs
    environment = {name: value for name, value in os.environ.items() if name not in of_an_installation}
    command = [
        sys.executable, "-m", "config.supervisor", "--port", str(_free_port()), "--people", str(people),
        "--enterprises", "0",
    ]  # fmt: skip
    began = time.monotonic()
    with (directory / "run.log").open("wb") as log:
        site = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment | {"ANYE_HOME": str(home.var)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - there is one thread
        )
    try:
        while not home.demo_file.exists():
            if site.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise HomeError(f"the site did not start: {(directory / 'run.log').read_text()[-500:]}")
            time.sleep(0.05)
        yield home, time.monotonic() - began
    finally:
        if site.poll() is None:
            site.send_signal(signal.SIGTERM)
        site.wait()
        remove(home)
        shutil.rmtree(directory, ignore_errors=True)


def _free_port() -> int:
    for port in range(FIRST_PORT, FIRST_PORT + 1000, 2):
        try:
            check_ports(port)
        except HomeError:
            continue
        return port
    raise HomeError("no two free ports in a row")


def _memory(home: Home) -> dict[str, float]:
    """Megabytes of each part, its children included."""
    roots = {name: int(part["pid"]) for name, part in json.loads(processes_file(home).read_text()).items()}
    roots["keeper"] = int(json.loads(keeper_state_file(home).read_text())["pid"])
    if not answers(json.loads(home.demo_file.read_text())["base_url"] + "/readyz"):
        raise HomeError("the site is not ready: there is nothing to measure")
    children = _children()
    own = frozenset(roots.values())

    def held(pid: int) -> float:
        return _proportional(pid) + sum(held(child) for child in children[pid] if child not in own)

    return {name: held(pid) for name, pid in roots.items()}


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except (FileNotFoundError, ProcessLookupError):
                continue
            found[int(parent)].append(int(entry.name))
    return found


def _proportional(pid: int) -> float:
    """The process's share of memory, in megabytes."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it ended meanwhile
    raise HomeError(f"the kernel does not tell the memory of process {pid}: run this as its owner, on Linux")
