"""Citizens sign in through an identity provider that runs for real, over HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import urllib3
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts.models import Access, Identifier, Party, User
from sandbox.server import Running, running
from sandbox.server import Settings as SandboxSettings
from tests.accounts.people import new_secret, officer

pytestmark = pytest.mark.django_db
Person = dict[str, str]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The outside world, small."""
    chosen = SandboxSettings("", (), client_id="anye", client_secret="only-for-tests")
    path: Path = tmp_path_factory.mktemp("sandbox") / "box.sqlite3"
    with running(path, product="http://testserver", today=date(2026, 11, 23), settings=chosen) as found:
        yield found


@pytest.fixture(autouse=True)
def _provider(box: Running, settings: Settings) -> None:
    configured = json.loads(json.dumps(settings.SOCIALACCOUNT_PROVIDERS, default=str))
    app = configured["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = f"{box.url}/oidc"
    app["secret"] = "only-for-tests"
    settings.SOCIALACCOUNT_PROVIDERS = configured


@pytest.fixture
def people(box: Running) -> list[Person]:
    answer = urllib3.request("GET", f"{box.url}/people", fields={"scenario": "CLEAN", "limit": "2"})
    found: list[Person] = answer.json()
    return found


def authorize(client: Client, person: Person | None, then: str = "") -> str:
    """Walk to the provider's page and answer it as this person (None: turn round)."""
    to_provider = client.get("/sign-in/citizen/", {"next": then} if then else {})
    assert to_provider.status_code == 302
    address = urlsplit(str(to_provider["Location"]))
    fields = dict(parse_qsl(address.query)) | (
        {"id_number": person["id_number"]} if person else {"deny": "1"}
    )
    answer = urllib3.request(
        "POST",
        f"{address.scheme}://{address.netloc}{address.path}",
        body=urlencode(fields),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        redirect=False,
    )
    assert answer.status in (302, 303), answer.data.decode()
    back = str(answer.headers["Location"])
    assert back.startswith("http://testserver/sign-in/citizen/back/")
    return back.removeprefix("http://testserver")


def sign_in(client: Client, person: Person | None, then: str = "") -> HttpResponse:
    answer = client.get(authorize(client, person, then))
    assert isinstance(answer, HttpResponse)
    return answer


def whole_database() -> str:
    """Every text that is stored in the clear anywhere, to look for a number in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')  # noqa: S608 - names of our own tables
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_a_citizen_signs_in_and_comes_back_to_the_page_asked_for(
    client: Client, people: list[Person]
) -> None:
    page = client.get("/sign-in/?next=/apply/").content.decode()
    assert '/sign-in/citizen/?next=/apply/"' in page
    answer = sign_in(client, people[0], then="/apply/")
    assert (answer.status_code, answer["Location"]) == (302, "/apply/")
    user = User.objects.get(pk=client.session["_auth_user_id"])
    assert user.party is not None
    assert user.party.name == user.full_name == people[0]["name"]
    assert not user.has_usable_password()
    assert [*Access.objects.order_by("id").values_list("act", flat=True)] == ["LINKED", "SIGN_IN"]


def test_the_number_is_nowhere_in_the_clear_and_in_no_log(
    client: Client, people: list[Person], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in(client, people[0])
    number = people[0]["id_number"]
    account = SocialAccount.objects.get()
    assert set(account.extra_data) <= {"sub", "iss"}
    assert not SocialToken.objects.exists()
    assert number not in whole_database()
    assert number not in caplog.text
    assert number not in str(client.session.items())
    assert Identifier.objects.get().number == number


def test_signing_in_again_finds_the_same_user_and_party(client: Client, people: list[Person]) -> None:
    sign_in(client, people[0])
    client.post("/sign-out/")
    sign_in(client, people[0])
    assert (User.objects.exclude(party=None).count(), Party.objects.count()) == (1, 1)
    assert number_nowhere(people[0]["id_number"])


def number_nowhere(number: str) -> bool:
    return number not in whole_database()


def test_a_person_whom_the_provider_knows_under_a_new_subject_keeps_his_user(
    client: Client, people: list[Person]
) -> None:
    sign_in(client, people[0])
    before = client.session["_auth_user_id"]
    SocialAccount.objects.update(uid="an-older-subject")
    client.post("/sign-out/")
    sign_in(client, people[0])
    assert client.session["_auth_user_id"] == before
    assert SocialAccount.objects.count() == 2


def test_two_people_are_two_users(client: Client, people: list[Person]) -> None:
    for person in people:
        sign_in(client, person)
        client.post("/sign-out/")
    assert User.objects.exclude(party=None).count() == 2


def test_an_account_that_suddenly_names_another_number_is_refused_with_words(
    client: Client, people: list[Person]
) -> None:
    sign_in(client, people[0])
    owner = SocialAccount.objects.get().user
    client.post("/sign-out/")
    sign_in(client, people[1])
    client.post("/sign-out/")
    SocialAccount.objects.exclude(user=owner).update(user=owner)
    User.objects.exclude(pk=owner.pk).exclude(party=None).update(party=None)
    answer = sign_in(client, people[1])
    assert answer.status_code == 403
    assert "另一个证件号码" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert Access.objects.latest("id").reason == "identity.number_differs"


def test_who_turns_round_at_the_provider_is_told_that_nothing_has_changed(client: Client) -> None:
    answer = sign_in(client, None)
    assert "什么都没有改变" in answer.content.decode()
    assert not User.objects.exclude(username="system").exists()


def test_a_provider_that_does_not_answer_is_our_trouble_not_theirs(
    client: Client, people: list[Person], box: Running
) -> None:
    back = authorize(client, people[0])
    fault = {"source": "identity-provider", "mode": "down"}
    urllib3.request("POST", f"{box.url}/control/fault", json=fault)
    try:
        answer = client.get(back)
        assert "不是您的问题" in answer.content.decode()
        outset = client.get("/sign-in/citizen/")
        assert "不是您的问题" in outset.content.decode()
    finally:
        urllib3.request("POST", f"{box.url}/control/fault", json=fault | {"mode": "auto"})
    assert "_auth_user_id" not in client.session


def test_an_answer_without_a_request_signs_nobody_in(client: Client, people: list[Person]) -> None:
    back = authorize(Client(), people[0])
    answer = client.get(back)
    assert answer.status_code == 403
    assert "重新开始" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_an_officer_signed_in_here_does_not_become_the_citizen(client: Client, people: list[Person]) -> None:
    user = officer(totp_secret=new_secret())
    client.force_login(user)
    sign_in(client, people[0])
    user.refresh_from_db()
    assert user.party is None
    assert client.session["_auth_user_id"] != str(user.pk)


def test_an_account_cannot_be_joined_to_whoever_is_signed_in(client: Client, people: list[Person]) -> None:
    user = officer(totp_secret=new_secret())
    client.force_login(user)
    to_provider = client.get("/sign-in/citizen/", {"process": "connect"})
    address = urlsplit(str(to_provider["Location"]))
    fields = dict(parse_qsl(address.query)) | {"id_number": people[0]["id_number"]}
    answer = urllib3.request(
        "POST",
        f"{address.scheme}://{address.netloc}{address.path}",
        body=urlencode(fields),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        redirect=False,
    )
    back = str(answer.headers["Location"]).removeprefix("http://testserver")
    assert client.get(back).status_code == 403
    assert not SocialAccount.objects.exists()


def test_an_unknown_provider_does_not_exist(client: Client) -> None:
    assert client.get("/sign-in/elsewhere/").status_code == 404
