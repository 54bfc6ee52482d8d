"""The statuses of batches and of returned payments, known to the database."""

from django.db import migrations

from cases.migrations_support import status_rows
from payouts.kinds import BATCH, RETURN


class Migration(migrations.Migration):
    """Rows of cases_status."""

    dependencies = [("payouts", "0002_ledger_guards"), ("cases", "0002_guards")]

    operations = [status_rows(BATCH), status_rows(RETURN)]
