"""The end of a spell by the person's own word: work was found.

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
from claims.kinds import AT_REST
from claims.models import Claim, Ground, Spell
from claims.selectors import PROGRAM, months_left
from claims.services.spells import RUNNING, end_spell, lock_spell, unregister
from claims.services.steps import tell
from law import months, overpayment
from law.errors import Refused
from law.workdays import legal_day


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
