"""THE table of the outside: source -> adapter, path, time-out, tries, how long an answer may be used again.

Going live with a real office is one line here and its address and key in the environment; an office with a
format of its own gets an adapter module with the same two functions. Addresses and keys come from the
settings only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gateways.adapters import registers
from gateways.adapters.registers import Heard
from gateways.adapters.wire import Endpoint, Limits
from gateways.ports import Answer, Channel, Question, Source

MEBIBYTE = 1_048_576


class RegisterAdapter(Protocol):
    """What speaks with a register: it asks in a thread, and reads what was heard then or years later."""

    def ask(
        self,
        endpoint: Endpoint,
        path: str,
        *,
        question: Question,
        request_id: str,
        asked_at: datetime,
        limits: Limits,
    ) -> Heard:
        """Send one question and return the answer as it stood on the wire. Raises `Unavailable`,
        `BadAnswer`.
        """

    def read(self, source: Source, text: str, *, request_id: str) -> Answer:
        """The typed answer. Raises `BadAnswer`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One register. `fresh_days` 1: an answer may be used again on the legal day it was asked for, not
    longer.
    """

    label: str | Promise
    adapter: RegisterAdapter
    path: str
    limits: Limits
    fresh_days: int = 1


# Time-outs: the card is asked while a person waits in front of the form; the rest is asked by a worker.
# Employers' reports and the national register are the slow ones.
SOURCES: Mapping[Source, Row] = {
    Source.IDENTITY: Row(_("公安人口库"), registers, "/registers/identity", Limits(5, 3)),
    Source.INSURANCE: Row(_("社保核心系统"), registers, "/registers/insurance", Limits(5, 3)),
    Source.INSURANCE_PROVINCE: Row(_("省内参保库"), registers, "/registers/insurance-province", Limits(6, 2)),
    Source.INSURANCE_NATIONAL: Row(
        _("全国参保比对"), registers, "/registers/insurance-national", Limits(8, 2)
    ),
    Source.SEPARATION: Row(_("单位停保申报"), registers, "/registers/separation", Limits(10, 2)),
    Source.PENSION: Row(_("养老待遇库"), registers, "/registers/pension", Limits(6, 2)),
    Source.JUSTICE: Row(_("司法服刑信息"), registers, "/registers/justice", Limits(6, 2)),
    Source.MARKET: Row(_("市场主体登记"), registers, "/registers/market", Limits(6, 2)),
    Source.CARD: Row(_("社保卡银行账户"), registers, "/registers/card", Limits(4, 2)),
}

# A file is sent once: silence is followed by a question for its status, never by sending again.
BANK_FILES = "/bank/files"
BANK_STATEMENT = "/bank/statement"
BANK_SUBMIT = Limits(60, 1)
BANK_ASK = Limits(30, 3, 64 * MEBIBYTE)
# A request to compare is known by its number: after silence the same bytes are sent again, and are one.
COMPARISON_REQUESTS = "/comparison/requests"
COMPARISON_SUBMIT = Limits(60, 2)
COMPARISON_FETCH = Limits(120, 2, 128 * MEBIBYTE)
SMS_MESSAGES = "/sms/messages"
SMS_SEND = Limits(8, 2)


def label(source: Source) -> str:
    """The register's name for people, in the language of the page."""
    return str(SOURCES[source].label)


def endpoint(service: Source | Channel) -> Endpoint:
    """Where a service lives and the key it knows us by: its own entry in `ANYE_OUTSIDE`, else the common
    one.
    """
    own = settings.ANYE_OUTSIDE.get(service.value, {})
    return Endpoint(
        service=service.value,
        url=own.get("url", settings.ANYE_SANDBOX_URL),
        key_id=own.get("key_id", "anye"),
        key=own.get("key", settings.ANYE_GATEWAY_KEY).encode(),
    )
