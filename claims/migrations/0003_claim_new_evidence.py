"""Why a refused claim was taken up again, in the words of whoever did."""

from django.db import migrations

import accounts.privacy


class Migration(migrations.Migration):
    """A column of claims; empty text is stored encrypted, so old rows get it from the field itself."""

    dependencies = [("claims", "0002_statuses")]

    operations = [
        migrations.AddField(
            model_name="claim",
            name="new_evidence",
            field=accounts.privacy.EncryptedTextField(blank=True, default=""),
            preserve_default=False,
        ),
    ]
