"""The examples that a lawyer can read are true."""

import tomllib
from pathlib import Path
from typing import NotRequired, TypedDict

import pytest
from _pytest.mark import ParameterSet

from tests.law.asking import Line, ask, benefit, outcomes

EXAMPLES = Path(__file__).with_name("examples")


class Example(TypedDict):
    """One table of a file; `nulls` are fields that are null, which TOML cannot say."""

    title: str
    program: NotRequired[str]
    given: Line
    nulls: NotRequired[list[str]]
    expect: Line


def _examples(name: str) -> list[ParameterSet]:
    content = tomllib.loads((EXAMPLES / f"{name}.toml").read_text(encoding="utf-8"))
    return [pytest.param(example, id=example["title"]) for example in content["example"]]


@pytest.mark.parametrize("example", _examples("unemployment-benefit"))
def test_the_benefit_is_decided_as_the_example_says(example: Example) -> None:
    answer = benefit(**example["given"])
    expected = dict(example["expect"])
    found = outcomes(answer)
    open_codes = expected.pop("open", None)
    if open_codes is not None:
        assert [code for code, outcome in found.items() if outcome == "UNKNOWN"] == open_codes
    failed = expected.pop("failed", None)
    if failed is not None:
        assert [code for code, outcome in found.items() if outcome == "FAIL"] == failed
    codes = expected.pop("refusal_codes", [])
    listed = answer["refusal_codes"]
    assert isinstance(listed, list)
    assert sorted(listed) == codes
    assert {name: answer[name] for name in expected} == expected


@pytest.mark.parametrize("example", _examples("smaller-programs"))
def test_the_smaller_programs_answer_as_the_example_says(example: Example) -> None:
    nulls = dict.fromkeys(example.get("nulls", ()))
    answer = ask(example["program"], {"id": "x", **example["given"], **nulls})
    assert answer == {"id": "x", **example["expect"]}
