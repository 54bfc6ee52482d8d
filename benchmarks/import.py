"""Contribution histories from a file of the core system into the table they are read from.

Work: what `import_contributions` does with a CSV file of so many rows, twelve months for each person: its
digest, its encoding, every cell judged, people found or encrypted, rows staged, compared with what stands and
with each other, and written in one transaction. All rows are good, so all of them are written.

Floor: COPY of the very same rows, already clean, from a file into the same empty table, indexes and
constraints in force; the people they belong to are there.

Making the file is not counted. Peak memory is the resident set of the one process that does all of it.
"""

from __future__ import annotations

import csv
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from django.db import connection, transaction

from accounts.selectors import machine
from benchmarks.rows import Row
from benchmarks.stage import in_processes
from cases import intake
from cases.intake_models import Intake
from claims.contribution_models import Contribution
from claims.intakes import LINES
from config.scratch import scratch_database
from law.identifiers import citizen_id_check_digit, uscc_check_character
from law.money import Fen, yuan

SIZES = (200_000,)
ROUNDS = 3
SEED = 7
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
UNITS = 5_000
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
TABLE = "claims_contribution"
COLUMNS = "person_id, month, unit, kind, base_fen, unit_fen, own_fen, paid_on, intake_id, line"


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Import each size in a database of its own."""
    return [_measure(size) for size in sizes or SIZES]


def _measure(size: int) -> Row:
    done: list[tuple[float, float]] = []
    floors: list[float] = []
    with tempfile.TemporaryDirectory(prefix="anye-bench-", dir="/tmp") as folder:
        source, clean = Path(folder) / "contributions.csv", Path(folder) / "clean"
        write(source, size)
        with scratch_database("import"):
            for _turn in range(ROUNDS):
                done += in_processes(work, [(source, size)])
                in_processes(keep, [(clean,)])
                floors += in_processes(floor, [(clean, size)])
                in_processes(clear, [("claims_contribution", "claims_insuredperson", "cases_intake")])
    seconds, least = min(seconds for seconds, _peak in done), min(floors)
    return Row(
        name="import",
        size=size,
        seconds=round(seconds, 2),
        per_second=round(size / seconds, 1),
        floor_seconds=round(least, 2),
        ratio=round(seconds / least, 2),
        peak_mb=round(max(peak for _seconds, peak in done), 1),
    )


def write(path: Path, size: int) -> None:
    """A file as a core system writes it: the rows of one person stand together."""
    chance = Random(SEED)
    units = [first + uscc_check_character(first) for first in (f"91130100MA{n:07d}" for n in range(UNITS))]
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(
            ["证件号码", "姓名", "单位统一社会信用代码", "费款所属期", "缴费基数", "单位缴费", "个人缴费",
             "到账日期", "缴费类型"]
        )  # fmt: skip
        for place in range(size):
            person, turn = divmod(place, len(MONTHS))
            if not turn:
                number, unit = _number(person), chance.choice(units)
                base = chance.randint(350_000, 2_200_000)
            lines.writerow(
                [number, "某甲", unit, MONTHS[turn], yuan(Fen(base)), yuan(Fen(base * 7 // 1000)),
                 yuan(Fen(base * 3 // 1000)), f"{MONTHS[turn]}-{15 + person % 10}", "正常"]
            )  # fmt: skip


def _number(person: int) -> str:
    born, serial = divmod(person, 999)
    county, day = divmod(born, 28 * 12 * 40)
    year, rest = divmod(day, 28 * 12)
    month, of_month = divmod(rest, 28)
    first = f"1301{county + 2:02d}{1965 + year}{month + 1:02d}{of_month + 1:02d}{serial + 1:03d}"
    return first + citizen_id_check_digit(first)


def work(source: Path, size: int) -> tuple[float, float]:
    """Import the file once: seconds, peak megabytes. Raises RuntimeError unless every row got in."""
    begun = time.perf_counter()
    with source.open("rb") as content:
        file = intake.announce(
            kind=Intake.Kind.CONTRIBUTIONS, file_name=source.name, content=content, actor=machine(), now=NOW
        )
    intake.go_on(intake_id=file.pk, lines=LINES, now=NOW, opened=lambda: source.open("rb"))
    seconds = time.perf_counter() - begun
    file.refresh_from_db()
    if (file.added, file.refused, file.problem) != (size, 0, ""):
        raise RuntimeError(f"{file.added} of {size} rows were added, {file.refused} refused {file.problem}")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def keep(clean: Path) -> None:
    """Write the rows as they stand to a file, and empty their table."""
    with connection.cursor() as cursor, clean.open("w", encoding="utf-8") as file:
        cursor.copy_expert(f"COPY (SELECT {COLUMNS} FROM {TABLE} ORDER BY id) TO STDOUT", file)  # noqa: S608 - ours
    clear(TABLE)


def clear(*tables: str) -> None:
    """Empty tables past their triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in tables:
            cursor.execute(f"VACUUM (FULL, ANALYZE) {table}")


def floor(clean: Path, size: int) -> float:
    """Seconds to COPY the clean rows."""
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor, clean.open(encoding="utf-8") as file:
        cursor.copy_expert(f"COPY {TABLE} ({COLUMNS}) FROM STDIN", file)
    seconds = time.perf_counter() - begun
    if Contribution.objects.count() != size:
        raise RuntimeError("the floor has not written every row")
    return seconds
