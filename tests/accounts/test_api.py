"""Machine clients: tokens, scopes and how an API view knows them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import include, path
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ClientTokenAuthentication, client_of, declares, scope_permission
from accounts.models import Access, Role
from accounts.roles import Action
from accounts.selectors import machine
from accounts.services import create_client, ensure_client
from law.errors import Refused
from tests.accounts.people import NOW, officer

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.test_api")]
TOKEN = "/api/v1/token/"


@declares(Action.API_DETERMINATIONS)
@api_view(["GET"])
@authentication_classes([ClientTokenAuthentication])
@permission_classes([scope_permission(Action.API_DETERMINATIONS)])
def sample(request: Request) -> Response:
    """What an API view of ours looks like."""
    return Response({"client": client_of(request).name})


urlpatterns = [path("", include("accounts.urls")), path("api/v1/sample/", sample)]


def asked(token: str | None, **fields: str) -> HttpResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = Browser().get("/api/v1/sample/", fields, headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


def registered() -> dict[str, str]:
    client, secret = create_client(name="稽核", scopes=["determinations:read"], actor=machine(), now=NOW)
    return {"grant_type": "client_credentials", "client_id": client.pk, "client_secret": secret}


def test_a_client_gets_a_token_for_its_secret_and_opens_what_its_scope_opens(client: Browser) -> None:
    answer = client.post(TOKEN, registered())
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["scope"]) == ("Bearer", "determinations:read")
    assert 0 < body["expires_in"] <= 3600
    assert "no-store" in answer["Cache-Control"]
    assert asked(body["access_token"]).content.decode() == '{"client":"稽核"}'
    line = Access.objects.latest("id")
    assert (line.act, line.reason) == ("TOKEN_ISSUED", "稽核")


@pytest.mark.parametrize(
    "changed",
    [
        {"client_secret": "wrong"},
        {"client_id": "unknown"},
        {"scope": "everything"},
        {"grant_type": "password"},
        {"grant_type": "authorization_code"},
    ],
)
def test_no_token_for_a_wrong_secret_client_scope_or_grant(client: Browser, changed: dict[str, str]) -> None:
    answer = client.post(TOKEN, registered() | changed)
    assert answer.status_code in (400, 401)
    assert "access_token" not in answer.json()


def test_tokens_are_asked_for_by_post(client: Browser) -> None:
    assert client.get(TOKEN).status_code == 405


def test_without_a_good_token_the_answer_is_401_and_names_the_scheme() -> None:
    for token in (None, "unknown"):
        answer = asked(token)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_token_in_the_address_is_not_taken(client: Browser) -> None:
    token = client.post(TOKEN, registered()).json()["access_token"]
    assert asked(None, access_token=token).status_code == 401


def test_a_token_expires(client: Browser) -> None:
    token = client.post(TOKEN, registered()).json()["access_token"]
    with time_machine.travel(timedelta(hours=2), tick=False):
        assert asked(token).status_code == 401


def test_only_known_scopes_are_given_and_only_by_who_may() -> None:
    with pytest.raises(Refused, match=r"client\.scopes"):
        create_client(name="x", scopes=["everything"], actor=machine(), now=NOW)
    with pytest.raises(Refused, match=r"user\.not_yours_to_manage"):
        create_client(name="x", scopes=["determinations:read"], actor=officer("h", Role.HANDLER), now=NOW)


def test_a_client_is_ensured_once_and_its_secret_is_kept_as_a_hash() -> None:
    for _ in range(2):
        made = ensure_client(
            client_id="c1",
            secret="first",
            name="n",
            scopes=["determinations:read"],
            actor=machine(),
            now=NOW,
        )
    assert made.check_secret("first")
    assert "first" not in made.secret
    assert Access.objects.filter(act="CLIENT_CREATED").count() == 1
