"""The queue: whose cases it shows, in which order, how it pages, counts and finds; and what a page costs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role, User
from accounts.selectors import machine
from cases import queue, selectors, services
from cases.models import Case
from cases.queue import ALL, DONE, Filters, Key
from cases.selectors import open_cases
from tests.cases.samples import (
    COUNTY,
    NOW,
    OTHER_COUNTY,
    TODAY,
    case,
    determine,
    id_number,
    move,
    officer,
    person,
)

pytestmark = [pytest.mark.usefixtures("statuses"), pytest.mark.urls("tests.cases.urls")]


def numbers(viewer: User, tab: str = "HANDLER", **filters: str) -> list[str]:
    """The numbers of a tab's first page."""
    page = open_cases(viewer, tab=tab, filters=Filters(**filters), now=NOW)
    return [row.case.number for row in page.rows]


def of(cases: Iterable[Case]) -> list[str]:
    """Their numbers."""
    return [one.number for one in cases]


def test_a_queue_holds_what_is_on_the_desk_and_what_nobody_holds_in_the_own_regions() -> None:
    handler, colleague = officer("handler", regions=[COUNTY]), officer("colleague")
    mine, free, theirs = (case(status="FIRST") for _ in range(3))
    elsewhere = case(status="FIRST", region=OTHER_COUNTY)
    mine_elsewhere = case(status="FIRST", region=OTHER_COUNTY)
    services.take(case=mine, actor=handler, now=NOW)
    services.take(case=theirs, actor=colleague, now=NOW)
    Case.objects.filter(pk=mine_elsewhere.pk).update(handler=handler)
    assert numbers(handler) == of([mine, free, mine_elsewhere])
    assert numbers(colleague) == of([free, theirs, elsewhere])
    # The whole list says who holds what, but only in the own regions.
    assert numbers(handler, tab=ALL) == of([mine, free, theirs])


def test_rows_come_by_the_nearest_promise_and_those_without_one_come_last() -> None:
    handler = officer("handler")
    days = [date(2025, 10, 9), None, date(2025, 9, 28), date(2025, 9, 30), None]
    cases = [case(status="FIRST", promise_due=day) for day in days]
    assert numbers(handler) == of(cases[index] for index in (2, 3, 0, 1, 4))


@pytest.mark.parametrize("regions", [["130100"], [COUNTY, OTHER_COUNTY], ["130000"]])
def test_pages_joined_are_the_whole_list_whatever_the_regions(regions: list[str]) -> None:
    handler = officer("handler", regions=regions)
    everything = [
        case(
            status="FIRST",
            region=(COUNTY, OTHER_COUNTY)[index % 2],
            promise_due=TODAY + timedelta(days=index % 3) if index % 5 else None,
        )
        for index in range(17)
    ]
    for held in everything[::4]:
        services.take(case=held, actor=handler, now=NOW)
    expected = of(sorted(everything, key=lambda one: (one.promise_due or date.max, one.pk)))
    found: list[str] = []
    after = ""
    while True:
        page = open_cases(handler, tab="HANDLER", filters=Filters(), now=NOW, after=after, limit=4)
        found += [row.case.number for row in page.rows]
        if not page.next_after:
            break
        after = page.next_after
    assert found == expected


def test_a_page_that_was_begun_goes_on_where_it_was_although_cases_came_and_went() -> None:
    handler = officer("handler")
    cases = [case(status="FIRST", promise_due=TODAY + timedelta(days=index)) for index in range(6)]
    first = open_cases(handler, tab="HANDLER", filters=Filters(), now=NOW, limit=3)
    move(cases[1], "SECOND")
    case(status="FIRST", promise_due=TODAY - timedelta(days=5))
    second = open_cases(handler, tab="HANDLER", filters=Filters(), now=NOW, after=first.next_after, limit=3)
    assert [row.case.number for row in second.rows] == of(cases[3:])


@pytest.mark.parametrize(
    "text", ["", "x", "20251399-5", "20250926", "20250926-", "20250926-9999999999999999999"]
)
def test_an_address_that_was_tampered_with_shows_the_first_page(text: str) -> None:
    assert Key.parse(text) is None


def test_the_key_of_a_row_reads_back() -> None:
    assert Key.parse(str(Key(date(2025, 9, 30), 17))) == Key(date(2025, 9, 30), 17)


