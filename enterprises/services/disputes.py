"""Filing a dispute about a size class: the unit objects, signs for another class, and is checked at once.

What contradicts what we know, or comes from a unit that did not keep an earlier commitment, is not refused:
a person looks at papers, and the recorded class holds meanwhile. The law says which class the unit's own
figures make; a claim that they do not bear out is not taken.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

import cases.services
from accounts.models import User
from accounts.selectors import machine
from cases.attachments import Paper, attach
from cases.letters import issue_letter
from cases.models import Case
from enterprises.kinds import (
    COMMITTED,
    EVIDENCE,
    PROOF,
    REMINDED,
    SIZE_DISPUTE,
    WANTS_PAPERS,
)
from enterprises.letters import COMMITMENT, commitment_words
from enterprises.models import Enterprise, SizeClass, SizeClassRecord, SizeDispute, Source, UnitKind
from enterprises.selectors import (
    MANUAL,
    Contradiction,
    answer_of,
    classes_of,
    contradictions_of,
    was_barred,
)
from enterprises.services.telling import tell
from law.errors import Refused
from law.parameters import ParameterBook
from law.workdays import legal_day
from policy.selectors import book


@dataclass(frozen=True, slots=True)
class Signed:
    """What a unit signs for: the class, and its figures at the end of the year before `refund_year`."""

    refund_year: int
    claimed_class: str
    industry: str
    employees: int | None
    revenue_wan: int | None
    assets_wan: int | None


@transaction.atomic
def file_dispute(
    *, enterprise: Enterprise, signed: Signed, submission_id: uuid.UUID, actor: User, now: datetime
) -> SizeDispute:
    """Object to the class on record and commit to another one. The same form twice is one dispute.

    Raises Refused: "dispute.open", "dispute.no_class" (only enterprises have one), "dispute.same_class",
    "dispute.same_ratio", "dispute.figures_missing", "dispute.figures_differ" with what the table gives.
    """
    # Of two who file at once, the second waits here and finds the first one's.
    unit = Enterprise.objects.select_for_update(of=("self",)).select_related("party").get(pk=enterprise.pk)
    sent = SizeDispute.objects.select_related("case").filter(submission_id=submission_id).first()
    if sent is not None and sent.enterprise_id == unit.pk:
        return sent
    today, law = legal_day(now), book()
    record = classes_of([unit.pk], on=today).get(unit.pk)
    _check(unit, signed, record, law)
    found = contradictions_of(unit, signed, law=law)
    standing = SizeDispute.Standing.VALID
    if was_barred(unit):
        standing = SizeDispute.Standing.BARRED
    elif found:
        standing = SizeDispute.Standing.CONTRADICTED
    case = cases.services.open_case(
        kind=SIZE_DISPUTE,
        party=unit.party,
        region=unit.region,
        actor=actor,
        now=now,
        verb="dispute.filed",
        payload={"claimed": signed.claimed_class, "year": signed.refund_year},
    )
    dispute = SizeDispute(
        case=case,
        enterprise=unit,
        submission_id=submission_id,
        refund_year=signed.refund_year,
        recorded_class=record.size_class if record is not None else "",
        claimed_class=signed.claimed_class,
        industry=signed.industry,
        employees=signed.employees,
        revenue_wan=signed.revenue_wan,
        assets_wan=signed.assets_wan,
        signed_by=actor,
        signed_at=now,
        standing=standing.value,
        contradictions=[one.to_json() for one in found],
    )
    if standing is SizeDispute.Standing.VALID:
        days = law.integer("size_class.evidence_days", region=unit.region, on=today)
        dispute.evidence_due = today + timedelta(days=days)
    dispute.save(force_insert=True)
    _settle(dispute, found, law, actor=actor, now=now)
    return dispute


def _check(unit: Enterprise, signed: Signed, record: SizeClassRecord | None, law: ParameterBook) -> None:
    waiting = SizeDispute.objects.select_related("case").filter(enterprise=unit, closed_at=None).first()
    if waiting is not None:
        raise Refused("dispute.open", number=waiting.case.number)
    if unit.kind != UnitKind.ENTERPRISE:
        raise Refused("dispute.no_class")
    recorded = record.size_class if record is not None else ""
    if recorded == signed.claimed_class:
        raise Refused("dispute.same_class")
    if recorded and SizeClass.LARGE not in (recorded, signed.claimed_class):
        raise Refused("dispute.same_ratio")
    by_table = answer_of(unit, signed, industry=signed.industry, law=law)
    if by_table == MANUAL:
        if None in (signed.employees, signed.revenue_wan, signed.assets_wan):
            raise Refused("dispute.figures_missing")
    elif by_table != signed.claimed_class:
        raise Refused("dispute.figures_differ", by_table=by_table)


def _settle(
    dispute: SizeDispute, found: Sequence[Contradiction], law: ParameterBook, *, actor: User, now: datetime
) -> None:
    """The check's result: believed until the papers are due, or to a person at once."""
    unit, case = dispute.enterprise, dispute.case
    words = commitment_words(dispute, law, now=now)
    issue_letter(case=case, party=unit.party, template=COMMITMENT.code, words=words, actor=actor, now=now)
    if dispute.standing == SizeDispute.Standing.VALID:
        assert dispute.evidence_due is not None
        SizeClassRecord.objects.create(
            enterprise=unit,
            size_class=dispute.claimed_class,
            basis=SizeClassRecord.Basis.COMMITMENT,
            year=dispute.refund_year - 1,
            employees=dispute.employees,
            revenue_wan=dispute.revenue_wan,
            assets_wan=dispute.assets_wan,
            from_on=legal_day(now),
            source=Source.OFFICER if actor.is_staff_member else Source.UNIT,
            case=case,
            recorded_at=now,
        )
        due = dispute.evidence_due.isoformat()
        cases.services.transition(
            case=case, to=COMMITTED, verb="dispute.accepted", actor=machine(), now=now, payload={"due": due}
        )
        tell(dispute, "dispute.accepted", {"due": due}, now=now)
        return
    is_barred = dispute.standing == SizeDispute.Standing.BARRED
    cases.services.transition(
        case=case,
        to=PROOF,
        verb="dispute.barred" if is_barred else "dispute.contradicted",
        actor=machine(),
        now=now,
        payload={"contradictions": [one.code for one in found]},
    )
    tell(dispute, "dispute.proof_needed", {}, now=now)


@transaction.atomic
def give_papers(*, dispute: SizeDispute, papers: Sequence[Paper], actor: User, now: datetime) -> SizeDispute:
    """The unit's papers: annual report, audited accounts, tax return.

    Raises Refused: "dispute.no_papers", "dispute.not_waiting" after it was decided, and those of
    `cases.attachments.check`.
    """
    if not papers:
        raise Refused("dispute.no_papers")
    case = Case.objects.select_for_update().get(pk=dispute.pk)
    if case.status not in WANTS_PAPERS:
        raise Refused("dispute.not_waiting")
    attach(case=case, papers=papers, actor=actor, now=now)
    if case.status in (COMMITTED, REMINDED):
        cases.services.transition(case=case, to=EVIDENCE, verb="dispute.papers_given", actor=actor, now=now)
    else:
        cases.services.record(case=case, verb="dispute.papers_given", actor=actor, now=now)
    dispute.case = case
    return dispute
