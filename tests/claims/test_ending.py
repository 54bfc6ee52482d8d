"""The end of a spell: work found and reported in time or late, months used up, and the claim that follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from pytest_django import Settings

import claims.services
import payouts.services
from claims import kinds
from claims.models import Claim, Ground, Spell, SpellMonth
from claims.selectors import months_left
from law.errors import Refused
from law.money import Fen
from payouts import kinds as money
from payouts.models import (
    Batch,
    Move,
    Obligation,
    Receivable,
    ReturnedPayment,
    Transfer,
    standing_receivables,
    still_owed,
)
from payouts.selectors import fund, months_of_case, prove, required_levels
from payouts.services.judging import judge
from sandbox.world import Person
from tests.factories import CITY, NOW, City, reread, reread_batch
from tests.house.conftest import sandbox_in

pytestmark = pytest.mark.django_db

# The spell of a CLEAN claim begins in the month of NOW, 2026-11.
DECEMBER, JANUARY, FEBRUARY = (
    datetime(2026, 12, 5, 2, tzinfo=NOW.tzinfo),
    datetime(2027, 1, 5, 2, tzinfo=NOW.tzinfo),
    datetime(2027, 2, 5, 2, tzinfo=NOW.tzinfo),
)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city with a bank of its own: batch numbers begin anew with each test, and a bank remembers them."""
    with sandbox_in(tmp_path / "sandbox.sqlite3", people=300) as box:
        yield City(box)


def report(claim: Claim, day: date, now: datetime) -> Spell:
    return claims.services.report_job(claim=reread(claim), started_on=day, actor=claim.party.user, now=now)


def paying(city: City, person: Person | None = None) -> Claim:
    """A claim whose first month has arrived."""
    claim = city.verified(person)
    city.accrue(claim)
    city.settled(city.batch(money.ACCEPTED, size=0))
    claims.services.follow_payments(now=NOW + timedelta(hours=3))
    return reread(claim)


def text_of(answer: HttpResponseBase) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


def owed(claim: Claim) -> list[str]:
    return list(SpellMonth.objects.filter(spell=claim.pk).order_by("month").values_list("month", flat=True))


def test_work_reported_in_time_stops_the_benefit_after_its_month_and_keeps_the_rest(city: City) -> None:
    claim = paying(city)
    before = claim.spell.months
    spell = report(claim, date(2026, 12, 3), DECEMBER)
    claim = reread(claim)
    assert claim.case.status == kinds.ENDED
    assert (spell.ground, spell.paid_through) == (Ground.REEMPLOYED, "2026-12")
    assert months_left(spell) == before - 2
    claims.services.accrue_due(now=FEBRUARY)
    assert owed(claim) == ["2026-11", "2026-12"], "the month of the report is due, though not owed before it"
    assert not Receivable.objects.exists()
    assert claim.registration.ended_on == date(2026, 12, 3)
    text = claim.case.messages.get(template="claim.job_reported")
    assert text.numbers["left"] == before - 2
    assert prove().holds


def test_work_reported_late_withdraws_what_was_not_sent_and_lists_what_was(city: City) -> None:
    claim = paying(city)
    claims.services.accrue_due(now=DECEMBER)
    claims.services.accrue_due(now=JANUARY)
    payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=JANUARY)
    claims.services.accrue_due(now=FEBRUARY)
    before = fund(CITY)
    report(claim, date(2026, 11, 30), FEBRUARY)
    claim = reread(claim)
    assert claim.spell.paid_through == "2026-11"
    to_recover = list(Receivable.objects.values_list("obligation__month", flat=True).order_by("pk"))
    assert to_recover == ["2026-12", "2027-01"], "both are in a batch"
    stopped = Transfer.objects.get(kind=Move.STOPPED)
    assert stopped.obligation is not None and stopped.obligation.month == "2027-02"
    after = fund(CITY)
    assert after.fund_fen == before.fund_fen + stopped.amount_fen
    assert after.payable_fen == before.payable_fen - stopped.amount_fen
    with pytest.raises(Refused, match="nothing_due"):
        payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=FEBRUARY)
    judged, left_out = judge(CITY, date(2027, 2, 5))
    assert (judged, [reason for reason, ids in left_out.items() if ids]) == ([], [])
    unpaid = still_owed(Obligation.objects.filter(payments=None))
    assert not unpaid.exists(), "the two ways to say what is still owed agree"
    claims.services.accrue_due(now=FEBRUARY)
    assert owed(claim) == ["2026-11", "2026-12", "2027-01", "2027-02"], "what was written stays written"
    told = claim.case.messages.get(template="claim.job_reported_late")
    assert told.numbers["count"] == 2
    assert prove().holds


