"""Refuses to change, delete or truncate a line of the access log, whoever asks."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_access_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the access log is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER accounts_access_no_change BEFORE UPDATE OR DELETE ON accounts_access
    FOR EACH ROW EXECUTE FUNCTION accounts_access_is_final();
CREATE TRIGGER accounts_access_no_truncate BEFORE TRUNCATE ON accounts_access
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_access_is_final();
"""
BACKWARD = """
DROP TRIGGER accounts_access_no_change ON accounts_access;
DROP TRIGGER accounts_access_no_truncate ON accounts_access;
DROP FUNCTION accounts_access_is_final();
"""


class Migration(migrations.Migration):
    """Triggers on accounts_access."""

    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
