"""Verification: ask the registers, let the law decide, go on as far as a machine may.

Asking happens with no transaction open; what follows from the answers is written in one.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

import cases.services
import gateways.services
from accounts.models import User
from accounts.selectors import machine
from claims import kinds
from claims.facts import ALL_SOURCES, FIELDS_OF_SOURCE, Evidence
from claims.models import Claim
from claims.selectors import (
    Basis,
    basis_of,
    card_reply,
    evidence_of,
    identifier_of,
    subject_of,
    unanswered_sources,
)
from claims.services.steps import ask_next, determine, grant, needs_reviewer, record_card, require
from gateways.models import Lookup
from gateways.ports import Question, Source
from law.decision import Outcome, Verdict
from law.errors import FaultyField, MissingParameter, Refused
from law.unemployment_benefit import UnemploymentDecision

ASK_AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
LEASE = timedelta(seconds=30)
"""How long a check belongs to the worker that began it; a dead worker's is found after that.

Longer than the slowest register takes with all its tries. Two checks of one claim at once would only ask
twice.
"""
SWEEP_LIMIT = 100

logger = logging.getLogger("anye.claims")


def verify_claim(*, claim_id: int, now: datetime) -> Claim:
    """Ask every register, let the law decide, and go on as far as a machine may. Safe to run twice.

    Granted when every test passes; otherwise a person gets the open questions. While a register has
    merely not answered, it is asked again until the first of the promised days ends; an answer that comes
    before an officer has taken the case may still grant by itself.
    """
    with transaction.atomic():
        # The case first, as everywhere: nobody who holds it waits for a lease of ours.
        locked = Claim.objects.select_for_update(of=("case",), no_key=True)
        claim = locked.select_related("case", "party", "registration").get(pk=claim_id)
        if not _start_check(claim, now=now):
            return claim
    identifier = identifier_of(claim.party)
    subject = subject_of(claim.party, identifier)
    questions = [Question(source=source, subject=subject) for source in ALL_SOURCES]
    heard = gateways.services.ask_many(
        questions=questions, party=claim.party, case=claim.case, now=now, round=claim.asked_round
    )
    with transaction.atomic():
        # Two workers may both have asked; the row lock lets one of them write.
        with connection.cursor() as cursor:
            cursor.execute(_STANDS, [claim_id])
            status, asked_round = cursor.fetchone()
        if status == kinds.AUTO_CHECK:
            evidence = _evidence_now(claim, heard, asked_round=asked_round)
            _conclude(claim, basis_of(claim, identifier=identifier, evidence=evidence), now=now)
    return claim


# Text, as below: asked for every check, and building it cost more than asking.
_STANDS = """
    SELECT status, asked_round FROM cases_case JOIN claims_claim ON case_id = id
    WHERE id = %s FOR NO KEY UPDATE OF cases_case
"""


def verify_due(*, now: datetime) -> int:
    """Verify the claims whose check is due; returns how many. What a lost message left is found here.

    A claim that cannot be checked is said in the log and by the age of its case; the others do not wait.
    """
    due = claims_to_ask(now=now, limit=SWEEP_LIMIT)
    for claim_id in due:
        try:
            verify_claim(claim_id=claim_id, now=now)
        except (Refused, MissingParameter) as fault:
            why = fault.code if isinstance(fault, Refused) else fault.key
            logger.error("claim %s could not be checked: %s", claim_id, why)
    return len(due)


def claims_to_ask(*, now: datetime, limit: int) -> list[int]:
    """Claims whose check is due: never started, silent registers to ask again, or a lost message.

    What lies on an officer's desk is the officer's, and must not fill the sweep.
    """
    waiting = Claim.objects.filter(
        Q(case__status__in=[kinds.SUBMITTED, kinds.AUTO_CHECK, kinds.REOPENED])
        | Q(case__status=kinds.REVIEW1, case__handler__isnull=True),
        next_ask_at__lte=now,
    )
    return list(waiting.order_by("next_ask_at").values_list("pk", flat=True)[:limit])


# The beginning of a check need not outlive a power cut, so this transaction does not wait for the disk: what
# rests on it is written after it, and a check that is lost with it is begun again.
_LEASE = """
    UPDATE claims_claim SET next_ask_at = %s
    FROM (SELECT set_config('synchronous_commit', 'off', true)) asynchronously
    WHERE case_id = %s AND next_ask_at <= %s
"""


def _start_check(claim: Claim, *, now: datetime) -> bool:
    """Take the check for a while and bring the case to AUTO_CHECK; False when it is not ours to do.

    The lease is the `next_ask_at` of the row: of two workers one gets it, and if that one dies the sweep
    finds the claim again after the lease.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, [now + LEASE, claim.pk, now])
        if not cursor.rowcount:
            return False
    claim.next_ask_at = now + LEASE
    case = claim.case
    if case.status == kinds.AUTO_CHECK:
        return True
    free_question = case.status == kinds.REVIEW1 and case.handler_id is None
    if case.status not in {kinds.SUBMITTED, kinds.REOPENED} and not free_question:
        return False
    verb = "claim.asked_again" if free_question else "claim.check_started"
    cases.services.transition(case=case, to=kinds.AUTO_CHECK, verb=verb, actor=machine(), now=now)
    return True


