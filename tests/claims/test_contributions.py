"""Contribution histories from the core system: good rows in, once; bad ones listed; nothing half done."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from accounts.selectors import identifier_digest, machine
from cases import intake
from cases.intake_models import Intake, IntakeFault, IntakePiece
from claims import contributions
from claims.contribution_models import Contribution, InsuredPerson
from claims.intakes import LINES
from tests.sheets import HEADINGS, as_text, number, row, unit

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def brought(content: bytes, *, name: str = "缴费.csv", now: datetime = NOW) -> Intake:
    """A file read where it lies, as the command does it."""
    begun = intake.announce(
        kind=Intake.Kind.CONTRIBUTIONS, file_name=name, content=io.BytesIO(content), actor=machine(), now=now
    )
    assert intake.go_on(intake_id=begun.pk, lines=LINES, now=now, opened=lambda: io.BytesIO(content))
    begun.refresh_from_db()
    return begun


def counts(done: Intake) -> tuple[int, int, int, int]:
    assert done.problem == ""
    return done.read, done.added, done.unchanged, done.refused


def faults(done: Intake) -> list[tuple[int, str, str]]:
    rows = IntakeFault.objects.filter(intake=done).order_by("line", "pk")
    return list(rows.values_list("line", "column", "reason"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_good_rows_are_kept_as_they_were_meant(encoding: str) -> None:
    done = brought(as_text([row(), row(2, "202508", kind="补缴", paid="2025/9/1")]).encode(encoding))
    assert counts(done) == (2, 2, 0, 0)
    first = Contribution.objects.select_related("person").get(month="2025-09")
    assert (first.base_fen, first.unit_fen, first.own_fen, first.kind) == (500_000, 3_500, 1_500, "REGULAR")
    assert first.paid_on.isoformat() == "2025-10-09"
    assert (first.unit, first.intake_id, first.line) == (unit(1), done.pk, 2)
    assert first.person.number == number(1)
    assert first.person.digest == identifier_digest(kind="CITIZEN_ID", number=number(1))
    assert Contribution.objects.get(month="2025-08").kind == "ARREARS"


def test_the_same_file_twice_changes_nothing() -> None:
    content = as_text([row(serial, month) for serial in (1, 2) for month in ("2025-08", "2025-09")]).encode()
    brought(content)
    before = list(Contribution.objects.order_by("pk").values())
    again = brought(content)
    assert counts(again) == (4, 0, 4, 0)
    assert list(Contribution.objects.order_by("pk").values()) == before
    assert InsuredPerson.objects.count() == 2


def test_a_month_twice_in_a_file_is_listed_and_counts_once_also_when_it_is_read_again() -> None:
    content = as_text([row(), row(2), row(own="99"), row()]).encode()
    first = brought(content)
    assert counts(first) == (4, 2, 0, 2)
    assert faults(first) == [(4, "month", "contribution.twice"), (5, "month", "contribution.twice")]
    again = brought(content)
    assert counts(again) == (4, 0, 2, 2)
    assert faults(again) == faults(first)
    kept = Contribution.objects.get(person__digest=identifier_digest(kind="CITIZEN_ID", number=number(1)))
    assert kept.line == 2


def test_two_units_in_one_month_are_two_rows() -> None:
    assert counts(brought(as_text([row(), row(unit=unit(2))]).encode())) == (2, 2, 0, 0)


def test_what_says_otherwise_than_what_stands_is_listed_and_changes_nothing() -> None:
    brought(as_text([row()]).encode())
    other = brought(as_text([row(base="6000"), row(2)]).encode())
    assert counts(other) == (2, 1, 0, 1)
    assert faults(other) == [(2, "month", "contribution.differs")]
    assert set(Contribution.objects.values_list("base_fen", flat=True)) == {500_000}


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"number": number(1)[:17] + ("0" if number(1)[17] != "0" else "1")}, "person", "number.check"),
        ({"number": "1.30102E+17"}, "person", "number.scientific"),
        ({"number": ""}, "person", "cell.empty"),
        ({"unit": unit(1)[:17]}, "unit", "number.length"),
        ({"month": "2025-13"}, "month", "month.shape"),
        ({"month": "2026-12"}, "month", "month.future"),
        ({"month": "1925-09"}, "month", "month.early"),
        ({"base": "-1"}, "base_fen", "money.negative"),
        ({"base": "12.345"}, "base_fen", "money.decimals"),
        ({"own": "五十"}, "own_fen", "money.shape"),
        ({"own": "1,23"}, "own_fen", "money.shape"),
        ({"own": "9" * 15}, "own_fen", "money.large"),
        ({"paid": "2026-11-24"}, "paid_on", "day.future"),
        ({"paid": "2025-02-30"}, "paid_on", "day.none"),
        ({"paid": ""}, "paid_on", "cell.empty"),
        ({"paid": "2025-08-31"}, "paid_on", "contribution.paid_before"),
        ({"kind": "=1+1"}, "kind", "choice.unknown"),
    ],
)
def test_a_bad_row_is_listed_with_line_column_and_reason(
    changed: dict[str, str], column: str, reason: str
) -> None:
    done = brought(as_text([row(2), row(1, "2025-09", **changed), row(3)]).encode())
    assert counts(done) == (3, 2, 0, 1)
    assert faults(done) == [(3, column, reason)]


def test_two_faults_of_a_row_are_two_lines_of_the_list_and_one_row() -> None:
    done = brought(as_text([row(base="-1", month="x")]).encode())
    assert counts(done) == (1, 0, 0, 1)
    assert len(faults(done)) == 2


def test_no_number_of_a_person_is_kept_in_the_list() -> None:
    wrong = number(1)[:17] + ("0" if number(1)[17] != "0" else "1")
    done = brought(as_text([row(number=wrong), row(month=number(2)), row(kind=f"见{number(3)}")]).encode())
    shown = "".join(IntakeFault.objects.filter(intake=done).values_list("value", flat=True))
    for whole in (wrong, number(2), number(3)):
        assert whole not in shown
    assert wrong[:4] + "*" * 10 + wrong[-4:] in shown


def test_a_workbook_is_read_like_a_sheet_of_text() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADINGS)
    sheet.append([number(1), None, unit(1), "2025-09", 5000, 35.1, 15.0, date(2025, 10, 9), "正常"])
    sheet.append([float(number(2)[:17]), None, unit(1), "2025-09", 5000, 35, 15, "2025-10-09", "正常"])
    sheet.append([])
    sheet.append([number(3), None, unit(1), "2025-09", 5000, 35, 15])
    content = io.BytesIO()
    book.save(content)
    done = brought(content.getvalue(), name="缴费.xlsx")
    assert counts(done) == (3, 1, 0, 2)
    assert faults(done) == [(3, "person", "number.scientific"), (5, "paid_on", "cell.empty")]
    assert Contribution.objects.get().unit_fen == 3_510


@pytest.mark.parametrize("limit", ["MOST_WORKBOOK_BYTES", "MOST_UNPACKED_BYTES", "MOST_SHARED_BYTES"])
def test_a_workbook_that_would_fill_the_memory_is_not_opened(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(HEADINGS)
    content = io.BytesIO()
    book.save(content)
    monkeypatch.setattr("cases.sheets." + limit, 10)
    assert brought(content.getvalue()).problem == "sheet.workbook_large"


def test_two_sheets_with_something_in_them_are_not_guessed_at() -> None:
    book = Workbook()
    for sheet in (book.active, book.create_sheet("二")):
        assert sheet is not None
        sheet.append(HEADINGS)
    content = io.BytesIO()
    book.save(content)
    assert brought(content.getvalue()).problem == "sheet.more_sheets"


class Killed(Exception):
    """Stands for a worker that dies."""


def test_a_file_whose_reader_was_killed_is_read_again_and_ends_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cases.sheets.ROWS_A_PART", 2)
    content = as_text([row(1), row(2, month="x"), row(3), row(4), row(5)]).encode()
    begun = intake.receive(
        kind=Intake.Kind.CONTRIBUTIONS,
        file_name="a.csv",
        content=io.BytesIO(content),
        actor=machine(),
        now=NOW,
    )
    whole = contributions.ContributionTaker.take
    taken: list[object] = []

    def dies(taker: contributions.ContributionTaker, part: object) -> object:
        if taken:
            raise Killed
        taken.append(part)
        return whole(taker, part)  # type: ignore[arg-type]  # it is handed on as it comes

    monkeypatch.setattr(contributions.ContributionTaker, "take", dies)
    monkeypatch.setattr(intake, "can", lambda *_: True)
    with pytest.raises(Killed):
        intake.go_on(intake_id=begun.pk, lines=LINES, now=NOW)
    assert not Contribution.objects.exists()
    assert intake.unfinished() == [begun.pk]
    monkeypatch.setattr(contributions.ContributionTaker, "take", whole)
    assert intake.go_on(intake_id=begun.pk, lines=LINES, now=NOW)
    begun.refresh_from_db()
    assert counts(begun) == (5, 4, 0, 1)
    assert faults(begun) == [(3, "month", "month.shape")]
    assert intake.unfinished() == []
    assert not IntakePiece.objects.exists()


# --- the command ------------------------------------------------------------------------------------------


def test_the_command_lists_bad_rows_beside_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "缴费.csv"
    path.write_text(as_text([row(), row(2, kind='=HYPERLINK("x")'), row(3, base="-5")]))
    with pytest.raises(SystemExit) as ended:
        call_command("import_contributions", str(path))
    assert ended.value.code == 1
    assert "3 rows: 1 new, 0 there already, 2 refused" in capsys.readouterr().out
    beside = (tmp_path / "缴费.refused.csv").read_text(encoding="utf-8-sig")
    listed = list(csv.reader(io.StringIO(beside)))
    assert listed[0] == ["行号", "列", "原因", "内容"]
    assert [line[:2] for line in listed[1:]] == [["3", "缴费类型"], ["4", "缴费基数"]]
    assert [line[3] for line in listed[1:]] == ['\'=HYPERLINK("x")', "'-5"]


def test_the_command_ends_well_where_all_rows_are_good(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(as_text([row()]))
    call_command("import_contributions", str(path))
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "空"),
        (as_text([]).encode(), "没有数据"),
        (as_text([row()], HEADINGS[:-2]).encode(), "到账日期"),
        (as_text([row()], [*HEADINGS[:-1], "备注"]).encode(), "备注"),
        (as_text([row()], [*HEADINGS[:-1], "费款所属期"]).encode(), "两次"),
        (as_text([row()]).encode("utf-16"), "UTF-8"),
        (as_text([row()]).encode() + b"\xff\xff", "第 3 行"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "xls"),
        (b"PK\x03\x04" + bytes(100), "坏"),
        ((as_text([row()]) + '"' + "x" * 200_000).encode(), "引号"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=says):
        call_command("import_contributions", str(path))
    assert not Contribution.objects.exists()


def test_no_such_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("import_contributions", str(tmp_path / "none.csv"))
    assert refused.value.returncode == 2
