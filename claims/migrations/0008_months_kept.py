"""Every spell that has ended says how many of its months are kept for a later one."""

from django.db import migrations, models

# Until now the months behind the last payable one were all kept.
FILL = """
    UPDATE claims_spell SET months_kept = months - greatest(0,
        (split_part(least(paid_through, last_month), '-', 1)::int * 12
            + split_part(least(paid_through, last_month), '-', 2)::int)
        - (split_part(first_month, '-', 1)::int * 12 + split_part(first_month, '-', 2)::int) + 1)
    WHERE ended_at IS NOT NULL AND months_kept IS NULL
"""


class Migration(migrations.Migration):
    """Fills the column and tightens the constraint."""

    dependencies = [("claims", "0007_suspensions_and_stops")]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="spell",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at", None),
                        ("event_on", None),
                        ("ground", ""),
                        ("months_kept", None),
                        ("paid_through", ""),
                    ),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("event_on__isnull", False),
                        ("months_kept__isnull", False),
                        models.Q(("ground", ""), _negated=True),
                        models.Q(("paid_through", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="claims_spell_ended_for_a_reason",
            ),
        ),
    ]
