"""Signatures under a sealed batch, and sending one back. Four eyes are two different people, whatever their
roles.

Before each signature the seal is checked again. Whoever signs has typed the total; the one-time code was
asked by the page. It must never change what is sealed: a batch that is wrong goes back whole, and its
obligations into the next.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Sum

from accounts.models import Role, User
from accounts.roles import Action, can
from accounts.selectors import covers
from cases.services import record, transition
from law.errors import Refused
from law.money import Fen
from payouts.formats import files
from payouts.kinds import APPROVED1, APPROVED2, BUILT, MAKER, REJECTED, SEND_BACK_LABELS, SUPERVISOR
from payouts.models import Batch, BatchFile, Obligation, Payment, Signature
from payouts.selectors import required_levels
from payouts.services.ledger import lock_pool
from payouts.services.stopping import release_receivables


@transaction.atomic
def sign_batch(*, batch: Batch, total_fen: Fen, actor: User, now: datetime) -> Signature:
    """Add the next signature: maker (where the timetable sealed), checker, supervisor.

    Raises `Refused`: "batch.not_waiting", "batch.not_yours" (role or region), "batch.own" (has signed
    already), "batch.total_differs", "batch.tampered".
    """
    batch = _locked(batch)
    if batch.case.status not in (BUILT, APPROVED1):
        raise Refused("batch.not_waiting")
    signed = list(Signature.objects.filter(batch=batch).order_by("level"))
    level = len(signed) + 1
    _may_sign(batch, level, actor)
    if any(signature.actor_id == actor.pk for signature in signed):
        raise Refused("batch.own")
    if total_fen != batch.total_fen:
        raise Refused("batch.total_differs")
    must_be_whole(batch)
    signature = Signature.objects.create(batch=batch, level=level, actor=actor, at=now)
    if level == MAKER:
        transition(case=batch.case, to=APPROVED1, verb="batch.signed_by_maker", actor=actor, now=now)
    elif level < required_levels(batch):
        record(case=batch.case, verb="batch.checked", actor=actor, now=now, payload={"level": level})
    else:
        payload = {"level": level, "sha256": batch.sha256}
        transition(
            case=batch.case, to=APPROVED2, verb="batch.approved", actor=actor, now=now, payload=payload
        )
    return signature


@transaction.atomic
def send_back_batch(*, batch: Batch, reason_code: str, actor: User, now: datetime) -> Batch:
    """A batch that is not right is dissolved: its obligations are free for the next one. No money has moved.

    `reason_code` is one of `SEND_BACK_LABELS`. Raises `Refused`: "batch.not_waiting", "batch.not_yours",
    "batch.reason_missing".
    """
    batch = _locked(batch)
    if batch.case.status not in (BUILT, APPROVED1):
        raise Refused("batch.not_waiting")
    if not (can(actor, Action.CHECK_BATCH) and covers(actor, batch.region)):
        raise Refused("batch.not_yours")
    if reason_code not in SEND_BACK_LABELS:
        raise Refused("batch.reason_missing")
    payments = Payment.objects.filter(batch=batch)
    payments.update(failed_at=now)
    release_receivables(list(payments.values_list("pk", flat=True)), now=now)
    payload = {"reason": reason_code}
    transition(case=batch.case, to=REJECTED, verb="batch.sent_back", actor=actor, now=now, payload=payload)
    return batch


def must_be_whole(batch: Batch) -> None:
    """The bytes, the payments and the obligations must still be what was sealed. Raises
    `Refused("batch.tampered")`.
    """
    file = files.stored(BatchFile.objects.get(batch=batch).content)
    paid = Payment.objects.filter(batch=batch).aggregate(count=Count("pk"), total=Sum("amount_fen"))
    owed = Obligation.objects.filter(payments__batch=batch).aggregate(
        count=Count("pk"), total=Sum("amount_fen")
    )
    sealed = {"count": batch.count, "total": batch.total_fen}
    if hashlib.sha256(file.content).hexdigest() != batch.sha256 or paid != sealed or owed != sealed:
        raise Refused("batch.tampered")
    read = file.read()
    listed = set(Payment.objects.filter(batch=batch).values_list("end_to_end_id", "amount_fen"))
    if listed != {(line.end_to_end_id, line.amount_fen) for line in read.lines}:
        raise Refused("batch.tampered")


def must_be_signed(batch: Batch) -> None:
    """As many different people have signed as the sum asks for. Raises `Refused("batch.not_signed")`."""
    levels = list(Signature.objects.filter(batch=batch).order_by("level").values_list("level", flat=True))
    if levels != list(range(MAKER, required_levels(batch) + 1)):
        raise Refused("batch.not_signed")


def _may_sign(batch: Batch, level: int, actor: User) -> None:
    action = Action.MAKE_BATCH if level == MAKER else Action.CHECK_BATCH
    allowed = can(actor, action) and covers(actor, batch.region)
    # The third signature is the supervisor's own; the second may be anybody's who checks.
    if not allowed or (level == SUPERVISOR and not actor.has_role(Role.SUPERVISOR)):
        raise Refused("batch.not_yours")


def _locked(batch: Batch) -> Batch:
    lock_pool(batch.region)
    return Batch.objects.select_related("case").select_for_update(of=("self", "case")).get(pk=batch.pk)
