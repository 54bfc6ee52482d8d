"""Who lives in the demo city: the sandbox's people over HTTP, when each applied and what each filled in.

The same for the same seed. Reads only, and never the database.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import urllib3

from claims.models import JobWish
from claims.services import Application
from law.workdays import legal_day

PAGE = 500
NAMESPACE = uuid.UUID("6f1d8d1e-3a0f-4d42-9b0e-0a6f2f1c7d11")
PAST_DAYS = 40
CHECKED_AFTER = timedelta(minutes=2)


class CityRefused(Exception):
    """The database holds something this city did not make, or the sandbox is away; safe to show."""


@dataclass(frozen=True)
class Person:
    """A synthetic person as the sandbox lists them."""

    ordinal: int
    name: str
    id_kind: str
    id_number: str
    mobile: str
    county: str
    separated_on: date
    says_reason: str


class Sandbox:
    """The sandbox's list of people, over HTTP."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(timeout=30, retries=2)

    def people(self, *, limit: int) -> Iterator[Person]:
        """The people whom a seeded city gives a claim, in order."""
        after, left = 0, limit
        while left > 0:
            rows = self._get(after, min(left, PAGE))
            for row in rows:
                yield _person(row)
            if len(rows) < min(left, PAGE):
                return
            after, left = int(rows[-1]["ordinal"]), left - len(rows)

    def answers(self, asked: Sequence[Mapping[str, Any]]) -> list[Mapping[str, str]]:
        """What the registers say of each: source -> the text; none where a register is silent."""
        return self._list(
            "POST", "/people/answers", body=json.dumps({"asked": list(asked)}, ensure_ascii=False)
        )

    def units(self) -> int:
        """How many units it has."""
        return int(self._answered("GET", "/healthz")["units"])

    def unit_records(self, *, after: int, limit: int, asked_on: date) -> list[Mapping[str, Any]]:
        """What is known of the units behind number `after` (-1: from the first), as of a day."""
        fields = {"limit": str(limit), "asked_on": asked_on.isoformat()}
        if after >= 0:
            fields["after"] = str(after)
        return self._list("GET", "/units/records", fields=fields)

    def unit_lists(self, *, asked_on: date) -> list[Mapping[str, Any]]:
        """The public lists as they were published last by a day."""
        return self._list("GET", "/units/lists", fields={"asked_on": asked_on.isoformat()})

    def _get(self, after: int, limit: int) -> list[Mapping[str, Any]]:
        fields = {"pool": "seed", "after": str(after), "limit": str(limit)}
        return self._list("GET", "/people", fields=fields)

    def _list(self, method: str, path: str, **sent: Any) -> list[Mapping[str, Any]]:
        found = self._answered(method, path, **sent)
        if not isinstance(found, list):
            raise CityRefused(f"The sandbox at {self._url} answered something that is no list.")
        return found

    def _answered(self, method: str, path: str, **sent: Any) -> Any:
        try:
            answer = self._pool.request(method, f"{self._url}{path}", **sent)
        except urllib3.exceptions.HTTPError as trouble:
            raise CityRefused(
                f"The sandbox at {self._url} does not answer; start it with ./run."
            ) from trouble
        if answer.status != 200:
            raise CityRefused(f"The sandbox at {self._url} answered {answer.status}.")
        return answer.json()


def _person(row: Mapping[str, Any]) -> Person:
    return Person(
        ordinal=int(row["ordinal"]),
        name=str(row["name"]),
        id_kind=str(row["id_kind"]),
        id_number=str(row["id_number"]),
        mobile=str(row["mobile"]),
        county=str(row["county"]),
        separated_on=date.fromisoformat(str(row["separated_on"])),
        says_reason=str(row["says_reason"] or ""),
    )


def submission_of(person: Person, *, seed: int) -> uuid.UUID:
    """The form a person sends: the same for the same seed, so that a second run finds it sent."""
    return uuid.uuid5(NAMESPACE, f"{seed}/{person.ordinal}")


def applied_at(person: Person, *, seed: int, now: datetime) -> datetime:
    """When a person applied: some days after work ended, in daytime; the same for the same seed."""
    chance = Random(f"{seed}/{person.ordinal}")  # noqa: S311  a demo's timetable, nothing secret
    earliest = max(person.separated_on + timedelta(days=2), legal_day(now) - timedelta(days=PAST_DAYS))
    span = max((legal_day(now) - timedelta(days=1) - earliest).days, 0)
    day = earliest + timedelta(days=chance.randint(0, span))
    moment = datetime(day.year, day.month, day.day, chance.randint(0, 9), chance.randint(0, 59), tzinfo=UTC)
    return min(moment, now - timedelta(hours=1))


def application_of(person: Person, *, seed: int) -> Application:
    """What a person fills in; the same for the same seed."""
    chance = Random(f"{seed}/{person.ordinal}/form")  # noqa: S311  a demo's answers, nothing secret
    return Application(
        mobile=person.mobile,
        residence=person.county,
        street="",
        job_wish=chance.choice(JobWish.values),
        wants_training=chance.random() < 0.4,
        claimed_reason=person.says_reason,
        disputed="",
    )
