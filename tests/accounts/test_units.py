"""Agents at their pages: signing in for a unit at a provider that runs for real, acting, losing the right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import time_machine
import urllib3
from allauth.socialaccount.models import SocialAccount
from django.http import HttpResponse, HttpResponseBase
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.mandates import end_all_of_unit
from accounts.models import Access, Identifier, Mandate, Party, User
from accounts.selectors import machine
from law.workdays import legal_day
from sandbox.server import Running, running
from sandbox.server import Settings as SandboxSettings
from tests.accounts.people import NUMBER, officer

pytestmark = pytest.mark.django_db
Listed = dict[str, Any]
TOO_SHORT = "13010219900307000"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The outside world, small."""
    chosen = SandboxSettings("", (), client_id="anye", client_secret="only-for-tests")
    path: Path = tmp_path_factory.mktemp("sandbox") / "box.sqlite3"
    with running(path, product="http://testserver", today=date(2026, 11, 23), settings=chosen) as found:
        yield found


@pytest.fixture(autouse=True)
def _providers(box: Running, settings: Settings) -> None:
    configured = json.loads(json.dumps(settings.SOCIALACCOUNT_PROVIDERS, default=str))
    for app in configured["openid_connect"]["APPS"]:
        issuer = {"citizen": f"{box.url}/oidc", "unit": f"{box.url}/oidc/units"}[app["provider_id"]]
        app["settings"]["server_url"], app["secret"] = issuer, "only-for-tests"
    settings.SOCIALACCOUNT_PROVIDERS = configured


def units(box: Running, scenario: str) -> list[Listed]:
    answer = urllib3.request("GET", f"{box.url}/units", fields={"scenario": scenario, "limit": "3"})
    found: list[Listed] = answer.json()
    return found


@pytest.fixture
def unit(box: Running) -> Listed:
    """A unit in order."""
    return units(box, "SMALL_PASSES")[0]


@pytest.fixture
def helper(box: Running) -> Listed:
    """One of the city's people, to whom a unit may delegate."""
    answer = urllib3.request("GET", f"{box.url}/people", fields={"scenario": "RESIGNED", "limit": "1"})
    found: list[Listed] = answer.json()
    return found[0]


