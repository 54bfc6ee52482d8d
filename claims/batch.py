"""Many first claims at once, from the form to what the machine makes of them, for a synthetic city.

What `submit_claim` and `verify_claim` do one by one for people nobody knew, all of whose registers have
answered: the same rule on the same facts, the same rows, the same acts in the same order. What officers do is
not here: nothing but the machine decides in a set.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import transaction

import payouts.services
import policy.selectors
from accounts.batch import NewPerson, add_people
from accounts.models import Identifier
from accounts.selectors import machine
from cases.batch import ROWS, Act, Notice, notify_many
from cases.dated import Arrival, Issue, determine_many, issue_many, move_dated, open_dated, record_dated
from cases.determining import determination_of, keep_parameters
from cases.letters import Words
from cases.models import Case
from claims import kinds
from claims.facts import ALL_SOURCES, Evidence, FactValue, Origin, assemble
from claims.letters import GRANT, Signatures, grant_words
from claims.models import Claim, Registration, Spell
from claims.selectors import PROGRAM, known_counties, known_reasons
from claims.services.applying import NOTICE_VERSION, Application
from claims.services.steps import due_dates, needs_reviewer
from gateways.batch import Kept, keep_many
from gateways.models import Lookup
from gateways.ports import CardAnswer, Question, Source, Subject
from law.decision import Verdict
from law.errors import FaultyField
from law.parameters import ParameterBook, Parameters
from law.programs import PROGRAMS
from law.unemployment_benefit import UnemploymentDecision
from law.workdays import legal_day
from payouts.services import NewPayee


@dataclass(frozen=True, slots=True, repr=False)
class Heard:
    """A register's answer as it stood on the wire, and the request it answers."""

    request_id: uuid.UUID
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Filed:
    """A person nobody knew, the form, and what every register said at `checked_at`."""

    person: NewPerson
    application: Application
    submission_id: uuid.UUID
    checked_at: datetime
    answers: Mapping[Source, Heard]


@dataclass(slots=True, repr=False)
class _Work:
    """One claim on its way through the set."""

    filed: Filed
    identifier: Identifier
    case: Case
    claim: Claim
    evidence: Evidence
    facts: Mapping[str, FactValue]
    origins: Mapping[str, list[Origin]]
    parameters: Parameters
    decision: UnemploymentDecision | None = None
    faulty: str = ""

    @property
    def at(self) -> datetime:
        return self.filed.checked_at

    def act(self, payload: Mapping[str, object]) -> Act:
        return self.case.pk, self.at, payload

    @property
    def card(self) -> CardAnswer | None:
        return self.evidence.card()


@transaction.atomic
def claim_many(*, filed: Sequence[Filed]) -> int:
    """File and check all of these, or none; returns how many. IntegrityError if one of them is known.

    Every register must have answered each of them in a text that fits (`gateways.batch.fits`).
    """
    law = policy.selectors.book()
    works = _check(_file(filed, law), law)
    faulty = [work for work in works if work.decision is None]
    decided = [work for work in works if work.decision is not None]
    _determine(decided)
    granted = [work for work in decided if _is_granted(work, law)]
    reviewed = [work for work in decided if _is_clean(work) and not _is_granted(work, law)]
    open_questions = [work for work in decided if not _is_clean(work)]
    _move(granted, to=kinds.APPROVED, verb="claim.granted")
    _move(reviewed, to=kinds.REVIEW2, verb="claim.sent_to_reviewer")
    _move(open_questions, to=kinds.REVIEW1, verb="claim.questions_opened", unanswered=[])
    move_dated(
        kind=kinds.CLAIM,
        acts=[work.act({"field": work.faulty}) for work in faulty],
        from_status=kinds.AUTO_CHECK,
        to=kinds.REVIEW1,
        verb="claim.answer_unusable",
        actor=machine(),
    )
    _grant(granted, law)
    return len(works)


# --- the form ---------------------------------------------------------------------------------------------


