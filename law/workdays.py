"""Working days with shifted holidays, and the legal day.

A working day is Monday to Friday, less the holidays and plus the make-up days of the yearly State Council
notice, which are `calendar.<year>` values. Holidays are never derived: a year without a notice raises, and
only a service may store a provisional date in its place (`provisional_due`), marked so and computed again
when the year has come.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

from law.errors import MissingParameter
from law.parameters import NATION, DatedValue, ParameterBook, Parameters

CALENDAR_KEYS = "calendar.*"
LEGAL_ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Beijing time. It has no summer time since 1992, so the fixed offset is exact and needs no zone file."""

_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})


class Calendar:
    """The working days of the years that have a published calendar. Immutable."""

    def __init__(
        self, years: Mapping[int, tuple[frozenset[date], frozenset[date]]], region: str = NATION
    ) -> None:
        """`years`: for each year the weekdays off and the weekend days worked."""
        self._region = region
        self._days: dict[int, list[int]] = {}
        for year in sorted(years):
            working = _working_days(year, *years[year])
            if year - 1 in self._days:
                # one list for a run of years, so that a count across New Year is one look-up
                run = self._days[year - 1]
                run.extend(working)
                self._days[year] = run
            else:
                self._days[year] = working

    @classmethod
    def from_rows(cls, rows: Iterable[DatedValue], region: str = NATION) -> "Calendar":
        """From `calendar.<year>` values; of several for a year the last one counts."""
        years: dict[int, tuple[frozenset[date], frozenset[date]]] = {}
        for row in rows:
            year = int(row.key.rpartition(".")[2])
            off, worked = (
                frozenset(date.fromisoformat(day) for day in row.codes(name)) for name in ("off", "worked")
            )
            if any(day.year != year for day in off | worked):
                raise ValueError(f"{row.key} names a day of another year")
            if any(day.weekday() > 4 for day in off) or any(day.weekday() < 5 for day in worked):
                raise ValueError(f"{row.key}: days off are weekdays, days worked are Saturdays and Sundays")
            years[year] = (off, worked)
        return cls(years, region)

    @property
    def years(self) -> list[int]:
        """The years that can be counted in."""
        return sorted(self._days)

    def is_working_day(self, day: date) -> bool:
        """Raises MissingParameter for a year without a calendar, as every method here."""
        run = self._run(day.year)
        position = bisect_right(run, day.toordinal())
        return position > 0 and run[position - 1] == day.toordinal()

    def add_working_days(self, start: date, days: int) -> date:
        """The `days`-th working day after `start`, which is not counted (Civil Code 201); `days` >= 1.

        Received on Friday 2025-09-26, 10 days: 2025-10-16.
        """
        if days < 1:
            raise ValueError("a period has one working day or more")
        run = self._run(start.year)
        position = bisect_right(run, start.toordinal()) + days - 1
        if position >= len(run):
            raise MissingParameter(f"calendar.{date.fromordinal(run[-1]).year + 1}", self._region)
        return date.fromordinal(run[position])

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after `start` and not after `end`; negative if `end` is earlier."""
        if end < start:
            return -self.working_days_between(end, start)
        run = self._run(start.year)
        for year in range(start.year + 1, end.year + 1):
            self._run(year)
        return bisect_right(run, end.toordinal()) - bisect_right(run, start.toordinal())

    def next_working_day(self, day: date) -> date:
        """`day` itself if it is a working day, else the first one after it (Civil Code 203)."""
        return day if self.is_working_day(day) else self.add_working_days(day, 1)

    def _run(self, year: int) -> list[int]:
        run = self._days.get(year)
        if run is None:
            raise MissingParameter(f"calendar.{year}", self._region)
        return run


@lru_cache(maxsize=64)
def calendar_of(parameters: Parameters) -> Calendar:
    """The calendar among the parameters of a program (its keys hold `CALENDAR_KEYS`)."""
    rows = [row for key, found in parameters.rows.items() if key.startswith("calendar.") for row in found]
    return Calendar.from_rows(sorted(rows, key=lambda row: (row.key, row.start)), parameters.region)


def calendar_in(book: ParameterBook, *, region: str = NATION) -> Calendar:
    """The calendar of a book, for a region."""
    return calendar_of(book.for_program((CALENDAR_KEYS,), region=region))


def provisional_due(start: date, days: int) -> date:
    """A stand-in for a year whose notice is not out: Monday to Friday without the days that never move.

    Those are 01-01, 05-01, 05-02 and 10-01 to 10-03. Only services store it, marked as provisional.
    """
    day = start
    while days:
        day += timedelta(days=1)
        if day.weekday() < 5 and (day.month, day.day) not in _FIXED_HOLIDAYS:
            days -= 1
    return day


def legal_day(now: datetime) -> date:
    """The day in Asia/Shanghai at the instant `now`. Raises ValueError for a time without a zone."""
    if now.tzinfo is None:
        raise ValueError("the instant has no time zone")
    return now.astimezone(UTC).astimezone(LEGAL_ZONE).date()


def end_of_legal_day(day: date) -> datetime:
    """The instant at which `day` is over; of the last day there is, the last instant."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time.min, LEGAL_ZONE)


def _working_days(year: int, off: frozenset[date], worked: frozenset[date]) -> list[int]:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    days_off = {day.toordinal() for day in off}
    days_worked = {day.toordinal() for day in worked}
    # day 1 of the proleptic calendar is a Monday: (ordinal - 1) % 7 is the weekday
    return [
        ordinal
        for ordinal in range(first, last + 1)
        if ((ordinal - 1) % 7 < 5 and ordinal not in days_off) or ordinal in days_worked
    ]
