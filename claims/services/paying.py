"""From entitlement to money: owe each month that has begun, and follow what was paid.

A month nobody owed in its time is owed later: no sweep that was missed, and no grant that came late, may cost
a person a month. One claim that cannot be owed is said in its trail and holds up no other.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count, QuerySet

import cases.services
import payouts.selectors
import payouts.services
import policy.selectors
from accounts.selectors import machine
from cases.arrays import integers
from cases.batch import record_many
from cases.models import Case, Event
from claims import kinds
from claims.models import Claim, Spell
from claims.selectors import PROGRAM, fen_of_month, interruptions_of, months_due
from law.errors import MissingParameter, Refused
from law.months import shift
from law.workdays import legal_day
from payouts.services import Due

ACCRUE_CHUNK = 5_000
FOLLOWED_A_RUN = 5_000
# One that ended or rests is still owed what is due of it: a report may come before the month's sweep.
IN_PAYMENT = [kinds.APPROVED, kinds.PAYING, kinds.INTERRUPTED, kinds.ENDED]

logger = logging.getLogger("anye.claims")


def accrue_due(*, now: datetime, claim_ids: Sequence[int] | None = None) -> int:
    """Owe every month that has begun and is not owed yet, oldest first; returns how many. Re-runnable.

    A spell that ended is owed up to its last payable month.
    """
    current = legal_day(now).isoformat()[:7]
    missing: set[str] = set()
    # Few rows: spells that begin, end and stand alike are one.
    spells = _in_payment(claim_ids)
    alike = spells.filter(interruptions=None).annotate(owed=Count("month_rows"))
    of_each = alike.values_list("first_month", "last_month", "paid_through", "owed")
    for spell in spells.filter(interruptions__isnull=False).distinct():
        last = min(spell.paid_through or spell.last_month, spell.last_month, current)
        due = months_due(spell, interruptions_of(spell), last=last)
        missing.update(set(due).difference(spell.month_rows.values_list("month", flat=True)))
    for first, last, through, owed in of_each.distinct():
        begun, month = [], first
        while month <= min(last, through or last, current):
            begun.append(month)
            month = shift(month, 1)
        if len(begun) > owed:
            missing.update(begun)
    return sum(accrue_month(month=month, now=now, claim_ids=claim_ids) for month in sorted(missing))


def accrue_month(
    *,
    month: str,
    now: datetime,
    claim_ids: Sequence[int] | None = None,
    pool: str = "",
    tell: Callable[[int], None] | None = None,
) -> int:
    """Owe `month` to every spell that covers it and has not got it yet; returns how many. Re-runnable.

    A month is owed once it has begun. The amount is that of the standard in force for that month. `pool`: of
    one pool alone; `tell` hears after each part how many spells have been gone through.
    """
    if month > legal_day(now).isoformat()[:7]:
        raise Refused("claim.month_not_begun", month=month)
    scope = _Scope(month, now, None if claim_ids is None else list(claim_ids), pool)
    owed, after, seen = 0, 0, 0
    while (part := _next_part(scope, after=after)) is not None:
        last, count = part
        owed += _accrue_part(scope, after=after, last=last)
        after, seen = last, seen + count
        if tell is not None:
            tell(seen)
    return owed


def _in_payment(claim_ids: Sequence[int] | None) -> QuerySet[Spell]:
    spells = Spell.objects.filter(claim__case__status__in=IN_PAYMENT)
    return spells if claim_ids is None else spells.filter(pk__in=list(claim_ids))


@dataclass(frozen=True, slots=True)
class _Award:
    """A spell with what its months rest on: the determination, its facts, and who is paid by which county."""

    claim_id: int
    determination_id: int
    party_id: int
    county: str
    program: str
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which spells of which month are gone through; `claim_ids` None and `pool` "" for all."""

    month: str
    now: datetime
    claim_ids: list[int] | None
    pool: str

    def bound(self, **more: int) -> dict[str, str | int | datetime | list[str] | list[int] | None]:
        """The values of the questions below."""
        return {
            "month": self.month,
            "in_payment": IN_PAYMENT,
            "now": self.now,
            "claims": self.claim_ids,
            "pool": self.pool,
            **more,
        }


# The last key of the next part of the spells that begin before and end after a month, and how many they are.
# Parts are cut by key before it is asked who has the month already: each question looks at one part, however
# many spells there are, and however little the planner knows of the months this very run has written.
NEXT_PART = """
    SELECT max(claim_id), count(*)
    FROM (
        SELECT claim_id FROM claims_spell
        WHERE claim_id > %(after)s AND first_month <= %(month)s AND last_month >= %(month)s
            AND (paid_through = '' OR paid_through >= %(month)s)
            AND (%(claims)s::bigint[] IS NULL OR claim_id = ANY(%(claims)s::bigint[]))
        ORDER BY claim_id LIMIT %(most)s
    ) part
"""

