"""Refunds: the examples a lawyer can read, the contract's fine print, and laws that hold for any unit."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law.programs import PROGRAMS
from law.retention_refund import GATES, KINDS, LISTS, SIZE_CLASSES, STANDINGS, UPLIFTS, RefundDecision
from tests.law.asking import Line, ask, fault_of, outcomes, parameters

UNIT: Line = {
    "id": "b",
    "refund_year": 2025,
    "kind": "ENTERPRISE",
    "size_class": "SMALL",
    "monthly_headcounts": [20] * 12,
    "new_recipients": 4,
    "paid_months_in_base_year": 12,
    "in_arrears": "NO",
    "base_fen": 1080000,
    "uplift": "NONE",
    "exclusion_lists": [],
    "gate": "NONE",
    "labour_dispatch": False,
    "already_paid_fen": 0,
    "commitment": None,
}
"""The sample line of the contract."""
EXAMPLES = tomllib.loads((Path(__file__).parent / "examples" / "retention-refund.toml").read_text())[
    "example"
]
YEARS = (2023, 2024, 2025)


def unit(**changes: object) -> Line:
    return ask("retention-refund", {**UNIT, **changes})


def months_of(total: int) -> list[int]:
    """Twelve month-ends that add up to `total`."""
    return [total // 12] * 11 + [total - total // 12 * 11]


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["title"] for example in EXAMPLES])
def test_a_unit_is_decided_as_the_example_says(example: Mapping[str, Line]) -> None:
    changes = dict(example["given"])
    total = changes.pop("sum", None)
    if isinstance(total, int):
        changes["monthly_headcounts"] = months_of(total)
    answer = unit(**changes)
    assert {name: answer[name] for name in example["expect"]} == example["expect"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"refund_year": 2022}, "refund_year"),
        ({"refund_year": 2026}, "refund_year"),
        ({"refund_year": 0}, "refund_year"),
        ({"refund_year": 10**9}, "refund_year"),
        ({"refund_year": True}, "refund_year"),
        ({"kind": "BANK"}, "kind"),
        ({"size_class": None}, "size_class"),
        ({"monthly_headcounts": [20] * 11}, "monthly_headcounts"),
        ({"monthly_headcounts": [20] * 11 + [-1]}, "monthly_headcounts"),
        ({"monthly_headcounts": [20] * 11 + [1.0]}, "monthly_headcounts"),
        ({"monthly_headcounts": [20] * 11 + [True]}, "monthly_headcounts"),
        ({"monthly_headcounts": "UNKNOWN"}, "monthly_headcounts"),
        ({"new_recipients": -1}, "new_recipients"),
        ({"paid_months_in_base_year": 13}, "paid_months_in_base_year"),
        ({"paid_months_in_base_year": None}, "paid_months_in_base_year"),
        ({"in_arrears": "MAYBE"}, "in_arrears"),
        ({"base_fen": "1"}, "base_fen"),
        ({"uplift": "UNKNOWN"}, "uplift"),
        ({"exclusion_lists": ["NONE"]}, "exclusion_lists"),
        ({"exclusion_lists": [[]]}, "exclusion_lists"),
        ({"exclusion_lists": "ZOMBIE"}, "exclusion_lists"),
        ({"gate": None}, "gate"),
        ({"labour_dispatch": "NO"}, "labour_dispatch"),
        ({"already_paid_fen": "UNKNOWN"}, "already_paid_fen"),
        ({"commitment": []}, "commitment"),
        ({"commitment": {"size_class": "UNKNOWN", "status": "VALID"}}, "commitment.size_class"),
        ({"commitment": {"size_class": "SMALL", "status": "LATE"}}, "commitment.status"),
        ({"commitment": {"size_class": "SMALL"}}, "commitment.status"),
        ({"commitment": {"size_class": "SMALL", "status": "VALID", "more": 1}}, "commitment.more"),
        # types are checked even where the value does not matter
        (
            {"kind": "LAW_FIRM", "commitment": {"size_class": "BIG", "status": "VALID"}},
            "commitment.size_class",
        ),
        ({"more": 1}, "more"),
    ],
)
def test_a_fault_names_its_field(changes: Line, field: str) -> None:
    assert fault_of("retention-refund", {**UNIT, **changes}) == ("b", field)


def test_what_cannot_be_computed_is_null_and_a_question() -> None:
    missing = unit(monthly_headcounts=[20] * 11 + [None])
    assert missing["layoff"] == {"r": 4, "s": None, "limit_bp": None, "passes": None}
    nobody = unit(monthly_headcounts=[0] * 12, kind="FOUNDATION")
    assert nobody["layoff"] == {"r": 4, "s": 0, "limit_bp": None, "passes": None}
    assert (nobody["rate_bp"], nobody["refund_fen"], nobody["payable_fen"]) == (None, None, None)
    drawers = unit(new_recipients="UNKNOWN")
    assert drawers["layoff"] == {"r": None, "s": 240, "limit_bp": 2000, "passes": None}
    base = unit(base_fen="UNKNOWN", already_paid_fen=5)
    assert (base["rate_bp"], base["refund_fen"], base["payable_fen"]) == (6000, None, None)
    dispatch = unit(labour_dispatch=True)
    assert (dispatch["rate_bp"], dispatch["refund_fen"]) == (6000, None)
    size = unit(size_class="UNKNOWN", already_paid_fen=10**9)
    assert (size["rate_bp"], size["payable_fen"]) == (None, None)
    for answer in (missing, nobody, drawers, base, dispatch, size):
        assert answer["verdict"] == "REVIEW"
        assert answer["failed"] == []
        assert "UNKNOWN" in outcomes(answer).values()


def test_a_bad_fact_fails_whatever_is_unknown_beside_it() -> None:
    for changes in (
        {"paid_months_in_base_year": 11, "in_arrears": "UNKNOWN"},
        {"paid_months_in_base_year": "UNKNOWN", "in_arrears": "YES"},
    ):
        assert unit(**changes)["failed"] == ["Q1"]
    assert unit(exclusion_lists="UNKNOWN", gate="OPEN")["failed"] == ["Q3"]
    for changes in ({"paid_months_in_base_year": "UNKNOWN"}, {"in_arrears": "UNKNOWN"}):
        assert unit(**changes)["verdict"] == "REVIEW"
    assert unit(exclusion_lists="UNKNOWN")["verdict"] == "REVIEW"


HEADS = st.one_of(
    st.integers(0, 6000).map(months_of), st.lists(st.none() | st.integers(0, 600), min_size=12, max_size=12)
)


@st.composite
def units(draw: st.DrawFn) -> Line:
    """A line without a fault."""
    answers = st.sampled_from(["NO", "NO", "YES", "UNKNOWN"])
    commitments = st.fixed_dictionaries(
        {
            "size_class": st.sampled_from(["LARGE", "MEDIUM", "SMALL", "MICRO"]),
            "status": st.sampled_from(sorted(STANDINGS)),
        }
    )
    return {
        "id": "b",
        "refund_year": draw(st.sampled_from(YEARS)),
        "kind": draw(st.sampled_from(["ENTERPRISE", *sorted(KINDS)])),
        "size_class": draw(st.sampled_from(sorted(SIZE_CLASSES))),
        "monthly_headcounts": draw(HEADS),
        "new_recipients": draw(st.integers(0, 60) | st.just("UNKNOWN")),
        "paid_months_in_base_year": draw(st.sampled_from([12, 12, 11, "UNKNOWN"])),
        "in_arrears": draw(answers),
        "base_fen": draw(st.integers(0, 10**9) | st.just("UNKNOWN")),
        "uplift": draw(st.sampled_from(sorted(UPLIFTS))),
        "exclusion_lists": draw(
            st.just("UNKNOWN") | st.just([]) | st.lists(st.sampled_from(sorted(LISTS)), max_size=3)
        ),
        "gate": draw(st.sampled_from(sorted(GATES))),
        "labour_dispatch": draw(st.booleans()),
        "already_paid_fen": draw(st.just(0) | st.integers(0, 10**9)),
        "commitment": draw(st.none() | commitments),
    }


@given(units())
def test_verdict_reasons_and_amounts_fit_together(line: Line) -> None:
    answer = ask("retention-refund", line)
    found = outcomes(answer)
    failed = [code for code, outcome in found.items() if outcome == "FAIL"]
    assert answer["failed"] == failed
    open_question = "UNKNOWN" in found.values()
    assert answer["verdict"] == ("REFUSE" if failed else "REVIEW" if open_question else "GRANT")
    refund, payable, paid = answer["refund_fen"], answer["payable_fen"], line["already_paid_fen"]
    assert isinstance(paid, int)
    if isinstance(refund, int):
        assert payable == max(0, refund - paid)
        assert (paid > 0 and paid >= refund) == ("Q6" in failed)
    else:
        assert payable is None
        assert "Q6" not in failed
    if answer["verdict"] == "GRANT":
        assert isinstance(payable, int)
        assert payable > 0


@given(st.integers(1, 5000), st.integers(0, 200))
def test_the_layoff_rate_is_compared_exactly(total: int, drew: int) -> None:
    """Against fractions written as whole numbers: 5.5 % is 55 of 1,000, 20 % is 20 of 100."""
    passes = 12 * drew * 100 <= 20 * total if total <= 360 else 12 * drew * 1000 <= 55 * total
    assert unit(monthly_headcounts=months_of(total), new_recipients=drew)["layoff"] == {
        "r": drew,
        "s": total,
        "limit_bp": 2000 if total <= 360 else 550,
        "passes": passes,
    }


@given(units())
def test_facts_and_decision_are_stored_and_read_back(line: Line) -> None:
    program, numbers = PROGRAMS["retention-refund"], parameters("retention-refund")
    facts = program.parse({name: value for name, value in line.items() if name != "id"})
    assert program.parse(program.facts_to_json(facts)) == facts
    decision = program.decide(facts, numbers)
    assert isinstance(decision, RefundDecision)
    assert program.decision_from_json(decision.to_json()) == decision
    assert program.amount_for(facts, str(line["refund_year"]), numbers) == (decision.payable_fen or 0)
    with pytest.raises(ValueError, match="not of 1999"):
        program.amount_for(facts, "1999", numbers)
