"""What a person may do about a refusal, and until when. Reads dated values and the case; decides nothing."""

from dataclasses import dataclass
from datetime import date, timedelta

import policy.selectors
from claims import kinds
from claims.models import Claim
from law.decision import Reference
from law.parameters import ParameterBook
from law.workdays import LEGAL_ZONE


@dataclass(frozen=True)
class Remedies:
    """Reconsideration at `body` within `days` (calendar days), a suit within `months`, and their articles."""

    days: int
    days_basis: Reference
    months: int
    months_basis: Reference
    body: str


@dataclass(frozen=True)
class Agency:
    """Who decides for a region: its name as it heads a letter, and its telephone number."""

    name: str
    phone: str


def remedies(law: ParameterBook, *, region: str, on: date) -> Remedies:
    """The remedies in force on a day. Raises MissingParameter."""
    days = law.value("remedy.reconsideration_days", region=region, on=on)
    months = law.value("remedy.suit_months", region=region, on=on)
    return Remedies(
        days=days.integer(),
        days_basis=days.reference.short(),
        months=months.integer(),
        months_basis=months.reference.short(),
        body=law.value("agency.letterhead", region=region, on=on).text("reconsideration"),
    )


def agency(law: ParameterBook, *, region: str, on: date) -> Agency:
    """The agency that handles a region. Raises MissingParameter for a region nobody has written one for."""
    head = law.value("agency.letterhead", region=region, on=on)
    return Agency(name=head.text("name"), phone=head.text("phone"))


def reopen_until(claim: Claim, law: ParameterBook) -> date | None:
    """The last day on which the person may bring new evidence against a refusal; None for any other claim.

    As long as for reconsideration, from the day after the decision (Civil Code 201); a period that ends on a
    day off ends on the next working day (203). Refused on 2026-11-23: until 2027-01-22.
    """
    if claim.case.status != kinds.REJECTED or claim.closed_at is None:
        return None
    decided = claim.closed_at.astimezone(LEGAL_ZONE).date()
    last = decided + timedelta(days=remedies(law, region=claim.county, on=decided).days)
    due, _provisional = policy.selectors.deadline(start=last - timedelta(days=1), days=1, law=law)
    return due
