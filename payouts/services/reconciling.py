"""Our books against the bank's account statement, line by line and in both directions, day by day.

A line is stored once, as it came. A debit that answers a paid payment takes the money out of transit; a
credit that names one brings it back into suspense and opens a return. What does not pair is a difference:
shown, stored, and never booked away. A difference is looked at again with every run until it is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import Count, FilteredRelation, Q, QuerySet, Sum

from accounts.selectors import machine
from cases.arrays import instants, integers, texts
from cases.services import transition
from gateways.ports import BankStatement
from gateways.services import Unavailable, fetch_statement
from law import months
from law.errors import Refused
from law.workdays import LEGAL_ZONE, legal_day
from payouts.kinds import ACCEPTED, PART_SETTLED, RECONCILED, SENT, SETTLED, Odd
from payouts.models import (
    Batch,
    Move,
    Payment,
    Receipt,
    Reconciliation,
    StatementLine,
    Transfer,
    pool_of,
    unresolved_receipts,
)
from payouts.selectors import closed_through
from payouts.services.contradictions import open_for_old_receipts, open_for_payments
from payouts.services.ledger import book_payments, lock_pool
from payouts.services.returns import Bounced, open_returns

DEBIT, CREDIT = "D", "C"
CHUNK = 5_000
STORED_DIFFERENCES = 1_000
DAYS_A_RUN = 31

LINE_UNKNOWN = "LINE_UNKNOWN"
AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
DEBIT_WITHOUT_RECEIPT = "DEBIT_WITHOUT_RECEIPT"
DEBIT_OF_FAILED = "DEBIT_OF_FAILED"
DEBIT_TWICE = "DEBIT_TWICE"
CREDIT_WITHOUT_PAYMENT = "CREDIT_WITHOUT_PAYMENT"
CREDIT_TWICE = "CREDIT_TWICE"
NOT_ON_STATEMENT = "NOT_ON_STATEMENT"
RECEIPT_CONFLICT = "RECEIPT_CONFLICT"
OPENING_DIFFERS = "OPENING_DIFFERS"
LINE_CHANGED = "LINE_CHANGED"
BATCH_DIFFERS = "BATCH_DIFFERS"

Difference = dict[str, str | int]


@dataclass(slots=True)
class _Paired:
    """What the lines of a day say about our payments."""

    debits: list[tuple[int, int]] = field(default_factory=list)
    credits: list[tuple[int, int]] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)
    returned_at: dict[int, datetime] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    contradicted: list[int] = field(default_factory=list)


def reconcile_day(*, region: str, day: date, now: datetime) -> Reconciliation:
    """Fetch the statement of `day`, pair it both ways with the books of `region`'s pool, store what was
    found.

    Asks outside a transaction, writes in one; run again it changes nothing but adds a new comparison. Raises
    Unavailable, and `Refused("month.closed")` for a day of a closed month.
    """
    if day.isoformat()[:7] <= closed_through(pool_of(region)):
        raise Refused("month.closed", month=day.isoformat()[:7])
    statement = fetch_statement(day=day, now=now)
    return _reconcile(pool_of(region), day, statement, now=now)


def reconcile_open_days(*, now: datetime) -> int:
    """Reconcile every day of every pool that is not closed yet; returns how many days do not agree.

    A day is closed once it was compared without a difference on a later day, when nothing more can be booked
    on it.
    """
    disagreeing = 0
    for region in Batch.objects.exclude(submitted_at=None).values_list("region", flat=True).distinct():
        for day in days_to_reconcile(region, now=now):
            try:
                disagreeing += not reconcile_day(region=region, day=day, now=now).agreed
            except Unavailable:
                return disagreeing
    return disagreeing


def days_to_reconcile(region: str, *, now: datetime) -> list[date]:
    """The days from the first submission to today that are not closed, oldest first, as many as one run
    takes.
    """
    today = legal_day(now)
    first = (
        Batch.objects.filter(region=region)
        .exclude(submitted_at=None)
        .order_by("submitted_at")
        .values_list("submitted_at", flat=True)
        .first()
    )
    if first is None:
        return []
    latest = Reconciliation.objects.filter(region=region).order_by("day", "-made_at", "-pk").distinct("day")
    closed = {
        day
        for day, agreed, made_at in latest.values_list("day", "agreed", "made_at")
        if agreed and legal_day(made_at) > day
    }
    through = closed_through(region)
    begin = (
        max(legal_day(first), months.first_day(months.parse(through) + 1)) if through else legal_day(first)
    )
    days = (begin + timedelta(days=offset) for offset in range((today - begin).days + 1))
    return [day for day in days if day not in closed][:DAYS_A_RUN]


@transaction.atomic
def _reconcile(pool: str, day: date, statement: BankStatement, *, now: datetime) -> Reconciliation:
    lock_pool(pool)
    changed = _store_lines(day, statement, now=now)
    _book_plain_debits(pool, day, now=now)
    paired = _pair(pool, day)
    _book(paired, day=day, now=now)
    # Nearly always there is none at all, and then nobody need look whose they are.
    is_contradicted = Receipt.objects.filter(conflicts=True).exists()
    if is_contradicted:
        open_for_old_receipts(pool, now=now)
    open_for_payments(paired.contradicted, odd=Odd.STATEMENT, now=now)
    batches = list(
        Batch.objects.select_related("case")
        .filter(region=pool, case__status__in=_OPEN_AT_BANK)
        .order_by("pk")
    )
    wrong_batches = _batch_differences(batches)
    missing = _not_on_statement(batches, day=day, now=now)
    conflicts = _conflicts(pool, day) if is_contradicted else []
    differences = [
        *changed,
        *paired.differences,
        *wrong_batches,
        *missing,
        *conflicts,
        *_opening_difference(pool, day, statement),
    ]
    debits = [line.amount_fen for line in statement.lines if line.direction == DEBIT]
    credits = [line.amount_fen for line in statement.lines if line.direction == CREDIT]
    made = Reconciliation.objects.create(
        region=pool,
        day=day,
        opening_fen=statement.opening_fen,
        closing_fen=statement.closing_fen,
        debit_count=len(debits),
        debit_fen=sum(debits),
        credit_count=len(credits),
        credit_fen=sum(credits),
        differences=differences[:STORED_DIFFERENCES],
        difference_count=len(differences),
        agreed=not differences,
        made_at=now,
    )
    _close_batches(batches, {str(one["batch"]) for one in wrong_batches}, now=now)
    return made


_OPEN_AT_BANK = (SENT, ACCEPTED, PART_SETTLED, SETTLED)


# Keeps the lines that are new, and finds those that came before with other content, both against what stood
# before. Another pool's run may have stored the same line this moment.
STORED = """
    WITH given AS (
        SELECT * FROM unnest(%(serials)s::text[], %(booked)s::timestamptz[], %(directions)s::text[],
                             %(amounts)s::bigint[], %(names)s::text[], %(reasons)s::text[],
                             %(batches)s::text[])
            WITH ORDINALITY AS line (serial, booked_at, direction, amount, name, reason, batch, position)
    ), added AS (
        INSERT INTO payouts_statementline (bank_serial, day, booked_at, direction, amount_fen,
                                           end_to_end_id, reason_code, batch_number, received_at)
        SELECT serial, %(day)s, booked_at, direction, amount, name, reason, batch, %(now)s
        FROM given
        WHERE NOT EXISTS (SELECT 1 FROM payouts_statementline known WHERE known.bank_serial = given.serial)
        ORDER BY position
        ON CONFLICT DO NOTHING
    )
    SELECT given.serial, given.amount
    FROM given JOIN payouts_statementline known ON known.bank_serial = given.serial
    WHERE (known.direction, known.amount_fen, known.end_to_end_id)
        <> (given.direction, given.amount, given.name)
    ORDER BY given.position
