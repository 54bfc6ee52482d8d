"""One run of a simulated year: its places, the plan, the year, the proof, and how fast it all was."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock_time
from random import Random

from django.db import connection

import payouts.services
from accounts.selectors import machine
from config.scratch import outside, scratch_database
from config.simulation.entitlement import CITY
from config.simulation.faults import Steps
from config.simulation.outside import Outside
from config.simulation.plan import FIRST_DAY, Plan, make
from config.simulation.proof import Verdict, prove
from config.simulation.stage import Stage, hire
from config.simulation.year import Year
from law.money import Fen
from law.workdays import LEGAL_ZONE

FUND_FEN_A_PERSON = 4_000_000
FAULTS_SHARE = 0.02
"""The part of all steps that is killed once, with `--faults`."""
MOST_MONTHS = 24
"""The years whose working days are published reach so far."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Played:
    """What a run came to."""

    plan: Plan
    verdict: Verdict
    steps: Steps
    seconds: float

    @property
    def person_months_per_second(self) -> float:
        """Each person of the city counts in each month of the year, drawing or not."""
        begun = self.plan.begins_on
        length = (self.plan.ends_on.year - begun.year) * 12 + self.plan.ends_on.month - begun.month
        return len(self.plan.courses) * length / self.seconds


def play(*, months: int, people: int, seed: int, faults: bool, tell: Tell) -> Played:
    """Play a year and prove it; everything it made is gone afterwards."""
    began = time.monotonic()
    with simulated(months=months, people=people, seed=seed, tell=tell) as stage:
        # The lot of the crashes is drawn apart, so that a seed is the same year with them and without.
        chance = Random(f"{seed}/faults")  # noqa: S311 - a story, nothing secret
        steps = Steps(chance, FAULTS_SHARE if faults else 0.0)
        Year(stage, steps, tell).play()
        tell("the year is over; now the proof")
        verdict = prove(stage)
    return Played(stage.plan, verdict, steps, time.monotonic() - began)


@contextmanager
def simulated(*, months: int, people: int, seed: int, tell: Tell) -> Iterator[Stage]:
    """A database and a sandbox on the eve of a year; removed at the end whatever happens."""
    # A source that is down is told of with each try; here that is the story, not news.
    logging.getLogger("anye.gateways").setLevel(logging.ERROR)
    with outside(people=people, seed=seed, today=FIRST_DAY) as url, scratch_database("simulate"):
        sandbox = Outside(url)
        stage = begin(make(people=sandbox.people(limit=people), seed=seed, length=months), sandbox)
        # Nothing here outlives a power cut, so nothing need wait for the disk.
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
            cursor.execute(
                f'ALTER DATABASE "{connection.settings_dict["NAME"]}" SET synchronous_commit = off'
            )
        tell("database and sandbox stand")
        yield stage


def begin(plan: Plan, sandbox: Outside) -> Stage:
    """The state of things on the eve of the year: lives told, officers hired, the fund filled."""
    sandbox.tell_lives([course.life() for course in plan.courses if course.losses])
    stage = Stage(plan, sandbox)
    eve = datetime.combine(plan.begins_on - timedelta(days=1), clock_time(9), LEGAL_ZONE)
    hire(stage, now=eve)
    payouts.services.open_fund(
        region=CITY,
        amount_fen=Fen(FUND_FEN_A_PERSON * max(len(plan.courses), 1)),
        actor=machine(),
        now=eve,
        reference="opening",
    )
    return stage
