"""The three things that may go wrong on purpose: a refusal, a missing number of law, a faulty input field.

All else is a bug and must crash. None of these may carry personal numbers: they are shown and logged.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from law.decision import Reference


class Refused(Exception):
    """An expected refusal, safe to show. `code` is translated by the page; `numbers` fill its sentence."""

    def __init__(self, code: str, reference: Reference | None = None, **numbers: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.reference = reference
        self.numbers = numbers

    def __str__(self) -> str:
        if not self.numbers:
            return self.code
        return f"{self.code} ({', '.join(f'{name}={value}' for name, value in self.numbers.items())})"


class MissingParameter(Exception):
    """No value of `key` is in force for `region` on `on`. Never answered by a default.

    `on` is None where the key is not bound to a day (the calendar of a year).
    """

    def __init__(self, key: str, region: str, on: date | None = None) -> None:
        super().__init__(key, region, on)
        self.key = key
        self.region = region
        self.on = on

    def __str__(self) -> str:
        when = f" on {self.on.isoformat()}" if self.on else ""
        return f"no value of {self.key} for region {self.region}{when}"


class FaultyField(ValueError):
    """One input field is missing, unknown, of the wrong type or impossible. `field` is its dotted path."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)
        self.field = field
        self.message = message

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"
