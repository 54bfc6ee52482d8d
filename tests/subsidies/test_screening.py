"""A city screened: every unit gets one refund with its reasons, whoever is killed and whoever comes twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cases import trail
from cases.models import Case, Determination, Event
from cases.replaying import replay
from enterprises.models import Enterprise
from law.errors import Refused
from subsidies.refund import kinds, services
from subsidies.refund.batch import open_refunds
from subsidies.refund.models import Campaign, Refund, Run
from subsidies.refund.services import screening
from tests.enterprises import samples as units
from tests.subsidies import samples
from tests.subsidies.samples import NOW

pytestmark = pytest.mark.django_db


def test_every_unit_gets_what_the_rule_says_of_it() -> None:
    team = samples.staff()
    samples.funded(team.handler)
    city = samples.city()
    campaign = samples.screened(team.handler)
    found = {name: samples.refund_of(getattr(city, name)) for name in city.__dataclass_fields__}
    assert {name: refund.case.status for name, refund in found.items()} == {
        "fine": kinds.ELIGIBLE,
        "at_limit": kinds.ELIGIBLE,
        "over_limit": kinds.INELIGIBLE,
        "large": kinds.ELIGIBLE,
        "no_headcount": kinds.MANUAL,
        "public": kinds.INELIGIBLE,
        "dispatch": kinds.MANUAL,
        "arrears": kinds.INELIGIBLE,
    }
    assert (found["fine"].rate_bp, found["fine"].payable_fen) == (6000, 648_000)
    assert (found["at_limit"].drew, found["at_limit"].limit_bp) == (55, 550)
    assert found["at_limit"].payable_fen == 25_920_000
    assert found["over_limit"].because == ["Q2"]
    assert found["no_headcount"].because[0] == "Q2.missing"
    assert found["arrears"].because == ["Q1.arrears"]
    assert campaign.case.status == kinds.RUNNING
    run = Run.objects.get()
    assert (run.done, run.total, run.position) == (8, 8, max(Enterprise.objects.values_list("pk", flat=True)))


def test_a_screened_refund_looks_as_if_each_act_had_been_done_by_itself() -> None:
    team = samples.staff()
    samples.funded(team.handler)
    city = samples.city()
    samples.screened(team.handler)
    refund = samples.refund_of(city.fine)
    assert [event.verb for event in Event.objects.filter(case=refund.case).order_by("sequence")] == [
        "refund.screened",
        "determination.made",
        "refund.eligible",
    ]
    determination = refund.case.determination
    assert determination is not None
    assert determination.sources["base_fen"]["source"] == "CORE_SYSTEM"
    assert (determination.verdict, determination.amount_fen, refund.case.checks) == ("GRANT", 648_000, "PASS")
    assert trail.verify().broken is None
    assert Determination.objects.count() == 8


def test_every_stored_decision_comes_out_again_on_replay() -> None:
    team = samples.staff()
    samples.funded(team.handler)
    samples.city()
    samples.screened(team.handler)
    assert replay().different == 0


def test_a_screening_that_was_killed_half_way_goes_on_where_it_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    team = samples.staff()
    samples.funded(team.handler)
    samples.city()
    samples.opened(team.handler)
    (run_id,) = services.unfinished(now=NOW)
    monkeypatch.setattr(screening, "PART", 3)
    calls = iter(range(10))
    whole = open_refunds

    def killed(**given: object) -> None:
        whole(**given)  # type: ignore[arg-type]  # handed on as it came
        if next(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(screening, "open_refunds", killed)
    with pytest.raises(KeyboardInterrupt):
        services.go_on(run_id=run_id, now=NOW)
    # The part in which it died is gone as a whole, and the lease of the dead worker holds for a while.
    assert Refund.objects.count() == 3 == Case.objects.filter(kind="refund").count()
    assert services.go_on(run_id=run_id, now=NOW + timedelta(seconds=30)) is False
    later = NOW + screening.LEASE
    assert services.unfinished(now=later) == [run_id]
    services.go_on(run_id=run_id, now=later)
    assert Refund.objects.count() == 8 == Case.objects.filter(kind="refund").count()
    assert Campaign.objects.get().case.status == kinds.RUNNING
    assert trail.verify().broken is None


def test_of_two_officers_who_open_the_same_year_one_is_told() -> None:
    team = samples.staff()
    samples.funded(team.handler)
    samples.city()
    samples.opened(team.handler)
    with pytest.raises(Refused) as refused:
        samples.opened(team.other_handler)
    assert (refused.value.code, refused.value.numbers["who"]) == ("campaign.opened", "handler-a")


def test_a_year_without_numbers_cannot_be_opened() -> None:
    team = samples.staff()
    samples.city()
    with pytest.raises(Refused) as refused:
        services.open_campaign(refund_year=2026, region=samples.CITY, actor=team.handler, now=NOW)
    assert refused.value.code == "campaign.no_row"


def test_the_fund_must_last_a_year_and_somebody_must_have_said_so() -> None:
    team = samples.staff()
    samples.city()
    with pytest.raises(Refused) as unknown:
        samples.opened(team.handler)
    assert unknown.value.code == "campaign.fund_unknown"
    samples.funded(team.handler, balance_fen=99_99, expenditure_fen=100_00)
    with pytest.raises(Refused) as short:
        samples.opened(team.handler)
    assert (short.value.code, short.value.numbers["years"]) == ("campaign.fund_short", "0.99")


def test_an_officer_of_another_city_opens_nothing_here() -> None:
    team = samples.staff()
    samples.funded(team.handler)
    samples.city()
    with pytest.raises(Refused) as refused:
        samples.opened(team.elsewhere)
    assert refused.value.code == "campaign.not_yours"


def test_a_late_run_looks_again_only_at_what_it_may_change() -> None:
    team = samples.staff()
    samples.funded(team.handler)
    city = samples.city()
    campaign = samples.screened(team.handler)
    units.insured(city.arrears, in_arrears="NO", recipients=0)
    late = units.insured(units.enterprise(99), recipients=0)
    units.classed(late)
    before = samples.refund_of(city.over_limit).case.changed_at
    again = NOW + timedelta(days=3)
    run = services.ask_for_run(campaign=campaign, kind=Run.Kind.LATE, actor=team.handler, now=again)
    services.go_on(run_id=run.pk, now=again)
    assert samples.refund_of(city.arrears).case.status == kinds.ELIGIBLE
    assert samples.refund_of(city.arrears).payable_fen == 648_000
    assert samples.refund_of(late).case.status == kinds.ELIGIBLE
    assert samples.refund_of(city.over_limit).case.changed_at == before
    assert trail.verify().broken is None
    verbs = [
        e.verb for e in Event.objects.filter(case=samples.refund_of(city.arrears).case).order_by("sequence")
    ]
    assert verbs[3:] == ["refund.screened_again", "determination.made", "refund.eligible"]