def sign_in(client: Client, id_number: str, provider: str = "unit", then: str = "") -> HttpResponseBase:
    """Walk to the provider's page, answer it as somebody, and come back."""
    away = client.get(f"/sign-in/{provider}/", {"next": then} if then else {})
    address = urlsplit(str(away["Location"]))
    answer = urllib3.request(
        "POST",
        f"{address.scheme}://{address.netloc}{address.path}",
        body=urlencode(dict(parse_qsl(address.query)) | {"id_number": id_number}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        redirect=False,
    )
    assert answer.status == 303, answer.data.decode()
    back: HttpResponseBase = client.get(str(answer.headers["Location"]).removeprefix("http://testserver"))
    return back


def as_agent(unit: Listed, who: str = "representative") -> Client:
    """The browser of somebody who is registered for the unit."""
    client = Client()
    assert sign_in(client, unit[who]["id_number"])["Location"] == "/units/"
    return client


def key_of(unit: Listed) -> int:
    return Identifier.objects.get(kind="USCC", number__isnull=False, masked=unit["code"]).party_id


def delegate_to(client: Client, unit: Listed, person: Listed, **other: str) -> HttpResponseBase:
    fields = {"name": person["name"], "id_number": person["id_number"], "until": ""} | other
    answer: HttpResponseBase = client.post(f"/units/{key_of(unit)}/delegate/", fields)
    return answer


def end(client: Client, mandate: Mandate) -> HttpResponseBase:
    answer: HttpResponseBase = client.post(f"/units/{mandate.unit_id}/mandates/{mandate.pk}/end/")
    return answer


def words(answer: HttpResponseBase) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


def test_the_sign_in_page_offers_both_capacities_and_leads_on_from_where_one_came(client: Client) -> None:
    both = words(client.get("/sign-in/?next=/apply/"))
    assert '/sign-in/citizen/?next=/apply/"' in both
    assert '/sign-in/unit/"' in both
    away = client.get("/units/")
    assert away["Location"] == "/sign-in/?next=%2Funits%2F&as=unit"
    for_units = words(client.get(str(away["Location"])))
    assert '/sign-in/citizen/"' in for_units
    assert '/sign-in/unit/?next=/units/"' in for_units


@pytest.mark.parametrize("who", ["representative", "agent"])
def test_somebody_registered_signs_in_and_sees_the_unit(unit: Listed, who: str) -> None:
    client = as_agent(unit, who)
    page = words(client.get("/units/"))
    assert unit["name"] in page and unit["code"] in page
    assert "法人统一身份认证登记" in page
    user = User.objects.get(pk=client.session["_auth_user_id"])
    assert (user.party, user.full_name) == (None, unit[who]["name"])
    acts = [*Access.objects.order_by("id").values_list("act", flat=True)]
    assert acts == ["LINKED", "MANDATE_GRANTED", "SIGN_IN"]
    assert set(SocialAccount.objects.get().extra_data) <= {"sub", "iss"}
    assert client.get("/units/", headers={"Accept-Language": "en"}).status_code == 200


def test_two_units_stand_on_one_page_and_nobody_finds_a_third(box: Running) -> None:
    second = units(box, "TWO_UNITS")[0]
    client = as_agent(second, "agent")
    assert User.objects.get(pk=client.session["_auth_user_id"]).agent_person is not None
    assert Mandate.objects.count() == 2
    page = words(client.get("/units/"))
    for mandate in Mandate.objects.all():
        assert mandate.unit.name in page
        assert client.get(f"/units/{mandate.unit_id}/").status_code == 200
    other = as_agent(units(box, "SMALL_PASSES")[0])
    assert other.get(f"/units/{key_of(second)}/").status_code == 404
    assert client.get("/units/999999/").status_code == 404


def test_a_delegate_signs_in_acts_and_is_shut_out_at_once_when_it_is_withdrawn(
    unit: Listed, helper: Listed
) -> None:
    owner = as_agent(unit)
    assert delegate_to(owner, unit, helper).status_code == 302
    page = words(owner.get(f"/units/{key_of(unit)}/"))
    assert helper["name"] in page and helper["id_number"] not in page
    browser = Client()
    assert sign_in(browser, helper["id_number"])["Location"] == "/units/"
    his = words(browser.get(f"/units/{key_of(unit)}/"))
    assert unit["representative"]["name"] in his, "who gave it"
    assert "委托别人来办" not in his
    refused = delegate_to(browser, unit, {"name": "丙某", "id_number": NUMBER})
    assert refused.status_code == 422 and "不能再委托" in words(refused)
    assert end(owner, Mandate.objects.get(capacity="DELEGATE")).status_code == 302
    for answer in (
        browser.get(f"/units/{key_of(unit)}/"),
        delegate_to(browser, unit, {"name": "丙某", "id_number": NUMBER}),
        end(browser, Mandate.objects.get(capacity="DELEGATE")),
        browser.get("/units/"),
    ):
        assert answer.status_code == 403
        assert "单位已经撤回对您的委托" in words(answer)
    line = Access.objects.filter(act="REFUSED").latest("id")
    assert (line.reason, line.party_id) == ("WITHDRAWN", key_of(unit))
    assert "_auth_user_id" in browser.session, "the session goes on, the mandate does not"
    browser.post("/sign-out/")
    again = sign_in(browser, helper["id_number"])
    assert again.status_code == 403 and "没有您可以替它办事的单位" in words(again)
    assert "_auth_user_id" not in browser.session


def test_a_mandate_that_runs_out_ends_in_a_running_session(unit: Listed, helper: Listed) -> None:
    today = legal_day(timezone.now())
    with time_machine.travel(timezone.now(), tick=False) as clock:
        owner = as_agent(unit)
        until = (today + timedelta(days=1)).isoformat()
        assert delegate_to(owner, unit, helper, until=until).status_code == 302
        browser = Client()
        sign_in(browser, helper["id_number"])
        place = f"/units/{key_of(unit)}/"
        assert browser.get(place).status_code == 200
        for _ in range(40):
            clock.shift(timedelta(hours=1))
            last = browser.get(place)
            if last.status_code != 200:
                break
    assert last.status_code == 403
    assert "已经到期" in words(last)
    assert Access.objects.filter(act="REFUSED").latest("id").reason == "EXPIRED"


def test_a_delegate_may_give_it_back(unit: Listed, helper: Listed) -> None:
    delegate_to(as_agent(unit), unit, helper)
    browser = Client()
    sign_in(browser, helper["id_number"])
    assert end(browser, Mandate.objects.get(capacity="DELEGATE"))["Location"] == "/units/"
    page = browser.get("/units/")
    assert page.status_code == 403 and "交还" in words(page)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"id_number": TOO_SHORT}, "位数或校验位不符"),
        ({"id_number": NUMBER[:-1] + "4"}, "位数或校验位不符"),
        ({"id_number": ""}, "请填公民身份号码"),
        ({"name": " "}, "请填姓名"),
        ({"until": "2020-01-01"}, "截止日已经过了"),
        ({"until": "明天"}, "请填日期"),
    ],
)
def test_what_is_wrong_with_a_delegation_is_said_beside_the_field(
    unit: Listed, helper: Listed, wrong: dict[str, str], said: str
) -> None:
    answer = delegate_to(as_agent(unit), unit, helper, **wrong)
    assert answer.status_code == 422
    assert said in words(answer)
    assert helper["id_number"] not in words(answer), "a number is typed again, never sent back"
    assert not Mandate.objects.filter(capacity="DELEGATE").exists()