"""


def _store_lines(day: date, statement: BankStatement, *, now: datetime) -> list[Difference]:
    """Keep each line once. A line that came before with other content is a difference: a bank does not
    rewrite.
    """
    lines = statement.lines
    with connection.cursor() as cursor:
        cursor.execute(
            STORED,
            {
                "day": day,
                "now": now,
                "serials": texts(line.bank_serial for line in lines),
                "booked": instants(line.booked_at for line in lines),
                "directions": texts(line.direction for line in lines),
                "amounts": integers(line.amount_fen for line in lines),
                "names": texts(line.end_to_end_id[:35] for line in lines),
                "reasons": texts(line.reason_code[:12] for line in lines),
                "batches": texts(line.batch_number[:40] for line in lines),
            },
        )
        return [
            {"code": LINE_CHANGED, "line": serial, "given_fen": amount_fen}
            for serial, amount_fen in cursor.fetchall()
        ]


@dataclass(frozen=True, slots=True)
class _Known:
    """A payment as the statement meets it."""

    payment_id: int
    amount_fen: int
    is_settled: bool
    is_failed: bool
    pool: str
    moves: frozenset[str]


# The lines of a day that need no judging: money that left, once, of the sum and for a payment of ours that
# the bank said it made, and on which no transfer rests yet. The day is read once and grouped: the planner
# knows nothing yet of lines that were just written, and would compare each with all of them.
PLAIN_DEBITS = """
    WITH once AS MATERIALIZED (
        SELECT min(id) AS line_id, end_to_end_id, min(amount_fen) AS amount_fen
        FROM payouts_statementline WHERE day = %(day)s AND direction = %(debit)s
        GROUP BY end_to_end_id HAVING count(*) = 1
    )
    SELECT paid.id, once.line_id
    FROM once
    JOIN payouts_payment paid ON paid.end_to_end_id = once.end_to_end_id
    JOIN payouts_obligation owed ON owed.id = paid.obligation_id
    LEFT JOIN payouts_transfer proven ON proven.statement_line_id = once.line_id
    LEFT JOIN payouts_transfer debited ON debited.payment_id = paid.id AND debited.kind = %(debited)s
    WHERE proven.id IS NULL AND debited.id IS NULL AND owed.pool = %(pool)s
        AND paid.amount_fen = once.amount_fen AND paid.settled_at IS NOT NULL AND paid.failed_at IS NULL
