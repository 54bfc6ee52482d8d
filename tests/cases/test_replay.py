"""Replay: stored determinations come out the same, and one that would not is named."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from cases.models import Determination
from cases.replaying import replay
from tests.cases.samples import NOW, PROGRAM, TODAY, case, determine

pytestmark = pytest.mark.usefixtures("statuses")


def three() -> list[Determination]:
    """A grant, a refusal and an open question."""
    changes: tuple[dict[str, object], ...] = ({}, {"contributed_months": 10}, {"drawing_pension": "UNKNOWN"})
    return [determine(case(), **change) for change in changes]


def tampered(determination: Determination, assignment: str) -> None:
    """Change a stored row past its triggers."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"UPDATE cases_determination SET {assignment} WHERE id = {determination.pk}")  # noqa: S608 - a test's own values
        cursor.execute("SET session_replication_role = DEFAULT")


def test_what_was_decided_would_be_decided_again() -> None:
    three()
    output = StringIO()
    call_command("replay", stdout=output)
    assert output.getvalue() == f"{PROGRAM}: 3\n3 replayed, 0 different\n"


@pytest.mark.parametrize(
    ("assignment", "what"),
    [
        ("facts = facts || '{\"contributed_months\": 60}'", "results"),
        ('facts = facts || \'{"separation_reason": "V02"}\'', "verdict GRANT would be REFUSE"),
        ('facts = facts || \'{"contributed_months": "many"}\'', "contributed_months"),
        ("facts = facts - 'sex'", "sex"),
        ("decision = jsonb_set(decision, '{results,total_fen}', '1')", "results would differ"),
        ("decision = jsonb_set(decision, '{results,last_month}', '\"2030-01\"')", "results would differ"),
        ("decision = jsonb_set(decision, '{reasons}', '[]')", "reasons would differ"),
        ("decision = decision - 'results'", "cannot be read"),
        ("decision = jsonb_set(decision, '{parameters_digest}', '\"x\"')", "other parameters"),
        ("verdict = 'REVIEW'", "verdict REVIEW would be GRANT"),
        ("amount_fen = 1", "amount_fen 1"),
        ("program = 'repealed'", "no rule is called repealed"),
    ],
)
def test_a_determination_that_would_come_out_differently_is_named(assignment: str, what: str) -> None:
    granted, *_others = three()
    tampered(granted, assignment)
    errors, output = StringIO(), StringIO()
    with pytest.raises(SystemExit) as exit_status:
        call_command("replay", stdout=output, stderr=errors)
    assert exit_status.value.code == 1
    assert "3 replayed, 1 different" in output.getvalue()
    assert f"{granted.case.number} determination {granted.pk}: " in errors.getvalue()
    assert what in errors.getvalue()


def test_a_changed_set_of_parameters_is_noticed_at_every_determination_made_with_it() -> None:
    determinations = three()
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE cases_parameterset SET snapshot = jsonb_set(snapshot, '{region}', '\"130181\"')"
        )
        cursor.execute("SET session_replication_role = DEFAULT")
    assert replay().different == len(determinations)


def test_days_are_legal_days_and_both_ends_count() -> None:
    three()
    assert replay(start=TODAY, end=TODAY).equal == 3
    assert replay(end=TODAY - timedelta(days=1)).equal == replay(start=TODAY + timedelta(days=1)).equal == 0
    assert replay(start=date(2025, 1, 1), program=PROGRAM).equal == 3
    assert replay(program="retention-refund").equal == 0
    assert NOW.date() == TODAY


def test_wrong_usage_is_told_from_a_difference() -> None:
    with pytest.raises(CommandError):
        call_command("replay", "--program", "no-such-program")
    with pytest.raises(CommandError):
        call_command("replay", "--from", "26.9.2025")
