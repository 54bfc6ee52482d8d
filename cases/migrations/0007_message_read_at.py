"""When the party saw a message, for the mark on those not seen yet."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column of messages."""

    dependencies = [("cases", "0006_papers_append_only")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="read_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
