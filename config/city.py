"""The demo city: people of the sandbox who claimed in the last weeks, played through the real services.

Only where the outside world is the sandbox. It must never write a table itself: everything is made by the
services that officers and citizens use, with the time of the act passed in, so no impossible state arises.
What the machine alone does is done set by set where the city is large (`config.city_sets`).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeVar

from django.conf import settings
from django.db import connections

import accounts.services
import audit.services
import claims.services
import payouts.selectors
import payouts.services
import policy.services
from accounts.models import Role, User
from accounts.selectors import machine
from cases.models import Case, Event, Proposal
from claims import kinds
from claims.models import Claim
from config import city_units
from config.city_people import (
    CHECKED_AFTER,
    PAST_DAYS,
    CityRefused,
    Person,
    Sandbox,
    application_of,
    applied_at,
    submission_of,
)
from config.city_sets import claim_set, whole_days
from config.servers import die_with_parent
from law import retention_refund
from law.errors import Refused
from law.money import Fen
from law.parameters import Citation, Value
from law.workdays import legal_day
from payouts.kinds import APPROVED1, APPROVED2, SENT
from payouts.models import Batch, Signature
from policy.models import PolicyValue
from subsidies.refund import services as refunds
from subsidies.refund.selectors import fund_years

CITY = "130100"
FUND_FEN = Fen(80_000_000_000)
"""What the demo city's fund opens with: 800 million yuan, about a year of the real one's spending."""
SPENT_FEN = Fen(60_000_000_000)
"""What it spent last year, so that its reserve lasts the year that a refund asks for."""
PAY_DAYS_AGO = (21, 11, 1)
"""When the city's batches were paid, before today; what was granted since waits for the next one."""
CHUNK = 25
ONE_BY_ONE = 300
"""The largest city that is played claim by claim; it exercises every service."""
TOLD = 200
PROCESSES = min(os.cpu_count() or 1, 8)
ASSUMED = "演示假设"
UNSENT = (APPROVED1, APPROVED2, SENT)

Tell = Callable[[str], None]
Chunk = TypeVar("Chunk", bound=Sequence[Any])


@dataclass
class Counts:
    """What seeding has done."""

    units: int = 0
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
    wanted += assumed_refunds(today)
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


def assumed_refunds(today: date) -> list[tuple[str, str, date, Value, str]]:
    """Last year's numbers of the retention refund for this year, where no notice has set them yet."""
    law = policy.selectors.book()
    this_year, last_year = date(today.year, 1, 1), date(today.year - 1, 1, 1)
    found = []
    for key in retention_refund.KEYS:
        before = law.value(key, region=CITY, on=last_year)
        if law.value(key, region=CITY, on=this_year).repealed and not before.repealed:
            found.append((key, CITY, this_year, before.value, before.unit))
    return found


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


def build(
    *,
    people: int,
    seed: int,
    now: datetime,
    tell: Tell,
    enterprises: int = 0,
    in_sets: bool | None = None,
) -> Counts:
    """Make the city, or go on where it stopped; a finished one is left as it is.

    `enterprises`: units of the sandbox that are written down, with all that is known of them.

    `in_sets`: claims written set by set and not one by one; by itself for more than `ONE_BY_ONE` people.
    """
    counts = Counts()
    units = partial(city_units.missing, enterprises, url=settings.ANYE_SANDBOX_URL)
    if check_mine(people=people, seed=seed) and _is_finished() and not units():
        tell("the city stands already; nothing was changed")
        return _counted(counts)
    assume(people=people, seed=seed, now=now)
    opened = now - timedelta(days=PAST_DAYS + 20)
    payouts.services.open_fund(
        region=CITY, amount_fen=FUND_FEN, actor=machine(), now=opened, reference="opening"
    )
    enter_reserve(source=marker(people=people, seed=seed), now=now)
    counts.units = _write_units(units(), now=opened, tell=tell)
    by_sets = people > ONE_BY_ONE if in_sets is None else in_sets
    counts.claims = _claim_all(people=people, seed=seed, now=now, in_sets=by_sets, tell=tell)
    _work_off(now=now, tell=tell)
    for days_ago in PAY_DAYS_AGO:
        counts.batches += _pay(now=now - timedelta(days=days_ago))
        tell(f"what was due {days_ago} days ago is paid")
    _leave_open(now=now)
    audit.services.count_figures(now=now)
    return _counted(counts)


