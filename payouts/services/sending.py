"""A signed batch goes to the bank once. The bank's silence is answered by a question, never by sending again.

Three steps: the intent is committed with the pending transfers; the file travels with no transaction open;
the reply is recorded in another transaction. Killed between any two, the sweep calls `submit_batch` again and
it goes on: a batch that was meant to be sent is first asked for, and sent only if the bank says that it does
not know it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from accounts.selectors import machine
from cases.models import Event
from cases.services import record, transition
from gateways.ports import BankReply, Problem
from gateways.services import Unavailable, file_status, submit_file
from law.errors import Refused
from law.workdays import legal_day
from payouts.formats import files
from payouts.kinds import ACCEPTED, APPROVED2, REJECTED, SENT
from payouts.models import Batch, Move, Payment
from payouts.selectors import batches_to_submit
from payouts.services.ledger import book_payments, lock_pool
from payouts.services.signing import must_be_signed, must_be_whole
from payouts.services.stopping import release_receivables

# Beside the number of the batch in one 64-bit key of a session lock.
LOCK_SENDER = 7702 << 40
OTHER_FILE = "batch.other_file_at_bank"


def submit_batch(*, batch: Batch, now: datetime) -> Batch:
    """Bring a batch with all its signatures to the bank, or find out what became of it. Safe to call at any
    time.

    Does nothing for a batch in another state or while another process does the same. After silence the batch
    stays SENT and the next call asks. Raises `Refused` ("batch.tampered", "batch.not_signed") before anything
    leaves.
    """
    with _alone(batch.pk) as alone:
        if alone:
            _submit(batch.pk, now=now)
    return Batch.objects.select_related("case").get(pk=batch.pk)


def submit_waiting(*, now: datetime) -> int:
    """Do that for every batch that waits for it, oldest first; returns how many were tried.

    One that is not whole or not signed is held back with an alarm in its trail, and stops none behind it.
    """
    waiting = batches_to_submit()
    for batch in waiting:
        try:
            submit_batch(batch=batch, now=now)
        except Refused as refused:
            _record_once(batch.pk, "batch.held_back", {"why": refused.code}, now=now)
    return len(waiting)


def _submit(batch_id: int, *, now: datetime) -> None:
    is_new = _commit_intent(batch_id, now=now)
    if is_new is None:
        return
    batch = Batch.objects.select_related("case", "file").get(pk=batch_id)
    try:
        reply, is_ours = None if is_new else file_status(batch_number=batch.number, now=now), True
        if reply is None:
            reply, is_ours = _send(batch, now=now)
    except Unavailable as silence:
        _record_once(batch_id, "batch.no_answer", {"problem": silence.problem.value}, now=now)
        return
    if reply.accepted and not (is_ours and _may_be_ours(batch, reply)):
        _record_once(batch_id, OTHER_FILE, {"count": reply.count or 0}, now=now)
    else:
        _record_reply(batch_id, reply, now=now)


def _send(batch: Batch, *, now: datetime) -> tuple[BankReply, bool]:
    """Send once; after silence ask once. The bank's words, and whether they can be about our file.

    Raises Unavailable where the bank did not get it: the next call sends.
    """
    file = files.stored(batch.file.content)
    try:
        sent = submit_file(
            batch_number=batch.number,
            content=file.content,
            sha256=batch.sha256,
            now=now,
            charset=file.layout.charset,
            media_type=file.layout.media_type,
        )
    except Unavailable as silence:
        reply = file_status(batch_number=batch.number, now=now)
        if reply is None:
            raise
        # What it holds although it has just refused our bytes is somebody else's.
        return reply, silence.problem is not Problem.REFUSED
    return sent, True


def _may_be_ours(batch: Batch, reply: BankReply) -> bool:
    """Whether a file found at the bank has our count and sum, and was never known to be another's."""
    held = (reply.count, reply.total_fen)
    if None not in held and held != (batch.count, batch.total_fen):
        return False
    return not Event.objects.filter(case=batch.case, verb=OTHER_FILE).exists()


@transaction.atomic(durable=True)
def _commit_intent(batch_id: int, *, now: datetime) -> bool | None:
    """True: the intent was committed now; False: it had been before; None: this batch is not to be sent."""
    batch = _locked(batch_id)
    if batch.case.status == SENT:
        must_be_whole(batch)
        return False
    if batch.case.status != APPROVED2:
        return None
    must_be_signed(batch)
    must_be_whole(batch)
    batch.submitted_at = now
    batch.save(update_fields=["submitted_at"])
    book_payments(Move.SUBMITTED, _payment_ids(batch), posted_on=legal_day(now), now=now)
    transition(
        case=batch.case,
        to=SENT,
        verb="batch.sent",
        actor=machine(),
        now=now,
        payload={"sha256": batch.sha256, "count": batch.count, "total_fen": batch.total_fen},
    )
    return True


@transaction.atomic(durable=True)
def _record_reply(batch_id: int, reply: BankReply, *, now: datetime) -> None:
    """Accepted: wait for receipts. Refused: nothing was booked there, so nothing is reserved here any
    more.
    """
    batch = _locked(batch_id)
    if batch.case.status != SENT:
        return
    batch.bank_code = reply.code
    batch.bank_reference = reply.reference
    payload = {"code": reply.code, "reference": reply.reference}
    if reply.accepted:
        batch.accepted_at = now
        to, verb = ACCEPTED, "batch.accepted"
    else:
        payment_ids = _payment_ids(batch)
        book_payments(Move.VOIDED, payment_ids, posted_on=legal_day(now), now=now)
        Payment.objects.filter(batch=batch).update(failed_at=now, reason_code=reply.code)
        release_receivables(payment_ids, now=now)
        to, verb = REJECTED, "batch.refused_by_bank"
    batch.save(update_fields=["bank_code", "bank_reference", "accepted_at"])
    transition(case=batch.case, to=to, verb=verb, actor=machine(), now=now, payload=payload)


@transaction.atomic(durable=True)
def _record_once(batch_id: int, verb: str, payload: Mapping[str, str | int], *, now: datetime) -> None:
    """A trouble stands once in the trail, however often the sweep meets it; the batch stays for a
    person.
    """
    batch = _locked(batch_id)
    last = Event.objects.filter(case=batch.case).order_by("-sequence").first()
    if batch.case.status in (APPROVED2, SENT) and last is not None and last.verb != verb:
        record(case=batch.case, verb=verb, actor=machine(), now=now, payload=payload)


def _payment_ids(batch: Batch) -> list[int]:
    return list(Payment.objects.filter(batch=batch).order_by("pk").values_list("pk", flat=True))


def _locked(batch_id: int) -> Batch:
    lock_pool(Batch.objects.values_list("region", flat=True).get(pk=batch_id))
    return Batch.objects.select_related("case").select_for_update(of=("self", "case")).get(pk=batch_id)


@contextmanager
def _alone(batch_id: int) -> Iterator[bool]:
    """Whether this process alone speaks to the bank about this batch. Ends with the connection if we are
    killed.
    """
    key = LOCK_SENDER + batch_id
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        (alone,) = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
