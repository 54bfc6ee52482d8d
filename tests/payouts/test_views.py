"""The pages: who gets in, what they say, what a signature asks for. Over the test client, with the real
sandbox.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from accounts.models import Access, Role, User
from cases.selectors import case_url
from payouts.kinds import APPROVED1, APPROVED2, PROPOSED, READY, REJECTED
from payouts.models import Batch, ReturnedPayment
from payouts.services import fetch_and_record, reconcile_day, record_receipts
from sandbox.server import Running
from tests.payouts.conftest import CITY, NOW, TODAY, Staff, officer
from tests.payouts.samples import (
    approved,
    owed,
    owed_by_bank,
    payments_of,
    receipt,
    reread,
    sealed,
    sent,
)

pytestmark = pytest.mark.usefixtures("money")
SECRET = "JBSWY3DPEHPK3PXP"


def browser(user: User) -> Client:
    """A signed-in officer."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def code(*, steps: int = 0) -> str:
    """What the officer's telephone shows."""
    return str(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + steps)))


def text_of(client: Client, url: str) -> str:
    """The words of a page."""
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def sign(client: Client, batch: Batch, **typed: str) -> int:
    """Post the form; the status of the answer."""
    fields = {"total": "1,980.00", "code": code(), "seen": "on"} | typed
    return client.post(reverse("batch-sign", args=[batch.number]), fields).status_code


def test_the_list_says_what_is_owed_and_seals_it(staff: Staff) -> None:
    owed(2)
    client = browser(staff.maker)
    page = text_of(client, reverse("batches"))
    assert "3,960.00" in page
    assert "封批，送复核" in page
    answer = client.post(reverse("batch-make"), {"region": CITY})
    batch = Batch.objects.select_related("case").get()
    assert answer.headers["Location"] == reverse("case-batch", args=[batch.number])
    assert batch.case.status == APPROVED1
    assert "没有应付的款项" in text_of(client, reverse("batches"))


def test_a_region_that_is_not_ones_own_is_not_sealed(staff: Staff) -> None:
    owed(1)
    stranger = browser(officer(Role.HANDLER, region="130200"))
    assert "1,980.00" not in text_of(stranger, reverse("batches"))
    stranger.post(reverse("batch-make"), {"region": CITY})
    assert not Batch.objects.exists()


def test_only_who_makes_batches_makes_one(staff: Staff) -> None:
    owed(1)
    client = browser(staff.checker)
    assert "封批，送复核" not in text_of(client, reverse("batches"))
    assert client.post(reverse("batch-make"), {"region": CITY}).status_code == 403
    assert Client().get(reverse("batches")).status_code == 302


def test_the_page_shows_sum_checks_and_fingerprint(staff: Staff) -> None:
    owed(2)
    batch = sealed(staff)
    page = text_of(browser(staff.checker), case_url("batch", batch.number))
    for words in (
        "3,960.00",
        "抽样重算",
        "第一次发放的人",
        "SHA-256",
        batch.sha256,
        "批准，送银行",
    ):
        assert words in page
    assert "accesskey" not in page
    form = page[
        page.index(reverse("batch-sign", args=[batch.number])) : page.index(
            reverse("batch-send-back", args=[batch.number])
        )
    ]
    assert "data-key" not in form
    for payment in payments_of(batch):
        assert payment.payee.account not in page


def test_the_checker_types_total_and_code(staff: Staff) -> None:
    owed(1)
    batch = sealed(staff)
    client = browser(staff.checker)
    assert sign(client, batch, total="1,980.01") == 422
    assert sign(client, batch, total="一千") == 422
    assert sign(client, batch, code="") == 422
    assert sign(client, batch, seen="") == 422
    assert sign(client, batch, code="000000") == 422
    assert reread(batch).case.status == APPROVED1
    assert sign(client, batch) == 302
    assert reread(batch).case.status == APPROVED2


def test_a_total_is_taken_with_or_without_separators_and_a_code_counts_once(staff: Staff) -> None:
    owed(1)
    first = sealed(staff)
    client = browser(staff.checker)
    now = code()
    assert sign(client, first, total="1980", code=now) == 302
    owed(1)
    second = sealed(staff, now=NOW + timedelta(minutes=1))
    assert sign(client, second, code=now) == 422
    assert sign(client, second, code=code(steps=1)) == 302


def test_the_maker_is_told_that_another_must_sign(staff: Staff) -> None:
    owed(1)
    batch = sealed(staff)
    client = browser(staff.maker)
    assert "您已经签过" in text_of(client, case_url("batch", batch.number))
    sign(client, batch)
    assert reread(batch).case.status == APPROVED1


def test_another_regions_officer_finds_no_such_page(staff: Staff) -> None:
    owed(1)
    batch = sealed(staff)
    client = browser(staff.elsewhere)
    assert client.get(case_url("batch", batch.number)).status_code == 404
    assert sign(client, batch) == 404
    assert (
        client.post(reverse("batch-send-back", args=[batch.number]), {"reason": "PEOPLE"}).status_code == 404
    )


