"""Holding the next payment while something is looked into, and letting it go on: the machine's part.

A grave and plain hit holds the payment until people have looked. Who could not be checked is paid on the last
clean result while that is young enough, and waits after that; an answer lets the payment go on by itself.
Nothing here ends anything.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

import cases.services
import claims.services
import policy.selectors
from accounts.models import User
from accounts.selectors import machine
from audit import letters
from audit.checks import OPEN_ANSWERS, Severity
from audit.models import CheckRun, Finding, Screened
from claims.models import Claim
from law import months
from law.errors import Refused
from law.workdays import legal_day

HELD_A_RUN = 1_000
TIME_TO_ANSWER = timedelta(days=1)
"""What the comparison may take for an answer before its silence holds anybody's payment."""

# Of a run's people those without an answer, whose last clean result (of any run, or the checks of the grant
# itself) is too old, and whose payment does not wait for this run already.
UNCHECKED = """
    SELECT roll.claim_id
    FROM audit_checkrow roll
    JOIN claims_spell spell ON spell.claim_id = roll.claim_id AND spell.ended_at IS NULL
    WHERE roll.run_id = %(run)s AND roll.answers ~ %(open)s AND spell.granted_at < %(since)s
        AND NOT EXISTS (
            SELECT FROM audit_checkrow earlier
            WHERE earlier.claim_id = roll.claim_id AND earlier.clean_on >= %(since)s::date
        )
        AND NOT EXISTS (
            SELECT FROM claims_suspension waiting
            WHERE waiting.spell_id = spell.claim_id AND waiting.reference = %(reference)s
                AND waiting.lifted_at IS NULL
        )
    ORDER BY roll.claim_id LIMIT %(most)s
"""
# Payments that wait for a run's answer although there is one now (this run's, or a later one's).
ANSWERED = """
    SELECT waiting.spell_id, waiting.reference
    FROM claims_suspension waiting
    JOIN audit_checkrun run ON waiting.reference = 'HC' || run.region || '-' || replace(run.period, '-', '')
    WHERE waiting.lifted_at IS NULL AND waiting.reference <> ''
        AND EXISTS (
            SELECT FROM audit_checkrow answered JOIN audit_checkrun later ON later.id = answered.run_id
            WHERE answered.claim_id = waiting.spell_id AND later.region = run.region
                AND later.period >= run.period AND answered.answers !~ %(open)s
        )
    ORDER BY waiting.id LIMIT %(most)s
"""


def hold_findings(*, now: datetime) -> int:
    """Hold the next payment of every claim with a grave and plain hit; how many were held. Re-runnable."""
    waiting = Finding.objects.select_related("case", "claim__case", "hit").filter(
        closed_at=None, held_at=None, severity=Severity.HIGH, screened=Screened.PLAIN
    )
    return sum(
        hold(finding=one, actor=machine(), now=now)
        for one in waiting.filter(claim__spell__ended_at=None).order_by("pk")[:HELD_A_RUN]
    )


@transaction.atomic
def hold(*, finding: Finding, actor: User, now: datetime) -> bool:
    """Let the next payment wait for a finding; whether it does. One that ended meanwhile has none."""
    locked = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    if locked.held_at is not None or locked.closed_at is not None:
        return locked.held_at is not None
    try:
        with transaction.atomic():
            claims.services.suspend_claim(
                claim=finding.claim,
                why=letters.held_for_hit(finding),
                reference=finding.case.number,
                actor=machine(),
                now=now,
            )
    except Refused:
        return False  # the benefit ended meanwhile: there is no next payment
    cases.services.record(case=finding.case, verb="finding.payment_held", actor=actor, now=now)
    finding.held_at = now
    finding.save(update_fields=["held_at"])
    return True


def hold_unchecked(*, run: CheckRun, now: datetime) -> int:
    """Hold the payment of whoever could not be checked in time; how many were held. Re-runnable.

    Nobody is held before the month itself has begun, nor while the other side has had no time to answer.
    """
    today = legal_day(now)
    if months.month_of(today) < run.period or now < run.started_at + TIME_TO_ANSWER:
        return 0
    allowed = policy.selectors.book().integer("check.clean_months", region=run.region, on=today)
    with connection.cursor() as cursor:
        cursor.execute(
            UNCHECKED,
            {
                "run": run.pk,
                "open": OPEN_ANSWERS,
                "since": months.day_in(months.number_of(today) - allowed, today.day),
                "reference": run.number,
                "most": HELD_A_RUN,
            },
        )
        found = [claim_id for (claim_id,) in cursor.fetchall()]
    return sum(_hold_unchecked(claim_id, run, now=now) for claim_id in found)


def _hold_unchecked(claim_id: int, run: CheckRun, *, now: datetime) -> bool:
    claim = Claim.objects.select_related("case", "party", "registration").get(pk=claim_id)
    try:
        claims.services.suspend_claim(
            claim=claim, why=letters.held_unchecked(run), reference=run.number, actor=machine(), now=now
        )
    except Refused:
        return False  # as above
    return True


def let_go_checked(*, now: datetime) -> int:
    """Let payments go on that waited for an answer alone, now that there is one; how many. Re-runnable."""
    with connection.cursor() as cursor:
        cursor.execute(ANSWERED, {"open": OPEN_ANSWERS, "most": HELD_A_RUN})
        found = cursor.fetchall()
    for claim_id, reference in found:
        claim = Claim.objects.select_related("case", "party", "registration").get(pk=claim_id)
        claims.services.resume_claim(claim=claim, reference=reference, actor=machine(), now=now)
    return len(found)
