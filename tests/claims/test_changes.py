"""A spell in motion: suspended and resumed, stopped by two people, at rest in prison, annulled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

import claims.services
import payouts.services
from accounts.models import User
from accounts.selectors import machine
from cases.models import Event
from claims import kinds
from claims.models import Claim, Ground, SpellMonth, Suspension
from claims.selectors import earlier_spell, months_left
from law.errors import Refused
from payouts import kinds as money
from payouts.models import Move, Obligation, Receivable, Transfer, still_owed
from payouts.selectors import fund, prove
from payouts.services.judging import judge
from tests.factories import CITY, NOW, City, reread, reread_batch
from tests.house.conftest import sandbox_in

pytestmark = pytest.mark.django_db

# The spell of a CLEAN claim begins in the month of NOW, 2026-11; one month is paid.
DECEMBER, JANUARY, FEBRUARY, MARCH = (
    datetime(2026, 12, 5, 2, tzinfo=NOW.tzinfo),
    datetime(2027, 1, 5, 2, tzinfo=NOW.tzinfo),
    datetime(2027, 2, 5, 2, tzinfo=NOW.tzinfo),
    datetime(2027, 3, 5, 2, tzinfo=NOW.tzinfo),
)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city with a bank of its own."""
    with sandbox_in(tmp_path / "sandbox.sqlite3", people=300) as box:
        yield City(box)


def suspend(claim: Claim, now: datetime, *, actor: User | None = None, reference: str = "") -> Suspension:
    return claims.services.suspend_claim(
        claim=reread(claim),
        why="有单位给您参保，正在核实。",
        reference=reference,
        actor=actor or machine(),
        now=now,
    )


def propose(
    claim: Claim, ground: Ground, day: date, now: datetime, city: City, *, keeps: bool = False
) -> Claim:
    claims.services.propose_stop(
        claim=reread(claim),
        ground=ground,
        event_on=day,
        why="有关部门已书面答复。",
        evidence="OFFICE",
        keeps_months=keeps,
        actor=city.staff.handlers[0],
        now=now,
    )
    return reread(claim)


def sign(claim: Claim, now: datetime, city: City, *, agreed: bool = True) -> Claim:
    claims.services.sign_stop(
        claim=reread(claim),
        agreed=agreed,
        remark="" if agreed else "请再核实。",
        actor=city.staff.reviewers[0],
        now=now,
    )
    return reread(claim)


def stop(claim: Claim, ground: Ground, day: date, now: datetime, city: City, *, keeps: bool = False) -> Claim:
    return sign(propose(claim, ground, day, now, city, keeps=keeps), now + timedelta(hours=1), city)


def owed(claim: Claim) -> list[str]:
    """The months that are owed and neither withdrawn nor to come back."""
    standing = still_owed(Obligation.objects.filter(case=claim.case))
    return list(standing.order_by("month").values_list("month", flat=True))


# --- suspension -------------------------------------------------------------------------------------------


def test_what_is_looked_into_is_neither_owed_nor_paid_until_it_is_cleared(city: City) -> None:
    claim = city.claim(kinds.PAYING)
    claims.services.accrue_due(now=DECEMBER)
    suspension = suspend(claim, DECEMBER)
    claim = reread(claim)
    assert claim.case.status == kinds.SUSPENDED
    assert suspension.until == date(2026, 12, 18), "ten working days"
    claims.services.accrue_due(now=JANUARY)
    assert owed(claim) == ["2026-11", "2026-12"]
    with pytest.raises(Refused, match="nothing_due"):
        payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=JANUARY)
    payable, left_out = judge(CITY, date(2027, 1, 5))
    assert (payable, len(left_out[money.HELD])) == ([], 1)
    assert claims.services.resume_claim(claim=claim, actor=city.staff.handlers[0], now=JANUARY)
    claim = reread(claim)
    assert claim.case.status == kinds.PAYING
    claims.services.accrue_due(now=JANUARY)
    assert owed(claim) == ["2026-11", "2026-12", "2027-01"]
    batch = payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=JANUARY)
    assert batch.count == 2, "the month that waited, and the one that had not been owed"
    sent = list(claim.case.messages.order_by("pk").values_list("template", flat=True))
    assert sent[-2:] == ["claim.suspended", "claim.resumed"]
    letter = claim.case.letters.get(template="claim.suspension")
    assert "一起补发" in str(letter.words)
    assert prove().holds


def test_a_claim_not_paid_yet_goes_back_to_where_it_was(city: City) -> None:
    claim = city.verified()
    suspend(claim, DECEMBER)
    claims.services.resume_claim(claim=reread(claim), actor=city.staff.handlers[0], now=DECEMBER)
    assert reread(claim).case.status == kinds.APPROVED


