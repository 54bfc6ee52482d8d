"""Unemployment benefit that another system granted: which months of it are still to be paid, and how much.

The award itself is not judged anew: who granted it has tested the person, and a lawful award stands (Social
Insurance Law art. 46 bounds its length). Here it is only asked whether it can be what the law allows, and
what is left of it. The amount of each month left is the standard in force for that month, as for any award.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

from law import months, reading, retirement
from law.decision import Json, Outcome, Reason, Verdict, verdict_of
from law.errors import FaultyField
from law.money import Fen
from law.parameters import Parameters
from law.retirement import Category, Sex
from law.unemployment_benefit import UnemploymentDecision, monthly_standard
from law.unemployment_reasons import LENGTH_ARTICLE

PROGRAM = "continued-benefit"
VERSION = 1
KEYS = ("benefit.cap_months", "benefit.standard", "region.tier")
MOST_MONTHS = 120
"""Longer than any award: more is a slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the other system says of an award.

    `applied_on` governs how long it may be. `first_month` to `last_month` are the months granted, without a
    gap; `paid_through` is the last one paid there, None where none was. `paying_county`: a six-digit code.
    """

    applied_on: date
    birth_date: date
    sex: Sex
    retirement_category: Category | None
    granted_months: int
    first_month: str
    last_month: str
    paid_through: str | None
    paying_county: str


FIELDS = frozenset(field.name for field in fields(Facts))


def parse(row: reading.Row) -> Facts:
    """Facts of one line (without `id`). Raises FaultyField, also where the months contradict each other."""
    reading.exact_fields(row, FIELDS)
    applied_on = reading.day(row, "applied_on")
    birth_date = reading.day(row, "birth_date")
    if birth_date > applied_on:
        raise FaultyField("birth_date", "晚于申请日期")
    sex = reading.choice(row, "sex", retirement.SEXES)
    category = reading.choice_or_null(row, "retirement_category", retirement.CATEGORIES)
    if sex == "M" and category is not None:
        raise FaultyField("retirement_category", "男性应当是 null")
    granted = reading.whole(row, "granted_months", least=1, most=MOST_MONTHS)
    first, last = reading.month(row, "first_month"), reading.month(row, "last_month")
    if last - first + 1 != granted:
        raise FaultyField("granted_months", "和起止月份不一致")
    if first < months.number_of(applied_on):
        raise FaultyField("first_month", "早于申请的那个月")
    through = None if row["paid_through"] is None else reading.month(row, "paid_through")
    if through is not None and not first <= through <= last:
        raise FaultyField("paid_through", "不在起止月份之内")
    return Facts(
        applied_on=applied_on,
        birth_date=birth_date,
        sex=sex,
        retirement_category=category,
        granted_months=granted,
        first_month=months.text_of(first),
        last_month=months.text_of(last),
        paid_through=None if through is None else months.text_of(through),
        paying_county=reading.string(row, "paying_county"),
    )


def facts_to_json(facts: Facts) -> dict[str, Json]:
    """The reverse of `parse`."""
    row: dict[str, Json] = {name: getattr(facts, name) for name in sorted(FIELDS)}
    return {**row, "applied_on": facts.applied_on.isoformat(), "birth_date": facts.birth_date.isoformat()}


def decide(facts: Facts, parameters: Parameters) -> UnemploymentDecision:
    """What is left of the award: its months, the first and the last, and their amounts.

    Worked example: 17 months from 2025-10 to 2027-02, paid through 2026-10: 4 months are left, 2026-11 to
    2027-02, 4 x 1,980.00 in a tier 1 county.

    Raises FaultyField for a county that has no tier, MissingParameter for a date that no number covers.
    """
    cap = parameters.integer("benefit.cap_months", on=facts.applied_on)
    if facts.paying_county not in parameters.live("region.tier", on=facts.applied_on).table():
        raise FaultyField("paying_county", "没有这个县（市、区）代码，或没有它的标准档次")
    last = months.parse(facts.last_month)
    first = months.parse(facts.first_month if facts.paid_through is None else facts.paid_through)
    first += facts.paid_through is not None
    left = last - first + 1
    reasons = (_length(facts, cap), _rest(facts, left, months.text_of(first)))
    amounts = [
        monthly_standard(months.text_of(month), paying_county=facts.paying_county, parameters=parameters)
        for month in range(first, last + 1)
    ]
    verdict = verdict_of(reasons)
    failed = [reason.code for reason in reasons if reason.outcome is Outcome.FAIL]
    return UnemploymentDecision(
        program=PROGRAM,
        verdict=verdict,
        reasons=reasons,
        parameters_digest=parameters.digest,
        refusal_codes=tuple(failed) if verdict is Verdict.REFUSE else (),
        months=left,
        first_month=months.text_of(first) if left else None,
        last_month=facts.last_month if left else None,
        monthly_fen=amounts[0] if amounts else None,
        total_fen=Fen(sum(amounts)),
    )


def amount_for(facts: Facts, month: str, parameters: Parameters) -> Fen:
    """What is owed for one month left: the standard in force for it."""
    return monthly_standard(month, paying_county=facts.paying_county, parameters=parameters)


def _length(facts: Facts, cap: int) -> Reason:
    numbers: Mapping[str, str | int] = {
        "applied_on": facts.applied_on.isoformat(),
        "granted": facts.granted_months,
        "first": facts.first_month,
        "last": facts.last_month,
        "cap": cap,
    }
    outcome = Outcome.PASS if facts.granted_months <= cap else Outcome.FAIL
    rests_on = ("granted_months", "first_month", "last_month")
    return Reason("T01", outcome, facts.granted_months, cap, LENGTH_ARTICLE, numbers, rests_on)


def _rest(facts: Facts, left: int, first: str) -> Reason:
    numbers: dict[str, str | int] = {"left": left, "first": first, "last": facts.last_month}
    if facts.paid_through is not None:
        numbers["through"] = facts.paid_through
    return Reason(
        "T02",
        Outcome.PASS if left else Outcome.FAIL,
        left,
        1,
        LENGTH_ARTICLE,
        numbers,
        ("paid_through", "last_month"),
        "" if facts.paid_through is not None else "unpaid",
    )
