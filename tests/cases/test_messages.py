"""Messages: templates filled with money, dates and months in the reader's language."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from cases import messages
from cases.messages import PersonalNumber, check_numbers, fill

messages.register("sample.all", "{amount:money}；{due:date}；{month:month}；{count} 件")
NUMBERS: dict[str, str | int] = {"amount": -198_012_345, "due": "2025-09-30", "month": "2025-10", "count": 3}


def test_places_are_filled_as_the_language_writes_them() -> None:
    assert fill("sample.all", NUMBERS) == "−1,980,123.45 元；2025年9月30日；2025年10月；3 件"
    with override("en"):
        assert "30 September 2025；October 2025；3 件" in fill("sample.all", NUMBERS)


def test_a_template_reaches_into_nothing() -> None:
    messages.register("sample.sly", "{count.__class__}")
    with pytest.raises(KeyError):
        fill("sample.sly", NUMBERS)


@pytest.mark.parametrize(
    "value", ["SP20250926-0413", 3_366_000, "2025-09-30", "8841", "130102", 99_999_999_999_999]
)
def test_amounts_dates_and_case_numbers_may_travel(value: str | int) -> None:
    check_numbers({"what": value})


@pytest.mark.parametrize("value", ["13800138000", "陈 13010219860402000X", 6222021234567890123])
def test_personal_numbers_may_not(value: str | int) -> None:
    with pytest.raises(PersonalNumber):
        check_numbers({"what": value})


def test_every_registered_template_is_text() -> None:
    assert all(str(messages._templates[code]) for code in messages.registered())
