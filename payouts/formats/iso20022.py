"""A batch as an ISO 20022 credit transfer, pain.001.001.09: build it, and read it back as the bank will.

The profile names Chinese accounts and clearing codes (`Othr/Id`, CNAPS) and yuan alone. Pure: no database,
no clock, no network. It must never repair a value; what may be paid at all is judged in `bank_file`, which
is stricter than this format, so that a batch may go to either kind of bank. What banks answer is read in
`gateways.adapters.iso20022`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from xml.etree.ElementTree import Element, SubElement, tostring

from gateways.adapters import xml
from gateways.adapters.wire import BadAnswer
from gateways.adapters.xml import Node
from law.money import Fen
from payouts.formats.bank_file import LINES_MAX, FileFault, Header, Line, Read, account_hash, problems_in

ENCODING = "utf-8"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CURRENCY = "CNY"
CLEARING = "CNAPS"
PURPOSE = "SSBE"
"""The standard's code for a social security benefit."""
IDENTIFIER_MAX = 35
NAME_MAX = 140
ACCOUNT_MAX = 34

_BANK_CODE = re.compile(r"\d{12}", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
# What XML 1.0 cannot hold at all, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BETWEEN = "/"


def yuan(amount: Fen) -> str:
    """Fen as the standard writes money: yuan with two decimals.

    >>> yuan(Fen(198005))
    '1980.05'
    """
    whole, rest = divmod(amount, 100)
    return f"{whole}.{rest:02d}"


def build(header: Header, lines: Sequence[Line]) -> bytes:
    """The file's bytes. Raises FileFault when a line has a problem or the file is empty or too long, and
    where the payer's bank code is missing, without which this format has no sender.
    """
    if not 0 < len(lines) <= LINES_MAX:
        raise FileFault(f"{len(lines)} lines: a file holds 1 to {LINES_MAX}")
    problems = problems_in(lines)
    if problems:
        raise FileFault(
            f"{len(problems)} problems, the first: {problems[0].code} in {problems[0].end_to_end_id}"
        )
    _check_header(header)
    for line in lines:
        if _NOT_XML.search(f"{line.name}{line.purpose}{line.case_number}"):
            raise FileFault(f"a character that XML cannot hold in {line.end_to_end_id}")
        if _BETWEEN in line.case_number:
            raise FileFault(f"the case number of {line.end_to_end_id} would not read back")
    count, total = str(len(lines)), yuan(Fen(sum(line.amount_fen for line in lines)))
    root = Element("Document", {"xmlns": NAMESPACE})
    message = _add(root, "CstmrCdtTrfInitn")
    group = _add(message, "GrpHdr")
    _add(group, "MsgId", header.batch_number)
    _add(group, "CreDtTm", header.created_at.astimezone(UTC).isoformat(timespec="seconds"))
    _add(group, "NbOfTxs", count)
    _add(group, "CtrlSum", total)
    _add(_add(group, "InitgPty"), "Nm", header.payer_name)
    payment = _add(message, "PmtInf")
    _add(payment, "PmtInfId", header.batch_number)
    _add(payment, "PmtMtd", "TRF")
    _add(payment, "BtchBookg", "true")
    _add(payment, "NbOfTxs", count)
    _add(payment, "CtrlSum", total)
    _add(_add(_add(payment, "PmtTpInf"), "CtgyPurp"), "Cd", PURPOSE)
    _add(_add(payment, "ReqdExctnDt"), "Dt", header.value_date.isoformat())
    _add(_add(payment, "Dbtr"), "Nm", header.payer_name)
    _account(payment, "DbtrAcct", header.payer_account)
    _agent(payment, "DbtrAgt", header.payer_bank_code)
    for line in lines:
        _transfer(payment, line)
    return bytes(tostring(root, encoding="UTF-8", xml_declaration=True))


def _check_header(header: Header) -> None:
    if _BANK_CODE.fullmatch(header.payer_bank_code) is None:
        raise FileFault("the payer's bank code is not 12 digits")
    if _DIGITS.fullmatch(header.payer_account) is None or len(header.payer_account) > ACCOUNT_MAX:
        raise FileFault("the payer's account would not survive the file")
    if not 0 < len(header.payer_name) <= NAME_MAX or _NOT_XML.search(header.payer_name):
        raise FileFault("the payer's name would not survive the file")
    if not 0 < len(header.batch_number) <= IDENTIFIER_MAX:
        raise FileFault("the batch number is too long for this format")


def _transfer(payment: Element, line: Line) -> None:
    transfer = _add(payment, "CdtTrfTxInf")
    _add(_add(transfer, "PmtId"), "EndToEndId", line.end_to_end_id)
    amount = _add(_add(transfer, "Amt"), "InstdAmt", yuan(line.amount_fen))
    amount.set("Ccy", CURRENCY)
    _agent(transfer, "CdtrAgt", line.bank_code)
    _add(_add(transfer, "Cdtr"), "Nm", line.name)
    _account(transfer, "CdtrAcct", line.account)
    _add(_add(transfer, "Purp"), "Cd", PURPOSE)
    _add(_add(transfer, "RmtInf"), "Ustrd", f"{line.purpose}{_BETWEEN}{line.case_number}")


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    element = SubElement(parent, name)
    element.text = text
    return element


def _account(parent: Element, name: str, number: str) -> None:
    _add(_add(_add(_add(parent, name), "Id"), "Othr"), "Id", number)


def _agent(parent: Element, name: str, code: str) -> None:
    member = _add(_add(_add(parent, name), "FinInstnId"), "ClrSysMmbId")
    _add(_add(member, "ClrSysId"), "Cd", CLEARING)
    _add(member, "MmbId", code)


def read(content: bytes) -> Read:
    """Read a file back as the bank will. Raises FileFault if counts or sums differ, or it is no such file.

    The last four of the payee's number are not in this format and come back "".
    """
    try:
        return _read(xml.parse(content, namespace=NAMESPACE).inner("CstmrCdtTrfInitn"))
    except BadAnswer as fault:
        raise FileFault(f"{fault.where} is not as this format has it") from None


def _read(message: Node) -> Read:
    group, payment = message.inner("GrpHdr"), message.inner("PmtInf")
    number = group.text("MsgId")
    if payment.text("PmtInfId") != number:
        raise payment.bad("PmtInfId")
    lines = tuple(_line(transfer) for transfer in payment.each("CdtTrfTxInf"))
    count, total = len(lines), Fen(sum(line.amount_fen for line in lines))
    for part in (group, payment):
        if part.whole_or_none("NbOfTxs") != count:
            raise part.bad("NbOfTxs")
        if part.fen("CtrlSum", has_currency=False) != total:
            raise part.bad("CtrlSum")
    if len({line.end_to_end_id for line in lines}) != count:
        raise payment.bad("EndToEndId")
    return Read(number, count, total, account_hash(line.account for line in lines), lines)


def _line(transfer: Node) -> Line:
    account = transfer.text("CdtrAcct/Id/Othr/Id")
    if _DIGITS.fullmatch(account) is None:
        raise transfer.bad("CdtrAcct")
    member = transfer.inner("CdtrAgt/FinInstnId/ClrSysMmbId")
    member.choice("ClrSysId/Cd", frozenset({CLEARING}))
    purpose, found, case_number = transfer.text("RmtInf/Ustrd").rpartition(_BETWEEN)
    if not found:
        raise transfer.bad("RmtInf")
    return Line(
        end_to_end_id=transfer.text("PmtId/EndToEndId"),
        account=account,
        name=transfer.text("Cdtr/Nm"),
        id_tail="",
        bank_code=member.text("MmbId"),
        amount_fen=transfer.fen("Amt/InstdAmt"),
        purpose=purpose,
        case_number=case_number,
    )
