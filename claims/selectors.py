"""All reads about claims: facts for the rule, the checks on the case page, the citizen's tracker.

Reads only. Whoever asks is the first argument where the answer depends on who may see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Prefetch

import cases.selectors
import policy.selectors
from accounts.models import Identifier, Party, User
from accounts.selectors import covers, machine
from cases.clocks import Clock
from cases.models import Amendment, Attachment, Case, Event, Letter, Message, Proposal
from claims.checks import Check, checks_of
from claims.facts import ALL_SOURCES, EarlierSpell, Evidence, FactValue, Origin, assemble
from claims.models import (
    Claim,
    Draft,
    Interruption,
    PersonRequest,
    Registration,
    Spell,
    Stop,
    Suspension,
)
from gateways.models import Lookup
from gateways.ports import CardAnswer, Source, Subject
from law import continued_benefit, ending, months, retirement, unemployment_benefit
from law.errors import FaultyField, Refused
from law.money import Fen
from law.parameters import ParameterBook
from law.programs import PROGRAMS
from law.unemployment_benefit import UnemploymentDecision
from law.workdays import legal_day

PROGRAM = "unemployment-benefit"


def subject_of(party: Party, identifier: Identifier | None = None) -> Subject:
    """The person as the registers are asked about him: name and current document.

    `identifier`: that document, where the caller has it already; so too below.
    """
    identifier = identifier or identifier_of(party)
    return Subject(name=party.name, id_kind=identifier.kind, id_number=identifier.number)


def identifier_of(party: Party) -> Identifier:
    """The document in force; `Refused("claim.no_document")` for a party without one."""
    in_force = Identifier.objects.filter(party=party, valid_to__isnull=True)
    found = in_force.order_by("-valid_from", "-pk").first()
    if found is None:
        raise Refused("claim.no_document")
    return found


def evidence_of(
    *, claim: Claim | None = None, party: Party | None = None, only: Source | None = None
) -> Evidence:
    """The newest answered lookup of each source (`only`: of this one): for a party at all times, for a claim
    since it was received.

    One taken up again is received again: what a register said months ago must not decide it today.
    """
    subject = claim.party if claim is not None else party
    assert subject is not None
    answered = Lookup.objects.filter(party=subject, answered_at__isnull=False)
    if claim is not None:
        answered = answered.filter(asked_on__gte=legal_day(claim.case.clocks_from))
    if only is not None:
        answered = answered.filter(source=only.value)
    newest = answered.order_by("source", "-asked_at", "-pk").distinct("source")
    return Evidence(lookups={Source(lookup.source): lookup for lookup in newest})


@dataclass(frozen=True)
class Basis:
    """What a decision on a claim rests on, read once in the transaction that decides."""

    law: ParameterBook
    identifier: Identifier
    evidence: Evidence
    amendments: Sequence[Amendment]


def basis_of(
    claim: Claim, *, identifier: Identifier | None = None, evidence: Evidence | None = None
) -> Basis:
    """The law, the document, the evidence and the settled facts as they stand now.

    The machine hands in the document that it has just asked the registers about, and what they said.
    """
    return Basis(
        law=policy.selectors.book(),
        identifier=identifier or identifier_of(claim.party),
        evidence=evidence or evidence_of(claim=claim),
        amendments=list(Amendment.objects.filter(case_id=claim.pk).order_by("at", "pk")),
    )


def facts_for(claim: Claim, basis: Basis) -> tuple[dict[str, FactValue], dict[str, list[Origin]]]:
    """The rule's facts for a claim and the origin of each."""
    return assemble(
        claim=claim,
        name=claim.party.name,
        id_number=basis.identifier.number,
        evidence=basis.evidence,
        amendments=basis.amendments,
        known_reasons=known_reasons(basis.law, on=claim.applied_on, region=claim.county),
        known_counties=known_counties(basis.law, on=claim.applied_on, region=claim.county),
        earlier=earlier_spell(claim),
    )


def known_reasons(law: ParameterBook, *, on: date, region: str) -> frozenset[str]:
    """The codes of separation reasons that the law in force knows."""
    rows = law.value("benefit.separation_reasons", region=region, on=on).records()
    return frozenset(row["code"] for row in rows)


def known_counties(law: ParameterBook, *, on: date, region: str) -> frozenset[str]:
    """The counties that have a tier, and so an amount."""
    return frozenset(law.value("region.tier", region=region, on=on).table())


def county_of(law: ParameterBook, *, party: Party, residence: str, on: date) -> str:
    """The county that handles a case: where the person was last insured if it is ours, else the home."""
    insurance = evidence_of(party=party, only=Source.INSURANCE).insurance()
    known = known_counties(law, on=on, region=residence)
    return insurance.county if insurance is not None and insurance.county in known else residence


