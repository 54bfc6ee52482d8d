"""What the bank says of each payment: paid posts the pending transfer, failed voids it, once, in any order.

A receipt that stands is never overwritten. One that contradicts it is kept, marked, raises an alarm on the
batch and keeps the obligation out of every further batch; it moves no money. "Failed" after "paid" announces
a return: the money is booked when the account statement shows it (`payouts.services.reconciling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import connection, transaction

from accounts.privacy import context_of, provider
from accounts.selectors import machine
from cases.arrays import instants, integers, texts
from cases.batch import Notice, notify_many
from cases.models import Event
from cases.services import record, transition, transition_many
from gateways.ports import BankReceipt
from gateways.services import Unavailable, fetch_receipts
from law.errors import Refused
from law.workdays import legal_day
from payouts.kinds import ACCEPTED, PART_SETTLED, READY, RECONCILED, RETURN, SETTLED, Odd
from payouts.models import Batch, Move, Payee, Payment, Receipt, ReturnedPayment
from payouts.services.contradictions import open_for_payments
from payouts.services.ledger import book_payments, lock_pool
from payouts.services.returns import Bounced, open_returns

PAID, FAILED, PENDING = "S", "F", "P"
NAMED_IN_ALARM = 20


@dataclass(frozen=True, slots=True)
class Tally:
    """What one delivery of receipts brought: counts of new ones by what they did."""

    paid: int = 0
    failed: int = 0
    returns_announced: int = 0
    conflicting: int = 0
    unknown: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing new was in it; what we do not know is listed again with every answer."""
        return not (self.paid or self.failed or self.returns_announced or self.conflicting)


@dataclass(frozen=True, slots=True)
class _Word:
    """A final receipt with its payment's id (0: not one of this batch).

    `is_other_sum`: the bank booked another amount than it was told to.
    """

    payment_id: int
    is_other_sum: bool
    name: str
    status: str
    reason_code: str
    serial: str
    booked_at: datetime


@dataclass(slots=True)
class _Sorted:
    """New receipts by what they do."""

    paid: list[_Word] = field(default_factory=list)
    failed: list[_Word] = field(default_factory=list)
    returns: list[_Word] = field(default_factory=list)
    conflicts: list[_Word] = field(default_factory=list)
    unknown: list[_Word] = field(default_factory=list)


def fetch_and_record(*, now: datetime) -> int:
    """Ask the bank about every batch that it accepted and has not answered in full; returns how many had
    news.

    A batch whose question fails is asked again by the next sweep, one that another process has moved is left.
    """
    news = 0
    for batch in Batch.objects.select_related("case").filter(case__status=ACCEPTED).order_by("pk"):
        try:
            receipts = fetch_receipts(batch_number=batch.number, now=now)
            news += not record_receipts(batch=batch, receipts=receipts, now=now).is_empty
        except (Unavailable, Refused):
            continue
    return news


@transaction.atomic
def record_receipts(*, batch: Batch, receipts: Sequence[BankReceipt], now: datetime) -> Tally:
    """Record what is new among `receipts`; duplicates and order do not matter.

    Raises `Refused("batch.not_accepted")` for a batch the bank has not taken.
    """
    lock_pool(batch.region)
    batch = Batch.objects.select_related("case").select_for_update(of=("self", "case")).get(pk=batch.pk)
    if batch.case.status not in (ACCEPTED, PART_SETTLED, SETTLED, RECONCILED):
        raise Refused("batch.not_accepted")
    found = _sort(batch, receipts)
    _keep(found, now=now)
    _settle(batch, found.paid, now=now)
    _fail(found.failed, now=now)
    _raise_alarms(batch, found, now=now)
    open_for_payments([word.payment_id for word in found.conflicts], odd=Odd.RECEIPT, now=now)
    tally = Tally(
        len(found.paid), len(found.failed), len(found.returns), len(found.conflicts), len(found.unknown)
    )
    _move_on(batch, tally, now=now)
    return tally


