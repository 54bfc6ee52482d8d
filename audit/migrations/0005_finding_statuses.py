"""The statuses of findings, known to the database."""

from django.db import migrations

from audit.kinds import FINDING
from cases.migrations_support import status_rows


class Migration(migrations.Migration):
    """Rows of cases_status."""

    dependencies = [("audit", "0004_findings"), ("cases", "0002_guards")]

    operations = [status_rows(FINDING)]
