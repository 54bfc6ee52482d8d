"""What the core system, the market register, the lists and the bank know of a unit, derived from the seed.

Nothing is stored and nothing is random twice; what a scenario means for a unit's figures is said here. It
must never read a clock (the asker's day is handed in) and never hold a rule: whether a unit ought to get
anything back is the product's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from math import exp
from random import Random

from law.identifiers import cnaps_check_digit
from sandbox.units import DEREGISTERED, RegisteredUnit, Units
from sandbox.wire import Json

YEARS_KNOWN = 3
FEE_BP = 100
"""Unit and staff pay one hundredth of wages together."""
_WAGES_YUAN = (3_800, 4_500, 5_200, 6_100, 7_400, 9_500)
_INDUSTRIES = {
    "精密制造": "3489",
    "软件服务": "6513",
    "食品加工": "1392",
    "纺织": "1711",
    "物流": "5431",
    "建筑工程": "4790",
    "医药科技": "2720",
    "商贸": "5191",
    "餐饮管理": "6210",
    "物业服务": "7020",
    "汽车零部件": "3670",
    "教育咨询": "7249",
    "律师事务所": "7231",
    "劳务派遣": "7263",
}
_OTHER_INDUSTRY = "5299"
_MOST_ORDINARY = 290


@dataclass(frozen=True, slots=True)
class Shape:
    """How a scenario makes a unit: persons all year, persons who drew benefit, what else differs.

    `revenue_wan`: what its books show. `says_revenue_wan`: what it says itself.
    """

    staff: int = 0
    recipients: int | None = None
    class_2020: str | None = None
    kind: str = "ENTERPRISE"
    revenue_wan: int | None = None
    says_revenue_wan: int | None = None
    dip: int = 0


SHAPES: Mapping[str, Shape] = {
    "LAYOFF_AT_LIMIT": Shape(staff=200, recipients=11),
    "LAYOFF_ONE_OVER": Shape(staff=200, recipients=12),
    "SMALL_AT_LIMIT": Shape(staff=30, recipients=6),
    "SMALL_ONE_OVER": Shape(staff=30, recipients=7),
    # Nobody of those who left for three months shows in the count.
    "HIDDEN_LAYOFFS": Shape(staff=90, recipients=0, dip=29),
    "CLASS_TRUE": Shape(staff=320, recipients=3, class_2020="LARGE", revenue_wan=20_000),
    "CLASS_FALSE": Shape(
        staff=1_200, recipients=9, class_2020="LARGE", revenue_wan=52_000, says_revenue_wan=35_000
    ),
    "LARGE_FIRM": Shape(staff=1_600, recipients=20, class_2020="LARGE", revenue_wan=90_000),
    "LAW_FIRM_320": Shape(staff=320, recipients=2, kind="LAW_FIRM"),
    "DISPATCH_STATE_BODY": Shape(staff=260, recipients=4),
}
ORDINARY = Shape()
LISTED = {
    "LISTED": ("DISHONEST_DEBTOR", -60),
    "LISTED_LATER": ("WAGE_ARREARS", 14),
    "TARIFF": ("TARIFF", -40),
}
"""Scenario -> the list that names such a unit, and from which day, counted from the world's today."""
LISTS = ("SERIOUS_DISCREDIT", "DISHONEST_DEBTOR", "WAGE_ARREARS", "ZOMBIE", "TARIFF", "KEY_INDUSTRY")
FIRST_ISSUE = -60
"""Every list was published once so many days before the world's today, also if it named nobody."""


