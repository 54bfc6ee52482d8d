"""Skill-upgrade subsidy: for which certificate an employee or a recipient gets how much, and until when.

The yearly notices on unemployment-insurance support (技能提升补贴), domain rules 3.1 to 3.5. `decide` makes
every test, in the order of the rules, even after one has failed. The governing date is the day of the claim.
Whether a certificate matches a post is asked of employees alone; a mismatch is proposed here and confirmed by
a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Literal

from law import identifiers, months, reading
from law import skill_reasons as finished
from law.decision import (
    Decision,
    Json,
    Outcome,
    Reason,
    Verdict,
    mapping,
    number,
    sequence,
    text,
    texts,
    verdict_of,
)
from law.errors import FaultyField
from law.money import Fen
from law.parameters import Parameters
from law.reading import UNKNOWN, Unknown
from law.unemployment_reasons import ANSWERS, Answer
from law.workdays import CALENDAR_KEYS, calendar_of

PROGRAM = "skill-subsidy"
VERSION = 1
"""Raised with every change after which a stored determination could come out differently."""

KEYS = (
    "skill.amounts",
    "skill.min_months",
    "skill.window_months",
    "skill.year_count",
    CALENDAR_KEYS,
)

Claimant = Literal["EMPLOYEE", "RECIPIENT"]
CertificateKind = Literal["SKILL_LEVEL", "QUALIFICATION"]
Register = Literal["FOUND_MATCH", "FOUND_DIFFERENT", "NOT_FOUND", "UNAVAILABLE"]
MatchClass = Literal["MATCH", "REVIEW", "MISMATCH_PROPOSED", "NOT_APPLIED"]

CLAIMANTS: dict[str, Claimant] = {"EMPLOYEE": "EMPLOYEE", "RECIPIENT": "RECIPIENT"}
CERTIFICATE_KINDS: dict[str, CertificateKind] = {
    "SKILL_LEVEL": "SKILL_LEVEL",
    "QUALIFICATION": "QUALIFICATION",
}
REGISTERS: dict[str, Register] = {
    "FOUND_MATCH": "FOUND_MATCH",
    "FOUND_DIFFERENT": "FOUND_DIFFERENT",
    "NOT_FOUND": "NOT_FOUND",
    "UNAVAILABLE": "UNAVAILABLE",
}
HIGHEST_LEVEL, LOWEST_LEVEL = 1, 5
_OCCUPATION = re.compile(r"[0-9]-[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Certificate:
    """`occupation`: `d-dd-dd-dd`, major to single occupation. `level`: 5 is the lowest."""

    kind: CertificateKind
    number: str
    occupation: str
    level: int
    issued_on: date


@dataclass(frozen=True, slots=True)
class Award:
    """A subsidy paid before."""

    occupation: str
    level: int


@dataclass(frozen=True, slots=True)
class Paid:
    """Certificates paid in the calendar year of the claim."""

    ordinary: int
    urgent: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All the law may see of a claim on its day (`claimed_on`).

    `benefit_months`: numbers (`law.months`) of the first and last month of the benefit, None if not known.
    """

    claimed_on: date
    claimant: Claimant
    contributed_months: int | Unknown
    benefit_months: tuple[int, int] | None
    certificate: Certificate
    register: Register
    post_occupation: str | None
    urgent: bool
    paid_this_year: Paid
    paid_before: tuple[Award, ...] | Unknown
    training_subsidy_taken: Answer


FIELDS = frozenset(field.name for field in fields(Facts))


@dataclass(frozen=True, slots=True)
class Match:
    """How the certificate fits the post (domain rule 3.5); `rule` None where none was applied."""

    match_class: MatchClass
    rule: int | None


