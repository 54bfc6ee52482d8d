"""The pages of a campaign: what officers, the unit and the public see, and what each may do there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.mandates import RegisteredUnit
from accounts.models import Mandate, User
from enterprises.models import Enterprise
from subsidies.refund import kinds, services
from subsidies.refund.models import Campaign, FinanceReview, FundYear, Notice, Objection, Refund
from tests.enterprises import samples as units
from tests.factories import agent
from tests.subsidies import samples
from tests.subsidies.samples import NOW, refund_of
from tests.subsidies.steps import AFTER_ANSWER, AFTER_NOTICE, account_of, agreed, published, told, work

pytestmark = pytest.mark.django_db

# Synthetic: serial 000.
AGENT_NUMBER = "130102198501010009"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """Pages read the clock; it stands at the hour of the samples."""
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        yield


@pytest.fixture
def team() -> samples.Staff:
    """Officers, and a fund that lasts."""
    made = samples.staff()
    samples.funded(made.handler)
    return made


@pytest.fixture
def city(team: samples.Staff) -> samples.City:
    """A small city, screened."""
    made = samples.city()
    for nth, unit in enumerate((made.fine, made.at_limit, made.large)):
        account_of(unit, nth)
    samples.screened(team.handler)
    return made


def signed_in(user: User) -> Client:
    """A browser of theirs."""
    client = Client()
    client.force_login(user)
    return client


def agent_of(unit: Enterprise, serial: int) -> tuple[Client, int]:
    """The browser of a unit's registered agent, and the key of the unit."""
    registered = RegisteredUnit(unit.party.name, units.code(serial), Mandate.Capacity.REGISTERED.value)
    return signed_in(agent("经办人甲", AGENT_NUMBER, registered, now=NOW)), unit.pk


def campaign_url() -> str:
    """The page of the only campaign."""
    return reverse("case-refund-campaign", args=[Campaign.objects.get().case.number])


def test_an_officer_enters_the_fund_year_and_opens_the_campaign_from_the_page() -> None:
    team = samples.staff()
    samples.city()
    browser = signed_in(team.handler)
    refused = browser.post(reverse("refunds-open"), {"year": 2025})
    assert refused.status_code == 422
    assert "还没有登记2024年末的基金结余" in refused.content.decode()
    entered = browser.post(
        reverse("refunds-fund-year"),
        {
            "year": 2024,
            "balance": "1,420,000,000.00",
            "expenditure": "807000000",
            "source": "2024年度基金决算表",
        },
    )
    assert entered.status_code == 302
    assert FundYear.objects.get().balance_fen == 142_000_000_000
    opened = browser.post(reverse("refunds-open"), {"year": 2025})
    assert opened.headers["Location"] == campaign_url()
    assert "筛查全部单位" in browser.get(campaign_url()).content.decode()
    work(NOW)
    page = browser.get(campaign_url()).content.decode()
    assert "1.75" in page
    assert "裁员率超限" in page
    second = signed_in(team.other_handler).post(reverse("refunds-open"), {"year": 2025})
    assert "已由 handler-a 开始" in second.content.decode()
    assert browser.get(reverse("refunds")).status_code == 200


def test_the_funnel_and_the_reasons_add_up(team: samples.Staff, city: samples.City) -> None:
    page = signed_in(team.handler).get(campaign_url())
    assert [stage.count for stage in page.context["stages"]] == [8, 3, 0, 0, 0]
    counted = {row["label"]: row["count"] for row in page.context["reasons"]}
    assert counted["裁员率超限"] == 1
    assert counted["欠费"] == 1
    assert counted["类型不适用"] == 1
    assert counted["缺月末人数"] == 1


