"""What a person may read of the checks of the own claim: the findings that were told, and how the last check
went.

Nothing that officers have not told is here: a clue that turns out to be none is nobody's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise

from audit.checks import CATALOGUE, OPEN_ANSWERS, Check, Severity
from audit.kinds import FINDING, TAKES_A_REPLY
from audit.models import CheckRow, Finding
from audit.selectors.findings import reply_clock, rows
from cases.clocks import Clock
from claims.models import Claim, Suspension


@dataclass(frozen=True, slots=True)
class OwnFinding:
    """One record that the person was asked about."""

    finding: Finding
    check_label: str | Promise
    status_label: str | Promise
    clock: Clock | None
    may_reply: bool


@dataclass(frozen=True, slots=True)
class OwnPage:
    """All that the page shows. `last` is the person's row of the newest check."""

    last: CheckRow | None
    is_unanswered: bool
    compared: Sequence[str | Promise]
    waits: Sequence[Suspension]
    findings: Sequence[OwnFinding]


def own_finding(claim: Claim, number: str) -> Finding | None:
    """A finding about a claim that its person has been told of."""
    return _told(claim).filter(case__number=number).first()


def own_page(claim: Claim, *, now: datetime) -> OwnPage:
    """The checks of one claim as its person reads them."""
    mine = CheckRow.objects.select_related("run").filter(claim=claim)
    last = mine.order_by("-run__period").first()
    return OwnPage(
        last=last,
        is_unanswered=last is not None and mine.filter(pk=last.pk, answers__regex=OPEN_ANSWERS).exists(),
        compared=[check.label for check in Check if CATALOGUE[check].severity is not Severity.NONE],
        waits=list(Suspension.objects.filter(spell_id=claim.pk, lifted_at=None).order_by("pk")),
        findings=[
            OwnFinding(
                finding=one,
                check_label=Check(one.check_code).label,
                status_label=FINDING.status_labels[one.case.status],
                clock=reply_clock(one, now=now),
                may_reply=one.case.status in TAKES_A_REPLY,
            )
            for one in _told(claim).order_by("-pk")
        ],
    )


def _told(claim: Claim) -> QuerySet[Finding]:
    return rows().filter(claim=claim, notified_at__isnull=False)
