"""Claims through the services: submission, verification, two signatures, the month owed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import cases.services
import claims.services
import payouts.services
from accounts.selectors import machine
from cases.messages import render
from cases.models import Amendment, Case, Event, Letter, Message
from claims import kinds
from claims.models import Claim, Draft, Registration, Spell, SpellMonth
from gateways.models import Lookup
from law.errors import Refused
from law.money import Fen
from payouts.models import Obligation, Payee
from policy.models import PolicyValue
from sandbox.server import Running
from sandbox.world import Person
from tests.claims.conftest import (
    CITY,
    NOW,
    Staff,
    application,
    party_of,
    reread,
    set_value,
    submit,
    tell,
    verified,
)

pytestmark = pytest.mark.django_db
Find = Callable[..., Person]
SHANGHAI = ZoneInfo("Asia/Shanghai")
AFTER = NOW + timedelta(hours=1)


def verbs(claim: Claim) -> list[str]:
    """The trail of a claim, oldest first."""
    return list(Event.objects.filter(case=claim.case).order_by("sequence").values_list("verb", flat=True))


class TestSubmission:
    def test_one_form_opens_case_registration_and_claim_with_both_clocks(self, person_of: Find) -> None:
        claim = submit(person_of("CLEAN"))
        assert claim.case.status == kinds.SUBMITTED
        assert claim.case.number.startswith("SP20261123-")
        assert (claim.case.promise_due, claim.case.statutory_due) == (date(2026, 11, 26), date(2026, 12, 7))
        assert not claim.case.due_provisional
        assert Registration.objects.get(party=claim.party, ended_on=None).registered_on == date(2026, 11, 23)

    def test_the_same_submission_twice_is_one_claim(self, person_of: Find) -> None:
        party, submission_id = party_of(person_of("CLEAN")), uuid.uuid4()
        made = [
            claims.services.submit_claim(
                party=party,
                application=application(),
                submission_id=submission_id,
                actor=machine(),
                now=NOW,
            )
            for _click in range(2)
        ]
        assert made[0].pk == made[1].pk
        assert Case.objects.filter(party=party).count() == 1

    def test_a_second_application_while_one_is_open_names_that_one(self, person_of: Find) -> None:
        first = submit(person_of("CLEAN"))
        with pytest.raises(Refused) as refused:
            submit(person_of("CLEAN"))
        assert refused.value.code == "claim.already_open"
        assert refused.value.numbers["number"] == first.case.number

    def test_somebody_elses_submission_id_is_refused(self, person_of: Find) -> None:
        submission_id = uuid.uuid4()
        for nth in range(2):
            expected = pytest.raises(Refused, match=r"claim\.not_yours") if nth else nullcontext()
            with expected:
                claims.services.submit_claim(
                    party=party_of(person_of("CLEAN", nth)),
                    application=application(),
                    submission_id=submission_id,
                    actor=machine(),
                    now=NOW,
                )

    def test_a_draft_is_kept_until_it_is_sent(self, person_of: Find) -> None:
        party = party_of(person_of("CLEAN"))
        for mobile in ("138", "13800000012"):
            claims.services.save_draft(
                party=party, submission_id=uuid.uuid4(), answers={"mobile": mobile}, now=NOW
            )
        draft = Draft.objects.get(party=party)
        assert draft.answers == {"mobile": "13800000012"}
        submit(person_of("CLEAN"))
        assert not Draft.objects.filter(party=party).exists()

    def test_a_draft_left_for_thirty_days_is_deleted(self, person_of: Find) -> None:
        party = party_of(person_of("CLEAN"))
        claims.services.save_draft(
            party=party, submission_id=uuid.uuid4(), answers={"mobile": "138"}, now=NOW
        )
        assert claims.services.drop_old_drafts(now=NOW + timedelta(days=29)) == 0
        assert claims.services.drop_old_drafts(now=NOW + timedelta(days=31)) == 1
        assert not Draft.objects.filter(party=party).exists()

    def test_a_deadline_in_a_year_without_a_calendar_is_provisional_and_nothing_fails(
        self, person_of: Find
    ) -> None:
        late = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
        claim = submit(person_of("CLEAN"), now=late)
        assert claim.case.due_provisional
        assert claim.case.statutory_due is not None and claim.case.statutory_due > date(2027, 1, 1)

    def test_the_legal_day_is_that_of_shanghai(self, person_of: Find) -> None:
        evening = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # already the 24th in Shanghai
        assert submit(person_of("CLEAN"), now=evening).applied_on == date(2026, 11, 24)


class TestVerification:
    def test_a_clean_claim_is_granted_by_the_machine(self, person_of: Find, same_month: PolicyValue) -> None:
        claim = verified(person_of("CLEAN"))
        assert claim.case.status == kinds.APPROVED
        spell = Spell.objects.get(pk=claim.pk)
        assert spell.first_month == "2026-11"
        assert claim.case.determination is not None
        assert claim.case.determination.verdict == "GRANT"
        assert claim.case.determination.fail_count == claim.case.determination.unknown_count == 0
        assert Payee.objects.filter(party=claim.party, valid_to=None).count() == 1
        assert verbs(claim)[-1] == "message.sent"
        assert set(Message.objects.filter(case=claim.case).values_list("template", flat=True)) == {
            "claim.received",
            "claim.granted",
        }

    def test_verifying_twice_changes_nothing(self, person_of: Find, same_month: PolicyValue) -> None:
        claim = verified(person_of("CLEAN"))
        before = (verbs(claim), Lookup.objects.count())
        claims.services.verify_claim(claim_id=claim.pk, now=NOW + timedelta(minutes=5))
        assert (verbs(claim), Lookup.objects.count()) == before

    def test_the_card_asked_on_the_form_is_not_asked_again(self, person_of: Find) -> None:
        claim = verified(person_of("CLEAN"))
        assert Lookup.objects.filter(party=claim.party, source="CARD").count() == 1

    def test_somebody_still_employed_goes_to_a_person_and_is_never_refused_by_the_machine(
        self, person_of: Find
    ) -> None:
        claim = verified(person_of("STILL_EMPLOYED"))
        assert claim.case.status == kinds.REVIEW1
        assert claim.case.determination is not None and claim.case.determination.verdict == "REFUSE"
        assert "R03" in claim.case.determination.decision["results"]["refusal_codes"]

    def test_two_statements_of_why_work_ended_open_a_question(self, person_of: Find) -> None:
        person = person_of("SEPARATION_DISPUTED")
        claim = verified(person, claimed_reason=person.says_reason)
        assert claim.case.status == kinds.REVIEW1
        assert claim.case.determination is not None
        assert claim.case.determination.verdict == "REVIEW"
        assert claim.case.determination.facts["separation_reason"] == "X99"

    def test_a_silent_register_keeps_the_case_with_the_machine_for_a_day_then_asks_a_person(
        self, person_of: Find
    ) -> None:
        claim = verified(person_of("SOURCE_DOWN"))
        assert claim.case.status == kinds.AUTO_CHECK
        assert claim.next_ask_at is not None and claim.next_ask_at > NOW
        after_a_day = datetime(2026, 11, 25, 0, 30, tzinfo=SHANGHAI)
        claims.services.verify_due(now=after_a_day)
        claim = reread(claim)
        assert claim.case.status == kinds.REVIEW1
        assert claim.next_ask_at is not None, "asking goes on"

    def test_an_answer_that_comes_before_an_officer_has_taken_the_case_still_grants(
        self, person_of: Find, sandbox: Running, same_month: PolicyValue
    ) -> None:
        person = person_of("SOURCE_DOWN", 1)
        claim = verified(person)
        after_a_day = datetime(2026, 11, 25, 0, 30, tzinfo=SHANGHAI)
        claims.services.verify_due(now=after_a_day)
        tell(sandbox, "/control/fault", source="insurance-national", mode="ok", id_number=person.id_number)
        claims.services.verify_due(now=after_a_day + timedelta(hours=3))
        assert reread(claim).case.status == kinds.APPROVED

    def test_a_taken_case_is_left_to_its_officer(
        self, person_of: Find, sandbox: Running, staff: Staff
    ) -> None:
        person = person_of("SOURCE_DOWN", 2)
        claim = verified(person)
        after_a_day = datetime(2026, 11, 25, 0, 30, tzinfo=SHANGHAI)
        claims.services.verify_due(now=after_a_day)
        claim = reread(claim)
        cases.services.take(case=claim.case, actor=staff.handler, now=after_a_day)
        tell(sandbox, "/control/fault", source="insurance-national", mode="ok", id_number=person.id_number)
        claims.services.verify_due(now=after_a_day + timedelta(hours=3))
        assert reread(claim).case.status == kinds.REVIEW1

    def test_a_lost_wake_up_is_found_by_the_sweep(self, person_of: Find) -> None:
        claim = submit(person_of("CLEAN"))
        assert claims.services.verify_due(now=NOW + timedelta(minutes=2)) == 1
        assert reread(claim).case.status == kinds.APPROVED

    def test_a_claim_that_cannot_be_checked_holds_up_no_other(
        self, person_of: Find, caplog: pytest.LogCaptureFixture
    ) -> None:
        lame, sound = submit(person_of("CLEAN")), submit(person_of("CLEAN", 1))
        lame.party.identifiers.update(valid_to=date(2026, 11, 24))
        assert claims.services.verify_due(now=NOW + timedelta(minutes=2)) == 2
        assert reread(sound).case.status == kinds.APPROVED
        assert f"claim {lame.pk} could not be checked: claim.no_document" in caplog.text

    def test_what_lies_on_an_officers_desk_does_not_fill_the_sweep(
        self, person_of: Find, staff: Staff
    ) -> None:
        claim = verified(person_of("SOURCE_DOWN", 3))
        after_a_day = datetime(2026, 11, 25, 0, 30, tzinfo=SHANGHAI)
        claims.services.verify_due(now=after_a_day)
        claim = reread(claim)
        later = after_a_day + timedelta(hours=3)
        assert claims.services.claims_to_ask(now=later, limit=10) == [claim.pk]
        cases.services.take(case=claim.case, actor=staff.handler, now=after_a_day)
        assert claims.services.claims_to_ask(now=later, limit=10) == []

    def test_a_claim_on_a_dead_workers_desk_is_found_when_its_lease_is_over(self, person_of: Find) -> None:
        claim, lease = submit(person_of("CLEAN")), claims.services.LEASE
        Claim.objects.filter(pk=claim.pk).update(next_ask_at=NOW + lease)
        assert claims.services.verify_due(now=NOW + lease / 2) == 0
        assert claims.services.verify_due(now=NOW + lease * 2) == 1
        assert reread(claim).case.status == kinds.APPROVED

    @pytest.mark.parametrize(
        ("key", "value", "unit"),
        [
            ("benefit.auto_grant", "false", "flag"),
            ("benefit.auto_grant_max_fen", "100", "fen"),
            ("benefit.sample_bp", "10000", "bp"),
        ],
    )
    def test_a_clean_case_goes_to_a_reviewer_where_the_bureau_says_so(
        self, person_of: Find, staff: Staff, key: str, value: str, unit: str
    ) -> None:
        set_value(staff, key, value, unit)
        claim = verified(person_of("CLEAN"))
        assert claim.case.status == kinds.REVIEW2
        claims.services.review(claim=claim, agreed=True, remark="", actor=staff.reviewer, now=NOW)
        assert reread(claim).case.status == kinds.APPROVED

    def test_a_card_that_cannot_be_paid_never_stands_in_the_way_of_the_grant(self, person_of: Find) -> None:
        claim = verified(person_of("CARD_CLOSED"))
        assert claim.case.status == kinds.APPROVED
        assert not Payee.objects.filter(party=claim.party).exists()
        assert "claim.card_not_payable" in verbs(claim)

    def test_a_new_card_is_recorded_when_the_person_asks_again(
        self, person_of: Find, sandbox: Running
    ) -> None:
        person = person_of("CARD_CLOSED", 1)
        claim = verified(person)
        later = NOW + timedelta(hours=2)
        assert not claims.services.check_card_again(claim_id=claim.pk, actor=machine(), now=later)
        tell(sandbox, "/control/card", id_number=person.id_number)
        assert claims.services.check_card_again(
            claim_id=claim.pk, actor=machine(), now=later + timedelta(hours=1)
        )
        assert Payee.objects.filter(party=claim.party, valid_to=None).exists()


class TestTwoSignatures:
    def disputed(self, person_of: Find, nth: int = 0) -> Claim:
        person = person_of("SEPARATION_DISPUTED", nth)
        return verified(person, claimed_reason=person.says_reason)

    def propose(self, claim: Claim, staff: Staff, act: str, **settled: str) -> None:
        claims.services.propose(
            claim=claim,
            act=act,
            why="Ruling of the arbitration committee, read in the original.",
            amendments=settled,
            evidence="RULING",
            actor=staff.handler,
            now=NOW + timedelta(hours=1),
        )

    def test_a_settled_question_is_granted_by_two_people(
        self, person_of: Find, staff: Staff, same_month: PolicyValue
    ) -> None:
        claim = self.disputed(person_of)
        self.propose(claim, staff, kinds.GRANT, separation_reason="W01")
        claim = reread(claim)
        assert claim.case.status == kinds.REVIEW2
        claims.services.review(claim=claim, agreed=True, remark="", actor=staff.reviewer, now=NOW)
        claim = reread(claim)
        assert claim.case.status == kinds.APPROVED
        assert Amendment.objects.get(case=claim.case).value == "W01"
        sources = claim.case.determination.sources if claim.case.determination else {}
        assert sources["separation_reason"][0]["source"] == "OFFICER"

    def test_a_proposal_that_the_law_does_not_carry_is_refused_and_leaves_nothing_behind(
        self, person_of: Find, staff: Staff
    ) -> None:
        claim = self.disputed(person_of)
        before = verbs(claim)
        with pytest.raises(Refused, match=r"claim\.verdict_differs"):
            self.propose(claim, staff, kinds.GRANT, separation_reason="V02")
        assert verbs(claim) == before
        assert not Amendment.objects.filter(case=claim.case).exists()

    def test_a_fact_no_officer_may_settle_is_refused(self, person_of: Find, staff: Staff) -> None:
        with pytest.raises(Refused, match=r"claim\.fact_not_amendable"):
            self.propose(self.disputed(person_of), staff, kinds.GRANT, card_account="ACTIVE")

    def test_an_impossible_value_is_refused_with_the_name_of_the_fact(
        self, person_of: Find, staff: Staff
    ) -> None:
        with pytest.raises(Refused, match=r"claim\.fact_impossible"):
            self.propose(self.disputed(person_of), staff, kinds.GRANT, separation_reason="nonsense")

    @pytest.mark.parametrize("months", ["", "-1", "12.0", "１２", "12345", "9" * 4300, "9" * 5000])
    def test_a_number_of_months_that_nobody_has_is_refused(
        self, person_of: Find, staff: Staff, months: str
    ) -> None:
        with pytest.raises(Refused, match=r"claim\.fact_impossible"):
            self.propose(self.disputed(person_of), staff, kinds.GRANT, contributed_months=months)

    def test_a_refusal_needs_two_people_and_leaves_the_registration(
        self, person_of: Find, staff: Staff
    ) -> None:
        claim = verified(person_of("TOO_FEW_MONTHS"))
        self.propose(claim, staff, kinds.REFUSE)
        claim = reread(claim)
        assert claim.case.status == kinds.REVIEW2
        claims.services.review(claim=claim, agreed=True, remark="", actor=staff.reviewer, now=NOW)
        claim = reread(claim)
        assert claim.case.status == kinds.REJECTED
        assert claim.registration.ended_on is None
        assert not Spell.objects.filter(pk=claim.pk).exists()
        submit(person_of("TOO_FEW_MONTHS"), now=NOW + timedelta(days=1))

    def test_the_reviewer_sends_back_with_a_reason(self, person_of: Find, staff: Staff) -> None:
        claim = self.disputed(person_of)
        self.propose(claim, staff, kinds.GRANT, separation_reason="W01")
        claim = reread(claim)
        with pytest.raises(Refused, match=r"claim\.remark_missing"):
            claims.services.review(claim=claim, agreed=False, remark=" ", actor=staff.reviewer, now=NOW)
        claims.services.review(
            claim=claim, agreed=False, remark="Which ruling?", actor=staff.reviewer, now=NOW
        )
        assert reread(claim).case.status == kinds.REVIEW1

    def test_what_one_officer_settled_is_never_granted_by_asking_again(
        self, person_of: Find, staff: Staff, same_month: PolicyValue
    ) -> None:
        claim = self.disputed(person_of)
        self.propose(claim, staff, kinds.GRANT, separation_reason="W01")
        later = NOW + timedelta(hours=2)
        claims.services.review(
            claim=reread(claim), agreed=False, remark="Which ruling?", actor=staff.reviewer, now=later
        )
        claims.services.ask_again(claim_id=claim.pk, actor=staff.handler, now=later)
        claims.services.verify_claim(claim_id=claim.pk, now=later)
        claim = reread(claim)
        assert claim.case.status == kinds.REVIEW1
        assert not Spell.objects.filter(pk=claim.pk).exists()
        self.propose(claim, staff, kinds.GRANT)
        claims.services.review(claim=reread(claim), agreed=True, remark="", actor=staff.reviewer, now=later)
        assert reread(claim).case.status == kinds.APPROVED

    def test_a_page_open_twice_acts_once(self, person_of: Find, staff: Staff) -> None:
        claim = self.disputed(person_of)
        stale = reread(claim)
        self.propose(claim, staff, kinds.GRANT, separation_reason="W01")
        with pytest.raises(Refused, match=r"case\.changed_meanwhile"):
            self.propose(stale, staff, kinds.GRANT, separation_reason="W01")


class TestPapers:
    def test_the_notice_stops_both_clocks_until_the_answer(self, person_of: Find, staff: Staff) -> None:
        claim = verified(person_of("STILL_EMPLOYED"))
        asked = NOW + timedelta(hours=1)
        claims.services.request_papers(
            claim=claim, wanted="Proof that work has ended.", actor=staff.handler, now=asked
        )
        claim = reread(claim)
        assert claim.case.status == kinds.SUPPLEMENT
        assert claim.case.paused_at is not None
        assert claim.papers_due == date(2026, 12, 7)
        claims.services.answer_papers(
            claim=claim, text="It ended in October.", actor=machine(), now=asked + timedelta(days=2)
        )
        claim = reread(claim)
        assert claim.case.status == kinds.AUTO_CHECK
        assert (claim.case.promise_due, claim.case.statutory_due) == (date(2026, 11, 30), date(2026, 12, 9))

    def test_no_answer_in_time_closes_the_claim(self, person_of: Find, staff: Staff) -> None:
        claim = verified(person_of("STILL_EMPLOYED", 1))
        claims.services.request_papers(claim=claim, wanted="Proof.", actor=staff.handler, now=NOW)
        assert claims.services.close_unanswered(now=datetime(2026, 12, 7, 12, tzinfo=SHANGHAI)) == 0
        assert claims.services.close_unanswered(now=datetime(2026, 12, 8, 1, tzinfo=SHANGHAI)) == 1
        claim = reread(claim)
        assert claim.case.status == kinds.CLOSED_NO_RESPONSE
        told = Message.objects.get(case=claim.case, template="claim.closed_without_answer")
        assert claim.case.number in render(told, "zh-hans")
        letter = Letter.objects.get(case=claim.case, template="claim.closed")
        assert "Proof." in str(letter.words) and "2026年12月7日" in str(letter.words)
        # and the sweep, run again, says it once
        assert claims.services.close_unanswered(now=datetime(2026, 12, 8, 2, tzinfo=SHANGHAI)) == 0
        assert Letter.objects.filter(case=claim.case, template="claim.closed").count() == 1

    def test_while_a_calendar_is_missing_nobody_is_late(self, person_of: Find, staff: Staff) -> None:
        december = datetime(2026, 12, 28, 9, tzinfo=SHANGHAI)
        claim = verified(person_of("STILL_EMPLOYED", 2), now=december)
        claims.services.request_papers(claim=claim, wanted="Proof.", actor=staff.handler, now=december)
        due = reread(claim).papers_due
        assert due is not None and due.year == 2027
        assert claims.services.close_unanswered(now=december + timedelta(days=60)) == 0
        assert reread(claim).case.status == kinds.SUPPLEMENT


class TestMonths:
    def test_a_month_is_owed_once(self, person_of: Find, same_month: PolicyValue) -> None:
        payouts.services.open_fund(region=CITY, amount_fen=Fen(100_000_000), actor=machine(), now=NOW)
        claim = verified(person_of("CLEAN"))
        assert claims.services.accrue_month(month="2026-11", now=AFTER) == 1
        assert claims.services.accrue_month(month="2026-11", now=AFTER) == 0
        obligation = Obligation.objects.get(case=claim.case)
        assert obligation.amount_fen == SpellMonth.objects.get(spell_id=claim.pk).amount_fen
        assert obligation.key == f"{claim.pk}/2026-11/unemployment-benefit"

    def test_a_month_that_has_not_begun_is_not_owed(self, person_of: Find, same_month: PolicyValue) -> None:
        verified(person_of("CLEAN"))
        with pytest.raises(Refused, match=r"claim\.month_not_begun"):
            claims.services.accrue_month(month="2026-12", now=AFTER)

    def test_without_the_assumption_the_first_month_is_the_next_one(self, person_of: Find) -> None:
        claim = verified(person_of("CLEAN"))
        assert Spell.objects.get(pk=claim.pk).first_month == "2026-12"
        assert claims.services.accrue_month(month="2026-11", now=AFTER) == 0

    def test_a_grant_is_owed_from_its_own_time_on(self, person_of: Find, same_month: PolicyValue) -> None:
        verified(person_of("CLEAN"))
        assert claims.services.accrue_month(month="2026-11", now=NOW - timedelta(days=1)) == 0

    def test_a_grant_that_comes_late_is_owed_every_month_that_has_begun(
        self, person_of: Find, same_month: PolicyValue
    ) -> None:
        payouts.services.open_fund(region=CITY, amount_fen=Fen(100_000_000), actor=machine(), now=NOW)
        claim = verified(person_of("CLEAN"))
        in_february = datetime(2027, 2, 1, 0, 30, tzinfo=SHANGHAI)
        assert claims.services.accrue_due(now=in_february, claim_ids=[claim.pk]) == 4
        assert claims.services.accrue_due(now=in_february) == 0
        assert list(Obligation.objects.order_by("month").values_list("month", flat=True)) == [
            "2026-11",
            "2026-12",
            "2027-01",
            "2027-02",
        ]

    def test_a_month_nobody_owed_in_its_time_is_owed_later_and_no_month_after_the_last(
        self, person_of: Find, same_month: PolicyValue
    ) -> None:
        payouts.services.open_fund(region=CITY, amount_fen=Fen(100_000_000), actor=machine(), now=NOW)
        claim = verified(person_of("CLEAN"))
        claims.services.accrue_month(month="2026-12", now=NOW + timedelta(days=10))
        spell = Spell.objects.get(pk=claim.pk)
        assert claims.services.accrue_due(now=NOW + timedelta(days=900)) == spell.months - 1
        assert SpellMonth.objects.filter(spell=spell).count() == spell.months
        assert max(SpellMonth.objects.values_list("month", flat=True)) == spell.last_month

    def test_a_claim_that_cannot_be_owed_holds_up_no_other_and_says_so_once(
        self, person_of: Find, same_month: PolicyValue
    ) -> None:
        payouts.services.open_fund(region=CITY, amount_fen=Fen(100_000_000), actor=machine(), now=NOW)
        lame, sound = verified(person_of("CLEAN")), verified(person_of("CLEAN", 1))
        Claim.objects.filter(pk=lame.pk).update(county="999999")
        for hour in (1, 2):
            claims.services.accrue_due(now=NOW + timedelta(hours=hour))
        assert [one.case_id for one in Obligation.objects.all()] == [sound.pk]
        held = Event.objects.get(verb="claim.month_held_back")
        assert (held.case_id, held.payload["month"]) == (lame.pk, "2026-11")

    def test_the_fund_pays_whom_it_can_and_says_whom_it_cannot(
        self, person_of: Find, same_month: PolicyValue
    ) -> None:
        first, second = verified(person_of("CLEAN")), verified(person_of("CLEAN", 1))
        payouts.services.open_fund(region=CITY, amount_fen=Fen(300_000), actor=machine(), now=NOW)
        assert claims.services.accrue_due(now=AFTER) == 1
        assert Event.objects.get(verb="claim.month_held_back").payload["why"] == "fund.short"
        payouts.services.open_fund(region=CITY, amount_fen=Fen(300_000), actor=machine(), now=NOW)
        assert claims.services.accrue_due(now=AFTER) == 1
        assert {one.case_id for one in Obligation.objects.all()} == {first.pk, second.pk}
