"""Money that came back, from the bank's word to the new card, as the person and the officers see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, override_settings

import claims.services
import payouts.services
from cases.messages import fill, render
from claims.models import Claim
from law.money import Fen
from payouts import kinds as money
from payouts.models import Batch, Obligation, ReturnedPayment
from payouts.selectors import fund, liabilities, prove, required_levels
from tests.factories import CITY, NOW, City, reread_batch
from tests.house.conftest import sandbox_in

pytestmark = pytest.mark.django_db

BACK = NOW + timedelta(days=6, hours=1)
NEXT_MONTH = datetime(2026, 12, 1, 2, tzinfo=UTC)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city with a bank of its own: batch numbers begin anew with each test, and a bank remembers them."""
    with sandbox_in(tmp_path / "sandbox.sqlite3", people=300) as box:
        yield City(box)


def text_of(answer: HttpResponseBase) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


def the_return(returned: ReturnedPayment) -> ReturnedPayment:
    return ReturnedPayment.objects.select_related("case", "payment__payee").get(pk=returned.pk)


def pay(city: City, now: datetime) -> Batch:
    """Seal, sign and send what is due."""
    batch = payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=now)
    for actor in (city.staff.reviewers[0], city.staff.supervisors[0])[: required_levels(batch) - 1]:
        payouts.services.sign_batch(batch=batch, total_fen=Fen(batch.total_fen), actor=actor, now=now)
    return payouts.services.submit_batch(batch=reread_batch(batch), now=now + timedelta(minutes=5))


@override_settings(ANYE_BASE_URL="https://anye.example")
def test_the_message_leads_to_the_page_where_the_person_puts_it_right(city: City, client: Client) -> None:
    returned = city.returned()
    claim = Claim.objects.select_related("case", "party__user").get(pk=returned.obligation.case_id)
    told = claim.case.messages.filter(template__startswith="payment.returned.").get()
    words = render(told, "zh-hans")
    assert "钱还在" in words
    (link,) = re.findall(r"https://\S+", words)
    assert link == f"https://anye.example/claims/{claim.case.number}/"
    assert claim.party.name not in words
    payouts.services.remind_returned(now=NOW + timedelta(days=30))
    reminded = claim.case.messages.get(template="payment.reminder")
    assert link in render(reminded, "zh-hans")
    assert fund(CITY).suspense_fen == returned.obligation.amount_fen
    assert [one.number for one in liabilities(city.staff.handlers[0]).returned] == [returned.case.number]
    # The person's card is replaced, and the person comes by the link.
    city.tell("/control/card", id_number=claim.party.identifiers.get(valid_to=None).number)
    with time_machine.travel(BACK, tick=False):
        client.force_login(claim.party.user)
        page = link.removeprefix("https://anye.example")
        assert "办好了，再查一次" in text_of(client.get(page))
        assert client.post(f"{page}card/").status_code == 302
    assert the_return(returned).case.status == money.READY
    state = fund(CITY)
    assert (state.suspense_fen, state.payable_fen) == (0, returned.obligation.amount_fen)


def test_a_changed_account_waits_out_a_batch_and_is_then_paid(city: City) -> None:
    returned = city.returned()
    claim = Claim.objects.select_related("case", "party").get(pk=returned.obligation.case_id)
    city.tell("/control/card", id_number=claim.party.identifiers.get(valid_to=None).number)
    claims.services.check_card_again(claim_id=claim.pk, actor=claim.party.user, now=BACK)
    # Somebody else's month makes a batch: the changed account is left out of it, with the reason.
    city.accrue(city.verified(), now=BACK)
    first = pay(city, BACK)
    assert first.left_out == {money.COOLING_OFF: [returned.obligation_id]}
    again = pay(city, NEXT_MONTH)
    assert list(again.payments.values_list("obligation", flat=True)) == [returned.obligation_id]
    payouts.services.fetch_and_record(now=NEXT_MONTH + timedelta(hours=1))
    payouts.services.reconcile_open_days(now=NEXT_MONTH + timedelta(hours=2))
    assert the_return(returned).case.status == money.SETTLED
    assert liabilities(city.staff.handlers[0]).returned_count == 0
    assert fund(CITY).suspense_fen == 0
    assert Obligation.objects.filter(case=claim.case).count() == 1, "the month stays used, and owed once"
    assert prove().holds


def test_a_message_from_before_there_were_links_leads_to_all_ones_matters() -> None:
    with override_settings(ANYE_BASE_URL="https://anye.example"):
        words = fill("payment.reminder", {"amount_fen": 198_000, "nth": 1})
    assert words.endswith("https://anye.example/my/")
