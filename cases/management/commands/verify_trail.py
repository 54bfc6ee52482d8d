"""`verify_trail`: recompute every hash chain and daily seal; name the first break. Exit 1 on any."""

from typing import Any

from django.core.management.base import BaseCommand

from cases import trail


class Command(BaseCommand):
    """Thin: one check, one report."""

    help = "Recompute every hash chain, the hash of every determination and letter, and every daily seal."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was checked; exit 1 and name the first break if something does not hold."""
        found = trail.verify()
        self.stdout.write(
            f"{found.cases} trails, {found.events} events, {found.determinations} determinations, "
            f"{found.letters} letters, {found.seals} seals"
            + (f" up to {found.newest_seal}" if found.newest_seal else "")
            + " verified"
        )
        if found.broken is not None:
            self.stderr.write(f"first break: {found.broken}")
            raise SystemExit(1)
