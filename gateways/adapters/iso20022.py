"""What an ISO 20022 bank says: pain.002.001.10 about our payments, camt.053.001.08 about the account.

Pure: bytes in, the words of `gateways.ports` out. A document that contradicts itself does not count at all,
in part neither; it must never be repaired, and no error holds a value of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from gateways.adapters import xml
from gateways.adapters.xml import Node
from gateways.ports import BankReceipt, BankStatement, StatementRow
from law.money import Fen
from law.workdays import LEGAL_ZONE

STATUS_REPORT = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
STATEMENT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"

SETTLED, REJECTED, PART = "ACSC", "RJCT", "PART"
WAITING = frozenset({"RCVD", "ACTC", "ACCP", "ACSP", "ACWC", "PDNG"})
GROUP_STATUSES = WAITING | {SETTLED, REJECTED, PART}
TRANSACTION_STATUSES = WAITING | {SETTLED, REJECTED}
OF_STATUS = {SETTLED: "S", REJECTED: "F"}
UNSPECIFIED = "MS03"
"""The standard's own code for a bank that gives no reason."""
CODE_LENGTH = 12
REFERENCE_LENGTH = 64
"""The longest name that a bank may give to a payment, a line or a file; the standard allows 35."""
NOT_PROVIDED = "NOTPROVIDED"
BOOKED, PENDING_ENTRY, INFORMATION = "BOOK", "PDNG", "INFO"


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A pain.002: the word on the whole file, "" if the bank says none, and on each payment it names.

    `count` and `total_fen` are what the bank says that our file held; None where it does not.
    """

    batch_number: str
    reference: str
    group_status: str
    reason_code: str
    count: int | None
    total_fen: Fen | None
    receipts: tuple[BankReceipt, ...]


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """A camt.053: whose account, which day, and what moved."""

    account: str
    day: date
    statement: BankStatement


# --- pain.002 ---------------------------------------------------------------------------------------------


def read_status_report(body: bytes) -> StatusReport:
    """Raises `BadAnswer` for anything but a pain.002.001.10 that agrees with itself."""
    report = xml.parse(body, namespace=STATUS_REPORT).inner("CstmrPmtStsRpt")
    said_at = report.inner("GrpHdr").moment("CreDtTm")
    group = report.inner("OrgnlGrpInfAndSts")
    batch_number = group.text("OrgnlMsgId")
    if not group.text("OrgnlMsgNmId").startswith("pain.001.001."):
        raise group.bad("OrgnlMsgNmId")
    status = group.choice("GrpSts", GROUP_STATUSES) if group.inner_or_none("GrpSts") else ""
    receipts: list[BankReceipt] = []
    for part in report.each("OrgnlPmtInfAndSts"):
        if part.text("OrgnlPmtInfId") != batch_number:
            raise part.bad("OrgnlPmtInfId")
        receipts += [_receipt(row, said_at=said_at) for row in part.each("TxInfAndSts")]
    if len({one.end_to_end_id for one in receipts}) != len(receipts):
        raise report.bad("OrgnlEndToEndId")
    _must_agree(status, receipts, group)
    return StatusReport(
        batch_number=batch_number,
        reference=report.text("GrpHdr/MsgId", longest=REFERENCE_LENGTH),
        group_status=status,
        reason_code=_reason(group)[0] if status == REJECTED else "",
        count=group.whole_or_none("OrgnlNbOfTxs"),
        total_fen=group.fen_or_none("OrgnlCtrlSum", has_currency=False),
        receipts=tuple(receipts),
    )


def _receipt(row: Node, *, said_at: datetime) -> BankReceipt:
    """One payment. A final word needs the bank's reference, by which it is known when it comes again."""
    status = OF_STATUS.get(row.choice("TxSts", TRANSACTION_STATUSES), "P")
    code, text = _reason(row) if status == "F" else ("", "")
    final = status != "P"
    serial = _reference(row, "AcctSvcrRef") or _reference(row, "StsId")
    if final and not serial:
        raise row.bad("AcctSvcrRef")
    booked_at = row.moment("AccptncDtTm") if row.inner_or_none("AccptncDtTm") else said_at
    return BankReceipt(
        end_to_end_id=row.text("OrgnlEndToEndId"),
        status=status,
        reason_code=code,
        reason_text=text,
        bank_serial=serial if final else "",
        booked_at=booked_at if final else None,
        amount_fen=row.fen_or_none("OrgnlTxRef/Amt/InstdAmt"),
    )


def _reference(node: Node, path: str) -> str:
    return node.text_or_empty(path, longest=REFERENCE_LENGTH)


def _reason(node: Node) -> tuple[str, str]:
    """Code and words of a refusal: the first that has a code; MS03 where the bank gives none."""
    for given in node.each("StsRsnInf"):
        code = given.text_or_empty("Rsn/Cd") or given.text_or_empty("Rsn/Prtry")
        if code:
            return code[:CODE_LENGTH], " ".join(_words(given))
    return UNSPECIFIED, ""


def _words(given: Node) -> Iterator[str]:
    for line in given.each("AddtlInf"):
        yield line.own_text()


