"""Signing in and out as people do it: through the pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings

from accounts.models import Access, Role, User
from accounts.selectors import has_second_factor
from accounts.services import set_second_factor
from tests.accounts.people import PASSWORD, code_of, new_secret, officer

pytestmark = pytest.mark.django_db

SIGN_IN = "/staff/sign-in/"
CODE = "/staff/sign-in/code/"
SECOND_FACTOR = "/staff/second-factor/"


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> None:
    cache.clear()


def first_step(client: Client, password: str = PASSWORD, then: str = "") -> str:
    """Send name and password; returns the page or, after a redirect, its address."""
    fields = {"login": "officer", "password": password} | ({"next": then} if then else {})
    answer = client.post(SIGN_IN, fields)
    return str(answer["Location"]) if answer.status_code == 302 else answer.content.decode()


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def acts() -> list[str]:
    return list(
        Access.objects.exclude(act__in=["RIGHTS_CHANGED"]).order_by("id").values_list("act", flat=True)
    )


def test_an_officer_signs_in_by_password_and_code_and_lands_at_work(client: Client) -> None:
    secret = new_secret()
    user = officer(totp_secret=secret)
    assert first_step(client) == CODE
    assert not is_signed_in(client), "the password alone lets nobody in"
    assert client.get(CODE).status_code == 200
    answer = client.post(CODE, {"code": code_of(secret)})
    assert (answer.status_code, answer["Location"]) == (302, "/queue/")
    assert is_signed_in(client)
    assert acts() == ["SECOND_FACTOR_SET", "ONE_TIME_CODE", "SIGN_IN"]
    assert Access.objects.latest("id").actor == user
    assert client.session.get_expire_at_browser_close()


def test_the_page_asked_for_is_opened_after_both_steps_but_no_foreign_one(client: Client) -> None:
    secret = new_secret()
    officer(totp_secret=secret)
    first_step(client, then="/batches/")
    assert client.post(CODE, {"code": code_of(secret)})["Location"] == "/batches/"
    client.logout()
    first_step(client, then="https://elsewhere.example/")
    answer = client.post(CODE, {"code": code_of(secret, steps=1)})
    assert answer["Location"] == "/queue/"


def test_a_code_counts_once_across_two_sign_ins(client: Client) -> None:
    secret = new_secret()
    officer(totp_secret=secret)
    code = code_of(secret)
    first_step(client)
    client.post(CODE, {"code": code})
    client.logout()
    first_step(client)
    answer = client.post(CODE, {"code": code})
    assert not is_signed_in(client)
    assert "只能用一次" in answer.content.decode()


def test_the_second_step_cannot_be_opened_without_the_first(client: Client) -> None:
    answer = client.get(CODE)
    assert (answer.status_code, answer["Location"]) == (302, SIGN_IN)


def test_a_wrong_password_is_told_without_saying_which_half_was_wrong(client: Client) -> None:
    user = officer()
    wrong = first_step(client, "not-the-password-1")
    assert "用户名和密码对不上" in wrong
    unknown = client.post(SIGN_IN, {"login": "nobody-here", "password": "x"}).content.decode()
    assert "用户名和密码对不上" in unknown
    lines = Access.objects.filter(act="SIGN_IN_FAILED").order_by("id")
    assert [line.actor for line in lines] == [user, None]
    assert not any("nobody" in line.reason or "password" in line.reason for line in lines)


def test_after_five_failures_the_name_is_locked_and_the_page_says_for_how_long(client: Client) -> None:
    secret = new_secret()
    officer(totp_secret=secret)
    for _ in range(5):
        assert "对不上" in first_step(client, "not-the-password-1")
    page = first_step(client)
    assert "5 分钟后再试" in page
    assert not is_signed_in(client)
    assert Access.objects.filter(act="LOCKED_OUT").count() == 1
    with time_machine.travel(timedelta(minutes=6), tick=True):
        assert first_step(client) == CODE


def test_five_wrong_codes_lock_the_code(client: Client) -> None:
    secret = new_secret()
    officer(totp_secret=secret)
    first_step(client)
    for _ in range(5):
        client.post(CODE, {"code": "000000"})
    answer = client.post(CODE, {"code": code_of(secret)})
    assert "5 分钟后再试" in answer.content.decode()
    assert not is_signed_in(client)


def test_an_officer_without_a_telephone_sets_it_up_first_and_gets_recovery_codes_once(client: Client) -> None:
    user = officer()
    assert first_step(client) == "/queue/"
    page = client.get(SECOND_FACTOR).content.decode()
    assert "<svg" in page
    assert "data:" not in page
    assert "style=" not in page
    found = re.search(r'class="code">([A-Z2-7]+)<', page)
    assert found is not None
    secret = found[1]
    wrong = client.post(SECOND_FACTOR, {"code": "12345x"}).content.decode()
    assert "数字对不上" in wrong
    assert secret in wrong, "the secret stays the same until it is proved"
    answer = client.post(SECOND_FACTOR, {"code": code_of(secret)})
    assert answer["Location"] == "/staff/recovery-codes/"
    assert has_second_factor(user)
    codes = re.findall(r'class="code">([0-9a-f-]+)<', client.get("/staff/recovery-codes/").content.decode())
    assert len(codes) == 10
    again = client.get("/staff/recovery-codes/")
    assert (again.status_code, again["Location"]) == (302, "/queue/")
    assert client.get(SECOND_FACTOR)["Location"] == "/queue/"
    client.logout()
    first_step(client)
    assert client.post(CODE, {"code": codes[0]})["Location"] == "/queue/"
    client.logout()
    first_step(client)
    assert client.post(CODE, {"code": codes[0]}).status_code == 200, "a recovery code counts once too"


def test_the_secret_of_the_codes_is_encrypted_in_the_database() -> None:
    secret = new_secret()
    user = officer(totp_secret=secret)
    assert secret not in str(Authenticator.objects.get(user=user).data)


def test_signing_out_takes_a_post_and_is_logged(client: Client) -> None:
    client.force_login(officer(totp_secret=new_secret()))
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == SIGN_IN
    assert not is_signed_in(client)
    assert Access.objects.latest("id").act == "SIGN_OUT"
    assert client.post("/sign-out/").status_code == 302, "a page left open may still show the button"


def test_after_half_an_hour_an_officer_is_signed_out_and_told_so(client: Client, settings: Settings) -> None:
    client.force_login(officer(totp_secret=new_secret()))
    with time_machine.travel("2026-11-23 02:00:00Z", tick=False) as clock:
        for _ in range(3):
            assert client.get("/privacy/").status_code == 200
            clock.shift(29 * 60)
        assert is_signed_in(client), "each request starts the half hour again"
        clock.shift(2 * 60)
        answer = client.get("/privacy/?page=2")
        assert answer["Location"] == "/staff/sign-in/?idle=1&next=%2Fprivacy%2F%3Fpage%3D2"
        assert not is_signed_in(client)
        assert "已经自动退出" in client.get(answer["Location"]).content.decode()
    assert Access.objects.filter(act="IDLE_SIGN_OUT").count() == 1


def test_a_form_sent_after_an_idle_time_is_kept_and_sent_on_by_the_same_officer(client: Client) -> None:
    user = officer(totp_secret=(secret := new_secret()))
    client.force_login(user)
    typed = {"note": "他说从来没有收到过解除通知。", "choice": "A", "code": "123456"}
    with time_machine.travel("2026-11-23 02:00:00Z", tick=False) as clock:
        client.get("/privacy/")
        clock.shift(31 * 60)
        answer = client.post("/shortcuts/?a=b", typed)
        assert answer["Location"] == "/staff/sign-in/?idle=2&next=%2Fsession%2Ftyped%2F"
        assert "给您留着" in client.get(answer["Location"]).content.decode()
        assert typed["note"] not in str(dict(client.session)), "it is encrypted"
        client.post(SIGN_IN, {"login": "officer", "password": PASSWORD, "next": "/session/typed/"})
        assert client.post(CODE, {"code": code_of(secret)})["Location"] == "/session/typed/"
        page = client.get("/session/typed/").content.decode()
        assert 'action="/shortcuts/?a=b"' in page
        assert page.count(typed["note"]) == 2, "to be read, and to be sent on"
        assert 'name="choice" value="A"' in page
        assert "123456" not in page
        assert "已经丢弃" in client.post("/session/typed/", follow=True).content.decode()
        assert client.get("/session/typed/")["Location"] == "/queue/"


def test_what_one_typed_is_shown_to_nobody_else(client: Client) -> None:
    client.force_login(officer(totp_secret=new_secret()))
    with time_machine.travel("2026-11-23 02:00:00Z", tick=False) as clock:
        client.get("/privacy/")
        clock.shift(31 * 60)
        client.post("/shortcuts/", {"note": "only for the first officer"})
        other = User.objects.create(username="other", full_name="王", roles=["HANDLER"], regions=["130100"])
        set_second_factor(user=other, totp_secret=new_secret(), now=datetime.now(UTC))
        kept = client.session["typed"]
        client.force_login(other)
        session = client.session
        session["typed"] = kept
        session.save()
        assert client.get("/session/typed/")["Location"] == "/queue/"
        assert "typed" not in client.session


def test_a_form_from_another_site_is_not_kept() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer(totp_secret=new_secret()))
    with time_machine.travel("2026-11-23 02:00:00Z", tick=False) as clock:
        client.get("/privacy/")
        clock.shift(31 * 60)
        answer = client.post("/shortcuts/", {"note": "planted by another site"})
        assert answer["Location"] == "/staff/sign-in/?idle=1"
        assert "typed" not in client.session


def test_asking_how_long_a_session_lasts_does_not_lengthen_it_and_going_on_does(client: Client) -> None:
    assert client.get("/session/").json() == {"seconds": 0}
    client.force_login(officer(totp_secret=new_secret()))
    with time_machine.travel("2026-11-23 02:00:00Z", tick=False) as clock:
        client.get("/privacy/")
        clock.shift(28 * 60)
        assert client.get("/session/").json() == {"seconds": 120}
        assert client.get("/session/").json() == {"seconds": 120}
        assert client.get("/session/go-on/").json() == {"seconds": 1800}
        clock.shift(29 * 60)
        assert is_signed_in(client)


def test_a_part_of_a_page_sends_the_whole_page_to_the_notice(client: Client) -> None:
    client.force_login(officer(totp_secret=new_secret()))
    with time_machine.travel("2026-11-23 02:00:00Z", tick=False) as clock:
        client.get("/privacy/")
        clock.shift(31 * 60)
        answer = client.get("/privacy/", headers={"HX-Request": "true"})
        assert (answer.status_code, answer["HX-Redirect"]) == (200, "/staff/sign-in/?idle=1")


def test_a_closed_account_is_told_so(client: Client) -> None:
    user = officer()
    user.is_active = False
    user.save()
    page = client.post(SIGN_IN, {"login": "officer", "password": PASSWORD})
    assert "停用" in page.content.decode()
    assert not is_signed_in(client)


def test_the_machine_has_no_password_that_fits(client: Client) -> None:
    client.post(SIGN_IN, {"login": "system", "password": ""})
    client.post(SIGN_IN, {"login": "system", "password": "!"})
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "name",
    [
        "account_signup",
        "account_reset_password",
        "account_email",
        "account_change_password",
        "mfa_deactivate_totp",
        "mfa_generate_recovery_codes",
        "socialaccount_signup",
        "socialaccount_connections",
        "idp:oidc:authorization",
    ],
)
def test_pages_of_the_library_that_nobody_needs_do_not_exist(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_an_officers_page_names_him_and_his_role(client: Client) -> None:
    user = officer("officer", Role.REVIEWER, totp_secret=new_secret())
    client.force_login(user)
    context = client.get("/privacy/").context
    assert context["who"].name == "officer 甲"
    assert [str(role) for role in context["who"].roles] == ["复核"]
    assert context["may"]["REVIEW_CASE"]
    assert not context["may"]["HANDLE_CASE"]
    assert User.objects.filter(roles__contains=["REVIEWER"]).get() == user
