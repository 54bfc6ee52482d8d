"""What was owed may be stopped, and what was paid in error has to come back; neither is ever altered."""

import django.db.models.deletion
from django.db import migrations, models

from cases.migrations_support import append_only


class Migration(migrations.Migration):
    """Moves, constraints, a table, and its guard."""

    dependencies = [
        ('payouts', '0006_return_reminders'),
    ]

    operations = [
        migrations.CreateModel(
            name='Receivable',
            fields=[
                ('obligation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='receivable', serialize=False, to='payouts.obligation')),
                ('amount_fen', models.BigIntegerField()),
                ('why', models.CharField(max_length=24)),
                ('found_at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='transfer',
            name='payouts_transfer_direction',
        ),
        migrations.RemoveConstraint(
            model_name='transfer',
            name='payouts_transfer_about',
        ),
        migrations.AlterField(
            model_name='transfer',
            name='kind',
            field=models.CharField(choices=[('FUNDING', '拨入'), ('OWED', '应付'), ('SUBMITTED', '送银行'), ('SETTLED', '到账'), ('VOIDED', '未付'), ('DEBITED', '对账单支出'), ('RETURNED', '退回'), ('REISSUED', '重发'), ('PAID_AFTER', '更正：已付'), ('UNPAID_AFTER', '更正：未付'), ('WITHDRAWN', '更正：冲回应付'), ('STOPPED', '停发：冲回应付')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('credit', 'FUND'), ('debit', 'OUTSIDE'), ('kind', 'FUNDING')), models.Q(('credit', 'PAYABLE'), ('debit', 'FUND'), ('kind', 'OWED')), models.Q(('credit', 'TRANSIT'), ('debit', 'PAYABLE'), ('kind', 'SUBMITTED')), models.Q(('credit', 'TRANSIT'), ('debit', 'PAYABLE'), ('kind', 'SETTLED')), models.Q(('credit', 'TRANSIT'), ('debit', 'PAYABLE'), ('kind', 'VOIDED')), models.Q(('credit', 'OUTSIDE'), ('debit', 'TRANSIT'), ('kind', 'DEBITED')), models.Q(('credit', 'SUSPENSE'), ('debit', 'OUTSIDE'), ('kind', 'RETURNED')), models.Q(('credit', 'PAYABLE'), ('debit', 'SUSPENSE'), ('kind', 'REISSUED')), models.Q(('credit', 'TRANSIT'), ('debit', 'PAYABLE'), ('kind', 'PAID_AFTER')), models.Q(('credit', 'PAYABLE'), ('debit', 'TRANSIT'), ('kind', 'UNPAID_AFTER')), models.Q(('credit', 'FUND'), ('debit', 'PAYABLE'), ('kind', 'WITHDRAWN')), models.Q(('credit', 'FUND'), ('debit', 'PAYABLE'), ('kind', 'STOPPED')), _connector='OR'), name='payouts_transfer_direction'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'FUNDING'), ('obligation', None), ('payment', None)), models.Q(('kind__in', ('OWED', 'WITHDRAWN', 'STOPPED')), ('obligation__isnull', False), ('payment', None)), models.Q(models.Q(('kind__in', ['FUNDING', 'OWED', 'WITHDRAWN', 'STOPPED']), _negated=True), ('obligation__isnull', False), ('payment__isnull', False)), _connector='OR'), name='payouts_transfer_about'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'STOPPED')), fields=('obligation',), name='payouts_transfer_stopped_once'),
        ),
        migrations.AddConstraint(
            model_name='receivable',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='payouts_receivable_amount'),
        ),
        append_only("payouts_receivable"),
    ]
