"""What the claim's services share: run the rule, grant, record the account, tell the person.

Every function here runs inside its caller's transaction. No network.
"""

from collections.abc import Mapping
from datetime import datetime

import cases.services
import payouts.services
import policy.selectors
from accounts.models import User
from accounts.privacy import digest
from accounts.selectors import machine
from cases.models import Determination, Event
from claims.facts import Evidence
from claims.models import Claim, Spell
from claims.selectors import PROGRAM, card_reply, evidence_of, facts_for
from law.errors import Refused
from law.programs import PROGRAMS
from law.unemployment_benefit import UnemploymentDecision


def determine(
    claim: Claim, *, evidence: Evidence | None = None, actor: User, now: datetime
) -> tuple[UnemploymentDecision, Determination]:
    """Run the rule on the facts as they stand and store the outcome with its provenance."""
    facts, origins = facts_for(claim, evidence or evidence_of(claim=claim))
    program = PROGRAMS[PROGRAM]
    parameters = policy.selectors.parameters_for(program=PROGRAM, region=claim.county)
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


def needs_reviewer(claim: Claim, decision: UnemploymentDecision) -> bool:
    """Whether a clean case goes to a reviewer all the same: switched off, a large sum, or drawn."""
    region, on = claim.county, claim.applied_on
    if not policy.selectors.flag("benefit.auto_grant", region=region, on=on):
        return True
    if (decision.total_fen or 0) > policy.selectors.fen("benefit.auto_grant_max_fen", region=region, on=on):
        return True
    share_bp = policy.selectors.integer("benefit.sample_bp", region=region, on=on)
    # Keyed, so that nobody can tell beforehand which number will be drawn.
    return int(digest(claim.case.number, purpose="sample")[:8], 16) % 10_000 < share_bp


def grant(
    claim: Claim, decision: UnemploymentDecision, determination: Determination, *, now: datetime
) -> Spell:
    """Create the spell, record the account and tell the person."""
    assert decision.months is not None and decision.first_month and decision.last_month
    spell = Spell.objects.create(
        claim=claim,
        determination=determination,
        months=decision.months,
        first_month=decision.first_month,
        last_month=decision.last_month,
        granted_at=now,
    )
    ask_next(claim, None)
    record_card(claim, now=now)
    tell(
        claim,
        "claim.granted",
        {"months": spell.months, "monthly_fen": decision.monthly_fen or 0, "first_month": spell.first_month},
        now=now,
    )
    return spell


def record_card(claim: Claim, *, now: datetime) -> bool:
    """Make the card's account the payee when it can be paid; otherwise say so in the trail."""
    found = card_reply(claim)
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
    """Refuse with clear words when the case has moved on since the page was shown."""
    claim.case.refresh_from_db()
    if claim.case.status != status:
        last = Event.objects.select_related("actor").filter(case=claim.case).order_by("-sequence").first()
        raise Refused(
            "case.changed_meanwhile",
            number=claim.case.number,
            kind=claim.case.kind,
            status=claim.case.status,
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
