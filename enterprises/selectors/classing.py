"""The class of units: the one on record that counts, and what the size rule makes of figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from enterprises.models import Enterprise, SizeClassRecord
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


def classes_of(ids: Sequence[int], *, on: date) -> dict[int, SizeClassRecord]:
    """The class on record that counts for each unit on a day: shown by papers, else that of 2020, else by the
    table.
    """
    rank = {
        SizeClassRecord.Basis.TABLE.value: 1,
        SizeClassRecord.Basis.RECORD_2020.value: 2,
        SizeClassRecord.Basis.PROOF.value: 3,
    }
    found: dict[int, SizeClassRecord] = {}
    rows = SizeClassRecord.objects.filter(enterprise__in=ids, from_on__lte=on, basis__in=list(rank))
    for row in rows.order_by("from_on", "pk"):
        earlier = found.get(row.enterprise_id)
        if earlier is None or rank[row.basis] >= rank[earlier.basis]:
            found[row.enterprise_id] = row
    return found