def _file(filed: Sequence[Filed], law: ParameterBook) -> list[tuple[Filed, Identifier, Claim]]:
    """Parties, cases, registrations and claims, and the word that they came in."""
    identifiers = add_people(people=[one.person for one in filed])
    due_on = cache(lambda region, day: due_dates(law, region=region, received_on=day))
    arrivals = []
    for one, identifier in zip(filed, identifiers, strict=True):
        region = one.application.residence
        due = due_on(region, legal_day(one.person.at))
        arrivals.append(
            Arrival(
                party_id=identifier.party_id,
                region=region,
                at=one.person.at,
                promise_due=due.promise,
                promise_days=due.promise_days,
                statutory_due=due.statutory,
                statutory_days=due.statutory_days,
                due_provisional=due.provisional,
            )
        )
    opened = open_dated(kind=kinds.CLAIM, arrivals=arrivals, verb="claim.submitted", actor=machine())
    registrations = Registration.objects.bulk_create(
        [_registration(one, identifier) for one, identifier in zip(filed, identifiers, strict=True)],
        batch_size=ROWS,
    )
    claims = Claim.objects.bulk_create(
        [
            Claim(
                case=case,
                party=identifier.party,
                registration=registration,
                submission_id=one.submission_id,
                applied_on=legal_day(one.person.at),
                county=case.region,
                claimed_reason=one.application.claimed_reason,
                disputed=one.application.disputed,
                notice_version=NOTICE_VERSION,
                truth_committed_at=one.person.at,
                questions_open_at=due_on(case.region, legal_day(one.person.at)).questions_open_at,
            )
            for one, identifier, case, registration in zip(
                filed, identifiers, opened, registrations, strict=True
            )
        ],
        batch_size=ROWS,
    )
    rows = list(zip(filed, identifiers, claims, strict=True))
    _tell(
        [(one, claim, one.person.at) for one, _identifier, claim in rows],
        "claim.received",
        [{"promise_due": case.promise_due.isoformat()} for case in opened if case.promise_due],
    )
    return rows


def _registration(one: Filed, identifier: Identifier) -> Registration:
    answers = one.application
    return Registration(
        party=identifier.party,
        registered_on=legal_day(one.person.at),
        mobile=answers.mobile,
        residence=answers.residence,
        street=answers.street,
        job_wish=answers.job_wish,
        wants_training=answers.wants_training,
    )


def _tell(
    rows: Sequence[tuple[Filed, Claim, datetime]],
    template: str,
    numbers: Sequence[Mapping[str, str | int]],
) -> None:
    notices = [
        Notice(
            case_id=claim.pk,
            party_id=claim.party_id,
            template=template,
            numbers={"case": claim.case.number, **more},
            address=one.application.mobile,
            at=at,
        )
        for (one, claim, at), more in zip(rows, numbers, strict=True)
    ]
    if notices:
        notify_many(notices=notices, now=rows[0][2])


# --- the check --------------------------------------------------------------------------------------------


def _check(rows: Sequence[tuple[Filed, Identifier, Claim]], law: ParameterBook) -> list[_Work]:
    """Keep every answer as evidence, and let the law decide on the facts they give."""
    checked: list[Act] = [(claim.pk, one.checked_at, {}) for one, _identifier, claim in rows]
    move_dated(
        kind=kinds.CLAIM,
        acts=checked,
        from_status=kinds.SUBMITTED,
        to=kinds.AUTO_CHECK,
        verb="claim.check_started",
        actor=machine(),
    )
    lookups = keep_many(answers=[kept for row in rows for kept in _answers(*row)])
    reasons = cache(lambda on, region: known_reasons(law, on=on, region=region))
    counties = cache(lambda on, region: known_counties(law, on=on, region=region))
    numbers = cache(lambda region: policy.selectors.parameters_for(program=PROGRAM, region=region, law=law))
    works = []
    for nth, (one, identifier, claim) in enumerate(rows):
        found = lookups[nth * len(ALL_SOURCES) : (nth + 1) * len(ALL_SOURCES)]
        evidence = Evidence({Source(lookup.source): lookup for lookup in found})
        facts, origins = assemble(
            claim=claim,
            name=one.person.name,
            id_number=one.person.id_number,
            evidence=evidence,
            amendments=[],
            known_reasons=reasons(claim.applied_on, claim.county),
            known_counties=counties(claim.applied_on, claim.county),
        )
        work = _Work(one, identifier, claim.case, claim, evidence, facts, origins, numbers(claim.county))
        _decide(work)
        works.append(work)
    return works


def _answers(one: Filed, identifier: Identifier, claim: Claim) -> list[Kept]:
    subject = Subject(name=one.person.name, id_kind=one.person.id_kind, id_number=one.person.id_number)
    return [
        Kept(
            question=Question(source=source, subject=subject),
            request_id=one.answers[source].request_id,
            text=one.answers[source].text,
            at=one.checked_at,
            case_id=claim.pk,
            party_id=identifier.party_id,
        )
        for source in ALL_SOURCES
    ]


