"""Checks as the timetable runs them, for tests of this app."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.selectors import machine
from audit.models import CheckRun
from audit.services import go_on, start_check
from claims.models import Claim
from tests.factories import CITY, NOW, City

LATER = NOW + timedelta(days=60)
"""By then everything has happened that happens later to people of the sandbox: 22 January 2027."""
PERIOD = "2027-01"
MINUTE = timedelta(minutes=1)


def granted(city: City, *scenarios: str) -> list[Claim]:
    """A claim granted at NOW for each scenario."""
    return [city.verified(city.person(scenario)) for scenario in scenarios]


def begun(*, now: datetime = LATER, period: str = PERIOD) -> CheckRun:
    """A run whose roll is taken and about which nobody has been asked yet."""
    return start_check(region=CITY, period=period, actor=machine(), now=now)


def checked(*, now: datetime = LATER, period: str = PERIOD) -> CheckRun:
    """A run that was asked about and answered: three turns of the timetable."""
    run = begun(now=now, period=period)
    for turn in range(3):
        go_on(now=now + turn * MINUTE)
    return CheckRun.objects.get(pk=run.pk)
