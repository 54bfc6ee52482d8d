"""A finding from the hit to its end: money waits, the person is heard, another agency is asked, two sign."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

import claims.services
import payouts.services
from accounts.models import Role, User
from audit import kinds
from audit.kinds import Act
from audit.models import Assistance, Finding
from audit.services import (
    ask_agency,
    begin_inquiry,
    decide_outcome,
    go_on,
    hold_findings,
    propose_outcome,
    record_agency_answer,
    reply,
    sweep_inquiries,
)
from cases.models import Event, Message
from claims import kinds as of_claims
from claims.models import Claim, Suspension
from law.errors import Refused
from law.money import Fen
from law.workdays import legal_day
from payouts.models import Receivable
from tests.audit.samples import LATER, MINUTE
from tests.factories import NOW, PAPER, City, officer, reread, reread_finding

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def inquired(city: City, scenario: str = "WORKS_ELSEWHERE_LATER", claim: Claim | None = None) -> Finding:
    found = city.finding(scenario, claim=claim)
    begin_inquiry(finding=found, facts="请说明是不是本人。", actor=city.staff.handlers[0], now=LATER + HOUR)
    return reread_finding(found.claim)


def heard(city: City, claim: Claim | None = None) -> Finding:
    found = inquired(city, claim=claim)
    reply(finding=found, text="确实上班了。", actor=citizen_of(found), now=LATER + 2 * HOUR)
    return reread_finding(found.claim)


def citizen_of(found: Finding) -> User:
    user: User = found.claim.party.user
    return user


def proposed(
    city: City, found: Finding, act: Act, *, ground: str = "", event_on: date | None = None
) -> Finding:
    propose_outcome(
        finding=found,
        act=act,
        reason="已向本人和单位核实。",
        actor=city.staff.handlers[0],
        now=LATER + 3 * HOUR,
        ground=ground,
        event_on=event_on,
    )
    return reread_finding(found.claim)


def signed(city: City, found: Finding, *, agreed: bool = True, remark: str = "") -> Finding:
    actor = city.staff.reviewers[0]
    decide_outcome(finding=found, agreed=agreed, remark=remark, actor=actor, now=LATER + 4 * HOUR)
    return reread_finding(found.claim)


def paying_claim(city: City) -> Claim:
    """Somebody who will work elsewhere and has been paid for November, December and January."""
    claim = city.verified(city.person("WORKS_ELSEWHERE_LATER"))
    for days in (0, 20, 50):
        city.accrue(claim, now=NOW + timedelta(days=days, hours=1))
    now = NOW + timedelta(days=51)
    batch = payouts.services.seal_batch(region="130100", actor=city.staff.handlers[0], now=now)
    payouts.services.sign_batch(
        batch=batch, total_fen=Fen(batch.total_fen), actor=city.staff.reviewers[0], now=now
    )
    payouts.services.submit_batch(batch=batch, now=now)
    payouts.services.fetch_and_record(now=now + HOUR)
    claims.services.follow_payments(now=now + HOUR)
    return reread(claim)


def test_a_grave_hit_holds_the_next_payment_and_says_why(city: City) -> None:
    found = city.finding()
    assert found.held_at is not None
    assert reread(found.claim).case.status == of_claims.SUSPENDED
    waiting = Suspension.objects.get(spell_id=found.claim_id)
    assert waiting.reference == found.case.number
    assert "在职参保" in waiting.why and "线索" in waiting.why
    assert hold_findings(now=LATER + HOUR) == 0, "held once"
    assert found.case.promise_due is not None


@pytest.mark.parametrize("scenario", ["BUSINESS_LATER", "TAXED_LATER", "NAMESAKE_ELSEWHERE"])
def test_payment_goes_on_for_a_small_or_a_doubtful_hit(city: City, scenario: str) -> None:
    found = city.finding(scenario)
    assert found.held_at is None
    assert reread(found.claim).case.status == of_claims.APPROVED


def test_a_doubtful_grave_hit_holds_once_an_officer_inquires(city: City) -> None:
    found = inquired(city, "NAMESAKE_ELSEWHERE")
    assert found.held_at is not None
    assert reread(found.claim).case.status == of_claims.SUSPENDED


def test_the_person_is_told_and_has_five_working_days(city: City) -> None:
    found = inquired(city)
    assert found.case.status == kinds.INQUIRY
    assert found.reply_due == date(2027, 1, 29), "from Friday 22 January"
    letter = found.notice
    assert letter is not None
    assert letter.party_id == found.claim.party_id and letter.case_id == found.claim_id
    said = "".join("".join(section["paragraphs"]) for section in letter.words["sections"])
    assert "请说明是不是本人" in said and "不作停发的决定" in said
    assert Message.objects.filter(template="finding.notified", party=found.claim.party).count() == 1


def test_a_reply_with_papers_is_kept_and_hands_the_case_back(city: City) -> None:
    found = inquired(city)
    reply(finding=found, text="是别人代缴的。", papers=[PAPER], actor=citizen_of(found), now=LATER + 2 * HOUR)
    found = reread_finding(found.claim)
    assert found.case.status == kinds.HEARD
    assert found.reply_papers.count() == 1
    reply(finding=found, text="补一句。", actor=city.staff.handlers[0], now=LATER + 3 * HOUR)
    assert reread_finding(found.claim).reply == "是别人代缴的。\n\n补一句。"
    with pytest.raises(Refused, match="reply_missing"):
        reply(finding=found, text=" ", actor=citizen_of(found), now=LATER)


def test_silence_hands_the_case_back_after_the_last_day(city: City) -> None:
    found = inquired(city)
    assert sweep_inquiries(now=LATER + 7 * DAY) == 0, "29 January is the last day"
    assert sweep_inquiries(now=LATER + 8 * DAY) == 1
    assert sweep_inquiries(now=LATER + 8 * DAY) == 0
    found = reread_finding(found.claim)
    assert (found.case.status, found.reply) == (kinds.HEARD, "")


def test_another_agency_is_asked_reminded_once_and_then_the_province_told(city: City) -> None:
    found, handler = inquired(city), city.staff.handlers[0]
    ask_agency(finding=found, agency="深圳市社保局", question="请核实。", actor=handler, now=LATER + HOUR)
    with pytest.raises(Refused, match="agency_asked"):
        ask_agency(finding=found, agency="深圳市社保局", question="请核实。", actor=handler, now=LATER + HOUR)
    asked = Assistance.objects.get()
    assert asked.due == date(2027, 2, 5)
    for days, verbs in ((15, 1), (16, 1), (40, 2), (60, 2)):
        sweep_inquiries(now=LATER + days * DAY)
        said = Event.objects.filter(case=found.case, verb__startswith="finding.agency_")
        assert said.exclude(verb="finding.agency_asked").count() == verbs
    asked.refresh_from_db()
    assert asked.reminded_at is not None and asked.escalated_at is not None
    record_agency_answer(finding=found, answer="已于8月停保。", actor=handler, now=LATER + 61 * DAY)
    with pytest.raises(Refused, match="not_asked"):
        record_agency_answer(finding=found, answer="再来。", actor=handler, now=LATER + 61 * DAY)


def test_nobody_outside_is_asked_about_what_no_agency_keeps(city: City) -> None:
    found = inquired(city, "DIES_LATER")
    with pytest.raises(Refused, match="no_agency"):
        ask_agency(finding=found, agency="某局", question="请核实。", actor=city.staff.handlers[0], now=LATER)


def test_who_is_cleared_is_paid_what_waited(city: City) -> None:
    found = heard(city)
    found = signed(city, proposed(city, found, Act.CLEAR))
    assert found.case.status == kinds.CLEARED
    claim = reread(found.claim)
    assert claim.case.status == of_claims.APPROVED
    assert not Suspension.objects.filter(spell_id=claim.pk, lifted_at=None).exists()
    claims.services.accrue_due(now=LATER + 5 * HOUR)
    owed = payouts.services.seal_batch(region="130100", actor=city.staff.handlers[0], now=LATER + 6 * HOUR)
    assert owed.count == 3, "November, December and January, those held as well"
    assert Message.objects.filter(template="finding.cleared").count() == 1
    city.checked(now=LATER + 30 * DAY)
    assert Finding.objects.count() == 1, "what was cleared is not asked again"


def test_what_is_excluded_lets_the_payment_go_on_without_a_notice(city: City) -> None:
    found = signed(city, proposed(city, city.finding(), Act.EXCLUDE))
    assert found.case.status == kinds.FALSE_POSITIVE
    assert reread(found.claim).case.status == of_claims.APPROVED


def test_a_second_finding_keeps_the_payment_waiting(city: City) -> None:
    found = heard(city)
    claims.services.suspend_claim(
        claim=reread(found.claim),
        why="另一件事。",
        actor=city.staff.handlers[1],
        now=LATER + 2 * HOUR,
        reference="HC-2",
    )
    signed(city, proposed(city, found, Act.CLEAR))
    assert reread(found.claim).case.status == of_claims.SUSPENDED


def test_who_is_confirmed_is_stopped_and_what_was_overpaid_is_listed(city: City) -> None:
    found = heard(city, paying_claim(city))
    start = date.fromisoformat(f"{found.hit.start_month}-01")
    assert start <= legal_day(NOW + timedelta(days=40))
    found = proposed(city, found, Act.CONFIRM, ground="REEMPLOYED", event_on=max(start, date(2026, 11, 30)))
    assert reread(found.claim).case.status == of_claims.STOP_REVIEW
    found = signed(city, found)
    assert found.case.status == kinds.CONFIRMED
    assert reread(found.claim).case.status == of_claims.ENDED
    listed = Receivable.objects.filter(obligation__case_id=found.claim_id)
    assert found.overpaid_months == listed.count() >= 1
    assert found.overpaid_fen == found.overpaid_months * 198_000


def test_who_reports_the_work_meanwhile_is_confirmed_without_another_stop(city: City) -> None:
    found = inquired(city, "TAXED_LATER")
    reply(finding=found, text="上班了，已报告。", actor=citizen_of(found), now=LATER + 2 * HOUR)
    claims.services.report_job(
        claim=found.claim, started_on=date(2026, 12, 31), actor=citizen_of(found), now=LATER + 2 * HOUR
    )
    found = signed(city, proposed(city, reread_finding(found.claim), Act.CONFIRM))
    assert (found.case.status, found.stop, found.overpaid_months) == (kinds.CONFIRMED, None, 0)
    assert reread(found.claim).case.status == of_claims.ENDED


def test_what_the_reviewer_sends_back_goes_back_where_it_came_from(city: City) -> None:
    found = heard(city)
    event_on = date(2026, 12, 31)
    found = proposed(city, found, Act.CONFIRM, ground="REEMPLOYED", event_on=event_on)
    with pytest.raises(Refused, match="remark_missing"):
        signed(city, found, agreed=False)
    found = signed(city, found, agreed=False, remark="没有单位的证明。")
    assert (found.case.status, found.stop) == (kinds.HEARD, None)
    assert reread(found.claim).case.status == of_claims.SUSPENDED, "payment waits on"
    found = signed(city, proposed(city, found, Act.CLEAR))
    assert reread(found.claim).case.status == of_claims.APPROVED


def test_nobody_is_confirmed_before_being_heard(city: City) -> None:
    found = inquired(city)
    with pytest.raises(Refused, match="not_yet"):
        proposed(city, found, Act.CONFIRM, ground="REEMPLOYED", event_on=date(2026, 12, 31))
    with pytest.raises(Refused, match="not_yet"):
        proposed(city, found, Act.EXCLUDE)


def test_nobody_signs_the_own_proposal(city: City) -> None:
    found, both = city.finding(), officer(Role.HANDLER, Role.REVIEWER)
    begin_inquiry(finding=found, facts="请说明。", actor=both, now=LATER + HOUR)
    found = reread_finding(found.claim)
    propose_outcome(finding=found, act=Act.CLEAR, reason="查过。", actor=both, now=LATER + 3 * HOUR)
    with pytest.raises(Refused, match=r"proposal\.own"):
        decide_outcome(
            finding=reread_finding(found.claim), agreed=True, remark="", actor=both, now=LATER + 4 * HOUR
        )


def test_who_could_not_be_checked_is_paid_on_a_young_clean_result_and_waits_after_it(city: City) -> None:
    claim = city.verified()
    with city.fault("comparison", "down"):
        run = city.checked(now=NOW + 10 * DAY, period="2026-12")
        assert reread(claim).case.status == of_claims.APPROVED, "the checks of the grant are ten days old"
        go_on(now=NOW + 30 * DAY)
        assert reread(claim).case.status == of_claims.APPROVED, "30 days are no month"
        go_on(now=NOW + 31 * DAY)
    held = reread(claim)
    assert held.case.status == of_claims.SUSPENDED
    waiting = Suspension.objects.get(spell_id=claim.pk)
    assert waiting.reference == run.number and "没有回结果" in waiting.why
    for turn in range(3):
        go_on(now=NOW + 31 * DAY + timedelta(hours=2) + turn * MINUTE)
    assert reread(claim).case.status == of_claims.APPROVED, "the answer lets the payment go on by itself"


def test_nobody_waits_for_a_check_of_a_month_that_has_not_begun(city: City) -> None:
    claim = city.verified()
    with city.fault("comparison", "down"):
        city.checked(now=NOW + 66 * DAY, period="2027-02")
    assert reread(claim).case.status == of_claims.APPROVED
