"""Reads one JSON object strictly: each field must be there and be of its type, or the whole answer does not
count.

Nothing is repaired and nothing is guessed. An unknown extra field is passed over, so that an office may add
one. The error names the field and never its value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from gateways.adapters.wire import BadAnswer, Json

LONGEST_TEXT = 400
LARGEST = 10**15
"""No sum of money and no count of ours comes near it, and thousands of them still fit into a column."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
"""What JSON can say and no database can hold: NUL, and half of a character."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


def is_text(value: str, longest: int = LONGEST_TEXT) -> bool:
    """Whether a text is short enough, and can be kept."""
    return len(value) <= longest and _NOT_STORABLE.search(value) is None


def is_storable(moment: datetime) -> bool:
    """Whether an instant is one in every time zone; the first and the last day there are hold some that are
    not.
    """
    return date.min < moment.date() < date.max


class Fields:
    """Typed access to one object. `at` is the dotted path that an error begins with."""

    def __init__(self, values: Mapping[str, Json], at: str = "") -> None:
        self._values = values
        self._at = at

    def bad(self, name: str) -> BadAnswer:
        """The error for field `name`."""
        return BadAnswer(f"{self._at}.{name}" if self._at else name)

    def inner(self, name: str) -> Fields:
        """The object in `name`."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise self.bad(name)
        return Fields(value, f"{self._at}.{name}" if self._at else name)

    def each(self, name: str) -> Sequence[Fields]:
        """The list of objects in `name`."""
        value = self._take(name)
        if not isinstance(value, list):
            raise self.bad(name)
        found = []
        for position, item in enumerate(value):
            if not isinstance(item, dict):
                raise self.bad(f"{name}[{position}]")
            found.append(Fields(item, f"{name}[{position}]"))
        return found

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> str:
        """A string of bounded length that can be kept; empty only if not `required`."""
        value = self._take(name)
        if not isinstance(value, str) or not is_text(value, longest) or (required and not value):
            raise self.bad(name)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(name)
        if not isinstance(value, list):
            raise self.bad(name)
        found = tuple(item for item in value if isinstance(item, str) and is_text(item))
        if len(found) != len(value):
            raise self.bad(name)
        return found

    def text_or_empty(self, name: str) -> str:
        """A string, or "" for null."""
        return "" if self._take(name) is None else self.text(name)

    def choice(self, name: str, allowed: frozenset[str]) -> str:
        """One of `allowed`."""
        value = self.text(name)
        if value not in allowed:
            raise self.bad(name)
        return value

    def choice_or_none(self, name: str, allowed: frozenset[str]) -> str | None:
        """One of `allowed`, or null."""
        return None if self._take(name) is None else self.choice(name, allowed)

    def flag(self, name: str) -> bool:
        """True or false; 0, 1 and "true" are neither."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise self.bad(name)
        return value

    def flag_or_none(self, name: str) -> bool | None:
        """True, false, or null for not known."""
        return None if self._take(name) is None else self.flag(name)

    def whole(self, name: str) -> int:
        """A whole number of 0 or more."""
        value = self.signed(name)
        if value < 0:
            raise self.bad(name)
        return value

    def whole_or_none(self, name: str) -> int | None:
        """A whole number of 0 or more, or null."""
        return None if self._take(name) is None else self.whole(name)

    def signed(self, name: str) -> int:
        """A whole number that may be below 0."""
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
            raise self.bad(name)
        return value

    def day(self, name: str) -> date:
        """A day that exists, `YYYY-MM-DD`."""
        value = self.text(name)
        if _DAY.fullmatch(value) is None:
            raise self.bad(name)
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.bad(name) from None

    def day_or_none(self, name: str) -> date | None:
        """A day, or null."""
        return None if self._take(name) is None else self.day(name)

    def month_or_empty(self, name: str) -> str:
        """A month `YYYY-MM`, or "" for null."""
        if self._take(name) is None:
            return ""
        value = self.text(name)
        if _MONTH.fullmatch(value) is None:
            raise self.bad(name)
        return value

    def moment(self, name: str) -> datetime:
        """An instant with its offset; a time without one could be any of 24."""
        try:
            value = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise self.bad(name) from None
        if value.tzinfo is None or not is_storable(value):
            raise self.bad(name)
        return value

    def moment_or_none(self, name: str) -> datetime | None:
        """An instant, or null."""
        return None if self._take(name) is None else self.moment(name)

    def _take(self, name: str) -> Json:
        try:
            return self._values[name]
        except KeyError:
            raise self.bad(name) from None
