"""The law asked again before money is sealed: a sample of payments and the largest, from their
determinations.

Pure reading. A set-based shortcut elsewhere may be wrong in a way that no constraint sees; this is the place
where a wrong amount meets the rule itself. It must never repair an amount.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cases.models import Determination
from cases.trail import determination_hash
from law.decision import Decision, Verdict
from law.errors import Refused
from law.money import Fen
from law.parameters import Parameters
from law.programs import PROGRAMS
from payouts.models import Obligation
from policy.selectors import parameters_for

SAMPLE = 50
LARGEST = 20


@dataclass(frozen=True, slots=True)
class ToPay:
    """One obligation as it is about to be paid."""

    obligation_id: int
    determination_id: int
    month: str
    amount_fen: Fen


@dataclass(frozen=True, slots=True)
class Rechecked:
    """How many were run again, and the obligations whose determination or amount does not come out the
    same.
    """

    sampled: int
    largest: int
    differing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Anew:
    """What the rule gives now for the facts on which an obligation rests."""

    decision: Decision
    parameters: Parameters
    amount_fen: Fen


def recheck(payments: Sequence[ToPay], *, seed: str) -> Rechecked:
    """Run the rules for `LARGEST` payments and a sample of `SAMPLE` of the rest, drawn by `seed` (the batch
    number).

    The draw is a hash, so an auditor can repeat it and nobody can choose it beforehand.
    """
    by_amount = sorted(payments, key=lambda one: (-one.amount_fen, one.obligation_id))
    largest, rest = by_amount[:LARGEST], by_amount[LARGEST:]
    sampled = sorted(rest, key=lambda one: _draw(seed, one.obligation_id))[:SAMPLE]
    return Rechecked(len(sampled), len(largest), differing_of([*largest, *sampled]))


def differing_of(chosen: Sequence[ToPay]) -> tuple[int, ...]:
    """The obligations among `chosen` whose determination or amount does not come out the same; all are
    run.
    """
    determinations = {
        row.pk: row
        for row in Determination.objects.select_related("parameter_set").filter(
            pk__in={one.determination_id for one in chosen}
        )
    }
    parameters = _read_parameters(determinations.values())
    in_force = {
        place: parameters_for(program=place[0], region=place[1])
        for place in {
            (row.program, parameters[row.parameter_set_id].region) for row in determinations.values()
        }
    }
    differing = []
    for one in chosen:
        row = determinations[one.determination_id]
        stored = parameters[row.parameter_set_id]
        if not _comes_out(one, row, stored, in_force[row.program, stored.region]):
            differing.append(one.obligation_id)
    return tuple(differing)


def work_out_anew(obligation: Obligation) -> Anew:
    """The rule on the stored facts by the numbers in force now.

    `Refused`: "contradiction.law_refuses" where it grants nothing for the month; "contradiction.altered"
    where facts or decision are not those that the trail vouches for.
    """
    program = PROGRAMS[obligation.program]
    before = obligation.determination
    hashed = determination_hash(
        program=before.program,
        rule_version=before.rule_version,
        verdict=before.verdict,
        facts=before.facts,
        sources=before.sources,
        parameters_digest=before.parameter_set_id,
        decision=before.decision,
    )
    if hashed != before.content_hash:
        raise Refused("contradiction.altered")
    region = Parameters.from_snapshot(before.parameter_set.snapshot).region
    parameters = parameters_for(program=obligation.program, region=region)
    facts = program.parse(before.facts)
    decision = program.decide(facts, parameters)
    amount_fen = program.amount_for(facts, obligation.month, parameters)
    if decision.verdict is not Verdict.GRANT or not amount_fen or amount_fen <= 0:
        raise Refused("contradiction.law_refuses")
    return Anew(decision, parameters, amount_fen)


def _draw(seed: str, obligation_id: int) -> str:
    return hashlib.sha256(f"{seed}/{obligation_id}".encode()).hexdigest()


def _read_parameters(determinations: Iterable[Determination]) -> dict[str, Parameters]:
    """The stored numbers of law, each set read once."""
    sets = {row.parameter_set_id: row.parameter_set for row in determinations}
    return {digest: Parameters.from_snapshot(stored.snapshot) for digest, stored in sets.items()}


def _comes_out(
    one: ToPay, determination: Determination, parameters: Parameters, in_force: Parameters
) -> bool:
    """The stored facts and numbers must still give the stored grant, and the law this amount for this month.

    The amount may be that of the numbers in force now: a standard that rose since the grant holds for its
    months.
    """
    program = PROGRAMS[determination.program]
    if parameters.digest != determination.parameter_set_id:
        return False
    facts = program.parse(determination.facts)
    decision = program.decide(facts, parameters)
    stored = program.decision_from_json(determination.decision)
    if determination.verdict != "GRANT" or decision.compared() != stored.compared():
        return False
    return one.amount_fen in {
        program.amount_for(facts, one.month, numbers) for numbers in (parameters, in_force)
    }
