"""A dispute about a size class: believed on a signature, checked against what is known, decided by two."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from accounts.models import Role, User
from accounts.selectors import machine
from cases.attachments import Paper
from cases.models import Event, Letter, Message
from enterprises import batch
from enterprises.kinds import (
    COMMITTED,
    CONFIRMED,
    DISPROVED,
    EVIDENCE,
    NOT_PROVEN,
    PROOF,
    PROPOSED,
    REMINDED,
    Act,
)
from enterprises.models import Enterprise, SizeClassRecord, SizeDispute
from enterprises.selectors import broken_commitments, refund_year_on
from enterprises.services import (
    Found,
    decide_finding,
    file_dispute,
    give_papers,
    propose_finding,
    sweep_overdue,
)
from law.errors import Refused
from law.retention_refund import Commitment, decide
from policy.selectors import parameters_for
from tests.accounts.people import officer
from tests.cases.papers import PDF
from tests.enterprises.samples import (
    NOW,
    SIGNED,
    TODAY,
    classed,
    dispute_of,
    enterprise,
    facts_of,
    large_firm,
    read_all_lists,
    unit,
)

pytestmark = pytest.mark.django_db


def filed(of: Enterprise | None = None, **changed: object) -> SizeDispute:
    return dispute_of(of or large_firm(), changed)


def with_papers(dispute: SizeDispute, now: datetime = NOW) -> SizeDispute:
    return give_papers(dispute=dispute, papers=[Paper("审计报告.pdf", PDF)], actor=machine(), now=now)


def decided(dispute: SizeDispute, found: Found, *, agreed: bool = True) -> SizeDispute:
    """A handler finds it, a reviewer signs."""
    handler = User.objects.filter(username="h").first() or officer("h", Role.HANDLER)
    reviewer = User.objects.filter(username="r").first() or officer("r", Role.REVIEWER)
    propose_finding(dispute=dispute, found=found, why="按审计报告第 3 页", actor=handler, now=NOW)
    decide_finding(dispute=dispute, agreed=agreed, remark="", actor=reviewer, now=NOW)
    return SizeDispute.objects.select_related("case", "enterprise__party").get(pk=dispute.pk)


MEDIUM = Found(employees=320, revenue_wan=20_000, assets_wan=15_000)
REALLY_LARGE = Found(employees=1_200, revenue_wan=52_000, assets_wan=90_000)


def test_what_nothing_speaks_against_is_believed_until_the_papers_are_due() -> None:
    read_all_lists()
    one = large_firm()
    dispute = filed(one)
    assert (dispute.case.status, dispute.standing) == (COMMITTED, "VALID")
    assert dispute.evidence_due == TODAY + timedelta(days=60)
    facts = facts_of(one).facts
    assert (facts.size_class, facts.commitment) == ("LARGE", Commitment("MEDIUM", "VALID"))
    decision = decide(facts, parameters_for(program="retention-refund", region="130102"))
    assert (decision.rate_bp, decision.on_commitment) == (6_000, True)
    letter = Letter.objects.get(case=dispute.case)
    assert letter.template == "dispute.commitment"
    assert "中型企业" in letter.words["opening"][1]
    # The unit's own word, in its name and under no seal of the office.
    assert (letter.words["agency"], letter.words["sample"]) == (one.party.name, "")
    checked = Event.objects.get(case=dispute.case, verb="dispute.accepted")
    assert checked.actor == machine()
    assert Message.objects.filter(template="dispute.accepted").count() == 1


def test_the_same_form_twice_is_one_dispute_and_another_one_is_refused() -> None:
    one, form = large_firm(), uuid.uuid4()
    first = file_dispute(enterprise=one, signed=SIGNED, submission_id=form, actor=machine(), now=NOW)
    again = file_dispute(enterprise=one, signed=SIGNED, submission_id=form, actor=machine(), now=NOW)
    assert first == again
    with pytest.raises(Refused, match=r"dispute\.open"):
        filed(one)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"claimed_class": "LARGE"}, "dispute.same_class"),
        ({"claimed_class": "SMALL"}, "dispute.figures_differ"),
        ({"revenue_wan": 50_000, "employees": 1_000}, "dispute.figures_differ"),
        ({"revenue_wan": None, "industry": "8310"}, "dispute.figures_missing"),
    ],
)
def test_a_claim_that_cannot_be_is_not_taken(changed: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        dispute_of(large_firm(), changed)
    assert refused.value.code == code
    assert not SizeDispute.objects.exists()


def test_a_claim_that_changes_no_money_and_a_unit_without_classes_are_not_taken() -> None:
    with pytest.raises(Refused, match=r"dispute\.same_ratio"):
        filed(classed(enterprise(1), "SMALL"))
    with pytest.raises(Refused, match=r"dispute\.no_class"):
        filed(enterprise(2, kind="LAW_FIRM"))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"employees": 300}, "EMPLOYEES"),
        ({"industry": "3489"}, "INDUSTRY"),
        ({"industry": "8310"}, "MANUAL"),
    ],
)
def test_what_contradicts_goes_to_a_person_and_the_record_holds(
    changed: dict[str, object], code: str
) -> None:
    one = large_firm()
    if code == "INDUSTRY":
        batch.save_units(
            units=[unit(1, industry="1711")], said=batch.Said("MARKET", "", TODAY), actor=machine(), now=NOW
        )
        one = Enterprise.objects.get(pk=one.pk)
    dispute = dispute_of(one, changed)
    assert (dispute.case.status, dispute.standing, dispute.evidence_due) == (PROOF, "CONTRADICTED", None)
    assert code in {row["code"] for row in dispute.contradictions}
    facts = facts_of(one).facts
    assert (facts.size_class, facts.commitment) == ("LARGE", Commitment("MEDIUM", "CONTRADICTED"))


def test_papers_that_bear_it_out_confirm_it_and_the_class_stands_on_record() -> None:
    dispute = with_papers(filed())
    assert dispute.case.status == EVIDENCE
    done = decided(dispute, MEDIUM)
    assert (done.case.status, done.ground) == (CONFIRMED, "PROVEN")
    facts = facts_of(done.enterprise).facts
    assert (facts.size_class, facts.commitment) == ("MEDIUM", None)
    assert Letter.objects.filter(case=done.case, template="dispute.finding").count() == 1


def test_papers_that_say_otherwise_disprove_it_and_whoever_paid_is_told() -> None:
    done = decided(with_papers(filed()), REALLY_LARGE)
    assert (done.case.status, done.ground, done.found_class) == (DISPROVED, "OTHERWISE", "LARGE")
    (broken,) = broken_commitments(refund_year=2025)
    assert (broken.enterprise_id, broken.found_class) == (done.enterprise_id, "LARGE")
    assert facts_of(done.enterprise).facts.size_class == "LARGE"
    assert facts_of(done.enterprise).facts.commitment is None


def test_a_smaller_class_at_the_same_ratio_still_confirms() -> None:
    done = decided(with_papers(filed()), Found(employees=320, revenue_wan=1_000, assets_wan=9))
    assert (done.case.status, done.found_class) == (CONFIRMED, "SMALL")


def test_whoever_did_not_keep_one_is_not_believed_again() -> None:
    one = decided(with_papers(filed()), REALLY_LARGE).enterprise
    again = filed(one, refund_year=2025)
    assert (again.case.status, again.standing) == (PROOF, "BARRED")
    assert facts_of(one).facts.commitment == Commitment("MEDIUM", "BARRED")
    assert decided(again, Found(has_papers=False)).case.status == NOT_PROVEN


def test_nobody_signs_what_they_found_themselves_and_a_reviewer_may_send_it_back() -> None:
    dispute = with_papers(filed())
    handler = officer("h", Role.HANDLER, Role.REVIEWER)
    propose_finding(dispute=dispute, found=MEDIUM, why="按审计报告", actor=handler, now=NOW)
    with pytest.raises(Refused, match=r"proposal\.own"):
        decide_finding(dispute=dispute, agreed=True, remark="", actor=handler, now=NOW)
    decide_finding(dispute=dispute, agreed=False, remark="少一页", actor=officer("r", Role.REVIEWER), now=NOW)
    assert dispute.case.status == EVIDENCE
    assert facts_of(dispute.enterprise).facts.commitment == Commitment("MEDIUM", "VALID")


def test_a_proposal_needs_its_reason_and_an_industry_of_no_table_its_class() -> None:
    dispute = filed(industry="8310")
    handler = officer("h", Role.HANDLER)
    with pytest.raises(Refused, match=r"dispute\.reason_missing"):
        propose_finding(dispute=dispute, found=MEDIUM, why=" ", actor=handler, now=NOW)
    with pytest.raises(Refused, match=r"dispute\.class_missing"):
        propose_finding(dispute=dispute, found=MEDIUM, why="材料", actor=handler, now=NOW)
    made = propose_finding(
        dispute=dispute, found=replace(MEDIUM, by_person="MEDIUM"), why="材料", actor=handler, now=NOW
    )
    assert (made.act, dispute.case.status) == (Act.CONFIRM, PROPOSED)


def test_overdue_papers_are_asked_for_once_and_then_it_is_not_kept() -> None:
    dispute = filed()
    due = NOW + timedelta(days=60)
    assert sweep_overdue(now=due) == 0
    assert sweep_overdue(now=due + timedelta(days=1)) == 1
    assert sweep_overdue(now=due + timedelta(days=1)) == 0
    dispute.case.refresh_from_db()
    assert dispute.case.status == REMINDED
    assert facts_of(dispute.enterprise).facts.commitment == Commitment("MEDIUM", "VALID")
    assert sweep_overdue(now=due + timedelta(days=16)) == 0
    assert sweep_overdue(now=due + timedelta(days=17)) == 1
    dispute.refresh_from_db()
    dispute.case.refresh_from_db()
    assert (dispute.case.status, dispute.ground) == (DISPROVED, "NO_PAPERS")
    assert [one.found_class for one in broken_commitments(refund_year=2025)] == ["LARGE"]
    assert not SizeClassRecord.objects.filter(basis="PROOF").exists()
    verbs = list(Event.objects.filter(case=dispute.case).order_by("sequence").values_list("verb", flat=True))
    assert verbs.count("dispute.reminded") == verbs.count("dispute.expired") == 1


def test_papers_after_the_reminder_are_still_in_time_and_none_are_taken_after_the_end() -> None:
    dispute = filed()
    late = NOW + timedelta(days=61)
    sweep_overdue(now=late)
    dispute.case.refresh_from_db()
    assert with_papers(dispute, late).case.status == EVIDENCE
    assert sweep_overdue(now=late + timedelta(days=100)) == 0
    done = decided(SizeDispute.objects.select_related("case").get(pk=dispute.pk), MEDIUM)
    with pytest.raises(Refused, match=r"dispute\.not_waiting"):
        with_papers(done, late)


def test_a_commitment_is_for_its_own_year_only() -> None:
    one = large_firm()
    filed(one, refund_year=2024)
    assert facts_of(one).facts.commitment is None


def test_the_latest_year_with_rows_is_asked_about() -> None:
    assert refund_year_on(date(2026, 11, 28), region="130102") == 2025
    assert refund_year_on(date(2024, 5, 1), region="130102") == 2024
    assert refund_year_on(date(2031, 1, 1), region="130102") is None
