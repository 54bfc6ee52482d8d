"""When a case was taken up again: its clocks run from there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column of cases."""

    dependencies = [("cases", "0007_message_read_at")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="reopened_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
