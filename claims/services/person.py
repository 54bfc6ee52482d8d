"""The right to a person (personal information law, art. 24): an applicant asks, an officer answers.

A request is a case of its own: it stands in the queue with its own promise and closes with an answer, while
the claim goes its way. A claim has one open request at most; asking twice is asking once.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

import cases.services
import policy.selectors
from accounts.models import User
from cases.models import Case
from claims.kinds import ANSWERED, ASKED, PERSON_REQUEST
from claims.models import Claim, PersonRequest
from claims.services.steps import tell
from law.errors import Refused
from law.workdays import legal_day


@transaction.atomic
def ask_for_person(*, claim: Claim, question: str = "", actor: User, now: datetime) -> PersonRequest:
    """Open a request, or return the one that waits: what is asked meanwhile is added to its question."""
    Case.objects.select_for_update().get(pk=claim.pk)
    waiting = PersonRequest.objects.select_related("case").filter(claim=claim, answered_at=None).first()
    text = question.strip()
    if waiting is not None:
        if text and text not in waiting.question.split("\n\n"):
            waiting.question = "\n\n".join(part for part in (waiting.question, text) if part)
            waiting.save(update_fields=["question"])
        return waiting
    today, law = legal_day(now), policy.selectors.book()
    days = law.integer("benefit.person_answer_wd", region=claim.county, on=today)
    due, provisional = policy.selectors.deadline(start=today, days=days, law=law)
    case = cases.services.open_case(
        kind=PERSON_REQUEST,
        party=claim.party,
        region=claim.case.region,
        actor=actor,
        now=now,
        verb="person_request.asked",
        payload={"claim": claim.case.number},
        promise_due=due,
        promise_days=days,
        due_provisional=provisional,
    )
    cases.services.record(
        case=claim.case, verb="claim.person_requested", actor=actor, now=now, payload={"request": case.number}
    )
    return PersonRequest.objects.create(case=case, claim=claim, question=text)


@transaction.atomic
def answer_person_request(*, request: PersonRequest, answer: str, actor: User, now: datetime) -> None:
    """Close a request with an answer in an officer's own words; the applicant is told where to read it.

    Refuses `claim.answer_empty`, and `case.changed_meanwhile` where a colleague was first.
    """
    if not answer.strip():
        raise Refused("claim.answer_empty")
    if request.case.status != ASKED:
        raise cases.services.lost(request.case, actor)
    cases.services.transition(
        case=request.case, to=ANSWERED, verb="person_request.answered", actor=actor, now=now
    )
    request.answer, request.answered_at = answer.strip(), now
    request.save(update_fields=["answer", "answered_at"])
    claim = request.claim
    cases.services.record(
        case=claim.case,
        verb="claim.person_answered",
        actor=actor,
        now=now,
        payload={"request": request.case.number},
    )
    tell(claim, "claim.person_answered", {}, now=now)
