"""What officers find in a unit's papers: one puts the figures in, the law makes the class, another signs.

No button changes a class: a handler adds figures with a reason, the size rule answers, and a reviewer signs
what came out. Money that was paid on a commitment that did not hold is for `subsidies` to pull.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

import cases.services
from accounts.models import User
from cases.letters import issue_letter
from cases.models import Proposal
from cases.selectors import open_proposal
from enterprises.kinds import (
    CONFIRMED,
    DISPROVED,
    EVIDENCE,
    NOT_PROVEN,
    PROOF,
    PROPOSED,
    Act,
)
from enterprises.letters import FINDING, finding_words
from enterprises.models import SizeClass, SizeClassRecord, SizeDispute, Source
from enterprises.selectors import MANUAL, answer_of
from enterprises.services.telling import tell
from law.errors import Refused
from law.workdays import legal_day
from policy.selectors import book


@dataclass(frozen=True, slots=True)
class Found:
    """What the papers show at the end of the year before the refund; None: they do not show it.

    `by_person`: the class a person gives where the rule leaves it to one. `has_papers`: whether there was
    anything to find it in; without, the class on record stands.
    """

    employees: int | None = None
    revenue_wan: int | None = None
    assets_wan: int | None = None
    by_person: str = ""
    has_papers: bool = True


@transaction.atomic
def propose_finding(*, dispute: SizeDispute, found: Found, why: str, actor: User, now: datetime) -> Proposal:
    """Put in what the papers show and propose what follows from it; another officer signs.

    Raises Refused: "dispute.not_waiting", "dispute.reason_missing", "dispute.class_missing" where the rule
    leaves the class to a person and none is given.
    """
    case = dispute.case
    if case.status not in (EVIDENCE, PROOF):
        raise Refused("dispute.not_waiting")
    if not why.strip():
        raise Refused("dispute.reason_missing")
    size = class_found(dispute, found)
    dispute.found_class = size
    dispute.found_employees = found.employees
    dispute.found_revenue_wan = found.revenue_wan
    dispute.found_assets_wan = found.assets_wan
    dispute.save(update_fields=["found_class", "found_employees", "found_revenue_wan", "found_assets_wan"])
    act = act_for(dispute)
    proposal = cases.services.propose(case=case, act=act.value, reason=why.strip(), actor=actor, now=now)
    cases.services.transition(
        case=case,
        to=PROPOSED,
        verb="dispute.proposed",
        actor=actor,
        now=now,
        payload={"act": act.value, "found": size},
    )
    return proposal


def class_found(dispute: SizeDispute, found: Found) -> str:
    """The class that follows from what was found; "" where none was on record and nothing was shown.

    Raises `Refused("dispute.class_missing")`.
    """
    if not found.has_papers:
        return dispute.recorded_class
    answer = answer_of(dispute.enterprise, found, industry=dispute.industry)
    if answer != MANUAL:
        return answer
    if found.by_person not in SizeClass.values:
        raise Refused("dispute.class_missing")
    return found.by_person


def act_for(dispute: SizeDispute) -> Act:
    """Confirmed if the class found brings the same ratio as the class signed for: large or not large."""
    is_large = SizeClass.LARGE.value
    same = (dispute.found_class == is_large) == (dispute.claimed_class == is_large)
    return Act.CONFIRM if dispute.found_class and same else Act.DISPROVE


@transaction.atomic
def decide_finding(
    *, dispute: SizeDispute, agreed: bool, remark: str, actor: User, now: datetime
) -> Proposal:
    """Another officer signs, or sends it back.

    Raises Refused: "dispute.no_proposal", "proposal.own", "proposal.decided".
    """
    case = dispute.case
    proposal = open_proposal(case)
    if case.status != PROPOSED or proposal is None:
        raise Refused("dispute.no_proposal")
    decided = cases.services.decide_proposal(
        proposal=proposal, agreed=agreed, remark=remark, actor=actor, now=now
    )
    is_believed = dispute.standing == SizeDispute.Standing.VALID
    if not agreed:
        cases.services.transition(
            case=case,
            to=EVIDENCE if is_believed else PROOF,
            verb="dispute.sent_back",
            actor=actor,
            now=now,
        )
        return decided
    act = Act(proposal.act)
    _record(dispute, actor=actor, now=now)
    dispute.ground = SizeDispute.Ground.PROVEN if act is Act.CONFIRM else SizeDispute.Ground.OTHERWISE
    dispute.closed_at = now
    dispute.save(update_fields=["ground", "closed_at"])
    to, verb = CONFIRMED, "dispute.confirmed"
    if act is Act.DISPROVE:
        to, verb = (DISPROVED, "dispute.disproved") if is_believed else (NOT_PROVEN, "dispute.not_proven")
    cases.services.transition(
        case=case, to=to, verb=verb, actor=actor, now=now, payload={"found": dispute.found_class}
    )
    words = finding_words(
        dispute, to, book(), why=proposal.reason, signed=(str(proposal.proposed_by), str(actor)), now=now
    )
    issue_letter(
        case=case,
        party=dispute.enterprise.party,
        template=FINDING.code,
        words=words,
        actor=actor,
        now=now,
    )
    tell(dispute, verb, {}, now=now)
    return decided


def _record(dispute: SizeDispute, *, actor: User, now: datetime) -> None:
    """The class that papers showed counts from now on; where nothing was shown the record stands."""
    shown = (dispute.found_employees, dispute.found_revenue_wan, dispute.found_assets_wan)
    if not dispute.found_class or (shown == (None,) * 3 and dispute.found_class == dispute.recorded_class):
        return
    SizeClassRecord.objects.create(
        enterprise=dispute.enterprise,
        size_class=dispute.found_class,
        basis=SizeClassRecord.Basis.PROOF,
        year=dispute.refund_year - 1,
        employees=dispute.found_employees,
        revenue_wan=dispute.found_revenue_wan,
        assets_wan=dispute.found_assets_wan,
        from_on=legal_day(now),
        source=Source.OFFICER,
        case=dispute.case,
        recorded_at=now,
    )
