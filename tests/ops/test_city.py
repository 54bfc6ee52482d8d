"""The large demo city: set by set it must be the same city as claim by claim, and survive being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import urllib3
from django.db import transaction
from pytest_django import Settings

import claims.services
import payouts.services
from accounts.selectors import machine
from accounts.services import ensure_person
from cases import replaying, trail
from cases.models import Case, Event, Letter, Message
from claims import kinds
from claims.models import Claim, SpellMonth
from config import city
from config.city_people import Person, Sandbox, applied_at, submission_of
from config.city_sets import claim_set, whole_days
from config.home import ROOT, process_environment
from gateways.adapters import wire
from gateways.models import Lookup
from law.workdays import legal_day
from payouts.models import Payee
from payouts.selectors.proof import prove
from sandbox.server import Running, running
from sandbox.server import Settings as SandboxSettings
from tests import factories
from tests.site import RunningSite, wait_until

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SEED = 7
PEOPLE = 150


@pytest.fixture
def outside(tmp_path: Path, settings: Settings) -> Iterator[Running]:
    """The sandbox with a city's people, as the world outside of this test's product."""
    key = SandboxSettings("", (), key="only-for-tests")
    with running(
        tmp_path / "sandbox.sqlite3",
        product="http://127.0.0.1:8000",
        people=PEOPLE,
        seed=SEED,
        today=date(2026, 11, 23),
        settings=key,
    ) as server:
        settings.ANYE_SANDBOX_URL = server.url
        settings.ANYE_GATEWAY_KEY = "only-for-tests"
        settings.ANYE_OUTSIDE = {}
        wire.reset()
        yield server
        wire.reset()


def in_time(people: list[Person]) -> list[Person]:
    return sorted(people, key=lambda one: (applied_at(one, seed=SEED, now=NOW), one.ordinal))


def accrue() -> None:
    for month in ("2026-10", "2026-11"):
        claims.services.accrue_month(month=month, now=NOW)


def papers_of(case: Case) -> dict[str, Any]:
    """What was decided, on what evidence, and the trail, letters and messages of a case."""
    determination = case.determination
    assert determination is not None
    return {
        "determination": [
            determination.verdict,
            determination.facts,
            determination.decision,
            determination.amount_fen,
            determination.months,
            determination.parameter_set_id,
            determination.rule_version,
            determination.made_at,
            {field: [one["source"] for one in rows] for field, rows in determination.sources.items()},
        ],
        "evidence": sorted(
            (row.source, row.asked_on, row.round, row.reply(), row.question_digest)
            for row in Lookup.objects.filter(case=case)
        ),
        "trail": [
            (row.verb, row.at, sorted(row.payload), row.payload.get("status"), row.payload.get("to"))
            for row in Event.objects.filter(case=case).order_by("sequence")
        ],
        "letters": [(row.number, row.template, row.words) for row in Letter.objects.filter(case=case)],
        "messages": [
            (row.template, row.numbers, row.mobile, row.channel, row.created_at)
            for row in Message.objects.filter(case=case).order_by("pk")
        ],
    }


def told(person: Person) -> dict[str, Any]:
    """All that the product says of a person's claim, but for ids and what is drawn by lot."""
    claim = Claim.objects.select_related("case__determination", "registration").get(
        submission_id=submission_of(person, seed=SEED)
    )
    case = claim.case
    spell = getattr(claim, "spell", None)
    return {
        "case": [
            case.number,
            case.status,
            case.waits_for,
            case.region,
            case.promise_due,
            case.promise_days,
            case.statutory_due,
            case.statutory_days,
            case.due_provisional,
            case.opened_at,
            case.changed_at,
            case.closed_at,
            case.checks,
        ],
        "claim": [
            claim.applied_on,
            claim.county,
            claim.claimed_reason,
            claim.disputed,
            claim.notice_version,
            claim.truth_committed_at,
            claim.asked_round,
            claim.next_ask_at,
            claim.questions_open_at,
            claim.closed_at,
        ],
        "registration": [
            claim.registration.registered_on,
            claim.registration.mobile,
            claim.registration.residence,
            claim.registration.job_wish,
            claim.registration.wants_training,
        ],
        "party": list(claim.party.identifiers.values_list("kind", "masked", "digest", "valid_from")),
        **papers_of(case),
        "payee": list(
            Payee.objects.filter(party=claim.party).values_list(
                "account_digest", "account_last4", "account_name", "bank_code", "is_card", "replaces"
            )
        ),
        "spell": None
        if spell is None
        else [spell.months, spell.first_month, spell.last_month, spell.granted_at],
        "months": list(
            SpellMonth.objects.filter(spell__claim=claim).order_by("month").values_list("month", "amount_fen")
        ),
    }


