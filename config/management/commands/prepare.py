"""Bring database, static files and demo data to the state that the parts need; skip what is done already.

One process for all, because each start of Django costs two seconds of a small machine. It holds no logic.
"""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config.worker import WORKER_SEEN_KEY


class Command(BaseCommand):
    help = "Migrate, collect static files, seed the demo city and write its accounts, each only where needed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, help="seed a city of this size")
        parser.add_argument("--enterprises", type=int, default=0)
        parser.add_argument("--demo-file", type=Path, help="write the demo accounts here")
        parser.add_argument("--base-url", default=settings.ANYE_BASE_URL)
        parser.add_argument("--sandbox-url", default=settings.ANYE_SANDBOX_URL)

    def handle(
        self,
        *,
        people: int | None,
        enterprises: int,
        demo_file: Path | None,
        base_url: str,
        sandbox_url: str,
        **options: object,
    ) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Migrating the database…")
            call_command("migrate", verbosity=0, interactive=False)
        self._collect_static()
        cache.delete(WORKER_SEEN_KEY)  # left by a worker of the last start
        if demo_file is not None:  # before the city: its officers are those of the demo
            call_command(
                "demo_accounts",
                write=demo_file,
                base_url=base_url,
                sandbox_url=sandbox_url,
                stdout=StringIO(),
            )
        if people is not None:
            self.stdout.write(f"Seeding a city of {people} people…")
            call_command("seed_city", people=people, enterprises=enterprises)

    def _collect_static(self) -> None:
        stamp = settings.STATIC_ROOT / ".stamp"
        state = _static_state()
        if stamp.exists() and stamp.read_text() == state:
            return
        self.stdout.write("Collecting static files…")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(state)


def _static_state() -> str:
    """A digest of name, size and time of every static file of every app."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in sorted(finder.list(None), key=lambda found: str(found[0])):
            digest.update(
                f"{name} {storage.size(name)} {storage.get_modified_time(name).timestamp()}\n".encode()
            )
    return digest.hexdigest()
