"""The bank: a payment file goes out once, its status, receipts and the day's statement are asked for
(docs/wire.md §3).

Sending is tried once and never repeated here: after silence the caller asks for the status. What the bank
says is read strictly; a statement whose lines do not make its closing balance is no statement. A bank may
answer with the JSON of that page or with ISO 20022 (pain.002, camt.053): each answer is read as what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from urllib.parse import quote, urlencode

from gateways.adapters import iso20022, wire
from gateways.adapters.fields import Fields
from gateways.adapters.iso20022 import CODE_LENGTH, REFERENCE_LENGTH, AccountStatement, StatusReport
from gateways.adapters.wire import BadAnswer, Endpoint, Limits
from gateways.adapters.xml import is_xml
from gateways.ports import BankReceipt, BankReply, BankStatement, Channel, StatementRow

STATUSES = frozenset({"S", "F", "P"})
DIRECTIONS = frozenset({"D", "C"})
UNKNOWN_BATCH = 404


def submit(
    endpoint: Endpoint,
    path: str,
    *,
    batch_number: str,
    content: bytes,
    sha256: str,
    charset: str,
    media_type: str,
    asked_at: datetime,
    limits: Limits,
) -> BankReply:
    """Send one file. Raises `Unavailable` or `BadAnswer`; after either the bank may have taken it."""
    reply = wire.exchange(
        endpoint,
        method="POST",
        path=path,
        asked_at=asked_at,
        limits=limits,
        breaker=Channel.BANK.value,
        body=content,
        content_type=f"{media_type}; charset={charset}",
        headers={"X-Anye-Batch": batch_number, "X-Anye-Content-SHA256": sha256},
    )
    if is_xml(reply.body):
        return _reply_of_report(iso20022.read_status_report(reply.body), batch_number)
    return _reply(Fields(wire.read_json(reply.body)), batch_number)


def status(
    endpoint: Endpoint, path: str, *, batch_number: str, asked_at: datetime, limits: Limits
) -> BankReply | None:
    """What became of a file; None where the bank does not have it."""
    reply = wire.exchange(
        endpoint,
        method="GET",
        path=f"{path}/{quote(batch_number, safe='')}",
        asked_at=asked_at,
        limits=limits,
        breaker=Channel.BANK.value,
        accept=frozenset({UNKNOWN_BATCH}),
    )
    if reply.status != UNKNOWN_BATCH and is_xml(reply.body):
        return _reply_of_report(iso20022.read_status_report(reply.body), batch_number)
    body = Fields(wire.read_json(reply.body))
    if reply.status == UNKNOWN_BATCH:
        # A mistyped address answers 404 as well: only the bank's own word lets a file be sent again.
        body.inner("error").choice("code", frozenset({"batch_unknown"}))
        return None
    return replace(_reply(body, batch_number), count=body.whole("count"), total_fen=body.whole("total_fen"))


def receipts(
    endpoint: Endpoint, path: str, *, batch_number: str, asked_at: datetime, limits: Limits
) -> list[BankReceipt]:
    """All receipts of a file so far; one listed twice comes once."""
    reply = wire.exchange(
        endpoint,
        method="GET",
        path=f"{path}/{quote(batch_number, safe='')}/receipts",
        asked_at=asked_at,
        limits=limits,
        breaker=Channel.BANK.value,
    )
    if is_xml(reply.body):
        report = iso20022.read_status_report(reply.body)
        if report.batch_number != batch_number:
            raise BadAnswer("OrgnlMsgId")
        return list(report.receipts)
    body = Fields(wire.read_json(reply.body))
    if body.text("batch_number") != batch_number:
        raise body.bad("batch_number")
    found: list[BankReceipt] = []
    by_serial: dict[str, BankReceipt] = {}
    for row in body.each("receipts"):
        receipt = _receipt(row)
        if receipt.bank_serial:
            known = by_serial.setdefault(receipt.bank_serial, receipt)
            if known is not receipt:
                if known != receipt:
                    raise row.bad("bank_serial")
                continue
        found.append(receipt)
    return found


def statement(
    endpoint: Endpoint, path: str, *, day: date, account: str, asked_at: datetime, limits: Limits
) -> BankStatement:
    """One day's statement, of one payer account or of all together."""
    query: Mapping[str, str] = {"day": day.isoformat()} | ({"account": account} if account else {})
    reply = wire.exchange(
        endpoint,
        method="GET",
        path=f"{path}?{urlencode(query)}",
        asked_at=asked_at,
        limits=limits,
        breaker=Channel.BANK.value,
    )
    if is_xml(reply.body):
        return _statement_of_account(iso20022.read_statement(reply.body), day=day, account=account)
    body = Fields(wire.read_json(reply.body))
    if body.day("day") != day:
        raise body.bad("day")
    if body.text("account") != account:
        raise body.bad("account")
    opening, closing = body.signed("opening_fen"), body.signed("closing_fen")
    lines = tuple(_line(row) for row in body.each("lines"))
    moved = sum(line.amount_fen if line.direction == "C" else -line.amount_fen for line in lines)
    if opening + moved != closing:
        raise body.bad("closing_fen")
    if len({line.bank_serial for line in lines}) != len(lines):
        raise body.bad("lines")
    return BankStatement(opening_fen=opening, closing_fen=closing, lines=lines)


