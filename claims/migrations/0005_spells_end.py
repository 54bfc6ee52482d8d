"""A spell ends: why, on which event, after which month."""

from django.db import migrations, models

from cases.migrations_support import status_rows
from claims.kinds import CLAIM


class Migration(migrations.Migration):
    """Columns, a constraint, and the status of a claim that ended."""

    dependencies = [
        ('cases', '0015_case_age'),
        ('claims', '0004_person_requests'),
    ]

    operations = [
        status_rows(CLAIM),
        migrations.AddField(
            model_name='spell',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='spell',
            name='event_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='spell',
            name='ground',
            field=models.CharField(blank=True, choices=[('REEMPLOYED', '重新就业'), ('EXHAUSTED', '月数领完')], default='', max_length=12),
        ),
        migrations.AddField(
            model_name='spell',
            name='paid_through',
            field=models.CharField(blank=True, default='', max_length=7),
        ),
        migrations.AddConstraint(
            model_name='spell',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('event_on', None), ('ground', ''), ('paid_through', '')), models.Q(('ended_at__isnull', False), ('event_on__isnull', False), models.Q(('ground', ''), _negated=True), models.Q(('paid_through', ''), _negated=True)), _connector='OR'), name='claims_spell_ended_for_a_reason'),
        ),
    ]
