"""Whatever happens in whatever order: no fen appears, none is lost, nobody is paid twice, the fund is never
short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from unittest.mock import patch

from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Role
from accounts.selectors import machine
from gateways.ports import (
    BankReceipt,
    BankReply,
    BankStatement,
    Problem,
    StatementRow,
    Unavailable,
)
from law.errors import Refused
from law.money import Fen
from payouts.formats import bank_file
from payouts.kinds import ACCEPTED
from payouts.models import Account, Balance, Batch, Obligation, Payment
from payouts.selectors import batches_to_submit, fund, prove
from payouts.services import (
    fetch_and_record,
    open_fund,
    owe_many,
    reconcile_day,
    seal_batch,
    send_back_batch,
    sign_batch,
    submit_batch,
)
from tests.payouts.conftest import CITY, NOW, TODAY, officer
from tests.payouts.samples import AMOUNT, Recipient, card_number, pay_to, recipient

OPENING = 10**12
MONTHS = [f"2026-{month:02d}" for month in range(5, 12)]
REASONS = ["", "", "", "AC04", "TM01", "MS03", "AC06"]


@dataclass
class Bank:
    """A bank that remembers what it was sent, and may be silent before or after it takes a file."""

    now: datetime = NOW
    moods: list[str] = field(default_factory=list)
    taken: dict[str, bytes] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    words: dict[str, list[BankReceipt]] = field(default_factory=dict)
    lines: list[StatementRow] = field(default_factory=list)

    def submit_file(
        self,
        *,
        batch_number: str,
        content: bytes,
        sha256: str,
        now: datetime,
        charset: str = "gb18030",
        media_type: str = "text/plain",
    ) -> BankReply:
        assert hashlib.sha256(content).hexdigest() == sha256
        assert self.taken.get(batch_number, content) == content
        assert batch_number not in self.taken, "sent again although the bank had it"
        mood = self.moods.pop() if self.moods else "takes"
        if mood == "lost":
            raise Unavailable("BANK", Problem.TIMEOUT, 1)
        self.taken[batch_number] = content
        if mood == "refuses":
            self.refused.add(batch_number)
        else:
            self._decide(batch_number, content)
        if mood == "mute":
            self.moods.append("asleep")
            raise Unavailable("BANK", Problem.TIMEOUT, 1)
        return self._reply(batch_number)

    def file_status(self, *, batch_number: str, now: datetime) -> BankReply | None:
        if self.moods and self.moods[-1] == "asleep":
            self.moods.pop()
            raise Unavailable("BANK", Problem.DOWN, 1)
        return self._reply(batch_number) if batch_number in self.taken else None

    def fetch_receipts(self, *, batch_number: str, now: datetime) -> list[BankReceipt]:
        """Each twice, the last first; every third answer still leaves some pending."""
        words = self.words[batch_number]
        return [*reversed(words), *words]

    def fetch_statement(self, *, day: date, now: datetime) -> BankStatement:
        moved = sum(one.amount_fen * (1 if one.direction == "C" else -1) for one in self.lines)
        return BankStatement(OPENING, OPENING + moved, tuple(self.lines))

    def returns(self, number: int) -> None:
        """One payment that arrived comes back."""
        back = {line.end_to_end_id for line in self.lines if line.direction == "C"}
        paid = [line for line in self.lines if line.direction == "D" and line.end_to_end_id not in back]
        if not paid:
            return
        line = paid[number % len(paid)]
        reason = ["AC06", "TM01", "AC04"][number % 3]
        self.lines.append(
            StatementRow(
                f"R{line.bank_serial}",
                self.now,
                "C",
                line.amount_fen,
                line.end_to_end_id,
                reason,
                line.batch_number,
            )
        )
        self.words[line.batch_number].append(
            BankReceipt(line.end_to_end_id, "F", reason, "", f"R{line.bank_serial}", self.now)
        )

    def _decide(self, batch_number: str, content: bytes) -> None:
        words = []
        for line in bank_file.read(content).lines:
            drawn = int(hashlib.sha256(f"{line.end_to_end_id}{len(self.lines)}".encode()).hexdigest(), 16)
            reason = REASONS[drawn % len(REASONS)]
            serial = f"B{line.end_to_end_id}"
            words.append(
                BankReceipt(line.end_to_end_id, "F" if reason else "S", reason, "", serial, self.now)
            )
            if not reason:
                self.lines.append(
                    StatementRow(serial, self.now, "D", line.amount_fen, line.end_to_end_id, "", batch_number)
                )
        self.words[batch_number] = words

    def _reply(self, batch_number: str) -> BankReply:
        accepted = batch_number not in self.refused
        return BankReply(accepted, "ACCP" if accepted else "AM04", "SB-1" if accepted else "")


STEPS = [
    "owe",
    "owe",
    "fund",
    "seal",
    "seal",
    "back",
    "submit",
    "submit",
    "receipts",
    "statement",
    "return",
    "card",
]
MOODS = ["takes", "takes", "lost", "mute", "refuses"]


class World:
    """The product with a few people, officers and this bank."""

    def __init__(self) -> None:
        self.bank = Bank()
        self.now = NOW
        self.maker, self.checker = officer(Role.HANDLER), officer(Role.REVIEWER)
        self.people: list[Recipient] = [recipient(account=card_number() if n else None) for n in range(4)]
        self.funded = 0

    def step(self, name: str, number: int) -> None:
        self.now += timedelta(minutes=1)
        self.bank.now = self.now
        act: Callable[[int], None] = getattr(self, f"_{name}")
        try:
            act(number)
        except Refused as refused:
            assert refused.code in {"fund.short", "batch.nothing_due"}, refused

    def _owe(self, number: int) -> None:
        person, month = self.people[number % 4], MONTHS[number // 4 % len(MONTHS)]
        owe_many(rows=[person.due(month)], actor=machine(), now=self.now)

    def _fund(self, number: int) -> None:
        amount = number % 4 * AMOUNT + 1
        open_fund(region=CITY, amount_fen=Fen(amount), actor=machine(), now=self.now)
        self.funded += amount

    def _seal(self, number: int) -> None:
        batch = seal_batch(region=CITY, actor=self.maker, now=self.now)
        if number % 4:
            sign_batch(batch=batch, total_fen=Fen(batch.total_fen), actor=self.checker, now=self.now)

    def _back(self, number: int) -> None:
        for batch in Batch.objects.select_related("case").filter(case__status="APPROVED1")[:1]:
            send_back_batch(batch=batch, reason_code="TIMING", actor=self.checker, now=self.now)

    def _submit(self, number: int) -> None:
        self.bank.moods = [MOODS[number % len(MOODS)]]
        for batch in batches_to_submit():
            submit_batch(batch=batch, now=self.now)

    def _receipts(self, number: int) -> None:
        fetch_and_record(now=self.now)

    def _statement(self, number: int) -> None:
        reconcile_day(region=CITY, day=TODAY, now=self.now)

    def _return(self, number: int) -> None:
        self.bank.returns(number)

    def _card(self, number: int) -> None:
        pay_to(self.people[number % 4].party, card_number(), now=self.now)

    def check(self) -> None:
        """What holds after every step."""
        assert (Balance.objects.aggregate(total=Sum("posted_fen"))["total"] or 0) == 0
        for row in Balance.objects.exclude(account=Account.OUTSIDE):
            assert row.posted_fen >= row.pending_fen >= 0, row.account
        for obligation in Obligation.objects.all():
            out = 0
            for line in self.bank.lines:
                if line.end_to_end_id.startswith(f"AY{obligation.pk:010d}-"):
                    out += line.amount_fen if line.direction == "D" else -line.amount_fen
            assert out in (0, obligation.amount_fen), "paid twice at the bank"

    def settle(self) -> None:
        """The bank wakes up, everything is asked for: now all books must agree."""
        self.bank.moods = []
        for batch in batches_to_submit():
            submit_batch(batch=batch, now=self.now)
        fetch_and_record(now=self.now)
        reconcile_day(region=CITY, day=TODAY, now=self.now)
        self.check()
        proof = prove()
        assert proof.holds, proof.findings
        moved = sum(one.amount_fen * (1 if one.direction == "C" else -1) for one in self.bank.lines)
        assert fund(CITY).held_fen == self.funded + moved
        assert not Batch.objects.filter(case__status=ACCEPTED).exists()
        live = Payment.objects.filter(settled_at=None, failed_at=None, batch__submitted_at__isnull=False)
        assert not live.exists()


class TestAnyOrder(TestCase):
    """Each example in a transaction of its own."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1_000)), max_size=30))
    def test_the_books_hold(self, steps: list[tuple[str, int]]) -> None:
        world = World()
        sending, reading = "payouts.services.sending", "payouts.services.receipts"
        with (
            patch(f"{sending}.submit_file", world.bank.submit_file),
            patch(f"{sending}.file_status", world.bank.file_status),
            patch(f"{reading}.fetch_receipts", world.bank.fetch_receipts),
            patch("payouts.services.reconciling.fetch_statement", world.bank.fetch_statement),
        ):
            world.step("fund", 3)
            for name, number in steps:
                world.step(name, number)
                world.check()
            world.settle()