def test_money_that_had_come_back_goes_to_the_fund_and_its_return_is_closed(city: City) -> None:
    returned = city.returned()
    claim = Claim.objects.get(pk=returned.obligation.case_id)
    before = fund(CITY)
    assert before.suspense_fen > 0
    # Nothing is due of it: the month before the first one is the last payable.
    payouts.services.stop_after(
        case=claim.case,
        item="unemployment-benefit",
        month="2026-10",
        why=Ground.REEMPLOYED,
        actor=claim.party.user,
        now=DECEMBER,
    )
    after = fund(CITY)
    assert after.suspense_fen == 0
    assert after.fund_fen == before.fund_fen + returned.obligation.amount_fen
    returned.case.refresh_from_db()
    assert returned.case.status == money.SETTLED
    assert prove().holds


def test_what_cannot_be_reported_is_said_and_changes_nothing(city: City) -> None:
    claim = paying(city)
    with pytest.raises(Refused, match="job_ahead"):
        report(claim, date(2026, 12, 6), DECEMBER)
    with pytest.raises(Refused, match="job_before"):
        report(claim, date(2026, 11, 23), DECEMBER)
    assert reread(claim).case.status == kinds.PAYING
    report(claim, date(2026, 12, 3), DECEMBER)
    with pytest.raises(Refused, match="not_in_payment"):
        report(claim, date(2026, 12, 4), DECEMBER)
    assert Transfer.objects.filter(kind=Move.STOPPED).count() == 0


def test_who_claims_again_has_the_months_left_and_a_person_counts_the_new_ones(city: City) -> None:
    person = city.person()
    claim = paying(city, person)
    left = months_left(report(claim, date(2026, 12, 3), DECEMBER))
    again = city.verified(person, now=FEBRUARY)
    assert again.pk != claim.pk
    assert again.case.status == kinds.REVIEW1, "no machine grants months that may be counted twice"
    determination = again.case.determination
    assert determination is not None
    facts = determination.facts
    assert (facts["had_previous_spell"], facts["residual_months"]) == (True, left)
    assert (facts["contributed_months"], facts["deemed_months"]) == ("UNKNOWN", 0)
    assert determination.sources["residual_months"] == [{"source": "OWN_SPELL", "claim": claim.case.number}]


def test_a_spell_ends_when_its_months_are_over(city: City) -> None:
    claim = paying(city)
    last = claim.spell.last_month
    year, month = int(last[:4]), int(last[5:])
    end = datetime(year, month, 5, 2, tzinfo=NOW.tzinfo)
    claims.services.accrue_due(now=end)
    assert claims.services.end_used_up(now=end) == 0, "its last month is not over"
    after = end + timedelta(days=32)
    assert claims.services.end_used_up(now=after) == 1
    assert claims.services.end_used_up(now=after) == 0
    claim = reread(claim)
    assert claim.case.status == kinds.ENDED
    assert (claim.spell.ground, months_left(claim.spell)) == (Ground.EXHAUSTED, 0)
    assert claim.case.messages.filter(template="claim.months_used_up").count() == 1


def test_the_database_knows_no_end_without_a_reason(city: City) -> None:
    claim = city.verified()
    with pytest.raises(IntegrityError, match="ended_for_a_reason"), transaction.atomic():
        Spell.objects.filter(pk=claim.pk).update(ended_at=DECEMBER)


def test_the_page_takes_the_report_and_shows_what_follows(city: City, client: Client) -> None:
    claim = paying(city)
    client.force_login(claim.party.user)
    page = f"/claims/{claim.case.number}/"
    assert "我找到工作了，停发" in text_of(client.get(page))
    ahead = client.post(f"{page}job/", {"started_on": "2999-01-01"})
    assert ahead.status_code == 422
    assert "还没有到" in text_of(ahead)
    assert client.post(f"{page}job/", {"started_on": "明天"}).status_code == 422
    assert client.post(f"{page}job/", {"started_on": "2026-11-24"}).status_code == 302
    words = text_of(client.get(page))
    assert "已停发" in words
    assert "个月给您留着" in words
    assert "我找到工作了" not in words
    assert "/apply/" in client.get("/my/").content.decode()


