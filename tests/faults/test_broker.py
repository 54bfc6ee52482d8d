"""The broker is killed outright: no request fails for it, and the work goes on without a hand."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from config.embedded import keeper_state_file
from tests.faults.stage import Stage
from tests.site import wait_until

pytestmark = pytest.mark.faults


def broker_pid(stage: Stage) -> int:
    """The process number of the Valkey server, a child of the keeper; 0 while there is none."""
    keeper = json.loads(keeper_state_file(stage.site.home).read_text())["pid"]
    for child in Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split():
        if "valkey" in Path(f"/proc/{child}/comm").read_text():
            return int(child)
    return 0


def test_a_claim_sent_while_the_broker_dies_is_taken_and_verified(stage: Stage) -> None:
    person = stage.person()
    form, answers = stage.form(person)
    old = broker_pid(stage)
    os.kill(old, signal.SIGKILL)
    claim = stage.applied(person, person.browser.submit(form, answers, leave_out="save"))
    assert claim.page().status == 200
    wait_until(lambda: broker_pid(stage) not in (0, old), seconds=30, what="a new broker")
    stage.until_ready()
    stage.eventually(
        lambda: stage.owed(claim) == 1,
        waking=["claims.tasks.sweep_unverified", "claims.tasks.accrue_current_month"],
        seconds=60,
        what="the worker that found the new broker",
    )
    assert stage.verbs(claim.number).count("claim.granted") == 1