def test_the_list_is_narrowed_and_goes_on_by_key(
    team: samples.Staff, city: samples.City, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(team.handler)
    part = browser.get(
        campaign_url(), {"status": kinds.INELIGIBLE}, headers={"HX-Request": "true", "HX-Target": "units"}
    )
    assert len(part.context["lines"]) == 3
    assert "<html" not in part.content.decode()
    assert len(browser.get(campaign_url(), {"reason": "Q2"}).context["lines"]) == 1
    assert len(browser.get(campaign_url(), {"size": "LARGE"}).context["lines"]) == 2
    by_code = browser.get(campaign_url(), {"text": units.code(1)})
    assert [line.name for line in by_code.context["lines"]] == [city.fine.party.name]


def test_an_ineligible_unit_reads_each_failed_test_with_its_numbers_and_may_contest(
    team: samples.Staff, city: samples.City
) -> None:
    browser, unit = agent_of(city.over_limit, 3)
    address = reverse("unit-refund", args=[unit, 2025])
    page = browser.get(address).content.decode()
    # 4 of 872 person-months is 5.50458 %, above 5.5 %; shown cut off.
    assert "5.5045" in page
    assert "872" in page
    assert "对结果有异议" in page
    assert "社保核心系统" in page
    sent = browser.post(reverse("unit-refund-object", args=[unit, 2025]), {"words": "有一人不是我单位的"})
    assert sent.status_code == 302
    assert refund_of(city.over_limit).case.status == kinds.MANUAL
    officers = signed_in(team.handler).get(
        reverse("case-refund", args=[refund_of(city.over_limit).case.number])
    )
    assert "有一人不是我单位的" in officers.content.decode()


def test_a_unit_sees_amount_class_and_account_and_confirms(team: samples.Staff, city: samples.City) -> None:
    told(team)
    browser, unit = agent_of(city.fine, 1)
    assert "稳岗返还" in browser.get(reverse("unit", args=[unit])).content.decode()
    assert browser.get(reverse("unit-refunds", args=[unit])).status_code == 200
    page = browser.get(reverse("unit-refund", args=[unit, 2025])).content.decode()
    for words in (
        "6,480.00",
        "× 60%",
        "10,800.00",
        "尾号",
        "2025年12月1日",
        "确认，进入公示",
        "放弃本年返还",
    ):
        assert words in page
    browser.post(reverse("unit-refund-confirm", args=[unit, 2025]))
    assert refund_of(city.fine).case.status == kinds.CONFIRMED
    browser.post(reverse("unit-refund-decline", args=[unit, 2025]))
    assert refund_of(city.fine).case.status == kinds.DECLINED


def test_an_agent_of_another_unit_sees_nothing_of_it(team: samples.Staff, city: samples.City) -> None:
    browser, _unit = agent_of(city.fine, 1)
    assert browser.get(reverse("unit-refund", args=[city.large.pk, 2025])).status_code == 404
    assert browser.post(reverse("unit-refund-decline", args=[city.large.pk, 2025])).status_code == 404


def test_the_public_notice_names_units_headcounts_and_amounts_and_nothing_else(
    team: samples.Staff, city: samples.City
) -> None:
    told(team)
    notice = published(team)
    address = reverse("refund-notice", args=[2025, samples.CITY, notice.number])
    with time_machine.travel(AFTER_ANSWER, tick=False):
        page = Client().get(address).content.decode()
        assert Client().get(reverse("refund-notices")).status_code == 200
    assert city.fine.party.name in page
    assert "20.00" in page
    assert "6,480.00" in page
    for kept in (units.code(1), "尾号", refund_of(city.fine).case.number):
        assert kept not in page
    with time_machine.travel(AFTER_NOTICE + timedelta(days=5), tick=False):
        over = Client().get(address).content.decode()
    assert city.fine.party.name not in over
    assert "公示期已在" in over


def test_a_campaign_is_led_from_the_pages_to_finance(team: samples.Staff, city: samples.City) -> None:
    handler = signed_in(team.handler)
    number = Campaign.objects.get().case.number
    handler.post(reverse("refund-campaign-step", args=[number, "notify"]))
    work(NOW)
    with time_machine.travel(AFTER_ANSWER, tick=False):
        handler = signed_in(team.handler)
        page = handler.get(campaign_url())
        assert "下一批：3 家，送公示" in page.content.decode()
        handler.post(reverse("refund-campaign-step", args=[number, "publish"]))
        work(AFTER_ANSWER)
        complaint = reverse("refund-complaint", args=[refund_of(city.large).case.number])
        assert handler.post(complaint, {"words": "听说已经停产"}).status_code == 302
    with time_machine.travel(AFTER_NOTICE, tick=False):
        handler, reviewer = signed_in(team.handler), signed_in(team.reviewer)
        services.end_notices(now=AFTER_NOTICE)
        review = FinanceReview.objects.get()
        address = reverse("refund-finance", args=[review.pk])
        assert reviewer.get(address).status_code == 200
        lacking = reviewer.post(address, {"agreed": "yes", "dated_on": "2025-12-10"})
        assert lacking.status_code == 422
        answer = {"agreed": "yes", "document": "财政审核意见（演示）", "dated_on": "2025-12-10"}
        assert reviewer.post(address, answer).status_code == 302
        work(AFTER_NOTICE)
        assert Refund.objects.filter(case__status=kinds.PAYING).count() == 2
        held = reverse("refund-end-hold", args=[refund_of(city.large).case.number])
        assert handler.post(held, {"cleared": "yes", "why": "照常生产"}).status_code == 302
        assert reviewer.get(campaign_url()).status_code == 200
    assert Notice.objects.count() == 1


def test_two_officers_settle_a_missing_month_on_the_page(team: samples.Staff, city: samples.City) -> None:
    handler, reviewer = signed_in(team.handler), signed_in(team.reviewer)
    number = refund_of(city.no_headcount).case.number
    page = reverse("case-refund", args=[number])
    assert "缺" in handler.get(page).content.decode()
    wrong = {"act": "GRANT", "why": "核对", "evidence": "PAPERS", "monthly_headcounts": "20 20"}
    assert handler.post(reverse("refund-propose", args=[number]), wrong).status_code == 422
    right = {**wrong, "monthly_headcounts": " ".join(["20"] * 12)}
    assert handler.post(reverse("refund-propose", args=[number]), right).status_code == 302
    assert reviewer.get(page).context["may_review"]
    assert reviewer.post(reverse("refund-review", args=[number]), {"agreed": "yes"}).status_code == 302
    assert refund_of(city.no_headcount).case.status == kinds.ELIGIBLE


def test_an_objection_before_sealing_takes_the_money_back_from_the_page(
    team: samples.Staff, city: samples.City
) -> None:
    told(team)
    published(team)
    agreed(team)
    with time_machine.travel(AFTER_NOTICE, tick=False):
        browser, unit = agent_of(city.fine, 1)
        browser.post(reverse("unit-refund-object", args=[unit, 2025]), {"words": "基数少了"})
    assert refund_of(city.fine).case.status == kinds.HELD
    assert Objection.objects.count() == 1
