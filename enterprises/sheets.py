"""Takes insured units and their years from the core system's sheets: one row says a unit and one year of it.

What a row says of a unit replaces what was said before, with the file as its source; a class of the 2020
relief stands once for all. Rows of one unit must say the same of it. What a cell leaves empty nobody knows:
it is never taken for zero. Since a file says where refunds are paid to, a second officer signs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.batch import parties_by_number
from accounts.models import IdentifierKind
from cases import cells
from cases.cells import BadCell
from cases.intake import Line, Settled
from cases.intake_models import Intake
from cases.sheets import Column, Fault, Layout, Part
from enterprises.batch import (
    Account,
    Classed,
    Recipients,
    Said,
    Unit,
    Year,
    save_accounts,
    save_classes,
    save_recipients,
    save_units,
    save_years,
)
from enterprises.models import MONTHS, Arrears, SizeClass, SizeClassRecord, Source, UnitKind
from law.errors import Refused
from law.workdays import legal_day

EARLIEST_YEAR = 1999
MOST_PEOPLE = 1_000_000
MOST = 500_000
CHUNK = 1_000
RELIEF_YEAR = 2020

REASONS: Mapping[str, str | Promise] = {
    "enterprise.twice": _("这个单位这一年在文件里前面已有一行；只导第一行"),
    "enterprise.contradicts": _("和前面同一个单位的行说法不同"),
    "enterprise.size": _("这个单位已有 2020 年的划型，和这一行不同；没有改动，请先核实"),
    "enterprise.account": _("账户要账号、户名、开户行号、开户银行都有，或者都没有"),
    "enterprise.account_name": _("户名和单位名称不同，不能收款"),
    "industry.shape": _("不是国民经济行业代码，例如 3311"),
    "account.shape": _("不是银行账号"),
}
KINDS: Mapping[str, str] = {
    "企业": UnitKind.ENTERPRISE.value,
    "社会团体": UnitKind.SOCIAL_ORGANISATION.value,
    "基金会": UnitKind.FOUNDATION.value,
    "社会服务机构": UnitKind.SOCIAL_SERVICE.value,
    "民办非企业单位": UnitKind.SOCIAL_SERVICE.value,
    "律师事务所": UnitKind.LAW_FIRM.value,
    "会计师事务所": UnitKind.ACCOUNTING_FIRM.value,
    "个体工商户": UnitKind.SOLE_BUSINESS.value,
    "以单位形式参保的个体工商户": UnitKind.SOLE_BUSINESS.value,
    "机关事业单位": UnitKind.PUBLIC_BODY.value,
}
SIZES: Mapping[str, str] = {
    word: size.value
    for size, words in {
        SizeClass.LARGE: ("大型", "大型企业"),
        SizeClass.MEDIUM: ("中型", "中型企业"),
        SizeClass.SMALL: ("小型", "小型企业"),
        SizeClass.MICRO: ("微型", "微型企业"),
    }.items()
    for word in words
}
ARREARS: Mapping[str, str] = {
    "是": Arrears.YES.value,
    "欠费": Arrears.YES.value,
    "否": Arrears.NO.value,
    "不欠费": Arrears.NO.value,
    "不清楚": Arrears.UNKNOWN.value,
}
YES_NO: Mapping[str, str] = {"是": "YES", "否": "NO"}
ACCOUNT = ("account", "account_name", "bank_code", "bank_name")
OF_MONTHS = tuple(f"month_{month:02d}" for month in range(1, MONTHS + 1))


def _industry(text: str) -> str:
    given = cells.plain(text).upper().lstrip("ABCDEFGHIJKLMNOPQRST")
    if not (given.isascii() and given.isdigit() and 2 <= len(given) <= 4):
        raise BadCell("industry.shape")
    return given


def _account(text: str) -> str:
    given = cells.plain(text).replace(" ", "").replace("-", "")
    if not (given.isascii() and given.isdigit() and 8 <= len(given) <= 32):
        raise BadCell("account.shape")
    return given


def layout(today: date) -> Layout:
    """The columns of a list of insured units."""
    people = cells.whole(most=MOST_PEOPLE)
    year = cells.whole(least=EARLIEST_YEAR, most=today.year)
    return Layout(
        [
            Column("uscc", ("统一社会信用代码", "单位统一社会信用代码"), cells.uscc),
            Column("unit_name", ("单位名称",), cells.words),
            Column("kind", ("单位类型",), cells.choice(KINDS), "ENTERPRISE", required=False),
            Column("county", ("区县代码",), cells.region),
            Column("industry", ("行业代码",), _industry, "", required=False),
            Column("is_dispatch", ("劳务派遣",), cells.choice(YES_NO), "NO", required=False),
            Column("size_2020", ("2020年划型",), cells.choice(SIZES), "", required=False),
            Column("account", ("对公账号", "银行账号"), _account, "", required=False, is_personal=True),
            Column("account_name", ("户名", "账户名称"), cells.words, "", required=False),
            Column("bank_code", ("开户行号", "联行号"), cells.bank_code, "", required=False),
            Column("bank_name", ("开户银行", "开户行"), cells.words, "", required=False),
            Column("year", ("年度",), year),
            *(
                Column(name, (f"{month}月参保人数", f"{month}月人数"), people, "")
                for month, name in enumerate(OF_MONTHS, start=1)
            ),
            Column("new_recipients", ("新增领金人数", "领取失业保险金人数"), people, ""),
            Column("paid_months", ("足额缴费月数", "缴费月数"), cells.whole(most=MONTHS), ""),
            Column("in_arrears", ("是否欠费", "欠费"), cells.choice(ARREARS), "UNKNOWN"),
            Column("base_fen", ("实际缴费金额", "实缴金额"), cells.fen, ""),
        ]
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One row in order. `enterprise_id` of its parts is filled in once the unit has its key."""

    line: int
    unit: Unit
    size_2020: str
    account: tuple[str, str, str, str]
    year: int
    headcounts: tuple[int | None, ...]
    new_recipients: int | None
    paid_months: int | None
    in_arrears: str
    base_fen: int | None


