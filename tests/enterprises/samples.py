"""Units for these tests, made by the set-based writes that an import uses. Codes and names are synthetic."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from accounts.selectors import machine
from enterprises.batch import (
    Account,
    Classed,
    Recipients,
    Said,
    Unit,
    Year,
    save_accounts,
    save_classes,
    save_recipients,
    save_units,
    save_years,
)
from enterprises.models import Enterprise, ExclusionList, SizeDispute, Source
from enterprises.selectors import UnitFacts, refund_facts
from enterprises.services import Signed, file_dispute, record_publication
from law.identifiers import uscc_check_character

NOW = datetime(2025, 11, 20, 2, 0, tzinfo=UTC)
TODAY = date(2025, 11, 20)
SAID = Said(Source.CORE_SYSTEM.value, "2024 年度缴费清册", date(2025, 3, 31))
REFUND_YEAR = 2025
BASE_YEAR = 2024


def code(serial: int, head: str = "91", county: str = "130102") -> str:
    """A well-formed code of a unit that does not exist."""
    body = f"{head}{county}000{serial:05d}0"
    return f"{body}{uscc_check_character(body)}"


def unit(serial: int = 1, **changed: object) -> Unit:
    """A small manufacturer."""
    plain = Unit(code(serial), f"石家庄样{serial}号制造有限公司", "ENTERPRISE", "130102", "3670")
    return replace(plain, **changed)  # type: ignore[arg-type]  # a test names the fields it changes


def enterprise(serial: int = 1, **changed: object) -> Enterprise:
    """A unit that is written down, without any year."""
    made = unit(serial, **changed)
    _saved, keys = save_units(units=[made], said=SAID, actor=machine(), now=NOW)
    return Enterprise.objects.get(pk=keys[made.uscc])


def insured(
    of: Enterprise,
    *,
    headcounts: tuple[int | None, ...] = (20,) * 12,
    recipients: int | None = 4,
    paid_months: int | None = 12,
    in_arrears: str = "NO",
    base_fen: int | None = 1_080_000,
    year: int = BASE_YEAR,
) -> Enterprise:
    """Give a unit its year: 20 persons all year, 10,800.00 paid, 4 of them drew benefit."""
    row = Year(of.pk, year, headcounts, paid_months, in_arrears, base_fen)
    save_years(rows=[row], said=SAID)
    if recipients is not None:
        save_recipients(rows=[Recipients(of.pk, year, recipients)], said=SAID)
    return of


def classed(of: Enterprise, size: str = "SMALL", basis: str = "RECORD_2020") -> Enterprise:
    """Give a unit the class on record."""
    row = Classed(of.pk, size, basis, date(2020, 2, 1))
    save_classes(rows=[row], said=SAID, now=NOW)
    return of


def with_account(of: Enterprise) -> Enterprise:
    """Give a unit its corporate account."""
    row = Account(of.pk, "13010155500000017", of.party.name, "313121000010", "滹沱河银行")
    save_accounts(rows=[row], actor=machine(), now=NOW)
    return of


def large_firm(serial: int = 1) -> Enterprise:
    """A manufacturer of 320 that is on record as large."""
    return classed(insured(enterprise(serial), headcounts=(320,) * 12, recipients=3), "LARGE")


SIGNED = Signed(
    refund_year=REFUND_YEAR,
    claimed_class="MEDIUM",
    industry="3670",
    employees=320,
    revenue_wan=20_000,
    assets_wan=15_000,
)
"""320 persons and 200 million yuan: a medium manufacturer."""


def dispute_of(
    of: Enterprise, changed: Mapping[str, object] | None = None, *, now: datetime = NOW
) -> SizeDispute:
    """A unit that signed for another class."""
    signed = replace(SIGNED, **(changed or {}))  # type: ignore[arg-type]  # a test names the fields it changes
    return file_dispute(
        enterprise=of,
        signed=signed,
        submission_id=uuid.uuid4(),
        actor=machine(),
        now=now,
    )


def ready(serial: int = 1) -> Enterprise:
    """A unit of which everything is known."""
    return with_account(classed(insured(enterprise(serial))))


def read_all_lists(on: date = date(2025, 6, 1)) -> None:
    """Every exclusion list was read, and names nobody."""
    for name in ExclusionList.values:
        record_publication(
            name=name,
            document=f"{name} 公布页",
            published_on=on,
            entries=[],
            actor=machine(),
            now=NOW,
        )


def facts_of(of: Enterprise, on: date = TODAY) -> UnitFacts:
    """The facts of one unit."""
    (chunk,) = refund_facts(refund_year=REFUND_YEAR, on=on, enterprise_ids=[of.pk])
    (found,) = chunk
    return found
