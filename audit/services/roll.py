"""The roll of a month's check: a snapshot of who is about to be paid, taken once.

One statement, whatever the size of the city. A second start finds the run that is there; two at once make
one.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from accounts.models import User
from accounts.selectors import covers
from audit.checks import UNANSWERED
from audit.models import CheckRun
from law import months
from law.errors import Refused
from law.workdays import legal_day

BEGIN = """
    INSERT INTO audit_checkrun (region, period, count, started_at, started_by_id) VALUES (%s, %s, 0, %s, %s)
    ON CONFLICT (region, period) DO NOTHING RETURNING id
"""
# Everybody whose benefit runs in that month; one that was stopped for the time being is asked about, too.
SNAPSHOT = """
    INSERT INTO audit_checkrow (run_id, seq, claim_id, party_id, spell_start, answers)
    SELECT %(run)s, row_number() OVER (ORDER BY spell.claim_id), spell.claim_id, claim.party_id,
           spell.first_month, %(answers)s
    FROM claims_spell spell JOIN claims_claim claim ON claim.case_id = spell.claim_id
    WHERE spell.ended_at IS NULL AND spell.first_month <= %(period)s AND spell.last_month >= %(period)s
        AND claim.county LIKE %(counties)s
"""


@transaction.atomic
def start_check(*, region: str, period: str, actor: User, now: datetime) -> CheckRun:
    """Take the roll of `period` ("YYYY-MM") for a city, or return the run that is there.

    `Refused`: "check.period_far" (later than next month), "check.not_your_region".
    """
    if actor.is_staff_member and not covers(actor, region):
        raise Refused("check.not_your_region")
    if months.parse(period) > months.number_of(legal_day(now)) + 1:
        raise Refused("check.period_far", month=period)
    # A second start at the same time waits at the UNIQUE, and then finds the first one's run.
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [region, period, now, actor.pk])
        begun = cursor.fetchone()
        run = CheckRun.objects.get(region=region, period=period)
        if begun is None:
            return run
        cursor.execute(
            SNAPSHOT, {"run": run.pk, "answers": UNANSWERED, "period": period, "counties": f"{region[:4]}%"}
        )
        run.count = cursor.rowcount
    run.save(update_fields=["count"])
    return run
