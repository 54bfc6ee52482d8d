"""The worker's side of a campaign: screening and what an officer asks for after it, in parts that each
commit.

A worker that is killed loses at most one part: its place is written in the transaction of the part, and a
unit has one refund a year whatever happens (a UNIQUE constraint). Two workers never do the same part: a
run is held under a lease and its row locked while a part is written. No clock and no broker here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

import enterprises.selectors
import policy.selectors
from accounts.models import User
from accounts.selectors import machine
from cases.models import Case
from cases.services import record, transition
from enterprises.selectors import UnitFacts
from law.decision import Verdict
from law.parameters import Parameters
from law.retention_refund import PROGRAM, decide
from law.workdays import legal_day
from subsidies.refund import kinds
from subsidies.refund.batch import Screened, open_refunds, screen_again
from subsidies.refund.facts import amended, amendments_of
from subsidies.refund.models import Refund, Run
from subsidies.refund.selectors import paid_before, unit_ids_after
from subsidies.refund.services.financing import pay_part
from subsidies.refund.services.notifying import notify_part, tell_others_part
from subsidies.refund.services.publishing import publish_part

LEASE = timedelta(minutes=2)
PART = 5_000
PARTS_A_TURN = 20

AGAIN = {
    Run.Kind.FIRST.value: frozenset[str](),
    Run.Kind.LATE.value: frozenset({kinds.INELIGIBLE, kinds.MANUAL}),
    Run.Kind.TOP_UP.value: frozenset({kinds.PAID, kinds.TOPPED_UP}),
}
"""In which statuses a refund that stands already is looked at again, by the kind of run."""
DONE = {
    Run.Kind.NOTIFY.value: "campaign.notified",
    Run.Kind.PUBLISH.value: "campaign.published",
    Run.Kind.PAY.value: "campaign.owed",
}
OPENS_NEW = frozenset({Run.Kind.FIRST.value, Run.Kind.LATE.value})


def go_on(*, run_id: int, now: datetime) -> bool:
    """Screen the next parts of a run that nobody works at; returns whether there is more to do."""
    if not _lease(run_id, now=now):
        return False
    for _turn in range(PARTS_A_TURN):
        if not _next_part(run_id, now=now):
            return False
    Run.objects.filter(pk=run_id, finished_at=None).update(leased_until=None)
    return True


def unfinished(*, now: datetime) -> list[int]:
    """The runs that nobody works at, oldest first."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    return list(Run.objects.filter(free, finished_at=None).order_by("pk").values_list("pk", flat=True))


def _lease(run_id: int, *, now: datetime) -> bool:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    mine = Run.objects.filter(free, pk=run_id, finished_at=None)
    return bool(mine.update(leased_until=now + LEASE))


@transaction.atomic
def _next_part(run_id: int, *, now: datetime) -> bool:
    """One part, or the end; whether another part is to come."""
    runs = Run.objects.select_related("campaign__case", "asked_by").select_for_update(of=["self"])
    run = runs.filter(pk=run_id, finished_at=None).first()
    if run is None:
        return False
    done = _screen_part(run, now=now) if run.kind in AGAIN else _step_part(run, now=now)
    if not done:
        _finish(run, now=now)
        return False
    Run.objects.filter(pk=run.pk).update(
        position=run.position,
        done=F("done") + done,
        started_at=run.started_at or now,
        leased_until=now + LEASE,
    )
    return True


def _step_part(run: Run, *, now: datetime) -> int:
    """The next part of what an officer asked for after the screening; how many it was done for."""
    match Run.Kind(run.kind):
        case Run.Kind.NOTIFY:
            return notify_part(run, now=now) or tell_others_part(run, now=now)
        case Run.Kind.PUBLISH:
            return publish_part(run, now=now)
        case _:
            return pay_part(run, now=now)


def _screen_part(run: Run, *, now: datetime) -> int:
    """The next units by key, put to the rule; how many, 0 when there are none left."""
    campaign = run.campaign
    ids = unit_ids_after(region=campaign.region, after=run.position, most=PART)
    if not ids:
        return 0
    paid = paid_before(campaign=campaign, unit_ids=ids) if run.kind == Run.Kind.TOP_UP else {}
    numbers = policy.selectors.parameters_for(program=PROGRAM, region=campaign.region)
    for units in enterprises.selectors.refund_facts(
        refund_year=campaign.refund_year,
        on=legal_day(run.asked_at),
        enterprise_ids=ids,
        already_paid=paid,
    ):
        _screen(run, units, numbers, actor=machine(), now=now)
    run.position = ids[-1]
    return len(ids)


def _screen(run: Run, units: Sequence[UnitFacts], numbers: Parameters, *, actor: User, now: datetime) -> None:
    """Open what is new, decide again what this run may decide again; nothing else is touched."""
    standing = _standing(run, [unit.enterprise_id for unit in units])
    settled = amendments_of(case.pk for case in standing.values())
    new: list[Screened] = []
    again: list[tuple[Case, Screened]] = []
    for unit in units:
        case = standing.get(unit.enterprise_id)
        if case is None and run.kind in OPENS_NEW:
            new.append(Screened(unit, decide(unit.facts, numbers)))
        elif case is not None and case.status in AGAIN[run.kind] and case.handler_id is None:
            known = amended(unit, settled.get(case.pk, []))
            row = Screened(known, decide(known.facts, numbers))
            if row.decision.verdict is Verdict.GRANT:
                again.append((case, row))
    open_refunds(run=run, rows=new, parameters=numbers, actor=actor, now=now)
    screen_again(run=run, found=again, parameters=numbers, actor=actor, now=now)


def _standing(run: Run, units: Sequence[int]) -> dict[int, Case]:
    """The cases of these units in the campaign, by unit; nothing stands before the first screening."""
    if run.kind == Run.Kind.FIRST:
        return {}
    rows = Refund.objects.select_related("case").filter(campaign=run.campaign_id, unit__in=units)
    return {refund.unit_id: refund.case for refund in rows}


def _finish(run: Run, *, now: datetime) -> None:
    run.finished_at, run.leased_until, run.total = now, None, run.done
    run.save(update_fields=["finished_at", "leased_until", "total"])
    payload = {"run": run.number, "kind": run.kind, "count": run.done}
    case, actor = run.campaign.case, machine()
    if run.kind in AGAIN:
        transition(
            case=case, to=kinds.RUNNING, verb="campaign.screened", actor=actor, now=now, payload=payload
        )
    else:
        record(case=case, verb=DONE[run.kind], actor=actor, now=now, payload=payload)
