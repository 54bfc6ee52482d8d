"""One claim from the form to the card, seen by the citizen on a phone and by two officers at a desk.

Whoever acts does so in another way from test to test: with scripts or without, in Chinese or English, in
large type or plain; what a test asks of a page is the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, Stage

pytestmark = pytest.mark.browser
Check = Callable[[Page], None]

APPROVED, PAID, QUESTION = "已经批准，等发第一笔", "钱已到账", "有一项要人工核实"


def fill_in(page: Page, person: dict[str, Any]) -> None:
    """Answer what the registers do not know."""
    page.locator("#id_mobile").fill(person["mobile"])
    page.locator("#id_district").select_option(person["county"])
    page.locator("#id_truth").check()


def submit(page: Page) -> str:
    """Send the form; returns the case number."""
    page.locator("main form button.main").click()
    found = re.search(r"/claims/([A-Z]{2}\d{8}-\d+)/$", page.url)
    assert found is not None, page.locator("main").inner_text()
    return found.group(1)


def test_a_citizen_claims_on_a_phone_and_two_officers_pay(stage: Stage, accessible: Check) -> None:
    phone, person = stage.open(PHONE), stage.person("CLEAN")
    phone.goto(stage.site.base_url)
    accessible(phone)
    stage.sign_in_citizen(phone, person)
    phone.goto(f"{stage.site.base_url}/apply/")
    accessible(phone)

    fill_in(phone, person)
    phone.locator("#id_mobile").fill(person["mobile"][:10])
    phone.locator("main form button.main").click()
    errors = phone.locator(".errors")
    expect(errors).to_contain_text("少一位")
    expect(errors).to_be_focused()
    accessible(phone)

    fill_in(phone, person)
    submit(phone)
    tracker = phone.url
    stage.until(phone, APPROVED)
    accessible(phone)

    handler = stage.open(DESK, javascript=False)
    stage.sign_in_officer(handler, "HANDLER")
    handler.goto(f"{stage.site.base_url}/batches/")
    handler.locator("form[action$='/batches/new/'] button").first.click()
    expect(handler.locator("h1")).to_contain_text("FB")
    batch = handler.url
    assert handler.locator("form[action$='/sign/']").count() == 0, "the maker signs nothing twice"

    reviewer = stage.open(DESK, language="en", elder=True)
    stage.sign_in_officer(reviewer, "REVIEWER")
    reviewer.goto(f"{stage.site.base_url}/batches/")
    accessible(reviewer)
    reviewer.goto(batch)
    accessible(reviewer)
    shown = re.search(r"[\d,]+\.\d\d", reviewer.locator(".stats dd").first.inner_text())
    assert shown is not None
    total = shown.group()
    reviewer.locator("#id_total").fill("1.00")
    reviewer.locator("#id_code").fill("000000")
    reviewer.locator("#id_seen").check()
    reviewer.locator("form[action$='/sign/'] button").click()
    expect(reviewer.locator("form[action$='/sign/']")).to_have_count(1)

    reviewer.locator("#id_total").fill(total)
    reviewer.locator("#id_code").fill(stage.code("REVIEWER"))
    reviewer.locator("#id_seen").check()
    reviewer.locator("form[action$='/sign/'] button").click()
    expect(reviewer.locator("form[action$='/sign/']")).to_have_count(0)

    phone.goto(tracker)
    stage.until(phone, PAID)
    accessible(phone)


def test_a_question_is_settled_by_a_handler_and_signed_by_a_reviewer(stage: Stage, accessible: Check) -> None:
    phone, person = stage.open(PHONE, javascript=False), stage.person("SEPARATION_DISPUTED")
    stage.sign_in_citizen(phone, person)
    phone.goto(f"{stage.site.base_url}/apply/")
    fill_in(phone, person)
    phone.locator("summary").click()
    phone.locator("#id_claimed_reason").select_option(person["says_reason"])
    number = submit(phone)
    stage.until(phone, QUESTION)

    handler = stage.open(DESK, language="en")
    stage.sign_in_officer(handler, "HANDLER")
    accessible(handler)
    handler.goto(f"{stage.site.base_url}/cases/{number}/")
    accessible(handler)
    handler.locator("#fact-separation_reason").select_option("D04")
    handler.locator("input[name=act][value=grant]").check()
    handler.locator("#id_why").fill("单位书面说明：协商一致，由单位提出。")
    handler.keyboard.press("Control+Enter")
    handler.wait_for_url(re.compile(r"/(queue|claims|returned|batches)/"))

    reviewer = stage.open(DESK, javascript=False)
    stage.sign_in_officer(reviewer, "REVIEWER")
    reviewer.goto(f"{stage.site.base_url}/cases/{number}/")
    reviewer.locator("input[name=decision][value=agree]").check()
    reviewer.locator("#decision button.main").click()

    phone.reload()
    stage.until(phone, APPROVED)


def test_a_refusal_takes_two_people_and_says_what_stays(stage: Stage, accessible: Check) -> None:
    phone, person = stage.open(PHONE, elder=True), stage.person("TOO_FEW_MONTHS")
    stage.sign_in_citizen(phone, person)
    phone.goto(f"{stage.site.base_url}/apply/")
    fill_in(phone, person)
    number = submit(phone)
    stage.until(phone, QUESTION)

    ways: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("HANDLER", "refuse", {"javascript": False, "language": "en"}),
        ("REVIEWER", "agree", {"elder": True}),
    )
    for role, act, way in ways:
        officer = stage.open(DESK, **way)
        stage.sign_in_officer(officer, role)
        officer.goto(f"{stage.site.base_url}/cases/{number}/")
        if role == "REVIEWER":
            accessible(officer)
        officer.locator(f"#decision input[value={act}]").check()
        if role == "HANDLER":
            officer.locator("#id_why").fill("累计缴费不满十二个月，已电话告知。")
        officer.locator("#decision button.main").click()

    phone.reload()
    stage.until(phone, "这次没有核定失业保险金")
    body = phone.locator("main").inner_text()
    assert "失业登记仍然有效" in body and "60" in body and "还差" in body
    accessible(phone)


@pytest.mark.parametrize(
    ("javascript", "language", "elder"),
    [(False, "zh-CN", False), (True, "en", False), (True, "zh-CN", True)],
    ids=["without JavaScript", "in English", "in elder mode"],
)
def test_the_claim_can_be_made(
    stage: Stage, accessible: Check, javascript: bool, language: str, elder: bool
) -> None:
    person = stage.person("CLEAN")
    phone = stage.open(PHONE, javascript=javascript, language=language, elder=elder)
    phone.goto(stage.site.base_url)
    assert (phone.locator("html.elder").count() == 1) == elder
    assert phone.locator("html").get_attribute("lang") == ("en" if language == "en" else "zh-Hans")
    stage.sign_in_citizen(phone, person)
    phone.goto(f"{stage.site.base_url}/apply/")
    fill_in(phone, person)
    submit(phone)
    stage.until(phone, "Approved" if language == "en" else APPROVED)
    if javascript:
        accessible(phone)
    expect(phone.locator("ol.steps li.done")).not_to_have_count(0)


def test_the_same_form_from_two_windows_is_one_claim(stage: Stage) -> None:
    person, first = stage.person("CLEAN"), stage.open(PHONE)
    stage.sign_in_citizen(first, person)
    first.goto(f"{stage.site.base_url}/apply/")
    second = first.context.new_page()
    second.goto(f"{stage.site.base_url}/apply/")
    fill_in(first, person)
    fill_in(second, person)
    number = submit(first)
    assert submit(second) == number
