"""One-off job-expansion subsidy: whether one hired person counts, and what a unit can do where he does not.

The yearly notices (一次性扩岗补助), domain rules 4.1 to 4.4. `decide` makes every test that the group asks
for, even after one has failed, and says of each failure whether it can be put right and from when. The row of
the year of the contract's start governs; a contract of a year without a row is outside the window, and then
no more is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Literal

from law import months, reading
from law.decision import (
    Decision,
    Json,
    Outcome,
    Reason,
    Reference,
    Verdict,
    mapping,
    number,
    sequence,
    text,
    verdict_of,
)
from law.errors import FaultyField, MissingParameter
from law.money import Fen
from law.parameters import Parameters
from law.reading import UNKNOWN, Unknown
from law.retention_refund import KINDS, Kind
from law.unemployment_reasons import ANSWERS, Answer

PROGRAM = "expansion-subsidy"
VERSION = 1
"""Raised with every change after which a stored determination could come out differently."""

KEYS = (
    "expand.ages",
    "expand.amount",
    "expand.graduation_years",
    "expand.insured_months",
    "expand.unit_kinds",
)

Group = Literal["GRADUATE", "LEAVER", "YOUTH"]
StudyType = Literal["FULL_TIME", "OTHER", "UNKNOWN"]
CorporateAccount = Literal["OK", "MISSING", "WRONG"]

GROUPS: dict[str, Group] = {"GRADUATE": "GRADUATE", "LEAVER": "LEAVER", "YOUTH": "YOUTH"}
STUDY_TYPES: dict[str, StudyType] = {"FULL_TIME": "FULL_TIME", "OTHER": "OTHER", "UNKNOWN": "UNKNOWN"}
ACCOUNTS: dict[str, CorporateAccount] = {"OK": "OK", "MISSING": "MISSING", "WRONG": "WRONG"}


@dataclass(frozen=True, slots=True)
class Insured:
    """Months paid by this unit for this person, by insurance."""

    unemployment: int
    injury: int
    pension: int

    @property
    def longest(self) -> int:
        return max(self.unemployment, self.injury, self.pension)

    @property
    def shortest(self) -> int:
        return min(self.unemployment, self.injury, self.pension)


@dataclass(frozen=True, slots=True)
class Facts:
    """All the law may see of one hired person on the day of the review. A date is None: none on record."""

    reviewed_on: date
    unit_kind: Kind
    corporate_account: CorporateAccount
    group: Group
    birth_date: date
    graduated_on: date | Unknown | None
    study_type: StudyType
    on_leavers_list: Answer
    registered_unemployed_on: date | Unknown | None
    employed_elsewhere_before: Answer
    contract_start: date
    contract_filed: Answer
    insured_months: Insured | Unknown
    insured_at_review: Answer
    used_before: Answer
    hiring_subsidy_taken: Answer


FIELDS = frozenset(field.name for field in fields(Facts))
_QUESTIONS = (
    "on_leavers_list",
    "employed_elsewhere_before",
    "contract_filed",
    "insured_at_review",
    "used_before",
    "hiring_subsidy_taken",
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a person does not count; `earliest_on`: the day from which waiting helps."""

    code: str
    fixable: bool
    earliest_on: date | None = None

    def to_json(self) -> dict[str, Json]:
        earliest = None if self.earliest_on is None else self.earliest_on.isoformat()
        return {"code": self.code, "fixable": self.fixable, "earliest_on": earliest}


@dataclass(frozen=True)
class ExpansionDecision(Decision):
    """`amount_fen` whatever the verdict; None for a contract outside the window."""

    amount_fen: Fen | None
    failures: tuple[Failure, ...]

    def results(self) -> dict[str, Json]:
        return {"amount_fen": self.amount_fen, "failures": [failure.to_json() for failure in self.failures]}

    @classmethod
    def from_json(cls, stored: Json) -> ExpansionDecision:
        """The reverse of `to_json`. Raises ValueError or KeyError if it is not such a decision."""
        row = mapping(stored)
        results = mapping(row["results"])
        amount = number(results["amount_fen"])
        failures = []
        for entry in sequence(results["failures"]):
            failure = mapping(entry)
            earliest = failure["earliest_on"]
            day = None if earliest is None else date.fromisoformat(text(earliest))
            failures.append(Failure(text(failure["code"]), failure["fixable"] is True, day))
        return cls(
            program=text(row["program"]),
            verdict=Verdict(text(row["verdict"])),
            reasons=tuple(Reason.from_json(reason) for reason in sequence(row["reasons"])),
            parameters_digest=text(row["parameters_digest"]),
            amount_fen=None if amount is None else Fen(amount),
            failures=tuple(failures),
        )


