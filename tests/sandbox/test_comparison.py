"""What the comparison finds about each kind of person, and when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sandbox.comparison import FileRejected, hits_of, parse
from sandbox.world import LATER, Person, World

TODAY = date(2026, 11, 23)
WORLD = World(seed=7, people=0, today=TODAY)
LONG_AFTER = TODAY + timedelta(days=120)


def person(scenario: str) -> Person:
    return next(one for one in map(WORLD.person, range(1, WORLD.size + 1)) if one.scenario == scenario)


@pytest.mark.parametrize(
    ("scenario", "check"),
    [
        ("WORKS_ELSEWHERE_LATER", "C1"),
        ("NAMESAKE_ELSEWHERE", "C1"),
        ("REEMPLOYED_LATER", "C2"),
        ("DRAWS_ELSEWHERE_LATER", "C3"),
        ("PENSION_LATER", "C4"),
        ("DIES_LATER", "C5"),
        ("IMPRISONED_LATER", "C6"),
        ("BUSINESS_LATER", "C7"),
        ("TAXED_LATER", "C8"),
        ("PAYS_PRIVATELY", "C11"),
    ],
)
def test_each_later_event_is_found_once_it_has_happened(scenario: str, check: str) -> None:
    one = person(scenario)
    found = hits_of(one, LONG_AFTER)
    assert set(found) == {check}
    since = found[check].since
    assert since >= one.separated_on + LATER
    assert hits_of(one, since - timedelta(days=1)) == {}
    assert set(hits_of(one, since)) == {check}


def test_nothing_is_found_about_most_people() -> None:
    assert hits_of(person("CLEAN"), LONG_AFTER) == {}


def test_somebody_elses_record_stands_under_another_name() -> None:
    one = person("NAMESAKE_ELSEWHERE")
    assert hits_of(one, LONG_AFTER)["C1"].name != one.name


def test_an_old_record_says_when_it_ended() -> None:
    one = person("OLD_RECORD_ELSEWHERE")
    found = hits_of(one, TODAY)["C1"]
    assert found.until is not None
    assert found.since < found.until < one.separated_on


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"H|N|2026-11|0|x\r\nT|0\r\n",
        b"H|N|2026-11|2|x\r\nD|1|CITIZEN_ID|1|n|2026-11|C1\r\nT|1\r\n",
        b"H|N|2026-11|1|x\r\nD|1|CITIZEN_ID|1|n|2026-11|C12\r\nT|1\r\n",
        b"H|N|2026-11|1|x\r\nD|0|CITIZEN_ID|1|n|2026-11|C1\r\nT|1\r\n",
        b"H|N|2026-11|2|x\r\n" + b"D|1|CITIZEN_ID|1|n|2026-11|C1\r\n" * 2 + b"T|2\r\n",
    ],
)
def test_a_file_that_does_not_hold_together_is_not_taken(content: bytes) -> None:
    with pytest.raises(FileRejected):
        parse(content)
