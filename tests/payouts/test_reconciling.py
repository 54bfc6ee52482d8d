"""Our books against the bank's statement, both ways: agreement closes a batch, every difference stays
visible.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core.management import call_command

import payouts.services.reconciling
from gateways.ports import BankStatement, Problem, StatementRow, Unavailable
from law.errors import Refused
from payouts.kinds import CONFLICT, CORRECTING, RECONCILED, SETTLED, Act
from payouts.models import (
    Contradiction,
    Move,
    Payment,
    Reconciliation,
    ReturnedPayment,
    StatementLine,
    Transfer,
)
from payouts.selectors import fund, months_of_case, prove
from payouts.services import (
    decide_act,
    fetch_and_record,
    propose_act,
    reconcile_day,
    reconcile_open_days,
    record_receipts,
)
from payouts.services.reconciling import days_to_reconcile
from payouts.tasks import reconcile
from sandbox.server import Running
from tests.payouts.conftest import CITY, NOW, TODAY, Staff
from tests.payouts.samples import (
    AMOUNT,
    Recipient,
    owed_by_bank,
    payments_of,
    receipt,
    reread,
    sealed,
    sent,
    tell,
)

pytestmark = pytest.mark.usefixtures("money")
LATER = NOW + timedelta(hours=1)
EVENING = NOW + timedelta(hours=6)


@pytest.fixture
def people(bank: Running, staff: Staff) -> list[Recipient]:
    return owed_by_bank(bank, "CLEAN", "CLEAN")


def test_when_all_four_agree_the_batch_is_closed(people: list[Recipient], staff: Staff) -> None:
    batch = sent(staff)
    fetch_and_record(now=LATER)
    made = reconcile_day(region=CITY, day=TODAY, now=EVENING)
    assert (made.agreed, made.debit_count, made.debit_fen) == (True, 2, 2 * AMOUNT)
    assert reread(batch).case.status == RECONCILED
    state = fund(CITY)
    assert (state.payable_fen, state.transit_fen, state.suspense_fen) == (0, 0, 0)
    assert prove().holds


def test_a_statement_read_again_changes_nothing(people: list[Recipient], staff: Staff) -> None:
    sent(staff)
    fetch_and_record(now=LATER)
    for _ in range(3):
        assert reconcile_day(region=CITY, day=TODAY, now=EVENING).agreed
    assert StatementLine.objects.count() == 2
    assert Transfer.objects.filter(kind=Move.DEBITED).count() == 2


def test_money_that_left_before_its_receipt_is_a_difference_until_it_comes(
    people: list[Recipient], staff: Staff
) -> None:
    batch = sent(staff)
    made = reconcile_day(region=CITY, day=TODAY, now=EVENING)
    assert [one["code"] for one in made.differences] == ["DEBIT_WITHOUT_RECEIPT"] * 2
    fetch_and_record(now=EVENING)
    assert reconcile_day(region=CITY, day=TODAY, now=EVENING).agreed
    assert reread(batch).case.status == RECONCILED


def row(payment: Payment, direction: str = "D", *, fen: int = AMOUNT, serial: str = "") -> StatementRow:
    return StatementRow(
        bank_serial=serial or f"{payment.end_to_end_id}{direction}",
        booked_at=NOW,
        direction=direction,
        amount_fen=fen,
        end_to_end_id=payment.end_to_end_id,
        reason_code="" if direction == "D" else "AC06",
        batch_number=payment.batch.case.number,
    )


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[StatementRow]:
    """The lines a bank that errs would give."""
    lines: list[StatementRow] = []

    def answer(*, day: date, now: datetime) -> BankStatement:
        moved = sum(one.amount_fen * (1 if one.direction == "C" else -1) for one in lines)
        return BankStatement(10**9, 10**9 + moved, tuple(lines))

    monkeypatch.setattr(payouts.services.reconciling, "fetch_statement", answer)
    return lines


def codes(*, day: date = TODAY) -> list[str]:
    made = reconcile_day(region=CITY, day=day, now=EVENING)
    assert made.difference_count == len(made.differences)
    return sorted(str(one["code"]) for one in made.differences)


def test_every_kind_of_difference_is_named_and_books_nothing(
    people: list[Recipient], staff: Staff, said: list[StatementRow]
) -> None:
    batch = sent(staff)
    first, second = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first), receipt(second, "F", reason="TM01")], now=LATER)
    assert codes() == ["NOT_ON_STATEMENT"]
    said.append(row(first, fen=AMOUNT + 1))
    assert codes() == ["AMOUNT_DIFFERS", "NOT_ON_STATEMENT"]
    said.append(row(second))
    said.append(row(second, "C"))
    said.append(StatementRow("stray", NOW, "D", 5, "", "", ""))
    assert codes() == [
        "AMOUNT_DIFFERS",
        "CREDIT_WITHOUT_PAYMENT",
        "DEBIT_OF_FAILED",
        "LINE_UNKNOWN",
        "NOT_ON_STATEMENT",
    ]
    assert not Transfer.objects.filter(kind__in=[Move.DEBITED, Move.RETURNED]).exists()
    assert reread(batch).case.status != RECONCILED
    assert not prove().holds


def test_money_that_left_although_it_failed_is_not_paid_again(
    people: list[Recipient], staff: Staff, said: list[StatementRow]
) -> None:
    batch = sent(staff)
    first, second = payments_of(batch)
    failed = [receipt(first, "F", reason="TM01"), receipt(second, "F", reason="TM01")]
    record_receipts(batch=batch, receipts=failed, now=LATER)
    said.append(row(first))
    codes()
    again = sealed(staff, now=EVENING)
    assert [one.obligation_id for one in payments_of(again)] == [second.obligation_id]
    assert again.left_out == {CONFLICT: [first.obligation_id]}
    # Not even money that came back by itself is set off against it: two officers look first.
    said.append(row(first, "C"))
    codes()
    with pytest.raises(Refused, match=r"batch\.nothing_due"):
        sealed(staff, now=EVENING)
    found = Contradiction.objects.get()
    why = "对账单上有支出，也有退回。"
    propose_act(contradiction=found, act=Act.PAID_AFTER_ALL, reason=why, actor=staff.maker, now=EVENING)
    decide_act(contradiction=found, agreed=True, remark="", actor=staff.checker, now=EVENING)
    assert "DEBIT_OF_FAILED" not in codes()
    # Out and back in again, both booked: what is left is a return like any other.
    assert Transfer.objects.filter(payment=first, kind__in=[Move.DEBITED, Move.RETURNED]).count() == 2
    assert ReturnedPayment.objects.get(obligation=first.obligation_id).case.status == CORRECTING


def test_what_the_bank_books_twice_is_booked_once_here(
    people: list[Recipient], staff: Staff, said: list[StatementRow]
) -> None:
    batch = sent(staff)
    first, second = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first), receipt(second)], now=LATER)
    said += [row(first), row(second), row(first, serial="again")]
    said += [row(second, "C"), row(second, "C", serial="back again")]
    assert codes() == ["CREDIT_TWICE", "DEBIT_TWICE"]
    assert Transfer.objects.filter(kind=Move.DEBITED).count() == 2
    assert Transfer.objects.filter(kind=Move.RETURNED).count() == 1


def test_a_bank_that_rewrites_a_line_is_found_out(
    people: list[Recipient], staff: Staff, said: list[StatementRow]
) -> None:
    batch = sent(staff)
    first, second = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first), receipt(second)], now=LATER)
    said += [row(first), row(second)]
    assert codes() == []
    said[0] = row(first, fen=AMOUNT - 1)
    assert codes() == ["LINE_CHANGED"]


def test_money_that_finance_moves_in_is_no_payment_of_ours(
    people: list[Recipient], staff: Staff, said: list[StatementRow]
) -> None:
    batch = sent(staff)
    first, second = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first), receipt(second)], now=LATER)
    said += [row(first), row(second), StatementRow("funding", NOW, "C", 10**6, "", "", "")]
    assert codes() == []


def test_a_day_opens_with_what_the_day_before_closed_with(
    people: list[Recipient], staff: Staff, said: list[StatementRow]
) -> None:
    sent(staff)
    said.append(StatementRow("funding", NOW, "C", 700, "", "", ""))
    following = TODAY + timedelta(days=1)
    made = reconcile_day(region=CITY, day=TODAY, now=NOW + timedelta(days=1))
    assert made.agreed
    said.clear()
    made = reconcile_day(region=CITY, day=following, now=NOW + timedelta(days=1))
    assert [one["code"] for one in made.differences] == ["OPENING_DIFFERS"]


def test_conflicting_receipts_keep_a_batch_open(
    people: list[Recipient], staff: Staff, said: list[StatementRow]
) -> None:
    batch = sent(staff)
    first, second = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first), receipt(second)], now=LATER)
    record_receipts(batch=batch, receipts=[receipt(first, serial="again")], now=LATER)
    said += [row(first), row(second)]
    assert codes() == ["RECEIPT_CONFLICT"]
    assert reread(batch).case.status == SETTLED


def test_a_late_return_lies_in_suspense_and_asks_the_person(bank: Running, staff: Staff) -> None:
    (person,) = owed_by_bank(bank, "PAYMENT_RETURNED_LATER")
    batch = sent(staff)
    fetch_and_record(now=LATER)
    reconcile_day(region=CITY, day=TODAY, now=EVENING)
    assert reread(batch).case.status == RECONCILED
    back = NOW + timedelta(days=5, hours=1)
    made = reconcile_day(region=CITY, day=TODAY + timedelta(days=5), now=back)
    assert (made.agreed, made.credit_count, made.credit_fen) == (True, 1, AMOUNT)
    assert fund(CITY).suspense_fen == AMOUNT
    returned = ReturnedPayment.objects.get()
    assert (returned.cause, returned.case.status) == ("B03", CORRECTING)
    assert months_of_case(person.case)[0].is_returned
    assert prove().holds
    # The batch stays closed, and the same statement again returns nothing twice.
    assert reconcile_day(region=CITY, day=TODAY + timedelta(days=5), now=back).agreed
    assert Transfer.objects.filter(kind=Move.RETURNED).count() == 1


def test_the_sweep_takes_every_day_until_it_is_closed(people: list[Recipient], staff: Staff) -> None:
    sent(staff)
    fetch_and_record(now=LATER)
    assert days_to_reconcile(CITY, now=EVENING) == [TODAY]
    assert reconcile_open_days(now=EVENING) == 0
    # Today may still bring lines; once it is over and agreed, it is closed.
    assert days_to_reconcile(CITY, now=EVENING) == [TODAY]
    tomorrow = NOW + timedelta(days=1)
    assert reconcile_open_days(now=tomorrow) == 0
    assert days_to_reconcile(CITY, now=tomorrow) == [TODAY + timedelta(days=1)]


def test_the_sweep_outlives_a_silent_bank(
    people: list[Recipient], staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(staff)

    def silent(**named: object) -> BankStatement:
        raise Unavailable("BANK", Problem.DOWN, 1)

    monkeypatch.setattr(payouts.services.reconciling, "fetch_statement", silent)
    assert reconcile_open_days(now=EVENING) == 0
    reconcile()
    assert not Reconciliation.objects.exists()


def test_verify_ledger_says_that_the_books_hold(
    people: list[Recipient], staff: Staff, capsys: pytest.CaptureFixture[str]
) -> None:
    sent(staff)
    fetch_and_record(now=LATER)
    reconcile_day(region=CITY, day=TODAY, now=EVENING)
    call_command("verify_ledger")
    said = capsys.readouterr().out
    assert "The books hold." in said
    assert "obligations" in said


def test_verify_ledger_finds_what_was_planted(
    people: list[Recipient], staff: Staff, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = sent(staff)
    fetch_and_record(now=LATER)
    StatementLine.objects.create(
        bank_serial="planted",
        day=TODAY,
        booked_at=NOW,
        direction="D",
        amount_fen=1,
        end_to_end_id=payments_of(batch)[0].end_to_end_id,
        received_at=NOW,
    )
    with pytest.raises(SystemExit) as ended:
        call_command("verify_ledger")
    assert ended.value.code == 1
    assert "DIFFERENCE line_without_transfer: 1" in capsys.readouterr().out


def test_another_regions_lines_are_left_to_it(people: list[Recipient], staff: Staff) -> None:
    sent(staff)
    fetch_and_record(now=LATER)
    made = reconcile_day(region="130200", day=TODAY, now=EVENING)
    assert made.agreed
    assert not Transfer.objects.filter(kind=Move.DEBITED).exists()


def test_the_bank_may_return_what_the_sandbox_is_told_to(bank: Running, staff: Staff) -> None:
    owed_by_bank(bank, "CLEAN")
    batch = sent(staff)
    fetch_and_record(now=LATER)
    reconcile_day(region=CITY, day=TODAY, now=LATER)
    (payment,) = payments_of(batch)
    tell(bank, "/control/return", end_to_end_id=payment.end_to_end_id, reason_code="BE01")
    reconcile_day(region=CITY, day=TODAY, now=EVENING)
    assert ReturnedPayment.objects.get().cause == "B04"