def test_a_row_shows_the_latest_determination_the_masked_number_and_both_clocks() -> None:
    handler = officer("handler", full_name="宋颖")
    shown = case(status="FIRST", party=person(3, "刘伟"))
    determine(shown, contributed_months=10)
    services.take(case=shown, actor=handler, now=NOW)
    (row,) = open_cases(handler, tab="HANDLER", filters=Filters(), now=NOW).rows
    assert (row.party_name, row.handler_name, row.region_name) == ("刘伟", "宋颖", "长安区")
    assert row.masked_number == "1301**********0003"[:4] + "*" * 10 + id_number(3)[-4:]
    assert row.failed == 1
    assert row.passed > 5
    assert (row.promise_clock.tone, row.promise_clock.words, row.promise_clock.total) == ("ok", "剩 3 天", 3)
    assert row.statutory_clock.date == date(2025, 10, 16)
    assert row.url == f"/samples/{shown.number}/"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("刘伟", [0]),
        ("刘", [0, 1]),
        ("伟", []),
        ("XX20250926-0002", [1]),
        ("xx20250926-0002", [1]),
        ("XX2025", [0, 1, 2]),
        ("XX20250926-0009", []),
        (id_number(2), [2]),
        (id_number(2).lower(), [2]),
        (id_number(1)[-4:], [1]),
        ("%", []),
        ("刘_", []),
        ("12345678901234567X", []),
    ],
)
def test_text_finds_by_number_name_or_identity_number(text: str, expected: list[int]) -> None:
    handler = officer("handler")
    people = [person(index, name) for index, name in enumerate(("刘伟", "刘洋", "韩雪"))]
    cases = [case(status="FIRST", party=party) for party in people]
    assert numbers(handler, text=text) == of(cases[index] for index in expected)


def test_looking_for_somebody_in_the_whole_list_finds_closed_cases_too() -> None:
    handler, closed = officer("handler"), case(party=person(0, "刘伟"))
    move(closed, "DONE")
    assert numbers(handler, tab=ALL) == []
    assert numbers(handler, tab=ALL, text="刘伟") == of([closed])


def test_filters_narrow_by_checks_deadline_and_kind() -> None:
    handler = officer("handler")
    passed = case(status="FIRST", promise_due=TODAY)
    opened = case(status="FIRST", promise_due=TODAY - timedelta(days=1))
    failed = case(status="FIRST", promise_due=TODAY + timedelta(days=1))
    determine(passed)
    determine(opened, drawing_pension="UNKNOWN")
    determine(failed, contributed_months=3)
    assert numbers(handler, check="PASS") == of([passed])
    assert numbers(handler, check="OPEN") == of([opened])
    assert numbers(handler, check="FAIL") == of([failed])
    assert numbers(handler, due="today") == of([passed])
    assert numbers(handler, due="overdue") == of([opened])
    assert numbers(handler, kind="sample") == of([opened, passed, failed])
    assert numbers(handler, kind="another") == []


def test_what_i_did_today_comes_newest_first_and_only_once_a_case() -> None:
    handler, colleague = officer("handler"), officer("colleague")
    cases = [case(status="FIRST") for _ in range(3)]
    services.take(case=cases[0], actor=handler, now=NOW - timedelta(days=1))
    for index in (1, 2, 1):
        services.record(case=cases[index], verb="sample.noted", actor=handler, now=NOW)
    services.record(case=cases[0], verb="sample.noted", actor=colleague, now=NOW)
    assert numbers(handler, tab=DONE) == of([cases[1], cases[2]])
    page = open_cases(handler, tab=DONE, filters=Filters(), now=NOW, limit=1)
    rest = open_cases(handler, tab=DONE, filters=Filters(), now=NOW, after=page.next_after, limit=1)
    assert [row.case.number for row in rest.rows] == of([cases[2]])
    assert selectors.counts(handler, now=NOW)[DONE] == 2


