"""For migrations of the apps that own kinds: the rows of `cases_status` and append-only triggers.

It must stay loadable for ever: committed migrations import it.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from cases.kinds import MAY_WAIT_FOR_OFFICE, Kind, WaitsFor


def pairs_of(kind: Kind) -> list[tuple[str, str, str]]:
    """(kind, status, waits_for) of every status of a kind, with waiting for an office where that is
    possible."""
    rows = []
    for status in sorted(kind.transitions):
        waits_for = kind.waits_for[status]
        rows.append((kind.code, status, waits_for.value))
        if waits_for in MAY_WAIT_FOR_OFFICE:
            rows.append((kind.code, status, WaitsFor.OFFICE.value))
    return rows


def status_rows(kind: Kind) -> migrations.RunPython:
    """A migration operation that makes the database know a kind's statuses as they are now.

    A kind that gains a status needs a new migration with this operation again; rows already there stay. The
    migration must depend on `("cases", "0002_guards")`.
    """

    def add(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        model = apps.get_model("cases", "Status")
        model.objects.using(schema_editor.connection.alias).bulk_create(
            [
                model(kind=code, status=status, waits_for=waits_for)
                for code, status, waits_for in pairs_of(kind)
            ],
            ignore_conflicts=True,
        )

    def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        model = apps.get_model("cases", "Status")
        model.objects.using(schema_editor.connection.alias).filter(kind=kind.code).delete()

    return migrations.RunPython(add, remove, hints={"kind": kind.code})


def append_only(table: str) -> migrations.RunSQL:
    """A migration operation: from now on the database refuses UPDATE, DELETE and TRUNCATE on `table`.

    The migration must depend on `("cases", "0002_guards")`, which makes the function. `table` is a constant
    of the calling migration, never input.
    """
    return migrations.RunSQL(
        sql=f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION cases_refuse_change();
            CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION cases_refuse_change();
        """,
        reverse_sql=f"""
            DROP TRIGGER {table}_append_only ON {table};
            DROP TRIGGER {table}_never_emptied ON {table};
        """,
    )
