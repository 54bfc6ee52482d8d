"""Single cells: what people and systems write is read as it was meant, or refused with its reason."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import cells
from cases.cells import BadCell, masked
from law.money import Fen, yuan, yuan_grouped

MONTH = cells.month(until="2026-11", since="1980-01")
DAY = cells.day(until=date(2026, 11, 23), since=date(1980, 1, 1))


@pytest.mark.parametrize(
    "text", ["2025-09", "2025-9", "202509", "2025/09", "2025年9月", " 2025.9 ", "2025-09-01"]
)
def test_a_month_in_every_writing(text: str) -> None:
    assert MONTH(text) == "2025-09"


@pytest.mark.parametrize(
    "text", ["2025-09-26", "2025/9/26", "20250926", "2025年9月26日", "2025.09.26", "２０２５－０９－２６"]
)
def test_a_day_in_every_writing(text: str) -> None:
    assert DAY(text) == "2025-09-26"


@pytest.mark.parametrize("text", ["2025-09-26", "25-09", "九月", "2025-00", "0000-01", "2025-009", "-1"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        MONTH(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1980", "198000"),
        ("1,980.00", "198000"),
        ("1980.5", "198050"),
        ("35.10000", "3510"),
        ("12 元", "1200"),
        ("１９８０．００", "198000"),
        ("0", "0"),
        ("'7.5", "750"),
    ],
)
def test_an_amount_in_every_writing(text: str, read: str) -> None:
    assert cells.fen(text) == read


@given(st.integers(min_value=0, max_value=cells.MOST_FEN))
def test_an_amount_comes_back_as_it_was_written(amount: int) -> None:
    assert cells.fen(yuan(Fen(amount))) == cells.fen(yuan_grouped(Fen(amount))) == str(amount)


@given(st.text(max_size=30))
def test_no_text_is_more_than_an_amount_or_a_bad_cell(text: str) -> None:
    try:
        assert 0 <= int(cells.fen(text)) <= cells.MOST_FEN
    except BadCell as bad:
        assert bad.reason.startswith("money.")


@pytest.mark.parametrize(
    "text",
    [
        "130102199003070003",
        "13010219900307000X",
        "130102 19900307 0003",
        "6222021001116245702",
        "见130102199003070003号",
        "１３０１０２１９９００３０７０００３",
    ],
)
def test_a_long_number_is_masked_wherever_it_stands(text: str) -> None:
    shown = masked(text, is_personal=False)
    assert "*" * 6 in shown
    assert shown != text


def test_what_is_no_number_of_a_person_stays_readable() -> None:
    assert masked("2025-09-26", is_personal=False) == "2025-09-26"
    assert masked("1,980.00\x07", is_personal=False) == "1,980.00"
    assert masked("130102", is_personal=True) == "******"
