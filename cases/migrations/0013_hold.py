"""Why a case was put aside for another office, and an index for those whose day comes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from cases.migrations_support import append_only


class Migration(migrations.Migration):
    """The table of holds, which nobody rewrites."""

    dependencies = [
        ("cases", "0012_waits_for_supervisor"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("until", models.DateField()),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                ("actor", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="cases.case")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="cases_hold_reasoned"),
                ],
            },
        ),
        append_only("cases_hold"),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(condition=models.Q(("hold_until__isnull", False)), fields=["hold_until"], name="cases_case_held"),
        ),
    ]
