"""What the applicant does: save the form, look up its facts, send it, answer a notice."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

import cases.attachments
import cases.services
import gateways.services
import policy.selectors
from accounts.models import Party, User
from cases.attachments import Paper
from claims import kinds
from claims.models import DRAFT_KEPT, Claim, Draft, Registration
from claims.selectors import county_of, registration_of, subject_of
from claims.services.steps import due_dates, require, tell
from gateways.models import Lookup
from gateways.ports import Question, Source
from law.errors import Refused
from law.workdays import legal_day

NOTICE_VERSION = "2026-11"
"""The edition of the privacy notice that the form shows."""


@dataclass(frozen=True)
class Application:
    """What the applicant filled in, cleaned: the form's and the API's common input."""

    mobile: str
    residence: str
    street: str
    job_wish: str
    wants_training: bool
    claimed_reason: str
    disputed: str


@transaction.atomic
def save_draft(*, party: Party, submission_id: uuid.UUID, answers: Mapping[str, str], now: datetime) -> Draft:
    """Keep these answers beside what the draft holds already; the draft keeps its first `submission_id`.

    `Refused`: `claim.not_yours` for another person's form, `claim.already_open` for one that was sent.
    """
    # One person's fields arrive side by side; each must be merged into what the other has left.
    Party.objects.select_for_update().get(pk=party.pk)
    if Draft.objects.filter(submission_id=submission_id).exclude(party=party).exists():
        raise Refused("claim.not_yours")
    sent = Claim.objects.select_related("case").filter(submission_id=submission_id).first()
    if sent is not None:
        if sent.party_id != party.pk:
            raise Refused("claim.not_yours")
        raise Refused("claim.already_open", number=sent.case.number)
    draft = Draft.objects.filter(party=party).first() or Draft(
        party=party, submission_id=submission_id, answers={}
    )
    draft.answers = {**draft.answers, **answers}
    draft.saved_at = now
    draft.save()
    return draft


def drop_old_drafts(*, now: datetime) -> int:
    """Delete forms that were begun and left for thirty days, as the page promises; returns how many."""
    return Draft.objects.filter(saved_at__lt=now - DRAFT_KEPT).delete()[0]


def look_up_for_form(*, party: Party, now: datetime) -> dict[Source, Lookup]:
    """Ask what the form shows before it is sent: who, which months, why, and whether the card can be paid."""
    subject = subject_of(party)
    sources = (Source.IDENTITY, Source.INSURANCE, Source.SEPARATION, Source.CARD)
    questions = [Question(source=source, subject=subject) for source in sources]
    return gateways.services.ask_many(questions=questions, party=party, now=now)


@transaction.atomic
def submit_claim(
    *,
    party: Party,
    application: Application,
    submission_id: uuid.UUID,
    actor: User,
    now: datetime,
    papers: Sequence[Paper] = (),
) -> Claim:
    """Open the case, the registration and the claim in one transaction; the registration is in force at once.

    The same `submission_id` again returns the claim it made. A second application while one is open or
    in payment is `Refused("claim.already_open")`, which carries the number of that one. `papers` show what
    the registers have wrong; `Refused` as by `cases.attachments.check`.
    """
    existing = _sent_before(party=party, submission_id=submission_id)
    if existing is not None:
        return existing
    applied_on = legal_day(now)
    law = policy.selectors.book()
    county = county_of(law, party=party, residence=application.residence, on=applied_on)
    due = due_dates(law, region=county, received_on=applied_on)
    registration = _register(party=party, application=application, registered_on=applied_on)
    Draft.objects.filter(party=party).delete()
    # From here to the commit nobody else gets a number of the day: what needs none is done above.
    case = cases.services.open_case(
        kind=kinds.CLAIM,
        party=party,
        region=county,
        actor=actor,
        now=now,
        verb="claim.submitted",
        promise_due=due.promise,
        promise_days=due.promise_days,
        statutory_due=due.statutory,
        statutory_days=due.statutory_days,
        due_provisional=due.provisional,
    )
    claim = Claim.objects.create(
        case=case,
        party=party,
        registration=registration,
        submission_id=submission_id,
        applied_on=applied_on,
        county=county,
        claimed_reason=application.claimed_reason,
        disputed=application.disputed,
        notice_version=NOTICE_VERSION,
        truth_committed_at=now,
        next_ask_at=now,
        questions_open_at=due.questions_open_at,
    )
    cases.attachments.attach(case=case, papers=papers, actor=actor, now=now)
    tell(claim, "claim.received", {"promise_due": due.promise.isoformat()}, now=now)
    return claim


def _sent_before(*, party: Party, submission_id: uuid.UUID) -> Claim | None:
    """The claim this very form has made, if any. `Refused` while the person has another one open."""
    # One person's two clicks or windows queue up here, so that the second sees what the first made; the
    # partial UNIQUE of the table is the last word.
    Party.objects.select_for_update().values_list("pk").get(pk=party.pk)
    same_form, open_one = Q(submission_id=submission_id), Q(party=party, closed_at__isnull=True)
    held = ""
    for key, owner, form, number in Claim.objects.filter(same_form | open_one).values_list(
        "pk", "party_id", "submission_id", "case__number"
    ):
        if form == submission_id:
            if owner != party.pk:
                raise Refused("claim.not_yours")
            return Claim.objects.select_related("case").get(pk=key)
        held = number
    if held:
        raise Refused("claim.already_open", number=held)
    return None


def _register(*, party: Party, application: Application, registered_on: date) -> Registration:
    """The registration in force, renewed with the new answers, or a new one. The caller holds the person's
    lock.
    """
    registration = registration_of(party) or Registration(party=party, registered_on=registered_on)
    registration.mobile = application.mobile
    registration.residence = application.residence
    registration.street = application.street
    registration.job_wish = application.job_wish
    registration.wants_training = application.wants_training
    registration.save()
    return registration


@transaction.atomic
def answer_papers(
    *, claim: Claim, text: str, actor: User, now: datetime, papers: Sequence[Paper] = ()
) -> None:
    """The applicant's answer to the notice; the clocks go on and the check starts again.

    Words or papers, one of them at least: else `Refused("claim.answer_missing")`.
    """
    require(claim, kinds.SUPPLEMENT)
    if not text.strip() and not papers:
        raise Refused("claim.answer_missing")
    cases.attachments.attach(case=claim.case, papers=papers, actor=actor, now=now)
    claim.disputed = "\n".join(part for part in (claim.disputed, text.strip()) if part)
    claim.papers_due, claim.next_ask_at = None, now
    claim.asked_round += 1
    claim.save(update_fields=["disputed", "papers_due", "next_ask_at", "asked_round"])
    cases.services.resume_clock(case=claim.case, calendar=policy.selectors.calendar(), now=now)
    cases.services.transition(
        case=claim.case, to=kinds.AUTO_CHECK, verb="claim.papers_received", actor=actor, now=now
    )
