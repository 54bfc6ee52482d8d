"""The demo city's units: written down from the sandbox, again without effect, as their scenario says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from pytest_django import Settings

from accounts.models import Role
from accounts.selectors import machine
from config import city, city_units
from config.city_people import Sandbox
from enterprises.models import Enterprise, InsuredYear, Listing, SizeClassRecord
from enterprises.selectors import UnitFacts, refund_facts
from law.decision import Verdict
from law.retention_refund import RefundDecision, decide
from law.workdays import legal_day
from policy.models import PolicyValue
from policy.selectors import parameters_for
from sandbox.server import Running, running
from sandbox.server import Settings as SandboxSettings
from subsidies.refund import kinds
from subsidies.refund.models import FundYear, Refund
from subsidies.refund.services import go_on, open_campaign
from tests.factories import officer

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
UNITS = 80


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox with more units than are written down."""
    path = tmp_path_factory.mktemp("units") / "sandbox.sqlite3"
    settings = SandboxSettings("", (), key="only-for-tests")
    with running(
        path,
        product="http://127.0.0.1:8000",
        people=0,
        enterprises=90,
        seed=7,
        today=TODAY,
        settings=settings,
    ) as server:
        yield server


@pytest.fixture
def written(outside: Running, settings: Settings) -> dict[str, UnitFacts]:
    """The units, and the facts of the first of each scenario."""
    settings.ANYE_SANDBOX_URL = outside.url
    for page in city_units.pages(UNITS):
        city_units.write_page(page, url=outside.url, now=NOW)
    city_units.publish_lists(url=outside.url, actor=machine(), now=NOW)
    scenario_of = {
        row["code"]: str(row["scenario"])
        for row in Sandbox(outside.url).unit_records(after=-1, limit=UNITS, asked_on=TODAY)
    }
    found: dict[str, UnitFacts] = {}
    for chunk in refund_facts(refund_year=2025, on=legal_day(NOW), region="130100"):
        for one in chunk:
            found.setdefault(scenario_of[one.uscc], one)
    return found


def decided(one: UnitFacts) -> RefundDecision:
    return decide(one.facts, parameters_for(program="retention-refund", region=one.region))


def test_as_many_are_written_as_were_asked_for_and_again_none(
    written: dict[str, UnitFacts], outside: Running
) -> None:
    counts = [model.objects.count() for model in (Enterprise, InsuredYear, SizeClassRecord, Listing)]
    assert counts[:2] == [UNITS, 3 * UNITS]
    (page,) = city_units.pages(UNITS)
    assert city_units.write_page(page, url=outside.url, now=NOW) == 0
    city_units.publish_lists(url=outside.url, actor=machine(), now=NOW)
    assert [model.objects.count() for model in (Enterprise, InsuredYear, SizeClassRecord, Listing)] == counts
    assert city_units.missing(UNITS, url=outside.url) == 0
    assert city_units.missing(10_000, url=outside.url) == outside.application.units.count


@pytest.mark.parametrize(
    ("scenario", "verdict", "failed"),
    [
        ("SMALL_PASSES", Verdict.GRANT, ()),
        ("LAYOFF_AT_LIMIT", Verdict.GRANT, ()),
        ("LAYOFF_ONE_OVER", Verdict.REFUSE, ("Q2",)),
        ("SMALL_AT_LIMIT", Verdict.GRANT, ()),
        ("SMALL_ONE_OVER", Verdict.REFUSE, ("Q2",)),
        ("IN_ARREARS", Verdict.REFUSE, ("Q1",)),
        ("LISTED", Verdict.REFUSE, ("Q3",)),
        ("LISTED_LATER", Verdict.GRANT, ()),
        ("DEREGISTERED", Verdict.REFUSE, ("Q3",)),
        ("DEREGISTERED_LATER", Verdict.GRANT, ()),
        ("MISSING_MONTH", Verdict.REVIEW, ()),
        ("NO_MEASURES", Verdict.REVIEW, ()),
        ("DISPATCH_STATE_BODY", Verdict.REVIEW, ()),
        ("LAW_FIRM_320", Verdict.GRANT, ()),
    ],
)
def test_a_scenario_comes_out_as_it_is_named(
    written: dict[str, UnitFacts], scenario: str, verdict: Verdict, failed: tuple[str, ...]
) -> None:
    decision = decided(written[scenario])
    assert (decision.verdict, decision.failed) == (verdict, failed)


def test_classes_lists_and_accounts_are_there(written: dict[str, UnitFacts]) -> None:
    assert decided(written["LAW_FIRM_320"]).rate_bp == 3_000
    assert decided(written["TARIFF"]).rate_bp == 9_000
    assert written["CLASS_FALSE"].facts.size_class == "LARGE"
    assert written["NO_2020_RECORD"].origins["size_class"]["source"] == "TABLE"
    assert written["NO_MEASURES"].facts.size_class == "UNKNOWN"
    assert written["NO_ACCOUNT"].payee_id is None
    assert written["ACCOUNT_CLOSED"].payee_id is not None


def test_the_demo_may_open_and_screen_this_years_refunds_on_marked_assumptions(
    written: dict[str, UnitFacts],
) -> None:
    for role in (Role.SUPERVISOR, Role.HANDLER):
        officer(role)
        officer(role)
    city.assume(people=0, seed=7, now=NOW)
    city.enter_reserve(source=city.marker(people=0, seed=7), now=NOW)
    city.enter_reserve(source="again", now=NOW)
    assumed = PolicyValue.objects.filter(key__startswith="refund.")
    assert {row.assumption for row in assumed} == {True}
    campaign = open_campaign(
        refund_year=TODAY.year, region=city.CITY, actor=city.officers(Role.HANDLER)[0], now=NOW
    )
    go_on(run_id=campaign.runs.get().pk, now=NOW)
    found = set(Refund.objects.values_list("case__status", flat=True))
    assert found == {kinds.ELIGIBLE, kinds.INELIGIBLE, kinds.MANUAL}
    assert FundYear.objects.count() == 1
