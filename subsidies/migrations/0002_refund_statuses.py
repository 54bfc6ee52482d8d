"""Makes the database know the statuses of campaigns and refunds, and keeps entered fund years as they were."""

from django.db import migrations

from cases.migrations_support import append_only, status_rows
from subsidies.refund.kinds import CAMPAIGN, REFUND


class Migration(migrations.Migration):
    """Rows of `cases_status`, and a trigger."""

    dependencies = [("subsidies", "0001_refund"), ("cases", "0002_guards")]

    operations = [status_rows(CAMPAIGN), status_rows(REFUND), append_only("subsidies_fundyear")]
