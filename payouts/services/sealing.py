"""Sealing: what is due becomes one batch whose count, sum, payees and bytes can never change again.

Set-based: whatever its size, a batch costs a few dozen statements. Whoever is left out is listed with the
reason. Nobody is paid by sealing: signatures and the bank come after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection, transaction

from accounts.models import User
from accounts.selectors import machine
from cases.arrays import integers, texts
from cases.services import open_case, transition
from law.errors import Refused
from law.money import Fen
from law.workdays import legal_day
from payouts.formats import bank_file
from payouts.kinds import (
    ACCOUNT_FAULTY,
    APPROVED1,
    BATCH,
    CHANGED,
    COOLING_OFF,
    MAKER,
    NAME_FAULTY,
    NEXT_FILE,
)
from payouts.models import (
    Account,
    Balance,
    Batch,
    BatchFile,
    Signature,
    pool_of,
)
from payouts.payer import Payer, payer
from payouts.recheck import Rechecked, differing_of, recheck
from payouts.services.contradictions import open_for_obligations
from payouts.services.judging import ACCOUNT_PROBLEMS, Payable, judge, lines_of, still_standing, to_pay
from payouts.services.ledger import lock_pool
from policy.selectors import integer

# How many of the named parties no payment has reached yet.
NEVER_PAID = """
    SELECT count(DISTINCT given.party_id) FROM unnest(%s::bigint[]) AS given (party_id)
    WHERE NOT EXISTS (
        SELECT 1 FROM payouts_obligation owed JOIN payouts_payment paid ON paid.obligation_id = owed.id
        WHERE owed.party_id = given.party_id AND paid.settled_at IS NOT NULL)
