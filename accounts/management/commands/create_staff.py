"""Registers an officer from the command line: the way in for the first security administrator.

It must never print a password that was given to it, and never set up the second factor: that is done at sign-
in.
"""

import secrets
from argparse import ArgumentParser
from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import STAFF_ROLES
from accounts.selectors import machine
from accounts.services import create_staff
from law.errors import Refused


class Command(BaseCommand):
    """`create_staff --username U --full-name N --role SECURITY_ADMIN`."""

    help = "Register an officer; prints a first password. The second factor is set up at the first sign-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, in which roles, for which regions."""
        parser.add_argument("--username", required=True)
        parser.add_argument("--full-name", required=True)
        parser.add_argument(
            "--role", action="append", required=True, choices=[str(role) for role in STAFF_ROLES]
        )
        parser.add_argument(
            "--region", action="append", default=[], help="six digits; 130100 is the whole city"
        )

    def handle(self, *args: object, **options: object) -> None:
        """Register, print the password once."""
        password = secrets.token_urlsafe(15)
        roles, regions = options["role"], options["region"]
        if not isinstance(roles, list) or not isinstance(regions, list):
            raise CommandError("--role and --region take codes.")
        try:
            user = create_staff(
                username=str(options["username"]),
                full_name=str(options["full_name"]),
                roles=roles,
                regions=regions,
                password=password,
                actor=machine(),
                now=datetime.now(UTC),
            )
        except (Refused, ValidationError) as refusal:
            raise CommandError(f"Not registered: {refusal}") from refusal
        self.stdout.write(f"{user.username} {password}")
