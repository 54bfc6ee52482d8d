"""Money that comes back days after it was paid: nobody loses it, and the same obligation is paid again."""

from __future__ import annotations

import pytest

from tests.faults.stage import Applied, Stage

pytestmark = pytest.mark.faults

CAME_BACK = "有一笔钱退回来了"


def suspense_fen(stage: Stage) -> int:
    return int(
        stage.value("SELECT coalesce(sum(posted_fen), 0) FROM payouts_balance WHERE account = %s", "SUSPENSE")
    )


def attempts(stage: Stage, claim: Applied) -> list[tuple[str, bool, bool]]:
    """Each payment of the claim's one obligation: its id at the bank, whether it arrived, whether it came
    back.
    """
    return [
        (str(name), bool(settled), bool(returned))
        for name, settled, returned in stage.rows(
            "SELECT end_to_end_id, settled_at IS NOT NULL, returned_at IS NOT NULL FROM payouts_payment p"
            " JOIN payouts_obligation o ON o.id = obligation_id WHERE case_id = %s ORDER BY attempt",
            stage.case_id(claim.number),
        )
    ]


def return_of(stage: Stage, claim: Applied) -> str:
    """The number of the case about the money that came back; empty while there is none."""
    rows = stage.rows(
        "SELECT number FROM cases_case JOIN payouts_returnedpayment r ON r.case_id = cases_case.id"
        " JOIN payouts_obligation o ON o.id = r.obligation_id WHERE o.case_id = %s",
        stage.case_id(claim.number),
    )
    return str(rows[0][0]) if rows else ""


def send_back(stage: Stage, claim: Applied) -> str:
    """The bank returns the claim's payment; what we know of it then. Returns the number of its case."""
    ((name, _arrived, _came_back),) = attempts(stage, claim)
    stage.sandbox("/control/return", {"end_to_end_id": name})
    stage.eventually(
        lambda: return_of(stage, claim) != "",
        waking=["payouts.tasks.reconcile"],
        seconds=60,
        what="the return to be found on the statement",
    )
    number = return_of(stage, claim)
    assert stage.status(number) == "CORRECTING"
    assert claim.page().heading == CAME_BACK
    assert stage.owed(claim) == 1, "it is still owed, once"
    stage.eventually(
        lambda: any("没有到账" in text for text in stage.texts(claim.person)),
        waking=["gateways.tasks.send_messages"],
        seconds=30,
        what="the message",
    )
    return number


def look_again(claim: Applied) -> None:
    """The person says on the page that the card is in order now."""
    claim.person.browser.submit(claim.page().form_to("/card/"), {})


def test_payments_that_come_back_are_told_held_and_paid_again(stage: Stage) -> None:
    renewed, activated = stage.approved("PAYMENT_RETURNED_LATER"), stage.approved("PAYMENT_RETURNED_LATER")
    first = stage.seal()
    stage.sign(first)
    stage.until_paid(renewed)
    held_before, amounts = suspense_fen(stage), [amount_fen(stage, one) for one in (renewed, activated)]

    numbers = [send_back(stage, renewed), send_back(stage, activated)]
    assert suspense_fen(stage) == held_before + sum(amounts)

    # One person gets a new card, the other has the old one activated.
    stage.sandbox("/control/card", {"id_number": renewed.person.id_number})
    look_again(renewed)
    look_again(activated)
    assert [stage.status(number) for number in numbers] == ["READY", "READY"]
    assert suspense_fen(stage) == held_before

    # A changed account waits out one batch, which the other fills; the next one pays.
    second = stage.seal()
    assert stage.batch_of(activated) == second
    assert stage.batch_of(renewed) == first
    stage.sign(second)
    stage.until_paid(activated)
    third = stage.seal()
    assert stage.batch_of(renewed) == third
    stage.sign(third)
    stage.until_paid(renewed)

    for claim, number in zip((renewed, activated), numbers, strict=True):
        assert [state[1:] for state in attempts(stage, claim)] == [(True, True), (True, False)]
        assert stage.status(number) == "SETTLED"
        stage.must_be_paid_once(claim)


def amount_fen(stage: Stage, claim: Applied) -> int:
    query = "SELECT amount_fen FROM payouts_obligation WHERE case_id = %s"
    return int(stage.value(query, stage.case_id(claim.number)))
