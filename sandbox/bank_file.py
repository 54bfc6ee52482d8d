"""Reading a payment file: layout, counts, totals, hash. It judges the file, never an account or a person.

The layout is that of `docs/wire.md` §3.1, read here from that page and written by hand: the sandbox shares no
code with the product that writes such files.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

MOST_ROWS = 10_000
LONGEST_NAME = 60
_HASH_MODULUS = 10**18
_WHOLE = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{6,32}", re.ASCII)
_BANK_CODE = re.compile(r"[0-9]{12}", re.ASCII)
_LAST4 = re.compile(r"[0-9A-Z]{4}", re.ASCII)
_END_TO_END = re.compile(r"[A-Za-z0-9-]{1,35}", re.ASCII)


class FileRejected(Exception):
    """The file is not taken: a code of `docs/wire.md` §3.2 and where the fault lies."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Row:
    """One payment asked for; amounts in fen."""

    seq: int
    end_to_end_id: str
    account: str
    name: str
    id_last4: str
    bank_code: str
    amount_fen: int
    purpose: str
    case_number: str


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """A file that holds together: counts, totals and hash were compared with the rows."""

    batch_number: str
    payer_account: str
    payer_name: str
    total_fen: int
    rows: tuple[Row, ...]


def parse(content: bytes, *, charset: str) -> PaymentFile:
    """Read a file. Raises FileRejected with the first fault found."""
    lines = _lines(content, charset)
    header = _fields(lines[0], 1, "H", 10)
    trailer = _fields(lines[-1], len(lines), "T", 4)
    if header[5] != "CNY":
        raise FileRejected("AM03", "line 1: the currency is not CNY")
    try:
        date.fromisoformat(header[8])
        datetime.fromisoformat(header[9])
    except ValueError as error:
        raise FileRejected("DT01", f"line 1: {error}") from error
    if not header[2] or not header[4]:
        raise FileRejected("FF01", "line 1: the kind of business or the payer's name is missing")
    if _ACCOUNT.fullmatch(header[3]) is None:
        raise FileRejected("AC02", "line 1: the payer account is not a number of 6 to 32 digits")
    rows = tuple(_row(line, number) for number, line in enumerate(lines[1:-1], start=2))
    _check_sums(header, trailer, rows)
    return PaymentFile(header[1], header[3], header[4], sum(row.amount_fen for row in rows), rows)


def _lines(content: bytes, charset: str) -> list[str]:
    try:
        text = content.decode(charset)
    except (UnicodeDecodeError, LookupError) as error:
        raise FileRejected("FF01", f"the file is not {charset[:20]}") from error
    if not text.endswith("\r\n"):
        raise FileRejected("FF01", "the last line does not end in CRLF")
    lines = text[:-2].split("\r\n")
    for number, line in enumerate(lines, start=1):
        if "\r" in line or "\n" in line:
            raise FileRejected("FF01", f"line {number}: a single CR or LF")
    if len(lines) < 3:
        raise FileRejected("FF01", "a header, at least one row and a trailer are needed")
    if len(lines) - 2 > MOST_ROWS:
        raise FileRejected("FF01", f"more than {MOST_ROWS} rows")
    return lines


def _fields(line: str, number: int, kind: str, count: int) -> list[str]:
    fields = line.split("|")
    if fields[0] != kind or len(fields) != count:
        raise FileRejected("FF01", f"line {number}: {count} fields that begin with {kind} are expected")
    return fields


def _row(line: str, number: int) -> Row:
    fields = _fields(line, number, "D", 10)
    seq, end_to_end, account, name, last4, bank_code, amount, purpose, case_number = fields[1:]
    if seq != str(number - 1):
        raise FileRejected("FF01", f"line {number}: seq must be {number - 1}")
    if _WHOLE.fullmatch(amount) is None or amount == "0":
        raise FileRejected("AM12", f"line {number}: the amount is not a whole number of fen above 0")
    for what, fits in (
        ("end_to_end_id", _END_TO_END.fullmatch(end_to_end)),
        ("payee_account", _ACCOUNT.fullmatch(account)),
        ("payee_name", 1 <= len(name.encode("gb18030", "replace")) <= LONGEST_NAME),
        ("id_last4", _LAST4.fullmatch(last4)),
        ("bank_code12", _BANK_CODE.fullmatch(bank_code)),
        ("purpose", 1 <= len(purpose) <= 60),
        ("case_no", 1 <= len(case_number) <= 40),
    ):
        if not fits:
            raise FileRejected("FF01", f"line {number}: {what} is ill-formed")
    return Row(number - 1, end_to_end, account, name, last4, bank_code, int(amount), purpose, case_number)


def _check_sums(header: list[str], trailer: list[str], rows: tuple[Row, ...]) -> None:
    count, total = str(len(rows)), str(sum(row.amount_fen for row in rows))
    if {header[6], trailer[1]} != {count}:
        raise FileRejected(
            "AM18", f"there are {count} rows; the header says {header[6]}, the trailer {trailer[1]}"
        )
    if {header[7], trailer[2]} != {total}:
        raise FileRejected(
            "AM10", f"the rows make {total}; the header says {header[7]}, the trailer {trailer[2]}"
        )
    seen: set[str] = set()
    for row in rows:
        if row.end_to_end_id in seen:
            raise FileRejected("AM05", f"line {row.seq + 1}: its end-to-end id stands in the file twice")
        seen.add(row.end_to_end_id)
    if trailer[3] != str(sum(int(row.account) for row in rows) % _HASH_MODULUS):
        raise FileRejected("XH01", "the account hash total differs")
