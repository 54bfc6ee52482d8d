"""THE table: what the law can be asked, by the name of the program.

Used by the command line, by the replay of stored determinations and by the check before a batch is sealed.
To add a program: write its rule and add one entry to `CALCULATIONS`. A `Calculation` answers a question; a
`Program` also decides cases, so its facts and decisions can be stored and read again years later. No rule
stands in this file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol, TypeVar

from law import (
    continued_benefit,
    expansion_subsidy,
    identifiers,
    overpayment,
    reading,
    retention_refund,
    retirement,
    size_class,
    skill_subsidy,
    unemployment_benefit,
)
from law.decision import Decision, Json, json_members
from law.money import Fen
from law.parameters import Parameters
from law.workdays import CALENDAR_KEYS, calendar_of


class Answer(Protocol):
    """What a calculation answers."""

    def to_public(self) -> Mapping[str, Json]: ...


F = TypeVar("F")
Public = Mapping[str, Json]


@dataclass(frozen=True, kw_only=True)
class Calculation:
    """One question to the law.

    `keys`: the parameters it reads. `dated_by`: the input field a missing parameter is a fault of.
    `members(row, parameters)`: the members of the answer without `id`, as UTF-8 JSON; raises FaultyField and
    MissingParameter.
    """

    code: str
    keys: tuple[str, ...]
    dated_by: str
    members: Callable[[reading.Row, Parameters], list[bytes]]


@dataclass(frozen=True, kw_only=True)
class Program(Calculation):
    """A calculation that decides cases.

    `version` rises with each change after which a stored determination could come out differently. `parse`
    and `facts_to_json` are each other's reverse. `amount_for(facts, period, parameters)`: fen owed for one
    period (a month `YYYY-MM`) that the case is owed. Facts of another program raise TypeError.
    """

    version: int
    parse: Callable[[reading.Row], object]
    facts_to_json: Callable[[object], dict[str, Json]]
    decide: Callable[[object, Parameters], Decision]
    decision_from_json: Callable[[Json], Decision]
    amount_for: Callable[[object, str, Parameters], Fen]


def calculation(
    code: str,
    *,
    keys: tuple[str, ...],
    dated_by: str,
    parse: Callable[[reading.Row], F],
    solve: Callable[[F, Parameters], Answer],
) -> Calculation:
    """An entry of the table from a rule with its own types."""

    def members(row: reading.Row, parameters: Parameters) -> list[bytes]:
        answer = solve(parse(row), parameters).to_public()
        return [json_members(answer)]

    return Calculation(code=code, keys=keys, dated_by=dated_by, members=members)


def program(
    code: str,
    *,
    version: int,
    keys: tuple[str, ...],
    dated_by: str,
    facts_type: type[F],
    parse: Callable[[reading.Row], F],
    facts_to_json: Callable[[F], dict[str, Json]],
    decide: Callable[[F, Parameters], Decision],
    decision_from_json: Callable[[Json], Decision],
    amount_for: Callable[[F, str, Parameters], Fen],
    beside: Callable[[F, Parameters], bytes] | None = None,
) -> Program:
    """An entry of the table from a rule with its own types.

    `beside`: members of the answer that are not part of the decision.
    """

    def own(facts: object) -> F:
        if not isinstance(facts, facts_type):
            raise TypeError(f"{type(facts).__qualname__} are not the facts of {code}")
        return facts

    def members(row: reading.Row, parameters: Parameters) -> list[bytes]:
        facts = parse(row)
        own_members = [] if beside is None else [beside(facts, parameters)]
        return [*own_members, *decide(facts, parameters).public_members()]

    return Program(
        code=code,
        version=version,
        keys=keys,
        dated_by=dated_by,
        members=members,
        parse=parse,
        facts_to_json=lambda facts: facts_to_json(own(facts)),
        decide=lambda facts, parameters: decide(own(facts), parameters),
        decision_from_json=decision_from_json,
        amount_for=lambda facts, period, parameters: amount_for(own(facts), period, parameters),
    )


@dataclass(frozen=True, slots=True)
class _Plain:
    """The answer of a question that needs no class of its own."""

    public: Public

    def to_public(self) -> Public:
        return self.public


def _parse_working_days(row: reading.Row) -> tuple[date, int]:
    reading.exact_fields(row, frozenset({"from", "days"}))
    return reading.day(row, "from"), reading.whole(row, "days", least=1)


def _count_working_days(facts: tuple[date, int], parameters: Parameters) -> _Plain:
    return _Plain({"due": calendar_of(parameters).add_working_days(*facts).isoformat()})


_IDENTIFIER_KINDS = {kind: kind for kind in identifiers.KINDS}


def _parse_identifier(row: reading.Row) -> tuple[str, str]:
    reading.exact_fields(row, frozenset({"kind", "value"}))
    return reading.choice(row, "kind", _IDENTIFIER_KINDS), reading.string(row, "value")


def _check_identifier(facts: tuple[str, str], parameters: Parameters) -> _Plain:
    found = identifiers.check(*facts)
    return _Plain({"valid": found.valid, "problem": found.problem, "note": found.note})


def _split(facts: overpayment.InstalmentFacts, parameters: Parameters) -> overpayment.InstalmentAnswer:
    return overpayment.InstalmentAnswer(overpayment.split(facts.total_fen, facts.parts))


@lru_cache(maxsize=4096)
def _due_dates(applied_on: date, parameters: Parameters) -> bytes:
    promise, statutory = unemployment_benefit.deadlines(applied_on, parameters)
    return json_members({"promise_due": promise.isoformat(), "statutory_due": statutory.isoformat()})


CALCULATIONS: Mapping[str, Calculation] = {
    entry.code: entry
    for entry in (
        program(
            unemployment_benefit.PROGRAM,
            version=unemployment_benefit.VERSION,
            keys=unemployment_benefit.KEYS,
            dated_by="applied_on",
            facts_type=unemployment_benefit.Facts,
            parse=unemployment_benefit.parse,
            facts_to_json=unemployment_benefit.facts_to_json,
            decide=unemployment_benefit.decide,
            decision_from_json=unemployment_benefit.UnemploymentDecision.from_json,
            amount_for=unemployment_benefit.amount_for,
            beside=lambda facts, parameters: _due_dates(facts.applied_on, parameters),
        ),
        program(
            continued_benefit.PROGRAM,
            version=continued_benefit.VERSION,
            keys=continued_benefit.KEYS,
            dated_by="applied_on",
            facts_type=continued_benefit.Facts,
            parse=continued_benefit.parse,
            facts_to_json=continued_benefit.facts_to_json,
            decide=continued_benefit.decide,
            decision_from_json=unemployment_benefit.UnemploymentDecision.from_json,
            amount_for=continued_benefit.amount_for,
        ),
        program(
            retention_refund.PROGRAM,
            version=retention_refund.VERSION,
            keys=retention_refund.KEYS,
            dated_by="refund_year",
            facts_type=retention_refund.Facts,
            parse=retention_refund.parse,
            facts_to_json=retention_refund.facts_to_json,
            decide=retention_refund.decide,
            decision_from_json=retention_refund.RefundDecision.from_json,
            amount_for=retention_refund.amount_for,
        ),
        program(
            skill_subsidy.PROGRAM,
            version=skill_subsidy.VERSION,
            keys=skill_subsidy.KEYS,
            dated_by="claimed_on",
            facts_type=skill_subsidy.Facts,
            parse=skill_subsidy.parse,
            facts_to_json=skill_subsidy.facts_to_json,
            decide=skill_subsidy.decide,
            decision_from_json=skill_subsidy.SkillDecision.from_json,
            amount_for=skill_subsidy.amount_for,
        ),
        program(
            expansion_subsidy.PROGRAM,
            version=expansion_subsidy.VERSION,
            keys=expansion_subsidy.KEYS,
            dated_by="contract_start",
            facts_type=expansion_subsidy.Facts,
            parse=expansion_subsidy.parse,
            facts_to_json=expansion_subsidy.facts_to_json,
            decide=expansion_subsidy.decide,
            decision_from_json=expansion_subsidy.ExpansionDecision.from_json,
            amount_for=expansion_subsidy.amount_for,
        ),
        calculation(
            "overpayment",
            keys=overpayment.KEYS,
            dated_by="event_on",
            parse=overpayment.parse,
            solve=overpayment.assess,
        ),
        calculation(
            "retirement-age",
            keys=retirement.KEYS,
            dated_by="birth_date",
            parse=retirement.parse,
            solve=retirement.age_reached,
        ),
        calculation(
            "size-class",
            keys=size_class.KEYS,
            dated_by="industry",
            parse=size_class.parse,
            solve=size_class.classify,
        ),
        calculation(
            "working-days",
            keys=(CALENDAR_KEYS,),
            dated_by="from",
            parse=_parse_working_days,
            solve=_count_working_days,
        ),
        calculation(
            "instalments",
            keys=(),
            dated_by="total_fen",
            parse=overpayment.parse_instalments,
            solve=_split,
        ),
        calculation(
            "identifier",
            keys=(),
            dated_by="value",
            parse=_parse_identifier,
            solve=_check_identifier,
        ),
    )
}

PROGRAMS: Mapping[str, Program] = {
    code: entry for code, entry in CALCULATIONS.items() if isinstance(entry, Program)
}
"""The entries whose decisions are stored."""
