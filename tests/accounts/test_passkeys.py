"""Passkeys of officers in Chromium, with a key that the browser plays."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from accounts.models import Access
from tests.accounts.people import PASSWORD, code_of, new_secret, officer
from tests.serving import served

pytestmark = pytest.mark.django_db

TORN = (
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response":'
    ' {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}}'
)
SECURITY_KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> None:
    cache.clear()


def at_desk(chromium: str, address: str, walk: Callable[[Page], None]) -> None:
    """Walk through pages in a browser with a security key in its port, on a site that has a name.

    In a thread of its own: the driver runs an event loop, in which Django would open another connection.
    """

    def begin() -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            context = browser.new_context(
                locale="zh-CN",
                base_url=address.replace("127.0.0.1", "localhost"),
                viewport={"width": 1280, "height": 800},
            )
            page = context.new_page()
            devtools = context.new_cdp_session(page)
            devtools.send("WebAuthn.enable")
            devtools.send("WebAuthn.addVirtualAuthenticator", {"options": SECURITY_KEY})
            walk(page)
            browser.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(begin).result()


def give_password(page: Page) -> None:
    page.goto("/staff/sign-in/")
    page.get_by_label("用户名").fill("officer")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="下一步").click()


def add_and_use(page: Page, secret: str) -> None:
    """Sign in by code, add a passkey, sign in by it, remove it."""
    give_password(page)
    assert page.get_by_role("button", name="用通行密钥登录").count() == 0
    page.get_by_label("动态口令").fill(code_of(secret))
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/queue/")

    page.goto("/account/")
    page.get_by_role("link", name="添加通行密钥").click()
    page.get_by_label("给它起个名字").fill("办公室电脑")
    assert Axe().run(page).response["violations"] == []
    # Whoever finds the session open does not have the telephone.
    page.get_by_label("动态口令").fill(code_of(new_secret()))
    page.get_by_role("button", name="让浏览器做一个").click()
    page.get_by_text("这个口令不对").first.wait_for()
    page.get_by_label("给它起个名字").fill("办公室电脑")
    page.get_by_label("动态口令").fill(code_of(secret, steps=1))
    page.get_by_role("button", name="让浏览器做一个").click()
    page.wait_for_url("**/account/")
    assert page.get_by_text("办公室电脑").first.is_visible()

    page.get_by_role("button", name="退出").click()
    give_password(page)
    page.get_by_role("button", name="用通行密钥登录").wait_for()
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url("**/queue/")

    page.goto("/account/")
    assert page.get_by_text("上次使用").is_visible()
    page.get_by_role("button", name=re.compile("删除")).click()
    page.get_by_text("不能再用来登录").wait_for()


@pytest.mark.browser
def test_a_passkey_is_added_and_stands_in_for_the_code(chromium: str) -> None:
    secret = new_secret()
    user = officer(totp_secret=secret)
    with served() as address:
        at_desk(chromium, address, partial(add_and_use, secret=secret))
    acts = list(Access.objects.filter(actor=user).order_by("id").values_list("act", flat=True))
    assert acts[-2:] == ["SIGN_IN", "PASSKEY_REMOVED"]
    assert acts.count("PASSKEY_ADDED") == acts.count("PASSKEY_USED") == 1
    # One to sign in, one to add.
    assert acts.count("ONE_TIME_CODE") == 2
    assert acts.count("ONE_TIME_CODE_FAILED") == 1
    assert not Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists()
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def test_a_passkey_that_is_none_is_refused_logged_and_opens_nothing(client: Client) -> None:
    user = officer(totp_secret=new_secret())
    client.post("/staff/sign-in/", {"login": "officer", "password": PASSWORD})
    for wrong in ("", "{}", "[]", "1", '{"id": "AAAA", "type": "public-key"}', TORN, "not json"):
        answer = client.post("/staff/sign-in/code/", {"credential": wrong})
        assert answer.status_code == 200
        assert "_auth_user_id" not in client.session
    assert Access.objects.filter(actor=user, act="ONE_TIME_CODE_FAILED").exists()


def test_what_is_no_passkey_is_not_added(client: Client) -> None:
    secret = new_secret()
    user = officer(totp_secret=secret)
    client.force_login(user)
    for wrong in ("", "{}", "[]", '{"id": "AAAA", "type": "public-key"}', TORN, "not json"):
        client.get("/account/passkeys/add/", headers={"host": "localhost"})
        answer = client.post(
            "/account/passkeys/add/",
            {"name": "x", "credential": wrong, "code": code_of(secret)},
            headers={"host": "localhost"},
        )
        assert answer.status_code == 200
        assert "还没有添加成" in answer.content.decode()
    # None of these has cost the code.
    assert not Access.objects.filter(actor=user, act__startswith="ONE_TIME_CODE").exists()
    assert not Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists()


def test_a_number_for_an_address_makes_no_passkey(client: Client) -> None:
    client.force_login(officer(totp_secret=new_secret()))
    words = "要用 https 的域名"
    assert words in client.get("/account/", headers={"host": "127.0.0.1"}).content.decode()
    answer = client.get("/account/passkeys/add/", headers={"host": "127.0.0.1"}, follow=True)
    assert answer.redirect_chain == [("/account/", 302)]
    assert words in answer.content.decode()


def test_nobody_removes_the_passkey_of_another(client: Client) -> None:
    user = officer(totp_secret=new_secret())
    other = officer("second", totp_secret=new_secret())
    theirs = Authenticator.objects.create(user=other, type=Authenticator.Type.WEBAUTHN, data={"name": "x"})
    client.force_login(user)
    assert client.post(f"/account/passkeys/{theirs.pk}/remove/").status_code == 302
    assert Authenticator.objects.filter(pk=theirs.pk).exists()
