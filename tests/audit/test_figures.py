"""The supervisor's figures: counted once from what happened, counted again without change, read by region."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

import claims.services
import payouts.services
from accounts.models import Role
from audit import charts
from audit.models import Counting, DayFigure, Measure, MonthFigure
from audit.selectors import figures
from audit.services import count_figures
from cases.jobs import go_on
from cases.models import Job
from claims import kinds
from claims.models import Claim
from payouts import kinds as money
from payouts.models import Move, Transfer
from tests.factories import NOW, TODAY, City, officer, propose_refusal, reread
from tests.house.conftest import sandbox_in

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=4)
MONTH = f"{TODAY:%Y-%m}"


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city with a bank of its own: its statement holds nothing but what is done here."""
    with sandbox_in(tmp_path / "sandbox.sqlite3", people=300) as box:
        yield City(box)


def value(measure: Measure, subject: str = "", day: date = TODAY, step: int = 0) -> int:
    """Over all regions."""
    rows = DayFigure.objects.filter(day=day, measure=measure, subject=subject, step=step)
    return sum(rows.values_list("value", flat=True))


def board(year: str = str(TODAY.year)) -> figures.Board:
    return figures.board(officer(Role.SUPERVISOR), year=year, today=TODAY)


def test_what_reached_accounts_is_spent_on_its_day_and_what_comes_back_is_not(city: City) -> None:
    city.batch(money.SETTLED, size=2)
    arrived = Transfer.objects.filter(kind=Move.SETTLED)
    fen = sum(arrived.values_list("amount_fen", flat=True))
    count_figures(now=LATER)
    assert value(Measure.SPENT_FEN, "unemployment-benefit") == fen > 0
    assert value(Measure.PAYMENTS, "unemployment-benefit") == 2

    back = city.returned()
    count_figures(now=NOW + timedelta(days=7))
    seen = back.returned_on
    assert value(Measure.RETURNED, day=seen) == 1
    shown = board()
    assert shown.spent_fen == fen
    assert shown.returned == 1
    assert shown.returned_fen == back.obligation.amount_fen


def test_a_person_paid_twice_in_a_year_is_one_person(city: City) -> None:
    claim = city.verified()
    city.accrue(claim)
    city.settled(city.batch(money.ACCEPTED, size=0))
    december = NOW + timedelta(days=12)
    claims.services.accrue_month(month="2026-12", now=december)
    batch = payouts.services.seal_batch(region=claim.case.region, actor=city.staff.handlers[0], now=december)
    city.signed(batch)
    payouts.services.submit_batch(batch=batch, now=december + timedelta(minutes=90))
    payouts.services.fetch_and_record(now=december + timedelta(hours=2))
    count_figures(now=december + timedelta(hours=3))
    shown = board()
    assert (shown.payments, shown.persons) == (2, 1)
    assert [month.month for month in shown.months] == [MONTH, "2026-12"]
    assert shown.table[0].fen == (shown.months[0].total_fen,)


def test_decisions_count_by_who_made_them_and_how_long_they_took(city: City) -> None:
    city.claim(kinds.APPROVED)
    city.claim(kinds.REJECTED)
    city.claim(kinds.REVIEW1)
    count_figures(now=LATER)
    shown = board()
    assert (shown.decided, shown.granted, shown.by_machine) == (2, 1, 1)
    assert shown.by_machine_bp == 5_000
    assert shown.in_promise_bp == 10_000
    assert (shown.days.p50, shown.days.p95, shown.days.mean) == (0, 0, "0.0")
    assert [step.count for step in shown.steps] == [3, 2, 1, 0]
    waits = {wait.label: wait.minutes_each for wait in shown.waits}
    # The refusal lay with the handler from the first minute until it was proposed, then with the reviewer.
    assert waits["等经办"] > 0
    assert waits["等复核"] > 0
    assert waits["等外单位"] == 0


def refuse(city: City, claim: Claim, now: datetime) -> None:
    propose_refusal(reread(claim), actor=city.staff.handlers[0], now=now)
    reviewer = city.staff.reviewers[0]
    claims.services.review(claim=reread(claim), agreed=True, remark="", actor=reviewer, now=now)


def test_a_decision_after_the_promise_is_late_and_the_applicants_own_days_are_not_ours(city: City) -> None:
    waiting, forgotten = city.claim(kinds.SUPPLEMENT), city.claim(kinds.REVIEW1)
    later = NOW + timedelta(days=21)
    claims.services.answer_papers(claim=waiting, text="材料已交", actor=waiting.party.user, now=later)
    claims.services.verify_claim(claim_id=waiting.pk, now=later + timedelta(minutes=1))
    for claim in (waiting, forgotten):
        refuse(city, claim, later + timedelta(minutes=5))
    count_figures(now=later + timedelta(hours=1))
    shown = board()
    assert (shown.decided, shown.late_promise, shown.late_law) == (2, 1, 1)
    assert (shown.days.p50, shown.days.p95) == (0, 15)
    waits = {wait.label: wait.minutes_each for wait in shown.waits}
    assert waits["等申请人"] > 14 * 24 * 60 // 2


