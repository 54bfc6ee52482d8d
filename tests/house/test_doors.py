"""Every address has one action; whoever has no right to it is shut out, whoever has is let in.

The whole URL tree is walked: an address that is added is tested from that moment, or fails here for want of
an example to fill its places with.
"""

from __future__ import annotations

import ast
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpResponseBase
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

import audit.services
import cases.intake
import claims.services
from accounts.mandates import RegisteredUnit
from accounts.models import API_SCOPES, STAFF_ROLES, Mandate, Role, User
from accounts.roles import MATRIX, SCOPES, Action, Guarded
from accounts.selectors import machine
from accounts.services import create_client
from cases.attachments import Paper
from cases.jobs import ask_for_export, go_on
from cases.models import Job
from claims import kinds
from claims.intakes import LINES
from enterprises.batch import Unit, save_units
from enterprises.models import Enterprise, Hold
from enterprises.services import give_papers, place_hold, record_publication
from payouts import kinds as money
from subsidies.refund.models import Refund
from tests.cases.papers import PDF
from tests.enterprises import samples as units
from tests.enterprises.samples import SAID, classed, dispute_of
from tests.factories import NOW, PAPER, City, agent, citizen, officer, proposed_value
from tests.house.conftest import undone
from tests.house.sources import APPS, called, calls, name, python_files, templates
from tests.sheets import handed_in
from tests.subsidies import samples, steps

VISITOR = "visitor"
EVERYBODY = (VISITOR, *(role.value for role in Role))
METHODS = ("GET", "POST")
# Synthetic: serial 000.
AGENT_NUMBER = "130102198501010009"
UNIT = RegisteredUnit("石家庄样例有限公司", "91130102000000000Q", Mandate.Capacity.REGISTERED.value)


@dataclass(frozen=True)
class Door:
    """One address of the URL tree."""

    route: str
    name: str
    callback: Callable[..., HttpResponseBase]
    places: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name or '?'} /{self.route}"

    @property
    def action(self) -> Action | None:
        """What its view declares."""
        found = getattr(self.callback, "action", None)
        return found if isinstance(found, Action) else None


