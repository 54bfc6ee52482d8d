"""What holds when several connections act at once: real threads, real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from django.db import connection

from accounts.models import Access, Role
from accounts.selectors import machine
from accounts.services import check_one_time_code
from law.errors import Refused
from law.money import Fen
from payouts.kinds import ACCEPTED, SETTLED, Act
from payouts.models import Contradiction, Move, Obligation, Payment, Transfer
from payouts.selectors import fund, prove
from payouts.services import (
    decide_act,
    fetch_and_record,
    open_fund,
    owe_many,
    propose_act,
    reconcile_day,
    record_receipts,
    seal_batch,
    sign_batch,
    submit_batch,
)
from sandbox.server import Running
from tests.payouts.conftest import CITY, NOW, TODAY, Staff, officer
from tests.payouts.samples import (
    AMOUNT,
    approved,
    owed,
    owed_by_bank,
    payments_of,
    receipt,
    recipient,
    reread,
    sealed,
    sent,
    submissions,
)

pytestmark = pytest.mark.usefixtures("committed")
T = TypeVar("T")


def at_once(*acts: Callable[[], T]) -> list[T | Refused]:
    """Run each in a thread with a connection of its own, all begun together; refusals are answers."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Refused:
        gate.wait(timeout=20)
        try:
            return act()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refusals(answers: list[T | Refused]) -> list[str]:
    return [answer.code for answer in answers if isinstance(answer, Refused)]


@pytest.fixture
def officers(committed: None) -> Staff:
    return Staff(
        maker=officer(Role.HANDLER),
        checker=officer(Role.REVIEWER),
        other_checker=officer(Role.REVIEWER),
        supervisor=officer(Role.SUPERVISOR),
        elsewhere=officer(Role.REVIEWER, region="130200"),
    )


def test_writers_at_once_never_promise_more_than_the_fund_holds() -> None:
    open_fund(region=CITY, amount_fen=Fen(AMOUNT * 5), actor=machine(), now=NOW)
    rows = [[recipient().due() for _ in range(2)] for _ in range(6)]
    answers = at_once(*[lambda part=part: owe_many(rows=part, actor=machine(), now=NOW) for part in rows])
    assert refusals(answers) == ["fund.short"] * 4
    state = fund(CITY)
    assert (state.fund_fen, state.payable_fen) == (AMOUNT, AMOUNT * 4)
    assert prove().holds


def test_the_same_rows_owed_at_once_are_owed_once() -> None:
    open_fund(region=CITY, amount_fen=Fen(AMOUNT * 100), actor=machine(), now=NOW)
    rows = [recipient().due() for _ in range(12)]
    answers = at_once(
        *[
            lambda order=order: owe_many(rows=order, actor=machine(), now=NOW)
            for order in (rows, rows[::-1], rows[3:], rows[:9])
        ]
    )
    assert sum(answer for answer in answers if isinstance(answer, int)) == 12
    assert Obligation.objects.count() == Transfer.objects.filter(kind=Move.OWED).count() == 12
    assert fund(CITY).payable_fen == AMOUNT * 12


def test_the_same_funding_at_once_is_booked_once() -> None:
    at_once(
        *[
            lambda: open_fund(region=CITY, amount_fen=Fen(700), actor=machine(), now=NOW, reference="one").pk
            for _ in range(5)
        ]
    )
    assert fund(CITY).fund_fen == 700


def test_of_two_who_seal_at_once_one_takes_everything(officers: Staff) -> None:
    open_fund(region=CITY, amount_fen=Fen(AMOUNT * 100), actor=machine(), now=NOW)
    owed(6)
    answers = at_once(*[lambda: seal_batch(region=CITY, actor=officers.maker, now=NOW).pk] * 4)
    assert refusals(answers) == ["batch.nothing_due"] * 3
    assert Payment.objects.count() == 6


def test_of_two_who_sign_at_once_one_signs_each_level(officers: Staff) -> None:
    open_fund(region=CITY, amount_fen=Fen(AMOUNT * 100), actor=machine(), now=NOW)
    owed(1)
    batch = sealed(officers)
    total = Fen(batch.total_fen)
    signers = (officers.checker, officers.checker, officers.other_checker)
    answers = at_once(
        *[
            lambda one=one: sign_batch(batch=batch, total_fen=total, actor=one, now=NOW).level
            for one in signers
        ]
    )
    assert [answer for answer in answers if isinstance(answer, int)] == [2]
    assert set(refusals(answers)) <= {"batch.not_waiting", "batch.own"}


