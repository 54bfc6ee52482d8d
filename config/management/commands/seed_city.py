"""`seed_city`: a synthetic city, the same for the same seed, made through the services."""

import argparse
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.city import build
from config.city_people import CityRefused


class Command(BaseCommand):
    """People of the sandbox with a claim in the product. Run twice, it changes nothing."""

    help = "Make a synthetic demo city from the people of the sandbox."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--people", type=int, default=300, help="people with a claim in the product")
        parser.add_argument(
            "--enterprises",
            type=int,
            default=60,
            help="units of the sandbox to write down; it has as many as it was started with, or more",
        )
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same city")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ANYE_DEMO:
            raise CommandError("The outside world here is not the sandbox (ANYE_DEMO): no demo city is made.")
        try:
            counts = build(
                people=options["people"],
                enterprises=options["enterprises"],
                seed=options["seed"],
                now=timezone.now(),
                tell=self._tell,
            )
        except CityRefused as refused:
            self.stderr.write(str(refused))
            sys.exit(1)
        self._tell(
            f"done: {counts.units} new enterprises, {counts.claims} new claims; "
            f"{counts.granted} granted, {counts.refused} refused, {counts.batches} batch(es) paid"
        )

    def _tell(self, line: str) -> None:
        self.stdout.write(f"seed_city: {line}")
        self.stdout.flush()
