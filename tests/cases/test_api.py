"""The auditors' API: what it gives, to whom, and that its recipe proves what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.api import ClientThrottle
from accounts.models import Access
from accounts.selectors import machine
from accounts.services import create_client
from cases import services
from cases.models import Determination, ParameterSet
from config.home import ROOT
from law.parameters import ParameterBook
from law.programs import PROGRAMS
from tests.cases.samples import COUNTY, FACTS, NOW, OTHER_COUNTY, PROGRAM, case, id_number, officer, person
from tests.serving import served

pytestmark = pytest.mark.usefixtures("statuses")

NAME = "陈志强"
RECIPE = ROOT / "docs" / "audit.md"


class Auditor:
    """A machine client with a token."""

    def __init__(self, *regions: str) -> None:
        self.client, self.secret = create_client(
            name="会计师事务所", scopes=["determinations:read"], regions=regions, actor=machine(), now=NOW
        )
        form = {"grant_type": "client_credentials", "client_id": self.client.pk, "client_secret": self.secret}
        self.token = Client().post("/api/v1/token/", form).json()["access_token"]

    def get(self, path: str, **fields: object) -> Any:
        """The answer to a request with the token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return Client().get(path, {name: str(value) for name, value in fields.items()}, headers=headers)

    def listed(self, **fields: object) -> list[dict[str, Any]]:
        """One page of determinations."""
        answer = self.get(reverse("api-determinations"), **fields)
        assert answer.status_code == 200, answer.content
        found: list[dict[str, Any]] = answer.json()["results"]
        return found


def determined(
    serial: int = 0, *, region: str = COUNTY, minutes: int = 0, **changed: object
) -> Determination:
    """The real rule on sample facts, on a case of its own that has a trail already."""
    program, now = PROGRAMS[PROGRAM], NOW + timedelta(minutes=minutes)
    facts = {**FACTS, **changed}
    parameters = ParameterBook.shipped().for_program(program.keys, region=COUNTY)
    return services.determine(
        case=case(status="FIRST", region=region, party=person(serial, NAME)),
        program=PROGRAM,
        facts=facts,
        sources={"identity": [{"source": "IDENTITY", "lookup": 7, "at": now.isoformat()}]},
        parameters=parameters,
        decision=program.decide(program.parse(facts), parameters),
        actor=machine(),
        now=now,
    )


# --- what it gives ----------------------------------------------------------------------------------------


def test_a_determination_with_its_facts_reasons_amounts_and_hashes() -> None:
    made = determined()
    (given,) = Auditor().listed()
    assert given["case_number"] == made.case.number
    assert (given["verdict"], given["made_by"], given["program"]) == ("GRANT", "MACHINE", PROGRAM)
    assert given["facts"] == FACTS
    assert given["sources"]["identity"][0]["lookup"] == 7
    assert given["amount"] == {"fen": 3366000, "yuan": "33660.00"}
    assert given["results"]["monthly"] == {"fen": 198000, "yuan": "1980.00"}
    assert (given["results"]["months"], given["results"]["refusal_codes"]) == (17, [])
    assert given["content_hash"] == made.content_hash
    reason = next(reason for reason in given["reasons"] if reason["code"] == "R01")
    assert set(reason) == {"code", "outcome", "given", "limit", "reference", "explanation", "fields"}
    assert (reason["outcome"], reason["given"]) == ("PASS", 114)
    assert reason["reference"]["title"] and reason["explanation"]
    event = made.case.events.get(verb="determination.made")
    assert (given["event_sequence"], given["event_hash"]) == (event.sequence, event.hash)


def test_an_amount_that_cannot_be_known_is_null() -> None:
    determined(contributed_months="UNKNOWN")
    (given,) = Auditor().listed()
    assert (given["verdict"], given["amount"], given["results"]["monthly"]) == ("REVIEW", None, None)


def test_neither_a_name_nor_a_number_of_a_person_is_given_not_even_masked() -> None:
    made = determined()
    auditor = Auditor()
    one = auditor.get(reverse("api-determination", kwargs={"key": made.pk}))
    said = auditor.get(reverse("api-determinations")).content.decode() + one.content.decode()
    for secret in (NAME, id_number(0), id_number(0)[:6] + "*", machine().username):
        assert secret not in said


def test_the_numbers_of_law_are_those_the_determination_was_made_with() -> None:
    made = determined()
    answer = Auditor().get(reverse("api-parameter-set", kwargs={"digest": made.parameter_set_id}))
    assert answer.json() == ParameterSet.objects.get(pk=made.parameter_set_id).snapshot
    assert "immutable" in answer["Cache-Control"]


