"""Two supervisors at once: real threads, real commits. One act counts, the other is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from cases import trail
from cases.models import Case, Event
from law.errors import Refused
from law.parameters import Value
from policy.models import PolicyValue
from policy.selectors import integer
from policy.services import approve, decline, withdraw
from tests.cases.conftest import keys_of_all_tables, remove_all_but
from tests.cases.test_parallel import at_once
from tests.policy.samples import CITY, NOW, officer, proposed

NEXT_MONTH = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Real transactions on several connections; all rows are removed afterwards."""
    with django_db_blocker.unblock():
        kept = keys_of_all_tables()
        try:
            yield
        finally:
            remove_all_but(kept)
            connection.close()


def value() -> PolicyValue:
    return proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)


def codes(answers: list[PolicyValue | Refused]) -> set[str]:
    return {answer.code for answer in answers if isinstance(answer, Refused)}


def test_of_two_who_approve_at_once_one_does() -> None:
    row = value()
    second, third = officer("approver"), officer("third")
    answers = at_once(*[lambda by=by: approve(value=row, actor=by, now=NOW) for by in (second, third)])
    assert codes(answers) == {"policy.approved"}
    assert Event.objects.filter(case=row.case_id, verb="policy.approved").count() == 1
    assert trail.verify().broken is None


def test_a_proposal_that_is_approved_while_it_is_taken_back_has_one_end() -> None:
    row = value()
    proposer, second, third = officer("proposer"), officer("approver"), officer("third")
    answers = at_once(
        lambda: approve(value=row, actor=second, now=NOW),
        lambda: withdraw(value=row, actor=proposer, now=NOW),
        lambda: decline(value=row, remark="不对", actor=third, now=NOW),
    )
    assert sum(isinstance(answer, PolicyValue) for answer in answers) == 1
    assert codes(answers) <= {"policy.approved", "policy.closed"}
    row.refresh_from_db()
    case = Case.objects.get(pk=row.case_id)
    assert (row.approved_at is not None) == (case.status == "APPROVED")
    assert (row.closed_at is not None) == (case.status in ("DECLINED", "WITHDRAWN"))
    in_force = integer("benefit.promise_wd", region=CITY, on=NEXT_MONTH)
    assert in_force == (2 if row.approved_at else 3)


def test_of_two_who_propose_for_the_same_day_at_once_one_does() -> None:
    first, second = officer("proposer"), officer("approver")
    offers: list[tuple[Value, object]] = [("2", first), ("1", second), ("2", first)]
    answers = at_once(
        *[
            lambda text=text, by=by: proposed(
                key="benefit.promise_wd", value=text, start=NEXT_MONTH, actor=by
            )
            for text, by in offers
        ]
    )
    assert codes(answers) == {"policy.already_proposed"}
    assert PolicyValue.objects.count() == Case.objects.filter(kind="policy").count() == 1
