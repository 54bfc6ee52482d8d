"""Size class of an enterprise: large, medium, small or micro (工信部联企业〔2011〕300号, domain rule 2.6).

A firm is in the highest class all of whose listed lower bounds it meets; missing one bound drops it. An
industry outside the table, or a listed measure that is not known, is for a person. The class decides the
ratio of a refund and nothing else; which class counts (the 2020 record, a dispute) is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from law import reading
from law.decision import Json
from law.errors import FaultyField
from law.parameters import Parameters

SizeClass = Literal["LARGE", "MEDIUM", "SMALL", "MICRO"]
Answered = Literal["LARGE", "MEDIUM", "SMALL", "MICRO", "MANUAL"]

CLASSES: dict[str, SizeClass] = {"LARGE": "LARGE", "MEDIUM": "MEDIUM", "SMALL": "SMALL", "MICRO": "MICRO"}
BOUNDED: tuple[SizeClass, ...] = ("LARGE", "MEDIUM", "SMALL")
"""The classes that have lower bounds, in the order of the bounds in the table."""

KEYS = ("size_class.lines",)
MEASURES = ("employees", "revenue_wan", "assets_wan")
COLUMNS = ("name", "groups", *MEASURES)
"""What a record of the table holds; a measure that the line does not list is empty."""

FIELDS = frozenset({"industry", *MEASURES})
LAST_DIVISION = 97
"""GB/T 4754-2017 numbers its divisions 01 to 97 without a gap."""

_INDUSTRY = re.compile(r"[0-9]{2,4}", re.ASCII)
_GROUP = re.compile(r"[0-9]{2,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Facts:
    """`industry`: GB/T 4754 code of 2 to 4 digits. Persons, and 10,000 yuan; None: not known."""

    industry: str
    employees: int | None
    revenue_wan: int | None
    assets_wan: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """MANUAL: a person classifies."""

    size_class: Answered

    def to_public(self) -> dict[str, Json]:
        return {"size_class": self.size_class}


@dataclass(frozen=True, slots=True)
class Line:
    """One industry of the table: for each measure it lists, the least of large, medium and small."""

    name: str
    bounds: Mapping[str, tuple[int, ...]]


def parse(row: reading.Row) -> Facts:
    """Raises FaultyField."""
    reading.exact_fields(row, FIELDS)
    industry = reading.string(row, "industry")
    if not _INDUSTRY.fullmatch(industry) or not 1 <= int(industry[:2]) <= LAST_DIVISION:
        raise FaultyField("industry", "应当是国民经济行业分类的 2 至 4 位代码")
    return Facts(industry, *(_whole_or_null(row, measure) for measure in MEASURES))


def classify(facts: Facts, parameters: Parameters) -> Answer:
    """A manufacturer of 1,200 persons and 350 million yuan of revenue is not large: MEDIUM.

    The table has no date of its own in the question: the latest one counts. Raises MissingParameter where
    it was repealed.
    """
    line = line_of(facts.industry, parameters)
    if line is None:
        return Answer("MANUAL")
    measured: dict[str, int] = {}
    for measure in line.bounds:
        found: int | None = getattr(facts, measure)
        if found is None:
            return Answer("MANUAL")
        measured[measure] = found
    for position, size in enumerate(BOUNDED):
        if all(measured[measure] >= bounds[position] for measure, bounds in line.bounds.items()):
            return Answer(size)
    return Answer("MICRO")


def line_of(industry: str, parameters: Parameters) -> Line | None:
    """The line of the table for an industry: that of its group before that of its division."""
    lines = _lines(parameters)
    return lines.get(industry[:3]) or lines.get(industry[:2])


@lru_cache(maxsize=64)
def _lines(parameters: Parameters) -> dict[str, Line]:
    return lines_from(parameters.live("size_class.lines", on=date.max).records())


def lines_from(records: Iterable[Mapping[str, str]]) -> dict[str, Line]:
    """The table by division or group. Raises ValueError for one that no class could be read from:

    a group that stands twice, a line without a measure, bounds that are not three falling whole numbers.
    """
    found: dict[str, Line] = {}
    for row in records:
        bounds = {
            measure: tuple(int(bound) for bound in row[measure].split())
            for measure in MEASURES
            if row[measure]
        }
        groups = row["groups"].split()
        falling = all(
            len(least) == len(BOUNDED) and sorted(least, reverse=True) == list(least) and least[-1] >= 0
            for least in bounds.values()
        )
        known = all(_GROUP.fullmatch(group) and group not in found for group in groups)
        if not bounds or not groups or not falling or not known or len(set(groups)) != len(groups):
            raise ValueError(f"size_class.lines: {row['name']}")
        found |= dict.fromkeys(groups, Line(row["name"], bounds))
    return found


def _whole_or_null(row: reading.Row, field: str) -> int | None:
    return None if row[field] is None else reading.whole(row, field)
