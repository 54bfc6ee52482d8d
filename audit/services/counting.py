"""Counts each day's figures once and keeps them, so that the supervisor's page reads rows and counts nothing.

A sweep, safe to run twice and at the same time as itself: the days of a window are counted anew from the
ledger, the trail and the cases, and written over what stood. What a day's rows say is never a source for
anything but pages and exports; money and decisions are proved by `verify_ledger` and `replay`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction

import policy.selectors
from accounts.selectors import machine
from audit.models.figure import STOCKS, Counting, Measure
from cases import clocks
from cases.arrays import days, integers, texts
from cases.kinds import WaitsFor
from cases.kinds import get as kind_named
from claims import kinds as claim_kinds
from law.workdays import legal_day
from payouts.models import Account, Move

LOCK = 7_310_021
"""Of the advisory lock: two sweeps at once would count the same days twice for nothing."""
RECOUNTED = timedelta(days=7)
"""What an hourly run counts again: answers of the bank and corrections come late, but seldom later."""

GRANTED: Mapping[str, frozenset[str]] = {claim_kinds.CLAIM.code: frozenset({claim_kinds.APPROVED})}
"""The kinds whose timeliness is shown, and which of their decided statuses grants."""

SPENT = {
    str(Move.SETTLED): 1,
    str(Move.PAID_AFTER_ALL): 1,
    str(Move.RETURNED): -1,
    str(Move.UNPAID_AFTER_ALL): -1,
}
"""Moves by which money reaches a person or comes back, with their sign."""

MOST_DAYS = 400
"""Working days beyond which a decision counts as this late."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a figure is about."""

    day: date
    region: str
    measure: Measure
    subject: str = ""
    step: int = 0


Figures = Counter[Key]


@transaction.atomic
def count_figures(*, now: datetime) -> date:
    """Count the days again that may have changed, and the months they lie in; returns the first of them.

    The first run counts everything, the first of a day the whole year, any other one the last week.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    today = legal_day(now)
    since = _since(today)
    figures: Figures = Counter()
    for source in (_spent, _first_paid, _returned, _opened, _decided, _waited, _bank):
        for key, value in source(since):
            figures[key] += value
    for key, value in _stocks(today):
        figures[key] = value
    _write(figures, since=since)
    Counting.objects.get_or_create(counted_at=now, defaults={"since": since})
    return since


def _since(today: date) -> date:
    latest = Counting.objects.order_by("-counted_at").first()
    if latest is None:
        return date.min
    new_year = date(today.year, 1, 1)
    if legal_day(latest.counted_at) < today:
        return min(new_year, today - RECOUNTED)
    return today - RECOUNTED


def _rows(sql: str, parameters: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        yield from cursor


Counted = Iterator[tuple[Key, int]]


# --- money ------------------------------------------------------------------------------------------------

SPENT_A_DAY = """
    SELECT t.posted_on, o.region, o.item, sum(sign.of * t.amount_fen), sum(sign.of)
    FROM payouts_transfer t
    JOIN payouts_obligation o ON o.id = t.obligation_id
    JOIN unnest(%(kinds)s::text[], %(signs)s::int[]) AS sign(kind, of) ON sign.kind = t.kind
    WHERE t.posted_on >= %(since)s
    GROUP BY 1, 2, 3
"""


def _spent(since: date) -> Counted:
    values = {"since": since, "kinds": texts(SPENT), "signs": integers(SPENT.values())}
    for day, region, item, fen, payments in _rows(SPENT_A_DAY, values):
        yield Key(day, region, Measure.SPENT_FEN, item), int(fen)
        yield Key(day, region, Measure.PAYMENTS, item), int(payments)


# Whoever was paid for two things counts once for each of them and once in all.
FIRST_PAID = """
    WITH paid AS (
        SELECT o.party_id, o.item, t.posted_on, o.region
        FROM payouts_transfer t JOIN payouts_obligation o ON o.id = t.obligation_id
        WHERE t.kind = ANY(%(kinds)s::text[]) AND t.posted_on >= date_trunc('year', %(since)s::date)
    ), first AS (
        SELECT DISTINCT ON (party_id, item, extract(year FROM posted_on)) party_id, item, posted_on, region
        FROM paid ORDER BY party_id, item, extract(year FROM posted_on), posted_on
    ), first_of_all AS (
        SELECT DISTINCT ON (party_id, extract(year FROM posted_on)) party_id, '' AS item, posted_on, region
        FROM first ORDER BY party_id, extract(year FROM posted_on), posted_on
    )
    SELECT f.posted_on, f.region, f.item, p.kind, count(*)
    FROM (SELECT * FROM first UNION ALL SELECT * FROM first_of_all) f
    JOIN accounts_party p ON p.id = f.party_id
    WHERE f.posted_on >= %(since)s
    GROUP BY 1, 2, 3, 4