@dataclass(frozen=True)
class UnitRecords:
    """The records of all units of a world."""

    units: Units

    def record(self, index: int, on: date) -> Json:
        """All that is known of a unit on a day. Raises ValueError for an unknown one."""
        known = self.units.unit(index)
        shape = SHAPES.get(known.scenario, ORDINARY)
        rng = Random(f"{self.units.world.seed}/unit/{index}")  # noqa: S311 - a toy world, no secret
        staff = shape.staff or min(_MOST_ORDINARY, 2 + int(exp(rng.gauss(2.4, 1.0))))
        wage = rng.choice(_WAGES_YUAN)
        today = self.units.world.today
        gone = self._gone_on(known)
        return {
            "index": index,
            "name": known.unit.name,
            "code": known.unit.code,
            "scenario": known.scenario,
            "county": known.county,
            "kind": shape.kind,
            "industry": _industry(known),
            "labour_dispatch": known.scenario == "DISPATCH_STATE_BODY",
            "registered_on": date(2004 + rng.randrange(15), 1 + rng.randrange(12), 15).isoformat(),
            "deregistered_on": gone.isoformat() if gone is not None and gone <= on else None,
            "class_2020": None if known.scenario in _UNCLASSED else shape.class_2020 or _class(staff),
            "measures": _measures(known.scenario, shape, staff),
            "years": [
                _year(known.scenario, shape, staff, wage, year, rng)
                for year in range(today.year - YEARS_KNOWN, today.year)
            ],
            "account": None if known.scenario == "NO_ACCOUNT" else self._account_of(known),
            "user_units": _user_units(known, wage),
            "synthetic": True,
        }

    def lists(self, on: date) -> list[Json]:
        """Every list as it was published last by a day: who stands on it, by code."""
        today = self.units.world.today
        named: dict[str, list[tuple[date, RegisteredUnit]]] = {name: [] for name in LISTS}
        for scenario, (name, days) in LISTED.items():
            from_on = today + timedelta(days=days)
            if from_on <= on:
                named[name] += [
                    (from_on, unit) for unit in self.units.listed(scenario=scenario, limit=self.units.count)
                ]
        first = today + timedelta(days=FIRST_ISSUE)
        return [
            {
                "name": name,
                "document": f"{name}（模拟信用平台）",
                "published_on": max([first, *(day for day, _ in units)]).isoformat(),
                "entries": [{"code": unit.unit.code, "name": unit.unit.name} for _, unit in units],
                "synthetic": True,
            }
            for name, units in named.items()
        ]

    def account(self, index: int) -> str:
        """The number of a unit's corporate account: 17 digits, no check digit, as such accounts are."""
        lot = sha256(f"{self.units.world.seed}/corporate/{index}".encode()).digest()
        return f"13019{index:05d}{int.from_bytes(lot[:4]) % 10_000_000:07d}"

    def bank_code(self, index: int) -> str:
        """The bank that keeps a unit's account."""
        branch = f"3131210{1 + index % 40:04d}"
        return branch + cnaps_check_digit(branch)

    def holder(self, account: str) -> RegisteredUnit | None:
        """The unit to which an account belongs, or None if to nobody."""
        if len(account) != 17 or not (account.isascii() and account.isdigit()):
            return None
        index = int(account[5:10])
        if index >= self.units.count or self.account(index) != account:
            return None
        return self.units.unit(index)

    def _account_of(self, known: RegisteredUnit) -> Json:
        return {
            "number": self.account(known.index),
            "name": known.unit.name,
            "bank_name": "滹沱河银行",
            "bank_code": self.bank_code(known.index),
            "mobile": f"1991{known.index:07d}",
        }

    def _gone_on(self, known: RegisteredUnit) -> date | None:
        today = self.units.world.today
        if known.status == DEREGISTERED:
            return today - timedelta(days=20)
        return today + timedelta(days=10) if known.scenario == "DEREGISTERED_LATER" else None


_UNCLASSED = frozenset({"NO_2020_RECORD", "NO_MEASURES"})


def _industry(known: RegisteredUnit) -> str:
    found = (code for trade, code in _INDUSTRIES.items() if trade in known.unit.name)
    return next(found, _OTHER_INDUSTRY)


def _class(staff: int) -> str:
    """What the core system wrote down in 2020, by a rule of thumb of its own."""
    return "MICRO" if staff < 20 else "SMALL" if staff < 300 else "MEDIUM"


def _measures(scenario: str, shape: Shape, staff: int) -> Json:
    revenue = shape.revenue_wan if shape.revenue_wan is not None else staff * 40
    known = scenario != "NO_MEASURES"
    return {
        "employees": staff if known else None,
        "revenue_wan": revenue if known else None,
        "assets_wan": revenue * 2 if known else None,
        "says_revenue_wan": shape.says_revenue_wan if shape.says_revenue_wan is not None else revenue,
    }


def _year(scenario: str, shape: Shape, staff: int, wage: int, year: int, rng: Random) -> Json:
    months: list[int | None] = [staff - shape.dip if 6 <= month <= 8 else staff for month in range(12)]
    drew = rng.randrange(0, max(1, staff // 25)) if shape.recipients is None else shape.recipients
    persons = sum(month or 0 for month in months)
    if scenario == "MISSING_MONTH":
        months[4] = None
    is_late = scenario == "IN_ARREARS"
    return {
        "year": year,
        "headcounts": list(months),
        "paid_months": 10 if is_late else 12,
        "in_arrears": "YES" if is_late else "NO",
        "base_fen": persons * wage * FEE_BP // 100,
        "new_recipients": drew,
    }


def _user_units(known: RegisteredUnit, wage: int) -> list[Json]:
    """Of a dispatch firm: where its people work, and what was paid for those there."""
    if known.scenario != "DISPATCH_STATE_BODY":
        return []
    shares = (
        ("石家庄市某街道办事处（合成）", "PUBLIC_BODY", 60),
        ("石家庄某配送有限公司（合成）", "ENTERPRISE", 180),
    )
    return [
        {"name": name, "kind": kind, "persons": persons, "base_fen": persons * 12 * wage * FEE_BP // 100}
        for name, kind, persons in shares
    ]
