"""A refusal taken up again on new evidence, by the person within the time of remedies or by an officer.

The case goes through the same check as on its first day, with clocks that begin anew; what was decided before
stays in the trail and in its letter. The registration was never touched by the refusal.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

import cases.attachments
import cases.reopening
import policy.selectors
from accounts.models import Party, User
from cases.attachments import Paper
from claims import kinds
from claims.models import Claim
from claims.remedies import reopen_until
from claims.selectors import open_claim_of
from claims.services.steps import due_dates, require, tell
from law.errors import Refused
from law.workdays import legal_day


@transaction.atomic
def reopen(*, claim: Claim, why: str, actor: User, now: datetime, papers: Sequence[Paper] = ()) -> Claim:
    """Take a refused claim up again. `why` says what is new; the worker then checks it from the beginning.

    `Refused`: `claim.evidence_missing`; `claim.reopen_late` for the person after the last day (an officer may
    mend a mistake at any time); `claim.newer_open` while another claim of the person is open or in payment.
    """
    # The same lock as at submission: of a reopening and a new application one comes first.
    Party.objects.select_for_update().get(pk=claim.party_id)
    require(claim, kinds.REJECTED)
    claim.refresh_from_db(fields=["closed_at", "new_evidence", "asked_round"])
    if not why.strip():
        raise Refused("claim.evidence_missing")
    law, today = policy.selectors.book(), legal_day(now)
    until = reopen_until(claim, law)
    assert until is not None
    if today > until and not actor.is_staff_member:
        raise Refused("claim.reopen_late", until=until.isoformat())
    held = open_claim_of(claim.party)
    if held is not None:
        raise Refused("claim.newer_open", number=held.case.number)
    due = due_dates(law, region=claim.county, received_on=today)
    cases.reopening.reopen(
        case=claim.case,
        to=kinds.REOPENED,
        verb="claim.reopened",
        promise_due=due.promise,
        promise_days=due.promise_days,
        statutory_due=due.statutory,
        statutory_days=due.statutory_days,
        due_provisional=due.provisional,
        actor=actor,
        now=now,
    )
    cases.attachments.attach(case=claim.case, papers=papers, actor=actor, now=now)
    claim.closed_at = None
    claim.new_evidence = "\n".join(part for part in (claim.new_evidence, why.strip()) if part)
    claim.asked_round += 1
    claim.next_ask_at = now
    claim.questions_open_at = due.questions_open_at
    claim.save(update_fields=["closed_at", "new_evidence", "asked_round", "next_ask_at", "questions_open_at"])
    tell(claim, "claim.reopened", {"promise_due": due.promise.isoformat()}, now=now)
    return claim
