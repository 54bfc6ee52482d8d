"""The only writer of `Transfer`: set-based, one statement for any number of rows.

A trigger keeps the balances and refuses an uncovered one; this module turns that refusal of the fund into
words. It must never update or delete a transfer, and it opens no transaction: its callers do.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, connection, transaction

from cases.arrays import integers
from law.errors import Refused
from law.money import Fen
from law.workdays import legal_day
from payouts.models import DIRECTIONS, Move, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

# First half of the advisory locks of this app; the second half is the pool's region code.
LOCK_POOL = 7701
COVERED = "payouts_balance_covered"


def lock_pool(pool: str) -> None:
    """Until the transaction ends nobody else seals, sends, records or reconciles for this pool."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_POOL, int(pool)])


@contextmanager
def fund_must_cover() -> Iterator[None]:
    """Inside, a transfer that the fund does not cover raises `Refused("fund.short")` and leaves no trace."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as fault:
        diagnosis = getattr(fault.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", "") != COVERED:
            raise
        raise Refused("fund.short") from None


def book_funding(*, region: str, amount_fen: Fen, reference: str, now: datetime) -> Transfer:
    """Money that came into the fund from outside."""
    debit, credit = DIRECTIONS[Move.FUNDING]
    return Transfer.objects.create(
        region=region,
        debit=debit,
        credit=credit,
        amount_fen=amount_fen,
        kind=Move.FUNDING,
        posted_on=legal_day(now),
        at=now,
        reference=reference,
    )


def book_owed(obligation_ids: Sequence[int], *, now: datetime) -> None:
    """FUND to PAYABLE for each of these new obligations."""
    book_obligations(Move.OWED, obligation_ids, now=now)


def book_obligation(kind: Move, obligation_id: int, *, now: datetime) -> None:
    """Withdraw an obligation (PAYABLE to FUND), or owe the one that takes its place.

    Raises `Refused("fund.short")` where the fund does not cover it.
    """
    with fund_must_cover():
        book_obligations(kind, [obligation_id], now=now)


def book_obligations(kind: Move, obligation_ids: Sequence[int], *, now: datetime) -> None:
    """One transfer of `kind` for each of these obligations: OWED, WITHDRAWN or STOPPED."""
    debit, credit = DIRECTIONS[kind]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO payouts_transfer (region, debit, credit, amount_fen, kind, obligation_id, pending,
                                          posted_on, at, reference)
            SELECT pool, %s, %s, amount_fen, %s, id, false, %s, %s, ''
            FROM payouts_obligation WHERE id = ANY(%s::bigint[]) ORDER BY id
            """,
            [debit.value, credit.value, kind.value, legal_day(now), now, integers(obligation_ids)],
        )


def book_payments(
    kind: Move,
    payment_ids: Sequence[int],
    *,
    posted_on: date,
    now: datetime,
    line_ids: Sequence[int] | None = None,
) -> None:
    """One transfer of `kind` for each payment; SETTLED and VOIDED end the pending row of the same payment.

    `line_ids`, one a payment in the same order, are the statement lines that prove the move. A payment that
    has such a transfer already is a bug of the caller: the constraint raises IntegrityError.
    """
    debit, credit = DIRECTIONS[kind]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO payouts_transfer (region, debit, credit, amount_fen, kind, obligation_id, payment_id,
                                          statement_line_id, pending, pending_of_id, posted_on, at, reference)
            SELECT owed.pool, %(debit)s, %(credit)s, paid.amount_fen, %(kind)s, owed.id, paid.id,
                   given.line_id, %(pending)s, begun.id, %(posted_on)s, %(at)s, ''
            FROM unnest(%(payments)s::bigint[], %(lines)s::bigint[]) AS given (payment_id, line_id)
            JOIN payouts_payment paid ON paid.id = given.payment_id
            JOIN payouts_obligation owed ON owed.id = paid.obligation_id
            LEFT JOIN payouts_transfer begun
                ON %(ends)s AND begun.payment_id = paid.id AND begun.kind = 'SUBMITTED'
            ORDER BY paid.id
            """,
            {
                "debit": debit.value,
                "credit": credit.value,
                "kind": kind.value,
                "pending": kind is Move.SUBMITTED,
                "ends": kind in (Move.SETTLED, Move.VOIDED),
                "posted_on": posted_on,
                "at": now,
                "payments": integers(payment_ids),
                "lines": None if line_ids is None else integers(line_ids),
            },
        )
