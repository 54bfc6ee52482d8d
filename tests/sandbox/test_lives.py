"""A told life: what registers and bank see of it on a day, and that nothing is seen before its time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.registers import EMPTY
from sandbox.scenarios import REGISTERS, SCENARIOS, fault_of
from sandbox.world import Person
from tests.sandbox.conftest import Asker, payment_file

LIFE: dict[str, Any] = {
    "contributed_months": 10,
    "works": [
        {
            "starts_on": "2024-01-01",
            "ends_on": "2025-03-11",
            "reason": "D04",
            "reported_at": "2025-03-15T10:00:00+08:00",
        },
        {"starts_on": "2025-08-04", "ends_on": "2025-11-01", "reason": "Z01"},
        {"starts_on": "2026-02-01", "region_name": "天津市"},
    ],
    "pension_category": "WORKER",
    "draws_pension_from": "2026-05-01",
    "imprisoned_on": "2026-04-01",
    "died_on": "2026-06-10",
    "card": "CLOSED",
    "card_from": "2026-03-01",
}


def on(asker: Asker, day: str) -> None:
    asker.now = datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC)


@pytest.fixture
def person(asker: Asker) -> Person:
    found = asker.person("INSURED_ELSEWHERE")
    reply = asker.post("/people/lives", {"lives": [{"id_number": found.id_number, **LIFE}]})
    assert (reply.status, reply.json) == (200, {"kept": 1})
    return found


@pytest.mark.parametrize(
    ("day", "active", "months"),
    [
        ("2025-03-10", True, 25),
        ("2025-03-11", False, 25),
        ("2025-08-04", True, 26),
        ("2025-12-01", False, 28),
    ],
)
def test_works_begin_and_end_on_their_days(
    asker: Asker, person: Person, day: str, active: bool, months: int
) -> None:
    on(asker, day)
    insurance = asker.result("insurance", person)
    assert (insurance["active"], insurance["contributed_months"]) == (active, months)


def test_an_end_is_known_once_it_was_reported(asker: Asker, person: Person) -> None:
    on(asker, "2025-03-12")
    assert asker.result("separation", person)["reported"] is False
    on(asker, "2025-03-16")
    reported = asker.result("separation", person)
    assert (reported["reason_code"], reported["separated_on"]) == ("D04", "2025-03-11")
    on(asker, "2025-11-20")
    assert asker.result("separation", person)["reported"] is False, "the second end never was"


@pytest.mark.parametrize(
    ("source", "member", "before", "after"),
    [
        ("insurance-national", "active", "2026-01-31", "2026-02-01"),
        ("justice", "imprisoned", "2026-03-31", "2026-04-01"),
        ("pension", "drawing", "2026-04-30", "2026-05-01"),
        ("identity", "deceased", "2026-06-09", "2026-06-10"),
    ],
)
def test_nothing_is_seen_before_its_day(
    asker: Asker, person: Person, source: str, member: str, before: str, after: str
) -> None:
    on(asker, before)
    assert asker.result(source, person)[member] is False
    on(asker, after)
    assert asker.result(source, person)[member] is True


def test_the_bank_pays_a_card_until_it_is_closed_and_a_new_one_again(asker: Asker, person: Person) -> None:
    outcomes = []
    for number, day in enumerate(("2026-02-27", "2026-03-02", "2026-03-03")):
        on(asker, day)
        if number == 2:
            asker.post("/control/card", {"id_number": person.id_number})
        row = asker.row(person, f"UB-{number}-1", account=asker.result("card", person)["account_number"])
        asker.submit(f"FB{number}", payment_file(f"FB{number}", [row]))
        outcomes.append(asker.receipts(f"FB{number}")[0]["reason_code"])
    assert outcomes == ["", "AC04", ""]
    book = asker.send("GET", "/payments?after=0&limit=10").json
    assert [(row["person"], row["status"]) for row in book] == [
        (person.ordinal, "S"),
        (person.ordinal, "F"),
        (person.ordinal, "S"),
    ]
    assert asker.send("GET", f"/payments?after={book[0]['id']}&limit=1").json == book[1:2]


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_nothing_of_the_scenario_before_shines_through(asker: Asker, scenario: str) -> None:
    quiet = {"contributed_months": 10, "works": LIFE["works"][:1]}
    person = asker.person(scenario)
    asker.post("/people/lives", {"lives": [{"id_number": person.id_number, **quiet}]})
    on(asker, "2027-06-01")
    plain = asker.person("CLEAN", 1)
    asker.post("/people/lives", {"lives": [{"id_number": plain.id_number, **quiet}]})
    for source in ("insurance-national", "pension", "justice", "market"):
        if fault_of(scenario, source) is None:
            assert asker.result(source, person) == asker.result(source, plain)


@pytest.mark.parametrize("source", REGISTERS)
def test_an_answer_has_the_fields_of_its_empty_form(asker: Asker, person: Person, source: str) -> None:
    for day in ("2025-01-01", "2026-07-01"):
        on(asker, day)
        assert set(asker.result(source, person)) == {"found", *EMPTY[source]}


@pytest.mark.parametrize(
    ("life", "status"),
    [
        ({"id_number": "x", **LIFE}, 404),
        ({**LIFE}, 400),
        ({"id_number": "x", **LIFE, "works": []}, 400),
        ({"id_number": "x", **LIFE, "works": [{"ends_on": "2025-01-01"}]}, 400),
        ({"id_number": "x", **LIFE, "card": "GOLD"}, 400),
        ({"id_number": "x", **LIFE, "died_on": "soon"}, 400),
    ],
)
def test_a_life_that_does_not_fit_is_refused(asker: Asker, life: dict[str, Any], status: int) -> None:
    assert asker.post("/people/lives", {"lives": [life]}).status == status
