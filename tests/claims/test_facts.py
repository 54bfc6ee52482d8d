"""From evidence to facts: what is unknown stays unknown, and nothing a register says can stop the machine."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from claims.facts import CONTRADICTED, UNKNOWN, answer, separation_reason, sex_and_birth
from gateways.ports import SeparationAnswer

KNOWN = frozenset({"D04", "V02"})


def report(code: str, *, reported: bool = True) -> SeparationAnswer:
    """The employer's report of an end of work."""
    return SeparationAnswer(
        reported=reported,
        reason_code=code,
        separated_on=date(2026, 10, 1),
        reported_at=datetime(2026, 10, 3, tzinfo=UTC),
        unit_name="",
    )


@pytest.mark.parametrize(
    ("said", "claimed", "reason"),
    [
        (report("D04"), "", "D04"),
        (report("D04"), "D04", "D04"),
        (report("V02"), "D04", CONTRADICTED),
        (None, "D04", UNKNOWN),
        (report("", reported=False), "D04", UNKNOWN),
        (report("Q77"), "", UNKNOWN),
    ],
    ids=["reported", "both agree", "contradiction", "silent", "not reported", "a code the law does not know"],
)
def test_the_reason_is_the_employers_unless_it_is_contradicted_or_cannot_be_used(
    said: SeparationAnswer | None, claimed: str, reason: str
) -> None:
    assert separation_reason(said, claimed, KNOWN) == reason


def test_a_question_nobody_answered_is_unknown_and_not_no() -> None:
    assert [answer(value) for value in (True, False, None)] == ["YES", "NO", UNKNOWN]


def test_sex_and_birth_date_stand_in_the_number() -> None:
    assert sex_and_birth("130102199003070003") == ("F", date(1990, 3, 7))
    assert sex_and_birth("130102199003070011"[:17] + "X") == ("M", date(1990, 3, 7))
