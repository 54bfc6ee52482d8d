"""The end of a spell by two people: a handler proposes on which ground and since when, a reviewer signs.

A grant that never should have been is annulled in the same way.

Which month was the last to be paid is the law's (`law.ending`), never an officer's. Payment rests from the
proposal on; what was paid beyond that month becomes a receivable and is netted with nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

import cases.attachments
import cases.letters
import cases.services
import payouts.services
import policy.selectors
from accounts.models import User
from cases.attachments import Paper
from cases.models import Proposal
from claims import kinds
from claims.letters import STOP, Ending, Signatures, stop_words
from claims.models import Claim, Ground, Interruption, Spell, Stop
from claims.selectors import PROGRAM, last_payable, months_left, open_suspensions_of
from claims.services.changing import begin_suspension
from claims.services.spells import RUNNING, end_spell, let_go, lock_spell, unregister
from claims.services.steps import tell
from law.ending import GROUNDS, Effect
from law.errors import Refused
from law.workdays import legal_day
from payouts.services import Stopped


@transaction.atomic
def propose_stop(
    *,
    claim: Claim,
    ground: Ground,
    event_on: date,
    why: str,
    evidence: str,
    actor: User,
    now: datetime,
    papers: Sequence[Paper] = (),
    keeps_months: bool = False,
) -> Proposal:
    """A handler proposes to end a spell (or, in prison, to let it rest); from now on payment waits.

    `event_on`: the day of the event, for a pension the first day for which it is paid; for work refused the
    day of the decision counts, for a grant that never should have been that of the application, whatever is
    given. `evidence`: what it rests on, `papers` its files.
    `keeps_months` where the law leaves the months left to an officer. `Refused`: "claim.reason_missing",
    "claim.event_ahead", "claim.event_before" (not after the application), "claim.nothing_left",
    "claim.rests_already", "claim.not_in_payment", "case.changed_meanwhile", "case.held_by_other".
    """
    if not why.strip():
        raise Refused("claim.reason_missing")
    spell = lock_spell(claim, RUNNING | {kinds.SUSPENDED, kinds.INTERRUPTED}, actor=actor)
    if GROUNDS[ground].event is None:
        event_on = legal_day(now)
    elif GROUNDS[ground].effect is Effect.ANNUL:
        event_on = claim.applied_on
    _check_event(spell, ground, event_on, now=now)
    if claim.case.status != kinds.SUSPENDED:
        begin_suspension(spell, why=why, standing=open_suspensions_of(spell), actor=actor, now=now)
    proposal = cases.services.propose(case=claim.case, act=kinds.STOP, reason=why, actor=actor, now=now)
    Stop.objects.create(
        proposal=proposal,
        spell=spell,
        ground=ground,
        event_on=event_on,
        evidence=evidence,
        keeps_months=keeps_months,
    )
    cases.attachments.attach(case=claim.case, papers=papers, actor=actor, now=now)
    cases.services.transition(
        case=claim.case,
        to=kinds.STOP_REVIEW,
        verb="claim.stop_proposed",
        actor=actor,
        now=now,
        payload={"proposal": proposal.pk, "ground": str(ground), "event_on": event_on.isoformat()},
    )
    return proposal


def _check_event(spell: Spell, ground: Ground, event_on: date, *, now: datetime) -> None:
    """An event has happened, and after the application: before it, the grant itself would be in question."""
    if event_on > legal_day(now):
        raise Refused("claim.event_ahead")
    if event_on <= spell.claim.applied_on and GROUNDS[ground].effect is not Effect.ANNUL:
        raise Refused("claim.event_before", applied=spell.claim.applied_on.isoformat())
    if GROUNDS[ground].effect is Effect.INTERRUPT:
        if Interruption.objects.filter(spell=spell, ended_on=None).exists():
            raise Refused("claim.rests_already")
        if last_payable(spell, ground=ground, event_on=event_on) >= spell.last_month:
            raise Refused("claim.nothing_left")


@transaction.atomic
def sign_stop(*, claim: Claim, agreed: bool, remark: str, actor: User, now: datetime) -> None:
    """The second signature: the spell ends or rests, or the proposal goes back to the handler.

    `Refused`: "claim.remark_missing", "proposal.own", "case.changed_meanwhile", "claim.not_in_payment".
    """
    if not agreed and not remark.strip():
        raise Refused("claim.remark_missing")
    spell = lock_spell(claim, {kinds.STOP_REVIEW}, actor=actor)
    proposal = Proposal.objects.get(case=claim.case, decided_at=None)
    stop = Stop.objects.get(pk=proposal.pk)
    cases.services.take(case=claim.case, actor=actor, now=now)
    cases.services.decide_proposal(proposal=proposal, agreed=agreed, remark=remark, actor=actor, now=now)
    if not agreed:
        # Payment waits on: the handler lets it go on, or proposes again.
        cases.services.transition(
            case=claim.case, to=kinds.SUSPENDED, verb="claim.stop_returned", actor=actor, now=now
        )
        return
    if GROUNDS[stop.ground].event is None:
        stop.event_on = legal_day(now)
        stop.save(update_fields=["event_on"])
    _carry_out(spell, stop, proposal=proposal, actor=actor, now=now)


def _carry_out(spell: Spell, stop: Stop, *, proposal: Proposal, actor: User, now: datetime) -> None:
    claim, ground = spell.claim, Ground(stop.ground)
    through = last_payable(spell, ground=ground, event_on=stop.event_on)
    stopped = payouts.services.stop_after(
        case=claim.case, item=PROGRAM, month=through, why=ground, actor=actor, now=now
    )
    payload = {
        "proposal": proposal.pk,
        "ground": str(ground),
        "withdrawn": list(stopped.withdrawn),
        "to_recover": list(stopped.to_recover),
    }
    if GROUNDS[ground].effect is Effect.INTERRUPT:
        Interruption.objects.create(
            spell=spell, ground=ground, event_on=stop.event_on, after=through, began_at=now
        )
        cases.services.transition(
            case=claim.case,
            to=kinds.INTERRUPTED,
            verb="claim.interrupted",
            actor=actor,
            now=now,
            payload={"event_on": stop.event_on.isoformat(), "through": through, **payload},
        )
    else:
        is_annulled = GROUNDS[ground].effect is Effect.ANNUL
        end_spell(
            spell,
            ground=ground,
            event_on=stop.event_on,
            through=through,
            verb="claim.annulled" if is_annulled else "claim.stopped",
            actor=actor,
            now=now,
            payload=payload,
            keeps_months=stop.keeps_months,
            to=kinds.ANNULLED if is_annulled else kinds.ENDED,
        )
    let_go(spell, now=now)
    if GROUNDS[ground].unregisters:
        unregister(claim, on=stop.event_on)
    _tell(spell, stop, through, stopped, proposal=proposal, actor=actor, now=now)


def _tell(
    spell: Spell,
    stop: Stop,
    through: str,
    stopped: Stopped,
    *,
    proposal: Proposal,
    actor: User,
    now: datetime,
) -> None:
    """The decision with its remedies, and a message that says it is there."""
    claim = spell.claim
    ending = Ending(
        spell=spell,
        stop=stop,
        through=through,
        left=months_left(spell),
        to_recover=stopped.to_recover,
        to_recover_fen=stopped.to_recover_fen,
    )
    signed = Signatures.of(actor=actor, proposal=proposal)
    law = policy.selectors.book()
    cases.letters.issue_letter(
        case=claim.case,
        party=claim.party,
        template=STOP.code,
        words=stop_words(ending, law, why=proposal.reason, signed=signed, now=now),
        actor=actor,
        now=now,
    )
    match GROUNDS[stop.ground].effect:
        case Effect.END:
            tell(claim, "claim.stopped", {"month": through, "left": ending.left}, now=now)
        case Effect.INTERRUPT:
            tell(claim, "claim.interrupted", {"month": through, "left": ending.left}, now=now)
        case Effect.ANNUL:
            tell(claim, "claim.annulled", {}, now=now)
    if stopped.to_recover:
        numbers = {"count": len(stopped.to_recover), "total_fen": stopped.to_recover_fen}
        tell(claim, "claim.to_return", numbers, now=now)