def test_delegating_to_oneself_and_twice_is_refused_with_words(unit: Listed, helper: Listed) -> None:
    owner = as_agent(unit)
    assert "您自己的证件号码" in words(delegate_to(owner, unit, unit["representative"]))
    assert delegate_to(owner, unit, helper).status_code == 302
    assert "不用再委托" in words(delegate_to(owner, unit, helper))
    tries = Access.objects.filter(act="REFUSED", party_id=key_of(unit)).order_by("id")
    assert [line.reason for line in tries] == ["mandate.self", "mandate.already"]
    blanks = f" {helper['id_number'][:6]} {helper['id_number'][6:].lower()} "
    assert "不用再委托" in words(delegate_to(owner, unit, helper, id_number=blanks))
    assert Mandate.objects.filter(capacity="DELEGATE").count() == 1


def test_what_the_identity_provider_registers_is_not_withdrawn_here(unit: Listed) -> None:
    owner = as_agent(unit)
    answer = end(owner, Mandate.objects.get())
    assert answer.status_code == 302
    assert "这里撤不了" in words(owner.get(str(answer["Location"])))
    assert owner.post(f"/units/{key_of(unit)}/mandates/999999/end/").status_code == 404


def test_a_deregistered_unit_lets_nobody_in_and_those_inside_out(
    box: Running, unit: Listed, helper: Listed
) -> None:
    gone = units(box, "DEREGISTERED")[0]
    browser = Client()
    answer = sign_in(browser, gone["representative"]["id_number"])
    assert answer.status_code == 403 and "已经注销" in words(answer)
    assert "_auth_user_id" not in browser.session
    inside = as_agent(unit)
    end_all_of_unit(unit=Party.objects.get(name=unit["name"]), actor=machine(), now=timezone.now())
    page = inside.get(f"/units/{key_of(unit)}/")
    assert page.status_code == 403 and "已经注销，不能再替它办事" in words(page)


def test_somebody_of_no_unit_is_told_so_and_nothing_is_kept(client: Client, helper: Listed) -> None:
    answer = sign_in(client, helper["id_number"])
    assert answer.status_code == 403 and "选“个人”登录" in words(answer)
    assert not Party.objects.exists() and not SocialAccount.objects.exists()
    assert Access.objects.get().reason == "identity.no_unit"


def test_one_person_in_two_capacities_sees_in_each_only_what_belongs_to_it(box: Running) -> None:
    owned = units(box, "OWNER_APPLIES")[0]
    number = owned["representative"]["id_number"]
    agent = as_agent(owned)
    citizen = Client()
    assert sign_in(citizen, number, "citizen")["Location"] == "/my/"
    users = User.objects.filter(full_name=owned["representative"]["name"])
    assert {(user.party_id is None, user.agent_person_id is None) for user in users} == {
        (True, False),
        (False, True),
    }
    assert Party.objects.filter(kind="PERSON").count() == 1, "one person"
    for page in ("/units/", f"/units/{key_of(owned)}/"):
        refused = citizen.get(page)
        assert refused.status_code == 403
        assert "单位经办人" in words(refused) and "换个身份登录" in words(refused)
        assert owned["name"] not in words(refused)
    assert delegate_to(citizen, owned, {"name": "丙某", "id_number": NUMBER}).status_code == 403
    for page in ("/my/", "/apply/", "/my/readers/"):
        assert agent.get(page).status_code == 403
    assert "/units/" in words(agent.get("/")) and "/my/" not in words(agent.get("/privacy/"))


