"""The two server addresses of the environment, in the shapes Django and Celery want.

Pure functions, no Django: beat needs the broker's address without loading the product.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit


class AddressError(ValueError):
    """An address of the environment that cannot be understood; the message never repeats the password."""


def database_settings(url: str) -> dict[str, str | int | dict[str, str]]:
    """Django's settings for `postgresql://user:password@host:port/name?option=value`.

    A `host` option (a socket directory) takes the place of the host; other options go to libpq.
    Raises AddressError.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgresql", "postgres") or not name:
        raise AddressError("DATABASE_URL must read postgresql://user:password@host:port/name")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": parts.port or "",
        "OPTIONS": options,
    }


def broker_url(url: str) -> str:
    """Celery's broker address for `redis://host:port/n`, `rediss://…` or `unix:///path/to.sock?db=n`.

    Raises AddressError.
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={_number(url)}"
    _number(url)
    return url


def cache_url(url: str) -> str:
    """The cache's address: the same server, the next database, so that emptying one spares the other."""
    parts = urlsplit(url)
    number = _number(url) + 1
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{number}").geturl()


def _number(url: str) -> int:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        text = dict(parse_qsl(parts.query)).get("db", "0")
    elif parts.scheme in ("redis", "rediss") and parts.hostname:
        text = parts.path.strip("/") or "0"
    else:
        raise AddressError("REDIS_URL must read redis://host:port/0 or unix:///path/to.sock?db=0")
    if not text.isdecimal():
        raise AddressError("REDIS_URL must end in the number of a database")
    return int(text)
