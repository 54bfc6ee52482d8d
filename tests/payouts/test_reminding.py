"""Whoever does not put the account right is reminded on set working days, each time once, and then seen by an
officer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Role
from accounts.selectors import machine
from cases.messages import render
from cases.models import Event, Message
from cases.selectors import case_url
from law.money import Fen
from law.workdays import LEGAL_ZONE, legal_day
from payouts.kinds import CORRECTING, READY, RETURNED
from payouts.models import ReturnedPayment
from payouts.services import open_fund, record_receipts, remind_returned
from sandbox.server import Running
from tests.payouts.conftest import CITY, NOW, Staff, officer
from tests.payouts.samples import (
    card_number,
    owed_by_bank,
    pay_to,
    payments_of,
    receipt,
    sent,
    signed_in,
)


def came_back(staff: Staff) -> ReturnedPayment:
    """A payment whose account was closed: its person has been asked."""
    batch = sent(staff)
    (payment,) = payments_of(batch)
    record_receipts(batch=batch, receipts=[receipt(payment, "F", reason="AC04")], now=NOW)
    return the_return()


def the_return() -> ReturnedPayment:
    return ReturnedPayment.objects.select_related("case", "obligation__party", "obligation__case").get()


def on_the_day(returned: ReturnedPayment) -> datetime:
    assert returned.remind_on is not None
    return datetime(
        returned.remind_on.year, returned.remind_on.month, returned.remind_on.day, 9, tzinfo=LEGAL_ZONE
    )


@pytest.fixture
def returned(bank: Running, staff: Staff, money: None) -> ReturnedPayment:
    """One that waits for its person."""
    owed_by_bank(bank, "CLEAN")
    return came_back(staff)


def reminders() -> int:
    return Message.objects.filter(template="payment.reminder").count()


def test_three_reminders_each_once_and_then_the_handler(returned: ReturnedPayment) -> None:
    assert returned.case.status == CORRECTING
    # Monday 23 November, five working days later.
    assert (on_the_day(returned).date() - legal_day(NOW)).days == 7
    assert remind_returned(now=on_the_day(returned) - timedelta(days=1)) == 0
    for nth in (1, 2, 3):
        moment = on_the_day(the_return())
        assert remind_returned(now=moment) == 1
        assert remind_returned(now=moment) == 0
        assert (reminders(), the_return().reminders) == (nth, nth)
        assert the_return().case.status == CORRECTING
    last = Message.objects.filter(template="payment.reminder").order_by("-pk")[0]
    assert "第 3 次提醒" in render(last, "zh-hans")
    assert last.case == returned.obligation.case
    remind_returned(now=on_the_day(the_return()))
    assert (the_return().case.status, the_return().case.waits_for) == (RETURNED, "HANDLER")
    assert reminders() == 3
    assert Event.objects.filter(case=returned.case, verb="return.unanswered").count() == 1
    assert remind_returned(now=NOW + timedelta(days=90)) == 0


def test_who_puts_it_right_is_not_reminded_any_more(returned: ReturnedPayment) -> None:
    moment = on_the_day(returned)
    remind_returned(now=moment)
    pay_to(returned.obligation.party, card_number(), now=moment)
    assert the_return().case.status == READY
    assert remind_returned(now=moment + timedelta(days=60)) == 0
    assert reminders() == 1


def test_a_new_card_still_helps_after_the_last_reminder(returned: ReturnedPayment) -> None:
    for _ in range(4):
        remind_returned(now=on_the_day(the_return()))
    assert the_return().case.status == RETURNED
    pay_to(returned.obligation.party, card_number(), now=NOW + timedelta(days=60))
    assert the_return().case.status == READY


def test_those_asked_before_there_were_reminders_are_taken_along(returned: ReturnedPayment) -> None:
    ReturnedPayment.objects.update(remind_on=None)
    assert remind_returned(now=NOW) == 1
    assert (reminders(), the_return().remind_on) == (0, returned.remind_on)


def test_the_page_says_how_often_and_when_next(returned: ReturnedPayment, client: Client) -> None:
    remind_returned(now=on_the_day(returned))
    shown = signed_in(client, officer(Role.HANDLER)).get(case_url("returned", returned.case.number))
    assert "已提醒 1 次" in shown.content.decode()


def test_sweeps_at_once_remind_once(committed: None, bank: Running) -> None:
    open_fund(region=CITY, amount_fen=Fen(100_000_00), actor=machine(), now=NOW)
    owed_by_bank(bank, "CLEAN")
    roles = (Role.HANDLER, Role.REVIEWER, Role.REVIEWER, Role.SUPERVISOR, Role.REVIEWER)
    staff = Staff(*(officer(role) for role in roles))
    moment = on_the_day(came_back(staff))

    def sweep(_nth: int) -> int:
        try:
            return remind_returned(now=moment)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sweep, range(4))) == 1
    assert reminders() == 1