def test_a_checker_sends_back_with_a_reason(staff: Staff) -> None:
    owed(1)
    batch = sealed(staff)
    client = browser(staff.checker)
    back = reverse("batch-send-back", args=[batch.number])
    assert client.post(back, {"reason": ""}).status_code == 422
    assert client.post(back, {"reason": "PEOPLE"}).status_code == 302
    assert reread(batch).case.status == REJECTED
    assert "已退回" in text_of(client, case_url("batch", batch.number))


def test_the_page_follows_the_batch_to_the_books(bank: Running, staff: Staff) -> None:
    owed_by_bank(bank, "CLEAN", "CARD_CLOSED")
    batch = sent(staff)
    client = browser(staff.checker)
    assert "等银行答复" in text_of(client, case_url("batch", batch.number))
    fetch_and_record(now=NOW + timedelta(hours=1))
    reconcile_day(region=CITY, day=TODAY, now=NOW + timedelta(hours=2))
    page = text_of(client, case_url("batch", batch.number))
    assert "应付、指令、回盘、对账单四方一致" in page
    assert "1 笔，1,980.00 元" in page


def test_a_difference_is_shown_red(bank: Running, staff: Staff) -> None:
    owed_by_bank(bank, "CLEAN", "CLEAN")
    batch = sent(staff)
    first, second = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(first, at=NOW)], now=NOW + timedelta(hours=1))
    reconcile_day(region=CITY, day=TODAY, now=NOW + timedelta(hours=2))
    page = text_of(browser(staff.checker), case_url("batch", batch.number))
    assert "钱已支出，还没有回盘" in page
    assert second.end_to_end_id in page


@pytest.fixture
def returned(bank: Running, staff: Staff) -> ReturnedPayment:
    """A payment that failed because the card was not active."""
    owed_by_bank(bank, "CLEAN")
    batch = sent(staff)
    record_receipts(batch=batch, receipts=[receipt(payments_of(batch)[0], "F", reason="AC06")], now=NOW)
    return ReturnedPayment.objects.select_related("case").get()


def test_a_returned_payment_is_proposed_by_one_and_signed_by_another(
    returned: ReturnedPayment, staff: Staff
) -> None:
    number = returned.case.number
    page_url = case_url("returned", number)
    handler, reviewer = browser(staff.maker), browser(staff.checker)
    page = text_of(handler, page_url)
    assert "没有激活" not in page
    assert "未激活" in page
    assert Access.objects.filter(act="READ", case_number=number, actor=staff.maker).exists()
    again = reverse("returned-pay-again", args=[number])
    assert handler.post(again, {"reason": ""}).status_code == 422
    assert handler.post(again, {"reason": "本人已激活"}).status_code == 302
    returned.case.refresh_from_db()
    assert returned.case.status == PROPOSED
    assert "等另一位同事复核" in text_of(handler, page_url)
    decide = reverse("returned-decide", args=[number])
    assert handler.post(decide, {"agreed": "yes"}).status_code == 403
    assert "本人已激活" in text_of(reviewer, page_url)
    assert reviewer.post(decide, {}).status_code == 422
    assert reviewer.post(decide, {"agreed": "yes"}).status_code == 302
    returned.case.refresh_from_db()
    assert returned.case.status == READY


def test_the_card_register_is_asked_from_the_page(returned: ReturnedPayment, staff: Staff) -> None:
    number = returned.case.number
    handler = browser(staff.maker)
    answer = handler.post(reverse("returned-card", args=[number]), follow=True)
    assert "可以收款" in answer.content.decode()
    returned.case.refresh_from_db()
    assert returned.case.status == READY
    refused = handler.post(reverse("returned-card", args=[number]), follow=True)
    assert "不等处理" in refused.content.decode()


def test_a_returned_payment_of_another_region_is_not_shown(returned: ReturnedPayment, staff: Staff) -> None:
    assert browser(staff.elsewhere).get(case_url("returned", returned.case.number)).status_code == 404


def test_the_pages_cost_as_many_queries_whatever_they_show(
    staff: Staff, django_assert_max_num_queries: object
) -> None:
    owed(20)
    batch = sealed(staff)
    client = browser(staff.checker)
    client.get(reverse("batches"))
    with django_assert_max_num_queries(40):  # type: ignore[operator]  # a fixture of pytest-django
        client.get(case_url("batch", batch.number))


def test_english_pages_render(staff: Staff) -> None:
    owed(1)
    batch = approved(staff, now=datetime.now(UTC))
    client = browser(staff.checker)
    client.cookies["anye_language"] = "en"
    assert client.get(case_url("batch", batch.number)).status_code == 200
    assert client.get(reverse("batches")).status_code == 200
