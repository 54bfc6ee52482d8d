"""An award of another system goes on: what is left of it, and not a month more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law import months
from law.programs import PROGRAMS
from tests.law.asking import Line, ask, parameters

PROGRAM = "continued-benefit"
AWARD: Line = {
    "id": "a",
    "applied_on": "2025-09-26",
    "birth_date": "1986-04-02",
    "sex": "M",
    "retirement_category": None,
    "granted_months": 17,
    "first_month": "2025-10",
    "last_month": "2027-02",
    "paid_through": "2026-10",
    "paying_county": "130102",
}


def told(**changes: object) -> Line:
    return ask(PROGRAM, {**AWARD, **changes})


def test_what_is_left_is_paid_from_the_month_after_the_last_one_paid() -> None:
    answer = told()
    assert answer["verdict"] == "GRANT"
    assert (answer["months"], answer["first_month"], answer["last_month"]) == (4, "2026-11", "2027-02")
    assert (answer["monthly_fen"], answer["total_fen"]) == (198_000, 792_000)


def test_an_award_of_which_nothing_was_paid_begins_with_its_first_month() -> None:
    answer = told(paid_through=None)
    assert (answer["months"], answer["first_month"]) == (17, "2025-10")


def test_an_award_that_was_paid_to_its_end_leaves_nothing() -> None:
    answer = told(paid_through="2027-02")
    assert (answer["verdict"], answer["months"], answer["first_month"]) == ("REFUSE", 0, None)
    assert answer["refusal_codes"] == ["T02"]


def test_an_award_longer_than_any_law_allows_is_not_taken_over() -> None:
    answer = told(granted_months=25, last_month="2027-10")
    assert (answer["verdict"], answer["refusal_codes"]) == ("REFUSE", ["T01"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"granted_months": 16}, "granted_months"),
        ({"paid_through": "2025-09"}, "paid_through"),
        ({"paid_through": "2027-03"}, "paid_through"),
        ({"applied_on": "2025-11-01"}, "first_month"),
        ({"paying_county": "999999"}, "paying_county"),
        ({"retirement_category": "CADRE"}, "retirement_category"),
        ({"paid_through": 5}, "paid_through"),
    ],
)
def test_months_that_contradict_each_other_are_faults(changes: dict[str, object], field: str) -> None:
    error = told(**changes)["error"]
    assert isinstance(error, dict)
    assert error["field"] == field


@given(st.integers(1, 24), st.integers(0, 24))
def test_no_month_is_paid_twice_and_none_is_lost(granted: int, paid: int) -> None:
    first = months.parse("2025-10")
    through = months.text_of(first + min(paid, granted) - 1) if paid else None
    last = months.text_of(first + granted - 1)
    answer = told(granted_months=granted, last_month=last, paid_through=through)
    assert answer["months"] == granted - min(paid, granted)
    if answer["months"]:
        assert answer["first_month"] == months.text_of(first + paid)
        assert answer["last_month"] == last


def test_facts_are_read_back_as_they_were_stored() -> None:
    program = PROGRAMS[PROGRAM]
    row = {name: value for name, value in AWARD.items() if name != "id"}
    facts = program.parse(row)
    assert program.facts_to_json(facts) == row
    decision = program.decide(facts, parameters(PROGRAM))
    assert program.decision_from_json(decision.to_json()) == decision