@dataclass(frozen=True)
class SkillDecision(Decision):
    """`amount_fen` is that of the level whatever the verdict, None for levels that are not paid."""

    failed: tuple[str, ...]
    amount_fen: Fen | None
    window_ends_on: date | None
    match: Match

    def results(self) -> dict[str, Json]:
        return {
            "failed": list(self.failed),
            "amount_fen": self.amount_fen,
            "window_ends_on": None if self.window_ends_on is None else self.window_ends_on.isoformat(),
            "match": {"class": self.match.match_class, "rule": self.match.rule},
        }

    @classmethod
    def from_json(cls, stored: Json) -> SkillDecision:
        """The reverse of `to_json`. Raises ValueError or KeyError if it is not such a decision."""
        row = mapping(stored)
        results = mapping(row["results"])
        match, ends = mapping(results["match"]), results["window_ends_on"]
        amount = number(results["amount_fen"])
        return cls(
            program=text(row["program"]),
            verdict=Verdict(text(row["verdict"])),
            reasons=tuple(Reason.from_json(reason) for reason in sequence(row["reasons"])),
            parameters_digest=text(row["parameters_digest"]),
            failed=texts(results["failed"]),
            amount_fen=None if amount is None else Fen(amount),
            window_ends_on=None if ends is None else date.fromisoformat(text(ends)),
            match=Match(_MATCH_CLASSES[text(match["class"])], number(match["rule"])),
        )


_MATCH_CLASSES: dict[str, MatchClass] = {
    "MATCH": "MATCH",
    "REVIEW": "REVIEW",
    "MISMATCH_PROPOSED": "MISMATCH_PROPOSED",
    "NOT_APPLIED": "NOT_APPLIED",
}


@dataclass(frozen=True, eq=False)
class Terms:
    """The numbers in force on the day of a claim."""

    amounts: Mapping[int, Fen]
    min_months: int
    window_months: int
    ordinary_a_year: int
    urgent_a_year: int
    article: finished.Articles


# --- reading ----------------------------------------------------------------------------------------------


def parse(row: reading.Row) -> Facts:
    """Facts of one line (without `id`). Raises FaultyField. Whether the day has numbers is for `decide`."""
    reading.exact_fields(row, FIELDS)
    claimed_on = reading.day(row, "claimed_on")
    post = row["post_occupation"]
    return Facts(
        claimed_on=claimed_on,
        claimant=reading.choice(row, "claimant", CLAIMANTS),
        contributed_months=reading.whole_or_unknown(row, "contributed_months"),
        benefit_months=_period(row["benefit_months"]),
        certificate=_certificate(row["certificate"], claimed_on),
        register=reading.choice(row, "register", REGISTERS),
        post_occupation=None if post is None else _occupation(row, "post_occupation"),
        urgent=reading.yes_or_no(row, "urgent"),
        paid_this_year=_paid(row["paid_this_year"]),
        paid_before=_awards(row["paid_before"]),
        training_subsidy_taken=reading.choice(row, "training_subsidy_taken", ANSWERS),
    )


def _occupation(row: reading.Row, field: str) -> str:
    value = reading.string(row, field)
    if _OCCUPATION.fullmatch(value) is None:
        raise FaultyField(field, "应当是职业编码，写作 6-31-01-03")
    return value


def _period(given: object) -> tuple[int, int] | None:
    if given is None:
        return None
    with reading.inside("benefit_months", given, ("first", "last")) as row:
        first, last = reading.month(row, "first"), reading.month(row, "last")
    if last < first:
        raise FaultyField("benefit_months", "最后一月早于第一月")
    return first, last


def _certificate(given: object, claimed_on: date) -> Certificate:
    names = tuple(field.name for field in fields(Certificate))
    with reading.inside("certificate", given, names) as row:
        issued_on = reading.day(row, "issued_on")
        if issued_on > claimed_on:
            raise FaultyField("issued_on", "晚于申请日期")
        certificate_number = reading.string(row, "number")
        if not certificate_number:
            raise FaultyField("number", "没有填写")
        return Certificate(
            kind=reading.choice(row, "kind", CERTIFICATE_KINDS),
            number=certificate_number,
            occupation=_occupation(row, "occupation"),
            level=reading.whole(row, "level", least=HIGHEST_LEVEL, most=LOWEST_LEVEL),
            issued_on=issued_on,
        )


def _paid(given: object) -> Paid:
    with reading.inside("paid_this_year", given, ("ordinary", "urgent")) as row:
        return Paid(reading.whole(row, "ordinary"), reading.whole(row, "urgent"))


