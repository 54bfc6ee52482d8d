"""What other numbers would cost: the real units of a pool put to the rule twice, and compared. Writes
nothing.

The numbers stand in for those of one refund year only while the question is answered; two supervisors put a
number in force on the policy pages, as any other. Facts are those the screening would read now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import enterprises.selectors
import policy.selectors
from enterprises.models import Enterprise
from enterprises.selectors import UnitFacts
from law.decision import Verdict
from law.errors import MissingParameter
from law.parameters import Citation, DatedValue, Parameters, Value
from law.retention_refund import KEYS, PROGRAM, decide, terms_for
from subsidies.refund.selectors import Cover, cover_of

TRIAL = Citation(title="试算", number="", article="不是政策", url="", seen="own")
UNITS: Mapping[str, str] = {
    "refund.layoff_limit": "bp",
    "refund.small_persons": "persons",
    "refund.ratio": "bp",
    "refund.six_kinds_ratio": "bp",
    "refund.ratio_uplift": "bp",
}
"""The numbers that may be tried, and what they are counted in."""


@dataclass(frozen=True, slots=True)
class Question:
    """Other numbers for a refund year: values by key, and industries to be put on the raised ratio (the
    beginnings of their GB/T 4754 codes).
    """

    refund_year: int
    region: str
    values: Mapping[str, Value]
    industries: tuple[str, ...] = ()


@dataclass(slots=True)
class Group:
    """Units that are alike: how many, fen before and after, and how many get more or less."""

    units: int = 0
    before_fen: int = 0
    after_fen: int = 0
    winners: int = 0
    losers: int = 0

    def add(self, before: int, after: int) -> None:
        """One unit more."""
        self.units += 1
        self.before_fen += before
        self.after_fen += after
        self.winners += after > before
        self.losers += after < before

    @property
    def difference_fen(self) -> int:
        """What it would cost more; below zero what it would save."""
        return self.after_fen - self.before_fen


@dataclass(slots=True)
class Outcome:
    """The answer: all together and by size, kind and district; `has_before` is false for a year without
    numbers in force.
    """

    has_before: bool
    cover: Cover
    total: Group = field(default_factory=Group)
    granted_before: int = 0
    granted_after: int = 0
    by_size: dict[str, Group] = field(default_factory=dict)
    by_kind: dict[str, Group] = field(default_factory=dict)
    by_district: dict[str, Group] = field(default_factory=dict)

    @property
    def years_after(self) -> str:
        """How long the reserve would last if the difference were spent every year; empty if not known."""
        spent = self.cover.expenditure_fen
        if self.cover.balance_fen is None or spent is None:
            return ""
        hundredths = self.cover.balance_fen * 100 // max(1, spent + self.total.difference_fen)
        return f"{hundredths // 100}.{hundredths % 100:02d}"

    @property
    def is_covered(self) -> bool:
        """Whether the reserve would still last as long as it must; compared in whole numbers."""
        cover = self.cover
        if cover.balance_fen is None or cover.expenditure_fen is None or cover.least is None:
            return False
        return cover.balance_fen >= cover.least * (cover.expenditure_fen + self.total.difference_fen)


def numbers_of(question: Question) -> tuple[Parameters | None, Parameters]:
    """The year's numbers in force (None where it has none) and those that are tried.

    Raises MissingParameter where the tried ones do not make a whole year, ValueError for a value that no rule
    could read.
    """
    law = policy.selectors.book()
    current = policy.selectors.parameters_for(program=PROGRAM, region=question.region, law=law)
    rows = [
        DatedValue(
            key=key,
            region=question.region,
            start=date(question.refund_year, 1, 1),
            value=value,
            unit=UNITS[key],
            reference=TRIAL,
        )
        for key, value in question.values.items()
    ]
    tried = law.overlay(rows).for_program(KEYS, region=question.region)
    terms_for(tried, question.refund_year)
    try:
        terms_for(current, question.refund_year)
    except MissingParameter:
        return None, tried
    return current, tried


def answer(question: Question, *, on: date) -> Outcome:
    """Put every unit to both sets of numbers. Raises as `numbers_of`."""
    current, tried = numbers_of(question)
    raised = _raised(question)
    found = Outcome(
        has_before=current is not None,
        cover=cover_of(refund_year=question.refund_year, region=question.region),
    )
    for chunk in enterprises.selectors.refund_facts(
        refund_year=question.refund_year, on=on, region=question.region
    ):
        for unit in chunk:
            before = 0 if current is None else _granted(unit, current)
            is_raised = unit.enterprise_id in raised and unit.facts.uplift == "NONE"
            after = _granted(
                replace(unit, facts=replace(unit.facts, uplift="KEY_INDUSTRY")) if is_raised else unit, tried
            )
            _add(found, unit, before, after)
    return found


def _granted(unit: UnitFacts, numbers: Parameters) -> int:
    """Fen that the rule grants; nothing where it refuses or asks a person."""
    decision = decide(unit.facts, numbers)
    return (decision.payable_fen or 0) if decision.verdict is Verdict.GRANT else 0


def _raised(question: Question) -> frozenset[int]:
    """Units of the industries that are tried on the raised ratio."""
    if not question.industries:
        return frozenset()
    rows = Enterprise.objects.filter(region__startswith=question.region[:4]).exclude(industry="")
    return frozenset(
        key
        for key, industry in rows.values_list("pk", "industry")
        if industry.startswith(question.industries)
    )


def _add(found: Outcome, unit: UnitFacts, before: int, after: int) -> None:
    found.granted_before += before > 0
    found.granted_after += after > 0
    facts = unit.facts
    size = facts.size_class if facts.kind == "ENTERPRISE" else "SIX_KINDS"
    for groups, key in (
        (found.by_size, size),
        (found.by_kind, facts.kind),
        (found.by_district, unit.region),
    ):
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group()
        group.add(before, after)
    found.total.add(before, after)
