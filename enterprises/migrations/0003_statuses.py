"""The statuses of disputes about a size class, known to the database."""

from django.db import migrations

from cases.migrations_support import status_rows
from enterprises.kinds import SIZE_DISPUTE


class Migration(migrations.Migration):
    """Rows of cases_status."""

    dependencies = [("enterprises", "0002_size_disputes"), ("cases", "0002_guards")]

    operations = [status_rows(SIZE_DISPUTE)]