def enter_reserve(*, source: str, now: datetime) -> None:
    """What the fund held and spent last year, once, so that a year of refunds can be opened."""
    if fund_years(CITY):
        return
    refunds.enter_fund_year(
        region=CITY,
        year=legal_day(now).year - 1,
        balance_fen=FUND_FEN,
        expenditure_fen=SPENT_FEN,
        source=source,
        actor=officers(Role.HANDLER)[0],
        now=now,
        today=legal_day(now),
    )


def _write_units(count: int, *, now: datetime, tell: Tell) -> int:
    """The city's units and the lists that name them; how many units are new."""
    if not count:
        return 0
    made = done = 0
    pages = city_units.pages(count)
    for page, new in in_processes(city_units.writer(url=settings.ANYE_SANDBOX_URL, now=now), pages):
        made, done = made + new, done + page[1]
        tell(f"{done} of {count} enterprises")
    city_units.publish_lists(url=settings.ANYE_SANDBOX_URL, actor=machine(), now=now)
    return made


def _counted(counts: Counts) -> Counts:
    """How many have been decided, from the books."""
    decided = Claim.objects.filter(case__status__in=[kinds.APPROVED, kinds.PAYING, kinds.REJECTED])
    counts.refused = decided.filter(case__status=kinds.REJECTED).count()
    counts.granted = decided.count() - counts.refused
    return counts


def _claim_all(*, people: int, seed: int, now: datetime, in_sets: bool, tell: Tell) -> int:
    """Everybody's claim, by as many processes as there are cores; returns how many are new."""
    wanted = list(Sandbox(settings.ANYE_SANDBOX_URL).people(limit=people))
    if len(wanted) < people:
        tell(f"the sandbox has {len(wanted)} people for a city, fewer than {people}")
    known = set(Claim.objects.values_list("submission_id", flat=True))
    todo = [person for person in wanted if submission_of(person, seed=seed) not in known]
    resumed = Claim.objects.filter(case__status=kinds.SUBMITTED).count()
    if not todo and not resumed:
        return 0
    tell(f"{len(todo)} of {len(wanted)} people to claim")
    # In order of time, so that case numbers and queue read as they would have come about.
    timed = sorted((applied_at(person, seed=seed, now=now), person.ordinal, person) for person in todo)
    if in_sets:
        chunks = list(whole_days(timed, processes=PROCESSES))
        claim_chunk: Callable[..., int] = _claim_set
    else:
        chunks = [[row[2] for row in timed[at : at + CHUNK]] for at in range(0, len(timed), CHUNK)]
        claim_chunk = _claim_chunk
    made = done = 0
    for chunk, new in in_processes(partial(claim_chunk, seed=seed, now=now), chunks):
        made, done = made + new, done + len(chunk)
        tell(f"{done} of {len(todo)} claims")
    # What a run that was stopped left between form and decision.
    while claims.services.verify_due(now=now):
        pass
    return made


def in_processes(work: Callable[[Chunk], int], chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, int]]:
    """Each chunk with what came of it, in their order, by as many processes as there are cores."""
    # A connection must not be shared with a child; each opens its own.
    connections.close_all()
    with ProcessPoolExecutor(
        PROCESSES, mp_context=get_context("fork"), initializer=die_with_parent(signal.SIGKILL)
    ) as pool:
        yield from zip(chunks, pool.map(work, chunks), strict=True)


def _claim_set(chunk: Sequence[Person], *, seed: int, now: datetime) -> int:
    """Some people's claims at once; who is known already, or has a silent register, goes alone."""
    made, alone = claim_set(chunk, seed=seed, now=now)
    return made + _claim_chunk(alone, seed=seed, now=now)


def _claim_chunk(chunk: Sequence[Person], *, seed: int, now: datetime) -> int:
    """Some people's claims, one after the other, in a process of their own."""
    return sum(_claim(person, seed=seed, now=now) for person in chunk)


def _claim(person: Person, *, seed: int, now: datetime) -> bool:
    """One claim, from the form to the machine's decision; False if the person has another one open."""
    moment = applied_at(person, seed=seed, now=now)
    party = accounts.services.ensure_person(
        name=person.name, id_kind=person.id_kind, id_number=person.id_number, now=moment
    )
    try:
        claim = claims.services.submit_claim(
            party=party,
            application=application_of(person, seed=seed),
            submission_id=submission_of(person, seed=seed),
            actor=machine(),
            now=moment,
        )
    except Refused as refused:
        if refused.code == "claim.already_open":
            return False
        raise
    claims.services.verify_claim(claim_id=claim.pk, now=moment + CHECKED_AFTER)
    return True


