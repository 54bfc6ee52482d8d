"""The demo city: people of the sandbox who claimed in the last weeks, played through the real services.

Only where the outside world is the sandbox. It must never write a table itself: everything is made by the
services that officers and citizens use, with the time of the act passed in, so no impossible state arises.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from random import Random
from typing import Any

import urllib3
from django.conf import settings
from django.db import connections

import accounts.services
import claims.services
import payouts.selectors
import payouts.services
import policy.services
from accounts.models import Role, User
from accounts.selectors import machine
from cases.models import Case
from claims import kinds
from claims.models import Claim, JobWish
from claims.services import Application
from law.errors import Refused
from law.money import Fen
from law.parameters import Citation, Value
from law.workdays import legal_day
from policy.models import PolicyValue

CITY = "130100"
PAGE = 500
FUND_FEN = Fen(80_000_000_000)
"""What the demo city's fund opens with: 800 million yuan, about a year of the real one's spending."""
NAMESPACE = uuid.UUID("6f1d8d1e-3a0f-4d42-9b0e-0a6f2f1c7d11")
PAST_DAYS = 40
PAY_DAYS_AGO = (21, 11, 1)
"""When the city's batches were paid, before today; what was granted since waits for the next one."""
CHUNK = 25
TELL_EVERY = 4
PROCESSES = min(os.cpu_count() or 1, 8)
ASSUMED = "演示假设"

Tell = Callable[[str], None]


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

    def _get(self, after: int, limit: int) -> list[Mapping[str, Any]]:
        fields = {"pool": "seed", "after": str(after), "limit": str(limit)}
        try:
            answer = self._pool.request("GET", f"{self._url}/people", fields=fields)
        except urllib3.exceptions.HTTPError as trouble:
            raise CityRefused(
                f"The sandbox at {self._url} does not answer; start it with ./run."
            ) from trouble
        if answer.status != 200:
            raise CityRefused(f"The sandbox at {self._url} answered {answer.status}.")
        found = answer.json()
        if not isinstance(found, list):
            raise CityRefused(f"The sandbox at {self._url} answered something that is no list of people.")
        return found


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


@dataclass
class Counts:
    """What seeding has done."""

    claims: int = 0
    granted: int = 0
    refused: int = 0
    batches: int = 0


def marker(*, people: int, seed: int) -> str:
    """The title of this city's assumptions: it tells one city from another, and from real data."""
    return f"{ASSUMED}：演示城市，{people} 人，种子 {seed}"


def check_mine(*, people: int, seed: int) -> bool:
    """Whether this very city has been begun. Raises CityRefused over data that it did not make."""
    titles = {row.reference["title"] for row in PolicyValue.objects.all()}
    made = {title for title in titles if title.startswith(ASSUMED)}
    if marker(people=people, seed=seed) in made:
        return True
    if made:
        raise CityRefused(f"Another demo city stands here ({made.pop()}). Start anew with ./run --fresh.")
    if Case.objects.exists() or titles:
        raise CityRefused("This database holds data that no demo city made; seed_city leaves it alone.")
    return False


def assume(*, people: int, seed: int, now: datetime) -> None:
    """The city's own values, proposed by one supervisor and approved by another, marked as assumptions."""
    first, second = officers(Role.SUPERVISOR)
    today = legal_day(now)
    next_year = today.year + 1
    reference = Citation(
        title=marker(people=people, seed=seed),
        number="",
        article="只用于演示，不是政策",
        url="",
        seen="own",
    )
    known = {(row.key, row.start) for row in PolicyValue.objects.all()}
    wanted: list[tuple[str, str, date, Value, str]] = [
        ("benefit.first_month_rule", CITY, today - timedelta(days=PAST_DAYS * 2), "SAME_MONTH", "code"),
    ]
    if next_year not in policy.selectors.calendar().years:
        wanted.append(
            (
                f"calendar.{next_year}",
                "000000",
                date(next_year, 1, 1),
                assumed_calendar(next_year),
                "calendar",
            )
        )
    for key, region, start, value, unit in wanted:
        if any(known_key == key for known_key, _start in known):
            continue
        proposed = policy.services.propose(
            key=key,
            region=region,
            start=start,
            value=value,
            unit=unit,
            reference=reference,
            assumption=True,
            actor=first,
            now=now,
        )
        policy.services.approve(value=proposed, actor=second, now=now)


