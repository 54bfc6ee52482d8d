"""The bank file: what is built reads back the same, and every check before sending stops what it should."""

from __future__ import annotations

import dataclasses
import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law import identifiers
from law.money import Fen
from payouts.formats import bank_file
from payouts.formats.bank_file import FileFault, Header, Line, build, problems_in, problems_of, read

HEADER = Header(
    batch_number="FB20251009-0001",
    business="UIB",
    payer_account="1301000000000001",
    payer_name="失业保险基金支出户",
    value_date=date(2025, 10, 9),
    created_at=datetime(2025, 10, 9, 0, 40, tzinfo=UTC),
)


def line(number: int = 1, /, **changed: object) -> Line:
    values: dict[str, object] = {
        "end_to_end_id": f"AY{number:010d}-1",
        "account": "6217000000000000012",
        "name": "张三",
        "id_tail": "0003",
        "bank_code": "102121000012",
        "amount_fen": Fen(198_000),
        "purpose": "失业保险金202510",
        "case_number": "SP20250926-0413",
    }
    return Line(**{**values, **changed})  # type: ignore[arg-type]  # keyword fields of a test


def test_the_file_has_the_layout_that_was_agreed() -> None:
    content = build(HEADER, [line(), line(2, account="6228480000000001230", amount_fen=Fen(162_000))])
    assert content.decode("gb18030") == (
        "H|FB20251009-0001|UIB|1301000000000001|失业保险基金支出户|CNY|2|360000|2025-10-09"
        "|2025-10-09T00:40:00+00:00\r\n"
        "D|1|AY0000000001-1|6217000000000000012|张三|0003|102121000012|198000|失业保险金202510|SP20250926-0413\r\n"
        "D|2|AY0000000002-1|6228480000000001230|张三|0003|102121000012|162000|失业保险金202510|SP20250926-0413\r\n"
        "T|2|360000|445480000000001242\r\n"
    )


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"account": "6217000000000000013"}, bank_file.ACCOUNT_CHECK),
        ({"account": "621700000000000"}, bank_file.ACCOUNT_SHAPE),
        ({"account": "６217000000000000012"}, bank_file.ACCOUNT_SHAPE),
        ({"bank_code": "10212100001"}, bank_file.BANK_CODE),
        ({"amount_fen": Fen(0)}, bank_file.AMOUNT),
        ({"amount_fen": Fen(-1)}, bank_file.AMOUNT),
        ({"name": "  "}, bank_file.NAME_EMPTY),
        ({"name": "张" * 31}, bank_file.NAME_LONG),
        ({"name": "\U00020000" * 16}, bank_file.NAME_LONG),
        ({"name": "张|三"}, bank_file.CHARACTER),
        ({"name": "张\r\n三"}, bank_file.CHARACTER),
        ({"name": "张\u200b三"}, bank_file.CHARACTER),
        ({"name": "张\ue863"}, bank_file.CHARACTER),
        ({"name": "张３"}, bank_file.CHARACTER),
        ({"purpose": "失业|保险金"}, bank_file.CHARACTER),
        ({"purpose": "金" * 31}, bank_file.TEXT_LONG),
        ({"end_to_end_id": "AY_1"}, bank_file.IDENTIFIER),
        ({"end_to_end_id": "A" * 36}, bank_file.IDENTIFIER),
        ({"id_tail": "03"}, bank_file.ID_TAIL),
    ],
)
def test_what_a_bank_could_misread_is_a_problem(changed: dict[str, object], problem: str) -> None:
    assert problems_of(line(**changed)) == [problem]
    with pytest.raises(FileFault):
        build(HEADER, [line(**changed)])


def test_names_at_the_limit_and_rare_characters_pass_and_are_counted() -> None:
    assert problems_of(line(name="张" * 30)) == []
    assert problems_of(line(name="㛃\U00020000")) == []
    assert (
        bank_file.is_rare("王㛃") and bank_file.is_rare("\U00020000") and not bank_file.is_rare("张三·买买提")
    )


