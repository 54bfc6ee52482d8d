"""Reads of the supervisor's page: a year of one's regions, from the kept figures alone.

Four queries whatever the year holds; nothing is counted here. Amounts are whole fen, rates basis points,
means of working days are in tenths.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate

from django.db.models import Max, Min, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

import policy.selectors
from accounts.models import User
from accounts.selectors import in_regions, region_names
from audit import charts
from audit.models.figure import STOCKS, Counting, DayFigure, Measure, MonthFigure
from cases import kinds
from cases.kinds import WaitsFor
from claims.kinds import CLAIM
from law.errors import MissingParameter
from law.money import Fen
from payouts.models import pool_of

ITEMS: Mapping[str, str | Promise] = {
    "unemployment-benefit": gettext_lazy("失业保险金"),
    "retention-refund": gettext_lazy("稳岗返还"),
    "skill-subsidy": gettext_lazy("技能提升补贴"),
    "expansion-subsidy": gettext_lazy("扩岗补助"),
}
"""What money is paid for, in the order of the colours; what is not named here is one more part, the last."""
OTHER = gettext_lazy("其他")

WAITERS: Mapping[str, str | Promise] = {
    WaitsFor.MACHINE.value: gettext_lazy("系统核验"),
    WaitsFor.HANDLER.value: gettext_lazy("等经办"),
    WaitsFor.REVIEWER.value: gettext_lazy("等复核"),
    WaitsFor.APPLICANT.value: gettext_lazy("等申请人"),
    WaitsFor.OFFICE.value: gettext_lazy("等外单位"),
    WaitsFor.BANK.value: gettext_lazy("等银行"),
}
OF_PAYMENTS = frozenset({WaitsFor.BANK.value})
"""Whose minutes are counted by payment; all others by decided case."""

MINUTES_A_DAY = 24 * 60
MONTHS_A_YEAR = 12
FULL = 10_000
"""Basis points of a whole."""

Cell = tuple[str, str]
"""A measure and its subject."""


@dataclass(frozen=True, slots=True)
class Days:
    """How many working days decisions took: mean in tenths, and by which half and 95 in 100 were made."""

    count: int = 0
    mean_tenths: int = 0
    p50: int = 0
    p95: int = 0

    @property
    def mean(self) -> str:
        """With its decimal place."""
        return f"{self.mean_tenths // 10}.{self.mean_tenths % 10}"


@dataclass(frozen=True, slots=True)
class Item:
    """What was spent on one thing; `tone` is its colour."""

    tone: int
    label: str
    fen: Fen


@dataclass(frozen=True, slots=True)
class Month:
    """One month: spent by item in the order of the colours, and how long decisions took."""

    month: str
    fen: tuple[Fen, ...]
    total_fen: Fen
    days: Days
    decided: int
    late: int
    returned: int


@dataclass(frozen=True, slots=True)
class Line:
    """A month of the table below the drawing: what was spent on each item of the legend."""

    month: Month
    fen: tuple[Fen, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """For whom decided cases (or payments) waited: minutes each, share of the longest in basis points."""

    label: str
    minutes_each: int
    share_bp: int

    @property
    def words(self) -> str:
        """In the unit one thinks in."""
        if self.minutes_each >= 2 * MINUTES_A_DAY:
            return pgettext("mean", "%(n)s 天") % {"n": _tenths(self.minutes_each, MINUTES_A_DAY)}
        if self.minutes_each >= 120:
            return pgettext("mean", "%(n)s 小时") % {"n": _tenths(self.minutes_each, 60)}
        return pgettext("mean", "%(n)s 分钟") % {"n": self.minutes_each}

    @property
    def percent(self) -> str:
        """For the width of the bar."""
        return f"{self.share_bp / 100:.1f}"


@dataclass(frozen=True, slots=True)
class County:
    """One county of the year; `share_bp` against the county that spent most."""

    name: str
    fen: Fen
    share_bp: int
    persons: int
    units: int
    decided: int
    days: Days
    late: int
    open: int
    overdue: int

    @property
    def percent(self) -> str:
        """For the width of the bar."""
        return f"{self.share_bp / 100:.1f}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of this year's claims, with its share of those that came."""

    label: str
    count: int
    share_bp: int
    note: str = ""

    @property
    def percent(self) -> str:
        """For the width of the bar."""
        return f"{min(self.share_bp, FULL) / 100:.1f}"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to look at: tone of its seal, what it is, why, and the address (a URL name) that shows it."""

    tone: str
    words: str
    why: str
    url_name: str


@dataclass(frozen=True, slots=True)
class Board:
    """The page. `counted_at` is None before the first count."""

    year: str
    years: tuple[str, ...]
    counted_at: datetime | None
    spent_fen: Fen
    payments: int
    persons: int
    units: int
    items: tuple[Item, ...]
    decided: int
    granted: int
    by_machine: int
    late_promise: int
    late_law: int
    promise_days: int | None
    days: Days
    returned: int
    returned_fen: Fen
    fund_fen: Fen | None
    cover_tenths: int | None
    cover_months: int
    months: tuple[Month, ...]
    waits: tuple[Wait, ...]
    counties: tuple[County, ...]
    steps: tuple[Step, ...]
    notices: tuple[Notice, ...]

    @property
    def in_promise_bp(self) -> int:
        """Decisions within the promise, of all."""
        return _share(self.decided - self.late_promise, self.decided)

    @property
    def by_machine_bp(self) -> int:
        """Decisions that needed no officer, of all."""
        return _share(self.by_machine, self.decided)

    @property
    def cover(self) -> str:
        """Months the fund lasts at the pace of the months it is taken from, with a decimal place."""
        return "" if self.cover_tenths is None else f"{self.cover_tenths // 10:,}.{self.cover_tenths % 10}"

    @property
    def table(self) -> list[Line]:
        """The months with what was spent on each of `items`."""
        tones = [item.tone for item in self.items]
        return [Line(month, tuple(month.fen[tone - 1] for tone in tones)) for month in self.months]

    @property
    def spending(self) -> charts.Bars:
        """The drawing of what was spent each month, in units of `spending_unit_fen`."""
        unit = self.spending_unit_fen
        rows = [[fen // unit for fen in month.fen] for month in self.months]
        return charts.bars(rows, [_month_words(month.month) for month in self.months])

    @property
    def spending_unit_fen(self) -> int:
        """10,000 yuan, or a yuan where a month holds little."""
        most = max((month.total_fen for month in self.months), default=0)
        return 1_000_000 if most >= 10_000_000 else 100

    @property
    def timeliness(self) -> charts.Trends:
        """The drawing of working days to the decision: mean, and by when 95 in 100 were made."""
        lines = [
            [month.days.mean_tenths / 10 for month in self.months],
            [float(month.days.p95) for month in self.months],
        ]
        words = [_month_words(month.month) for month in self.months]
        return charts.trends(lines, words, limit=self.promise_days)


class _Year:
    """The sums of a year by month and by county, each by measure and subject; and how long claims took."""

    def __init__(self, viewer: User, year: str) -> None:
        self.took: defaultdict[str, Counter[int]] = defaultdict(Counter)
        rows = in_regions(MonthFigure.objects.filter(month__startswith=year), viewer)
        self.of_month = self._summed(rows, "month")
        self.of_region = self._summed(rows, "region")
        self.total: Counter[Cell] = Counter()
        for month, cells in self.of_month.items():
            self.total.update(cells)
            self.took[""].update(self.took[month])

    def _summed(self, rows: QuerySet[MonthFigure], group: str) -> dict[str, Counter[Cell]]:
        """Summed by the database: a page wants tens of numbers, not the thousands they come from."""
        found: defaultdict[str, Counter[Cell]] = defaultdict(Counter)
        for name, measure, subject, step, value in rows.values_list(
            group, "measure", "subject", "step"
        ).annotate(sum=Sum("value")):
            found[name][measure, subject] += value
            if measure == Measure.DAYS and subject == CLAIM.code:
                self.took[name][step] += value
        return dict(found)

    def days(self, group: str) -> Days:
        """How long the claims of a month, a county or (empty) the year took."""
        return _days(self.took.get(group, Counter()))


def years(viewer: User) -> tuple[str, ...]:
    """The years from the first figures to the last, newest first."""
    ends = in_regions(MonthFigure.objects.all(), viewer).aggregate(first=Min("month"), last=Max("month"))
    if ends["first"] is None:
        return ()
    return tuple(str(year) for year in range(int(ends["last"][:4]), int(ends["first"][:4]) - 1, -1))


def board(viewer: User, *, year: str, today: date) -> Board:
    """A year of the viewer's regions; empty where nothing was counted."""
    known = years(viewer)
    year = year if year in known else (known[0] if known else str(today.year))
    figures = _Year(viewer, year)
    stocks = _stocks(viewer)
    months = _months(figures)
    total, claim = figures.total, CLAIM.code
    fund_fen, cover_tenths, cover_months = _cover(stocks, months, today)
    return Board(
        year=year,
        years=known,
        counted_at=Counting.objects.aggregate(at=Max("counted_at"))["at"],
        spent_fen=Fen(_sum(total, Measure.SPENT_FEN)),
        payments=_sum(total, Measure.PAYMENTS),
        persons=total[Measure.PERSONS, ""],
        units=total[Measure.UNITS, ""],
        items=_items(total),
        decided=total[Measure.DECIDED, claim],
        granted=total[Measure.GRANTED, claim],
        by_machine=total[Measure.BY_MACHINE, claim],
        late_promise=total[Measure.LATE_PROMISE, claim],
        late_law=total[Measure.LATE_LAW, claim],
        promise_days=_promise(viewer, today),
        days=figures.days(""),
        returned=total[Measure.RETURNED, ""],
        returned_fen=Fen(total[Measure.RETURNED_FEN, ""]),
        fund_fen=fund_fen,
        cover_tenths=cover_tenths,
        cover_months=cover_months,
        months=months,
        waits=_waits(total),
        counties=_counties(figures, stocks),
        steps=_steps(total),
        notices=_notices(stocks, today),
    )


