"""A decision as a row: what a determination repeats of it, and what the trail says to vouch for it.

Builds and does not decide; `cases.services.determine` stores it, or `cases.dated.determine_many` for many.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from accounts.models import User
from cases import trail
from cases.models import Checks, Determination, ParameterSet
from law.decision import Decision, Outcome
from law.parameters import Parameters
from law.programs import PROGRAMS

# The names under which a decision gives the amount it grants, by program.
AMOUNTS = ("total_fen", "payable_fen", "amount_fen")


# Text, not an expression: asked at each determination, and building it cost more than asking.
_KNOWN = "SELECT 1 FROM cases_parameterset WHERE digest = %s"


def keep_parameters(parameters: Parameters) -> None:
    """Store the numbers a decision rests on, once for all that rest on them."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [parameters.digest])
        is_known = cursor.fetchone() is not None
    if not is_known:
        ParameterSet.objects.bulk_create(
            [ParameterSet(digest=parameters.digest, snapshot=parameters.snapshot())], ignore_conflicts=True
        )


def determination_of(
    *,
    case_id: int,
    program: str,
    facts: Mapping[str, object],
    sources: Mapping[str, object],
    parameters: Parameters,
    decision: Decision,
    actor: User,
    now: datetime,
) -> Determination:
    """The row of a decision, not stored yet."""
    stored = decision.to_json()
    version = str(PROGRAMS[program].version)
    content = trail.determination_hash(
        program=program,
        rule_version=version,
        verdict=decision.verdict.value,
        facts=facts,
        sources=sources,
        parameters_digest=parameters.digest,
        decision=stored,
    )
    outcomes = [reason.outcome for reason in decision.reasons]
    months = decision.results().get("months")
    return Determination(
        case_id=case_id,
        program=program,
        rule_version=version,
        verdict=decision.verdict.value,
        facts=facts,
        sources=sources,
        parameter_set_id=parameters.digest,
        decision=stored,
        pass_count=outcomes.count(Outcome.PASS),
        fail_count=outcomes.count(Outcome.FAIL),
        unknown_count=outcomes.count(Outcome.UNKNOWN),
        amount_fen=granted_fen(decision),
        months=months if isinstance(months, int) else None,
        content_hash=content,
        made_by=actor,
        made_at=now,
    )


def granted_fen(decision: Decision) -> int | None:
    """What a decision grants in all, in fen; None where it cannot be known."""
    results = decision.results()
    return next((fen for name in AMOUNTS if isinstance(fen := results.get(name), int)), None)


def checks_of(determination: Determination) -> Checks:
    """The worst of its checks, as the queue shows it."""
    if determination.fail_count:
        return Checks.FAIL
    return Checks.OPEN if determination.unknown_count else Checks.PASS


def vouching(determination: Determination) -> dict[str, object]:
    """What the trail says of a stored determination."""
    return {
        "determination": determination.pk,
        "verdict": determination.verdict,
        "content": determination.content_hash,
    }
