"""The page of one finding: two records side by side, the months concerned, and what may be done next.

Reads only, in the viewer's regions; what a person reads is `audit.selectors.own`. What the months come to is
the law's (`law.overpayment`), worked out this moment and stored by nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

import payouts.selectors
import policy.selectors
from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import in_regions, masked_numbers
from audit import kinds
from audit.checks import CATALOGUE, Check, Entry, Severity
from audit.kinds import ACTS, TAKES_A_REPLY, Act
from audit.models import Assistance, Finding
from audit.selectors.runs import TONES, Pick, picks
from cases.clocks import Clock, calendar, clock
from cases.models import Attachment, Proposal
from cases.selectors import TrailLine, timeline
from claims.models import Spell
from law import months, overpayment
from law.errors import MissingParameter
from law.money import Fen
from law.workdays import legal_day


@dataclass(frozen=True, slots=True)
class ConcernedMonth:
    """One month of the benefit beside the record elsewhere."""

    month: str
    fen: Fen
    tone: str
    what: str


@dataclass(frozen=True, slots=True)
class AtStake:
    """What it would come to if the record were true; the fine only if it was deceit."""

    count: int
    fen: Fen
    fine_min_fen: Fen
    fine_max_fen: Fen


@dataclass(frozen=True, slots=True)
class FindingPage:
    """All that an officer sees."""

    finding: Finding
    entry: Entry
    check_label: str | Promise
    severity_label: str | Promise
    screened_label: str | Promise
    status_label: str | Promise
    tone: str
    masked_number: str
    spell: Spell
    months: Sequence[ConcernedMonth]
    at_stake: AtStake | None
    reply_clock: Clock | None
    papers: Sequence[Attachment]
    assistance: Assistance | None
    picks: Sequence[Pick]
    proposal: Proposal | None
    proposed_act: str | Promise
    acts: Sequence[Act]
    may_inquire: bool
    may_reply: bool
    may_ask_agency: bool
    may_answer: bool
    may_review: bool
    events: Sequence[TrailLine]


def finding_by_number(viewer: User, number: str) -> Finding | None:
    """A finding of the viewer's regions."""
    return in_regions(rows(), viewer, "case__region").filter(case__number=number).first()


def paper_of(finding: Finding, key: int) -> Attachment | None:
    """One paper that came with a reply, with its content."""
    return finding.reply_papers.filter(pk=key).first()


def rows() -> QuerySet[Finding]:
    return Finding.objects.select_related(
        "case__party", "claim__case", "claim__party", "claim__registration", "hit__row__run", "notice", "stop"
    )


def finding_page(viewer: User, finding: Finding, *, now: datetime) -> FindingPage:
    """The page of one finding of the viewer's regions."""
    case, check = finding.case, Check(finding.check_code)
    entry = CATALOGUE[check]
    spell = Spell.objects.get(pk=finding.claim_id)
    proposal = Proposal.objects.select_related("proposed_by").filter(case=case, decided_at=None).first()
    assistance = Assistance.objects.select_related("asked_by").filter(finding=finding).first()
    handles = can(viewer, Action.HANDLE_CASE)
    concerned, at_stake = _concerned(finding, entry)
    return FindingPage(
        finding=finding,
        entry=entry,
        check_label=check.label,
        severity_label=Severity(finding.severity).label,
        screened_label=finding.get_screened_display(),
        status_label=kinds.FINDING.status_labels[case.status],
        tone=TONES[case.status],
        masked_number=masked_numbers([finding.claim.party_id]).get(finding.claim.party_id, ""),
        spell=spell,
        months=concerned,
        at_stake=at_stake,
        reply_clock=reply_clock(finding, now=now),
        papers=list(finding.reply_papers.defer("content").select_related("uploaded_by").order_by("pk")),
        assistance=assistance,
        picks=picks(finding.hit.row.run)[0],
        proposal=proposal,
        proposed_act=Act(proposal.act).label if proposal is not None else "",
        acts=ACTS.get(case.status, ()) if handles else (),
        may_inquire=handles and case.status == kinds.SCREENED,
        may_reply=handles and case.status in TAKES_A_REPLY,
        may_ask_agency=handles
        and entry.assistance
        and assistance is None
        and case.status in {kinds.INQUIRY, kinds.HEARD},
        may_answer=handles and assistance is not None and assistance.answered_at is None,
        may_review=case.status == kinds.PROPOSED
        and can(viewer, Action.REVIEW_CASE)
        and (proposal is None or proposal.proposed_by_id != viewer.pk),
        events=timeline(case),
    )


def reply_clock(finding: Finding, *, now: datetime) -> Clock | None:
    """How much time the person has for a reply; None before being asked."""
    if finding.notified_at is None or finding.reply_due is None:
        return None
    return clock(
        due=finding.reply_due,
        opened_on=legal_day(finding.notified_at),
        total_days=None,
        today=legal_day(now),
        calendar=calendar(),
        done=finding.heard_at is not None,
    )


def first_day_of_event(finding: Finding) -> date:
    """The earliest day that the record elsewhere can mean: it names a month only."""
    return months.first_day(months.parse(finding.hit.start_month))


def _concerned(finding: Finding, entry: Entry) -> tuple[list[ConcernedMonth], AtStake | None]:
    states = payouts.selectors.months_of_case(finding.claim.case)
    if entry.event is None:
        return [ConcernedMonth(one.month, one.amount_fen, "", one.words) for one in states], None
    law = policy.selectors.book().for_program(overpayment.KEYS, region=finding.claim.county)
    event_on = first_day_of_event(finding)
    last = overpayment.last_payable_month(entry.event, event_on, law)
    through = "" if last is None else months.text_of(last)
    rows = []
    for one in states:
        if one.month > through and one.is_paid:
            rows.append(ConcernedMonth(one.month, one.amount_fen, "bad", _("可能多领")))
        elif one.month > through:
            rows.append(ConcernedMonth(one.month, one.amount_fen, "warn", one.words))
        elif one.month == through:
            rows.append(ConcernedMonth(one.month, one.amount_fen, "ok", _("当月应发")))
        else:
            rows.append(ConcernedMonth(one.month, one.amount_fen, "", _("应发")))
    paid = {months.parse(one.month): one.amount_fen for one in states if one.is_paid}
    try:
        came_to = overpayment.assess(overpayment.Facts(entry.event, event_on, True, paid), law)
    except MissingParameter:
        return rows, None
    return rows, AtStake(
        len(came_to.overpaid_months), came_to.overpaid_fen, came_to.fine_min_fen, came_to.fine_max_fen
    )