def test_counts_say_how_much_each_tab_holds_and_what_is_due() -> None:
    handler = officer("handler", regions=[COUNTY])
    for status, count in (("FIRST", 3), ("SECOND", 2), ("PAPERS", 1)):
        for index in range(count):
            case(status=status, promise_due=TODAY + timedelta(days=index - 1))
    case(status="FIRST", region=OTHER_COUNTY)
    found = selectors.counts(handler, now=NOW)
    assert (found["HANDLER"], found["REVIEWER"], found["APPLICANT"], found[ALL]) == (3, 2, 1, 6)
    assert (found["due_today"], found["overdue"]) == (1, 1)
    assert selectors.page_counts(handler)["queue"] == 3
    assert selectors.page_counts(officer("reviewer", Role.REVIEWER))["queue"] == 2


def test_who_does_two_steps_counts_what_is_due_at_both() -> None:
    both = officer("both", Role.HANDLER, Role.REVIEWER)
    for status in ("FIRST", "SECOND", "PAPERS"):
        case(status=status, promise_due=TODAY - timedelta(days=1))
        case(status=status, promise_due=TODAY)
    found = selectors.counts(both, now=NOW)
    assert (found["due_today"], found["overdue"]) == (2, 2)
    assert selectors.page_counts(both)["queue"] == queue.own_count(both, found) == 4


def test_a_count_stops_at_a_thousand_and_is_shown_as_more() -> None:
    handler, first = officer("handler"), case(status="FIRST")
    copies(first, 1_200)
    found = selectors.counts(handler, now=NOW)
    assert found["HANDLER"] == found[ALL] == queue.COUNTED_TO
    assert selectors.shown_count(found["HANDLER"]) == "999+"
    assert selectors.shown_count(999) == "999"


def copies(of_case: Case, count: int, *, due: date = TODAY) -> None:
    """So many cases like this one, straight into the table: here only how many there are matters."""
    Case.objects.bulk_create(
        [
            Case(
                number=f"{of_case.number}-{serial:05d}",
                kind=of_case.kind,
                region=of_case.region,
                status=of_case.status,
                waits_for=of_case.waits_for,
                promise_due=due,
                promise_days=3,
                opened_at=NOW,
                changed_at=NOW,
            )
            for serial in range(count)
        ]
    )


def test_an_officer_without_a_region_sees_nothing_and_an_auditor_the_whole_list_first() -> None:
    case(status="FIRST")
    nowhere = officer("nowhere")
    nowhere.regions = []
    assert numbers(nowhere) == []
    assert numbers(nowhere, tab=ALL) == []
    assert set(selectors.counts(nowhere, now=NOW).values()) == {0}
    assert queue.tabs_of(officer("auditor", Role.AUDITOR))[0] == ALL
    assert queue.tabs_of(officer("reviewer", Role.REVIEWER))[0] == "REVIEWER"
    assert numbers(machine(), tab=ALL) == []


def test_a_page_costs_one_query_and_its_counts_one_however_many_rows() -> None:
    handler = officer("handler")
    for index in range(8):
        shown = case(status="FIRST", party=person(index, "刘伟"))
        determine(shown)
    with CaptureQueriesContext(connection) as queries:
        page = open_cases(handler, tab="HANDLER", filters=Filters(text="刘", check="PASS"), now=NOW)
        selectors.counts(handler, now=NOW)
    assert len(page.rows) == 8
    assert sum("cases_case" in captured["sql"] for captured in queries.captured_queries) == 2


@pytest.mark.parametrize(("regions", "suffix"), [(["130100"], ""), ([COUNTY], "_region")])
def test_lists_and_the_next_case_walk_their_index_and_read_no_more_of_the_table(
    regions: list[str], suffix: str
) -> None:
    handler = officer("handler", regions=regions)
    for status, count in (("FIRST", 300), ("SECOND", 300), ("PAPERS", 100), ("NEW", 300)):
        copies(case(status=status), count)
        copies(case(status=status, region=OTHER_COUNTY), 4 * count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cases_case")
    with CaptureQueriesContext(connection) as queries:
        open_cases(handler, tab="HANDLER", filters=Filters(), now=NOW)
        queue.next_candidates(handler, list(queue.STEPS[:1]))
        open_cases(handler, tab=ALL, filters=Filters(), now=NOW)
    lists = [captured["sql"] for captured in queries.captured_queries if "cases_case" in captured["sql"]]
    for sql, index in zip(lists, ("pool", "pool", "open"), strict=True):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert f"using cases_case_{index}{suffix} on" in plan, plan
        assert "Seq Scan on cases_case" not in plan, plan
