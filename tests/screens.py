"""`python -m tests.screens`: the pictures of the READMEs, taken from the running product.

Starts a site of its own with a small city, walks through it as the journeys do, and writes `docs/screens/`.
"""

from __future__ import annotations

import os
from pathlib import Path

import django
from playwright.sync_api import Page, sync_playwright

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from config.home import ROOT  # noqa: E402 - the journeys import models, which need the settings first
from tests.conftest import CHROMIUM  # noqa: E402 - see above
from tests.journeys.conftest import DESK, FLAGS, PHONE, Stage  # noqa: E402 - see above
from tests.journeys.test_claim import APPROVED, fill_in, submit  # noqa: E402 - see above
from tests.site import RunningSite  # noqa: E402 - see above

SCREENS = ROOT / "docs" / "screens"


def main() -> None:
    """Take every picture; a page that does not come fails loudly."""
    assert CHROMIUM is not None, "Chromium is needed (Debian: apt-get install chromium fonts-noto-cjk)"
    SCREENS.mkdir(exist_ok=True)
    with RunningSite("--people", "300", "--enterprises", "0") as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        stage = Stage(site=site, browser=browser)
        for language, suffix in (("zh-CN", ""), ("en", ".en")):
            _citizen(stage, language, suffix)
            _officers(stage, language, suffix)
        browser.close()


def _citizen(stage: Stage, language: str, suffix: str) -> None:
    phone, person = stage.open(PHONE, language=language), stage.person("CLEAN")
    phone.goto(stage.site.base_url)
    _shoot(phone, f"home{suffix}")
    stage.sign_in_citizen(phone, person)
    phone.goto(f"{stage.site.base_url}/apply/")
    _shoot(phone, f"apply{suffix}")
    fill_in(phone, person)
    submit(phone)
    stage.until(phone, "Approved" if language == "en" else APPROVED)
    _shoot(phone, f"tracker{suffix}")


def _officers(stage: Stage, language: str, suffix: str) -> None:
    desk = stage.open(DESK, language=language)
    stage.sign_in_officer(desk, "HANDLER")
    desk.goto(f"{stage.site.base_url}/queue/")
    _shoot(desk, f"queue{suffix}")
    desk.locator("tr.link a.go").first.click()
    _shoot(desk, f"case{suffix}")
    desk.goto(f"{stage.site.base_url}/batches/")
    desk.locator("main a[href*='/batches/FB']").first.click()
    _shoot(desk, f"batch{suffix}")


def _shoot(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    path: Path = SCREENS / f"{name}.png"
    page.screenshot(path=path)


if __name__ == "__main__":
    main()
