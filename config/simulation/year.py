"""The year itself: day by day the timetable's jobs at their hours, the people's acts and the officers' work.

Time is handed to each service. The days after the end let everything that was owed in the year arrive; no
further month is owed in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from config.simulation import crowd, office
from config.simulation.faults import Steps
from config.simulation.jobs import JOBS, Job
from config.simulation.plan import Outage
from config.simulation.stage import Stage
from law.errors import MissingParameter
from law.workdays import LEGAL_ZONE, legal_day
from policy.selectors import calendar

TAIL_DAYS = 75
PAY_DAYS = (5, 20)
BANK_EVERY = 4
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Turn:
    """A step of the day: its hour and minute in the city, and what is done then."""

    hour: int
    minute: int
    act: Job


@dataclass
class Year:
    """Plays a plan to its end."""

    stage: Stage
    steps: Steps
    tell: Tell

    def __post_init__(self) -> None:
        filings = list(self.stage.filings.values())
        losses = [filing.loss for filing in filings]
        stops = [filing.due.stop for filing in filings]
        self._applying = crowd.by_day(filings, [legal_day(loss.applied_at) for loss in losses])
        self._reporting = crowd.by_day(
            filings, [legal_day(stop.told_at) if stop is not None else None for stop in stops]
        )
        self._reopening = crowd.by_day(filings, [loss.reopens_on for loss in losses])
        self._asking = crowd.by_day(
            filings,
            [
                legal_day(loss.applied_at) + timedelta(days=3) if loss.asks_for_person else None
                for loss in losses
            ],
        )

    def play(self) -> None:
        """Every day of the year, and those after it."""
        plan = self.stage.plan
        day, last = plan.begins_on, plan.ends_on + timedelta(days=TAIL_DAYS)
        while day < last:
            if day.day == 1 and day <= plan.ends_on:
                self.tell(f"{day.isoformat()[:7]} begins" if day < plan.ends_on else "the days after the end")
            if day < plan.ends_on or _is_bank_day(day):
                self._play_day(day)
            day += timedelta(days=1)

    def _play_day(self, day: date) -> None:
        self._sources(day)
        for turn in self.turns(day):
            moment = datetime.combine(day, time(turn.hour, turn.minute), LEGAL_ZONE)
            self.steps.take(partial(turn.act, moment))

    def _sources(self, day: date) -> None:
        """What goes down today, and what is up again."""
        for outage in self.stage.plan.outages:
            if outage.ends_on == day and not self._is_down(outage.source, day):
                self.stage.outside.tell_source(outage.source, "auto")
            if outage.begins_on == day:
                self.stage.outside.tell_source(outage.source, "down")

    def _is_down(self, source: str, day: date) -> bool:
        def lasts(outage: Outage) -> bool:
            return outage.source == source and outage.begins_on <= day < outage.ends_on

        return any(lasts(outage) for outage in self.stage.plan.outages)

    def turns(self, day: date) -> list[_Turn]:
        """The steps of a day in order: the night's jobs, people, officers on working days, the bank."""
        in_year = day < self.stage.plan.ends_on
        turns = [
            self._job(0, 20, "seal-yesterday"),
            self._job(0, 40, "end-refund-notices"),
            self._job(1, 10, "close-unanswered-notices"),
            self._job(1, 30, "sweep-inquiries"),
            self._job(2, 10, "start-monthly-checks"),
            # Asked and, a while later, answered.
            self._job(2, 12, "go-on-with-checks"),
            self._job(2, 16, "go-on-with-checks"),
            self._job(2, 20, "end-used-up-spells"),
            self._job(3, 30, "clear-expired"),
            self._job(3, 40, "drop-old-drafts"),
            *self._people(day),
            self._job(9, 10, "remind-of-returned-payments"),
            self._job(9, 15, "return-held-cases"),
            self._job(9, 20, "sweep-commitments"),
            self._job(9, 40, "recompute-provisional-deadlines"),
            self._job(9, 45, "go-on-with-jobs"),
            self._job(9, 46, "go-on-with-imports"),
            self._job(9, 47, "go-on-with-refund-runs"),
            self._job(9, 48, "check-owed-refunds"),
            self._job(10, 0, "verify-submitted-claims"),
        ]
        if is_working_day(day):
            turns += self._officers(day)
        if in_year:
            turns.append(self._job(13, 5, "accrue-current-month"))
        if is_pay_day(day):
            turns.append(_Turn(14, 0, lambda now: office.pay(self.stage, now=now)))
        turns += [
            self._job(15, 0, "submit-approved-batches"),
            self._job(16, 0, "fetch-bank-receipts"),
        ]
        if _is_bank_day(day):
            turns.append(self._job(16, 10, "reconcile-with-statement"))
            turns.append(self._job(16, 50, "count-figures"))
        turns += [
            self._job(16, 20, "follow-payments"),
            self._job(16, 21, "follow-refunds"),
            self._job(16, 30, "send-messages"),
        ]
        return sorted(turns, key=lambda turn: (turn.hour, turn.minute))

    def _job(self, hour: int, minute: int, name: str) -> _Turn:
        return _Turn(hour, minute, JOBS[name])

    def _people(self, day: date) -> list[_Turn]:
        stage = self.stage
        turns = []
        if applying := self._applying.get(day):
            turns.append(_Turn(8, 55, lambda _now: crowd.apply(applying)))
        if reporting := self._reporting.get(day):
            turns.append(_Turn(8, 56, lambda now: crowd.report_work(stage, reporting, now=now)))
        if reopening := self._reopening.get(day):
            turns.append(_Turn(8, 57, lambda now: crowd.reopen(stage, reopening, now=now)))
        if asking := self._asking.get(day):
            turns.append(_Turn(8, 58, lambda now: crowd.ask_for_person(stage, asking, now=now)))
        return [
            *turns,
            _Turn(9, 0, lambda now: crowd.bring_papers(stage, now=now)),
            _Turn(9, 5, lambda now: crowd.renew_cards(stage, now=now)),
        ]

    def _officers(self, day: date) -> list[_Turn]:
        stage = self.stage
        rises_on = stage.plan.standard_rises_on
        turns = []
        if rises_on is not None and timedelta(0) < rises_on - day <= timedelta(days=20):
            turns.append(_Turn(10, 20, lambda now: office.raise_standard(stage, now=now)))
        return [
            *turns,
            _Turn(10, 30, lambda now: office.settle(stage, now=now)),
            _Turn(11, 0, lambda now: office.review(stage, now=now)),
            _Turn(11, 30, lambda now: office.answer_people(stage, now=now)),
            _Turn(11, 40, lambda now: office.repair(stage, now=now)),
        ]


def is_working_day(day: date) -> bool:
    """By the calendar, and Monday to Friday in a year whose calendar is not out."""
    try:
        return calendar().is_working_day(day)
    except MissingParameter:
        return day.weekday() < 5


def _is_bank_day(day: date) -> bool:
    """Every few days, when money was sent, and the day after: a run compares all days that are open."""
    return day.day % BANK_EVERY == 0 or is_pay_day(day) or is_pay_day(day - timedelta(days=1))


def is_pay_day(day: date) -> bool:
    """The first working day from each of `PAY_DAYS` on."""
    if not is_working_day(day):
        return False
    for wanted in PAY_DAYS:
        first = day.replace(day=wanted)
        while not is_working_day(first):
            first += timedelta(days=1)
        if first == day:
            return True
    return False
