"""Unemployment benefit: who may draw it, for how many months, and how much a month.

Social Insurance Law art. 44 to 52, Unemployment Insurance Regulation art. 14 to 21, Hebei's steps and
standard. `decide` makes every test, in the order of the articles, even after one has failed. It knows no
name, no number of a person and no clock: due dates belong to the case (`deadlines`), and whether a month is
still owed to its spell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache

from law import months, reading, retirement
from law import unemployment_reasons as finished
from law.decision import (
    Decision,
    Json,
    Outcome,
    Reason,
    Verdict,
    json_members,
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
from law.retirement import Category, Sex
from law.unemployment_reasons import (
    ANSWERS,
    CARD_ACCOUNTS,
    IDENTITIES,
    LENGTH_ARTICLE,
    MONTHS_ARTICLE,
    Answer,
    CardAccount,
    Identity,
)
from law.workdays import CALENDAR_KEYS, calendar_of

PROGRAM = "unemployment-benefit"
VERSION = 1
"""Raised with every change after which a stored determination could come out differently."""

KEYS = (
    "benefit.cap_months",
    "benefit.first_month_rule",
    "benefit.licence_counts",
    "benefit.min_age",
    "benefit.min_months",
    "benefit.near_retirement_months",
    "benefit.promise_wd",
    "benefit.review_statutory_wd",
    "benefit.separation_reasons",
    "benefit.standard",
    "benefit.steps",
    "region.tier",
    *retirement.KEYS,
    CALENDAR_KEYS,
)

REFUSAL_CODES: Mapping[str, str] = {"licence_counts": "R03"}
"""Codes of reasons whose failure is refused under another code; the others are their own."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All the law may see of a claim on the day it was received (`applied_on`, the governing date).

    `contributed_months` (unit and person both paid, distinct) and `deemed_months` count only months that no
    earlier award has consumed; `residual_months` is what an earlier award left unpaid. `paying_county`: a
    six-digit code.
    """

    applied_on: date
    birth_date: date
    sex: Sex
    retirement_category: Category | None
    contributed_months: int | Unknown
    deemed_months: int
    had_previous_spell: bool
    residual_months: int
    separation_reason: str
    employed: Answer
    drawing_pension: Answer
    drawing_elsewhere: Answer
    imprisoned: Answer
    deceased: Answer
    operates_business: Answer
    agency_competent: Answer
    identity: Identity
    card_account: CardAccount
    paying_county: str


FIELDS = frozenset(field.name for field in fields(Facts))


@dataclass(frozen=True)
class UnemploymentDecision(Decision):
    """`monthly_fen` is that of `first_month`; `total_fen` takes each month at the standard in force for it.

    On REFUSE and REVIEW: what would be paid if it were granted. All five are None while the contributed
    months are unknown; with too few months `months` and `total_fen` are 0 and the other three None.
    """

    refusal_codes: tuple[str, ...]
    months: int | None
    first_month: str | None
    last_month: str | None
    monthly_fen: Fen | None
    total_fen: Fen | None

    def results(self) -> dict[str, Json]:
        return _results(
            self.refusal_codes,
            self.months,
            self.first_month,
            self.last_month,
            self.monthly_fen,
            self.total_fen,
        )

    def results_members(self) -> bytes:
        return _results_members(
            self.refusal_codes,
            self.months,
            self.first_month,
            self.last_month,
            self.monthly_fen,
            self.total_fen,
        )

    @classmethod
    def from_json(cls, stored: Json) -> UnemploymentDecision:
        """The reverse of `to_json`. Raises ValueError or KeyError if it is not such a decision."""
        row = mapping(stored)
        results = mapping(row["results"])
        first, last = results["first_month"], results["last_month"]
        return cls(
            program=text(row["program"]),
            verdict=Verdict(text(row["verdict"])),
            reasons=tuple(Reason.from_json(reason) for reason in sequence(row["reasons"])),
            parameters_digest=text(row["parameters_digest"]),
            refusal_codes=texts(results["refusal_codes"]),
            months=number(results["months"]),
            first_month=None if first is None else text(first),
            last_month=None if last is None else text(last),
            monthly_fen=_fen(results["monthly_fen"]),
            total_fen=_fen(results["total_fen"]),
        )


@dataclass(frozen=True, eq=False)
class _Scale:
    """How months of contributions become months of benefit."""

    min_months: int
    cap_months: int
    steps: tuple[int, ...]

    def months_for(self, years: int) -> int:
        """Months for full years of contributions; the last step stands for more years, too."""
        return self.steps[min(years, len(self.steps)) - 1] if years > 0 else 0


@dataclass(frozen=True, eq=False)
class _Terms:
    """The parameters that govern one application date, read once: everything but the monthly standard."""

    scale: _Scale
    min_age: int
    licence_counts: str
    first_month: int
    separation: Mapping[str, Reason]
    counties: frozenset[str]
    ages: retirement.Table


def parse(row: reading.Row) -> Facts:
    """Facts of one line (without `id`). Raises FaultyField. Reasons and counties are judged by `decide`."""
    reading.exact_fields(row, FIELDS)
    applied_on = reading.day(row, "applied_on")
    birth_date = reading.day(row, "birth_date")
    if birth_date > applied_on:
        raise FaultyField("birth_date", "晚于申请日期")
    sex = reading.choice(row, "sex", retirement.SEXES)
    category = reading.choice_or_null(row, "retirement_category", retirement.CATEGORIES)
    if sex == "M" and category is not None:
        raise FaultyField("retirement_category", "男性应当是 null")
    had_previous_spell = reading.yes_or_no(row, "had_previous_spell")
    residual_months = reading.whole(row, "residual_months", most=24 if had_previous_spell else 0)
    return Facts(
        applied_on=applied_on,
        birth_date=birth_date,
        sex=sex,
        retirement_category=category,
        contributed_months=reading.whole_or_unknown(row, "contributed_months"),
        deemed_months=reading.whole(row, "deemed_months"),
        had_previous_spell=had_previous_spell,
        residual_months=residual_months,
        separation_reason=reading.string(row, "separation_reason"),
        employed=reading.choice(row, "employed", ANSWERS),
        drawing_pension=reading.choice(row, "drawing_pension", ANSWERS),
        drawing_elsewhere=reading.choice(row, "drawing_elsewhere", ANSWERS),
        imprisoned=reading.choice(row, "imprisoned", ANSWERS),
        deceased=reading.choice(row, "deceased", ANSWERS),
        operates_business=reading.choice(row, "operates_business", ANSWERS),
        agency_competent=reading.choice(row, "agency_competent", ANSWERS),
        identity=reading.choice(row, "identity", IDENTITIES),
        card_account=reading.choice(row, "card_account", CARD_ACCOUNTS),
        paying_county=reading.string(row, "paying_county"),
    )


def facts_to_json(facts: Facts) -> dict[str, Json]:
    """The reverse of `parse`."""
    row: dict[str, Json] = {name: getattr(facts, name) for name in sorted(FIELDS)}
    return {**row, "applied_on": facts.applied_on.isoformat(), "birth_date": facts.birth_date.isoformat()}


def decide(facts: Facts, parameters: Parameters) -> UnemploymentDecision:
    """The decision on a claim. Governing date: `facts.applied_on`; of the standard, each benefit month.

    Worked example: 114 months paid, dismissed for economic reasons (D03), applied on 2025-09-26 in a tier 1
    county: 9 full years, 17 months, 2025-10 to 2027-02, 17 x 1,980.00 = 33,660.00.

    Raises FaultyField for a separation reason or county that is not in force, MissingParameter for a date
    that no number of law covers.
    """
    terms = _terms(parameters, facts.applied_on)
    separation = terms.separation.get(facts.separation_reason)
    if separation is None:
        raise FaultyField("separation_reason", "没有这个离职原因代码")
    if facts.paying_county not in terms.counties:
        raise FaultyField("paying_county", "没有这个县（市、区）代码，或没有它的标准档次")
    granted, length = _length(
        terms.scale,
        facts.contributed_months,
        facts.deemed_months,
        facts.had_previous_spell,
        facts.residual_months,
    )
    reasons = (length, separation, *_other_reasons(terms, facts))
    verdict = verdict_of(reasons)
    codes: tuple[str, ...] = ()
    if verdict is Verdict.REFUSE:
        failed = [reason.code for reason in reasons if reason.outcome is Outcome.FAIL]
        codes = tuple(dict.fromkeys(REFUSAL_CODES.get(code, code) for code in failed))
    first = last = monthly = None
    total = None if granted is None else Fen(0)
    if granted:
        first, last, monthly, total = _amounts(parameters, terms.first_month, granted, facts.paying_county)
    return UnemploymentDecision(
        program=PROGRAM,
        verdict=verdict,
        reasons=reasons,
        parameters_digest=parameters.digest,
        refusal_codes=codes,
        months=granted,
        first_month=first,
        last_month=last,
        monthly_fen=monthly,
        total_fen=total,
    )


def _other_reasons(terms: _Terms, facts: Facts) -> tuple[Reason, ...]:
    """The eleven tests that do not measure the contributions, in the order of the articles."""
    return (
        finished.registered(facts.applied_on),
        finished.BY_ANSWER["R03"][facts.employed],
        finished.licence(terms.licence_counts, facts.operates_business),
        finished.BY_ANSWER["R04"][facts.drawing_pension],
        _age(terms, facts),
        finished.BY_ANSWER["R09"][facts.imprisoned],
        finished.BY_ANSWER["R11"][facts.deceased],
        finished.BY_ANSWER["R05"][facts.agency_competent],
        finished.BY_ANSWER["R06"][facts.identity],
        finished.BY_ANSWER["R08"][facts.drawing_elsewhere],
        finished.CARD[facts.card_account],
    )


def monthly_standard(month: str, *, paying_county: str, parameters: Parameters) -> Fen:
    """Fen for one whole benefit month: the tier and standard in force on its first day (no proration).

    Raises MissingParameter. 2024-06 in a tier 1 county: 1,760.00; 2024-07: 1,980.00.
    """
    return _standard(parameters, months.parse(month), paying_county)


def amount_for(facts: Facts, month: str, parameters: Parameters) -> Fen:
    """What is owed for `month` if the spell of these facts owes that month: the standard in force for it."""
    return monthly_standard(month, paying_county=facts.paying_county, parameters=parameters)


def month_amounts(
    decision: UnemploymentDecision, parameters: Parameters, *, paying_county: str
) -> list[tuple[str, Fen]]:
    """The schedule of a decision, month by month; empty where no month can be granted."""
    if decision.first_month is None or not decision.months:
        return []
    first = months.parse(decision.first_month)
    return [
        (months.text_of(first + offset), _standard(parameters, first + offset, paying_county))
        for offset in range(decision.months)
    ]


@lru_cache(maxsize=4096)
def deadlines(applied_on: date, parameters: Parameters) -> tuple[date, date]:
    """(promise_due, statutory_due): working days after the day of receipt, which is not counted.

    Received on 2025-09-26: 2025-09-30 and 2025-10-16. Raises MissingParameter where a calendar is not
    published.
    """
    calendar = calendar_of(parameters)
    promise = parameters.integer("benefit.promise_wd", on=applied_on)
    statutory = parameters.integer("benefit.review_statutory_wd", on=applied_on)
    return calendar.add_working_days(applied_on, promise), calendar.add_working_days(applied_on, statutory)


def _results(
    codes: tuple[str, ...],
    granted: int | None,
    first: str | None,
    last: str | None,
    monthly: Fen | None,
    total: Fen | None,
) -> dict[str, Json]:
    return {
        "refusal_codes": list(codes),
        "months": granted,
        "first_month": first,
        "last_month": last,
        "monthly_fen": monthly,
        "total_fen": total,
    }


@lru_cache(maxsize=16_384)
def _results_members(
    codes: tuple[str, ...],
    granted: int | None,
    first: str | None,
    last: str | None,
    monthly: Fen | None,
    total: Fen | None,
) -> bytes:
    return json_members(_results(codes, granted, first, last, monthly, total))


def _fen(stored: Json) -> Fen | None:
    found = number(stored)
    return None if found is None else Fen(found)


@lru_cache(maxsize=4096)
def _terms(parameters: Parameters, on: date) -> _Terms:
    steps = parameters.live("benefit.steps", on=on)
    rule = parameters.text("benefit.first_month_rule", on=on)
    return _Terms(
        scale=_scale(
            parameters.integer("benefit.min_months", on=on),
            parameters.integer("benefit.cap_months", on=on),
            tuple(steps.integer(str(year)) for year in range(1, len(steps.table()) + 1)),
        ),
        min_age=parameters.integer("benefit.min_age", on=on),
        licence_counts=parameters.text("benefit.licence_counts", on=on),
        first_month=months.number_of(on) + {"NEXT_MONTH": 1, "SAME_MONTH": 0}[rule],
        separation=finished.separation_reasons(
            parameters, parameters.live("benefit.separation_reasons", on=on).start
        ),
        counties=_counties(parameters, on),
        ages=retirement.table_on(parameters, on),
    )


def _counties(parameters: Parameters, on: date) -> frozenset[str]:
    """The counties that have a tier; none at all where the region has no county table."""
    if "region.tier" not in parameters.rows:
        return frozenset()
    return frozenset(parameters.live("region.tier", on=on).table())


@lru_cache(maxsize=64)
def _scale(min_months: int, cap_months: int, steps: tuple[int, ...]) -> _Scale:
    """One object for equal numbers, so that finished reasons are found again whatever the day."""
    return _Scale(min_months, cap_months, steps)


@lru_cache(maxsize=16_384)
def _length(
    scale: _Scale, contributed: int | Unknown, deemed: int, had_previous: bool, residual: int
) -> tuple[int | None, Reason]:
    """Months granted (None: cannot be known) and the reason. Art. 45(1) and 46; domain rules 1.4 and 1.5."""
    rests_on = ("contributed_months", "deemed_months", "had_previous_spell", "residual_months")
    if contributed == UNKNOWN:
        return None, Reason(
            "R01", Outcome.UNKNOWN, UNKNOWN, scale.min_months, MONTHS_ARTICLE, {}, ("contributed_months",)
        )
    eligible = contributed + deemed
    years = eligible // 12
    earned = scale.months_for(years)
    numbers: dict[str, str | int] = {"months": eligible, "years": years, "minimum": scale.min_months}
    outcome, article = Outcome.PASS, MONTHS_ARTICLE
    if eligible >= scale.min_months and had_previous:
        granted, variant, article = min(scale.cap_months, residual + earned), "again", LENGTH_ARTICLE
        numbers |= {"earned": earned, "residual": residual, "cap": scale.cap_months}
    elif eligible >= scale.min_months:
        granted, variant = min(scale.cap_months, earned), ""
    elif had_previous and residual:
        granted, variant, article = min(scale.cap_months, residual), "resumed", LENGTH_ARTICLE
    else:
        granted, variant, outcome = 0, "again" if had_previous else "", Outcome.FAIL
        numbers["lacking"] = scale.min_months - eligible
    numbers["granted"] = granted
    return granted, Reason("R01", outcome, eligible, scale.min_months, article, numbers, rests_on, variant)


def _age(terms: _Terms, facts: Facts) -> Reason:
    """16 or older, and below the statutory age, which is reached on the birthday's day of its month."""
    born, on = facts.birth_date, facts.applied_on
    age = months.full_years(born, on)
    if age < terms.min_age:
        return finished.too_young(age, terms.min_age, months.birthday(born, terms.min_age))
    line = terms.ages.line(facts.sex, facts.retirement_category)
    if line is not None:
        month = line.month_for(born)
        reached = months.day_in(month, born.day)
        return finished.retired(age, reached) if on >= reached else finished.not_retired(age, month)
    worker, cadre = terms.ages.female_worker.month_for(born), terms.ages.female_cadre.month_for(born)
    if on >= months.day_in(cadre, born.day):
        return finished.retired(age, months.day_in(cadre, born.day))
    return finished.either(age, worker, cadre, on < months.day_in(worker, born.day))


@lru_cache(maxsize=16_384)
def _amounts(parameters: Parameters, first: int, granted: int, county: str) -> tuple[str, str, Fen, Fen]:
    """First and last month, fen of the first month, fen of all."""
    paid = [_standard(parameters, month, county) for month in range(first, first + granted)]
    return months.text_of(first), months.text_of(first + granted - 1), paid[0], Fen(sum(paid))


@lru_cache(maxsize=8192)
def _standard(parameters: Parameters, month: int, county: str) -> Fen:
    on = months.first_day(month)
    tier = parameters.text("region.tier", on=on, item=county)
    return parameters.fen("benefit.standard", on=on, item=tier)
