"""What a piece of work wrote, kept aside, so that a floor can write the very same rows again.

Works on whole tables of a scratch database, past its triggers where it takes rows back and through all of
them where a floor writes. It measures nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection


class Books:
    """The tables that a piece of work adds to (`added`) and changes rows of (`changed`), with their keys.

    `added` is in an order in which rows can be written. A table may be in both.
    """

    def __init__(self, *, added: Sequence[str], changed: Sequence[str], keys: Mapping[str, str]) -> None:
        self.added = tuple(added)
        self.changed = tuple(changed)
        self._keys = keys
        self._begun: dict[str, int] = {}

    def key(self, table: str) -> str:
        """The column that tells new rows from old ones."""
        return self._keys.get(table, "id")

    def open(self) -> None:
        """Remember how everything stands before the work."""
        with connection.cursor() as cursor:
            for table in self.added:
                cursor.execute(f"SELECT coalesce(max({self.key(table)}), 0) FROM {table}")  # noqa: S608 - ours
                (self._begun[table],) = cursor.fetchone()
            for table in self.changed:
                cursor.execute(f"CREATE TABLE before_{table} AS SELECT * FROM {table}")  # noqa: S608 - ours
            cursor.execute("VACUUM ANALYZE")
        connection.close()

    def keep(self, *, indexed: Mapping[str, str] | None = None) -> None:
        """Keep what the work wrote, as it stands at the end; `indexed` names a column to find rows by."""
        with connection.cursor() as cursor:
            for table in (*self.added, *self.changed):
                key = self.key(table)
                cursor.execute(f"DROP TABLE IF EXISTS staged_{table}")
                cursor.execute(
                    f"CREATE TABLE staged_{table} AS SELECT * FROM {table} "  # noqa: S608 - our own names
                    f"WHERE {key} > %s ORDER BY {key}",
                    [0 if table in self.changed else self._begun[table]],
                )
                if indexed and table in indexed:
                    cursor.execute(f"CREATE INDEX ON staged_{table} ({indexed[table]}, {key})")
            cursor.execute("VACUUM ANALYZE")
        connection.close()

    def take_back(self) -> None:
        """Bring every table back to where it was before the work, without the bloat of the work."""
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            for table in reversed(self.added):
                cursor.execute(
                    f"DELETE FROM {table} WHERE {self.key(table)} > %s",  # noqa: S608 - our own names
                    [self._begun[table]],
                )
            for table in self.changed:
                names = columns(table)
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
                cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM before_{table}")  # noqa: S608 - ours
            cursor.execute("SET session_replication_role = DEFAULT")
            for table in dict.fromkeys((*self.added, *self.changed)):
                cursor.execute(f"VACUUM (FULL, ANALYZE) {table}")
        connection.close()

    def must_be_the_same(self) -> None:
        """The floor has written as many rows as the work had. Raises RuntimeError."""
        with connection.cursor() as cursor:
            for table in self.added:
                cursor.execute(
                    f"SELECT (SELECT count(*) FROM {table} WHERE {self.key(table)} > %s),"  # noqa: S608 - ours
                    f" (SELECT count(*) FROM staged_{table})",
                    [0 if table in self.changed else self._begun[table]],
                )
                written, kept = cursor.fetchone()
                if written != kept:
                    raise RuntimeError(f"the floor wrote {written} of {kept} rows of {table}")
        connection.close()


def columns(table: str) -> str:
    """The columns of a table that can be written, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)"
            " FROM information_schema.columns WHERE table_name = %s AND table_schema = current_schema()"
            " AND is_generated = 'NEVER'",
            [table],
        )
        (names,) = cursor.fetchone()
    return str(names)
