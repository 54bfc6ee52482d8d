"""The pages of batches and of returned payments: everything they show, read in a fixed number of queries.

The numbers are those frozen at sealing and those the bank gave. No account number is read here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case as CaseOf
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Role, User
from accounts.roles import Action, can
from accounts.selectors import covers, in_regions, masked_numbers
from cases.kinds import Label
from cases.models import Case, Proposal
from cases.selectors import TrailLine, timeline
from law.money import Fen, yuan_grouped
from law.workdays import legal_day
from payouts.kinds import (
    ACCEPTED,
    APPROVED1,
    APPROVED2,
    BATCH,
    BUILT,
    CAUSE_ADVICE,
    CAUSE_LABELS,
    CHECKER,
    CONFLICT,
    CORRECTING,
    LEFT_OUT_LABELS,
    MAKER,
    PART_SETTLED,
    PROPOSED,
    RECHECK,
    RECONCILED,
    REJECTED,
    RETURN,
    RETURNED,
    SENT,
    SETTLED,
    SUPERVISOR,
)
from payouts.models import (
    Batch,
    Obligation,
    Payment,
    Receipt,
    Reconciliation,
    ReturnedPayment,
    Signature,
    Transfer,
    still_owed,
)
from payouts.selectors.contradictions import contradictions_of
from payouts.selectors.payments import FundState, fund
from policy.selectors import fen

BATCHES_SHOWN = 50
PEOPLE_SHOWN = 50
LINES_SHOWN = 20
DIFFERENCES_SHOWN = 50

ITEM_LABELS: Mapping[str, Label] = {
    "unemployment-benefit": gettext_lazy("失业保险金"),
    "continued-benefit": gettext_lazy("失业保险金（续发）"),
    "retention-refund": gettext_lazy("稳岗返还"),
}

DIFFERENCE_LABELS: Mapping[str, Label] = {
    "LINE_UNKNOWN": gettext_lazy("对账单上有一笔我们不认识的钱"),
    "AMOUNT_DIFFERS": gettext_lazy("金额不同"),
    "DEBIT_WITHOUT_RECEIPT": gettext_lazy("钱已支出，还没有回盘"),
    "DEBIT_OF_FAILED": gettext_lazy("回盘说未付，对账单上却支出了"),
    "DEBIT_TWICE": gettext_lazy("同一笔支出了两次"),
    "CREDIT_WITHOUT_PAYMENT": gettext_lazy("退回的钱没有对应的支出"),
    "CREDIT_TWICE": gettext_lazy("同一笔退回了两次"),
    "NOT_ON_STATEMENT": gettext_lazy("回盘说已付，对账单上没有"),
    "RECEIPT_CONFLICT": gettext_lazy("回盘前后矛盾"),
    "OPENING_DIFFERS": gettext_lazy("期初和上一日期末不同"),
    "LINE_CHANGED": gettext_lazy("银行改动了已经给过的一笔"),
    "BATCH_DIFFERS": gettext_lazy("批次合计和逐笔之和不同"),
}


# --- the list ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch in the list."""

    number: str
    sealed_at: datetime
    count: int
    total_fen: Fen
    status_label: Label
    tone: str


@dataclass(frozen=True, slots=True)
class OwedNow:
    """What is due today in one region and in no batch yet."""

    region: str
    count: int
    total_fen: Fen


def batches(viewer: User) -> list[BatchRow]:
    """The newest batches of the viewer's regions."""
    # What was checked and who was left out is a document for each, and the list shows neither.
    found = Batch.objects.select_related("case").defer("checks", "left_out")
    rows = in_regions(found, viewer).order_by("-sealed_at", "-pk")
    return [
        BatchRow(
            number=batch.number,
            sealed_at=batch.sealed_at,
            count=batch.count,
            total_fen=Fen(batch.total_fen),
            status_label=BATCH.status_labels[batch.case.status],
            tone=tone_of(batch.case.status),
        )
        for batch in rows[:BATCHES_SHOWN]
    ]


