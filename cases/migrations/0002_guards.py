"""What the database itself holds cases to: known statuses, a chained trail, history that nobody changes.

The text that `cases_chain_event` hashes is described, and computed again, in `cases/trail.py`.
"""

from django.db import migrations

from cases.migrations_support import append_only

REFUSE_CHANGE = """
CREATE FUNCTION cases_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
"""

# Locking the case puts writers of one trail in line; a volatile function's queries then see what the one before wrote.
CHAIN_EVENT = """
CREATE FUNCTION cases_chain_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    case_number text;
BEGIN
    SELECT number INTO STRICT case_number FROM cases_case WHERE id = NEW.case_id FOR NO KEY UPDATE;
    SELECT sequence, hash INTO NEW.sequence, NEW.previous_hash
        FROM cases_event WHERE case_id = NEW.case_id ORDER BY sequence DESC LIMIT 1;
    NEW.sequence := coalesce(NEW.sequence, 0) + 1;
    NEW.previous_hash := coalesce(NEW.previous_hash, '');
    NEW.hash := encode(sha256(convert_to(concat_ws(E'\\n',
        case_number,
        NEW.sequence,
        NEW.verb,
        NEW.actor_id,
        to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        NEW.payload::text,
        NEW.previous_hash), 'UTF8')), 'hex');
    RETURN NEW;
END
$$;
CREATE TRIGGER cases_event_chained BEFORE INSERT ON cases_event
    FOR EACH ROW EXECUTE FUNCTION cases_chain_event();
"""

KNOWN_STATUS = """
ALTER TABLE cases_case ADD CONSTRAINT cases_case_known_status
    FOREIGN KEY (kind, status, waits_for) REFERENCES cases_status (kind, status, waits_for);
"""

# Whose case it is and when it was opened never changes; and nothing is deleted.
CASE_STAYS = """
CREATE FUNCTION cases_case_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'a case is never deleted: % refused', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.id, NEW.number, NEW.kind, NEW.opened_at) IS DISTINCT FROM (OLD.id, OLD.number, OLD.kind, OLD.opened_at)
        OR (OLD.party_id IS NOT NULL AND NEW.party_id IS DISTINCT FROM OLD.party_id) THEN
        RAISE EXCEPTION 'number, kind, party and opening of case % are final', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER cases_case_final BEFORE UPDATE OF id, number, kind, opened_at, party_id OR DELETE ON cases_case
    FOR EACH ROW EXECUTE FUNCTION cases_case_stays();
CREATE TRIGGER cases_case_never_emptied BEFORE TRUNCATE ON cases_case
    FOR EACH STATEMENT EXECUTE FUNCTION cases_case_stays();
"""

DECIDED_ONCE = """
CREATE FUNCTION cases_proposal_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.decided_at IS NULL
        AND (NEW.id, NEW.case_id, NEW.act, NEW.reason, NEW.determination_id, NEW.proposed_by_id, NEW.proposed_at)
            IS NOT DISTINCT FROM
            (OLD.id, OLD.case_id, OLD.act, OLD.reason, OLD.determination_id, OLD.proposed_by_id, OLD.proposed_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a proposal is decided once and never changed: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER cases_proposal_final BEFORE UPDATE OR DELETE ON cases_proposal
    FOR EACH ROW EXECUTE FUNCTION cases_proposal_decided_once();
CREATE TRIGGER cases_proposal_never_emptied BEFORE TRUNCATE ON cases_proposal
    FOR EACH STATEMENT EXECUTE FUNCTION cases_proposal_decided_once();
"""


class Migration(migrations.Migration):
    """Functions, triggers and the composite foreign key."""

    dependencies = [("cases", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION cases_refuse_change();"),
        migrations.RunSQL(
            CHAIN_EVENT, "DROP TRIGGER cases_event_chained ON cases_event; DROP FUNCTION cases_chain_event();"
        ),
        migrations.RunSQL(KNOWN_STATUS, "ALTER TABLE cases_case DROP CONSTRAINT cases_case_known_status;"),
        migrations.RunSQL(
            CASE_STAYS,
            "DROP TRIGGER cases_case_final ON cases_case; DROP TRIGGER cases_case_never_emptied ON cases_case;"
            "DROP FUNCTION cases_case_stays();",
        ),
        migrations.RunSQL(
            DECIDED_ONCE,
            "DROP TRIGGER cases_proposal_final ON cases_proposal;"
            "DROP TRIGGER cases_proposal_never_emptied ON cases_proposal;"
            "DROP FUNCTION cases_proposal_decided_once();",
        ),
        *[
            append_only(table)
            for table in (
                "cases_event",
                "cases_seal",
                "cases_parameterset",
                "cases_determination",
                "cases_amendment",
            )
        ],
    ]
