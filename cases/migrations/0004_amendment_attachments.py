"""The papers a settled fact rests on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """From an amendment to its evidence."""

    dependencies = [("cases", "0003_attachment")]

    operations = [
        migrations.AddField(
            model_name="amendment",
            name="attachments",
            field=models.ManyToManyField(blank=True, related_name="amendments", to="cases.attachment"),
        ),
    ]