def _work_off(*, now: datetime, tell: Tell) -> None:
    """Two officers settle what is older than the promise, so that the queue holds what a good day leaves."""
    overdue = Claim.objects.filter(
        case__status__in=[kinds.REVIEW1, kinds.REVIEW2], case__promise_due__lt=legal_day(now)
    )
    late = list(overdue.order_by("case__promise_due", "pk").values_list("pk", flat=True))
    chunks = [late[at : at + CHUNK] for at in range(0, len(late), CHUNK)]
    settled = 0
    for _chunk, more in in_processes(partial(_settle_chunk, now=now), chunks):
        settled += more
        if settled // TOLD > (settled - more) // TOLD:
            tell(f"{settled} of {len(late)} questions settled")


def _settle_chunk(chunk: Sequence[int], *, now: datetime) -> int:
    """Settle some claims: the handler proposes, the reviewer signs."""
    handler, reviewer = officers(Role.HANDLER)[0], officers(Role.REVIEWER)[0]
    for claim in Claim.objects.select_related("case", "party", "registration").filter(pk__in=chunk):
        moment = min(claim.case.opened_at + timedelta(days=1), now - timedelta(minutes=10))
        # A run that was stopped may have left a proposal; a clean case the law wants seen has none.
        if claim.case.status == kinds.REVIEW2 or _propose(claim, handler, moment):
            claims.services.review(
                claim=claim, agreed=True, remark="", actor=reviewer, now=moment + timedelta(minutes=5)
            )
    return len(chunk)


def _leave_open(*, now: datetime) -> None:
    """The newest questions stay: some untouched, one that waits for the reviewer, one for the applicant.

    The last act of a city: that it was done says that the city is finished.
    """
    handler = officers(Role.HANDLER)[0]
    fresh = list(
        Claim.objects.select_related("case", "party", "registration")
        .filter(case__status=kinds.REVIEW1, case__handler__isnull=True)
        .order_by("case__promise_due", "pk")[:2]
    )
    if not Proposal.objects.filter(decided_at__isnull=True).exists():
        for claim in fresh[:1]:
            _propose(claim, handler, now - timedelta(minutes=9))
    for claim in fresh[1:2]:
        claims.services.request_papers(
            claim=claim,
            wanted="请补充能说明离职原因的材料，例如解除劳动合同通知书（演示）。",
            actor=handler,
            now=now - timedelta(minutes=8),
        )


def _is_finished() -> bool:
    """Whether the last act has been done."""
    return Event.objects.filter(verb="claim.papers_requested").exists()


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
    # What a run that was stopped left between seal and bank.
    for batch in Batch.objects.select_related("case").filter(case__status__in=UNSENT).order_by("pk"):
        _sign_and_send(batch, checker=checker, now=now)
        made += 1
    while True:
        try:
            batch = payouts.services.seal_batch(region=CITY, actor=maker, now=now)
        except Refused as refused:
            if refused.code == "batch.nothing_due":
                break
            raise
        _sign_and_send(batch, checker=checker, now=now)
        made += 1
    if made:
        payouts.services.fetch_and_record(now=now + timedelta(minutes=20))
        payouts.services.reconcile_day(region=CITY, day=legal_day(now), now=now + timedelta(minutes=30))
        while claims.services.follow_payments(now=now + timedelta(minutes=31)):
            pass
    return made


def _sign_and_send(batch: Batch, *, checker: User, now: datetime) -> None:
    """The signatures a batch still lacks, and the bank."""
    signed = set(Signature.objects.filter(batch=batch).values_list("level", flat=True))
    for level, signer in ((2, checker), (3, officers(Role.SUPERVISOR)[0])):
        if level not in signed and level <= payouts.selectors.required_levels(batch):
            payouts.services.sign_batch(
                batch=batch, total_fen=Fen(batch.total_fen), actor=signer, now=now + timedelta(minutes=5)
            )
    payouts.services.submit_batch(batch=batch, now=now + timedelta(minutes=6))


def _months_begun(now: datetime) -> list[str]:
    """This month and the one before: a city forty days old has no older ones."""
    today = legal_day(now)
    before = today.replace(day=1) - timedelta(days=1)
    return [before.isoformat()[:7], today.isoformat()[:7]]
