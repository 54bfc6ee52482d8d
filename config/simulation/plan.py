"""The plan of a simulated year: who loses work when, what is true of them, and what they do about it.

The same for the same seed. It reads nothing and writes nothing, and holds no rule of law: what people are
entitled to follows from it in `entitlement`, what they get in the product.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from config.city_people import Person
from law import months
from law.workdays import LEGAL_ZONE

NAMESPACE = uuid.UUID("0b5d3f5e-7c0b-4c53-9a1c-5a7c1f7f1d52")
FIRST_DAY = date(2025, 1, 1)
"""Every simulated year begins here: two years of working days are published from then on."""
LAST_APPLICATION = 32
"""Days before the end after which nobody applies, so that the year ends with every claim decided."""
MONTHLY_LOSS = 0.02
"""The share of people who lose their work in a month."""
STANDARD_RISES_AFTER = 5
"""Full months after which the monthly standard rises, where the year is long enough."""

INVOLUNTARY = ("Z01", "Z01", "Z03", "Z04", "D01", "D02", "D03", "D03", "D04", "D04", "D05")
MONTHS_COUNTED = (
    (2, 11), *((12, 23),) * 5, *((12, 47),) * 4, *((24, 120),) * 4, *((60, 200),) * 2
)  # fmt: skip
"""How long people had contributed: from, to, each as often as it stands here. Few have too little."""
RESIGNED = "V02"
HAPPENINGS = {"DIED": "died_on", "IMPRISONED": "imprisoned_on", "PENSION": "draws_pension_from"}
"""What the sandbox is told of a ground."""
RARER_GROUNDS = (
    "CONSCRIPTED", "EMIGRATED", "PENSION", "JOBS_REFUSED", "IMPRISONED", "IMPRISONED", "DIED", "DIED",
    "NEVER_ENTITLED",
)  # fmt: skip
REGIONS = ("天津市", "山东省德州市", "河南省安阳市", "北京市大兴区")
REGISTERS = (
    "identity",
    "insurance",
    "insurance-province",
    "insurance-national",
    "separation",
    "pension",
    "justice",
    "market",
)


@dataclass(frozen=True, slots=True)
class Stop:
    """What ends a person's benefit, or lets it rest: ground and day of the law, and when the office is told.

    `over_on`: the day of release from prison; the spell goes on then.
    """

    ground: str
    on: date
    told_at: datetime
    region_name: str = ""
    over_on: date | None = None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Something is looked into from one day to another, payment waits, and nothing comes of it."""

    begins_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Loss:
    """One work that ends and the application that follows.

    `reason` is what the unit reports (at `reported_at`, or never), `true_reason` what an officer finds where
    the two differ; `found_later` what new evidence shows after a refusal, with the day on which the person
    brings it. `months` are the counted months of contributions, `works_from` when that work began.
    """

    works_from: date
    ends_on: date
    months: int
    reason: str
    reported_at: datetime | None
    says_reason: str
    true_reason: str
    applied_at: datetime
    asks_papers: bool = False
    answers_after: int | None = None
    found_later: str = ""
    reopens_on: date | None = None
    asks_for_person: bool = False
    stop: Stop | None = None
    inquiry: Inquiry | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """One person's year. `repairs_after`: days from trouble with the card to a new one; None: never."""

    person: Person
    pension_category: str | None
    losses: tuple[Loss, ...] = ()
    dormant_business: bool = False
    card_closed_from: date | None = None
    first_payment_returns: bool = False
    repairs_after: int | None = 8

    def submission(self, nth: int, seed: int) -> uuid.UUID:
        """The form of the nth loss: the same for the same seed."""
        return uuid.uuid5(NAMESPACE, f"{seed}/{self.person.ordinal}/{nth}")

    def life(self) -> dict[str, object]:
        """What the sandbox is told beforehand."""
        first = self.losses[0]
        works: list[dict[str, object]] = []
        for loss in self.losses:
            works.append(
                {
                    "starts_on": loss.works_from.isoformat(),
                    "ends_on": loss.ends_on.isoformat(),
                    "reason": loss.reason,
                    "reported_at": loss.reported_at.isoformat() if loss.reported_at else None,
                }
            )
        last = self.losses[-1].stop
        if last is not None and last.ground == "REEMPLOYED":
            works.append({"starts_on": last.on.isoformat(), "region_name": last.region_name})
        return {
            "id_number": self.person.id_number,
            "contributed_months": first.months - months_of(first.works_from, first.ends_on),
            "works": works,
            "pension_category": self.pension_category,
            **({HAPPENINGS[last.ground]: last.on.isoformat()} if last and last.ground in HAPPENINGS else {}),
            "businesses": ["石家庄安禾便利店"] if self.dormant_business else [],
            "card": "CLOSED" if self.card_closed_from else "ACTIVE",
            "card_from": self.card_closed_from.isoformat() if self.card_closed_from else None,
            "first_payment_returns": self.first_payment_returns,
        }


