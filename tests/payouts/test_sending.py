"""The way to the bank: once, whatever is silent, slow or killed on the way."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.db import connection

import payouts.services.sending
from cases.models import Event
from gateways import registry
from gateways.adapters import wire
from gateways.adapters.wire import Limits
from gateways.ports import BankReply, Problem, Unavailable
from gateways.services import submit_file
from payouts.formats.bank_file import ENCODING
from payouts.kinds import ACCEPTED, APPROVED1, APPROVED2, REJECTED, SENT
from payouts.models import Move, Payment, Transfer
from payouts.selectors import batches_to_submit, fund, prove
from payouts.services import send_back_batch, submit_batch, submit_waiting
from payouts.tasks import submit_approved
from sandbox.server import Running
from tests.payouts.conftest import CITY, NOW, Staff
from tests.payouts.samples import (
    AMOUNT,
    approved,
    owed_by_bank,
    reread,
    sealed,
    sent,
    submissions,
    tell,
)

pytestmark = pytest.mark.usefixtures("money")


class Killed(BaseException):
    """The process ends here."""


def test_a_signed_batch_is_taken_by_the_bank(bank: Running, staff: Staff) -> None:
    owed_by_bank(bank, "CLEAN", "CLEAN")
    batch = sent(staff)
    assert (batch.case.status, batch.bank_code) == (ACCEPTED, "ACCP")
    assert batch.bank_reference.startswith("SB-")
    assert Transfer.objects.filter(kind=Move.SUBMITTED, pending=True).count() == 2
    assert prove().holds


def test_sending_again_sends_nothing(bank: Running, staff: Staff) -> None:
    owed_by_bank(bank, "CLEAN")
    batch = sent(staff)
    for _ in range(2):
        assert submit_batch(batch=batch, now=NOW + timedelta(minutes=5)).case.status == ACCEPTED
    submit_approved()
    assert submissions(bank, batch) == 1


def test_a_batch_that_lacks_a_signature_stays(bank: Running, staff: Staff) -> None:
    owed_by_bank(bank, "CLEAN")
    batch = submit_batch(batch=sealed(staff), now=NOW)
    assert (batch.case.status, submissions(bank, batch)) == (APPROVED1, 0)


def test_silence_after_the_bank_took_the_file_is_answered_by_a_question(
    bank: Running, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "BANK_SUBMIT", Limits(0.4, 1))
    monkeypatch.setattr(registry, "BANK_ASK", Limits(0.4, 1))
    owed_by_bank(bank, "CLEAN")
    batch = approved(staff)
    tell(bank, "/control/fault", source="bank", mode="slow", seconds="2")
    batch = submit_batch(batch=batch, now=NOW)
    assert batch.case.status == SENT
    assert Event.objects.filter(case=batch.case, verb="batch.no_answer").count() == 1
    assert batches_to_submit() == [batch]
    # Asking in vain is said once.
    submit_batch(batch=batch, now=NOW + timedelta(minutes=1))
    assert Event.objects.filter(case=batch.case, verb="batch.no_answer").count() == 1
    tell(bank, "/control/fault", source="bank", mode="ok")
    wire.reset()
    batch = submit_batch(batch=batch, now=NOW + timedelta(minutes=2))
    assert batch.case.status == ACCEPTED
    assert submissions(bank, batch) == 1
    assert Transfer.objects.filter(kind=Move.SUBMITTED).count() == 1


def test_a_bank_that_never_got_the_file_is_sent_it_later(bank: Running, staff: Staff) -> None:
    owed_by_bank(bank, "CLEAN")
    batch = approved(staff)
    tell(bank, "/control/fault", source="bank", mode="down")
    batch = submit_batch(batch=batch, now=NOW)
    assert (batch.case.status, submissions(bank, batch)) == (SENT, 0)
    tell(bank, "/control/fault", source="bank", mode="ok")
    wire.reset()
    batch = submit_batch(batch=batch, now=NOW + timedelta(minutes=1))
    assert (batch.case.status, submissions(bank, batch)) == (ACCEPTED, 1)


def test_killed_before_the_file_left_it_goes_on(
    bank: Running, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    owed_by_bank(bank, "CLEAN")
    batch = approved(staff)

    def die(**named: object) -> BankReply:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(payouts.services.sending, "submit_file", die)
        submit_batch(batch=batch, now=NOW)
    assert reread(batch).case.status == SENT
    batch = submit_batch(batch=batch, now=NOW + timedelta(minutes=1))
    assert (batch.case.status, submissions(bank, batch)) == (ACCEPTED, 1)


def test_killed_after_the_file_left_it_asks(
    bank: Running, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    owed_by_bank(bank, "CLEAN")
    batch = approved(staff)
    really = submit_file

    def die(**named: object) -> BankReply:
        really(**named)  # type: ignore[arg-type]  # passed on as it came
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(payouts.services.sending, "submit_file", die)
        submit_batch(batch=batch, now=NOW)
    batch = submit_batch(batch=batch, now=NOW + timedelta(minutes=1))
    assert (batch.case.status, submissions(bank, batch)) == (ACCEPTED, 1)
    assert Transfer.objects.filter(kind=Move.SUBMITTED).count() == 1


def test_a_batch_is_sent_again_only_on_the_banks_own_word(
    staff: Staff, bank: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    owed_by_bank(bank, "CLEAN")
    batch = approved(staff)
    sendings: list[str] = []
    answers: list[BankReply | Unavailable | None] = [Unavailable("BANK", Problem.DOWN, 1)] * 3

    def send(**named: object) -> BankReply:
        sendings.append(str(named["batch_number"]))
        raise Unavailable("BANK", Problem.TIMEOUT, 1)

    def ask(**named: object) -> BankReply | None:
        answer = answers.pop(0)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    monkeypatch.setattr(payouts.services.sending, "submit_file", send)
    monkeypatch.setattr(payouts.services.sending, "file_status", ask)
    for _ in range(3):
        submit_batch(batch=batch, now=NOW)
    assert len(sendings) == 1
    answers += [None, Unavailable("BANK", Problem.DOWN, 1)]
    submit_batch(batch=batch, now=NOW)
    assert len(sendings) == 2
    answers.append(BankReply(accepted=True, code="ACCP", reference="SB-1"))
    assert submit_batch(batch=batch, now=NOW).case.status == ACCEPTED
    assert len(sendings) == 2


def test_a_file_the_bank_refuses_frees_everything(bank: Running, staff: Staff, settings: object) -> None:
    owed_by_bank(bank, "CLEAN", "CLEAN")
    first = sealed(staff)
    # Another holder's name under the same account: the bank takes neither file nor money.
    send_back_batch(batch=first, reason_code="TIMING", actor=staff.checker, now=NOW)
    settings.ANYE_PAYER = {"account": "12", "name": "无"}  # type: ignore[attr-defined]  # pytest-django's fixture
    batch = submit_batch(
        batch=approved(staff, now=NOW + timedelta(minutes=1)), now=NOW + timedelta(minutes=1)
    )
    assert (batch.case.status, batch.bank_code) == (REJECTED, "AC02")
    assert Payment.objects.filter(failed_at=None).count() == 0
    state = fund(CITY)
    assert (state.payable_fen, state.transit_fen) == (2 * AMOUNT, 0)
    assert prove().holds
    settings.ANYE_PAYER = {"account": "1301000000000001", "name": "支出户"}  # type: ignore[attr-defined]  # as above
    later = NOW + timedelta(minutes=2)
    assert submit_batch(batch=approved(staff, now=later), now=later).case.status == ACCEPTED


def test_another_file_under_our_number_is_an_alarm_and_nothing_is_taken_for_granted(
    staff: Staff, bank: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    owed_by_bank(bank, "CLEAN")
    batch = approved(staff)

    def silent(**named: object) -> BankReply:
        raise Unavailable("BANK", Problem.REFUSED, 1)

    def other(**named: object) -> BankReply:
        return BankReply(accepted=True, code="ACCP", reference="SB-1", count=7, total_fen=1)

    monkeypatch.setattr(payouts.services.sending, "submit_file", silent)
    monkeypatch.setattr(payouts.services.sending, "file_status", other)
    for _ in range(2):
        assert submit_batch(batch=batch, now=NOW).case.status == SENT
    assert Event.objects.filter(case=batch.case, verb="batch.other_file_at_bank").count() == 1


def test_another_file_of_the_same_count_and_sum_is_not_taken_for_ours(staff: Staff, bank: Running) -> None:
    owed_by_bank(bank, "CLEAN")
    batch = approved(staff)
    other = batch.file.content.replace("失业保险金", "别处的款项").encode(ENCODING)
    number, digest = batch.number, hashlib.sha256(other).hexdigest()
    assert submit_file(batch_number=number, content=other, sha256=digest, now=NOW).accepted
    for minutes in range(2):
        batch = submit_batch(batch=batch, now=NOW + timedelta(minutes=minutes))
        assert batch.case.status == SENT
    assert Event.objects.filter(case=batch.case, verb="batch.other_file_at_bank").count() == 1
    assert fund(CITY).transit_fen == 0
    assert prove().holds


def test_a_batch_that_was_altered_is_held_back_and_stops_none_behind_it(bank: Running, staff: Staff) -> None:
    owed_by_bank(bank, "CLEAN")
    altered = approved(staff)
    owed_by_bank(bank, "CARD_CLOSED")
    later = NOW + timedelta(minutes=1)
    other = approved(staff, now=later)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE payouts_batch SET sha256 = repeat('0', 64) WHERE case_id = %s", [altered.pk])
        cursor.execute("SET session_replication_role = DEFAULT")
    for _ in range(2):
        submit_waiting(now=later)
    assert (reread(altered).case.status, submissions(bank, altered)) == (APPROVED2, 0)
    assert Event.objects.get(case=altered.case, verb="batch.held_back").payload == {"why": "batch.tampered"}
    assert reread(other).case.status == ACCEPTED
