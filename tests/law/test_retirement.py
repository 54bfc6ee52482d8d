"""The statutory age and the extension that runs up to it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law import months
from law.errors import MissingParameter
from law.retirement import NEAR_KEYS, Category, Facts, Sex, age_reached, extended_until
from tests.law.asking import ask, fault_of, parameters

PARAMETERS = parameters("unemployment-benefit")
KINDS: list[tuple[Sex, Category | None, int, int]] = [
    ("M", None, 60, 36),
    ("F", "CADRE", 55, 36),
    ("F", "WORKER", 50, 60),
]


@given(st.dates(date(1930, 1, 1), date(2020, 12, 31)), st.sampled_from(KINDS))
def test_the_delay_is_never_above_its_cap_and_never_falls_for_the_younger(
    born: date, kind: tuple[Sex, Category | None, int, int]
) -> None:
    sex, category, base, cap = kind
    found = age_reached(Facts(born, sex, category), PARAMETERS)
    assert found.delay_months is not None
    assert found.retirement_month is not None
    assert 0 <= found.delay_months <= cap
    waited = months.parse(found.retirement_month) - months.number_of(born)
    assert waited == 12 * base + found.delay_months
    next_month = months.first_day(months.number_of(born) + 1)
    later = age_reached(Facts(next_month, sex, category), PARAMETERS)
    assert later.delay_months is not None
    assert later.delay_months >= found.delay_months


def test_a_woman_without_a_category_is_for_a_person_to_look_at() -> None:
    line = {"id": "x", "birth_date": "1976-06-01", "sex": "F", "retirement_category": None}
    assert ask("retirement-age", line) == {
        "id": "x",
        "verdict": "REVIEW",
        "delay_months": None,
        "retirement_month": None,
    }


def test_a_man_has_no_category_and_an_age_has_a_month() -> None:
    line = {"id": "x", "birth_date": "1976-06-01", "sex": "M", "retirement_category": "CADRE"}
    assert fault_of("retirement-age", line) == ("x", "retirement_category")
    far = {"id": "x", "birth_date": "9990-06-01", "sex": "M", "retirement_category": None}
    assert fault_of("retirement-age", far) == ("x", "birth_date")


@pytest.mark.parametrize(
    ("born", "exhausted", "until"),
    [
        ("1965-08-15", "2024-09", None),  # the rule's first date is later
        ("1966-03-15", "2025-07", "2026-07"),  # twelve months: included
        ("1966-03-15", "2025-06", None),
        ("1966-03-15", "2026-06", "2026-07"),
        ("1966-03-15", "2026-07", None),  # reached
    ],
)
def test_a_spell_that_ends_near_the_age_runs_on_to_it(born: str, exhausted: str, until: str | None) -> None:
    def asked() -> str | None:
        return extended_until(
            birth_date=date.fromisoformat(born),
            sex="M",
            category=None,
            exhausted_month=exhausted,
            parameters=parameters("unemployment-benefit"),
        )

    if exhausted < "2025-01":
        with pytest.raises(MissingParameter):
            asked()
    else:
        assert asked() == until


def test_nothing_is_extended_for_a_woman_whose_category_is_not_known() -> None:
    found = extended_until(
        birth_date=date(1976, 6, 1), sex="F", category=None, exhausted_month="2026-12", parameters=PARAMETERS
    )
    assert found is None
    assert set(NEAR_KEYS) <= PARAMETERS.rows.keys()
