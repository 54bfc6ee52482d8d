"""Deadlines as people see them: how many working days are left, in words, and how a pause moves the date.

Pure but for the calendar, which higher apps hand in. It must never read the wall clock: `today` is an
argument.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from law.errors import MissingParameter
from law.parameters import ParameterBook
from law.workdays import Calendar, calendar_in, provisional_due

CalendarSource = Callable[[], Calendar]


def shipped_calendar() -> Calendar:
    """The calendar of the shipped law, without what a bureau added since."""
    return calendar_in(ParameterBook.shipped())


_source: list[CalendarSource] = [shipped_calendar]


def use_calendar(source: CalendarSource) -> None:
    """Have the queue count with this calendar: called once at start-up by the app that knows the approved
    years."""
    _source[0] = source


def calendar() -> Calendar:
    """The calendar the queue counts with."""
    return _source[0]()


@dataclass(frozen=True)
class Clock:
    """One deadline on a page. `tone` is ok, warn, bad or idle; `used` of `total` working days are marked."""

    tone: str
    words: str
    date: date | None
    used: int
    total: int
    paused: bool
    provisional: bool


def clock(
    *,
    due: date | None,
    opened_on: date,
    total_days: int | None,
    today: date,
    calendar: Calendar,
    paused: bool = False,
    provisional: bool = False,
    done: bool = False,
) -> Clock:
    """The state of a deadline on `today`; for a paused or finished case `today` is the day it stopped.

    The day of receipt is not counted, today is. `total_days` None: counted from the dates. A year without a
    calendar is counted provisionally and marked so.
    """
    if due is None:
        return Clock("idle", _("没有期限"), None, 0, 0, paused, provisional)
    left, estimated = working_days_between(calendar, today, due)
    provisional = provisional or estimated
    if total_days is None:
        total_days, _estimated = working_days_between(calendar, opened_on, due)
    used = min(max(total_days - left, 0), total_days)
    if paused:
        tone, words = "idle", _("已暂停")
    elif done:
        tone, words = "idle", _("已办结")
    elif today > due:
        tone, words = (
            "bad",
            ngettext("超 %(days)d 天", "超 %(days)d 天", max(-left, 1)) % {"days": max(-left, 1)},
        )
    elif today == due or left == 0:
        tone, words = "warn", _("今天")
    else:
        tone, words = "ok", ngettext("剩 %(days)d 天", "剩 %(days)d 天", left) % {"days": left}
    return Clock(tone, words, due, used, total_days, paused, provisional)


def working_days_between(calendar: Calendar, start: date, end: date) -> tuple[int, bool]:
    """Working days after `start` up to `end` (negative backwards), and whether a year without a calendar was
    met."""
    try:
        return calendar.working_days_between(start, end), False
    except MissingParameter:
        return _provisional_between(start, end), True


def shifted(calendar: Calendar, due: date, days: int) -> tuple[date, bool]:
    """`due` moved by `days` working days, and whether the result is provisional."""
    if days < 1:
        return due, False
    try:
        return calendar.add_working_days(due, days), False
    except MissingParameter:
        return provisional_due(due, days), True


def due_dates(promise_due: date | None, statutory_due: date | None) -> dict[str, str | None]:
    """Both dates as an event keeps them."""
    return {
        "promise_due": promise_due.isoformat() if promise_due else None,
        "statutory_due": statutory_due.isoformat() if statutory_due else None,
    }


def _provisional_between(start: date, end: date) -> int:
    if end < start:
        return -_provisional_between(end, start)
    days, reached = 0, provisional_due(start, 1)
    while reached <= end:
        days, reached = days + 1, provisional_due(reached, 1)
    return days