def _awards(listed: object) -> tuple[Award, ...] | Unknown:
    """What is wrong inside the list names the list."""
    if listed == UNKNOWN:
        return UNKNOWN
    if not isinstance(listed, list):
        raise FaultyField("paid_before", "应当是列表或 UNKNOWN")
    awards = []
    for entry in listed:
        try:
            with reading.inside("paid_before", entry, ("occupation", "level")) as row:
                level = reading.whole(row, "level", least=HIGHEST_LEVEL, most=LOWEST_LEVEL)
                awards.append(Award(_occupation(row, "occupation"), level))
        except FaultyField as fault:
            raise FaultyField("paid_before", fault.message) from None
    return tuple(awards)


def facts_to_json(facts: Facts) -> dict[str, Json]:
    """The reverse of `parse`."""
    period, certificate, before = facts.benefit_months, facts.certificate, facts.paid_before
    return {
        "claimed_on": facts.claimed_on.isoformat(),
        "claimant": facts.claimant,
        "contributed_months": facts.contributed_months,
        "benefit_months": None
        if period is None
        else {"first": months.text_of(period[0]), "last": months.text_of(period[1])},
        "certificate": {
            "kind": certificate.kind,
            "number": certificate.number,
            "occupation": certificate.occupation,
            "level": certificate.level,
            "issued_on": certificate.issued_on.isoformat(),
        },
        "register": facts.register,
        "post_occupation": facts.post_occupation,
        "urgent": facts.urgent,
        "paid_this_year": {"ordinary": facts.paid_this_year.ordinary, "urgent": facts.paid_this_year.urgent},
        "paid_before": UNKNOWN
        if before == UNKNOWN
        else [{"occupation": award.occupation, "level": award.level} for award in before],
        "training_subsidy_taken": facts.training_subsidy_taken,
    }


# --- deciding ---------------------------------------------------------------------------------------------


def decide(facts: Facts, parameters: Parameters) -> SkillDecision:
    """The decision on one certificate. Governing date: the day of the claim.

    Worked example: an employee with 40 months, a level 4 certificate issued on 2024-10-08 for the occupation
    of the post, claimed on 2025-10-09: the last day (the 8th is a holiday), 1,500.00.

    Raises MissingParameter for a day without numbers, or where a calendar is not published.
    """
    terms = terms_on(parameters, facts.claimed_on)
    ends = window_ends_on(facts.certificate.issued_on, terms.window_months, parameters)
    match = matched(facts)
    reasons = (
        _claimant(facts, terms),
        _certificate_paid(facts, terms),
        _number(facts.certificate, terms),
        finished.window(facts.claimed_on, ends, facts.certificate.issued_on, terms.article),
        _not_paid_before(facts, terms),
        _year_count(facts, terms),
        *_post(facts, match, terms),
    )
    return SkillDecision(
        program=PROGRAM,
        verdict=verdict_of(reasons),
        reasons=reasons,
        parameters_digest=parameters.digest,
        failed=tuple(reason.code for reason in reasons if reason.outcome is Outcome.FAIL),
        amount_fen=terms.amounts.get(facts.certificate.level),
        window_ends_on=ends,
        match=match,
    )


def amount_for(facts: Facts, period: str, parameters: Parameters) -> Fen:
    """Fen owed once for this claim; `period`: the year of the claim. Raises ValueError for another."""
    if period != f"{facts.claimed_on.year:04d}":
        raise ValueError(f"this claim is of {facts.claimed_on.year}, not of {period}")
    return terms_on(parameters, facts.claimed_on).amounts.get(facts.certificate.level, Fen(0))


@lru_cache(maxsize=1024)
def terms_on(parameters: Parameters, on: date) -> Terms:
    """The numbers in force on a day. Raises MissingParameter where one of them has no row."""
    amounts = parameters.live("skill.amounts", on=on)
    count = parameters.live("skill.year_count", on=on)
    return Terms(
        amounts={int(level): Fen(amounts.integer(level)) for level in amounts.table()},
        min_months=parameters.integer("skill.min_months", on=on),
        window_months=parameters.integer("skill.window_months", on=on),
        ordinary_a_year=count.integer("ordinary"),
        urgent_a_year=count.integer("urgent"),
        article=finished.Articles(amounts.reference.short()),
    )


