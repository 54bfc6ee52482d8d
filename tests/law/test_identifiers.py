"""Numbers of people, units, banks and certificates are judged as they stand."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law import identifiers
from law.identifiers import check

GOOD = [
    ("CITIZEN_ID", "130102199003070003"),
    ("CITIZEN_ID", "810000199001010000"),
    ("CITIZEN_ID", "830000199001010004"),
    ("CITIZEN_ID", "913840199001010001"),
    ("USCC", "91350100M000100Y43"),
    ("BANK_CARD", "6217000000000000012"),
    ("BANK_CARD", "6228480000000001230"),
    ("CNAPS", "313651027012"),
    ("SKILL_CERTIFICATE", "Y000013010001240400001"[:15] + "4" + "000001"),
    ("SKILL_CERTIFICATE", "S000013000001253000001"),
    ("SKILL_CERTIFICATE", "AB" + "0" * 20),
    ("SKILL_CERTIFICATE", "1303001234" + "4" + "00001"),
    ("MOBILE", "13800000012"),
    ("MOBILE", "17000000012"),
]


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_good_numbers_pass(kind: str, value: str) -> None:
    assert check(kind, value).valid, check(kind, value)


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("CITIZEN_ID", "130102199003070004", "CHECK"),
        ("CITIZEN_ID", "13010219900307000x", "CHARACTER"),
        ("CITIZEN_ID", "１３0102199003070003", "CHARACTER"),
        ("CITIZEN_ID", "13010219900307000", "LENGTH"),
        ("CITIZEN_ID", " 130102199003070003", "LENGTH"),
        ("CITIZEN_ID", "", "LENGTH"),
        ("CITIZEN_ID", "160102199003070003", "REGION"),
        ("CITIZEN_ID", "130102199002300003", "DATE"),
        ("CITIZEN_ID", "13010219900307000\n", "CHARACTER"),
        ("USCC", "91350100M000100Y44", "CHECK"),
        ("USCC", "91350100M000100I43", "CHARACTER"),
        ("USCC", "91350100m000100y43", "CHARACTER"),
        ("USCC", "", "LENGTH"),
        ("BANK_CARD", "6217000000000000013", "CHECK"),
        ("BANK_CARD", "621700000000003", "LENGTH"),
        ("BANK_CARD", "62170000000000000120", "LENGTH"),
        ("BANK_CARD", "6217 00000000000012", "CHARACTER"),
        ("BANK_CARD", "", "LENGTH"),
        ("CNAPS", "313651027013", "CHECK"),
        ("CNAPS", "31365102701", "LENGTH"),
        ("CNAPS", "31365102701X", "CHARACTER"),
        ("SKILL_CERTIFICATE", "Y000013010001240400001X", "SHAPE"),
        ("SKILL_CERTIFICATE", "Y00001301000124" + "6" + "000001", "LEVEL"),
        ("SKILL_CERTIFICATE", "1303001234" + "0" + "00001", "LEVEL"),
        ("SKILL_CERTIFICATE", "Z000013010001244000001", "SHAPE"),
        ("SKILL_CERTIFICATE", "", "SHAPE"),
        ("MOBILE", "12800000012", "SHAPE"),
        ("MOBILE", "1380000001", "LENGTH"),
        ("MOBILE", "+8613800000012", "CHARACTER"),
        ("MOBILE", "１3800000012", "CHARACTER"),
    ],
)
def test_what_is_wrong_is_named(kind: str, value: str, problem: str) -> None:
    found = check(kind, value)
    assert (found.valid, found.problem) == (False, problem)
    assert problem in identifiers.PROBLEMS


@pytest.mark.parametrize("region", ["130182", "130185", "130124", "130103", "130109", "130183"])
def test_abolished_and_new_counties_are_both_taken(region: str) -> None:
    body = f"{region}19900307000"
    assert check("CITIZEN_ID", body + identifiers.citizen_id_check_digit(body)).valid


def test_a_birth_after_the_day_of_asking_is_a_problem_only_when_a_day_is_given() -> None:
    body = "13010220300101000"
    number = body + identifiers.citizen_id_check_digit(body)
    assert check("CITIZEN_ID", number).valid
    assert check("CITIZEN_ID", number, on=date(2029, 12, 31)).problem == "FUTURE"
    assert check("CITIZEN_ID", number, on=date(2030, 1, 1)).valid


def test_a_credit_code_whose_sum_leaves_nothing_ends_in_zero() -> None:
    chance = random.Random(7)
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    ends = {
        identifiers.uscc_check_character("91130100" + "".join(chance.choices(letters, k=9)))
        for _ in range(2000)
    }
    assert ends == set(letters)


@given(st.text(alphabet="0123456789", min_size=15, max_size=18))
def test_one_wrong_digit_of_a_card_is_found(body: str) -> None:
    card = body + identifiers.luhn_check_digit(body)
    assert check("BANK_CARD", card).valid
    wrong = str((int(card[3]) + 1) % 10)
    assert not check("BANK_CARD", card[:3] + wrong + card[4:]).valid


@given(st.text(alphabet="0123456789", min_size=11, max_size=11), st.integers(0, 10))
def test_one_wrong_digit_of_a_bank_number_is_found(body: str, place: int) -> None:
    number = body + identifiers.cnaps_check_digit(body)
    assert check("CNAPS", number).valid
    wrong = str((int(number[place]) + 1) % 10)
    assert not check("CNAPS", number[:place] + wrong + number[place + 1 :]).valid


@given(st.sampled_from(sorted(identifiers.KINDS)), st.text(max_size=30))
def test_any_text_is_judged(kind: str, value: str) -> None:
    found = check(kind, value)
    assert (found.problem is None) == found.valid
    shown = identifiers.mask(kind, value)
    assert kind == "USCC" or len(value) < 9 or shown != value


def test_a_masked_number_shows_its_ends() -> None:
    assert identifiers.mask("CITIZEN_ID", "130102199003070003") == "1301**********0003"
    assert identifiers.mask("MOBILE", "13800000012") == "138****0012"
    assert identifiers.mask("BANK_CARD", "6217000000000000012") == "尾号 0012"
    assert identifiers.mask("CITIZEN_ID", "1301") == "****"
    assert identifiers.sex_of("130102199003070003") == "F"
    assert identifiers.birth_date_of("130102199003070003") == date(1990, 3, 7)
