"""The identity provider of legal persons: units, who signs for them, and a realm apart from the people's."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest

from law.identifiers import check
from sandbox import scenarios
from sandbox.server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from sandbox.units import Units
from sandbox.world import World
from tests.sandbox.conftest import PRODUCT, Asker, Reply

CALLBACK = f"{PRODUCT}/sign-in/unit/back/"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-xyz"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "response_type": "code",
    "client_id": DEFAULT_CLIENT_ID,
    "redirect_uri": CALLBACK,
    "scope": "openid profile",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WORLD = World(seed=7, people=40, today=date(2026, 11, 23))
UNITS = Units(WORLD)
EVERY = [UNITS.unit(index) for index in range(UNITS.count)]


def code_for(asker: Asker, id_number: str, name: str = "") -> Reply:
    fields = urlencode(ASKED | {"id_number": id_number, "name": name}).encode()
    return asker.send("POST", "/oidc/units/authorize", fields, FORM)


def token(asker: Asker, answer: Reply, issuer: str = "/oidc/units") -> Reply:
    code = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["code"]
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_id": DEFAULT_CLIENT_ID,
        "client_secret": DEFAULT_CLIENT_SECRET,
    }
    return asker.send("POST", f"{issuer}/token", urlencode(fields).encode(), FORM)


def claims_of(asker: Asker, id_number: str) -> dict[str, object]:
    """What the id token says, which is what user-info says too."""
    tokens = token(asker, code_for(asker, id_number)).json
    keys = jwt.PyJWKSet.from_dict(asker.send("GET", "/oidc/units/jwks").json)
    key = keys[jwt.get_unverified_header(tokens["id_token"])["kid"]].key
    issuer = f"{asker.server.url}/oidc/units"
    said: dict[str, object] = jwt.decode(
        tokens["id_token"], key, algorithms=["RS256"], audience=DEFAULT_CLIENT_ID, issuer=issuer
    )
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    about = asker.send("GET", "/oidc/units/userinfo", headers=bearer).json
    assert about.items() <= said.items()
    assert asker.send("GET", "/oidc/userinfo", headers=bearer).status == 401
    return said


def listed(asker: Asker, query: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = asker.send("GET", f"/units?{query}").json
    return found


def test_units_and_their_people_are_well_formed_and_nobody_is_two() -> None:
    numbers = [principal.id_number for unit in EVERY for principal in (unit.representative, unit.agent)]
    assert all(check("CITIZEN_ID", number).valid for number in numbers)
    assert all(check("USCC", unit.unit.code).valid for unit in EVERY)
    assert len({unit.unit.code for unit in EVERY}) == len(EVERY)
    twice = [unit for unit in EVERY if unit.scenario == "TWO_UNITS"]
    assert len(set(numbers)) == len(numbers) - len(twice)
    population = {WORLD.person(ordinal).id_number for ordinal in range(1, WORLD.size + 1)}
    owned = [unit for unit in EVERY if unit.scenario == "OWNER_APPLIES"]
    assert population & set(numbers) == {unit.representative.id_number for unit in owned}
    assert all(number[14:17] <= "009" for number in numbers)


def test_code_and_number_lead_back_to_the_unit_and_the_person() -> None:
    for unit in EVERY:
        assert UNITS.with_code(unit.unit.code) == unit
        for principal in (unit.representative, unit.agent):
            held = [(known.index, principal.ordinal) for known, _ in UNITS.held_by(principal.ordinal)]
            assert (unit.index, principal.ordinal) in held
            if principal.ordinal > WORLD.size:
                assert UNITS.signatory_of(principal.id_number) == principal.ordinal
    for nobody in ("", "x" * 18, WORLD.person(1).id_number, "130102199003070003"):
        assert UNITS.signatory_of(nobody) is None
    for none in ("", "x" * 18, "91130102000999990X", EVERY[0].unit.code[:-1] + "?"):
        assert UNITS.with_code(none) is None
    with pytest.raises(ValueError, match="no unit"):
        UNITS.unit(UNITS.count)


@pytest.mark.parametrize("code", sorted(scenarios.UNIT_SCENARIOS))
def test_every_scenario_has_its_named_units(code: str, asker: Asker) -> None:
    found = listed(asker, f"scenario={code}&limit=50")
    assert len(found) >= scenarios.UNIT_SCENARIOS[code].named >= 1
    assert {row["synthetic"] for row in found} == {True}


def test_the_list_goes_on_where_one_stopped_and_refuses_what_it_does_not_know(asker: Asker) -> None:
    first = listed(asker, "limit=3")
    assert [row["index"] for row in first] == [0, 1, 2]
    assert [row["index"] for row in listed(asker, "limit=2&after=2")] == [3, 4]
    for wrong in ("scenario=NOBODY", "limit=0", "after=x"):
        assert asker.send("GET", f"/units?{wrong}").code == "bad_request"


def test_one_signs_in_for_all_units_one_is_registered_for(asker: Asker) -> None:
    unit = next(unit for unit in EVERY if unit.scenario == "TWO_UNITS")
    before = EVERY[unit.index - 1]
    said = claims_of(asker, unit.agent.id_number)
    assert (said["name"], said["id_kind"]) == (unit.agent.name, "CITIZEN_ID")
    assert said["units"] == [
        {"code": known.unit.code, "name": known.unit.name, "capacity": "AGENT", "status": "ACTIVE"}
        for known in (before, unit)
    ]
    assert unit.agent.id_number not in str(said["sub"])


def test_a_representative_an_owner_and_somebody_of_no_unit(asker: Asker) -> None:
    gone = next(unit for unit in EVERY if unit.scenario == "DEREGISTERED")
    owned = next(unit for unit in EVERY if unit.scenario == "OWNER_APPLIES")
    for unit, status in ((gone, "DEREGISTERED"), (owned, "ACTIVE")):
        said = claims_of(asker, unit.representative.id_number)
        assert said["units"] == [
            {
                "code": unit.unit.code,
                "name": unit.unit.name,
                "capacity": "LEGAL_REPRESENTATIVE",
                "status": status,
            }
        ]
    assert claims_of(asker, asker.person("CLEAN").id_number)["units"] == []


def test_a_code_of_one_provider_opens_nothing_at_the_other(asker: Asker) -> None:
    answer = token(asker, code_for(asker, EVERY[0].agent.id_number), issuer="/oidc")
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")


def test_the_people_of_units_are_nobody_at_the_peoples_provider(asker: Asker) -> None:
    fields = urlencode(ASKED | {"id_number": EVERY[0].agent.id_number}).encode()
    answer = asker.send("POST", "/oidc/authorize", fields, FORM)
    assert answer.status == 400
    assert "没有这个证件号" in answer.body.decode()


def test_the_page_lists_units_with_their_people_and_finds_them_by_name_and_code(asker: Asker) -> None:
    page = asker.send("GET", f"/oidc/units/authorize?{urlencode(ASKED)}").body.decode()
    unit = EVERY[0]
    for text in (unit.unit.name, unit.unit.code, unit.agent.id_number, unit.representative.name, "合成"):
        assert text in page
    assert len(re.findall(r'action="/oidc/units/authorize"', page)) == 4
    for sought in (unit.unit.code, unit.unit.name):
        found = asker.send("GET", f"/oidc/units/authorize?{urlencode(ASKED | {'q': sought})}").body.decode()
        assert unit.unit.code in found
    nothing = asker.send("GET", f"/oidc/units/authorize?{urlencode(ASKED | {'q': '<script>'})}")
    assert "<script>" not in nothing.body.decode()
    assert unescape("&lt;script&gt;") in unescape(nothing.body.decode())


def test_a_wrong_name_or_number_is_said_and_one_may_turn_round(asker: Asker) -> None:
    assert "不是同一个人" in code_for(asker, EVERY[0].agent.id_number, "别人").body.decode()
    assert "没有这个证件号" in code_for(asker, "130102199003070003").body.decode()
    back = asker.send("POST", "/oidc/units/authorize", urlencode(ASKED | {"deny": "1"}).encode(), FORM)
    assert "error=access_denied" in back.headers["Location"]


def test_a_provider_told_to_be_down_answers_nothing(asker: Asker) -> None:
    asker.post("/control/fault", {"source": "identity-provider", "mode": "down"})
    assert asker.send("GET", "/oidc/units/jwks").status == 503