def _evidence_now(claim: Claim, heard: Mapping[Source, Lookup], *, asked_round: int) -> Evidence:
    """What the registers have just said. Where one is silent its earlier answers count; where somebody has
    begun another round meanwhile (`asked_round` is the latest), the newest answers.
    """
    if claim.asked_round == asked_round and all(lookup.answered for lookup in heard.values()):
        return Evidence(lookups=heard)
    return evidence_of(claim=claim)


def _conclude(claim: Claim, basis: Basis, *, now: datetime) -> None:
    """Write the determination and the step that follows from it. Inside one transaction."""
    try:
        decision, determination = determine(claim, basis, actor=machine(), now=now)
    except FaultyField as fault:
        _leave_to_person(claim, fault, now=now)
        return
    unanswered = unanswered_sources(basis.evidence)
    # What one officer has settled and no second one has signed must not grant by asking again.
    is_settled = bool(basis.amendments)
    match decision.verdict:
        case Verdict.GRANT if not is_settled and not needs_reviewer(claim, decision, law=basis.law):
            cases.services.transition(
                case=claim.case,
                to=kinds.APPROVED,
                verb="claim.granted",
                actor=machine(),
                now=now,
                payload={"determination": determination.pk},
            )
            grant(claim, basis, decision, determination, actor=machine(), now=now)
        case Verdict.GRANT if not is_settled:
            cases.services.transition(
                case=claim.case,
                to=kinds.REVIEW2,
                verb="claim.sent_to_reviewer",
                actor=machine(),
                now=now,
                payload={"determination": determination.pk},
            )
            ask_next(claim, None)
        case Verdict.REVIEW if (
            unanswered and now < claim.questions_open_at and not _contradicted(decision, unanswered)
        ):
            # Nothing but silence stands in the way: the machine keeps the case and asks again.
            ask_next(claim, now + _patience(claim, now))
        case _:
            cases.services.transition(
                case=claim.case,
                to=kinds.REVIEW1,
                verb="claim.questions_opened",
                actor=machine(),
                now=now,
                payload={"determination": determination.pk, "unanswered": [s.value for s in unanswered]},
            )
            waits = unanswered and decision.verdict is Verdict.REVIEW
            ask_next(claim, now + ASK_AGAIN_AFTER[-1] if waits else None)


def _leave_to_person(claim: Claim, fault: FaultyField, *, now: datetime) -> None:
    """A register says what cannot be: no rule can be run on it, asking again by itself would not help."""
    cases.services.transition(
        case=claim.case,
        to=kinds.REVIEW1,
        verb="claim.answer_unusable",
        actor=machine(),
        now=now,
        payload={"field": fault.field},
    )
    ask_next(claim, None)


def _contradicted(decision: UnemploymentDecision, unanswered: Sequence[Source]) -> bool:
    """Whether a question is open that no silent register could settle."""
    from_silence = {field for source in unanswered for field in FIELDS_OF_SOURCE[source]}
    return any(
        reason.outcome is Outcome.UNKNOWN and not from_silence.intersection(reason.fields)
        for reason in decision.reasons
        if reason.fields != ("card_account",)
    )


def _patience(claim: Claim, now: datetime) -> timedelta:
    """How long to wait before asking a silent register again: longer as the claim grows older."""
    age = now - claim.case.clocks_from
    for pause in ASK_AGAIN_AFTER:
        if age < pause * 3:
            return pause
    return ASK_AGAIN_AFTER[-1]


def check_card_again(*, claim_id: int, actor: User, now: datetime) -> bool:
    """Ask the bank's register once more, after the person had the card activated or replaced."""
    claim = Claim.objects.select_related("case", "party", "registration").get(pk=claim_id)
    question = Question(source=Source.CARD, subject=subject_of(claim.party))
    claim.asked_round += 1
    claim.save(update_fields=["asked_round"])
    gateways.services.ask_many(
        questions=[question], party=claim.party, case=claim.case, now=now, round=claim.asked_round
    )
    with transaction.atomic():
        cases.services.record(case=claim.case, verb="claim.asked_again", actor=actor, now=now)
        return record_card(claim, card_reply(evidence_of(claim=claim)), now=now)


@transaction.atomic
def ask_again(*, claim_id: int, actor: User, now: datetime) -> Claim:
    """An officer has every register asked once more: a new round, begun by the worker."""
    claim = Claim.objects.select_related("case").get(pk=claim_id)
    require(claim, kinds.REVIEW1)
    cases.services.transition(
        case=claim.case, to=kinds.AUTO_CHECK, verb="claim.asked_again", actor=actor, now=now
    )
    claim.asked_round += 1
    claim.next_ask_at = now
    claim.save(update_fields=["asked_round", "next_ask_at"])
    return claim
