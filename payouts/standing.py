"""What higher apps know that payouts do not: whether what is owed still stands at the moment of sealing.

An app registers one question a programme, once, when it loads; sealing asks it about the cases it is about to
pay. It only reads: whoever falls is left out of the batch with the reason, and its own app acts on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

Question = Callable[[Sequence[int], date], set[int]]
"""Cases of the programme, and the day -> those of them that may not be paid as they stand now."""

_questions: dict[str, Question] = {}


def register(program: str, question: Question) -> None:
    """Have sealing ask this about the cases of a programme."""
    _questions[program] = question


def programs() -> list[str]:
    """The programmes about which there is a question."""
    return list(_questions)


def fallen(program: str, case_ids: Sequence[int], on: date) -> set[int]:
    """Those of the cases that may not be paid on this day. KeyError for a programme without a question."""
    return _questions[program](case_ids, on)
