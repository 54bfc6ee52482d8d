"""The policy pages in Chromium: accessible, no wider than the screen, usable without a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import set_second_factor
from policy.services import decline
from tests.pages.test_browser import DESK, PHONE, SMALL, site, visit
from tests.policy.samples import approved, officer, proposed

__all__ = ["site", "visit"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

Cookies = dict[str, str]


def cookies_of(user: User) -> Cookies:
    """The session of an officer, signed in with both factors."""
    set_second_factor(user=user, totp_secret="JBSWY3DPEHPK3PXP", now=datetime(2026, 11, 23, tzinfo=UTC))
    client = Client()
    client.force_login(user)
    return {name: morsel.value for name, morsel in client.cookies.items()}


@pytest.fixture
def supervisor() -> Iterator[Cookies]:
    """The proposer's own browser."""
    yield cookies_of(officer("proposer"))


@pytest.fixture
def another() -> Iterator[Cookies]:
    """The browser of the one who approves."""
    yield cookies_of(officer("approver"))


@pytest.fixture
def pages() -> list[str]:
    """Every page of the app, with something on it."""
    waiting = proposed(
        key="benefit.standard",
        unit="fen",
        region="130000",
        start=date(2027, 1, 1),
        value={"1": "212400", "2": "192600", "3": "173700"},
    )
    declined = proposed(key="benefit.promise_wd", value="2", start=date(2026, 12, 1), actor=officer("other"))
    decline(value=declined, remark="请附原文。", actor=officer("approver"), now=waiting.proposed_at)
    others = proposed(key="benefit.promise_wd", value="1", start=date(2026, 12, 1), actor=officer("other"))
    approved(proposed(key="benefit.report_wd", value="15", start=date(2026, 12, 1)))
    return [
        reverse("policy"),
        reverse("policy") + "?on=someday",
        reverse("policy") + "?text=zzz",
        reverse("policy-key", args=["benefit.standard"]),
        reverse("policy-key", args=["benefit.steps"]),
        reverse("policy-key", args=["calendar.2026"]),
        reverse("policy-key", args=["calendar.2027"]),
        reverse("policy-key", args=["benefit.separation_reasons"]),
        reverse("policy-new"),
        reverse("policy-new") + "?key=nonsense",
        *(
            reverse("policy-new") + f"?key={key}"
            for key in (
                "benefit.promise_wd",
                "benefit.auto_grant",
                "benefit.standard",
                "benefit.separation_reasons",
                "region.tier",
                "calendar.2027",
            )
        ),
        *(reverse("case-policy", args=[row.number]) for row in (waiting, declined, others)),
    ]


@pytest.mark.parametrize(
    ("options", "more", "every"),
    [
        ({"viewport": DESK}, {}, 1),
        ({"viewport": DESK, "color_scheme": "dark"}, {}, 3),
        ({"viewport": SMALL}, {}, 1),
        ({"viewport": PHONE}, {"anye_language": "en"}, 3),
    ],
    ids=["desk", "dark", "small", "english"],
)
def test_every_page_is_open_to_everybody(
    supervisor: Cookies, pages: list[str], visit: Callable[..., Any], options: Any, more: Cookies, every: int
) -> None:
    visitor = visit(supervisor | more, **options)
    found = {}
    for path in pages[::every]:
        visitor.complaints.clear()
        visitor.open(path)
        # A page that refuses a filter answers 422 on purpose.
        found[path] = [problem for problem in visitor.problems() if "422" not in problem]
    assert {path: problems for path, problems in found.items() if problems} == {}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_two_supervisors_put_a_value_in_force(
    supervisor: Cookies, another: Cookies, visit: Callable[..., Any], script: bool
) -> None:
    visitor = visit(supervisor, viewport=DESK, java_script_enabled=script)
    page = visitor.open(reverse("policy"))
    page.click("text=承诺办结")
    page.click("text=新增一行")
    page.fill("[name=start]", "2026-12-01")
    page.fill("[name=value]", "两天")
    page.click("text=先看变化")
    assert page.locator(".errors").is_visible()
    page.fill("[name=value]", "2")
    page.fill("[name=title]", "石家庄市失业保险经办服务承诺")
    page.select_option("[name=seen]", "text")
    page.click("text=先看变化")
    assert page.is_visible("text=批准以后会这样")
    page.click("text=提出，请另一位主管批准")
    number = page.url.rstrip("/").rpartition("/")[2]
    assert page.is_visible("text=您提出的，不能由您自己批准")
    signing = visit(another, viewport=PHONE, java_script_enabled=script)
    page = signing.open(reverse("case-policy", args=[number]))
    page.check("[name=agreed][value=yes]")
    page.click("text=签字")
    assert page.is_visible("text=已批准，从起始日起生效")
    assert "石家庄市" in page.locator("dl.facts").first.inner_text()
    page = signing.open(reverse("policy-key", args=["benefit.promise_wd"]))
    assert "2 个工作日" in page.locator(".params li").last.inner_text()


def test_the_alarm_is_seen_and_leads_to_the_form(supervisor: Cookies, visit: Callable[..., Any]) -> None:
    visitor = visit(supervisor, viewport=DESK)
    page = visitor.open(reverse("queue"))
    year = datetime.now(UTC).year + 1
    link = page.locator(f"a[href='{reverse('policy-new')}?key=calendar.{year}']")
    if datetime.now(UTC).month >= 10:
        link.click()
        assert page.locator("[name=off]").is_visible()