"""
EARLIEST = date(1, 1, 2)


def _first_paid(since: date) -> Counted:
    paying = [kind for kind, sign in SPENT.items() if sign > 0]
    values = {"since": max(since, EARLIEST), "kinds": texts(paying)}
    for day, region, item, kind, count in _rows(FIRST_PAID, values):
        measure = Measure.PERSONS if kind == "PERSON" else Measure.UNITS
        yield Key(day, region, measure, item), int(count)


RETURNED_A_DAY = """
    SELECT r.returned_on, o.region, count(*), sum(o.amount_fen)
    FROM payouts_returnedpayment r JOIN payouts_obligation o ON o.id = r.obligation_id
    WHERE r.returned_on >= %(since)s
    GROUP BY 1, 2
"""


def _returned(since: date) -> Counted:
    for day, region, count, fen in _rows(RETURNED_A_DAY, {"since": since}):
        yield Key(day, region, Measure.RETURNED), int(count)
        yield Key(day, region, Measure.RETURNED_FEN), int(fen)


# --- cases ------------------------------------------------------------------------------------------------

# An hour east of the meridian is the same instant everywhere; the day is that of the law's zone.
OPENED_A_DAY = """
    SELECT (opened_at AT TIME ZONE 'Asia/Shanghai')::date, region, kind, count(*)
    FROM cases_case
    WHERE kind = ANY(%(kinds)s::text[]) AND opened_at >= %(since)s::date AT TIME ZONE 'Asia/Shanghai'
    GROUP BY 1, 2, 3
"""


def _opened(since: date) -> Counted:
    values = {"since": max(since, EARLIEST), "kinds": texts(GRANTED)}
    for day, region, kind, count in _rows(OPENED_A_DAY, values):
        yield Key(day, region, Measure.OPENED, kind), int(count)


# The event by which a case became decided; one taken up again and decided anew counts at each of both.
DECISIONS = """
    decided AS (
        SELECT e.case_id, e.sequence, e.at, e.payload->>'to' AS status, e.actor_id, c.kind, c.region,
               (e.at AT TIME ZONE 'Asia/Shanghai')::date AS day, c.promise_days, c.statutory_days,
               CASE WHEN c.reopened_at <= e.at THEN c.reopened_at ELSE c.opened_at END AS began
        FROM cases_event e JOIN cases_case c ON c.id = e.case_id
        WHERE e.at >= %(since)s::date AT TIME ZONE 'Asia/Shanghai'
            AND (c.kind || ' ' || (e.payload->>'to')) = ANY(%(decided)s::text[])
            AND (c.kind || ' ' || coalesce(e.payload->>'from', '')) <> ALL(%(decided)s::text[])
    )
"""
# Days on which the clock stood still because the applicant had to act are not ours.
DECIDED_A_DAY = f"""
    WITH {DECISIONS}
    SELECT d.day, d.region, d.kind, d.status, (d.began AT TIME ZONE 'Asia/Shanghai')::date,
           coalesce(paused.days, 0), d.promise_days, d.statutory_days, d.actor_id = %(machine)s, count(*)
    FROM decided d
    LEFT JOIN LATERAL (
        SELECT sum((p.payload->>'days')::int) AS days FROM cases_event p
        WHERE p.case_id = d.case_id AND p.sequence < d.sequence AND p.at >= d.began
            AND p.verb = 'clock.resumed'
    ) paused ON true
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""  # noqa: S608 - one constant inside another


def _decided_values(since: date) -> dict[str, Any]:
    decided = [f"{code} {status}" for code in GRANTED for status in sorted(kind_named(code).decided)]
    return {"since": max(since, EARLIEST), "decided": texts(decided), "machine": machine().pk}


def _decided(since: date) -> Counted:
    calendar = policy.selectors.calendar()
    for row in _rows(DECIDED_A_DAY, _decided_values(since)):
        day, region, kind, status, began, paused, promise, statutory, by_machine, count = row
        about = partial(Key, day, region, subject=kind)
        yield about(Measure.DECIDED), int(count)
        if status in GRANTED[kind]:
            yield about(Measure.GRANTED), int(count)
            if by_machine:
                yield about(Measure.BY_MACHINE), int(count)
        took = clocks.working_days_between(calendar, began, day)[0] - int(paused)
        yield about(Measure.DAYS, step=min(max(took, 0), MOST_DAYS)), int(count)
        if promise is not None and took > promise:
            yield about(Measure.LATE_PROMISE), int(count)
        if statutory is not None and took > statutory:
            yield about(Measure.LATE_LAW), int(count)


