"""What the outside knows of units: the same for the same seed, well formed, as its scenario says."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from law.identifiers import check
from sandbox import scenarios
from sandbox.unit_records import UnitRecords
from sandbox.units import Units
from sandbox.world import World
from tests.sandbox.conftest import Asker

TODAY = date(2026, 11, 23)
RECORDS = UnitRecords(Units(World(seed=7, people=40, today=TODAY, enterprises=400)))
Row = dict[str, Any]


def read(records: UnitRecords, count: int) -> list[Row]:
    """The first records, as they arrive over the wire."""
    rows: list[Row] = json.loads(json.dumps([records.record(index, TODAY) for index in range(count)]))
    return rows


EVERY = read(RECORDS, RECORDS.units.count)


def of(scenario: str) -> Row:
    return next(row for row in EVERY if row["scenario"] == scenario)


def published(on: date) -> dict[str, set[str]]:
    """The codes on each list."""
    rows: list[Row] = json.loads(json.dumps(RECORDS.lists(on)))
    return {row["name"]: {one["code"] for one in row["entries"]} for row in rows}


def test_the_same_seed_gives_the_same_figures() -> None:
    again = UnitRecords(Units(World(seed=7, people=40, today=TODAY, enterprises=400)))
    assert read(again, 50) == EVERY[:50]


def test_every_record_is_well_formed() -> None:
    for row in EVERY:
        assert check("USCC", row["code"]).valid
        assert [len(year["headcounts"]) for year in row["years"]] == [12] * 3
        assert [year["year"] for year in row["years"]] == [2023, 2024, 2025]
        assert all(year["base_fen"] > 0 for year in row["years"])


def test_most_units_behind_the_named_ones_are_in_order_and_some_are_not() -> None:
    rest = [row["scenario"] for row in EVERY[len(scenarios.named_units()) :]]
    assert len(rest) / 2 < rest.count(scenarios.ORDINARY_UNIT) < len(rest)
    assert {"NO_2020_RECORD", "IN_ARREARS", "TARIFF"} <= set(rest)


@pytest.mark.parametrize(
    ("scenario", "persons", "drew"),
    [
        ("LAYOFF_AT_LIMIT", 2_400, 11),
        ("LAYOFF_ONE_OVER", 2_400, 12),
        ("SMALL_AT_LIMIT", 360, 6),
        ("SMALL_ONE_OVER", 360, 7),
        ("LAW_FIRM_320", 3_840, 2),
    ],
)
def test_thresholds_are_met_exactly(scenario: str, persons: int, drew: int) -> None:
    for year in of(scenario)["years"]:
        assert (sum(year["headcounts"]), year["new_recipients"]) == (persons, drew)


def test_a_law_firm_has_the_code_of_one() -> None:
    found = of("LAW_FIRM_320")
    assert (str(found["code"])[:2], found["kind"], found["industry"]) == ("31", "LAW_FIRM", "7231")
    assert RECORDS.units.with_code(str(found["code"])) is not None


def test_what_comes_later_is_not_known_before() -> None:
    index = int(str(of("DEREGISTERED_LATER")["index"]))
    assert RECORDS.record(index, TODAY)["deregistered_on"] is None
    later = TODAY + timedelta(days=10)
    assert RECORDS.record(index, later)["deregistered_on"] == later.isoformat()
    code = of("LISTED_LATER")["code"]

    def listed(on: date) -> bool:
        return any(code in codes for codes in published(on).values())

    assert not listed(TODAY)
    assert listed(TODAY + timedelta(days=14))


def test_every_list_is_published_even_if_it_names_nobody() -> None:
    found = published(TODAY)
    assert not found["ZOMBIE"]
    assert of("LISTED")["code"] in found["DISHONEST_DEBTOR"]


def test_an_account_leads_back_to_its_unit() -> None:
    for index in (0, 17, 399):
        holder = RECORDS.holder(RECORDS.account(index))
        assert holder is not None and holder.index == index
    for nobody in ("", "x" * 17, "13019000000000000", RECORDS.account(0)[:-1]):
        assert RECORDS.holder(nobody) is None


def test_records_and_lists_are_read_over_http(asker: Asker) -> None:
    rows = asker.send("GET", "/units/records?asked_on=2026-11-23&limit=2").json
    assert [row["index"] for row in rows] == [0, 1]
    assert asker.send("GET", "/units/records?asked_on=2026-11-23&after=1&limit=1").json[0]["index"] == 2
    assert {row["name"] for row in asker.send("GET", "/units/lists?asked_on=2026-11-23").json} >= {"ZOMBIE"}
    assert asker.send("GET", "/units/records?limit=2").status == 400