def owed_now(viewer: User, *, now: datetime) -> list[OwedNow]:
    """By pool: how much is due and in no batch. Some of it may not be payable yet; sealing says which and
    why.
    """
    live = Payment.objects.filter(obligation=OuterRef("pk"), failed_at=None, returned_at=None)
    due = still_owed(Obligation.objects.filter(~Exists(live), due_on__lte=legal_day(now)))
    rows = in_regions(due, viewer, "pool").values("pool").annotate(count=Count("pk"), total=Sum("amount_fen"))
    return [OwedNow(row["pool"], row["count"], Fen(row["total"])) for row in rows.order_by("pool")]


def batches_to_submit() -> list[Batch]:
    """Batches that have all their signatures and no answer of the bank yet, oldest first: the sweep's
    work.
    """
    return list(
        Batch.objects.select_related("case").filter(case__status__in=[APPROVED2, SENT]).order_by("pk")
    )


def batch_by_number(viewer: User, number: str) -> Batch | None:
    """A batch of the viewer's regions."""
    return (
        in_regions(Batch.objects.select_related("case", "sealed_by"), viewer)
        .filter(case__number=number)
        .first()
    )


def tone_of(status: str) -> str:
    """The tone of a batch in this status."""
    if status in (BUILT, APPROVED1):
        return "warn"
    if status == REJECTED:
        return "bad"
    return "ok" if status == RECONCILED else "info"


# --- one batch --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a batch: done, now or still to come; who and when, where known."""

    state: str
    label: Label
    who: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the sum: so many payments of one amount for one month; None where each is another amount."""

    label: str
    month: str
    count: int
    amount_fen: Fen | None
    total_fen: Fen


@dataclass(frozen=True, slots=True)
class Check:
    """One check before sending: outcome PASS or OPEN, what was checked, with its numbers."""

    outcome: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why some are not in this batch, how many, and what happens next."""

    label: Label
    count: int
    then: Label
    contradictions: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the batch, masked."""

    name: str
    masked_number: str
    case_number: str
    amount_fen: Fen


@dataclass(frozen=True, slots=True)
class Results:
    """What the bank and the statement say of the batch so far."""

    paid: int
    paid_fen: Fen
    failed: int
    failed_fen: Fen
    pending: int
    debited: int
    returned: int
    failures: Sequence[tuple[str, Label, int]]


@dataclass(frozen=True, slots=True)
class DayCompared:
    """The latest comparison of a day: agreed or not, and what differs."""

    day: date
    agreed: bool
    made_at: datetime
    debit_count: int
    debit_fen: Fen
    credit_count: int
    credit_fen: Fen
    difference_count: int
    differences: Sequence[tuple[Label, str, Fen]]


@dataclass(frozen=True, slots=True)
class BatchPage:
    """All that the page of a batch shows."""

    batch: Batch
    case: Case
    status_label: Label
    tone: str
    steps: Sequence[Step]
    fund: FundState
    parts: Sequence[Part]
    checks: Sequence[Check]
    open_checks: int
    left_out: Sequence[LeftOut]
    left_out_count: int
    first_paid: Sequence[Person]
    first_paid_count: int
    signatures: Sequence[Signature]
    level_now: int
    levels: int
    may_sign: bool
    has_signed: bool
    may_send_back: bool
    results: Results | None
    days: Sequence[DayCompared]
    events: Sequence[TrailLine]


def batch_page(viewer: User, number: str) -> BatchPage | None:
    """The page of one batch of the viewer's regions."""
    batch = batch_by_number(viewer, number)
    if batch is None:
        return None
    signatures = list(Signature.objects.select_related("actor").filter(batch=batch).order_by("level"))
    levels = required_levels(batch)
    waits = batch.case.status in (BUILT, APPROVED1)
    level = len(signatures) + 1
    has_signed = any(one.actor_id == viewer.pk for one in signatures)
    # What was to be looked at has been, once all have signed; what is open stands first.
    checks = [*(_check(stored, waits=waits) for stored in batch.checks), _four_eyes(signatures)]
    checks.sort(key=lambda check: check.outcome != "OPEN")
    left_out = [
        LeftOut(*_labels(reason, len(ids)), _open_cases(reason, ids))
        for reason, ids in batch.left_out.items()
        if ids
    ]
    first = next((row["count"] for row in batch.checks if row["code"] == "FIRST"), 0)
    return BatchPage(
        batch=batch,
        case=batch.case,
        status_label=BATCH.status_labels[batch.case.status],
        tone=tone_of(batch.case.status),
        steps=_steps(batch, signatures, levels),
        fund=fund(batch.region),
        parts=_parts(batch),
        checks=checks,
        open_checks=sum(check.outcome == "OPEN" for check in checks),
        left_out=left_out,
        left_out_count=sum(one.count for one in left_out),
        first_paid=_first_paid(batch) if first else [],
        first_paid_count=first,
        signatures=signatures,
        level_now=level if waits else 0,
        levels=levels,
        may_sign=waits and not has_signed and _may_sign(viewer, batch, level),
        has_signed=has_signed,
        may_send_back=waits and can(viewer, Action.CHECK_BATCH) and covers(viewer, batch.region),
        results=_results(batch) if batch.submitted_at is not None else None,
        days=_days(batch) if batch.submitted_at is not None else [],
        events=timeline(batch.case),
    )


