"""Asking the size rule what a unit is, by its industry and its figures. Reads nothing but the law's table."""

from __future__ import annotations

from typing import Protocol

from enterprises.models import Enterprise
from law import size_class
from law.parameters import ParameterBook
from policy.selectors import book

MANUAL = "MANUAL"


class Figures(Protocol):
    """What the rule measures; None: not known."""

    @property
    def employees(self) -> int | None: ...
    @property
    def revenue_wan(self) -> int | None: ...
    @property
    def assets_wan(self) -> int | None: ...


def answer_of(
    unit: Enterprise, figures: Figures, *, industry: str = "", law: ParameterBook | None = None
) -> size_class.Answered:
    """The class by the table, or MANUAL: no industry, one outside it, or a figure it needs is missing.

    `industry`: another code than the unit's own. `law`: the book in force, where the caller has it already.
    """
    code = industry or unit.industry
    if len(code) < 2:
        return "MANUAL"
    facts = size_class.Facts(code, figures.employees, figures.revenue_wan, figures.assets_wan)
    parameters = (law or book()).for_program(size_class.KEYS, region=unit.region)
    return size_class.classify(facts, parameters).size_class
