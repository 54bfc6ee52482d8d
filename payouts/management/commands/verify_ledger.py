"""`verify_ledger`: recompute every balance, pair every obligation, transfer, receipt and statement line."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from payouts.selectors import prove


class Command(BaseCommand):
    """Prints counts and differences. Exit 0: the books hold; 1: they do not."""

    help = "Recompute every balance and pair every obligation, transfer, receipt and statement line."

    def handle(self, *args: Any, **options: Any) -> None:
        proof = prove()
        for name, count in proof.counts.items():
            self.stdout.write(f"{name:<18} {count:>10}")
        for finding in proof.findings:
            self.stdout.write(f"DIFFERENCE {finding.check}: {finding.count}")
            for example in finding.examples:
                self.stdout.write(f"  {example}")
        if not proof.holds:
            sys.exit(1)
        self.stdout.write("The books hold.")
