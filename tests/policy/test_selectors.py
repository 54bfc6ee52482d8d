"""The law book in force: shipped values overlaid by approved ones, deadlines provisional where no notice is
out.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from law.errors import MissingParameter
from law.parameters import REPEALED, ParameterBook
from law.workdays import provisional_due
from policy import selectors
from policy.selectors import book, calendar, deadline, parameters_for
from tests.policy.samples import CITY, NOTICE, NOW, approved, calendar_2027, proposed

pytestmark = pytest.mark.django_db
SOME_DAY = date(2026, 11, 23)


def test_without_values_of_the_bureau_the_shipped_book_is_in_force() -> None:
    assert book() is ParameterBook.shipped()
    assert selectors.flag("benefit.auto_grant", region=CITY, on=SOME_DAY) is True
    assert selectors.integer("benefit.promise_wd", region=CITY, on=SOME_DAY) == 3


def test_a_proposal_changes_nothing_and_its_approval_does_from_its_start_on() -> None:
    value = proposed(key="benefit.promise_wd", value="2", start=date(2026, 12, 1))
    assert selectors.integer("benefit.promise_wd", region=CITY, on=date(2026, 12, 1)) == 3
    approved(value)
    assert selectors.integer("benefit.promise_wd", region=CITY, on=date(2026, 11, 30)) == 3
    assert selectors.integer("benefit.promise_wd", region=CITY, on=date(2026, 12, 1)) == 2


def test_of_two_values_for_one_start_the_later_approval_counts() -> None:
    start = date(2026, 12, 1)
    approved(proposed(key="benefit.promise_wd", value="4", start=start))
    approved(proposed(key="benefit.promise_wd", value="5", start=start), now=NOW + timedelta(minutes=1))
    assert selectors.integer("benefit.promise_wd", region=CITY, on=start) == 5


def test_a_city_value_does_not_hold_elsewhere() -> None:
    approved(proposed(key="benefit.auto_grant", value="false", unit="flag", start=date(2026, 12, 1)))
    on = date(2026, 12, 1)
    assert selectors.flag("benefit.auto_grant", region="130102", on=on) is False
    assert selectors.flag("benefit.auto_grant", region="130200", on=on) is True


def test_a_repeal_is_a_missing_number_and_not_the_old_one() -> None:
    approved(proposed(key="benefit.promise_wd", value=REPEALED, start=date(2026, 12, 1)))
    with pytest.raises(MissingParameter):
        selectors.integer("benefit.promise_wd", region=CITY, on=date(2026, 12, 1))


def test_the_book_is_kept_and_costs_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    approved(proposed(key="benefit.promise_wd", value="2", start=date(2026, 12, 1)))
    kept = book()
    with django_assert_num_queries(1):
        assert book() is kept


def test_every_kind_of_number_can_be_read() -> None:
    assert selectors.fen("benefit.auto_grant_max_fen", region=CITY, on=SOME_DAY) > 0
    assert selectors.bp("benefit.sample_bp", region=CITY, on=SOME_DAY) >= 0
    assert selectors.text("benefit.licence_counts", region=CITY, on=SOME_DAY) == "REVIEW"
    with pytest.raises(MissingParameter):
        selectors.fen("no.such_key", region=CITY, on=SOME_DAY)


def test_a_program_gets_its_parameters_with_the_approved_value_and_another_digest() -> None:
    before = parameters_for(program="unemployment-benefit", region=CITY)
    key = "benefit.cap_months"
    approved(proposed(key=key, value="18", unit="months", start=date(2026, 12, 1)))
    after = parameters_for(program="unemployment-benefit", region=CITY)
    assert (before.integer(key, on=date(2026, 12, 1)), after.integer(key, on=date(2026, 12, 1))) == (24, 18)
    assert before.digest != after.digest
    with pytest.raises(KeyError):
        parameters_for(program="no-such-program", region=CITY)


def test_a_deadline_counts_working_days_of_the_published_calendar() -> None:
    assert deadline(start=date(2025, 9, 26), days=10) == (date(2025, 10, 16), False)
    assert deadline(start=date(2026, 2, 13), days=3) == (date(2026, 2, 25), False)


def test_a_deadline_into_a_year_without_notice_is_provisional_until_the_notice_comes() -> None:
    start = date(2026, 12, 28)
    assert deadline(start=start, days=10) == (provisional_due(start, 10), True)
    assert deadline(start=date(2027, 3, 1), days=1) == (date(2027, 3, 2), True)
    approved(calendar_2027())
    assert 2027 in calendar().years
    # 29, 30, 31 December; 1 January is off; 4 to 8 January; then Saturday the 9th, worked; Monday the 11th.
    assert deadline(start=start, days=10) == (date(2027, 1, 11), False)


def test_proposals_wait_in_the_order_in_which_they_came() -> None:
    first = proposed(key="benefit.promise_wd", value="2", start=date(2026, 12, 1))
    second = proposed(key="benefit.promise_wd", value="1", start=date(2026, 12, 2))
    assert list(selectors.proposals()) == [first, second]
    approved(first)
    assert list(selectors.proposals()) == [second]
    assert NOTICE.title == first.dated().reference.title
