"""The outside for these tests: the sandbox over real HTTP, and an office that behaves as badly as it is
told.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Party
from accounts.services import ensure_person
from gateways.adapters import wire
from gateways.ports import Subject
from sandbox.server import Running, running
from sandbox.server import Settings as SandboxSettings
from sandbox.world import Person

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
PATIENCE = 10


@dataclass
class Heard:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[["Handler", Heard], None]


@dataclass
class Office:
    """A server that does what `next` says for each request in turn, and what `always` says after that."""

    url: str
    next: deque[Behaviour] = field(default_factory=deque)
    always: Behaviour | None = None
    heard: list[Heard] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def says(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> Behaviour:
        """An answer."""

        def behave(handler: Handler, heard: Heard) -> None:
            handler.answer(status, body, headers or {})

        return behave

    def hangs(self, handler: Handler, heard: Heard) -> None:
        """Takes the request and says nothing until the test is over."""
        self.released.wait(PATIENCE)
        handler.close_connection = True

    def drops(self, handler: Handler, heard: Heard) -> None:
        """Closes the line."""
        handler.close_connection = True

    def drips(self, handler: Handler, heard: Heard) -> None:
        """Sends a byte every now and then, so that no single wait is ever too long."""
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _byte in range(1000):
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                break
            if self.released.wait(0.05):
                break
        handler.close_connection = True


class _Server(ThreadingHTTPServer):
    office: Office

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is what many of these tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _serve(self) -> None:
        office = self.server.office
        length = int(self.headers.get("Content-Length") or 0)
        heard = Heard(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
        office.heard.append(heard)
        behave = office.next.popleft() if office.next else office.always
        assert behave is not None, "the office was asked more often than the test says"
        behave(self, heard)


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    """Each test begins without connections and with closed breakers, and leaves none open."""
    wire.reset()
    yield
    wire.reset()


@pytest.fixture
def office(_hang_up: None) -> Iterator[Office]:
    """An office of the test's own."""
    server = _Server(("127.0.0.1", 0), Handler)
    server.office = Office(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.office
    server.office.released.set()
    wire.reset()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The sandbox, in a thread, on a port of its own."""
    path: Path = tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite3"
    settings = SandboxSettings("", (), key="only-for-tests")
    with running(
        path, product="http://127.0.0.1:8000", people=0, seed=7, today=TODAY, settings=settings
    ) as server:
        yield server
        wire.reset()


@pytest.fixture
def sandbox(sandbox_server: Running, settings: Settings) -> Running:
    """The sandbox as the world outside of this test's product."""
    settings.ANYE_SANDBOX_URL = sandbox_server.url
    settings.ANYE_GATEWAY_KEY = "only-for-tests"
    settings.ANYE_OUTSIDE = {}
    return sandbox_server


def person_of(server: Running, scenario: str = "CLEAN", nth: int = 0) -> Person:
    """A free person of a scenario."""
    world = server.application.world
    found = [
        p for p in map(world.person, range(1, world.size + 1)) if p.scenario == scenario and p.pool == "free"
    ]
    return found[nth]


def subject_of(person: Person) -> Subject:
    """Whom to ask about."""
    return Subject(name=person.name, id_kind="CITIZEN_ID", id_number=person.id_number)


def party_of(person: Person) -> Party:
    """The same person in our books."""
    return ensure_person(name=person.name, id_kind="CITIZEN_ID", id_number=person.id_number, now=NOW)