@dataclass(frozen=True, slots=True)
class Outage:
    """A source that is down from one day to another, that one not included."""

    source: str
    begins_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole year: everybody's course, the outages, and the day from which the standard is higher."""

    seed: int
    begins_on: date
    ends_on: date
    courses: tuple[Course, ...]
    outages: tuple[Outage, ...]
    standard_rises_on: date | None

    @property
    def last_month(self) -> str:
        """The last month that is owed in this year."""
        return months.text_of(months.number_of(self.ends_on) - 1)


def months_of(starts_on: date, ends_on: date) -> int:
    """Months of contributions of a work; `ends_on` is the first day without it."""
    return months.number_of(ends_on - timedelta(days=1)) - months.number_of(starts_on) + 1


def make(*, people: Sequence[Person], seed: int, length: int) -> Plan:
    """The plan of `length` months for these people."""
    end = months.first_day(months.number_of(FIRST_DAY) + length)
    courses = tuple(_course(person, seed=seed, length=length, end=end) for person in people)
    rises = None
    if length > STANDARD_RISES_AFTER:
        rises = months.first_day(months.number_of(FIRST_DAY) + STANDARD_RISES_AFTER + 1)
    return Plan(seed, FIRST_DAY, end, courses, tuple(_outages(seed, end)), rises)


def _course(person: Person, *, seed: int, length: int, end: date) -> Course:
    chance = Random(f"{seed}/{person.ordinal}/course")  # noqa: S311 - a story, nothing secret
    is_woman = int(person.id_number[16]) % 2 == 0
    category = chance.choice(("WORKER", "WORKER", "CADRE")) if is_woman else None
    born = int(person.id_number[6:10])
    course = Course(person, category)
    if chance.random() >= MONTHLY_LOSS * length or (is_woman and born < 1980):
        # Whose spell may go on to retirement is left to a person (domain rule 1.10), and so out of the story.
        return course
    loss = _loss(chance, _first_loss(chance, end), end)
    course = replace(course, dormant_business=chance.random() < 0.008)
    course = _with_card(course, loss, chance, end)
    losses = [_with_stop(loss, chance, end)]
    while len(losses) < 3 and (again := _loss_again(losses[-1], chance, end)) is not None:
        losses.append(again)
    return replace(course, losses=tuple(losses))


def _first_loss(chance: Random, end: date) -> date:
    """The day of a loss, such that the person still applies in this year."""
    last = (end - FIRST_DAY).days - LAST_APPLICATION - 4
    return FIRST_DAY + timedelta(days=chance.randint(-20, max(last, -20)))


def _loss(chance: Random, ends_on: date, end: date) -> Loss:
    counted = chance.randint(*chance.choice(MONTHS_COUNTED))
    own = min(counted, chance.randint(1, 9))
    works_from = months.first_day(months.number_of(ends_on - timedelta(days=1)) - own + 1)
    latest = end - timedelta(days=LAST_APPLICATION)
    applied_on = min(max(ends_on + timedelta(days=chance.randint(2, 30)), FIRST_DAY), latest)
    loss = Loss(
        works_from=works_from,
        ends_on=ends_on,
        months=counted,
        reason=chance.choice(INVOLUNTARY),
        reported_at=_at(ends_on + timedelta(days=1), 10, 0),
        says_reason="",
        true_reason="",
        applied_at=_at(applied_on, 6 + chance.randint(0, 2), chance.randint(0, 49)),
    )
    loss = replace(loss, says_reason=loss.reason, true_reason=loss.reason)
    return _with_question(loss, chance, end)


def _with_question(loss: Loss, chance: Random, end: date) -> Loss:
    """Nearly always nothing is open; some resigned, some dispute, some units never report."""
    lot = chance.random()
    if lot < 0.025:
        return replace(loss, reason=RESIGNED, says_reason=RESIGNED, true_reason=RESIGNED)
    if lot < 0.055:
        truth = chance.choice((RESIGNED, "D04"))
        loss = replace(loss, reason=RESIGNED, says_reason="D04", true_reason=truth)
        reopens_on = loss.applied_at.date() + timedelta(days=chance.randint(20, 40))
        if truth == RESIGNED and chance.random() < 0.4 and reopens_on < end - timedelta(days=30):
            loss = replace(loss, found_later="D04", reopens_on=reopens_on)
    elif lot < 0.07:
        loss = replace(loss, reported_at=None)
    else:
        return replace(loss, asks_for_person=chance.random() < 0.01)
    if chance.random() < 0.4 and loss.reopens_on is None:
        answers_after = chance.choice((1, 2, 4, 7, None))
        loss = replace(loss, asks_papers=True, answers_after=answers_after)
    return loss


