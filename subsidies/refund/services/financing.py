"""Finance's answer, and from it to money: a last look at each unit, then what is owed goes through `payouts`.

Between a grant and the bank weeks pass. Before a unit is owed anything, and again when a batch is sealed
(`payouts.standing`), it is asked anew whether it still may be paid; who may not is held with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count

import enterprises.selectors
import payouts.selectors
import payouts.services
from accounts.models import User
from accounts.selectors import covers, machine
from cases.attachments import Paper, attach
from cases.batch import Notice as Message
from cases.batch import notify_many
from cases.services import record, transition_many
from law.errors import Refused
from law.money import Fen
from law.reading import UNKNOWN
from law.retention_refund import PROGRAM
from law.workdays import legal_day
from payouts.services import Due
from subsidies.refund import kinds
from subsidies.refund.models import Award, Campaign, FinanceReview, Refund, Run
from subsidies.refund.services.campaigns import ask_for, must_cover

PART = 5_000


def item_of(number: int) -> str:
    """What an obligation is for: this award of a refund and no other, so that each is owed once."""
    return f"{PROGRAM}-{number}"


@transaction.atomic
def record_finance_answer(
    *,
    review: FinanceReview,
    agreed: bool,
    document: str,
    dated_on: date,
    remark: str,
    papers: Sequence[Paper],
    actor: User,
    now: datetime,
) -> Run | None:
    """Write down what finance answered, by which document; where it agrees, the worker owes.

    `Refused`: "campaign.not_yours", "finance.answered", "finance.document", "finance.in_future",
    "finance.remark" (a no says why), "campaign.busy", and what `must_cover` refuses.
    """
    campaign = review.campaign
    if not covers(actor, campaign.region):
        raise Refused("campaign.not_yours")
    standing = FinanceReview.objects.select_for_update().get(pk=review.pk)
    if standing.recorded_at is not None:
        raise Refused("finance.answered", document=standing.document)
    if not document.strip():
        raise Refused("finance.document")
    if dated_on > legal_day(now):
        raise Refused("finance.in_future")
    if not agreed and not remark.strip():
        raise Refused("finance.remark")
    if agreed:
        must_cover(refund_year=campaign.refund_year, region=campaign.region)
    attached = attach(case=campaign.case, papers=papers, actor=actor, now=now)
    standing.document, standing.dated_on, standing.agreed = document.strip(), dated_on, agreed
    standing.remark, standing.recorded_by, standing.recorded_at = remark.strip(), actor, now
    standing.attachment = attached[0] if attached else None
    standing.save()
    payload = {"review": standing.number, "agreed": agreed, "count": standing.count}
    record(case=campaign.case, verb="campaign.finance_answered", actor=actor, now=now, payload=payload)
    waiting = Refund.objects.filter(finance=standing, case__status=kinds.FINANCE_REVIEW)
    if not agreed:
        hold(dict.fromkeys(waiting.values_list("pk", flat=True), "FINANCE"), actor=actor, now=now)
        return None
    return ask_for(campaign, Run.Kind.PAY, actor=actor, now=now, total=waiting.count())


def pay_part(run: Run, *, now: datetime) -> int:
    """Approve, look once more and owe the next refunds whose finance review was agreed to; returns how many
    were looked at.
    """
    campaign = run.campaign
    agreed = Refund.objects.filter(campaign=campaign, finance__agreed=True)
    waiting = agreed.filter(case__status=kinds.FINANCE_REVIEW).order_by("pk")
    approved = transition_many(
        kind=kinds.REFUND,
        case_ids=list(waiting.values_list("pk", flat=True)[:PART]),
        from_status=kinds.FINANCE_REVIEW,
        to=kinds.APPROVED,
        verb="refund.approved",
        actor=run.asked_by,
        now=now,
    )
    return len(approved) + owe_approved(campaign=campaign, now=now)


def owe_waiting(*, now: datetime) -> int:
    """Owe what was cleared after a hold, in every campaign that is open; returns how many. Re-runnable."""
    rows = Refund.objects.filter(case__status=kinds.APPROVED).values_list("campaign_id", flat=True)
    done = 0
    for campaign in Campaign.objects.select_related("case").filter(pk__in=sorted(set(rows))):
        while looked := owe_approved(campaign=campaign, now=now):
            done += looked
    return done


@transaction.atomic
def owe_approved(*, campaign: Campaign, now: datetime) -> int:
    """Owe the next approved refunds that still stand and hold the others; returns how many of both."""
    rows = Refund.objects.select_related("case", "run").filter(
        campaign=campaign, case__status=kinds.APPROVED, payable_fen__gt=0
    )
    refunds = list(rows.order_by("pk").select_for_update(of=["self"])[:PART])
    if not refunds:
        return 0
    out = changed(refunds, legal_day(now))
    held = hold(out, actor=machine(), now=now)
    standing = [refund for refund in refunds if refund.pk not in out]
    return len(held) + _owe(campaign, standing, now=now)


def _owe(campaign: Campaign, refunds: Sequence[Refund], *, now: datetime) -> int:
    """Award, obligation, status and message of each; how many."""
    moved = set(
        transition_many(
            kind=kinds.REFUND,
            case_ids=[refund.pk for refund in refunds],
            from_status=kinds.APPROVED,
            to=kinds.PAYING,
            verb="refund.owed",
            actor=machine(),
            now=now,
        )
    )
    owed = [refund for refund in refunds if refund.pk in moved]
    before = Award.objects.filter(refund__in=moved).values_list("refund").annotate(n=Count("pk"))
    numbers = {key: 1 + count for key, count in before.order_by()}
    _award(owed, numbers, now=now)
    payouts.services.owe_many(
        rows=[
            Due(
                case_id=refund.pk,
                determination_id=_determination(refund),
                party_id=refund.unit_id,
                program=PROGRAM,
                item=item_of(numbers.get(refund.pk, 1)),
                month=str(campaign.refund_year),
                amount_fen=Fen(refund.payable_fen or 0),
                region=refund.case.region,
                due_on=legal_day(now),
            )
            for refund in owed
        ],
        actor=machine(),
        now=now,
    )
    notify_many(
        notices=[
            Message(
                case_id=refund.pk,
                party_id=refund.unit_id,
                template="refund.owed",
                numbers={"year": campaign.refund_year, "amount_fen": refund.payable_fen or 0},
            )
            for refund in owed
        ],
        now=now,
    )
    return len(owed)


def _award(refunds: Sequence[Refund], numbers: Mapping[int, int], *, now: datetime) -> None:
    """What each is owed by its run, under its next number."""
    Award.objects.bulk_create(
        [
            Award(
                refund=refund,
                run=refund.run,
                number=numbers.get(refund.pk, 1),
                determination_id=_determination(refund),
                amount_fen=refund.payable_fen or 0,
                owed_at=now,
            )
            for refund in refunds
        ],
        batch_size=1_000,
    )


def _determination(refund: Refund) -> int:
    found = refund.case.determination_id
    assert found is not None  # every refund is opened with one
    return int(found)


# --- what may have changed --------------------------------------------------------------------------------


def changed(refunds: Sequence[Refund], on: date) -> dict[int, str]:
    """Of these refunds, those whose unit may not be paid any more (Q3), with the reason why."""
    by_unit = {refund.unit_id: refund for refund in refunds}
    years = {refund.campaign.refund_year for refund in refunds}
    found: dict[int, str] = {}
    for year in sorted(years):
        ids = [unit for unit, refund in by_unit.items() if refund.campaign.refund_year == year]
        for chunk in enterprises.selectors.refund_facts(refund_year=year, on=on, enterprise_ids=ids):
            for unit in chunk:
                why = _why(unit.facts.exclusion_lists, unit.facts.gate)
                if why:
                    found[by_unit[unit.enterprise_id].pk] = why
    return found


def _why(lists: Sequence[str] | str, gate: str) -> str:
    """What now keeps a unit out. A list that was not read says nothing new."""
    if lists != UNKNOWN and "DEREGISTERED" in lists:
        return "DEREGISTERED"
    if lists != UNKNOWN and lists:
        return "LISTED"
    return "GATE" if gate in ("OPEN", "FAILED") else ""


def fallen(case_ids: Sequence[int], on: date) -> set[int]:
    """What sealing asks (`payouts.standing`): those of these cases that may not be paid on this day."""
    refunds = list(Refund.objects.select_related("campaign").filter(pk__in=list(case_ids)))
    return set(changed(refunds, on))


def hold_changed(*, now: datetime) -> int:
    """Hold what is owed, is in no batch and may not be paid any more; returns how many. Re-runnable."""
    held = 0
    after = 0
    rows = Refund.objects.select_related("campaign", "run").filter(case__status=kinds.PAYING).order_by("pk")
    while refunds := list(rows.filter(pk__gt=after)[:PART]):
        after = refunds[-1].pk
        held += take_back(changed(refunds, legal_day(now)), actor=machine(), now=now)
    return held


@transaction.atomic
def take_back(why: Mapping[int, str], *, actor: User, now: datetime) -> int:
    """Hold refunds that are owed: what nobody has sent goes back to the fund; returns how many were held.

    Money that is in a batch stays there; the batch can be sent back, and the next look finds them.
    """
    awards = Award.objects.filter(refund__in=list(why), withdrawn_at=None).order_by("pk")
    # The newest award of each is what is owed now; earlier ones have been paid.
    newest = {award.refund_id: award for award in awards}
    stopped: list[int] = []
    for number in sorted({award.number for award in newest.values()}):
        ids = [key for key, award in newest.items() if award.number == number]
        stopped += payouts.services.stop_unsent(case_ids=ids, item=item_of(number), actor=machine(), now=now)
    gone = [newest[key].pk for key in stopped]
    Award.objects.filter(pk__in=gone).update(withdrawn_at=now)
    hold({key: why[key] for key in stopped}, actor=actor, now=now)
    return len(stopped)


def hold(why: Mapping[int, str], *, actor: User, now: datetime) -> list[int]:
    """Put refunds on hold, each with its reason and where it stood, and tell the units; the cases held."""
    held: list[int] = []
    standing = dict(Refund.objects.filter(pk__in=list(why)).values_list("pk", "case__status"))
    for status in sorted(set(standing.values())):
        for reason in sorted(set(why.values())):
            ids = [key for key, one in standing.items() if one == status and why[key] == reason]
            moved = transition_many(
                kind=kinds.REFUND,
                case_ids=ids,
                from_status=status,
                to=kinds.HELD,
                verb="refund.held",
                actor=actor,
                now=now,
                payload={"because": reason},
            )
            # Owed money was taken back first: once cleared it is approved and owed anew.
            begins = kinds.APPROVED if status == kinds.PAYING else status
            Refund.objects.filter(pk__in=moved).update(held_from=begins, held_because=reason)
            held += moved
    _tell_held(held, now=now)
    return held


def _tell_held(case_ids: Sequence[int], *, now: datetime) -> None:
    rows = Refund.objects.filter(pk__in=list(case_ids)).values_list("pk", "unit_id", "campaign__refund_year")
    notify_many(
        notices=[
            Message(case_id=key, party_id=unit, template="refund.held", numbers={"year": year})
            for key, unit, year in rows
        ],
        now=now,
    )


def follow_payments(*, now: datetime) -> int:
    """Move refunds whose whole money has arrived; returns how many. Re-runnable."""
    paying = list(Refund.objects.filter(case__status=kinds.PAYING).values_list("pk", flat=True))
    arrived = sorted(payouts.selectors.all_paid_case_ids(paying))[:PART]
    awards = Award.objects.filter(refund__in=arrived, withdrawn_at=None)
    counted: dict[int, int] = {}
    sums: dict[int, int] = {}
    for key, fen in awards.values_list("refund_id", "amount_fen").order_by("pk"):
        counted[key] = counted.get(key, 0) + 1
        sums[key] = fen
    moved: list[int] = []
    for to, verb, several in (
        (kinds.PAID, "refund.paid", False),
        (kinds.TOPPED_UP, "refund.topped_up", True),
    ):
        moved += transition_many(
            kind=kinds.REFUND,
            case_ids=[key for key in arrived if (counted.get(key, 0) > 1) is several],
            from_status=kinds.PAYING,
            to=to,
            verb=verb,
            actor=machine(),
            now=now,
        )
    rows = Refund.objects.filter(pk__in=moved).values_list("pk", "unit_id", "campaign__refund_year")
    notify_many(
        notices=[
            Message(
                case_id=key,
                party_id=unit,
                template="refund.paid",
                numbers={"year": year, "amount_fen": sums[key]},
            )
            for key, unit, year in rows
        ],
        now=now,
    )
    return len(moved)