class EnterpriseTaker:
    """One reading of a list of units. Compact rows, so that a city's units are held in memory."""

    def __init__(self, today: date) -> None:
        self.layout = layout(today)
        self._entries: list[Entry] = []
        self._units: dict[str, tuple[Unit, str, tuple[str, str, str, str]]] = {}
        self._years: set[tuple[str, int]] = set()

    def take(self, part: Part) -> Sequence[Fault]:
        """Keep the rows that agree with those before them."""
        faults = []
        names = list(part.columns)
        for line, cells_of in zip(part.lines, zip(*part.columns.values(), strict=True), strict=True):
            found = self._judge(line, dict(zip(names, cells_of, strict=True)))
            if isinstance(found, Entry):
                self._entries.append(found)
            else:
                faults.append(found)
        if len(self._entries) > MOST:
            raise Refused("sheet.too_many", most=MOST)
        return faults

    def _judge(self, line: int, row: Mapping[str, str]) -> Entry | Fault:
        entry = _entry(line, row)
        given = [bool(text) for text in entry.account]
        if any(given) and not all(given):
            return Fault(line, ACCOUNT[given.index(False)], "enterprise.account", "")
        if entry.account[1] and entry.account[1] != entry.unit.name:
            return Fault(line, "account_name", "enterprise.account_name", entry.account[1])
        key = (entry.unit.uscc, entry.year)
        if key in self._years:
            return Fault(line, "year", "enterprise.twice", str(entry.year))
        said = (entry.unit, entry.size_2020, entry.account)
        if self._units.setdefault(entry.unit.uscc, said) != said:
            return Fault(line, "uscc", "enterprise.contradicts", entry.unit.uscc)
        self._years.add(key)
        return entry

    def settle(self, intake: Intake, *, is_final: bool, now: datetime) -> Settled:
        """Save units, years, recipients, classes and accounts; not final: see what would come of it."""
        settled = Settled()
        with transaction.atomic():
            for start in range(0, len(self._entries), CHUNK):
                self._save(self._entries[start : start + CHUNK], intake, settled, now=now)
            if not is_final:
                transaction.set_rollback(True)
        return settled

    def _save(self, entries: Sequence[Entry], intake: Intake, settled: Settled, *, now: datetime) -> None:
        said = Said(Source.CORE_SYSTEM.value, intake.file_name, legal_day(intake.asked_at))
        actor = intake.asked_by
        differing = _other_classes(entries)
        for entry in entries:
            if entry.unit.uscc in differing:
                settled.faults.append(Fault(entry.line, "size_2020", "enterprise.size", entry.size_2020))
        entries = [entry for entry in entries if entry.unit.uscc not in differing]
        _units, keys = save_units(units=[entry.unit for entry in entries], said=said, actor=actor, now=now)
        years = save_years(rows=[_year(entry, keys) for entry in entries], said=said)
        save_recipients(
            rows=[
                Recipients(keys[entry.unit.uscc], entry.year, entry.new_recipients)
                for entry in entries
                if entry.new_recipients is not None
            ],
            said=said,
        )
        save_classes(rows=_classes(entries, keys), said=said, now=now)
        save_accounts(rows=_accounts(entries, keys), actor=actor, now=now)
        settled.added += years.new + years.changed
        settled.unchanged += years.known


