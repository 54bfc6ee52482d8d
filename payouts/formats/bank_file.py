"""The generic bank file: build it, read it back, and every check made before it leaves the house.

Delimited text in GB18030, lines ended by CRLF: one header `H`, one detail `D` a payment, one trailer `T`.
Pure: no database, no clock, no network. It must never repair a value: a name or number that the bank could
misread is named as a problem and left out by the caller, because a "repaired" name is paid to somebody else
or comes back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from law import identifiers
from law.money import Fen

ENCODING = "gb18030"
LINE_END = "\r\n"
CURRENCY = "CNY"
NAME_BYTES = 60
"""Longest account name in bytes of GB18030; the field of the clearing system is that wide."""
TEXT_BYTES = 60
HASH_MODULUS = 10**18
LINES_MAX = 10_000

AMOUNT = "AMOUNT"
DUPLICATE = "DUPLICATE"
IDENTIFIER = "IDENTIFIER"
ACCOUNT_SHAPE = "ACCOUNT_SHAPE"
ACCOUNT_CHECK = "ACCOUNT_CHECK"
BANK_CODE = "BANK_CODE"
NAME_EMPTY = "NAME_EMPTY"
NAME_LONG = "NAME_LONG"
CHARACTER = "CHARACTER"
ENCODING_LOST = "ENCODING_LOST"
TEXT_LONG = "TEXT_LONG"
ID_TAIL = "ID_TAIL"

# Categories of characters that a bank's program shows as nothing or as something else.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_FULL_WIDTH_DIGITS = frozenset(chr(code) for code in range(0xFF10, 0xFF1A))
# 35 characters is the limit of ISO 20022, kept so that both formats can carry the same identifier.
_END_TO_END = re.compile(r"[A-Za-z0-9-]{1,35}", re.ASCII)
# What nearly every text is made of: printable ASCII without the delimiter, and the Chinese characters of the
# two-byte part of GB18030. None of it is lost or rare, so it need not be looked at one by one.
_PLAIN = re.compile("[ -{}~\u4e00-\u9fa5]*")


@dataclass(frozen=True, slots=True)
class Header:
    """Who pays, and when. `created_at` is aware; the payer is the bureau's expenditure account.

    `payer_bank_code` is for layouts that name the payer's bank; this one does not.
    """

    batch_number: str
    business: str
    payer_account: str
    payer_name: str
    value_date: date
    created_at: datetime
    payer_bank_code: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One payment. `is_card` says whether the account is a bank card, which alone has a Luhn digit."""

    end_to_end_id: str
    account: str
    name: str
    id_tail: str
    bank_code: str
    amount_fen: Fen
    purpose: str
    case_number: str
    is_card: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one line may not be sent: `code` is a constant of this module."""

    end_to_end_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says about itself, as the bank will read it."""

    batch_number: str
    count: int
    total_fen: Fen
    account_hash: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ResponseLine:
    """The bank's word on one line: `status` "S" paid, "F" failed, "P" pending; a pending one has no
    serial.
    """

    sequence: int
    end_to_end_id: str
    status: str
    reason_code: str
    reason_text: str
    bank_serial: str
    booked_at: datetime | None


class FileFault(ValueError):
    """The bytes are no file of this layout, or header, lines and trailer do not agree. Holds no personal
    number.
    """


def problems_of(line: Line) -> list[str]:
    """Every reason why this line may not be sent, in the order of its columns; empty if it may."""
    found: list[str] = []
    if _END_TO_END.fullmatch(line.end_to_end_id) is None:
        found.append(IDENTIFIER)
    found += _account_problems(line)
    found += _name_problems(line.name)
    if not (
        line.id_tail == "" or (len(line.id_tail) == 4 and line.id_tail.isascii() and line.id_tail.isalnum())
    ):
        found.append(ID_TAIL)
    if len(line.bank_code) != 12 or not _is_digits(line.bank_code):
        found.append(BANK_CODE)
    if line.amount_fen <= 0:
        found.append(AMOUNT)
    for text in (line.purpose, line.case_number):
        if not survives(text):
            found.append(CHARACTER)
        elif len(text.encode(ENCODING)) > TEXT_BYTES:
            found.append(TEXT_LONG)
    return list(dict.fromkeys(found))


def problems_in(lines: Iterable[Line]) -> list[Problem]:
    """`problems_of` for every line, and end-to-end identifiers that stand twice."""
    found: list[Problem] = []
    seen: set[str] = set()
    for line in lines:
        found += [Problem(line.end_to_end_id, code) for code in problems_of(line)]
        if line.end_to_end_id in seen:
            found.append(Problem(line.end_to_end_id, DUPLICATE))
        seen.add(line.end_to_end_id)
    return found


def survives(text: str) -> bool:
    """Whether a text comes back from the file as it went in: no delimiter, no invisible or private character.

    Full-width digits survive the encoding but are typed by mistake for ASCII ones and fail the bank's
    comparison; private-use characters are drawn differently on every machine, so that a name in them matches
    nothing.
    """
    if _PLAIN.fullmatch(text) is not None:
        return True
    if any(
        c == "|" or c in _FULL_WIDTH_DIGITS or unicodedata.category(c) in _UNSAFE_CATEGORIES for c in text
    ):
        return False
    return text.encode(ENCODING).decode(ENCODING) == text


def is_rare(name: str) -> bool:
    """Whether a name holds a character outside the two-byte part of GB18030 (生僻字, e.g. U+36C3, U+20000).

    Older bank programs know the two-byte part only; the batch page counts such names so that a checker looks.
    """
    if _PLAIN.fullmatch(name) is not None:
        return False
    return any(len(character.encode(ENCODING, "replace")) == 4 for character in name)


