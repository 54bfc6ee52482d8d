"""Who decides for a region, and what may be done about a decision. Reads dated values; decides nothing."""

from dataclasses import dataclass
from datetime import date

from law.decision import Reference
from law.parameters import ParameterBook


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
