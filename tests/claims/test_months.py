"""The month of payment: its frozen roll, its steps done again, the request of funds, and its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client

import claims.services
import payouts.services
from accounts.models import User
from cases.models import Event
from claims import kinds, month_pages, rolls
from claims.models import Claim, Spell, SpellMonth
from claims.month_models import BenefitMonth, RollLine, StepRun
from claims.selectors import decision_of
from claims.services import months, paying
from law import retirement
from law.errors import MissingParameter, Refused
from law.money import Fen
from law.parameters import ParameterBook
from payouts import kinds as money
from payouts.models import Obligation, Transfer
from payouts.month_models import ClosedMonth, FundRequest
from payouts.selectors import fund, liabilities, money_of, prove, required_levels
from sandbox.world import Person
from tests.factories import CITY, NOW, City, reread, reread_batch
from tests.house.conftest import sandbox_in

pytestmark = pytest.mark.django_db

NOVEMBER, DECEMBER_MONTH = "2026-11", "2026-12"
DECEMBER = datetime(2026, 12, 1, 2, tzinfo=UTC)
JANUARY = datetime(2027, 1, 4, 2, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city with a bank of its own: batch numbers begin anew with each test, and a bank remembers them."""
    with sandbox_in(tmp_path / "sandbox.sqlite3", people=300) as box:
        yield City(box)


def the_month(month: str = NOVEMBER) -> BenefitMonth:
    return BenefitMonth.objects.select_related("case").get(pool=CITY, month=month)


def counts() -> tuple[int, ...]:
    return tuple(
        model.objects.count()
        for model in (BenefitMonth, RollLine, SpellMonth, Obligation, Transfer, Event, StepRun)
    )


def pay_all(city: City, now: datetime) -> None:
    """Seal what is due, sign it, send it, hear of it."""
    batch = payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=now)
    for actor in (city.staff.reviewers[0], city.staff.supervisors[0])[: required_levels(batch) - 1]:
        payouts.services.sign_batch(batch=batch, total_fen=Fen(batch.total_fen), actor=actor, now=now)
    payouts.services.submit_batch(batch=reread_batch(batch), now=now + timedelta(minutes=5))
    payouts.services.fetch_and_record(now=now + timedelta(hours=1))


def run(city: City, step: str, *, month: str = NOVEMBER, now: datetime = SOON) -> StepRun:
    """A step that a handler asked for, done by a worker."""
    asked = claims.services.ask_for_step(
        row=the_month(month), step=step, actor=city.staff.handlers[0], now=now
    )
    claims.services.go_on_with_step(run_id=asked.pk, now=now)
    asked.refresh_from_db()
    return asked


def close(city: City, month: str, *, now: datetime) -> BenefitMonth:
    """Proposed by a handler, signed by a supervisor."""
    claims.services.propose_close(row=the_month(month), actor=city.staff.handlers[0], now=now)
    return claims.services.decide_close(
        row=the_month(month), agreed=True, remark="", actor=city.staff.supervisors[0], now=now
    )


def paid_november(city: City, person: Person | None = None) -> Claim:
    """One person, paid and reconciled, at the beginning of December."""
    claim = city.verified(person)
    claims.services.go_through_months(now=SOON)
    pay_all(city, SOON)
    payouts.services.reconcile_open_days(now=DECEMBER)
    claims.services.follow_payments(now=DECEMBER)
    return reread(claim)


def codes(month: str, now: datetime) -> list[str]:
    return [one.code for one in claims.services.differences(row=the_month(month), now=now)]


def text_of(answer: HttpResponseBase) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


# --- the roll ---------------------------------------------------------------------------------------------


def test_the_timetable_freezes_scans_and_owes_and_a_second_run_does_nothing(city: City) -> None:
    first, second = city.verified(), city.verified()
    assert claims.services.go_through_months(now=SOON) == 2
    row, before = the_month(), counts()
    assert set(row.lines.values_list("spell_id", "standing")) == {(first.pk, "ON"), (second.pk, "ON")}
    assert (row.frozen_at, row.scanned_at) == (SOON, SOON)
    for step in StepRun.Step.values[:3]:
        run(city, step)
    assert claims.services.go_through_months(now=SOON + timedelta(hours=1)) == 0
    events = StepRun.objects.count()
    assert counts() == (*before[:5], before[5] + events, 3), "each run is said, and nothing else is written"