def _with_card(course: Course, loss: Loss, chance: Random, end: date) -> Course:
    lot = chance.random()
    repairs_after = chance.choice((3, 5, 8, 13, 21))
    if chance.random() < 0.005:
        return replace(course, card_closed_from=loss.ends_on, repairs_after=None)
    if lot < 0.012:
        return replace(course, card_closed_from=loss.ends_on, repairs_after=repairs_after)
    if lot < 0.03:
        closes = loss.applied_at.date() + timedelta(days=chance.randint(10, 150))
        return replace(course, card_closed_from=closes, repairs_after=repairs_after)
    if lot < 0.045:
        return replace(course, first_payment_returns=True, repairs_after=repairs_after)
    return course


def _with_stop(loss: Loss, chance: Random, end: date) -> Loss:
    """Two of five find work within the year, most say so at once; one of eight has another ground.

    Of some a register says something that comes to nothing.
    """
    lot = chance.random()
    earliest = loss.applied_at.date() + timedelta(days=60 if loss.asks_papers else 25)
    if loss.reopens_on is not None:
        earliest = loss.reopens_on + timedelta(days=25)
    on = earliest + timedelta(days=chance.randint(0, 200))
    if on >= end:
        return loss
    late = chance.randint(0, 3) if chance.random() < 0.7 else chance.randint(15, 75)
    told_on = min(on + timedelta(days=late), end - timedelta(days=1))
    if lot < 0.4:
        region = chance.choice(REGIONS) if chance.random() < 0.2 else ""
        return replace(loss, stop=Stop("REEMPLOYED", on, _at(told_on, 9, 30), region))
    if lot < 0.52:
        return replace(loss, stop=_other_stop(chance.choice(RARER_GROUNDS), on, told_on, chance, end))
    if lot < 0.57 and on + timedelta(days=25) < end:
        return replace(loss, inquiry=Inquiry(on, on + timedelta(days=chance.randint(3, 20))))
    return loss


def _other_stop(ground: str, on: date, told_on: date, chance: Random, end: date) -> Stop:
    """A ground of which the office hears by a register or a letter, and two officers end the spell."""
    over_on = None
    if ground == "IMPRISONED":
        # Not in the month in which the office heard of it: a month that was owed once is not owed again.
        released = months.first_day(months.number_of(told_on) + 1) + timedelta(days=chance.randint(0, 80))
        over_on = released if released < end - timedelta(days=10) else None
    if ground == "JOBS_REFUSED":
        # The month of the decision is the last; it must not slip into the next one.
        told_on = told_on.replace(day=min(told_on.day, 12))
        on = min(on, told_on)
    return Stop(ground, on, _at(told_on, 9, 30), over_on=over_on)


def _loss_again(before: Loss, chance: Random, end: date) -> Loss | None:
    """Work found here may be lost again: a claim after a spell of ours, or after a refusal."""
    stop = before.stop
    if stop is None or stop.ground != "REEMPLOYED" or stop.region_name or chance.random() >= 0.5:
        return None
    ends_on = max(stop.on, stop.told_at.date()) + timedelta(days=chance.randint(20, 130))
    latest = end - timedelta(days=LAST_APPLICATION)
    if ends_on + timedelta(days=20) > latest:
        return None
    applied_on = ends_on + timedelta(days=chance.randint(2, 19))
    reason = chance.choice(INVOLUNTARY)
    loss = Loss(
        works_from=stop.on,
        ends_on=ends_on,
        months=months_of(stop.on, ends_on),
        reason=reason,
        reported_at=_at(ends_on + timedelta(days=1), 10, 0),
        says_reason=reason,
        true_reason=reason,
        applied_at=_at(applied_on, 6 + chance.randint(0, 2), chance.randint(0, 49)),
    )
    return _with_stop(loss, chance, end)


def _outages(seed: int, end: date) -> Iterator[Outage]:
    """A register or two in a quarter for a day or two; the bank and the messages now and then."""
    chance = Random(f"{seed}/outages")  # noqa: S311 - a story, nothing secret
    begins_on = FIRST_DAY + timedelta(days=chance.randint(5, 40))
    while begins_on < end - timedelta(days=LAST_APPLICATION):
        lasts = chance.choice((1, 1, 2))
        source = chance.choice((*REGISTERS, "card", "bank", "bank", "sms"))
        yield Outage(source, begins_on, begins_on + timedelta(days=lasts))
        begins_on += timedelta(days=lasts + chance.randint(20, 60))


def _at(day: date, hour: int, minute: int) -> datetime:
    return datetime.combine(day, time(hour, minute), LEGAL_ZONE)
