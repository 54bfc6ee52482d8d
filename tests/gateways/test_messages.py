"""Short messages: sent once, tried again after silence, given up when they can never arrive."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from cases import messages
from cases.models import Message
from gateways import services, tasks
from gateways.services import MESSAGE_GIVEN_UP, MESSAGE_WAITS, InsideTransaction, send_messages
from sandbox import control, sms
from sandbox.server import Running
from tests.gateways.conftest import NOW, Office, party_of, person_of

pytestmark = pytest.mark.django_db

TEMPLATE = "gateways.test"
MOBILE = "19900000001"


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A template of this test's own, gone afterwards."""
    monkeypatch.setitem(messages._templates, TEMPLATE, "您有 {amount:money} 到账。")


@pytest.fixture
def provider(sandbox: Running) -> Iterator[Running]:
    """The sandbox's SMS provider, put back in order afterwards."""
    yield sandbox
    control.set_fault(sandbox.application.store, {"source": "sms", "mode": "auto"})


def message(server: Running, **changed: object) -> Message:
    row = Message(
        party=party_of(person_of(server)),
        template=TEMPLATE,
        numbers={"amount": 198000},
        channel=Message.Channel.SMS,
        mobile=MOBILE,
        created_at=NOW,
    )
    for name, value in changed.items():
        setattr(row, name, value)
    row.save()
    return row


def inbox(server: Running, mobile: str = MOBILE) -> list[dict[str, object]]:
    return sms.inbox(server.application.store, mobile=mobile)


def test_a_message_arrives_with_its_words(provider: Running) -> None:
    row = message(provider, mobile="19900000010")
    assert send_messages(now=NOW) == 1
    row.refresh_from_db()
    assert (row.sent_at, row.failed_at, row.attempts) == (NOW, None, 1)
    (received,) = inbox(provider, "19900000010")
    assert received["text"] == "您有 1,980.00 元 到账。"
    assert row.provider_id


def test_sending_twice_sends_nothing_twice(provider: Running) -> None:
    row = message(provider, mobile="19900000011")
    assert send_messages(now=NOW) == 1
    assert send_messages(now=NOW + timedelta(days=1)) == 0
    # The answer of the first try was lost: the provider knows the message by our id.
    Message.objects.filter(pk=row.pk).update(sent_at=None, attempts=1)
    assert send_messages(now=NOW + timedelta(days=1)) == 1
    assert len(inbox(provider, "19900000011")) == 1


def test_inbox_messages_are_not_sent(provider: Running) -> None:
    message(provider, channel=Message.Channel.INBOX, mobile="")
    assert send_messages(now=NOW) == 0


def test_a_silent_provider_is_tried_again_later_and_later(provider: Running) -> None:
    row = message(provider, mobile="19900000012")
    control.set_fault(provider.application.store, {"source": "sms", "mode": "down"})
    for tries, age in enumerate(MESSAGE_WAITS, start=1):
        if age:
            assert send_messages(now=NOW + age - timedelta(seconds=1)) == 0
            row.refresh_from_db()
            assert row.attempts == tries - 1
        assert send_messages(now=NOW + age) == 0
        row.refresh_from_db()
        assert row.attempts == tries
    assert row.failed_at == NOW + MESSAGE_WAITS[-1]
    control.set_fault(provider.application.store, {"source": "sms", "mode": "ok"})
    assert send_messages(now=NOW + timedelta(days=9)) == 0


def test_the_next_try_reaches_a_provider_that_is_back(provider: Running) -> None:
    row = message(provider, mobile="19900000013")
    control.set_fault(provider.application.store, {"source": "sms", "mode": "down"})
    send_messages(now=NOW)
    control.set_fault(provider.application.store, {"source": "sms", "mode": "ok"})
    assert send_messages(now=NOW + MESSAGE_WAITS[1]) == 1
    row.refresh_from_db()
    assert (row.attempts, row.failed_at) == (2, None)


@pytest.mark.parametrize("mobile", ["12345678901", ""])
def test_a_number_no_phone_has_fails_at_once(provider: Running, mobile: str) -> None:
    row = message(provider, mobile=mobile)
    assert send_messages(now=NOW) == 0
    row.refresh_from_db()
    assert (row.failed_at, row.sent_at) == (NOW, None)


def test_a_message_whose_worker_died_at_the_last_try_is_closed(provider: Running) -> None:
    row = message(provider, attempts=len(MESSAGE_WAITS))
    send_messages(now=NOW + MESSAGE_GIVEN_UP - timedelta(seconds=1))
    row.refresh_from_db()
    assert row.failed_at is None
    send_messages(now=NOW + MESSAGE_GIVEN_UP)
    row.refresh_from_db()
    assert row.failed_at == NOW + MESSAGE_GIVEN_UP


def test_a_message_whose_words_are_unknown_waits_and_holds_up_nobody(provider: Running) -> None:
    unknown = message(provider, template="no.such.words")
    message(provider, mobile="19900000014")
    assert send_messages(now=NOW) == 1
    unknown.refresh_from_db()
    assert unknown.attempts == 0


def test_more_than_a_chunk_goes_out_in_one_run(provider: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MESSAGES_A_CHUNK", 2)
    for _number in range(5):
        message(provider, mobile="19900000015")
    assert send_messages(now=NOW) == 5
    assert len(inbox(provider, "19900000015")) == 5


def test_garbage_from_the_provider_is_tried_again(
    provider: Running, office: Office, settings: Settings
) -> None:
    settings.ANYE_OUTSIDE = {"SMS": {"url": office.url}}
    office.next.append(office.says(200, b"ok"))
    row = message(provider)
    assert send_messages(now=NOW) == 0
    row.refresh_from_db()
    assert (row.sent_at, row.failed_at, row.attempts) == (None, None, 1)


def test_nothing_is_sent_inside_a_transaction(provider: Running) -> None:
    message(provider)
    with transaction.atomic(), pytest.raises(InsideTransaction):
        send_messages(now=NOW)


def test_the_task_sends_what_is_due_and_may_run_twice(provider: Running) -> None:
    message(provider, mobile="19900000016")
    assert tasks.send_messages() == 1
    assert tasks.send_messages() == 0
    assert len(inbox(provider, "19900000016")) == 1


def test_neither_number_nor_words_reach_a_log(provider: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    message(provider, mobile="19900000017")
    message(provider, mobile="12345678901")
    control.set_fault(provider.application.store, {"source": "sms", "mode": "down"})
    send_messages(now=NOW)
    control.set_fault(provider.application.store, {"source": "sms", "mode": "ok"})
    send_messages(now=NOW + MESSAGE_WAITS[1])
    assert "SMS /sms/messages answered 503" in caplog.text
    for secret in ("19900000017", "12345678901", "1,980.00"):
        assert secret not in caplog.text
