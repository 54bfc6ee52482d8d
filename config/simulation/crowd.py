"""The people of a simulated year: they apply, bring papers, ask for a person, get new cards, report work.

Each does it through the services behind the pages. Everything may be done twice: whoever was interrupted
looks first at what stands already.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import accounts.services
import claims.services
from accounts.models import Party, User
from accounts.selectors import machine
from cases.models import Event
from claims import kinds
from claims.models import Claim, JobWish, PersonRequest
from claims.services import Application
from config.city_sets import Form, claim_forms
from config.simulation.stage import Filing, Stage, stands
from law.workdays import legal_day

ALONE = 12
"""One stranger in so many applies by himself, through the services that the form uses."""
IN_PAYMENT = [kinds.APPROVED, kinds.PAYING]


def apply(filings: Sequence[Filing]) -> None:
    """File and check the applications of a day: strangers as a set, whoever is known one by one."""
    strangers: list[Form] = []
    alone: list[Form] = []
    for filing in filings:
        is_alone = filing.nth or filing.course.person.ordinal % ALONE == 0
        (alone if is_alone else strangers).append(_form(filing))
    alone += claim_forms(strangers)[1]
    for form in sorted(alone, key=lambda form: form.at):
        _apply_alone(form)


def _form(filing: Filing) -> Form:
    person = filing.course.person
    answers = Application(
        mobile=person.mobile,
        residence=person.county,
        street="",
        job_wish=JobWish.values[person.ordinal % len(JobWish.values)],
        wants_training=person.ordinal % 3 == 0,
        claimed_reason=filing.loss.says_reason,
        disputed="",
    )
    return Form(person, answers, filing.number, filing.loss.applied_at)


def _apply_alone(form: Form) -> None:
    person = form.person
    party = accounts.services.ensure_person(
        name=person.name, id_kind=person.id_kind, id_number=person.id_number, now=form.at
    )
    user = citizen(party, form.person.id_number, now=form.at)
    if not Claim.objects.filter(submission_id=form.submission_id).exists():
        claims.services.look_up_for_form(party=party, now=form.at)
    claim = claims.services.submit_claim(
        party=party,
        application=form.application,
        submission_id=form.submission_id,
        actor=user,
        now=form.at,
    )
    claims.services.verify_claim(claim_id=claim.pk, now=form.checked_at)


def citizen(party: Party, id_number: str, *, now: datetime) -> User:
    """The user under whom a person signs in, made at the first sign-in."""
    user = User.objects.filter(party=party).first()
    if user is None:
        user = User(username=f"p-{uuid.uuid5(uuid.NAMESPACE_OID, id_number).hex[:12]}")
        user.set_unusable_password()
        user.save()
        accounts.services.link_citizen(user=user, name=party.name, id_number=id_number, now=now)
    return user


def claims_in(stage: Stage, filings: Sequence[Filing], statuses: Sequence[str]) -> list[tuple[Claim, Filing]]:
    """The claims of these applications that stand in one of the statuses."""
    numbers = [filing.number for filing in filings]
    found = Claim.objects.select_related("case", "party", "registration").filter(
        submission_id__in=numbers, case__status__in=statuses
    )
    return list(stage.of(found.order_by("pk")))


def report_work(stage: Stage, filings: Sequence[Filing], *, now: datetime) -> None:
    """Whoever has found work says so; a spell that is over by itself needs no word."""
    for claim, filing in claims_in(stage, filings, IN_PAYMENT):
        stop = filing.due.stop
        assert stop is not None
        user = citizen(claim.party, filing.course.person.id_number, now=now)
        claims.services.report_job(claim=claim, started_on=stop.on, actor=user, now=now)


def reopen(stage: Stage, filings: Sequence[Filing], *, now: datetime) -> None:
    """New evidence after a refusal: the claim is taken up again and checked."""
    for claim, filing in claims_in(stage, filings, [kinds.REJECTED]):
        if Event.objects.filter(case=claim.case, verb="claim.reopened").exists():
            continue
        user = citizen(claim.party, filing.course.person.id_number, now=now)
        claims.services.reopen(claim=claim, why="单位已出具协商解除的证明。", actor=user, now=now)


def bring_papers(stage: Stage, *, now: datetime) -> None:
    """Answers to notices of missing papers, some days later; some never come."""
    if not stands(kinds.CLAIM.code, kinds.SUPPLEMENT):
        return
    waiting = Claim.objects.select_related("case", "party", "registration").filter(
        case__status=kinds.SUPPLEMENT
    )
    for claim, filing in stage.of(waiting.order_by("pk")):
        after = filing.loss.answers_after
        assert claim.case.paused_at is not None
        if after is None or legal_day(now) < legal_day(claim.case.paused_at) + timedelta(days=after):
            continue
        user = citizen(claim.party, filing.course.person.id_number, now=now)
        claims.services.answer_papers(claim=claim, text="材料已寄出。", actor=user, now=now)


def ask_for_person(stage: Stage, filings: Sequence[Filing], *, now: datetime) -> None:
    """A few want a person to look."""
    for claim, filing in claims_in(stage, filings, [*IN_PAYMENT, kinds.REVIEW1, kinds.AUTO_CHECK]):
        if not PersonRequest.objects.filter(claim=claim).exists():
            user = citizen(claim.party, filing.course.person.id_number, now=now)
            claims.services.ask_for_person(claim=claim, question="请人工看一下。", actor=user, now=now)


def renew_cards(stage: Stage, *, now: datetime) -> None:
    """Who was granted without an account that can be paid gets a new card and has it looked up."""
    granted = Claim.objects.select_related("case", "party", "spell").filter(
        case__status=kinds.APPROVED, party__payees=None, spell__ended_at=None
    )
    for claim, filing in stage.of(granted.order_by("pk")):
        after = filing.repairs_after(legal_day(now))
        if after is None or legal_day(now) < legal_day(claim.spell.granted_at) + timedelta(days=after):
            continue
        stage.outside.new_card(filing.course.person)
        claims.services.check_card_again(claim_id=claim.pk, actor=machine(), now=now)


def by_day(filings: Sequence[Filing], days: Sequence[date | None]) -> dict[date, list[Filing]]:
    """The applications by the day on which something is to happen to them."""
    found: dict[date, list[Filing]] = {}
    for filing, day in zip(filings, days, strict=True):
        if day is not None:
            found.setdefault(day, []).append(filing)
    return found
