"""From entitlement to money: owe each month that has begun, and follow what was paid."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

import cases.services
import payouts.selectors
import payouts.services
import policy.selectors
from accounts.selectors import machine
from claims import kinds
from claims.models import Claim, Spell, SpellMonth
from claims.selectors import PROGRAM, month_fen
from law.errors import Refused
from law.workdays import legal_day
from payouts.services import Due

ACCRUE_CHUNK = 500


def accrue_month(*, month: str, now: datetime, claim_ids: Sequence[int] | None = None) -> int:
    """Owe `month` to every spell that covers it and has not got it yet; returns how many. Re-runnable.

    A month is owed once it has begun. The amount is that of the standard in force for that month.
    """
    if month > legal_day(now).isoformat()[:7]:
        raise Refused("claim.month_not_begun", month=month)
    owed = 0
    while True:
        chunk = _accrue_chunk(month=month, now=now, claim_ids=claim_ids)
        owed += chunk
        if chunk < ACCRUE_CHUNK:
            return owed


@transaction.atomic
def _accrue_chunk(*, month: str, now: datetime, claim_ids: Sequence[int] | None) -> int:
    done = SpellMonth.objects.filter(spell=OuterRef("pk"), month=month)
    spells = (
        Spell.objects.select_related("claim__case", "claim__party", "determination")
        .filter(first_month__lte=month, last_month__gte=month, granted_at__lte=now)
        .filter(claim__case__status__in=[kinds.APPROVED, kinds.PAYING])
        .filter(~Exists(done))
        .order_by("pk")
    )
    if claim_ids is not None:
        spells = spells.filter(pk__in=list(claim_ids))
    chunk = list(spells.select_for_update(of=("self",), skip_locked=True)[:ACCRUE_CHUNK])
    book = policy.selectors.book()
    amounts = {spell.pk: month_fen(spell, month, book=book) for spell in chunk}
    SpellMonth.objects.bulk_create(
        SpellMonth(spell=spell, month=month, amount_fen=amounts[spell.pk], owed_at=now) for spell in chunk
    )
    rows = [
        Due(
            case_id=spell.pk,
            determination_id=spell.determination_id,
            party_id=spell.claim.party_id,
            program=PROGRAM,
            item=PROGRAM,
            month=month,
            amount_fen=amounts[spell.pk],
            region=spell.claim.county,
        )
        for spell in chunk
    ]
    payouts.services.owe_many(rows=rows, actor=machine(), now=now)
    for spell in chunk:
        payload = {"month": month, "amount_fen": amounts[spell.pk]}
        cases.services.record(
            case=spell.claim.case, verb="claim.month_owed", actor=machine(), now=now, payload=payload
        )
    return len(chunk)


def follow_payments(*, now: datetime) -> int:
    """Move approved claims whose first payment has reached the card to PAYING; returns how many."""
    approved = list(
        Claim.objects.select_related("case", "party", "registration").filter(case__status=kinds.APPROVED)[
            : ACCRUE_CHUNK * 10
        ]
    )
    paid = payouts.selectors.paid_case_ids([claim.pk for claim in approved])
    moved = 0
    for claim in approved:
        if claim.pk not in paid:
            continue
        try:
            with transaction.atomic():
                cases.services.transition(
                    case=claim.case, to=kinds.PAYING, verb="claim.payment_started", actor=machine(), now=now
                )
        except Refused:
            continue
        moved += 1
    return moved
