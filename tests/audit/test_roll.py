"""The roll of a check: who is on it, taken once, by one run a month."""

from __future__ import annotations

import pytest

from audit.checks import UNANSWERED
from audit.models import CheckRun
from audit.services import start_check
from claims import kinds
from law.errors import Refused
from tests.factories import CITY, NOW, City, officer

PERIOD = "2026-11"


def start(city: City, *, period: str = PERIOD) -> CheckRun:
    return start_check(region=CITY, period=period, actor=city.staff.handlers[0], now=NOW)


def test_the_roll_holds_everybody_whose_benefit_runs_and_nobody_else(city: City) -> None:
    running = {city.claim(kinds.APPROVED).pk, city.claim(kinds.PAYING).pk}
    for status in (kinds.REVIEW1, kinds.ENDED):
        city.claim(status)
    run = start(city)
    assert set(run.rows.values_list("claim_id", flat=True)) == running
    assert run.count == 2
    assert sorted(run.rows.values_list("seq", "answers")) == [(1, UNANSWERED), (2, UNANSWERED)]


def test_a_second_start_finds_the_run_that_is_there(city: City) -> None:
    city.claim(kinds.APPROVED)
    first = start(city)
    city.claim(kinds.APPROVED)
    second = start(city)
    assert (second.pk, second.count) == (first.pk, 1)


def test_a_month_far_ahead_is_not_checked_yet(city: City) -> None:
    assert start(city, period="2026-12").period == "2026-12"
    with pytest.raises(Refused) as refused:
        start(city, period="2027-01")
    assert refused.value.code == "check.period_far"


def test_an_officer_checks_the_own_city_only(city: City) -> None:
    with pytest.raises(Refused) as refused:
        start_check(region=CITY, period=PERIOD, actor=officer(region="130200"), now=NOW)
    assert refused.value.code == "check.not_your_region"
