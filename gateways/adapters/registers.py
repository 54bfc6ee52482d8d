"""The registers: one signed question about one person, one answer read strictly (docs/wire.md §2).

A network module for threads: no database, no settings. An answer that does not fit its format, or that
answers another question, is not an answer; it is never repaired.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateways.adapters import wire
from gateways.adapters.fields import Fields
from gateways.adapters.wire import BadAnswer, Endpoint, Limits
from gateways.ports import (
    Answer,
    CardAnswer,
    ElsewhereAnswer,
    IdentityAnswer,
    InsuranceAnswer,
    JusticeAnswer,
    MarketAnswer,
    PensionAnswer,
    Question,
    SeparationAnswer,
    Source,
    Subject,
)
from law import identifiers

SEXES = frozenset({"M", "F"})
CATEGORIES = frozenset({"WORKER", "CADRE"})
CARD_STATUSES = frozenset({"ACTIVE", "INACTIVE", "CLOSED", "NAME_DIFFERS"})

_REGION = re.compile(r"(\d{6})?", re.ASCII)
_REASON = re.compile(r"[A-Z]\d\d", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Heard:
    """The answer as it stood on the wire (kept as evidence) and the number of tries it took."""

    text: str
    attempts: int


def ask(
    endpoint: Endpoint,
    path: str,
    *,
    question: Question,
    request_id: str,
    asked_at: datetime,
    limits: Limits,
) -> Heard:
    """Send one question. Raises `Unavailable`, or `BadAnswer` for bytes that are no text or too many of
    them.
    """
    reply = wire.exchange(
        endpoint,
        method="POST",
        path=path,
        asked_at=asked_at,
        limits=limits,
        breaker=question.source.value,
        body=question_body(question.subject, request_id=request_id, asked_at=asked_at),
    )
    try:
        return Heard(text=reply.body.decode("utf-8"), attempts=reply.attempts)
    except UnicodeDecodeError:
        raise BadAnswer("body") from None


def question_body(subject: Subject, *, request_id: str, asked_at: datetime) -> bytes:
    """The request's body."""
    return json.dumps(
        {
            "request_id": request_id,
            "asked_at": wire.time_text(asked_at),
            "subject": {"name": subject.name, "id_kind": subject.id_kind, "id_number": subject.id_number},
        },
        ensure_ascii=False,
    ).encode()


def read(source: Source, text: str, *, request_id: str) -> Answer:
    """The typed answer in `text`. Raises `BadAnswer` where it does not fit or belongs to another question."""
    body = Fields(wire.read_json(text.encode()))
    if body.text("request_id") != request_id:
        raise body.bad("request_id")
    if body.text("source") != slug(source):
        raise body.bad("source")
    body.moment("as_of")
    return READERS[source](body.inner("result"))


def slug(source: Source) -> str:
    """The source's name in addresses: `INSURANCE_NATIONAL` is `insurance-national`."""
    return source.value.lower().replace("_", "-")


def _identity(result: Fields) -> IdentityAnswer:
    if not result.flag("found"):
        return IdentityAnswer(found=False, name="", sex="", birth_date=None, deceased=None, hukou_region="")
    return IdentityAnswer(
        found=True,
        name=result.text("name", required=True),
        sex=result.choice_or_none("sex", SEXES) or "",
        birth_date=result.day_or_none("birth_date"),
        deceased=result.flag_or_none("deceased"),
        hukou_region=_region(result, "hukou_region"),
    )


def _insurance(result: Fields) -> InsuranceAnswer:
    found = result.flag("found")
    previous, residual = result.flag("had_previous_spell"), result.whole("residual_months")
    if residual and not previous:
        raise result.bad("residual_months")
    return InsuranceAnswer(
        contributed_months=result.whole_or_none("contributed_months"),
        deemed_months=result.whole("deemed_months"),
        first_month=result.month_or_empty("first_month"),
        last_month=result.month_or_empty("last_month"),
        unit_name=result.text_or_empty("unit_name"),
        unit_code=result.text_or_empty("unit_code"),
        county=_region(result, "county"),
        active=result.flag("active"),
        had_previous_spell=previous,
        residual_months=residual,
        # Of a person it does not know, the system cannot say where the last place of insurance was.
        competent=result.flag("competent") if found else None,
        found=found,
    )


def _elsewhere(result: Fields) -> ElsewhereAnswer:
    return ElsewhereAnswer(
        active=result.flag("active"),
        region_name=result.text_or_empty("region_name"),
        start_month=result.month_or_empty("start_month"),
        drawing=result.flag_or_none("drawing"),
        found=result.flag("found"),
    )


def _separation(result: Fields) -> SeparationAnswer:
    found = result.flag("found")
    if not result.flag("reported"):
        return SeparationAnswer(
            reported=False, reason_code="", separated_on=None, reported_at=None, unit_name="", found=found
        )
    reason = result.text("reason_code", required=True)
    if _REASON.fullmatch(reason) is None:
        raise result.bad("reason_code")
    return SeparationAnswer(
        reported=True,
        reason_code=reason,
        separated_on=result.day("separated_on"),
        reported_at=result.moment("reported_at"),
        unit_name=result.text_or_empty("unit_name"),
        found=found,
    )


def _pension(result: Fields) -> PensionAnswer:
    return PensionAnswer(
        drawing=result.flag("drawing"),
        category=result.choice_or_none("category", CATEGORIES),
        found=result.flag("found"),
    )


def _justice(result: Fields) -> JusticeAnswer:
    return JusticeAnswer(imprisoned=result.flag("imprisoned"), found=result.flag("found"))


def _market(result: Fields) -> MarketAnswer:
    return MarketAnswer(
        operates=result.flag("operates"), names=result.texts("names"), found=result.flag("found")
    )


def _card(result: Fields) -> CardAnswer:
    if not result.flag("found"):
        return CardAnswer(
            status="UNKNOWN", bank_name="", bank_code="", account_number="", account_name="", found=False
        )
    answer = CardAnswer(
        status=result.choice("status", CARD_STATUSES),
        bank_name=result.text_or_empty("bank_name"),
        bank_code=result.text_or_empty("bank_code"),
        account_number=result.text_or_empty("account_number"),
        account_name=result.text_or_empty("account_name"),
    )
    if answer.status == "ACTIVE":
        # Money would go there: an account that cannot exist is no answer.
        if not identifiers.check(identifiers.BANK_CARD, answer.account_number).valid:
            raise result.bad("account_number")
        if not identifiers.check(identifiers.CNAPS, answer.bank_code).valid:
            raise result.bad("bank_code")
        result.text("account_name", required=True)
    return answer


def _region(result: Fields, name: str) -> str:
    """A six-digit region code, or "" where the register has none."""
    value = result.text_or_empty(name)
    if _REGION.fullmatch(value) is None:
        raise result.bad(name)
    return value


READERS: Mapping[Source, Callable[[Fields], Answer]] = {
    Source.IDENTITY: _identity,
    Source.INSURANCE: _insurance,
    Source.INSURANCE_PROVINCE: _elsewhere,
    Source.INSURANCE_NATIONAL: _elsewhere,
    Source.SEPARATION: _separation,
    Source.PENSION: _pension,
    Source.JUSTICE: _justice,
    Source.MARKET: _market,
    Source.CARD: _card,
}
