"""`document_states`: write docs/states.md from the registered kinds."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand

from cases.kinds import all_kinds
from config.states import STATES_FILE, states_document


class Command(BaseCommand):
    """Needs no database; with --check it writes nothing and says whether the document is up to date."""

    help = "Write docs/states.md from the registered kinds of case."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="exit 1 if the document is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        document = states_document(all_kinds())
        if not options["check"]:
            STATES_FILE.write_text(document, encoding="utf-8")
        elif not STATES_FILE.exists() or STATES_FILE.read_text(encoding="utf-8") != document:
            self.stderr.write(f"{STATES_FILE.name} is out of date: run ./manage document_states")
            sys.exit(1)
