"""Other numbers tried on a whole city, against reading the same units into facts alone.

Work: `subsidies.refund.whatif.answer`: every unit of the pool read set-wise and put to the rule by the
numbers in force and by others, grouped by size, kind and district. Floor:
`enterprises.selectors.refund_facts` of the same units, read through and dropped. Both in one process, best
of three; nothing is written.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence

import enterprises.selectors
from benchmarks import units
from benchmarks.rows import Row
from benchmarks.stage import CITY
from config.scratch import scratch_database
from law.parameters import Value
from subsidies.refund import whatif

SIZES = (50_000,)
ROUNDS = 3
VALUES: dict[str, Value] = {
    "refund.layoff_limit": {"other": "500", "small": "1500"},
    "refund.ratio": {"smaller": "6500", "large": "2500"},
}


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Measure each size; one row a size."""
    return [_measured(size) for size in sizes or SIZES]


def _measured(size: int) -> Row:
    with scratch_database(f"what_if_{size}"):
        units.fill(size)
        units.fund()
        seconds = min(_timed(lambda: _answer(size)) for _round in range(ROUNDS))
        floor = min(_timed(lambda: _read(size)) for _round in range(ROUNDS))
    return Row(
        name="what_if",
        size=size,
        seconds=round(seconds, 2),
        per_second=round(size / seconds),
        floor_seconds=round(floor, 2),
        ratio=round(seconds / floor, 2),
        peak_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _answer(size: int) -> None:
    question = whatif.Question(refund_year=units.YEAR, region=CITY, values=dict(VALUES))
    found = whatif.answer(question, on=units.TODAY)
    if found.total.units != size or not found.total.winners or not found.total.losers:
        raise RuntimeError(f"{found.total}: not a whole city, or nothing changed")


def _read(size: int) -> None:
    rows = enterprises.selectors.refund_facts(refund_year=units.YEAR, on=units.TODAY, region=CITY)
    if sum(len(chunk) for chunk in rows) != size:
        raise RuntimeError("not a whole city")


if __name__ == "__main__":
    print(json.dumps(run([int(size) for size in sys.argv[1:]] or None), indent=1))
