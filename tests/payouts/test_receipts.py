"""What the bank says moves money once: in any order, however often, and never against what it said before."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from accounts.selectors import machine
from cases.messages import render
from cases.models import Event, Message
from law.errors import Refused
from payouts.kinds import (
    ACCEPTED,
    CONFLICT,
    CORRECTING,
    PART_SETTLED,
    READY,
    RETURN_OPEN,
    RETURNED,
    SETTLED,
)
from payouts.models import Batch, Move, Receipt, ReturnedPayment, Transfer
from payouts.selectors import fund, months_of_case, paid_case_ids, prove
from payouts.services import fetch_and_record, owe_many, record_receipts
from payouts.services.receipts import Tally
from payouts.tasks import fetch_receipts
from sandbox.server import Running
from tests.payouts.conftest import CITY, NOW, Staff
from tests.payouts.samples import (
    AMOUNT,
    Recipient,
    obligation_of,
    owed_by_bank,
    payments_of,
    receipt,
    recipient,
    reread,
    sealed,
    sent,
    tell,
)

pytestmark = pytest.mark.usefixtures("money")
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def people(bank: Running, staff: Staff) -> list[Recipient]:
    """Two who are owed."""
    return owed_by_bank(bank, "CLEAN", "CLEAN")


@pytest.fixture
def batch(people: list[Recipient], staff: Staff) -> Batch:
    """Their batch, taken by the bank."""
    return sent(staff)


def test_the_banks_answer_pays_everybody(people: list[Recipient], batch: Batch) -> None:
    assert fetch_and_record(now=LATER) == 1
    assert reread(batch).case.status == SETTLED
    state = fund(CITY)
    assert (state.payable_fen, state.transit_fen) == (0, 2 * AMOUNT)
    assert paid_case_ids([one.case.pk for one in people]) == {one.case.pk for one in people}
    (month,) = months_of_case(people[0].case)
    assert month.is_paid
    assert month.tail
    assert prove().holds


def test_the_person_is_told_once(people: list[Recipient], batch: Batch) -> None:
    fetch_and_record(now=LATER)
    fetch_receipts()
    message = Message.objects.get(party=people[0].party, template="payment.settled")
    assert message.mobile
    assert "1,980.00 元" in render(message, "zh-hans")
    assert Event.objects.filter(case=people[0].case, verb="message.sent").count() == 1


def test_receipts_listed_twice_and_delivered_again_change_nothing(bank: Running, batch: Batch) -> None:
    tell(bank, "/control/fault", source="bank", mode="twice")
    fetch_and_record(now=LATER)
    moved = Transfer.objects.count()
    paid = payments_of(batch)
    again = [receipt(one, serial=one.receipts.get().bank_serial) for one in paid]
    assert record_receipts(batch=batch, receipts=again[::-1], now=LATER).is_empty
    assert Transfer.objects.count() == moved
    assert Receipt.objects.filter(conflicts=True).count() == 0


def test_a_pending_word_moves_nothing(batch: Batch) -> None:
    first, second = payments_of(batch)
    tally = record_receipts(batch=batch, receipts=[receipt(first, "P"), receipt(second)], now=LATER)
    assert tally == Tally(paid=1)
    assert reread(batch).case.status == ACCEPTED
    record_receipts(batch=batch, receipts=[receipt(first)], now=LATER)
    assert reread(batch).case.status == SETTLED


def test_a_failed_payment_is_void_and_its_return_says_what_to_do(
    people: list[Recipient], batch: Batch
) -> None:
    first, second = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first, "F", reason="AC04"), receipt(second)], now=LATER)
    assert reread(batch).case.status == PART_SETTLED
    assert fund(CITY).payable_fen == AMOUNT
    assert Transfer.objects.filter(kind=Move.VOIDED).count() == 1
    returned = ReturnedPayment.objects.get()
    assert (returned.cause, returned.case.status) == ("B02", CORRECTING)
    told = Message.objects.get(template="payment.returned.B02")
    assert "登记新社保卡" in render(told, "zh-hans")
    (month,) = months_of_case(people[0].case)
    assert month.is_returned
    assert month.returned_number == returned.case.number
    assert month.advice
    assert prove().holds


@pytest.mark.parametrize(
    ("reason", "cause", "status", "told"),
    [
        ("AC01", "B01", CORRECTING, True),
        ("AC04", "B02", CORRECTING, True),
        ("AC06", "B03", CORRECTING, True),
        ("BE01", "B04", RETURNED, True),
        ("MD07", "B05", RETURNED, False),
        ("MS03", "B06", READY, True),
        ("TM01", "B07", READY, True),
        ("ZZ99", "B07", READY, True),
    ],
)
def test_each_cause_has_its_first_step(
    batch: Batch, reason: str, cause: str, status: str, told: bool
) -> None:
    record_receipts(batch=batch, receipts=[receipt(payments_of(batch)[0], "F", reason=reason)], now=LATER)
    returned = ReturnedPayment.objects.get()
    assert (returned.cause, returned.case.status) == (cause, status)
    assert Message.objects.filter(template=f"payment.returned.{cause}").exists() is told


def test_what_waits_for_correction_is_left_out_of_the_next_batch(batch: Batch, staff: Staff) -> None:
    failed = payments_of(batch)[0]
    record_receipts(batch=batch, receipts=[receipt(failed, "F", reason="AC04")], now=LATER)
    owe_many(rows=[recipient().due()], actor=machine(), now=NOW)
    after = sealed(staff, now=LATER)
    assert after.left_out == {RETURN_OPEN: [failed.obligation_id]}


def test_paid_after_failed_moves_nothing_and_raises_the_alarm(
    people: list[Recipient], batch: Batch, staff: Staff
) -> None:
    first, _ = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first, "F", reason="TM01")], now=LATER)
    before = Transfer.objects.count()
    tally = record_receipts(batch=batch, receipts=[receipt(first, "S", at=LATER)], now=LATER)
    assert tally == Tally(conflicting=1)
    assert Transfer.objects.count() == before
    assert Event.objects.get(case=batch.case, verb="batch.receipts_conflict").payload["count"] == 1
    assert [finding.check for finding in prove().findings] == ["receipt_in_conflict"]
    # Whether the money went out is not known: it must not go out again.
    owe_many(rows=[recipient().due()], actor=machine(), now=NOW)
    assert sealed(staff, now=LATER).left_out == {CONFLICT: [obligation_of(people[0]).pk]}


def test_the_same_word_under_another_serial_is_a_conflict(batch: Batch) -> None:
    first, _ = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first)], now=LATER)
    assert record_receipts(batch=batch, receipts=[receipt(first, serial="other")], now=LATER) == Tally(
        conflicting=1
    )
    assert Transfer.objects.filter(payment=first, kind=Move.SETTLED).count() == 1


def test_failed_after_paid_announces_a_return_and_leaves_the_money_to_the_statement(batch: Batch) -> None:
    first, _ = payments_of(batch)
    both = [receipt(first, "F", at=LATER, reason="AC06"), receipt(first, at=NOW)]
    assert record_receipts(batch=batch, receipts=both, now=LATER) == Tally(paid=1, returns_announced=1)
    first.refresh_from_db()
    assert first.settled_at == NOW
    assert first.returned_at is None
    assert not ReturnedPayment.objects.exists()


def test_a_receipt_nobody_asked_for_is_said_once_and_books_nothing(batch: Batch) -> None:
    stray = receipt(payments_of(batch)[0])
    stray = type(stray)("AY0000000000-9", "S", "", "", "stray", NOW)
    for _ in range(2):
        assert record_receipts(batch=batch, receipts=[stray], now=LATER) == Tally(unknown=1)
    assert Event.objects.filter(case=batch.case, verb="batch.receipts_unknown").count() == 1
    assert not Receipt.objects.exists()


def test_another_word_under_a_known_serial_is_said_once_and_books_nothing(batch: Batch) -> None:
    first, second = payments_of(batch)
    paid = receipt(first, serial="B1")
    both = [paid, receipt(second, serial="B1", at=LATER)]
    assert record_receipts(batch=batch, receipts=both, now=LATER) == Tally(paid=1, unknown=1)
    both.append(receipt(first, "F", serial="B1", at=LATER))
    assert record_receipts(batch=batch, receipts=[paid, both[1]], now=LATER) == Tally(unknown=1)
    assert record_receipts(batch=batch, receipts=both, now=LATER) == Tally(unknown=2)
    second.refresh_from_db()
    assert second.settled_at is None
    assert Event.objects.filter(case=batch.case, verb="batch.receipts_unknown").count() == 2


def test_receipts_for_a_batch_the_bank_has_not_taken_are_refused(bank: Running, staff: Staff) -> None:
    owed_by_bank(bank, "CLEAN")
    batch = sealed(staff)
    with pytest.raises(Refused, match=r"batch\.not_accepted"):
        record_receipts(batch=batch, receipts=[receipt(payments_of(batch)[0])], now=LATER)


def test_a_bank_that_is_away_is_asked_again_later(bank: Running, batch: Batch) -> None:
    tell(bank, "/control/fault", source="bank", mode="down")
    assert fetch_and_record(now=LATER) == 0
    assert reread(batch).case.status == ACCEPTED


def test_receipts_cost_as_many_statements_whatever_their_number(
    bank: Running, staff: Staff, django_assert_max_num_queries: object
) -> None:
    owed_by_bank(bank, *["CLEAN"] * 12)
    batch = sent(staff)
    words = [receipt(one) for one in payments_of(batch)]
    with django_assert_max_num_queries(45):  # type: ignore[operator]  # a fixture of pytest-django
        record_receipts(batch=batch, receipts=words, now=LATER)
    assert reread(batch).case.status == SETTLED


def test_another_sum_than_was_sent_is_a_conflict(batch: Batch) -> None:
    first, _ = payments_of(batch)
    word = dataclasses.replace(receipt(first), amount_fen=AMOUNT - 1)
    assert record_receipts(batch=batch, receipts=[word], now=LATER) == Tally(conflicting=1)
    assert not Transfer.objects.filter(kind=Move.SETTLED).exists()
