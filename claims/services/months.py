"""The month as a thing: its roll is frozen and scanned, its months are owed, and any step can be done again.

The timetable goes through every month that has begun; an officer may have a step done again at any time, as
a row that a worker takes up. Each step does what is missing and nothing twice. The scan stops nobody: it
tells a person whom to look at.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from functools import partial

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

import payouts.services
import policy.selectors
from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import covers, machine
from cases.arrays import integers, texts
from cases.models import Event
from cases.services import open_case, record
from claims import kinds
from claims.month_models import BenefitMonth, RollLine, StepRun
from claims.services.paying import IN_PAYMENT, accrue_due, accrue_month
from law import months, retirement
from law.errors import MissingParameter, Refused
from law.workdays import legal_day

LOCK_ROLL = 7710
LEASE = timedelta(minutes=10)
"""Longer than the longest step takes; a worker that was killed is followed by another after it."""

Notice = RollLine.Notice
Step = StepRun.Step

logger = logging.getLogger("anye.claims")

# The pools that have something to pay in a month.
POOLS = """
    SELECT DISTINCT left(claim.county, 4) || '00'
    FROM claims_spell spell
    JOIN claims_claim claim ON claim.case_id = spell.claim_id
    JOIN cases_case standing ON standing.id = spell.claim_id
    WHERE standing.status = ANY(%(in_payment)s)
        AND spell.first_month <= %(month)s AND spell.last_month >= %(month)s AND spell.granted_at <= %(now)s
        AND (spell.paid_through = '' OR spell.paid_through >= %(month)s)
    ORDER BY 1
"""

# Who is on the roll of a month as it stands, and who was due the month before and is not due this one.
FROZEN = """
    WITH line AS (
        INSERT INTO claims_rollline (month_id, spell_id, standing, why, notice)
        SELECT %(case)s, claim_id, CASE WHEN is_on THEN 'ON' ELSE 'LEFT' END,
               CASE WHEN is_on THEN ''
                    WHEN ground <> '' THEN ground
                    WHEN last_month < %(month)s THEN 'EXHAUSTED'
                    WHEN is_resting THEN %(resting)s
                    ELSE status END, ''
        FROM (
            SELECT spell.claim_id, spell.ground, spell.last_month, standing.status,
                   resting.id IS NOT NULL AS is_resting,
                   standing.status = ANY(%(in_payment)s)
                       AND spell.first_month <= %(month)s AND spell.last_month >= %(month)s
                       AND (spell.paid_through = '' OR spell.paid_through >= %(month)s)
                       AND resting.id IS NULL AS is_on,
                   spell.first_month <= %(before)s AND spell.last_month >= %(before)s
                       AND (spell.paid_through = '' OR spell.paid_through >= %(before)s)
                       AND rested.id IS NULL AS was_on
            FROM claims_spell spell
            JOIN claims_claim claim ON claim.case_id = spell.claim_id
            JOIN cases_case standing ON standing.id = spell.claim_id
            LEFT JOIN claims_interruption resting ON resting.spell_id = spell.claim_id
                AND resting.after < %(month)s AND (resting.until = '' OR resting.until >= %(month)s)
            LEFT JOIN claims_interruption rested ON rested.spell_id = spell.claim_id
                AND rested.after < %(before)s AND (rested.until = '' OR rested.until >= %(before)s)
            WHERE spell.granted_at <= %(now)s AND left(claim.county, 4) || '00' = %(pool)s
        ) judged
        WHERE is_on OR was_on
        ORDER BY claim_id
        RETURNING standing
    )
    SELECT count(*) FILTER (WHERE standing = 'ON'), count(*) FILTER (WHERE standing = 'LEFT') FROM line
"""

# Those on the roll that the scan has not noted yet, with what their age is counted from.
TO_SCAN = """
    SELECT line.id, spell.last_month, grounds.facts ->> 'birth_date', grounds.facts ->> 'sex',
           grounds.facts ->> 'retirement_category'
    FROM claims_rollline line
    JOIN claims_spell spell ON spell.claim_id = line.spell_id
    JOIN cases_determination grounds ON grounds.id = spell.determination_id
    WHERE line.month_id = %s AND line.standing = 'ON' AND line.notice = ''
