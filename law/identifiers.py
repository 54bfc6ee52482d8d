"""Numbers of people, units, cards, banks and certificates: shape, check digit, mask.

The string is judged as it stands: ASCII digits, upper-case letters, no blanks. This module imports nothing
of ours, so that the sandbox may use it without sharing a rule with what it tests. It must never look a
number up, and never reject a citizen by today's list of counties: the first six digits are the place of
first registration, and abolished codes stay valid.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

CITIZEN_ID = "CITIZEN_ID"
USCC = "USCC"
BANK_CARD = "BANK_CARD"
CNAPS = "CNAPS"
SKILL_CERTIFICATE = "SKILL_CERTIFICATE"
MOBILE = "MOBILE"

PROBLEMS: Mapping[str, str] = {
    "LENGTH": "位数不对",
    "CHARACTER": "含有不允许的字符",
    "REGION": "前两位不是省级代码",
    "DATE": "出生日期不存在",
    "FUTURE": "出生日期在今天以后",
    "CHECK": "校验位不符",
    "SHAPE": "不是已知的编号格式",
    "LEVEL": "等级不在 1 至 5 之间",
}
"""One plain phrase a problem code; pages translate it."""

_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)
_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS = "10X98765432"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))

_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_CITIZEN = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_USCC = re.compile(f"[{_USCC_ALPHABET}]+", re.ASCII)
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_CERTIFICATE_LEVEL = re.compile(r"[YS][0-9]{14}([0-9])[0-9]{6}", re.ASCII)
_CERTIFICATE_SPECIAL = re.compile(r"[A-Z]{2}[0-9]{20}", re.ASCII)
_CERTIFICATE_OLD = re.compile(r"[0-9]{10}([0-9])[0-9]{5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class IdentifierCheck:
    """`problem` is None exactly if `valid`, else a code of `PROBLEMS`; `note`: what kind of number it is."""

    valid: bool
    problem: str | None
    note: str | None


def citizen_id_check_digit(first17: str) -> str:
    """The 18th character of a citizen ID (GB 11643-1999: weights modulo 11, ten is X).

    >>> citizen_id_check_digit("13010219900307000")
    '3'
    """
    total = sum(int(digit) * weight for digit, weight in zip(first17, _CITIZEN_WEIGHTS, strict=True))
    return _CITIZEN_CHECKS[total % 11]


def uscc_check_character(first17: str) -> str:
    """The 18th character of a unified social credit code (GB 32100-2015); 0 where the remainder is 0.

    >>> uscc_check_character("91350100M000100Y4")
    '3'
    """
    total = sum(
        _USCC_ALPHABET.index(character) * weight
        for character, weight in zip(first17, _USCC_WEIGHTS, strict=True)
    )
    return _USCC_ALPHABET[(31 - total % 31) % 31]


def luhn_check_digit(body: str) -> str:
    """The last digit that makes `body` pass the Luhn sum (ISO/IEC 7812).

    >>> luhn_check_digit("621700000000000001")
    '2'
    """
    return str(-_luhn_sum(body + "0") % 10)


def cnaps_check_digit(first11: str) -> str:
    """The 12th digit of a bank's clearing number (ISO 7064 MOD 11,10).

    >>> cnaps_check_digit("31365102701")
    '2'
    """
    product = 10
    for digit in first11:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def check(kind: str, value: str, *, on: date | None = None) -> IdentifierCheck:
    """Judge `value` as a number of `kind`. With `on`, a birth date after that day is a problem too.

    Raises KeyError for a kind that is not one of `KINDS`.
    """
    result = KINDS[kind](value)
    if result.valid and on is not None and kind == CITIZEN_ID and birth_date_of(value) > on:
        return _bad("FUTURE", result.note)
    return result


@dataclass(frozen=True, slots=True)
class CertificateNumber:
    """What the number of a skill certificate says of itself; None where its shape does not say.

    `is_old`: the 16 digits of a qualification certificate. `year`: the last two digits.
    """

    is_old: bool
    level: int | None
    year: int | None


def certificate_says(value: str) -> CertificateNumber | None:
    """Level and year in a certificate number (domain rule 3.4); None for a number of no known shape."""
    if _CERTIFICATE_SPECIAL.fullmatch(value) is not None:
        return CertificateNumber(is_old=False, level=None, year=None)
    new, old = _CERTIFICATE_LEVEL.fullmatch(value), _CERTIFICATE_OLD.fullmatch(value)
    if new is not None and new[1] in "12345":
        return CertificateNumber(is_old=False, level=int(new[1]), year=int(value[13:15]))
    if old is not None:
        return CertificateNumber(is_old=True, level=int(old[1]), year=None)
    return None


def mask(kind: str, value: str) -> str:
    """What may be shown without a reason: `1301**********0003`, `138****0012`, `尾号 0012`.

    Total: a value of any shape comes back with at most its first and last four characters.
    """
    if kind in (BANK_CARD, "ACCOUNT"):
        return f"尾号 {value[-4:]}" if len(value) > 4 else "*" * len(value)
    if kind == USCC:
        return value
    head = 3 if kind == MOBILE else 4
    if len(value) <= head + 4:
        return "*" * len(value)
    return value[:head] + "*" * (len(value) - head - 4) + value[-4:]


def birth_date_of(citizen_id: str) -> date:
    """Positions 7 to 14 of an 18-character number. Raises ValueError if that day does not exist."""
    return date(int(citizen_id[6:10]), int(citizen_id[10:12]), int(citizen_id[12:14]))


def sex_of(citizen_id: str) -> str:
    """`M` or `F` from the 17th digit (odd is male); a permanent residence card (first digit 9) has none."""
    return "M" if int(citizen_id[16]) % 2 else "F"


def _good(note: str | None = None) -> IdentifierCheck:
    return IdentifierCheck(valid=True, problem=None, note=note)


def _bad(problem: str, note: str | None = None) -> IdentifierCheck:
    return IdentifierCheck(valid=False, problem=problem, note=note)


def _check_citizen(value: str) -> IdentifierCheck:
    if len(value) != 18:
        return _bad("LENGTH")
    if _CITIZEN.fullmatch(value) is None:
        return _bad("CHARACTER")
    note = _CITIZEN_NOTES.get(value[:6])
    if value[0] == "9":
        note = "外国人永久居留身份证"
    elif value[:2] not in _PROVINCES:
        return _bad("REGION")
    try:
        birth_date_of(value)
    except ValueError:
        return _bad("DATE", note)
    if citizen_id_check_digit(value[:17]) != value[17]:
        return _bad("CHECK", note)
    return _good(note)


def _check_uscc(value: str) -> IdentifierCheck:
    if len(value) != 18:
        return _bad("LENGTH")
    if _USCC.fullmatch(value) is None:
        return _bad("CHARACTER")
    if uscc_check_character(value[:17]) != value[17]:
        return _bad("CHECK", "少数早期代码校验位不符，请核对营业执照")
    return _good()


def _check_bank_card(value: str) -> IdentifierCheck:
    if value and _DIGITS.fullmatch(value) is None:
        return _bad("CHARACTER")
    if not 16 <= len(value) <= 19:
        return _bad("LENGTH")
    return _good() if _luhn_sum(value) % 10 == 0 else _bad("CHECK")


def _check_cnaps(value: str) -> IdentifierCheck:
    if value and _DIGITS.fullmatch(value) is None:
        return _bad("CHARACTER")
    if len(value) != 12:
        return _bad("LENGTH")
    return _good() if cnaps_check_digit(value[:11]) == value[11] else _bad("CHECK")


def _check_certificate(value: str) -> IdentifierCheck:
    if _CERTIFICATE_SPECIAL.fullmatch(value) is not None:
        return _good("特级技师、首席技师证书")
    for shape, note in _CERTIFICATES:
        found = shape.fullmatch(value)
        if found is not None:
            return _good(note) if found[1] in "12345" else _bad("LEVEL", note)
    return _bad("SHAPE")


def _check_mobile(value: str) -> IdentifierCheck:
    if value and _DIGITS.fullmatch(value) is None:
        return _bad("CHARACTER")
    if len(value) != 11:
        return _bad("LENGTH")
    return _good() if _MOBILE.fullmatch(value) else _bad("SHAPE")


def _luhn_sum(digits: str) -> int:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + position % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total


_CITIZEN_NOTES = {
    "810000": "港澳台居民居住证（香港）",
    "820000": "港澳台居民居住证（澳门）",
    "830000": "港澳台居民居住证（台湾）",
}
_CERTIFICATES = (
    (_CERTIFICATE_LEVEL, "职业技能等级证书"),
    (_CERTIFICATE_OLD, "职业资格证书（旧）"),
)
KINDS: Mapping[str, Callable[[str], IdentifierCheck]] = {
    CITIZEN_ID: _check_citizen,
    USCC: _check_uscc,
    BANK_CARD: _check_bank_card,
    CNAPS: _check_cnaps,
    SKILL_CERTIFICATE: _check_certificate,
    MOBILE: _check_mobile,
}
