"""The form begun, in Chromium under the real content security policy: what was changed is there again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from claims.models import Draft
from sandbox.world import Person
from tests.claims.test_views import citizen
from tests.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def cookies(client: Client, person_of: Callable[..., Person]) -> dict[str, str]:
    """The session of somebody who is about to apply."""
    citizen(client, person_of("CLEAN"))
    return {name: morsel.value for name, morsel in client.cookies.items()}


@pytest.fixture
def site() -> Iterator[str]:
    """Address of a server that sees what the test has written."""
    with served() as address:
        yield address


def test_a_changed_field_is_kept_without_a_click_and_stands_there_again(
    cookies: dict[str, str], site: str, chromium: str
) -> None:
    # Kept in the database, looked at after the browser is gone: its driver's event loop is in this thread.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(locale="zh-CN")
        context.add_cookies([{"name": name, "value": value, "url": site} for name, value in cookies.items()])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(f"{site}/apply/")
        begun = page.locator("input[name=submission_id]").input_value()
        said = page.locator("#draft-saved")
        expect(said).to_be_empty()
        for act, name, value in (
            (lambda: page.locator("[name=mobile]").fill("1380000"), "mobile", "1380000"),
            (lambda: page.locator("[name=job]").select_option("CARE"), "job", "CARE"),
            (lambda: page.locator("[name=train][value=yes]").check(), "train", "yes"),
        ):
            with page.expect_response("**/apply/draft/") as answered:
                act()
                page.locator("[name=street]").focus()
            assert answered.value.status == 200
            sent = answered.value.request.post_data or ""
            assert f"{name}={value}" in sent
            assert sent.count("=") == 3, "the field, the form's id and the token, nothing else"
        expect(said).to_contain_text("已经存好")
        page.goto(f"{site}/apply/")
        expect(page.locator("[name=mobile]")).to_have_value("1380000")
        expect(page.locator("[name=job]")).to_have_value("CARE")
        expect(page.locator("[name=train][value=yes]")).to_be_checked()
        assert page.locator("input[name=submission_id]").input_value() == begun
        assert complaints == []
        browser.close()
    draft = Draft.objects.get()
    assert draft.submission_id == uuid.UUID(begun)
    assert draft.answers == {"mobile": "1380000", "job": "CARE", "train": "yes"}