def required_levels(batch: Batch) -> int:
    """How many signatures the sum of this batch needs: 2, or 3 above `payout.third_signature_fen`."""
    limit = fen("payout.third_signature_fen", region=batch.region, on=legal_day(batch.sealed_at))
    return SUPERVISOR if batch.total_fen > limit else CHECKER


def _labels(reason: str, count: int) -> tuple[Label, int, Label]:
    label, then = LEFT_OUT_LABELS[reason]
    return label, count, then


def _open_cases(reason: str, obligation_ids: Sequence[int]) -> list[str]:
    """Where those who were left out for a contradiction are looked at, as far as it is open still."""
    return contradictions_of(obligation_ids) if reason in (CONFLICT, RECHECK) else []


def _may_sign(viewer: User, batch: Batch, level: int) -> bool:
    if level == MAKER:
        return can(viewer, Action.MAKE_BATCH)
    if level == SUPERVISOR and not viewer.has_role(Role.SUPERVISOR):
        return False
    return can(viewer, Action.CHECK_BATCH)


def _steps(batch: Batch, signatures: Sequence[Signature], levels: int) -> list[Step]:
    """Sealed, signed, sent, answered, reconciled: what was, what is, what comes."""
    status = batch.case.status
    signed = {one.level: one for one in signatures}
    labels = {1: _("制单"), 2: _("复核"), 3: _("主管")}
    steps = [Step("done", _("生成"), "", batch.sealed_at)]
    for level in range(1, levels + 1):
        one = signed.get(level)
        state = (
            "done" if one else "now" if level == len(signatures) + 1 and status in (BUILT, APPROVED1) else ""
        )
        steps.append(Step(state, labels[level], str(one.actor) if one else "", one.at if one else None))
    if status == REJECTED:
        return [*steps, Step("now", _("已退回"), "", batch.case.changed_at)]
    answered = status in (PART_SETTLED, SETTLED, RECONCILED)
    sent = "done" if batch.accepted_at else "now" if status in (APPROVED2, SENT) else ""
    return [
        *steps,
        Step(sent, _("送银行"), "", batch.submitted_at),
        Step("done" if answered else "now" if status == ACCEPTED else "", _("回盘"), "", None),
        Step("done" if status == RECONCILED else "now" if answered else "", _("对账"), "", None),
    ]


