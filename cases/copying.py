"""Hands rows to the database with COPY: the fastest way in, for rows that were judged already.

Values are text in the database's own form; what they say must hold no tab, line break or backslash (`cell`
writes such a value). Nothing is checked here: types, constraints and triggers of the table are.
"""

import io
from collections.abc import Iterable, Sequence

from django.db import connection

NULL = "\\N"


def cell(text: str) -> str:
    """A value that may hold anything."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def copy_columns(table: str, names: Sequence[str], columns: Sequence[Iterable[str]]) -> None:
    """Append rows to a table of ours, given column by column."""
    lines = "\n".join(map("\t".join, zip(*columns, strict=True)))
    if not lines:
        return
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(names)}) FROM STDIN", io.StringIO(lines))


Value = str | int | None


def copy_rows(table: str, names: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """Append rows of plain values, whatever stands in their texts. `table` and `names` are never input."""
    lines = "\n".join(["\t".join([_field(value) for value in row]) for row in rows])
    if not lines:
        return
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(names)}) FROM STDIN", io.StringIO(lines))


def reserve_keys(table: str, count: int) -> list[int]:
    """The next `count` primary keys of a table, for rows that name each other before they are written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')::regclass) FROM generate_series(1, %s)",
            [table, count],
        )
        return [key for (key,) in cursor.fetchall()]


def _field(value: Value) -> str:
    if value is None:
        return NULL
    if value.__class__ is str:
        return cell(value) if "\\" in value or "\t" in value or "\n" in value or "\r" in value else value
    if value is True:
        return "t"
    return "f" if value is False else str(value)
