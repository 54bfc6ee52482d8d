"""A spell may run on up to the retirement age."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column with a default that costs nothing."""

    dependencies = [("claims", "0008_months_kept")]

    operations = [
        migrations.AddField(
            model_name="spell",
            name="extended_from",
            field=models.CharField(blank=True, default="", max_length=7),
        ),
    ]
