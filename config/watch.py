"""What those who watch the installation look at: how much waits for whom, for how long, and what is too old.

Reads counts and times of all regions, never a row about a person. Each answer is one query on an index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Min, Sum

from cases import kinds
from cases.models import Message
from config.celery import TIMETABLE
from config.worker import Run, ran_key
from gateways.models import Lookup
from payouts.models import Balance, Payment

LATELY = timedelta(hours=1)
MOST_LOOKUPS = 20_000
"""The newest that are looked at for what came lately: a bound on the cost, not on the truth of an hour."""


@dataclass(frozen=True)
class Waiting:
    """Open cases of one kind in one status. `too_old`: how many are past the kind's limit of that status."""

    kind: str
    status: str
    waits_for: str
    count: int
    oldest_at: datetime
    too_old: int
    provisional: int

    @property
    def limit(self) -> timedelta | None:
        """The age at which such a case is too old."""
        return kinds.get(self.kind).max_age.get(self.status)


@dataclass(frozen=True)
class Unsent:
    """Messages that were to be sent and are not yet."""

    count: int
    oldest_at: datetime | None


@dataclass(frozen=True)
class InTransit:
    """Payments at the bank, whose receipts have not come."""

    count: int
    fen: int


@dataclass(frozen=True)
class Asked:
    """How often a source was asked lately, by what came of it ("" is an answer)."""

    source: str
    problem: str
    count: int


@dataclass(frozen=True)
class Held:
    """What an account of a region holds, in fen."""

    region: str
    account: str
    posted_fen: int
    pending_fen: int


OPEN_CASES = """
    SELECT c.kind, c.status, c.waits_for, count(*), min(c.changed_at),
           count(*) FILTER (WHERE c.changed_at < %(now)s - make_interval(secs => l.seconds)),
           count(*) FILTER (WHERE c.due_provisional)
    FROM cases_case c
    LEFT JOIN unnest(%(kinds)s::text[], %(statuses)s::text[], %(seconds)s::int[]) l (kind, status, seconds)
        ON l.kind = c.kind AND l.status = c.status
    WHERE c.closed_at IS NULL AND c.kind = ANY(%(known)s::text[])
    GROUP BY c.kind, c.status, c.waits_for ORDER BY c.kind, c.status, c.waits_for
"""


def open_cases(*, now: datetime) -> list[Waiting]:
    """All open cases by kind, status and whom they wait for."""
    limits = [
        (kind.code, status, int(age.total_seconds()))
        for kind in kinds.all_kinds()
        for status, age in kind.max_age.items()
    ]
    values: dict[str, Any] = {
        "now": now,
        "known": [kind.code for kind in kinds.all_kinds()],
        "kinds": [kind for kind, _status, _seconds in limits],
        "statuses": [status for _kind, status, _seconds in limits],
        "seconds": [seconds for _kind, _status, seconds in limits],
    }
    with connection.cursor() as cursor:
        cursor.execute(OPEN_CASES, values)
        return [Waiting(*row) for row in cursor.fetchall()]


def unsent_messages() -> Unsent:
    """Text messages that wait to be sent."""
    found = Message.objects.filter(
        channel=Message.Channel.SMS, sent_at__isnull=True, failed_at__isnull=True
    ).aggregate(count=Count("pk"), oldest=Min("created_at"))
    return Unsent(found["count"], found["oldest"])


def payments_in_transit() -> InTransit:
    """Payments of files that the bank has and has not answered for."""
    found = Payment.objects.filter(
        batch__case__closed_at__isnull=True,
        batch__submitted_at__isnull=False,
        settled_at__isnull=True,
        failed_at__isnull=True,
    ).aggregate(count=Count("pk"), fen=Sum("amount_fen"))
    return InTransit(found["count"], found["fen"] or 0)


def lookups_lately(*, now: datetime) -> list[Asked]:
    """Questions of the last hour by source and outcome."""
    newest = Lookup.objects.order_by("-pk").values("pk")[:MOST_LOOKUPS]
    rows = (
        Lookup.objects.filter(pk__in=newest, asked_at__gte=now - LATELY, asked_at__lte=now)
        .values("source", "problem")
        .annotate(times=Count("pk"))
        .order_by("source", "problem")
    )
    return [Asked(row["source"], row["problem"], row["times"]) for row in rows]


def balances() -> list[Held]:
    """Every account of the ledger."""
    rows = Balance.objects.order_by("region", "account")
    return [Held(row.region, row.account, row.posted_fen, row.pending_fen) for row in rows]


def last_runs() -> Mapping[str, Run]:
    """By the name of a job, when its task last ended and how; nothing of one that nobody remembers."""
    tasks: Sequence[str] = sorted({job.task for job in TIMETABLE.values()})
    known = cache.get_many([ran_key(task) for task in tasks])
    return {
        name: Run(*known[ran_key(job.task)]) for name, job in TIMETABLE.items() if ran_key(job.task) in known
    }
