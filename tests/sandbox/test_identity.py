"""The identity provider: the whole code flow, and every way in which it must say no."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import pytest

from sandbox.server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from sandbox.world import Person
from tests.sandbox.conftest import PRODUCT, Asker, Reply

CALLBACK = f"{PRODUCT}/accounts/oidc/citizen/login/callback/"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-xyz"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "response_type": "code",
    "client_id": DEFAULT_CLIENT_ID,
    "redirect_uri": CALLBACK,
    "scope": "openid profile",
    "state": "a state & more",
    "nonce": "n-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _post(asker: Asker, target: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> Reply:
    return asker.send("POST", target, urlencode(fields).encode(), FORM | (headers or {}))


def _page(asker: Asker, asked: dict[str, str]) -> Reply:
    return asker.send("GET", f"/oidc/authorize?{urlencode(asked)}")


def _hidden(page: Reply) -> dict[str, str]:
    """The hidden fields of the page's first form, as a browser would send them."""
    first = page.body.decode().split("</form>")[0]
    return {
        unescape(name): unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', first)
    }


def _code(asker: Asker, person: Person, asked: dict[str, str] | None = None) -> str:
    page = _page(asker, asked or ASKED)
    assert page.status == 200
    sent = _post(asker, "/oidc/authorize", _hidden(page) | {"id_number": person.id_number, "name": ""})
    assert sent.status == 303
    return dict(parse_qsl(urlsplit(sent.headers["Location"]).query))["code"]


def _token(asker: Asker, code: str, **other: str) -> Reply:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_id": DEFAULT_CLIENT_ID,
        "client_secret": DEFAULT_CLIENT_SECRET,
    }
    return _post(asker, "/oidc/token", fields | other)


def test_discovery_names_addresses_below_the_issuer(asker: Asker) -> None:
    found = asker.send("GET", "/oidc/.well-known/openid-configuration").json
    issuer = found["issuer"]
    assert issuer == f"{asker.server.url}/oidc"
    assert found["jwks_uri"] == f"{issuer}/jwks"
    assert found["code_challenge_methods_supported"] == ["S256"]


def test_a_person_signs_in_and_the_token_is_theirs(asker: Asker) -> None:
    person = asker.person("CLEAN", 2)
    page = _page(asker, ASKED)
    sent = _post(
        asker, "/oidc/authorize", _hidden(page) | {"id_number": person.id_number, "name": person.name}
    )
    address = urlsplit(sent.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == CALLBACK
    query = parse_qs(address.query)
    assert query["state"] == ["a state & more"]
    tokens = _token(asker, query["code"][0]).json
    keys = jwt.PyJWKSet.from_dict(asker.send("GET", "/oidc/jwks").json)
    header = jwt.get_unverified_header(tokens["id_token"])
    claims = jwt.decode(
        tokens["id_token"],
        keys[header["kid"]].key,
        algorithms=["RS256"],
        audience=DEFAULT_CLIENT_ID,
        issuer=f"{asker.server.url}/oidc",
    )
    assert claims["nonce"] == "n-1"
    theirs = {
        "name": person.name,
        "id_kind": "CITIZEN_ID",
        "id_number": person.id_number,
        "mobile": person.mobile,
    }
    assert theirs.items() <= claims.items()
    about = asker.send("GET", "/oidc/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert about.json == theirs | {"sub": claims["sub"]}
    assert person.id_number not in claims["sub"]


def test_a_person_has_one_subject_and_two_people_have_two(asker: Asker) -> None:
    subjects = []
    for nth in (0, 0, 1):
        code = _code(asker, asker.person("CLEAN", nth))
        claims = jwt.decode(_token(asker, code).json["id_token"], options={"verify_signature": False})
        subjects.append(claims["sub"])
    assert subjects[0] == subjects[1] != subjects[2]


def test_the_client_may_also_show_its_secret_in_the_header(asker: Asker) -> None:
    pair = base64.b64encode(f"{DEFAULT_CLIENT_ID}:{DEFAULT_CLIENT_SECRET}".encode()).decode()
    fields = {
        "grant_type": "authorization_code",
        "code": _code(asker, asker.person("CLEAN")),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    reply = _post(asker, "/oidc/token", fields, {"Authorization": f"Basic {pair}"})
    assert reply.status == 200


def test_a_code_counts_once(asker: Asker) -> None:
    code = _code(asker, asker.person("CLEAN"))
    assert _token(asker, code).status == 200
    again = _token(asker, code)
    assert (again.status, again.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("other", "status", "error"),
    [
        ({"code_verifier": "wrong" * 10}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"redirect_uri": f"{PRODUCT}/elsewhere/"}, 400, "invalid_grant"),
        ({"code": "guessed"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_secret": "guessed"}, 401, "invalid_client"),
        ({"client_id": "somebody"}, 401, "invalid_client"),
    ],
)
def test_a_code_is_not_changed_for_tokens_if(
    asker: Asker, other: dict[str, str], status: int, error: str
) -> None:
    reply = _token(asker, **{"code": _code(asker, asker.person("CLEAN")), **other})
    assert (reply.status, reply.json["error"]) == (status, error)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
    ],
)
def test_the_client_is_told_what_is_wrong_with_its_request(
    asker: Asker, change: dict[str, str], error: str
) -> None:
    reply = _page(asker, ASKED | change)
    assert reply.status == 303
    assert reply.headers["Location"].startswith(CALLBACK)
    assert parse_qs(urlsplit(reply.headers["Location"]).query)["error"] == [error]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/callback/",
        "https://127.0.0.1:8000/callback/",
        "http://127.0.0.1:8001/callback/",
        "http://evil.example/callback/",
        "http://evil.example\\@127.0.0.1:8000/callback/",
        "http://user@127.0.0.1:8000/callback/",
        "http://127.0.0.1:8000.evil.example/callback/",
        "http://127.0.0.1:8000",
        "http://127.0.0.1:8000/callback/#part",
        "http://[127.0.0.1:8000/callback/",
        "http://127.0.0.1:8000/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
    ],
)
def test_no_browser_is_sent_to_an_address_outside_of_the_product(asker: Asker, address: str) -> None:
    for reply in (
        _page(asker, ASKED | {"redirect_uri": address}),
        _post(asker, "/oidc/authorize", ASKED | {"redirect_uri": address, "id_number": "x", "deny": "1"}),
    ):
        assert (reply.status, reply.code) == (400, "bad_redirect_uri")
        assert "Location" not in reply.headers


