"""When the timetable runs a task next: the composition root registers it, pages of the apps below show it.

It holds no clock and starts nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from celery.schedules import crontab

from law.workdays import LEGAL_ZONE

MINUTE = timedelta(minutes=1)
TWO_DAYS = 2 * 24 * 60

_turns: dict[str, timedelta | crontab] = {}


def register(task: str, every: timedelta | crontab) -> None:
    """Make the rhythm of a task known."""
    _turns[task] = every


def next_turn(task: str, *, now: datetime) -> datetime | None:
    """The next turn of a task after `now`, at the latest; None where the timetable does not know it."""
    every = _turns.get(task)
    if every is None or isinstance(every, timedelta):
        return None if every is None else now + every
    fields: Any = every  # the library's types leave the fields out
    turn = now.astimezone(LEGAL_ZONE).replace(second=0, microsecond=0)
    for _ in range(TWO_DAYS):
        turn += MINUTE
        if turn.minute in fields.minute and turn.hour in fields.hour:
            return turn
    return None
