"""From hits to findings: the machine looks at each hit once and opens a case for those that people must see.

It rules out only what cannot tell against anybody: work that was over before the benefit began. Whatever
else gives doubt is said to the officer and decided by people. No case for what is no ground at all, for what
people have looked at before, and a second one never while the first is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from accounts.selectors import machine
from audit import kinds
from audit.checks import CATALOGUE, Check, Severity
from audit.models import CheckRun, Finding, Screened
from cases.batch import Opening, Promise, open_many
from cases.services import transition_many
from law.workdays import legal_day
from policy.selectors import book, deadline

OPENED_A_RUN = 5_000


@dataclass(frozen=True, slots=True)
class NewHit:
    """A hit without a finding, with what its screening needs."""

    hit_id: int
    claim_id: int
    party_id: int
    region: str
    check: str
    start_month: str
    end_month: str
    data_date: date
    same_name: bool | None
    spell_start: str


# Hits of a run that are new: no finding came of them, and none like it was looked at before.
NEW_HITS = """
    SELECT hit.id, roll.claim_id, roll.party_id, standing.region, hit.check_code, hit.start_month,
           hit.end_month, hit.data_date, hit.same_name, roll.spell_start
    FROM audit_checkhit hit
    JOIN audit_checkrow roll ON roll.id = hit.row_id
    JOIN cases_case standing ON standing.id = roll.claim_id
    WHERE roll.run_id = %(run)s AND hit.check_code = ANY(%(checks)s)
        AND NOT EXISTS (
            SELECT FROM audit_finding known JOIN audit_checkhit earlier ON earlier.id = known.hit_id
            WHERE known.claim_id = roll.claim_id AND known.check_code = hit.check_code
                AND (known.closed_at IS NULL OR known.hit_id = hit.id
                     OR (earlier.province, earlier.unit, earlier.start_month)
                        = (hit.province, hit.unit, hit.start_month))
        )
    ORDER BY hit.id LIMIT %(most)s
"""


def screen(hit: NewHit, *, oldest: date) -> Screened:
    """What the machine makes of a hit. `oldest`: data from before that day is too old to rest on.

    Work from 2025-03 to 2025-06, benefit from 2025-07: over before, whatever the data's age.
    """
    if hit.end_month and hit.end_month < hit.spell_start:
        return Screened.OVER_BEFORE
    if hit.same_name is False:
        return Screened.OTHER_NAME
    return Screened.OLD_DATA if hit.data_date < oldest else Screened.PLAIN


@transaction.atomic
def open_findings(*, run: CheckRun, now: datetime) -> list[int]:
    """Open a case for each new hit of a run; the ids of those that people must look at. Re-runnable."""
    CheckRun.objects.select_for_update().get(pk=run.pk)
    found = _new_hits(run)
    law, today = book(), legal_day(now)
    oldest = today - timedelta(days=law.integer("check.data_days", region=run.region, on=today))
    judged = [(hit, screen(hit, oldest=oldest)) for hit in found]
    openings = [
        Opening(hit.party_id, hit.region, {"check": hit.check, "hit": hit.hit_id}) for hit, _ in judged
    ]
    days = law.integer("benefit.suspended_answer_wd", region=run.region, on=today)
    due, provisional = deadline(start=today, days=days, law=law)
    ids = open_many(
        kind=kinds.FINDING,
        openings=openings,
        verb="finding.hit",
        actor=machine(),
        now=now,
        promise=Promise(due, days, provisional),
    )
    Finding.objects.bulk_create(
        [
            Finding(
                case_id=case_id,
                claim_id=hit.claim_id,
                hit_id=hit.hit_id,
                check_code=hit.check,
                severity=CATALOGUE[Check(hit.check)].severity,
                screened=screened,
                found_at=now,
                closed_at=now if screened is Screened.OVER_BEFORE else None,
            )
            for case_id, (hit, screened) in zip(ids, judged, strict=True)
        ]
    )
    over = [one for one, (_, screened) in zip(ids, judged, strict=True) if screened is Screened.OVER_BEFORE]
    rest = sorted(set(ids) - set(over))
    _move(over, to=kinds.FALSE_POSITIVE, verb="finding.ruled_out", now=now)
    _move(rest, to=kinds.SCREENED, verb="finding.screened", now=now)
    return rest


def _new_hits(run: CheckRun) -> list[NewHit]:
    grounds = [check.value for check in Check if CATALOGUE[check].severity is not Severity.NONE]
    with connection.cursor() as cursor:
        cursor.execute(NEW_HITS, {"run": run.pk, "checks": grounds, "most": OPENED_A_RUN})
        return [NewHit(*row) for row in cursor.fetchall()]


def _move(case_ids: Sequence[int], *, to: str, verb: str, now: datetime) -> None:
    transition_many(
        kind=kinds.FINDING,
        case_ids=case_ids,
        from_status=kinds.HIT,
        to=to,
        verb=verb,
        actor=machine(),
        now=now,
    )
