"""Log lines carry no personal number, wherever it slipped in."""

from __future__ import annotations

import logging
import sys

import pytest

from config.logs import MaskingFormatter, mask_numbers


@pytest.mark.parametrize(
    "number", ["13010219860402000X", "130102198604020003", "6222020402001234567", "130102860402001"]
)
def test_the_middle_of_a_personal_number_is_masked(number: str) -> None:
    masked = mask_numbers(f"person {number} asked")
    assert number not in masked
    assert masked == f"person {number[:4]}****{number[-4:]} asked"


@pytest.mark.parametrize("text", ["SP20260926-0413", "amount 198000", "3f2a91b2c3d4e5f60718293a4b5c6d7e"])
def test_case_numbers_amounts_and_digests_stay(text: str) -> None:
    assert mask_numbers(text) == text


def test_a_number_in_a_traceback_is_masked() -> None:
    try:
        raise ValueError("no such person: 130102198604020003")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    assert "130102198604020003" not in MaskingFormatter().format(record)
