"""`./bench [NAME …] [--size N]`: run the benchmarks, print a table, and keep the rows in `var/bench.json`.

Exit status: 0 done, 1 one failed (the others still run), 2 an unknown name.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
from types import ModuleType

import django

import benchmarks
from benchmarks.rows import Row
from config.embedded import Lease, servers_needed
from config.home import HomeError, home_from_environment, process_environment

NO_BENCHMARK = frozenset({"__main__", "books", "pages", "rows", "served", "stage", "units"})
HEADINGS = ("name", "size", "seconds", "per second", "floor s", "ratio", "peak MB")


def names() -> list[str]:
    """Every module of this package that can be run, as people type it: `cross_check` is `cross-check`."""
    return sorted(
        module.name.replace("_", "-")
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if module.name not in NO_BENCHMARK
    )


def table(rows: list[Row]) -> str:
    """The rows for people: numbers to the right, a dash where there is none."""
    cells = [HEADINGS, *(tuple(_cell(value) for value in row.values()) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) if not column else cell.rjust(width)
                  for column, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in cells
    )  # fmt: skip


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def main(arguments: list[str]) -> int:
    known = names()
    parser = argparse.ArgumentParser(prog="bench", description="Measure; results go to var/bench.json.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)} (default: all)")
    parser.add_argument(
        "--size", type=int, action="append", metavar="N", help="in place of the benchmark's own; repeatable"
    )
    options = parser.parse_args(arguments)
    wanted = options.names or known
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")
    try:
        home = home_from_environment()
        with Lease(home, servers_needed()):
            os.environ.update(process_environment(home))
            django.setup()
            rows, failed = _run(wanted, options.size)
    except HomeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    (home.var / "bench.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(table(rows))
    return 1 if failed else 0


def _run(wanted: list[str], sizes: list[int] | None) -> tuple[list[Row], list[str]]:
    """The rows of those that worked and the names of those that did not."""
    rows: list[Row] = []
    failed: list[str] = []
    for name in wanted:
        print(f"{name}…", file=sys.stderr, flush=True)
        module: ModuleType = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
        try:
            rows += module.run(sizes)
        except (HomeError, RuntimeError) as error:
            print(f"bench: {name}: {error}", file=sys.stderr)
            failed.append(name)
    return rows, failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