def test_a_set_makes_the_rows_that_one_by_one_makes(outside: Running, db: None) -> None:
    factories.staff()
    payouts.services.open_fund(region=city.CITY, amount_fen=city.FUND_FEN, actor=machine(), now=NOW)
    city.assume(people=PEOPLE, seed=SEED, now=NOW)
    people = in_time(list(Sandbox(outside.url).people(limit=PEOPLE)))
    before = transaction.savepoint()
    city._claim_chunk(people, seed=SEED, now=NOW)
    accrue()
    one_by_one = [told(person) for person in people]
    transaction.savepoint_rollback(before)
    assert not Claim.objects.exists()

    made, alone = claim_set(people, seed=SEED, now=NOW)
    accrue()
    assert (made, alone) == (PEOPLE, [])
    for person, expected in zip(people, one_by_one, strict=True):
        assert told(person) == expected, person.ordinal
    statuses = {case["case"][1] for case in one_by_one}
    assert statuses >= {kinds.APPROVED, kinds.REVIEW1}
    assert trail.verify().broken is None
    assert replaying.replay().differences == []
    assert prove().holds


def test_who_is_known_or_has_a_silent_register_goes_alone(outside: Running, db: None) -> None:
    factories.staff()
    people = in_time(list(Sandbox(outside.url).people(limit=6)))
    known, silent = people[1], people[4]
    ensure_person(name=known.name, id_kind=known.id_kind, id_number=known.id_number, now=NOW)
    fault = {"source": "justice", "mode": "down", "id_number": silent.id_number}
    assert urllib3.request("POST", f"{outside.url}/control/fault", json=fault).status == 200
    made, alone = claim_set(people, seed=SEED, now=NOW)
    assert made == 4
    assert alone == [known, silent]


def test_sets_end_with_the_day(outside: Running) -> None:
    people = in_time(list(Sandbox(outside.url).people(limit=PEOPLE)))
    timed = [(applied_at(one, seed=SEED, now=NOW), one.ordinal, one) for one in people]
    chunks = list(whole_days(timed, processes=2))
    assert [one for chunk in chunks for one in chunk] == people
    days = [{legal_day(applied_at(one, seed=SEED, now=NOW)) for one in chunk} for chunk in chunks]
    assert len(days) > 2
    assert sum(map(len, days)) == len(set().union(*days)), "no two sets share a day"


COUNTS = """
    SELECT (SELECT count(*) FROM claims_claim), (SELECT count(*) FROM cases_event),
           (SELECT count(*) FROM gateways_lookup), (SELECT count(*) FROM payouts_payment),
           (SELECT count(*) FROM claims_spellmonth), (SELECT count(*) FROM cases_letter)
"""


def counts(site: RunningSite) -> tuple[int, ...]:
    """How many rows of each kind the site has."""
    connection = psycopg2.connect(process_environment(site.home, site.environment)["DATABASE_URL"])
    try:
        with connection.cursor() as cursor:
            cursor.execute(COUNTS)
            return tuple(cursor.fetchone() or ())
    finally:
        connection.close()


def kill_at(site: RunningSite, order: list[str], *, claims: int) -> None:
    """Begin to make the city and kill the command once so many claims stand."""
    run = subprocess.Popen(
        [sys.executable, "manage.py", *order],
        cwd=ROOT,
        env=site.environment,
        stdout=subprocess.DEVNULL,
    )
    wait_until(
        lambda: run.poll() is not None or counts(site)[0] >= claims, seconds=180, what=f"{claims} claims"
    )
    assert run.poll() is None, "it ended before it could be killed"
    os.kill(run.pid, signal.SIGKILL)
    run.wait()


def test_a_killed_run_goes_on_and_a_second_one_changes_nothing() -> None:
    size = city.ONE_BY_ONE + 20
    order = ["seed_city", "--people", str(size), "--seed", "1"]
    with RunningSite("--no-seed", "--people", str(size)) as site:
        kill_at(site, order, claims=1)
        kill_at(site, order, claims=size)
        site.manage(*order)
        made = counts(site)
        assert made[0] == size
        site.manage(*order)
        assert counts(site) == made
        assert site.manage("seed_city", "--people", str(size + 1), check=False).returncode == 1
        for check in ("verify_ledger", "verify_trail", "replay"):
            site.manage(check)
