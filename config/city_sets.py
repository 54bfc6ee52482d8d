"""A large city's claims set by set: whole days of people, each in one transaction (`claims.batch`).

Nobody is decided otherwise than one by one: the same law on what the same registers say. Whoever the product
knows already, or of whom a register says nothing that fits, is handed back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.conf import settings

from accounts.batch import NewPerson, known_numbers
from claims.batch import Filed, Heard, claim_many
from claims.facts import ALL_SOURCES
from claims.services import Application
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


@dataclass(frozen=True, slots=True)
class Form:
    """One person's application: what was filled in, and when it was sent."""

    person: Person
    application: Application
    submission_id: uuid.UUID
    at: datetime

    @property
    def checked_at(self) -> datetime:
        """When the machine looks at it."""
        return self.at + CHECKED_AFTER


def claim_set(chunk: Sequence[Person], *, seed: int, now: datetime) -> tuple[int, list[Person]]:
    """File and check the claims of a set in one transaction; how many, and who is left to go alone."""
    forms = [
        Form(
            person,
            application_of(person, seed=seed),
            submission_of(person, seed=seed),
            applied_at(person, seed=seed, now=now),
        )
        for person in chunk
    ]
    made, alone = claim_forms(forms)
    return made, [form.person for form in alone]


def claim_forms(forms: Sequence[Form]) -> tuple[int, list[Form]]:
    """The same for forms of whatever day; the days must be whole, since a day's numbers run on."""
    alone: list[Form] = []
    strangers: list[Form] = []
    for kind, of_kind in _by_kind(forms):
        known = known_numbers(id_kind=kind, numbers=[form.person.id_number for form in of_kind])
        for form in of_kind:
            (alone if form.person.id_number in known else strangers).append(form)
    filed: list[Filed] = []
    outside = Sandbox(settings.ANYE_SANDBOX_URL)
    for start in range(0, len(strangers), PAGE):
        page = strangers[start : start + PAGE]
        for form, answers in zip(page, _ask(outside, page), strict=True):
            if answers is None:
                alone.append(form)
            else:
                filed.append(_filed(form, answers))
    filed.sort(key=lambda one: one.person.at)
    return (claim_many(filed=filed) if filed else 0), alone


def _by_kind(forms: Iterable[Form]) -> Iterator[tuple[str, list[Form]]]:
    kinds: dict[str, list[Form]] = {}
    for form in forms:
        kinds.setdefault(form.person.id_kind, []).append(form)
    yield from kinds.items()


def _ask(outside: Sandbox, page: Sequence[Form]) -> list[dict[Source, Heard] | None]:
    """What every register says of each; None for whom one of them has no answer that fits."""
    requests = [{source: uuid.uuid4() for source in ALL_SOURCES} for _form in page]
    texts = outside.answers(
        [
            {
                "id_number": form.person.id_number,
                "asked_at": form.checked_at.isoformat(),
                "requests": {_slug(source): str(number) for source, number in request.items()},
            }
            for form, request in zip(page, requests, strict=True)
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


def _filed(form: Form, answers: Mapping[Source, Heard]) -> Filed:
    person = form.person
    return Filed(
        person=NewPerson(person.name, person.id_kind, person.id_number, form.at),
        application=form.application,
        submission_id=form.submission_id,
        checked_at=form.checked_at,
        answers=answers,
    )
