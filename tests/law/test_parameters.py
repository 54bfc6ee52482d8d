"""Dated values: the most specific region, the latest start, nothing by default, nothing lost."""

import json
from datetime import date

import pytest

from law.errors import MissingParameter
from law.parameters import Citation, DatedValue, ParameterBook, Parameters, Value, lineage
from law.programs import CALCULATIONS

OWN = Citation("试验", "", "", "", "own")
SHIPPED = ParameterBook.shipped()


def _row(region: str, start: str, value: Value, key: str = "test.value", unit: str = "fen") -> DatedValue:
    return DatedValue(key, region, date.fromisoformat(start), value, unit, OWN)


def test_a_county_is_asked_before_its_city_its_province_and_the_nation() -> None:
    assert lineage("130102") == ("130102", "130100", "130000", "000000")
    assert lineage("130100") == ("130100", "130000", "000000")
    assert lineage("000000") == ("000000",)


def test_the_most_specific_region_wins_from_its_own_start_on() -> None:
    book = ParameterBook(
        [
            _row("130000", "2020-01-01", "1"),
            _row("130000", "2024-01-01", "3"),
            _row("130100", "2022-01-01", "2"),
            _row("000000", "2010-01-01", "0"),
        ]
    )
    read = {
        on: book.integer("test.value", region="130102", on=date.fromisoformat(on))
        for on in ("2015-01-01", "2021-12-31", "2022-01-01", "2025-01-01")
    }
    assert read == {"2015-01-01": 0, "2021-12-31": 1, "2022-01-01": 2, "2025-01-01": 2}
    assert book.integer("test.value", region="130200", on=date(2025, 1, 1)) == 3
    resolved = book.for_program(("test.value",), region="130102")
    for on in (date(2015, 1, 1), date(2021, 12, 31), date(2022, 1, 1), date(2025, 1, 1)):
        assert resolved.integer("test.value", on=on) == book.integer("test.value", region="130102", on=on)


def test_nothing_found_is_never_a_default() -> None:
    with pytest.raises(MissingParameter) as missing:
        SHIPPED.fen("benefit.standard", region="130100", on=date(2020, 9, 30), item="1")
    assert (missing.value.key, missing.value.region, missing.value.on) == (
        "benefit.standard",
        "130100",
        date(2020, 9, 30),
    )
    with pytest.raises(MissingParameter):
        SHIPPED.value("no.such_key", region="130100", on=date(2025, 1, 1))
    with pytest.raises(MissingParameter, match=r"benefit\.standard\[4\]"):
        SHIPPED.fen("benefit.standard", region="130100", on=date(2025, 1, 1), item="4")


def test_a_repeal_is_a_value_and_does_not_fall_back_to_the_province() -> None:
    book = ParameterBook([_row("130000", "2020-01-01", "1"), _row("130100", "2024-01-01", "REPEALED")])
    assert book.value("test.value", region="130100", on=date(2025, 1, 1)).repealed
    with pytest.raises(MissingParameter):
        book.fen("test.value", region="130100", on=date(2025, 1, 1))
    assert book.fen("test.value", region="130200", on=date(2025, 1, 1)) == 1


def test_an_overlay_adds_and_the_shipped_book_stays() -> None:
    raised = _row(
        "130000", "2027-01-01", {"1": "212400", "2": "192600", "3": "173700"}, "benefit.standard", "fen"
    )
    book = SHIPPED.overlay([raised])
    assert book.fen("benefit.standard", region="130100", on=date(2027, 1, 1), item="1") == 212_400
    assert SHIPPED.fen("benefit.standard", region="130100", on=date(2027, 1, 1), item="1") == 198_000
    keys = CALCULATIONS["unemployment-benefit"].keys
    before, after = SHIPPED.for_program(keys, region="130100"), book.for_program(keys, region="130100")
    assert before.digest != after.digest
    assert len(after.rows["benefit.standard"]) == len(before.rows["benefit.standard"]) + 1


@pytest.mark.parametrize("program", sorted(CALCULATIONS))
def test_a_snapshot_gives_the_same_parameters_back(program: str) -> None:
    parameters = SHIPPED.for_program(CALCULATIONS[program].keys, region="130100")
    stored = json.loads(json.dumps(parameters.snapshot()))
    again = Parameters.from_snapshot(stored)
    assert again.digest == parameters.digest
    assert again.rows == parameters.rows
    assert len(parameters.digest) == 64


def test_the_same_set_is_resolved_once() -> None:
    assert SHIPPED.for_program(("benefit.*",), region="130100") is SHIPPED.for_program(
        ("benefit.*",), region="130100"
    )


@pytest.mark.parametrize(
    ("key", "value", "unit"),
    [
        ("test.value", "19.80", "fen"),
        ("test.value", "-1", "fen"),
        ("test.value", "１", "fen"),
        ("test.value", {"1": "x"}, "months"),
        ("test.value", "yes", "flag"),
        ("test.value", "1", "parsec"),
        ("Test Value", "1", "fen"),
    ],
)
def test_a_value_that_no_rule_could_read_is_not_taken(key: str, value: Value, unit: str) -> None:
    with pytest.raises(ValueError, match=r"test\.value|Test Value"):
        _row("130000", "2020-01-01", value, key, unit)


def test_numbers_that_are_not_text_are_not_taken() -> None:
    snapshot = SHIPPED.for_program(("benefit.cap_months",), region="130100").snapshot()
    stored = json.loads(json.dumps(snapshot).replace('"value": "24"', '"value": 24.5'))
    with pytest.raises(ValueError, match="write numbers and dates as text"):
        Parameters.from_snapshot(stored)


def test_typed_reads() -> None:
    on = date(2025, 9, 26)
    assert SHIPPED.integer("benefit.cap_months", region="130100", on=on) == 24
    assert SHIPPED.flag("benefit.auto_grant", region="130100", on=on) is True
    assert SHIPPED.bp("benefit.sample_bp", region="130100", on=on) == 0
    assert SHIPPED.text("benefit.first_month_rule", region="130100", on=on) == "NEXT_MONTH"
    assert "2025-10-11" in SHIPPED.codes("calendar.2025", region="130100", on=on, item="worked")
    with pytest.raises(TypeError):
        SHIPPED.text("benefit.standard", region="130100", on=on)
    with pytest.raises(TypeError):
        SHIPPED.codes("benefit.cap_months", region="130100", on=on)


def test_every_key_that_a_program_reads_has_a_value_here() -> None:
    for calculation in CALCULATIONS.values():
        for key in calculation.keys:
            found = SHIPPED.for_program((key,), region="130100").rows
            assert found, f"{calculation.code}: {key}"


def test_no_number_is_written_without_a_reference_that_can_be_found() -> None:
    for row in SHIPPED.rows():
        assert row.reference.title
        assert row.reference.seen == "own" or row.reference.article or row.unit == "calendar", row.key
