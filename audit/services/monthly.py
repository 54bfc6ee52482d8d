"""The month's check from the roll to findings, as sweeps: whatever was left half done is taken up again.

The timetable starts a run before its month begins; an officer may start it by hand, and it is the same run.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

import policy.selectors
from accounts.selectors import machine
from audit.checks import OPEN_ANSWERS
from audit.models import CheckRun
from audit.services.asking import ASK_AGAIN_AFTER, exchange, make_request
from audit.services.holding import hold_findings, hold_unchecked, let_go_checked
from audit.services.roll import start_check
from audit.services.screening import open_findings
from claims.models import Spell
from law import months
from law.workdays import legal_day
from payouts.models import pool_of


def start_due(*, now: datetime) -> list[CheckRun]:
    """Start the run of every city that pays anybody, of the month that begins soon or has begun."""
    counties = Spell.objects.filter(ended_at=None).values_list("claim__county", flat=True).distinct()
    return [
        start_check(region=region, period=due_period(region, now=now), actor=machine(), now=now)
        for region in sorted({pool_of(county) for county in counties})
    ]


def due_period(region: str, *, now: datetime) -> str:
    """The month whose recipients are to be checked: the next one once it is near enough, else this one.

    With 4 days ahead: on 27 November still November, on the 28th (the fourth day before) December.
    """
    today = legal_day(now)
    ahead = policy.selectors.book().integer("check.ahead_days", region=region, on=today)
    following = months.first_day(months.number_of(today) + 1)
    return months.month_of(following if (following - today).days <= ahead else today)


def go_on(*, now: datetime) -> int:
    """Take every open run a step further: ask, fetch, match, screen, hold; how many there are."""
    runs = list(CheckRun.objects.filter(closed_at=None).order_by("pk"))
    for run in runs:
        step(run=run, now=now)
    hold_findings(now=now)
    let_go_checked(now=now)
    return len(runs)


def step(*, run: CheckRun, now: datetime) -> None:
    """One run: its next exchange, the findings of what was answered, and its end if all was."""
    if _may_ask(run, now=now):
        file = make_request(run=run, now=now)
        if file is not None:
            exchange(file_id=file.pk, now=now)
    while open_findings(run=run, now=now):
        pass
    hold_unchecked(run=run, now=now)
    _close(run, now=now)


def _may_ask(run: CheckRun, *, now: datetime) -> bool:
    """Whether a file is at work, or the next round is due."""
    last = run.files.order_by("-round").defer("content", "answer").first()
    if last is None or last.answered_at is None:
        return True
    return now >= last.answered_at + ASK_AGAIN_AFTER


@transaction.atomic
def _close(run: CheckRun, *, now: datetime) -> None:
    """Close a run in which nobody is unanswered, or whose month is over: the next month's run asks anew."""
    unanswered = run.rows.filter(answers__regex=OPEN_ANSWERS).exists()
    over = run.period < months.month_of(legal_day(now))
    if unanswered and not over:
        return
    run.files.filter(answered_at=None, given_up_at=None).update(given_up_at=now, next_at=None)
    CheckRun.objects.filter(pk=run.pk, closed_at=None).update(closed_at=now)