def card_reply(evidence: Evidence) -> tuple[Lookup, CardAnswer] | None:
    """The newest answer about the card of a claim's person, with the lookup it rests on."""
    reply = evidence.card()
    return None if reply is None else (evidence.lookups[Source.CARD], reply)


def open_claim_of(party: Party) -> Claim | None:
    """The one claim of a person that is open or in payment."""
    return Claim.objects.open().select_related("case", "party", "registration").filter(party=party).first()


def draft_of(party: Party) -> Draft | None:
    """The form a person has begun, if any."""
    return Draft.objects.filter(party=party).first()


def registration_of(party: Party) -> Registration | None:
    """The registration in force, whose answers prefill the next form."""
    return Registration.objects.filter(party=party, ended_on__isnull=True).first()


def claim_for_citizen(viewer: User, number: str) -> Claim | None:
    """A person's own claim by its number; None for anybody else's."""
    if viewer.party_id is None:
        return None
    return (
        Claim.objects.select_related("case__determination", "party", "registration")
        .filter(case__number=number, party_id=viewer.party_id)
        .first()
    )


def claim_for_reader(viewer: User, number: str) -> Claim | None:
    """A claim whose letters and papers the viewer may open: one's own, or one of an officer's regions."""
    if viewer.is_staff_member:
        return claim_for_officer(viewer, number)
    return claim_for_citizen(viewer, number)


def claims_of(viewer: User) -> list[Claim]:
    """A person's own claims, newest first."""
    if viewer.party_id is None:
        return []
    own = Claim.objects.select_related("case", "party").filter(party_id=viewer.party_id)
    return list(own.order_by("-case__opened_at")[:50])


def claim_for_officer(viewer: User, number: str) -> Claim | None:
    """A claim in the viewer's regions, with what the case page needs."""
    claim = (
        Claim.objects.select_related("case__determination", "case__handler", "party", "registration")
        .filter(case__number=number)
        .first()
    )
    return claim if claim is not None and covers(viewer, claim.case.region) else None


def person_requests_of(claim: Claim) -> list[PersonRequest]:
    """What the applicant asked a person about this claim, newest first."""
    return list(PersonRequest.objects.select_related("case").filter(claim=claim).order_by("-pk")[:10])


def person_request_for_officer(viewer: User, number: str) -> PersonRequest | None:
    """A request of the viewer's regions."""
    rows = PersonRequest.objects.select_related(
        "case__handler", "claim__case", "claim__party", "claim__registration"
    )
    found = rows.filter(case__number=number).first()
    return found if found is not None and covers(viewer, found.case.region) else None


@dataclass(frozen=True)
class EventRow:
    """An event of a claim as the citizen's page needs it: verb, time, and whether a machine did it."""

    verb: str
    at: datetime
    by_machine: bool


def events_of(case: Case) -> list[EventRow]:
    """The trail of a case, oldest first."""
    rows = Event.objects.filter(case=case).order_by("sequence")
    machines = machine().pk
    return [EventRow(verb=row.verb, at=row.at, by_machine=row.actor_id == machines) for row in rows]


def messages_to(viewer: User) -> list[Message]:
    """The inbox of a signed-in person, newest first."""
    if viewer.party_id is None:
        return []
    return list(Message.objects.filter(party_id=viewer.party_id).order_by("-created_at")[:30])


def messages_of_case(case: Case) -> list[Message]:
    """What has been sent about one case, newest first."""
    return list(Message.objects.filter(case=case).order_by("-created_at")[:20])


def spell_of(claim: Claim) -> Spell | None:
    """The entitlement a grant created, if any."""
    spell = Spell.objects.select_related("determination").filter(pk=claim.pk).first()
    if spell is not None:
        spell.claim = claim
    return spell


def months_left(spell: Spell) -> int:
    """The months that an ended spell keeps for a later one; of one that rests, those it goes on with."""
    if spell.months_kept is not None:
        return spell.months_kept
    rests = interruptions_of(spell)
    through = rests[-1].after if rests and not rests[-1].until else spell.last_month
    return max(0, spell.months - len(months_due(spell, rests, last=min(through, spell.last_month))))


def months_drawn(spell: Spell, through: str) -> int:
    """How many months of a spell are due up to `through`: those in which it rested are not."""
    return len(months_due(spell, interruptions_of(spell), last=min(through, spell.last_month)))


def interruptions_of(spell: Spell) -> list[Interruption]:
    """When a spell rested, oldest first."""
    return list(Interruption.objects.filter(spell=spell).order_by("after", "pk"))


def open_suspensions_of(spell: Spell) -> list[Suspension]:
    """What is being looked into about a spell, oldest first."""
    return list(Suspension.objects.filter(spell=spell, lifted_at=None).order_by("pk"))


