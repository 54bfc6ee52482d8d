"""Inquiring into a finding: the person is told the facts and heard, the other agency is asked for its files.

The law demands it before any stop (Handling Regulation art. 26): a match alone decides nothing. Deadlines
are dated values; a sweep says when one has passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

import cases.attachments
import cases.letters
import cases.services
import policy.selectors
from accounts.models import User
from accounts.selectors import machine
from audit import kinds, letters
from audit.checks import CATALOGUE, Check, Severity
from audit.models import Assistance, Finding
from audit.services.holding import hold
from cases.attachments import Paper
from law.errors import Refused
from law.workdays import legal_day

SWEPT_A_RUN = 1_000


@transaction.atomic
def begin_inquiry(*, finding: Finding, facts: str, actor: User, now: datetime) -> Finding:
    """Tell the person what was found and ask for a reply, within the days of `check.reply_wd`.

    A grave hit that waited for somebody to look holds the next payment from now on. `Refused`:
    "finding.facts_missing", "case.changed_meanwhile", "case.held_by_other" and the like.
    """
    if not facts.strip():
        raise Refused("finding.facts_missing")
    _require(finding, {kinds.SCREENED}, actor)
    cases.services.take(case=finding.case, actor=actor, now=now)
    law, today = policy.selectors.book(), legal_day(now)
    days = law.integer("check.reply_wd", region=finding.claim.county, on=today)
    due, _provisional = policy.selectors.deadline(start=today, days=days, law=law)
    if finding.severity == Severity.HIGH:
        hold(finding=finding, actor=actor, now=now)
        finding.refresh_from_db(fields=["held_at"])
    notice = cases.letters.issue_letter(
        case=finding.claim.case,
        party=finding.claim.party,
        template=letters.NOTICE.code,
        words=letters.notice_words(finding, law, facts=facts, due=due, handler=str(actor), now=now),
        actor=actor,
        now=now,
    )
    finding.facts, finding.notice, finding.notified_at, finding.reply_due = facts.strip(), notice, now, due
    finding.save(update_fields=["facts", "notice", "notified_at", "reply_due"])
    cases.services.transition(
        case=finding.case,
        to=kinds.INQUIRY,
        verb="finding.notified",
        actor=actor,
        now=now,
        payload={"due": due.isoformat(), "letter": notice.pk},
    )
    tell(finding, "finding.notified", {"due": due.isoformat()}, now=now)
    return finding


@transaction.atomic
def reply(
    *, finding: Finding, text: str, papers: Sequence[Paper] = (), actor: User, now: datetime
) -> Finding:
    """The person states and defends, in words or with papers; again adds to it. After the end: too late.

    An officer may write down what was said on the telephone. `Refused`: "finding.reply_missing",
    "finding.reply_late".
    """
    if not text.strip() and not papers:
        raise Refused("finding.reply_missing")
    finding = Finding.objects.select_for_update(of=("self",)).select_related("case").get(pk=finding.pk)
    if finding.case.status not in kinds.TAKES_A_REPLY:
        raise Refused("finding.reply_late")
    kept = cases.attachments.attach(case=finding.case, papers=papers, actor=actor, now=now)
    finding.reply_papers.add(*kept)
    finding.reply = "\n\n".join(part for part in (finding.reply, text.strip()) if part)
    finding.heard_at = finding.heard_at or now
    finding.save(update_fields=["reply", "heard_at"])
    verb = "finding.reply_recorded" if actor.is_staff_member else "finding.replied"
    if finding.case.status == kinds.INQUIRY:
        cases.services.transition(case=finding.case, to=kinds.HEARD, verb=verb, actor=actor, now=now)
    else:
        cases.services.record(case=finding.case, verb=verb, actor=actor, now=now)
    return finding


def end_unanswered(*, now: datetime) -> int:
    """Hand back to the handler each inquiry whose time for a reply is over; how many. Re-runnable."""
    over = Finding.objects.select_related("case").filter(
        case__status=kinds.INQUIRY, reply_due__lt=legal_day(now)
    )
    return sum(_end_unanswered(one, now=now) for one in over.order_by("pk")[:SWEPT_A_RUN])


@transaction.atomic
def _end_unanswered(finding: Finding, *, now: datetime) -> bool:
    try:
        cases.services.transition(
            case=finding.case, to=kinds.HEARD, verb="finding.no_reply", actor=machine(), now=now
        )
    except Refused:
        return False  # the reply came first
    Finding.objects.filter(pk=finding.pk).update(heard_at=now)
    return True


# --- the other agency -------------------------------------------------------------------------------------


@transaction.atomic
def ask_agency(*, finding: Finding, agency: str, question: str, actor: User, now: datetime) -> Assistance:
    """Write the letter that asks another agency for its files; it has the days of `check.assistance_wd`.

    `Refused`: "finding.no_agency" (nobody outside keeps such files), "finding.agency_missing",
    "finding.agency_asked".
    """
    if not CATALOGUE[Check(finding.check_code)].assistance:
        raise Refused("finding.no_agency")
    if not agency.strip() or not question.strip():
        raise Refused("finding.agency_missing")
    _require(finding, {kinds.INQUIRY, kinds.HEARD}, actor)
    if Assistance.objects.filter(finding=finding).exists():
        raise Refused("finding.agency_asked")
    law, today = policy.selectors.book(), legal_day(now)
    days = law.integer("check.assistance_wd", region=finding.claim.county, on=today)
    due, _provisional = policy.selectors.deadline(start=today, days=days, law=law)
    cases.services.record(
        case=finding.case,
        verb="finding.agency_asked",
        actor=actor,
        now=now,
        payload={"due": due.isoformat()},
    )
    return Assistance.objects.create(
        finding=finding,
        agency=agency.strip(),
        question=question.strip(),
        asked_at=now,
        asked_by=actor,
        due=due,
    )


@transaction.atomic
def record_agency_answer(*, finding: Finding, answer: str, actor: User, now: datetime) -> Assistance:
    """Write down what the other agency answered. `Refused`: "finding.answer_missing", "finding.not_asked"."""
    if not answer.strip():
        raise Refused("finding.answer_missing")
    asked = Assistance.objects.select_for_update(of=("self",)).filter(finding=finding).first()
    if asked is None or asked.answered_at is not None:
        raise Refused("finding.not_asked")
    asked.answer, asked.answered_at = answer.strip(), now
    asked.save(update_fields=["answer", "answered_at"])
    cases.services.record(case=finding.case, verb="finding.agency_answered", actor=actor, now=now)
    return asked


def remind_agencies(*, now: datetime) -> int:
    """Remind once each agency that is late, tell the province of those late again; how many. Re-runnable."""
    today = legal_day(now)
    late = Assistance.objects.select_related("finding__case", "finding__claim").filter(
        due__lt=today, answered_at=None, escalated_at=None, finding__closed_at=None
    )
    return sum(_remind(one, now=now) for one in late.order_by("pk")[:SWEPT_A_RUN])


@transaction.atomic
def _remind(asked: Assistance, *, now: datetime) -> bool:
    locked = Assistance.objects.select_for_update(of=("self",)).get(pk=asked.pk)
    today = legal_day(now)
    if locked.answered_at is not None or locked.escalated_at is not None or locked.due >= today:
        return False
    case = asked.finding.case
    if locked.reminded_at is not None:
        locked.escalated_at = now
        locked.save(update_fields=["escalated_at"])
        cases.services.record(case=case, verb="finding.agency_escalated", actor=machine(), now=now)
        return True
    law = policy.selectors.book()
    days = law.integer("check.assistance_wd", region=asked.finding.claim.county, on=today)
    locked.due, _provisional = policy.selectors.deadline(start=today, days=days, law=law)
    locked.reminded_at = now
    locked.save(update_fields=["due", "reminded_at"])
    payload = {"due": locked.due.isoformat()}
    cases.services.record(
        case=case, verb="finding.agency_reminded", actor=machine(), now=now, payload=payload
    )
    return True


def sweep_inquiries(*, now: datetime) -> int:
    """Both sweeps of a day; how much there was to do. Re-runnable."""
    return end_unanswered(now=now) + remind_agencies(now=now)


# --- shared -----------------------------------------------------------------------------------------------


def _require(finding: Finding, statuses: set[str], actor: User) -> None:
    """Refuse where the case has moved on since the page was shown."""
    finding.case.refresh_from_db()
    if finding.case.status not in statuses:
        raise cases.services.lost(finding.case, actor)


def tell(finding: Finding, template: str, numbers: dict[str, str | int], *, now: datetime) -> None:
    claim = finding.claim
    cases.services.notify(
        case=claim.case,
        party=claim.party,
        template=template,
        numbers={"finding": finding.case.number, **numbers},
        address=claim.registration.mobile,
        now=now,
    )