def test_who_left_is_on_the_next_roll_with_the_reason(city: City) -> None:
    worked, over, stays = city.verified(), city.verified(), city.verified()
    claims.services.go_through_months(now=SOON)
    claims.services.report_job(
        claim=worked, started_on=date(2026, 11, 24), actor=worked.party.user, now=NOW + timedelta(days=2)
    )
    Spell.objects.filter(pk=over.pk).update(last_month=NOVEMBER)
    claims.services.go_through_months(now=DECEMBER)
    lines = dict(the_month(DECEMBER_MONTH).lines.values_list("spell_id", "why"))
    assert lines == {worked.pk: "REEMPLOYED", over.pk: "EXHAUSTED", stays.pk: ""}
    roll = rolls.roll_of(the_month(DECEMBER_MONTH))
    assert (roll.on, roll.left) == (1, 2)
    assert sorted(str(label) for label, _n in roll.left_by) == ["月数领完", "重新就业"]


def test_the_scan_tells_whom_to_look_at_and_stops_nobody(city: City) -> None:
    plain, last, near, past, unknown = (city.verified() for _ in range(5))
    Spell.objects.filter(pk=last.pk).update(last_month=NOVEMBER)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for claim, born, sex in (
            (near, "1966-06-15", "M"),  # 60 years and 5 months in 2026-11
            (past, "1960-01-15", "M"),
            (unknown, "1975-06-15", "F"),
        ):
            cursor.execute(
                "UPDATE cases_determination SET facts = facts || jsonb_build_object('birth_date', %s::text,"
                " 'sex', %s::text, 'retirement_category', NULL) WHERE id = %s",
                [born, sex, claim.spell.determination_id],
            )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert claims.services.go_through_months(now=SOON) == 5, "who is old is still paid: a person decides"
    noted = dict(the_month().lines.values_list("spell_id", "notice"))
    assert noted == {
        plain.pk: "",
        last.pk: "LAST_MONTH",
        near.pk: "AGE_THIS_MONTH",
        past.pk: "AGE_REACHED",
        unknown.pk: "AGE_UNKNOWN",
    }
    assert claims.services.scan_roll(the_month(), actor=city.staff.handlers[0], now=DECEMBER) == 0


def test_who_is_granted_after_the_freeze_is_in_a_further_batch_of_the_same_month(city: City) -> None:
    city.verified()
    claims.services.go_through_months(now=SOON)
    pay_all(city, SOON)
    late = city.verified(now=NOW + timedelta(days=1))
    after = NOW + timedelta(days=1, hours=1)
    claims.services.go_through_months(now=after)
    pay_all(city, after)
    roll = rolls.roll_of(the_month())
    assert (roll.on, roll.owed, roll.added, roll.not_owed) == (1, 2, 1, 0)
    people, rest = rolls.people_of(the_month(), "added", after=0)
    assert ([one.case_number for one in people], rest) == ([late.case.number], 0)
    page = month_pages.month_page(the_month(), viewer=city.staff.handlers[0], differences=[], now=after)
    assert [one.nth for one in page["batches"]] == [1, 2]  # type: ignore[attr-defined]  # a page's context


