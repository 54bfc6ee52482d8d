"""What happens to people in time, as somebody who plays a long story has told the sandbox beforehand.

A life takes the place of the situation that the population gave a person: works that begin and end, here and
elsewhere, pension, prison, death, a card that stops working. The registers and the bank see of it what has
happened by the asker's day, and nothing that is to come. It must never read a clock, and never judge.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from sandbox import scenarios
from sandbox.store import Store
from sandbox.wire import Json, WireError, parse_time, text_of
from sandbox.world import CHINA, Job, Person, Unit, World, month_of

MOST_TOLD = 1_000
_CARDS = ("ACTIVE", "CLOSED", "INACTIVE")
_FOREIGN = Unit("外地单位", "")


_UNREMARKABLE: dict[str, Any] = {
    field.name: field.default for field in fields(Person) if field.default is not MISSING
}


@dataclass(frozen=True, slots=True)
class Work:
    """Insured work from a day on; `ends_on` is the first day without it, None while no end is known.

    `region_name` is empty for this city. The unit reports the end at `reported_at`, or never.
    """

    starts_on: date
    ends_on: date | None = None
    reason: str = ""
    reported_at: datetime | None = None
    region_name: str = ""

    def runs(self, day: date) -> bool:
        """Whether it is going on."""
        return self.starts_on <= day and (self.ends_on is None or self.ends_on > day)

    def months(self, day: date) -> int:
        """Months of contributions up to a day."""
        last = day if self.ends_on is None or self.ends_on > day else self.ends_on - timedelta(days=1)
        return max(0, month_of(last) - month_of(self.starts_on) + 1)


@dataclass(frozen=True, slots=True)
class Life:
    """One person's. `contributed_months` is what stood in the books before the first of `works`."""

    contributed_months: int
    works: tuple[Work, ...]
    pension_category: str | None = None
    businesses: tuple[str, ...] = ()
    draws_elsewhere_from: date | None = None
    draws_pension_from: date | None = None
    imprisoned_on: date | None = None
    died_on: date | None = None
    card: str = "ACTIVE"
    card_from: date | None = None
    first_payment_returns: bool = False


def told(store: Store, fields: Mapping[str, object]) -> Json:
    """`POST /people/lives`: keep the lives of at most `MOST_TOLD` people, each in place of an earlier one.

    Raises WireError: a list that is none, a life that does not fit, a number nobody here has.
    """
    rows = fields.get("lives")
    if not isinstance(rows, list) or len(rows) > MOST_TOLD:
        raise WireError(400, "bad_request", f"lives must be a list of at most {MOST_TOLD}.")
    with store.writing() as connection:
        for row in rows:
            if not isinstance(row, dict):
                raise WireError(400, "bad_request", "Each of lives is an object.")
            id_number = text_of(row, "id_number", longest=40)
            read(row)
            found = connection.execute("SELECT ordinal FROM people WHERE id_number = ?", (id_number,))
            person = found.fetchone()
            if person is None:
                raise WireError(404, "not_found", "No person here has this number.")
            connection.execute(
                "INSERT OR REPLACE INTO lives VALUES (?, ?)",
                (person["ordinal"], json.dumps(row, ensure_ascii=False)),
            )
    return {"kept": len(rows)}


def person_on(connection: sqlite3.Connection, world: World, ordinal: int, day: date) -> Person:
    """A person as they stand on a day: by their life if one was told, else as the population has them."""
    row = connection.execute("SELECT life FROM lives WHERE ordinal = ?", (ordinal,)).fetchone()
    person = world.person(ordinal)
    return person if row is None else as_of(person, read(json.loads(row["life"])), day, world)