def test_two_cases_that_look_into_one_claim_must_both_be_over(city: City) -> None:
    claim = city.claim(kinds.PAYING)
    first = suspend(claim, DECEMBER, reference="HC20261205-0001")
    assert suspend(claim, DECEMBER, reference="HC20261205-0001") == first, "asked twice, it is one"
    assert Event.objects.filter(case=claim.case, verb="claim.suspended").count() == 1
    suspend(claim, JANUARY, reference="HC20270105-0001")
    officer = city.staff.handlers[0]
    with pytest.raises(Refused, match="suspended_elsewhere"):
        claims.services.resume_claim(claim=reread(claim), actor=officer, now=JANUARY)

    def clear(reference: str) -> bool:
        return claims.services.resume_claim(
            claim=reread(claim), reference=reference, actor=officer, now=FEBRUARY
        )

    assert not clear("HC20261205-0001")
    assert reread(claim).case.status == kinds.SUSPENDED
    assert not clear("HC20261205-0001"), "cleared already"
    assert clear("HC20270105-0001")
    assert reread(claim).case.status == kinds.PAYING
    assert not clear("HC20270105-0001")


def test_what_another_case_looks_into_lies_aside_and_comes_back_by_itself(city: City) -> None:
    claim = city.claim(kinds.PAYING)
    claims.services.suspend_claim(
        claim=claim,
        why="有单位给您参保，正在核实。",
        reference="HC20261205-0001",
        until=date(2026, 12, 20),
        actor=machine(),
        now=DECEMBER,
    )
    claim = reread(claim)
    assert (claim.case.waits_for, claim.case.hold_until) == ("OFFICE", date(2026, 12, 20))
    assert claim.case.handler is None


def test_of_two_officers_the_second_is_told_who_was_first(city: City) -> None:
    claim = city.claim(kinds.PAYING)
    one, other = city.staff.handlers
    suspend(claim, DECEMBER, actor=one)
    with pytest.raises(Refused, match="changed_meanwhile") as said:
        suspend(claim, DECEMBER, actor=other)
    assert said.value.numbers["who"] == str(one)
    propose(claim, Ground.CONSCRIPTED, date(2026, 12, 1), DECEMBER, city)
    with pytest.raises(Refused, match="changed_meanwhile"):
        propose(claim, Ground.EMIGRATED, date(2026, 12, 1), DECEMBER, city)
    with pytest.raises(Refused, match="changed_meanwhile"):
        claims.services.resume_claim(claim=reread(claim), actor=other, now=DECEMBER)
    with pytest.raises(Refused, match=r"proposal\.own|not_your_step"):
        claims.services.sign_stop(claim=reread(claim), agreed=True, remark="", actor=one, now=DECEMBER)


def test_a_payment_that_lies_in_a_sealed_batch_goes_its_way(city: City) -> None:
    claim = city.claim(kinds.PAYING)
    claims.services.accrue_due(now=DECEMBER)
    batch = payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=DECEMBER)
    suspend(claim, DECEMBER)
    city.settled(city.sent(city.signed(reread_batch(batch))))
    claim = stop(claim, Ground.CONSCRIPTED, date(2026, 11, 28), JANUARY, city)
    assert [one.obligation.month for one in Receivable.objects.select_related("obligation")] == ["2026-12"]
    assert owed(claim) == ["2026-11"]
    assert prove().holds


def test_a_batch_sent_back_leaves_the_held_payment_out_of_the_next(city: City) -> None:
    claim = city.claim(kinds.PAYING)
    claims.services.accrue_due(now=DECEMBER)
    batch = payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=DECEMBER)
    suspend(claim, DECEMBER)
    city.sent_back(reread_batch(batch))
    with pytest.raises(Refused, match="nothing_due"):
        payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=JANUARY)
    claim = stop(claim, Ground.CONSCRIPTED, date(2026, 11, 28), JANUARY, city)
    assert not Receivable.objects.exists()
    assert Transfer.objects.filter(kind=Move.STOPPED).count() == 1
    assert prove().holds


def test_work_is_not_reported_by_a_button_while_something_is_looked_into(city: City) -> None:
    claim = city.claim(kinds.SUSPENDED)
    with pytest.raises(Refused, match="being_looked_into"):
        claims.services.report_job(
            claim=claim, started_on=date(2026, 12, 1), actor=claim.party.user, now=DECEMBER
        )
    assert reread(claim).case.status == kinds.SUSPENDED


def test_it_may_go_on_after_its_months_are_over(city: City) -> None:
    claim = city.claim(kinds.SUSPENDED)
    last = claim.spell.last_month
    over = datetime(int(last[:4]) + 1, int(last[5:]), 5, 2, tzinfo=NOW.tzinfo)
    claims.services.accrue_due(now=over)
    assert claims.services.end_used_up(now=over) == 0
    assert len(owed(claim)) == 1
    claims.services.resume_claim(claim=claim, actor=city.staff.handlers[0], now=over)
    claims.services.accrue_due(now=over)
    assert len(owed(claim)) == claim.spell.months
    assert claims.services.end_used_up(now=over) == 1


