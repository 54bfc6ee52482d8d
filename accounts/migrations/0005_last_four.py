"""An index for looking people up by the last four characters of their number."""

from django.db import migrations, models
from django.db.models.functions import Right


class Migration(migrations.Migration):
    """On `accounts_identifier`, the numbers in force only."""

    dependencies = [("accounts", "0004_role_names")]

    operations = [
        migrations.AddIndex(
            "identifier",
            models.Index(
                Right("masked", 4),
                condition=models.Q(valid_to=None),
                name="accounts_identifier_last_four",
            ),
        ),
    ]
