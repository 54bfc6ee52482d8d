"""The outside for these tests is the sandbox, over real HTTP; people are taken from it by scenario."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
import urllib3
from pytest_django import Settings

import claims.services
from accounts.models import Party, Role, User
from accounts.selectors import machine
from accounts.services import create_staff, ensure_person
from claims.models import Claim
from claims.services import Application
from gateways.adapters import wire
from law.parameters import Citation
from policy.models import PolicyValue
from policy.services import approve, propose
from sandbox.server import Running, running
from sandbox.server import Settings as SandboxSettings
from sandbox.world import Person

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
CITY = "130100"


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The sandbox, in a thread, on a port of its own."""
    path = tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite3"
    settings = SandboxSettings("", (), key="only-for-tests")
    with running(
        path, product="http://127.0.0.1:8000", people=0, seed=7, today=TODAY, settings=settings
    ) as server:
        yield server
        wire.reset()


@pytest.fixture(autouse=True)
def sandbox(sandbox_server: Running, settings: Settings) -> Iterator[Running]:
    """The sandbox as the world outside of this test's product, with closed breakers."""
    settings.ANYE_SANDBOX_URL = sandbox_server.url
    settings.ANYE_GATEWAY_KEY = "only-for-tests"
    settings.ANYE_OUTSIDE = {}
    wire.reset()
    yield sandbox_server
    wire.reset()


@dataclass(frozen=True)
class Staff:
    """Officers of the tests, two of each role that signs."""

    handler: User
    other_handler: User
    reviewer: User
    supervisors: tuple[User, User]


@pytest.fixture
def staff(db: None) -> Staff:
    """Officers made by the service that makes them."""
    serial = count(1)

    def officer(role: Role) -> User:
        name = f"{role.value.lower()}{next(serial)}"
        return create_staff(
            username=name,
            full_name=name,
            roles=[role],
            regions=[CITY],
            password="a long and dull password",
            totp_secret="JBSWY3DPEHPK3PXP",
            actor=machine(),
            now=NOW,
        )

    return Staff(
        handler=officer(Role.HANDLER),
        other_handler=officer(Role.HANDLER),
        reviewer=officer(Role.REVIEWER),
        supervisors=(officer(Role.SUPERVISOR), officer(Role.SUPERVISOR)),
    )


@pytest.fixture
def same_month(staff: Staff) -> PolicyValue:
    """The city's assumption that a claim granted this month is paid from this month on."""
    return set_value(staff, "benefit.first_month_rule", "SAME_MONTH", "code")


def set_value(staff: Staff, key: str, value: str, unit: str) -> PolicyValue:
    """A dated value, proposed by one supervisor and approved by another."""
    row = propose(
        key=key,
        region=CITY,
        start=date(2026, 1, 1),
        value=value,
        unit=unit,
        reference=Citation(title="test assumption", number="", article="", url="", seen="own"),
        assumption=True,
        actor=staff.supervisors[0],
        now=NOW,
    )
    return approve(value=row, actor=staff.supervisors[1], now=NOW)


@pytest.fixture
def person_of(sandbox_server: Running) -> Callable[..., Person]:
    """A free person of a scenario: `person_of("CLEAN")`, `person_of("CLEAN", 1)`."""

    def find(scenario: str, nth: int = 0) -> Person:
        world = sandbox_server.application.world
        people = (world.person(ordinal) for ordinal in range(1, world.size + 1))
        return [p for p in people if p.scenario == scenario and p.pool == "free"][nth]

    return find


def tell(server: Running, path: str, **fields: str) -> None:
    """Tell the sandbox to let something happen, as its own page does."""
    answer = urllib3.request("POST", f"{server.url}{path}", json=fields)
    assert answer.status == 200, answer.data


def party_of(person: Person) -> Party:
    """The same person in our books."""
    return ensure_person(name=person.name, id_kind="CITIZEN_ID", id_number=person.id_number, now=NOW)


def application(**changed: object) -> Application:
    """A filled-in form."""
    answers: dict[str, object] = {
        "mobile": "13800000012",
        "residence": "130102",
        "street": "",
        "job_wish": "LOGISTICS",
        "wants_training": True,
        "claimed_reason": "",
        "disputed": "",
    }
    return Application(**{**answers, **changed})  # type: ignore[arg-type]  # keyword answers of a test


def submit(person: Person, *, now: datetime = NOW, **changed: object) -> Claim:
    """Look up what the form shows, then send it."""
    party = party_of(person)
    claims.services.look_up_for_form(party=party, now=now)
    return claims.services.submit_claim(
        party=party,
        application=application(**changed),
        submission_id=uuid.uuid4(),
        actor=machine(),
        now=now,
    )


def verified(person: Person, *, now: datetime = NOW, **changed: object) -> Claim:
    """A claim from the form to what the machine makes of it."""
    claim = submit(person, now=now, **changed)
    claims.services.verify_claim(claim_id=claim.pk, now=now + timedelta(minutes=1))
    return reread(claim)


def reread(claim: Claim) -> Claim:
    """The claim as the database has it now."""
    return Claim.objects.select_related("case__determination", "party", "registration").get(pk=claim.pk)
