"""The facts of a unit for the refund rule: what is known, what is not, and who said it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.selectors import machine
from enterprises import batch
from enterprises.models import Enterprise, Hold, Source
from enterprises.selectors import refund_facts
from enterprises.services import Entry, fail_hold, lift_hold, place_hold, record_publication
from law.decision import Verdict
from law.programs import PROGRAMS
from law.retention_refund import decide, facts_to_json
from policy.selectors import parameters_for
from tests.enterprises.samples import (
    NOW,
    REFUND_YEAR,
    SAID,
    TODAY,
    classed,
    code,
    enterprise,
    facts_of,
    insured,
    read_all_lists,
    ready,
    unit,
)

pytestmark = pytest.mark.django_db


def test_a_unit_of_which_all_is_known_is_granted_what_the_law_gives() -> None:
    read_all_lists()
    found = facts_of(ready())
    decision = decide(found.facts, parameters_for(program="retention-refund", region="130102"))
    assert (decision.verdict, decision.payable_fen) == (Verdict.GRANT, 648_000)
    assert set(found.origins) == set(facts_to_json(found.facts))
    assert found.payee_id is not None
    assert found.uscc == code(1)


def test_of_a_unit_without_anything_nothing_is_made_up() -> None:
    found = facts_of(enterprise())
    facts = found.facts
    assert facts.size_class == facts.new_recipients == facts.paid_months_in_base_year == "UNKNOWN"
    assert facts.in_arrears == facts.base_fen == facts.exclusion_lists == "UNKNOWN"
    assert facts.monthly_headcounts == (None,) * 12
    assert found.payee_id is None
    assert found.origins["base_fen"] == {"source": "NONE"}
    decision = decide(facts, parameters_for(program="retention-refund", region="130102"))
    assert decision.verdict is Verdict.REVIEW
    assert PROGRAMS["retention-refund"].parse(facts_to_json(facts)) == facts


def test_a_missing_month_stays_missing_and_a_zero_stays_a_zero() -> None:
    one = insured(enterprise(), headcounts=(20, None, 0, *(20,) * 9))
    assert facts_of(one).facts.monthly_headcounts[:3] == (20, None, 0)


def test_figures_of_another_year_are_no_facts_of_this_one() -> None:
    one = insured(enterprise(), year=2023)
    assert facts_of(one).facts.base_fen == "UNKNOWN"
    insured(one, base_fen=5)
    assert facts_of(one).facts.base_fen == 5


def test_each_fact_names_its_own_source() -> None:
    one = insured(enterprise(), recipients=None)
    batch.save_recipients(
        rows=[batch.Recipients(one.pk, 2024, 2)],
        said=batch.Said(Source.OWN.value, "", date(2025, 11, 1)),
    )
    found = facts_of(one)
    assert found.origins["new_recipients"] == {"source": "OWN", "at": "2025-11-01", "document": ""}
    assert found.origins["base_fen"]["document"] == SAID.document
    assert found.facts.new_recipients == 2


def test_the_imported_count_of_recipients_replaces_our_own_and_never_stands_beside_it() -> None:
    one = enterprise()
    own = batch.Said(Source.OWN.value, "", date(2025, 11, 1))
    batch.save_recipients(rows=[batch.Recipients(one.pk, 2024, 2)], said=own)
    batch.save_recipients(rows=[batch.Recipients(one.pk, 2024, 3)], said=SAID)
    found = facts_of(one)
    assert (found.facts.new_recipients, found.origins["new_recipients"]["source"]) == (3, "CORE_SYSTEM")


def test_a_list_that_was_never_read_is_unknown_and_one_that_names_the_unit_is_enough() -> None:
    one = enterprise()
    record_publication(
        name="WAGE_ARREARS",
        document="信用平台",
        published_on=TODAY,
        entries=[Entry(2, code(1))],
        actor=machine(),
        now=NOW,
    )
    assert facts_of(one).facts.exclusion_lists == ("WAGE_ARREARS",)
    assert facts_of(enterprise(2)).facts.exclusion_lists == "UNKNOWN"
    assert facts_of(one, on=TODAY - timedelta(days=1)).facts.exclusion_lists == "UNKNOWN"


def test_a_list_published_later_counts_from_its_day() -> None:
    read_all_lists()
    one = ready()
    assert facts_of(one).facts.exclusion_lists == ()
    later = NOW + timedelta(days=10)
    record_publication(
        name="DISHONEST_DEBTOR",
        document="信用平台第二期",
        published_on=TODAY + timedelta(days=10),
        entries=[Entry(2, code(1))],
        actor=machine(),
        now=later,
    )
    assert facts_of(one).facts.exclusion_lists == ()
    assert facts_of(one, on=TODAY + timedelta(days=10)).facts.exclusion_lists == ("DISHONEST_DEBTOR",)


def test_a_deregistered_unit_is_listed_from_that_day() -> None:
    read_all_lists()
    one = enterprise(deregistered_on=TODAY)
    assert facts_of(one).facts.exclusion_lists == ("DEREGISTERED",)
    assert facts_of(one, on=TODAY - timedelta(days=1)).facts.exclusion_lists == ()


def test_papers_count_before_the_record_of_2020_and_that_before_the_table() -> None:
    one = classed(classed(enterprise(), "MEDIUM", "TABLE"), "LARGE")
    assert facts_of(one).facts.size_class == "LARGE"
    classed(one, "SMALL", "PROOF")
    found = facts_of(one)
    assert (found.facts.size_class, found.origins["size_class"]["source"]) == ("SMALL", "PROOF")


def test_the_gate_follows_the_holds() -> None:
    one = enterprise()
    assert facts_of(one).facts.gate == "NONE"
    placed = place_hold(
        enterprise=one,
        ground=Hold.Ground.RECTIFICATION,
        case=None,
        reason="账册不全",
        actor=machine(),
        now=NOW,
    )
    assert facts_of(one).facts.gate == "OPEN"
    fail_hold(hold=placed, now=NOW)
    assert facts_of(one).facts.gate == "FAILED"
    lift_hold(hold=placed, because="复查通过", actor=machine(), now=NOW)
    assert facts_of(one).facts.gate == "PASSED"


def test_an_uplift_list_names_its_reason() -> None:
    one = enterprise()
    record_publication(
        name="TARIFF",
        document="受关税影响企业名单",
        published_on=TODAY,
        entries=[Entry(2, code(1))],
        actor=machine(),
        now=NOW,
    )
    assert facts_of(one).facts.uplift == "TARIFF"
    assert facts_of(enterprise(2)).facts.uplift == "NONE"


def test_a_whole_city_is_read_in_as_many_statements_as_one_unit() -> None:
    for serial in range(1, 4):
        ready(serial)
    with CaptureQueriesContext(
        connection,
    ) as few:
        list(refund_facts(refund_year=REFUND_YEAR, on=TODAY, region="130100"))
    batch.save_units(units=[unit(serial) for serial in range(10, 60)], said=SAID, actor=machine(), now=NOW)
    with CaptureQueriesContext(connection) as many:
        chunks = list(refund_facts(refund_year=REFUND_YEAR, on=TODAY, region="130100"))
    assert sum(len(chunk) for chunk in chunks) == Enterprise.objects.count() == 53
    assert len(many) == len(few)


def test_a_county_sees_its_own_units_only() -> None:
    enterprise(1)
    enterprise(2, uscc=code(2, county="130104"), region="130104")
    (chunk,) = refund_facts(refund_year=REFUND_YEAR, on=TODAY, region="130104")
    assert [one.region for one in chunk] == ["130104"]