def assumed_calendar(year: int) -> Value:
    """Monday to Friday without the days that never move: an assumption until the notice is out."""
    fixed = [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)]
    days = [date(year, month, day) for month, day in fixed]
    return {"off": [day.isoformat() for day in days if day.weekday() < 5], "worked": []}


def officers(role: Role) -> list[User]:
    """The demo's officers of one role. CityRefused if they have not been made."""
    found = list(User.objects.filter(roles__contains=[role.value], is_active=True).order_by("username"))
    if len(found) < 2:
        raise CityRefused("The demo officers are missing: run `demo_accounts` first.")
    return found


def build(*, people: int, seed: int, now: datetime, tell: Tell) -> Counts:
    """Make the city, or go on where it stopped; a finished one is left as it is."""
    counts = Counts()
    check_mine(people=people, seed=seed)
    assume(people=people, seed=seed, now=now)
    opened = now - timedelta(days=PAST_DAYS + 20)
    payouts.services.open_fund(
        region=CITY, amount_fen=FUND_FEN, actor=machine(), now=opened, reference="opening"
    )
    counts.claims = _claim_all(people=people, seed=seed, now=now, tell=tell)
    _work_off(now=now, tell=tell)
    for days_ago in PAY_DAYS_AGO:
        counts.batches += _pay(now=now - timedelta(days=days_ago))
    decided = Claim.objects.filter(case__status__in=[kinds.APPROVED, kinds.PAYING, kinds.REJECTED])
    counts.refused = decided.filter(case__status=kinds.REJECTED).count()
    counts.granted = decided.count() - counts.refused
    return counts


def _claim_all(*, people: int, seed: int, now: datetime, tell: Tell) -> int:
    """Everybody's claim, by as many processes as there are cores; returns how many are new."""
    wanted = list(Sandbox(settings.ANYE_SANDBOX_URL).people(limit=people))
    known = set(Claim.objects.values_list("submission_id", flat=True)) if Claim.objects.exists() else set()
    todo = [person for person in wanted if submission_of(person, seed=seed) not in known]
    resumed = Claim.objects.filter(case__status=kinds.SUBMITTED).count()
    if not todo and not resumed:
        return 0
    tell(f"{len(todo)} of {len(wanted)} people to claim")
    # In order of time, so that case numbers and queue read as they would have come about.
    todo.sort(key=lambda person: (applied_at(person, seed=seed, now=now), person.ordinal))
    chunks = [todo[start : start + CHUNK] for start in range(0, len(todo), CHUNK)]
    made = 0
    # A connection must not be shared with a child; each opens its own.
    connections.close_all()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
        for chunk, new in zip(
            chunks, pool.map(partial(_claim_chunk, seed=seed, now=now), chunks), strict=True
        ):
            made += new
            tell(f"{chunks.index(chunk) * CHUNK + len(chunk)} of {len(todo)} claims")
    # What a run that was stopped left between form and decision.
    while claims.services.verify_due(now=now):
        pass
    return made


def _claim_chunk(chunk: Sequence[Person], *, seed: int, now: datetime) -> int:
    """Some people's claims, one after the other, in a process of their own."""
    return sum(_claim(person, seed=seed, now=now) for person in chunk)


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


def _claim(person: Person, *, seed: int, now: datetime) -> bool:
    """One claim, from the form to the machine's decision; False if the person has another one open."""
    moment = applied_at(person, seed=seed, now=now)
    chance = Random(f"{seed}/{person.ordinal}/form")  # noqa: S311  a demo's answers, nothing secret
    application = Application(
        mobile=person.mobile,
        residence=person.county,
        street="",
        job_wish=chance.choice(JobWish.values),
        wants_training=chance.random() < 0.4,
        claimed_reason=person.says_reason,
        disputed="",
    )
    party = accounts.services.ensure_person(
        name=person.name, id_kind=person.id_kind, id_number=person.id_number, now=moment
    )
    try:
        claim = claims.services.submit_claim(
            party=party,
            application=application,
            submission_id=submission_of(person, seed=seed),
            actor=machine(),
            now=moment,
        )
    except Refused as refused:
        if refused.code == "claim.already_open":
            return False
        raise
    claims.services.verify_claim(claim_id=claim.pk, now=moment + timedelta(minutes=2))
    return True


