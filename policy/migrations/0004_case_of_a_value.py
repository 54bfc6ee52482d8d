"""Columns for the case of a proposal, for its end without approval, and for the words of both people.

Until every value has its case, the trigger also lets a case be set that was not there.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
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
BACKWARD = """
CREATE OR REPLACE FUNCTION policy_value_approved_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.approved_at IS NULL AND NEW.approved_at IS NOT NULL
        AND (NEW.id, NEW.key, NEW.region, NEW.start, NEW.value, NEW.unit, NEW.reference, NEW.assumption,
             NEW.proposed_by_id, NEW.proposed_at)
            IS NOT DISTINCT FROM
            (OLD.id, OLD.key, OLD.region, OLD.start, OLD.value, OLD.unit, OLD.reference, OLD.assumption,
             OLD.proposed_by_id, OLD.proposed_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a policy value is approved once and never changed: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
"""


def somebody():
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    """Columns of policy_policyvalue."""

    dependencies = [
        ("policy", "0003_policy_statuses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="policyvalue",
            name="case",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="policy_value",
                to="cases.case",
            ),
        ),
        migrations.AddField(model_name="policyvalue", name="closed_by", field=somebody()),
        migrations.AddField(
            model_name="policyvalue", name="closed_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="policyvalue", name="reason", field=models.TextField(blank=True, default="")
        ),
        migrations.AddField(
            model_name="policyvalue", name="remark", field=models.TextField(blank=True, default="")
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
