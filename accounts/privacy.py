"""Encrypts personal numbers in columns and finds them again by keyed digest.

Everything that protects a number at rest goes through one `Provider`, so that a bureau that must use national
algorithms replaces one class. It must never log, print or put into an exception what it was given to protect.

A stored value is `key id$base64(nonce + ciphertext)`. The name of its table and column is bound into it
(additional authenticated data), so a ciphertext copied into another column is refused when it is read.
Keys rotate: the first key of `ANYE_FIELD_KEYS` encrypts, every listed one decrypts.
"""

import base64
import binascii
import hmac
import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    TextBase = models.TextField[str, str]
    # What a JSON column holds is the business of the app that owns it.
    JsonBase = models.TextField[Any, Any]
    BinaryBase = models.BinaryField[bytes, bytes]
else:
    TextBase = models.TextField
    JsonBase = models.TextField
    BinaryBase = models.BinaryField

NONCE_BYTES = 12
KEY_BYTES = 32
# Deriving one key per purpose would also do; a prefix keeps equal numbers of different purposes apart as
# well.
PURPOSE_SEPARATOR = b"\x1f"


class Tampered(Exception):
    """A stored value does not open with its key for its column: it was altered, moved, or its key is gone."""


class Provider(Protocol):
    """What protects values at rest. `context` names table and column; it is authenticated, not secret."""

    def encrypt(self, text: str, *, context: str) -> str:
        """Return the value to store. Two calls never give the same value."""

    def decrypt(self, stored: str, *, context: str) -> str:
        """Return the text. Raises `Tampered` if it was not encrypted for this context by a known key."""

    def encrypt_bytes(self, content: bytes, *, context: str) -> bytes:
        """The same for the content of a file, without the third that base64 would add."""

    def decrypt_bytes(self, stored: bytes, *, context: str) -> bytes:
        """Return the content. Raises `Tampered`."""

    def digest(self, value: str, *, purpose: str) -> str:
        """Return 64 hexadecimal characters that only the holder of the digest key can compute."""


def read_key(encoded: str) -> bytes:
    """Decode one base64 key of 32 bytes. Raises ImproperlyConfigured without quoting the key."""
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ImproperlyConfigured("A key of ANYE_FIELD_KEYS or ANYE_DIGEST_KEY is not base64.") from None
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"A key of ANYE_FIELD_KEYS or ANYE_DIGEST_KEY is not {KEY_BYTES} bytes.")
    return key


def read_keys(listed: str) -> dict[str, bytes]:
    """Read the field keys, `id:base64,id:base64`; the first one encrypts. Raises ImproperlyConfigured."""
    pairs = [item.strip().partition(":") for item in listed.split(",") if item.strip()]
    if not pairs or any(not key_id or "$" in key_id for key_id, _, _ in pairs):
        raise ImproperlyConfigured("ANYE_FIELD_KEYS lists at least one key as id:base64, no '$' in the id.")
    return {key_id: read_key(encoded) for key_id, _, encoded in pairs}


class AesGcmProvider:
    """AES-256-GCM with a random nonce for columns, HMAC-SHA256 for digests."""

    def __init__(self, *, field_keys: str, digest_key: str) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in read_keys(field_keys).items()}
        self._current = next(iter(self._keys))
        self._digest_key = read_key(digest_key)

    def encrypt(self, text: str, *, context: str) -> str:
        """Encrypt with the current key."""
        return f"{self._current}${base64.b64encode(self._sealed(text.encode(), context)).decode()}"

    def decrypt(self, stored: str, *, context: str) -> str:
        """Decrypt with the key the value names."""
        key_id, _, body = stored.partition("$")
        try:
            raw = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise Tampered(f"{context}: the stored value does not open.") from None
        return self._opened(key_id, raw, context).decode()

    def encrypt_bytes(self, content: bytes, *, context: str) -> bytes:
        """`key id$` and then nonce and ciphertext as they are."""
        return self._current.encode() + b"$" + self._sealed(content, context)

    def decrypt_bytes(self, stored: bytes, *, context: str) -> bytes:
        """Decrypt with the key the value names."""
        key_id, _, raw = stored.partition(b"$")
        return self._opened(key_id.decode(errors="replace"), raw, context)

    def _sealed(self, content: bytes, context: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._keys[self._current].encrypt(nonce, content, self._bound(self._current, context))

    def _opened(self, key_id: str, raw: bytes, context: str) -> bytes:
        cipher = self._keys.get(key_id)
        if cipher is None:
            raise Tampered(f"{context}: no key with the id this value names.")
        try:
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], self._bound(key_id, context))
        except (InvalidTag, ValueError):
            raise Tampered(f"{context}: the stored value does not open.") from None

    def digest(self, value: str, *, purpose: str) -> str:
        """HMAC-SHA256 over purpose and value."""
        return hmac.digest(
            self._digest_key, purpose.encode() + PURPOSE_SEPARATOR + value.encode(), "sha256"
        ).hex()

    @staticmethod
    def _bound(key_id: str, context: str) -> bytes:
        return f"{key_id}\x1f{context}".encode()