def test_of_many_who_submit_at_once_one_speaks_to_the_bank(bank: Running, officers: Staff) -> None:
    open_fund(region=CITY, amount_fen=Fen(AMOUNT * 100), actor=machine(), now=NOW)
    owed_by_bank(bank, "CLEAN", "CLEAN")
    batch = approved(officers)
    at_once(*[lambda: submit_batch(batch=batch, now=NOW).pk] * 5)
    batch = submit_batch(batch=batch, now=NOW)
    assert (batch.case.status, submissions(bank, batch)) == (ACCEPTED, 1)
    assert Transfer.objects.filter(kind=Move.SUBMITTED).count() == 2


def test_receipts_and_statements_at_once_are_booked_once(bank: Running, officers: Staff) -> None:
    open_fund(region=CITY, amount_fen=Fen(AMOUNT * 100), actor=machine(), now=NOW)
    owed_by_bank(bank, "CLEAN", "CLEAN", "CLEAN")
    sent(officers)
    later = NOW + timedelta(hours=1)
    at_once(
        *[lambda: fetch_and_record(now=later)] * 3,
        *[lambda: reconcile_day(region=CITY, day=TODAY, now=later).difference_count] * 3,
    )
    reconcile_day(region=CITY, day=TODAY, now=later)
    assert Transfer.objects.filter(kind=Move.SETTLED).count() == 3
    assert Transfer.objects.filter(kind=Move.DEBITED).count() == 3
    assert prove().holds


def test_of_two_who_sign_a_correction_at_once_one_moves_money(bank: Running, officers: Staff) -> None:
    open_fund(region=CITY, amount_fen=Fen(AMOUNT * 100), actor=machine(), now=NOW)
    owed_by_bank(bank, "CLEAN")
    batch = sent(officers)
    (payment,) = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(payment)], now=NOW)
    before = receipt(payment, "F", reason="TM01", at=NOW - timedelta(minutes=1))
    at_once(*[lambda: record_receipts(batch=batch, receipts=[before], now=NOW).conflicting] * 3)
    (found,) = Contradiction.objects.select_related("case", "obligation")
    act = Act.UNPAID_AFTER_ALL
    proposed = at_once(
        *[
            lambda: (
                propose_act(contradiction=found, act=act, reason="核实。", actor=officers.maker, now=NOW).pk
            )
        ]
        * 3
    )
    assert len(refusals(proposed)) == 2
    signers = (officers.checker, officers.other_checker, officers.checker)
    answers = at_once(
        *[
            lambda one=one: (
                decide_act(
                    contradiction=Contradiction.objects.get(pk=found.pk),
                    agreed=True,
                    remark="",
                    actor=one,
                    now=NOW,
                ).pk
            )
            for one in signers
        ]
    )
    assert len(refusals(answers)) == 2
    assert Transfer.objects.filter(kind=Move.UNPAID_AFTER_ALL).count() == 1


def test_the_same_receipts_delivered_at_once_are_one(bank: Running, officers: Staff) -> None:
    open_fund(region=CITY, amount_fen=Fen(AMOUNT * 100), actor=machine(), now=NOW)
    owed_by_bank(bank, "CLEAN", "CLEAN")
    batch = sent(officers)
    words = [receipt(one) for one in payments_of(batch)]
    answers = at_once(*[lambda: record_receipts(batch=batch, receipts=words, now=NOW).paid] * 4)
    assert sorted(answer for answer in answers if isinstance(answer, int)) == [0, 0, 0, 2]
    assert reread(batch).case.status == SETTLED


def test_guesses_of_a_one_time_code_sent_at_once_stand_in_line() -> None:
    guesser = officer(Role.REVIEWER)
    answers = at_once(*[lambda: check_one_time_code(user=guesser, code="no code")] * 12)
    assert not any(answers)
    assert Access.objects.filter(actor=guesser, act=Access.Act.ONE_TIME_CODE_FAILED).count() == 5
