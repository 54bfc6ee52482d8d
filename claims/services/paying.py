"""From entitlement to money: owe each month that has begun, and follow what was paid.

A month nobody owed in its time is owed later: no sweep that was missed, and no grant that came late, may cost
a person a month. One claim that cannot be owed is said in its trail and holds up no other.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count, FilteredRelation, Q, QuerySet

import cases.services
import payouts.selectors
import payouts.services
import policy.selectors
from accounts.selectors import machine
from cases.batch import record_many
from cases.models import Event
from claims import kinds
from claims.models import Claim, Spell, SpellMonth
from claims.selectors import PROGRAM, month_after, month_fen
from law.errors import MissingParameter, Refused
from law.workdays import legal_day
from payouts.services import Due

ACCRUE_CHUNK = 5_000
FOLLOWED_A_RUN = 5_000

logger = logging.getLogger("anye.claims")


def accrue_due(*, now: datetime, claim_ids: Sequence[int] | None = None) -> int:
    """Owe every month that has begun and is not owed yet, oldest first; returns how many. Re-runnable.

    A spell that ended is owed up to its last payable month.
    """
    current = legal_day(now).isoformat()[:7]
    missing: set[str] = set()
    # Few rows: spells that begin, end and stand alike are one.
    alike = _in_payment(claim_ids).annotate(owed=Count("month_rows"))
    of_each = alike.values_list("first_month", "last_month", "paid_through", "owed")
    for first, last, through, owed in of_each.distinct():
        begun, month = [], first
        while month <= min(last, through or last, current):
            begun.append(month)
            month = month_after(month)
        if len(begun) > owed:
            missing.update(begun)
    return sum(accrue_month(month=month, now=now, claim_ids=claim_ids) for month in sorted(missing))


def accrue_month(*, month: str, now: datetime, claim_ids: Sequence[int] | None = None) -> int:
    """Owe `month` to every spell that covers it and has not got it yet; returns how many. Re-runnable.

    A month is owed once it has begun. The amount is that of the standard in force for that month.
    """
    if month > legal_day(now).isoformat()[:7]:
        raise Refused("claim.month_not_begun", month=month)
    owed, after = 0, 0
    passed_over: set[int] = set()
    while True:
        chunk = _accrue_chunk(month=month, now=now, claim_ids=claim_ids, after=after, passed_over=passed_over)
        owed += len(chunk)
        if not chunk:
            return owed
        after = chunk[-1]
        owed -= len(passed_over.intersection(chunk))


def _in_payment(claim_ids: Sequence[int] | None) -> QuerySet[Spell]:
    # One that ended is still owed what is due of it: the report of work may come before the month's sweep.
    spells = Spell.objects.filter(claim__case__status__in=[kinds.APPROVED, kinds.PAYING, kinds.ENDED])
    return spells if claim_ids is None else spells.filter(pk__in=list(claim_ids))


@transaction.atomic
def _accrue_chunk(
    *, month: str, now: datetime, claim_ids: Sequence[int] | None, after: int, passed_over: set[int]
) -> list[int]:
    """Owe the next spells, all at once or, where that cannot be, one by one; returns which were tried.

    What cannot be owed is added to `passed_over`.
    """
    # A join and not EXISTS: the planner knows nothing yet of the months this very run has written.
    done = FilteredRelation("month_rows", condition=Q(month_rows__month=month))
    spells = (
        _in_payment(claim_ids)
        .select_related("claim", "determination")
        .filter(first_month__lte=month, last_month__gte=month, granted_at__lte=now)
        .filter(Q(paid_through="") | Q(paid_through__gte=month))
        .alias(done=done)
        .filter(done__isnull=True, pk__gt=after)
        .exclude(pk__in=passed_over)
        # The rest is large or encrypted, and not needed to know an amount.
        .only("claim__county", "claim__party_id", "determination__facts")
        .order_by("pk")
    )
    chunk = list(spells.select_for_update(of=("self",), skip_locked=True)[:ACCRUE_CHUNK])
    try:
        with transaction.atomic():
            _owe(chunk, month=month, now=now)
    except (Refused, MissingParameter):
        for spell in chunk:
            try:
                with transaction.atomic():
                    _owe([spell], month=month, now=now)
            except (Refused, MissingParameter) as fault:
                passed_over.add(spell.pk)
                _hold_back(spell, fault, month=month, now=now)
    return [spell.pk for spell in chunk]


def _owe(chunk: Sequence[Spell], *, month: str, now: datetime) -> None:
    """Month, obligation and event of each spell."""
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
    record_many(
        kind=kinds.CLAIM,
        verb="claim.month_owed",
        payloads=[(spell.pk, {"month": month, "amount_fen": amounts[spell.pk]}) for spell in chunk],
        actor=machine(),
        now=now,
    )


def _hold_back(spell: Spell, fault: Refused | MissingParameter, *, month: str, now: datetime) -> None:
    """Say once in the trail, each time in the log, why a month is not owed; the next sweep tries again."""
    why = fault.code if isinstance(fault, Refused) else fault.key
    logger.error("%s is not owed for %s: %s", spell.claim.case.number, month, why)
    payload = {"month": month, "why": why}
    said = Event.objects.filter(case=spell.claim.case, verb="claim.month_held_back", payload=payload)
    if not said.exists():
        cases.services.record(
            case=spell.claim.case, verb="claim.month_held_back", actor=machine(), now=now, payload=payload
        )


def follow_payments(*, now: datetime) -> int:
    """Move approved claims whose first payment has reached the card to PAYING; returns how many."""
    approved = Claim.objects.filter(case__status=kinds.APPROVED).values_list("pk", flat=True)
    paid = sorted(payouts.selectors.paid_case_ids(list(approved)))[:FOLLOWED_A_RUN]
    moved = cases.services.transition_many(
        kind=kinds.CLAIM,
        case_ids=paid,
        from_status=kinds.APPROVED,
        to=kinds.PAYING,
        verb="claim.payment_started",
        actor=machine(),
        now=now,
    )
    return len(moved)
