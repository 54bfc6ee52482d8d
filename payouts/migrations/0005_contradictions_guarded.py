"""The statuses of contradictions, known to the database; what two officers correct, and nothing else,
changes.
"""

from django.db import migrations

from cases.migrations_support import status_rows
from payouts.kinds import CONTRADICTION

# A payment's dates are written once. A correction turns "failed" into "paid" or the reverse, and only where the
# correcting transfer stands, of which there is one of a kind for a payment.
LINE_STAYS = """
DROP TRIGGER payouts_payment_line_stays ON payouts_payment;
CREATE FUNCTION payouts_keep_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.returned_at IS NULL AND OLD.returned_at IS NULL AND EXISTS (
        SELECT FROM payouts_transfer t
        WHERE t.payment_id = OLD.id AND (
            (t.kind = 'PAID_AFTER' AND OLD.failed_at IS NOT NULL AND NEW.failed_at IS NULL
             AND NEW.settled_at IS NOT NULL)
            OR (t.kind = 'UNPAID_AFTER' AND OLD.settled_at IS NOT NULL AND NEW.settled_at IS NULL
                AND NEW.failed_at IS NOT NULL)
        )
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% of %: what is sealed cannot be changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER payouts_payment_line_stays BEFORE UPDATE ON payouts_payment FOR EACH ROW
    WHEN ((OLD.id, OLD.obligation_id, OLD.batch_id, OLD.payee_id, OLD.sequence, OLD.attempt, OLD.end_to_end_id,
           OLD.amount_fen)
          IS DISTINCT FROM
          (NEW.id, NEW.obligation_id, NEW.batch_id, NEW.payee_id, NEW.sequence, NEW.attempt, NEW.end_to_end_id,
           NEW.amount_fen)
          OR (OLD.returned_at IS NOT NULL AND NEW.returned_at IS DISTINCT FROM OLD.returned_at))
    EXECUTE FUNCTION payouts_refuse_change();
CREATE TRIGGER payouts_payment_dates_stay BEFORE UPDATE ON payouts_payment FOR EACH ROW
    WHEN ((OLD.settled_at IS NOT NULL AND NEW.settled_at IS DISTINCT FROM OLD.settled_at)
          OR (OLD.failed_at IS NOT NULL AND NEW.failed_at IS DISTINCT FROM OLD.failed_at))
    EXECUTE FUNCTION payouts_keep_payment();
"""
LINE_STAYS_BACK = """
DROP TRIGGER payouts_payment_dates_stay ON payouts_payment;
DROP TRIGGER payouts_payment_line_stays ON payouts_payment;
DROP FUNCTION payouts_keep_payment();
CREATE TRIGGER payouts_payment_line_stays BEFORE UPDATE ON payouts_payment FOR EACH ROW
    WHEN ((OLD.id, OLD.obligation_id, OLD.batch_id, OLD.payee_id, OLD.sequence, OLD.attempt, OLD.end_to_end_id,
           OLD.amount_fen)
          IS DISTINCT FROM
          (NEW.id, NEW.obligation_id, NEW.batch_id, NEW.payee_id, NEW.sequence, NEW.attempt, NEW.end_to_end_id,
           NEW.amount_fen)
          OR (OLD.settled_at IS NOT NULL AND NEW.settled_at IS DISTINCT FROM OLD.settled_at)
          OR (OLD.failed_at IS NOT NULL AND NEW.failed_at IS DISTINCT FROM OLD.failed_at)
          OR (OLD.returned_at IS NOT NULL AND NEW.returned_at IS DISTINCT FROM OLD.returned_at))
    EXECUTE FUNCTION payouts_refuse_change();
"""

KEPT = """
CREATE TRIGGER payouts_contradiction_stays BEFORE UPDATE ON payouts_contradiction FOR EACH ROW
    WHEN ((OLD.case_id, OLD.odd, OLD.obligation_id, OLD.payment_id, OLD.found_at)
          IS DISTINCT FROM (NEW.case_id, NEW.odd, NEW.obligation_id, NEW.payment_id, NEW.found_at)
          OR OLD.resolved_at IS NOT NULL)
    EXECUTE FUNCTION payouts_refuse_change();
CREATE TRIGGER payouts_contradiction_never_deleted BEFORE DELETE ON payouts_contradiction
    FOR EACH ROW EXECUTE FUNCTION payouts_refuse_change();
CREATE TRIGGER payouts_contradiction_never_emptied BEFORE TRUNCATE ON payouts_contradiction
    FOR EACH STATEMENT EXECUTE FUNCTION payouts_refuse_change();
"""
KEPT_BACK = """
DROP TRIGGER payouts_contradiction_stays ON payouts_contradiction;
DROP TRIGGER payouts_contradiction_never_deleted ON payouts_contradiction;
DROP TRIGGER payouts_contradiction_never_emptied ON payouts_contradiction;
"""


class Migration(migrations.Migration):
    """Rows of cases_status and triggers."""

    dependencies = [("payouts", "0004_contradictions"), ("cases", "0002_guards")]

    operations = [
        status_rows(CONTRADICTION),
        migrations.RunSQL(LINE_STAYS, LINE_STAYS_BACK),
        migrations.RunSQL(KEPT, KEPT_BACK),
    ]