# --- lists ------------------------------------------------------------------------------------------------


def test_pages_follow_one_another_though_all_were_made_in_one_moment_and_more_come() -> None:
    made = [determined(serial).pk for serial in range(5)]
    auditor = Auditor()
    seen, address = [], f"{reverse('api-determinations')}?limit=2&program={PROGRAM}"
    while address:
        page = auditor.get(address).json()
        seen += [row["id"] for row in page["results"]]
        if len(seen) == 2:
            made.append(determined(5, minutes=5).pk)
        address = page["next"] and page["next"].removeprefix("http://testserver")
    assert seen == made


def test_filters_by_day_program_verdict_and_case() -> None:
    grant = determined(0)
    review = determined(1, contributed_months="UNKNOWN", minutes=60 * 24)
    auditor = Auditor()

    def found(**fields: object) -> list[int]:
        return [row["id"] for row in auditor.listed(**fields)]

    assert found(verdict="REVIEW") == [review.pk]
    assert found(case_number=grant.case.number) == [grant.pk]
    assert found(**{"from": "2025-09-27"}) == [review.pk]
    assert found(to="2025-09-26") == [grant.pk]
    assert found(**{"from": "2025-09-26", "to": "2025-09-27"}) == [grant.pk, review.pk]
    assert found(program=PROGRAM) == [grant.pk, review.pk]


def test_the_days_of_a_filter_are_those_of_the_law_not_of_greenwich() -> None:
    late = determined(minutes=60 * 11)  # 17:05 UTC: already the 27th in Shanghai
    assert [row["id"] for row in Auditor().listed(**{"from": "2025-09-27"})] == [late.pk]
    assert Auditor().listed(to="2025-09-26") == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"from": "2025-02-30"}, "from"),
        ({"to": "yesterday"}, "to"),
        ({"verdict": "MAYBE"}, "verdict"),
        ({"program": "lottery"}, "program"),
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"cursor": "?"}, "cursor"),
        ({"cursor": "MSAy"}, "cursor"),
        ({"cursor": b64encode(b"0001-01-01T00:00:00+08:00 1").decode()}, "cursor"),
        ({"case_number": "x y"}, "case_number"),
    ],
)
def test_a_wrong_parameter_is_named(fields: Mapping[str, str], field: str) -> None:
    answer = Auditor().get(reverse("api-determinations"), **fields)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    body = answer.json()
    assert (body["code"], body["errors"][0]["field"]) == ("invalid", field)
    assert body["errors"][0]["message"] and body["title"] and body["detail"]


def test_the_last_day_there_is_ends_a_period_too() -> None:
    given = determined(0)
    rows = Auditor().listed(**{"from": "0001-01-01", "to": "9999-12-31"})
    assert [row["id"] for row in rows] == [given.pk]


def test_what_no_keyboard_types_is_a_problem_too() -> None:
    answer = Auditor().get(reverse("api-determinations"), case_number="x\x00")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == "bad_request"


def test_twice_the_determinations_ask_the_database_no_more() -> None:
    auditor = Auditor()
    determined(0)
    auditor.listed()
    with CaptureQueriesContext(connection) as few:
        auditor.listed()
    for serial in range(1, 6):
        determined(serial)
    with CaptureQueriesContext(connection) as many:
        assert len(auditor.listed()) == 6
    assert len(many) <= len(few) <= 9


def test_the_list_walks_an_index_and_does_not_sort_the_table() -> None:
    determined()
    rows = Determination.objects.filter(made_at__gte=NOW).order_by("made_at", "pk")[:50]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = rows.explain()
    assert "made_at" in plan and "Index" in plan


# --- who may ----------------------------------------------------------------------------------------------


def test_a_client_of_one_county_finds_nothing_of_another() -> None:
    near, far = determined(0), determined(1, region=OTHER_COUNTY)
    auditor = Auditor(COUNTY)
    assert [row["id"] for row in auditor.listed()] == [near.pk]
    assert auditor.get(reverse("api-determination", kwargs={"key": far.pk})).status_code == 404
    assert [row["id"] for row in Auditor("130100").listed()] == [near.pk, far.pk]


