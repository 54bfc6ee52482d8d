"""Amounts are whole fen, and there is one rounding."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law.money import Fen, Rate, parse_yuan, share, yuan, yuan_grouped

AMOUNTS = st.integers(min_value=0, max_value=10**15).map(Fen)
RATES = st.integers(min_value=0, max_value=20_000).map(Rate)


@given(AMOUNTS, RATES)
def test_a_share_is_the_nearest_fen_and_half_goes_up(amount: Fen, rate: Rate) -> None:
    exact = Fraction(amount * rate, 10_000)
    found = share(amount, rate)
    assert Fraction(-1, 2) < found - exact <= Fraction(1, 2)


@given(AMOUNTS, RATES)
def test_a_negative_share_mirrors_the_positive_one(amount: Fen, rate: Rate) -> None:
    assert share(Fen(-amount), rate) == -share(amount, rate)


def test_half_a_fen_is_rounded_up() -> None:
    assert share(Fen(1), Rate(5000)) == 1
    assert share(Fen(1), Rate(4999)) == 0
    assert share(Fen(80_000), Rate(360)) == 2_880


@given(AMOUNTS)
def test_what_is_written_in_yuan_is_read_back(amount: Fen) -> None:
    assert parse_yuan(yuan(amount)) == amount
    assert parse_yuan(yuan_grouped(amount)) == amount


def test_yuan_is_written_for_machines_and_for_people() -> None:
    assert yuan(Fen(198_000)) == "1980.00"
    assert yuan_grouped(Fen(198_000)) == "1,980.00"
    assert yuan(Fen(-5)) == "-0.05"
    assert yuan_grouped(Fen(-198_000)) == "\u22121,980.00"
    assert parse_yuan(" 1,980 ") == 198_000
    assert parse_yuan("1980.5") == 198_050


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,98.00",
        "１９８０",
        "1980.001",
        "-1",
        "1 980",
        "01",
        "1,,980",
        "1980.",
        ".5",
        "1e3",
        "+1",
        "1_000",
    ],
)
def test_what_is_no_amount_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_yuan(text)
