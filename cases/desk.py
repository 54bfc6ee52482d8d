"""Who does a case, and when: putting it aside for another office, and giving it to somebody else.

A status is never changed here, and a clock never stopped: what another office takes to answer is the bureau's
own time. Services: the time and the actor are handed in, and each act is an event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

import cases.services
from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import covers, machine
from cases import kinds
from cases.kinds import MAY_WAIT_FOR_OFFICE, WaitsFor
from cases.models import OPEN, Case, Hold, Proposal
from cases.steps import right_for
from law.errors import Refused
from law.workdays import legal_day

HOLD_AT_MOST = timedelta(days=30)
"""How far ahead a case is put aside at once, in calendar days; our own value. It may be put aside again."""


# --- waiting for another office ---------------------------------------------------------------------------


@transaction.atomic
def hold_until(*, case: Case, until: date, reason: str, actor: User, now: datetime) -> Hold:
    """Put a case aside until a day because another office must answer first; both clocks keep running.

    A free case is taken first and stays on the actor's desk. `Refused`: as by `cases.services.take`, and
    `case.hold_date` (not after today, or too far), `case.hold_reason` (none given), `case.changed_meanwhile`.
    """
    today = legal_day(now)
    if not today < until <= today + HOLD_AT_MOST:
        raise Refused("case.hold_date", most=HOLD_AT_MOST.days)
    if not reason.strip():
        raise Refused("case.hold_reason")
    if WaitsFor(case.waits_for) not in MAY_WAIT_FOR_OFFICE:
        raise Refused("case.not_waiting", number=case.number, waits_for=case.waits_for)
    cases.services.take(case=case, actor=actor, now=now)
    mine = Case.objects.filter(pk=case.pk, handler=actor, status=case.status, waits_for=case.waits_for)
    if mine.update(waits_for=WaitsFor.OFFICE.value, hold_until=until) != 1:
        raise cases.services.lost(case, actor)
    case.refresh_from_db()
    hold = Hold.objects.create(case=case, until=until, reason=reason.strip(), actor=actor, at=now)
    payload = {"hold": hold.pk, "until": until.isoformat()}
    cases.services.record(case=case, verb="case.held", actor=actor, now=now, payload=payload)
    return hold


@transaction.atomic
def set_aside(*, case: Case, until: date, reason: str, actor: User, now: datetime) -> Hold:
    """Put a case aside that another case of the house decides, without taking it: on `until` at the latest it
    comes back.

    For services, whose day is their own: one too far ahead is brought nearer, one that is over is tomorrow.
    """
    today = legal_day(now)
    day = min(max(until, today + timedelta(days=1)), today + HOLD_AT_MOST)
    waiting = Case.objects.filter(pk=case.pk, status=case.status, waits_for__in=list(MAY_WAIT_FOR_OFFICE))
    if waiting.update(waits_for=WaitsFor.OFFICE.value, hold_until=day) != 1:
        raise cases.services.lost(case, actor)
    case.refresh_from_db()
    hold = Hold.objects.create(case=case, until=day, reason=reason, actor=actor, at=now)
    payload = {"hold": hold.pk, "until": day.isoformat()}
    cases.services.record(case=case, verb="case.held", actor=actor, now=now, payload=payload)
    return hold


@transaction.atomic
def resume(*, case: Case, actor: User, now: datetime) -> Case:
    """Go on with a case that was put aside, before its day; one that is not aside stays as it is.

    `Refused` as by `cases.services.take`: who may act on it may go on with it.
    """
    if case.waits_for != WaitsFor.OFFICE.value:
        return case
    cases.services.take(case=case, actor=actor, now=now)
    _come_back(case, actor=actor, now=now)
    return case


def return_due(*, now: datetime) -> list[int]:
    """Bring back every case whose day has come; the ids, each in a transaction of its own. Twice changes
    nothing more.
    """
    due = Case.objects.filter(waits_for=WaitsFor.OFFICE.value, hold_until__lte=legal_day(now))
    back = []
    for case in due.order_by("pk"):
        with transaction.atomic():
            if _come_back(case, actor=machine(), now=now):
                back.append(case.pk)
    return back


def _come_back(case: Case, *, actor: User, now: datetime) -> bool:
    """Whether the case was aside and now waits again for whom its status says."""
    waits_for = kinds.get(case.kind).waits_for[case.status]
    aside = Case.objects.filter(pk=case.pk, status=case.status, waits_for=WaitsFor.OFFICE.value)
    # The day again: a case that was put aside anew since the sweep looked must stay there.
    if aside.filter(hold_until=case.hold_until).update(waits_for=waits_for.value, hold_until=None) != 1:
        return False
    case.refresh_from_db()
    cases.services.record(case=case, verb="case.hold_ended", actor=actor, now=now)
    return True


# --- giving a case to somebody else -----------------------------------------------------------------------


@dataclass(frozen=True)
class Moved:
    """What became of a desk: how many cases went, and the numbers of those that the new officer cannot
    take.
    """

    count: int
    left: Sequence[str]


@transaction.atomic
def reassign(*, case: Case, to: User | None, actor: User, now: datetime) -> Case:
    """Give an open case to another officer, or (`to` None) back to the pool; there already, nothing happens.

    `Refused`: `case.not_your_region` (the supervisor's), `case.not_waiting` (no officer's step),
    `case.cannot_be_given` (the new one's role or region does not fit, or he proposed what is to be reviewed),
    `case.changed_meanwhile`.
    """
    if not can(actor, Action.REASSIGN) or not covers(actor, case.region):
        raise Refused("case.not_your_region", number=case.number)
    right = right_for(case)
    if right is None:
        raise Refused("case.not_waiting", number=case.number, waits_for=case.waits_for)
    if to is not None and not _fits(case, to, right):
        raise Refused("case.cannot_be_given", number=case.number, who=str(to))
    before = case.handler_id
    after = to.pk if to is not None else None
    if before == after:
        return case
    seen = Case.objects.filter(
        pk=case.pk, status=case.status, waits_for=case.waits_for, handler_id=before, closed_at__isnull=True
    )
    if seen.update(handler=to) != 1:
        raise cases.services.lost(case, actor)
    case.refresh_from_db()
    payload = {"from": before, "to": after}
    cases.services.record(case=case, verb="case.reassigned", actor=actor, now=now, payload=payload)
    return case


def _fits(case: Case, officer: User, right: Action) -> bool:
    """Whether the officer could have taken this case: role, region, and not the one whose act is reviewed."""
    if not officer.is_active or not can(officer, right) or not covers(officer, case.region):
        return False
    if right is not Action.REVIEW_CASE:
        return True
    own = Proposal.objects.filter(case=case, decided_at__isnull=True, proposed_by=officer)
    return not own.exists()


def reassign_all(*, holder: User, to: User | None, actor: User, now: datetime) -> Moved:
    """`reassign` for all that an absent officer holds in the actor's regions, each in a transaction of its
    own.

    What the new officer cannot take, or somebody moved meanwhile, stays and is named in the answer.
    """
    held = Case.objects.filter(OPEN, handler=holder).order_by("queue_on", "pk")
    count, left = 0, []
    for case in [case for case in held if covers(actor, case.region)]:
        try:
            reassign(case=case, to=to, actor=actor, now=now)
        except Refused:
            left.append(case.number)
        else:
            count += 1
    return Moved(count, left)
