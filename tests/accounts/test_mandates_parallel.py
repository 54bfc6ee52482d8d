"""Mandates when several connections act at once: real threads, real commits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.mandates import RegisteredUnit, confirm_agent, delegate, end_mandate
from accounts.models import Access, Mandate, Party, User
from law.errors import Refused
from tests.accounts.people import NOW, NUMBER, OTHER_NUMBER
from tests.cases.conftest import committed as committed
from tests.cases.test_parallel import at_once

pytestmark = pytest.mark.usefixtures("committed")

UNIT = RegisteredUnit("石家庄甲样有限公司", "91130102000000000Q", Mandate.Capacity.REPRESENTATIVE.value)


def owner() -> tuple[User, Party]:
    """The representative of a unit, and the unit."""
    user = User.objects.create(username="owner")
    (own,) = confirm_agent(user=user, name="甲某", id_number=OTHER_NUMBER, units=[UNIT], now=NOW)
    return user, own.unit


def test_of_many_who_delegate_to_one_person_at_once_one_does_it() -> None:
    actor, unit = owner()

    def give() -> Mandate:
        return delegate(unit=unit, name="乙某", id_number=NUMBER, until=None, actor=actor, now=NOW)

    answers = at_once(*[give] * 6)
    assert sum(isinstance(answer, Mandate) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, Refused)} == {"mandate.already"}
    assert Mandate.objects.filter(capacity="DELEGATE").count() == 1


def test_of_many_who_withdraw_at_once_one_is_written_down() -> None:
    actor, unit = owner()
    made = delegate(unit=unit, name="乙某", id_number=NUMBER, until=None, actor=actor, now=NOW)
    later = NOW + timedelta(minutes=1)
    at_once(*[lambda: end_mandate(key=made.pk, unit=unit.pk, actor=actor, now=later)] * 6)
    assert Access.objects.filter(act="MANDATE_ENDED").count() == 1


def test_a_delegation_and_the_unit_going_at_once_leave_nobody_to_act_for_it() -> None:
    actor, unit = owner()
    later = NOW + timedelta(minutes=1)
    gone = RegisteredUnit(UNIT.name, UNIT.code, UNIT.capacity, is_active=False)

    def give() -> object:
        return delegate(unit=unit, name="乙某", id_number=NUMBER, until=None, actor=actor, now=later)

    def close() -> object:
        return confirm_agent(
            user=User.objects.get(pk=actor.pk), name="甲某", id_number=OTHER_NUMBER, units=[gone], now=later
        )

    answers = at_once(give, close)
    assert not isinstance(answers[1], Refused)
    assert not Mandate.objects.filter(ended_at=None).exists()
