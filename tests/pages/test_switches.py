"""Large type and language: kept in cookies, without scripts, and back on the same page."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.django_db


def test_large_type_is_kept_and_taken_back(client: Client) -> None:
    answer = client.get("/view/elder/", {"next": "/?years=5&area=130133"})
    assert answer.status_code == 302
    assert answer["Location"] == "/?years=5&area=130133"
    assert answer.cookies["view"].value == "elder"
    assert answer.cookies["view"]["httponly"]
    assert '<html lang="zh-Hans" class="elder">' in client.get("/").content.decode()
    client.post("/view/standard/", {"next": "/privacy/"})
    assert '<html lang="zh-Hans">' in client.get("/").content.decode()


def test_the_language_is_kept_and_the_page_too(client: Client) -> None:
    answer = client.get("/language/en/", {"next": "/privacy/"})
    assert answer["Location"] == "/privacy/"
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert '<html lang="en">' in client.get("/privacy/").content.decode()
    client.get("/language/zh-hans/")
    assert '<html lang="zh-Hans">' in client.get("/").content.decode()


def test_each_switch_names_the_page_it_stands_on(client: Client) -> None:
    page = client.get("/?years=5&area=130133").content.decode()
    back = "?next=/%3Fyears%3D5%26area%3D130133"
    assert f'href="/view/elder/{back}"' in page
    assert f'href="/language/en/{back}"' in page


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "javascript:alert(1)", ""])
def test_a_switch_never_leads_elsewhere(client: Client, elsewhere: str) -> None:
    assert client.get("/view/elder/", {"next": elsewhere})["Location"] == "/"
    assert client.get("/language/en/", {"next": elsewhere})["Location"] == "/"


@pytest.mark.parametrize("path", ["/view/large/", "/language/fr/", "/language/../"])
def test_a_mode_or_language_we_do_not_have_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
