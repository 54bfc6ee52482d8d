"""`replay`: recompute stored determinations and compare. Exit 1 on any difference, 2 on wrong usage."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cases.replaying import NAMED, replay
from law.programs import PROGRAMS


class Command(BaseCommand):
    """Thin: parse, one read, report."""

    help = "Recompute stored determinations from their stored facts and parameters and compare the outcome."

    def add_arguments(self, parser: CommandParser) -> None:
        """Dates are legal days, both included."""
        parser.add_argument("--from", dest="start", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--to", dest="end", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--program", choices=sorted(PROGRAMS), default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the counts and the first differences."""
        found = replay(start=options["start"], end=options["end"], program=options["program"])
        for program, count in sorted(found.programs.items()):
            self.stdout.write(f"{program}: {count}")
        self.stdout.write(f"{found.equal + found.different} replayed, {found.different} different")
        for difference in found.differences:
            self.stderr.write(str(difference))
        if found.different > NAMED:
            self.stderr.write(f"... and {found.different - NAMED} more")
        if found.different:
            raise SystemExit(1)