def read(row: Mapping[str, object]) -> Life:
    """A life from its JSON. Raises WireError."""
    works = row.get("works")
    months = row.get("contributed_months")
    businesses = row.get("businesses", [])
    card = row.get("card", "ACTIVE")
    if not isinstance(works, list) or not works or type(months) is not int or months < 0:
        raise WireError(400, "bad_request", "A life has works and contributed_months.")
    if card not in _CARDS or not isinstance(businesses, list):
        raise WireError(400, "bad_request", f"card is one of {', '.join(_CARDS)}, businesses a list.")
    category = text_of(row, "pension_category", longest=10, optional=True)
    return Life(
        contributed_months=months,
        works=tuple(sorted(map(_work, works), key=lambda work: work.starts_on)),
        pension_category=category or None,
        businesses=tuple(str(name) for name in businesses),
        draws_elsewhere_from=_day(row, "draws_elsewhere_from"),
        draws_pension_from=_day(row, "draws_pension_from"),
        imprisoned_on=_day(row, "imprisoned_on"),
        died_on=_day(row, "died_on"),
        card=str(card),
        card_from=_day(row, "card_from"),
        first_payment_returns=row.get("first_payment_returns") is True,
    )


def _work(row: object) -> Work:
    starts_on = _day(row, "starts_on") if isinstance(row, dict) else None
    if not isinstance(row, dict) or starts_on is None:
        raise WireError(400, "bad_request", "A work has a day on which it starts.")
    reported = text_of(row, "reported_at", longest=40, optional=True)
    return Work(
        starts_on=starts_on,
        ends_on=_day(row, "ends_on"),
        reason=text_of(row, "reason", longest=3, optional=True),
        reported_at=parse_time(reported, "reported_at") if reported else None,
        region_name=text_of(row, "region_name", longest=40, optional=True),
    )


def _day(row: Mapping[str, object], name: str) -> date | None:
    text = text_of(row, name, longest=10, optional=True)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise WireError(400, "bad_request", f"{name} must be a date, YYYY-MM-DD.") from error


def as_of(person: Person, life: Life, day: date, world: World) -> Person:
    """The person of the population with everything that their life has brought by `day`."""
    here = [work for work in life.works if not work.region_name and work.starts_on <= day]
    ended = [work for work in here if not work.runs(day)]
    running = next((work for work in here if work.runs(day)), None)
    # The last report stands while a new work goes on; a first work that goes on has not been reported.
    last = ended[-1] if ended else None
    ends_on = last.ends_on if last is not None and last.ends_on is not None else day + timedelta(days=1)
    contributed = life.contributed_months + sum(work.months(day) for work in here)
    last_month = month_of(ends_on - timedelta(days=1))
    elsewhere = next((work for work in life.works if work.region_name and work.runs(day)), None)
    return replace(
        # Nothing of the situation that the population gave them shines through.
        replace(person, **_UNREMARKABLE),
        scenario="PAYMENT_RETURNED_LATER" if life.first_payment_returns else scenarios.CLEAN,
        contributed_months=contributed,
        first_month=last_month - contributed + 1,
        last_month=last_month,
        had_previous_spell=False,
        residual_months=0,
        separated_on=ends_on,
        reported_at=last.reported_at if last is not None else None,
        reason=last.reason if last is not None else "",
        pension_category=life.pension_category,
        account_name=person.name,
        register_name=person.name,
        card_status=life.card if life.card_from is None or life.card_from <= day else "ACTIVE",
        next_job=_next_job(running, person, world) if last is not None else None,
        job_elsewhere=_elsewhere(elsewhere, life, day),
        draws_elsewhere_from=_by(life.draws_elsewhere_from, day),
        draws_pension=_by(life.draws_pension_from, day) is not None,
        imprisoned_on=_by(life.imprisoned_on, day),
        died_on=_by(life.died_on, day),
        businesses=life.businesses,
    )


def _next_job(running: Work | None, person: Person, world: World) -> Job | None:
    if running is None:
        return None
    return Job(world.unit((person.ordinal * 7 + 1) % world.units, person.county), running.starts_on)


def _elsewhere(work: Work | None, life: Life, day: date) -> Job | None:
    if work is not None:
        return Job(_FOREIGN, work.starts_on, work.region_name)
    begun = _by(life.draws_elsewhere_from, day)
    return None if begun is None else Job(Unit("", ""), begun, _regions(life.works))


def _regions(works: Sequence[Work]) -> str:
    """Where somebody draws who does not work there."""
    return next((work.region_name for work in works if work.region_name), "外省")


def _by(happened: date | None, day: date) -> date | None:
    return happened if happened is not None and happened <= day else None


def moment_day(at: datetime) -> date:
    """The asker's day in Asia/Shanghai."""
    return at.astimezone(CHINA).date()
