"""A NUL character, which no text of ours can hold, is turned away and never becomes a fault of ours; nor does
a form that cannot be read.
"""

from __future__ import annotations

import base64

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Role
from tests.factories import officer

pytestmark = pytest.mark.django_db
NUL = "\x00"


@pytest.mark.parametrize(
    "address",
    ["/claims/%00/case/", "/cases/%00/", "/batches/%00/", "/returned/%00/", "/queue/?q=%00", "/?%00=1"],
)
def test_an_address_with_a_nul_is_a_bad_request(client: Client, address: str) -> None:
    client.force_login(officer(Role.HANDLER))
    assert client.get(address).status_code == 400


@pytest.mark.parametrize("form", [{"skip": f"SP{NUL}"}, {NUL: "1"}])
def test_a_form_with_a_nul_is_a_bad_request(client: Client, form: dict[str, str]) -> None:
    client.force_login(officer(Role.HANDLER))
    assert client.post("/queue/next/", form).status_code == 400


@pytest.mark.parametrize("checks_tokens", [True, False])
def test_a_form_in_another_encoding_is_a_bad_request_with_a_page(checks_tokens: bool) -> None:
    client = Client(enforce_csrf_checks=checks_tokens)
    client.cookies[settings.CSRF_COOKIE_NAME] = "x" * 32
    encoding = "application/x-www-form-urlencoded; charset=utf-16"
    answer = client.post("/staff/sign-in/", b"a=b", content_type=encoding)
    assert answer.status_code == 400
    assert "请求读不懂" in answer.content.decode()


def test_other_odd_characters_are_text_like_any(client: Client) -> None:
    client.force_login(officer(Role.HANDLER))
    for text in ("\u202e", "\U00020000", "\x01", "%", "' OR 1=1 --"):
        assert client.get("/queue/", {"q": text}).status_code == 200


def test_no_machine_client_is_called_so(client: Client) -> None:
    asked = {"grant_type": "client_credentials"}
    assert client.post("/api/v1/token/", asked | {"client_id": NUL, "client_secret": NUL}).status_code == 400
    basic = base64.b64encode(f"{NUL}:{NUL}".encode()).decode()
    answer = client.post("/api/v1/token/", asked, headers={"Authorization": f"Basic {basic}"})
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
