"""A month of payment as a thing: its case, its frozen roll, the steps that were asked for again."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from cases.migrations_support import status_rows
from claims.kinds import MONTH

FROZEN = """
CREATE FUNCTION claims_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %: what is frozen cannot be changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER claims_rollline_frozen BEFORE UPDATE ON claims_rollline FOR EACH ROW
    WHEN ((OLD.id, OLD.month_id, OLD.spell_id, OLD.standing, OLD.why)
          IS DISTINCT FROM (NEW.id, NEW.month_id, NEW.spell_id, NEW.standing, NEW.why)
          OR (OLD.notice <> '' AND NEW.notice <> OLD.notice))
    EXECUTE FUNCTION claims_refuse_change();
CREATE TRIGGER claims_rollline_never_deleted BEFORE DELETE ON claims_rollline
    FOR EACH ROW EXECUTE FUNCTION claims_refuse_change();
CREATE TRIGGER claims_benefitmonth_frozen BEFORE UPDATE ON claims_benefitmonth FOR EACH ROW
    WHEN ((OLD.case_id, OLD.pool, OLD.month, OLD.frozen_at, OLD.on_count, OLD.left_count)
          IS DISTINCT FROM (NEW.case_id, NEW.pool, NEW.month, NEW.frozen_at, NEW.on_count, NEW.left_count)
          OR OLD.closed_at IS NOT NULL)
    EXECUTE FUNCTION claims_refuse_change();
CREATE TRIGGER claims_benefitmonth_never_deleted BEFORE DELETE ON claims_benefitmonth
    FOR EACH ROW EXECUTE FUNCTION claims_refuse_change();
"""
FROZEN_BACK = """
DROP TRIGGER claims_benefitmonth_never_deleted ON claims_benefitmonth;
DROP TRIGGER claims_benefitmonth_frozen ON claims_benefitmonth;
DROP TRIGGER claims_rollline_never_deleted ON claims_rollline;
DROP TRIGGER claims_rollline_frozen ON claims_rollline;
DROP FUNCTION claims_refuse_change();
"""


class Migration(migrations.Migration):
    """Three tables, rows of `cases_status`, and the guards of what is frozen."""

    dependencies = [
        ('cases', '0015_case_age'),
        ('claims', '0009_spell_extension'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        status_rows(MONTH),
        migrations.CreateModel(
            name='BenefitMonth',
            fields=[
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='benefit_month', serialize=False, to='cases.case')),
                ('pool', models.CharField(max_length=6)),
                ('month', models.CharField(max_length=7)),
                ('frozen_at', models.DateTimeField()),
                ('on_count', models.PositiveIntegerField()),
                ('left_count', models.PositiveIntegerField()),
                ('scanned_at', models.DateTimeField(blank=True, null=True)),
                ('proposed_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('remark', models.CharField(blank=True, max_length=300)),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='RollLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('standing', models.CharField(choices=[('ON', '在册'), ('LEFT', '出册')], max_length=4)),
                ('why', models.CharField(blank=True, max_length=20)),
                ('notice', models.CharField(blank=True, choices=[('LAST_MONTH', '本月领完'), ('AGE_THIS_MONTH', '本月到法定退休年龄'), ('AGE_REACHED', '本月前已到法定退休年龄'), ('AGE_UNKNOWN', '退休类别不明，可能已到龄')], max_length=16)),
                ('month', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='claims.benefitmonth')),
                ('spell', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='claims.spell')),
            ],
        ),
        migrations.CreateModel(
            name='StepRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('FREEZE', '冻结名册'), ('SCAN', '核对到期和年龄'), ('OWE', '生成应付'), ('SEND', '送银行'), ('RESULTS', '取回盘'), ('RECONCILE', '对账')], max_length=12)),
                ('asked_at', models.DateTimeField()),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.CharField(blank=True, max_length=60)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('month', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='claims.benefitmonth')),
            ],
        ),
        migrations.AddConstraint(
            model_name='benefitmonth',
            constraint=models.UniqueConstraint(fields=('pool', 'month'), name='claims_month_once'),
        ),
        migrations.AddConstraint(
            model_name='benefitmonth',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', None)), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False), ('proposed_by__isnull', False), models.Q(('closed_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='claims_month_four_eyes'),
        ),
        migrations.AddIndex(
            model_name='rollline',
            index=models.Index(condition=models.Q(('why', ''), _negated=True), fields=['month', 'why'], name='claims_roll_left'),
        ),
        migrations.AddIndex(
            model_name='rollline',
            index=models.Index(condition=models.Q(('notice', ''), _negated=True), fields=['month', 'notice'], name='claims_roll_noticed'),
        ),
        migrations.AddConstraint(
            model_name='rollline',
            constraint=models.UniqueConstraint(fields=('month', 'spell'), name='claims_roll_line_once'),
        ),
        migrations.AddConstraint(
            model_name='rollline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('standing', 'ON'), ('why', '')), models.Q(('standing', 'LEFT'), models.Q(('why', ''), _negated=True)), _connector='OR'), name='claims_roll_left_for_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='steprun',
            constraint=models.UniqueConstraint(condition=models.Q(('finished_at__isnull', True)), fields=('month', 'step'), name='claims_step_run_one_at_a_time'),
        ),
        migrations.RunSQL(FROZEN, FROZEN_BACK),
    ]
