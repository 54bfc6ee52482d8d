"""Expansion subsidies: who counts, what can be put right and from when, and the contract's fine print."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law.programs import PROGRAMS
from law.retention_refund import KINDS
from tests.law.asking import Line, ask, fault_of, outcomes, parameters

HIRED: Line = {
    "id": "d",
    "reviewed_on": "2025-11-20",
    "unit_kind": "ENTERPRISE",
    "corporate_account": "OK",
    "group": "GRADUATE",
    "birth_date": "2003-05-01",
    "graduated_on": "2025-06-30",
    "study_type": "FULL_TIME",
    "on_leavers_list": "NO",
    "registered_unemployed_on": None,
    "employed_elsewhere_before": "NO",
    "contract_start": "2025-07-10",
    "contract_filed": "YES",
    "insured_months": {"unemployment": 4, "injury": 4, "pension": 4},
    "insured_at_review": "YES",
    "used_before": "NO",
    "hiring_subsidy_taken": "NO",
}
"""The sample line of the contract."""
LEAVER: Line = {"group": "LEAVER", "on_leavers_list": "YES", "study_type": "OTHER"}
YOUTH: Line = {"group": "YOUTH", "graduated_on": None, "registered_unemployed_on": "2025-07-09"}


def insured(unemployment: int, injury: int, pension: int) -> Line:
    return {"unemployment": unemployment, "injury": injury, "pension": pension}


def hired(**changes: object) -> Line:
    return ask("expansion-subsidy", {**HIRED, **changes})


@pytest.mark.parametrize("group", [{}, LEAVER, YOUTH], ids=["graduate", "leaver", "youth"])
def test_each_group_counts(group: Line) -> None:
    answer = hired(**group)
    assert (answer["verdict"], answer["amount_fen"], answer["failures"]) == ("GRANT", 150000, [])


FAILS: list[tuple[Line, list[tuple[str, bool, str | None]]]] = [
    ({"study_type": "OTHER"}, [("F01", False, None)]),
    ({"study_type": "OTHER", "graduated_on": None}, [("F01", False, None)]),
    ({"graduated_on": None}, [("F01", True, None)]),
    ({**LEAVER, "graduated_on": None}, [("F01", True, None)]),
    ({"graduated_on": "2024-12-31"}, [("F02", False, None)]),
    ({"graduated_on": "2026-01-01"}, [("F02", False, None)]),
    ({**LEAVER, "graduated_on": "2022-12-31"}, [("F02", False, None)]),
    ({**LEAVER, "graduated_on": "2023-01-01"}, []),
    ({**LEAVER, "on_leavers_list": "NO"}, [("F03", True, None)]),
    ({**LEAVER, "employed_elsewhere_before": "YES"}, [("F03", False, None)]),
    (
        {**LEAVER, "on_leavers_list": "NO", "employed_elsewhere_before": "YES"},
        [("F03", False, None)],
    ),
    ({**YOUTH, "registered_unemployed_on": None}, [("F04", False, None)]),
    ({**YOUTH, "registered_unemployed_on": "2025-07-10"}, [("F04", False, None)]),
    ({**YOUTH, "birth_date": "2000-07-10"}, [("F05", False, None)]),
    ({**YOUTH, "birth_date": "2000-07-11"}, []),
    ({**YOUTH, "birth_date": "2009-07-10"}, []),
    ({**YOUTH, "birth_date": "2009-07-11"}, [("F05", False, None)]),
    # born on a leap day: 25 on the last of February
    (
        {
            **YOUTH,
            "birth_date": "2000-02-29",
            "contract_start": "2025-02-28",
            "registered_unemployed_on": "2025-01-01",
        },
        [("F05", False, None)],
    ),
    ({"contract_filed": "NO"}, [("F06", True, None)]),
    ({"insured_months": insured(2, 2, 2)}, [("F07", True, "2025-12-01")]),
    ({"insured_months": insured(1, 1, 1)}, [("F07", False, None)]),
    ({"insured_months": insured(2, 2, 2), "reviewed_on": "2025-12-01"}, [("F07", False, None)]),
    (
        {"insured_months": insured(2, 2, 2), "insured_at_review": "NO"},
        [("F07", False, None), ("F09", False, None)],
    ),
    (
        {"insured_months": insured(2, 2, 2), "insured_at_review": "UNKNOWN"},
        [("F07", True, "2025-12-01")],
    ),
    ({"insured_months": insured(2, 1, 2)}, [("F07", True, "2025-12-01"), ("F08", True, None)]),
    ({"insured_months": insured(4, 2, 4)}, [("F08", True, None)]),
    ({"insured_months": insured(5, 3, 3)}, []),
    (
        {"insured_months": insured(2, 2, 2), "reviewed_on": "9999-12-31"},
        [("F07", False, None), ("F16", False, None)],
    ),
    ({"insured_at_review": "NO"}, [("F09", False, None)]),
    ({"used_before": "YES"}, [("F10", False, None)]),
    ({"hiring_subsidy_taken": "YES"}, [("F11", True, None)]),
    ({"unit_kind": "LAW_FIRM"}, [("F12", False, None)]),
    ({"unit_kind": "FOUNDATION"}, []),
    (
        {"unit_kind": "FOUNDATION", "contract_start": "2024-12-31", "graduated_on": "2024-06-30"},
        [("F12", False, None)],
    ),
    ({"corporate_account": "WRONG"}, [("F14", True, None)]),
    ({"corporate_account": "MISSING"}, [("F14", True, None)]),
    ({"reviewed_on": "2026-01-01"}, [("F16", False, None)]),
]


@pytest.mark.parametrize(("changes", "expected"), FAILS)
def test_a_failure_says_whether_it_can_be_put_right(
    changes: Line, expected: list[tuple[str, bool, str | None]]
) -> None:
    answer = hired(**changes)
    failures = answer["failures"]
    assert isinstance(failures, list)
    found = [(one["code"], one["fixable"], one["earliest_on"]) for one in failures]
    assert sorted(found) == sorted(expected)
    assert answer["amount_fen"] == 150000
    assert (answer["verdict"] == "REFUSE") == bool(expected)


@pytest.mark.parametrize("start", ["2023-12-31", "2026-01-01"])
def test_outside_the_years_nothing_else_is_asked(start: str) -> None:
    answer = hired(contract_start=start, reviewed_on="2026-02-01", study_type="OTHER", used_before="YES")
    assert answer["failures"] == [{"code": "F16", "fixable": False, "earliest_on": None}]
    assert (answer["verdict"], answer["amount_fen"]) == ("REFUSE", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"study_type": "UNKNOWN"},
        {"graduated_on": "UNKNOWN"},
        {**LEAVER, "on_leavers_list": "UNKNOWN"},
        {**LEAVER, "employed_elsewhere_before": "UNKNOWN"},
        {**YOUTH, "registered_unemployed_on": "UNKNOWN"},
        {"contract_filed": "UNKNOWN"},
        {"insured_months": "UNKNOWN"},
        {"insured_at_review": "UNKNOWN"},
        {"used_before": "UNKNOWN"},
        {"hiring_subsidy_taken": "UNKNOWN"},
    ],
)
def test_what_is_not_known_is_a_question(changes: Line) -> None:
    answer = hired(**changes)
    assert (answer["verdict"], answer["failures"]) == ("REVIEW", [])


def test_a_fact_that_is_not_asked_for_changes_nothing() -> None:
    ignored = {"on_leavers_list": "UNKNOWN", "employed_elsewhere_before": "YES", "birth_date": "1990-01-01"}
    assert hired(**ignored) == hired()
    assert hired(**YOUTH, study_type="OTHER", on_leavers_list="UNKNOWN")["verdict"] == "GRANT"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reviewed_on": "2025-07-09"}, "contract_start"),
        ({"birth_date": "2025-07-11"}, "birth_date"),
        ({"unit_kind": "UNKNOWN"}, "unit_kind"),
        ({"corporate_account": "UNKNOWN"}, "corporate_account"),
        ({"group": "RETIRED"}, "group"),
        ({"graduated_on": "2025-02-30"}, "graduated_on"),
        ({"study_type": None}, "study_type"),
        ({"registered_unemployed_on": 5}, "registered_unemployed_on"),
        ({"contract_filed": True}, "contract_filed"),
        ({"insured_months": None}, "insured_months"),
        ({"insured_months": {"unemployment": 1, "injury": 1}}, "insured_months.pension"),
        ({"insured_months": insured(1, -1, 1)}, "insured_months.injury"),
        ({"more": 1}, "more"),
    ],
)
def test_a_fault_names_its_field(changes: Line, field: str) -> None:
    assert fault_of("expansion-subsidy", {**HIRED, **changes}) == ("d", field)


@st.composite
def people(draw: st.DrawFn) -> Line:
    """A line without a fault."""
    answers = st.sampled_from(["NO", "YES", "UNKNOWN"])
    start = draw(st.dates(date(2023, 6, 1), date(2026, 3, 1)))
    days = st.none() | st.just("UNKNOWN") | st.dates(date(2021, 1, 1), date(2026, 6, 1)).map(date.isoformat)
    months = st.fixed_dictionaries(dict.fromkeys(insured(0, 0, 0), st.integers(0, 5)))
    questions = (
        "on_leavers_list",
        "employed_elsewhere_before",
        "contract_filed",
        "insured_at_review",
        "used_before",
        "hiring_subsidy_taken",
    )
    return {
        "id": "d",
        "reviewed_on": (start + timedelta(days=draw(st.integers(0, 400)))).isoformat(),
        "contract_start": start.isoformat(),
        "birth_date": (start - timedelta(days=draw(st.integers(0, 12_000)))).isoformat(),
        "unit_kind": draw(st.sampled_from(sorted(KINDS))),
        "corporate_account": draw(st.sampled_from(["OK", "MISSING", "WRONG"])),
        "group": draw(st.sampled_from(["GRADUATE", "LEAVER", "YOUTH"])),
        "graduated_on": draw(days),
        "registered_unemployed_on": draw(days),
        "study_type": draw(st.sampled_from(["FULL_TIME", "OTHER", "UNKNOWN"])),
        "insured_months": draw(months | st.just("UNKNOWN")),
        **{name: draw(answers) for name in questions},
    }


@given(people())
def test_verdict_failures_and_reasons_fit_and_are_stored(line: Line) -> None:
    answer = ask("expansion-subsidy", line)
    found = outcomes(answer)
    failures = answer["failures"]
    assert isinstance(failures, list)
    failed = [code for code, outcome in found.items() if outcome == "FAIL"]
    assert [one["code"] for one in failures] == failed
    assert answer["verdict"] == ("REFUSE" if failed else "REVIEW" if "UNKNOWN" in found.values() else "GRANT")
    assert all(
        one["earliest_on"] is None or (one["code"], one["fixable"]) == ("F07", True) for one in failures
    )
    program, numbers = PROGRAMS["expansion-subsidy"], parameters("expansion-subsidy")
    facts = program.parse({name: value for name, value in line.items() if name != "id"})
    assert program.parse(program.facts_to_json(facts)) == facts
    decision = program.decide(facts, numbers)
    assert program.decision_from_json(decision.to_json()) == decision
    year = str(line["contract_start"])[:4]
    assert program.amount_for(facts, year, numbers) == (answer["amount_fen"] or 0)
    with pytest.raises(ValueError, match="not of 1999"):
        program.amount_for(facts, "1999", numbers)