def doors(patterns: list[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[Door]:
    """Every address, those of included files too."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from doors(entry.url_patterns, route)
        else:
            yield Door(route, entry.name or "", entry.callback, tuple(entry.pattern.converters))


DOORS = tuple(doors())


def test_there_are_doors() -> None:
    assert len(DOORS) > 35
    assert {"apply", "queue", "case-claim", "case-batch", "batches"} <= {door.name for door in DOORS}


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_every_address_declares_one_action(door: Door) -> None:
    assert door.action is not None, "guard the view with @requires, or list a library's in config/urls.py"
    assert door.name, "an address without a name cannot be found by those who link to it"


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_the_action_guards_and_is_not_only_a_mark(door: Door) -> None:
    """Machines are let in by a token's scope (`accounts.api.declares`); all others by `Guarded`."""
    if door.action is Action.API_DETERMINATIONS:
        return
    layer: object = door.callback
    while not isinstance(layer, Guarded):
        layer = getattr(layer, "__wrapped__", None)
        assert layer is not None, "an `action` was set on a view that nothing guards"


def test_every_action_but_those_of_later_pages_opens_a_door() -> None:
    """A right that opens nothing is a promise; these are services' rights whose pages come later."""
    of_services: set[Action] = set()
    opening = {door.action for door in DOORS}
    assert set(Action) - opening <= of_services
    assert of_services & opening == set(), "it has a page now: take it off this list"


# --- who gets in ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class People:
    """One of everybody, and things of theirs to look at."""

    users: Mapping[str, User]
    examples: Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
def people(city: City) -> People:
    """A citizen's refused claim with papers and letters, an open question, a batch, a returned payment."""
    person = city.person("STILL_EMPLOYED")
    users = {role.value: officer(role) for role in STAFF_ROLES}
    users[Role.CITIZEN.value] = citizen(person)
    users[Role.AGENT.value] = agent("经办人甲", AGENT_NUMBER, UNIT)
    mandate = Mandate.objects.get(person__agent_user=users[Role.AGENT.value])
    refused = city.refused_with_papers(person).case
    own, letter = refused.number, str(refused.letters.order_by("-pk")[0].pk)
    paper = str(refused.attachments.get().pk)
    determination = refused.determinations.order_by("-pk")[0]
    question = city.claim(kinds.REVIEW1).case.number
    waiting = proposed_value(city.staff).number
    refunds = refund_examples(mandate.unit_id)  # before the lists of this year are read
    examples = {
        "view-mode": {"mode": "elder"},
        "language": {"code": "en"},
        "openid_connect_login": {"provider_id": "citizen"},
        "openid_connect_callback": {"provider_id": "citizen"},
        "case": {"number": question},
        "case-take": {"number": question},
        "case-release": {"number": question},
        "case-hold": {"number": question},
        "case-resume": {"number": question},
        "case-reassign": {"number": question},
        "desk": {"key": str(users[Role.HANDLER.value].pk)},
        "case-claim": {"number": question},
        "claim-propose": {"number": question},
        "claim-ask-again": {"number": question},
        "claim-review": {"number": question},
        "claim": {"number": own},
        "claim-check-card": {"number": own},
        "claim-ask-for-person": {"number": own},
        "claim-report-job": {"number": own},
        "claim-answer-papers": {"number": own},
        "claim-reopen": {"number": own},
        "case-claim-reopen": {"number": own},
        "claim-letter": {"number": own, "key": letter},
        "claim-letter-pdf": {"number": own, "key": letter},
        "claim-paper": {"number": own, "key": paper},
        "case-number": {"number": question},
        "own-passkey-remove": {"key": "1"},
        "user": {"key": str(users[Role.AUDITOR.value].pk)},
        "user-rights": {"key": str(users[Role.AUDITOR.value].pk)},
        "user-credentials": {"key": str(users[Role.AUDITOR.value].pk)},
        "user-open": {"key": str(users[Role.AUDITOR.value].pk)},
        "api-client-revoke": {"key": machine_client()},
        "api-determination": {"key": str(determination.pk)},
        "api-parameter-set": {"digest": determination.parameter_set_id},
        "policy-key": {"key": "benefit.promise_wd"},
        "case-policy": {"number": waiting},
        "policy-decide": {"number": waiting},
        "policy-withdraw": {"number": waiting},
        **money_examples(city, users),
        **change_examples(city, own),
        **asked_examples(city) | check_examples(city, own),
        **unit_examples(users, mandate),
    }
    return People(users, examples | refunds)


def money_examples(city: City, users: Mapping[str, User]) -> dict[str, dict[str, str]]:
    """A batch, a returned payment, a contradiction, and a list that a supervisor exported."""
    returned = city.returned().case.number
    batch = city.batch(money.APPROVED1).number
    odd = city.contradiction().case.number
    job = export_of(users[Role.SUPERVISOR.value])
    file = read_file(users[Role.SUPERVISOR.value])
    return {
        "case-batch": {"number": batch},
        "batch-sign": {"number": batch},
        "batch-send-back": {"number": batch},
        "case-returned": {"number": returned},
        "returned-card": {"number": returned},
        "returned-pay-again": {"number": returned},
        "returned-decide": {"number": returned},
        "case-contradiction": {"number": odd},
        "contradiction-propose": {"number": odd},
        "contradiction-decide": {"number": odd},
        "job": {"key": job},
        "job-file": {"key": job},
        "import": {"key": file},
        "import-refused": {"key": file},
        "import-sign": {"key": file},
        "import-withdraw": {"key": file},
        **month_examples(city),
    }


def month_examples(city: City) -> dict[str, dict[str, str]]:
    """A month with its roll, and what was asked of finance."""
    city.accrue(city.verified())
    month = {"number": city.month().case.number}
    asked = {"number": city.fund_request().case.number}
    return {
        "case-month": month,
        "month-roll": month,
        "month-step": month,
        "month-ask-funds": month,
        "month-propose-close": month,
        "month-decide-close": month,
        "case-fund-request": asked,
        "fund-request-decide": asked,
        "fund-request-receive": asked,
    }


def change_examples(city: City, own: str) -> dict[str, dict[str, str]]:
    """A benefit in payment, one whose stop waits for a signature, one at rest in prison."""
    paying = {"number": city.claim(kinds.PAYING).case.number}
    return {
        "claim-money": {"number": own},
        "claim-suspend": paying,
        "claim-resume": {"number": city.claim(kinds.SUSPENDED).case.number},
        "claim-stop": paying,
        "claim-sign-stop": {"number": city.claim(kinds.STOP_REVIEW).case.number},
        "claim-category": paying,
        "claim-release": {"number": city.claim(kinds.INTERRUPTED).case.number},
    }


def asked_examples(city: City) -> dict[str, dict[str, str]]:
    """A request for a person to look at a claim."""
    claim = city.verified()
    asked = claims.services.ask_for_person(claim=claim, actor=machine(), now=NOW)
    number = {"number": asked.case.number}
    return {"case-person-request": number, "person-request-answer": number}


OF_A_REFUND = (
    "case-refund",
    "refund-propose",
    "refund-review",
    "refund-end-hold",
    "refund-complaint",
    "refund-answer",
)
OF_A_UNITS_YEAR = ("unit-refund", "unit-refund-confirm", "unit-refund-decline", "unit-refund-object")


def refund_examples(unit: int) -> dict[str, dict[str, str]]:
    """A year of refunds that finance did not agree to: nothing of it is owed, and no batch holds it."""
    team = samples.staff()
    samples.funded(team.handler)
    units.read_all_lists()
    steps.account_of(samples.with_agents_unit(UNIT.code, UNIT.name), 0)
    campaign = samples.screened(team.handler)
    steps.told(team)
    steps.published(team)
    steps.agreed(team, yes=False, papers=(steps.PAPER,))
    refund = Refund.objects.select_related("case").get(unit=unit)
    year = {"unit": str(unit), "year": str(samples.YEAR)}
    number, of_year = {"number": refund.case.number}, {"number": campaign.case.number}
    review = {"key": str(refund.finance_id)}
    return {
        "refund-finance": review,
        "refund-finance-paper": review,
        "case-refund-campaign": of_year,
        "refund-trial": of_year,
        "refund-campaign-step": {**of_year, "step": "notify"},
        **dict.fromkeys(OF_A_REFUND, number),
        "unit-refunds": {"unit": str(unit)},
        **dict.fromkeys(OF_A_UNITS_YEAR, year),
        "refund-notice": {"year": str(samples.YEAR), "region": samples.CITY, "nth": "1"},
    }


def check_examples(city: City, own: str) -> dict[str, dict[str, str]]:
    """A check of a month, and a finding that the person has answered and another agency was asked about."""
    found, handler, now = city.finding(), city.staff.handlers[0], NOW + timedelta(days=60, hours=1)
    audit.services.begin_inquiry(finding=found, facts="请说明。", actor=handler, now=now)
    audit.services.ask_agency(finding=found, agency="某市社保局", question="请核实。", actor=handler, now=now)
    person = found.claim.party.user
    audit.services.reply(finding=found, text="见材料。", papers=[PAPER], actor=person, now=now)
    number, run = {"number": found.case.number}, {"number": found.hit.row.run.number}
    return {
        "claim-checks": {"number": own},
        "check": run,
        "check-again": run,
        "case-finding": number,
        "finding-inquire": number,
        "finding-reply": number,
        "finding-agency": number,
        "finding-agency-letter": number,
        "finding-agency-answer": number,
        "finding-propose": number,
        "finding-decide": number,
        "finding-paper": {**number, "key": str(found.reply_papers.get().pk)},
    }


def unit_examples(users: Mapping[str, User], mandate: Mandate) -> dict[str, dict[str, str]]:
    """The unit of the agent with a dispute about its class, a list that was read, and a hold."""
    unit = Unit(UNIT.code, UNIT.name, "ENTERPRISE", "130102", "3670")
    save_units(units=[unit], said=SAID, actor=machine(), now=NOW)
    firm = classed(Enterprise.objects.get(pk=mandate.unit_id), "LARGE")
    dispute = dispute_of(firm, now=NOW)
    actor = users[Role.AGENT.value]
    give_papers(dispute=dispute, papers=[Paper("审计报告.pdf", PDF)], actor=actor, now=NOW)
    number, own = {"number": dispute.case.number}, {"unit": str(mandate.unit_id)}
    paper = {"key": str(dispute.case.attachments.get().pk)}
    letter = {"key": str(dispute.case.letters.get().pk)}
    hold = place_hold(
        enterprise=firm, ground=Hold.Ground.RECTIFICATION, case=None, reason="账册不全", actor=actor, now=NOW
    )
    published = record_publication(
        name="ZOMBIE", document="公布页", published_on=NOW.date(), entries=[], actor=actor, now=NOW
    )
    return {
        "unit": own,
        "unit-delegate": own,
        "unit-mandate-end": own | {"key": str(mandate.pk)},
        "unit-size-class": own,
        "unit-size-class-object": own,
        "unit-dispute": own | number,
        "unit-dispute-papers": own | number,
        "unit-dispute-paper": own | number | paper,
        "unit-dispute-letter": own | number | letter,
        "unit-dispute-letter-pdf": own | number | letter,
        "case-size-dispute": number,
        "dispute-propose": number,
        "dispute-decide": number,
        "dispute-paper": number | paper,
        "dispute-letter": number | letter,
        "dispute-letter-pdf": number | letter,
        "list": {"key": str(published.pk)},
        "hold-lift": {"key": str(hold.pk)},
    }


def export_of(supervisor: User) -> str:
    """The key of a job whose result waits to be fetched."""
    parameters = {"tab": "all"}
    kind = Job.Kind.QUEUE_CSV
    job = ask_for_export(kind=kind, parameters=parameters, reason="季度检查", actor=supervisor, now=NOW)
    go_on(job_id=job.pk, now=NOW)
    return str(job.pk)


def read_file(supervisor: User) -> str:
    """The key of a file from the core system that was read, one of whose rows was refused."""
    file = handed_in(supervisor)
    cases.intake.go_on(intake_id=file.pk, lines=LINES, now=NOW + timedelta(hours=1))
    return str(file.pk)


def machine_client() -> str:
    """The id of a registered machine client."""
    made, _secret = create_client(name="auditors", scopes=API_SCOPES, actor=machine(), now=NOW)
    return str(made.pk)


def address(door: Door, people: People) -> str:
    """The door's address with its places filled."""
    given = people.examples.get(door.name, {})
    assert set(door.places) == set(given), f"{door}: say in `people` what {door.places} may be"
    return reverse(door.name, kwargs=dict(given))


def knock(door: Door, people: People, who: str, method: str) -> HttpResponseBase:
    """One request by one of them; whatever it changed is undone."""
    client = Client(raise_request_exception=True)
    with undone():
        if who != VISITOR:
            client.force_login(people.users[who])
        asks = client.get if method == "GET" else client.post
        return asks(address(door, people), {"submission_id": str(uuid.uuid4())} if method == "POST" else {})


def is_shut_out(answer: HttpResponseBase) -> bool:
    """Sent to sign in, or told that this is not for them."""
    if answer.status_code in (401, 403):
        return True
    goes_to = str(answer.headers.get("Location", ""))
    return answer.status_code == 302 and goes_to.split("?")[0] in (
        reverse("sign-in"),
        reverse("staff-sign-in"),
    )


def may(who: str, action: Action) -> bool:
    """What the matrix says. An interface for machines knows tokens only, never a session."""
    return action is Action.PUBLIC or (who != VISITOR and action in MATRIX[Role(who)])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_the_door_opens_to_those_who_may_and_to_nobody_else(
    door: Door, method: str, people: People, within: City
) -> None:
    action = door.action
    assert action is not None
    wrong = []
    for who in EVERYBODY:
        answer = knock(door, people, who, method)
        if may(who, action):
            if is_shut_out(answer) and not is_the_way_of(door, answer):
                wrong.append(f"{who} has {action} and is shut out: {answer.status_code}")
            elif answer.status_code == 404:
                wrong.append(f"{who} has {action} and finds nothing")
        elif not is_shut_out(answer):
            wrong.append(f"{who} has no {action} and gets {answer.status_code}")
    assert wrong == []


def is_the_way_of(door: Door, answer: HttpResponseBase) -> bool:
    """Public pages that themselves lead to signing in, or refuse an answer nobody asked the provider for."""
    return door.name in ("sign-out", "account_logout", "mfa_authenticate") or (
        door.name == "openid_connect_callback" and answer.status_code == 403
    )


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_machine_gets_in_by_its_scope_and_nowhere_else(scope: str, people: People, within: City) -> None:
    registered, secret = create_client(name="稽核机构", scopes=[scope], actor=machine(), now=NOW)
    client = Client()
    answer = client.post(
        reverse("api-token"),
        {"grant_type": "client_credentials", "client_id": registered.id, "client_secret": secret},
    )
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    for door in DOORS:
        if door.action is Action.PUBLIC:
            continue
        got = client.get(address(door, people), headers=bearer)
        assert is_shut_out(got) != (door.action is SCOPES[scope]), (door, got.status_code)


def test_a_citizen_finds_nobody_elses_claim(people: People, within: City) -> None:
    other = within.verified().case.number
    client = Client()
    client.force_login(people.users[Role.CITIZEN.value])
    own = people.examples["claim"]["number"]
    assert client.get(reverse("claim", kwargs={"number": own})).status_code == 200
    for page, send in (
        ("claim", client.get),
        ("claim-check-card", client.post),
        ("claim-ask-for-person", client.post),
        ("claim-report-job", client.post),
        ("claim-answer-papers", client.post),
        ("claim-reopen", client.post),
        ("claim-checks", client.get),
    ):
        assert send(reverse(page, kwargs={"number": other})).status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        "case",
        "case-claim",
        "case-batch",
        "case-returned",
        "case-contradiction",
        "case-person-request",
        "case-refund",
        "case-refund-campaign",
        "case-finding",
        "check",
    ],
)
def test_an_officer_of_another_city_finds_nothing_here(page: str, people: People, within: City) -> None:
    elsewhere = officer(Role.HANDLER, region="130200")
    client = Client()
    client.force_login(elsewhere)
    assert client.get(reverse(page, kwargs=dict(people.examples[page]))).status_code == 404
    client.force_login(people.users[Role.HANDLER.value])
    assert client.get(reverse(page, kwargs=dict(people.examples[page]))).status_code in (200, 302)


