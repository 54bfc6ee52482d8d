"""Whatever officers do to a spell, in whatever order: each month due is owed exactly once, and no other.

The acts of a sequence happen in successive months; what the services refuse changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import claims.services
import payouts.services
from claims import kinds
from claims.models import Claim, Ground, Interruption, SpellMonth
from claims.selectors import interruptions_of, months_due, months_left
from law import months
from law.ending import GROUNDS, Months
from law.errors import Refused
from law.workdays import legal_day
from payouts.models import Obligation, still_owed
from payouts.selectors import prove
from tests.factories import CITY, NOW, City, reread
from tests.house.conftest import sandbox_in, undone

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 12, 5, 2, tzinfo=NOW.tzinfo)

ACTS = st.sampled_from(
    ["suspend", "resume", "seal", "propose", "sign", "return", "stop", "jail", "release", "check", "clear"]
)
STEPS = st.lists(
    st.tuples(ACTS, st.sampled_from(sorted(set(Ground) - {Ground.EXHAUSTED})), st.integers(0, 3)),
    min_size=1,
    max_size=9,
)


@pytest.fixture
def paid(tmp_path: Path) -> Iterator[tuple[City, Claim]]:
    """A city with a bank of its own, and a claim whose first month has arrived."""
    with sandbox_in(tmp_path / "sandbox.sqlite3", people=300) as box:
        city = City(box)
        yield city, city.claim(kinds.PAYING)


def act(city: City, claim: Claim, what: str, ground: Ground, back: int, now: datetime) -> None:
    """One act of an officer, of another case, or of the machine; `back`: how many months ago it happened."""
    claim = reread(claim)
    handler, reviewer = city.staff.handlers[0], city.staff.reviewers[0]
    happened = months.day_in(months.number_of(legal_day(now)) - back, 3)
    match what:
        case "suspend":
            claims.services.suspend_claim(claim=claim, why="正在核实。", actor=handler, now=now)
        case "check":
            claims.services.suspend_claim(
                claim=claim, why="比对有疑点。", reference="HC1", actor=handler, now=now
            )
        case "resume" | "clear":
            reference = "HC1" if what == "clear" else ""
            claims.services.resume_claim(claim=claim, reference=reference, actor=handler, now=now)
        case "seal":
            payouts.services.seal_batch(region=CITY, actor=handler, now=now)
        case "propose" | "stop" | "jail":
            claims.services.propose_stop(
                claim=claim,
                ground=Ground.IMPRISONED if what == "jail" else ground,
                event_on=happened,
                why="已书面答复。",
                evidence="OFFICE",
                keeps_months=True,
                actor=handler,
                now=now,
            )
            if what != "propose":
                act(city, claim, "sign", ground, back, now + timedelta(hours=1))
        case "sign" | "return":
            claims.services.sign_stop(
                claim=claim, agreed=what == "sign", remark="请再核实。", actor=reviewer, now=now
            )
        case "release":
            claims.services.end_interruption(claim=claim, ended_on=happened, actor=handler, now=now)
        case _:
            raise AssertionError(what)


def owed(claim: Claim) -> list[str]:
    standing = still_owed(Obligation.objects.filter(case=claim.case))
    return list(standing.order_by("month").values_list("month", flat=True))


def check(claim: Claim, now: datetime) -> None:
    """What must hold once every month that has begun was owed."""
    claims.services.accrue_due(now=now)
    claim = reread(claim)
    spell, rests = claim.spell, interruptions_of(claim.spell)
    current = months.month_of(legal_day(now))
    last = min(spell.paid_through or spell.last_month, spell.last_month, current)
    due, given = months_due(spell, rests, last=last), owed(claim)
    rows = list(SpellMonth.objects.filter(spell=spell).values_list("month", flat=True))
    assert sorted(set(rows)) == sorted(rows)
    if claim.case.status in {kinds.SUSPENDED, kinds.STOP_REVIEW}:
        assert set(given) <= set(due), "nothing new is owed, and nothing is taken away"
    else:
        assert given == due
    assert len(due) <= spell.months
    if spell.ended_at is not None:
        keeps = GROUNDS[spell.ground].months is not Months.LAPSE
        assert months_left(spell) == (spell.months - len(due) if keeps else 0)
        assert given == [] or given[-1] <= spell.paid_through
    elif not Interruption.objects.filter(spell=spell, ended_on=None).exists():
        assert len(months_due(spell, rests, last=spell.last_month)) == spell.months, "none is lost by resting"
    assert prove().holds


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_each_month_due_is_owed_once_whatever_was_done(
    paid: tuple[City, Claim], steps: Sequence[tuple[str, Ground, int]]
) -> None:
    city, claim = paid
    with undone():
        for number, (what, ground, back) in enumerate(steps):
            now = months_later(number)
            claims.services.accrue_due(now=now - timedelta(hours=1))
            try:
                with transaction.atomic():
                    act(city, claim, what, ground, back, now)
            except Refused:
                pass
        check(claim, months_later(len(steps)))


def months_later(number: int) -> datetime:
    """The fifth of the month so many months after the beginning, at ten in the morning here."""
    day = months.day_in(months.number_of(date(2026, 12, 5)) + number, 5)
    return BEGIN.replace(year=day.year, month=day.month)
