"""Columns as array literals: whatever is put into one comes out of the database as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import connection

from cases.arrays import days, instants, integers, texts

pytestmark = pytest.mark.django_db


def read_back(kind: str, literal: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT value FROM unnest(%s::{kind}[]) WITH ORDINALITY AS given (value, nth) ORDER BY nth",  # noqa: S608 - our own names
            [literal],
        )
        return [value for (value,) in cursor.fetchall()]


def test_texts_come_back_as_they_are() -> None:
    given = [
        "",
        "NULL",
        "null",
        " a ",
        'say "no"',
        "back\\slash",
        "\\",
        '\\"',
        "{1,2}",
        ",",
        "'",
        "%s",
        "换\n行\t",
        "😀",
    ]
    assert read_back("text", texts(given)) == given
    assert read_back("text", texts([])) == []
    assert read_back("text", texts([""])) == [""]


def test_numbers_and_times_come_back_as_they_are() -> None:
    assert read_back("bigint", integers([0, -1, 2**62])) == [0, -1, 2**62]
    assert read_back("bigint", integers([])) == []
    assert read_back("date", days([date(2026, 11, 9), date.min])) == [date(2026, 11, 9), date.min]
    given = [
        datetime(2026, 11, 9, 1, 2, 3, 4, tzinfo=UTC),
        datetime(2026, 11, 9, 1, tzinfo=timezone(timedelta(hours=8))),
    ]
    assert read_back("timestamptz", instants(given)) == given
