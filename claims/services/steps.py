"""What the claim's services share: run the rule, grant, record the account, tell the person.

Every function here runs inside its caller's transaction. No network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import cases.letters
import cases.services
import payouts.services
import policy.selectors
from accounts.models import User
from accounts.privacy import digest
from accounts.selectors import machine
from cases.inserting import insert
from cases.models import Determination, Event, Proposal
from claims.letters import GRANT, Signatures, grant_words
from claims.models import Claim, Spell
from claims.selectors import PROGRAM, Basis, card_reply, facts_for
from gateways.models import Lookup
from gateways.ports import CardAnswer
from law.errors import FaultyField, Refused
from law.parameters import ParameterBook
from law.programs import PROGRAMS
from law.unemployment_benefit import UnemploymentDecision
from law.workdays import LEGAL_ZONE


def determine(
    claim: Claim, basis: Basis, *, actor: User, now: datetime
) -> tuple[UnemploymentDecision, Determination]:
    """Run the rule on the facts as they stand and store the outcome with its provenance."""
    facts, origins = facts_for(claim, basis)
    program = PROGRAMS[PROGRAM]
    parameters = policy.selectors.parameters_for(program=PROGRAM, region=claim.county, law=basis.law)
    decision = program.decide(program.parse(facts), parameters)
    assert isinstance(decision, UnemploymentDecision)
    determination = cases.services.determine(
        case=claim.case,
        program=PROGRAM,
        facts=facts,
        sources=origins,
        parameters=parameters,
        decision=decision,
        actor=actor,
        now=now,
    )
    return decision, determination


def determine_or_refuse(
    claim: Claim, basis: Basis, *, actor: User, now: datetime
) -> tuple[UnemploymentDecision, Determination]:
    """The same for an officer's act: facts no rule can be run on are `Refused("claim.fact_impossible")`."""
    try:
        return determine(claim, basis, actor=actor, now=now)
    except FaultyField as fault:
        raise Refused("claim.fact_impossible", field=fault.field) from fault


def needs_reviewer(claim: Claim, decision: UnemploymentDecision, *, law: ParameterBook) -> bool:
    """Whether a clean case goes to a reviewer all the same: switched off, a large sum, or drawn."""
    region, on = claim.county, claim.applied_on
    if not law.flag("benefit.auto_grant", region=region, on=on):
        return True
    if (decision.total_fen or 0) > law.fen("benefit.auto_grant_max_fen", region=region, on=on):
        return True
    share_bp = law.integer("benefit.sample_bp", region=region, on=on)
    # Keyed, so that nobody can tell beforehand which number will be drawn.
    return int(digest(claim.case.number, purpose="sample")[:8], 16) % 10_000 < share_bp


@dataclass(frozen=True)
class DueDates:
    """What is promised when a claim is received, on its day or again: dates, and when silence ends."""

    promise: date
    promise_days: int
    statutory: date
    statutory_days: int
    provisional: bool
    questions_open_at: datetime


def due_dates(law: ParameterBook, *, region: str, received_on: date) -> DueDates:
    """Both clocks from a day of receipt, and the end of the first working day after it."""
    promise_days = law.integer("benefit.promise_wd", region=region, on=received_on)
    statutory_days = law.integer("benefit.review_statutory_wd", region=region, on=received_on)
    promise, promise_provisional = policy.selectors.deadline(start=received_on, days=promise_days, law=law)
    statutory, statutory_provisional = policy.selectors.deadline(
        start=received_on, days=statutory_days, law=law
    )
    first_day, _provisional = policy.selectors.deadline(start=received_on, days=1, law=law)
    return DueDates(
        promise=promise,
        promise_days=promise_days,
        statutory=statutory,
        statutory_days=statutory_days,
        provisional=promise_provisional or statutory_provisional,
        questions_open_at=datetime.combine(first_day + timedelta(days=1), time(), LEGAL_ZONE),
    )


def grant(
    claim: Claim,
    basis: Basis,
    decision: UnemploymentDecision,
    determination: Determination,
    *,
    actor: User,
    now: datetime,
    proposal: Proposal | None = None,
) -> Spell:
    """Create the spell, record the account, issue the decision and tell the person.

    `actor` is the machine or the reviewer; `proposal` the handler's, if one was signed.
    """
    assert decision.months is not None and decision.first_month and decision.last_month
    spell = insert(
        Spell(
            claim=claim,
            determination=determination,
            months=decision.months,
            first_month=decision.first_month,
            last_month=decision.last_month,
            granted_at=now,
        )
    )
    ask_next(claim, None)
    card = card_reply(basis.evidence)
    record_card(claim, card, now=now)
    signed = Signatures.of(actor=actor, proposal=proposal)
    cases.letters.issue_letter(
        case=claim.case,
        party=claim.party,
        template=GRANT.code,
        words=grant_words(
            claim,
            decision,
            basis.law,
            card=card[1] if card is not None else None,
            signed=signed,
            now=now,
            identifier=basis.identifier,
        ),
        actor=actor,
        now=now,
    )
    tell(
        claim,
        "claim.granted",
        {"months": spell.months, "monthly_fen": decision.monthly_fen or 0, "first_month": spell.first_month},
        now=now,
    )
    return spell


def record_card(claim: Claim, found: tuple[Lookup, CardAnswer] | None, *, now: datetime) -> bool:
    """Make the card's account the payee when it can be paid; otherwise say so in the trail.

    `found` is the newest answer about the card, with its lookup (`claims.selectors.card_reply`).
    """
    if found is None or found[1].status != "ACTIVE":
        cases.services.record(
            case=claim.case,
            verb="claim.card_not_payable",
            actor=machine(),
            now=now,
            payload={"status": found[1].status if found else "UNKNOWN"},
        )
        return False
    lookup, card = found
    try:
        payouts.services.set_payee(
            party=claim.party,
            account=card.account_number,
            account_name=card.account_name,
            bank_code=card.bank_code,
            bank_name=card.bank_name,
            lookup=lookup,
            contact=claim.registration.mobile,
            now=now,
        )
    except Refused as refused:
        payload = {"status": refused.code}
        cases.services.record(
            case=claim.case, verb="claim.card_not_payable", actor=machine(), now=now, payload=payload
        )
        return False
    cases.services.record(case=claim.case, verb="claim.card_recorded", actor=machine(), now=now)
    return True


def ask_next(claim: Claim, moment: datetime | None) -> None:
    claim.next_ask_at = moment
    claim.save(update_fields=["next_ask_at"])


def require(claim: Claim, status: str) -> None:
    """Refuse with clear words when the case has moved on since the page was shown: who acted, and what."""
    case = claim.case
    case.refresh_from_db()
    if case.status == status:
        return
    last = Event.objects.select_related("actor").filter(case=case).order_by("-sequence").first()
    raise Refused(
        "case.changed_meanwhile",
        number=case.number,
        kind=case.kind,
        status=case.status,
        who=str(last.actor) if last else "",
        verb=last.verb if last else "",
    )


def tell(claim: Claim, template: str, numbers: Mapping[str, str | int], *, now: datetime) -> None:
    cases.services.notify(
        case=claim.case,
        party=claim.party,
        template=template,
        numbers={"case": claim.case.number, **numbers},
        address=claim.registration.mobile,
        now=now,
    )
