"""Commitments whose papers did not come: reminded once, and after that not kept.

The unit signed that it would show papers by a day; that none came by the day after the one reminder is no
judgement, so the machine writes it down. What was paid meanwhile is taken back by people only.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

import cases.services
from accounts.selectors import machine
from cases.letters import issue_letter
from cases.models import Case
from enterprises.kinds import COMMITTED, DISPROVED, REMINDED
from enterprises.letters import FINDING, finding_words
from enterprises.models import SizeDispute
from enterprises.services.telling import tell
from law.parameters import ParameterBook
from law.workdays import legal_day
from policy.selectors import book

CHUNK = 500


def sweep_overdue(*, now: datetime, limit: int = CHUNK) -> int:
    """Remind whose papers are overdue, end what was reminded in vain; how many moved. May run again."""
    law, today = book(), legal_day(now)
    late = SizeDispute.objects.filter(case__status__in=[COMMITTED, REMINDED], evidence_due__lt=today)
    moved = 0
    for key in late.order_by("pk").values_list("pk", flat=True)[:limit]:
        moved += _move(key, law, now=now)
    return moved


@transaction.atomic
def _move(key: int, law: ParameterBook, *, now: datetime) -> bool:
    case = Case.objects.select_for_update().get(pk=key)
    dispute = SizeDispute.objects.select_related("enterprise__party").get(pk=key)
    dispute.case = case
    if case.status == COMMITTED:
        _remind(dispute, law, now=now)
        return True
    if case.status != REMINDED or dispute.reminded_at is None:
        return False
    days = law.integer("size_class.reminder_days", region=case.region, on=legal_day(now))
    if legal_day(now) <= legal_day(dispute.reminded_at) + timedelta(days=days):
        return False
    _expire(dispute, law, now=now)
    return True


def _remind(dispute: SizeDispute, law: ParameterBook, *, now: datetime) -> None:
    days = law.integer("size_class.reminder_days", region=dispute.case.region, on=legal_day(now))
    last = (legal_day(now) + timedelta(days=days)).isoformat()
    dispute.reminded_at = now
    dispute.save(update_fields=["reminded_at"])
    cases.services.transition(
        case=dispute.case,
        to=REMINDED,
        verb="dispute.reminded",
        actor=machine(),
        now=now,
        payload={"due": last},
    )
    tell(dispute, "dispute.reminded", {"due": last}, now=now)


def _expire(dispute: SizeDispute, law: ParameterBook, *, now: datetime) -> None:
    dispute.ground, dispute.closed_at = SizeDispute.Ground.NO_PAPERS, now
    dispute.save(update_fields=["ground", "closed_at"])
    cases.services.transition(
        case=dispute.case, to=DISPROVED, verb="dispute.expired", actor=machine(), now=now
    )
    issue_letter(
        case=dispute.case,
        party=dispute.enterprise.party,
        template=FINDING.code,
        words=finding_words(dispute, DISPROVED, law, why="", signed=(), now=now),
        actor=machine(),
        now=now,
    )
    tell(dispute, "dispute.expired", {}, now=now)
