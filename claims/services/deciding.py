"""What officers do: settle facts and propose, sign or send back, ask for papers. Two people, always."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

import cases.attachments
import cases.letters
import cases.services
import policy.selectors
from accounts.models import User
from accounts.selectors import machine
from cases.attachments import Paper
from cases.models import Proposal
from claims import kinds
from claims.facts import AMENDABLE
from claims.letters import (
    CLOSED,
    PAPERS,
    REFUSAL,
    Signatures,
    closed_words,
    papers_words,
    refusal_words,
)
from claims.models import Claim
from claims.selectors import basis_of
from claims.services.steps import ask_next, determine_or_refuse, grant, require, tell
from law.decision import Verdict
from law.errors import Refused
from law.parameters import ParameterBook
from law.workdays import legal_day


@transaction.atomic
def propose(
    *,
    claim: Claim,
    act: str,
    why: str,
    amendments: Mapping[str, str],
    evidence: str,
    actor: User,
    now: datetime,
    papers: Sequence[Paper] = (),
) -> Proposal:
    """A handler settles open facts and proposes the act that the law then allows; a reviewer signs.

    `amendments` maps a fact's name to its settled value, `evidence` names what it rests on, `papers` are its
    files. The rule runs
    again; `Refused("claim.verdict_differs")` if its verdict is not the act proposed.
    """
    require(claim, kinds.REVIEW1)
    if not why.strip():
        raise Refused("claim.reason_missing")
    cases.services.take(case=claim.case, actor=actor, now=now)
    kept = cases.attachments.attach(case=claim.case, papers=papers, actor=actor, now=now)
    for field, value in amendments.items():
        if field not in AMENDABLE:
            raise Refused("claim.fact_not_amendable", field=field)
        if AMENDABLE[field] == "months" and not re.fullmatch(r"[0-9]{1,4}", value):
            raise Refused("claim.fact_impossible", field=field)
        cases.services.amend_fact(
            case=claim.case, field=field, value=value, source=evidence, reason=why, actor=actor, now=now
        )
        cases.attachments.rest_on(case=claim.case, field=field, attachments=kept)
    decision, _determination = determine_or_refuse(claim, basis_of(claim), actor=actor, now=now)
    if decision.verdict.value != act:
        raise Refused("claim.verdict_differs", verdict=decision.verdict.value)
    verb = "claim.grant_proposed" if act == kinds.GRANT else "claim.refusal_proposed"
    proposal = cases.services.propose(case=claim.case, act=act, reason=why, actor=actor, now=now)
    cases.services.transition(
        case=claim.case, to=kinds.REVIEW2, verb=verb, actor=actor, now=now, payload={"proposal": proposal.pk}
    )
    ask_next(claim, None)
    return proposal


@transaction.atomic
def review(*, claim: Claim, agreed: bool, remark: str, actor: User, now: datetime) -> None:
    """The second signature: agree to the proposal (or to the machine's clean case), or send it back."""
    require(claim, kinds.REVIEW2)
    proposal = Proposal.objects.filter(case=claim.case, decided_at__isnull=True).first()
    if not agreed and not remark.strip():
        raise Refused("claim.remark_missing")
    cases.services.take(case=claim.case, actor=actor, now=now)
    if proposal is not None:
        cases.services.decide_proposal(proposal=proposal, agreed=agreed, remark=remark, actor=actor, now=now)
    if not agreed:
        cases.services.transition(
            case=claim.case, to=kinds.REVIEW1, verb="claim.returned_to_handler", actor=actor, now=now
        )
    elif proposal is not None and proposal.act == kinds.REFUSE:
        _refuse(claim, proposal=proposal, actor=actor, now=now)
    else:
        _approve(claim, proposal=proposal, actor=actor, now=now)


def _approve(claim: Claim, *, proposal: Proposal | None, actor: User, now: datetime) -> None:
    """Grant on a reviewer's signature; the facts must still allow it."""
    basis = basis_of(claim)
    decision, determination = determine_or_refuse(claim, basis, actor=actor, now=now)
    if decision.verdict is not Verdict.GRANT:
        raise Refused("claim.verdict_differs", verdict=decision.verdict.value)
    cases.services.transition(
        case=claim.case,
        to=kinds.APPROVED,
        verb="claim.granted",
        actor=actor,
        now=now,
        payload={"determination": determination.pk},
    )
    grant(claim, basis, decision, determination, actor=actor, proposal=proposal, now=now)


def _refuse(claim: Claim, *, proposal: Proposal, actor: User, now: datetime) -> None:
    """Refuse on two signatures; the registration stands."""
    basis = basis_of(claim)
    decision, determination = determine_or_refuse(claim, basis, actor=actor, now=now)
    if decision.verdict is not Verdict.REFUSE:
        raise Refused("claim.verdict_differs", verdict=decision.verdict.value)
    cases.services.transition(
        case=claim.case,
        to=kinds.REJECTED,
        verb="claim.refused",
        actor=actor,
        now=now,
        payload={"determination": determination.pk, "proposal": proposal.pk},
    )
    claim.closed_at = now
    claim.save(update_fields=["closed_at"])
    signed = Signatures.of(actor=actor, proposal=proposal)
    cases.letters.issue_letter(
        case=claim.case,
        party=claim.party,
        template=REFUSAL.code,
        words=refusal_words(claim, decision, basis.law, why=proposal.reason, signed=signed, now=now),
        actor=actor,
        now=now,
    )
    tell(claim, "claim.refused", {}, now=now)


@transaction.atomic
def request_papers(*, claim: Claim, wanted: str, actor: User, now: datetime) -> None:
    """The one-time written notice of what is missing; both clocks rest until the answer."""
    require(claim, kinds.REVIEW1)
    if not wanted.strip():
        raise Refused("claim.reason_missing")
    cases.services.take(case=claim.case, actor=actor, now=now)
    days = policy.selectors.integer("benefit.supplement_wd", region=claim.county, on=legal_day(now))
    due, _provisional = policy.selectors.deadline(start=legal_day(now), days=days)
    claim.papers_wanted, claim.papers_due, claim.next_ask_at = wanted.strip(), due, None
    claim.save(update_fields=["papers_wanted", "papers_due", "next_ask_at"])
    cases.services.transition(
        case=claim.case, to=kinds.SUPPLEMENT, verb="claim.papers_requested", actor=actor, now=now
    )
    cases.services.pause_clock(case=claim.case, now=now)
    law, wanted = policy.selectors.book(), claim.papers_wanted
    cases.letters.issue_letter(
        case=claim.case,
        party=claim.party,
        template=PAPERS.code,
        words=papers_words(claim, law, wanted=wanted, due=due, handler=str(actor), now=now),
        actor=actor,
        now=now,
    )
    tell(claim, "claim.papers_requested", {"due": due.isoformat()}, now=now)


def close_unanswered(*, now: datetime) -> int:
    """Close claims whose applicant has not answered the notice in time; returns how many.

    The time is counted again: what was told counts at least, and while a calendar is missing nobody is late.
    """
    today, law = legal_day(now), policy.selectors.book()
    overdue = Claim.objects.select_related("case", "party", "registration").filter(
        case__status=kinds.SUPPLEMENT, papers_due__lt=today
    )
    return sum(
        _close(claim, law, now=now)
        for claim in overdue.order_by("pk")
        if _is_too_late(claim, today=today, law=law)
    )


def _is_too_late(claim: Claim, *, today: date, law: ParameterBook) -> bool:
    """Whether the working days of the notice are over, counted with the calendar there is now."""
    assert claim.case.paused_at is not None
    asked_on = legal_day(claim.case.paused_at)
    days = law.integer("benefit.supplement_wd", region=claim.county, on=asked_on)
    due, provisional = policy.selectors.deadline(start=asked_on, days=days, law=law)
    return not provisional and due < today


def _close(claim: Claim, law: ParameterBook, *, now: datetime) -> bool:
    """Close one claim and tell the person, in a letter too; False if the answer has come this moment."""
    try:
        with transaction.atomic():
            cases.services.transition(
                case=claim.case,
                to=kinds.CLOSED_NO_RESPONSE,
                verb="claim.closed_without_answer",
                actor=machine(),
                now=now,
            )
            claim.closed_at = now
            claim.save(update_fields=["closed_at"])
            cases.letters.issue_letter(
                case=claim.case,
                party=claim.party,
                template=CLOSED.code,
                words=closed_words(claim, law, now=now),
                actor=machine(),
                now=now,
            )
            tell(claim, "claim.closed_without_answer", {}, now=now)
    except Refused:
        return False
    return True