def _work_off(*, now: datetime, tell: Tell) -> None:
    """Two officers settle what is older than the promise, so that the queue holds what a good day leaves.

    The newest questions stay: some untouched, one that waits for the applicant, one for the reviewer.
    """
    handler, reviewer = officers(Role.HANDLER)[0], officers(Role.REVIEWER)[0]
    waiting = list(
        Claim.objects.select_related("case", "party", "registration")
        .filter(case__status=kinds.REVIEW1)
        .order_by("case__promise_due", "pk")
    )
    fresh = [claim for claim in waiting if (claim.case.promise_due or legal_day(now)) >= legal_day(now)]
    for number, claim in enumerate(claim for claim in waiting if claim not in fresh):
        moment = min(claim.case.opened_at + timedelta(days=1), now - timedelta(minutes=10))
        if _propose(claim, handler, moment):
            claims.services.review(
                claim=claim, agreed=True, remark="", actor=reviewer, now=moment + timedelta(minutes=5)
            )
        if (number + 1) % 200 == 0:
            tell(f"{number + 1} questions settled")
    for claim in fresh[:1]:
        _propose(claim, handler, now - timedelta(minutes=9))
    for claim in fresh[1:2]:
        claims.services.request_papers(
            claim=claim,
            wanted="请补充能说明离职原因的材料，例如解除劳动合同通知书（演示）。",
            actor=handler,
            now=now - timedelta(minutes=8),
        )


def _propose(claim: Claim, handler: User, moment: datetime) -> bool:
    """Settle a claim's open facts in the applicant's favour and propose what the law then says."""
    facts = claim.case.determination.facts if claim.case.determination is not None else {}
    settled = {"separation_reason": claim.claimed_reason or "D04", "operates_business": "NO"}
    open_facts = {"separation_reason": {"X99", "UNKNOWN"}, "operates_business": {"YES", "UNKNOWN"}}
    amendments = {name: settled[name] for name, unsure in open_facts.items() if facts.get(name) in unsure}
    for act in (kinds.GRANT, kinds.REFUSE):
        try:
            claims.services.propose(
                claim=claim,
                act=act,
                why="按核实的材料认定，已电话告知本人（演示）。",
                amendments=amendments,
                evidence="CERTIFICATE",
                actor=handler,
                now=moment,
            )
        except Refused as refused:
            if refused.code != "claim.verdict_differs":
                raise
            claim.case.refresh_from_db()
            continue
        return True
    return False


def _pay(*, now: datetime) -> int:
    """Owe and pay what had been granted by then, signed by the demo's officers; returns the batches."""
    maker, checker = officers(Role.HANDLER)[0], officers(Role.REVIEWER)[0]
    for month in _months_begun(now):
        claims.services.accrue_month(month=month, now=now)
    made = 0
    while True:
        try:
            batch = payouts.services.seal_batch(region=CITY, actor=maker, now=now)
        except Refused as refused:
            if refused.code == "batch.nothing_due":
                break
            raise
        total = Fen(batch.total_fen)
        signed = now + timedelta(minutes=5)
        payouts.services.sign_batch(batch=batch, total_fen=total, actor=checker, now=signed)
        if payouts.selectors.required_levels(batch) > 2:
            supervisor = officers(Role.SUPERVISOR)[0]
            payouts.services.sign_batch(batch=batch, total_fen=total, actor=supervisor, now=signed)
        payouts.services.submit_batch(batch=batch, now=now + timedelta(minutes=6))
        made += 1
    if made:
        payouts.services.fetch_and_record(now=now + timedelta(minutes=20))
        payouts.services.reconcile_day(region=CITY, day=legal_day(now), now=now + timedelta(minutes=30))
        while claims.services.follow_payments(now=now + timedelta(minutes=31)):
            pass
    return made


def _months_begun(now: datetime) -> list[str]:
    """This month and the one before: a city forty days old has no older ones."""
    today = legal_day(now)
    before = today.replace(day=1) - timedelta(days=1)
    return [before.isoformat()[:7], today.isoformat()[:7]]