# The spells of a part that have not got the month, locked but for those that somebody else holds.
NOT_OWED_YET = """
    SELECT spell.claim_id, spell.determination_id, claim.party_id, claim.county, grounds.program,
        grounds.facts
    FROM claims_spell spell
    JOIN claims_claim claim ON claim.case_id = spell.claim_id
    JOIN cases_case standing ON standing.id = spell.claim_id
    JOIN cases_determination grounds ON grounds.id = spell.determination_id
    LEFT JOIN claims_spellmonth done ON done.spell_id = spell.claim_id AND done.month = %(month)s
        AND done.spell_id > %(after)s AND done.spell_id <= %(last)s
    LEFT JOIN claims_interruption rest ON rest.spell_id = spell.claim_id AND rest.after < %(month)s
        AND (rest.until = '' OR rest.until >= %(month)s)
    WHERE spell.claim_id > %(after)s AND spell.claim_id <= %(last)s
        AND claim.case_id > %(after)s AND claim.case_id <= %(last)s
        AND standing.id > %(after)s AND standing.id <= %(last)s
        AND standing.status = ANY(%(in_payment)s)
        AND spell.first_month <= %(month)s AND spell.last_month >= %(month)s AND spell.granted_at <= %(now)s
        AND (spell.paid_through = '' OR spell.paid_through >= %(month)s)
        AND (%(pool)s = '' OR left(claim.county, 4) || '00' = %(pool)s)
        AND (%(claims)s::bigint[] IS NULL OR spell.claim_id = ANY(%(claims)s::bigint[]))
        AND done.id IS NULL AND rest.id IS NULL
    ORDER BY spell.claim_id
    FOR UPDATE OF spell SKIP LOCKED
"""


def _next_part(scope: _Scope, *, after: int) -> tuple[int, int] | None:
    """The last key of the next part and how many spells it has, or None behind the last."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_PART, scope.bound(after=after, most=ACCRUE_CHUNK))
        last, count = cursor.fetchone()
    return None if last is None else (last, count)


@transaction.atomic
def _accrue_part(scope: _Scope, *, after: int, last: int) -> int:
    """Owe what is missing in a part, all at once or, where that cannot be, one by one; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(NOT_OWED_YET, scope.bound(after=after, last=last))
        chunk = [
            _Award(claim_id, determination_id, party_id, county, program, json.loads(facts))
            for claim_id, determination_id, party_id, county, program, facts in cursor.fetchall()
        ]
    if not chunk:
        return 0
    try:
        with transaction.atomic():
            _owe(chunk, month=scope.month, now=scope.now)
    except (Refused, MissingParameter):
        return _owe_each(chunk, month=scope.month, now=scope.now)
    return len(chunk)


def _owe_each(chunk: Sequence[_Award], *, month: str, now: datetime) -> int:
    """Owe it one by one, and say of each that it cannot be and why; returns how many are owed.

    Once the fund is short it is short for all behind: they wait together for what is asked of finance.
    """
    owed = 0
    for place, award in enumerate(chunk):
        try:
            with transaction.atomic():
                _owe([award], month=month, now=now)
            owed += 1
        except MissingParameter as fault:
            _hold_back([award.claim_id], fault.key, month=month, now=now)
        except Refused as refused:
            short = refused.code == "fund.short"
            held = chunk[place:] if short else [award]
            _hold_back([one.claim_id for one in held], refused.code, month=month, now=now)
            if short:
                break
    return owed


def _owe(chunk: Sequence[_Award], *, month: str, now: datetime) -> None:
    """Month, obligation and event of each spell."""
    book = policy.selectors.book()
    rows = [
        Due(
            case_id=award.claim_id,
            determination_id=award.determination_id,
            party_id=award.party_id,
            program=award.program,
            item=PROGRAM,
            month=month,
            amount_fen=fen_of_month(award.program, award.facts, month, county=award.county, book=book),
            region=award.county,
        )
        for award in chunk
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO claims_spellmonth (spell_id, month, amount_fen, owed_at)"
            " SELECT spell_id, %s, amount_fen, %s"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS given (spell_id, amount_fen)",
            [month, now, integers(row.case_id for row in rows), integers(row.amount_fen for row in rows)],
        )
    payouts.services.owe_many(rows=rows, actor=machine(), now=now)
    record_many(
        kind=kinds.CLAIM,
        verb="claim.month_owed",
        payloads=[(row.case_id, {"month": month, "amount_fen": row.amount_fen}) for row in rows],
        actor=machine(),
        now=now,
    )


def _hold_back(claim_ids: Sequence[int], why: str, *, month: str, now: datetime) -> None:
    """Say once in each trail, each time in the log, why a month is not owed; the next sweep tries again."""
    payload = {"month": month, "why": why}
    held = Event.objects.filter(case__in=list(claim_ids), verb="claim.month_held_back", payload=payload)
    said = set(held.values_list("case_id", flat=True))
    first = Case.objects.values_list("number", flat=True).get(pk=claim_ids[0])
    logger.error("%s and %d more are not owed for %s: %s", first, len(claim_ids) - 1, month, why)
    record_many(
        kind=kinds.CLAIM,
        verb="claim.month_held_back",
        payloads=[(claim_id, payload) for claim_id in claim_ids if claim_id not in said],
        actor=machine(),
        now=now,
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
