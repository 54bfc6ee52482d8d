"""The demo city: people of the sandbox who claimed in the last weeks, played through the real services.

Only where the outside world is the sandbox. It must never write a table itself: everything is made by the
services that officers and citizens use, with the time of the act passed in, so no impossible state arises.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import urllib3
from django.conf import settings

import accounts.services
import claims.services
import payouts.services
import policy.services
from accounts.models import Party, Role, User
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
PAID_SHARE = 0.6
REFUSALS_DECIDED = 0.5
ASSUMED = "演示假设"


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
    decided: int = 0
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


def build(*, people: int, seed: int, now: datetime, tell: Callable[[str], None]) -> Counts:
    """Make the city, or go on where it stopped; a finished one is left as it is."""
    counts = Counts()
    check_mine(people=people, seed=seed)
    assume(people=people, seed=seed, now=now)
    payouts.services.open_fund(
        region=CITY,
        amount_fen=FUND_FEN,
        actor=machine(),
        now=now - timedelta(days=PAST_DAYS + 20),
        reference="opening",
    )
    rows = sorted(
        (applied_at(person, seed=seed, now=now), person.ordinal, person)
        for person in Sandbox(settings.ANYE_SANDBOX_URL).people(limit=people)
    )
    tell(f"{len(rows)} people to claim")
    paid_at = int(len(rows) * PAID_SHARE)
    for index, (moment, _ordinal, person) in enumerate(rows):
        if _claim(person, seed=seed, moment=moment):
            counts.claims += 1
        if index + 1 == paid_at:
            counts.batches += _pay(now=moment + timedelta(hours=1))
        if (index + 1) % 50 == 0 or index + 1 == len(rows):
            tell(f"{index + 1} of {len(rows)} claims")
    counts.decided = Claim.objects.filter(case__status__in=[kinds.APPROVED, kinds.PAYING]).count()
    counts.refused = _refuse_some(seed=seed, now=now)
    return counts


def applied_at(person: Person, *, seed: int, now: datetime) -> datetime:
    """When a person applied: some days after work ended, in daytime; the same for the same seed."""
    chance = Random(f"{seed}/{person.ordinal}")  # noqa: S311  a demo's timetable, nothing secret
    earliest = max(person.separated_on + timedelta(days=2), legal_day(now) - timedelta(days=PAST_DAYS))
    span = max((legal_day(now) - timedelta(days=1) - earliest).days, 0)
    day = earliest + timedelta(days=chance.randint(0, span))
    moment = datetime(day.year, day.month, day.day, chance.randint(0, 9), chance.randint(0, 59), tzinfo=UTC)
    return min(moment, now - timedelta(hours=1))


def _claim(person: Person, *, seed: int, moment: datetime) -> bool:
    """One claim, from the form to the machine's decision; False if it was made before."""
    submission_id = uuid.uuid5(NAMESPACE, f"{seed}/{person.ordinal}")
    party = accounts.services.ensure_person(
        name=person.name, id_kind=person.id_kind, id_number=person.id_number, now=moment
    )
    existing = Claim.objects.filter(submission_id=submission_id).first()
    if existing is None:
        existing = _apply(party, person, seed=seed, submission_id=submission_id, moment=moment)
    if existing is None or existing.case.status != kinds.SUBMITTED:
        return False
    claims.services.verify_claim(claim_id=existing.pk, now=moment + timedelta(minutes=2))
    return True


def _apply(
    party: Party, person: Person, *, seed: int, submission_id: uuid.UUID, moment: datetime
) -> Claim | None:
    chance = Random(f"{seed}/{person.ordinal}/form")  # noqa: S311  a demo's answers, nothing secret
    claims.services.look_up_for_form(party=party, now=moment)
    application = Application(
        mobile=person.mobile,
        residence=person.county,
        street="",
        job_wish=chance.choice(JobWish.values),
        wants_training=chance.random() < 0.4,
        claimed_reason=person.says_reason,
        disputed="",
    )
    try:
        return claims.services.submit_claim(
            party=party, application=application, submission_id=submission_id, actor=machine(), now=moment
        )
    except Refused as refused:
        if refused.code == "claim.already_open":
            return None
        raise


def _pay(*, now: datetime) -> int:
    """Owe and pay what has been granted so far, with the signatures of the demo's officers."""
    maker, checker = officers(Role.HANDLER)[0], officers(Role.REVIEWER)[0]
    for month in _months_begun(now):
        claims.services.accrue_month(month=month, now=now)
    try:
        batch = payouts.services.seal_batch(region=CITY, actor=maker, now=now)
    except Refused as refused:
        if refused.code == "batch.nothing_due":
            return 0
        raise
    payouts.services.sign_batch(
        batch=batch, total_fen=Fen(batch.total_fen), actor=checker, now=now + timedelta(minutes=5)
    )
    payouts.services.submit_batch(batch=batch, now=now + timedelta(minutes=6))
    payouts.services.fetch_and_record(now=now + timedelta(minutes=20))
    payouts.services.reconcile_day(region=CITY, day=legal_day(now), now=now + timedelta(minutes=30))
    claims.services.follow_payments(now=now + timedelta(minutes=31))
    return 1


def _months_begun(now: datetime) -> list[str]:
    """This month and the one before: a city forty days old has no older ones."""
    today = legal_day(now)
    before = today.replace(day=1) - timedelta(days=1)
    return [before.isoformat()[:7], today.isoformat()[:7]]


def _refuse_some(*, seed: int, now: datetime) -> int:
    """Two officers refuse some of the claims the law proposes to refuse; the rest stay on the queue."""
    handler, reviewer = officers(Role.HANDLER)[0], officers(Role.REVIEWER)[0]
    waiting = Claim.objects.select_related("case", "party", "registration").filter(
        case__status=kinds.REVIEW1, case__checks="FAIL"
    )
    refused = 0
    for claim in waiting.order_by("pk"):
        if Random(f"{seed}/{claim.case.number}").random() >= REFUSALS_DECIDED:  # noqa: S311  a demo's choice
            continue
        moment = min(claim.case.opened_at + timedelta(days=1), now - timedelta(minutes=10))
        claims.services.propose(
            claim=claim,
            act=kinds.REFUSE,
            why="按登记的事实不符合领取条件，已电话告知本人（演示）。",
            amendments={},
            evidence="OFFICE",
            actor=handler,
            now=moment,
        )
        claims.services.review(
            claim=claim, agreed=True, remark="", actor=reviewer, now=moment + timedelta(minutes=5)
        )
        refused += 1
    return refused
