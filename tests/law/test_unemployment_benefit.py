"""What always holds for a benefit, whatever the facts."""

import dataclasses
import json
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from law import months
from law.decision import Decision, Verdict
from law.errors import FaultyField, MissingParameter
from law.money import Fen
from law.parameters import Citation, DatedValue, ParameterBook, Parameters
from law.programs import CALCULATIONS, PROGRAMS
from law.unemployment_benefit import (
    KEYS,
    UnemploymentDecision,
    amount_for,
    deadlines,
    decide,
    month_amounts,
    monthly_standard,
)
from tests.law.asking import (
    BENEFIT,
    BENEFIT_PARAMETERS,
    ask,
    benefit,
    benefit_decision,
    benefit_facts,
    outcomes,
)
from tests.law.strategies import benefit_lines

PROGRAM = PROGRAMS["unemployment-benefit"]
OWN = Citation("试验", "", "", "", "own")
BOOK = ParameterBook.shipped()
REASON_MEMBERS = {"code", "outcome", "given", "limit", "reference", "explanation"}
ANSWER_MEMBERS = {
    "id",
    "verdict",
    "refusal_codes",
    "months",
    "first_month",
    "last_month",
    "monthly_fen",
    "total_fen",
    "promise_due",
    "statutory_due",
    "reasons",
    "parameters_digest",
}


def _changed(key: str, value: str, unit: str) -> Parameters:
    row = DatedValue(key, "130100", date.min, value, unit, OWN)
    return BOOK.overlay([row]).for_program(KEYS, region="130100")


@given(benefit_lines())
def test_every_answer_keeps_the_promises_of_the_contract(line: dict[str, object]) -> None:
    answer = ask("unemployment-benefit", line)
    assert answer.keys() == ANSWER_MEMBERS
    assert answer["id"] == line["id"]
    reasons = answer["reasons"]
    assert isinstance(reasons, list)
    assert len(reasons) == 13
    for reason in reasons:
        assert reason.keys() == REASON_MEMBERS
        assert reason["reference"].keys() == {"title", "article"}
        assert reason["reference"]["title"]
        assert reason["explanation"]
        assert "{" not in reason["explanation"]
    found = set(outcomes(answer).values())
    if "FAIL" in found:
        assert answer["verdict"] == "REFUSE"
        assert answer["refusal_codes"]
    elif "UNKNOWN" in found:
        assert answer["verdict"] == "REVIEW"
        assert answer["refusal_codes"] == []
    else:
        assert answer["verdict"] == "GRANT"
        assert answer["refusal_codes"] == []
    assert (answer["months"] is None) == (line["contributed_months"] == "UNKNOWN")


@given(benefit_lines())
def test_sums_are_those_of_their_months_and_never_out_of_bounds(line: dict[str, object]) -> None:
    facts = benefit_facts(**line)
    decision = decide(facts, BENEFIT_PARAMETERS)
    schedule = month_amounts(decision, BENEFIT_PARAMETERS, paying_county=facts.paying_county)
    if decision.months is None:
        assert (decision.first_month, decision.last_month, decision.monthly_fen, decision.total_fen) == (
            None,
        ) * 4
        assert schedule == []
        return
    assert 0 <= decision.months <= 24
    assert len(schedule) == decision.months
    assert decision.total_fen == sum(fen for _, fen in schedule)
    assert decision.total_fen >= 0
    if not decision.months:
        assert decision.refusal_codes[0] == "R01"
        assert (decision.first_month, decision.last_month, decision.monthly_fen) == (None, None, None)
        return
    assert decision.first_month == schedule[0][0] == months.shift(months.month_of(facts.applied_on), 1)
    assert decision.last_month == schedule[-1][0]
    assert decision.monthly_fen == schedule[0][1]
    assert all(fen == amount_for(facts, month, BENEFIT_PARAMETERS) for month, fen in schedule)


@given(benefit_lines(), st.integers(1, 60))
def test_more_months_paid_never_give_less(line: dict[str, object], more: int) -> None:
    paid = line["contributed_months"]
    assume(isinstance(paid, int))
    assert isinstance(paid, int)
    # Past the threshold of a year of new contributions what was left is added, below it is paid alone.
    before = benefit_decision(**line)
    after = benefit_decision(**{**line, "contributed_months": paid + more})
    assert before.months is not None
    assert after.months is not None
    assert before.total_fen is not None
    assert after.total_fen is not None
    assert after.months >= before.months
    assert after.total_fen >= before.total_fen


@given(benefit_lines())
def test_a_stored_decision_and_its_facts_come_back_the_same(line: dict[str, object]) -> None:
    facts = benefit_facts(**line)
    stored_facts = json.loads(json.dumps(PROGRAM.facts_to_json(facts)))
    assert PROGRAM.parse(stored_facts) == facts
    decision = PROGRAM.decide(facts, BENEFIT_PARAMETERS)
    again = PROGRAM.decision_from_json(json.loads(json.dumps(decision.to_json())))
    assert again == decision
    assert again.compared() == decision.compared()
    assert again.to_public() == decision.to_public()