@dataclass(frozen=True, eq=False)
class Terms:
    """The numbers of the year of a contract's start."""

    amount: Fen
    insured_months: int
    unit_kinds: frozenset[str]
    graduate_years: int
    leaver_years: int
    least_age: int
    below_age: int
    article: Reference


def parse(row: reading.Row) -> Facts:
    """Facts of one line (without `id`). Raises FaultyField."""
    reading.exact_fields(row, FIELDS)
    reviewed_on, contract_start = reading.day(row, "reviewed_on"), reading.day(row, "contract_start")
    birth_date = reading.day(row, "birth_date")
    if contract_start > reviewed_on:
        raise FaultyField("contract_start", "晚于核查日期")
    if birth_date > contract_start:
        raise FaultyField("birth_date", "晚于合同开始日期")
    return Facts(
        reviewed_on=reviewed_on,
        unit_kind=reading.choice(row, "unit_kind", KINDS),
        corporate_account=reading.choice(row, "corporate_account", ACCOUNTS),
        group=reading.choice(row, "group", GROUPS),
        birth_date=birth_date,
        graduated_on=_day_or_none(row, "graduated_on"),
        study_type=reading.choice(row, "study_type", STUDY_TYPES),
        registered_unemployed_on=_day_or_none(row, "registered_unemployed_on"),
        contract_start=contract_start,
        insured_months=_insured(row["insured_months"]),
        **{name: reading.choice(row, name, ANSWERS) for name in _QUESTIONS},
    )


def _day_or_none(row: reading.Row, field: str) -> date | Unknown | None:
    if row[field] is None:
        return None
    return UNKNOWN if row[field] == UNKNOWN else reading.day(row, field)


def _insured(given: object) -> Insured | Unknown:
    if given == UNKNOWN:
        return UNKNOWN
    with reading.inside("insured_months", given, ("unemployment", "injury", "pension")) as row:
        return Insured(*(reading.whole(row, name) for name in ("unemployment", "injury", "pension")))


def facts_to_json(facts: Facts) -> dict[str, Json]:
    """The reverse of `parse`."""
    row: dict[str, Json] = {}
    for name in sorted(FIELDS):
        value = getattr(facts, name)
        if isinstance(value, Insured):
            row[name] = {
                "unemployment": value.unemployment,
                "injury": value.injury,
                "pension": value.pension,
            }
        else:
            row[name] = value.isoformat() if isinstance(value, date) else value
    return row


def decide(facts: Facts, parameters: Parameters) -> ExpansionDecision:
    """The decision on one hired person. Governing dates: start of the contract, and review.

    Worked example: graduated on 2025-06-30, contract from 2025-07-10, four months of all three insurances at
    the review on 2025-11-20: 1,500.00. With two months: F07, and 2025-12-01 is the earliest day.
    """
    terms = terms_on(parameters, facts.contract_start)
    if terms is None:
        reason = Reason(
            "F16",
            Outcome.FAIL,
            facts.contract_start.isoformat(),
            None,
            _article(parameters),
            {},
            ("contract_start",),
        )
        return _decided((reason,), (Failure("F16", fixable=False),), None, parameters)
    is_open = is_in_force(parameters, facts.reviewed_on)
    found = [test(facts, terms) for test in _tests(facts.group)]
    found += _insurance(facts, terms, lambda on: is_in_force(parameters, on))
    window = _reason("F16", Outcome.PASS if is_open else Outcome.FAIL, ("reviewed_on",), facts, terms)
    found.append((window, None if is_open else Failure("F16", fixable=False)))
    return _decided(
        tuple(reason for reason, _ in found),
        tuple(failure for _, failure in found if failure is not None),
        terms.amount,
        parameters,
    )


def amount_for(facts: Facts, period: str, parameters: Parameters) -> Fen:
    """Fen owed once for this person; `period`: the year of the contract. Raises ValueError for another."""
    if period != f"{facts.contract_start.year:04d}":
        raise ValueError(f"this contract is of {facts.contract_start.year}, not of {period}")
    terms = terms_on(parameters, facts.contract_start)
    return Fen(0) if terms is None else terms.amount


def is_in_force(parameters: Parameters, on: date) -> bool:
    """Whether the subsidy is paid on a day: its amount has a row that is not repealed."""
    try:
        return not parameters.value("expand.amount", on=on).repealed
    except MissingParameter:
        return False