# Which of these serials stand already, and for what.
KNOWN = "SELECT bank_serial, payment_id, status FROM payouts_receipt WHERE bank_serial = ANY(%s::text[])"


def _sort(batch: Batch, receipts: Sequence[BankReceipt]) -> _Sorted:
    """Judge each new receipt by what is known of its payment, in the order of booking."""
    # The bank answers for the whole batch every time: all of its payments, and no list of names.
    ours = Payment.objects.filter(batch=batch).values_list("end_to_end_id", "pk", "amount_fen")
    payments = {name: (pk, amount) for name, pk, amount in ours}
    none_of_ours = (0, 0)
    final = [
        _Word(
            payment_id=payments.get(one.end_to_end_id, none_of_ours)[0],
            is_other_sum=one.amount_fen not in (None, payments.get(one.end_to_end_id, none_of_ours)[1]),
            name=one.end_to_end_id,
            status=one.status,
            reason_code=one.reason_code[:12],
            serial=one.bank_serial,
            booked_at=one.booked_at,
        )
        for one in receipts
        if one.status != PENDING and one.booked_at is not None
    ]
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [texts(word.serial for word in final)])
        seen = {serial: rest for serial, *rest in cursor.fetchall()}
    standing = Receipt.objects.filter(payment__batch=batch, conflicts=False)
    said: dict[int, dict[str, datetime]] = {}
    for payment_id, status, booked_at in standing.values_list("payment_id", "status", "booked_at"):
        said.setdefault(payment_id, {})[status] = booked_at
    found = _Sorted()
    for word in sorted(final, key=lambda word: (word.booked_at, word.serial)):
        if word.serial in seen:
            # A serial names one word. Another one under it can neither be kept nor believed: a person looks.
            if seen[word.serial] != [word.payment_id, word.status]:
                found.unknown.append(word)
            continue
        seen[word.serial] = [word.payment_id, word.status]
        if word.payment_id:
            _judge(found, word, said.setdefault(word.payment_id, {}))
        else:
            found.unknown.append(word)
    return found


def _judge(found: _Sorted, word: _Word, said: dict[str, datetime]) -> None:
    """One word against those that stand: `said` maps the status to its time of booking."""
    paid_at = said.get(PAID)
    if word.is_other_sum or word.status in said or (word.status == PAID and FAILED in said):
        found.conflicts.append(word)
        return
    if word.status == PAID:
        found.paid.append(word)
    elif paid_at is None:
        found.failed.append(word)
    elif word.booked_at >= paid_at:
        found.returns.append(word)
    else:
        found.conflicts.append(word)
        return
    said[word.status] = word.booked_at


def _keep(found: _Sorted, *, now: datetime) -> None:
    """Each receipt of ours is stored, conflicting ones marked. An unknown one has no payment to stand by."""
    words = [*found.paid, *found.failed, *found.returns]
    for group, conflicts in ((words, False), (found.conflicts, True)):
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO payouts_receipt (payment_id, bank_serial, status, reason_code, booked_at,
                                             received_at, conflicts)
                SELECT payment_id, serial, status, reason, booked_at, %s, %s
                FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
                    AS given (payment_id, serial, status, reason, booked_at)
                """,
                [
                    now,
                    conflicts,
                    integers(word.payment_id for word in group),
                    texts(word.serial for word in group),
                    texts(word.status for word in group),
                    texts(word.reason_code for word in group),
                    instants(word.booked_at for word in group),
                ],
            )


def _settle(batch: Batch, paid: Sequence[_Word], *, now: datetime) -> None:
    """Post the money, date the payments, close the returns that these payments answer, tell the people."""
    if not paid:
        return
    ids = [word.payment_id for word in paid]
    book_payments(Move.SETTLED, ids, posted_on=legal_day(now), now=now)
    _date_payments("settled_at", paid)
    waiting = ReturnedPayment.objects.filter(obligation__payments__batch=batch, case__status=READY)
    settled = set(ids)
    transition_many(
        kind=RETURN,
        case_ids=[
            pk
            for pk, payment_id in waiting.values_list("pk", "obligation__payments")
            if payment_id in settled
        ],
        from_status=READY,
        to=SETTLED,
        verb="return.settled",
        actor=machine(),
        now=now,
    )
    _tell_paid(ids, now=now)


def _fail(failed: Sequence[_Word], *, now: datetime) -> None:
    """Void the reservation, date the payments, open what is to be put right."""
    if not failed:
        return
    book_payments(Move.VOIDED, [word.payment_id for word in failed], posted_on=legal_day(now), now=now)
    _date_payments("failed_at", failed)
    open_returns([Bounced(word.payment_id, word.reason_code) for word in failed], now=now)


def _date_payments(column: str, words: Sequence[_Word]) -> None:
    """Write the bank's booking time and reason; `column` is one of two constants of this module."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE payouts_payment SET {column} = given.booked_at, reason_code = given.reason"  # noqa: S608 - constant
            " FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS given (id, booked_at, reason)"
            " WHERE payouts_payment.id = given.id",
            [
                integers(word.payment_id for word in words),
                instants(word.booked_at for word in words),
                texts(word.reason_code for word in words),
            ],
        )


