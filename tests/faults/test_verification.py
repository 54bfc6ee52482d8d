"""Claims lose their worker, their messages and their database between the steps of verification.

All of it happens to five claims at once: a check that was begun belongs to its worker for a while, and only
then does the sweep take it over.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from claims.services import LEASE
from gateways.ports import Source
from tests.faults.stage import VERIFYING, Applied, Person, Stage
from tests.site import wait_until

pytestmark = pytest.mark.faults

# Not asked while the form is shown, so that only the worker has to wait for it.
SLOW = "justice"
LEASE_AND_MORE_SECONDS = LEASE.total_seconds() + 40


@dataclass(frozen=True)
class Disturbed:
    """Five claims, each named by where it stood when its worker or its database was killed."""

    never_begun: Applied
    asking: Applied
    answered: Applied
    granted: Applied
    writing: Applied


STEPS = tuple(Disturbed.__dataclass_fields__)


@pytest.fixture(scope="module")
def disturbed(stage: Stage) -> Disturbed:
    """Kill at every step, then let the timetable run until each claim is owed its first month."""
    granted, never_begun = lose_before_and_after(stage)
    asking, answered = lose_while_asking_and_before_deciding(stage)
    writing = lose_database_while_asking(stage)
    claims = Disturbed(never_begun, asking, answered, granted, writing)
    for step in STEPS:
        claim: Applied = getattr(claims, step)
        stage.eventually(
            lambda claim=claim: stage.owed(claim) == 1,  # type: ignore[misc]  # bound at once
            waking=("claims.tasks.sweep_unverified", "claims.tasks.accrue_current_month"),
            seconds=LEASE_AND_MORE_SECONDS,
            what=f"the claim that was lost when it was {step} ({claim.number})",
        )
    stage.eventually(
        lambda: all(len(stage.texts(getattr(claims, step).person)) >= 2 for step in STEPS),
        waking=["gateways.tasks.send_messages"],
        seconds=60,
        what="the messages",
    )
    return claims


def lose_before_and_after(stage: Stage) -> tuple[Applied, Applied]:
    """One claim granted and not yet owed, one submitted and not yet begun: the worker dies, messages too."""
    first, second = stage.person(), stage.person()
    with stage.holding("LOCK TABLE claims_spellmonth IN SHARE MODE") as somebody_waits:
        granted = stage.apply(first)
        wait_until(lambda: stage.status(granted.number) == "APPROVED", seconds=60, what="the grant")
        wait_until(somebody_waits, seconds=30, what="the worker to owe the first month")
        with stage.frozen("worker"):
            never_begun = stage.apply(second)
            assert never_begun.page().heading == VERIFYING
            stage.lose_worker_and_broker()
    assert stage.owed(granted) == 0
    return granted, never_begun


def lose_while_asking_and_before_deciding(stage: Stage) -> tuple[Applied, Applied]:
    """One claim waits for a register, one has all its answers: the worker dies with both."""
    first, second = stage.person(), stage.person()
    stage.tell(SLOW, "slow", seconds=60, person=first)
    stage.tell(SLOW, "slow", seconds=3, person=second)
    asking = apply_and_begin(stage, first)
    answered = apply_and_begin(stage, second)
    query = "SELECT FROM cases_case WHERE number = %s FOR NO KEY UPDATE"
    with stage.holding(query, answered.number) as somebody_waits:
        wait_until(somebody_waits, seconds=30, what="the decision to be written")
        stage.lose_worker_and_broker()
    assert answered_sources(stage, answered) == {source.value: 1 for source in Source}
    assert Source.JUSTICE.value not in answered_sources(stage, asking)
    assert [stage.status(claim.number) for claim in (asking, answered)] == ["AUTO_CHECK", "AUTO_CHECK"]
    stage.tell(SLOW, "auto", person=first)
    stage.tell(SLOW, "auto", person=second)
    return asking, answered


def lose_database_while_asking(stage: Stage) -> Applied:
    """The worker has its answers and finds no database to write them to."""
    person = stage.person()
    stage.tell(SLOW, "slow", seconds=4, person=person)
    claim = apply_and_begin(stage, person)
    stage.lose_database()
    stage.until_ready()
    stage.tell(SLOW, "auto", person=person)
    assert claim.page().status == 200, "a page finds the new database"
    return claim


def apply_and_begin(stage: Stage, person: Person) -> Applied:
    """A claim whose registers are being asked."""
    before = stage.asked(SLOW)
    claim = stage.apply(person)
    wait_until(lambda: stage.asked(SLOW) > before, seconds=30, what=f"{claim.number} to be verified")
    assert stage.status(claim.number) == "AUTO_CHECK"
    return claim


def answered_sources(stage: Stage, claim: Applied) -> dict[str, int]:
    """How many answers of each register are kept about the claim's person."""
    rows = stage.rows(
        "SELECT source, count(*) FROM gateways_lookup WHERE answered_at IS NOT NULL"
        " AND party_id = (SELECT party_id FROM cases_case WHERE number = %s) GROUP BY source",
        claim.number,
    )
    return {str(source): int(count) for source, count in rows}


@pytest.mark.parametrize("step", STEPS)
def test_a_claim_lost_at_any_step_is_granted_and_owed_once(
    stage: Stage, disturbed: Disturbed, step: str
) -> None:
    claim: Applied = getattr(disturbed, step)
    verbs = stage.verbs(claim.number)
    assert [verbs.count(verb) for verb in ("claim.submitted", "claim.granted", "claim.month_owed")] == [
        1,
        1,
        1,
    ]
    query = "SELECT verdict FROM cases_determination WHERE case_id = %s"
    assert stage.rows(query, stage.case_id(claim.number)) == [("GRANT",)]
    assert stage.owed(claim) == 1


@pytest.mark.parametrize("step", STEPS)
def test_a_register_whose_answer_was_lost_or_kept_stands_in_the_evidence_once(
    stage: Stage, disturbed: Disturbed, step: str
) -> None:
    claim: Applied = getattr(disturbed, step)
    assert answered_sources(stage, claim) == {source.value: 1 for source in Source}


@pytest.mark.parametrize("step", STEPS)
def test_the_person_hears_each_thing_once(stage: Stage, disturbed: Disturbed, step: str) -> None:
    received = stage.texts(getattr(disturbed, step).person)
    assert sorted(received) == sorted(set(received))
    assert len([text for text in received if "批准了" in text]) == 1