def test_the_product_may_be_open_under_either_name_of_this_machine(asker: Asker) -> None:
    assert _page(asker, ASKED | {"redirect_uri": "http://localhost:8000/callback/"}).status == 200


def test_an_unknown_client_is_refused(asker: Asker) -> None:
    assert _page(asker, ASKED | {"client_id": "somebody"}).code == "unknown_client"


def test_a_number_nobody_has_and_a_name_of_somebody_else_are_said_on_the_page(asker: Asker) -> None:
    fields = _hidden(_page(asker, ASKED))
    nobody = _post(asker, "/oidc/authorize", fields | {"id_number": "130102199003070003"})
    assert nobody.status == 400
    assert "没有这个证件号" in nobody.body.decode()
    assert _hidden(nobody) == fields
    wrong = _post(
        asker, "/oidc/authorize", fields | {"id_number": asker.person("CLEAN").id_number, "name": "别人"}
    )
    assert "不是同一个人" in wrong.body.decode()


def test_a_typed_number_may_have_blanks_and_a_small_x(asker: Asker) -> None:
    world = asker.server.application.world
    people = map(world.person, range(1, world.size + 1))
    person = next(person for person in people if person.id_number.endswith("X"))
    fields = _hidden(_page(asker, ASKED)) | {"id_number": f" {person.id_number.lower()} "}
    assert _post(asker, "/oidc/authorize", fields).status == 303


def test_one_may_turn_round(asker: Asker) -> None:
    reply = _post(asker, "/oidc/authorize", _hidden(_page(asker, ASKED)) | {"deny": "1"})
    assert parse_qs(urlsplit(reply.headers["Location"]).query)["error"] == ["access_denied"]


def test_the_page_lists_people_of_the_scenario_and_finds_them_by_name(asker: Asker) -> None:
    person = asker.person("CARD_CLOSED")
    listed = _page(asker, ASKED | {"scenario": "CARD_CLOSED"}).body.decode()
    assert person.id_number in listed
    assert asker.person("CLEAN").id_number not in listed
    by_name = _page(asker, ASKED | {"q": person.name}).body.decode()
    assert person.id_number in by_name
    assert "%" not in person.name
    assert person.id_number not in _page(asker, ASKED | {"q": "%"}).body.decode()


def test_what_was_typed_is_shown_as_text(asker: Asker) -> None:
    page = _page(asker, ASKED | {"q": '"><script>', "state": "'><b>"}).body.decode()
    assert "<script>" not in page
    assert '<b>"' not in page


def test_an_access_token_that_is_none_is_refused(asker: Asker) -> None:
    for headers in ({}, {"Authorization": "Bearer guessed"}, {"Authorization": "Basic eA=="}):
        reply = asker.send("GET", "/oidc/userinfo", headers=headers)
        assert (reply.status, reply.json["error"]) == (401, "invalid_token")
        assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_codes_and_tokens_grow_old(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = asker.server.application.provider
    code = _code(asker, asker.person("CLEAN"))
    access = _token(asker, _code(asker, asker.person("CLEAN"))).json["access_token"]
    real = provider.clock
    monkeypatch.setattr(provider, "clock", lambda: real() + 3_600)
    assert _token(asker, code).json["error"] == "invalid_grant"
    assert asker.send("GET", "/oidc/userinfo", headers={"Authorization": f"Bearer {access}"}).status == 401


def test_no_other_site_can_sign_a_visitor_in(asker: Asker) -> None:
    fields = _hidden(_page(asker, ASKED)) | {"id_number": asker.person("CLEAN").id_number}
    reply = _post(asker, "/oidc/authorize", fields, {"Origin": "http://evil.example"})
    assert (reply.status, reply.code) == (403, "foreign_origin")
    assert _post(asker, "/oidc/authorize", fields, {"Origin": asker.server.url}).status == 303


def test_a_provider_told_to_be_down_answers_nothing(asker: Asker) -> None:
    asker.post("/control/fault", {"source": "identity-provider", "mode": "down"})
    assert _page(asker, ASKED).code == "source_down"
    assert asker.send("GET", "/oidc/jwks").status == 503