def test_the_roll_is_frozen_for_good(city: City) -> None:
    claim = city.verified()
    claims.services.go_through_months(now=SOON)
    for statement in (
        "UPDATE claims_rollline SET standing = 'LEFT', why = 'EXHAUSTED'",
        "DELETE FROM claims_rollline",
        "UPDATE claims_benefitmonth SET frozen_at = now()",
    ):
        with (
            pytest.raises(DatabaseError, match="frozen"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert the_month().lines.get().spell_id == claim.pk
    with pytest.raises(Refused, match="not_begun"):
        claims.services.freeze_roll(pool=CITY, month="2026-12", actor=city.staff.handlers[0], now=SOON)


def test_months_nobody_froze_in_their_time_are_frozen_in_their_order(city: City) -> None:
    city.verified()
    claims.services.go_through_months(now=SOON)
    assert claims.services.go_through_months(now=JANUARY) == 2
    assert list(BenefitMonth.objects.order_by("month").values_list("month", flat=True)) == [
        "2026-11",
        "2026-12",
        "2027-01",
    ]


# --- trouble ----------------------------------------------------------------------------------------------


def test_a_worker_killed_between_two_parts_is_followed_by_another_and_nothing_is_double(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        city.verified()
    claims.services.freeze_roll(pool=CITY, month=NOVEMBER, actor=city.staff.handlers[0], now=SOON)
    monkeypatch.setattr(paying, "ACCRUE_CHUNK", 1)
    whole = paying._accrue_part
    done: list[int] = []

    def killed(*given: object, **named: object) -> int:
        if done:
            raise KeyboardInterrupt
        done.append(1)
        return whole(*given, **named)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(paying, "_accrue_part", killed)
    asked = claims.services.ask_for_step(row=the_month(), step="OWE", actor=city.staff.handlers[0], now=SOON)
    with pytest.raises(KeyboardInterrupt):
        claims.services.go_on_with_step(run_id=asked.pk, now=SOON)
    asked.refresh_from_db()
    assert (asked.done, asked.total, asked.finished_at) == (1, 3, None), "how far it came is known"
    assert Obligation.objects.count() == 1, "what was done stays done"
    again = claims.services.ask_for_step(row=the_month(), step="OWE", actor=city.staff.handlers[1], now=SOON)
    assert again == asked, "one at a time"
    assert claims.services.steps_to_go_on(now=SOON + timedelta(minutes=1)) == [], "its lease runs"
    monkeypatch.setattr(paying, "_accrue_part", whole)
    later = SOON + months.LEASE
    assert claims.services.steps_to_go_on(now=later) == [asked.pk]
    claims.services.go_on_with_step(run_id=asked.pk, now=later)
    claims.services.go_on_with_step(run_id=asked.pk, now=later)
    asked.refresh_from_db()
    assert (asked.done, asked.total, asked.problem) == (3, 3, "")
    assert Obligation.objects.count() == SpellMonth.objects.count() == 3
    assert prove().holds


def test_a_missing_number_of_law_is_said_once_and_holds_the_month_open(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.verified()
    table = retirement.table_on

    def without(parameters: object, on: date) -> object:
        raise MissingParameter("retirement.male", CITY, on)

    monkeypatch.setattr(retirement, "table_on", without)
    for hour in (1, 2):
        claims.services.go_through_months(now=NOW + timedelta(hours=hour))
    assert Event.objects.filter(verb="month.step_failed").count() == 1
    assert the_month().scanned_at is None
    assert SpellMonth.objects.count() == 1, "who can be paid is paid"
    assert "NOT_SCANNED" in codes(NOVEMBER, DECEMBER)
    asked = run(city, "SCAN")
    assert asked.problem.startswith("retirement.")
    assert asked.problem in rolls.problem_words(asked.problem)
    monkeypatch.setattr(retirement, "table_on", table)
    claims.services.go_through_months(now=NOW + timedelta(hours=3))
    assert the_month().scanned_at is not None


@pytest.mark.parametrize(
    ("key", "month", "day"),
    [
        ("payout.freeze_by_day", "2026-10", date(2026, 10, 8)),  # the holiday lasts to the 7th
        ("benefit.pay_by_day", "2026-10", date(2026, 10, 10)),  # a Saturday that is worked
        ("payout.owe_by_day", "2026-07", date(2026, 7, 6)),  # the 5th is a Sunday
        ("payout.reconcile_by_day", "2026-02", date(2026, 2, 24)),  # a Sunday, then the holiday
        ("payout.freeze_by_day", "2028-01", date(2028, 1, 3)),  # no calendar yet: provisional
        ("payout.nothing_by_day", "2026-10", None),
    ],
)
def test_a_step_is_due_on_a_working_day(key: str, month: str, day: date | None) -> None:
    assert month_pages.due_by(key, month, region=CITY, law=ParameterBook.shipped()) == day


def test_the_month_ends_at_midnight_of_the_legal_day_also_when_its_last_day_is_worked(city: City) -> None:
    """2027-02-28 UTC evening is March in Shanghai; the last day of a month may be a make-up workday."""
    claim = city.verified()
    end = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
    assert claims.services.go_through_months(now=end) == 1
    assert claims.services.go_through_months(now=end + timedelta(seconds=1)) == 1
    owed = list(SpellMonth.objects.filter(spell=claim.pk).order_by("month").values_list("month", flat=True))
    assert owed == [NOVEMBER, DECEMBER_MONTH]
    assert BenefitMonth.objects.count() == 2


# --- funds ------------------------------------------------------------------------------------------------


def drained(city: City, left: int) -> None:
    """Take the fund down to so many fen, past the services: finance has moved less."""
    have = fund(CITY).fund_fen
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE payouts_balance SET posted_fen = posted_fen - %s WHERE account = 'FUND'", [have - left]
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_what_the_fund_is_short_of_is_asked_signed_and_booked_once(city: City) -> None:
    claimed = [city.verified() for _ in range(3)]
    drained(city, 250_000)
    handler, supervisor = city.staff.handlers[0], city.staff.supervisors[0]
    assert claims.services.go_through_months(now=SOON) == 1, "the fund covers one"
    row = the_month()
    assert rolls.held_back_words(row)[0][1] == 2
    owed = Obligation.objects.get().amount_fen
    rest = sum(decision_of(one.case).monthly_fen for one in claimed[1:])  # type: ignore[misc,union-attr]  # granted
    asked = claims.services.ask_for_month_funds(row=row, actor=handler, now=SOON)
    assert (asked.count, asked.needed_fen) == (2, rest)
    assert asked.amount_fen == asked.needed_fen - (250_000 - owed)
    with pytest.raises(Refused, match=r"fund\.asked"):
        claims.services.ask_for_month_funds(row=row, actor=city.staff.handlers[1], now=SOON)
    with pytest.raises(Refused, match="not_yours"):
        decide(asked, handler)
    with pytest.raises(Refused, match="not_waiting"):
        receive(asked, handler, "2026-11-01", asked.amount_fen)
    decide(asked, supervisor)
    with pytest.raises(Refused, match="amount_differs"):
        receive(asked, handler, "2026-11-01", asked.amount_fen + 1)
    with pytest.raises(Refused, match="voucher_used"):
        payouts.services.open_fund(
            region=CITY, amount_fen=Fen(asked.amount_fen), reference="used", actor=handler, now=NOW
        )
        receive(asked, handler, "used", asked.amount_fen)
    assert "FUND_REQUEST" in codes(NOVEMBER, DECEMBER)
    receive(asked, handler, "冀财社〔样例〕1", asked.amount_fen)
    with pytest.raises(Refused, match="not_waiting"):
        receive(asked, handler, "冀财社〔样例〕2", asked.amount_fen)
    assert claims.services.go_through_months(now=SOON + timedelta(hours=1)) == 2
    with pytest.raises(Refused, match=r"fund\.enough"):
        claims.services.ask_for_month_funds(row=row, actor=handler, now=SOON)


def decide(asked: FundRequest, actor: User) -> None:
    payouts.services.decide_fund_request(request=asked, agreed=True, remark="", actor=actor, now=SOON)


def receive(asked: FundRequest, actor: User, voucher: str, amount: int) -> None:
    payouts.services.receive_funds(
        request=asked, voucher=voucher, amount_fen=Fen(amount), actor=actor, now=SOON + timedelta(minutes=1)
    )


def test_a_request_that_is_not_signed_ends_with_the_reason(city: City) -> None:
    city.verified()
    drained(city, 0)
    claims.services.go_through_months(now=SOON)
    asked = claims.services.ask_for_month_funds(row=the_month(), actor=city.staff.handlers[0], now=SOON)
    supervisor = city.staff.supervisors[0]
    with pytest.raises(Refused, match="remark_missing"):
        payouts.services.decide_fund_request(
            request=asked, agreed=False, remark=" ", actor=supervisor, now=SOON
        )
    payouts.services.decide_fund_request(
        request=asked, agreed=False, remark="先用结余。", actor=supervisor, now=SOON
    )
    asked.refresh_from_db()
    assert (asked.case.status, asked.remark) == (money.DECLINED, "先用结余。")
    assert "FUND_REQUEST" not in codes(NOVEMBER, DECEMBER)


# --- the end ----------------------------------------------------------------------------------------------


def test_a_month_is_not_closed_while_anything_differs(city: City) -> None:
    city.verified()
    claims.services.freeze_roll(pool=CITY, month=NOVEMBER, actor=city.staff.handlers[0], now=SOON)
    assert codes(NOVEMBER, SOON) == ["NOT_OVER", "NOT_SCANNED", "NOT_OWED"]
    with pytest.raises(Refused, match="differs"):
        claims.services.propose_close(row=the_month(), actor=city.staff.handlers[0], now=SOON)
    claims.services.go_through_months(now=SOON)
    assert codes(NOVEMBER, DECEMBER) == ["UNPAID"]
    pay_all(city, SOON)
    assert codes(NOVEMBER, DECEMBER) == ["BATCHES", "DAYS"]
    payouts.services.reconcile_open_days(now=SOON + timedelta(hours=2))
    assert codes(NOVEMBER, DECEMBER) == ["DAYS"], "a day is closed once a later day compared it"
    payouts.services.reconcile_open_days(now=DECEMBER)
    assert codes(NOVEMBER, DECEMBER) == []
    with pytest.raises(Refused, match="not_yours"):
        claims.services.propose_close(row=the_month(), actor=city.staff.reviewers[0], now=DECEMBER)


def test_a_contradiction_keeps_the_month_open(city: City) -> None:
    odd = city.contradiction()
    claims.services.freeze_roll(pool=CITY, month=NOVEMBER, actor=city.staff.handlers[0], now=SOON)
    found = {one.code: one.named for one in claims.services.differences(row=the_month(), now=DECEMBER)}
    assert found["CONTRADICTIONS"] == [odd.case.number]


def test_two_officers_close_a_month_and_the_database_keeps_it_shut(city: City) -> None:
    claim = paid_november(city)
    handler, supervisor = city.staff.handlers[0], city.staff.supervisors[0]
    claims.services.propose_close(row=the_month(), actor=handler, now=DECEMBER)
    with pytest.raises(Refused, match="remark_missing"):
        claims.services.decide_close(row=the_month(), agreed=False, remark="", actor=supervisor, now=DECEMBER)
    claims.services.decide_close(
        row=the_month(), agreed=False, remark="再看一天。", actor=supervisor, now=DECEMBER
    )
    assert the_month().case.status == kinds.OPEN
    closed = close(city, NOVEMBER, now=DECEMBER)
    assert closed.case.status == kinds.CLOSED
    figures = ClosedMonth.objects.get().figures
    assert (figures["on"], figures["paid"]) == (1, [1, Obligation.objects.get().amount_fen])
    obligation = Obligation.objects.get()
    for change in ({"due_on": "2026-11-30"}, {"due_on": "2026-10-01"}):
        with pytest.raises(DatabaseError, match="closed"), transaction.atomic():
            obligation.pk, obligation.key, obligation.month = None, f"x/{change}"[:20], "2026-01"
            obligation.due_on = date.fromisoformat(change["due_on"])
            obligation.save(force_insert=True)
    with pytest.raises(DatabaseError, match="closed"), transaction.atomic():
        Transfer.objects.create(
            region=CITY, debit="OUTSIDE", credit="FUND", amount_fen=1, kind="FUNDING",
            posted_on=date(2026, 11, 30), at=DECEMBER,
        )  # fmt: skip
    with pytest.raises(Refused, match=r"month\.closed"):
        payouts.services.reconcile_day(region=CITY, day=date(2026, 11, 30), now=DECEMBER)
    with pytest.raises(Refused, match=r"month\.closed"):
        claims.services.ask_for_step(row=the_month(), step="OWE", actor=handler, now=DECEMBER)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        BenefitMonth.objects.update(closed_at=None, closed_by=None)
    assert payouts.services.reconcile_open_days(now=DECEMBER) == 0
    assert reread(claim).case.status == kinds.PAYING
    assert prove().holds


def test_what_is_found_to_be_owed_for_a_closed_month_is_due_in_the_open_one(city: City) -> None:
    paid_november(city)
    close(city, NOVEMBER, now=DECEMBER)
    # A claim of November that a register kept waiting is granted in December.
    late = city.submitted()
    claims.services.verify_claim(claim_id=late.pk, now=DECEMBER + timedelta(days=1))
    after = DECEMBER + timedelta(days=1, hours=1)
    claims.services.accrue_due(now=after, claim_ids=[late.pk])
    rows = Obligation.objects.filter(case=late.pk).order_by("month").values_list("month", "due_on")
    assert list(rows) == [(NOVEMBER, date(2026, 12, 2)), (DECEMBER_MONTH, date(2026, 12, 1))]
    assert money_of(CITY, NOVEMBER)["OWED"].count == 0
    assert money_of(CITY, DECEMBER_MONTH)["OWED"].count == 2
    pay_all(city, after)
    assert Obligation.objects.filter(case=late.pk, payments__settled_at__isnull=False).count() == 2


def test_money_that_came_back_stays_a_liability_after_the_month_is_closed(city: City) -> None:
    claim = paid_november(city, city.person("PAYMENT_RETURNED_LATER"))
    seen = liabilities(city.staff.handlers[0])
    assert (seen.returned_count, dict(seen.suspense)[CITY]) == (1, seen.returned_fen)
    close(city, NOVEMBER, now=DECEMBER)
    assert ClosedMonth.objects.get().figures["returned"] == [1, seen.returned_fen]
    again = liabilities(city.staff.supervisors[0])
    assert [one.month for one in again.returned] == [NOVEMBER]
    # The card is in order again: the obligation of the closed month is paid in December's next batch.
    claims.services.check_card_again(claim_id=claim.pk, actor=claim.party.user, now=DECEMBER)
    pay_all(city, DECEMBER + timedelta(hours=1))
    assert liabilities(city.staff.handlers[0]).returned_count == 0
    payouts.services.reconcile_open_days(now=JANUARY)
    assert prove().holds


def test_months_are_closed_in_their_order(city: City) -> None:
    paid_november(city)
    claims.services.go_through_months(now=DECEMBER)
    pay_all(city, DECEMBER + timedelta(hours=1))
    payouts.services.reconcile_open_days(now=JANUARY)
    assert codes(DECEMBER_MONTH, JANUARY) == ["EARLIER"]
    close(city, NOVEMBER, now=JANUARY)
    assert codes(DECEMBER_MONTH, JANUARY) == []
    close(city, DECEMBER_MONTH, now=JANUARY)
    assert ClosedMonth.objects.count() == 2


# --- pages ------------------------------------------------------------------------------------------------


def test_the_pages_show_the_month_and_a_step_is_asked_for(city: City, client: Client) -> None:
    claim = city.verified()
    claims.services.go_through_months(now=SOON)
    number = the_month().case.number
    with time_machine.travel(SOON, tick=False):
        client.force_login(city.staff.handlers[0])
        assert number in text_of(client.get("/months/"))
        page = text_of(client.get(f"/months/{number}/"))
        assert "生成应付" in page
        assert "2026年11月5日" in page, "the timetable's day"
        assert "系统下次" in page
        assert client.post(f"/months/{number}/step/", {"step": "NONSENSE"}).status_code == 302
        assert not StepRun.objects.exists()
        assert client.post(f"/months/{number}/step/", {"step": "OWE"}).status_code == 302
        assert StepRun.objects.get().asked_by == city.staff.handlers[0]
        assert "正在重做" in text_of(client.get(f"/months/{number}/"))
        listed = text_of(client.get(f"/months/{number}/roll/?show=on"))
        assert claim.case.number in listed
        assert client.get(f"/months/{number}/roll/?show=1%27").status_code == 404
        assert client.get(f"/months/{number}/roll/?after=x").status_code == 404
        assert "退回未了" in text_of(client.get("/liabilities/"))


def test_funds_and_the_end_go_over_the_pages(city: City, client: Client) -> None:
    city.verified()
    drained(city, 0)
    claims.services.go_through_months(now=SOON)
    number = the_month().case.number
    with time_machine.travel(SOON, tick=False):
        client.force_login(city.staff.handlers[0])
        answer = client.post(f"/months/{number}/funds/")
        asked = FundRequest.objects.select_related("case").get()
        place = f"/fund-requests/{asked.case.number}/"
        assert answer["Location"] == place
        assert "申请拨款" in text_of(client.get(place))
        client.force_login(city.staff.supervisors[0])
        assert client.post(f"{place}decide/", {}).status_code == 422
        assert client.post(f"{place}decide/", {"agreed": "yes"}).status_code == 302
        client.force_login(city.staff.handlers[0])
        assert client.post(f"{place}receive/", {"voucher": "", "amount": "一万"}).status_code == 422
        paid = {"voucher": "冀财社〔样例〕3", "amount": f"{asked.amount_fen // 100}.00"}
        assert client.post(f"{place}receive/", paid).status_code == 302
        asked.refresh_from_db()
        assert asked.case.status == money.RECEIVED
        refused = client.post(f"/months/{number}/close/", follow=True)
        assert "对不上，不能结账" in text_of(refused)
        client.force_login(city.staff.supervisors[0])
        assert client.post(f"/months/{number}/decide/", {}).status_code == 422
        wrong = client.post(f"/months/{number}/decide/", {"agreed": "yes", "code": "000000"})
        assert wrong.status_code == 422