# From each step to the next: for whom the case waited meanwhile. Put aside for another office is OFFICE.
WAITED = f"""
    WITH {DECISIONS}, steps AS (
        SELECT d.case_id, d.kind, d.region, d.day, d.sequence AS last, e.sequence, e.at, e.verb,
               e.payload->>'to' AS own, count(e.payload->>'to') OVER path AS nth,
               lead(e.at) OVER path AS until
        FROM decided d
        JOIN cases_event e ON e.case_id = d.case_id AND e.sequence <= d.sequence AND e.at >= d.began
        WHERE e.payload ? 'to' OR e.verb IN ('case.held', 'case.hold_ended')
        WINDOW path AS (PARTITION BY d.case_id, d.sequence ORDER BY e.sequence)
    ), standing AS (
        SELECT s.*, first_value(s.own) OVER since_move AS status
        FROM steps s
        WINDOW since_move AS (PARTITION BY s.case_id, s.last, s.nth ORDER BY s.sequence)
    )
    SELECT s.day, s.region, CASE WHEN s.verb = 'case.held' THEN 'OFFICE' ELSE known.waits_for END,
           (sum(extract(epoch FROM s.until - s.at)) / 60)::bigint
    FROM standing s
    JOIN cases_status known ON known.kind = s.kind AND known.status = s.status AND known.waits_for <> 'OFFICE'
    WHERE s.until IS NOT NULL
    GROUP BY 1, 2, 3
"""  # noqa: S608 - one constant inside another


def _waited(since: date) -> Counted:
    for day, region, waits_for, minutes in _rows(WAITED, _decided_values(since)):
        yield Key(day, region, Measure.MINUTES, str(waits_for)), int(minutes)


BANK_TOOK = """
    SELECT t.posted_on, o.region,
           (sum(extract(epoch FROM p.settled_at - b.submitted_at)) / 60)::bigint
    FROM payouts_transfer t
    JOIN payouts_payment p ON p.id = t.payment_id
    JOIN payouts_batch b ON b.case_id = p.batch_id
    JOIN payouts_obligation o ON o.id = p.obligation_id
    WHERE t.kind = %(settled)s AND t.posted_on >= %(since)s AND p.settled_at >= b.submitted_at
    GROUP BY 1, 2
"""


def _bank(since: date) -> Counted:
    for day, region, minutes in _rows(BANK_TOOK, {"since": since, "settled": str(Move.SETTLED)}):
        yield Key(day, region, Measure.MINUTES, str(WaitsFor.BANK)), int(minutes)


STOCK_OF_CASES = """
    SELECT region, kind, count(*), count(*) FILTER (WHERE promise_due < %(today)s)
    FROM cases_case WHERE closed_at IS NULL GROUP BY 1, 2
"""
STOCK_OF_FUND = "SELECT region, posted_fen FROM payouts_balance WHERE account = %(fund)s"


def _stocks(today: date) -> Counted:
    for region, kind, standing, overdue in _rows(STOCK_OF_CASES, {"today": today}):
        yield Key(today, region, Measure.OPEN, kind), int(standing)
        yield Key(today, region, Measure.OVERDUE, kind), int(overdue)
    for region, fen in _rows(STOCK_OF_FUND, {"fund": str(Account.FUND)}):
        yield Key(today, region, Measure.FUND_FEN), int(fen)


# --- writing ----------------------------------------------------------------------------------------------

# What is as it was stays untouched, and a figure that nothing stands behind any more becomes nought.
KEEP_DAYS = """
    WITH new AS (
        SELECT * FROM unnest(%(days)s::date[], %(regions)s::text[], %(measures)s::text[],
                             %(subjects)s::text[], %(steps)s::int[], %(values)s::bigint[])
            AS given(day, region, measure, subject, step, value)
    ), gone AS (
        UPDATE audit_dayfigure old SET value = 0
        WHERE old.day >= %(since)s AND old.value <> 0 AND old.measure <> ALL(%(stocks)s::text[])
            AND NOT EXISTS (
                SELECT FROM new
                WHERE (new.day, new.region, new.measure, new.subject, new.step)
                    = (old.day, old.region, old.measure, old.subject, old.step)
            )
    )
    INSERT INTO audit_dayfigure AS kept (day, region, measure, subject, step, value)
    SELECT day, region, measure, subject, step, value FROM new
    ON CONFLICT (day, region, measure, subject, step) DO UPDATE SET value = excluded.value
    WHERE kept.value <> excluded.value
"""
KEEP_MONTHS = """
    INSERT INTO audit_monthfigure AS kept (month, region, measure, subject, step, value)
    SELECT to_char(day, 'YYYY-MM'), region, measure, subject, step, sum(value)
    FROM audit_dayfigure
    WHERE day >= date_trunc('month', %(since)s::date) AND measure <> ALL(%(stocks)s::text[])
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (month, region, measure, subject, step) DO UPDATE SET value = excluded.value
    WHERE kept.value <> excluded.value
"""


def _write(figures: Figures, *, since: date) -> None:
    """Put the counted days in place of what stood, and their months."""
    keys = list(figures)
    values: dict[str, Any] = {
        "since": max(since, EARLIEST),
        "stocks": texts(str(one) for one in STOCKS),
        "days": days(key.day for key in keys),
        "regions": texts(key.region for key in keys),
        "measures": texts(str(key.measure) for key in keys),
        "subjects": texts(key.subject for key in keys),
        "steps": integers(key.step for key in keys),
        "values": integers(figures.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(KEEP_DAYS, values)
        cursor.execute(KEEP_MONTHS, values)
