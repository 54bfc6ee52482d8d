"""The frame of the API: errors for programs are problems, its description is up to date and drawn offline."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import yaml
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from rest_framework import exceptions

from accounts.selectors import machine
from accounts.services import create_client
from config.api import CONFLICTS, answer_problem, sentence
from config.home import ROOT
from law.decision import Reference
from law.errors import Refused
from tests.factories import NOW

DESCRIPTION = ROOT / "docs" / "api.yaml"


def told(exception: Exception) -> dict[str, Any]:
    """What a program reads of an exception."""
    answer = answer_problem(exception, {})
    assert answer is not None
    assert answer.content_type == "application/problem+json"
    assert answer.data["status"] == answer.status_code
    body: dict[str, Any] = answer.data
    return body


# --- errors -----------------------------------------------------------------------------------------------


def test_a_refusal_is_told_with_its_code_words_and_law() -> None:
    refused = Refused("policy.own", reference=Reference("社会保险法", "第四十五条"))
    body = told(refused)
    assert (body["status"], body["code"]) == (422, "policy.own")
    assert body["detail"] == "提出的人不能自己批准。请由另一位主管批准。"
    assert body["reference"] == {"title": "社会保险法", "article": "第四十五条"}
    assert "reference" not in told(Refused("policy.own"))


@pytest.mark.parametrize("code", sorted(CONFLICTS))
def test_what_collides_with_something_else_is_a_conflict(code: str) -> None:
    numbers = {
        "number": "SP20261123-0001",
        "who": "x",
        "kind": "claim",
        "verb": "case.taken",
        "month": "2026-11",
    }
    assert told(Refused(code, None, **numbers))["status"] == 409


@pytest.mark.parametrize(
    "code",
    [
        "user.exists",
        "password.wrong",
        "policy.approved",
        "fund.amount",
        "claim.answer_missing",
        "proposal.own",
    ],
)
def test_each_app_has_words_for_its_refusals(code: str) -> None:
    with override("zh-hans"):
        assert code not in sentence(Refused(code))


@pytest.mark.parametrize(
    ("exception", "status", "code"),
    [
        (Http404("a secret"), 404, "not_found"),
        (PermissionDenied("a secret"), 403, "permission_denied"),
        (exceptions.ParseError(), 400, "parse_error"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (exceptions.Throttled(wait=3), 429, "throttled"),
    ],
)
def test_every_error_of_the_framework_is_a_problem(exception: Exception, status: int, code: str) -> None:
    body = told(exception)
    assert (body["status"], body["code"]) == (status, code)
    assert body["title"] and body["type"] == "about:blank"
    assert "secret" not in str(body)


def test_a_bug_is_not_dressed_up_as_a_problem_of_the_caller() -> None:
    assert answer_problem(ZeroDivisionError(), {}) is None


@pytest.mark.django_db
def test_an_address_that_is_not_there_is_a_problem_under_the_api_and_a_page_elsewhere(client: Client) -> None:
    answer = client.get("/api/v1/nothing/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"
    assert client.get("/nothing/")["Content-Type"].startswith("text/html")


@pytest.mark.django_db
def test_a_fault_of_ours_is_a_problem_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("cases.auditing.determinations", broken)
    maker, secret = create_client(name="x", scopes=["determinations:read"], actor=machine(), now=NOW)
    client = Client(raise_request_exception=False)
    form = {"grant_type": "client_credentials", "client_id": maker.pk, "client_secret": secret}
    token = client.post("/api/v1/token/", form).json()["access_token"]
    answer = client.get(reverse("api-determinations"), headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert b"secret" not in answer.content and b"ZeroDivision" not in answer.content


def test_a_token_is_asked_for_by_post_and_says_so_as_a_problem(client: Client) -> None:
    answer = client.get("/api/v1/token/")
    assert (answer.status_code, answer["Allow"], answer.json()["code"]) == (405, "POST", "method_not_allowed")


@pytest.mark.django_db
def test_a_title_is_in_the_language_asked_for_and_a_code_is_not(client: Client) -> None:
    chinese = client.get("/api/v1/nothing/").json()
    english = client.get("/api/v1/nothing/", headers={"Accept-Language": "en"}).json()
    assert chinese["title"] == "没有这个地址，或没有这一条"
    assert english["code"] == chinese["code"]


# --- description ------------------------------------------------------------------------------------------


def test_the_description_in_the_documents_is_the_one_the_program_gives() -> None:
    """If this fails: `./manage spectacular --file docs/api.yaml`."""
    written = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=written)
    assert written.getvalue() == DESCRIPTION.read_text(encoding="utf-8")


@pytest.mark.django_db
def test_the_description_is_served_and_names_every_address(client: Client) -> None:
    served = yaml.safe_load(client.get("/api/v1/schema/").content)
    assert served == yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    assert set(served["paths"]) == {
        "/api/v1/token/",
        "/api/v1/determinations/",
        "/api/v1/determinations/{key}/",
        "/api/v1/parameter-sets/{digest}/",
    }
    for path, methods in served["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert path.endswith("token/") or {"401", "403", "429"} <= set(operation["responses"])


@pytest.mark.django_db
def test_the_readable_form_says_all_of_it_without_a_script_of_others(client: Client) -> None:
    answer = client.get("/api/v1/docs/")
    page = answer.content.decode()
    described = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
            assert path in page
            for parameter in operation.get("parameters", []):
                assert f'<span class="code">{parameter["name"]}</span>' in page
    for name, shape in described["components"]["schemas"].items():
        assert (f'id="shape-{name}"' in page) == (shape["type"] == "object")
    linked = set(re.findall(r'href="#(shape-\w+)"', page))
    assert {"shape-Money", "shape-Problem"} <= linked
    assert all(f'id="{anchor}"' in page for anchor in linked)
    assert answer["Content-Security-Policy"] == client.get("/")["Content-Security-Policy"]