def _items(total: Counter[Cell]) -> tuple[Item, ...]:
    known = [
        Item(tone, str(label), Fen(total[Measure.SPENT_FEN, code]))
        for tone, (code, label) in enumerate(ITEMS.items(), 1)
    ]
    other = _sum(total, Measure.SPENT_FEN) - sum(item.fen for item in known)
    items = [*known, Item(len(known) + 1, str(OTHER), Fen(other))]
    return tuple(item for item in items if item.fen)


def _months(figures: _Year) -> tuple[Month, ...]:
    found = []
    for month, cells in sorted(figures.of_month.items()):
        known = [cells[Measure.SPENT_FEN, code] for code in ITEMS]
        total = _sum(cells, Measure.SPENT_FEN)
        found.append(
            Month(
                month=month,
                fen=tuple(Fen(fen) for fen in [*known, total - sum(known)]),
                total_fen=Fen(total),
                days=figures.days(month),
                decided=cells[Measure.DECIDED, CLAIM.code],
                late=cells[Measure.LATE_PROMISE, CLAIM.code],
                returned=cells[Measure.RETURNED, ""],
            )
        )
    return tuple(found)


def _waits(total: Counter[Cell]) -> tuple[Wait, ...]:
    decided, payments = total[Measure.DECIDED, CLAIM.code], _sum(total, Measure.PAYMENTS)
    each = {
        code: total[Measure.MINUTES, code] // max(payments if code in OF_PAYMENTS else decided, 1)
        for code in WAITERS
    }
    longest = max(each.values(), default=0)
    return tuple(
        Wait(str(WAITERS[code]), minutes, _share(minutes, longest)) for code, minutes in each.items()
    )