"""

NOTED = """
    UPDATE claims_rollline line SET notice = given.notice
    FROM unnest(%s::bigint[], %s::text[]) AS given (id, notice)
    WHERE line.id = given.id AND line.notice = ''
"""


def go_through_months(*, now: datetime) -> int:
    """The timetable's turn: freeze and scan what has begun, then owe what is due; returns how many are owed.

    A month whose numbers of law are missing is said in its trail and holds up no other.
    """
    current = months.month_of(legal_day(now))
    for pool in _pools(current, now=now):
        latest = BenefitMonth.objects.filter(pool=pool).order_by("-month").first()
        month = months.shift(latest.month, 1) if latest is not None else current
        while month <= current:
            freeze_roll(pool=pool, month=month, actor=machine(), now=now)
            month = months.shift(month, 1)
    for row in BenefitMonth.objects.select_related("case").filter(scanned_at=None).order_by("month"):
        try:
            scan_roll(row, actor=machine(), now=now)
        except MissingParameter as fault:
            logger.error("the roll of %s is not scanned: %s", row.month, fault.key)
            _say_once(row, "month.step_failed", {"step": Step.SCAN.value, "why": fault.key}, now=now)
    return accrue_due(now=now)


def _pools(month: str, *, now: datetime) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(POOLS, {"month": month, "in_payment": IN_PAYMENT, "now": now})
        return [pool for (pool,) in cursor.fetchall()]


@transaction.atomic
def freeze_roll(*, pool: str, month: str, actor: User, now: datetime) -> BenefitMonth:
    """Freeze who is due `month` in `pool`, and who left since the month before, once: frozen, it stays so.

    `Refused("claim.month_not_begun")` before the month begins.
    """
    if month > months.month_of(legal_day(now)):
        raise Refused("claim.month_not_begun", month=month)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_ROLL, int(pool)])
    known = BenefitMonth.objects.select_related("case").filter(pool=pool, month=month).first()
    if known is not None:
        return known
    case = open_case(
        kind=kinds.MONTH,
        party=None,
        region=pool,
        actor=actor,
        now=now,
        verb="month.opened",
        payload={"month": month},
    )
    row = BenefitMonth(case=case, pool=pool, month=month, frozen_at=now)
    bound: dict[str, str | int | datetime | list[str]] = {
        "case": case.pk,
        "month": month,
        "before": months.shift(month, -1),
        "pool": pool,
        "in_payment": IN_PAYMENT,
        "resting": kinds.INTERRUPTED,
        "now": now,
    }
    with connection.cursor() as cursor:
        # The roll and its counts see the same spells: one statement holds both.
        cursor.execute(FROZEN, bound)
        row.on_count, row.left_count = cursor.fetchone()
    row.save(force_insert=True)
    payload = {"on": row.on_count, "left": row.left_count}
    record(case=case, verb="month.frozen", actor=actor, now=now, payload=payload)
    return row


@transaction.atomic
def scan_roll(row: BenefitMonth, *, actor: User, now: datetime) -> int:
    """Note beside the roll whose last month this is and who reaches the age of retirement; how many.

    Raises MissingParameter where the law has no table for the month.
    """
    law = policy.selectors.book().for_program(retirement.KEYS, region=row.pool)
    month = months.parse(row.month)
    table = retirement.table_on(law, months.first_day(month))
    with connection.cursor() as cursor:
        cursor.execute(TO_SCAN, [row.pk])
        found = [
            (line_id, notice)
            for line_id, last, born, sex, category in cursor.fetchall()
            if (notice := _notice(table, month, last, born, sex, category))
        ]
        cursor.execute(NOTED, [integers(pk for pk, _ in found), texts(notice for _, notice in found)])
    if row.scanned_at is None:
        row.scanned_at = now
        row.save(update_fields=["scanned_at"])
        record(case=row.case, verb="month.scanned", actor=actor, now=now, payload={"noted": len(found)})
    return len(found)


def _notice(table: retirement.Table, month: int, last: str, born: str, sex: str, category: str | None) -> str:
    """What the scan says of one line: the age before the expiry, "" for nothing."""
    day = date.fromisoformat(born)
    line = table.line(retirement.SEXES[sex], retirement.CATEGORIES[category] if category else None)
    if line is None:
        # Without the pension file's word nothing is guessed: a worker's age is the earlier one.
        if table.female_cadre.month_for(day) < month:
            return Notice.AGE_REACHED.value
        if table.female_worker.month_for(day) <= month:
            return Notice.AGE_UNKNOWN.value
    elif line.month_for(day) < month:
        return Notice.AGE_REACHED.value
    elif line.month_for(day) == month:
        return Notice.AGE_THIS_MONTH.value
    return Notice.LAST_MONTH.value if months.parse(last) == month else ""


def _say_once(row: BenefitMonth, verb: str, payload: dict[str, str], *, now: datetime) -> None:
    if not Event.objects.filter(case=row.case, verb=verb, payload=payload).exists():
        record(case=row.case, verb=verb, actor=machine(), now=now, payload=payload)


# --- a step done again ------------------------------------------------------------------------------------


@transaction.atomic
def ask_for_step(*, row: BenefitMonth, step: str, actor: User, now: datetime) -> StepRun:
    """Have a step done again; while it is being done, that run is returned.

    `Refused`: "month.not_yours", "month.closed".
    """
    if not (can(actor, Action.RUN_MONTH) and covers(actor, row.pool)):
        raise Refused("month.not_yours")
    if row.closed_at is not None:
        raise Refused("month.closed", month=row.month)
    try:
        with transaction.atomic():
            return StepRun.objects.create(month=row, step=Step(step), asked_by=actor, asked_at=now)
    except IntegrityError:
        return StepRun.objects.get(month=row, step=step, finished_at=None)


def steps_to_go_on(*, now: datetime) -> list[int]:
    """The runs that nobody works at, oldest first."""
    rows = StepRun.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now), finished_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def go_on_with_step(*, run_id: int, now: datetime) -> None:
    """Do a step that was asked for. Killed in the middle, the sweep does it again: each may run twice."""
    free = StepRun.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now), finished_at=None)
    if not free.filter(pk=run_id).update(leased_until=now + LEASE):
        return
    run = StepRun.objects.select_related("month__case", "asked_by").get(pk=run_id)
    try:
        _do(run, now=now)
        problem = ""
    except Refused as refused:
        problem = refused.code
    except MissingParameter as fault:
        problem = fault.key
    _end(run, problem, now=now)


def _do(run: StepRun, *, now: datetime) -> None:
    row, actor = run.month, run.asked_by
    if not (can(actor, Action.RUN_MONTH) and covers(actor, row.pool)):
        raise Refused("month.not_yours")
    on = RollLine.objects.filter(month=row, standing=RollLine.Standing.ON).count()
    match Step(run.step):
        case Step.FREEZE:
            freeze_roll(pool=row.pool, month=row.month, actor=actor, now=now)
            _progress(run, on, total=on)
        case Step.SCAN:
            scan_roll(row, actor=actor, now=now)
            _progress(run, on, total=on)
        case Step.OWE:
            _progress(run, 0, total=on)
            accrue_month(month=row.month, pool=row.pool, now=now, tell=partial(_progress, run))
        case Step.SEND:
            _progress(run, payouts.services.submit_waiting(now=now))
        case Step.RESULTS:
            _progress(run, payouts.services.fetch_and_record(now=now))
        case Step.RECONCILE:
            payouts.services.reconcile_open_days(now=now)


def _progress(run: StepRun, done: int, *, total: int | None = None) -> None:
    """How far the run is, for the page that asks meanwhile."""
    run.done = done
    run.total = max(run.total if total is None else total, done)
    StepRun.objects.filter(pk=run.pk).update(done=run.done, total=run.total)


@transaction.atomic
def _end(run: StepRun, problem: str, *, now: datetime) -> None:
    run.refresh_from_db()
    run.finished_at, run.problem, run.leased_until = now, problem, None
    if not problem:
        run.total = run.done = max(run.done, run.total)
    run.save(update_fields=["finished_at", "problem", "leased_until", "total", "done"])
    payload: dict[str, str | int] = {"step": run.step, "run": run.pk}
    verb = "month.step_run"
    if problem:
        verb, payload = "month.step_failed", {**payload, "why": problem}
    record(case=run.month.case, verb=verb, actor=run.asked_by, now=now, payload=payload)