def stop_of(proposal: Proposal) -> Stop | None:
    """What a handler proposes to stop; None for any other proposal."""
    return Stop.objects.filter(pk=proposal.pk).first()


@dataclass(frozen=True)
class Extension:
    """The last month of an extension, None for none; or it hangs on a woman's category that nobody knows."""

    until: str | None
    is_unknown: bool = False


def extension_of(spell: Spell) -> Extension:
    """Whether the months of a spell are followed by an extension up to the retirement age (domain rule 1.10).

    A category that an officer settled comes before the one in the facts. Where none is known, both are tried.
    """
    if spell.extended_from:
        return Extension(None)
    facts = PROGRAMS[spell.determination.program].parse(spell.determination.facts)
    assert isinstance(facts, unemployment_benefit.Facts | continued_benefit.Facts)
    settled = Amendment.objects.filter(case_id=spell.pk, field="retirement_category")
    latest = settled.order_by("-at", "-pk").values_list("value", flat=True).first()
    category = retirement.CATEGORIES.get(str(latest)) or facts.retirement_category
    law = policy.selectors.book().for_program(retirement.NEAR_KEYS, region=spell.claim.county)
    wanted = [category] if facts.sex == "M" or category else [*retirement.CATEGORIES.values()]
    found = {
        retirement.extended_until(
            birth_date=facts.birth_date,
            sex=facts.sex,
            category=each,
            exhausted_month=spell.last_month,
            parameters=law,
        )
        for each in wanted
    }
    return Extension(found.pop()) if len(found) == 1 else Extension(None, is_unknown=True)


def stops_of(spell: Spell) -> list[Stop]:
    """What was ever proposed to end a spell or let it rest, oldest first, with who signed."""
    rows = Stop.objects.select_related("proposal__proposed_by", "proposal__decided_by").filter(spell=spell)
    return list(rows.order_by("pk"))


def last_payable(spell: Spell, *, ground: str, event_on: date) -> str:
    """The last month that may be paid of a spell on this ground; the one before its first where none may."""
    law = policy.selectors.book().for_program(ending.KEYS, region=spell.claim.county)
    last = ending.last_payable_month(ground, event_on, law)
    return max(last or "", months.shift(spell.first_month, -1))


def months_due(spell: Spell, rests: Sequence[Interruption], *, last: str) -> list[str]:
    """The months of a spell from its first to `last`, without those in which it rested."""
    due, month = list[str](), spell.first_month
    while month <= last:
        if not any(rest.after < month <= (rest.until or month) for rest in rests):
            due.append(month)
        month = months.shift(month, 1)
    return due


# Asked at each check of a claim: the person's latest spell of another claim, once it has ended. One that was
# annulled consumed nothing.
EARLIER = """
    SELECT standing.number, spell.months_kept
    FROM claims_claim claim
    JOIN claims_spell spell ON spell.claim_id = claim.case_id
    JOIN cases_case standing ON standing.id = claim.case_id
    WHERE claim.party_id = %s AND claim.case_id IS DISTINCT FROM %s AND spell.ended_at IS NOT NULL
        AND spell.ground <> 'NEVER_ENTITLED'
    ORDER BY spell.granted_at DESC LIMIT 1
"""


def earlier_spell(claim: Claim) -> EarlierSpell | None:
    """The latest spell that this office has granted the person before, once it has ended."""
    with connection.cursor() as cursor:
        cursor.execute(EARLIER, [claim.party_id, claim.pk])
        found = cursor.fetchone()
    if found is None:
        return None
    number, kept = found
    return EarlierSpell(number, kept)


def month_fen(spell: Spell, month: str, *, book: ParameterBook | None = None) -> Fen:
    """The amount of one month of a spell: the standard in force for that month, in fen.

    `book`: the law book where many months are asked for; taken anew without it.
    """
    grounds = spell.determination
    return fen_of_month(
        grounds.program,
        grounds.facts,
        month,
        county=spell.claim.county,
        book=book or policy.selectors.book(),
    )


def fen_of_month(
    program: str, facts: Mapping[str, object], month: str, *, county: str, book: ParameterBook
) -> Fen:
    """The same from program and stored facts of the spell's determination and the county that pays it."""
    rule = PROGRAMS[program]
    return rule.amount_for(rule.parse(facts), month, book.for_program(rule.keys, region=county))


def decision_of(case: Case) -> UnemploymentDecision | None:
    """The latest stored decision of a claim's case."""
    if case.determination is None:
        return None
    decision = PROGRAMS[case.determination.program].decision_from_json(case.determination.decision)
    assert isinstance(decision, UnemploymentDecision)
    return decision


@dataclass(frozen=True)
class History:
    """A person's imported contributions: distinct months, the first and last, how many units, as of when."""

    months: int
    first: str
    last: str
    units: int
    as_of: datetime


