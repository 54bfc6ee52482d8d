"""The bank: what it takes, what it refuses, what it books, and that statement and receipts agree."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
import urllib3

from tests.sandbox.conftest import PAYER, Asker, payment_file

DAY = "2026-11-23"
OPENING = 100_000_000_000


def _by_id(receipts: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {row["end_to_end_id"]: (row["status"], row["reason_code"]) for row in receipts}


def test_a_file_is_taken_paid_and_stands_on_the_statement(asker: Asker) -> None:
    people = [asker.person("CLEAN", n) for n in range(3)]
    rows = [asker.row(person, f"UB-{n}-1", 198_000 + n) for n, person in enumerate(people)]
    reply = asker.submit("FB1", payment_file("FB1", rows))
    assert reply.status == 200
    assert (reply.json["accepted"], reply.json["code"]) == (True, "ACCP")
    assert reply.json["reference"]
    receipts = asker.receipts("FB1")
    assert _by_id(receipts) == {f"UB-{n}-1": ("S", "") for n in range(3)}
    statement = asker.statement(DAY)
    assert statement["opening_fen"] == OPENING
    assert statement["closing_fen"] == OPENING - 3 * 198_000 - 3
    assert {
        (line["bank_serial"], line["amount_fen"], line["end_to_end_id"]) for line in statement["lines"]
    } == {(row["bank_serial"], row["amount_fen"], row["end_to_end_id"]) for row in receipts}
    assert {line["batch_number"] for line in statement["lines"]} == {"FB1"}
    status = asker.signed("GET", "/bank/files/FB1").json
    assert (status["state"], status["settled"], status["failed"]) == ("ACCEPTED", 3, 0)
    assert (status["pending"], status["returned"], status["count"]) == (0, 0, 3)


def test_the_next_day_opens_with_what_the_day_before_closed_with(asker: Asker) -> None:
    asker.submit("FB1", payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")]))
    first = asker.statement(DAY)
    asker.now += timedelta(days=1)
    second = asker.statement("2026-11-24")
    assert second["lines"] == []
    assert second["opening_fen"] == first["closing_fen"]
    assert asker.statement("2026-11-22")["closing_fen"] == OPENING


def test_the_same_file_again_gets_the_same_answer_and_is_not_paid_twice(asker: Asker) -> None:
    content = payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")])
    first = asker.submit("FB1", content).json
    asker.now += timedelta(hours=1)
    again = asker.submit("FB1", content).json
    assert first | {"as_of": ""} == again | {"as_of": ""}
    assert len(asker.statement(DAY)["lines"]) == 1
    assert asker.send("GET", "/control/state").json["files"][0]["submissions"] == 2


def test_the_same_number_with_other_content_is_refused_and_changes_nothing(asker: Asker) -> None:
    person = asker.person("CLEAN")
    asker.submit("FB1", payment_file("FB1", [asker.row(person, "UB-1-1")]))
    other = asker.submit("FB1", payment_file("FB1", [asker.row(person, "UB-1-1", 200_000)]))
    assert (other.status, other.code) == (409, "batch_differs")
    assert asker.receipts("FB1")[0]["amount_fen"] == 198_000


def test_a_batch_the_bank_does_not_have_may_be_sent(asker: Asker) -> None:
    for target in ("/bank/files/FB9", "/bank/files/FB9/receipts"):
        reply = asker.signed("GET", target)
        assert (reply.status, reply.code) == (404, "batch_unknown")


@pytest.mark.parametrize(
    ("header", "trailer", "code"),
    [
        ({0: "X"}, {}, "FF01"),
        ({1: "FB2"}, {}, "FF01"),
        ({3: "12-34"}, {}, "AC02"),
        ({5: "EUR"}, {}, "AM03"),
        ({6: "3"}, {}, "AM18"),
        ({7: "1"}, {}, "AM10"),
        ({8: "2026-02-30"}, {}, "DT01"),
        ({9: "noon"}, {}, "DT01"),
        ({}, {1: "1"}, "AM18"),
        ({}, {2: "396001"}, "AM10"),
        ({}, {3: "1"}, "XH01"),
    ],
)
def test_a_header_or_trailer_that_does_not_agree_is_refused(
    asker: Asker, header: dict[int, str], trailer: dict[int, str], code: str
) -> None:
    rows = [asker.row(asker.person("CLEAN", n), f"UB-{n}-1") for n in range(2)]
    reply = asker.submit("FB1", payment_file("FB1", rows, header=header, trailer=trailer))
    assert reply.status == 200
    assert (reply.json["accepted"], reply.json["code"], reply.json["reference"]) == (False, code, "")
    assert asker.statement(DAY)["lines"] == []
    assert asker.receipts("FB1") == []
    assert asker.signed("GET", "/bank/files/FB1").json["state"] == "REJECTED"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fen": "0"}, "AM12"),
        ({"fen": "-1"}, "AM12"),
        ({"fen": "1980.00"}, "AM12"),
        ({"fen": "1,980"}, "AM12"),
        ({"fen": "０１"}, "AM12"),
        ({"name": ""}, "FF01"),
        ({"name": "名" * 31}, "FF01"),
        ({"name": "a|b"}, "FF01"),
        ({"name": "a\nb"}, "FF01"),
        ({"last4": "12"}, "FF01"),
        ({"bank_code": "1"}, "FF01"),
        ({"end_to_end": "x" * 36}, "FF01"),
        ({"end_to_end": "UB-9-1"}, "AM05"),
    ],
)
def test_one_ill_formed_row_stops_the_whole_file(asker: Asker, change: dict[str, str], code: str) -> None:
    first = asker.row(asker.person("CLEAN"), "UB-9-1")
    others = dict(change)
    end_to_end, fen = others.pop("end_to_end", "UB-2-1"), others.pop("fen", "198000")
    second = asker.row(asker.person("CLEAN", 1), end_to_end, fen, **others)
    reply = asker.submit("FB1", payment_file("FB1", [first, second]))
    assert (reply.json["accepted"], reply.json["code"]) == (False, code)
    assert asker.statement(DAY)["lines"] == []


def test_line_ends_and_encoding_are_part_of_the_layout(asker: Asker) -> None:
    content = payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")])
    assert asker.submit("FB1", content.replace(b"\r\n", b"\n")).json["code"] == "FF01"
    assert asker.submit("FB2", content[:-2]).json["code"] == "FF01"
    assert asker.submit("FB3", b"").json["code"] == "FF01"
    assert asker.submit("FB4", content, charset="latin-1").json["code"] == "FF01"
    broken = content.replace(b"FB1", b"FB5")
    assert asker.submit("FB5", broken + b"\xff\r\n").json["code"] == "FF01"


def test_a_hash_in_the_header_that_is_not_that_of_the_body_is_refused(asker: Asker) -> None:
    content = payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")])
    headers = {"X-Anye-Batch": "FB1", "X-Anye-Content-SHA256": "0" * 64}
    reply = asker.signed("POST", "/bank/files", content, kind="text/plain", headers=headers)
    assert reply.json["code"] == "XH02"


def test_a_file_without_its_number_in_the_headers_is_a_bad_request(asker: Asker) -> None:
    content = payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")])
    assert asker.signed("POST", "/bank/files", content, kind="text/plain").code == "bad_request"


def test_rare_names_are_paid_in_both_encodings(asker: Asker) -> None:
    person = next(
        person
        for person in (asker.person("RARE_CHARACTER_NAME", n) for n in range(6))
        if any(ord(character) > 0xFFFF for character in person.name)
    )
    for number, charset in (("FB1", "gb18030"), ("FB2", "utf-8")):
        row = asker.row(person, f"UB-{number}-1")
        asker.submit(number, payment_file(number, [row], charset=charset), charset=charset)
        assert asker.receipts(number)[0]["status"] == "S"


def test_each_way_a_row_can_fail_has_its_reason_and_moves_no_money(asker: Asker) -> None:
    clean = asker.person("CLEAN")
    rows = [
        asker.row(clean, "OK-1"),
        asker.row(asker.person("CARD_CLOSED"), "CLOSED-1"),
        asker.row(asker.person("CARD_INACTIVE"), "INACTIVE-1"),
        asker.row(asker.person("NAME_DIFFERS"), "NAME-1"),
        asker.row(asker.person("DECEASED"), "DEAD-1"),
        asker.row(asker.person("CLEAN", 1), "NOBODY-1", account="6217000000000000012"),
        asker.row(asker.person("CLEAN", 2), "BANK-1", bank_code="102121000012"),
        asker.row(asker.person("CLEAN", 3), "OTHER-1", name="别人"),
        asker.row(asker.person("CLEAN", 4), "LAST4-1", last4="9999"),
    ]
    assert asker.submit("FB1", payment_file("FB1", rows)).json["accepted"] is True
    receipts = asker.receipts("FB1")
    assert _by_id(receipts) == {
        "OK-1": ("S", ""),
        "CLOSED-1": ("F", "AC04"),
        "INACTIVE-1": ("F", "AC06"),
        "NAME-1": ("F", "BE01"),
        "DEAD-1": ("F", "MD07"),
        "NOBODY-1": ("F", "AC01"),
        "BANK-1": ("F", "AC01"),
        "OTHER-1": ("F", "BE01"),
        "LAST4-1": ("F", "BE01"),
    }
    assert len({row["bank_serial"] for row in receipts}) == len(rows)
    assert [line["end_to_end_id"] for line in asker.statement(DAY)["lines"]] == ["OK-1"]


def test_an_end_to_end_id_of_another_batch_fails_and_is_not_paid_again(asker: Asker) -> None:
    row = asker.row(asker.person("CLEAN"), "UB-1-1")
    asker.submit("FB1", payment_file("FB1", [row]))
    asker.submit("FB2", payment_file("FB2", [row]))
    assert _by_id(asker.receipts("FB2")) == {"UB-1-1": ("F", "AM05")}
    assert len(asker.statement(DAY)["lines"]) == 1


def test_a_payment_returns_days_later_as_a_second_receipt_and_a_credit(asker: Asker) -> None:
    person = asker.person("PAYMENT_RETURNED_LATER")
    asker.submit("FB1", payment_file("FB1", [asker.row(person, "UB-1-1")]))
    assert _by_id(asker.receipts("FB1")) == {"UB-1-1": ("S", "")}
    asker.now += timedelta(days=4)
    assert len(asker.receipts("FB1")) == 1
    asker.now += timedelta(days=3)
    settled, returned = asker.receipts("FB1")
    assert (settled["status"], returned["status"], returned["reason_code"]) == ("S", "F", "AC06")
    assert returned["bank_serial"] != settled["bank_serial"]
    assert returned["booked_at"][:10] == "2026-11-28"
    (line,) = asker.statement("2026-11-28")["lines"]
    assert (line["direction"], line["bank_serial"]) == ("C", returned["bank_serial"])
    assert (line["end_to_end_id"], line["batch_number"], line["reason_code"]) == ("UB-1-1", "FB1", "AC06")
    assert asker.statement("2026-11-28")["closing_fen"] == OPENING
    assert asker.signed("GET", "/bank/files/FB1").json["returned"] == 1
    asker.submit("FB2", payment_file("FB2", [asker.row(person, "UB-1-2")]))
    asker.now += timedelta(days=30)
    assert _by_id(asker.receipts("FB2")) == {"UB-1-2": ("S", "")}


def test_an_answer_as_of_an_earlier_time_does_not_know_what_came_after(asker: Asker) -> None:
    person = asker.person("PAYMENT_RETURNED_LATER")
    asker.submit("FB1", payment_file("FB1", [asker.row(person, "UB-1-1")]))
    then = asker.now
    asker.now += timedelta(days=9)
    assert len(asker.receipts("FB1")) == 2
    asker.now = then
    assert len(asker.receipts("FB1")) == 1
    asker.now -= timedelta(hours=1)
    (waiting,) = asker.receipts("FB1")
    assert (waiting["status"], waiting["bank_serial"], waiting["booked_at"]) == ("P", "", None)
    assert asker.statement(DAY)["lines"] == []


def test_any_settled_payment_can_be_told_to_come_back_at_the_next_question(asker: Asker) -> None:
    asker.submit("FB1", payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")]))
    told = asker.post("/control/return", {"end_to_end_id": "UB-1-1", "reason_code": "AC04"})
    assert told.json["returned"] is False
    asker.now += timedelta(hours=3)
    _, returned = asker.receipts("FB1")
    assert returned["reason_code"] == "AC04"
    assert returned["booked_at"] == "2026-11-23T05:30:00.000000+00:00"
    assert asker.post("/control/return", {"end_to_end_id": "UB-1-1"}).json["returned"] is True
    assert len(asker.receipts("FB1")) == 2


def test_all_that_are_due_can_be_told_to_come_back_now(asker: Asker) -> None:
    people = [asker.person("PAYMENT_RETURNED_LATER", n) for n in range(2)]
    rows = [asker.row(person, f"UB-{n}-1") for n, person in enumerate(people)]
    asker.submit("FB1", payment_file("FB1", [*rows, asker.row(asker.person("CLEAN"), "UB-C-1")]))
    assert asker.post("/control/return", {"all_due": True}).json == {"asked": 2}
    statement = asker.statement(DAY)
    assert sorted(line["end_to_end_id"] for line in statement["lines"] if line["direction"] == "C") == [
        "UB-0-1",
        "UB-1-1",
    ]


def test_what_was_never_paid_cannot_come_back(asker: Asker) -> None:
    asker.submit("FB1", payment_file("FB1", [asker.row(asker.person("CARD_CLOSED"), "UB-1-1")]))
    for end_to_end in ("UB-1-1", "UB-9-9"):
        assert asker.post("/control/return", {"end_to_end_id": end_to_end}).status == 404
    assert asker.post("/control/return", {"end_to_end_id": "UB-1-1", "reason_code": "XX"}).status == 400


def test_a_new_card_is_paid_and_the_old_number_is_closed(asker: Asker) -> None:
    person = asker.person("CARD_CLOSED")
    old = asker.account(person)
    new = asker.post("/control/card", {"id_number": person.id_number}).json["account_number"]
    card = asker.result("card", person)
    assert (card["status"], card["account_number"]) == ("ACTIVE", new)
    assert new != old
    rows = [asker.row(person, "NEW-1"), asker.row(person, "OLD-1", account=old)]
    asker.submit("FB1", payment_file("FB1", rows))
    assert _by_id(asker.receipts("FB1")) == {"NEW-1": ("S", ""), "OLD-1": ("F", "AC04")}


def test_an_account_that_does_not_cover_the_total_pays_nobody(asker: Asker) -> None:
    rows = [
        asker.row(asker.person("CLEAN"), "UB-1-1", OPENING),
        asker.row(asker.person("CLEAN", 1), "UB-2-1", 1),
    ]
    assert asker.submit("FB1", payment_file("FB1", rows)).json["code"] == "AM04"
    assert asker.statement(DAY)["closing_fen"] == OPENING
    funded = {"reference": "CZ1", "payer_account": PAYER, "payer_name": "合成失业保险支出户", "amount_fen": 1}
    assert _fund(asker, funded).status == 200
    assert asker.submit("FB2", payment_file("FB2", rows)).json["accepted"] is True
    assert asker.statement(DAY)["closing_fen"] == 0


def _fund(asker: Asker, value: dict[str, object]) -> Any:
    return asker.signed("POST", "/bank/funding", json.dumps(value).encode())


def test_funding_counts_once_by_its_reference(asker: Asker) -> None:
    value: dict[str, object] = {
        "reference": "CZ1",
        "payer_account": PAYER,
        "payer_name": "户",
        "amount_fen": 500,
    }
    first = _fund(asker, value)
    assert _fund(asker, value).json == first.json
    assert _fund(asker, value | {"amount_fen": 501}).code == "funding_differs"
    for wrong in (0, -1, True, "5", 1.5, None):
        assert _fund(asker, value | {"reference": "CZ2", "amount_fen": wrong}).code == "bad_request"
    (line,) = asker.statement(DAY)["lines"]
    assert (line["direction"], line["amount_fen"], line["end_to_end_id"]) == ("C", 500, "")


def test_a_payer_account_has_one_name(asker: Asker) -> None:
    asker.submit("FB1", payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")]))
    content = payment_file("FB2", [asker.row(asker.person("CLEAN"), "UB-1-2")], payer_name="别的户名")
    assert asker.submit("FB2", content).json["code"] == "AC02"


def test_the_statement_of_one_account_leaves_out_the_others(asker: Asker) -> None:
    other = "6222000000000000002"
    asker.submit("FB1", payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")]))
    asker.submit("FB2", payment_file("FB2", [asker.row(asker.person("CLEAN", 1), "UB-2-1", 5)], payer=other))
    assert asker.statement(DAY, other)["closing_fen"] == OPENING - 5
    assert asker.statement(DAY)["opening_fen"] == 2 * OPENING
    assert len(asker.statement(DAY)["lines"]) == 2


def test_days_are_those_of_china(asker: Asker) -> None:
    asker.now = asker.now.replace(hour=17)
    asker.submit("FB1", payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")]))
    assert asker.statement(DAY)["lines"] == []
    assert len(asker.statement("2026-11-24")["lines"]) == 1


@pytest.mark.parametrize("day", ["", "2026-13-01", "today", "9999-12-31"])
def test_a_day_that_is_none_is_a_bad_request(asker: Asker, day: str) -> None:
    assert asker.signed("GET", f"/bank/statement?day={day}").code == "bad_request"


def test_receipts_also_come_in_the_layout_of_the_file(asker: Asker) -> None:
    asker.submit("FB1", payment_file("FB1", [asker.row(asker.person("CARD_CLOSED"), "UB-1-1")]))
    reply = asker.signed("GET", "/bank/files/FB1/receipts?format=text")
    fields = reply.body.decode("gb18030").removesuffix("\r\n").split("|")
    assert fields[:5] == ["R", "1", "UB-1-1", "F", "AC04"]
    assert len(fields) == 8


def test_a_bank_told_to_be_down_takes_nothing(asker: Asker) -> None:
    content = payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")])
    asker.post("/control/fault", {"source": "bank", "mode": "down"})
    assert asker.submit("FB1", content).code == "source_down"
    assert asker.signed("GET", f"/bank/statement?day={DAY}").code == "source_down"
    asker.post("/control/fault", {"source": "bank", "mode": "ok"})
    assert asker.signed("GET", "/bank/files/FB1").code == "batch_unknown"


def test_a_slow_bank_has_taken_the_file_though_its_asker_gave_up(asker: Asker) -> None:
    content = payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")])
    asker.post("/control/fault", {"source": "bank", "mode": "slow", "seconds": 5})
    asker.pool = urllib3.PoolManager(timeout=0.3, retries=False)
    with pytest.raises(urllib3.exceptions.TimeoutError):
        asker.submit("FB1", content)
    asker.pool.clear()
    asker.pool = urllib3.PoolManager(timeout=20, retries=False)
    asker.post("/control/fault", {"source": "bank", "mode": "auto"})
    assert asker.signed("GET", "/bank/files/FB1").json["accepted"] is True
    assert len(asker.statement(DAY)["lines"]) == 1


def test_a_bank_that_answers_twice_lists_each_receipt_twice_with_the_same_serial(asker: Asker) -> None:
    asker.submit("FB1", payment_file("FB1", [asker.row(asker.person("CLEAN"), "UB-1-1")]))
    asker.post("/control/fault", {"source": "bank", "mode": "twice"})
    first, second = asker.receipts("FB1")
    assert first == second
    assert len(asker.statement(DAY)["lines"]) == 1


def test_a_large_file_is_taken_in_a_few_seconds(asker: Asker) -> None:
    world = asker.server.application.world
    rows = []
    for number in range(5_000):
        person = world.person(1 + number % world.size)
        account = world.account(person.ordinal, 0)
        rows.append(asker.row(person, f"UB-{number}-1", account=account))
    content = payment_file("FB1", rows)
    started = time.monotonic()
    assert asker.submit("FB1", content).json["accepted"] is True
    assert time.monotonic() - started < 20
    receipts = asker.receipts("FB1")
    assert len(receipts) == 5_000
    settled = sum(row["amount_fen"] for row in receipts if row["status"] == "S")
    assert asker.statement(DAY)["closing_fen"] == OPENING - settled