@lru_cache(maxsize=1024)
def terms_on(parameters: Parameters, on: date) -> Terms | None:
    """The numbers for contracts that start on a day; None outside the window.

    Raises MissingParameter where an amount is in force and another number is not.
    """
    if not is_in_force(parameters, on):
        return None
    kinds, years = (
        parameters.live("expand.unit_kinds", on=on),
        parameters.live("expand.graduation_years", on=on),
    )
    ages = parameters.live("expand.ages", on=on)
    return Terms(
        amount=parameters.fen("expand.amount", on=on),
        insured_months=parameters.integer("expand.insured_months", on=on),
        unit_kinds=frozenset(kinds.text("kinds").split()),
        graduate_years=years.integer("graduate"),
        leaver_years=years.integer("leaver"),
        least_age=ages.integer("least"),
        below_age=ages.integer("below"),
        article=parameters.live("expand.amount", on=on).reference.short(),
    )


def _article(parameters: Parameters) -> Reference:
    """Where the window is written down: the latest row of the amount."""
    rows = parameters.rows.get("expand.amount", ())
    if not rows:
        raise MissingParameter("expand.amount", parameters.region)
    return rows[-1].reference.short()


def _decided(
    reasons: tuple[Reason, ...], failures: tuple[Failure, ...], amount: Fen | None, parameters: Parameters
) -> ExpansionDecision:
    return ExpansionDecision(
        program=PROGRAM,
        verdict=verdict_of(reasons),
        reasons=reasons,
        parameters_digest=parameters.digest,
        amount_fen=amount,
        failures=failures,
    )


# --- the tests --------------------------------------------------------------------------------------------

Found = tuple[Reason, Failure | None]
_PASSES, _FAILS, _OPEN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def _tests(group: Group) -> tuple[Callable[[Facts, Terms], Found], ...]:
    """What is asked of a group, and then of everybody."""
    own: Mapping[Group, tuple[Callable[[Facts, Terms], Found], ...]] = {
        "GRADUATE": (_record, _years),
        "LEAVER": (_record, _years, _leaver),
        "YOUTH": (_registered, _age),
    }
    return (*own[group], _filed, _used, _subsidised, _unit, _account)


def _reason(
    code: str,
    outcome: Outcome,
    rests_on: tuple[str, ...],
    facts: Facts,
    terms: Terms,
    numbers: Mapping[str, str | int] | None = None,
    variant: str = "",
) -> Reason:
    """`given`: the first fact the test rests on, where it is one value."""
    value = getattr(facts, rests_on[0])
    given = value.isoformat() if isinstance(value, date) else None if isinstance(value, Insured) else value
    return Reason(code, outcome, given, None, terms.article, dict(numbers or {}), rests_on, variant)


def _record(facts: Facts, terms: Terms) -> Found:
    """F01: a graduation on record; of a graduate, full-time study."""
    is_graduate = facts.group == "GRADUATE"
    rests_on = ("graduated_on", "study_type") if is_graduate else ("graduated_on",)
    if is_graduate and facts.study_type == "OTHER":
        return _reason("F01", _FAILS, rests_on, facts, terms, variant="study"), Failure("F01", fixable=False)
    if facts.graduated_on is None:
        return _reason("F01", _FAILS, rests_on, facts, terms), Failure("F01", fixable=True)
    unknown = facts.graduated_on == UNKNOWN or (is_graduate and facts.study_type == UNKNOWN)
    return _reason("F01", _OPEN if unknown else _PASSES, rests_on, facts, terms), None


def _years(facts: Facts, terms: Terms) -> Found:
    """F02: a graduate of the year of the contract, or who left within the years before it."""
    rests_on = ("graduated_on", "contract_start")
    back = terms.graduate_years if facts.group == "GRADUATE" else terms.leaver_years
    latest = facts.contract_start.year
    numbers = {"first": latest - back, "last": latest}
    if not isinstance(facts.graduated_on, date):
        # none on record is a failure of F01; not yet found is open there
        return _reason("F02", _OPEN, rests_on, facts, terms, numbers), None
    if latest - back <= facts.graduated_on.year <= latest:
        return _reason("F02", _PASSES, rests_on, facts, terms, numbers), None
    return _reason("F02", _FAILS, rests_on, facts, terms, numbers), Failure("F02", fixable=False)


