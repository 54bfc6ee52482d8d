"""`demo`: plays one person's claim through the running site and compares bank, ledger and citizen's page."""

import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from config.play import Play, PlayStopped
from config.visitor import UnexpectedPage
from law.money import Fen, yuan_grouped


class Command(BaseCommand):
    """Exit 0 only if the three views of the money are equal; each run takes a person not used before."""

    help = "Play one claim from the form to the card through the running site."

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()

        def tell(line: str) -> None:
            self.stdout.write(f"{time.monotonic() - began:7.1f} s  {line}")
            self.stdout.flush()

        try:
            play = Play(demo_file=settings.ANYE_HOME / "demo.json", clock=timezone.now, tell=tell)
            views = play.run()
        except (PlayStopped, UnexpectedPage) as stopped:
            self.stderr.write(f"demo: {stopped}")
            sys.exit(1)
        for name, amount in (("bank", views.bank), ("ledger", views.ledger), ("citizen", views.citizen)):
            tell(f"{name:8} {_words(amount)}")
        if not views.are_equal:
            self.stderr.write("demo: the three views of the money differ")
            sys.exit(1)
        tell("the three books agree")


def _words(amount: Fen | None) -> str:
    return "not found" if amount is None else f"{yuan_grouped(amount)} yuan"
