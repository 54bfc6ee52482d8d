"""What only a sandbox has: messages, the list of people, controls, pages."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from sandbox import scenarios
from sandbox.world import FREE, SEED
from tests.sandbox.conftest import Asker, Reply, payment_file

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _send(asker: Asker, message_id: str, mobile: str, text: str) -> Reply:
    body = {"message_id": message_id, "mobile": mobile, "text": text, "asked_at": asker.now.isoformat()}
    return asker.signed("POST", "/sms/messages", json.dumps(body).encode())


def test_a_message_lies_in_the_inbox_of_its_phone_once(asker: Asker) -> None:
    person = asker.person("CLEAN")
    first = _send(asker, "42", person.mobile, "您的申请已经批准。")
    assert (first.status, first.json["status"]) == (200, "DELIVERED")
    assert _send(asker, "42", person.mobile, "您的申请已经批准。").json == first.json
    (message,) = asker.send("GET", f"/messages?mobile={person.mobile}").json
    assert message["text"] == "您的申请已经批准。"
    assert asker.send("GET", "/messages?mobile=19900000099").json == []
    page = asker.send("GET", f"/phone?mobile={person.mobile}").body.decode()
    assert "您的申请已经批准。" in page
    assert person.name in page


def test_the_same_message_id_with_other_content_is_refused(asker: Asker) -> None:
    _send(asker, "42", "19900000001", "一")
    assert _send(asker, "42", "19900000001", "二").code == "message_differs"
    assert _send(asker, "42", "19900000002", "一").code == "message_differs"


def test_a_number_no_phone_can_have_and_an_empty_text_are_refused(asker: Asker) -> None:
    bad = _send(asker, "1", "12345", "x")
    assert (bad.status, bad.code) == (422, "bad_mobile")
    assert _send(asker, "1", "19900000001", "").code == "bad_request"
    assert _send(asker, "", "19900000001", "x").code == "bad_request"
    assert asker.send("GET", "/messages").json == []


def test_messages_wait_while_the_service_is_down(asker: Asker) -> None:
    asker.post("/control/fault", {"source": "sms", "mode": "down"})
    assert _send(asker, "1", "19900000001", "x").code == "source_down"
    assert asker.send("GET", "/messages").json == []


def test_people_are_listed_by_scenario_and_page_by_page(asker: Asker) -> None:
    everybody = asker.people("limit=1000")
    assert [row["ordinal"] for row in everybody] == list(range(1, len(everybody) + 1))
    assert all(row["synthetic"] is True for row in everybody)
    first = asker.people("pool=seed&limit=25")
    second = asker.people(f"pool=seed&limit=25&after={first[-1]['ordinal']}")
    assert {row["pool"] for row in first + second} == {SEED}
    assert len(first) + len(second) == 40
    for code in scenarios.SCENARIOS:
        rows = asker.people(f"scenario={code}&available=1&limit=6")
        assert {(row["scenario"], row["pool"]) for row in rows} == {(code, FREE)}
        assert len(rows) == 6


def test_a_person_used_once_is_not_offered_again(asker: Asker) -> None:
    before = asker.people("scenario=CLEAN&available=1&limit=1")[0]
    done = asker.post("/people/claimed", {"id_number": before["id_number"]})
    assert done.json == {"id_number": before["id_number"], "claimed": True, "was_claimed": False}
    assert asker.post("/people/claimed", {"id_number": before["id_number"]}).json["was_claimed"] is True
    after = asker.people("scenario=CLEAN&available=1&limit=1")[0]
    assert after["id_number"] != before["id_number"]
    assert asker.people("scenario=CLEAN&limit=1")[0]["claimed"] is True


@pytest.mark.parametrize(
    "query",
    ["scenario=NONE", "pool=none", "limit=0", "limit=1001", "limit=x", "after=-1", "pool=seed&available=1"],
)
def test_a_list_that_cannot_be_given_is_a_bad_request(asker: Asker, query: str) -> None:
    assert asker.send("GET", f"/people?{query}").code == "bad_request"


@pytest.mark.parametrize(
    ("target", "value", "status"),
    [
        ("/people/claimed", {"id_number": "x"}, 404),
        ("/people/claimed", {}, 400),
        ("/control/card", {"id_number": "x"}, 404),
        ("/control/fault", {"source": "weather", "mode": "down"}, 400),
        ("/control/fault", {"source": "card", "mode": "angry"}, 400),
        ("/control/fault", {"source": "card", "mode": "slow", "seconds": -1}, 400),
        ("/control/fault", {"source": "card", "mode": "slow", "seconds": "nan"}, 400),
        ("/control/fault", {"source": "card", "mode": "slow", "seconds": "long"}, 400),
        ("/control/fault", {"source": "bank", "mode": "down", "id_number": "1"}, 400),
        ("/control/fault", [], 400),
        ("/control/return", {}, 404),
    ],
)
def test_a_control_that_makes_no_sense_is_refused(
    asker: Asker, target: str, value: object, status: int
) -> None:
    assert asker.post(target, value).status == status
    assert asker.send("GET", "/control/state").json["faults"] == []


def test_the_page_shows_people_sources_payments_and_messages(asker: Asker) -> None:
    person = asker.person("PAYMENT_RETURNED_LATER")
    asker.submit("FB1", payment_file("FB1", [asker.row(person, "UB-1-1")]))
    _send(asker, "1", person.mobile, "<b>短信</b>")
    page = asker.send("GET", "/?scenario=PAYMENT_RETURNED_LATER").body.decode()
    assert "合成" in page
    assert "synthetic" in page
    assert person.name in page
    assert "UB-1-1" in page
    assert "1,980.00" in page
    assert "2026-11-28" in page
    assert "&lt;b&gt;短信" in page
    for source in scenarios.SOURCES:
        assert f'value="{source}"' in page
    assert "<script" not in page
    assert "style=" not in page


def test_a_button_does_what_it_says_and_leads_back_to_its_page(asker: Asker) -> None:
    referer = {"Referer": f"{asker.server.url}/?scenario=CLEAN"}
    body = urlencode({"source": "bank", "mode": "down"}).encode()
    reply = asker.send("POST", "/control/fault", body, FORM | referer)
    assert (reply.status, reply.headers["Location"]) == (303, "/?scenario=CLEAN#sources")
    (fault,) = asker.send("GET", "/control/state").json["faults"]
    assert (fault["source"], fault["mode"]) == ("bank", "down")


@pytest.mark.parametrize("referer", ["//evil.example/x", "http://evil.example//evil.example", "\\\\evil"])
def test_a_button_never_leads_to_another_site(asker: Asker, referer: str) -> None:
    body = urlencode({"source": "bank", "mode": "ok"}).encode()
    location = asker.send("POST", "/control/fault", body, FORM | {"Referer": referer}).headers["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_no_other_site_can_press_a_button(asker: Asker) -> None:
    body = urlencode({"source": "bank", "mode": "down"}).encode()
    reply = asker.send("POST", "/control/fault", body, FORM | {"Origin": "http://evil.example"})
    assert reply.status == 403
    assert asker.send("GET", "/control/state").json["faults"] == []


def test_a_person_has_a_page_with_a_button_for_a_new_card(asker: Asker) -> None:
    person = asker.person("CARD_CLOSED")
    page = asker.send("GET", f"/person/{person.ordinal}").body.decode()
    assert asker.account(person) in page
    assert 'action="/control/card"' in page
    assert asker.send("GET", "/person/0").status == 404
    assert asker.send("GET", "/person/9999999").status == 404
