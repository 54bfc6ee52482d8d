"""`simulate`: a simulated year and its proof. Exit 1 on any violation, 2 on wrong usage."""

import argparse
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand

from config.simulation.run import MOST_MONTHS, play

MOST_PEOPLE = 100_000


class Command(BaseCommand):
    """Thin: parse, one call, report."""

    help = "Play a city through simulated months in a place of its own, and prove the books at the end."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """The same months, people and seed make the same year."""
        parser.add_argument("--months", type=_between(1, MOST_MONTHS), default=12)
        parser.add_argument("--people", type=_between(1, MOST_PEOPLE), default=500)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--faults", action="store_true", help="kill steps with SIGKILL and run them again"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print progress, counts, every kind of violation, and the seed."""
        self._began = time.monotonic()
        played = play(
            months=options["months"],
            people=options["people"],
            seed=options["seed"],
            faults=options["faults"],
            tell=self._tell,
        )
        for line in played.verdict.lines():
            self.stdout.write(line)
        self.stdout.write(
            f"seed {options['seed']}: {played.steps.run:,} steps, {played.steps.killed} of them killed and "
            f"run again, {played.steps.twice} run twice; {played.seconds:.1f} s, "
            f"{played.person_months_per_second:,.0f} person-months a second"
        )
        if played.verdict.violations:
            sys.exit(1)
        self.stdout.write("Everything holds.")

    def _tell(self, line: str) -> None:
        self.stdout.write(f"simulate: {time.monotonic() - self._began:6.1f} s  {line}")
        self.stdout.flush()


def _between(least: int, most: int) -> Any:
    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be between {least} and {most}")
        return value

    return number