# --- stops ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ground", "through", "keeps"),
    [
        (Ground.REEMPLOYED, "2026-12", True),
        (Ground.CONSCRIPTED, "2026-12", True),
        (Ground.EMIGRATED, "2026-12", False),
        (Ground.PENSION, "2026-11", False),
        (Ground.DIED, "2026-12", False),
    ],
)
def test_each_ground_has_its_last_month_and_what_was_sent_after_it_comes_back(
    city: City, ground: Ground, through: str, keeps: bool
) -> None:
    claim = city.claim(kinds.PAYING)
    months = claim.spell.months
    for moment in (DECEMBER, JANUARY):
        claims.services.accrue_due(now=moment)
    payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=JANUARY)
    claims.services.accrue_due(now=FEBRUARY)
    before = fund(CITY)
    claim = stop(claim, ground, date(2026, 12, 3), FEBRUARY, city)
    assert claim.case.status == kinds.ENDED
    spell = claim.spell
    assert (spell.ground, spell.paid_through, spell.event_on) == (ground, through, date(2026, 12, 3))
    drawn = 2 if through == "2026-12" else 1
    assert months_left(spell) == (months - drawn if keeps else 0)
    assert owed(claim) == ["2026-11", "2026-12"][:drawn]
    back = list(Receivable.objects.order_by("pk").values_list("obligation__month", "why"))
    assert back == [(month, ground) for month in ["2026-12", "2027-01"][drawn - 1 :]]
    assert fund(CITY).fund_fen > before.fund_fen, "2027-02 was never sent"
    claims.services.accrue_due(now=MARCH)
    assert owed(claim) == ["2026-11", "2026-12"][:drawn]
    assert claim.registration.ended_on == date(2026, 12, 3)
    letter = claim.case.letters.get(template="claim.stop")
    assert "行政复议" in str(letter.words)
    assert prove().holds


@pytest.mark.parametrize("keeps", [True, False])
def test_work_refused_ends_with_the_month_of_the_decision_and_an_officer_says_what_is_kept(
    city: City, keeps: bool
) -> None:
    claim = city.claim(kinds.PAYING)
    claims.services.accrue_due(now=DECEMBER)
    months = claim.spell.months
    claim = stop(claim, Ground.JOBS_REFUSED, date(2026, 11, 1), DECEMBER, city, keeps=keeps)
    assert (claim.spell.paid_through, claim.spell.event_on) == ("2026-12", date(2026, 12, 5))
    assert months_left(claim.spell) == (months - 2 if keeps else 0)
    assert claim.registration.ended_on is None, "still out of work"
    assert not Receivable.objects.exists()


def test_a_month_due_and_not_owed_before_the_stop_is_owed_after_it(city: City) -> None:
    claim = city.claim(kinds.SUSPENDED)
    claim = stop(claim, Ground.CONSCRIPTED, date(2027, 1, 3), FEBRUARY, city)
    claims.services.accrue_due(now=MARCH)
    assert owed(claim) == ["2026-11", "2026-12", "2027-01"]
    batch = payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=MARCH)
    assert batch.count == 2


def test_what_a_reviewer_sends_back_waits_for_the_handler_and_nothing_is_stopped(city: City) -> None:
    claim = city.claim(kinds.STOP_REVIEW)
    with pytest.raises(Refused, match="remark_missing"):
        claims.services.sign_stop(
            claim=claim, agreed=False, remark=" ", actor=city.staff.reviewers[0], now=DECEMBER
        )
    claim = sign(claim, DECEMBER, city, agreed=False)
    assert claim.case.status == kinds.SUSPENDED
    assert claim.spell.ended_at is None
    assert claims.services.resume_claim(claim=claim, actor=city.staff.handlers[0], now=DECEMBER)
    claims.services.accrue_due(now=DECEMBER)
    assert owed(claim) == ["2026-11", "2026-12"]


def test_what_cannot_be_stopped_is_said_and_changes_nothing(city: City) -> None:
    claim = city.claim(kinds.PAYING)
    with pytest.raises(Refused, match="event_ahead"):
        propose(claim, Ground.PENSION, date(2027, 1, 1), DECEMBER, city)
    with pytest.raises(Refused, match="event_before"):
        propose(claim, Ground.PENSION, date(2026, 11, 23), DECEMBER, city)
    claim = reread(claim)
    assert claim.case.status == kinds.PAYING
    assert not Suspension.objects.exists()
    ended = stop(claim, Ground.DIED, date(2026, 12, 1), DECEMBER, city)
    with pytest.raises(Refused, match="not_in_payment"):
        propose(ended, Ground.DIED, date(2026, 12, 1), DECEMBER, city)
    with pytest.raises(Refused, match="not_in_payment"):
        suspend(ended, DECEMBER)


