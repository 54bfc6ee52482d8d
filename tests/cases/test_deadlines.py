"""Provisional deadlines become real once a year's calendar is out: all of them, once, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from accounts.selectors import machine
from cases import selectors, services, trail
from cases.clocks import shipped_calendar
from cases.deadlines import recompute_provisional
from cases.models import Case, Event
from law.workdays import Calendar, provisional_due
from tests.cases.samples import COUNTY, SAMPLE, case, move

pytestmark = pytest.mark.usefixtures("statuses")

OPENED = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
OPENED_ON = date(2026, 12, 28)
LATER = datetime(2027, 1, 5, 2, 0, tzinfo=UTC)
SPRING = {date(2027, 2, day) for day in (8, 9, 10, 11, 12)}


def with_2027(*, off: set[date] | None = None, worked: set[date] | None = None) -> Calendar:
    """The calendar of two years."""
    days_off = {date(2027, 1, 1), *(SPRING if off is None else off)}
    years = {
        2026: (frozenset[date](), frozenset[date]()),
        2027: (frozenset(days_off), frozenset(worked or ())),
    }
    return Calendar(years)


def opened(
    *, promise: int = 3, statutory: int | None = 10, at: datetime = OPENED, status: str = "NEW"
) -> Case:
    """A case at the end of a year whose successor has no calendar: counted as the services count."""

    def due(days: int) -> tuple[date, bool]:
        year_end = date(2026, 12, 31)
        reached = provisional_due(at.date(), days)
        return reached, reached > year_end

    promised, lawful = due(promise), due(statutory) if statutory else (None, False)
    found = services.open_case(
        kind=SAMPLE,
        party=None,
        region=COUNTY,
        actor=machine(),
        now=at,
        verb="sample.opened",
        promise_due=promised[0],
        promise_days=promise,
        statutory_due=lawful[0],
        statutory_days=statutory,
        due_provisional=promised[1] or lawful[1],
    )
    for step in {"NEW": (), "PAPERS": ("FIRST", "PAPERS"), "DONE": ("DONE",)}[status]:
        move(found, step, now=at)
    return found


def dates(of: Case) -> tuple[date | None, date | None, bool]:
    """Both dates and the mark, as the database has them."""
    return Case.objects.values_list("promise_due", "statutory_due", "due_provisional").get(pk=of.pk)


def test_a_provisional_date_becomes_that_of_the_calendar_and_the_trail_keeps_both() -> None:
    late = opened(statutory=35)
    assert late.due_provisional
    before = late.statutory_due
    assert recompute_provisional(calendar=with_2027(), now=LATER) == [late.pk]
    # 35 working days after 28 December: three in December, twenty in January, five days of spring off.
    assert dates(late) == (date(2026, 12, 31), date(2027, 2, 23), False)
    event = Event.objects.get(case=late, verb="deadline.recomputed")
    assert before is not None
    assert event.payload == {
        "before": {"promise_due": "2026-12-31", "statutory_due": before.isoformat()},
        "promise_due": "2026-12-31",
        "statutory_due": "2027-02-23",
    }
    assert (event.actor, event.at) == (machine(), LATER)
    with override("zh-hans"):
        line = selectors.timeline(late)[0]
    assert "2027年2月23日" in line.detail and "承诺" not in line.detail


def test_a_second_run_finds_nothing_to_do() -> None:
    late = opened()
    assert recompute_provisional(calendar=with_2027(), now=LATER) == [late.pk]
    assert recompute_provisional(calendar=with_2027(), now=LATER) == []
    assert Event.objects.filter(case=late, verb="deadline.recomputed").count() == 1


def test_a_year_that_is_still_missing_changes_nothing() -> None:
    late = opened()
    before = dates(late)
    assert recompute_provisional(calendar=shipped_calendar(), now=LATER) == []
    assert dates(late) == before
    assert not Event.objects.filter(verb="deadline.recomputed").exists()


def test_a_date_that_did_not_change_loses_its_mark_and_the_trail_says_so() -> None:
    late = opened(statutory=10)
    before = dates(late)
    assert recompute_provisional(calendar=with_2027(off=set()), now=LATER) == [late.pk]
    assert dates(late) == (before[0], before[1], False)
    with override("zh-hans"):
        assert selectors.timeline(late)[0].detail == "日期没有变，不再是暂定"


def test_what_is_not_provisional_is_left_alone() -> None:
    settled = case()
    before = dates(settled)
    assert recompute_provisional(calendar=with_2027(), now=LATER) == []
    assert dates(settled) == before


def test_pauses_move_the_new_date_too() -> None:
    asked = opened(status="PAPERS", promise=3, statutory=10)
    services.pause_clock(case=asked, now=datetime(2026, 12, 29, 2, tzinfo=UTC))
    services.resume_clock(case=asked, calendar=shipped_calendar(), now=datetime(2027, 1, 6, 2, tzinfo=UTC))
    assert asked.due_provisional
    # Saturday the 2nd of January is worked: between 29 December and 6 January lie 30, 31, 2, 4, 5, 6.
    calendar = with_2027(worked={date(2027, 1, 2)})
    assert recompute_provisional(calendar=calendar, now=LATER) == [asked.pk]
    promise = calendar.add_working_days(calendar.add_working_days(OPENED_ON, 3), 6)
    statutory = calendar.add_working_days(calendar.add_working_days(OPENED_ON, 10), 6)
    assert dates(asked) == (promise, statutory, False)
    assert promise == date(2027, 1, 8)


def test_a_case_that_is_still_paused_is_counted_from_its_opening_and_moves_when_it_goes_on() -> None:
    asked = opened(status="PAPERS")
    services.pause_clock(case=asked, now=datetime(2026, 12, 29, 2, tzinfo=UTC))
    recompute_provisional(calendar=with_2027(), now=LATER)
    asked.refresh_from_db()
    assert (asked.paused_at is not None, asked.due_provisional) == (True, False)
    services.resume_clock(case=asked, calendar=with_2027(), now=datetime(2027, 1, 4, 2, tzinfo=UTC))
    assert (asked.promise_due, asked.due_provisional) == (date(2027, 1, 6), False)


def test_a_closed_case_gets_its_date_too() -> None:
    done = opened(statutory=35, status="DONE")
    assert recompute_provisional(calendar=with_2027(), now=LATER) == [done.pk]
    assert not dates(done)[2]


def test_of_two_dates_the_one_that_can_be_counted_is_set_and_the_mark_stays() -> None:
    far = opened(promise=3, statutory=300, at=datetime(2026, 12, 30, 2, tzinfo=UTC))
    calendar = with_2027(off={date(2027, 1, 4)})
    assert recompute_provisional(calendar=calendar, now=LATER) == [far.pk]
    promise, statutory, provisional = dates(far)
    assert (promise, provisional) == (date(2027, 1, 6), True)
    assert statutory == provisional_due(date(2026, 12, 30), 300)
    assert recompute_provisional(calendar=calendar, now=LATER) == []


def test_a_case_without_a_date_of_law_is_settled_by_its_promise() -> None:
    promised = opened(promise=10, statutory=None)
    assert recompute_provisional(calendar=with_2027(), now=LATER) == [promised.pk]
    assert dates(promised)[1:] == (None, False)


def test_many_at_once_keep_their_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cases.deadlines.CHUNK", 2)
    late = [opened() for _ in range(5)]
    assert recompute_provisional(calendar=with_2027(), now=LATER) == [one.pk for one in late]
    assert Event.objects.filter(verb="deadline.recomputed", sequence=2).count() == 5
    assert trail.verify().broken is None


@pytest.mark.parametrize(
    "changed",
    [{"promise_days": None}, {"statutory_days": None}, {"promise_due": None}, {"promise_days": 0}],
    ids=str,
)
def test_the_database_keeps_a_date_and_its_days_together(changed: dict[str, int | None]) -> None:
    late = opened()
    with pytest.raises(IntegrityError, match="counts_days"), transaction.atomic():
        Case.objects.filter(pk=late.pk).update(**changed)