@given(benefit_lines())
def test_the_quick_encoding_says_what_the_plain_one_says(line: dict[str, object]) -> None:
    decision = benefit_decision(**line)
    answer = ask("unemployment-benefit", line)
    due = {name: answer[name] for name in ("id", "promise_due", "statutory_due")}
    assert answer == {**due, **json.loads(json.dumps(decision.to_public()))}


@given(benefit_lines())
def test_a_replay_from_the_snapshot_gives_the_same_result(line: dict[str, object]) -> None:
    stored = Parameters.from_snapshot(json.loads(json.dumps(BENEFIT_PARAMETERS.snapshot())))
    facts = benefit_facts(**line)
    assert decide(facts, stored) == decide(facts, BENEFIT_PARAMETERS)


@given(benefit_lines(), st.sampled_from(["ACTIVE", "INACTIVE", "CLOSED", "NAME_DIFFERS", "UNKNOWN"]))
def test_the_card_never_changes_the_verdict_and_is_named(line: dict[str, object], card: str) -> None:
    one, other = benefit_decision(**line), benefit_decision(**{**line, "card_account": card})
    assert (one.verdict, one.total_fen) == (other.verdict, other.total_fen)
    assert [reason.given for reason in other.reasons if reason.code == "card_account"] == [card]


def test_every_reason_names_facts_that_exist_and_all_decisive_facts_are_named() -> None:
    names = {field for reason in benefit_decision().reasons for field in reason.fields}
    facts = {field.name for field in dataclasses.fields(benefit_facts())}
    assert facts - names == {"paying_county"}
    assert names <= facts


def test_the_steps_of_the_province_stay_below_the_national_ceiling() -> None:
    on = date(2025, 1, 1)
    steps = BOOK.value("benefit.steps", region="130100", on=on)
    ceiling = BOOK.value("benefit.ceiling", region="130100", on=on)
    for year in range(1, len(steps.table()) + 1):
        most = max(int(years) for years in ceiling.table() if int(years) <= year)
        assert steps.integer(str(year)) <= ceiling.integer(str(most))
    expected = [3, 6, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 24, 24]
    assert [benefit_decision(contributed_months=12 * year).months for year in range(1, 19)] == expected
    assert benefit_decision(contributed_months=12 * 9 - 1).months == 16


def test_a_rise_holds_for_months_from_its_date_on() -> None:
    read = [
        monthly_standard(month, paying_county="130102", parameters=BENEFIT_PARAMETERS)
        for month in ("2023-01", "2024-06", "2024-07", "2030-12")
    ]
    assert read == [176_000, 176_000, 198_000, 198_000]
    with pytest.raises(MissingParameter):
        monthly_standard("2022-12", paying_county="130102", parameters=BENEFIT_PARAMETERS)


def test_a_standard_that_rises_in_the_middle_of_the_spell_is_paid_from_then_on() -> None:
    raised = DatedValue(
        "benefit.standard", "130000", date(2026, 1, 1), {"1": "212400", "2": "1", "3": "1"}, "fen", OWN
    )
    parameters = BOOK.overlay([raised]).for_program(KEYS, region="130100")
    decision = decide(benefit_facts(), parameters)
    assert decision.monthly_fen == 198_000
    assert decision.total_fen == 3 * 198_000 + 14 * 212_400


def test_the_first_month_follows_its_parameter() -> None:
    decision = decide(benefit_facts(), _changed("benefit.first_month_rule", "SAME_MONTH", "code"))
    assert (decision.first_month, decision.last_month) == ("2025-09", "2027-01")


@pytest.mark.parametrize(
    ("counts", "operates", "verdict", "codes"),
    [
        ("YES", "YES", "REFUSE", ("R03",)),
        ("YES", "UNKNOWN", "REVIEW", ()),
        ("YES", "NO", "GRANT", ()),
        ("NO", "YES", "GRANT", ()),
        ("NO", "UNKNOWN", "GRANT", ()),
        ("REVIEW", "YES", "REVIEW", ()),
        ("REVIEW", "UNKNOWN", "REVIEW", ()),
        ("REVIEW", "NO", "GRANT", ()),
    ],
)
def test_a_business_licence_counts_as_the_parameter_says(
    counts: str, operates: str, verdict: str, codes: tuple[str, ...]
) -> None:
    parameters = _changed("benefit.licence_counts", counts, "code")
    decision = decide(benefit_facts(operates_business=operates), parameters)
    assert (decision.verdict, decision.refusal_codes) == (verdict, codes)
    assert all("{" not in reason.explanation() for reason in decision.reasons)


