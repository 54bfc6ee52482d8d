"""Working days follow the yearly notice, make-up days included, and no other year."""

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from law.errors import MissingParameter
from law.parameters import Citation, DatedValue, ParameterBook
from law.workdays import calendar_in, end_of_legal_day, legal_day, provisional_due

CALENDAR = calendar_in(ParameterBook.shipped())
FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
DAYS = st.dates(FIRST, LAST)


def test_the_published_years_have_their_days() -> None:
    assert CALENDAR.years == [2024, 2025, 2026]
    counts = [CALENDAR.working_days_between(date(year, 1, 1), date(year, 12, 31)) for year in CALENDAR.years]
    assert counts == [251, 248, 248]


def test_every_day_is_what_a_second_calendar_says() -> None:
    for offset in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=offset)
        assert CALENDAR.is_working_day(day) == chinese_calendar.is_workday(day), day


@given(DAYS, st.integers(1, 60))
def test_a_due_day_is_a_working_day_with_as_many_behind_it(start: date, days: int) -> None:
    try:
        due = CALENDAR.add_working_days(start, days)
    except MissingParameter as missing:
        assert missing.key == "calendar.2027"
        assert CALENDAR.working_days_between(start, LAST) < days
        return
    assert CALENDAR.is_working_day(due)
    assert CALENDAR.working_days_between(start, due) == days
    assert CALENDAR.working_days_between(due, start) == -days


@given(DAYS)
def test_the_next_working_day_is_the_day_itself_or_the_first_after_it(day: date) -> None:
    found = CALENDAR.next_working_day(day)
    assert found >= day
    assert CALENDAR.working_days_between(day, found) == (0 if found == day else 1)
    assert CALENDAR.is_working_day(found)


def test_a_year_without_a_notice_cannot_be_counted_in() -> None:
    for day in (date(2023, 12, 29), date(2027, 1, 4)):
        with pytest.raises(MissingParameter):
            CALENDAR.is_working_day(day)
        with pytest.raises(MissingParameter):
            CALENDAR.add_working_days(day, 1)
    assert CALENDAR.add_working_days(date(2026, 12, 30), 1) == LAST
    with pytest.raises(MissingParameter, match=r"calendar\.2027"):
        CALENDAR.add_working_days(LAST, 1)
    with pytest.raises(MissingParameter, match=r"calendar\.2027"):
        CALENDAR.working_days_between(LAST, date(2027, 1, 1))
    with pytest.raises(ValueError, match="one working day"):
        CALENDAR.add_working_days(FIRST, 0)


def test_a_year_that_a_bureau_adds_can_be_counted_in() -> None:
    notice = DatedValue(
        key="calendar.2027",
        region="000000",
        start=date(2026, 11, 10),
        value={"off": ["2027-01-01"], "worked": ["2027-02-06"]},
        unit="calendar",
        reference=Citation("2027 年节假日安排", "", "", "", "own"),
    )
    calendar = calendar_in(ParameterBook.shipped().overlay([notice]))
    assert calendar.add_working_days(date(2026, 12, 31), 1) == date(2027, 1, 4)
    assert calendar.is_working_day(date(2027, 2, 6))


def test_a_gap_between_years_stops_the_count() -> None:
    book = ParameterBook(row for row in ParameterBook.shipped().rows() if row.key != "calendar.2025")
    calendar = calendar_in(book)
    with pytest.raises(MissingParameter, match=r"calendar\.2025"):
        calendar.add_working_days(date(2024, 12, 31), 1)
    with pytest.raises(MissingParameter, match=r"calendar\.2025"):
        calendar.working_days_between(date(2024, 12, 31), date(2026, 1, 5))


def test_a_provisional_day_leaves_out_only_what_never_moves() -> None:
    assert provisional_due(date(2026, 12, 31), 1) == date(2027, 1, 4)
    assert provisional_due(date(2027, 4, 29), 2) == date(2027, 5, 3)
    assert provisional_due(date(2027, 9, 30), 1) == date(2027, 10, 4)


def test_the_legal_day_is_that_of_beijing() -> None:
    assert legal_day(datetime(2025, 9, 26, 15, 59, tzinfo=UTC)) == date(2025, 9, 26)
    assert legal_day(datetime(2025, 9, 26, 16, 0, tzinfo=UTC)) == date(2025, 9, 27)
    with pytest.raises(ValueError, match="time zone"):
        legal_day(datetime(2025, 9, 26, 16, 0))  # noqa: DTZ001 - the case under test


def test_a_legal_day_is_over_at_midnight_in_beijing_and_the_last_one_at_its_end() -> None:
    assert end_of_legal_day(date(2025, 9, 26)) == datetime(2025, 9, 26, 16, tzinfo=UTC)
    assert legal_day(end_of_legal_day(date(2025, 9, 26)) - timedelta(microseconds=1)) == date(2025, 9, 26)
    assert end_of_legal_day(date.max) == datetime.max.replace(tzinfo=UTC)
