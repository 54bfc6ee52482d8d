"""A signed batch loses its worker, its broker and its bank between any two steps, and is paid once."""

from __future__ import annotations

import pytest

from tests.faults.stage import PAYING_TASKS, Stage
from tests.site import wait_until

pytestmark = pytest.mark.faults

BANK_IS_BUSY_SECONDS = 50
SUBMIT, RECEIPTS, STATEMENT, _ = PAYING_TASKS
OF_THE_BATCH = "SELECT FROM cases_case WHERE number = %s FOR UPDATE"


def bank_has(stage: Stage, batch_number: str) -> bool:
    return stage.file_at_bank(batch_number) is not None


def test_a_worker_killed_between_the_bank_and_its_answer_pays_once(stage: Stage) -> None:
    claim = stage.approved()
    batch = stage.seal()
    stage.tell("bank", "slow", seconds=BANK_IS_BUSY_SECONDS)
    stage.sign(batch)
    wait_until(lambda: bank_has(stage, batch), seconds=30, what="the bank to take the file")
    assert stage.status(batch) == "SENT", "the bank has it and has not answered"

    stage.lose_worker_and_broker()
    stage.tell("bank", "auto")
    stage.until_paid(claim)

    stage.must_be_paid_once(claim)
    stage.books_must_hold()


def test_a_batch_killed_between_any_two_steps_is_paid_once(stage: Stage) -> None:
    claim = stage.approved()
    batch = stage.seal()
    with stage.frozen("beat"):  # each step runs when it is woken here, and no later one overtakes it
        lose_batch_at_each_step(stage, batch)
    stage.until_paid(claim)

    stage.must_be_paid_once(claim)
    verbs = stage.verbs(batch)
    assert sorted(verbs) == sorted(set(verbs)), "no step is written twice"


def lose_batch_at_each_step(stage: Stage, batch: str) -> None:
    """From the signature to the statement, whoever works on the batch dies at each step before it is
    written down.
    """
    # Signed, and the message that should wake the worker is lost with it.
    with stage.frozen("worker"):
        stage.sign(batch)
        assert stage.status(batch) == "APPROVED2"
        stage.lose_worker_and_broker()
    # The intent is committed; the file never reaches the bank, which does not read any more.
    with stage.frozen("sandbox"):
        stage.eventually(
            lambda: stage.status(batch) == "SENT", waking=[SUBMIT], seconds=60, what="the intent to send"
        )
        stage.lose_worker_and_broker()
        stage.lose_sandbox()
    assert stage.file_at_bank(batch) is None
    # The bank takes it and answers; the answer is not written down.
    stage.tell("bank", "slow", seconds=8)
    stage.eventually(
        lambda: bank_has(stage, batch), waking=[SUBMIT], seconds=60, what="the bank to take the file"
    )
    with stage.holding(OF_THE_BATCH, batch) as somebody_waits:
        wait_until(somebody_waits, seconds=30, what="the answer")
        assert stage.status(batch) == "SENT"
        stage.kill_pool()
    stage.tell("bank", "auto")
    # The receipts are fetched, and not written down.
    with stage.holding("LOCK TABLE payouts_receipt IN SHARE MODE") as somebody_waits:
        stage.eventually(somebody_waits, waking=[SUBMIT, RECEIPTS], seconds=60, what="the receipts")
        assert stage.status(batch) == "ACCEPTED"
        stage.kill_pool()
    stage.eventually(
        lambda: stage.status(batch) == "SETTLED", waking=[RECEIPTS], seconds=60, what="the payments"
    )
    # The statement is fetched, and not written down.
    with stage.holding("LOCK TABLE payouts_reconciliation IN SHARE MODE") as somebody_waits:
        stage.eventually(somebody_waits, waking=[STATEMENT], seconds=60, what="the statement")
        assert stage.status(batch) == "SETTLED"
        stage.kill_pool()


def test_a_bank_that_falls_silent_with_the_file_is_asked_and_never_sent_it_again(stage: Stage) -> None:
    claim = stage.approved()
    batch = stage.seal()
    stage.tell("bank", "slow", seconds=BANK_IS_BUSY_SECONDS)
    stage.sign(batch)
    wait_until(lambda: bank_has(stage, batch), seconds=30, what="the bank to take the file")
    stage.lose_sandbox()
    stage.tell("bank", "down")
    stage.eventually(
        lambda: "batch.no_answer" in stage.verbs(batch), seconds=60, what="the silence to be noticed"
    )
    stage.wake("payouts.tasks.submit_approved")
    page = stage.officer("HANDLER").browser.get(f"/batches/{batch}/")
    assert "银行没有应答，改为查询" in page.text

    stage.tell("bank", "twice")  # and when it speaks again, it says everything twice
    stage.until_paid(claim)
    stage.tell("bank", "auto")

    stage.must_be_paid_once(claim)
    assert stage.verbs(batch).count("batch.no_answer") == 1
