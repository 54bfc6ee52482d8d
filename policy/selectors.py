"""Reads of the law book in force: what is shipped, overlaid by what the bureau has approved.

The book is kept once a process and built again when an approval has come (one cheap query a call). It must
never fall back to a default: a missing number is `MissingParameter`. Only a deadline in a year without a
calendar gets a provisional date, marked so.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection
from django.db.models import QuerySet

from law.errors import MissingParameter
from law.money import Fen, Rate
from law.parameters import NATION, ParameterBook, Parameters
from law.programs import PROGRAMS
from law.workdays import Calendar, calendar_in, provisional_due
from policy.checks import Draft
from policy.models import PolicyValue

NOTICE_MONTH = 10
"""The State Council's notice of the next year's holidays comes out in October or November."""

Edition = tuple[int, int | None, datetime | None]

# Text, not an expression: asked at each look into the book, and building it cost more than asking.
_EDITION = "SELECT count(*), max(id), max(approved_at) FROM policy_policyvalue WHERE approved_at IS NOT NULL"

# The latest book of this process. Replaced whole, so that threads see the old one or the new one.
_kept: tuple[Edition, ParameterBook] | None = None


def edition() -> Edition:
    """What tells two states of the approved values apart: their number, highest id and latest approval.

    Values are never changed or deleted, so equal editions are equal books.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EDITION)
        count, highest, latest = cursor.fetchone()
    return count, highest, latest


def book() -> ParameterBook:
    """The law book in force. One query; take it once and pass it on where many numbers are read."""
    global _kept
    current = edition()
    if _kept is None or _kept[0] != current:
        shipped = ParameterBook.shipped()
        values = [row.dated() for row in PolicyValue.objects.approved()] if current[0] else []
        _kept = (current, shipped.overlay(values) if values else shipped)
    return _kept[1]


def parameters_for(*, program: str, region: str, law: ParameterBook | None = None) -> Parameters:
    """All numbers that `program` (a name of `law.programs`) may read in `region`.

    `law`: the book in force, where the caller has taken it already; so too below. Raises KeyError for another
    program.
    """
    return (law or book()).for_program(PROGRAMS[program].keys, region=region)


def calendar(*, region: str = NATION, law: ParameterBook | None = None) -> Calendar:
    """The working days of the years whose notice is out."""
    return calendar_in(law or book(), region=region)


def deadline(
    *, start: date, days: int, region: str = NATION, law: ParameterBook | None = None
) -> tuple[date, bool]:
    """The `days`-th working day after `start`, and whether it is provisional.

    It is provisional where the count begins in or reaches into a year whose notice is not out: to be
    computed again when that calendar has been approved.
    """
    try:
        return calendar(region=region, law=law).add_working_days(start, days), False
    except MissingParameter:
        return provisional_due(start, days), True


def fen(key: str, *, region: str, on: date, item: str | None = None) -> Fen:
    """An amount in fen. This read and those below raise MissingParameter; `item` is the entry of a table."""
    return book().fen(key, region=region, on=on, item=item)


def bp(key: str, *, region: str, on: date, item: str | None = None) -> Rate:
    """A rate in basis points."""
    return book().bp(key, region=region, on=on, item=item)


def integer(key: str, *, region: str, on: date, item: str | None = None) -> int:
    """A whole number of its unit."""
    return book().integer(key, region=region, on=on, item=item)


def flag(key: str, *, region: str, on: date, item: str | None = None) -> bool:
    """True or false."""
    return book().flag(key, region=region, on=on, item=item)


def text(key: str, *, region: str, on: date, item: str | None = None) -> str:
    """A text or code."""
    return book().text(key, region=region, on=on, item=item)


def proposals() -> QuerySet[PolicyValue]:
    """Values that wait for a second supervisor, oldest first."""
    return PolicyValue.objects.open().select_related("proposed_by")


def proposal(number: str) -> PolicyValue | None:
    """A proposal by the number of its case. Numbers of law are nobody's secret: no region hides one."""
    found = PolicyValue.objects.select_related("case", "proposed_by", "approved_by", "closed_by")
    return found.filter(case__number=number.upper()).first()


def draft_of(row: PolicyValue) -> Draft:
    """A stored proposal as what was proposed."""
    return Draft(
        key=row.key,
        region=row.region,
        start=row.start,
        value=row.value,
        unit=row.unit,
        reference=row.citation,
        assumption=row.assumption,
    )


def proposals_of(key: str) -> list[PolicyValue]:
    """All that was ever proposed for a key, newest first."""
    found = PolicyValue.objects.filter(key=key).select_related("case", "proposed_by")
    return list(found.order_by("-proposed_at", "-pk"))


def origins() -> dict[tuple[str, str, date], PolicyValue]:
    """The approved value behind each row of the book that the bureau has added, by key, region and start."""
    return {
        (row.key, row.region, row.start): row for row in PolicyValue.objects.approved().select_related("case")
    }


def missing_year(today: date) -> int | None:
    """A year without a calendar that is needed now: this one, or from October on the next.

    Asked on every officer's page, so it looks at the book as this process last saw it; nearly every page has
    just asked whether that is the newest.
    """
    known = calendar(law=_kept[1] if _kept else None).years
    needed = [today.year, *([today.year + 1] if today.month >= NOTICE_MONTH else [])]
    return next((year for year in needed if year not in known), None)
