"""A large city's claims set by set: whole days of people, each in one transaction (`claims.batch`).

Nobody is decided otherwise than one by one: the same law on what the same registers say. Whoever the product
knows already, or of whom a register says nothing that fits, is handed back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from django.conf import settings

from accounts.batch import NewPerson, known_numbers
from claims.batch import Filed, Heard, claim_many
from claims.facts import ALL_SOURCES
from config.city_people import CHECKED_AFTER, PAGE, Person, Sandbox, application_of, applied_at, submission_of
from gateways.batch import fits
from gateways.ports import Source
from law.workdays import legal_day

MOST = 2_500
"""People of one transaction, but for the day that reaches it: what a process holds at a time."""
TURNS = 4

Timed = tuple[datetime, int, Person]


def whole_days(timed: Sequence[Timed], *, processes: int) -> Iterator[list[Person]]:
    """People in order of time, cut between two legal days: no two processes wait for one day's numbers."""
    enough = min(MOST, len(timed) // (processes * TURNS) + 1)
    chunk: list[Person] = []
    for _day, of_day in groupby(timed, key=lambda row: legal_day(row[0])):
        chunk += [person for _at, _ordinal, person in of_day]
        if len(chunk) >= enough:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def claim_set(chunk: Sequence[Person], *, seed: int, now: datetime) -> tuple[int, list[Person]]:
    """File and check the claims of a set in one transaction; how many, and who is left to go alone."""
    alone: list[Person] = []
    strangers: list[Person] = []
    for kind, of_kind in _by_kind(chunk):
        known = known_numbers(id_kind=kind, numbers=[person.id_number for person in of_kind])
        for person in of_kind:
            (alone if person.id_number in known else strangers).append(person)
    filed: list[Filed] = []
    outside = Sandbox(settings.ANYE_SANDBOX_URL)
    for start in range(0, len(strangers), PAGE):
        page = strangers[start : start + PAGE]
        for person, answers in zip(page, _ask(outside, page, seed=seed, now=now), strict=True):
            if answers is None:
                alone.append(person)
            else:
                filed.append(_filed(person, answers, seed=seed, now=now))
    filed.sort(key=lambda one: one.person.at)
    return (claim_many(filed=filed) if filed else 0), alone


def _by_kind(chunk: Iterable[Person]) -> Iterator[tuple[str, list[Person]]]:
    kinds: dict[str, list[Person]] = {}
    for person in chunk:
        kinds.setdefault(person.id_kind, []).append(person)
    yield from kinds.items()


def _ask(
    outside: Sandbox, page: Sequence[Person], *, seed: int, now: datetime
) -> list[dict[Source, Heard] | None]:
    """What every register says of each; None for whom one of them has no answer that fits."""
    requests = [{source: uuid.uuid4() for source in ALL_SOURCES} for _person in page]
    texts = outside.answers(
        [
            {
                "id_number": person.id_number,
                "asked_at": (applied_at(person, seed=seed, now=now) + CHECKED_AFTER).isoformat(),
                "requests": {_slug(source): str(number) for source, number in request.items()},
            }
            for person, request in zip(page, requests, strict=True)
        ]
    )
    return [_heard(request, said) for request, said in zip(requests, texts, strict=True)]


def _heard(request: Mapping[Source, uuid.UUID], said: Mapping[str, str]) -> dict[Source, Heard] | None:
    heard = {
        source: Heard(number, said[_slug(source)])
        for source, number in request.items()
        if _slug(source) in said and fits(source=source, text=said[_slug(source)], request_id=number)
    }
    return heard if len(heard) == len(request) else None


def _slug(source: Source) -> str:
    return source.value.lower().replace("_", "-")


def _filed(person: Person, answers: Mapping[Source, Heard], *, seed: int, now: datetime) -> Filed:
    moment = applied_at(person, seed=seed, now=now)
    return Filed(
        person=NewPerson(person.name, person.id_kind, person.id_number, moment),
        application=application_of(person, seed=seed),
        submission_id=submission_of(person, seed=seed),
        checked_at=moment + CHECKED_AFTER,
        answers=answers,
    )
