"""A case may wait for a supervisor."""

from django.db import migrations, models
from django.db.models import Q

WAITING = ["MACHINE", "HANDLER", "REVIEWER", "SUPERVISOR", "APPLICANT", "OFFICE", "BANK"]


class Migration(migrations.Migration):
    """One more name in the list of those a case waits for."""

    dependencies = [("cases", "0011_due_days_required")]

    operations = [
        migrations.AlterField(
            model_name="status",
            name="waits_for",
            field=models.CharField(
                choices=[(name, name) for name in [*WAITING, "NOBODY"]], max_length=12
            ),
        ),
        migrations.RemoveConstraint(model_name="case", name="cases_case_closed_when_nobody_waits"),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                name="cases_case_closed_when_nobody_waits",
                condition=Q(closed_at__isnull=True, waits_for__in=WAITING)
                | Q(closed_at__isnull=False, waits_for="NOBODY"),
            ),
        ),
    ]
