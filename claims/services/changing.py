"""A spell that rests: suspended while something is looked into, interrupted by prison; and how it goes on.

A suspension takes nothing away: what was held is paid when it is lifted, and stopped only by a decision of
two people (`claims.services.stopping`). Several things may be looked into at once; payment goes on when the
last one is over.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

import cases.desk
import cases.letters
import cases.services
import payouts.selectors
import payouts.services
import policy.selectors
from accounts.models import User
from claims import kinds
from claims.kinds import AT_REST
from claims.letters import SUSPENSION, suspension_words
from claims.models import Claim, Interruption, Spell, SpellMonth, Suspension
from claims.selectors import interruptions_of, months_due, open_suspensions_of
from claims.services.spells import RUNNING, let_go, lock_spell
from claims.services.steps import tell
from law import ending, months
from law.errors import Refused
from law.workdays import legal_day


@transaction.atomic
def suspend_claim(
    *,
    claim: Claim,
    why: str,
    actor: User,
    now: datetime,
    reference: str = "",
    until: date | None = None,
) -> Suspension:
    """Let the next payments of a claim wait while something is looked into (G9).

    `why` is said to the person. `reference`: the number of the case that looks into it; asked again for the
    same one, the suspension that stands is returned. `until`: the day by which the person has an answer, by
    default after `benefit.suspended_answer_wd`. What lies in a sealed batch already goes its way. `Refused`:
    "claim.reason_missing", "claim.not_in_payment", "case.changed_meanwhile" (an officer comes second).
    """
    if not why.strip():
        raise Refused("claim.reason_missing")
    spell = lock_spell(claim, RUNNING | AT_REST, actor=actor)
    standing = open_suspensions_of(spell)
    same = next((one for one in standing if one.reference == reference), None)
    if same is not None and reference:
        return same
    if same is not None or (not reference and claim.case.status == kinds.STOP_REVIEW):
        raise cases.services.lost(claim.case, actor)
    return begin_suspension(
        spell, why=why, reference=reference, until=until, standing=standing, actor=actor, now=now
    )


def begin_suspension(
    spell: Spell,
    *,
    why: str,
    reference: str = "",
    until: date | None = None,
    standing: list[Suspension],
    actor: User,
    now: datetime,
) -> Suspension:
    """Write the suspension of a locked spell; if it is the first, hold what is owed and tell the person."""
    claim, today, law = spell.claim, legal_day(now), policy.selectors.book()
    if until is None:
        days = law.integer("benefit.suspended_answer_wd", region=claim.county, on=today)
        until, _provisional = policy.selectors.deadline(start=today, days=days, law=law)
    was = claim.case.status
    is_first = was not in {kinds.SUSPENDED, kinds.STOP_REVIEW}
    suspension = Suspension.objects.create(
        spell=spell,
        reference=reference,
        why=why.strip(),
        until=until,
        came_from=was if is_first else _came_from(spell),
        began_at=now,
    )
    payload = {"suspension": suspension.pk, "reference": reference, "until": until.isoformat()}
    if not is_first:
        cases.services.record(
            case=claim.case, verb="claim.suspended_again", actor=actor, now=now, payload=payload
        )
        return suspension
    payouts.services.hold_payments(case=claim.case, now=now)
    cases.letters.issue_letter(
        case=claim.case,
        party=claim.party,
        template=SUSPENSION.code,
        words=suspension_words(claim, law, why=why, until=until, actor=actor, now=now),
        actor=actor,
        now=now,
    )
    tell(claim, "claim.suspended", {"due": until.isoformat()}, now=now)
    # Last, so that whoever comes second is told who was first.
    cases.services.transition(
        case=claim.case, to=kinds.SUSPENDED, verb="claim.suspended", actor=actor, now=now, payload=payload
    )
    if reference:
        # Another case of the house decides: this one comes to a handler only if no answer came by then.
        cases.desk.set_aside(case=claim.case, until=until, reason=reference, actor=actor, now=now)
    return suspension


@transaction.atomic
def resume_claim(*, claim: Claim, actor: User, now: datetime, reference: str = "") -> bool:
    """What was looked into is cleared: lift its suspension; whether payment goes on.

    With the last one lifted the claim is what it was before, and the months held meanwhile are owed and paid.
    `reference` as it was suspended; nothing stands under it (any more): nothing happens. Without, a handler
    lifts the claim's own suspension: `Refused("claim.suspended_elsewhere")` while another case looks into it.
    """
    if reference:
        return _lift(claim, reference=reference, actor=actor, now=now)
    spell = lock_spell(claim, {kinds.SUSPENDED}, actor=actor)
    elsewhere = [one.reference for one in open_suspensions_of(spell) if one.reference]
    if elsewhere:
        raise Refused("claim.suspended_elsewhere", number=elsewhere[0])
    cases.services.take(case=claim.case, actor=actor, now=now)
    go_on(spell, actor=actor, now=now)
    return True


def _lift(claim: Claim, *, reference: str, actor: User, now: datetime) -> bool:
    try:
        spell = lock_spell(claim, RUNNING | AT_REST, actor=actor)
    except Refused:
        return False  # it ended meanwhile, and its suspensions with it
    standing = open_suspensions_of(spell)
    own = next((one for one in standing if one.reference == reference), None)
    if own is None:
        return False
    if len(standing) == 1 and claim.case.status == kinds.SUSPENDED:
        go_on(spell, actor=actor, now=now)
        return True
    own.lifted_at = now
    own.save(update_fields=["lifted_at"])
    payload = {"suspension": own.pk, "reference": reference}
    cases.services.record(
        case=claim.case, verb="claim.suspension_lifted", actor=actor, now=now, payload=payload
    )
    return False


def go_on(spell: Spell, *, actor: User, now: datetime, is_told: bool = True) -> None:
    """Lift every suspension of a locked spell: the claim is again what it was before.

    `is_told`: the person hears of it; not where the caller has more to say.
    """
    claim = spell.claim
    back = _came_from(spell)
    let_go(spell, now=now)
    cases.services.transition(case=claim.case, to=back, verb="claim.resumed", actor=actor, now=now)
    if is_told:
        tell(claim, "claim.resumed", {}, now=now)


def _came_from(spell: Spell) -> str:
    """What the claim was before the suspension that stands, or the latest one."""
    return Suspension.objects.filter(spell=spell).order_by("-pk")[0].came_from


def _last_month(spell: Spell) -> str:
    """The month with which all months of a spell are given, those in which it rested not counted.

    An extension runs up to an age, whatever was missed of it.
    """
    if spell.extended_from:
        return spell.last_month
    rests, last = interruptions_of(spell), months.shift(spell.first_month, spell.months - 1)
    while len(months_due(spell, rests, last=last)) < spell.months:
        last = months.shift(last, 1)
    return last


@transaction.atomic
def end_interruption(*, claim: Claim, ended_on: date, actor: User, now: datetime) -> Interruption:
    """Who was in prison is free since `ended_on`: the spell goes on with that month, and is later over.

    A month that was owed once already is not given twice: the spell then goes on with the next one.
    `Refused`: "claim.event_ahead", "claim.released_before" (not after the imprisonment),
    "case.changed_meanwhile".
    """
    spell = lock_spell(claim, {kinds.INTERRUPTED}, actor=actor)
    if ended_on > legal_day(now):
        raise Refused("claim.event_ahead")
    rest = Interruption.objects.get(spell=spell, ended_on=None)
    if ended_on <= rest.event_on:
        raise Refused("claim.released_before", event=rest.event_on.isoformat())
    first = ending.resumes_in(through=rest.after, ended_on=ended_on)
    owed = SpellMonth.objects.filter(spell=spell).aggregate(last=Max("month"))["last"]
    if owed is not None:
        first = max(first, months.shift(owed, 1))
    rest.until, rest.ended_on = months.shift(first, -1), ended_on
    rest.save(update_fields=["until", "ended_on"])
    spell.last_month = _last_month(spell)
    spell.save(update_fields=["last_month"])
    is_paid = bool(payouts.selectors.paid_case_ids([claim.pk]))
    cases.services.transition(
        case=claim.case,
        to=kinds.PAYING if is_paid else kinds.APPROVED,
        verb="claim.interruption_ended",
        actor=actor,
        now=now,
        payload={"ended_on": ended_on.isoformat(), "first": first, "last": spell.last_month},
    )
    tell(claim, "claim.interruption_ended", {"month": first, "last": spell.last_month}, now=now)
    return rest
