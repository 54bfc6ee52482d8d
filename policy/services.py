"""Writes dated values: one supervisor proposes, another approves, and from then on the rules read it.

A proposal must be readable by the rules that will read it: a known key, its unit, the shape its shipped
value has. Nothing here changes or forgets a value; a correction is a later value for the same start.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import covers
from law.errors import MissingParameter, Refused
from law.parameters import REPEALED, Citation, DatedValue, ParameterBook, Value
from law.workdays import Calendar, legal_day
from policy.models import PolicyValue
from policy.selectors import book

CALENDAR = re.compile(r"calendar\.(\d{4})", re.ASCII)
FURTHEST = timedelta(days=3 * 366)
"""No notice comes earlier than this before its first day: a start beyond it is a slip of the pen."""


@transaction.atomic
def propose(
    *,
    key: str,
    region: str,
    start: date,
    value: Value,
    unit: str,
    reference: Citation,
    assumption: bool,
    actor: User,
    now: datetime,
) -> PolicyValue:
    """Write down a value that another supervisor may approve. `value` is text, or lists and tables of text.

    Raises Refused: `policy.not_allowed`, `policy.region_unknown`, `policy.region_not_yours`,
    `policy.key_unknown`, `policy.unit_differs`, `policy.start_not_of_year`, `policy.start_too_early`,
    `policy.start_too_late`, `policy.shape_differs`, `policy.not_readable`, `policy.reference_missing`.
    """
    if not can(actor, Action.PROPOSE_POLICY):
        raise Refused("policy.not_allowed")
    law_book = book()
    _check_region(law_book, region, actor)
    model = _check_key(law_book, key, unit)
    _check_start(law_book, key, start, today=legal_day(now))
    if not reference.title.strip():
        raise Refused("policy.reference_missing")
    if value != REPEALED and not _same_shape(value, model.value):
        raise Refused("policy.shape_differs", key=key)
    row = PolicyValue(
        key=key,
        region=region,
        start=start,
        value=value,
        unit=unit,
        reference=reference.to_json(),
        assumption=assumption,
        proposed_by=actor,
        proposed_at=now,
    )
    _check_readable(row)
    row.save(force_insert=True)
    return row


@transaction.atomic
def approve(*, value: PolicyValue, actor: User, now: datetime) -> PolicyValue:
    """Put a proposed value in force. The rules of all processes read it from their next look at the book
    on.

    Raises Refused: `policy.not_allowed`, `policy.region_not_yours`, `policy.approved`, `policy.own` (the
    proposer).
    """
    if not can(actor, Action.APPROVE_POLICY):
        raise Refused("policy.not_allowed")
    row = PolicyValue.objects.select_for_update().get(pk=value.pk)
    if row.approved_at is not None:
        raise Refused("policy.approved")
    if row.proposed_by_id == actor.pk:
        raise Refused("policy.own")
    _check_covered(row.region, actor)
    _check_readable(row)
    row.approved_by = actor
    row.approved_at = now
    row.save(update_fields=["approved_by", "approved_at"])
    return row


def _check_region(law_book: ParameterBook, region: str, actor: User) -> None:
    """The region must lie in the country the book knows: one with values of its own, or a county of such a
    city.
    """
    known = set(law_book.regions())
    if re.fullmatch(r"\d{6}", region, re.ASCII) is None or not (
        region in known or f"{region[:4]}00" in known
    ):
        raise Refused("policy.region_unknown", region=region)
    _check_covered(region, actor)


def _check_covered(region: str, actor: User) -> None:
    """A city's value is for a supervisor of that city. What the nation or the province fixes any supervisor
    may copy.
    """
    if not region.endswith("0000") and not covers(actor, region):
        raise Refused("policy.region_not_yours", region=region)


def _check_key(law_book: ParameterBook, key: str, unit: str) -> DatedValue:
    """The value that shows unit and shape of `key`. The calendar of a new year is like the calendars there
    are.
    """
    is_calendar = CALENDAR.fullmatch(key) is not None
    rows = [row for row in law_book.rows() if row.key == key or (is_calendar and CALENDAR.fullmatch(row.key))]
    if not rows:
        raise Refused("policy.key_unknown", key=key)
    model = next((row for row in reversed(rows) if not row.repealed), rows[-1])
    if unit != model.unit:
        raise Refused("policy.unit_differs", key=key, unit=model.unit)
    return model


def _check_start(law_book: ParameterBook, key: str, start: date, *, today: date) -> None:
    """Notices are often published after their first day, so a start may lie in the past; but not before the
    first value that the book has, for that would change what held before there was a rule. A calendar
    starts with its year.
    """
    year = CALENDAR.fullmatch(key)
    if year is not None and start != date(int(year[1]), 1, 1):
        raise Refused("policy.start_not_of_year", key=key)
    earliest = min((row.start for row in law_book.rows() if row.key == key), default=date.min)
    if start < earliest or start == date.min:
        raise Refused("policy.start_too_early", key=key, earliest=earliest.isoformat())
    if start > today + FURTHEST:
        raise Refused("policy.start_too_late", key=key)


def _same_shape(value: Value, model: Value) -> bool:
    """Text for text, a list for a list, a table for a table with at least the entries of the model.

    A table may gain entries (a new county) and never lose one. Each record of a list needs what all
    records of the model have.
    """
    match model, value:
        case str(), str():
            return True
        case dict(), dict():
            any_entry = next(iter(model.values()), "")
            return model.keys() <= value.keys() and all(
                _same_shape(entry, model.get(name, any_entry)) for name, entry in value.items()
            )
        case list(), list():
            return not model or all(_same_shape(entry, _common(model)) for entry in value)
        case _:
            return False


def _common(entries: Sequence[Value]) -> Value:
    """What every entry of a list that is not empty has."""
    first, *others = entries
    if not isinstance(first, dict):
        return first
    return {
        name: value
        for name, value in first.items()
        if all(isinstance(other, dict) and name in other for other in others)
    }


def _check_readable(row: PolicyValue) -> None:
    """What the rules could not read is refused here, and not found out when the first case meets it."""
    try:
        dated = row.dated()
        if CALENDAR.fullmatch(row.key) and not dated.repealed:
            Calendar.from_rows([dated])
    except (ValueError, TypeError, MissingParameter):
        raise Refused("policy.not_readable", key=row.key) from None
