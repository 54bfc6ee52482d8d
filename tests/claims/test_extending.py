"""At the end of the months: who is within a year of retirement goes on up to that age, others end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from django.test import Client
from time_machine import travel

import claims.services
from claims import kinds
from claims.models import Claim, Ground, SpellMonth
from claims.selectors import Extension, extension_of, months_left
from law import months
from law.errors import Refused
from sandbox.world import Person
from tests.factories import NOW, City, reread
from tests.house.conftest import sandbox_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city large enough for women a few years before retirement."""
    with sandbox_in(tmp_path / "sandbox.sqlite3", people=2_000) as box:
        yield City(box)


def women(city: City) -> Iterator[Person]:
    """Working women born in the first years of the population, who never had an award."""
    world = city.box.application.world
    for ordinal in range(1, world.size + 1):
        person = world.person(ordinal)
        if (
            (person.scenario, person.sex, person.pension_category) == ("CLEAN", "F", "WORKER")
            and person.birth_date.year <= 1978
            and not person.had_previous_spell
        ):
            yield person


def near_retirement(city: City) -> Claim:
    """A claim whose months end less than a year before its person retires."""
    for person in women(city):
        claim = city.verified(person)
        if claim.case.status == kinds.APPROVED and extension_of(claim.spell).until is not None:
            return claim
    raise LookupError("nobody of this population is near retirement when the months are over")


def all_owed(claim: Claim, *, last: str) -> datetime:
    """Every month up to `last` owed, in payment, and the fifth of the month after it."""
    over = months.day_in(months.parse(last) + 1, 5)
    now = datetime(over.year, over.month, over.day, 2, tzinfo=NOW.tzinfo)
    claims.services.accrue_due(now=now)
    return now


def in_payment(city: City, claim: Claim) -> None:
    city.accrue(claim)
    city.settled(city.batch("ACCEPTED", size=0))
    claims.services.follow_payments(now=NOW.replace(hour=6))


def test_who_is_near_retirement_goes_on_to_that_month_and_then_ends(city: City) -> None:
    claim = near_retirement(city)
    in_payment(city, claim)
    granted, first_end = claim.spell.months, claim.spell.last_month
    until = extension_of(claim.spell).until
    assert until is not None
    now = all_owed(claim, last=first_end)
    assert claims.services.end_used_up(now=now) == 1
    assert claims.services.end_used_up(now=now) == 0
    claim = reread(claim)
    assert claim.case.status == kinds.PAYING
    assert (claim.spell.extended_from, claim.spell.last_month) == (first_end, until)
    assert claim.case.messages.filter(template="claim.extended").count() == 1
    assert "法定退休年龄" in str(claim.case.letters.get(template="claim.extension").words)
    now = all_owed(claim, last=until)
    owed = SpellMonth.objects.filter(spell=claim.pk).order_by("month")
    assert owed.last().month == until  # type: ignore[union-attr]  # it has months
    assert owed.count() > granted
    assert claims.services.end_used_up(now=now) == 1
    claim = reread(claim)
    assert (claim.case.status, claim.spell.ground) == (kinds.ENDED, Ground.EXHAUSTED)
    assert months_left(claim.spell) == 0
    assert claim.case.messages.filter(template="claim.extension_over").count() == 1


def test_work_found_during_the_extension_leaves_no_months(city: City) -> None:
    claim = near_retirement(city)
    in_payment(city, claim)
    now = all_owed(claim, last=claim.spell.last_month)
    claims.services.end_used_up(now=now)
    started = date(now.year, now.month, 3)
    spell = claims.services.report_job(
        claim=reread(claim), started_on=started, actor=claim.party.user, now=now
    )
    assert months_left(spell) == 0
    assert spell.paid_through == months.month_of(started)


def test_where_the_category_decides_and_is_unknown_a_handler_is_asked(
    city: City, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = near_retirement(city)
    in_payment(city, claim)
    now = all_owed(claim, last=claim.spell.last_month)
    found = extension_of(claim.spell)
    with monkeypatch.context() as silent:
        # The registers of this population know every woman's category.
        silent.setattr("claims.services.extending.extension_of", lambda spell: Extension(None, True))
        assert claims.services.end_used_up(now=now) == 1
    claim = reread(claim)
    assert claim.case.status == kinds.SUSPENDED
    client.force_login(claim.party.user)
    assert "工人还是干部" in client.get(f"/claims/{claim.case.number}/").content.decode()
    given = {"category": "WORKER", "category_evidence": "OFFICE", "category_why": "养老档案写的是工人。"}
    with travel(now, tick=False):
        client.force_login(city.staff.handlers[0])
        shown = client.get(f"/claims/{claim.case.number}/case/").content.decode()
        assert "认定，接着办" in shown
        assert "核实清楚，恢复发放" not in shown
        assert client.post(f"/claims/{claim.case.number}/category/", {}).status_code == 422
        assert client.post(f"/claims/{claim.case.number}/category/", given).status_code == 302
    claim = reread(claim)
    assert (claim.case.status, claim.spell.last_month) == (kinds.PAYING, found.until)


def test_a_settled_category_may_also_end_it(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = near_retirement(city)
    in_payment(city, claim)
    now = all_owed(claim, last=claim.spell.last_month)
    with monkeypatch.context() as silent:
        silent.setattr("claims.services.extending.extension_of", lambda spell: Extension(None, True))
        claims.services.end_used_up(now=now)
    spell = claims.services.settle_category(
        claim=reread(claim),
        category="CADRE",
        evidence="OFFICE",
        why="养老档案写的是干部。",
        actor=city.staff.handlers[0],
        now=now,
    )
    assert spell.ended_at is not None
    assert reread(claim).case.status == kinds.ENDED


def test_nobody_settles_what_was_not_asked(city: City) -> None:
    claim = city.claim(kinds.SUSPENDED)
    with pytest.raises(Refused, match="category_not_asked"):
        claims.services.settle_category(
            claim=claim,
            category="WORKER",
            evidence="OFFICE",
            why="养老档案写的是工人。",
            actor=city.staff.handlers[0],
            now=NOW.replace(hour=8),
        )
