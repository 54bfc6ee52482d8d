"""What everybody had to get, from the plan and the law alone: no table of ours, no spell, no obligation.

The independent half of the proof. It must never ask the product anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from config.simulation.plan import Course, Loss, Plan, Stop
from law import months, overpayment
from law.decision import Verdict
from law.months import parse, text_of
from law.parameters import Citation, DatedValue, ParameterBook
from law.retirement import Category
from law.unemployment_benefit import KEYS, Facts, UnemploymentDecision, amount_for, decide
from law.workdays import legal_day

CITY = "130100"
RISEN = {"1": "210000", "2": "190000", "3": "170000"}
"""The higher monthly standard of the story, in fen by tier: an assumption, in no law."""
ASSUMED = Citation(title="模拟年假设", number="", article="只用于模拟，不是政策", url="", seen="own")

EVENT_OF = {"DIED": "DEATH"}
"""Where a ground of ours has another name in the law of overpayment."""

GRANTED = "GRANTED"
REFUSED = "REFUSED"
CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Due:
    """What a claim had to come to: GRANTED, REFUSED or CLOSED, and fen by month.

    `decision` is the law's on the truth (None where nobody came to decide). `paid_through` is the last month
    that may be paid, `granted` and `used` count months.
    """

    outcome: str
    facts: Facts
    decision: UnemploymentDecision | None = None
    fen_of: Mapping[str, int] = field(default_factory=dict)
    stop: Stop | None = None
    granted: int = 0
    used: int = 0


def law_of(plan: Plan) -> ParameterBook:
    """The shipped numbers, and the story's own standard where it has one."""
    book = ParameterBook.shipped()
    risen = rise_of(plan)
    return book if risen is None else book.overlay([risen])


def rise_of(plan: Plan) -> DatedValue | None:
    """The standard that two supervisors put in force in the middle of the year."""
    if plan.standard_rises_on is None:
        return None
    return DatedValue("benefit.standard", CITY, plan.standard_rises_on, dict(RISEN), "fen", ASSUMED)


def dues_of(course: Course, plan: Plan, book: ParameterBook) -> Iterator[Due]:
    """What each claim of a person had to come to, in their order."""
    counted, earlier = 0, None
    for loss in course.losses:
        counted = loss.months if earlier is not None else counted + loss.months
        due = _due(course, loss, plan, book, counted=counted, earlier=earlier)
        if due.outcome == GRANTED:
            earlier = due
        yield due


def _due(
    course: Course, loss: Loss, plan: Plan, book: ParameterBook, *, counted: int, earlier: Due | None
) -> Due:
    facts = facts_of(course, loss, counted=counted, residual=_residual(earlier), again=earlier is not None)
    if loss.asks_papers and loss.answers_after is None:
        return Due(CLOSED, facts)
    decision = decide(facts, book.for_program(KEYS, region=course.person.county))
    if decision.verdict is not Verdict.GRANT:
        return Due(REFUSED, facts, decision)
    assert decision.first_month is not None and decision.last_month is not None and decision.months
    first, last = parse(decision.first_month), parse(decision.last_month)
    stop = _stop_in_payment(loss.stop, last)
    payable = _payable(first, last, stop, course, book)
    numbers = book.for_program(KEYS, region=course.person.county)
    fen_of = {
        text_of(month): int(amount_for(facts, text_of(month), numbers))
        for month in payable
        if month <= parse(plan.last_month)
    }
    return Due(GRANTED, facts, decision, fen_of, stop, decision.months, len(payable))


def _payable(first: int, last: int, stop: Stop | None, course: Course, book: ParameterBook) -> list[int]:
    """The months that may be paid: up to the last one of the ground, and after prison the rest of them."""
    if stop is None:
        return list(range(first, last + 1))
    through = last_payable(stop, course, book)
    before = list(range(first, min(last, through) + 1))
    if stop.over_on is None:
        return before
    resumes = max(through + 1, first, months.number_of(stop.over_on))
    return [*before, *range(resumes, resumes + (last - first + 1) - len(before))]


def _residual(earlier: Due | None) -> int:
    return 0 if earlier is None else earlier.granted - earlier.used


def _stop_in_payment(stop: Stop | None, last: int) -> Stop | None:
    """What ends the spell by itself; one whose months are over when the office hears of it is not ended."""
    if stop is None or months.number_of(legal_day(stop.told_at)) > last:
        return None
    return stop


def last_payable(stop: Stop, course: Course, book: ParameterBook) -> int:
    """The last month the law pays when this happens; 0 where none ever was due."""
    if stop.ground == "JOBS_REFUSED":
        return months.number_of(legal_day(stop.told_at))
    event = overpayment.EVENTS[EVENT_OF.get(stop.ground, stop.ground)]
    numbers = book.for_program(overpayment.KEYS, region=course.person.county)
    return overpayment.last_payable_month(event, stop.on, numbers) or 0


def facts_of(course: Course, loss: Loss, *, counted: int, residual: int, again: bool) -> Facts:
    """The truth about a person on the day of an application, as the rule takes it."""
    number = course.person.id_number
    category: dict[str | None, Category | None] = {"WORKER": "WORKER", "CADRE": "CADRE", None: None}
    return Facts(
        applied_on=legal_day(loss.applied_at),
        birth_date=date(int(number[6:10]), int(number[10:12]), int(number[12:14])),
        sex="M" if int(number[16]) % 2 else "F",
        retirement_category=category[course.pension_category],
        contributed_months=counted,
        deemed_months=0,
        had_previous_spell=again,
        residual_months=residual,
        separation_reason=loss.found_later or loss.true_reason,
        employed="NO",
        drawing_pension="NO",
        drawing_elsewhere="NO",
        imprisoned="NO",
        deceased="NO",
        operates_business="NO",
        agency_competent="YES",
        identity="MATCH",
        card_account="ACTIVE",
        paying_county=course.person.county,
    )


def settled_facts(loss: Loss, due: Due, *, now: datetime) -> dict[str, str]:
    """What officers find where a register leaves a question: the truth, by the name of the fact."""
    is_reopened = loss.reopens_on is not None and legal_day(now) >= loss.reopens_on
    return {
        "separation_reason": loss.found_later if loss.found_later and is_reopened else loss.true_reason,
        "operates_business": "NO",
        "contributed_months": str(due.facts.contributed_months),
    }
