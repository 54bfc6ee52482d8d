"""A campaign taken from step to step as officers and the worker do it, for the tests that need it further
on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import payouts.selectors
import payouts.services
from cases.attachments import Paper
from enterprises.models import Enterprise
from gateways.ports import BankReceipt
from law.money import Fen
from law.workdays import legal_day
from payouts.models import Batch
from subsidies.refund import services
from subsidies.refund.models import Campaign, FinanceReview, Notice
from tests.subsidies import samples
from tests.subsidies.samples import NOW

PAPER = Paper(name="财政意见.png", content=b"\x89PNG\r\n\x1a\n" + bytes(64))
AFTER_ANSWER = NOW + timedelta(days=12)
AFTER_NOTICE = AFTER_ANSWER + timedelta(days=9)


def account_of(unit: Enterprise, nth: int) -> None:
    """A corporate account of its own."""
    payouts.services.set_payee(
        party=unit.party,
        account=f"1301015550000{nth:04d}",
        account_name=unit.party.name,
        bank_code="313121000010",
        bank_name="滹沱河银行",
        lookup=None,
        is_card=False,
        now=NOW - timedelta(days=40),
    )


def campaign() -> Campaign:
    """The campaign as the database has it now."""
    return Campaign.objects.select_related("case").get()


def work(now: datetime) -> None:
    """What the worker does when it is woken."""
    for run_id in services.unfinished(now=now):
        while services.go_on(run_id=run_id, now=now):
            pass


def told(team: samples.Staff, now: datetime = NOW + timedelta(hours=1)) -> None:
    """Every unit has been told."""
    services.notify(campaign=campaign(), actor=team.handler, now=now)
    work(now)


def published(team: samples.Staff, now: datetime = AFTER_ANSWER) -> Notice:
    """What is ready stands in a notice."""
    services.publish(campaign=campaign(), actor=team.handler, now=now)
    work(now)
    found = Notice.objects.order_by("-number").first()
    assert found is not None
    return found


def agreed(
    team: samples.Staff, now: datetime = AFTER_NOTICE, *, yes: bool = True, papers: tuple[Paper, ...] = ()
) -> None:
    """The notice is over and finance has answered."""
    services.end_notices(now=now)
    review = FinanceReview.objects.select_related("campaign__case").order_by("-number").first()
    assert review is not None
    services.record_finance_answer(
        review=review,
        agreed=yes,
        document="财政局稳岗返还审核意见（演示）",
        dated_on=legal_day(now),
        remark="" if yes else "金额请再核对",
        papers=list(papers),
        actor=team.reviewer,
        now=now,
    )
    work(now)


def batch(team: samples.Staff, now: datetime) -> Batch:
    """What is owed, sealed and signed."""
    made = payouts.services.seal_batch(region=samples.CITY, actor=team.handler, now=now)
    for signer in (team.reviewer, team.supervisor)[: payouts.selectors.required_levels(made) - 1]:
        payouts.services.sign_batch(batch=made, total_fen=Fen(made.total_fen), actor=signer, now=now)
    return Batch.objects.select_related("case").get(pk=made.pk)


def answered(team: samples.Staff, now: datetime) -> Batch:
    """Sent, and answered by the bank for each payment."""
    made = batch(team, now)
    sent = payouts.services.submit_batch(batch=made, now=now)
    words = [
        BankReceipt(
            end_to_end_id=payment.end_to_end_id,
            status="S",
            reason_code="",
            reason_text="",
            bank_serial=f"{payment.end_to_end_id}S",
            booked_at=now,
        )
        for payment in made.payments.order_by("sequence")
    ]
    payouts.services.record_receipts(batch=sent, receipts=words, now=now + timedelta(hours=1))
    return made


def paid(team: samples.Staff, now: datetime) -> Batch:
    """The same, followed."""
    made = answered(team, now)
    services.follow_payments(now=now + timedelta(hours=2))
    return made
