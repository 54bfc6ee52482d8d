"""The command keeps its contract, whatever is thrown at it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law.__main__ import main
from law.parameters import ParameterBook
from law.programs import CALCULATIONS
from tests.law.asking import BENEFIT, Line, ask, ask_all, fault_of
from tests.law.strategies import benefit_lines

ROOT = Path(__file__).parents[2]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def _run(*arguments: str, given: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "law", *arguments],
        cwd=ROOT,
        input=given,
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    ("line", "identity", "field"),
    [
        (b"", None, "line"),
        (b"   ", None, "line"),
        (b"{", None, "line"),
        (b"null", None, "line"),
        (b"[]", None, "line"),
        (b'"text"', None, "line"),
        (b"12", None, "line"),
        (b"\xff\xfe", None, "line"),
        (b'{"id": "x", "days": NaN}', None, "line"),
        (b'{"id": "x", "days": -Infinity}', None, "line"),
        (b'{"id": "x"} {"id": "y"}', None, "line"),
        (b"[" * 200_000, None, "line"),
        (b'{"id": "x", "days": ' + b"9" * 5000 + b"}", None, "line"),
        (b"{}", None, "id"),
        (b'{"id": 7, "from": "2025-01-01", "days": 1}', None, "id"),
        (b'{"id": null, "from": "2025-01-01", "days": 1}', None, "id"),
        (b'{"id": "x"}', "x", "days"),
        (b'{"id": "x", "from": "2025-01-01"}', "x", "days"),
        (b'{"id": "x", "from": "2025-01-01", "days": 1, "more": 0}', "x", "more"),
        (b'{"id": "x", "from": "2025-01-01", "days": 1, "\\ud800": 0}', "x", "\ud800"),
        (b'{"id": "x", "from": "2025-01-01", "days": 0}', "x", "days"),
        (b'{"id": "x", "from": "2025-01-01", "days": true}', "x", "days"),
        (b'{"id": "x", "from": "2025-01-01", "days": 1.0}', "x", "days"),
        (b'{"id": "x", "from": "2025-01-01", "days": "1"}', "x", "days"),
        (b'{"id": "x", "from": "2025-01-01", "days": 1e400}', "x", "days"),
        (b'{"id": "x", "from": "2025-02-29", "days": 1}', "x", "from"),
        (b'{"id": "x", "from": "20250101", "days": 1}', "x", "from"),
        (b'{"id": "x", "from": "2025-W01-1", "days": 1}', "x", "from"),
        (b'{"id": "x", "from": "2025-01-01 ", "days": 1}', "x", "from"),
        (b'{"id": "x", "from": "2025-01-01T00:00", "days": 1}', "x", "from"),
        ('{"id": "x", "from": "２025-01-01", "days": 1}'.encode(), "x", "from"),
        (b'{"id": "x", "from": "0000-01-01", "days": 1}', "x", "from"),
        (b'{"id": "x", "from": [], "days": 1}', "x", "from"),
        (b'{"id": "x", "from": "2023-12-31", "days": 1}', "x", "from"),
        (b'{"id": "x", "from": "2027-01-01", "days": 1}', "x", "from"),
        (b'{"id": "x", "from": "2026-12-31", "days": 1}', "x", "from"),
        (b'{"id": "x", "from": "2025-01-01", "days": ' + b"9" * 4000 + b"}", "x", "from"),
    ],
)
def test_a_fault_names_its_field(line: bytes, identity: str | None, field: str) -> None:
    assert fault_of("working-days", line) == (identity, field)


@pytest.mark.parametrize("field", sorted(BENEFIT))
@pytest.mark.parametrize(
    "value", [None, True, 12.0, "12", "", [], {}, -1, "unknown", "YES ", ["NO"], {"a": 1}, "NULL", 10**30]
)
def test_a_wrong_value_of_any_field_of_a_claim_names_it(field: str, value: object) -> None:
    accepted = {
        ("id", "12"), ("id", ""), ("id", "unknown"), ("id", "YES "), ("id", "NULL"),
    }  # fmt: skip
    if (field == "retirement_category" and value is None) or (
        isinstance(value, str) and (field, value) in accepted
    ):
        return
    if field == "had_previous_spell" and value is True:
        return
    if field in ("contributed_months", "deemed_months") and value == 10**30:
        assert ask("unemployment-benefit", {**BENEFIT, field: value})["months"] == 24
        return
    expected = (None, "id") if field == "id" else ("a", field)
    assert fault_of("unemployment-benefit", {**BENEFIT, field: value}) == expected


@pytest.mark.parametrize("field", sorted(BENEFIT))
def test_a_field_left_out_is_named(field: str) -> None:
    line = {name: value for name, value in BENEFIT.items() if name != field}
    assert fault_of("unemployment-benefit", line) == (None if field == "id" else "a", field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth_date": "2025-09-27"}, "birth_date"),
        ({"retirement_category": "WORKER"}, "retirement_category"),
        ({"residual_months": 1}, "residual_months"),
        ({"residual_months": 25, "had_previous_spell": True}, "residual_months"),
        ({"deemed_months": "UNKNOWN"}, "deemed_months"),
        ({"sex": "UNKNOWN"}, "sex"),
        ({"paying_county": "UNKNOWN"}, "paying_county"),
        ({"paying_county": "130103"}, "paying_county"),
        ({"paying_county": "130100"}, "paying_county"),
        ({"paying_county": "110101"}, "paying_county"),
        ({"separation_reason": "d03"}, "separation_reason"),
        ({"separation_reason": "Z09"}, "separation_reason"),
        ({"applied_on": "2023-12-29"}, "applied_on"),
        ({"applied_on": "2026-12-18"}, "applied_on"),
        ({"applied_on": "2027-01-04"}, "applied_on"),
        ({"applied_on": "2020-09-30"}, "applied_on"),
        ({"applied_on": "9999-12-31"}, "applied_on"),
        ({"applied_on": "0001-01-01", "birth_date": "0001-01-01"}, "applied_on"),
    ],
)
def test_a_relation_that_is_broken_names_the_field_with_the_condition(changes: Line, field: str) -> None:
    assert fault_of("unemployment-benefit", {**BENEFIT, **changes}) == ("a", field)


def test_dates_at_the_edge_of_the_calendars_are_answered() -> None:
    for day in ("2024-01-01", "2026-12-17"):
        assert "error" not in ask("unemployment-benefit", {**BENEFIT, "applied_on": day})
    assert ask("working-days", {"id": "x", "from": "2024-01-01", "days": 747})["due"] == "2026-12-31"


def test_a_county_of_a_region_without_counties_is_its_own_fault() -> None:
    answer = ask("unemployment-benefit", BENEFIT, region="130000")
    error = answer["error"]
    assert isinstance(error, dict)
    # the province has promised no clock of its own: the date has no number there, or the county none
    assert error["field"] in ("applied_on", "paying_county")


def test_the_run_goes_on_in_order_after_a_fault() -> None:
    good = {"id": "1", "from": "2025-09-26", "days": 3}
    answers = ask_all("working-days", [good, b"?", {**good, "id": "3", "days": 0}, {**good, "id": "4"}])
    assert [answer["id"] for answer in answers] == ["1", None, "3", "4"]
    assert ["error" in answer for answer in answers] == [False, True, True, False]


@pytest.mark.parametrize(
    ("program", "line"),
    [
        (
            "overpayment",
            (
                '{"id": "x", "event": "NEVER_ENTITLED", "event_on": "2025-01-01", "deceit": true,'
                ' "paid": [{"month": "2025-03", "fen": @}, {"month": "2025-04", "fen": @}]}'
            ),
        ),
        (
            "unemployment-benefit",
            json.dumps({**BENEFIT, "contributed_months": "@", "deemed_months": "@"}).replace('"@"', "@"),
        ),
    ],
)
def test_a_number_that_can_be_read_but_its_sum_not_written_is_a_fault_and_ends_nothing(
    program: str, line: str
) -> None:
    assert fault_of(program, line.replace("@", "9" * 4300)) == (None, "line")
    assert "error" not in ask(program, line.replace("@", "9" * 4000))


@given(st.text())
def test_an_id_comes_back_unchanged(identity: str) -> None:
    assert ask("instalments", {"id": identity, "total_fen": 5, "parts": 2})["id"] == identity


def test_an_id_of_half_a_character_comes_back_unchanged() -> None:
    answer = ask("instalments", b'{"id": "\\ud800\\u0000", "total_fen": 5, "parts": 2}')
    assert answer["id"] == "\ud800\x00"


@given(st.sampled_from(sorted(CALCULATIONS)), JSON)
def test_any_json_gets_one_answer(program: str, value: object) -> None:
    assert "error" in ask(program, json.dumps(value))


@given(benefit_lines(), st.sampled_from(sorted(BENEFIT)), JSON)
def test_any_value_in_any_field_gets_an_answer_or_a_fault_of_a_field(
    line: Line, field: str, value: object
) -> None:
    answer = ask("unemployment-benefit", json.dumps({**line, field: value}))
    if "error" in answer:
        error = answer["error"]
        assert isinstance(error, dict)
        assert error["field"] in {*BENEFIT, "line"}


@pytest.mark.parametrize(
    ("kind", "value", "valid"), [("CITIZEN_ID", "130102199003070003", True), ("CITIZEN_ID", "", False)]
)
def test_an_identifier_has_a_problem_exactly_if_it_is_not_valid(kind: str, value: str, valid: bool) -> None:
    answer = ask("identifier", {"id": "x", "kind": kind, "value": value})
    assert answer.keys() == {"id", "valid", "problem", "note"}
    assert answer["valid"] is valid
    assert (answer["problem"] is None) is valid
    assert fault_of("identifier", {"id": "x", "kind": "PASSPORT", "value": value}) == ("x", "kind")
    assert fault_of("identifier", {"id": "x", "kind": kind, "value": 1}) == ("x", "value")


def test_the_command_exits_with_what_it_found() -> None:
    good = json.dumps(BENEFIT).encode() + b"\n"
    done = _run("decide", "unemployment-benefit", given=good * 3)
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (0, 3, b"")
    faulty = _run("decide", "unemployment-benefit", given=good + b"?\r\n" + good.rstrip(b"\n"))
    assert (faulty.returncode, len(faulty.stdout.splitlines())) == (1, 3)
    assert _run("decide", "unemployment-benefit").returncode == 0
    plain = _run("decide", "unemployment-benefit", given=good, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert plain.stdout == done.stdout[: len(plain.stdout)]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["decide"],
        ["decide", "no-such-program"],
        ["decide", "unemployment-benefit", "--region", "1301"],
        ["decide", "unemployment-benefit", "--region", "１30100"],
        ["decide", "unemployment-benefit", "--region", "990000"],
        ["decide", "unemployment-benefit", "--region"],
        ["decide", "unemployment-benefit", "more"],
        ["decide", "unemployment-benefit", "--fast"],
        ["judge"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err


def test_help_is_no_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", "--help"]) == 0
    assert "unemployment-benefit" in capsys.readouterr().out


def test_a_county_may_be_named_as_the_region() -> None:
    good = json.dumps(BENEFIT).encode() + b"\n"
    found = _run("decide", "unemployment-benefit", "--region", "130102", given=good)
    assert found.returncode == 0
    assert json.loads(found.stdout)["monthly_fen"] == 198_000


def test_nothing_heavy_is_loaded_to_decide() -> None:
    script = (
        "import sys; from law.__main__ import main; main(['decide', 'identifier']);"
        "loaded = {name.partition('.')[0] for name in sys.modules};"
        "print(sorted(loaded & {'django', 'celery', 'asyncio', 'decimal'}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, input=b"", capture_output=True, check=True
    )
    assert loaded.stdout.strip() == b"[]"


def test_a_reader_that_leaves_is_no_crash() -> None:
    lines = (json.dumps(BENEFIT) + "\n") * 2000
    command = f"{sys.executable} -m law decide unemployment-benefit | head -c 100 > /dev/null"
    left = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, input=lines.encode(), capture_output=True, check=True
    )
    assert left.stderr == b""


def test_the_law_book_is_what_the_rules_say() -> None:
    assert main(["lawbook", "--check"]) == 0


def test_every_region_of_the_data_is_a_region_of_the_command() -> None:
    for region in ParameterBook.shipped().regions():
        assert _run("decide", "instalments", "--region", region).returncode == 0


def test_a_stored_parameter_set_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    """As an auditor does who recomputes what a bureau decided with a number of its own."""
    shipped = ParameterBook.shipped().for_program(CALCULATIONS["unemployment-benefit"].keys, region="130100")
    snapshot = shipped.snapshot()
    rows = snapshot["rows"]
    assert isinstance(rows, list)
    raised = [row | {"value": "99"} if row["key"] == "benefit.min_months" else row for row in rows]
    file = tmp_path / "set.json"
    line = json.dumps({**BENEFIT, "contributed_months": 98}).encode()
    answers = {}
    for name, content in (("shipped", snapshot), ("raised", {**snapshot, "rows": raised})):
        file.write_text(json.dumps(content), encoding="utf-8")
        done = _run("decide", "unemployment-benefit", "--parameters", str(file), given=line)
        assert done.returncode == 0, done.stderr
        answers[name] = json.loads(done.stdout)
    assert answers["shipped"] == ask("unemployment-benefit", {**BENEFIT, "contributed_months": 98})
    assert answers["shipped"]["parameters_digest"] == shipped.digest
    assert (answers["shipped"]["verdict"], answers["raised"]["verdict"]) == ("GRANT", "REFUSE")


@pytest.mark.parametrize("content", ["", "[]", "7", "{}", '{"region": "130100", "rows": [{"key": 1}]}', None])
def test_a_file_that_is_no_parameter_set_is_wrong_usage(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "set.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    done = _run("decide", "unemployment-benefit", "--parameters", str(file))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"law decide: ")


def test_a_region_and_a_stored_set_together_are_wrong_usage(tmp_path: Path) -> None:
    """A set belongs to one region already."""
    done = _run("decide", "unemployment-benefit", "--region", "130102", "--parameters", str(tmp_path))
    assert done.returncode == 2
