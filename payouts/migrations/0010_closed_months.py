"""Months that are closed, what finance is asked for, and the trigger that keeps a closed month as it is."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from cases.migrations_support import append_only, status_rows
from payouts.kinds import FUND_REQUEST

# One look-up a statement and a pool, whatever its rows. The shared lock keeps a month from being closed between
# the question and the commit of what was asked for; whoever closes holds it alone.
OPEN = """
CREATE FUNCTION payouts_must_be_open(place text, first date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7703, place::int);
    IF EXISTS (
        SELECT FROM payouts_closedmonth closed WHERE closed.pool = place AND closed.month >= to_char(first, 'YYYY-MM')
    ) THEN
        RAISE EXCEPTION 'the month of % is closed for %', first, place USING ERRCODE = 'restrict_violation';
    END IF;
END
$$;
CREATE FUNCTION payouts_owed_in_open_month() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM payouts_must_be_open(pool, min(due_on)) FROM added GROUP BY pool ORDER BY pool;
    RETURN NULL;
END
$$;
CREATE FUNCTION payouts_booked_in_open_month() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM payouts_must_be_open(region, min(posted_on)) FROM added GROUP BY region ORDER BY region;
    RETURN NULL;
END
$$;
CREATE TRIGGER payouts_obligation_open_month AFTER INSERT ON payouts_obligation
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION payouts_owed_in_open_month();
CREATE TRIGGER payouts_transfer_open_month AFTER INSERT ON payouts_transfer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION payouts_booked_in_open_month();

CREATE TRIGGER payouts_fundrequest_asked_stays BEFORE UPDATE ON payouts_fundrequest FOR EACH ROW
    WHEN ((OLD.case_id, OLD.pool, OLD.month, OLD.count, OLD.needed_fen, OLD.held_fen, OLD.amount_fen, OLD.asked_at, OLD.asked_by_id)
          IS DISTINCT FROM
          (NEW.case_id, NEW.pool, NEW.month, NEW.count, NEW.needed_fen, NEW.held_fen, NEW.amount_fen, NEW.asked_at, NEW.asked_by_id)
          OR (OLD.decided_at IS NOT NULL AND (NEW.decided_at, NEW.decided_by_id, NEW.remark) IS DISTINCT FROM
              (OLD.decided_at, OLD.decided_by_id, OLD.remark))
          OR (OLD.closed_at IS NOT NULL AND NEW.closed_at IS DISTINCT FROM OLD.closed_at)
          OR (OLD.received_at IS NOT NULL AND (NEW.received_at, NEW.voucher) IS DISTINCT FROM
              (OLD.received_at, OLD.voucher)))
    EXECUTE FUNCTION payouts_refuse_change();
CREATE TRIGGER payouts_fundrequest_never_deleted BEFORE DELETE ON payouts_fundrequest
    FOR EACH ROW EXECUTE FUNCTION payouts_refuse_change();
"""
OPEN_BACK = """
DROP TRIGGER payouts_fundrequest_never_deleted ON payouts_fundrequest;
DROP TRIGGER payouts_fundrequest_asked_stays ON payouts_fundrequest;
DROP TRIGGER payouts_transfer_open_month ON payouts_transfer;
DROP TRIGGER payouts_obligation_open_month ON payouts_obligation;
DROP FUNCTION payouts_booked_in_open_month();
DROP FUNCTION payouts_owed_in_open_month();
DROP FUNCTION payouts_must_be_open(text, date);
"""


class Migration(migrations.Migration):
    """Two tables and their guards."""

    dependencies = [
        ("cases", "0015_case_age"),
        ("payouts", "0009_payment_holds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        status_rows(FUND_REQUEST),
        migrations.CreateModel(
            name="ClosedMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pool", models.CharField(max_length=6)),
                ("month", models.CharField(max_length=7)),
                ("figures", models.JSONField()),
                ("closed_at", models.DateTimeField()),
                (
                    "closed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FundRequest",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="fund_request",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("pool", models.CharField(max_length=6)),
                ("month", models.CharField(max_length=7)),
                ("count", models.PositiveIntegerField()),
                ("needed_fen", models.BigIntegerField()),
                ("held_fen", models.BigIntegerField()),
                ("amount_fen", models.BigIntegerField()),
                ("asked_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("remark", models.CharField(blank=True, max_length=300)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("voucher", models.CharField(blank=True, max_length=64)),
                ("received_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddConstraint(
            model_name="closedmonth",
            constraint=models.UniqueConstraint(fields=("pool", "month"), name="payouts_closedmonth_once"),
        ),
        migrations.AddConstraint(
            model_name="fundrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)), fields=("pool", "month"), name="payouts_fundrequest_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="fundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount_fen__gt", 0), ("amount_fen", models.F("needed_fen") - models.F("held_fen"))
                ),
                name="payouts_fundrequest_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="fundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None)),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="payouts_fundrequest_four_eyes",
            ),
        ),
        migrations.AddConstraint(
            model_name="fundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("received_at", None), ("voucher", "")),
                    models.Q(("received_at__isnull", False), models.Q(("voucher", ""), _negated=True)),
                    _connector="OR",
                ),
                name="payouts_fundrequest_received",
            ),
        ),
        migrations.RunSQL(OPEN, OPEN_BACK),
        append_only("payouts_closedmonth"),
    ]
