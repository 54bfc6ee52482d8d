"""A due date and the days it counts stand together; the few provisional ones are found by an index."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Constraints and an index of cases."""

    dependencies = [("cases", "0010_fill_due_days")]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                name="cases_case_provisional", fields=["id"], condition=Q(due_provisional=True)
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                name="cases_case_due_counts_days",
                condition=Q(promise_due__isnull=True, promise_days__isnull=True)
                | Q(promise_due__isnull=False, promise_days__isnull=False, promise_days__gte=1),
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                name="cases_case_law_counts_days",
                condition=Q(statutory_due__isnull=True, statutory_days__isnull=True)
                | Q(statutory_due__isnull=False, statutory_days__isnull=False, statutory_days__gte=1),
            ),
        ),
    ]
