"""What people decide about one refund: a handler settles facts and proposes, a reviewer signs; holds end.

The rule runs at each step and an act must be its verdict: nobody grants or refuses against it. What a unit or
somebody else said is answered in the same act.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

import cases.selectors
import cases.services
import policy.selectors
from accounts.models import User
from cases.batch import Notice as Message
from cases.batch import notify_many
from cases.models import Case
from cases.services import record, transition
from law.decision import Verdict
from law.errors import FaultyField, Refused
from law.retention_refund import PROGRAM, RefundDecision, decide, facts_to_json
from law.workdays import legal_day
from subsidies.refund import kinds
from subsidies.refund.batch import Screened, write_numbers
from subsidies.refund.facts import AMENDABLE, facts_of
from subsidies.refund.models import Objection, Refund

VERDICTS = {kinds.GRANT: Verdict.GRANT, kinds.REFUSE: Verdict.REFUSE}
RESULTS = {
    kinds.GRANT: (kinds.ELIGIBLE, "refund.eligible"),
    kinds.REFUSE: (kinds.INELIGIBLE, "refund.ineligible"),
}


def decide_anew(*, refund: Refund, actor: User, now: datetime) -> RefundDecision:
    """Run the rule on what is known now and store what it says; the case's status stays.

    `Refused("refund.fact_faulty")` where a settled fact cannot be.
    """
    try:
        unit = facts_of(refund, on=legal_day(now))
    except FaultyField as fault:
        raise Refused("refund.fact_faulty", field=fault.field) from fault
    numbers = policy.selectors.parameters_for(program=PROGRAM, region=refund.campaign.region)
    decision = decide(unit.facts, numbers)
    cases.services.determine(
        case=refund.case,
        program=PROGRAM,
        facts=facts_to_json(unit.facts),
        sources=unit.origins,
        parameters=numbers,
        decision=decision,
        actor=actor,
        now=now,
    )
    write_numbers(run_id=refund.run_id, case_ids=[refund.pk], rows=[Screened(unit, decision)])
    return decision


@transaction.atomic
def propose(
    *,
    refund: Refund,
    act: str,
    why: str,
    amendments: Mapping[str, object],
    evidence: str,
    actor: User,
    now: datetime,
) -> None:
    """Settle facts, run the rule and propose what it says for a reviewer to sign.

    `Refused`: "refund.not_waiting", "refund.reason_missing", "refund.verdict_differs" (what the rule says),
    "refund.fact_faulty", and those of `cases.services`.
    """
    if refund.case.status != kinds.MANUAL:
        raise Refused("refund.not_waiting")
    if not why.strip():
        raise Refused("refund.reason_missing")
    for field, value in amendments.items():
        if field not in AMENDABLE:
            raise Refused("refund.fact_faulty", field=field)
        cases.services.amend_fact(
            case=refund.case,
            field=field,
            value=value,
            source=evidence,
            reason=why.strip(),
            actor=actor,
            now=now,
        )
    _must_say(refund, act, actor=actor, now=now)
    cases.services.propose(case=refund.case, act=act, reason=why.strip(), actor=actor, now=now)
    transition(case=refund.case, to=kinds.REVIEW, verb="refund.proposed", actor=actor, now=now)


def _must_say(refund: Refund, act: str, *, actor: User, now: datetime) -> None:
    decision = decide_anew(refund=refund, actor=actor, now=now)
    if decision.verdict is not VERDICTS.get(act):
        raise Refused("refund.verdict_differs", verdict=decision.verdict.value)


@transaction.atomic
def review(*, refund: Refund, agreed: bool, remark: str, actor: User, now: datetime) -> None:
    """Sign what a handler proposed, or send it back; the rule runs once more before a signature.

    `Refused`: "refund.not_waiting", "refund.reason_missing" (sent back without a word),
    "refund.verdict_differs", "proposal.own", "proposal.decided".
    """
    proposal = cases.selectors.open_proposal(refund.case)
    if refund.case.status != kinds.REVIEW or proposal is None:
        raise Refused("refund.not_waiting")
    if not agreed and not remark.strip():
        raise Refused("refund.reason_missing")
    if agreed:
        _must_say(refund, proposal.act, actor=actor, now=now)
    cases.services.decide_proposal(
        proposal=proposal, agreed=agreed, remark=remark.strip(), actor=actor, now=now
    )
    refund.case.refresh_from_db()
    if not agreed:
        transition(case=refund.case, to=kinds.MANUAL, verb="refund.sent_back", actor=actor, now=now)
        return
    to, verb = RESULTS[proposal.act]
    transition(case=refund.case, to=to, verb=verb, actor=actor, now=now)
    Refund.objects.filter(pk=refund.pk).update(notified_at=None, answer_due=None, notice=None, finance=None)
    _settle(refund, answer=proposal.reason, actor=actor, now=now)


def _settle(refund: Refund, *, answer: str, actor: User, now: datetime) -> None:
    """Answer what was said against a refund."""
    waiting = Objection.objects.filter(refund=refund, settled_at=None)
    waiting.update(settled_by=actor, settled_at=now, answer=answer)


@transaction.atomic
def end_hold(*, refund: Refund, cleared: bool, why: str, actor: User, now: datetime) -> None:
    """Let a refund that was held go on where it stood, or have it decided anew.

    `Refused`: "refund.not_held", "refund.reason_missing".
    """
    if refund.case.status != kinds.HELD or not refund.held_from:
        raise Refused("refund.not_held")
    if not why.strip():
        raise Refused("refund.reason_missing")
    to, verb = (refund.held_from, "refund.cleared") if cleared else (kinds.MANUAL, "refund.not_cleared")
    payload = {"because": refund.held_because}
    transition(case=refund.case, to=to, verb=verb, actor=actor, now=now, payload=payload)
    Refund.objects.filter(pk=refund.pk).update(held_from="", held_because="")
    _settle(refund, answer=why.strip(), actor=actor, now=now)
    if cleared:
        _tell_cleared(refund.case, refund, now=now)


def _tell_cleared(case: Case, refund: Refund, *, now: datetime) -> None:
    notify_many(
        notices=[
            Message(
                case_id=case.pk,
                party_id=refund.unit_id,
                template="refund.cleared",
                numbers={"year": refund.campaign.refund_year},
            )
        ],
        now=now,
    )


@transaction.atomic
def record_complaint(*, refund: Refund, words: str, actor: User, now: datetime) -> Objection:
    """Write down what somebody said against a published refund, and hold it until that is cleared.

    `Refused`: "complaint.not_published", "complaint.words".
    """
    if refund.case.status != kinds.PUBLIC_NOTICE:
        raise Refused("complaint.not_published")
    if not words.strip():
        raise Refused("complaint.words")
    made = Objection.objects.create(
        refund=refund, about=Objection.About.COMPLAINT, words=words.strip(), made_by=actor, made_at=now
    )
    transition(
        case=refund.case,
        to=kinds.HELD,
        verb="refund.complained",
        actor=actor,
        now=now,
        payload={"objection": made.pk},
    )
    Refund.objects.filter(pk=refund.pk).update(held_from=kinds.PUBLIC_NOTICE, held_because="COMPLAINT")
    return made


@transaction.atomic
def settle_objection(*, refund: Refund, answer: str, actor: User, now: datetime) -> None:
    """Answer what a unit said after money had gone: what is missing comes with a later run, nothing is
    netted.

    `Refused`: "objection.settled", "refund.reason_missing".
    """
    if not answer.strip():
        raise Refused("refund.reason_missing")
    if not Objection.objects.filter(refund=refund, settled_at=None).exists():
        raise Refused("objection.settled")
    _settle(refund, answer=answer.strip(), actor=actor, now=now)
    record(case=refund.case, verb="refund.answered", actor=actor, now=now)
