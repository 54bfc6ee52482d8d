"""A register answers in its own format what no law knows: the claim reaches a person, and stops no other."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import urllib3
from django.test import Client
from pytest_django import Settings

import claims.services
from claims import kinds
from sandbox.server import Running
from sandbox.world import Person
from tests.claims.conftest import NOW, Staff, reread, submit
from tests.claims.test_views import citizen

pytestmark = pytest.mark.django_db
Find = Callable[..., Person]
PATIENCE_SECONDS = 10


class OddOffice(ThreadingHTTPServer):
    """Stands before the sandbox and changes what one register says of one person."""

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Changing)
        self.behind = behind
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.about = ""
        self.says: dict[str, Any] = {}


class Changing(BaseHTTPRequestHandler):
    server: OddOffice

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name: value for name, value in self.headers.items() if name.startswith("X-")}
        answer = urllib3.request(
            "POST", f"{self.server.behind}{self.path}", body=body, headers=headers, timeout=PATIENCE_SECONDS
        ).json()
        if json.loads(body)["subject"]["id_number"] == self.server.about:
            answer["result"] |= self.server.says
        said = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def odd_office(sandbox: Running) -> Iterator[OddOffice]:
    server = OddOffice(sandbox.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("INSURANCE", {"had_previous_spell": True, "residual_months": 30}),
        ("INSURANCE", {"contributed_months": 10**15}),
        ("INSURANCE", {"deemed_months": 10**15}),
        ("INSURANCE", {"county": "999999"}),
        ("INSURANCE", {"county": ""}),
        ("IDENTITY", {"birth_date": "2026-11-24"}),
        ("IDENTITY", {"birth_date": "0001-01-01"}),
        ("IDENTITY", {"birth_date": "9999-12-31"}),
        ("SEPARATION", {"reason_code": "Q99"}),
        ("SEPARATION", {"reason_code": "X99"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value)),
)
def test_an_answer_no_law_knows_reaches_a_person_and_stops_no_other(
    odd_office: OddOffice,
    settings: Settings,
    person_of: Find,
    staff: Staff,
    client: Client,
    source: str,
    says: dict[str, Any],
) -> None:
    odd, clean = person_of("CLEAN"), person_of("CLEAN", 1)
    odd_office.about, odd_office.says = odd.id_number, says
    settings.ANYE_OUTSIDE = {source: {"url": odd_office.url}}
    citizen(client, odd)
    assert client.get("/apply/").status_code == 200

    claim, other = submit(odd), submit(clean, now=NOW + timedelta(seconds=1))
    opened_at = claim.questions_open_at + timedelta(minutes=1)
    for at in (NOW + timedelta(minutes=1), opened_at, opened_at + timedelta(hours=3)):
        claims.services.verify_due(now=at)
    claim, other = reread(claim), reread(other)
    assert other.case.status == kinds.APPROVED
    assert claim.case.status in (kinds.REVIEW1, kinds.APPROVED)

    assert client.get(f"/claims/{claim.case.number}/").status_code == 200
    client.force_login(staff.handler)
    assert client.get(f"/claims/{claim.case.number}/case/").status_code == 200
