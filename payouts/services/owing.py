"""What the fund holds and owes: funding and obligations.

An obligation is idempotent by its key and can never be changed; whoever owes the same thing twice gets the
first one back, whoever owes something else under the same key is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Model

from accounts.models import Party, User
from cases.arrays import days, integers, texts
from cases.models import Case, Determination
from law import months
from law.errors import Refused
from law.money import Fen
from law.workdays import legal_day
from payouts.models import Obligation, Transfer, pool_of
from payouts.services.closing import open_days
from payouts.services.ledger import book_funding, book_owed, fund_must_cover

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Due:
    """One obligation to be written. `month` is "YYYY-MM", or empty for a single payment; amounts in fen.

    `case_id` is the case that grants it: key and trail hang on it. `due_on` None: the first day of the month,
    or the day of writing for a single payment.
    """

    case_id: int
    determination_id: int
    party_id: int
    program: str
    item: str
    month: str
    amount_fen: Fen
    region: str
    due_on: date | None = None

    @property
    def key(self) -> str:
        """The business key: the same case, month and item are one obligation for ever."""
        return f"{self.case_id}/{self.month or '-'}/{self.item}"

    def due(self, now: datetime) -> date:
        """The day from which it may be paid."""
        if self.due_on is not None:
            return self.due_on
        return months.first_day(months.parse(self.month)) if self.month else legal_day(now)


@transaction.atomic
def open_fund(*, region: str, amount_fen: Fen, actor: User, now: datetime, reference: str = "") -> Transfer:
    """Book money that finance moved into the fund of `region`'s pool. The same `reference` is booked once.

    Raises `Refused("fund.differs")` when the reference stands already with another amount.
    """
    if amount_fen <= 0:
        raise Refused("fund.amount")
    pool = pool_of(region)
    if reference:
        with connection.cursor() as cursor:
            # Two writers with one reference: the second waits here and then finds the first.
            key = f"funding/{pool}/{reference}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        known = Transfer.objects.filter(region=pool, reference=reference).first()
        if known is not None:
            if known.amount_fen != amount_fen:
                raise Refused("fund.differs", reference_number=reference)
            return known
    return book_funding(region=pool, amount_fen=amount_fen, reference=reference, now=now)


def owe(
    *,
    case: Case,
    determination: Determination,
    party: Party,
    program: str,
    item: str,
    month: str,
    amount_fen: Fen,
    region: str,
    actor: User,
    now: datetime,
    due_on: date | None = None,
) -> Obligation:
    """The fund owes `party` this amount (fen), once. The same key again returns the obligation that stands.

    Raises `Refused`: "fund.short", "obligation.differs" (the key stands with another content),
    "obligation.month_taken" (another case is paid for this item and month).
    """
    due = Due(
        _key_of(case),
        _key_of(determination),
        _key_of(party),
        program,
        item,
        month,
        amount_fen,
        region,
        due_on,
    )
    owe_many(rows=[due], actor=actor, now=now)
    return Obligation.objects.get(key=due.key)


@transaction.atomic
def owe_many(*, rows: Sequence[Due], actor: User, now: datetime) -> int:
    """Write many obligations and their ledger rows, all or none. Returns how many are new.

    Raises as `owe`. Set-based: its cost is a few statements for each 5,000 rows. What happened on each case
    is for the caller to record there.
    """
    by_key = {row.key: row for row in rows}
    if len(by_key) != len(rows):
        raise Refused("obligation.twice_in_list")
    for row in rows:
        if row.amount_fen <= 0:
            raise Refused("obligation.amount")
    # In the order of their keys, so that two writers of the same rows wait for each other, and never cross.
    ordered = sorted(by_key)
    opened = open_days({pool_of(row.region) for row in rows}, now=now)
    new = 0
    for start in range(0, len(ordered), CHUNK):
        chunk = {key: by_key[key] for key in ordered[start : start + CHUNK]}
        created = _insert(chunk, opened, now=now)
        if len(created) < len(chunk):
            _must_agree(chunk, created=created)
        if created:
            with fund_must_cover():
                book_owed(list(created.values()), now=now)
        new += len(created)
    return new


def _insert(
    chunk: Mapping[str, Due], opened: Mapping[str, tuple[date, date]], *, now: datetime
) -> dict[str, int]:
    """Insert what is not there yet, in the order of `chunk`; key -> id of the new rows."""
    rows = chunk.values()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO payouts_obligation (key, party_id, case_id, determination_id, program, item, month,
                                            region, pool, amount_fen, due_on, created_at)
            SELECT key, party_id, case_id, determination_id, program, item, month, region, pool, amount,
                   due_on, %s
            FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
                        %s::text[], %s::text[], %s::text[], %s::bigint[], %s::date[])
                WITH ORDINALITY AS given (key, party_id, case_id, determination_id, program, item, month,
                                          region, pool, amount, due_on, position)
            ORDER BY position
            ON CONFLICT DO NOTHING RETURNING key, id
            """,
            [
                now,
                texts(chunk),
                integers(row.party_id for row in rows),
                integers(row.case_id for row in rows),
                integers(row.determination_id for row in rows),
                texts(row.program for row in rows),
                texts(row.item for row in rows),
                texts(row.month for row in rows),
                texts(row.region for row in rows),
                texts(pool_of(row.region) for row in rows),
                integers(row.amount_fen for row in rows),
                days(_due_on(row, opened, now=now) for row in rows),
            ],
        )
        created = cursor.fetchall()
    return dict(created)


def _due_on(row: Due, opened: Mapping[str, tuple[date, date]], *, now: datetime) -> date:
    """The day from which a row may be paid; one of a month that is closed is dated in the open one."""
    due = row.due(now)
    first, late = opened.get(pool_of(row.region), (due, due))
    return due if due >= first else late


def _must_agree(chunk: Mapping[str, Due], *, created: dict[str, int]) -> None:
    """Rows that were not inserted must be the very ones that stand."""
    # Not the determination: a later one may confirm what is owed already.
    fields = ("party_id", "program", "item", "month", "region", "amount_fen")
    wanted = {key: row for key, row in chunk.items() if key not in created}
    standing = {
        key: rest
        for key, *rest in Obligation.objects.filter(key__in=list(wanted)).values_list("key", *fields)
    }
    for key, row in wanted.items():
        if key not in standing:
            raise Refused("obligation.month_taken", month=row.month)
        if list(standing[key]) != [getattr(row, name) for name in fields]:
            raise Refused("obligation.differs", month=row.month)


def _key_of(row: Model) -> int:
    """Primary key of a saved row."""
    return int(row.pk)
