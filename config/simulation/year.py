"""The year itself: day by day the timetable's jobs at their hours, the people's acts and the officers' work.

Time is handed to each service. The days after the end let everything that was owed in the year arrive; no
further month is owed in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from config.simulation import crowd, office
from config.simulation.faults import Steps
from config.simulation.jobs import JOBS, Job
from config.simulation.stage import Filing, Stage
from law.errors import MissingParameter
from law.workdays import LEGAL_ZONE, legal_day
from policy.selectors import calendar

TAIL_DAYS = 75
PAY_DAYS = (5, 20)
BANK_EVERY = 5
LAIN_DAYS = 12
"""Days over which what was not done on a working day is looked for again."""
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
        inquiries = [filing.loss.inquiry for filing in filings]
        told = [None if stop is None else legal_day(stop.told_at) for stop in stops]
        found_work = [stop is not None and stop.ground == "REEMPLOYED" for stop in stops]
        days: dict[str, list[date | None]] = {
            "apply": [legal_day(loss.applied_at) for loss in losses],
            "report": [day if work else None for day, work in zip(told, found_work, strict=True)],
            "stop": [None if work else day for day, work in zip(told, found_work, strict=True)],
            "release": [None if stop is None else stop.over_on for stop in stops],
            "inquire": [None if inquiry is None else inquiry.begins_on for inquiry in inquiries],
            "clear": [None if inquiry is None else inquiry.ends_on for inquiry in inquiries],
            "reopen": [loss.reopens_on for loss in losses],
            "ask": [
                legal_day(loss.applied_at) + timedelta(days=3) if loss.asks_for_person else None
                for loss in losses
            ],
        }
        self._acts = {act: crowd.by_day(filings, of_each) for act, of_each in days.items()}

    def play(self) -> None:
        """Every day of the year on which something is done, and those after it."""
        plan = self.stage.plan
        last = plan.begins_on - timedelta(days=1)
        for day in self.days():
            if day.month != last.month and day <= plan.ends_on:
                self.tell(f"{day.isoformat()[:7]} begins" if day < plan.ends_on else "the days after the end")
            self._sources(last, day)
            for turn in self.turns(last, day):
                moment = datetime.combine(day, time(turn.hour, turn.minute), LEGAL_ZONE)
                self.steps.take(partial(turn.act, moment))
            last = day

    def days(self) -> Iterator[date]:
        """Every other day, the first of a month, and those on which money moves; after the end only these."""
        day, end = self.stage.plan.begins_on, self.stage.plan.ends_on
        while day < end + timedelta(days=TAIL_DAYS):
            if _is_bank_day(day) or (day < end and (day.toordinal() % 2 == 0 or day.day == 1)):
                yield day
            day += timedelta(days=1)

    def _since(self, act: str, last: date, day: date, *, back: int = 0) -> list[Filing]:
        """Whose act fell due after the last day that was played, or up to so many days before it."""
        due, found = last - timedelta(days=back - 1), list[Filing]()
        while due <= day:
            found += self._acts[act].get(due, [])
            due += timedelta(days=1)
        return found

    def _sources(self, last: date, day: date) -> None:
        """What has gone down since the last day that was played, and what is up again."""
        for outage in self.stage.plan.outages:
            was_down = outage.begins_on <= last < outage.ends_on
            is_down = outage.begins_on <= day < outage.ends_on
            if was_down != is_down:
                self.stage.outside.tell_source(outage.source, "down" if is_down else "auto")

    def turns(self, last: date, day: date) -> list[_Turn]:
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
            *self._people(last, day),
            self._job(9, 10, "remind-of-returned-payments"),
            self._job(9, 15, "return-held-cases"),
            self._job(9, 20, "sweep-commitments"),
            self._job(9, 40, "recompute-provisional-deadlines"),
            self._job(9, 45, "go-on-with-jobs"),
            self._job(9, 46, "go-on-with-imports"),
            self._job(9, 47, "go-on-with-refund-runs"),
            self._job(9, 48, "check-owed-refunds"),
            self._job(9, 49, "go-on-with-steps"),
            self._job(10, 0, "verify-submitted-claims"),
        ]
        if is_working_day(day):
            turns += self._officers(last, day)
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

    def _people(self, last: date, day: date) -> list[_Turn]:
        stage, turns = self.stage, list[_Turn]()
        if applying := self._since("apply", last, day):
            turns.append(_Turn(8, 55, lambda _now: crowd.apply(applying)))
        if reporting := self._since("report", last, day):
            turns.append(_Turn(8, 56, lambda now: crowd.report_work(stage, reporting, now=now)))
        if reopening := self._since("reopen", last, day):
            turns.append(_Turn(8, 57, lambda now: crowd.reopen(stage, reopening, now=now)))
        if asking := self._since("ask", last, day):
            turns.append(_Turn(8, 58, lambda now: crowd.ask_for_person(stage, asking, now=now)))
        return [
            *turns,
            _Turn(9, 0, lambda now: crowd.bring_papers(stage, now=now)),
            _Turn(9, 5, lambda now: crowd.renew_cards(stage, now=now)),
        ]

    def _officers(self, last: date, day: date) -> list[_Turn]:
        """What officers do on a working day, with what has lain there since the one before."""
        stage, turns = self.stage, list[_Turn]()
        rises_on = stage.plan.standard_rises_on
        if rises_on is not None and timedelta(0) < rises_on - day <= timedelta(days=20):
            turns.append(_Turn(10, 20, lambda now: office.raise_standard(stage, now=now)))
        if told := self._since("stop", last, day, back=LAIN_DAYS):
            turns.append(_Turn(10, 40, lambda now: office.stop(stage, told, now=now)))
        if asked := self._since("inquire", last, day, back=LAIN_DAYS):
            turns.append(_Turn(10, 41, lambda now: office.inquire(stage, asked, now=now)))
        if cleared := self._since("clear", last, day, back=LAIN_DAYS):
            turns.append(_Turn(10, 42, lambda now: office.clear(stage, cleared, now=now)))
        if released := self._since("release", last, day, back=LAIN_DAYS):
            turns.append(_Turn(10, 43, lambda now: office.go_on(stage, released, now=now)))
        return [
            *turns,
            _Turn(10, 30, lambda now: office.settle(stage, now=now)),
            _Turn(11, 0, lambda now: office.review(stage, now=now)),
            _Turn(11, 10, lambda now: office.sign_stops(stage, now=now)),
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