def test_each_file_read_stands_in_the_access_log_once_a_request() -> None:
    made = determined()
    auditor = Auditor()
    auditor.listed()
    line = Access.objects.filter(act="READ").get()
    assert (line.party, line.case_number) == (made.case.party, made.case.number)
    assert (line.actor, line.reason) == (None, "会计师事务所")
    auditor.get(reverse("api-determination", kwargs={"key": made.pk}))
    assert Access.objects.filter(act="READ").count() == 2


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("api-determinations", {}),
        ("api-determination", {"key": 1}),
        ("api-parameter-set", {"digest": "0"}),
    ],
)
def test_an_officer_who_is_signed_in_is_nobody_here(name: str, place: dict[str, Any]) -> None:
    client = Client()
    client.force_login(officer("auditor"))
    answer = client.get(reverse(name, kwargs=place))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"


def test_nothing_can_be_written_here() -> None:
    auditor = Auditor()
    for send in (Client().post, Client().put, Client().patch, Client().delete):
        answer = send(
            reverse("api-determinations"),
            content_type="application/json",
            headers={"Authorization": f"Bearer {auditor.token}"},
        )
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_too_many_requests_are_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    auditor = Auditor()
    monkeypatch.setattr(ClientThrottle, "rate", "2/min", raising=False)
    auditor.listed()
    auditor.listed()
    answer = auditor.get(reverse("api-determinations"))
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 1 <= int(answer["Retry-After"]) <= 61


# --- the recipe -------------------------------------------------------------------------------------------


@pytest.fixture
def site() -> Iterator[str]:
    with served() as address:
        yield address


def recipe() -> str:
    """The program that the document gives."""
    (program,) = re.findall(r"^```python\n(.*?)^```", RECIPE.read_text(encoding="utf-8"), re.S | re.M)
    return str(program)


def follow(site: str, auditor: Auditor, *days: str) -> subprocess.CompletedProcess[str]:
    """Run it as an auditor does, against the real command."""
    decide = f"{sys.executable} {ROOT / 'manage.py'} decide"
    return subprocess.run(
        [sys.executable, "-c", recipe(), site, auditor.client.pk, auditor.secret, *days],
        cwd=ROOT,
        env={**os.environ, "DECIDE": decide},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_recipe_proves_every_determination(site: str) -> None:
    determined(0)
    determined(1, contributed_months=11)
    determined(2, contributed_months="UNKNOWN", minutes=60 * 24)
    auditor = Auditor()
    done = follow(site, auditor)
    assert (done.returncode, done.stdout) == (0, "3 determinations checked, 0 do not hold\n"), done.stderr
    done = follow(site, auditor, "2025-09-27")
    assert done.stdout == "1 determinations checked, 0 do not hold\n"


FORGERIES = {
    "the fact": (
        "UPDATE cases_determination SET facts = jsonb_set(facts, '{contributed_months}', '11')",
        ["verdict", "content"],
    ),
    "the verdict": (
        "UPDATE cases_determination SET decision = jsonb_set(decision, '{results,months}', '24')",
        ["months", "content"],
    ),
    "the number of law": (
        "UPDATE cases_parameterset SET snapshot = jsonb_set(snapshot, '{rows,0,value}', '\"77\"')",
        ["digest"],
    ),
    "the trail": ("UPDATE cases_event SET actor_id = actor_id + 1 WHERE sequence = 2", ["event 2"]),
    "the hash": ("UPDATE cases_determination SET content_hash = repeat('0', 64)", ["content", "vouch"]),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_the_recipe_finds_what_was_changed_afterwards(what: str, site: str) -> None:
    """As somebody with all rights to the database could."""
    determined()
    sql, words = FORGERIES[what]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    done = follow(site, Auditor())
    assert done.returncode == 1, done.stdout + done.stderr
    problems = done.stdout
    assert "1 determinations checked, 1 do not hold" in problems
    hints = {"verdict": "the law says REFUSE", "content": "its content was changed", "months": "months:",
             "digest": "not those of the digest", "event 2": "event 2 of the", "vouch": "vouch"}  # fmt: skip
    for word in words:
        assert hints[word] in problems, problems


def test_the_recipe_compares_with_what_the_command_answers_word_for_word() -> None:
    """The API's facts are lines of `decide`: the same answer, explanations included, but for its own `id`."""
    made = determined()
    (given,) = Auditor().listed()
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "decide", PROGRAM, "--region", COUNTY],
        input=json.dumps({"id": "x", **given["facts"]}),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    shown = [{name: reason[name] for name in reason if name != "fields"} for reason in given["reasons"]]
    assert answer["reasons"] == shown
    assert answer["total_fen"] == given["amount"]["fen"] == made.amount_fen
    assert answer["parameters_digest"] == given["parameters_digest"]
