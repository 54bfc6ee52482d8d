"""Closing a month of a pool: the door behind which nothing is owed or booked any more.

The database keeps it shut (migration 0010). What is found to be owed for a closed month later is dated in the
month that is open. Whether a month may be closed is for the caller to find out; it must never close one that
is not over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import connection, transaction

from accounts.models import User
from law import months
from law.errors import Refused
from law.workdays import legal_day
from payouts.formats import bank_file
from payouts.kinds import ACCOUNT_FAULTY, NAME_FAULTY
from payouts.models import Obligation
from payouts.month_models import ClosedMonth
from payouts.selectors import closed_through
from payouts.services.judging import ACCOUNT_PROBLEMS, judge, lines_of

LOCK_MONTH = 7703
"""First half of the lock that the trigger shares and who closes holds alone; the second is the pool."""

LOOKED_AT = 1_000
"""Of so many unpaid ones the lines are read, to see whether an account or a name is at fault."""


@transaction.atomic
def close_month(
    *, pool: str, month: str, figures: Mapping[str, object], actor: User, now: datetime
) -> ClosedMonth:
    """Close `pool` for good up to the end of `month` ("YYYY-MM"). Runs inside the transaction that made sure
    that nothing before that end differs.

    `Refused`: "month.not_over", "month.closed", "month.busy" (somebody is booking).
    """
    if months.month_of(legal_day(now)) <= month:
        raise Refused("month.not_over", month=month)
    with connection.cursor() as cursor:
        # Never waited for: who books holds it and may be waiting for a lock of ours.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_MONTH, int(pool)])
        (alone,) = cursor.fetchone()
    if not alone:
        raise Refused("month.busy")
    if closed_through(pool) >= month:
        raise Refused("month.closed", month=month)
    return ClosedMonth.objects.create(
        pool=pool, month=month, figures=dict(figures), closed_by=actor, closed_at=now
    )


def unpaid_of(*, pool: str, month: str, now: datetime) -> dict[str, int]:
    """How many obligations up to the end of a month are in no batch and unpaid, by reason; "" for none.

    The reasons are those that sealing gives (`LEFT_OUT_LABELS`): it is asked the same question.
    """
    end = months.first_day(months.parse(month) + 1)
    payable, left_out = judge(pool, legal_day(now))
    found = {}
    for reason, ids in {"": payable, **left_out}.items():
        due = Obligation.objects.filter(pk__in=ids, due_on__lt=end)
        found[reason] = list(due.values_list("pk", flat=True)) if ids else []
    if len(found[""]) <= LOOKED_AT:
        for one in lines_of(found[""]):
            problems = bank_file.problems_of(one.line)
            if problems:
                found[""].remove(one.obligation_id)
                found[ACCOUNT_FAULTY if ACCOUNT_PROBLEMS.intersection(problems) else NAME_FAULTY].append(
                    one.obligation_id
                )
    return {reason: len(ids) for reason, ids in found.items() if ids}


def open_days(pools: Iterable[str], *, now: datetime) -> dict[str, tuple[date, date]]:
    """For each pool that has closed months: the first day that is open, and the day for what is found late.

    From here to the end of the caller's transaction nobody closes a month of these pools.
    """
    found = {}
    for pool in sorted(pools):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [LOCK_MONTH, int(pool)])
        if through := closed_through(pool):
            first = months.first_day(months.parse(through) + 1)
            found[pool] = (first, max(first, legal_day(now)))
    return found
