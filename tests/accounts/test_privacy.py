"""Encrypted columns, digests and keys."""

from __future__ import annotations

import base64

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from pytest_django import Settings

from accounts.models import Identifier, Party
from accounts.privacy import AesGcmProvider, EncryptedJSONField, Tampered, digest, provider
from accounts.services import ensure_person
from tests.accounts.people import NOW, NUMBER

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()


def stored_number() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM accounts_identifier")
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.django_db
def test_a_number_is_stored_encrypted_and_read_back_plain() -> None:
    ensure_person(name="张三", id_kind="CITIZEN_ID", id_number=NUMBER, now=NOW)
    assert NUMBER not in stored_number()
    assert Identifier.objects.get().number == NUMBER
    assert Identifier.objects.get().masked == "1301**********0003"


@pytest.mark.django_db
def test_two_encryptions_of_one_number_differ() -> None:
    context = "accounts_identifier.number"
    first, second = (provider().encrypt(NUMBER, context=context) for _ in range(2))
    assert first != second


@pytest.mark.django_db
def test_a_ciphertext_moved_to_another_column_does_not_open() -> None:
    ensure_person(name="张三", id_kind="CITIZEN_ID", id_number=NUMBER, now=NOW)
    foreign = provider().encrypt("13010219900307001X", context="payouts_payee.account")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_identifier SET number = %s", [foreign])
    with pytest.raises(Tampered) as caught:
        Identifier.objects.get()
    assert "13010219900307001X" not in str(caught.value)


def test_an_altered_ciphertext_does_not_open() -> None:
    sealed = provider().encrypt("secret", context="a.b")
    key_id, _, body = sealed.partition("$")
    raw = bytearray(base64.b64decode(body))
    raw[-1] ^= 1
    with pytest.raises(Tampered):
        provider().decrypt(f"{key_id}${base64.b64encode(raw).decode()}", context="a.b")


def test_the_key_id_cannot_be_exchanged() -> None:
    both = AesGcmProvider(field_keys=f"new:{NEW},same:{NEW}", digest_key=OLD)
    sealed = both.encrypt("secret", context="a.b")
    with pytest.raises(Tampered):
        both.decrypt(sealed.replace("new$", "same$"), context="a.b")


@pytest.mark.django_db
def test_after_a_rotation_old_rows_open_and_new_rows_use_the_new_key(settings: Settings) -> None:
    settings.ANYE_FIELD_KEYS = f"old:{OLD}"
    party = ensure_person(name="张三", id_kind="CITIZEN_ID", id_number=NUMBER, now=NOW)
    assert stored_number().startswith("old$")
    settings.ANYE_FIELD_KEYS = f"new:{NEW},old:{OLD}"
    identifier = Identifier.objects.get(party=party)
    assert identifier.number == NUMBER
    identifier.save()
    assert stored_number().startswith("new$")
    settings.ANYE_FIELD_KEYS = f"new:{NEW}"
    assert Identifier.objects.get().number == NUMBER


@pytest.mark.django_db
def test_a_row_whose_key_is_gone_does_not_open(settings: Settings) -> None:
    settings.ANYE_FIELD_KEYS = f"old:{OLD}"
    ensure_person(name="张三", id_kind="CITIZEN_ID", id_number=NUMBER, now=NOW)
    settings.ANYE_FIELD_KEYS = f"new:{NEW}"
    with pytest.raises(Tampered):
        Identifier.objects.get()


@pytest.mark.parametrize("keys", ["", "a:short", f"a:{base64.b64encode(b'x' * 16).decode()}", f":{OLD}"])
def test_a_faulty_key_stops_the_start_and_is_not_quoted(keys: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        AesGcmProvider(field_keys=keys, digest_key=OLD)
    assert "short" not in str(caught.value)


def test_an_encrypted_column_cannot_be_searched_by_value() -> None:
    with pytest.raises(FieldError):
        Identifier.objects.filter(number=NUMBER)
    assert "IS NULL" in str(Identifier.objects.filter(number__isnull=True).query)


def test_digests_differ_by_purpose_and_by_key() -> None:
    assert digest("1", purpose="a") != digest("1", purpose="b")
    assert len(digest("1", purpose="a")) == 64
    other = AesGcmProvider(field_keys=f"k:{OLD}", digest_key=NEW)
    assert other.digest("1", purpose="a") != digest("1", purpose="a")


def test_a_json_column_keeps_its_value() -> None:
    field = EncryptedJSONField()
    field.model, field.column = Party, "extra"
    value = {"account": "6217", "months": [1, 2], "none": None}
    stored = field.get_db_prep_value(value, connection)
    assert "6217" not in stored
    assert field.from_db_value(stored, None, connection) == value
    assert field.get_db_prep_value(None, connection) is None
