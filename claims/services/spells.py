"""What every change of a spell shares: the lock, the end, and the register of the unemployed.

Inside the caller's transaction. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

import cases.services
import payouts.services
from accounts.models import User
from cases.models import Case
from claims import kinds
from claims.kinds import AT_REST
from claims.models import Claim, Ground, Spell, Suspension
from claims.selectors import months_drawn
from law.ending import GROUNDS, Months
from law.errors import Refused

RUNNING = frozenset({kinds.APPROVED, kinds.PAYING})


def lock_spell(claim: Claim, statuses: Collection[str], *, actor: User) -> Spell:
    """The spell of a claim in one of these statuses, with claim and spell locked against another change.

    `Refused`: "claim.not_in_payment" (no spell, or it has ended), "case.changed_meanwhile" (another status).
    """
    Case.objects.select_for_update().get(pk=claim.pk)
    claim.case.refresh_from_db()
    rows = Spell.objects.select_for_update(of=("self",)).select_related("determination")
    spell = rows.filter(claim=claim, ended_at=None).first()
    if spell is None or claim.case.status not in RUNNING | AT_REST:
        raise Refused("claim.not_in_payment")
    if claim.case.status not in statuses:
        raise cases.services.lost(claim.case, actor)
    spell.claim = claim
    return spell


def let_go(spell: Spell, *, now: datetime) -> None:
    """Nothing is looked into any more: what is still owed goes with the next batch."""
    Suspension.objects.filter(spell=spell, lifted_at=None).update(lifted_at=now)
    payouts.services.release_payments(case=spell.claim.case, now=now)


def end_spell(
    spell: Spell,
    *,
    ground: Ground,
    event_on: date,
    through: str,
    verb: str,
    actor: User,
    now: datetime,
    payload: Mapping[str, object],
    keeps_months: bool | None = None,
    to: str = kinds.ENDED,
) -> None:
    """End a spell after its last payable month, move the claim, and close it.

    `keeps_months`: an officer's word where the law leaves it to one.
    """
    claim = spell.claim
    rest = spell.months - months_drawn(spell, through)
    kept = ground == Ground.EXHAUSTED or _keeps(ground, keeps_months)
    spell.ground, spell.event_on, spell.paid_through, spell.ended_at = ground, event_on, through, now
    spell.months_kept = max(0, rest) if kept else 0
    spell.save(update_fields=["ground", "event_on", "paid_through", "ended_at", "months_kept"])
    cases.services.transition(
        case=claim.case,
        to=to,
        verb=verb,
        actor=actor,
        now=now,
        payload={"event_on": event_on.isoformat(), "through": through, **payload},
    )
    Claim.objects.filter(pk=claim.pk).update(closed_at=now)
    claim.closed_at = now


def _keeps(ground: Ground, word: bool | None) -> bool:
    match GROUNDS[ground].months:
        case Months.KEPT:
            return True
        case Months.LAPSE:
            return False
        case Months.OFFICER:
            return bool(word)


def unregister(claim: Claim, *, on: date) -> None:
    """The person is no longer registered as unemployed from `on`; ended already, it stays as it was."""
    registration = claim.registration
    if registration.ended_on is None:
        registration.ended_on = max(on, registration.registered_on)
        registration.save(update_fields=["ended_on"])
