"""The HTTP client: signed, bounded in time and size, patient with silence and not with refusals."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from datetime import UTC, datetime

import pytest

from gateways.adapters import wire
from gateways.adapters.wire import BadAnswer, Breaker, Endpoint, Limits, Reply
from gateways.ports import Problem, Unavailable
from tests.gateways.conftest import NOW, Office

SHORT = Limits(seconds=0.3, attempts=1)


def send(office: Office, limits: Limits = SHORT, **changed: object) -> Reply:
    asked = {"method": "POST", "path": "/x?day=1", "body": b'{"secret": "130102199003070003"}'} | changed
    return wire.exchange(
        Endpoint("TEST", office.url, "anye", b"k"),
        method=str(asked["method"]),
        path=str(asked["path"]),
        body=asked["body"] if isinstance(asked["body"], bytes) else b"",
        asked_at=NOW,
        limits=limits,
        breaker="TEST",
        accept=frozenset({404}),
    )


def test_a_request_is_signed_over_method_path_time_and_body(office: Office) -> None:
    office.always = office.says(200, b"{}")
    send(office)
    heard = office.heard[0]
    text = "\n".join(
        [heard.method, heard.path, heard.headers["X-Anye-Time"], hashlib.sha256(heard.body).hexdigest()]
    )
    assert heard.path == "/x?day=1"
    assert heard.headers["X-Anye-Key"] == "anye"
    assert heard.headers["X-Anye-Signature"] == hmac.new(b"k", text.encode(), "sha256").hexdigest()
    assert datetime.fromisoformat(heard.headers["X-Anye-Time"]) == NOW


def test_the_signature_is_that_of_the_written_example() -> None:
    lines = (
        "GET\n/bank/statement?day=2025-09-26\n2025-09-26T06:02:11+00:00\n" + hashlib.sha256(b"").hexdigest()
    )
    at = datetime(2025, 9, 26, 6, 2, 11, tzinfo=UTC)
    made = wire.signature(
        b"k", method="GET", path="/bank/statement?day=2025-09-26", time_text=wire.time_text(at), body=b""
    )
    assert made == hmac.new(b"k", lines.encode(), "sha256").hexdigest()


def test_silence_is_a_timeout_and_is_tried_again(office: Office) -> None:
    office.next.extend([office.hangs, office.says(200, b"{}")])
    assert send(office, Limits(0.3, 2)).attempts == 2


def test_a_source_that_stays_silent_is_given_up_after_the_agreed_tries(office: Office) -> None:
    office.always = office.hangs
    with pytest.raises(Unavailable) as caught:
        send(office, Limits(0.2, 2))
    assert (caught.value.problem, caught.value.attempts) == (Problem.TIMEOUT, 2)
    assert len(office.heard) == 2


def test_an_answer_that_drips_is_cut_off_at_the_time_out(office: Office) -> None:
    office.always = office.drips
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        send(office)
    assert caught.value.problem is Problem.TIMEOUT
    assert time.monotonic() - began < 3


def test_a_dropped_line_and_a_closed_port_are_down(office: Office) -> None:
    office.always = office.drops
    with pytest.raises(Unavailable) as caught:
        send(office)
    assert caught.value.problem is Problem.DOWN
    nobody = Office("http://127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        send(nobody)
    assert caught.value.problem is Problem.DOWN


def test_an_overloaded_source_is_asked_again_and_a_refusal_is_not(office: Office) -> None:
    office.next.extend([office.says(503, b""), office.says(429, b""), office.says(200, b"{}")])
    assert send(office, Limits(1, 3)).attempts == 3
    office.next.append(office.says(400, b""))
    with pytest.raises(Unavailable) as caught:
        send(office, Limits(1, 3))
    assert (caught.value.problem, caught.value.attempts) == (Problem.REFUSED, 1)


def test_an_accepted_status_comes_back_as_a_reply(office: Office) -> None:
    office.always = office.says(404, b"{}")
    assert send(office).status == 404


def test_a_redirect_is_refused_and_not_followed(office: Office) -> None:
    office.always = office.says(307, b"", {"Location": f"{office.url}/elsewhere"})
    with pytest.raises(Unavailable) as caught:
        send(office)
    assert caught.value.problem is Problem.REFUSED
    assert len(office.heard) == 1


def test_an_answer_that_is_too_large_is_no_answer(office: Office) -> None:
    office.always = office.says(200, b" " * 5000)
    with pytest.raises(BadAnswer):
        send(office, Limits(1, 3, max_bytes=1000))
    assert len(office.heard) == 1


def test_a_shortened_answer_is_no_answer(office: Office) -> None:
    office.always = office.says(200, b'{"a": 1', {"Content-Length": "500", "Connection": "close"})
    with pytest.raises(Unavailable):
        send(office)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"3", b"{", b"\xff", b"[" * 100_000),
        *(b'{"a": 1.5}', b'{"a": NaN}', b'{"a": 1, "a": 2}', b'{"a": 1}\n{"a": 2}', b'{"a": 1} x'),
    ],
)
def test_what_is_not_one_json_object_is_no_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        wire.read_json(body)


def test_an_answer_given_twice_is_one_answer() -> None:
    assert wire.read_json(b'{"a": [1]}\n{"a": [1]}\n') == {"a": [1]}


def test_an_answer_given_very_often_is_read_in_one_go() -> None:
    # Read with a copy of the rest each time, this takes half a minute.
    assert wire.read_json(b"{}" * 500_000) == {}


def test_a_silent_party_is_left_alone_for_a_while(office: Office) -> None:
    office.always = office.drops
    for _try in range(wire.BREAKER_TRIPS_AFTER):
        with pytest.raises(Unavailable):
            send(office)
    asked = len(office.heard)
    with pytest.raises(Unavailable) as caught:
        send(office)
    assert (caught.value.problem, caught.value.attempts) == (Problem.DOWN, 0)
    assert len(office.heard) == asked


def test_after_the_rest_one_request_goes_through_and_an_answer_closes_the_breaker() -> None:
    breaker = Breaker(trips_after=1, rests=0.0)
    breaker.silent()
    assert breaker.lets_through()
    breaker.answered()
    patient = Breaker(trips_after=2, rests=1000.0)
    patient.silent()
    assert patient.lets_through()
    patient.silent()
    assert not patient.lets_through()


def test_only_one_request_tries_a_party_that_rests() -> None:
    breaker = Breaker(trips_after=1, rests=0.05)
    breaker.silent()
    deadline = time.monotonic() + 5
    while not breaker.lets_through():
        assert time.monotonic() < deadline
    assert not breaker.lets_through()


def test_logs_and_errors_name_no_person(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    office.next.extend([office.hangs, office.says(500, b"130102199003070003"), office.drops])
    with pytest.raises(Unavailable) as caught:
        send(office, Limits(0.2, 3), path="/x?number=130102199003070003")
    written = caplog.text + repr(caught.value) + str(caught.value.__cause__)
    assert "TEST /x" in written
    assert "13010219900307" not in written
