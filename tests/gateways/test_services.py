"""Asking registers: all at once, outside transactions, every answer kept, none asked twice on a day."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from gateways import registry, services
from gateways.adapters.wire import Limits
from gateways.models import Lookup
from gateways.ports import (
    CardAnswer,
    ElsewhereAnswer,
    IdentityAnswer,
    InsuranceAnswer,
    JusticeAnswer,
    Problem,
    Question,
    SeparationAnswer,
    Source,
    Subject,
)
from gateways.selectors import latest_lookups
from gateways.services import InsideTransaction, ask_many
from sandbox import control
from sandbox.server import Running
from sandbox.world import Person
from tests.gateways.conftest import (
    NOW,
    TODAY,
    Behaviour,
    Handler,
    Heard,
    Office,
    party_of,
    person_of,
    subject_of,
)
from tests.gateways.test_registers import GOOD

pytestmark = pytest.mark.django_db


def questions(person: Person, *sources: Source) -> list[Question]:
    return [Question(source, subject_of(person)) for source in sources or tuple(Source)]


@pytest.fixture
def faults(sandbox: Running) -> Iterator[Running]:
    """The sandbox, whose sources are put back in order afterwards."""
    yield sandbox
    for source in Source:
        fault(sandbox, source, "auto")


def fault(server: Running, source: Source, mode: str, seconds: int = 10) -> None:
    control.set_fault(
        server.application.store,
        {"source": source.value.lower().replace("_", "-"), "mode": mode, "seconds": seconds},
    )


def asked(server: Running, source: Source) -> int:
    """How often a source of the sandbox was asked."""
    return server.application.counter.counts().get(source.value.lower().replace("_", "-"), 0)


@pytest.mark.parametrize("fresh", [False, True])
def test_old_answers_are_found_by_their_index(sandbox: Running, fresh: bool) -> None:
    """Half a million lookups lie there after a year: sources and digests lead into the index."""
    person = person_of(sandbox, "CLEAN")
    with connection.cursor() as cursor:
        # enough rows, and what the planner knows of them, for it to have a choice
        cursor.execute(
            "INSERT INTO gateways_lookup (source, question_digest, question, request_id, asked_on, round, "
            "asked_at, answered_at, answer, problem, attempts, milliseconds) "
            "SELECT (%s::text[])[1 + n %% 9], encode(sha256(n::text::bytea), 'hex'), '', gen_random_uuid(), "
            "%s, 1, %s, %s, '', '', 1, 1 FROM generate_series(1, 9000) AS n",
            [[source.value for source in Source], TODAY, NOW, NOW],
        )
        cursor.execute("ANALYZE gateways_lookup")
    with CaptureQueriesContext(connection) as said:
        ask_many(questions=questions(person), party=party_of(person), now=NOW, fresh=fresh)
    looked = next(
        query["sql"]
        for query in said
        if query["sql"].startswith("SELECT") and "question_digest" in query["sql"]
    )
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {looked}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    conditions = [line for line in plan.splitlines() if "Index Cond" in line]
    assert "gateways_lookup_answered_once" in plan, plan
    assert "source" in conditions[0] and "question_digest" in conditions[0], plan


def test_no_question_is_no_lookup() -> None:
    assert ask_many(questions=[], party=None, now=NOW) == {}


def echo(source: Source, request_id: str | None = None) -> Behaviour:
    """An office that answers the question it was asked, or another one."""

    def behave(handler: Handler, heard: Heard) -> None:
        whole = {
            "request_id": request_id or json.loads(heard.body)["request_id"],
            "source": source.value.lower().replace("_", "-"),
            "as_of": heard.headers["X-Anye-Time"],
            "result": GOOD[source],
        }
        handler.answer(200, json.dumps(whole).encode(), {})

    return behave


def limit(monkeypatch: pytest.MonkeyPatch, source: Source, limits: Limits) -> None:
    row = registry.SOURCES[source]
    shorter = registry.Row(row.label, row.adapter, row.path, limits, row.fresh_days)
    monkeypatch.setattr(registry, "SOURCES", dict(registry.SOURCES) | {source: shorter})


def test_every_source_answers_about_an_ordinary_person(sandbox: Running) -> None:
    person = person_of(sandbox)
    found = ask_many(questions=questions(person), party=party_of(person), now=NOW)
    assert set(found) == set(Source)
    assert {lookup.problem for lookup in found.values()} == {""}
    identity = found[Source.IDENTITY].reply_as(IdentityAnswer)
    assert identity is not None
    assert (identity.name, identity.birth_date) == (person.name, person.birth_date)
    insurance = found[Source.INSURANCE].reply_as(InsuranceAnswer)
    assert insurance is not None
    assert insurance.county == person.county
    separation = found[Source.SEPARATION].reply_as(SeparationAnswer)
    assert separation is not None
    assert separation.reason_code == person.reason
    card = found[Source.CARD].reply_as(CardAnswer)
    assert card is not None
    assert card.status == "ACTIVE"
    assert Lookup.objects.count() == len(Source)


def test_question_and_answer_are_encrypted_and_read_back(sandbox: Running) -> None:
    person = person_of(sandbox)
    found = ask_many(questions=questions(person, Source.CARD), party=party_of(person), now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT gateways_lookup::text FROM gateways_lookup")
        (row,) = cursor.fetchone()
    card = found[Source.CARD].reply_as(CardAnswer)
    assert card is not None
    for secret in (person.id_number, person.name, card.account_number):
        assert secret not in row
    kept = Lookup.objects.get()
    assert json.loads(kept.question)["id_number"] == person.id_number
    assert kept.reply_as(CardAnswer) == card


def test_the_same_question_on_the_same_day_is_not_asked_again(sandbox: Running) -> None:
    person = person_of(sandbox)
    party = party_of(person)
    before = asked(sandbox, Source.CARD)
    first = ask_many(questions=questions(person, Source.CARD), party=party, now=NOW)
    again = ask_many(
        questions=questions(person, Source.CARD, Source.JUSTICE), party=party, now=NOW + timedelta(hours=5)
    )
    assert again[Source.CARD] == first[Source.CARD]
    assert asked(sandbox, Source.CARD) == before + 1
    assert again[Source.JUSTICE].answered


def test_the_next_legal_day_asks_again(sandbox: Running) -> None:
    person = person_of(sandbox)
    party = party_of(person)
    first = ask_many(questions=questions(person, Source.CARD), party=party, now=NOW)
    # 15:59 and 16:01 UTC are two days in Shanghai.
    evening = NOW.replace(hour=15, minute=59)
    assert ask_many(questions=questions(person, Source.CARD), party=party, now=evening) == first
    after_midnight = ask_many(
        questions=questions(person, Source.CARD), party=party, now=evening + timedelta(minutes=2)
    )
    assert after_midnight[Source.CARD] != first[Source.CARD]
    assert after_midnight[Source.CARD].asked_on == TODAY + timedelta(days=1)


def test_asking_afresh_opens_a_round_and_its_answer_is_used_from_then_on(sandbox: Running) -> None:
    person = person_of(sandbox)
    party = party_of(person)
    card = questions(person, Source.CARD)
    first = ask_many(questions=card, party=party, now=NOW)[Source.CARD]
    second = ask_many(questions=card, party=party, now=NOW, fresh=True)[Source.CARD]
    third = ask_many(questions=card, party=party, now=NOW, fresh=True)[Source.CARD]
    assert [first.round, second.round, third.round] == [1, 2, 3]
    assert ask_many(questions=card, party=party, now=NOW)[Source.CARD] == third
    assert ask_many(questions=card, party=party, now=NOW, round=3)[Source.CARD] == third
    assert ask_many(questions=card, party=party, now=NOW, round=4)[Source.CARD].round == 4


def test_a_source_that_is_down_is_unknown_and_asked_again_next_time(faults: Running) -> None:
    person = person_of(faults)
    party = party_of(person)
    fault(faults, Source.JUSTICE, "down")
    found = ask_many(questions=questions(person, Source.JUSTICE, Source.CARD), party=party, now=NOW)
    assert found[Source.JUSTICE].problem == Problem.DOWN
    assert not found[Source.JUSTICE].answered
    assert found[Source.JUSTICE].reply_as(JusticeAnswer) is None
    assert found[Source.JUSTICE].attempts == registry.SOURCES[Source.JUSTICE].limits.attempts
    assert found[Source.CARD].answered
    fault(faults, Source.JUSTICE, "ok")
    again = ask_many(questions=questions(person, Source.JUSTICE), party=party, now=NOW)
    assert again[Source.JUSTICE].reply() == JusticeAnswer(imprisoned=False)
    assert Lookup.objects.filter(source="JUSTICE").count() == 2


def test_a_person_whose_national_register_is_down_keeps_the_other_answers(sandbox: Running) -> None:
    person = person_of(sandbox, "SOURCE_DOWN")
    found = ask_many(questions=questions(person), party=party_of(person), now=NOW)
    open_sources = {source for source, lookup in found.items() if not lookup.answered}
    assert open_sources == {Source.INSURANCE_NATIONAL}


def test_a_slow_source_times_out_without_holding_up_the_others(
    faults: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = person_of(faults)
    fault(faults, Source.MARKET, "slow", seconds=5)
    limit(monkeypatch, Source.MARKET, Limits(0.2, 1))
    found = ask_many(
        questions=questions(person, Source.MARKET, Source.JUSTICE), party=party_of(person), now=NOW
    )
    assert found[Source.MARKET].problem == Problem.TIMEOUT
    assert found[Source.MARKET].milliseconds < 4000
    assert found[Source.JUSTICE].answered


def test_a_source_that_answers_twice_has_answered_once(sandbox: Running) -> None:
    person = person_of(sandbox, "ANSWERS_TWICE")
    found = ask_many(questions=questions(person), party=party_of(person), now=NOW)
    assert all(lookup.answered for lookup in found.values())
    assert len(found[Source.CARD].answer.splitlines()) == 2
    assert found[Source.CARD].reply_as(CardAnswer) is not None


@pytest.mark.parametrize(
    "scenario", ["INSURED_ELSEWHERE", "RARE_CHARACTER_NAME", "HONG_KONG_PERMIT", "CARD_CLOSED", "DECEASED"]
)
def test_answers_about_unusual_people_fit_their_formats(sandbox: Running, scenario: str) -> None:
    person = person_of(sandbox, scenario)
    found = ask_many(questions=questions(person), party=party_of(person), now=NOW)
    assert {source: lookup.problem for source, lookup in found.items()} == dict.fromkeys(Source, "")


def test_somebody_nobody_knows_is_answered_with_not_found(sandbox: Running) -> None:
    stranger = Subject(name="某某", id_kind="CITIZEN_ID", id_number="130102190001010000")
    found = ask_many(questions=[Question(source, stranger) for source in Source], party=None, now=NOW)
    assert {lookup.problem for lookup in found.values()} == {""}
    assert not any(lookup.reply().found for lookup in found.values())


def test_a_wrong_key_is_a_refusal(sandbox: Running, settings: Settings) -> None:
    settings.ANYE_GATEWAY_KEY = "another"
    person = person_of(sandbox)
    found = ask_many(questions=questions(person, Source.CARD), party=party_of(person), now=NOW)
    assert (found[Source.CARD].problem, found[Source.CARD].attempts) == (Problem.REFUSED, 1)


def test_each_service_may_have_an_address_of_its_own(
    sandbox: Running, office: Office, settings: Settings
) -> None:
    settings.ANYE_OUTSIDE = {"JUSTICE": {"url": f"{office.url}/gateway/", "key_id": "bureau", "key": "s"}}
    office.always = echo(Source.JUSTICE)
    person = person_of(sandbox)
    found = ask_many(
        questions=questions(person, Source.JUSTICE, Source.MARKET), party=party_of(person), now=NOW
    )
    assert all(lookup.answered for lookup in found.values())
    assert [heard.path for heard in office.heard] == ["/gateway/registers/justice"]
    assert office.heard[0].headers["X-Anye-Key"] == "bureau"


@pytest.mark.parametrize("body", [b"<html>", b'{"request_id": "other"}', b""])
def test_garbage_is_a_bad_answer_and_never_a_guess(office: Office, settings: Settings, body: bytes) -> None:
    settings.ANYE_SANDBOX_URL = office.url
    office.always = office.says(200, body)
    subject = Subject(name="某某", id_kind="CITIZEN_ID", id_number="130102190001010000")
    found = ask_many(questions=[Question(Source.JUSTICE, subject)], party=None, now=NOW)
    assert (found[Source.JUSTICE].problem, found[Source.JUSTICE].answer) == (Problem.BAD_ANSWER, "")
    assert len(office.heard) == 1


def test_the_answer_to_another_request_is_refused(office: Office, settings: Settings) -> None:
    settings.ANYE_SANDBOX_URL = office.url
    office.always = echo(Source.JUSTICE, request_id="not-mine")
    subject = Subject(name="某某", id_kind="CITIZEN_ID", id_number="130102190001010000")
    found = ask_many(questions=[Question(Source.JUSTICE, subject)], party=None, now=NOW)
    assert found[Source.JUSTICE].problem == Problem.BAD_ANSWER


def test_all_sources_are_asked_at_the_same_time(office: Office, settings: Settings) -> None:
    settings.ANYE_SANDBOX_URL = office.url
    together = threading.Barrier(len(Source), timeout=10)

    def meet(handler: Handler, heard: Heard) -> None:
        together.wait()
        echo(Source(heard.path.rpartition("/")[2].upper().replace("-", "_")))(handler, heard)

    office.always = meet
    subject = Subject(name="某某", id_kind="CITIZEN_ID", id_number="130102190001010000")
    found = ask_many(questions=[Question(source, subject) for source in Source], party=None, now=NOW)
    assert all(lookup.answered for lookup in found.values())


def test_nothing_is_asked_inside_a_transaction(sandbox: Running) -> None:
    person = person_of(sandbox)
    party = party_of(person)
    with transaction.atomic(), pytest.raises(InsideTransaction):
        ask_many(questions=questions(person, Source.CARD), party=party, now=NOW)
    assert not Lookup.objects.exists()


def test_two_questions_to_one_source_are_a_bug(sandbox: Running) -> None:
    person = person_of(sandbox)
    with pytest.raises(ValueError, match="two questions"):
        ask_many(questions=questions(person, Source.CARD, Source.CARD), party=party_of(person), now=NOW)


def test_of_two_workers_with_the_same_answer_one_row_stays(
    sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = person_of(sandbox)
    party = party_of(person)
    card = questions(person, Source.CARD)
    first = ask_many(questions=card, party=party, now=NOW)[Source.CARD]
    # The second worker looked before the first had written.
    monkeypatch.setattr(services, "_answered", lambda digests, **looked: {})
    second = ask_many(questions=card, party=party, now=NOW)[Source.CARD]
    assert second == first
    assert Lookup.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE gateways_lookup SET problem = 'DOWN'",
        "DELETE FROM gateways_lookup",
        "TRUNCATE gateways_lookup CASCADE",
    ],
)
def test_the_database_refuses_to_change_evidence(sandbox: Running, statement: str) -> None:
    person = person_of(sandbox)
    ask_many(questions=questions(person, Source.CARD), party=party_of(person), now=NOW)
    with connection.cursor() as cursor:
        # PostgreSQL truncates no table with checks still to come; these are those of the inserts above.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement)
    assert Lookup.objects.get().answered


def test_a_source_silent_when_asked_again_keeps_its_answer(faults: Running) -> None:
    person = person_of(faults)
    party = party_of(person)
    card = questions(person, Source.CARD, Source.JUSTICE)
    first = ask_many(questions=card, party=party, now=NOW)
    fault(faults, Source.CARD, "down")
    later = ask_many(questions=card, party=party, now=NOW + timedelta(hours=1), fresh=True)
    assert not later[Source.CARD].answered
    latest = latest_lookups(party=party, since=TODAY)
    assert latest == {Source.CARD: first[Source.CARD], Source.JUSTICE: later[Source.JUSTICE]}
    assert latest_lookups(party=party, since=TODAY + timedelta(days=1)) == {}
    assert latest_lookups(party=party, since=TODAY, sources=[Source.CARD]) == {
        Source.CARD: first[Source.CARD]
    }


def test_a_reply_of_the_wrong_kind_is_a_bug(sandbox: Running) -> None:
    person = person_of(sandbox)
    found = ask_many(questions=questions(person, Source.INSURANCE_PROVINCE), party=party_of(person), now=NOW)
    province = found[Source.INSURANCE_PROVINCE]
    assert province.reply_as(ElsewhereAnswer) is not None
    with pytest.raises(TypeError, match="ElsewhereAnswer"):
        province.reply_as(CardAnswer)


def test_no_personal_number_reaches_a_log(faults: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    person = person_of(faults)
    fault(faults, Source.JUSTICE, "down")
    ask_many(questions=questions(person), party=party_of(person), now=NOW)
    assert "JUSTICE /registers/justice answered 503" in caplog.text
    for secret in (person.id_number, person.name, person.mobile):
        assert secret not in caplog.text