"""


def _book_plain_debits(pool: str, day: date, *, now: datetime) -> None:
    """Money of this day that left as it should, nearly all of it: booked as a set."""
    with connection.cursor() as cursor:
        cursor.execute(
            PLAIN_DEBITS, {"day": day, "pool": pool, "debit": DEBIT, "debited": Move.DEBITED.value}
        )
        pairs = cursor.fetchall()
    if pairs:
        _book_lines(Move.DEBITED, pairs, day=day, now=now)


def _pair(pool: str, day: date) -> _Paired:
    """Judge every line of the day that no transfer rests on yet."""
    lines = list(
        StatementLine.objects.filter(day=day, transfer=None)
        .exclude(direction=CREDIT, end_to_end_id="")  # money that finance moved in: not a payment of ours
        .order_by("booked_at", "pk")
    )
    payments = _payments_named({line.end_to_end_id for line in lines})
    found = _Paired()
    moved: dict[int, set[str]] = {one.payment_id: set(one.moves) for one in payments.values()}
    for line in lines:
        payment = payments.get(line.end_to_end_id)
        if payment is not None and payment.pool != pool:
            continue
        code = _judge(line, payment, moved)
        if code or payment is None:
            found.differences.append(
                {
                    "code": code,
                    "line": line.bank_serial,
                    "payment": line.end_to_end_id,
                    "given_fen": line.amount_fen,
                    "expected_fen": payment.amount_fen if payment else 0,
                }
            )
            if payment is not None and code == DEBIT_OF_FAILED:
                found.contradicted.append(payment.payment_id)
            continue
        if line.direction == DEBIT:
            found.debits.append((payment.payment_id, line.pk))
            moved[payment.payment_id].add(Move.DEBITED)
        else:
            found.credits.append((payment.payment_id, line.pk))
            found.reasons[payment.payment_id] = line.reason_code
            found.returned_at[payment.payment_id] = line.booked_at
            moved[payment.payment_id].add(Move.RETURNED)
    return found


def _judge(line: StatementLine, payment: _Known | None, moved: dict[int, set[str]]) -> str:
    """The difference this line is, or "" if it can be booked."""
    if payment is None:
        return LINE_UNKNOWN
    if line.amount_fen != payment.amount_fen:
        return AMOUNT_DIFFERS
    if line.direction == DEBIT:
        if payment.is_failed:
            return DEBIT_OF_FAILED
        if Move.DEBITED in moved[payment.payment_id]:
            return DEBIT_TWICE
        return "" if payment.is_settled else DEBIT_WITHOUT_RECEIPT
    if Move.RETURNED in moved[payment.payment_id]:
        return CREDIT_TWICE
    return "" if payment.is_settled else CREDIT_WITHOUT_PAYMENT


def _payments_named(names: set[str]) -> dict[str, _Known]:
    if not names:
        return {}
    rows = Payment.objects.filter(end_to_end_id__in=names).values_list(
        "end_to_end_id", "pk", "amount_fen", "settled_at", "failed_at", "obligation__pool"
    )
    found = list(rows)
    moves: dict[int, set[str]] = {}
    booked = Transfer.objects.filter(
        payment_id__in=[row[1] for row in found], kind__in=[Move.DEBITED, Move.RETURNED]
    )
    for payment_id, kind in booked.values_list("payment_id", "kind"):
        moves.setdefault(payment_id or 0, set()).add(kind)
    return {
        name: _Known(pk, amount, settled is not None, failed is not None, pool, frozenset(moves.get(pk, ())))
        for name, pk, amount, settled, failed, pool in found
    }


def _book(paired: _Paired, *, day: date, now: datetime) -> None:
    """Debits leave transit for good; credits come back into suspense and open a return."""
    for kind, pairs in ((Move.DEBITED, paired.debits), (Move.RETURNED, paired.credits)):
        if pairs:
            _book_lines(kind, pairs, day=day, now=now)
    if not paired.credits:
        return
    returned = list(Payment.objects.filter(pk__in=paired.reasons))
    for payment in returned:
        payment.returned_at = paired.returned_at[payment.pk]
        payment.reason_code = paired.reasons[payment.pk]
    Payment.objects.bulk_update(returned, ["returned_at", "reason_code"], batch_size=CHUNK)
    open_returns([Bounced(pk, reason) for pk, reason in paired.reasons.items()], now=now)


def _book_lines(kind: Move, pairs: Sequence[tuple[int, int]], *, day: date, now: datetime) -> None:
    """A transfer for each (payment, line that proves it)."""
    book_payments(
        kind,
        [payment_id for payment_id, _ in pairs],
        line_ids=[line_id for _, line_id in pairs],
        posted_on=day,
        now=now,
    )


def _batch_differences(batches: Sequence[Batch]) -> list[Difference]:
    """Sum of obligations = sum of payments = what was sealed, for every batch that the bank has."""
    if not batches:
        return []
    paid = {
        row["batch"]: (row["count"], row["paid"], row["owed"])
        for row in Payment.objects.filter(batch__in=batches)
        .values("batch")
        .annotate(count=Count("pk"), paid=Sum("amount_fen"), owed=Sum("obligation__amount_fen"))
    }
    return [
        {
            "code": BATCH_DIFFERS,
            "batch": batch.number,
            "given_fen": paid.get(batch.pk, (0, 0, 0))[1],
            "expected_fen": batch.total_fen,
        }
        for batch in batches
        if paid.get(batch.pk) != (batch.count, batch.total_fen, batch.total_fen)
    ]


def _not_on_statement(batches: Sequence[Batch], *, day: date, now: datetime) -> list[Difference]:
    """Payments that the bank says it made by that day, and whose money has not left the account."""
    if not batches:
        return []
    end = datetime.combine(day + timedelta(days=1), time.min, LEGAL_ZONE)
    rows = _undebited(batches).filter(settled_at__lt=end, settled_at__lte=now)
    return [
        {"code": NOT_ON_STATEMENT, "payment": name, "given_fen": 0, "expected_fen": amount}
        for name, amount in rows.order_by("pk").values_list("end_to_end_id", "amount_fen")
    ]


def _undebited(batches: Iterable[Batch]) -> QuerySet[Payment]:
    # A join and not EXISTS: in the transaction that booked thousands the planner knows nothing of them yet,
    # and would look through the whole ledger for each payment.
    debit = FilteredRelation("transfers", condition=Q(transfers__kind=Move.DEBITED))
    return Payment.objects.alias(debit=debit).filter(
        debit__isnull=True, batch__in=list(batches), settled_at__isnull=False
    )


def _conflicts(pool: str, day: date) -> list[Difference]:
    """Receipts of the day that contradict what stood, until two officers have decided."""
    begin = datetime.combine(day, time.min, LEGAL_ZONE)
    rows = unresolved_receipts().filter(
        payment__obligation__pool=pool,
        booked_at__gte=begin,
        booked_at__lt=begin + timedelta(days=1),
    )
    return [
        {"code": RECEIPT_CONFLICT, "payment": name, "line": serial, "given_fen": amount}
        for name, serial, amount in rows.values_list(
            "payment__end_to_end_id", "bank_serial", "payment__amount_fen"
        )
    ]


def _opening_difference(pool: str, day: date, statement: BankStatement) -> list[Difference]:
    """A day opens with what the day before closed with, as last compared after that day was over."""
    before = (
        Reconciliation.objects.filter(region=pool, day=day - timedelta(days=1))
        .order_by("-made_at", "-pk")
        .first()
    )
    if (
        before is None
        or legal_day(before.made_at) == before.day
        or before.closing_fen == statement.opening_fen
    ):
        return []
    return [{"code": OPENING_DIFFERS, "given_fen": statement.opening_fen, "expected_fen": before.closing_fen}]


def _close_batches(batches: Sequence[Batch], wrong: set[str], *, now: datetime) -> None:
    """A batch is reconciled once all its answers are there, all its money has left, and nothing
    contradicts.
    """
    waiting = [
        batch
        for batch in batches
        if batch.case.status in (PART_SETTLED, SETTLED) and batch.number not in wrong
    ]
    if not waiting:
        return
    open_ids = set(_undebited(waiting).values_list("batch_id", flat=True))
    open_ids |= set(
        unresolved_receipts().filter(payment__batch__in=waiting).values_list("payment__batch_id", flat=True)
    )
    for batch in waiting:
        if batch.pk not in open_ids:
            transition(case=batch.case, to=RECONCILED, verb="batch.reconciled", actor=machine(), now=now)
