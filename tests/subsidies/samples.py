"""A small city of units, its officers and a campaign, made by services alone. Codes and names are
synthetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from accounts.models import Role, User
from accounts.selectors import machine
from accounts.services import create_staff
from enterprises.batch import save_units
from enterprises.models import Enterprise
from law.money import Fen
from payouts.services import open_fund
from subsidies.refund import services
from subsidies.refund.models import Campaign, Refund
from tests.enterprises import samples as units

YEAR = 2025
CITY = "130100"
NOW = datetime(2025, 11, 20, 2, 0, tzinfo=UTC)
TODAY = date(2025, 11, 20)


@dataclass(frozen=True)
class Staff:
    """Those who sign."""

    handler: User
    other_handler: User
    reviewer: User
    supervisor: User
    elsewhere: User


def officer(name: str, role: Role, region: str = CITY) -> User:
    """An officer with a second factor."""
    return create_staff(
        username=name,
        full_name=name,
        roles=[role],
        regions=[region],
        password="a long and dull password",
        totp_secret="JBSWY3DPEHPK3PXP",
        actor=machine(),
        now=NOW,
    )


def staff() -> Staff:
    """One of each who acts in a campaign, and one of another city."""
    return Staff(
        officer("handler-a", Role.HANDLER),
        officer("handler-b", Role.HANDLER),
        officer("reviewer", Role.REVIEWER),
        officer("supervisor", Role.SUPERVISOR),
        officer("elsewhere", Role.HANDLER, "130200"),
    )


def funded(actor: User, *, balance_fen: int = 176_00, expenditure_fen: int = 100_00) -> None:
    """The reserve of 2024 as an officer entered it, and money in the fund."""
    services.enter_fund_year(
        region=CITY,
        year=YEAR - 1,
        balance_fen=Fen(balance_fen),
        expenditure_fen=Fen(expenditure_fen),
        source="2024年度基金决算表",
        actor=actor,
        now=NOW,
        today=TODAY,
    )
    open_fund(region=CITY, amount_fen=Fen(10_000_000_000), actor=machine(), now=NOW, reference="opening")


@dataclass(frozen=True)
class City:
    """Units by what is special about them."""

    fine: Enterprise
    at_limit: Enterprise
    over_limit: Enterprise
    large: Enterprise
    no_headcount: Enterprise
    public: Enterprise
    dispatch: Enterprise
    arrears: Enterprise


def city() -> City:
    """Eight units that the rule tells apart; all lists were read and name nobody."""
    units.read_all_lists()
    made = [
        *[units.enterprise(serial) for serial in range(1, 6)],
        units.enterprise(6, kind="PUBLIC_BODY"),
        units.enterprise(7, is_labour_dispatch=True),
        units.enterprise(8),
    ]
    found = City(*made)
    units.insured(found.fine, recipients=0)
    # 55 of 12,000 person-months is exactly 5.5 %.
    units.insured(found.at_limit, headcounts=(1_000,) * 12, recipients=55, base_fen=86_400_000)
    units.insured(found.over_limit, headcounts=(73,) * 8 + (72,) * 4, recipients=4, base_fen=3_924_000)
    units.insured(found.large, headcounts=(1_200,) * 12, recipients=3, base_fen=86_400_000)
    units.insured(found.no_headcount, headcounts=(20,) * 11 + (None,), recipients=0)
    units.insured(found.public)
    units.insured(found.dispatch)
    units.insured(found.arrears, in_arrears="YES", recipients=0)
    for unit in made:
        units.classed(unit, "LARGE" if unit in (found.large, found.at_limit) else "SMALL")
    return found


def opened(actor: User, *, now: datetime = NOW) -> Campaign:
    """A campaign that was opened and waits for the worker."""
    return services.open_campaign(refund_year=YEAR, region=CITY, actor=actor, now=now)


def screened(actor: User, *, now: datetime = NOW) -> Campaign:
    """A campaign whose first screening is over."""
    campaign = opened(actor, now=now)
    for run_id in services.unfinished(now=now):
        services.go_on(run_id=run_id, now=now + timedelta(minutes=1))
    return Campaign.objects.select_related("case").get(pk=campaign.pk)


def refund_of(unit: Enterprise) -> Refund:
    """A unit's refund as the database has it now."""
    found = Refund.objects.select_related("case__determination", "campaign__case", "unit", "run")
    return found.get(unit=unit.pk)


def with_agents_unit(uscc: str, name: str) -> Enterprise:
    """A unit with this code, of which everything is known and nobody has drawn benefit."""
    made = units.unit(1, uscc=uscc, name=name)
    _saved, keys = save_units(units=[made], said=units.SAID, actor=machine(), now=NOW)
    found = Enterprise.objects.get(pk=keys[uscc])
    return units.classed(units.insured(found, recipients=0), "LARGE")
