"""Money that came back is still owed: by a new account, by the register's word, or by two officers it is paid
again.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from cases.models import Event
from law.errors import Refused
from payouts.kinds import CORRECTING, PROPOSED, READY, RETURNED, SETTLED
from payouts.models import Batch, Move, ReturnedPayment, Transfer
from payouts.selectors import fund, months_of_case, prove
from payouts.services import (
    ask_card_again,
    decide_pay_again,
    fetch_and_record,
    propose_pay_again,
    reconcile_day,
    record_receipts,
    submit_batch,
)
from sandbox.server import Running
from tests.payouts.conftest import CITY, NOW, TODAY, Staff
from tests.payouts.samples import (
    AMOUNT,
    Recipient,
    approved,
    card_number,
    owed_by_bank,
    pay_to,
    payments_of,
    receipt,
    reread,
    sent,
    tell,
)

pytestmark = pytest.mark.usefixtures("money")
LATER = NOW + timedelta(hours=1)
BACK = NOW + timedelta(days=5, hours=1)
BACK_ON = TODAY + timedelta(days=5)


def returned() -> ReturnedPayment:
    """The one of the test, as it stands."""
    return ReturnedPayment.objects.select_related("case", "obligation__party", "payment__payee").get()


def failed(bank: Running, staff: Staff, reason: str) -> tuple[Recipient, Batch]:
    """A batch whose only payment failed."""
    (person,) = owed_by_bank(bank, "CLEAN")
    batch = sent(staff)
    record_receipts(batch=batch, receipts=[receipt(payments_of(batch)[0], "F", reason=reason)], now=LATER)
    return person, reread(batch)


def test_from_a_late_return_to_the_money_on_the_card(bank: Running, staff: Staff) -> None:
    (person,) = owed_by_bank(bank, "PAYMENT_RETURNED_LATER")
    sent(staff)
    fetch_and_record(now=LATER)
    reconcile_day(region=CITY, day=TODAY, now=LATER)
    reconcile_day(region=CITY, day=BACK_ON, now=BACK)
    assert ask_card_again(returned=returned(), actor=staff.maker, now=BACK) == "ACTIVE"
    assert returned().case.status == READY
    state = fund(CITY)
    assert (state.suspense_fen, state.payable_fen) == (0, AMOUNT)
    again = submit_batch(batch=approved(staff, now=BACK), now=BACK)
    (payment,) = payments_of(again)
    assert payment.attempt == 2
    fetch_and_record(now=BACK)
    reconcile_day(region=CITY, day=BACK_ON, now=BACK + timedelta(hours=1))
    assert returned().case.status == SETTLED
    (month,) = months_of_case(person.case)
    assert month.is_paid
    assert not month.is_returned
    assert prove().holds


def test_a_new_card_at_the_register_is_recorded_and_frees_the_payment(bank: Running, staff: Staff) -> None:
    person, _ = failed(bank, staff, "AC04")
    number = person.party.identifiers.get().number
    tell(bank, "/control/card", id_number=number)
    old = returned().payment.payee
    assert ask_card_again(returned=returned(), actor=staff.maker, now=LATER) == "ACTIVE"
    assert returned().case.status == READY
    payee = person.party.payees.get(valid_to=None)
    assert payee.replaces
    assert payee.account_digest != old.account_digest
    assert payee.lookup is not None


def test_the_same_closed_account_frees_nothing(bank: Running, staff: Staff) -> None:
    failed(bank, staff, "AC04")
    assert ask_card_again(returned=returned(), actor=staff.maker, now=LATER) == "ACTIVE"
    assert returned().case.status == CORRECTING
    with pytest.raises(Refused, match=r"return\.same_account"):
        propose_pay_again(returned=returned(), reason="本人说可以", actor=staff.maker, now=LATER)


def test_a_silent_register_is_said_and_changes_nothing(bank: Running, staff: Staff) -> None:
    failed(bank, staff, "AC06")
    tell(bank, "/control/fault", source="card", mode="down")
    assert ask_card_again(returned=returned(), actor=staff.maker, now=LATER) == ""
    assert returned().case.status == CORRECTING


def test_paying_again_takes_two_officers(bank: Running, staff: Staff) -> None:
    failed(bank, staff, "AC06")
    with pytest.raises(Refused, match=r"return\.reason_missing"):
        propose_pay_again(returned=returned(), reason=" ", actor=staff.maker, now=LATER)
    propose_pay_again(returned=returned(), reason="本人已激活", actor=staff.maker, now=LATER)
    assert returned().case.status == PROPOSED
    with pytest.raises(Refused, match=r"proposal\.own"):
        decide_pay_again(returned=returned(), agreed=True, remark="", actor=staff.maker, now=LATER)
    decide_pay_again(returned=returned(), agreed=True, remark="", actor=staff.checker, now=LATER)
    assert returned().case.status == READY
    assert Event.objects.filter(case=returned().case, verb="return.ready").get().payload["why"] == "officers"


def test_what_the_second_officer_declines_goes_back_to_the_first(bank: Running, staff: Staff) -> None:
    failed(bank, staff, "MD07")
    propose_pay_again(returned=returned(), reason="本人健在", actor=staff.maker, now=LATER)
    decide_pay_again(returned=returned(), agreed=False, remark="要有证明", actor=staff.checker, now=LATER)
    assert returned().case.status == RETURNED
    with pytest.raises(Refused, match=r"return\.no_proposal"):
        decide_pay_again(returned=returned(), agreed=True, remark="", actor=staff.checker, now=LATER)


def test_an_unexplained_failure_is_retried_once_then_the_person_is_asked(bank: Running, staff: Staff) -> None:
    failed(bank, staff, "MS03")
    assert returned().case.status == READY
    again = submit_batch(batch=approved(staff, now=LATER), now=LATER)
    second = payments_of(again)[0]
    record_receipts(batch=again, receipts=[receipt(second, "F", reason="MS03")], now=LATER)
    found = returned()
    assert (found.case.status, found.times, found.payment_id) == (CORRECTING, 2, second.pk)
    assert prove().holds


def test_a_fault_of_the_file_is_retried_as_often_as_it_takes(bank: Running, staff: Staff) -> None:
    failed(bank, staff, "TM01")
    for times in (2, 3):
        again = submit_batch(batch=approved(staff, now=LATER), now=LATER)
        record_receipts(batch=again, receipts=[receipt(payments_of(again)[0], "F", reason="TM01")], now=LATER)
        assert (returned().case.status, returned().times) == (READY, times)


def test_a_new_account_from_another_app_frees_what_waits_for_it(bank: Running, staff: Staff) -> None:
    person, _ = failed(bank, staff, "AC01")
    pay_to(person.party, card_number(), now=LATER)
    assert returned().case.status == READY


def test_a_name_that_differs_waits_for_an_officer_even_with_a_new_account(
    bank: Running, staff: Staff
) -> None:
    person, _ = failed(bank, staff, "BE01")
    pay_to(person.party, card_number(), now=LATER)
    assert returned().case.status == RETURNED
    propose_pay_again(returned=returned(), reason="身份已核对", actor=staff.maker, now=LATER)
    assert returned().case.status == PROPOSED


def test_what_is_ready_cannot_be_proposed(bank: Running, staff: Staff) -> None:
    failed(bank, staff, "TM01")
    with pytest.raises(Refused, match=r"return\.not_open"):
        propose_pay_again(returned=returned(), reason="再发", actor=staff.maker, now=LATER)
    with pytest.raises(Refused, match=r"return\.not_open"):
        ask_card_again(returned=returned(), actor=staff.maker, now=LATER)


def test_a_second_payment_that_also_comes_back_opens_the_case_again(bank: Running, staff: Staff) -> None:
    (person,) = owed_by_bank(bank, "CLEAN")
    batch = sent(staff)
    for day in range(2):
        at = NOW + timedelta(days=day)
        fetch_and_record(now=at)
        reconcile_day(region=CITY, day=TODAY + timedelta(days=day), now=at)
        (payment,) = payments_of(batch)
        tell(bank, "/control/return", end_to_end_id=payment.end_to_end_id, reason_code="AC06")
        later = at + timedelta(hours=2)
        reconcile_day(region=CITY, day=TODAY + timedelta(days=day), now=later)
        assert (returned().case.status, returned().times) == (CORRECTING, day + 1)
        assert fund(CITY).suspense_fen == AMOUNT
        ask_card_again(returned=returned(), actor=staff.maker, now=later)
        next_day = NOW + timedelta(days=day + 1)
        batch = submit_batch(batch=approved(staff, now=next_day), now=next_day)
    fetch_and_record(now=NOW + timedelta(days=2))
    assert returned().case.status == SETTLED
    assert Transfer.objects.filter(kind=Move.RETURNED).count() == 2
    assert Transfer.objects.filter(kind=Move.REISSUED).count() == 2
    assert months_of_case(person.case)[0].is_paid
