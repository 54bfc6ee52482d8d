"""A register is silent for the whole promised time: a person gets the question, and nobody is refused.

The days cannot be waited for: the site's own service is called in the site's own environment, with the time
passed in.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from config.play import APPROVED
from tests.faults.stage import VERIFYING, Applied, Stage

pytestmark = pytest.mark.faults

SILENT = "insurance-national"
ASKING_A_PERSON = "有一项要人工核实"


def verify(stage: Stage, claim: Applied, *moments: datetime) -> None:
    """The sweep's service for this claim, at each of these moments."""
    case = stage.case_id(claim.number)
    call_at(stage, *((f"verify_claim(claim_id={case}, now=%s)", moment) for moment in moments))


def owe(stage: Stage, claim: Applied, moment: datetime) -> None:
    """The month of the application, owed by the service that owes it."""
    case = stage.case_id(claim.number)
    month = stage.value("SELECT first_month FROM claims_spell WHERE claim_id = %s", case)
    call_at(stage, (f"accrue_month(month={month!r}, claim_ids=[{case}], now=%s)", moment))


def call_at(stage: Stage, *calls: tuple[str, datetime]) -> None:
    """Call services of claims in the site's environment, each at its moment."""
    lines = ["from datetime import datetime", "from claims.services import accrue_month, verify_claim"]
    lines += [call % f"datetime.fromisoformat({moment.isoformat()!r})" for call, moment in calls]
    stage.site.manage("shell", "-v", "0", "-c", "\n".join(lines))


def test_a_register_silent_for_the_promised_time_is_a_question_for_a_person(stage: Stage) -> None:
    claim = stage.apply(stage.person("SOURCE_DOWN"))
    stage.eventually(
        lambda: "determination.made" in stage.verbs(claim.number),
        waking=["claims.tasks.sweep_unverified"],
        seconds=60,
        what="the registers that speak",
    )
    assert stage.status(claim.number) == "AUTO_CHECK", "it is asked again before anybody is troubled"
    assert claim.page().heading == VERIFYING
    case = stage.case_id(claim.number)
    opens_at: datetime = stage.value("SELECT questions_open_at FROM claims_claim WHERE case_id = %s", case)
    due: datetime = stage.value("SELECT promise_due::timestamptz FROM cases_case WHERE id = %s", case)

    # The first promised day is over, then all of them.
    verify(stage, claim, opens_at + timedelta(minutes=1), due + timedelta(days=1, hours=12))
    assert stage.status(claim.number) == "REVIEW1"
    assert claim.page().heading == ASKING_A_PERSON
    assert "claim.refused" not in stage.verbs(claim.number)
    page = stage.officer("HANDLER").browser.get(f"/claims/{claim.number}/case/")
    assert "外省有没有在职参保，还没有查到" in page.text, "the officer sees which register is silent"
    assert page.form_to("/propose/").names >= {"fact-employed", "fact-drawing_elsewhere"}

    # It speaks again before an officer has taken the case: the machine may still grant.
    stage.tell(SILENT, "ok", person=claim.person)
    verify(stage, claim, due + timedelta(days=2))
    stage.tell(SILENT, "auto", person=claim.person)
    assert stage.verbs(claim.number).count("claim.granted") == 1
    assert claim.page().heading == APPROVED
    for _again in range(2):
        owe(stage, claim, due + timedelta(days=2))
    assert stage.owed(claim) == 1
