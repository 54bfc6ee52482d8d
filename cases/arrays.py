"""Columns of many rows as array literals: what a set-based statement hands to `unnest` as one parameter.

A Python list would be written as an expression with a node for each value, quoted here and parsed there one
by one; a literal is read at once. The statement casts it: `%s::bigint[]`. Pure; there is no null in a column.
"""

from collections.abc import Iterable
from datetime import date, datetime


def integers(values: Iterable[int]) -> str:
    """For `bigint[]` or `int[]`."""
    return "{" + ",".join(map(str, values)) + "}"


def texts(values: Iterable[str]) -> str:
    """For `text[]`: each value comes back as it is, the word NULL and the empty text too."""
    quoted = ['"' + value.replace("\\", r"\\").replace('"', r"\"") + '"' for value in values]
    return "{" + ",".join(quoted) + "}"


def days(values: Iterable[date]) -> str:
    """For `date[]`."""
    return "{" + ",".join([value.isoformat() for value in values]) + "}"


def instants(values: Iterable[datetime]) -> str:
    """For `timestamptz[]`, from aware instants."""
    return "{" + ",".join([value.isoformat() for value in values]) + "}"
