"""`translations`: bring the English catalogue up to date with the texts of the product, or check it."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

try:
    from config import translations
except ModuleNotFoundError as missing:
    if missing.name != "polib":
        raise
    raise CommandError("polib is missing: ./test installs the libraries for development.") from missing


class Command(BaseCommand):
    help = "Collect all texts into locale/en, keep their English, and compile it; --check changes nothing."
    requires_system_checks = ()  # the texts are read as files; nothing has to run

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail on what is missing")

    def handle(self, *, check: bool, **options: object) -> None:
        try:
            wanted = translations.collect()
        except translations.Untranslatable as unknown:
            raise CommandError(str(unknown)) from unknown
        if not check:
            translations.write(translations.merge(translations.read(), wanted))
        compiled = translations.CATALOGUE.with_suffix(".mo")
        found = translations.problems(
            translations.read(), wanted, compiled.read_bytes() if compiled.exists() else None
        )
        for line in found:
            self.stderr.write(line)
        if found:
            raise CommandError(f"{len(found)} of {len(wanted)} texts need a translator.")
        self.stdout.write(f"{len(wanted)} texts, all in English.")
