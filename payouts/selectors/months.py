"""The money of one month of a pool: how far it is, what stands in the way of closing it, what stays owed.

A month holds the obligations that are due in it (`Obligation.due_on`); what is found to be owed for a month
that is closed is due in the one that is open. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Sum

from accounts.models import User
from accounts.selectors import covers, in_regions, masked_numbers
from cases.kinds import Label
from law import months
from law.money import Fen
from law.workdays import legal_day
from payouts.kinds import (
    BATCH,
    CAUSE_LABELS,
    FUND_REQUEST,
    RECONCILED,
    REJECTED,
    RETURN,
    SETTLED,
)
from payouts.models import (
    Account,
    Balance,
    Batch,
    Contradiction,
    Payment,
    Receivable,
    Reconciliation,
    ReturnedPayment,
    standing_receivables,
)
from payouts.month_models import ClosedMonth, FundRequest
from payouts.selectors.batches import tone_of

LIABILITIES_SHOWN = 200


def closed_through(pool: str) -> str:
    """The last closed month of a pool, "YYYY-MM"; empty while none is."""
    return ClosedMonth.objects.filter(pool=pool).aggregate(last=Max("month"))["last"] or ""


def closed_month(pool: str, month: str) -> ClosedMonth | None:
    """What was frozen when this month was closed."""
    return ClosedMonth.objects.select_related("closed_by").filter(pool=pool, month=month).first()


def free_fen(pool: str) -> Fen:
    """What the fund holds and has promised to nobody."""
    row = Balance.objects.filter(region=pool, account=Account.FUND).first()
    return Fen(row.posted_fen - row.pending_fen if row is not None else 0)


# Every obligation of a month by what became of it; its latest payment tells. Counted once, with sums.
MONEY = """
    SELECT state, count(*), coalesce(sum(amount_fen), 0)
    FROM (
        SELECT owed.amount_fen,
               CASE WHEN replaced.id IS NOT NULL OR stopped.id IS NOT NULL THEN 'STOPPED'
                    WHEN live.id IS NULL THEN 'OWED'
                    WHEN live.settled_at IS NOT NULL THEN 'PAID'
                    WHEN sealed.submitted_at IS NOT NULL THEN 'SENT'
                    ELSE 'IN_BATCH' END AS state
        FROM payouts_obligation owed
        LEFT JOIN payouts_obligation replaced ON replaced.replaces_id = owed.id
        LEFT JOIN payouts_transfer stopped ON stopped.obligation_id = owed.id AND stopped.kind = 'STOPPED'
        LEFT JOIN payouts_payment live
            ON live.obligation_id = owed.id AND live.failed_at IS NULL AND live.returned_at IS NULL
        LEFT JOIN payouts_batch sealed ON sealed.case_id = live.batch_id
        WHERE owed.pool = %s AND owed.due_on >= %s AND owed.due_on < %s
    ) judged GROUP BY state
"""
STATES = ("OWED", "IN_BATCH", "SENT", "PAID", "STOPPED")


@dataclass(frozen=True, slots=True)
class Total:
    """So many, and their sum in fen."""

    count: int
    fen: Fen


def span(month: str) -> tuple[date, date]:
    """The first day of a month and that of the next."""
    number = months.parse(month)
    return months.first_day(number), months.first_day(number + 1)


def money_of(pool: str, month: str) -> dict[str, Total]:
    """Counts and sums of the month's obligations by `STATES`."""
    found = {state: Total(0, Fen(0)) for state in STATES}
    with connection.cursor() as cursor:
        cursor.execute(MONEY, [pool, *span(month)])
        for state, count, fen in cursor.fetchall():
            found[state] = Total(count, Fen(int(fen)))
    return found


@dataclass(frozen=True, slots=True)
class MonthBatch:
    """A batch with obligations of a month; `nth` counts from the first that was sealed."""

    nth: int
    number: str
    sealed_at: datetime
    submitted_at: datetime | None
    count: int
    total_fen: Fen
    status: str
    status_label: Label
    tone: str


