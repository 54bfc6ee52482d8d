"""What contradicts is netted by nobody: two officers decide on evidence, and correcting transfers follow."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

import payouts.services.receipts
from accounts.selectors import machine
from cases.models import Case, Event
from cases.selectors import case_url
from law.errors import Refused
from payouts.kinds import (
    OPEN,
    PROPOSED,
    READY,
    RECHECK,
    RECONCILED,
    RESOLVED,
    SETTLED,
    Act,
    Odd,
)
from payouts.models import Batch, Contradiction, Move, Obligation, Payment, ReturnedPayment, Transfer
from payouts.selectors import fund, months_of_case, prove
from payouts.services import decide_act, owe_many, propose_act, reconcile_day, record_receipts
from sandbox.server import Running
from tests.payouts.conftest import CITY, NOW, TODAY, Staff
from tests.payouts.samples import (
    AMOUNT,
    Recipient,
    obligation_of,
    owed,
    owed_by_bank,
    payments_of,
    receipt,
    recipient,
    reread,
    sealed,
    sent,
    signed_in,
)
from tests.payouts.test_reconciling import row, said

__all__ = ["said"]

pytestmark = pytest.mark.usefixtures("money")
LATER = NOW + timedelta(hours=1)
EVENING = NOW + timedelta(hours=9)


@pytest.fixture
def people(bank: Running, staff: Staff) -> list[Recipient]:
    """Two who are owed."""
    return owed_by_bank(bank, "CLEAN", "CLEAN")


@pytest.fixture
def batch(people: list[Recipient], staff: Staff) -> Batch:
    """Their batch, taken by the bank."""
    return sent(staff)


def the_only() -> Contradiction:
    return Contradiction.objects.select_related("case", "obligation", "payment").get()


def propose(staff: Staff, act: Act, *, now: datetime = EVENING) -> Contradiction:
    one = the_only()
    propose_act(contradiction=one, act=act, reason="已打电话向银行核实。", actor=staff.maker, now=now)
    return the_only()


def resolve(staff: Staff, act: Act, *, now: datetime = EVENING) -> Contradiction:
    one = propose(staff, act, now=now)
    decide_act(contradiction=one, agreed=True, remark="", actor=staff.checker, now=now)
    return the_only()


def failed_then_paid(batch: Batch) -> Payment:
    """The bank says "failed" of the first, and then "paid"."""
    first, second = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first, "F", reason="AC04"), receipt(second)], now=LATER)
    record_receipts(batch=batch, receipts=[receipt(first, "S", at=LATER)], now=LATER + timedelta(minutes=1))
    return first


def test_a_receipt_that_contradicts_opens_a_case_once(batch: Batch) -> None:
    first = failed_then_paid(batch)
    one = the_only()
    assert (one.odd, one.payment, one.case.status) == (Odd.RECEIPT, first, OPEN)
    again = receipt(first, "S", at=LATER)
    record_receipts(batch=batch, receipts=[again], now=EVENING)
    record_receipts(batch=batch, receipts=[receipt(first, "S", at=LATER, serial="X2")], now=EVENING)
    assert Event.objects.filter(case=the_only().case, verb="contradiction.again").count() == 1


def test_a_receipt_marked_before_there_were_cases_gets_one(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, said: list[object]
) -> None:
    monkeypatch.setattr(payouts.services.receipts, "open_for_payments", lambda *_ids, **_rest: None)
    failed_then_paid(batch)
    assert not Contradiction.objects.exists()
    for _ in range(2):
        reconcile_day(region=CITY, day=TODAY, now=EVENING)
    assert the_only().odd == Odd.RECEIPT


def test_paid_after_all_needs_the_statement_and_two_people(
    batch: Batch, staff: Staff, said: list[object]
) -> None:
    first = failed_then_paid(batch)
    with pytest.raises(Refused, match=r"contradiction\.not_on_statement"):
        propose(staff, Act.PAID_AFTER_ALL)
    said.extend(row(one_) for one_ in payments_of(batch))
    assert not reconcile_day(region=CITY, day=TODAY, now=EVENING).agreed
    with pytest.raises(Refused, match=r"contradiction\.statement_says_paid"):
        propose(staff, Act.FIRST_STANDS)
    one = propose(staff, Act.PAID_AFTER_ALL)
    assert one.case.status == PROPOSED
    with pytest.raises(Refused, match=r"proposal\.own|case\."):
        decide_act(contradiction=one, agreed=True, remark="", actor=staff.maker, now=EVENING)
    decide_act(contradiction=the_only(), agreed=True, remark="", actor=staff.checker, now=EVENING)
    one = the_only()
    assert (one.case.status, one.act) == (RESOLVED, Act.PAID_AFTER_ALL)
    first.refresh_from_db()
    assert first.failed_at is None
    assert first.settled_at is not None
    assert ReturnedPayment.objects.get().case.status == SETTLED
    assert Transfer.objects.filter(payment=first, kind=Move.PAID_AFTER_ALL).count() == 1
    assert fund(CITY).payable_fen == 0
    assert reconcile_day(region=CITY, day=TODAY, now=EVENING).agreed
    assert reread(batch).case.status == RECONCILED
    assert prove().holds
    with pytest.raises(Refused, match=r"batch\.nothing_due"):
        sealed(staff, now=EVENING)


def test_unpaid_after_all_becomes_a_return_and_is_paid_again(batch: Batch, staff: Staff) -> None:
    first, second = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first), receipt(second)], now=LATER)
    earlier = receipt(first, "F", reason="TM01", at=NOW - timedelta(minutes=5))
    record_receipts(batch=batch, receipts=[earlier], now=LATER + timedelta(minutes=1))
    resolve(staff, Act.UNPAID_AFTER_ALL)
    first.refresh_from_db()
    assert first.settled_at is None
    assert first.failed_at is not None
    assert ReturnedPayment.objects.get().case.status == READY
    assert (fund(CITY).payable_fen, fund(CITY).transit_fen) == (AMOUNT, AMOUNT)
    assert [one.obligation_id for one in payments_of(sealed(staff, now=EVENING))] == [first.obligation_id]
    assert "corrected_without_two_signatures" not in {one.check for one in prove().findings}
    assert "payment_dates_differ_from_transfers" not in {one.check for one in prove().findings}


def test_the_first_word_stands_and_moves_nothing(batch: Batch, staff: Staff) -> None:
    first = failed_then_paid(batch)
    moved = Transfer.objects.count()
    resolve(staff, Act.FIRST_STANDS)
    assert Transfer.objects.count() == moved
    assert "receipt_in_conflict" not in {one.check for one in prove().findings}
    assert ReturnedPayment.objects.get(obligation=first.obligation_id).case.status != SETTLED
    record_receipts(
        batch=batch, receipts=[receipt(first, "S", serial="X9")], now=EVENING + timedelta(minutes=1)
    )
    assert Contradiction.objects.filter(payment=first, resolved_at=None).count() == 1
    assert "receipt_in_conflict" in {one.check for one in prove().findings}


def test_a_reviewer_may_send_it_back_and_a_second_signature_finds_nothing(batch: Batch, staff: Staff) -> None:
    failed_then_paid(batch)
    one = propose(staff, Act.FIRST_STANDS)
    decide_act(contradiction=one, agreed=False, remark="再问银行。", actor=staff.checker, now=EVENING)
    assert the_only().case.status == OPEN
    resolve(staff, Act.FIRST_STANDS)
    with pytest.raises(Refused, match=r"contradiction\.no_proposal"):
        decide_act(contradiction=the_only(), agreed=True, remark="", actor=staff.other_checker, now=EVENING)
    with pytest.raises(Refused, match=r"contradiction\.not_open"):
        propose_act(
            contradiction=the_only(), act=Act.FIRST_STANDS, reason="再来。", actor=staff.maker, now=EVENING
        )


def test_a_reason_is_asked_for_and_the_act_must_fit(batch: Batch, staff: Staff) -> None:
    failed_then_paid(batch)
    one = the_only()
    with pytest.raises(Refused, match=r"contradiction\.reason_missing"):
        propose_act(contradiction=one, act=Act.FIRST_STANDS, reason=" ", actor=staff.maker, now=EVENING)
    for act in (Act.UNPAID_AFTER_ALL, Act.OWE_ANEW):
        with pytest.raises(Refused, match=r"contradiction\.other_act"):
            propose_act(contradiction=one, act=act, reason="核实。", actor=staff.maker, now=EVENING)


def test_dates_turn_only_where_a_correcting_transfer_stands(batch: Batch) -> None:
    first = failed_then_paid(batch)
    with (
        pytest.raises(IntegrityError, match="sealed cannot be changed"),
        transaction.atomic(),
    ):
        Payment.objects.filter(pk=first.pk).update(failed_at=None, settled_at=NOW)


# --- the rule does not give it ----------------------------------------------------------------------------


def differing() -> Recipient:
    """Somebody who is owed one yuan too much."""
    person = recipient()
    owe_many(rows=[person.due(amount_fen=AMOUNT + 100)], actor=machine(), now=NOW)
    return person


def test_what_the_rule_does_not_give_is_left_out_and_the_others_are_paid(staff: Staff) -> None:
    wrong, right = differing(), owed(1)[0]
    batch = sealed(staff)
    assert [one.obligation_id for one in payments_of(batch)] == [obligation_of(right).pk]
    assert batch.left_out == {RECHECK: [obligation_of(wrong).pk]}
    one = the_only()
    assert (one.odd, one.obligation, one.case.status) == (Odd.RECHECK, obligation_of(wrong), OPEN)
    with pytest.raises(Refused, match=r"batch\.nothing_due"):
        sealed(staff)
    assert Contradiction.objects.count() == 1


def test_owed_anew_by_two_it_goes_into_the_next_batch(staff: Staff) -> None:
    wrong = differing()
    with pytest.raises(Refused, match=r"batch\.nothing_due"):
        sealed(staff)
    resolve(staff, Act.OWE_ANEW)
    old, new = Obligation.objects.filter(case=wrong.case).order_by("pk")
    assert (new.replaces, new.amount_fen) == (old, AMOUNT)
    assert Transfer.objects.filter(obligation=old, kind=Move.WITHDRAWN, amount_fen=AMOUNT + 100).count() == 1
    assert fund(CITY).payable_fen == AMOUNT
    assert [month.amount_fen for month in months_of_case(wrong.case)] == [AMOUNT]
    batch = sealed(staff, now=EVENING)
    assert [one.obligation_id for one in payments_of(batch)] == [new.pk]
    assert prove().holds
    # The timetable that owes the month again finds what stands.
    assert owe_many(rows=[wrong.due(amount_fen=AMOUNT + 100)], actor=machine(), now=EVENING) == 0


def test_altered_facts_are_no_ground_to_owe_anew(staff: Staff) -> None:
    person = owed(1)[0]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE cases_determination SET facts = jsonb_set(facts, '{contributed_months}', '12')"
            " WHERE id = %s",
            [person.determination.pk],
        )
        cursor.execute("SET session_replication_role = DEFAULT")
    with pytest.raises(Refused, match=r"batch\.nothing_due"):
        sealed(staff)
    with pytest.raises(Refused, match=r"contradiction\.altered"):
        propose(staff, Act.OWE_ANEW)


# --- the page ---------------------------------------------------------------------------------------------


def test_the_page_shows_both_words_and_takes_two_people(batch: Batch, staff: Staff, client: Client) -> None:
    failed_then_paid(batch)
    case: Case = the_only().case
    page = case_url("contradiction", case.number)
    shown = signed_in(client, staff.maker).get(page).content.decode()
    assert 'class="versus"' in shown
    assert "先到的说法" in shown
    assert client.post(f"{page}propose/", {"act": "", "reason": ""}).status_code == 422
    client.post(f"{page}propose/", {"act": "FIRST_STANDS", "reason": "银行书面说明第二份是误发。"})
    assert the_only().case.status == PROPOSED
    second = signed_in(Client(), staff.checker)
    assert "银行书面说明" in second.get(page).content.decode()
    second.post(f"{page}decide/", {"agreed": "yes", "remark": ""})
    assert the_only().case.status == RESOLVED
    assert signed_in(Client(), staff.elsewhere).get(page).status_code == 404


def test_the_page_of_a_differing_recheck_leads_to_the_case(staff: Staff, client: Client) -> None:
    wrong = differing()
    owed(1)
    batch = sealed(staff)
    page = case_url("contradiction", the_only().case.number)
    shown = signed_in(client, staff.maker).get(page).content.decode()
    assert wrong.case.number in shown
    assert "1,981.00" in shown
    assert "1,980.00" in shown
    assert page in client.get(case_url("batch", batch.number)).content.decode()
