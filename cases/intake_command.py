"""What the commands that import a file share: read it where it lies, write the refused rows beside it, count.

For management commands only.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.functional import Promise

from accounts.selectors import machine
from cases import intake
from cases.intake_models import Intake, IntakeFault
from cases.intake_words import fault_rows
from cases.refusals import sentence
from cases.spreadsheet import csv_blocks
from law.errors import Refused
from law.workdays import legal_day


class ImportCommand(BaseCommand):
    """`import_… FILE`. Exit status: 0 done, 1 rows or the file were refused, 2 wrong usage."""

    kind: Intake.Kind
    lines: Mapping[str, intake.Line]
    reasons: Mapping[str, str | Promise]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV (UTF-8 or GB18030) or XLSX")

    def handle(self, *args: object, **options: object) -> None:
        """Read it, say what became of it. Run again after it was stopped, it begins anew and ends right."""
        path, now = options["file"], datetime.now(UTC)  # noqa: TID251 - a command reads the clock
        assert isinstance(path, Path)
        try:
            with path.open("rb") as content:
                begun = intake.announce(
                    kind=self.kind, file_name=path.name, content=content, actor=machine(), now=now
                )
        except OSError as trouble:
            raise CommandError(f"{path}: {trouble.strerror}", returncode=2) from trouble
        except Refused as refused:
            raise CommandError(f"{path.name}: {sentence(refused)}") from refused
        if not intake.go_on(intake_id=begun.pk, lines=self.lines, now=now, opened=lambda: path.open("rb")):
            raise CommandError(f"{path.name} is being imported already; wait for that to end.")
        begun.refresh_from_db()
        self._tell(begun, path, now)

    def _tell(self, done: Intake, path: Path, now: datetime) -> None:
        if done.problem:
            raise CommandError(f"{path.name}: {sentence(intake.problem_of(done))}")
        beside = path.with_name(f"{path.stem}.refused.csv")
        self.stdout.write(
            f"{path.name}: {done.read:,} rows: {done.added:,} new, {done.unchanged:,} there already, "
            f"{done.refused:,} refused" + (f" (listed in {beside.name})" if done.refused else "")
        )
        if not done.refused:
            return
        layout = self.lines[self.kind].layout(legal_day(now))
        faults = IntakeFault.objects.filter(intake=done).order_by("line", "pk").iterator()
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.writelines(csv_blocks(fault_rows(faults, layout=layout, reasons=self.reasons)))
        except OSError as trouble:
            self.stderr.write(f"{beside}: {trouble.strerror}")
        sys.exit(1)