def _parts(batch: Batch) -> list[Part]:
    """What makes the sum: by item, month and amount, the largest part first."""
    # What is owed for a whole year has an amount of its own for everybody: these are one part together.
    each = CaseOf(When(obligation__month__regex=r"^\d{4}$", then=None), default=F("amount_fen"))
    rows = (
        Payment.objects.filter(batch=batch)
        .annotate(each=each)
        .values("obligation__program", "obligation__item", "obligation__month", "each")
        .annotate(count=Count("pk"), total=Sum("amount_fen"))
        .order_by("-total", "obligation__month", "-each")
    )
    return [
        Part(
            label=str(ITEM_LABELS.get(row["obligation__program"], row["obligation__item"])),
            month=row["obligation__month"],
            count=row["count"],
            amount_fen=None if row["each"] is None else Fen(row["each"]),
            total_fen=Fen(row["total"]),
        )
        for row in rows
    ]


def _check(stored: Mapping[str, str | int], *, waits: bool) -> Check:
    """The words for a check frozen at sealing; `waits`: somebody has yet to sign."""
    numbers = {name: value for name, value in stored.items() if name not in ("code", "outcome")}
    for name in ("total_fen", "held_fen"):
        if name in numbers:
            numbers[name.removesuffix("_fen")] = yuan_grouped(Fen(int(numbers[name])))
    titles = {
        "COUNTS": _("笔数、金额三处一致"),
        "ONCE": _("没有重复的应付"),
        "FILE": _("账号校验、户名长度、生僻字"),
        "COOLING": _("换卡冷静期"),
        "RECHECK": _("抽样重算"),
        "COVER": _("付款账户够付"),
        "FIRST": _("第一次发放的人"),
    }
    details = {
        "COUNTS": _("应付 = 指令 = 文件尾：%(count)s 笔，%(total)s 元"),
        "ONCE": _("一件、一月、一项只有一笔应付；一笔应付只有一条在途指令"),
        "FILE": _("银行卡号校验位、GB18030 长度和禁用字符；%(rare)s 个生僻字户名编码往返一致"),
        "COOLING": _("换卡未满一批 %(count)s 笔，移到下批"),
        "RECHECK": _("随机 %(sampled)s 笔 + 金额最大 %(largest)s 笔，按规则重算，差异 0"),
        "COVER": _("封批时账户应有 %(held)s 元"),
        "FIRST": _("%(count)s 人以前没有发过；请您看一眼名单"),
    }
    code = str(stored["code"])
    outcome = str(stored["outcome"]) if waits else "PASS"
    return Check(outcome, titles[code], details[code] % numbers)


def _four_eyes(signatures: Sequence[Signature]) -> Check:
    """Known only once two have signed."""
    title = _("制单人和复核人不是同一人")
    if len(signatures) < 2:
        return Check("OPEN", title, _("等复核人签字；制单人不能签"))
    return Check("PASS", title, " → ".join(str(one.actor) for one in signatures))


def _first_paid(batch: Batch) -> list[Person]:
    """Those in the batch to whom nothing was ever paid before it, the largest amounts first."""
    before = Payment.objects.filter(
        obligation__party=OuterRef("obligation__party"), settled_at__lt=batch.sealed_at
    )
    payments = list(
        Payment.objects.filter(~Exists(before), batch=batch)
        .select_related("obligation__party", "obligation__case")
        .order_by("-amount_fen", "sequence")[:PEOPLE_SHOWN]
    )
    numbers = masked_numbers([one.obligation.party_id for one in payments])
    return [
        Person(
            name=one.obligation.party.name,
            masked_number=numbers.get(one.obligation.party_id, ""),
            case_number=one.obligation.case.number,
            amount_fen=Fen(one.amount_fen),
        )
        for one in payments
    ]


