"""Skill subsidies: windows, places, post matching, and the contract's fine print."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law.programs import PROGRAMS
from tests.law.asking import Line, ask, fault_of, outcomes, parameters

CERTIFICATE: Line = {
    "kind": "SKILL_LEVEL",
    "number": "Y000013010001244000001",
    "occupation": "6-31-01-03",
    "level": 4,
    "issued_on": "2024-10-08",
}
CLAIM: Line = {
    "id": "c",
    "claimed_on": "2025-10-09",
    "claimant": "EMPLOYEE",
    "contributed_months": 40,
    "benefit_months": None,
    "certificate": CERTIFICATE,
    "register": "FOUND_MATCH",
    "post_occupation": "6-31-01-03",
    "urgent": False,
    "paid_this_year": {"ordinary": 0, "urgent": 0},
    "paid_before": [{"occupation": "6-31-01-03", "level": 5}],
    "training_subsidy_taken": "NO",
}
"""The sample line of the contract, with a number that is well formed."""


CLAIMED = (date(2025, 1, 1), date(2025, 12, 31))
ISSUED = date(2022, 1, 1)


def claim(certificate: Line | None = None, **changes: object) -> Line:
    return ask("skill-subsidy", {**CLAIM, "certificate": {**CERTIFICATE, **(certificate or {})}, **changes})


def test_the_sample_is_granted_on_its_last_day() -> None:
    answer = claim()
    assert (answer["verdict"], answer["failed"], answer["amount_fen"]) == ("GRANT", [], 150000)
    assert answer["window_ends_on"] == "2025-10-09"
    assert answer["match"] == {"class": "MATCH", "rule": 1}


@pytest.mark.parametrize(
    ("issued", "claimed", "ends", "passes"),
    [
        ("2024-10-08", "2025-10-10", "2025-10-09", False),
        ("2024-10-11", "2025-10-11", "2025-10-11", True),  # a Saturday that is worked
        ("2024-10-11", "2025-10-13", "2025-10-11", False),
        ("2024-02-29", "2025-02-28", "2025-02-28", True),
        ("2024-02-29", "2025-03-01", "2025-02-28", False),
        ("2023-01-01", "2025-01-02", "2024-01-02", False),
        ("2022-12-31", "2025-01-02", None, False),
        ("2025-12-31", "2025-12-31", "2026-12-31", True),
    ],
)
def test_the_window_ends_twelve_months_after_the_issue(
    issued: str, claimed: str, ends: str | None, passes: bool
) -> None:
    number = f"Y0000130100012{issued[3]}4000001"
    answer = claim({"issued_on": issued, "number": number}, claimed_on=claimed)
    assert answer["window_ends_on"] == ends
    assert answer["failed"] == ([] if passes else ["K3"])


@pytest.mark.parametrize(
    ("number", "kind", "verdict"),
    [
        ("Y000013010001240400001X", "SKILL_LEVEL", "REVIEW"),  # 23 characters
        ("Y000013010001243000001", "SKILL_LEVEL", "REVIEW"),  # says level 3
        ("Y000013010001234000001", "SKILL_LEVEL", "REVIEW"),  # says 2023
        ("X000013010001244000001", "SKILL_LEVEL", "REVIEW"),
        ("1234567890412345", "SKILL_LEVEL", "REVIEW"),
        ("AB00000000000000000000", "SKILL_LEVEL", "GRANT"),
        ("1234567890412345", "QUALIFICATION", "GRANT"),
        ("1234567890312345", "QUALIFICATION", "REVIEW"),
        ("1234567890912345", "QUALIFICATION", "REVIEW"),
        ("冀字第1号", "QUALIFICATION", "GRANT"),
    ],
)
def test_a_number_that_contradicts_is_a_question(number: str, kind: str, verdict: str) -> None:
    answer = claim({"number": number, "kind": kind})
    assert (answer["verdict"], answer["failed"]) == (verdict, [])


@pytest.mark.parametrize(
    ("post", "match", "verdict"),
    [
        ("6-31-01-03", {"class": "MATCH", "rule": 1}, "GRANT"),
        ("6-31-01-04", {"class": "REVIEW", "rule": 3}, "REVIEW"),
        ("6-31-02-03", {"class": "REVIEW", "rule": 4}, "REVIEW"),
        ("6-30-01-03", {"class": "MISMATCH_PROPOSED", "rule": 5}, "REFUSE"),
        ("7-31-01-03", {"class": "MISMATCH_PROPOSED", "rule": 5}, "REFUSE"),
        (None, {"class": "REVIEW", "rule": None}, "REVIEW"),
    ],
)
def test_the_certificate_is_held_against_the_post(post: str | None, match: Line, verdict: str) -> None:
    answer = claim(post_occupation=post)
    assert (answer["match"], answer["verdict"]) == (match, verdict)
    assert answer["failed"] == (["K6"] if verdict == "REFUSE" else [])
    recipient = claim(
        post_occupation=post,
        claimant="RECIPIENT",
        contributed_months="UNKNOWN",
        benefit_months={"first": "2024-10", "last": "2024-10"},
    )
    assert (recipient["match"], recipient["verdict"]) == ({"class": "NOT_APPLIED", "rule": None}, "GRANT")


@pytest.mark.parametrize("ordinary", range(4))
@pytest.mark.parametrize("urgent", range(5))
def test_one_ordinary_place_a_year_and_two_urgent_ones(ordinary: int, urgent: int) -> None:
    paid = {"ordinary": ordinary, "urgent": urgent}
    plain = ordinary + max(0, urgent - 2) < 1
    assert claim(paid_this_year=paid)["failed"] == ([] if plain else ["K5"])
    assert claim(paid_this_year=paid, urgent=True)["failed"] == ([] if ordinary + urgent < 3 else ["K5"])


@pytest.mark.parametrize(
    ("changes", "certificate", "failed", "verdict"),
    [
        ({"contributed_months": 11}, {}, ["K1"], "REFUSE"),
        ({"contributed_months": "UNKNOWN"}, {}, [], "REVIEW"),
        ({"claimant": "RECIPIENT"}, {}, [], "REVIEW"),
        (
            {"claimant": "RECIPIENT", "benefit_months": {"first": "2024-11", "last": "2025-03"}},
            {},
            ["K1"],
            "REFUSE",
        ),
        ({"register": "NOT_FOUND"}, {}, ["K2"], "REFUSE"),
        ({"register": "FOUND_DIFFERENT"}, {}, [], "REVIEW"),
        ({"register": "UNAVAILABLE"}, {}, [], "REVIEW"),
        ({}, {"level": 2, "number": "Y000013010001242000001"}, ["K2"], "REFUSE"),
        ({"paid_before": [{"occupation": "6-31-01-03", "level": 4}]}, {}, ["K4"], "REFUSE"),
        ({"paid_before": [{"occupation": "6-31-01-03", "level": 3}]}, {}, ["K4"], "REFUSE"),
        ({"paid_before": [{"occupation": "6-31-01-04", "level": 3}]}, {}, [], "GRANT"),
        ({"paid_before": "UNKNOWN"}, {}, [], "REVIEW"),
        ({"training_subsidy_taken": "YES"}, {}, ["K4"], "REFUSE"),
        ({"training_subsidy_taken": "YES", "paid_before": "UNKNOWN"}, {}, ["K4"], "REFUSE"),
        ({"training_subsidy_taken": "UNKNOWN"}, {}, [], "REVIEW"),
    ],
)
def test_each_test_fails_alone(changes: Line, certificate: Line, failed: list[str], verdict: str) -> None:
    answer = claim(certificate, **changes)
    assert (answer["failed"], answer["verdict"]) == (failed, verdict)
    assert answer["amount_fen"] == (None if certificate else 150000)


@pytest.mark.parametrize(
    ("changes", "certificate", "field"),
    [
        ({"claimed_on": "2024-12-31"}, {}, "claimed_on"),
        ({"claimed_on": "2026-01-01"}, {}, "claimed_on"),
        ({"claimant": "STUDENT"}, {}, "claimant"),
        ({"contributed_months": 1.0}, {}, "contributed_months"),
        ({"benefit_months": {"first": "2025-02", "last": "2025-01"}}, {}, "benefit_months"),
        ({"benefit_months": {"first": "2025-02"}}, {}, "benefit_months.last"),
        ({"benefit_months": {"first": "2025-13", "last": "2025-01"}}, {}, "benefit_months.first"),
        ({"benefit_months": "UNKNOWN"}, {}, "benefit_months"),
        ({"register": "UNKNOWN"}, {}, "register"),
        ({"post_occupation": "6-31-01"}, {}, "post_occupation"),
        ({"urgent": 0}, {}, "urgent"),
        ({"paid_this_year": {"ordinary": 0}}, {}, "paid_this_year.urgent"),
        ({"paid_this_year": {"ordinary": -1, "urgent": 0}}, {}, "paid_this_year.ordinary"),
        ({"paid_before": [{"occupation": "6-31-01-03"}]}, {}, "paid_before"),
        ({"paid_before": [{"occupation": "6-31-01-03", "level": 6}]}, {}, "paid_before"),
        ({"paid_before": ["6-31-01-03"]}, {}, "paid_before"),
        ({"training_subsidy_taken": None}, {}, "training_subsidy_taken"),
        ({}, {"level": 0}, "certificate.level"),
        ({}, {"level": True}, "certificate.level"),
        ({}, {"issued_on": "2025-10-10"}, "certificate.issued_on"),
        ({}, {"number": ""}, "certificate.number"),
        ({}, {"kind": "OTHER"}, "certificate.kind"),
        ({}, {"occupation": "6-31-1-03"}, "certificate.occupation"),
        ({}, {"more": 1}, "certificate.more"),
        ({"certificate": None}, {}, "certificate"),
    ],
)
def test_a_fault_names_its_field(changes: Line, certificate: Line, field: str) -> None:
    line = {**CLAIM, "certificate": {**CERTIFICATE, **certificate}, **changes}
    assert fault_of("skill-subsidy", line) == ("c", field)


@st.composite
def claims(draw: st.DrawFn) -> Line:
    """A line without a fault."""
    occupations = st.sampled_from(["6-31-01-03", "6-31-01-04", "6-31-02-01", "4-01-01-01"])
    levels = st.integers(1, 5)
    awards = st.lists(st.fixed_dictionaries({"occupation": occupations, "level": levels}), max_size=3)
    period = st.fixed_dictionaries(
        {"first": st.just("2024-03"), "last": st.sampled_from(["2024-03", "2025-06"])}
    )
    return {
        **CLAIM,
        "claimed_on": draw(st.dates(*CLAIMED)).isoformat(),
        "claimant": draw(st.sampled_from(["EMPLOYEE", "RECIPIENT"])),
        "contributed_months": draw(st.integers(0, 30) | st.just("UNKNOWN")),
        "benefit_months": draw(st.none() | period),
        "certificate": {
            "kind": draw(st.sampled_from(["SKILL_LEVEL", "QUALIFICATION"])),
            "number": draw(st.sampled_from([str(CERTIFICATE["number"]), "1234567890412345", "x"])),
            "occupation": draw(occupations),
            "level": draw(levels),
            "issued_on": draw(st.dates(ISSUED, CLAIMED[0])).isoformat(),
        },
        "register": draw(st.sampled_from(["FOUND_MATCH", "FOUND_DIFFERENT", "NOT_FOUND", "UNAVAILABLE"])),
        "post_occupation": draw(st.none() | occupations),
        "urgent": draw(st.booleans()),
        "paid_this_year": {"ordinary": draw(st.integers(0, 2)), "urgent": draw(st.integers(0, 3))},
        "paid_before": draw(awards | st.just("UNKNOWN")),
        "training_subsidy_taken": draw(st.sampled_from(["NO", "YES", "UNKNOWN"])),
    }


@given(claims())
def test_verdict_and_reasons_fit_and_are_stored(line: Line) -> None:
    answer = ask("skill-subsidy", line)
    found = outcomes(answer)
    failed = [code for code, outcome in found.items() if outcome == "FAIL"]
    assert answer["failed"] == failed
    assert answer["verdict"] == ("REFUSE" if failed else "REVIEW" if "UNKNOWN" in found.values() else "GRANT")
    program, numbers = PROGRAMS["skill-subsidy"], parameters("skill-subsidy")
    facts = program.parse({name: value for name, value in line.items() if name != "id"})
    assert program.parse(program.facts_to_json(facts)) == facts
    decision = program.decide(facts, numbers)
    assert program.decision_from_json(decision.to_json()) == decision
    assert program.amount_for(facts, "2025", numbers) == (answer["amount_fen"] or 0)
    with pytest.raises(ValueError, match="not of 1999"):
        program.amount_for(facts, "1999", numbers)