def account_hash(accounts: Iterable[str]) -> str:
    """Hash total: the sum of all payee accounts read as whole numbers, modulo 10^18, without leading zeros.

    >>> account_hash(["6217000000000000012", "6228480000000001230"])
    '445480000000001242'
    """
    return str(sum(int(account) for account in accounts) % HASH_MODULUS)


def build(header: Header, lines: Sequence[Line]) -> bytes:
    """The file's bytes. Raises FileFault when a line has a problem or the file is empty or too long."""
    if not 0 < len(lines) <= LINES_MAX:
        raise FileFault(f"{len(lines)} lines: a file holds 1 to {LINES_MAX}")
    problems = problems_in(lines)
    if problems:
        raise FileFault(
            f"{len(problems)} problems, the first: {problems[0].code} in {problems[0].end_to_end_id}"
        )
    if not (survives(header.payer_name) and _is_digits(header.payer_account)):
        raise FileFault("the payer's name or account would not survive the file")
    count, total = len(lines), sum(line.amount_fen for line in lines)
    opening = ["H", header.batch_number, header.business, header.payer_account, header.payer_name, CURRENCY]
    dated = [header.value_date.isoformat(), header.created_at.isoformat(timespec="seconds")]
    rows = ["|".join([*opening, str(count), str(total), *dated])]
    rows += ["|".join(["D", str(sequence), *_columns(line)]) for sequence, line in enumerate(lines, start=1)]
    rows.append(f"T|{count}|{total}|{account_hash(line.account for line in lines)}")
    return (LINE_END.join(rows) + LINE_END).encode(ENCODING)


def _columns(line: Line) -> tuple[str, ...]:
    return (
        line.end_to_end_id,
        line.account,
        line.name,
        line.id_tail,
        line.bank_code,
        str(line.amount_fen),
        line.purpose,
        line.case_number,
    )


def read(content: bytes) -> Read:
    """Read a file back as the bank will. Raises FileFault if its three counts, sums or hash totals differ.

    The `is_card` of the lines is not in the file and comes back true.
    """
    rows = [row.split("|") for row in _rows(content)]
    if len(rows) < 3 or rows[0][0] != "H" or rows[-1][0] != "T" or len(rows[0]) != 10 or len(rows[-1]) != 4:
        raise FileFault("header, details and trailer are not where they belong")
    lines: list[Line] = []
    for position, row in enumerate(rows[1:-1], start=1):
        if len(row) != 10 or row[0] != "D" or row[1] != str(position) or not _is_digits(row[7]):
            raise FileFault(f"detail {position} is not a detail line")
        lines.append(Line(row[2], row[3], row[4], row[5], row[6], Fen(int(row[7])), row[8], row[9]))
    if not all(_is_digits(line.account) for line in lines):
        raise FileFault("an account is not a number")
    count, total = len(lines), Fen(sum(line.amount_fen for line in lines))
    hashed = account_hash(line.account for line in lines)
    said = [(row[index], row[index + 1]) for row, index in ((rows[0], 6), (rows[-1], 1))]
    if said != [(str(count), str(total))] * 2:
        raise FileFault("count or total differ between header, details and trailer")
    if rows[-1][3] != hashed:
        raise FileFault("the hash total differs")
    if len({line.end_to_end_id for line in lines}) != count:
        raise FileFault("an end-to-end identifier stands twice")
    return Read(rows[0][1], count, total, hashed, tuple(lines))


def read_response(content: bytes) -> list[ResponseLine]:
    """The bank's answer file, `R` lines in the order given. Raises FileFault on anything that is not one."""
    found: list[ResponseLine] = []
    for position, row in enumerate((row.split("|") for row in _rows(content)), start=1):
        if len(row) != 8 or row[0] != "R" or not _is_digits(row[1]) or row[3] not in ("S", "F", "P"):
            raise FileFault(f"line {position} is not a response line")
        try:
            booked_at = datetime.fromisoformat(row[7]) if row[7] else None
        except ValueError:
            raise FileFault(f"line {position} has no booking time") from None
        if row[3] != "P" and (not row[6] or booked_at is None):
            raise FileFault(f"line {position} is final but has no serial or booking time")
        found.append(ResponseLine(int(row[1]), row[2], row[3], row[4], row[5], row[6], booked_at))
    return found


def _rows(content: bytes) -> list[str]:
    try:
        text = content.decode(ENCODING)
    except UnicodeDecodeError:
        raise FileFault("not GB18030") from None
    if not text.endswith(LINE_END):
        raise FileFault("the last line is not ended")
    return text.removesuffix(LINE_END).split(LINE_END)


def _account_problems(line: Line) -> list[str]:
    if line.is_card:
        judged = identifiers.check(identifiers.BANK_CARD, line.account)
        if judged.valid:
            return []
        return [ACCOUNT_CHECK if judged.problem == "CHECK" else ACCOUNT_SHAPE]
    return [] if _is_digits(line.account) and 8 <= len(line.account) <= 32 else [ACCOUNT_SHAPE]


def _name_problems(name: str) -> list[str]:
    if not name.strip():
        return [NAME_EMPTY]
    if not survives(name):
        lost = any(unicodedata.category(character) == "Cs" for character in name)
        return [ENCODING_LOST if lost else CHARACTER]
    return [NAME_LONG] if len(name.encode(ENCODING)) > NAME_BYTES else []


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
