"""Makes the demo's officers and machine client, and writes the file in which people find their passwords.

It must never run where the outside world is real.
"""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.demo import SandboxAway, demo_accounts, write_private

SECRETS_NAME = "demo-secrets.json"


class Command(BaseCommand):
    """`demo_accounts --write var/demo.json --base-url URL --sandbox-url URL`."""

    help = "Make the demo's accounts and write them to a file; a second run writes the same."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to write, and under which addresses the site and the sandbox answer."""
        parser.add_argument("--write", type=Path, required=True, metavar="PATH")
        parser.add_argument("--base-url", required=True)
        parser.add_argument("--sandbox-url", required=True)

    def handle(self, *args: object, **options: object) -> None:
        """Ensure the accounts, write the file, print what people need first."""
        path = Path(str(options["write"]))
        if not settings.ANYE_DEMO:
            raise CommandError("Only in a demo: set ANYE_DEMO=true, with the sandbox as the outside world.")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            content = demo_accounts(
                secrets_file=path.with_name(SECRETS_NAME),
                base_url=str(options["base_url"]),
                sandbox_url=str(options["sandbox_url"]),
                now=datetime.now(UTC),
            )
        except SandboxAway as trouble:
            raise CommandError(f"The sandbox does not answer: {trouble}") from trouble
        write_private(path, content)
        self.stdout.write(f"Accounts written to {path}")