HISTORY = """
    SELECT count(DISTINCT paid.month), min(paid.month), max(paid.month), count(DISTINCT paid.unit),
        max(brought.asked_at)
    FROM claims_insuredperson person
    JOIN claims_contribution paid ON paid.person_id = person.id
    JOIN cases_intake brought ON brought.id = paid.intake_id
    WHERE person.digest = %s
"""


def history_of(identifier: Identifier) -> History | None:
    """What was imported of a person's contributions. It is no fact of a claim: which of these months an
    earlier award has used it does not say.
    """
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, [identifier.digest])
        found = cursor.fetchone()
    return History(*found) if found[0] else None


@dataclass(frozen=True)
class CasePage:
    """All the caseworker's page shows about one claim."""

    claim: Claim
    masked_number: str
    promise_clock: Clock
    statutory_clock: Clock
    checks: Sequence[Check]
    decision: UnemploymentDecision | None
    evidence: Evidence
    facts: Mapping[str, FactValue]
    events: Sequence[cases.selectors.TrailLine]
    proposal: Proposal | None
    messages: Sequence[Message]
    amendments: Sequence[Amendment]
    previous: Sequence[Claim]
    letters: Sequence[Letter]
    attachments: Sequence[Attachment]
    history: History | None


def case_page(claim: Claim, *, now: datetime) -> CasePage:
    """Collect the case page; the read itself is recorded by the view's service."""
    promise, statutory = cases.selectors.clocks_of(claim.case, now=now, days=policy.selectors.calendar())
    evidence = evidence_of(claim=claim)
    attachments = cases.selectors.attachments_of(claim.case)
    decision = decision_of(claim.case)
    facts = claim.case.determination.facts if claim.case.determination is not None else {}
    identifier = identifier_of(claim.party)
    return CasePage(
        claim=claim,
        masked_number=identifier.masked,
        promise_clock=promise,
        statutory_clock=statutory,
        checks=checks_of(decision=decision, facts=facts, evidence=evidence) if decision is not None else [],
        decision=decision,
        evidence=evidence,
        facts=facts,
        events=cases.selectors.timeline(claim.case),
        proposal=Proposal.objects.filter(case=claim.case).order_by("-proposed_at").first(),
        messages=list(Message.objects.filter(case=claim.case).order_by("-created_at")[:20]),
        amendments=_amendments(claim, attachments),
        previous=list(
            Claim.objects.select_related("case").filter(party=claim.party).exclude(pk=claim.pk)[:10]
        ),
        letters=cases.selectors.letters_of(claim.case),
        attachments=attachments,
        history=history_of(identifier),
    )


def _amendments(claim: Claim, attachments: Sequence[Attachment]) -> list[Amendment]:
    """The settled facts, oldest first, with the papers each rests on where the case has any."""
    found = Amendment.objects.filter(case_id=claim.pk).order_by("at", "pk")
    if attachments:
        papers = Attachment.objects.defer("content").select_related("uploaded_by")
        found = found.prefetch_related(Prefetch("attachments", papers))
    return list(found)


def faulty_field(case: Case) -> str:
    """The fact of which a register said what cannot be, as the trail has it; empty if none did."""
    event = Event.objects.filter(case=case, verb="claim.answer_unusable").order_by("-sequence").first()
    return str(event.payload["field"]) if event is not None else ""


def unanswered_sources(evidence: Evidence) -> list[Source]:
    """The registers that have not answered yet."""
    return [source for source in ALL_SOURCES if source not in evidence.lookups]


def first_day(month: str) -> date:
    """The first day of a month YYYY-MM."""
    return date(int(month[:4]), int(month[5:]), 1)


def estimate_for(
    party: Party, *, residence: str, claimed_reason: str, now: datetime
) -> UnemploymentDecision | None:
    """What the form foresees: the same rule on the facts known so far; None while they are too few."""
    today, law = legal_day(now), policy.selectors.book()
    evidence = evidence_of(party=party)
    insurance = evidence.insurance()
    if insurance is None or insurance.contributed_months is None:
        return None
    county = county_of(law, party=party, residence=residence, on=today)
    preview = Claim(party=party, applied_on=today, county=county, claimed_reason=claimed_reason)
    facts, _origins = assemble(
        claim=preview,
        name=party.name,
        id_number=identifier_of(party).number,
        evidence=evidence,
        amendments=[],
        known_reasons=known_reasons(law, on=today, region=county),
        known_counties=known_counties(law, on=today, region=county),
        earlier=earlier_spell(preview),
    )
    program = PROGRAMS[PROGRAM]
    parameters = policy.selectors.parameters_for(program=PROGRAM, region=county, law=law)
    try:
        decision = program.decide(program.parse(facts), parameters)
    except FaultyField:  # a register says what cannot be; a person will look at it after submission
        return None
    assert isinstance(decision, UnemploymentDecision)
    return decision