def test_a_case_that_looked_into_a_claim_which_ended_finds_nothing_to_lift(city: City) -> None:
    claim = city.claim(kinds.PAYING)
    suspend(claim, DECEMBER, reference="HC20261205-0001")
    claim = stop(claim, Ground.REEMPLOYED, date(2026, 12, 1), DECEMBER, city)
    assert not claims.services.resume_claim(
        claim=claim, reference="HC20261205-0001", actor=city.staff.handlers[0], now=JANUARY
    )
    assert not Suspension.objects.filter(lifted_at=None).exists()


# --- prison -----------------------------------------------------------------------------------------------


def test_prison_lets_the_spell_rest_and_every_month_is_given_afterwards(city: City) -> None:
    claim = city.claim(kinds.PAYING)
    months, last = claim.spell.months, claim.spell.last_month
    claim = stop(claim, Ground.IMPRISONED, date(2026, 12, 3), DECEMBER, city)
    assert claim.case.status == kinds.INTERRUPTED
    assert months_left(claim.spell) == months - 2
    claims.services.accrue_due(now=JANUARY)
    claims.services.accrue_due(now=FEBRUARY)
    assert owed(claim) == ["2026-11", "2026-12"]
    released = claims.services.end_interruption(
        claim=reread(claim), ended_on=date(2027, 2, 3), actor=city.staff.handlers[0], now=FEBRUARY
    )
    assert (released.after, released.until) == ("2026-12", "2027-01")
    claim = reread(claim)
    assert claim.case.status == kinds.PAYING
    assert claim.spell.last_month > last
    claims.services.accrue_due(now=FEBRUARY)
    assert owed(claim) == ["2026-11", "2026-12", "2027-02"]
    over = datetime(int(last[:4]) + 1, int(last[5:]), 5, 2, tzinfo=NOW.tzinfo)
    claims.services.accrue_due(now=over)
    assert len(owed(claim)) == months
    assert "2027-01" not in owed(claim)
    assert claims.services.end_used_up(now=over) == 1
    assert months_left(reread(claim).spell) == 0


def test_a_month_that_was_stopped_is_not_the_first_after_prison(city: City) -> None:
    claim = city.claim(kinds.PAYING)
    for moment in (DECEMBER, JANUARY, FEBRUARY):
        claims.services.accrue_due(now=moment)
    claim = stop(claim, Ground.IMPRISONED, date(2026, 12, 3), FEBRUARY, city)
    claims.services.end_interruption(
        claim=claim, ended_on=date(2027, 2, 4), actor=city.staff.handlers[0], now=FEBRUARY
    )
    claims.services.accrue_due(now=MARCH)
    assert owed(reread(claim)) == ["2026-11", "2026-12", "2027-03"]
    assert SpellMonth.objects.filter(spell=claim.pk).count() == 5


def test_a_release_before_the_imprisonment_is_a_mistake(city: City) -> None:
    claim = city.claim(kinds.INTERRUPTED)
    for day, why in ((date(2026, 11, 26), "released_before"), (date(2999, 1, 1), "event_ahead")):
        with pytest.raises(Refused, match=why):
            claims.services.end_interruption(
                claim=claim, ended_on=day, actor=city.staff.handlers[0], now=JANUARY
            )


def test_who_dies_in_prison_ends_there(city: City) -> None:
    claim = city.claim(kinds.INTERRUPTED)
    claim = stop(claim, Ground.DIED, date(2027, 2, 3), FEBRUARY, city)
    assert claim.case.status == kinds.ENDED
    claims.services.accrue_due(now=MARCH)
    assert owed(claim) == ["2026-11"]


# --- never entitled ---------------------------------------------------------------------------------------


def test_an_annulled_grant_consumed_nothing_and_all_of_it_comes_back(city: City) -> None:
    person = city.person()
    claim = city.verified(person)
    city.accrue(claim)
    city.settled(city.batch(money.ACCEPTED, size=0))
    claims.services.follow_payments(now=NOW + timedelta(hours=3))
    claims.services.accrue_due(now=DECEMBER)
    claim = stop(claim, Ground.NEVER_ENTITLED, date(2026, 12, 1), DECEMBER, city)
    assert claim.case.status == kinds.ANNULLED
    assert (claim.spell.paid_through, months_left(claim.spell)) == ("2026-10", 0)
    assert owed(claim) == []
    assert [one.obligation.month for one in Receivable.objects.select_related("obligation")] == ["2026-11"]
    claims.services.accrue_due(now=FEBRUARY)
    assert owed(claim) == []
    again = city.submitted(person, now=FEBRUARY)
    assert earlier_spell(again) is None
    assert prove().holds
