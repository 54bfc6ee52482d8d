"""Statutory retirement age under the gradual delay, and the extension of a benefit that runs up to it.

Decision of the Standing Committee on gradually delaying the statutory retirement age, articles 1 and 7.
Flexible early or late retirement is not modelled. A woman's category is a fact from the pension file; it is
never guessed.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from law import months, reading
from law.decision import Json
from law.errors import FaultyField
from law.parameters import Parameters

Sex = Literal["M", "F"]
Category = Literal["WORKER", "CADRE"]

SEXES: dict[str, Sex] = {"M": "M", "F": "F"}
CATEGORIES: dict[str, Category] = {"WORKER": "WORKER", "CADRE": "CADRE"}

KEYS = ("retirement.male", "retirement.female_cadre", "retirement.female_worker")
NEAR_KEYS = (*KEYS, "benefit.near_retirement_months")
FIELDS = frozenset({"birth_date", "sex", "retirement_category"})


@dataclass(frozen=True, slots=True)
class Delay:
    """One line of the decision's table: base age in years; from which birth month, by which step, how far."""

    base_years: int
    born_from: int
    step_months: int
    cap_months: int

    def months_for(self, born: date) -> int:
        """How many months later than the base age. Male, born 1965-08: 2."""
        waited = months.number_of(born) - self.born_from
        return 0 if waited < 0 else min(self.cap_months, waited // self.step_months + 1)

    def month_for(self, born: date) -> int:
        """The number of the month in which the age is reached. Male, born 1965-08: 2025-10."""
        return months.number_of(born) + 12 * self.base_years + self.months_for(born)


@dataclass(frozen=True, slots=True)
class Table:
    """The three lines of the table."""

    male: Delay
    female_cadre: Delay
    female_worker: Delay

    def line(self, sex: Sex, category: Category | None) -> Delay | None:
        """The line that holds, or None for a woman without a category."""
        if sex == "M":
            return self.male
        match category:
            case "CADRE":
                return self.female_cadre
            case "WORKER":
                return self.female_worker
            case None:
                return None


@dataclass(frozen=True, slots=True)
class Facts:
    """Of the question when somebody reaches the age."""

    birth_date: date
    sex: Sex
    retirement_category: Category | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Both null for a woman without a category: then a person has to look."""

    delay_months: int | None
    retirement_month: str | None

    def to_public(self) -> dict[str, Json]:
        known: dict[str, Json] = {
            "delay_months": self.delay_months,
            "retirement_month": self.retirement_month,
        }
        return known if self.retirement_month else {"verdict": "REVIEW", **known}


@lru_cache(maxsize=4096)
def table_on(parameters: Parameters, on: date) -> Table:
    """The table in force on a day. Raises MissingParameter."""
    lines = []
    for key in KEYS:
        row = parameters.live(key, on=on)
        lines.append(
            Delay(
                base_years=row.integer("base_years"),
                born_from=months.parse(row.text("born_from")),
                step_months=row.integer("step_months"),
                cap_months=row.integer("cap_months"),
            )
        )
    return Table(*lines)


def parse(row: reading.Row) -> Facts:
    """Raises FaultyField."""
    reading.exact_fields(row, FIELDS)
    sex = reading.choice(row, "sex", SEXES)
    category = reading.choice_or_null(row, "retirement_category", CATEGORIES)
    if sex == "M" and category is not None:
        raise FaultyField("retirement_category", "男性应当是 null")
    return Facts(reading.day(row, "birth_date"), sex, category)


def age_reached(facts: Facts, parameters: Parameters) -> Answer:
    """The answer by the last table known: the table itself is by birth month, so no other day governs.

    Born 1976-06, a woman worker: delay 9 months, 2027-03.
    """
    line = table_on(parameters, date.max).line(facts.sex, facts.retirement_category)
    if line is None:
        return Answer(None, None)
    reached = line.month_for(facts.birth_date)
    if reached > months.number_of(date.max):
        raise FaultyField("birth_date", "到龄月份超出日历")
    return Answer(line.months_for(facts.birth_date), months.text_of(reached))


def extended_until(
    *, birth_date: date, sex: Sex, category: Category | None, exhausted_month: str, parameters: Parameters
) -> str | None:
    """The last extended month of a spell whose last month was `exhausted_month`, or None (decision art. 7).

    Who is then near enough to the age goes on, without applying, up to the month in which it is reached.
    None also for a woman without a category: that is for a person to find out. Raises MissingParameter
    before 2025.
    """
    exhausted = months.parse(exhausted_month)
    on = months.first_day(exhausted)
    line = table_on(parameters, on).line(sex, category)
    if line is None:
        return None
    reached = line.month_for(birth_date)
    near = parameters.integer("benefit.near_retirement_months", on=on)
    return months.text_of(reached) if exhausted < reached <= exhausted + near else None
