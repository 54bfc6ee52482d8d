"""`./bench`: rows for programs, a table for people."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import main, names, table
from benchmarks.rows import Row

ROWS = [
    Row(
        name="decide",
        size=100_000,
        seconds=7.4,
        per_second=13_513,
        floor_seconds=3.3,
        ratio=2.24,
        peak_mb=38.1,
    ),
    Row(name="rest", size=60, seconds=20.5, per_second=2.9, floor_seconds=None, ratio=None, peak_mb=505.0),
]


def test_the_table_has_a_line_for_each_row_and_a_dash_for_what_is_not_measured() -> None:
    lines = table(ROWS).splitlines()
    assert len(lines) == 3
    assert lines[0].split()[:3] == ["name", "size", "seconds"]
    assert lines[1].split() == ["decide", "100,000", "7.4", "13,513", "3.3", "2.24", "38.1"]
    assert lines[2].split()[4:6] == ["-", "-"]


def test_every_benchmark_is_found_by_its_file() -> None:
    assert {"decide", "rest", "cross-check"} <= set(names())


def test_an_unknown_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["nonsense"])
    assert ended.value.code == 2
    assert "nonsense" in capsys.readouterr().err