def _leaver(facts: Facts, terms: Terms) -> Found:
    """F03: on the education office's list, and not employed by another unit before."""
    rests_on = ("on_leavers_list", "employed_elsewhere_before")
    if facts.employed_elsewhere_before == "YES":
        return _reason("F03", _FAILS, rests_on, facts, terms, variant="employed"), Failure(
            "F03", fixable=False
        )
    if facts.on_leavers_list == "NO":
        return _reason("F03", _FAILS, rests_on, facts, terms), Failure("F03", fixable=True)
    unknown = UNKNOWN in (facts.on_leavers_list, facts.employed_elsewhere_before)
    return _reason("F03", _OPEN if unknown else _PASSES, rests_on, facts, terms), None


def _registered(facts: Facts, terms: Terms) -> Found:
    """F04: registered as unemployed before the day of hire."""
    rests_on = ("registered_unemployed_on", "contract_start")
    registered = facts.registered_unemployed_on
    if registered == UNKNOWN:
        return _reason("F04", _OPEN, rests_on, facts, terms), None
    if not isinstance(registered, date) or registered >= facts.contract_start:
        return _reason("F04", _FAILS, rests_on, facts, terms), Failure("F04", fixable=False)
    return _reason("F04", _PASSES, rests_on, facts, terms), None


def _age(facts: Facts, terms: Terms) -> Found:
    """F05: old enough, and before the birthday that ends it, on the day of hire."""
    age = months.full_years(facts.birth_date, facts.contract_start)
    numbers = {"age": age, "least": terms.least_age, "below": terms.below_age}
    if terms.least_age <= age < terms.below_age:
        return _reason("F05", _PASSES, ("birth_date", "contract_start"), facts, terms, numbers), None
    reason = _reason("F05", _FAILS, ("birth_date", "contract_start"), facts, terms, numbers)
    return reason, Failure("F05", fixable=False)


def _question(code: str, field: str, bad: Answer, *, fixable: bool) -> Callable[[Facts, Terms], Found]:
    """A test that one answer fails."""

    def test(facts: Facts, terms: Terms) -> Found:
        answer: Answer = getattr(facts, field)
        if answer == bad:
            return _reason(code, _FAILS, (field,), facts, terms), Failure(code, fixable=fixable)
        return _reason(code, _OPEN if answer == UNKNOWN else _PASSES, (field,), facts, terms), None

    return test


_filed = _question("F06", "contract_filed", "NO", fixable=True)
_used = _question("F10", "used_before", "YES", fixable=False)
_subsidised = _question("F11", "hiring_subsidy_taken", "YES", fixable=True)
_still_insured = _question("F09", "insured_at_review", "NO", fixable=False)


def _unit(facts: Facts, terms: Terms) -> Found:
    """F12: a kind of unit that the year allows."""
    allowed = facts.unit_kind in terms.unit_kinds
    reason = _reason("F12", _PASSES if allowed else _FAILS, ("unit_kind",), facts, terms)
    return reason, None if allowed else Failure("F12", fixable=False)


def _account(facts: Facts, terms: Terms) -> Found:
    """F14: a corporate account that money can reach."""
    good = facts.corporate_account == "OK"
    reason = _reason("F14", _PASSES if good else _FAILS, ("corporate_account",), facts, terms)
    return reason, None if good else Failure("F14", fixable=True)


def _insurance(facts: Facts, terms: Terms, is_open: Callable[[date], bool]) -> list[Found]:
    """F07, F08 and F09: months long enough, equally long, and still running."""
    still, rests_on, insured = _still_insured(facts, terms), ("insured_months",), facts.insured_months
    if insured == UNKNOWN:
        open_questions = [(_reason(code, _OPEN, rests_on, facts, terms), None) for code in ("F07", "F08")]
        return [*open_questions, still]
    needed = terms.insured_months
    numbers = {"longest": insured.longest, "shortest": insured.shortest, "needed": needed}
    found: list[Found] = []
    if insured.longest < needed:
        month = months.number_of(facts.reviewed_on) + needed - insured.longest
        earliest = months.first_day(month) if month <= months.number_of(date.max) else None
        if earliest is not None and (facts.insured_at_review == "NO" or not is_open(earliest)):
            earliest = None
        variant = "" if earliest else "too_late"
        shown = numbers | ({"earliest": earliest.isoformat()} if earliest else {})
        reason = _reason("F07", _FAILS, rests_on, facts, terms, shown, variant)
        found.append((reason, Failure("F07", fixable=earliest is not None, earliest_on=earliest)))
    else:
        found.append((_reason("F07", _PASSES, rests_on, facts, terms, numbers), None))
    uneven = insured.shortest < needed and insured.shortest < insured.longest
    reason = _reason("F08", _FAILS if uneven else _PASSES, rests_on, facts, terms, numbers)
    found.append((reason, Failure("F08", fixable=True) if uneven else None))
    return [*found, still]