def test_an_officer_without_a_second_factor_gets_no_further_than_setting_one_up(
    people: People, within: City
) -> None:
    handler = officer(Role.HANDLER)
    Authenticator.objects.filter(user=handler).delete()
    client = Client()
    client.force_login(handler)
    for door in DOORS:
        if door.action in (None, Action.PUBLIC) or not may(Role.HANDLER.value, door.action or Action.PUBLIC):
            continue
        if door.name == "mfa_activate_totp":
            continue
        answer = client.get(address(door, people))
        assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("mfa_activate_totp")), (
            door
        )


# --- links ------------------------------------------------------------------------------------------------


NAMED = re.compile(r"{%\s*url\s+[\"']([\w:-]+)[\"']")
# Not addresses by name: `redirect` takes a path or an address that was made before.
BY_NAME = {"redirect", "reverse", "reverse_lazy"}


def test_every_address_that_is_linked_exists() -> None:
    known = {door.name for door in DOORS}
    dead = []
    for path in templates():
        dead += [f"{name(path)}: {found}" for found in NAMED.findall(path.read_text()) if found not in known]
    for path in python_files(*APPS, "config"):
        for call in calls(path):
            if called(call) in BY_NAME and call.args and isinstance(call.args[0], ast.Constant):
                found = str(call.args[0].value)
                if "/" not in found and found not in known:
                    dead.append(f"{name(path)}:{call.lineno}: {found}")
    assert dead == []


def test_every_kind_of_case_has_its_page() -> None:
    from cases.kinds import all_kinds

    for kind in all_kinds():
        if kind.code != "sample":
            try:
                assert reverse(f"case-{kind.code}", kwargs={"number": f"{kind.prefix}20261123-0001"})
            except NoReverseMatch:
                pytest.fail(f"cases of kind {kind.code} have no page named case-{kind.code}")
