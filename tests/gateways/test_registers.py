"""Answers of registers: read strictly, each into its type; what does not fit is no answer."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from gateways.adapters import registers
from gateways.adapters.wire import BadAnswer
from gateways.ports import (
    CardAnswer,
    ElsewhereAnswer,
    IdentityAnswer,
    InsuranceAnswer,
    JusticeAnswer,
    MarketAnswer,
    PensionAnswer,
    SeparationAnswer,
    Source,
)

GOOD: dict[Source, dict[str, object]] = {
    Source.IDENTITY: {
        "found": True, "name": "禾安宁", "sex": "F", "birth_date": "1990-03-07", "deceased": None,
        "hukou_region": "130102",
    },
    Source.INSURANCE: {
        "found": True, "contributed_months": 114, "deemed_months": 0, "first_month": "2016-01",
        "last_month": "2025-09", "unit_name": "甲", "unit_code": "91350100M000100Y43", "county": "130102",
        "active": False, "had_previous_spell": False, "residual_months": 0, "competent": True,
    },
    Source.INSURANCE_PROVINCE: {
        "found": True, "active": False, "region_name": "", "start_month": None, "drawing": None,
    },
    Source.INSURANCE_NATIONAL: {
        "found": True, "active": True, "region_name": "天津市", "start_month": "2025-10", "drawing": False,
    },
    Source.SEPARATION: {
        "found": True, "reported": True, "reason_code": "D04", "separated_on": "2025-09-20",
        "reported_at": "2025-09-22T08:00:00+08:00", "unit_name": "甲",
    },
    Source.PENSION: {"found": True, "drawing": False, "category": "WORKER"},
    Source.JUSTICE: {"found": True, "imprisoned": False},
    Source.MARKET: {"found": True, "operates": True, "names": ["甲商行"]},
    Source.CARD: {
        "found": True, "status": "ACTIVE", "bank_name": "滹沱河银行", "bank_code": "313651027012",
        "account_number": "6217000000000000012", "account_name": "禾安宁",
    },
}  # fmt: skip


def answer(source: Source, **changed: object) -> str:
    """A good answer of a source, with some fields of its result changed."""
    return envelope(source, GOOD[source] | changed)


def envelope(source: Source, result: object) -> str:
    return json.dumps(
        {
            "request_id": "r1",
            "source": source.value.lower().replace("_", "-"),
            "as_of": "2026-11-23T01:30:00+00:00",
            "result": result,
        }
    )


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (Source.IDENTITY, IdentityAnswer),
        (Source.INSURANCE, InsuranceAnswer),
        (Source.INSURANCE_PROVINCE, ElsewhereAnswer),
        (Source.INSURANCE_NATIONAL, ElsewhereAnswer),
        (Source.SEPARATION, SeparationAnswer),
        (Source.PENSION, PensionAnswer),
        (Source.JUSTICE, JusticeAnswer),
        (Source.MARKET, MarketAnswer),
        (Source.CARD, CardAnswer),
    ],
)
def test_each_source_answers_in_its_own_type(source: Source, kind: type[object]) -> None:
    assert type(registers.read(source, answer(source), request_id="r1")) is kind


def test_values_arrive_as_they_were_sent() -> None:
    separation = registers.read(Source.SEPARATION, answer(Source.SEPARATION), request_id="r1")
    assert separation == SeparationAnswer(
        reported=True,
        reason_code="D04",
        separated_on=date(2025, 9, 20),
        reported_at=datetime(2025, 9, 22, 0, 0, tzinfo=UTC),
        unit_name="甲",
    )


@pytest.mark.parametrize(
    ("source", "field", "value"),
    [
        (Source.IDENTITY, "sex", "X"),
        (Source.IDENTITY, "name", ""),
        (Source.IDENTITY, "birth_date", "1990-02-30"),
        (Source.IDENTITY, "birth_date", "19900307"),
        (Source.IDENTITY, "deceased", "NO"),
        (Source.IDENTITY, "hukou_region", "1301"),
        (Source.INSURANCE, "contributed_months", "114"),
        (Source.INSURANCE, "contributed_months", -1),
        (Source.INSURANCE, "contributed_months", True),
        (Source.INSURANCE, "first_month", "2016-13"),
        (Source.INSURANCE, "active", 0),
        (Source.INSURANCE, "active", None),
        (Source.INSURANCE, "residual_months", 3),
        (Source.INSURANCE_NATIONAL, "drawing", "false"),
        (Source.SEPARATION, "reason_code", "D4"),
        (Source.SEPARATION, "reason_code", ""),
        (Source.SEPARATION, "separated_on", None),
        (Source.SEPARATION, "reported_at", "2025-09-22T08:00:00"),
        (Source.PENSION, "category", "OTHER"),
        (Source.JUSTICE, "imprisoned", None),
        (Source.MARKET, "names", [1]),
        (Source.MARKET, "names", "甲商行"),
        (Source.CARD, "status", "OPEN"),
        (Source.CARD, "account_number", "6217000000000000013"),
        (Source.CARD, "account_number", ""),
        (Source.CARD, "bank_code", "313651027011"),
        (Source.CARD, "account_name", ""),
    ],
)
def test_a_value_that_does_not_fit_spoils_the_answer(source: Source, field: str, value: object) -> None:
    with pytest.raises(BadAnswer) as caught:
        registers.read(source, answer(source, **{field: value}), request_id="r1")
    assert caught.value.where == f"result.{field}"


@pytest.mark.parametrize("source", list(Source))
def test_no_field_may_be_missing(source: Source) -> None:
    for name in GOOD[source]:
        rest = {key: value for key, value in GOOD[source].items() if key != name}
        with pytest.raises(BadAnswer):
            registers.read(source, envelope(source, rest), request_id="r1")


def test_a_field_that_an_office_adds_is_passed_over() -> None:
    read = registers.read(Source.JUSTICE, answer(Source.JUSTICE, since="2020"), request_id="r1")
    assert read == JusticeAnswer(imprisoned=False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("request_id", "r2"),
        ("request_id", None),
        ("source", "market"),
        ("as_of", "yesterday"),
        ("result", []),
    ],
)
def test_an_answer_to_another_question_is_refused(field: str, value: object) -> None:
    text = json.dumps(json.loads(answer(Source.JUSTICE)) | {field: value})
    with pytest.raises(BadAnswer):
        registers.read(Source.JUSTICE, text, request_id="r1")


def test_two_answers_that_differ_are_none() -> None:
    twice = answer(Source.JUSTICE) + "\n" + answer(Source.JUSTICE, imprisoned=True)
    with pytest.raises(BadAnswer):
        registers.read(Source.JUSTICE, twice, request_id="r1")
    same = answer(Source.JUSTICE) + "\n" + answer(Source.JUSTICE)
    assert registers.read(Source.JUSTICE, same, request_id="r1") == JusticeAnswer(imprisoned=False)


def test_a_card_that_cannot_be_paid_to_may_lack_its_account() -> None:
    text = answer(Source.CARD, status="CLOSED", account_number="", bank_code="", account_name=None)
    read = registers.read(Source.CARD, text, request_id="r1")
    assert isinstance(read, CardAnswer)
    assert (read.status, read.account_number) == ("CLOSED", "")


def test_nobody_found_is_an_answer_and_not_a_guess() -> None:
    nobody = envelope(Source.CARD, {"found": False, "status": None})
    card = registers.read(Source.CARD, nobody, request_id="r1")
    assert isinstance(card, CardAnswer)
    assert (card.found, card.status) == (False, "UNKNOWN")
    insured = registers.read(
        Source.INSURANCE, answer(Source.INSURANCE, found=False, competent=False), request_id="r1"
    )
    assert isinstance(insured, InsuranceAnswer)
    assert insured.competent is None


def test_answers_and_subjects_do_not_show_themselves() -> None:
    for source in Source:
        assert "禾安宁" not in repr(registers.read(source, answer(source), request_id="r1"))
