"""Registers: what they say, as of when, to whom, and how they fail."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from threading import Thread

import pytest

from sandbox.registers import EMPTY
from sandbox.scenarios import REGISTERS
from tests.sandbox.conftest import Asker


def test_an_answer_repeats_the_request_and_names_the_askers_time(asker: Asker) -> None:
    person = asker.person("CLEAN")
    reply = asker.ask("identity", person.id_number)
    assert reply.status == 200
    body = reply.json
    assert (body["request_id"], body["source"]) == ("q-1", "identity")
    assert datetime.fromisoformat(body["as_of"]) == asker.now
    assert body["result"] == {
        "found": True,
        "name": person.name,
        "sex": person.sex,
        "birth_date": person.birth_date.isoformat(),
        "deceased": False,
        "hukou_region": person.hukou_region,
    }


@pytest.mark.parametrize("source", REGISTERS)
def test_a_person_nobody_knows_is_not_found_and_no_error(asker: Asker, source: str) -> None:
    reply = asker.ask(source, "130102199003070003")
    assert reply.status == 200
    assert reply.json["result"] == {"found": False} | EMPTY[source]


@pytest.mark.parametrize("source", REGISTERS)
def test_every_answer_has_the_fields_of_its_empty_form(asker: Asker, source: str) -> None:
    for scenario in ("CLEAN", "DRAWS_ELSEWHERE", "STILL_EMPLOYED", "CARD_CLOSED"):
        assert set(asker.result(source, asker.person(scenario))) == {"found", *EMPTY[source]}


def test_a_person_in_order_is_in_order_everywhere(asker: Asker) -> None:
    person = asker.person("CLEAN", 3)
    insurance = asker.result("insurance", person)
    assert insurance["active"] is False
    assert insurance["competent"] is True
    assert insurance["contributed_months"] == person.contributed_months
    assert insurance["last_month"] == person.separated_on.isoformat()[:7]
    assert asker.result("insurance-province", person)["active"] is False
    assert asker.result("insurance-national", person)["drawing"] is False
    separation = asker.result("separation", person)
    assert separation["reported"] is True
    assert separation["reason_code"] == person.says_reason
    assert separation["unit_name"] == insurance["unit_name"]
    assert asker.result("pension", person)["drawing"] is False
    assert asker.result("justice", person)["imprisoned"] is False
    assert asker.result("market", person)["names"] == []
    card = asker.result("card", person)
    assert (card["status"], card["account_name"]) == ("ACTIVE", person.name)


@pytest.mark.parametrize(
    ("scenario", "source", "name", "value"),
    [
        ("STILL_EMPLOYED", "insurance", "active", True),
        ("SEPARATION_DISPUTED", "separation", "reason_code", "V02"),
        ("CARD_CLOSED", "card", "status", "CLOSED"),
        ("CARD_INACTIVE", "card", "status", "INACTIVE"),
        ("NAME_DIFFERS", "card", "status", "NAME_DIFFERS"),
        ("RESIGNED", "separation", "reason_code", "V02"),
        ("DRAWS_PENSION", "pension", "drawing", True),
        ("INSURED_ELSEWHERE", "insurance-national", "active", True),
        ("DRAWS_ELSEWHERE", "insurance-national", "drawing", True),
        ("IMPRISONED", "justice", "imprisoned", True),
        ("OPERATES_BUSINESS", "market", "operates", True),
        ("DECEASED", "identity", "deceased", True),
        ("SEPARATION_UNREPORTED", "separation", "reported", False),
    ],
)
def test_a_scenario_shows_in_its_register(
    asker: Asker, scenario: str, source: str, name: str, value: object
) -> None:
    assert asker.result(source, asker.person(scenario))[name] == value


def test_the_other_scenarios_show_in_names_numbers_and_months(asker: Asker) -> None:
    assert asker.result("insurance", asker.person("TOO_FEW_MONTHS"))["contributed_months"] < 12
    mismatch = asker.person("IDENTITY_MISMATCH")
    assert asker.result("identity", mismatch)["name"] != mismatch.name
    differs = asker.person("NAME_DIFFERS")
    assert asker.result("card", differs)["account_name"] != differs.name
    assert asker.person("HONG_KONG_PERMIT").id_number.startswith("810000")
    disputed = asker.people("scenario=SEPARATION_DISPUTED&limit=1")[0]
    assert disputed["says_reason"] == "D04"


def test_before_the_separation_the_person_still_works_and_nothing_is_reported(asker: Asker) -> None:
    person = asker.person("CLEAN")
    asker.now = datetime(person.separated_on.year, person.separated_on.month, 1, tzinfo=UTC) - timedelta(
        days=70
    )
    insurance = asker.result("insurance", person)
    assert insurance["active"] is True
    assert insurance["contributed_months"] in (person.contributed_months - 3, person.contributed_months - 2)
    assert insurance["last_month"] == asker.now.isoformat()[:7]
    separation = asker.result("separation", person)
    assert separation == {"found": True} | EMPTY["separation"]


def test_work_that_begins_later_is_not_known_before(asker: Asker) -> None:
    person = asker.person("REEMPLOYED_LATER")
    assert asker.result("insurance", person)["active"] is False
    asker.now += timedelta(days=120)
    later = asker.result("insurance", person)
    assert later["active"] is True
    assert later["last_month"] == asker.now.isoformat()[:7]


def test_the_same_question_at_the_same_time_gives_the_same_bytes(asker: Asker) -> None:
    person = asker.person("CLEAN")
    assert asker.ask("insurance", person.id_number).body == asker.ask("insurance", person.id_number).body


def test_the_source_of_a_scenario_is_down_for_its_people_alone_until_it_is_told_ok(asker: Asker) -> None:
    unlucky, lucky = asker.person("SOURCE_DOWN"), asker.person("CLEAN")
    refused = asker.ask("insurance-national", unlucky.id_number)
    assert (refused.status, refused.code) == (503, "source_down")
    assert asker.ask("insurance-national", lucky.id_number).status == 200
    assert asker.ask("insurance", unlucky.id_number).status == 200
    told = asker.post("/control/fault", {"source": "insurance-national", "mode": "ok"})
    assert told.status == 200
    assert asker.ask("insurance-national", unlucky.id_number).status == 200
    asker.post("/control/fault", {"source": "insurance-national", "mode": "auto"})
    assert asker.ask("insurance-national", unlucky.id_number).status == 503


def test_a_source_told_to_be_down_for_one_person_answers_the_others(asker: Asker) -> None:
    one, other = asker.person("CLEAN", 0), asker.person("CLEAN", 1)
    asker.post("/control/fault", {"source": "pension", "mode": "down", "id_number": one.id_number})
    assert asker.ask("pension", one.id_number).status == 503
    assert asker.ask("pension", other.id_number).status == 200


def test_a_slow_source_answers_late_and_right(asker: Asker) -> None:
    person = asker.person("CLEAN")
    quick = asker.ask("card", person.id_number)
    asker.post("/control/fault", {"source": "card", "mode": "slow", "seconds": 0.4})
    started = time.monotonic()
    late = asker.ask("card", person.id_number)
    assert time.monotonic() - started >= 0.4
    assert late.body == quick.body


def test_a_source_that_answers_twice_says_the_same_on_two_lines(asker: Asker) -> None:
    reply = asker.ask("identity", asker.person("ANSWERS_TWICE").id_number)
    lines = [json.loads(line) for line in reply.body.splitlines()]
    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert reply.headers["Content-Type"].startswith("application/x-ndjson")


def test_a_slow_source_lets_others_pass(asker: Asker) -> None:
    person = asker.person("CLEAN")
    asker.post("/control/fault", {"source": "card", "mode": "slow", "seconds": 3})
    waiting = Thread(target=asker.ask, args=("card", person.id_number))
    waiting.start()
    assert asker.ask("identity", person.id_number).status == 200
    assert waiting.is_alive()
    asker.server.application.stopping.set()
    waiting.join()


def test_requests_are_counted_by_source(asker: Asker) -> None:
    assert asker.send("GET", "/control/state").json["requests"] == {}
    asker.ask("card", asker.person("CLEAN").id_number)
    assert asker.send("GET", "/control/state").json["requests"] == {"card": 1}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"\xff", "bad_json"),
        (b"[]", "bad_json"),
        (b"{}", "bad_request"),
        (b'{"request_id": 5}', "bad_request"),
        (b'{"request_id": "a"}', "bad_request"),
        (b'{"request_id": "a", "subject": {"name": "n", "id_kind": "CITIZEN_ID"}}', "bad_request"),
        (b'{"request_id": "a", "asked_at": "yesterday"}', "bad_time"),
        (b'{"request_id": "a", "asked_at": "2026-11-23T02:30:00"}', "bad_time"),
        (b'{"request_id": "a", "asked_at": "2026-11-23T02:30:01+00:00"}', "time_differs"),
        (b'{"request_id": "a", "asked_at": 5}', "time_differs"),
    ],
)
def test_an_ill_formed_question_is_refused_with_its_reason(asker: Asker, body: bytes, code: str) -> None:
    reply = asker.signed("POST", "/registers/identity", body)
    assert (reply.status, reply.code) == (400, code)


def test_a_register_that_does_not_exist_is_not_found(asker: Asker) -> None:
    assert asker.ask("horoscope", "1").code == "not_found"


def test_the_time_may_be_written_in_any_offset(asker: Asker) -> None:
    asker.now = asker.now.astimezone(timezone(timedelta(hours=8)))
    reply = asker.ask("identity", asker.person("CLEAN").id_number)
    assert reply.json["as_of"] == "2026-11-23T02:30:00.000000+00:00"


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("X-Anye-Signature", "0" * 64, "bad_signature"),
        ("X-Anye-Signature", "ü", "bad_signature"),
        ("X-Anye-Signature", "", "missing_signature"),
        ("X-Anye-Time", "2026-11-23T02:30:01+00:00", "bad_signature"),
        ("X-Anye-Key", "someone", "unknown_key"),
    ],
)
def test_a_wrong_signature_is_refused_in_plain_words(
    asker: Asker, header: str, value: str, code: str
) -> None:
    reply = asker.signed("GET", "/bank/statement?day=2026-11-23", headers={header: value})
    assert (reply.status, reply.code) == (401, code)
    assert b"a key for tests" not in reply.body


def test_a_request_without_signature_is_refused(asker: Asker) -> None:
    for method, target in (("POST", "/registers/card"), ("GET", "/bank/files/x"), ("POST", "/sms/messages")):
        assert asker.send(method, target).code == "missing_signature"


def test_asked_about_many_the_registers_say_what_they_say_of_each(asker: Asker) -> None:
    people = [asker.person(scenario) for scenario in ("CLEAN", "SOURCE_DOWN", "ANSWERS_TWICE", "RESIGNED")]
    requests = {source: f"many-{source}" for source in REGISTERS}
    asked = [
        {"id_number": person.id_number, "asked_at": asker.now.isoformat(), "requests": requests}
        for person in people
    ]
    said = asker.post("/people/answers", {"asked": asked}).json
    assert [set(REGISTERS) - set(texts) for texts in said] == [set(), {"insurance-national"}, set(), set()]
    for person, texts in zip(people, said, strict=True):
        for source, text in texts.items():
            alone = asker.ask(source, person.id_number)
            first, *again = [json.loads(line) for line in text.splitlines()]
            assert first["request_id"] == f"many-{source}"
            assert first["result"] == json.loads(alone.body.splitlines()[0])["result"]
            assert again in ([], [first])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"asked": [1]}, 400),
        ({"asked": [{"id_number": "1", "asked_at": "2026-11-23T00:00:00Z", "requests": {"bank": "1"}}]}, 400),
        ({"asked": [{"id_number": "1", "asked_at": "soon", "requests": {"card": "1"}}]}, 400),
        ({"asked": [{"id_number": "1", "asked_at": "2026-11-23T00:00:00Z", "requests": {"card": "1"}}]}, 404),
    ],
)
def test_an_ill_formed_list_of_questions_is_refused(asker: Asker, body: object, status: int) -> None:
    assert asker.post("/people/answers", body).status == status
