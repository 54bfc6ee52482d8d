"""Lets a value be approved once and refuses every other change of it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION policy_value_approved_once() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER policy_value_final BEFORE UPDATE OR DELETE ON policy_policyvalue
    FOR EACH ROW EXECUTE FUNCTION policy_value_approved_once();
CREATE TRIGGER policy_value_never_emptied BEFORE TRUNCATE ON policy_policyvalue
    FOR EACH STATEMENT EXECUTE FUNCTION policy_value_approved_once();
"""
BACKWARD = """
DROP TRIGGER policy_value_final ON policy_policyvalue;
DROP TRIGGER policy_value_never_emptied ON policy_policyvalue;
DROP FUNCTION policy_value_approved_once();
"""


class Migration(migrations.Migration):
    """Triggers on policy_policyvalue."""

    dependencies = [("policy", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