def _must_agree(group_status: str, receipts: list[BankReceipt], group: Node) -> None:
    """A group that is settled has no rejected payment in it, and the other way round."""
    found = {one.status for one in receipts}
    allowed = {SETTLED: {"S"}, REJECTED: {"F"}}.get(group_status, {"S", "F", "P"})
    if not found <= allowed:
        raise group.bad("GrpSts")


# --- camt.053 ---------------------------------------------------------------------------------------------


def read_statement(body: bytes) -> AccountStatement:
    """Raises `BadAnswer` for anything but one whole camt.053.001.08 of one account and one day in yuan whose
    entries lead from its opening to its closing balance.

    Entries that are not booked yet move nothing and are passed over; they come again when they are.
    """
    message = xml.parse(body, namespace=STATEMENT).inner("BkToCstmrStmt")
    found = message.inner("Stmt")
    for pages in (message.inner("GrpHdr").inner_or_none("MsgPgntn"), found.inner_or_none("StmtPgntn")):
        if pages is not None and (pages.text("PgNb") != "1" or pages.text("LastPgInd") not in ("true", "1")):
            raise pages.bad()  # a page of a statement is not the statement
    balances: dict[str, tuple[Fen, date]] = {}
    for balance in found.each("Bal"):
        code = balance.text_or_empty("Tp/CdOrPrtry/Cd")
        if code in ("OPBD", "CLBD"):
            if code in balances:
                raise balance.bad("Tp")
            balances[code] = (_signed(balance), _day(balance.inner("Dt")))
    if len(balances) != 2:
        raise found.bad("Bal")
    (opening, _), (closing, day) = balances["OPBD"], balances["CLBD"]
    lines = tuple(line for entry in found.each("Ntry") for line in _lines(entry, day))
    if opening + sum(one.amount_fen if one.direction == "C" else -one.amount_fen for one in lines) != closing:
        raise found.bad("Bal")
    if len({line.bank_serial for line in lines}) != len(lines):
        raise found.bad("AcctSvcrRef")
    account = found.text_or_empty("Acct/Id/Othr/Id") or found.text("Acct/Id/IBAN")
    return AccountStatement(account, day, BankStatement(opening, closing, lines))


def _signed(node: Node) -> Fen:
    amount = node.fen("Amt")
    return amount if _direction(node) == "C" else Fen(-amount)


def _direction(node: Node) -> str:
    return node.choice("CdtDbtInd", frozenset({"CRDT", "DBIT"}))[0]


def _day(node: Node) -> date:
    return node.day("Dt") if node.inner_or_none("Dt") else node.day("DtTm")


def _booked(entry: Node, day: date) -> datetime:
    """When the entry was booked: it must be on the statement's day."""
    booked = entry.inner("BookgDt")
    if _day(booked) != day:
        raise booked.bad()
    if booked.inner_or_none("DtTm"):
        return booked.moment("DtTm")
    return datetime.combine(day, time.min, LEGAL_ZONE)


def _lines(entry: Node, day: date) -> Iterator[StatementRow]:
    """One line for each payment of an entry: a file may be booked as one entry of many payments."""
    status = entry.text_or_empty("Sts/Cd") or entry.text("Sts/Prtry")
    if status in (PENDING_ENTRY, INFORMATION):
        return
    if status != BOOKED:
        raise entry.bad("Sts")
    amount, direction, booked_at = entry.fen("Amt"), _direction(entry), _booked(entry, day)
    serial = _reference(entry, "AcctSvcrRef") or _reference(entry, "NtryRef")
    parts = [(group, one) for group in entry.each("NtryDtls") for one in group.each("TxDtls")]
    if not parts:
        yield _line(entry, None, serial, booked_at, direction, amount, "")
        return
    total = 0
    for group, part in parts:
        if part.inner_or_none("CdtDbtInd") and _direction(part) != direction:
            raise part.bad("CdtDbtInd")
        own = part.fen_or_none("Amt")
        if own is None and len(parts) > 1:
            raise part.bad("Amt")
        own_serial = _reference(part, "Refs/AcctSvcrRef") or (serial if len(parts) == 1 else "")
        file = group.text_or_empty("Btch/PmtInfId") or group.text_or_empty("Btch/MsgId")
        line = _line(part, part, own_serial, booked_at, direction, amount if own is None else own, file)
        total += line.amount_fen
        yield line
    if total != amount:
        raise entry.bad("Amt")


def _line(
    at: Node,
    part: Node | None,
    serial: str,
    booked_at: datetime,
    direction: str,
    amount: Fen,
    file: str,
) -> StatementRow:
    if not serial:
        raise at.bad("AcctSvcrRef")
    if not amount:
        raise at.bad("Amt")
    name, reason = "", ""
    if part is not None:
        name = part.text_or_empty("Refs/EndToEndId")
        file = part.text_or_empty("Refs/PmtInfId") or part.text_or_empty("Refs/MsgId") or file
        reason = part.text_or_empty("RtrInf/Rsn/Cd") or part.text_or_empty("RtrInf/Rsn/Prtry")
        if not reason and part.inner_or_none("RtrInf"):
            reason = UNSPECIFIED
    return StatementRow(
        bank_serial=serial,
        booked_at=booked_at,
        direction=direction,
        amount_fen=amount,
        end_to_end_id="" if name == NOT_PROVIDED else name,
        reason_code=reason[:CODE_LENGTH],
        batch_number=file,
    )