def _results(batch: Batch) -> Results:
    payments = Payment.objects.filter(batch=batch)
    paid, failed = Q(settled_at__isnull=False), Q(failed_at__isnull=False)
    sums = payments.aggregate(
        paid=Count("pk", filter=paid),
        paid_fen=Sum("amount_fen", filter=paid, default=0),
        failed=Count("pk", filter=failed),
        failed_fen=Sum("amount_fen", filter=failed, default=0),
        pending=Count("pk", filter=~paid & ~failed),
        returned=Count("pk", filter=Q(returned_at__isnull=False)),
    )
    debited = Transfer.objects.filter(payment__batch=batch, kind="DEBITED").count()
    reasons = ReturnedPayment.objects.filter(payment__batch=batch).values("cause").annotate(n=Count("pk"))
    return Results(
        paid=sums["paid"],
        paid_fen=Fen(sums["paid_fen"]),
        failed=sums["failed"],
        failed_fen=Fen(sums["failed_fen"]),
        pending=sums["pending"],
        debited=debited,
        returned=sums["returned"],
        failures=[(row["cause"], CAUSE_LABELS[row["cause"]], row["n"]) for row in reasons.order_by("cause")],
    )


def _days(batch: Batch) -> list[DayCompared]:
    """The latest comparison of each day on which the bank booked something of this batch."""
    receipts = Receipt.objects.filter(payment__batch=batch).values_list("booked_at", flat=True).distinct()
    days = {legal_day(at) for at in receipts}
    latest = (
        Reconciliation.objects.filter(region=batch.region, day__in=days)
        .order_by("-day", "-made_at", "-pk")
        .distinct("day")
    )
    return [
        DayCompared(
            day=one.day,
            agreed=one.agreed,
            made_at=one.made_at,
            debit_count=one.debit_count,
            debit_fen=Fen(one.debit_fen),
            credit_count=one.credit_count,
            credit_fen=Fen(one.credit_fen),
            difference_count=one.difference_count,
            differences=[
                (
                    DIFFERENCE_LABELS[row["code"]],
                    str(row.get("payment") or row.get("batch") or row.get("line") or ""),
                    Fen(int(row.get("given_fen", 0))),
                )
                for row in one.differences[:DIFFERENCES_SHOWN]
            ],
        )
        for one in latest
    ]


# --- one returned payment ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReturnedPage:
    """All that the page of a returned payment shows."""

    returned: ReturnedPayment
    case: Case
    status_label: Label
    cause_label: Label
    advice: Label
    masked_number: str
    proposal: Proposal | None
    waits_for_person: bool
    may_handle: bool
    may_review: bool
    events: Sequence[TrailLine]


def returned_by_number(viewer: User, number: str) -> ReturnedPayment | None:
    """A returned payment of the viewer's regions."""
    rows: QuerySet[ReturnedPayment] = ReturnedPayment.objects.select_related(
        "case", "obligation__party", "obligation__case", "payment__payee", "payment__batch__case"
    )
    return in_regions(rows, viewer, "case__region").filter(case__number=number).first()


def returned_page(viewer: User, number: str) -> ReturnedPage | None:
    """The page of one returned payment of the viewer's regions."""
    returned = returned_by_number(viewer, number)
    if returned is None:
        return None
    case = returned.case
    proposal = Proposal.objects.select_related("proposed_by").filter(case=case, decided_at=None).first()
    return ReturnedPage(
        returned=returned,
        case=case,
        status_label=RETURN.status_labels[case.status],
        cause_label=CAUSE_LABELS[returned.cause],
        advice=CAUSE_ADVICE[returned.cause],
        masked_number=masked_numbers([returned.obligation.party_id]).get(returned.obligation.party_id, ""),
        proposal=proposal,
        waits_for_person=case.status == CORRECTING,
        may_handle=case.status in (RETURNED, CORRECTING) and can(viewer, Action.HANDLE_CASE),
        may_review=case.status == PROPOSED
        and can(viewer, Action.REVIEW_CASE)
        and (proposal is None or proposal.proposed_by_id != viewer.pk),
        events=timeline(case),
    )