def _decide(work: _Work) -> None:
    program = PROGRAMS[PROGRAM]
    try:
        decision = program.decide(program.parse(work.facts), work.parameters)
    except FaultyField as fault:
        work.faulty = fault.field
        return
    assert isinstance(decision, UnemploymentDecision)
    work.decision = decision


def _determine(works: Sequence[_Work]) -> None:
    # In one order: two processes that write a city's first sets at once wait for each other, and never cross.
    for _digest, parameters in sorted({work.parameters.digest: work.parameters for work in works}.items()):
        keep_parameters(parameters)
    rows = [
        determination_of(
            case_id=work.case.pk,
            program=PROGRAM,
            facts=work.facts,
            sources=work.origins,
            parameters=work.parameters,
            decision=work.decision,
            actor=machine(),
            now=work.at,
        )
        for work in works
        if work.decision is not None
    ]
    determine_many(kind=kinds.CLAIM, cases=[work.case for work in works], rows=rows, actor=machine())


# --- what follows -----------------------------------------------------------------------------------------


def _is_clean(work: _Work) -> bool:
    return work.decision is not None and work.decision.verdict is Verdict.GRANT


def _is_granted(work: _Work, law: ParameterBook) -> bool:
    """Whether the machine may grant by itself."""
    return (
        _is_clean(work)
        and work.decision is not None
        and not needs_reviewer(work.claim, work.decision, law=law)
    )


def _move(works: Sequence[_Work], *, to: str, verb: str, **payload: object) -> None:
    acts = [work.act({"determination": work.case.determination_id, **payload}) for work in works]
    move_dated(kind=kinds.CLAIM, acts=acts, from_status=kinds.AUTO_CHECK, to=to, verb=verb, actor=machine())


def _grant(works: Sequence[_Work], law: ParameterBook) -> None:
    """Spell, account, decision letter and message of each: `claims.services.steps.grant`."""
    Spell.objects.bulk_create([_spell(work) for work in works], batch_size=ROWS)
    _record_cards(works)
    issues = [Issue(work.case, work.claim.party, _words(work, law), work.at) for work in works]
    issue_many(kind=kinds.CLAIM, template=GRANT.code, issues=issues, actor=machine())
    decisions = [work.decision for work in works if work.decision is not None]
    _tell(
        [(work.filed, work.claim, work.at) for work in works],
        "claim.granted",
        [
            {
                "months": decision.months or 0,
                "monthly_fen": decision.monthly_fen or 0,
                "first_month": decision.first_month or "",
            }
            for decision in decisions
        ],
    )


def _spell(work: _Work) -> Spell:
    decision, determination = work.decision, work.case.determination
    assert decision is not None and decision.months is not None and determination is not None
    assert decision.first_month and decision.last_month
    return Spell(
        claim=work.claim,
        determination=determination,
        months=decision.months,
        first_month=decision.first_month,
        last_month=decision.last_month,
        granted_at=work.at,
    )


def _words(work: _Work, law: ParameterBook) -> Words:
    assert work.decision is not None
    return grant_words(
        work.claim,
        work.decision,
        law,
        card=work.card,
        signed=Signatures(),
        now=work.at,
        identifier=work.identifier,
    )


def _record_cards(works: Sequence[_Work]) -> None:
    """The account of each card that can be paid, and a word in the trail either way."""
    payable: list[NewPayee] = []
    recorded: list[Act] = []
    refused: list[Act] = []
    for work in works:
        card = work.card
        if card is None or card.status != "ACTIVE":
            refused.append(work.act({"status": card.status if card else "UNKNOWN"}))
        elif card.account_name.strip() != work.claim.party.name.strip():
            refused.append(work.act({"status": "payee.name_differs"}))
        else:
            payable.append(_payee(work, card, work.evidence.lookups[Source.CARD]))
            recorded.append(work.act({}))
    payouts.services.set_first_payees(rows=payable)
    record_dated(kind=kinds.CLAIM, verb="claim.card_recorded", acts=recorded, actor=machine())
    record_dated(kind=kinds.CLAIM, verb="claim.card_not_payable", acts=refused, actor=machine())


def _payee(work: _Work, card: CardAnswer, lookup: Lookup) -> NewPayee:
    return NewPayee(
        party=work.claim.party,
        account=card.account_number,
        account_name=card.account_name,
        bank_code=card.bank_code,
        bank_name=card.bank_name,
        lookup=lookup,
        contact=work.filed.application.mobile,
        at=work.at,
    )