LINE = Line(Intake.Kind.ENTERPRISES, layout, EnterpriseTaker, needs_signature=True)


def _entry(line: int, row: Mapping[str, str]) -> Entry:
    return Entry(
        line=line,
        unit=Unit(
            uscc=row["uscc"],
            name=row["unit_name"],
            kind=row["kind"],
            region=row["county"],
            industry=row["industry"],
            is_labour_dispatch=row["is_dispatch"] == "YES",
        ),
        size_2020=row["size_2020"],
        account=(row["account"], row["account_name"], row["bank_code"], row["bank_name"]),
        year=int(row["year"]),
        headcounts=tuple(_number(row[name]) for name in OF_MONTHS),
        new_recipients=_number(row["new_recipients"]),
        paid_months=_number(row["paid_months"]),
        in_arrears=row["in_arrears"],
        base_fen=_number(row["base_fen"]),
    )


def _number(text: str) -> int | None:
    return int(text) if text else None


def _year(entry: Entry, keys: Mapping[str, int]) -> Year:
    return Year(
        enterprise_id=keys[entry.unit.uscc],
        year=entry.year,
        headcounts=entry.headcounts,
        paid_months=entry.paid_months,
        in_arrears=entry.in_arrears,
        base_fen=entry.base_fen,
    )


def _classes(entries: Sequence[Entry], keys: Mapping[str, int]) -> list[Classed]:
    return [
        Classed(
            enterprise_id=keys[entry.unit.uscc],
            size_class=entry.size_2020,
            basis=SizeClassRecord.Basis.RECORD_2020.value,
            from_on=date(RELIEF_YEAR, 1, 1),
        )
        for entry in entries
        if entry.size_2020
    ]


def _accounts(entries: Sequence[Entry], keys: Mapping[str, int]) -> list[Account]:
    return [Account(keys[entry.unit.uscc], *entry.account) for entry in entries if entry.account[0]]


def _other_classes(entries: Sequence[Entry]) -> set[str]:
    """Codes of units whose 2020 record stands already and says another class."""
    given = {entry.unit.uscc: entry.size_2020 for entry in entries if entry.size_2020}
    parties = parties_by_number(id_kind=IdentifierKind.USCC.value, numbers=list(given))
    codes = {party.pk: code for code, party in parties.items()}
    standing = SizeClassRecord.objects.filter(
        enterprise__in=list(codes), basis=SizeClassRecord.Basis.RECORD_2020
    ).values_list("enterprise_id", "size_class")
    return {codes[key] for key, size in standing if given[codes[key]] != size}
