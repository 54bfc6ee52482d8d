"""The law asked as its users do: lines in, answers out. Holds no rule and no expected value."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from law.__main__ import decide_lines
from law.parameters import ParameterBook, Parameters
from law.programs import CALCULATIONS, PROGRAMS
from law.unemployment_benefit import Facts, UnemploymentDecision, decide

Line: TypeAlias = dict[str, object]

BENEFIT: Line = {
    "id": "a",
    "applied_on": "2025-09-26",
    "birth_date": "1986-04-02",
    "sex": "M",
    "retirement_category": None,
    "contributed_months": 114,
    "deemed_months": 0,
    "had_previous_spell": False,
    "residual_months": 0,
    "separation_reason": "D03",
    "employed": "NO",
    "drawing_pension": "NO",
    "drawing_elsewhere": "NO",
    "imprisoned": "NO",
    "deceased": "NO",
    "operates_business": "NO",
    "agency_competent": "YES",
    "identity": "MATCH",
    "card_account": "ACTIVE",
    "paying_county": "130102",
}
"""The sample line of the contract."""


def parameters(program: str, region: str = "130100", book: ParameterBook | None = None) -> Parameters:
    """The shipped parameters of a program, or those of another book."""
    return (book or ParameterBook.shipped()).for_program(CALCULATIONS[program].keys, region=region)


BENEFIT_PARAMETERS = parameters("unemployment-benefit")


def ask(program: str, line: Mapping[str, object] | str | bytes, region: str = "130100") -> Line:
    """The answer to one line, which may be broken on purpose."""
    return ask_all(program, [line], region)[0]


def ask_all(
    program: str, lines: Sequence[Mapping[str, object] | str | bytes], region: str = "130100"
) -> list[Line]:
    """The answers to several lines."""
    out = io.BytesIO()
    given = b"".join(_encoded(line) + b"\n" for line in lines)
    faults = decide_lines(CALCULATIONS[program], parameters(program, region), io.BytesIO(given), out)
    answers: list[Line] = [json.loads(answer) for answer in out.getvalue().splitlines()]
    assert len(answers) == len(lines)
    assert faults == sum("error" in answer for answer in answers)
    return answers


def benefit(**changes: object) -> Line:
    """The answer to the sample line with some facts changed."""
    return ask("unemployment-benefit", {**BENEFIT, **changes})


def fault_of(program: str, line: Mapping[str, object] | str | bytes) -> tuple[object, object]:
    """(id, field) of the error that a line gives."""
    answer = ask(program, line)
    assert answer.keys() == {"id", "error"}, answer
    error = answer["error"]
    assert isinstance(error, dict)
    assert error.keys() == {"field", "message"}
    assert error["message"]
    return answer["id"], error["field"]


def benefit_facts(**changes: object) -> Facts:
    """Facts as the rest of the product makes them."""
    facts = PROGRAMS["unemployment-benefit"].parse(
        {name: value for name, value in {**BENEFIT, **changes}.items() if name != "id"}
    )
    assert isinstance(facts, Facts)
    return facts


def benefit_decision(**changes: object) -> UnemploymentDecision:
    """The decision on the sample facts with some changed."""
    return decide(benefit_facts(**changes), BENEFIT_PARAMETERS)


def outcomes(answer: Line) -> dict[str, str]:
    """Code of each reason -> its outcome."""
    reasons = answer["reasons"]
    assert isinstance(reasons, list)
    found = {reason["code"]: reason["outcome"] for reason in reasons}
    assert len(found) == len(reasons)
    return found


def _encoded(line: Mapping[str, object] | str | bytes) -> bytes:
    if isinstance(line, bytes):
        return line
    return line.encode() if isinstance(line, str) else json.dumps(line).encode()
