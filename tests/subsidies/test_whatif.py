"""What other numbers would cost: the same rule on the same units, and nothing written."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from law.errors import MissingParameter
from law.parameters import Value
from subsidies.refund import whatif
from subsidies.refund.models import Campaign
from tests.house.test_tasks import rows
from tests.subsidies import samples
from tests.subsidies.samples import CITY, TODAY, YEAR

pytestmark = pytest.mark.django_db


def asked(year: int = YEAR, industries: tuple[str, ...] = (), **values: Value) -> whatif.Outcome:
    """The answer to other numbers, by the last part of their keys."""
    named: dict[str, Value] = {f"refund.{key}": value for key, value in values.items()}
    return whatif.answer(whatif.Question(year, CITY, named, industries), on=TODAY)


@pytest.fixture
def team() -> samples.Staff:
    """Officers and a small city."""
    made = samples.staff()
    samples.funded(made.handler)
    samples.city()
    return made


def test_the_numbers_in_force_change_nothing(team: samples.Staff) -> None:
    found = asked()
    assert (found.total.units, found.granted_before, found.granted_after) == (8, 3, 3)
    assert (found.total.difference_fen, found.total.winners, found.total.losers) == (0, 0, 0)


def test_other_ratios_show_winners_losers_and_what_they_cost(team: samples.Staff) -> None:
    found = asked(ratio={"smaller": "7000", "large": "2000"})
    # 70 % of 10,800.00 for the small one; 20 % of 864,000.00 for each of the two large ones.
    assert found.by_size["SMALL"].difference_fen == 108_000
    assert found.by_size["LARGE"].difference_fen == -2 * 8_640_000
    assert (found.total.winners, found.total.losers) == (1, 2)
    assert found.by_district["130102"].units == 8


def test_a_lower_limit_loses_the_unit_that_stood_exactly_at_it(team: samples.Staff) -> None:
    found = asked(layoff_limit={"other": "549", "small": "2000"})
    assert (found.granted_before, found.granted_after, found.total.losers) == (3, 2, 1)


def test_an_industry_may_be_tried_on_the_raised_ratio(team: samples.Staff) -> None:
    found = asked(industries=("36",))
    assert found.by_size["SMALL"].difference_fen == 324_000
    assert asked(industries=("17",)).total.difference_fen == 0


def test_a_year_without_numbers_can_be_tried_and_only_as_a_whole(team: samples.Staff) -> None:
    with pytest.raises(MissingParameter):
        asked(2026, ratio={"smaller": "6000", "large": "3000"})


def test_the_reserve_is_worked_out_with_the_difference(team: samples.Staff) -> None:
    found = asked(ratio={"smaller": "9000", "large": "9000"})
    # 176.00 over 100.00 lasts; with the difference spent each year it does not.
    assert found.cover.years == "1.76"
    assert not found.is_covered


def test_the_page_answers_and_writes_nothing(team: samples.Staff) -> None:
    samples.screened(team.handler)
    browser = Client()
    browser.force_login(team.supervisor)
    number = Campaign.objects.get().case.number
    address = reverse("refund-trial", args=[number])
    browser.get(address)
    kept = frozenset({"django_session"})
    before = rows(without=kept)
    page = browser.get(address, {"ratio_smaller": "70", "ratio_large": "20"})
    assert page.status_code == 200
    assert page.context["outcome"].total.winners == 1
    assert "试算" in page.content.decode()
    assert browser.get(address, {"ratio_smaller": "abc"}).status_code == 422
    assert rows(without=kept) == before
