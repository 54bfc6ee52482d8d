"""Sealing: who is in, who is left out and why, what the law says again; and that nothing sealed can
change.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError

from accounts.selectors import machine
from cases.models import Determination, Event
from law.errors import Refused
from payouts.formats import bank_file
from payouts.kinds import (
    ACCOUNT_FAULTY,
    APPROVED1,
    BUILT,
    COOLING_OFF,
    NAME_FAULTY,
    NEXT_FILE,
    NO_PAYEE,
)
from payouts.models import Batch, BatchFile, Obligation, Payee, Payment
from payouts.services import owe_many, seal_batch, send_back_batch
from tests.payouts.conftest import CITY, NOW, Staff
from tests.payouts.samples import (
    AMOUNT,
    approved,
    card_number,
    obligation_of,
    owed,
    pay_to,
    payments_of,
    recipient,
    reread,
    sealed,
)

pytestmark = pytest.mark.usefixtures("money")


def test_all_that_is_due_is_sealed_with_count_sum_and_bytes(staff: Staff) -> None:
    owed(3)
    batch = sealed(staff)
    assert (batch.count, batch.total_fen, batch.case.status) == (3, 3 * AMOUNT, APPROVED1)
    read = bank_file.read(BatchFile.objects.get(batch=batch).content.encode("gb18030"))
    assert read.batch_number == batch.number
    assert [line.end_to_end_id for line in read.lines] == [one.end_to_end_id for one in payments_of(batch)]
    assert {check["outcome"] for check in batch.checks} == {"PASS", "OPEN"}


def test_the_timetables_sealing_is_nobodys_signature(staff: Staff) -> None:
    owed(1)
    batch = seal_batch(region=CITY, actor=machine(), now=NOW)
    assert batch.case.status == BUILT
    assert not batch.signatures.exists()


def test_the_same_obligation_is_never_in_two_live_batches(staff: Staff) -> None:
    people = owed(2)
    sealed(staff)
    with pytest.raises(Refused, match=r"batch\.nothing_due"):
        sealed(staff)
    obligation = obligation_of(people[0])
    payment = Payment.objects.get(obligation=obligation)
    payment.pk, payment.attempt, payment.end_to_end_id, payment.sequence = None, 2, "AY-2", 99
    with pytest.raises(IntegrityError, match="payouts_payment_one_live"), transaction.atomic():
        payment.save(force_insert=True)


def test_a_month_that_has_not_begun_is_not_due(staff: Staff) -> None:
    person = recipient()
    owe_many(rows=[person.due("2026-12")], actor=machine(), now=NOW)
    with pytest.raises(Refused, match=r"batch\.nothing_due"):
        sealed(staff)


def test_whoever_has_no_account_is_left_out_and_listed(staff: Staff) -> None:
    owed(1)
    without = recipient(account=None)
    owe_many(rows=[without.due()], actor=machine(), now=NOW)
    batch = sealed(staff)
    assert batch.count == 1
    assert batch.left_out == {NO_PAYEE: [obligation_of(without).pk]}


def test_a_changed_account_waits_out_one_batch(staff: Staff) -> None:
    people = owed(2)
    pay_to(people[0].party, card_number(), now=NOW)
    first = sealed(staff, now=NOW + timedelta(minutes=1))
    assert first.left_out == {COOLING_OFF: [obligation_of(people[0]).pk]}
    second = sealed(staff, now=NOW + timedelta(minutes=2))
    assert [one.obligation_id for one in payments_of(second)] == [obligation_of(people[0]).pk]


def test_a_changed_account_waits_no_longer_than_its_month(staff: Staff) -> None:
    people = owed(1)
    pay_to(people[0].party, card_number(), now=NOW)
    with pytest.raises(Refused, match=r"batch\.nothing_due"):
        sealed(staff, now=NOW + timedelta(hours=1))
    assert sealed(staff, now=NOW + timedelta(days=9)).count == 1


def test_a_faulty_account_or_name_is_left_out_and_stops_nobody_else(staff: Staff) -> None:
    owed(1)
    wrong = recipient(account="6217000000000000013")
    long = recipient(name="某" * 31)
    owe_many(rows=[wrong.due(), long.due()], actor=machine(), now=NOW)
    batch = sealed(staff)
    assert batch.count == 1
    assert batch.left_out == {
        ACCOUNT_FAULTY: [obligation_of(wrong).pk],
        NAME_FAULTY: [obligation_of(long).pk],
    }


def test_more_than_one_file_holds_is_left_for_the_next(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank_file, "LINES_MAX", 2)
    owed(3)
    batch = sealed(staff)
    assert (batch.count, len(batch.left_out[NEXT_FILE])) == (2, 1)
    assert sealed(staff, now=NOW + timedelta(minutes=1)).count == 1


def test_who_is_behind_a_full_file_is_judged_as_well(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank_file, "LINES_MAX", 1)
    first, second = owed(2)
    without = recipient(account=None)
    owe_many(rows=[without.due()], actor=machine(), now=NOW)
    batch = sealed(staff)
    assert [one.obligation_id for one in payments_of(batch)] == [obligation_of(first).pk]
    assert batch.left_out == {
        NO_PAYEE: [obligation_of(without).pk],
        NEXT_FILE: [obligation_of(second).pk],
    }


def test_a_rare_name_goes_through_and_is_counted(staff: Staff) -> None:
    owed(1, name="王㛃\U00020000")
    batch = sealed(staff)
    assert next(check["rare"] for check in batch.checks if check["code"] == "FILE") == 1


def test_an_amount_the_law_does_not_give_is_not_sealed(staff: Staff) -> None:
    person = recipient()
    owe_many(rows=[person.due(amount_fen=AMOUNT + 100)], actor=machine(), now=NOW)
    with pytest.raises(Refused, match=r"batch\.nothing_due"):
        sealed(staff)
    assert not Batch.objects.exists()


def test_a_determination_that_was_altered_is_not_sealed(staff: Staff) -> None:
    person = owed(1)[0]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE cases_determination SET facts = jsonb_set(facts, '{separation_reason}', '\"V01\"')"
            " WHERE id = %s",
            [person.determination.pk],
        )
        cursor.execute("SET session_replication_role = DEFAULT")
    assert Determination.objects.get(pk=person.determination.pk).facts["separation_reason"] == "V01"
    with pytest.raises(Refused, match=r"batch\.nothing_due"):
        sealed(staff)


def test_a_batch_costs_as_many_statements_whatever_its_size(
    staff: Staff, django_assert_max_num_queries: object
) -> None:
    owed(25)
    with django_assert_max_num_queries(40):  # type: ignore[operator]  # a fixture of pytest-django
        assert sealed(staff).count == 25


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payouts_batch SET total_fen = total_fen + 1",
        "UPDATE payouts_batch SET sha256 = 'x'",
        "UPDATE payouts_batch SET left_out = '{}'",
        "UPDATE payouts_payment SET amount_fen = 1",
        "UPDATE payouts_payment SET payee_id = NULL",
        "DELETE FROM payouts_payment",
        "DELETE FROM payouts_batch",
        "UPDATE payouts_batchfile SET content = 'x'",
        "DELETE FROM payouts_signature",
        "UPDATE payouts_signature SET level = 2",
    ],
)
def test_what_is_sealed_cannot_be_changed(staff: Staff, statement: str) -> None:
    owed(1)
    owe_many(rows=[recipient(account=None).due()], actor=machine(), now=NOW)
    sealed(staff)
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_a_date_is_written_once(staff: Staff) -> None:
    owed(1)
    batch = sealed(staff)
    Payment.objects.filter(batch=batch).update(failed_at=NOW)
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        Payment.objects.filter(batch=batch).update(failed_at=NOW + timedelta(days=1))


def test_a_batch_sent_back_frees_what_it_held(staff: Staff) -> None:
    owed(2)
    batch = sealed(staff)
    with pytest.raises(Refused, match=r"batch\.not_yours"):
        send_back_batch(batch=batch, reason_code="PEOPLE", actor=staff.maker, now=NOW)
    with pytest.raises(Refused, match=r"batch\.reason_missing"):
        send_back_batch(batch=batch, reason_code="", actor=staff.checker, now=NOW)
    send_back_batch(batch=batch, reason_code="PEOPLE", actor=staff.checker, now=NOW)
    assert Event.objects.get(case=batch.case, verb="batch.sent_back").payload["reason"] == "PEOPLE"
    again = sealed(staff, now=NOW + timedelta(minutes=1))
    assert again.count == 2
    assert {one.attempt for one in payments_of(again)} == {2}
    with pytest.raises(Refused, match=r"batch\.not_waiting"):
        send_back_batch(batch=batch, reason_code="PEOPLE", actor=staff.checker, now=NOW)


def test_an_approved_batch_cannot_be_sent_back(staff: Staff) -> None:
    owed(1)
    batch = approved(staff)
    with pytest.raises(Refused, match=r"batch\.not_waiting"):
        send_back_batch(batch=batch, reason_code="TIMING", actor=staff.checker, now=NOW)


def test_a_county_is_paid_by_its_citys_pool(staff: Staff) -> None:
    owed(1)
    assert Obligation.objects.get().region == "130102"
    assert Obligation.objects.get().pool == CITY
    batch = seal_batch(region="130102", actor=staff.maker, now=NOW)
    assert batch.region == CITY
    assert batch.case.region == CITY


def test_a_contact_reaches_no_event(staff: Staff) -> None:
    owed(1)
    batch = reread(sealed(staff))
    payee = Payee.objects.get()
    trail = (
        str(list(Event.objects.values_list("payload", flat=True))) + str(batch.checks) + str(batch.left_out)
    )
    assert payee.account not in trail
    assert payee.contact not in trail