def test_changing_the_capacity_leads_by_signing_out_to_the_right_sign_in(box: Running) -> None:
    owned = units(box, "OWNER_APPLIES")[0]
    browser = Client()
    sign_in(browser, owned["representative"]["id_number"], "citizen")
    assert 'name="next" value="/sign-in/?next=%2Funits%2F&amp;as=unit"' in words(browser.get("/units/"))
    left = browser.post("/sign-out/", {"next": "/sign-in/?next=%2Funits%2F&as=unit"})
    assert left["Location"] == "/sign-in/?next=%2Funits%2F&as=unit"
    assert browser.post("/sign-out/", {"next": "https://elsewhere.example/"})["Location"] == "/"


def test_signing_in_as_the_other_capacity_ends_the_session_before(box: Running) -> None:
    owned = units(box, "OWNER_APPLIES")[0]
    browser = Client()
    sign_in(browser, owned["representative"]["id_number"], "citizen")
    sign_in(browser, owned["representative"]["id_number"], "unit")
    assert browser.get("/units/").status_code == 200
    assert browser.get("/my/").status_code == 403


def test_an_agent_who_did_nothing_for_long_comes_back_as_one(unit: Listed) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = as_agent(unit)
        client.get("/units/")
        clock.shift(timedelta(hours=3))
        assert client.get("/units/")["Location"] == "/sign-in/?idle=1&next=%2Funits%2F&as=unit"


def test_a_delegation_sent_after_the_session_had_ended_is_kept_without_the_number(
    unit: Listed, helper: Listed
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = as_agent(unit)
        client.get("/units/")
        clock.shift(timedelta(hours=3))
        away = delegate_to(client, unit, helper)
        assert "as=unit" in away["Location"] and "idle=2" in away["Location"]
        following = dict(parse_qsl(urlsplit(away["Location"]).query))["next"]
        assert sign_in(client, unit["representative"]["id_number"], then=following)["Location"] == following
        page = words(client.get(following))
    assert helper["name"] in page
    assert helper["id_number"] not in page
    assert not Mandate.objects.filter(capacity="DELEGATE").exists()


def test_an_officer_is_no_agent(unit: Listed) -> None:
    as_agent(unit)
    desk = Client()
    desk.force_login(officer())
    assert desk.get(f"/units/{key_of(unit)}/").status_code in (302, 403)


def test_an_answer_that_does_not_say_which_units_signs_nobody_in(
    client: Client, unit: Listed, monkeypatch: pytest.MonkeyPatch, box: Running
) -> None:
    provider = box.application.unit_provider
    whole = provider.claims

    for wrong in (
        None,
        "x",
        [{"code": "1"}],
        [{"code": "1", "name": "n", "status": "ACTIVE", "capacity": "DELEGATE"}],
    ):
        monkeypatch.setattr(provider, "claims", lambda person, said=wrong: whole(person) | {"units": said})
        answer = sign_in(client, unit["agent"]["id_number"])
        assert answer.status_code == 403 and "没有说明您登记在哪些单位" in words(answer)
    assert not Mandate.objects.exists()


def test_who_is_registered_no_longer_is_shut_out_when_he_signs_in_again(
    unit: Listed, monkeypatch: pytest.MonkeyPatch, box: Running
) -> None:
    client = as_agent(unit, "agent")
    provider = box.application.unit_provider
    whole = provider.claims
    monkeypatch.setattr(provider, "claims", lambda person: whole(person) | {"units": []})
    answer = sign_in(client, unit["agent"]["id_number"])
    assert answer.status_code == 403
    assert Mandate.objects.get().ended_because == "NOT_REGISTERED"
    page = client.get(f"/units/{key_of(unit)}/")
    assert page.status_code == 403 and "不再登记" in words(page), "in the session that still runs"
