"""Entry points of the workers for claims: each reads the clock and calls one service. No logic here.

All are sweeps or idempotent by the row they are given: running one twice changes nothing the second time.
"""

from celery import shared_task
from django.utils import timezone

import cases.intake
from cases.waking import wake
from claims import kinds, services
from claims.intakes import LINES


@shared_task
def verify_claim(*, claim_id: int) -> None:
    """Verify one claim just submitted, and owe its first month if it was granted."""
    claim = services.verify_claim(claim_id=claim_id, now=timezone.now())
    if claim.case.status == kinds.APPROVED:
        wake(accrue_claim, claim_id=claim_id)


@shared_task
def sweep_unverified() -> None:
    """Verify what a lost message or a silent register left."""
    services.verify_due(now=timezone.now())


@shared_task
def accrue_claim(*, claim_id: int) -> None:
    """Owe one claim just granted every month that has begun: a grant may come months after its first."""
    services.accrue_due(now=timezone.now(), claim_ids=[claim_id])


@shared_task
def accrue_current_month() -> None:
    """Freeze and scan the roll of each month that has begun, and owe what is not owed yet."""
    services.go_through_months(now=timezone.now())


@shared_task
def run_step(*, run_id: int) -> None:
    """Do a step of a month that an officer asked for again."""
    services.go_on_with_step(run_id=run_id, now=timezone.now())


@shared_task
def sweep_steps() -> None:
    """Take up the steps that nobody works at."""
    now = timezone.now()
    for run_id in services.steps_to_go_on(now=now):
        services.go_on_with_step(run_id=run_id, now=now)


@shared_task
def follow_payments() -> None:
    """Move claims whose first payment has arrived."""
    services.follow_payments(now=timezone.now())


@shared_task
def drop_old_drafts() -> None:
    """Delete forms begun and left: nothing else is ever deleted."""
    services.drop_old_drafts(now=timezone.now())


@shared_task
def close_unanswered() -> None:
    """Close claims whose applicant has not answered the notice of missing papers in time."""
    services.close_unanswered(now=timezone.now())


@shared_task
def end_used_up() -> None:
    """End the spells whose last month is over."""
    services.end_used_up(now=timezone.now())


@shared_task
def run_import(*, intake_id: int) -> None:
    """Read and settle a file that was just handed in or signed."""
    cases.intake.go_on(intake_id=intake_id, lines=LINES, now=timezone.now())


@shared_task
def sweep_imports() -> None:
    """Read the files that a lost message or a lost worker left."""
    for intake_id in cases.intake.unfinished():
        cases.intake.go_on(intake_id=intake_id, lines=LINES, now=timezone.now())