def _reply_of_report(report: StatusReport, batch_number: str) -> BankReply:
    """The bank's word on the whole file; a report without one says nothing of it."""
    if report.batch_number != batch_number:
        raise BadAnswer("OrgnlMsgId")
    if not report.group_status:
        raise BadAnswer("GrpSts")
    return BankReply(
        accepted=report.group_status != iso20022.REJECTED,
        code=report.reason_code or report.group_status,
        reference=report.reference,
        count=report.count,
        total_fen=report.total_fen,
    )


def _statement_of_account(found: AccountStatement, *, day: date, account: str) -> BankStatement:
    if found.day != day:
        raise BadAnswer("Stmt.Bal.Dt")
    if account and found.account != account:
        raise BadAnswer("Stmt.Acct")
    return found.statement


def _reply(body: Fields, batch_number: str) -> BankReply:
    if body.text("batch_number") != batch_number:
        raise body.bad("batch_number")
    accepted = body.flag("accepted")
    return BankReply(
        accepted=accepted,
        code=body.text("code", required=True, longest=CODE_LENGTH),
        reference=body.text("reference", required=accepted, longest=REFERENCE_LENGTH),
    )


def _receipt(row: Fields) -> BankReceipt:
    receipt = BankReceipt(
        end_to_end_id=row.text("end_to_end_id", required=True),
        status=row.choice("status", STATUSES),
        reason_code=row.text("reason_code"),
        reason_text=row.text("reason_text"),
        bank_serial=row.text("bank_serial", longest=REFERENCE_LENGTH),
        booked_at=row.moment_or_none("booked_at"),
        amount_fen=_amount(row),
    )
    decided = receipt.status != "P"
    if bool(receipt.bank_serial) is not decided:
        raise row.bad("bank_serial")
    if (receipt.booked_at is not None) is not decided:
        raise row.bad("booked_at")
    return receipt


def _line(row: Fields) -> StatementRow:
    return StatementRow(
        bank_serial=row.text("bank_serial", required=True, longest=REFERENCE_LENGTH),
        booked_at=row.moment("booked_at"),
        direction=row.choice("direction", DIRECTIONS),
        amount_fen=_amount(row),
        end_to_end_id=row.text("end_to_end_id"),
        reason_code=row.text("reason_code"),
        batch_number=row.text("batch_number"),
    )


def _amount(row: Fields) -> int:
    """Whole fen, above 0."""
    amount = row.whole("amount_fen")
    if not amount:
        raise row.bad("amount_fen")
    return amount
