"""The bank: a file goes out once, its fate is asked for, and what it says is read strictly."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from gateways import registry, services
from gateways.adapters.wire import Limits
from gateways.ports import BankReply, Problem, Unavailable
from gateways.services import InsideTransaction
from sandbox import control
from sandbox.server import Running
from tests.gateways.conftest import NOW, TODAY, Office, person_of

pytestmark = pytest.mark.django_db

PAYER = "130100000000000001"


def file_of(server: Running, batch: str, *, scenario: str = "CLEAN", fen: int = 198000) -> bytes:
    """A payment file with one row, as the written format has it."""
    person = person_of(server, scenario)
    account = server.application.world.account(person.ordinal, 0)
    lines = [
        f"H|{batch}|UB|{PAYER}|失业保险基金支出户|CNY|1|{fen}|{TODAY}|{NOW.isoformat()}",
        f"D|1|{batch}-1|{account}|{person.name}|{person.id_number[-4:]}|{person.bank_code}|{fen}|失业保险金|SP1",
        f"T|1|{fen}|{int(account) % 10**18}",
    ]
    return "".join(line + "\r\n" for line in lines).encode("gb18030")


def submit(batch: str, content: bytes, now: datetime = NOW) -> BankReply:
    return services.submit_file(
        batch_number=batch, content=content, sha256=hashlib.sha256(content).hexdigest(), now=now
    )


def test_a_file_is_taken_paid_receipted_and_stands_on_the_statement(sandbox: Running) -> None:
    content = file_of(sandbox, "FB1")
    assert services.file_status(batch_number="FB1", now=NOW) is None
    reply = submit("FB1", content)
    assert (reply.accepted, reply.code) == (True, "ACCP")
    known = services.file_status(batch_number="FB1", now=NOW)
    assert known == reply
    assert (known.count, known.total_fen) == (1, 198000)
    later = NOW + timedelta(hours=2)
    (receipt,) = services.fetch_receipts(batch_number="FB1", now=later)
    assert (receipt.end_to_end_id, receipt.status, receipt.amount_fen) == ("FB1-1", "S", 198000)
    statement = services.fetch_statement(day=TODAY, now=later, account=PAYER)
    (line,) = [row for row in statement.lines if row.bank_serial == receipt.bank_serial]
    assert (line.direction, line.amount_fen, line.batch_number) == ("D", 198000, "FB1")
    assert services.fetch_statement(day=TODAY, now=later).lines


def test_sending_the_same_file_again_books_nothing_twice(sandbox: Running) -> None:
    content = file_of(sandbox, "FB2")
    assert submit("FB2", content) == submit("FB2", content, NOW + timedelta(hours=1))
    assert len(services.fetch_receipts(batch_number="FB2", now=NOW + timedelta(hours=2))) == 1


def test_another_file_under_the_same_number_is_refused(sandbox: Running) -> None:
    submit("FB3", file_of(sandbox, "FB3"))
    with pytest.raises(Unavailable) as caught:
        submit("FB3", file_of(sandbox, "FB3", fen=1))
    assert caught.value.problem is Problem.REFUSED


def test_a_rejected_file_is_an_answer_with_a_code(sandbox: Running) -> None:
    reply = submit("FB4", file_of(sandbox, "FB4").replace(b"|CNY|", b"|USD|"))
    assert (reply.accepted, reply.code, reply.reference) == (False, "AM03", "")


def test_money_to_a_closed_account_fails_with_its_reason(sandbox: Running) -> None:
    submit("FB5", file_of(sandbox, "FB5", scenario="CARD_CLOSED"))
    (receipt,) = services.fetch_receipts(batch_number="FB5", now=NOW + timedelta(hours=2))
    assert (receipt.status, receipt.reason_code) == ("F", "AC04")


def test_a_bank_that_repeats_itself_is_heard_once(sandbox: Running) -> None:
    submit("FB6", file_of(sandbox, "FB6"))
    control.set_fault(sandbox.application.store, {"source": "bank", "mode": "twice"})
    try:
        assert len(services.fetch_receipts(batch_number="FB6", now=NOW + timedelta(hours=2))) == 1
    finally:
        control.set_fault(sandbox.application.store, {"source": "bank", "mode": "auto"})


def test_silence_after_sending_is_unavailable_and_nothing_is_sent_again(
    office: Office, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ANYE_SANDBOX_URL = office.url
    monkeypatch.setattr(registry, "BANK_SUBMIT", Limits(0.2, registry.BANK_SUBMIT.attempts))
    office.always = office.hangs
    with pytest.raises(Unavailable) as caught:
        submit("FB7", b"H")
    assert (caught.value.problem, len(office.heard)) == (Problem.TIMEOUT, 1)


def test_an_overloaded_bank_is_not_sent_the_file_again(office: Office, settings: Settings) -> None:
    settings.ANYE_SANDBOX_URL = office.url
    office.always = office.says(503, b"")
    with pytest.raises(Unavailable):
        submit("FB8", b"H")
    assert len(office.heard) == 1


def test_only_the_banks_own_word_says_that_it_lacks_a_file(office: Office, settings: Settings) -> None:
    settings.ANYE_SANDBOX_URL = office.url
    office.next.append(office.says(404, b'{"error": {"code": "batch_unknown", "message": ""}}'))
    assert services.file_status(batch_number="FB 9/x", now=NOW) is None
    assert office.heard[0].path == "/bank/files/FB%209%2Fx"
    for body in (b'{"error": {"code": "not_found", "message": ""}}', b"<html>"):
        office.next.append(office.says(404, body))
        with pytest.raises(Unavailable) as caught:
            services.file_status(batch_number="FB9", now=NOW)
        assert caught.value.problem is Problem.BAD_ANSWER


RECEIPT: dict[str, object] = {
    "seq": 1, "end_to_end_id": "E1", "status": "S", "reason_code": "", "reason_text": "", "bank_serial": "B1",
    "booked_at": "2026-11-23T01:00:00+00:00", "amount_fen": 100,
}  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "X"},
        {"bank_serial": ""},
        {"booked_at": None},
        {"status": "P"},
        {"amount_fen": 0},
        {"amount_fen": "100"},
        {"end_to_end_id": ""},
        {"bank_serial": "B" * 65},
        {"bank_serial": "B\x00"},
        {"reason_code": "\ud800"},
        {"amount_fen": 10**16},
        {"booked_at": "0001-01-01T00:00:00+08:00"},
        {"booked_at": "9999-12-31T23:00:00-08:00"},
    ],
)
def test_a_receipt_that_does_not_fit_is_no_receipt(
    office: Office, settings: Settings, changed: dict[str, object]
) -> None:
    settings.ANYE_SANDBOX_URL = office.url
    receipts = {"batch_number": "FB1", "receipts": [RECEIPT | changed]}
    office.always = office.says(200, json.dumps(receipts).encode())
    with pytest.raises(Unavailable) as caught:
        services.fetch_receipts(batch_number="FB1", now=NOW)
    assert caught.value.problem is Problem.BAD_ANSWER


@pytest.mark.parametrize("changed", [{"code": "C" * 13}, {"reference": "R" * 65}, {"reference": "R\x00"}])
def test_a_reply_that_could_not_be_kept_is_no_reply(
    office: Office, settings: Settings, changed: dict[str, object]
) -> None:
    settings.ANYE_SANDBOX_URL = office.url
    good = {"batch_number": "FB1", "accepted": True, "code": "0000", "reference": "R1", "count": 1}
    office.next.append(office.says(200, json.dumps(good | {"total_fen": 1}).encode()))
    found = services.file_status(batch_number="FB1", now=NOW)
    assert found is not None and found.reference == "R1"
    office.next.append(office.says(200, json.dumps(good | {"total_fen": 1} | changed).encode()))
    with pytest.raises(Unavailable) as caught:
        services.file_status(batch_number="FB1", now=NOW)
    assert caught.value.problem is Problem.BAD_ANSWER


def test_a_receipt_listed_twice_comes_once_and_one_that_changed_is_refused(
    office: Office, settings: Settings
) -> None:
    settings.ANYE_SANDBOX_URL = office.url
    rows = {"batch_number": "FB1", "receipts": [RECEIPT, RECEIPT]}
    office.next.append(office.says(200, json.dumps(rows).encode()))
    assert len(services.fetch_receipts(batch_number="FB1", now=NOW)) == 1
    rows["receipts"] = [RECEIPT, RECEIPT | {"amount_fen": 101}]
    office.next.append(office.says(200, json.dumps(rows).encode()))
    with pytest.raises(Unavailable):
        services.fetch_receipts(batch_number="FB1", now=NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"closing_fen": 901},
        {"day": "2026-11-22"},
        {"account": "other"},
        {"lines": []},
        {"opening_fen": 1000.5},
        {"opening_fen": 10**30, "closing_fen": 10**30 - 100},
    ],
)
def test_a_statement_that_does_not_add_up_is_no_statement(
    office: Office, settings: Settings, changed: dict[str, object]
) -> None:
    settings.ANYE_SANDBOX_URL = office.url
    line = {
        "bank_serial": "B1", "booked_at": "2026-11-23T01:00:00+00:00", "direction": "D", "amount_fen": 100,
        "end_to_end_id": "E1", "reason_code": "", "batch_number": "FB1",
    }  # fmt: skip
    good = {"day": "2026-11-23", "account": "", "opening_fen": 1000, "closing_fen": 900, "lines": [line]}
    office.next.append(office.says(200, json.dumps(good).encode()))
    assert services.fetch_statement(day=date(2026, 11, 23), now=NOW).closing_fen == 900
    office.next.append(office.says(200, json.dumps(good | changed).encode()))
    with pytest.raises(Unavailable) as caught:
        services.fetch_statement(day=date(2026, 11, 23), now=NOW)
    assert caught.value.problem is Problem.BAD_ANSWER


def test_the_bank_is_not_spoken_to_inside_a_transaction() -> None:
    calls = (
        lambda: submit("FB1", b"H"),
        lambda: services.file_status(batch_number="FB1", now=NOW),
        lambda: services.fetch_receipts(batch_number="FB1", now=NOW),
        lambda: services.fetch_statement(day=TODAY, now=NOW),
    )
    for call in calls:
        with transaction.atomic(), pytest.raises(InsideTransaction):
            call()
