"""What the benchmarks share: forked processes, officers, places. It measures nothing.

Their database and their outside world are `config.scratch`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from typing import TypeVar

from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.db import connections

from accounts.models import Role, User
from accounts.selectors import machine
from accounts.services import create_staff
from gateways.adapters import wire

Result = TypeVar("Result")

CITY = "130100"
# The manifest would ask for collectstatic first.
PLAIN_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


def in_processes(call: Callable[..., Result], arguments: Sequence[tuple[object, ...]]) -> list[Result]:
    """Call once with each tuple, each in a forked process of its own, at once; the results in order.

    Forked, so that a process begins small, works in the same scratch database and is gone afterwards.
    """
    connections.close_all()
    wire.reset()
    # Making a database leaves garbage that a child would inherit and clear away in its own time.
    gc.collect()
    with ProcessPoolExecutor(len(arguments), mp_context=get_context("fork")) as pool:
        return [future.result() for future in [pool.submit(call, *given) for given in arguments]]


def officer(username: str, role: Role, *, now: datetime, region: str = CITY) -> User:
    """An officer made by the service that makes them; the database is dropped after the run."""
    return create_staff(
        username=username,
        full_name=username,
        roles=[role],
        regions=[region],
        password="a long enough password 7",  # noqa: S106 - as above
        totp_secret=str(generate_totp_secret()),
        actor=machine(),
        now=now,
    )
