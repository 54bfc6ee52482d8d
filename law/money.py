"""Money and rates: integer fen, basis points, and the only rounding in the project.

No float and no Decimal ever enters: an amount is a whole number of fen (1 yuan = 100 fen), a rate is a
whole number of basis points (1/10,000). Whatever multiplies one by the other goes through `share`.
"""

import re
from typing import NewType

Fen = NewType("Fen", int)
Rate = NewType("Rate", int)

WHOLE = 10_000
"""Basis points in one whole."""

_YUAN = re.compile(r"(0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.([0-9]{1,2}))?", re.ASCII)


def share(amount: Fen, rate: Rate) -> Fen:
    """The part `rate` (basis points) of `amount` (fen), rounded half up to a whole fen.

    Half up means away from zero for a negative amount too: what is asked back is the mirror of what was paid.
    """
    product = amount * rate
    rounded = (2 * abs(product) + WHOLE) // (2 * WHOLE)
    return Fen(rounded if product >= 0 else -rounded)


def yuan(amount: Fen) -> str:
    """`198000` -> `"1980.00"`: two decimals, a point, no separators. For files and machines."""
    sign = "-" if amount < 0 else ""
    whole, cents = divmod(abs(amount), 100)
    return f"{sign}{whole}.{cents:02d}"


def yuan_grouped(amount: Fen) -> str:
    """`198000` -> `"1,980.00"`: for people. The minus is U+2212, as it stands on pages and letters."""
    sign = "\u2212" if amount < 0 else ""
    whole, cents = divmod(abs(amount), 100)
    return f"{sign}{whole:,}.{cents:02d}"


def parse_yuan(text: str) -> Fen:
    """`"1,980.00"`, `"1980"` or `"1980.5"` -> fen, as a person types a total again.

    Separators must stand at the thousands; full-width digits, signs and blanks inside are not accepted.
    Raises ValueError with the text when it is none of these.
    """
    found = _YUAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not an amount in yuan: {text!r}")
    whole, cents = found.groups()
    return Fen(int(whole.replace(",", "")) * 100 + int((cents or "").ljust(2, "0")))
