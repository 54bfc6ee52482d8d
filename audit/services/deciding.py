"""How a finding ends: one officer proposes, another signs. Excluded, cleared, or confirmed.

A confirmation is a stop of the benefit on one of the law's grounds: it is proposed and signed with the
claim's own services, which say the last payable month, book what is to come back and write the decision.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

import cases.services
import claims.services
from accounts.models import User
from audit import kinds
from audit.kinds import ACTS, Act
from audit.models import Finding
from audit.services.inquiry import tell
from cases.models import Proposal
from claims.models import Ground, Spell
from law.errors import Refused
from payouts.models import Receivable

PROPOSING = {
    Act.EXCLUDE: "finding.exclusion_proposed",
    Act.CLEAR: "finding.clearing_proposed",
    Act.CONFIRM: "finding.confirmation_proposed",
}


@transaction.atomic
def propose_outcome(
    *,
    finding: Finding,
    act: Act,
    reason: str,
    actor: User,
    now: datetime,
    ground: str = "",
    event_on: date | None = None,
) -> Proposal:
    """A handler proposes how a finding ends. A confirmation names the ground of the stop and its day, unless
    the benefit has ended meanwhile.

    `Refused`: "finding.reason_missing", "finding.not_yet" (this end is not open here), "finding.no_ground",
    and what `claims.services.propose_stop` refuses.
    """
    if not reason.strip():
        raise Refused("finding.reason_missing")
    finding.case.refresh_from_db()
    if finding.case.status not in ACTS:
        raise cases.services.lost(finding.case, actor)
    if act not in ACTS[finding.case.status]:
        raise Refused("finding.not_yet")
    cases.services.take(case=finding.case, actor=actor, now=now)
    proposal = cases.services.propose(
        case=finding.case, act=act.value, reason=reason.strip(), actor=actor, now=now
    )
    payload: dict[str, object] = {"proposal": proposal.pk}
    # Who has reported it meanwhile is stopped already; what was overpaid stands in the books.
    if act is Act.CONFIRM and Spell.objects.filter(claim=finding.claim, ended_at=None).exists():
        if ground not in Ground.values or event_on is None:
            raise Refused("finding.no_ground")
        finding.stop = claims.services.propose_stop(
            claim=finding.claim,
            ground=Ground(ground),
            event_on=event_on,
            why=reason.strip(),
            evidence="OFFICE",
            actor=actor,
            now=now,
        )
        finding.save(update_fields=["stop"])
        payload |= {"stop": finding.stop.pk, "ground": ground, "event_on": event_on.isoformat()}
    cases.services.transition(
        case=finding.case, to=kinds.PROPOSED, verb=PROPOSING[act], actor=actor, now=now, payload=payload
    )
    return proposal


@transaction.atomic
def decide_outcome(*, finding: Finding, agreed: bool, remark: str, actor: User, now: datetime) -> Finding:
    """The second officer signs, or sends it back. `Refused`: "finding.remark_missing", "proposal.own", and
    what `claims.services.sign_stop` refuses.
    """
    if not agreed and not remark.strip():
        raise Refused("finding.remark_missing")
    finding.case.refresh_from_db()
    proposal = Proposal.objects.filter(case=finding.case, decided_at=None).first()
    if proposal is None or finding.case.status != kinds.PROPOSED:
        raise cases.services.lost(finding.case, actor)
    cases.services.take(case=finding.case, actor=actor, now=now)
    cases.services.decide_proposal(
        proposal=proposal, agreed=agreed, remark=remark.strip(), actor=actor, now=now
    )
    act = Act(proposal.act)
    if act is Act.CONFIRM:
        agreed = _sign_stop(finding, agreed=agreed, remark=remark, actor=actor, now=now)
    if not agreed:
        back = _before(finding)
        cases.services.transition(case=finding.case, to=back, verb="finding.returned", actor=actor, now=now)
        return finding
    match act:
        case Act.EXCLUDE:
            _end(finding, kinds.FALSE_POSITIVE, "finding.excluded", actor=actor, now=now)
        case Act.CLEAR:
            _end(finding, kinds.CLEARED, "finding.cleared", actor=actor, now=now)
            tell(finding, "finding.cleared", {}, now=now)
        case Act.CONFIRM:
            _end(finding, kinds.CONFIRMED, "finding.confirmed", actor=actor, now=now)
    return finding


def _sign_stop(finding: Finding, *, agreed: bool, remark: str, actor: User, now: datetime) -> bool:
    """Sign the stop with the finding, or send both back; what was decided of it, here or on its own page."""
    stop = finding.stop
    if stop is not None:
        stop.refresh_from_db()
        if stop.decided_at is None:
            claims.services.sign_stop(claim=finding.claim, agreed=agreed, remark=remark, actor=actor, now=now)
            stop.refresh_from_db()
        agreed = bool(stop.agreed)
    if not agreed:
        finding.stop = None
        finding.save(update_fields=["stop"])
        return False
    owed_back = Receivable.objects.filter(obligation__case_id=finding.claim_id)
    finding.overpaid_months = owed_back.count()
    finding.overpaid_fen = sum(owed_back.values_list("obligation__amount_fen", flat=True))
    finding.save(update_fields=["overpaid_months", "overpaid_fen"])
    return True


def _before(finding: Finding) -> str:
    """Where a finding stood before it was proposed."""
    if finding.notified_at is None:
        return kinds.SCREENED
    return kinds.INQUIRY if finding.heard_at is None else kinds.HEARD


def _end(finding: Finding, status: str, verb: str, *, actor: User, now: datetime) -> None:
    finding.closed_at = now
    finding.save(update_fields=["closed_at"])
    payload = {"overpaid_months": finding.overpaid_months, "overpaid_fen": finding.overpaid_fen}
    cases.services.transition(case=finding.case, to=status, verb=verb, actor=actor, now=now, payload=payload)
    if status != kinds.CONFIRMED:
        # What waited for this finding goes on; another one's hold stays.
        claims.services.resume_claim(claim=finding.claim, reference=finding.case.number, actor=actor, now=now)
