"""What is owed is owed once, whoever says it and how often; the fund is never promised twice."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError

from accounts.selectors import machine
from law.errors import Refused
from law.money import Fen
from payouts.models import Account, Balance, Move, Obligation, Payee, Transfer
from payouts.selectors import fund, prove
from payouts.services import open_fund, owe, owe_many
from tests.payouts.conftest import CITY, MONTH, NOW
from tests.payouts.samples import AMOUNT, COUNTY, PROGRAM, card_number, pay_to, recipient

pytestmark = pytest.mark.usefixtures("db")


def test_the_same_key_is_the_same_obligation(money: None) -> None:
    person = recipient()
    first = owe(
        case=person.case,
        determination=person.determination,
        party=person.party,
        program=PROGRAM,
        item=PROGRAM,
        month=MONTH,
        amount_fen=Fen(AMOUNT),
        region=COUNTY,
        actor=machine(),
        now=NOW,
    )
    assert owe_many(rows=[person.due(), person.due("2026-10")], actor=machine(), now=NOW) == 1
    assert Obligation.objects.filter(key=first.key).count() == 1
    assert Transfer.objects.filter(kind=Move.OWED).count() == 2
    assert fund(COUNTY).payable_fen == 2 * AMOUNT


def test_the_same_key_with_another_amount_is_refused(money: None) -> None:
    person = recipient()
    owe_many(rows=[person.due()], actor=machine(), now=NOW)
    with pytest.raises(Refused, match=r"obligation\.differs"):
        owe_many(rows=[person.due(amount_fen=AMOUNT + 1)], actor=machine(), now=NOW)


def test_a_month_of_a_benefit_is_owed_to_a_person_once_whatever_the_case(money: None) -> None:
    person, other = recipient(), recipient()
    owe_many(rows=[person.due()], actor=machine(), now=NOW)
    stolen = other.due()
    stolen = type(stolen)(
        **{**{f: getattr(stolen, f) for f in stolen.__slots__}, "party_id": person.party.pk}
    )
    with pytest.raises(Refused, match=r"obligation\.month_taken"):
        owe_many(rows=[stolen], actor=machine(), now=NOW)


def test_a_list_that_names_one_twice_or_owes_nothing_is_refused(money: None) -> None:
    person = recipient()
    with pytest.raises(Refused, match=r"obligation\.twice_in_list"):
        owe_many(rows=[person.due(), person.due()], actor=machine(), now=NOW)
    with pytest.raises(Refused, match=r"obligation\.amount"):
        owe_many(rows=[person.due(amount_fen=0)], actor=machine(), now=NOW)


def test_what_the_fund_does_not_cover_is_refused_whole() -> None:
    open_fund(region=CITY, amount_fen=Fen(AMOUNT * 2 - 1), actor=machine(), now=NOW)
    people = [recipient(), recipient()]
    with pytest.raises(Refused, match=r"fund\.short"):
        owe_many(rows=[one.due() for one in people], actor=machine(), now=NOW)
    assert not Obligation.objects.exists()
    assert owe_many(rows=[people[0].due()], actor=machine(), now=NOW) == 1
    assert fund(CITY).fund_fen == AMOUNT - 1


def test_the_treasurys_money_is_booked_once_a_reference() -> None:
    for _ in range(2):
        open_fund(region=CITY, amount_fen=Fen(500), actor=machine(), now=NOW, reference="2026-11")
    assert fund(COUNTY).fund_fen == 500
    with pytest.raises(Refused, match=r"fund\.differs"):
        open_fund(region=CITY, amount_fen=Fen(501), actor=machine(), now=NOW, reference="2026-11")
    with pytest.raises(Refused, match=r"fund\.amount"):
        open_fund(region=CITY, amount_fen=Fen(0), actor=machine(), now=NOW)


def test_many_obligations_cost_no_more_statements_than_one(
    money: None, django_assert_max_num_queries: object
) -> None:
    people = [recipient() for _ in range(30)]
    with django_assert_max_num_queries(12):  # type: ignore[operator]  # a fixture of pytest-django
        assert owe_many(rows=[one.due() for one in people], actor=machine(), now=NOW) == 30


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payouts_transfer SET amount_fen = 1",
        "DELETE FROM payouts_transfer",
        "TRUNCATE payouts_transfer CASCADE",
        "UPDATE payouts_obligation SET amount_fen = 1",
        "DELETE FROM payouts_obligation",
        "DELETE FROM payouts_payee",
        "UPDATE payouts_payee SET account_digest = 'x'",
        "DELETE FROM payouts_balance",
    ],
)
def test_what_is_written_stays_written(money: None, statement: str) -> None:
    owe_many(rows=[recipient().due()], actor=machine(), now=NOW)
    # Deferred checks of the inserts above would hide the refusal of TRUNCATE.
    connection.check_constraints()
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_a_transfer_against_the_tables_of_directions_is_refused(money: None) -> None:
    with pytest.raises(IntegrityError, match="payouts_transfer_direction"), transaction.atomic():
        Transfer.objects.create(
            region=CITY,
            debit=Account.FUND,
            credit=Account.OUTSIDE,
            amount_fen=1,
            kind=Move.FUNDING,
            posted_on=NOW.date(),
            at=NOW,
        )


def test_a_balance_written_by_hand_is_found(money: None) -> None:
    owe_many(rows=[recipient().due()], actor=machine(), now=NOW)
    assert prove().holds
    Balance.objects.filter(account=Account.FUND).update(posted_fen=1_000_000)
    assert {finding.check for finding in prove().findings} == {
        "balance_differs",
        "accounts_do_not_sum_to_zero",
    }


def test_an_account_in_another_name_is_no_payee() -> None:
    person = recipient(account=None)
    person.party.name = "某乙"
    with pytest.raises(Refused, match=r"payee\.name_differs"):
        pay_to(person.party, card_number())
    assert not Payee.objects.exists()


def test_the_same_account_again_is_the_same_payee_and_another_one_replaces_it() -> None:
    person = recipient(account=None)
    card = card_number()
    first = pay_to(person.party, card)
    assert pay_to(person.party, card).pk == first.pk
    assert not first.replaces
    second = pay_to(person.party, card_number())
    assert second.replaces
    first.refresh_from_db()
    assert first.valid_to == NOW
    assert Payee.objects.filter(party=person.party, valid_to=None).get() == second


def test_a_new_name_of_the_bank_does_not_end_the_wait_of_a_new_account() -> None:
    person = recipient()
    card = card_number()
    assert pay_to(person.party, card).replaces
    assert pay_to(person.party, card, bank_code="105121000012").replaces


def test_no_account_number_stands_in_the_clear() -> None:
    card = card_number()
    recipient(account=card)
    with connection.cursor() as cursor:
        cursor.execute("SELECT account, account_digest, contact FROM payouts_payee")
        assert card not in "".join(cursor.fetchone())