def test_counting_again_changes_nothing_and_a_figure_that_is_gone_becomes_nought(city: City) -> None:
    city.batch(money.RECONCILED)
    count_figures(now=LATER)
    before = list(DayFigure.objects.order_by("pk").values_list("pk", "measure", "subject", "value"))
    months = list(MonthFigure.objects.order_by("pk").values_list("pk", "value"))
    invented = DayFigure.objects.create(
        day=TODAY,
        region="130102",
        measure=Measure.RETURNED,
        value=7,
    )
    count_figures(now=LATER + timedelta(hours=1))
    invented.refresh_from_db()
    assert invented.value == 0
    kept = DayFigure.objects.exclude(pk=invented.pk).order_by("pk")
    assert list(kept.values_list("pk", "measure", "subject", "value")) == before
    others = MonthFigure.objects.exclude(measure=Measure.RETURNED).order_by("pk")
    assert list(others.values_list("pk", "value")) == months
    assert [one.since for one in Counting.objects.order_by("pk")] == [
        date.min,
        TODAY - timedelta(days=7),
    ]


def test_the_fund_lasts_as_many_months_as_the_pace_of_those_that_are_over(city: City) -> None:
    city.batch(money.RECONCILED)
    count_figures(now=LATER)
    assert board().cover == ""
    shown = figures.board(officer(Role.SUPERVISOR), year=str(TODAY.year), today=TODAY + timedelta(days=30))
    assert shown.fund_fen is not None
    assert shown.cover_tenths == shown.fund_fen * 10 // shown.spent_fen
    assert shown.cover_months == 1


def test_an_officer_of_one_county_sees_that_county_and_no_fund(city: City) -> None:
    batch = city.batch(money.RECONCILED, size=3)
    count_figures(now=LATER)
    county = batch.payments.select_related("obligation").order_by("pk")[0].obligation.region
    own = officer(Role.REVIEWER, region=county)
    shown = figures.board(own, year=str(TODAY.year), today=TODAY)
    assert len(shown.counties) == 1
    assert shown.fund_fen is None
    assert 0 < shown.spent_fen <= board().spent_fen


def test_the_page_says_what_was_counted_and_that_nothing_was_before(city: City) -> None:
    client = Client()
    client.force_login(officer(Role.SUPERVISOR))
    assert "还没有统计过" in client.get("/fund/").content.decode()
    city.batch(money.RECONCILED)
    city.claim(kinds.REVIEW1)
    count_figures(now=LATER)
    page = client.get("/fund/", {"year": "1066"}).content.decode()
    assert "每月支出" in page
    assert "等经办" in page


def test_the_figures_of_a_year_become_a_file_of_the_same_sums(city: City) -> None:
    city.batch(money.RECONCILED, size=2)
    count_figures(now=LATER)
    client = Client()
    supervisor = officer(Role.SUPERVISOR)
    client.force_login(supervisor)
    answer = client.post("/fund/export/", {"kind": "FIGURES_CSV", "year": str(TODAY.year)})
    job = Job.objects.get(asked_by=supervisor)
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    while go_on(job_id=job.pk, now=LATER):
        pass
    lines = list(csv.reader(client.get(f"/jobs/{job.pk}/file/").content.decode("utf-8-sig").splitlines()))
    spent = [line for line in lines if line[3] == Measure.SPENT_FEN]
    assert sum(round(float(line[-1]) * 100) for line in spent) == board().spent_fen
    answer = client.post("/fund/export/", {"kind": "QUEUE_CSV", "year": "2026"}, follow=True)
    assert "请在这一页上再点一次" in answer.content.decode()
    assert Job.objects.count() == 1


def test_overdue_cases_are_named_by_county(city: City) -> None:
    claim = city.claim(kinds.REVIEW1)
    count_figures(now=NOW + timedelta(days=20))
    words = [notice.words for notice in board().notices]
    assert any("1 件超过承诺时限" in one for one in words)
    assert claim.case.promise_due is not None


def test_an_axis_ends_above_the_highest_bar_at_a_number_whose_quarter_is_whole() -> None:
    for most in (0, 1, 4, 5, 19, 21, 79, 80, 81, 9_160):
        top = charts.nice_top(most)
        assert top >= most
        assert top % charts.STEPS == 0


def test_bars_stand_on_one_another_inside_their_box() -> None:
    drawn = charts.bars([[10, 0, 30], [-5, 20, 0]], ["一月", "二月"])
    assert [part.tone for part in drawn.parts] == [1, 3, 2]
    first, third, _second = drawn.parts
    assert float(third.y) + float(third.height) == pytest.approx(float(first.y))
    assert all(charts.WIDE.left <= float(part.x) <= charts.WIDE.right for part in drawn.parts)
