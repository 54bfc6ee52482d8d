"""Replays stored determinations: the same facts and parameters through today's rule must give the same
decision.

Compares verdict, codes, outcomes, amounts and dates, never the wording. Streams, and keeps only the parameter
sets in memory (one per change of the law). It never writes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time

from cases.determining import granted_fen
from cases.models import Determination, ParameterSet
from law.errors import FaultyField, MissingParameter
from law.parameters import Parameters
from law.programs import PROGRAMS
from law.workdays import LEGAL_ZONE, end_of_legal_day

CHUNK = 500
NAMED = 20


@dataclass(frozen=True)
class Difference:
    """One determination that would come out differently: case number, id, and what differs."""

    number: str
    determination: int
    what: str

    def __str__(self) -> str:
        return f"{self.number} determination {self.determination}: {self.what}"


@dataclass
class Replay:
    """Counts of a replay; `differences` names the first ones."""

    equal: int = 0
    different: int = 0
    differences: list[Difference] = field(default_factory=list)
    programs: dict[str, int] = field(default_factory=dict)


def replay(*, start: date | None = None, end: date | None = None, program: str = "") -> Replay:
    """Replay the determinations made on the legal days from `start` to `end`, both included."""
    found = Replay()
    parameters: dict[str, Parameters] = {}
    for determination in _stored(start, end, program):
        found.programs[determination.program] = found.programs.get(determination.program, 0) + 1
        digest = determination.parameter_set_id
        if digest not in parameters:
            parameters[digest] = Parameters.from_snapshot(ParameterSet.objects.get(pk=digest).snapshot)
        what = _difference(determination, parameters[digest])
        if not what:
            found.equal += 1
            continue
        found.different += 1
        if len(found.differences) < NAMED:
            found.differences.append(Difference(determination.case.number, determination.pk, what))
    return found


def _stored(start: date | None, end: date | None, program: str) -> Iterator[Determination]:
    rows = Determination.objects.select_related("case").order_by("pk")
    if start is not None:
        rows = rows.filter(made_at__gte=datetime.combine(start, time.min, LEGAL_ZONE))
    if end is not None:
        rows = rows.filter(made_at__lt=end_of_legal_day(end))
    if program:
        rows = rows.filter(program=program)
    return rows.iterator(chunk_size=CHUNK)


def _difference(determination: Determination, parameters: Parameters) -> str:
    """What differs, in a few words; empty if nothing does."""
    program = PROGRAMS.get(determination.program)
    if program is None:
        return f"no rule is called {determination.program} any more"
    if parameters.digest != determination.parameter_set_id:
        return "the parameters do not have the digest they are kept under"
    try:
        facts = program.parse(determination.facts)
        made = program.decide(facts, parameters)
        stored = program.decision_from_json(determination.decision)
    except FaultyField as fault:
        return f"the fact {fault.field} cannot be read"
    except MissingParameter as missing:
        return f"the parameters lack {missing.key}"
    except (ValueError, KeyError) as damage:
        return f"the stored decision cannot be read ({type(damage).__name__})"
    again, before = made.compared(), stored.compared()
    if made.verdict.value != determination.verdict:
        return f"verdict {determination.verdict} would be {made.verdict.value}"
    if stored.parameters_digest != made.parameters_digest:
        return "the stored decision names other parameters"
    names = [name for name in sorted(again.keys() | before.keys()) if again.get(name) != before.get(name)]
    if names:
        return f"{', '.join(names)} would differ"
    amount = granted_fen(made)
    return (
        f"amount_fen {determination.amount_fen} would be {amount}"
        if amount != determination.amount_fen
        else ""
    )
