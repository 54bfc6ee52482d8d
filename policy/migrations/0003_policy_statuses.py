"""The database learns the statuses of a proposal."""

from django.db import migrations

from cases.migrations_support import status_rows
from policy.kinds import POLICY


class Migration(migrations.Migration):
    """Rows of cases_status."""

    dependencies = [("policy", "0002_approved_once"), ("cases", "0012_waits_for_supervisor")]

    operations = [status_rows(POLICY)]
