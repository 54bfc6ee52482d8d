"""Calendar months as text `YYYY-MM` outside and as one whole number inside.

The number counts months from year 0 (`year * 12 + month - 1`), so that arithmetic and order are those of
integers. Nothing here knows a rule; days belong to `law.workdays`.
"""

import re
from calendar import monthrange
from datetime import date

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)


def number_of(day: date) -> int:
    """The number of the month in which `day` lies."""
    return day.year * 12 + day.month - 1


def month_of(day: date) -> str:
    """`2025-09-26` -> `"2025-09"`."""
    return text_of(number_of(day))


def text_of(number: int) -> str:
    """The number of a month -> `"2025-09"`."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def parse(text: str) -> int:
    """`"2025-09"` -> its number. Raises ValueError for anything else, year 0000 included."""
    found = _MONTH.fullmatch(text)
    if found is None or found[1] == "0000":
        raise ValueError(f"not a month: {text!r}")
    return int(found[1]) * 12 + int(found[2]) - 1


def shift(month: str, months: int) -> str:
    """The month that lies `months` after `month` (before, if negative)."""
    return text_of(parse(month) + months)


def first_day(number: int) -> date:
    """The first day of the month with this number."""
    return date(number // 12, number % 12 + 1, 1)


def day_in(number: int, day: int) -> date:
    """That day of the month, or its last day if the month lacks it (every birthday: a 29 February too)."""
    year, month = number // 12, number % 12 + 1
    return date(year, month, day if day <= 28 else min(day, monthrange(year, month)[1]))


def birthday(born: date, years: int) -> date:
    """The day on which somebody born on `born` completes `years` years."""
    return day_in(number_of(born) + 12 * years, born.day)


def full_years(born: date, on: date) -> int:
    """Completed years of age on `on`."""
    years = on.year - born.year
    return years - 1 if years and birthday(born, years) > on else years