"""


class _Differs(Exception):
    """The rule does not give what was about to be sealed."""


def seal_batch(*, region: str, actor: User, now: datetime) -> Batch:
    """Seal all that is due in the pool of `region`, up to `payout.batch_max` rows; call again for the rest.

    A person who seals signs as maker; the machine's sealing is nobody's signature. Where one of the sample
    does not come out the same, all that is due is run again: each that differs gets a case and is left out.
    Raises `Refused`: "batch.nothing_due", "fund.short" (the account does not hold what is owed).
    """
    pool = pool_of(region)
    try:
        return _seal(pool, actor=actor, now=now)
    except _Differs:
        _set_apart(pool, now=now)
    return _seal(pool, actor=actor, now=now)


@transaction.atomic
def _set_apart(pool: str, *, now: datetime) -> None:
    """A case for each obligation that is due and that the rule no longer gives: all are run, no sample."""
    lock_pool(pool)
    payable, _left_out = judge(pool, legal_day(now))
    open_for_obligations(differing_of(to_pay(payable)), now=now)


@transaction.atomic
def _seal(pool: str, *, actor: User, now: datetime) -> Batch:
    lock_pool(pool)
    today = legal_day(now)
    chosen, left_out = _choose(pool, today)
    if not chosen:
        raise Refused("batch.nothing_due", left_out=sum(len(ids) for ids in left_out.values()))
    is_person = actor.pk != machine().pk
    case = open_case(
        kind=BATCH,
        party=None,
        region=pool,
        actor=actor,
        now=now,
        verb="batch.sealed",
        payload={"count": len(chosen), "total_fen": _total(chosen)},
    )
    rechecked = recheck([one.to_pay for one in chosen], seed=case.number)
    if rechecked.differing:
        raise _Differs
    held = _must_cover(pool, _total(chosen))
    paying = payer()
    content = _bank_file(paying, chosen, batch_number=case.number, value_date=today, now=now)
    read = paying.layout.read(content)
    batch = Batch.objects.create(
        case=case,
        region=pool,
        count=read.count,
        total_fen=read.total_fen,
        account_hash=read.account_hash,
        sha256=hashlib.sha256(content).hexdigest(),
        value_date=today,
        checks=_checks(chosen, left_out, rechecked, held),
        left_out={reason: ids for reason, ids in left_out.items() if ids},
        sealed_by=actor,
        sealed_at=now,
    )
    BatchFile.objects.create(batch=batch, content=content.decode(paying.layout.charset))
    _write_payments(batch, chosen)
    if is_person:
        Signature.objects.create(batch=batch, level=MAKER, actor=actor, at=now)
        transition(case=case, to=APPROVED1, verb="batch.signed_by_maker", actor=actor, now=now)
    return batch


def _bank_file(
    paying: Payer, chosen: Sequence[Payable], *, batch_number: str, value_date: date, now: datetime
) -> bytes:
    """The file as it will go to the bank, in the layout that the bank reads."""
    header = bank_file.Header(
        batch_number=batch_number,
        business="UIB",
        payer_account=paying.account,
        payer_name=paying.name,
        payer_bank_code=paying.bank_code,
        value_date=value_date,
        created_at=now,
    )
    return paying.layout.build(header, [one.line for one in chosen])


def _choose(pool: str, today: date) -> tuple[list[Payable], dict[str, list[int]]]:
    """The lines of the batch, and who is left out by reason."""
    payable, left_out = judge(pool, today)
    payable, left_out[CHANGED] = still_standing(payable, today)
    limit = min(integer("payout.batch_max", region=pool, on=today), bank_file.LINES_MAX)
    left_out[NEXT_FILE] = payable[limit:]
    chosen: list[Payable] = []
    for one in lines_of(payable[:limit]):
        problems = bank_file.problems_of(one.line)
        if not problems:
            chosen.append(one)
        elif ACCOUNT_PROBLEMS.intersection(problems):
            left_out[ACCOUNT_FAULTY].append(one.obligation_id)
        else:
            left_out[NAME_FAULTY].append(one.obligation_id)
    return chosen, left_out


def _must_cover(pool: str, total_fen: Fen) -> Fen:
    """What the account at the bank must hold for this pool, in fen. Raises `Refused("fund.short")` below the
    total.

    Nothing is owed that the fund did not cover, so a shortage here means that the books are wrong.
    """
    balances = {row.account: row for row in Balance.objects.filter(region=pool)}
    payable = balances.get(str(Account.PAYABLE))
    if payable is None or payable.posted_fen - payable.pending_fen < total_fen:
        raise Refused("fund.short")
    return Fen(-balances[str(Account.OUTSIDE)].posted_fen)


def _checks(
    chosen: Sequence[Payable], left_out: dict[str, list[int]], rechecked: Rechecked, held_fen: Fen
) -> list[dict[str, str | int]]:
    """What was checked, with its numbers, for the page: frozen, so that it says what was true at sealing."""
    rare = sum(bank_file.is_rare(one.line.name) for one in chosen)
    first = _first_payments([one.party_id for one in chosen])
    return [
        {"code": "COUNTS", "outcome": "PASS", "count": len(chosen), "total_fen": _total(chosen)},
        {"code": "ONCE", "outcome": "PASS"},
        {"code": "FILE", "outcome": "PASS", "rare": rare},
        {"code": "COOLING", "outcome": "PASS", "count": len(left_out[COOLING_OFF])},
        {
            "code": "RECHECK",
            "outcome": "PASS",
            "sampled": rechecked.sampled,
            "largest": rechecked.largest,
        },
        {"code": "COVER", "outcome": "PASS", "held_fen": held_fen},
        {"code": "FIRST", "outcome": "OPEN" if first else "PASS", "count": first},
    ]


def _first_payments(party_ids: Sequence[int]) -> int:
    """How many of these parties have never been paid before: a checker looks at them."""
    with connection.cursor() as cursor:
        cursor.execute(NEVER_PAID, [integers(party_ids)])
        (count,) = cursor.fetchone()
    return int(count)


def _write_payments(batch: Batch, chosen: Sequence[Payable]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO payouts_payment (obligation_id, batch_id, payee_id, sequence, attempt, end_to_end_id,
                                         amount_fen, reason_code)
            SELECT owed, %s, payee, position, attempt, name, amount, ''
            FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::text[], %s::bigint[])
                WITH ORDINALITY AS given (owed, payee, attempt, name, amount, position)
            """,
            [
                batch.pk,
                integers(one.obligation_id for one in chosen),
                integers(one.payee_id for one in chosen),
                integers(one.attempt for one in chosen),
                texts(one.line.end_to_end_id for one in chosen),
                integers(one.line.amount_fen for one in chosen),
            ],
        )


def _total(chosen: Sequence[Payable]) -> Fen:
    return Fen(sum(one.line.amount_fen for one in chosen))
