"""The end of the months: who is near retirement goes on up to that age, without applying; all others end.

Domain rule 1.10, decision of the NPC Standing Committee art. 7. The machine grants the extension where the
law says so, and ends where it says not; where a woman's category decides and is unknown, a person settles it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

import cases.letters
import cases.services
import policy.selectors
from accounts.models import User
from accounts.selectors import machine
from claims import kinds
from claims.letters import EXTENSION, extension_words
from claims.models import Claim, Ground, Spell, SpellMonth
from claims.selectors import extension_of, interruptions_of, months_due, open_suspensions_of
from claims.services.changing import begin_suspension, go_on
from claims.services.spells import end_spell, lock_spell
from claims.services.steps import tell
from claims.words import CATEGORY_WANTED
from law import months
from law.errors import Refused
from law.workdays import legal_day

ENDED_A_RUN = 1_000


def end_used_up(*, now: datetime) -> int:
    """Extend or end every spell whose months are all owed and over; how many were. Re-runnable.

    Where a woman's category decides and is not known, payment waits and a handler is asked.
    """
    current = legal_day(now).isoformat()[:7]
    over = Spell.objects.filter(
        claim__case__status=kinds.PAYING, ended_at=None, last_month__lt=current
    ).select_related("claim__case", "claim__registration", "claim__party", "determination")
    done = 0
    for spell in over.order_by("pk")[:ENDED_A_RUN]:
        done += _one(spell.claim, now=now)
    return done


@transaction.atomic
def _one(claim: Claim, *, now: datetime) -> bool:
    try:
        spell = lock_spell(claim, {kinds.PAYING}, actor=machine())
    except Refused:
        return False  # a report of work came first, or a question
    due = months_due(spell, interruptions_of(spell), last=spell.last_month)
    if SpellMonth.objects.filter(spell=spell, month__in=due).count() < len(due):
        return False
    found = extension_of(spell)
    if found.is_unknown:
        begin_suspension(spell, why=CATEGORY_WANTED, standing=[], actor=machine(), now=now)
    else:
        _extend_or_end(spell, found.until, actor=machine(), now=now)
    return True


@transaction.atomic
def settle_category(
    *, claim: Claim, category: str, evidence: str, why: str, actor: User, now: datetime
) -> Spell:
    """A handler says from the pension file whether a woman is a WORKER or a CADRE: the spell goes on or ends.

    `Refused`: "claim.reason_missing", "claim.suspended_elsewhere", "claim.category_not_asked",
    "case.changed_meanwhile".
    """
    if not why.strip():
        raise Refused("claim.reason_missing")
    spell = lock_spell(claim, {kinds.SUSPENDED}, actor=actor)
    standing = open_suspensions_of(spell)
    elsewhere = [one.reference for one in standing if one.reference]
    if elsewhere:
        raise Refused("claim.suspended_elsewhere", number=elsewhere[0])
    if not any(one.why == CATEGORY_WANTED for one in standing):
        raise Refused("claim.category_not_asked")
    cases.services.amend_fact(
        case=claim.case,
        field="retirement_category",
        value=category,
        source=evidence,
        reason=why,
        actor=actor,
        now=now,
    )
    go_on(spell, actor=actor, now=now, is_told=False)
    _extend_or_end(spell, extension_of(spell).until, actor=actor, now=now)
    return spell


def _extend_or_end(spell: Spell, until: str | None, *, actor: User, now: datetime) -> None:
    if until is None:
        _end(spell, actor=actor, now=now)
    else:
        _extend(spell, until, actor=actor, now=now)


def _extend(spell: Spell, until: str, *, actor: User, now: datetime) -> None:
    """Up to the month in which the age is reached; the months granted are used up all the same."""
    claim = spell.claim
    spell.extended_from, spell.last_month = spell.last_month, until
    spell.save(update_fields=["extended_from", "last_month"])
    cases.services.record(
        case=claim.case,
        verb="claim.extended",
        actor=actor,
        now=now,
        payload={"from": spell.extended_from, "until": until},
    )
    cases.letters.issue_letter(
        case=claim.case,
        party=claim.party,
        template=EXTENSION.code,
        words=extension_words(spell, policy.selectors.book(), now=now),
        actor=actor,
        now=now,
    )
    tell(claim, "claim.extended", {"months": spell.months, "month": until}, now=now)


def _end(spell: Spell, *, actor: User, now: datetime) -> None:
    end_spell(
        spell,
        ground=Ground.EXHAUSTED,
        event_on=months.day_in(months.parse(spell.last_month), 31),
        through=spell.last_month,
        verb="claim.months_used_up",
        actor=actor,
        now=now,
        payload={},
    )
    if spell.extended_from:
        tell(spell.claim, "claim.extension_over", {"month": spell.last_month}, now=now)
    else:
        numbers: dict[str, str | int] = {"months": spell.months, "month": spell.last_month}
        tell(spell.claim, "claim.months_used_up", numbers, now=now)
