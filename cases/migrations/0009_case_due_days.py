"""How many working days each due date counts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns of cases."""

    dependencies = [("cases", "0008_case_reopened_at")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="promise_days",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="statutory_days",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
    ]