def _raise_alarms(batch: Batch, found: _Sorted, *, now: datetime) -> None:
    """What the bank contradicts or what we do not know stands in the trail for a person to look at."""
    for verb, odd in (
        ("batch.receipts_conflict", found.conflicts),
        ("batch.receipts_unknown", found.unknown),
    ):
        payload = {"count": len(odd), "first": [word.name for word in odd[:NAMED_IN_ALARM]]}
        # The bank lists an unknown one again whenever it is asked: said once is enough.
        if odd and not Event.objects.filter(case=batch.case, verb=verb, payload=payload).exists():
            record(case=batch.case, verb=verb, actor=machine(), now=now, payload=payload)


def _move_on(batch: Batch, tally: Tally, *, now: datetime) -> None:
    """Once every payment has its answer the batch waits for the statement."""
    if tally.is_empty or batch.case.status != ACCEPTED:
        return
    payload = {"paid": tally.paid, "failed": tally.failed}
    record(case=batch.case, verb="batch.receipts_recorded", actor=machine(), now=now, payload=payload)
    payments = Payment.objects.filter(batch=batch)
    if payments.filter(settled_at=None, failed_at=None).exists():
        return
    failed = payments.exclude(failed_at=None).count()
    transition(
        case=batch.case,
        to=PART_SETTLED if failed else SETTLED,
        verb="batch.settled_in_part" if failed else "batch.settled",
        actor=machine(),
        now=now,
        payload={"paid": batch.count - failed, "failed": failed},
    )


# What the message about each of these payments says, and to whom.
TOLD = """
    SELECT owed.case_id, owed.party_id, paid.amount_fen, payee.account_last4, paid.settled_at, payee.contact
    FROM payouts_payment paid
    JOIN payouts_obligation owed ON owed.id = paid.obligation_id
    JOIN payouts_payee payee ON payee.id = paid.payee_id
    WHERE paid.id = ANY(%s::bigint[]) ORDER BY paid.id
"""


def _tell_paid(payment_ids: Sequence[int], *, now: datetime) -> None:
    """One message for each payment, on the case that granted it."""
    decrypt = partial(provider().decrypt, context=context_of(Payee._meta.get_field("contact")))
    with connection.cursor() as cursor:
        cursor.execute(TOLD, [integers(payment_ids)])
        notices = [
            Notice(
                case_id=case_id,
                party_id=party_id,
                template="payment.settled",
                numbers={
                    "amount_fen": amount,
                    "tail": tail,
                    "on": legal_day(settled_at).isoformat(),
                },
                address=decrypt(contact),
            )
            for case_id, party_id, amount, tail, settled_at, contact in cursor.fetchall()
        ]
    notify_many(notices=notices, now=now)
