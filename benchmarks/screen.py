"""A whole city screened for the retention refund, against the very same rows written by plain SQL.

Work: open the year and let the worker go on until every unit has its refund: facts read set-wise, the rule,
case, determination, three chained events and the refund of each, in parts of 5,000 that commit. One forked
process, so that its peak memory is its own. Floor: the same rows from staging tables with one `INSERT …
SELECT` a table, indexes, constraints and triggers in force. Each size has a database of its own; units are
there already.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import connection, transaction

from accounts.models import Role
from benchmarks import units
from benchmarks.books import Books, columns
from benchmarks.rows import Row
from benchmarks.stage import CITY, in_processes, officer
from config.scratch import scratch_database
from subsidies.refund import services
from subsidies.refund.models import Refund

SIZES = (50_000, 200_000, 1_000_000)
WRITTEN = ("cases_case", "cases_determination", "cases_event", "subsidies_refund")
FLOORS = 2


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Measure each size; one row a size."""
    return [_measured(size) for size in sizes or SIZES]


def _measured(size: int) -> Row:
    with scratch_database(f"screen_{size}"):
        units.fill(size)
        actor = officer("screen-handler", Role.HANDLER, now=units.NOW)
        units.fund()
        books = Books(added=WRITTEN, changed=(), keys={"subsidies_refund": "case_id"})
        campaign = services.open_campaign(refund_year=units.YEAR, region=CITY, actor=actor, now=units.NOW)
        books.open()
        ((seconds, peak),) = in_processes(_screen, [(campaign.runs.get().pk,)])
        if Refund.objects.count() != size:
            raise RuntimeError(f"{Refund.objects.count()} of {size} units were screened")
        # What the campaign's own case was told at the end is none of the rows of the units.
        books.keep()
        floor = min(_floor(books) for _round in range(FLOORS))
    return Row(
        name="screen",
        size=size,
        seconds=round(seconds, 2),
        per_second=round(size / seconds),
        floor_seconds=round(floor, 2),
        ratio=round(seconds / floor, 2),
        peak_mb=round(peak, 1),
    )


def _screen(run_id: int) -> tuple[float, float]:
    """Seconds until the run is over, and the most memory this process held (MB)."""
    began = time.perf_counter()
    turn = 0
    while services.go_on(run_id=run_id, now=units.NOW + timedelta(minutes=10 * turn)):
        turn += 1
    return time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _floor(books: Books) -> float:
    """Seconds to write the same rows again, from empty tables as the work had them."""
    books.take_back()
    with connection.cursor() as cursor, transaction.atomic():
        began = time.perf_counter()
        for table in WRITTEN:
            names = columns(table)
            key = books.key(table)
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {names} FROM staged_{table} ORDER BY {key}"  # noqa: S608 - ours
            )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    took = time.perf_counter() - began
    books.must_be_the_same()
    return took


if __name__ == "__main__":
    print(json.dumps(run([int(size) for size in sys.argv[1:]] or None), indent=1))
