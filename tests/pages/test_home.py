"""The home page and its estimate: every number is the law's, and it works without scripts."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client

from config import pages
from law.parameters import ParameterBook
from law.unemployment_benefit import KEYS

TODAY = dt.date(2025, 9, 26)
PARAMETERS = ParameterBook.shipped().for_program(KEYS, region="130100")


def estimate(years: int, county: str) -> pages.Estimate:
    return pages.estimate(years=years, county=county, today=TODAY, parameters=PARAMETERS)


@pytest.mark.parametrize(
    ("years", "county", "months", "monthly", "total"),
    [
        (1, "130102", 3, 198_000, 594_000),
        (4, "130183", 12, 180_000, 2_160_000),
        (5, "130133", 13, 162_000, 2_106_000),
        (9, "130102", 17, 198_000, 3_366_000),
        (16, "130107", 24, 162_000, 3_888_000),
    ],
)
def test_the_estimate_is_what_the_law_tables_say(
    years: int, county: str, months: int, monthly: int, total: int
) -> None:
    found = estimate(years, county)
    assert (found.months, found.monthly_fen, found.total_fen) == (months, monthly, total)
    assert found.standard_from == dt.date(2024, 7, 1)


def test_less_than_a_year_gives_nothing_and_says_what_is_needed() -> None:
    found = estimate(0, "130102")
    assert (found.months, found.monthly_fen, found.required_months) == (0, None, 12)


def test_the_choice_of_years_ends_where_the_table_ends() -> None:
    choices = pages.years_choices(PARAMETERS, on=TODAY)
    assert [value for value, _label in choices] == list(range(17))
    assert choices[0][1] == "不满 1 年"
    assert choices[16][1] == "16 年及以上"


def test_every_county_can_be_chosen(db: None, client: Client) -> None:
    page = client.get("/").content.decode()
    assert page.count("<option") == 17 + 22
    assert '<option value="130102" selected>长安区</option>' in page


@time_machine.travel("2025-09-26T06:00:00+00:00", tick=False)
def test_the_page_computes_without_scripts(db: None, client: Client) -> None:
    page = client.get("/", {"years": "5", "area": "130133"}).content.decode()
    assert '<option value="130133" selected>' in page
    assert '<option value="5" selected>' in page
    for words in ("1,620.00", "13 个月", "21,060.00", "赵县，第 3 档", "2024年7月1日"):
        assert words in page


@time_machine.travel("2025-09-26T06:00:00+00:00", tick=False)
def test_htmx_gets_the_estimate_alone_and_the_same_numbers(db: None, client: Client) -> None:
    answer = client.get("/", {"years": "5", "area": "130133"}, headers={"HX-Request": "true"})
    part = answer.content.decode()
    assert "<html" not in part
    assert "21,060.00" in part
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize("query", [{"years": "99"}, {"years": "x"}, {"area": "999999"}, {"area": "130100"}])
def test_a_tampered_question_gets_the_first_estimate(db: None, client: Client, query: dict[str, str]) -> None:
    answer = client.get("/", query)
    assert answer.status_code == 200
    assert answer.context["estimate"].years == pages.FIRST_YEARS
    assert answer.context["estimate"].county == pages.FIRST_COUNTY


def test_too_few_years_are_answered_kindly(db: None, client: Client) -> None:
    page = client.get("/", {"years": "0"}).content.decode()
    assert "累计缴满 12 个月才能领" in page
    assert "失业登记" in page
