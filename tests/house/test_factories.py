"""The factories reach what they promise, through the services alone."""

from __future__ import annotations

import pytest

from claims import kinds
from payouts import kinds as money
from tests.factories import City


@pytest.mark.parametrize("status", sorted(kinds.CLAIM.transitions))
def test_a_claim_in_each_status(within: City, status: str) -> None:
    assert within.claim(status).case.status == status


@pytest.mark.parametrize("status", sorted(money.BATCH.transitions))
def test_a_batch_in_each_status(within: City, status: str) -> None:
    assert within.batch(status).case.status == status


def test_a_payment_that_came_back(within: City) -> None:
    assert within.returned().case.status == money.CORRECTING