def december_on_its_way(city: City, person: Person | None = None) -> tuple[Claim, Batch]:
    """A claim whose December is signed; work that began in November is reported only now."""
    claim = paying(city, person)
    claims.services.accrue_due(now=DECEMBER)
    batch = payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=DECEMBER)
    for actor in (city.staff.reviewers[0], city.staff.supervisors[0])[: required_levels(batch) - 1]:
        payouts.services.sign_batch(
            batch=batch, total_fen=Fen(batch.total_fen), actor=actor, now=DECEMBER + timedelta(minutes=10)
        )
    return claim, reread_batch(batch)


def must_be_released(claim: Claim, *, messages: int) -> None:
    """December is booked back to the fund; nothing has to come back, and the books agree."""
    december = Obligation.objects.get(case=claim.case, month="2026-12")
    assert Receivable.objects.get(obligation=december).amount_fen == december.amount_fen, (
        "what was found stays"
    )
    assert not standing_receivables().exists()
    assert Transfer.objects.filter(obligation=december, kind=Move.STOPPED).count() == 1
    state = next(one for one in months_of_case(claim.case) if one.month == "2026-12")
    assert (state.is_to_recover, state.is_stopped) == (False, True)
    assert judge(CITY, date(2026, 12, 31))[0] == []
    assert fund(CITY).payable_fen == 0
    assert fund(CITY).suspense_fen == 0
    assert claim.case.messages.filter(template="payment.not_to_return").count() == messages
    assert prove().findings == []


def test_money_on_its_way_when_the_spell_ended_that_fails_need_not_come_back(city: City) -> None:
    claim, batch = december_on_its_way(city)
    city.replace_a_card(batch)
    payouts.services.submit_batch(batch=batch, now=DECEMBER + timedelta(minutes=20))
    report(claim, date(2026, 11, 30), DECEMBER + timedelta(minutes=30))
    assert standing_receivables().count() == 1
    payouts.services.fetch_and_record(now=DECEMBER + timedelta(hours=1))
    must_be_released(claim, messages=1)
    returned = ReturnedPayment.objects.select_related("case").get(obligation__case=claim.case)
    assert returned.case.status == money.SETTLED
    assert not claim.case.messages.filter(template__startswith="payment.returned").exists()


def test_money_that_comes_back_days_after_the_spell_ended_need_not_come_back_again(city: City) -> None:
    claim, batch = december_on_its_way(city)
    payouts.services.submit_batch(batch=batch, now=DECEMBER + timedelta(minutes=20))
    report(claim, date(2026, 11, 30), DECEMBER + timedelta(minutes=30))
    payouts.services.fetch_and_record(now=DECEMBER + timedelta(hours=1))
    payouts.services.reconcile_open_days(now=DECEMBER + timedelta(hours=2))
    assert standing_receivables().count() == 1, "it has arrived: it has to come back"
    (payment,) = batch.payments.all()
    city.tell("/control/return", end_to_end_id=payment.end_to_end_id, reason_code="AC04")
    payouts.services.fetch_and_record(now=DECEMBER + timedelta(hours=3))
    payouts.services.reconcile_open_days(now=DECEMBER + timedelta(hours=4))
    must_be_released(claim, messages=1)


@pytest.mark.parametrize("by", ["checker", "bank"])
def test_a_batch_that_does_not_go_leaves_nothing_to_recover(city: City, by: str, settings: Settings) -> None:
    claim = paying(city)
    claims.services.accrue_due(now=DECEMBER)
    if by == "checker":
        batch = payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=DECEMBER)
        report(claim, date(2026, 11, 30), DECEMBER)
        payouts.services.send_back_batch(
            batch=batch, reason_code="PEOPLE", actor=city.staff.reviewers[0], now=DECEMBER
        )
    else:
        # Another holder's name under the account: the bank takes the file of nobody.
        settings.ANYE_PAYER = {"account": "12", "name": "无"}
        batch = city.signed(
            payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=DECEMBER)
        )
        report(claim, date(2026, 11, 30), DECEMBER)
        payouts.services.submit_batch(batch=batch, now=DECEMBER + timedelta(minutes=20))
        assert reread_batch(batch).case.status == money.REJECTED
    must_be_released(claim, messages=0)