@lru_cache(maxsize=4)
def build_provider(path: str, field_keys: str, digest_key: str) -> Provider:
    """Make the provider the settings name; kept, because key schedules cost more than an encryption."""
    factory = import_string(path)
    made: Provider = factory(field_keys=field_keys, digest_key=digest_key)
    return made


def provider() -> Provider:
    """The provider in force. Follows changed settings, so that keys can be rotated in a test."""
    return build_provider(settings.ANYE_CRYPTO_PROVIDER, settings.ANYE_FIELD_KEYS, settings.ANYE_DIGEST_KEY)


def digest(value: str, *, purpose: str) -> str:
    """Keyed digest (64 hexadecimal characters) to find a number by, other for each purpose."""
    return provider().digest(value, purpose=purpose)


def context_of(field: "models.Field[Any, Any]") -> str:
    """Table and column, bound into every value of the field."""
    return f"{field.model._meta.db_table}.{field.column}"


def only_null_lookup(field: "models.Field[Any, Any]", lookup_name: str) -> Any:
    """Only `isnull`: each encryption differs, so an equality would silently find nothing."""
    if lookup_name == "isnull":
        return models.TextField().get_lookup(lookup_name)
    raise FieldError(f"{context_of(field)} is encrypted: search by its digest column, not by {lookup_name}.")


class EncryptedTextField(TextBase):
    """Text encrypted in the database, plain in Python. Find rows by a digest column beside it."""

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull`. Raises FieldError for another."""
        return only_null_lookup(self, lookup_name)

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,
    ) -> Any:
        """Encrypt on the way in."""
        prepared_value = super().get_db_prep_value(value, connection, prepared)
        if prepared_value is None or hasattr(prepared_value, "as_sql"):
            return prepared_value
        return provider().encrypt(prepared_value, context=context_of(self))

    def from_db_value(
        self, value: str | None, expression: object, connection: BaseDatabaseWrapper
    ) -> str | None:
        """Decrypt on the way out. Raises `Tampered`."""
        return None if value is None else provider().decrypt(value, context=context_of(self))


class EncryptedJSONField(JsonBase):
    """A JSON value encrypted as a whole. Dates and times are written as ISO text and come back as text."""

    if TYPE_CHECKING:
        # What the type checker's plugin takes for the Python side of a column.
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull`. Raises FieldError for another."""
        return only_null_lookup(self, lookup_name)

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,
    ) -> Any:
        """Write as JSON, then encrypt."""
        if value is None or hasattr(value, "as_sql"):
            return value
        text = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
        return provider().encrypt(text, context=context_of(self))

    def from_db_value(self, value: str | None, expression: object, connection: BaseDatabaseWrapper) -> Any:
        """Decrypt, then read the JSON. Raises `Tampered`."""
        return None if value is None else json.loads(provider().decrypt(value, context=context_of(self)))

    def to_python(self, value: Any) -> Any:
        """Values are JSON already: nothing to convert, and never to text."""
        return value


class EncryptedBinaryField(BinaryBase):
    """The content of a file, encrypted. Leave it out of queries that do not hand the file over."""

    if TYPE_CHECKING:
        _pyi_private_set_type: bytes
        _pyi_private_get_type: bytes

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull`. Raises FieldError for another."""
        return only_null_lookup(self, lookup_name)

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,
    ) -> Any:
        """Encrypt on the way in."""
        if value is None or hasattr(value, "as_sql"):
            return value
        sealed = provider().encrypt_bytes(bytes(value), context=context_of(self))
        return super().get_db_prep_value(sealed, connection, prepared)

    def from_db_value(
        self, value: memoryview | None, expression: object, connection: BaseDatabaseWrapper
    ) -> bytes | None:
        """Decrypt on the way out. Raises `Tampered`."""
        return None if value is None else provider().decrypt_bytes(bytes(value), context=context_of(self))
