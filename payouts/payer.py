"""The account that benefits are paid from and what its bank reads, from the settings, checked at start-up.

It must never hold a default: a wrong payer account is found by the bank, a missing one here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from payouts.formats.files import LAYOUTS, PAIN001, TEXT, Layout

_BANK_CODE = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose money it is. `bank_code`: the 12 digits of its own bank, "" where the layout does not name it."""

    account: str
    name: str
    bank_code: str
    layout: Layout


def payer() -> Payer:
    """The payer of the settings (`ANYE_PAYER`). Raises ImproperlyConfigured, naming what is wrong in it."""
    given = settings.ANYE_PAYER
    layout = LAYOUTS.get(given.get("format", TEXT.code))
    if layout is None:
        raise ImproperlyConfigured(f"ANYE_PAYER: format is one of {', '.join(LAYOUTS)}")
    for name in ("account", "name"):
        if not given.get(name):
            raise ImproperlyConfigured(f"ANYE_PAYER: {name} is missing")
    bank_code = given.get("bank_code", "")
    if layout is PAIN001 and _BANK_CODE.fullmatch(bank_code) is None:
        raise ImproperlyConfigured("ANYE_PAYER: format pain001 needs bank_code, 12 digits")
    return Payer(given["account"], given["name"], bank_code, layout)


@register
def check_payer(app_configs: Sequence[AppConfig] | None, **_options: object) -> list[CheckMessage]:
    """A payer that cannot pay stops the start, not the first batch."""
    try:
        payer()
    except ImproperlyConfigured as fault:
        return [Error(str(fault), id="payouts.E001")]
    return []