def _payments_of(pool: str, month: str) -> QuerySet[Payment]:
    begin, end = span(month)
    return Payment.objects.filter(
        obligation__pool=pool, obligation__due_on__gte=begin, obligation__due_on__lt=end
    )


def open_since(pool: str) -> date:
    """The first day of a pool that is not closed: what closes a month answers for all from there on."""
    through = closed_through(pool)
    return months.first_day(months.parse(through) + 1) if through else date(2000, 1, 1)


def batches_of(pool: str, month: str) -> list[MonthBatch]:
    """The batches of a month in the order in which they were sealed: those after the freeze come later."""
    found = Batch.objects.select_related("case").defer("checks", "left_out")
    rows = found.filter(pk__in=_payments_of(pool, month).values("batch")).order_by("sealed_at", "pk")
    return [
        MonthBatch(
            nth=nth,
            number=batch.number,
            sealed_at=batch.sealed_at,
            submitted_at=batch.submitted_at,
            count=batch.count,
            total_fen=Fen(batch.total_fen),
            status=batch.case.status,
            status_label=BATCH.status_labels[batch.case.status],
            tone=tone_of(batch.case.status),
        )
        for nth, batch in enumerate(rows, 1)
    ]


def open_days_of(pool: str, month: str) -> list[date]:
    """Days that are not closed, from the first file to the end of a month, and not compared for good."""
    end = span(month)[1]
    first = Batch.objects.filter(region=pool).aggregate(first=Min("submitted_at"))["first"]
    if first is None:
        return []
    begin = max(open_since(pool), legal_day(first))
    latest = (
        Reconciliation.objects.filter(region=pool, day__gte=begin, day__lt=end)
        .order_by("day", "-made_at", "-pk")
        .distinct("day")
    )
    closed = {one.day for one in latest if one.agreed and legal_day(one.made_at) > one.day}
    return [day for day in _days(begin, end) if day not in closed]


def _days(begin: date, end: date) -> list[date]:
    return [begin + timedelta(days=offset) for offset in range((end - begin).days)]


def latest_receipt_at(pool: str, month: str) -> datetime | None:
    """When the last word of the bank on a payment of this month came."""
    found = _payments_of(pool, month).aggregate(last=Max("receipts__received_at"))
    last: datetime | None = found["last"]
    return last


def compared_at(pool: str, month: str) -> datetime | None:
    """When a day of this month was last compared with the statement."""
    begin, end = span(month)
    found = Reconciliation.objects.filter(region=pool, day__gte=begin, day__lt=end)
    last: datetime | None = found.aggregate(last=Max("made_at"))["last"]
    return last


def open_contradictions(pool: str, month: str) -> list[str]:
    """The numbers of contradictions up to the end of this month that two officers have not decided."""
    rows = Contradiction.objects.filter(
        obligation__pool=pool, obligation__due_on__lt=span(month)[1], resolved_at=None
    )
    return list(rows.order_by("pk").values_list("case__number", flat=True))


def unfinished_batches(pool: str, month: str) -> list[str]:
    """Batches sealed in a month or before it, or with money due in it, neither reconciled nor sent back."""
    end = span(month)[1]
    waiting = Batch.objects.filter(region=pool).exclude(case__status__in=[RECONCILED, REJECTED])
    due = Payment.objects.filter(batch=OuterRef("pk"), obligation__due_on__lt=end)
    rows = waiting.filter(Q(value_date__lt=end) | Exists(due))
    return list(rows.order_by("sealed_at", "pk").values_list("case__number", flat=True))


# --- requests of funds ------------------------------------------------------------------------------------


def fund_requests_of(pool: str, month: str) -> list[FundRequest]:
    """What was asked of finance for a month, newest first."""
    rows = FundRequest.objects.select_related("case", "asked_by", "decided_by").filter(pool=pool, month=month)
    return list(rows.order_by("-asked_at", "-pk"))


def fund_request_by_number(viewer: User, number: str) -> FundRequest | None:
    """A request of the viewer's regions."""
    rows = FundRequest.objects.select_related("case", "asked_by", "decided_by")
    found = rows.filter(case__number=number).first()
    return found if found is not None and covers(viewer, found.pool) else None


