"""Deadlines counted again once the calendar of their year is out.

A date in a year without a notice was stored as provisional (Monday to Friday without the days that never
move). Here it becomes the date the law gives, from the working days it counts and the pauses in the trail. A
date that is not provisional is never touched, and a year that is still missing changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from accounts.selectors import machine
from cases.clocks import due_dates
from cases.models import Case, Event
from law.errors import MissingParameter
from law.workdays import Calendar, legal_day

CHUNK = 1_000

Pauses = Sequence[tuple[date, date]]
"""Legal days on which a clock was stopped and started again, in order."""


def recompute_provisional(*, calendar: Calendar, now: datetime) -> list[int]:
    """Give every provisional date its real one as far as `calendar` reaches; the ids of the cases changed.

    May be run again at any time: each chunk is a transaction of its own, and what is settled is not looked at
    again. Closed cases too: whether a promise was kept is asked later.
    """
    waiting = list(Case.objects.filter(due_provisional=True).order_by("pk").values_list("pk", flat=True))
    actor = machine()
    changed: list[int] = []
    for start in range(0, len(waiting), CHUNK):
        changed += _recompute(waiting[start : start + CHUNK], calendar, actor=actor, now=now)
    return changed


@transaction.atomic
def _recompute(ids: Sequence[int], calendar: Calendar, *, actor: User, now: datetime) -> list[int]:
    # Locked in the order of their keys, as every set of cases: a resumed clock writes the same columns.
    found = Case.objects.select_for_update().filter(pk__in=ids, due_provisional=True).order_by("pk")
    cases = list(found)
    pauses = _pauses_of(cases)
    changed: list[Case] = []
    events: list[Event] = []
    for case in cases:
        before = due_dates(case.promise_due, case.statutory_due)
        if not _settle(case, pauses.get(case.pk, ()), calendar):
            continue
        payload = {"before": before, **due_dates(case.promise_due, case.statutory_due)}
        changed.append(case)
        events.append(Event(case=case, verb="deadline.recomputed", actor=actor, at=now, payload=payload))
    Case.objects.bulk_update(changed, ["promise_due", "statutory_due", "due_provisional"], batch_size=500)
    Event.objects.bulk_create(events, batch_size=500)
    return [case.pk for case in changed]


def _settle(case: Case, pauses: Pauses, calendar: Calendar) -> bool:
    """Set what can be counted now; whether anything is different."""
    start = legal_day(case.clocks_from)
    seen = (case.promise_due, case.statutory_due, case.due_provisional)
    promise = _counted(calendar, start, case.promise_days, pauses)
    statutory = _counted(calendar, start, case.statutory_days, pauses)
    case.promise_due = promise or case.promise_due
    case.statutory_due = statutory or case.statutory_due
    case.due_provisional = (promise is None and case.promise_days is not None) or (
        statutory is None and case.statutory_days is not None
    )
    return seen != (case.promise_due, case.statutory_due, case.due_provisional)


def _counted(calendar: Calendar, start: date, days: int | None, pauses: Pauses) -> date | None:
    """The due date, moved by the working days of each pause; None where a year is missing or nothing is due.

    As `cases.services.resume_clock` moves it: the day of the pause was used, the day of the answer is not
    counted.
    """
    if days is None:
        return None
    try:
        due = calendar.add_working_days(start, days)
        for paused_on, resumed_on in pauses:
            lost = calendar.working_days_between(paused_on, resumed_on)
            due = calendar.add_working_days(due, lost) if lost else due
    except MissingParameter:
        return None
    return due


def _pauses_of(cases: Iterable[Case]) -> Mapping[int, Pauses]:
    """The pauses that are over, by case, since its clocks began."""
    began = {case.pk: case.clocks_from for case in cases}
    events = Event.objects.filter(case_id__in=began, verb__in=["clock.paused", "clock.resumed"])
    pauses: dict[int, list[tuple[date, date]]] = defaultdict(list)
    stopped: dict[int, date] = {}
    for case_id, verb, at in events.order_by("case_id", "sequence").values_list("case_id", "verb", "at"):
        if at < began[case_id]:
            continue
        if verb == "clock.paused":
            stopped[case_id] = legal_day(at)
        elif case_id in stopped:
            pauses[case_id].append((stopped.pop(case_id), legal_day(at)))
    return pauses
