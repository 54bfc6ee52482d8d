"""A browser, and the people of the journeys: a citizen with a phone, officers at a desk.

Nothing here reaches into the product: the site runs as `./run` starts it, seen through its pages alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import urllib3
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.site import RunningSite

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
WORKER_MILLISECONDS = 240_000
# A page on two busy cores may take its time; what is tested is what it says.
PATIENCE_MILLISECONDS = 60_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for all journeys."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@dataclass
class Stage:
    """The running site, a browser, and who is who."""

    site: RunningSite
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.demo: dict[str, Any] = self.site.demo

    def open(
        self,
        viewport: dict[str, int],
        *,
        javascript: bool = True,
        language: str = "zh-CN",
        elder: bool = False,
    ) -> Page:
        """A window of a new visitor."""
        context = self.browser.new_context(
            viewport={"width": viewport["width"], "height": viewport["height"]},
            java_script_enabled=javascript,
            locale=language,
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.contexts.append(context)
        page = context.new_page()
        if elder:
            page.goto(f"{self.site.base_url}/view/elder/")
        return page

    def person(self, scenario: str) -> dict[str, Any]:
        """A synthetic person nobody has used."""
        found = urllib3.request(
            "GET", f"{self.site.sandbox_url}/people?scenario={scenario}&available=1&limit=1"
        ).json()
        assert found, f"no person of scenario {scenario} is left"
        claimed = {"id_number": found[0]["id_number"]}
        assert urllib3.request("POST", f"{self.site.sandbox_url}/people/claimed", json=claimed).status == 200
        person: dict[str, Any] = found[0]
        return person

    def sign_in_citizen(self, page: Page, person: dict[str, Any]) -> None:
        """Through the identity provider and back."""
        page.goto(f"{self.site.base_url}/sign-in/")
        page.locator("main a.button.main").click()
        page.locator("#id_number").fill(person["id_number"])
        if page.locator("input[name=name]").count():
            page.locator("input[name=name]").first.fill(person["name"])
        page.locator("form:has(#id_number) button").first.click()
        page.wait_for_url(re.compile(re.escape(self.site.base_url)))

    def sign_in_officer(self, page: Page, role: str) -> None:
        """Password, then a one-time code."""
        account = next(account for account in self.demo["staff"] if account["role"] == role)
        page.goto(f"{self.site.base_url}/staff/sign-in/")
        page.locator("input[name=login]").fill(account["username"])
        page.locator("input[name=password]").fill(account["password"])
        page.locator("main form button").first.click()
        page.locator("input[name=code]").fill(self.code(role))
        page.locator("main form button").first.click()
        expect(page.locator("body.desk")).to_have_count(1)

    def code(self, role: str) -> str:
        """A one-time code of an officer that has not been used: a code counts once."""
        account = next(account for account in self.demo["staff"] if account["role"] == role)
        return self.site.code(account["username"], account["totp_secret"])

    def until(self, page: Page, heading: str) -> None:
        """Reload until the page's heading says so: workers do their part meanwhile."""
        deadline = time.monotonic() + WORKER_MILLISECONDS / 1000
        while heading not in page.locator("h1").inner_text():
            assert time.monotonic() < deadline, f"{page.url} says: {page.locator('h1').inner_text()}"
            page.wait_for_timeout(1_000)
            page.reload()


@pytest.fixture(scope="session")
def _stage(running_site: RunningSite, browser: Browser) -> Stage:
    return Stage(site=running_site, browser=browser)


@pytest.fixture
def stage(_stage: Stage) -> Iterator[Stage]:
    """The stage, with all windows of the test closed at its end."""
    yield _stage
    while _stage.contexts:
        _stage.contexts.pop().close()


@pytest.fixture(scope="session")
def accessible() -> Callable[[Page], None]:
    """Axe finds nothing on the page, and the page does not scroll sideways."""

    def check(page: Page) -> None:
        results = Axe().run(page, options=RULES)
        assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"
        sideways = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert sideways <= 0, f"{page.url} scrolls sideways by {sideways} px"

    return check