def test_a_licence_that_counts_and_a_job_are_one_refusal() -> None:
    parameters = _changed("benefit.licence_counts", "YES", "code")
    decision = decide(benefit_facts(operates_business="YES", employed="YES"), parameters)
    assert decision.refusal_codes == ("R03",)


@pytest.mark.parametrize(
    ("field", "bad", "code"),
    [
        ("employed", "YES", "R03"),
        ("drawing_pension", "YES", "R04"),
        ("agency_competent", "NO", "R05"),
        ("identity", "MISMATCH", "R06"),
        ("drawing_elsewhere", "YES", "R08"),
        ("imprisoned", "YES", "R09"),
        ("deceased", "YES", "R11"),
        ("separation_reason", "N03", "R02"),
        ("birth_date", "1950-01-01", "R07"),
        ("contributed_months", 11, "R01"),
    ],
)
def test_each_known_obstacle_refuses_alone_and_its_doubt_is_reviewed(
    field: str, bad: object, code: str
) -> None:
    refused = benefit(**{field: bad})
    assert (refused["verdict"], refused["refusal_codes"]) == ("REFUSE", [code])
    assert [name for name, outcome in outcomes(refused).items() if outcome == "FAIL"] == [code]
    if field == "birth_date":
        return
    doubted = benefit(**{field: "UNKNOWN"})
    assert (doubted["verdict"], doubted["refusal_codes"]) == ("REVIEW", [])
    assert [name for name, outcome in outcomes(doubted).items() if outcome == "UNKNOWN"] == [code]


def test_a_reason_says_what_would_change_the_result() -> None:
    decision = benefit_decision(contributed_months=10, birth_date="2010-02-28")
    sentences = {reason.code: reason.explanation() for reason in decision.reasons}
    assert "还差 2 个月" in sentences["R01"]
    assert "2026-02-28 起" in sentences["R07"]


@pytest.mark.parametrize(
    ("born", "category", "on", "verdict"),
    [
        # woman worker born 1975-01: 50 years and 1 month, on 2025-02-15; cadre: 55 years and 16 months
        ("1975-01-15", None, "2025-02-14", "GRANT"),
        ("1975-01-15", None, "2025-02-15", "REVIEW"),
        ("1975-01-15", "WORKER", "2025-02-14", "GRANT"),
        ("1975-01-15", "WORKER", "2025-02-15", "REFUSE"),
        ("1975-01-15", "CADRE", "2025-02-15", "GRANT"),
        # cadre born 1970-01-31: 55 years and 1 month, on the last day of February
        ("1970-01-31", None, "2025-02-27", "REVIEW"),
        ("1970-01-31", None, "2025-02-28", "REFUSE"),
        ("1970-01-31", "CADRE", "2025-02-27", "GRANT"),
    ],
)
def test_the_age_turns_on_the_day_of_the_month(
    born: str, category: str | None, on: str, verdict: str
) -> None:
    answer = benefit(birth_date=born, sex="F", retirement_category=category, applied_on=on)
    assert answer["verdict"] == verdict


def test_due_dates_belong_to_the_case_and_not_to_the_decision() -> None:
    assert deadlines(date(2025, 9, 26), BENEFIT_PARAMETERS) == (date(2025, 9, 30), date(2025, 10, 16))
    late = benefit_facts(applied_on="2026-12-30")
    assert decide(late, BENEFIT_PARAMETERS).verdict is Verdict.GRANT
    with pytest.raises(MissingParameter, match=r"calendar\.2027"):
        deadlines(date(2026, 12, 30), BENEFIT_PARAMETERS)


def test_facts_of_another_program_are_not_decided() -> None:
    with pytest.raises(TypeError, match="not the facts"):
        PROGRAM.decide("facts", BENEFIT_PARAMETERS)


def test_a_county_or_reason_that_is_not_in_force_is_the_fault_of_its_field() -> None:
    for field, value in (("paying_county", "130103"), ("separation_reason", "Z99")):
        with pytest.raises(FaultyField) as fault:
            benefit_decision(**{field: value})
        assert fault.value.field == field


def test_a_damaged_decision_is_not_read() -> None:
    stored = json.loads(json.dumps(benefit_decision().to_json()))
    for member, value in (("reasons", "x"), ("results", []), ("verdict", 1), ("program", None)):
        with pytest.raises(ValueError, match="stored decision"):
            UnemploymentDecision.from_json({**stored, member: value})
    with pytest.raises(NotImplementedError):
        Decision("x", Verdict.GRANT, (), "").to_json()


def test_the_amount_is_asked_by_the_table_too() -> None:
    assert PROGRAM.amount_for(benefit_facts(), "2025-10", BENEFIT_PARAMETERS) == Fen(198_000)
    assert CALCULATIONS["unemployment-benefit"] is PROGRAM
    assert BENEFIT.keys() - {"id"} == PROGRAM.facts_to_json(benefit_facts()).keys()
