"""What the database itself guards: append-only tables, the sealed part of a batch, the ledger's balances."""

from django.db import migrations

from cases.migrations_support import append_only

# One statement, any number of rows: check that what ends a pending row fits it, then move the balances. The rows of
# `payouts_balance` are locked in one order, so that two writers wait for each other and never cross.
BALANCES = """
CREATE FUNCTION payouts_keep_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM added a LEFT JOIN payouts_transfer p ON p.id = a.pending_of_id
        WHERE a.pending_of_id IS NOT NULL AND (
            p.id IS NULL OR NOT p.pending OR p.region <> a.region OR p.amount_fen <> a.amount_fen
            OR p.debit <> a.debit OR p.credit <> a.credit OR p.payment_id IS DISTINCT FROM a.payment_id
        )
    ) THEN
        RAISE EXCEPTION 'a transfer ends another one that it does not fit' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM added a LEFT JOIN payouts_payment p ON p.id = a.payment_id
        WHERE a.payment_id IS NOT NULL AND (p.obligation_id <> a.obligation_id OR p.amount_fen <> a.amount_fen)
    ) THEN
        RAISE EXCEPTION 'a transfer does not fit its payment' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO payouts_balance (region, account, posted_fen, pending_fen)
        SELECT region, account, 0, 0
        FROM (SELECT region, debit AS account FROM added UNION SELECT region, credit FROM added) touched
        ORDER BY region, account
        ON CONFLICT DO NOTHING;
    PERFORM 1 FROM payouts_balance b
        WHERE (b.region, b.account) IN (SELECT region, debit FROM added UNION SELECT region, credit FROM added)
        ORDER BY b.region, b.account FOR UPDATE;
    UPDATE payouts_balance b
        SET posted_fen = b.posted_fen + moved.posted, pending_fen = b.pending_fen + moved.reserved
        FROM (
            SELECT region, account, sum(posted)::bigint AS posted, sum(reserved)::bigint AS reserved
            FROM (
                SELECT region, debit AS account,
                       CASE WHEN pending OR kind = 'VOIDED' THEN 0 ELSE -amount_fen END AS posted,
                       CASE WHEN pending THEN amount_fen WHEN pending_of_id IS NOT NULL THEN -amount_fen ELSE 0 END
                           AS reserved
                FROM added
                UNION ALL
                SELECT region, credit, CASE WHEN pending OR kind = 'VOIDED' THEN 0 ELSE amount_fen END, 0
                FROM added
            ) sides
            GROUP BY region, account
        ) moved
        WHERE b.region = moved.region AND b.account = moved.account;
    RETURN NULL;
END
$$;
CREATE TRIGGER payouts_transfer_balances AFTER INSERT ON payouts_transfer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION payouts_keep_balances();
"""
BALANCES_BACK = """
DROP TRIGGER payouts_transfer_balances ON payouts_transfer;
DROP FUNCTION payouts_keep_balances();
"""

# An update that touches anything but the named columns, or writes one of them a second time, is refused.
SEALED = """
CREATE FUNCTION payouts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %: what is sealed cannot be changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER payouts_batch_sealed_stays BEFORE UPDATE ON payouts_batch FOR EACH ROW
    WHEN ((OLD.case_id, OLD.region, OLD.count, OLD.total_fen, OLD.account_hash, OLD.sha256, OLD.value_date,
           OLD.checks, OLD.left_out, OLD.sealed_by_id, OLD.sealed_at)
          IS DISTINCT FROM
          (NEW.case_id, NEW.region, NEW.count, NEW.total_fen, NEW.account_hash, NEW.sha256, NEW.value_date,
           NEW.checks, NEW.left_out, NEW.sealed_by_id, NEW.sealed_at)
          OR (OLD.submitted_at IS NOT NULL AND NEW.submitted_at IS DISTINCT FROM OLD.submitted_at)
          OR (OLD.accepted_at IS NOT NULL AND NEW.accepted_at IS DISTINCT FROM OLD.accepted_at))
    EXECUTE FUNCTION payouts_refuse_change();

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

CREATE TRIGGER payouts_payee_account_stays BEFORE UPDATE ON payouts_payee FOR EACH ROW
    WHEN ((OLD.id, OLD.party_id, OLD.account_digest, OLD.account_last4, OLD.account_name, OLD.bank_code,
           OLD.bank_name, OLD.is_card, OLD.lookup_id, OLD.replaces, OLD.valid_from)
          IS DISTINCT FROM
          (NEW.id, NEW.party_id, NEW.account_digest, NEW.account_last4, NEW.account_name, NEW.bank_code,
           NEW.bank_name, NEW.is_card, NEW.lookup_id, NEW.replaces, NEW.valid_from)
          OR OLD.account IS DISTINCT FROM NEW.account
          OR (OLD.valid_to IS NOT NULL AND NEW.valid_to IS DISTINCT FROM OLD.valid_to))
    EXECUTE FUNCTION payouts_refuse_change();
"""
SEALED_BACK = """
DROP TRIGGER payouts_batch_sealed_stays ON payouts_batch;
DROP TRIGGER payouts_payment_line_stays ON payouts_payment;
DROP TRIGGER payouts_payee_account_stays ON payouts_payee;
DROP FUNCTION payouts_refuse_change();
"""

KEPT = ("payouts_batch", "payouts_payment", "payouts_payee", "payouts_returnedpayment", "payouts_balance")
"""Rows of these change in their dates only, and never go."""

NEVER_DELETED = "".join(
    f"""
CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION payouts_refuse_change();
CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION payouts_refuse_change();
"""
    for table in KEPT
)
NEVER_DELETED_BACK = "".join(
    f"DROP TRIGGER {table}_never_deleted ON {table}; DROP TRIGGER {table}_never_emptied ON {table};\n"
    for table in KEPT
)


class Migration(migrations.Migration):
    """Triggers on every table of the app."""

    dependencies = [("payouts", "0001_initial"), ("cases", "0002_guards")]

    operations = [
        migrations.RunSQL(BALANCES, BALANCES_BACK),
        migrations.RunSQL(SEALED, SEALED_BACK),
        migrations.RunSQL(NEVER_DELETED, NEVER_DELETED_BACK),
        append_only("payouts_transfer"),
        append_only("payouts_obligation"),
        append_only("payouts_batchfile"),
        append_only("payouts_signature"),
        append_only("payouts_receipt"),
        append_only("payouts_statementline"),
        append_only("payouts_reconciliation"),
    ]
