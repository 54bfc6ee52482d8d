"""Rows written by one plain statement are the rows a model writes itself."""

from __future__ import annotations

import pytest
from django.db import connection
from django.forms.models import model_to_dict

from accounts.selectors import machine
from cases.inserting import insert, insertion
from cases.models import Letter, Message
from tests.cases.samples import NOW, case, person

pytestmark = pytest.mark.usefixtures("statuses")


def message(template: str = "x") -> Message:
    about = case(party=person())
    return Message(
        case=about,
        party=about.party,
        template=template,
        numbers={"months": 3},
        channel=Message.Channel.SMS,
        mobile="13800000000",
        created_at=NOW,
    )


def test_a_row_reads_back_as_it_was_written() -> None:
    written = insert(message())
    read = Message.objects.get(pk=written.pk)
    assert model_to_dict(read) == model_to_dict(written)
    assert written._state.adding is False
    written.attempts = 2
    written.save()
    assert Message.objects.get().attempts == 2


def test_what_is_encrypted_is_encrypted() -> None:
    about = case(party=person())
    letter = insert(
        Letter(
            case=about,
            party=about.party,
            template="x",
            number="一",
            words={"title": "决定书"},
            content_hash="0" * 64,
            issued_by=machine(),
            issued_at=NOW,
        )
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT words FROM cases_letter WHERE id = %s", [letter.pk])
        (stored,) = cursor.fetchone()
    assert "决定书" not in stored
    assert Letter.objects.get().words == {"title": "决定书"}


def test_many_rows_are_one_statement_that_its_caller_ends() -> None:
    text, values = insertion([message("x"), message("y")])
    with connection.cursor() as cursor:
        cursor.execute(f"{text} RETURNING template, id", values)
        keys = dict(cursor.fetchall())
    assert {row.template: row.pk for row in Message.objects.all()} == keys
