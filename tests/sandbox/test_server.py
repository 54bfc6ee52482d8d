"""The server: HTTP as it should be, one process that starts, keeps its file and stops."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from sandbox.server import running
from tests.sandbox.conftest import PRODUCT, TODAY, Asker

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 30


def test_health_says_how_many_people_and_units_there_are(asker: Asker) -> None:
    reply = asker.send("GET", "/healthz")
    assert reply.json == {
        "status": "ok",
        "people": asker.server.application.world.size,
        "units": asker.server.application.units.count,
        "today": "2026-11-23",
    }


def test_a_connection_is_kept_and_a_head_has_no_body(asker: Asker) -> None:
    host = urlsplit(asker.server.url).netloc
    with closing(http.client.HTTPConnection(host, timeout=10)) as connection:
        for method in ("GET", "HEAD", "GET"):
            connection.request(method, "/healthz")
            answer = connection.getresponse()
            assert answer.status == 200
            assert bool(answer.read()) is (method == "GET")
            used = connection.sock.getsockname()
            connection.request("GET", "/app.css")
            assert connection.getresponse().read()
            assert connection.sock.getsockname() == used


def test_an_address_that_is_not_there_and_a_wrong_method_say_so(asker: Asker) -> None:
    assert asker.send("GET", "/nothing").code == "not_found"
    assert asker.send("GET", "/people/claimed").code == "method_not_allowed"
    assert asker.send("DELETE", "/people").status == 405


def test_a_browser_gets_a_page_where_a_program_gets_json(asker: Asker) -> None:
    reply = asker.send("GET", "/nothing", headers={"Accept": "text/html"})
    assert reply.status == 404
    assert reply.headers["Content-Type"].startswith("text/html")


def test_a_body_too_large_or_without_length_is_refused_before_it_is_read(asker: Asker) -> None:
    address = urlsplit(asker.server.url)
    for head, status in (
        (b"Content-Length: 99999999", b"413"),
        (b"Transfer-Encoding: chunked", b"411"),
        (b"Content-Length: many", b"400"),
        (b"Content-Length: -5", b"400"),
    ):
        with closing(socket.create_connection((address.hostname or "", address.port or 0), 10)) as line:
            line.sendall(b"POST /bank/files HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
            answer = b"".join(iter(lambda: line.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 " + status)


def test_silent_connections_do_not_keep_others_waiting(asker: Asker) -> None:
    address = urlsplit(asker.server.url)
    silent = [socket.create_connection((address.hostname or "", address.port or 0), 5) for _ in range(20)]
    started = time.monotonic()
    assert asker.send("GET", "/healthz").status == 200
    assert time.monotonic() - started < 5
    for line in silent:
        line.close()


def test_pages_carry_a_strict_policy_and_load_nothing_from_elsewhere(asker: Asker) -> None:
    reply = asker.send("GET", "/")
    policy = reply.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "http://127.0.0.1:8000" in policy.partition("form-action")[2]
    assert b'href="/app.css"' in reply.body
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_what_was_told_and_used_survives_a_new_start(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    kept = {}
    for start in range(2):
        with running(path, product=PRODUCT, today=TODAY, people=5, seed=start) as server:
            asker = Asker(server)
            person = asker.people("scenario=CLEAN&limit=1")[0]
            kept[start] = (person["id_number"], asker.send("GET", "/oidc/jwks").json)
            assert person["claimed"] is bool(start)
            asker.post("/people/claimed", {"id_number": person["id_number"]})
            asker.pool.clear()
    assert kept[0] == kept[1]


def test_a_population_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox import store as kept
    from sandbox.world import Person, World

    class Interrupted(World):
        def person(self, ordinal: int) -> Person:
            if ordinal == 100:
                raise KeyboardInterrupt
            return super().person(ordinal)

    monkeypatch.setattr(kept, "_CHUNK", 10)
    store = kept.Store(tmp_path / "sandbox.sqlite3")
    with pytest.raises(KeyboardInterrupt):
        kept.populate(store, Interrupted(1, 5, TODAY))
    assert kept.world_in(store) is None
    assert kept.populate(store, World(2, 5, TODAY)).seed == 2
    store.close()


# -- as a process ---------------------------------------------------------------------------------


def _free_port() -> int:
    with closing(socket.socket()) as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@contextmanager
def _process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    kept = (item for item in os.environ.items() if not item[0].startswith(("ANYE_", "DJANGO")))
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--product", PRODUCT, *arguments],
        cwd=ROOT,
        env=dict(kept),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _wait_for(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_process_says_where_it_is_keeps_its_people_small_and_stops_when_told(
    tmp_path: Path, end: signal.Signals
) -> None:
    port = _free_port()
    arguments = ("--port", str(port), "--db", str(tmp_path / "x" / "s.sqlite3"), "--today", "2026-11-23")
    with _process(*arguments) as process:
        assert _wait_for(process).startswith(f"sandbox: http://127.0.0.1:{port} (600 synthetic people")
        pool = urllib3.PoolManager(timeout=10, retries=False)
        assert pool.request("GET", f"http://127.0.0.1:{port}/oidc/jwks").status == 200
        assert pool.request("GET", f"http://127.0.0.1:{port}/").status == 200
        if sys.platform == "linux":
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
            pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            assert pss < 100_000
        process.send_signal(end)
        assert process.wait(PATIENCE) == 0
        pool.clear()


def test_the_process_never_loads_the_web_framework(tmp_path: Path) -> None:
    code = (
        "import sys, sandbox.__main__; "
        "bad = sorted(m for m in sys.modules if m.split('.')[0] in "
        "('django', 'accounts', 'cases', 'policy', 'gateways', 'payouts', 'claims', 'config')); "
        "law = sorted(m for m in sys.modules if m.split('.')[0] == 'law'); print(bad, law)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert done.stdout.strip() == "[] ['law', 'law.identifiers']"


def test_a_busy_port_is_one_clear_line(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with _process("--port", port, "--db", str(tmp_path / "s.sqlite3")) as process:
            assert process.wait(PATIENCE) == 1
            assert process.stderr is not None
            words = process.stderr.read()
    assert words.count("\n") == 1
    assert port in words


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with _process("--port", str(_free_port()), "--db", str(path)) as process:
        assert process.wait(PATIENCE) == 1
        assert process.stderr is not None
        assert process.stderr.read().count("\n") == 1


def test_killed_while_it_runs_it_starts_again_with_what_it_had(tmp_path: Path) -> None:
    port, path = _free_port(), tmp_path / "s.sqlite3"
    arguments = ("--port", str(port), "--db", str(path), "--people", "3")
    with _process(*arguments) as process:
        _wait_for(process)
        pool = urllib3.PoolManager(timeout=10, retries=False)
        fault = pool.request(
            "POST", f"http://127.0.0.1:{port}/control/fault", json={"source": "card", "mode": "down"}
        )
        assert fault.status == 200
        pool.clear()
        process.kill()
        process.wait(PATIENCE)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT source FROM faults").fetchall() == [("card",)]
    with _process(*arguments) as process:
        assert _wait_for(process).startswith("sandbox:")
