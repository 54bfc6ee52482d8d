"""Makes the database know the statuses of a claim."""

from django.db import migrations

from cases.migrations_support import status_rows
from claims.kinds import CLAIM


class Migration(migrations.Migration):
    """Rows of `cases_status` for the kind `claim`."""

    dependencies = [("claims", "0001_initial"), ("cases", "0002_guards")]

    operations = [status_rows(CLAIM)]