def _counties(figures: _Year, stocks: Sequence[_Stock]) -> tuple[County, ...]:
    names = region_names()
    most = max((_sum(cells, Measure.SPENT_FEN) for cells in figures.of_region.values()), default=0)
    standing = {code: Counter[str]() for code in names}
    for stock in stocks:
        if stock.region in standing:
            standing[stock.region][stock.measure] += stock.value
    found = []
    for code, cells in figures.of_region.items():
        if not names.get(code):
            continue
        fen = _sum(cells, Measure.SPENT_FEN)
        found.append(
            County(
                name=names[code],
                fen=Fen(fen),
                share_bp=_share(fen, most),
                persons=cells[Measure.PERSONS, ""],
                units=cells[Measure.UNITS, ""],
                decided=cells[Measure.DECIDED, CLAIM.code],
                days=figures.days(code),
                late=cells[Measure.LATE_PROMISE, CLAIM.code],
                open=standing[code][Measure.OPEN],
                overdue=standing[code][Measure.OVERDUE],
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.fen, one.name)))


def _steps(total: Counter[Cell]) -> tuple[Step, ...]:
    claim = CLAIM.code
    opened, decided = total[Measure.OPENED, claim], total[Measure.DECIDED, claim]
    granted, by_machine = total[Measure.GRANTED, claim], total[Measure.BY_MACHINE, claim]
    people = _("其中经人工核实后批准 %(n)s 件") % {"n": f"{granted - by_machine:,}"}
    refused = _("不予核定或没有补正 %(n)s 件，不予核定的都由人决定") % {"n": f"{decided - granted:,}"}
    steps = (
        (_("申请"), opened, ""),
        (_("决定"), decided, refused),
        (_("批准"), granted, people),
        (_("首笔到账"), total[Measure.PERSONS, "unemployment-benefit"], ""),
    )
    return tuple(Step(label, count, _share(count, opened), note) for label, count, note in steps)


