"""The finished reasons of a skill subsidy: articles, outcomes, and the numbers of their sentences.

Which of them holds is decided in `law.skill_subsidy`; no fact is weighed here beyond the one that a reason
names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from law import months
from law.decision import Outcome, Reason, Reference
from law.reading import UNKNOWN, Unknown

Numbers = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Articles:
    """Where the rules of the day stand."""

    notice: Reference


def employee(contributed: int | Unknown, least: int, by: Articles) -> Reason:
    """K1 of an employee."""
    rests_on = ("claimant", "contributed_months")
    if contributed == UNKNOWN:
        return Reason("K1", Outcome.UNKNOWN, UNKNOWN, least, by.notice, {}, rests_on)
    numbers: Numbers = {"months": contributed, "minimum": least}
    if contributed >= least:
        return Reason("K1", Outcome.PASS, contributed, least, by.notice, numbers, rests_on)
    numbers["lacking"] = least - contributed
    return Reason("K1", Outcome.FAIL, contributed, least, by.notice, numbers, rests_on)


def recipient(issued: int, period: tuple[int, int] | None, inside: bool | None, by: Articles) -> Reason:
    """K1 of a recipient: the certificate was issued in a month of the benefit period."""
    rests_on = ("claimant", "benefit_months", "certificate")
    month = months.text_of(issued)
    if period is None or inside is None:
        return Reason("K1", Outcome.UNKNOWN, month, None, by.notice, {}, rests_on, "recipient")
    first, last = months.text_of(period[0]), months.text_of(period[1])
    numbers: Numbers = {"issued": month, "first": first, "last": last}
    outcome = Outcome.PASS if inside else Outcome.FAIL
    return Reason("K1", outcome, month, f"{first} {last}", by.notice, numbers, rests_on, "recipient")


def level_not_paid(level: int, by: Articles) -> Reason:
    return Reason("K2", Outcome.FAIL, level, None, by.notice, {"level": level}, ("certificate",), "level")


def register(answer: str, level: int, by: Articles) -> Reason:
    """What the register of certificates said."""
    outcome = {"FOUND_MATCH": Outcome.PASS, "NOT_FOUND": Outcome.FAIL}.get(answer, Outcome.UNKNOWN)
    variant = answer if outcome is Outcome.UNKNOWN else ""
    return Reason(
        "K2",
        outcome,
        answer,
        "FOUND_MATCH",
        by.notice,
        {"level": level},
        ("register", "certificate"),
        variant,
    )


def certificate_number(problem: str, level: int, by: Articles) -> Reason:
    """The number as it is written; what is wrong with it is for a person."""
    outcome = Outcome.UNKNOWN if problem else Outcome.PASS
    return Reason(
        "certificate_number",
        outcome,
        problem or None,
        None,
        by.notice,
        {"level": level},
        ("certificate",),
        problem,
    )


def window(claimed_on: date, ends_on: date | None, issued_on: date, by: Articles) -> Reason:
    """K3."""
    rests_on = ("claimed_on", "certificate")
    numbers: Numbers = {"issued": issued_on.isoformat()}
    if ends_on is None:
        return Reason(
            "K3", Outcome.FAIL, claimed_on.isoformat(), None, by.notice, numbers, rests_on, "long_ago"
        )
    numbers["last"] = ends_on.isoformat()
    outcome = Outcome.PASS if claimed_on <= ends_on else Outcome.FAIL
    return Reason("K3", outcome, claimed_on.isoformat(), ends_on.isoformat(), by.notice, numbers, rests_on)


def paid_before(variant: str, outcome: Outcome, by: Articles) -> Reason:
    """K4; the variant `training` is about a training subsidy."""
    given = {Outcome.PASS: "NO", Outcome.FAIL: "YES", Outcome.UNKNOWN: UNKNOWN}[outcome]
    return Reason(
        "K4", outcome, given, None, by.notice, {}, ("paid_before", "training_subsidy_taken"), variant
    )


def year_count(paid: int, is_free: bool, urgent: bool, ordinary: int, more: int, by: Articles) -> Reason:
    """K5."""
    outcome = Outcome.PASS if is_free else Outcome.FAIL
    numbers: Numbers = {"paid": paid, "ordinary": ordinary, "urgent": more}
    limit = ordinary + more if urgent else ordinary
    return Reason("K5", outcome, paid, limit, by.notice, numbers, ("paid_this_year", "urgent"))


def post(own: str, held: str | None, match_class: str, rule: int | None, by: Articles) -> Reason:
    """K6."""
    rests_on = ("certificate", "post_occupation")
    if held is None:
        return Reason("K6", Outcome.UNKNOWN, None, own, by.notice, {"certificate": own}, rests_on, "no_post")
    outcome = {"MATCH": Outcome.PASS, "MISMATCH_PROPOSED": Outcome.FAIL}.get(match_class, Outcome.UNKNOWN)
    variant = f"rule{rule}" if outcome is Outcome.UNKNOWN else ""
    numbers: Numbers = {"certificate": own, "post": held}
    return Reason("K6", outcome, held, own, by.notice, numbers, rests_on, variant)
