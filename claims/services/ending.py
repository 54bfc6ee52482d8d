"""The end of a spell: work was found, or its months are used up.

What the law still gives is paid, months that are not due are stopped or have to come back, what is left of
the spell is kept, and the person may claim again. Refuses nobody anything: whoever reports work on time loses
nothing.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

import payouts.services
import policy.selectors
from accounts.models import User
from accounts.selectors import machine
from claims import kinds
from claims.kinds import AT_REST
from claims.models import Claim, Ground, Spell, SpellMonth
from claims.selectors import PROGRAM, months_left
from claims.services.spells import RUNNING, end_spell, lock_spell, unregister
from claims.services.steps import tell
from law import continued_benefit, months, overpayment, retirement, unemployment_benefit
from law.errors import Refused
from law.programs import PROGRAMS
from law.workdays import legal_day

ENDED_A_RUN = 1_000


@transaction.atomic
def report_job(*, claim: Claim, started_on: date, actor: User, now: datetime) -> Spell:
    """The person says that work began on `started_on`: benefit stops after its last payable month (G1).

    `Refused`: "claim.job_ahead" (not begun yet), "claim.job_before" (work before the application: the grant
    itself is in question, which a person must look at), "claim.not_in_payment", "claim.being_looked_into".
    """
    spell = lock_spell(claim, RUNNING | AT_REST, actor=actor)
    if claim.case.status in AT_REST:
        raise Refused("claim.being_looked_into")
    if started_on > legal_day(now):
        raise Refused("claim.job_ahead")
    if started_on <= claim.applied_on:
        raise Refused("claim.job_before", applied=claim.applied_on.isoformat())
    law = policy.selectors.book().for_program(overpayment.KEYS, region=claim.county)
    last = overpayment.last_payable_month("REEMPLOYED", started_on, law)
    assert last is not None  # only who was never entitled has none
    through = months.text_of(last)
    stopped = payouts.services.stop_after(
        case=claim.case, item=PROGRAM, month=through, why=Ground.REEMPLOYED, actor=actor, now=now
    )
    end_spell(
        spell,
        ground=Ground.REEMPLOYED,
        event_on=started_on,
        through=through,
        verb="claim.job_reported",
        actor=actor,
        now=now,
        payload={"withdrawn": list(stopped.withdrawn), "to_recover": list(stopped.to_recover)},
    )
    unregister(claim, on=started_on)
    numbers: dict[str, str | int] = {"month": through, "left": months_left(spell)}
    if stopped.to_recover:
        numbers |= {"count": len(stopped.to_recover), "total_fen": stopped.to_recover_fen}
        tell(claim, "claim.job_reported_late", numbers, now=now)
    else:
        tell(claim, "claim.job_reported", numbers, now=now)
    return spell


def end_used_up(*, now: datetime) -> int:
    """End every spell whose months are all owed and over; how many. Re-runnable.

    Who is near retirement stays: benefit may go on to that age (domain rule 1.10), which a person decides.
    """
    current = legal_day(now).isoformat()[:7]
    over = Spell.objects.filter(
        claim__case__status=kinds.PAYING, ended_at=None, last_month__lt=current
    ).select_related("claim__case", "claim__registration", "claim__party", "determination")
    done = 0
    for spell in over.order_by("pk")[:ENDED_A_RUN]:
        done += _end_used_up(spell.claim, now=now)
    return done


@transaction.atomic
def _end_used_up(claim: Claim, *, now: datetime) -> bool:
    try:
        spell = lock_spell(claim, {kinds.PAYING}, actor=machine())
    except Refused:
        return False  # a report of work came first, or a question
    if SpellMonth.objects.filter(spell=spell).count() < spell.months or _may_go_on(spell):
        return False
    end_spell(
        spell,
        ground=Ground.EXHAUSTED,
        event_on=months.day_in(months.parse(spell.last_month), 31),
        through=spell.last_month,
        verb="claim.months_used_up",
        actor=machine(),
        now=now,
        payload={},
    )
    tell(claim, "claim.months_used_up", {"months": spell.months, "month": spell.last_month}, now=now)
    return True


def _may_go_on(spell: Spell) -> bool:
    """Whether benefit may continue to the retirement age (1.10): it does, or only a person can tell."""
    facts = PROGRAMS[spell.determination.program].parse(spell.determination.facts)
    assert isinstance(facts, unemployment_benefit.Facts | continued_benefit.Facts)
    if facts.sex == "F" and facts.retirement_category is None:
        return True
    law = policy.selectors.book().for_program(retirement.NEAR_KEYS, region=spell.claim.county)
    until = retirement.extended_until(
        birth_date=facts.birth_date,
        sex=facts.sex,
        category=facts.retirement_category,
        exhausted_month=spell.last_month,
        parameters=law,
    )
    return until is not None
