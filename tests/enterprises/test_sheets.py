"""Units of the core system: signed by two, unknown kept unknown, twice the same, contradictions listed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import Party, Role, User
from cases import intake
from cases.intake_models import Intake
from claims.intakes import LINES
from enterprises.models import Enterprise, InsuredYear, SizeClassRecord, Source
from law.identifiers import cnaps_check_digit
from payouts.models import Payee
from tests.factories import NOW, officer
from tests.sheets import handed_in, unit

pytestmark = pytest.mark.django_db

MONTHS = [f"{month}月参保人数" for month in range(1, 13)]
HEADINGS = [
    "统一社会信用代码",
    "单位名称",
    "单位类型",
    "区县代码",
    "行业代码",
    "2020年划型",
    "对公账号",
    "户名",
    "开户行号",
    "开户银行",
    "年度",
    *MONTHS,
    "新增领金人数",
    "足额缴费月数",
    "是否欠费",
    "实际缴费金额",
]
BANK = "31365102701" + cnaps_check_digit("31365102701")


def entry(serial: int = 1, /, **changed: str) -> list[str]:
    """A unit of twenty people with all its months."""
    cells = dict.fromkeys(MONTHS, "20") | {
        "统一社会信用代码": unit(serial),
        "单位名称": f"样例{serial}有限公司",
        "单位类型": "企业",
        "区县代码": "130102",
        "行业代码": "C3311",
        "2020年划型": "小型",
        "对公账号": "1302 0500 1234 5678",
        "户名": f"样例{serial}有限公司",
        "开户行号": BANK,
        "开户银行": "样例银行",
        "年度": "2025",
        "新增领金人数": "1",
        "足额缴费月数": "12",
        "是否欠费": "否",
        "实际缴费金额": "12,345.60",
    }
    cells |= changed
    return [cells[name] for name in HEADINGS]


def sheet(*rows: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([HEADINGS, *rows])
    return text.getvalue()


@pytest.fixture
def supervisors() -> tuple[User, User]:
    """Who hands in, who signs."""
    return officer(Role.SUPERVISOR), officer(Role.SUPERVISOR)


def imported(pair: tuple[User, User], *rows: list[str]) -> Intake:
    first, second = pair
    kept = handed_in(first, sheet(*rows), kind=Intake.Kind.ENTERPRISES)
    intake.go_on(intake_id=kept.pk, lines=LINES, now=NOW)
    kept.refresh_from_db()
    assert kept.problem == ""
    before = (kept.read, kept.added, kept.unchanged, kept.refused)
    intake.sign(intake=kept, line=LINES[kept.kind], actor=second, now=NOW)
    intake.go_on(intake_id=kept.pk, lines=LINES, now=NOW)
    kept.refresh_from_db()
    assert (kept.read, kept.added, kept.unchanged, kept.refused) == before, "it was signed for something else"
    return kept


def faults(kept: Intake) -> list[tuple[int, str, str]]:
    return list(kept.faults.order_by("line", "pk").values_list("line", "column", "reason"))


def test_a_file_that_nobody_has_signed_changes_nothing(supervisors: tuple[User, User]) -> None:
    kept = handed_in(supervisors[0], sheet(entry(), entry(2)), kind=Intake.Kind.ENTERPRISES)
    intake.go_on(intake_id=kept.pk, lines=LINES, now=NOW)
    kept.refresh_from_db()
    assert (kept.added, kept.checked_at is not None) == (2, True)
    assert not Enterprise.objects.exists()
    assert not Party.objects.filter(kind=Party.Kind.UNIT).exists()


def test_a_row_becomes_a_unit_its_year_its_class_and_its_account(supervisors: tuple[User, User]) -> None:
    kept = imported(supervisors, entry())
    one = Enterprise.objects.select_related("party").get()
    assert (one.party.name, one.kind, one.region, one.industry) == (
        "样例1有限公司",
        "ENTERPRISE",
        "130102",
        "3311",
    )
    assert (one.source, one.document) == (Source.CORE_SYSTEM, kept.file_name)
    year = InsuredYear.objects.get()
    assert (year.headcounts, year.paid_months, year.in_arrears) == ([20] * 12, 12, "NO")
    assert (year.base_fen, year.new_recipients) == (1_234_560, 1)
    record = SizeClassRecord.objects.get()
    assert (record.size_class, record.basis) == ("SMALL", "RECORD_2020")
    payee = Payee.objects.get()
    assert (payee.account, payee.is_card, payee.party_id) == ("1302050012345678", False, one.pk)


def test_what_is_left_empty_stays_unknown(supervisors: tuple[User, User]) -> None:
    empty = dict.fromkeys(
        ["2020年划型", "对公账号", "户名", "开户行号", "开户银行", "新增领金人数", "足额缴费月数"], ""
    )
    imported(supervisors, entry(1, **empty, 是否欠费="", 实际缴费金额="", **{MONTHS[4]: ""}))
    year = InsuredYear.objects.get()
    assert year.headcounts[4] is None and year.headcounts[5] == 20
    assert (year.paid_months, year.base_fen, year.new_recipients) == (None, None, None)
    assert year.in_arrears == "UNKNOWN"
    assert not SizeClassRecord.objects.exists() and not Payee.objects.exists()


def test_the_same_file_twice_changes_nothing(supervisors: tuple[User, User]) -> None:
    rows = [entry(), entry(年度="2024"), entry(2)]
    imported(supervisors, *rows)
    models = (Party, Enterprise, InsuredYear, SizeClassRecord, Payee)
    before = [list(model.objects.order_by("pk").values()) for model in models]
    again = imported(supervisors, *rows)
    assert (again.added, again.unchanged, again.refused) == (0, 3, 0)
    assert [list(model.objects.order_by("pk").values()) for model in models] == before


def test_a_later_file_brings_a_year_up_to_date(supervisors: tuple[User, User]) -> None:
    imported(supervisors, entry())
    later = imported(supervisors, entry(实际缴费金额="99"))
    assert (later.added, later.unchanged) == (1, 0)
    assert InsuredYear.objects.get().base_fen == 9_900


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"统一社会信用代码": unit(2)[:-1]}, "uscc", "number.length"),
        ({"单位类型": "学校"}, "kind", "choice.unknown"),
        ({"行业代码": "制造业"}, "industry", "industry.shape"),
        ({"对公账号": ""}, "account", "enterprise.account"),
        ({"户名": "别人的公司"}, "account_name", "enterprise.account_name"),
        ({MONTHS[0]: "-3"}, "month_01", "whole.shape"),
        ({MONTHS[0]: "3.5"}, "month_01", "whole.shape"),
        ({"足额缴费月数": "13"}, "paid_months", "whole.range"),
        ({"年度": "2027"}, "year", "whole.range"),
        (
            {"统一社会信用代码": unit(1), "单位名称": "另一个名称", "户名": "另一个名称"},
            "year",
            "enterprise.twice",
        ),
        (
            {"统一社会信用代码": unit(1), "年度": "2024", "单位名称": "另一个名称", "户名": "另一个名称"},
            "uscc",
            "enterprise.contradicts",
        ),
    ],
)
def test_a_bad_row_is_listed(
    supervisors: tuple[User, User], changed: dict[str, str], column: str, reason: str
) -> None:
    kept = imported(supervisors, entry(), entry(2, **changed), entry(3))
    assert (kept.added, kept.refused) == (2, 1)
    assert faults(kept) == [(3, column, reason)]


def test_another_class_than_the_one_that_stands_is_listed(supervisors: tuple[User, User]) -> None:
    imported(supervisors, entry())
    other = imported(supervisors, entry(1, **{"2020年划型": "大型"}), entry(2))
    assert faults(other) == [(2, "size_2020", "enterprise.size")]
    assert SizeClassRecord.objects.filter(size_class="LARGE").count() == 0


def test_the_command_imports_at_once(tmp_path: Path) -> None:
    path = tmp_path / "单位.csv"
    path.write_text(sheet(entry(), entry(2)), encoding="gb18030")
    call_command("import_enterprises", str(path))
    assert Enterprise.objects.count() == 2
