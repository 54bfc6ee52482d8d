"""Size classes: both sides of every bound of the table, and what is left to a person."""

import pytest

from law.parameters import ParameterBook
from law.size_class import BOUNDED, MEASURES, lines_from
from tests.law.asking import Line, ask, fault_of, parameters

ROWS = parameters("size-class").rows["size_class.lines"][-1].records()
BOUNDS = [
    pytest.param(group, {name: [int(bound) for bound in row[name].split()] for name in MEASURES if row[name]})
    for row in ROWS
    for group in row["groups"].split()[:1]
]


def classify(industry: str, **measures: int | None) -> object:
    line: Line = {"id": "s", "industry": industry, **dict.fromkeys(MEASURES, None), **measures}
    return ask("size-class", line)["size_class"]


@pytest.mark.parametrize(("group", "bounds"), BOUNDS)
def test_a_class_begins_at_its_bounds_and_needs_all_of_them(group: str, bounds: dict[str, list[int]]) -> None:
    classes = [*BOUNDED, "MICRO"]
    for position, size in enumerate(BOUNDED):
        least: dict[str, int | None] = {name: values[position] for name, values in bounds.items()}
        assert classify(group, **least) == size
        for name, value in least.items():
            assert value is not None
            assert classify(group, **{**least, name: value - 1}) == classes[position + 1]
            assert classify(group, **{**least, name: None}) == "MANUAL"


@pytest.mark.parametrize(
    ("industry", "measures", "expected"),
    [
        ("3311", {"employees": 1200, "revenue_wan": 35000}, "MEDIUM"),
        ("47", {"revenue_wan": 90000, "assets_wan": 70000}, "MEDIUM"),
        ("7010", {"revenue_wan": 200000, "assets_wan": 10000}, "LARGE"),
        ("7090", {"employees": 9}, "MICRO"),
        ("852", {"employees": 100}, "MEDIUM"),
    ],
)
def test_a_firm_is_classified(industry: str, measures: dict[str, int | None], expected: str) -> None:
    assert classify(industry, **measures) == expected


@pytest.mark.parametrize("industry", ["53", "5310", "66", "70", "704", "7040", "83", "84", "91", "97"])
def test_what_the_table_does_not_hold_is_for_a_person(industry: str) -> None:
    assert classify(industry, employees=10**6, revenue_wan=10**6, assets_wan=10**6) == "MANUAL"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"industry": "98"}, "industry"),
        ({"industry": "00"}, "industry"),
        ({"industry": "5"}, "industry"),
        ({"industry": "51510"}, "industry"),
        ({"industry": "五一"}, "industry"),
        ({"industry": "５１"}, "industry"),
        ({"industry": 51}, "industry"),
        ({"employees": -1}, "employees"),
        ({"employees": "UNKNOWN"}, "employees"),
        ({"revenue_wan": 1.5}, "revenue_wan"),
        ({"assets_wan": True}, "assets_wan"),
    ],
)
def test_a_fault_names_its_field(changes: Line, field: str) -> None:
    line = {"id": "s", "industry": "51", "employees": 1, "revenue_wan": 1, "assets_wan": 1, **changes}
    assert fault_of("size-class", line) == ("s", field)


@pytest.mark.parametrize(
    "line",
    [
        {"groups": "51 51"},
        {"groups": ""},
        {"groups": "5"},
        {"employees": "20 200 5"},
        {"employees": "200 20"},
        {"employees": "200 20 x"},
        {"employees": "200 20 -5"},
        {"employees": "", "revenue_wan": ""},
    ],
)
def test_a_table_that_cannot_be_read_is_refused(line: dict[str, str]) -> None:
    sound = {
        "name": "批发业",
        "groups": "51",
        "employees": "200 20 5",
        "revenue_wan": "3 2 1",
        "assets_wan": "",
    }
    assert set(lines_from([sound])) == {"51"}
    with pytest.raises(ValueError, match=r"size_class\.lines|invalid literal"):
        lines_from([{**sound, **line}])


def test_every_group_stands_once_in_the_table() -> None:
    groups = [
        group
        for row in ParameterBook.shipped().rows()
        if row.key == "size_class.lines"
        for line in row.records()
        for group in line["groups"].split()
    ]
    assert len(groups) == len(set(groups))
