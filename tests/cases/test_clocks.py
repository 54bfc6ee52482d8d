"""Clocks: the words, the tone and the marks of a deadline, around holidays and across missing years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

import policy.selectors
from cases import clocks
from cases.clocks import Clock, clock, shifted, shipped_calendar, working_days_between

CALENDAR = shipped_calendar()
RECEIVED = date(2025, 9, 26)
PROMISE = date(2025, 9, 30)


def on(today: date, *, paused: bool = False, done: bool = False, due: date | None = PROMISE) -> Clock:
    """The promise of three working days for what was received on Friday 2025-09-26."""
    return clock(
        due=due, opened_on=RECEIVED, total_days=3, today=today, calendar=CALENDAR, paused=paused, done=done
    )


@pytest.mark.parametrize(
    ("today", "tone", "words", "used"),
    [
        (date(2025, 9, 26), "ok", "剩 3 天", 0),
        (date(2025, 9, 27), "ok", "剩 3 天", 0),
        # A Sunday that is worked.
        (date(2025, 9, 28), "ok", "剩 2 天", 1),
        (date(2025, 9, 29), "ok", "剩 1 天", 2),
        (date(2025, 9, 30), "warn", "今天", 3),
        # The national holiday is not late time, but the promise has passed.
        (date(2025, 10, 2), "bad", "超 1 天", 3),
        (date(2025, 10, 9), "bad", "超 1 天", 3),
        (date(2025, 10, 11), "bad", "超 3 天", 3),
    ],
)
def test_a_promise_says_how_many_working_days_are_left(today: date, tone: str, words: str, used: int) -> None:
    found = on(today)
    assert (found.tone, found.words, found.used, found.total, found.date) == (tone, words, used, 3, PROMISE)


def test_a_paused_or_finished_clock_is_quiet() -> None:
    assert (on(RECEIVED, paused=True).tone, on(RECEIVED, paused=True).words) == ("idle", "已暂停")
    assert (on(date(2025, 10, 9), done=True).tone, on(date(2025, 10, 9), done=True).words) == (
        "idle",
        "已办结",
    )


def test_a_case_without_a_deadline_has_a_clock_that_says_so() -> None:
    found = on(RECEIVED, due=None)
    assert (found.tone, found.date, found.total) == ("idle", None, 0)


def test_the_length_may_be_counted_from_the_dates() -> None:
    found = clock(
        due=date(2025, 10, 16), opened_on=RECEIVED, total_days=None, today=PROMISE, calendar=CALENDAR
    )
    assert (found.total, found.used) == (10, 3)


def test_a_year_without_a_calendar_is_counted_provisionally_and_marked() -> None:
    last = max(CALENDAR.years)
    found = clock(
        due=date(last + 1, 1, 6),
        opened_on=date(last, 12, 28),
        total_days=None,
        today=date(last, 12, 29),
        calendar=CALENDAR,
    )
    assert found.provisional
    assert found.total > 0
    assert shifted(CALENDAR, date(last, 12, 31), 3)[1]


@given(st.dates(date(2025, 1, 1), date(2026, 6, 30)), st.integers(0, 60))
def test_shifting_by_the_days_between_arrives_where_the_count_says(start: date, days: int) -> None:
    due = CALENDAR.next_working_day(start)
    moved, provisional = shifted(CALENDAR, due, days)
    assert not provisional
    assert working_days_between(CALENDAR, due, moved) == (days, False)


@given(st.dates(date(2027, 1, 1), date(2028, 1, 1)), st.integers(-40, 40))
def test_provisional_counts_are_the_same_forwards_and_backwards(start: date, days: int) -> None:
    end = start + timedelta(days=days)
    forwards, _estimated = working_days_between(CALENDAR, start, end)
    backwards, _estimated = working_days_between(CALENDAR, end, start)
    assert forwards == -backwards


def test_the_words_follow_the_readers_language_and_stay_a_plain_text() -> None:
    with override("en"):
        assert isinstance(on(RECEIVED).words, str)


def test_the_queue_counts_with_the_calendar_that_was_handed_in() -> None:
    before = clocks._source[0]
    try:
        clocks.use_calendar(lambda: CALENDAR)
        assert clocks.calendar() is CALENDAR
    finally:
        clocks.use_calendar(before)


def test_approved_years_reach_the_queue() -> None:
    assert clocks._source[0] is policy.selectors.calendar
