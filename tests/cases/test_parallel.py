"""What holds when several connections act at once: real threads, real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from django.db import connection

from accounts.models import Role
from accounts.selectors import machine
from cases import services, trail
from cases.models import Case, Event, Seal
from law.errors import Refused
from tests.cases.samples import NOW, SAMPLE, TODAY, case, move, officer

pytestmark = pytest.mark.usefixtures("committed")

T = TypeVar("T")


def at_once(*acts: Callable[[], T]) -> list[T | Refused]:
    """Run each in a thread with a connection of its own, all begun together; refusals are answers."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Refused:
        gate.wait(timeout=20)
        try:
            return act()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_numbers_stay_unique_when_many_open_at_once() -> None:
    numbers = at_once(*[lambda: [case().number for _ in range(5)]] * 8)
    flat = [number for batch in numbers if isinstance(batch, list) for number in batch]
    assert len(flat) == len(set(flat)) == 40
    assert sorted(flat)[-1] == "XX20250926-0040"


def test_of_two_who_move_the_same_case_one_wins_and_the_other_is_told() -> None:
    moved = case(status="FIRST")
    copies = [Case.objects.get(pk=moved.pk) for _ in range(4)]
    answers = at_once(*[lambda copy=copy: move(copy, "SECOND") for copy in copies])
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert {refusal.code for refusal in refused} == {"case.changed_meanwhile"}
    assert len(refused) == 3
    assert Event.objects.filter(case=moved, payload__to="SECOND").count() == 1


def test_of_two_who_take_the_same_case_one_holds_it() -> None:
    officers = [officer(f"officer{index}") for index in range(4)]
    shared = case(status="FIRST")

    def take(index: int) -> Case:
        return services.take(case=Case.objects.get(pk=shared.pk), actor=officers[index], now=NOW)

    answers = at_once(*[lambda index=index: take(index) for index in range(4)])
    assert sum(isinstance(answer, Case) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, Refused)} == {"case.held_by_other"}


def test_officers_who_ask_for_the_next_case_at_once_get_different_ones() -> None:
    officers = [officer(f"officer{index}") for index in range(6)]
    for _ in range(6):
        case(status="FIRST")
    answers = at_once(*[lambda one=one: services.take_next(viewer=one, now=NOW) for one in officers])
    taken = {answer.pk: answer.handler_id for answer in answers if isinstance(answer, Case)}
    assert len(taken) == 6
    assert set(taken.values()) == {one.pk for one in officers}


def test_of_two_reviewers_who_sign_at_once_one_decides() -> None:
    handler = officer("handler")
    reviewers = [officer(f"reviewer{index}", Role.REVIEWER) for index in range(3)]
    decided = case(status="FIRST")
    proposal = services.propose(case=decided, act="GRANT", reason="", actor=handler, now=NOW)
    move(decided, "SECOND", actor=handler)

    def sign(index: int) -> bool | None:
        again = type(proposal).objects.select_related("case").get(pk=proposal.pk)
        services.decide_proposal(
            proposal=again, agreed=bool(index % 2), remark="", actor=reviewers[index], now=NOW
        )
        return True

    answers = at_once(*[lambda index=index: sign(index) for index in range(3)])
    assert sum(answer is True for answer in answers) == 1
    assert Event.objects.filter(case=decided, verb__startswith="proposal.").count() == 2


def test_events_written_at_once_form_one_unbroken_chain() -> None:
    shared = case()

    def note() -> None:
        for _ in range(5):
            services.record(case=shared, verb="sample.noted", actor=machine(), now=NOW)

    at_once(*[note] * 6)
    assert list(
        Event.objects.filter(case=shared).order_by("sequence").values_list("sequence", flat=True)
    ) == [*range(1, 32)]
    assert trail.verify().broken is None


def test_sets_that_overlap_move_each_case_once() -> None:
    ids = [case(status="FIRST").pk for _ in range(30)]

    def move_all(order: list[int]) -> list[int]:
        return services.transition_many(
            kind=SAMPLE,
            case_ids=order,
            from_status="FIRST",
            to="SECOND",
            verb="sample.moved",
            actor=machine(),
            now=NOW,
        )

    answers = at_once(lambda: move_all(ids), lambda: move_all(ids[::-1]), lambda: move_all(ids[10:]))
    moved = [key for answer in answers if isinstance(answer, list) for key in answer]
    assert sorted(moved) == ids


def test_a_seal_misses_no_event_that_was_being_written() -> None:
    cases = [case() for _ in range(4)]
    stop = threading.Event()

    def write(index: int) -> None:
        while not stop.is_set():
            services.record(case=cases[index], verb="sample.noted", actor=machine(), now=NOW)

    def seal() -> None:
        try:
            for day in range(5):
                services.seal_day(day=TODAY + timedelta(days=day), now=NOW)
        finally:
            stop.set()

    at_once(*[lambda index=index: write(index) for index in range(4)], seal)
    services.seal_day(day=TODAY + timedelta(days=9), now=NOW)
    found = trail.verify()
    assert found.broken is None
    assert found.seals == 6
    assert Seal.objects.latest("day").last_event == Event.objects.latest("pk").pk


def test_two_sealers_of_a_day_make_one_seal() -> None:
    case()
    answers = at_once(*[lambda: services.seal_day(day=TODAY, now=NOW).pk] * 3)
    assert len(set(map(str, answers))) == 1