def window_ends_on(issued_on: date, window_months: int, parameters: Parameters) -> date | None:
    """The last day to claim: the same day `window_months` later (or month end), moved off a rest day.

    Issued on 2024-02-29: 2025-02-28. None where that day lies before the first calendar there is: it passed
    long ago. Raises MissingParameter where it lies after the last.
    """
    calendar = calendar_of(parameters)
    last = months.day_in(months.number_of(issued_on) + window_months, issued_on.day)
    if last.year < min(calendar.years, default=date.max.year):
        return None
    return calendar.next_working_day(last)


def matched(facts: Facts) -> Match:
    """Rules 1, 3, 4 and 5 of domain rule 3.5; the relation table (rule 2) is not among the facts."""
    if facts.claimant == "RECIPIENT":
        return Match("NOT_APPLIED", None)
    if facts.post_occupation is None:
        return Match("REVIEW", None)
    own, post = facts.certificate.occupation.split("-"), facts.post_occupation.split("-")
    if own == post:
        return Match("MATCH", 1)
    if own[:3] == post[:3]:
        return Match("REVIEW", 3)
    if own[:2] == post[:2]:
        return Match("REVIEW", 4)
    return Match("MISMATCH_PROPOSED", 5)


def _claimant(facts: Facts, terms: Terms) -> Reason:
    """K1: an employee by contributed months, a recipient by the months of the benefit."""
    if facts.claimant == "EMPLOYEE":
        return finished.employee(facts.contributed_months, terms.min_months, terms.article)
    period = facts.benefit_months
    issued = months.number_of(facts.certificate.issued_on)
    inside = None if period is None else period[0] <= issued <= period[1]
    return finished.recipient(issued, period, inside, terms.article)


def _certificate_paid(facts: Facts, terms: Terms) -> Reason:
    """K2: a paid level, found in the register."""
    level = facts.certificate.level
    if level not in terms.amounts:
        return finished.level_not_paid(level, terms.article)
    return finished.register(facts.register, level, terms.article)


def _number(certificate: Certificate, terms: Terms) -> Reason:
    """A number of no known shape, or one that contradicts the claim, is a question, never a refusal."""
    problem = ""
    said = identifiers.certificate_says(certificate.number)
    if certificate.kind == "SKILL_LEVEL":
        if said is None or said.is_old:
            problem = "shape"
        elif said.level is not None and said.level != certificate.level:
            problem = "level"
        elif said.year is not None and said.year != certificate.issued_on.year % 100:
            problem = "year"
    elif said is not None and said.is_old and said.level != certificate.level:
        problem = "level"
    return finished.certificate_number(problem, certificate.level, terms.article)


def _not_paid_before(facts: Facts, terms: Terms) -> Reason:
    """K4: neither the same nor a higher level of the occupation, and no training subsidy for it."""
    if facts.training_subsidy_taken == "YES":
        return finished.paid_before("training", Outcome.FAIL, terms.article)
    before, own = facts.paid_before, facts.certificate
    if before == UNKNOWN:
        return finished.paid_before("", Outcome.UNKNOWN, terms.article)
    if any(award.occupation == own.occupation and award.level <= own.level for award in before):
        return finished.paid_before("", Outcome.FAIL, terms.article)
    if facts.training_subsidy_taken == UNKNOWN:
        return finished.paid_before("training", Outcome.UNKNOWN, terms.article)
    return finished.paid_before("", Outcome.PASS, terms.article)


def _year_count(facts: Facts, terms: Terms) -> Reason:
    """K5: an urgent certificate takes an urgent place first, then the ordinary one."""
    paid = facts.paid_this_year
    if facts.urgent:
        free = terms.ordinary_a_year + terms.urgent_a_year - paid.ordinary - paid.urgent
    else:
        free = terms.ordinary_a_year - paid.ordinary - max(0, paid.urgent - terms.urgent_a_year)
    return finished.year_count(
        paid.ordinary + paid.urgent,
        free > 0,
        facts.urgent,
        terms.ordinary_a_year,
        terms.urgent_a_year,
        terms.article,
    )


def _post(facts: Facts, match: Match, terms: Terms) -> tuple[Reason, ...]:
    """K6, asked of employees alone."""
    if facts.claimant == "RECIPIENT":
        return ()
    return (
        finished.post(
            facts.certificate.occupation,
            facts.post_occupation,
            match.match_class,
            match.rule,
            terms.article,
        ),
    )
