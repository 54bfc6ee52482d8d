"""Strict reading of one input line: every fault names its field.

A line is a JSON object that has been read already. Types are checked to the letter: `true` and `12.0` are
no whole numbers, a date must exist, an enumeration is exact. Nothing is corrected, trimmed or guessed here,
and no message repeats a value: it may be a personal number.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import Literal, TypeVar

from law import months
from law.errors import FaultyField

UNKNOWN: Literal["UNKNOWN"] = "UNKNOWN"
"""What stands in a fact that no source could answer. Never None."""

Unknown = Literal["UNKNOWN"]
Row = Mapping[str, object]
Choice = TypeVar("Choice", bound=str)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def exact_fields(row: Row, fields: Collection[str], inside: str | None = None) -> None:
    """Raises FaultyField for the first field that is missing or unknown; `inside` names the list it is in."""
    if row.keys() == fields:
        return
    for field in sorted(fields):
        if field not in row:
            raise FaultyField(inside or field, "缺少这一项" if inside is None else f"缺少 {field}")
    for field in row:
        if field not in fields:
            raise FaultyField(inside or field, "没有这一项")


@contextmanager
def inside(field: str, given: object, members: Collection[str]) -> Iterator[Row]:
    """The object in `field`, with exactly these members; a fault within names the dotted path."""
    if not isinstance(given, dict):
        raise FaultyField(field, f"应当是含 {'、'.join(members)} 的对象")
    try:
        exact_fields(given, frozenset(members))
        yield given
    except FaultyField as fault:
        raise FaultyField(f"{field}.{fault.field}", fault.message) from None


def choice(row: Row, field: str, allowed: Mapping[str, Choice]) -> Choice:
    """One of the texts in `allowed` (each stands for itself)."""
    value = row[field]
    if type(value) is str:
        found = allowed.get(value)
        if found is not None:
            return found
    raise FaultyField(field, f"应当是 {'、'.join(allowed)} 之一")


def choice_or_null(row: Row, field: str, allowed: Mapping[str, Choice]) -> Choice | None:
    """One of the texts in `allowed`, or null."""
    return None if row[field] is None else choice(row, field, allowed)


def string(row: Row, field: str) -> str:
    """Any text."""
    value = row[field]
    if type(value) is str:
        return value
    raise FaultyField(field, "应当是文本")


def whole(row: Row, field: str, *, least: int = 0, most: int | None = None) -> int:
    """A whole number from `least` to `most`."""
    value = row[field]
    if type(value) is int and value >= least and (most is None or value <= most):
        return value
    raise FaultyField(field, f"应当是不小于 {least}{'' if most is None else f'、不大于 {most}'} 的整数")


def whole_or_unknown(row: Row, field: str) -> int | Unknown:
    """A whole number of 0 or more, or UNKNOWN."""
    value = row[field]
    if type(value) is int and value >= 0:
        return value
    if value == UNKNOWN:
        return UNKNOWN
    raise FaultyField(field, "应当是不小于 0 的整数或 UNKNOWN")


def yes_or_no(row: Row, field: str) -> bool:
    """A JSON boolean."""
    value = row[field]
    if type(value) is bool:
        return value
    raise FaultyField(field, "应当是 true 或 false")


def day(row: Row, field: str) -> date:
    """A date `YYYY-MM-DD` that exists."""
    value = row[field]
    if type(value) is str:
        found = _day(value)
        if found is not None:
            return found
    raise FaultyField(field, "应当是存在的日期，写作 YYYY-MM-DD")


def month(row: Row, field: str) -> int:
    """A month `YYYY-MM`, as its number (`law.months`)."""
    value = row[field]
    if type(value) is str:
        try:
            return months.parse(value)
        except ValueError:
            pass
    raise FaultyField(field, "应当是月份，写作 YYYY-MM")


@lru_cache(maxsize=65_536)
def _day(text: str) -> date | None:
    if _DAY.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