def test_every_character_is_judged_by_what_it_is() -> None:
    unsafe = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
    full_width_digits = range(0xFF10, 0xFF1A)
    for code in range(0x10000):
        character = chr(code)
        lost = character == "|" or code in full_width_digits or unicodedata.category(character) in unsafe
        assert bank_file.survives(character) is not lost, hex(code)
        assert lost or bank_file.is_rare(character) is (len(character.encode("gb18030")) == 4), hex(code)


def test_a_corporate_account_needs_no_card_digit() -> None:
    assert problems_of(line(account="130100000000001", is_card=False)) == []
    assert problems_of(line(account="12", is_card=False)) == [bank_file.ACCOUNT_SHAPE]


def test_the_same_identifier_twice_is_a_problem() -> None:
    assert [found.code for found in problems_in([line(), line()])] == [bank_file.DUPLICATE]


def test_a_file_is_neither_empty_nor_endless() -> None:
    with pytest.raises(FileFault):
        build(HEADER, [])
    with pytest.raises(FileFault):
        build(HEADER, [line(number) for number in range(bank_file.LINES_MAX + 1)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"|198000|", b"|198001|"),
        (b"T|1|198000|", b"T|2|198000|"),
        (b"CNY|1|198000", b"CNY|1|198001"),
        (b"6217000000000000012|", b"6217000000000000020|"),
        (b"\r\nT|", b"\nT|"),
        (b"D|1|", b"D|2|"),
        (b"H|", b"X|"),
    ],
)
def test_an_altered_file_does_not_read(old: bytes, new: bytes) -> None:
    content = build(HEADER, [line()])
    assert old in content
    with pytest.raises(FileFault):
        read(content.replace(old, new, 1))


NAMES = st.text(
    st.one_of(
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
        st.characters(min_codepoint=0x3400, max_codepoint=0x4DBF),
        st.characters(min_codepoint=0x20000, max_codepoint=0x2A6D6),
        st.just("·"),
    ),
    min_size=1,
    max_size=15,
)


@given(
    st.lists(
        st.tuples(
            NAMES, st.integers(1, 10**9), st.integers(0, 10**14 - 1), st.sampled_from(["", "0003", "000X"])
        ),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_has_no_problem_reads_back_the_same(rows: list[tuple[str, int, int, str]]) -> None:
    lines = []
    for number, (name, amount, serial, tail) in enumerate(rows):
        body = f"6217{serial:014d}"
        account = body + identifiers.luhn_check_digit(body)
        lines.append(line(number, name=name, amount_fen=Fen(amount), account=account, id_tail=tail))
    found = read(build(HEADER, lines))
    assert list(found.lines) == lines
    assert (found.count, found.total_fen) == (len(lines), sum(one.amount_fen for one in lines))


@given(st.text(max_size=30))
def test_no_text_breaks_a_file(text: str) -> None:
    one = line(name=text)
    if not problems_of(one):
        assert read(build(HEADER, [one])).lines[0].name == text


def test_a_response_file_is_read_strictly() -> None:
    text = (
        "R|1|AY0000000001-1|S|||20251009B1|2025-10-09T01:00:00+00:00\r\n"
        "R|2|AY0000000002-1|F|AC04|账户已销户|20251009B2|2025-10-09T01:00:00+00:00\r\n"
        "R|3|AY0000000003-1|P||||\r\n"
    )
    paid, failed, pending = bank_file.read_response(text.encode("gb18030"))
    assert (paid.status, failed.reason_code, pending.booked_at) == ("S", "AC04", None)
    for wrong in (
        text.replace("|S|", "|X|", 1),
        text.replace("20251009B1", ""),
        text.replace("01:00:00", "yesterday", 1),
        text.removesuffix("\r\n"),
        text.replace("R|3", "D|3"),
    ):
        with pytest.raises(FileFault):
            bank_file.read_response(wrong.encode("gb18030"))
    with pytest.raises(FileFault):
        bank_file.read_response(b"\xff\xff\r\n")


def test_a_line_cannot_be_changed_after_it_was_checked() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        line().amount_fen = Fen(1)  # type: ignore[misc]  # that it is refused is the point
