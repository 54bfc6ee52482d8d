"""What was paid too much, and how it is paid back."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law import months
from law.money import Fen
from law.overpayment import EVENTS, KEYS, assess, parse, split
from law.parameters import Citation, DatedValue, ParameterBook
from tests.law.asking import Line, ask, fault_of, parameters

PAID = st.dictionaries(st.integers(2020 * 12, 2027 * 12), st.integers(0, 300_000), max_size=30)


def _line(**changes: object) -> Line:
    base: Line = {
        "id": "x",
        "event": "REEMPLOYED",
        "event_on": "2025-03-10",
        "deceit": False,
        "paid": [{"month": "2025-04", "fen": 198_000}],
    }
    return {**base, **changes}


@given(st.sampled_from(sorted(EVENTS)), st.dates(), st.booleans(), PAID)
def test_what_is_overpaid_is_what_lies_after_the_last_payable_month(
    event: str, on: object, deceit: bool, paid: dict[int, int]
) -> None:
    listed = [{"month": months.text_of(number), "fen": fen} for number, fen in paid.items()]
    answer = ask("overpayment", _line(event=event, event_on=str(on), deceit=deceit, paid=listed))
    if "error" in answer:
        assert answer["error"]
        assert str(on) < "2011-07-01"
        return
    last = answer["last_payable_month"]
    assert (last is None) == (event == "NEVER_ENTITLED")
    listed_months = [months.text_of(number) for number in sorted(paid)]
    wrong = [month for month in listed_months if last is None or month > str(last)]
    assert answer["overpaid_months"] == wrong
    assert answer["overpaid_fen"] == sum(paid[months.parse(month)] for month in wrong)
    total = answer["overpaid_fen"]
    fraud = bool(total) and deceit
    assert answer["track"] == (("FRAUD" if fraud else "OVERPAYMENT") if total else None)
    assert isinstance(total, int)
    assert (answer["fine_min_fen"], answer["fine_max_fen"]) == ((2 * total, 5 * total) if fraud else (0, 0))


@pytest.mark.parametrize(
    ("event", "last"),
    [
        ("REEMPLOYED", "2025-03"),
        ("CONSCRIPTED", "2025-03"),
        ("EMIGRATED", "2025-03"),
        ("IMPRISONED", "2025-03"),
        ("DEATH", "2025-03"),
        ("PENSION", "2025-02"),
        ("NEVER_ENTITLED", None),
    ],
)
def test_each_event_has_its_last_payable_month(event: str, last: str | None) -> None:
    assert ask("overpayment", _line(event=event))["last_payable_month"] == last


def test_the_month_of_a_new_job_may_be_unpaid_where_a_place_says_so() -> None:
    row = DatedValue(
        "benefit.stop_month_rule",
        "130100",
        date.min,
        "SAME_MONTH",
        "code",
        Citation("试验", "", "", "", "own"),
    )
    changed = ParameterBook.shipped().overlay([row]).for_program(KEYS, region="130100")
    facts = parse({name: value for name, value in _line().items() if name != "id"})
    assert assess(facts, changed).last_payable_month == "2025-02"
    assert assess(facts, parameters("overpayment")).last_payable_month == "2025-03"


@pytest.mark.parametrize(
    "paid",
    [
        {},
        "2025-04",
        [["2025-04", 1]],
        [{"month": "2025-04"}],
        [{"month": "2025-04", "fen": 1, "note": ""}],
        [{"month": "2025-13", "fen": 1}],
        [{"month": "2025-4", "fen": 1}],
        [{"month": "0000-04", "fen": 1}],
        [{"month": 202504, "fen": 1}],
        [{"month": "2025-04", "fen": -1}],
        [{"month": "2025-04", "fen": 1.0}],
        [{"month": "2025-04", "fen": True}],
        [{"month": "2025-04", "fen": 1}, {"month": "2025-04", "fen": 1}],
        None,
    ],
)
def test_what_is_wrong_inside_the_list_names_the_list(paid: object) -> None:
    assert fault_of("overpayment", _line(paid=paid)) == ("x", "paid")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event", "FIRED"),
        ("event", ["DEATH"]),
        ("event_on", "2025-02-30"),
        ("event_on", None),
        ("deceit", "true"),
        ("deceit", 1),
    ],
)
def test_other_faults_name_their_field(field: str, value: object) -> None:
    assert fault_of("overpayment", _line(**{field: value})) == ("x", field)


def test_a_fraud_before_the_law_of_fines_is_a_fault_of_its_date() -> None:
    assert fault_of("overpayment", _line(event_on="2011-06-30", deceit=True)) == ("x", "event_on")
    assert ask("overpayment", _line(event_on="2011-06-30"))["track"] == "OVERPAYMENT"
    assert fault_of("overpayment", _line(event="PENSION", event_on="0001-01-01")) == ("x", "event_on")


@given(st.integers(1, 10**9), st.data())
def test_parts_are_equal_but_the_last_and_make_the_whole(total: int, data: st.DataObject) -> None:
    parts = data.draw(st.integers(1, min(total, 500)))
    found = split(Fen(total), parts)
    assert sum(found) == total
    assert len(found) == parts
    assert set(found[:-1]) <= {total // parts}
    assert found[-1] - total // parts in range(parts)


@pytest.mark.parametrize(
    ("total", "parts", "field"),
    [
        (0, 1, "total_fen"),
        (-5, 1, "total_fen"),
        (1.0, 1, "total_fen"),
        (True, 1, "total_fen"),
        (10, 0, "parts"),
        (10, 11, "parts"),
        (10, "3", "parts"),
        (10**12, 10**12, "parts"),
    ],
)
def test_a_sum_cannot_be_split_into_nothing(total: object, parts: object, field: str) -> None:
    assert fault_of("instalments", {"id": "x", "total_fen": total, "parts": parts}) == ("x", field)


def test_a_plan_is_never_split_below_a_fen() -> None:
    with pytest.raises(ValueError, match="1 to"):
        split(Fen(3), 4)
