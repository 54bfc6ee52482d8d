"""Letters, their files and attachments are history: the database refuses to change or delete them."""

from django.db import migrations

from cases.migrations_support import append_only


class Migration(migrations.Migration):
    """Triggers on the four tables."""

    dependencies = [("cases", "0005_letter")]

    operations = [
        append_only(table)
        for table in (
            "cases_attachment",
            "cases_amendment_attachments",
            "cases_letter",
            "cases_letterfile",
        )
    ]
