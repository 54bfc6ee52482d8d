"""A value has a case, is open once for its key, region and day, and is decided once."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

OPEN = Q(approved_at__isnull=True, closed_at__isnull=True)
FORWARD = """
CREATE OR REPLACE FUNCTION policy_value_approved_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision text[] := ARRAY['approved_by_id', 'approved_at', 'closed_by_id', 'closed_at', 'remark'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.approved_at IS NULL AND OLD.closed_at IS NULL
        AND (NEW.approved_at IS NOT NULL OR NEW.closed_at IS NOT NULL)
        AND to_jsonb(NEW) - decision = to_jsonb(OLD) - decision THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a policy value is decided once and never changed: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION policy_value_approved_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.case_id IS NULL AND NEW.case_id IS NOT NULL
        AND to_jsonb(NEW) - 'case_id' = to_jsonb(OLD) - 'case_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a policy value is approved once and never changed: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
"""


class Migration(migrations.Migration):
    """Constraints and the trigger of policy_policyvalue."""

    dependencies = [("policy", "0005_open_a_case_for_each")]

    operations = [
        migrations.AlterField(
            model_name="policyvalue",
            name="case",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="policy_value", to="cases.case"
            ),
        ),
        migrations.AddConstraint(
            model_name="policyvalue",
            constraint=models.CheckConstraint(
                name="policy_value_closed_whole",
                condition=Q(closed_by__isnull=True, closed_at__isnull=True)
                | Q(
                    closed_by__isnull=False,
                    closed_at__isnull=False,
                    closed_at__gte=F("proposed_at"),
                    approved_at__isnull=True,
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="policyvalue",
            constraint=models.UniqueConstraint(
                name="policy_value_open_once", fields=["key", "region", "start"], condition=OPEN
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