def fund_status(request: FundRequest) -> Label:
    """Its status in words."""
    return FUND_REQUEST.status_labels[request.case.status]


# --- what stays owed --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Returned:
    """Money of somebody that lies with us until the way to the card is put right."""

    number: str
    name: str
    masked_number: str
    month: str
    amount_fen: Fen
    cause: Label
    status_label: Label
    since: date
    reminders: int
    in_suspense: bool


@dataclass(frozen=True, slots=True)
class ToRecover:
    """Money that was paid and was not owed."""

    case_number: str
    name: str
    month: str
    amount_fen: Fen
    found_at: datetime


@dataclass(frozen=True, slots=True)
class Liabilities:
    """All that is owed and could not be paid, and all that has to come back, of the viewer's pools."""

    suspense: Sequence[tuple[str, Fen]]
    returned: Sequence[Returned]
    returned_count: int
    returned_fen: Fen
    to_recover: Sequence[ToRecover]
    to_recover_count: int
    to_recover_fen: Fen


def open_returns() -> QuerySet[ReturnedPayment]:
    """Returned payments that are not settled: a liability, however old."""
    return ReturnedPayment.objects.exclude(case__status=SETTLED)


def liabilities(viewer: User) -> Liabilities:
    """The page of what stays owed: nothing leaves it but by payment or a decision."""
    returned = in_regions(
        open_returns().select_related("case", "obligation__party", "payment"), viewer, "obligation__pool"
    )
    back = in_regions(
        standing_receivables().select_related("obligation__party", "obligation__case"),
        viewer,
        "obligation__pool",
    )
    owing, owed_back = _total(returned, "payment__amount_fen"), _total(back, "amount_fen")
    shown = list(returned.order_by("returned_on", "pk")[:LIABILITIES_SHOWN])
    masked = masked_numbers([one.obligation.party_id for one in shown])
    held = in_regions(Balance.objects.filter(account=Account.SUSPENSE), viewer)
    return Liabilities(
        suspense=[(row.region, Fen(row.posted_fen)) for row in held.order_by("region")],
        returned=[
            Returned(
                number=one.case.number,
                name=one.obligation.party.name,
                masked_number=masked.get(one.obligation.party_id, ""),
                month=one.obligation.month,
                amount_fen=Fen(one.payment.amount_fen),
                cause=CAUSE_LABELS.get(one.cause, one.cause),
                status_label=RETURN.status_labels[one.case.status],
                since=one.returned_on,
                reminders=one.reminders,
                in_suspense=one.payment.returned_at is not None,
            )
            for one in shown
        ],
        returned_count=owing.count,
        returned_fen=owing.fen,
        to_recover=[
            ToRecover(
                case_number=one.obligation.case.number,
                name=one.obligation.party.name,
                month=one.obligation.month,
                amount_fen=Fen(one.amount_fen),
                found_at=one.found_at,
            )
            for one in back.order_by("found_at", "pk")[:LIABILITIES_SHOWN]
        ],
        to_recover_count=owed_back.count,
        to_recover_fen=owed_back.fen,
    )


def _total(rows: QuerySet[ReturnedPayment] | QuerySet[Receivable], column: str) -> Total:
    found = rows.aggregate(count=Count("pk"), total=Sum(column))
    return Total(found["count"], Fen(found["total"] or 0))


def returned_of(pool: str, month: str) -> Total:
    """The month's payments that came back and are not settled yet."""
    begin, end = span(month)
    rows = open_returns().filter(
        obligation__pool=pool, obligation__due_on__gte=begin, obligation__due_on__lt=end
    )
    return _total(rows, "payment__amount_fen")


def to_recover_of(pool: str, month: str) -> Total:
    """What of the month's money has to come back."""
    begin, end = span(month)
    rows = standing_receivables().filter(
        obligation__pool=pool, obligation__due_on__gte=begin, obligation__due_on__lt=end
    )
    return _total(rows, "amount_fen")
