"""Reads single cells of a sheet: what people and core systems write, into one form; or says why it cannot.

Each reader takes the text of a cell and gives text: what is empty stays empty. A reader knows no other cell,
no database and no clock. A number of a person is judged by shape and check digit, never looked up.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date

from law import identifiers, months
from law.money import parse_yuan

Reader = Callable[[str], str]

MOST_FEN = 100_000_000_000
"""A thousand million yuan: more than this in one cell is a slip of the keyboard."""
LONGEST = 120

_MONTH = re.compile(r"([0-9]{4})(?:[-/.年]?)([0-9]{1,2})月?", re.ASCII)
_MONTH_OF_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-01", re.ASCII)
_DAY = re.compile(r"([0-9]{4})([-/.年])([0-9]{1,2})(?:[-/.月])([0-9]{1,2})日?", re.ASCII)
_PLAIN_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_REGION = re.compile(r"[0-9]{6}", re.ASCII)
_LONG_NUMBER = re.compile(r"\d(?:[ \-]?\d){10,}[Xx]?")
_STAR = "*"


class BadCell(Exception):
    """A cell that cannot be read. `reason` is a code that `cases.intake_words` has words for."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def plain(text: str) -> str:
    """A cell as meant: full-width signs made narrow, no blanks around, no mark of a text cell before it."""
    return unicodedata.normalize("NFKC", text).strip().removeprefix("'").strip()


def citizen_id(text: str) -> str:
    """A citizen's number of 18 places with its right check digit."""
    return _identifier(identifiers.CITIZEN_ID, text)


def uscc(text: str) -> str:
    """A unit's unified social credit code."""
    return _identifier(identifiers.USCC, text)


def mobile(text: str) -> str:
    """A mobile telephone number."""
    return _identifier(identifiers.MOBILE, text)


def bank_card(text: str) -> str:
    """The number of a bank card with its right check digit."""
    return _identifier(identifiers.BANK_CARD, text)


def bank_code(text: str) -> str:
    """A bank's clearing number of 12 places."""
    return _identifier(identifiers.CNAPS, text)


def region(text: str) -> str:
    """A code of an administrative division: six digits."""
    given = plain(text)
    if not _REGION.fullmatch(given):
        raise BadCell("region.shape")
    return given


def _identifier(kind: str, text: str) -> str:
    number = plain(text).upper().replace(" ", "")
    if _SCIENTIFIC.fullmatch(number):
        raise BadCell("number.scientific")
    problem = identifiers.check(kind, number).problem
    if problem is not None:
        raise BadCell(f"number.{problem.lower()}")
    return number


def month(*, until: str, since: str) -> Reader:
    """A month as `2025-09`, from `2025-9`, `202509`, `2025年9月` or its first day; both ends are included."""

    def read(text: str) -> str:
        given = plain(text)
        found = _MONTH.fullmatch(given) or _MONTH_OF_DAY.fullmatch(given)
        if found is None:
            raise BadCell("month.shape")
        written = f"{found[1]}-{int(found[2]):02d}"
        try:
            months.parse(written)
        except ValueError:
            raise BadCell("month.shape") from None
        if written > until:
            raise BadCell("month.future")
        if written < since:
            raise BadCell("month.early")
        return written

    return read


def day(*, until: date, since: date) -> Reader:
    """A day as `2025-09-26`, from `2025/9/26`, `20250926` or `2025年9月26日`; both ends included."""

    def read(text: str) -> str:
        given = plain(text).removesuffix(" 00:00:00")
        found = _DAY.fullmatch(given)
        parts = (found[1], found[3], found[4]) if found else None
        if parts is None and (short := _PLAIN_DAY.fullmatch(given)):
            parts = (short[1], short[2], short[3])
        if parts is None:
            raise BadCell("day.shape")
        try:
            written = date(int(parts[0]), int(parts[1]), int(parts[2]))
        except ValueError:
            raise BadCell("day.none") from None
        if written > until:
            raise BadCell("day.future")
        if written < since:
            raise BadCell("day.early")
        return written.isoformat()

    return read


def fen(text: str) -> str:
    """An amount in yuan, with or without separators at the thousands, as whole fen; never negative."""
    given = plain(text).removesuffix("元").strip()
    if given.startswith(("-", "\u2212", "(")):
        raise BadCell("money.negative")
    whole, _point, cents = given.partition(".")
    if len(cents) > 2 and cents.isdigit():
        if cents[2:].strip("0"):
            raise BadCell("money.decimals")
        given = f"{whole}.{cents[:2]}"
    try:
        amount = parse_yuan(given)
    except ValueError:
        raise BadCell("money.shape") from None
    if amount > MOST_FEN:
        raise BadCell("money.large")
    return str(amount)


def whole(*, most: int, least: int = 0) -> Reader:
    """A whole number within the two."""

    def read(text: str) -> str:
        given = plain(text).replace(",", "").removesuffix(".0")
        if not _WHOLE.fullmatch(given):
            raise BadCell("whole.shape")
        if not least <= int(given) <= most:
            raise BadCell("whole.range")
        return str(int(given))

    return read


def choice(words: Mapping[str, str]) -> Reader:
    """One of the words that a core system uses, or the code itself: as the code."""
    known = {plain(word).upper(): code for word, code in words.items()} | {
        code.upper(): code for code in words.values()
    }

    def read(text: str) -> str:
        code = known.get(plain(text).upper())
        if code is None:
            raise BadCell("choice.unknown")
        return code

    return read


def words(text: str) -> str:
    """A name or the like: one line, not too long."""
    given = text.strip().removeprefix("'").strip()
    if len(given) > LONGEST:
        raise BadCell("text.long")
    if any(unicodedata.category(sign)[0] == "C" for sign in given):
        raise BadCell("text.signs")
    return given


def masked(text: str, *, is_personal: bool) -> str:
    """A cell as a list of refused rows may show it: no number of a person can be read from it.

    >>> masked("130102199003070003", is_personal=True), masked("2025-13", is_personal=False)
    ('1301**********0003', '2025-13')
    """
    shown = "".join(sign for sign in text.strip()[:LONGEST] if unicodedata.category(sign)[0] != "C")
    if is_personal:
        return _mask(shown)
    return _LONG_NUMBER.sub(lambda found: _mask(found[0]), shown)


def _mask(text: str) -> str:
    if len(text) < 12:
        return _STAR * len(text)
    return f"{text[:4]}{_STAR * (len(text) - 8)}{text[-4:]}"
