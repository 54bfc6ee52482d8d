"""What a case is owed may wait while something about it is looked into."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A table."""

    dependencies = [("cases", "0015_case_age"), ("payouts", "0008_room_for_dates")]

    operations = [
        migrations.CreateModel(
            name="PaymentHold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_holds",
                        to="cases.case",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("case",),
                        name="payouts_paymenthold_one_in_force",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lifted_at", None), ("lifted_at__gte", models.F("since")), _connector="OR"
                        ),
                        name="payouts_paymenthold_lifted_after",
                    ),
                ],
            },
        ),
    ]
