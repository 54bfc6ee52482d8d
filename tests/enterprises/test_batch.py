"""Whole files written at once: again without effect, corrected by the later word, refused if impossible."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Party
from accounts.selectors import machine
from accounts.services import ensure_unit
from enterprises import batch
from enterprises.batch import Saved
from enterprises.models import Enterprise, InsuredYear, SizeClassRecord
from law.errors import Refused
from payouts.models import Payee
from tests.enterprises.samples import NOW, SAID, classed, code, enterprise, unit, with_account

pytestmark = pytest.mark.django_db


def save(*units: batch.Unit) -> Saved:
    saved, _keys = batch.save_units(units=units, said=SAID, actor=machine(), now=NOW)
    return saved


def test_the_same_units_again_change_nothing() -> None:
    assert save(unit(1), unit(2)) == Saved(new=2)
    assert save(unit(1), unit(2)) == Saved(known=2)
    assert Party.objects.filter(kind="UNIT").count() == 2


def test_a_later_word_replaces_the_earlier_one_and_a_new_name_keeps_the_old() -> None:
    save(unit(1))
    assert save(unit(1, industry="5242", name="石家庄新名有限公司")) == Saved(changed=1)
    one = Enterprise.objects.select_related("party").get()
    assert (one.industry, one.party.name) == ("5242", "石家庄新名有限公司")
    assert one.party.former_names == ["石家庄样1号制造有限公司"]


def test_a_unit_that_signed_in_before_is_the_same_party() -> None:
    known = ensure_unit(name=unit(1).name, uscc=code(1), now=NOW)
    save(unit(1))
    assert Enterprise.objects.get().party == known


def test_a_code_that_stands_twice_is_one_unit() -> None:
    assert save(unit(1), unit(1)) == Saved(new=1)


def test_a_code_with_a_wrong_check_digit_is_refused_and_nothing_is_written() -> None:
    wrong = code(1)[:17] + ("0" if code(1)[17] != "0" else "1")
    with pytest.raises(Refused, match=r"identifier\.invalid"):
        save(unit(2), unit(1, uscc=wrong))
    assert not Enterprise.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"headcounts": (-1, *(20,) * 11)},
        {"paid_months": 13},
        {"base_fen": -1},
        {"in_arrears": "MAYBE"},
        {"year": 12},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_database_refuses_a_year_that_cannot_be(changed: dict[str, object]) -> None:
    row = batch.Year(enterprise().pk, 2024, (20,) * 12, 12, "NO", 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        batch.save_years(rows=[replace(row, **changed)], said=SAID)  # type: ignore[arg-type]  # one field each


def test_a_year_needs_its_twelve_months() -> None:
    with pytest.raises(Refused, match=r"year\.headcounts"):
        batch.save_years(rows=[batch.Year(enterprise().pk, 2024, (20,) * 11, 12, "NO", 1)], said=SAID)


def test_years_are_corrected_by_the_later_word_and_keep_their_recipients() -> None:
    one = enterprise()
    row = batch.Year(one.pk, 2024, (20,) * 12, 12, "NO", 1_080_000)
    batch.save_recipients(rows=[batch.Recipients(one.pk, 2024, 3)], said=SAID)
    assert batch.save_years(rows=[row], said=SAID) == Saved(changed=1)
    assert batch.save_years(rows=[row], said=SAID) == Saved(known=1)
    later = replace(SAID, document="更正清册", as_of=date(2025, 5, 1))
    assert batch.save_years(rows=[replace(row, base_fen=7)], said=later) == Saved(changed=1)
    year = InsuredYear.objects.get()
    assert (year.base_fen, year.new_recipients, year.document) == (7, 3, "更正清册")
    assert (year.recipients_document, year.headcounts) == (SAID.document, [20] * 12)


def test_no_count_of_recipients_stands_without_its_source() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        InsuredYear.objects.create(
            enterprise=enterprise(), year=2024, headcounts=[None] * 12, new_recipients=1
        )


def test_the_record_of_2020_is_made_once_and_a_second_one_is_for_a_person() -> None:
    one = classed(enterprise(), "LARGE")
    classed(one, "LARGE")
    assert SizeClassRecord.objects.count() == 1
    with pytest.raises(Refused, match=r"size_class\.differs"):
        classed(one, "SMALL")


def test_a_corporate_account_is_no_card_and_another_one_waits() -> None:
    one = with_account(enterprise())
    with_account(one)
    (payee,) = Payee.objects.all()
    assert (payee.is_card, payee.replaces) == (False, False)
    row = batch.Account(one.pk, "13010155500000025", one.party.name, "313121000010", "滹沱河银行")
    assert batch.save_accounts(rows=[row], actor=machine(), now=NOW) == Saved(changed=1)
    assert Payee.objects.get(valid_to=None).replaces


def test_an_account_in_another_name_is_refused() -> None:
    row = batch.Account(enterprise().pk, "13010155500000017", "别的公司", "313121000010", "滹沱河银行")
    with pytest.raises(Refused, match=r"payee\.name_differs"):
        batch.save_accounts(rows=[row], actor=machine(), now=NOW)