# --- stocks -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stock:
    region: str
    measure: str
    subject: str
    value: int


def _stocks(viewer: User) -> list[_Stock]:
    """What stood at the last count."""
    rows = in_regions(DayFigure.objects.filter(measure__in=STOCKS), viewer)
    latest = rows.order_by("-day").values("day")[:1]
    return [
        _Stock(*row) for row in rows.filter(day=latest).values_list("region", "measure", "subject", "value")
    ]


def _cover(
    stocks: Sequence[_Stock], months: Sequence[Month], today: date
) -> tuple[Fen | None, int | None, int]:
    """What the fund holds, how many months (in tenths) it lasts, and of how many months the pace is taken.

    The pace is the mean of the months of the year shown that are over and had spending; None without one. The
    fund is the city's: None to whoever sees single counties.
    """
    of_pools = [stock.value for stock in stocks if stock.measure == Measure.FUND_FEN]
    if not of_pools:
        return None, None, 0
    fund, this_month = sum(of_pools), today.isoformat()[:7]
    over = [month.total_fen for month in months if month.month < this_month and month.total_fen > 0]
    tenths = fund * 10 * len(over) // sum(over) if over and fund > 0 else None
    return Fen(fund), tenths, len(over)


def _promise(viewer: User, today: date) -> int | None:
    """The working days promised for a claim in the viewer's city; None where that is not one number."""
    pools = {pool_of(region) for region in viewer.regions}
    found = set()
    for pool in pools:
        try:
            found.add(policy.selectors.integer("benefit.promise_wd", region=pool, on=today))
        except MissingParameter:
            return None
    return found.pop() if len(found) == 1 else None


def _notices(stocks: Sequence[_Stock], today: date) -> tuple[Notice, ...]:
    """What needs somebody, the worst first."""
    found = []
    names = region_names()
    overdue: Counter[str] = Counter()
    standing: Counter[str] = Counter()
    for stock in stocks:
        if stock.measure == Measure.OVERDUE:
            overdue[stock.region] += stock.value
        elif stock.measure == Measure.OPEN:
            standing[stock.subject] += stock.value
    for region, count in overdue.most_common(3):
        if count:
            name = names.get(region) or region
            words = _("%(name)s有 %(n)s 件超过承诺时限") % {"name": name, "n": count}
            found.append(Notice("bad", words, _("在各人在办里可以转办"), "desks"))
    for code, url_name, why in (
        ("contradiction", "queue", _("银行的两次说法不能都是真的；对清之前不能关账")),
        ("returned", "queue", _("钱没有到人手里；每一笔都有接下来该谁做什么")),
    ):
        if standing[code]:
            words = _("%(label)s %(n)s 件") % {"label": kinds.get(code).label, "n": standing[code]}
            found.append(Notice("warn", words, why, url_name))
    missing = policy.selectors.missing_year(today)
    if missing is not None:
        words = _("%(year)s年的工作日历还没有公布") % {"year": missing}
        found.append(Notice("warn", words, _("期限先按暂定的日子算，公布后会重新计算"), "policy"))
    return tuple(found)


# --- arithmetic -------------------------------------------------------------------------------------------


def _sum(cells: Counter[Cell], measure: Measure) -> int:
    """Over all subjects."""
    return sum(value for (name, _subject), value in cells.items() if name == measure)


def _share(part: int, whole: int) -> int:
    """In basis points, rounded down; 0 of nothing."""
    return part * FULL // whole if whole > 0 else 0


def _tenths(minutes: int, unit: int) -> str:
    tenths = minutes * 10 // unit
    return f"{tenths // 10}.{tenths % 10}"


def _days(took: Mapping[int, int]) -> Days:
    count = sum(took.values())
    if not count:
        return Days()
    mean = sum(days * number for days, number in took.items()) * 10 // count
    return Days(count, mean, _percentile(took, count, 50), _percentile(took, count, 95))


def _percentile(took: Mapping[int, int], count: int, percent: int) -> int:
    """The least number of days within which so many in a hundred were made (nearest rank)."""
    steps = sorted(took)
    reached: Iterable[int] = accumulate(took[step] for step in steps)
    return next(step for step, sofar in zip(steps, reached, strict=True) if sofar * 100 >= count * percent)


def _month_words(month: str) -> str:
    return _("%(n)s月") % {"n": int(month[5:])}
