"""What one measurement is: the row that every benchmark returns and `var/bench.json` keeps."""

from __future__ import annotations

from typing import TypedDict


class Row(TypedDict):
    """One line of the table; seconds and megabytes, None where there is nothing to compare."""

    name: str
    size: int
    seconds: float
    per_second: float
    floor_seconds: float | None
    ratio: float | None
    """`seconds` divided by `floor_seconds`."""
    peak_mb: float | None
