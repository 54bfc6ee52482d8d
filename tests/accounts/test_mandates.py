"""Mandates: given by the register and by the unit, ended by either, and never otherwise changed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import Error as DatabaseError

from accounts.mandates import RegisteredUnit, confirm_agent, delegate, end_all_of_unit, end_mandate
from accounts.models import Access, Mandate, Party, User
from accounts.roles import Action, can
from accounts.selectors import mandate_for, mandates_of, may_act_for, own_units, unit_page
from accounts.services import link_citizen
from law.errors import Refused
from law.workdays import legal_day
from tests.accounts.people import NOW, NUMBER, OTHER_NUMBER, officer

pytestmark = pytest.mark.django_db

TODAY = legal_day(NOW)
TOMORROW = NOW + timedelta(days=1)
OWNERS_NUMBER = "130102198501010009"
OWNER = Mandate.Capacity.REPRESENTATIVE.value
REGISTERED = Mandate.Capacity.REGISTERED.value
FIRST = RegisteredUnit("石家庄甲样有限公司", "91130102000000000Q", OWNER)
SECOND = RegisteredUnit("石家庄乙样有限公司", "91130102000000001U", REGISTERED)


def new_user(name: str) -> User:
    return User.objects.create(username=name)


def signed_in(*units: RegisteredUnit, now: datetime = NOW) -> User:
    """The owner of the first unit, who comes from the identity provider with these units."""
    owner = User.objects.filter(username="owner").first() or new_user("owner")
    confirm_agent(user=owner, name="甲某", id_number=OWNERS_NUMBER, units=units, now=now)
    return owner


def unit_of(registered: RegisteredUnit) -> Party:
    return Party.objects.get(name=registered.name)


def given(owner: User, number: str = NUMBER, name: str = "乙某", until: date | None = None) -> Mandate:
    return delegate(unit=unit_of(FIRST), name=name, id_number=number, until=until, actor=owner, now=NOW)


def delegated(number: str = NUMBER, name: str = "乙某") -> User:
    """The delegate's own sign-in: the identity provider has him registered for nothing."""
    user = new_user(f"delegate-{name}")
    confirm_agent(user=user, name=name, id_number=number, units=[], now=NOW)
    return user


def acts() -> list[tuple[str, str]]:
    rows = Access.objects.filter(act__startswith="MANDATE").order_by("id")
    return [(row.act, row.reason) for row in rows]


def test_signing_in_grants_what_the_identity_provider_registers_and_nothing_twice() -> None:
    owner = signed_in(FIRST, SECOND)
    signed_in(FIRST, SECOND)
    held = mandates_of(owner, TODAY)
    assert {(one.unit.name, one.capacity) for one in held} == {
        (FIRST.name, OWNER),
        (SECOND.name, REGISTERED),
    }
    assert {(one.valid_from, one.valid_to, one.granted_by) for one in held} == {(TODAY, None, None)}
    assert sorted(acts()) == [
        ("MANDATE_GRANTED", "甲某 AGENT"),
        ("MANDATE_GRANTED", "甲某 LEGAL_REPRESENTATIVE"),
    ]
    assert mandates_of(owner, TODAY - timedelta(days=1)) == []
    assert may_act_for(owner, unit_of(FIRST), TODAY)


def test_who_is_registered_no_longer_has_lost_it_at_the_next_sign_in() -> None:
    owner = signed_in(FIRST, SECOND)
    signed_in(SECOND, now=TOMORROW)
    assert [one.unit.name for one in mandates_of(owner, legal_day(TOMORROW))] == [SECOND.name]
    ended = Mandate.objects.get(unit__name=FIRST.name)
    assert (ended.ended_because, ended.ended_by, ended.ended_at) == ("NOT_REGISTERED", owner, TOMORROW)
    assert mandate_for(owner, ended.unit_id, TODAY) == ended, "it held on the day before"
    assert acts()[-1] == ("MANDATE_ENDED", "甲某 NOT_REGISTERED")


def test_another_capacity_is_another_mandate() -> None:
    owner = signed_in(FIRST)
    signed_in(RegisteredUnit(FIRST.name, FIRST.code, REGISTERED), now=TOMORROW)
    assert [one.capacity for one in mandates_of(owner, legal_day(TOMORROW))] == [REGISTERED]
    assert Mandate.objects.get(capacity=OWNER).ended_because == "REPLACED"


def test_a_unit_takes_over_the_name_that_is_registered() -> None:
    signed_in(FIRST)
    signed_in(RegisteredUnit("石家庄新名有限公司", FIRST.code, OWNER), now=TOMORROW)
    unit = Party.objects.get(kind=Party.Kind.UNIT)
    assert (unit.name, unit.former_names) == ("石家庄新名有限公司", [FIRST.name])


def test_a_delegate_acts_for_one_unit_and_hands_nothing_on() -> None:
    owner = signed_in(FIRST, SECOND)
    made = given(owner, until=TODAY + timedelta(days=30))
    helper = delegated()
    assert mandates_of(helper, TODAY) == [made]
    assert (made.granted_by, made.named_as, made.capacity) == (owner, "乙某", "DELEGATE")
    assert not may_act_for(helper, unit_of(SECOND), TODAY)
    assert ("MANDATE_DELEGATED", "乙某 DELEGATE") in acts()
    assert refusal_of(helper, number=OTHER_NUMBER) == "mandate.no_further"
    with pytest.raises(Refused, match=r"mandate\.not_yours"):
        delegate(unit=unit_of(SECOND), name="丙某", id_number=OTHER_NUMBER, until=None, actor=helper, now=NOW)


def refusal_of(actor: User, *, number: str = NUMBER, name: str = "乙某", until: date | None = None) -> str:
    """The code with which a delegation is refused; nothing is left behind."""
    before = Mandate.objects.count(), Party.objects.count()
    with pytest.raises(Refused) as refused:
        given(actor, number, name, until)
    assert (Mandate.objects.count(), Party.objects.count()) == before
    return refused.value.code


def test_what_cannot_be_delegated_is_refused() -> None:
    owner = signed_in(FIRST)
    assert refusal_of(owner, number=OWNERS_NUMBER, name="甲某") == "mandate.self"
    assert refusal_of(owner, number=NUMBER[:-1] + "4") == "identifier.invalid"
    assert refusal_of(owner, number="") == "identifier.invalid"
    assert refusal_of(owner, until=TODAY - timedelta(days=1)) == "mandate.until_past"
    given(owner)
    assert refusal_of(owner) == "mandate.already"
    assert refusal_of(new_user("stranger"), number=OTHER_NUMBER) == "mandate.not_yours"


def test_one_who_is_registered_for_the_unit_needs_no_delegation() -> None:
    owner = signed_in(FIRST)
    clerk = new_user("clerk")
    own = RegisteredUnit(FIRST.name, FIRST.code, REGISTERED)
    confirm_agent(user=clerk, name="乙某", id_number=NUMBER, units=[own], now=NOW)
    assert refusal_of(owner) == "mandate.already"


def test_a_name_that_is_known_to_be_anothers_is_refused_at_once() -> None:
    owner = signed_in(FIRST)
    link_citizen(user=new_user("citizen"), name="乙某", id_number=NUMBER, now=NOW)
    assert refusal_of(owner, name="丙某") == "mandate.name_differs"
    given(owner)


def test_a_number_that_turns_out_to_be_anothers_gives_him_nothing() -> None:
    owner = signed_in(FIRST)
    given(owner, name="乙某")
    somebody = delegated(name="丁某")
    assert mandates_of(somebody, TODAY) == []
    ended = Mandate.objects.get(capacity="DELEGATE")
    assert ended.ended_because == "NAME_DIFFERS"
    assert [row.mandate for row in own_units(somebody, now=NOW).past] == [ended]


def test_a_person_renamed_after_the_first_sign_in_keeps_the_mandate() -> None:
    owner = signed_in(FIRST)
    given(owner)
    helper = delegated()
    confirm_agent(user=helper, name="乙新某", id_number=NUMBER, units=[], now=TOMORROW)
    assert len(mandates_of(helper, TODAY)) == 1


def test_the_last_day_is_included_and_the_day_after_is_not() -> None:
    owner = signed_in(FIRST)
    given(owner, until=TODAY)
    helper = delegated()
    assert may_act_for(helper, unit_of(FIRST), TODAY)
    assert not may_act_for(helper, unit_of(FIRST), TODAY + timedelta(days=1))
    again = delegate(
        unit=unit_of(FIRST), name="乙某", id_number=NUMBER, until=None, actor=owner, now=TOMORROW
    )
    assert mandates_of(helper, legal_day(TOMORROW)) == [again]
    assert [one.ended_because for one in Mandate.objects.exclude(ended_at=None)] == ["EXPIRED"]


def end(mandate: Mandate, actor: User, unit: RegisteredUnit = FIRST) -> None:
    end_mandate(key=mandate.pk, unit=unit_of(unit).pk, actor=actor, now=NOW + timedelta(minutes=1))


def test_a_withdrawal_ends_it_at_once_and_twice_is_once() -> None:
    owner = signed_in(FIRST)
    made, helper = given(owner), delegated()
    end(made, owner)
    end(made, owner)
    assert mandates_of(helper, TODAY) == []
    made.refresh_from_db()
    assert (made.ended_by, made.ended_because) == (owner, "WITHDRAWN")
    assert acts().count(("MANDATE_ENDED", "乙某 WITHDRAWN")) == 1
    line = Access.objects.get(act="MANDATE_ENDED")
    assert (line.party, line.actor) == (unit_of(FIRST), owner)
    given(owner)


def test_a_delegate_gives_up_his_own_and_nobody_elses() -> None:
    owner = signed_in(FIRST)
    made, other = given(owner), given(owner, OTHER_NUMBER, "丙某")
    helper = delegated()
    with pytest.raises(Refused, match=r"mandate\.no_further"):
        end(other, helper)
    end(made, helper)
    made.refresh_from_db()
    assert made.ended_because == "GIVEN_UP"
    with pytest.raises(Refused, match=r"mandate\.not_yours"):
        end(other, helper)


def test_what_is_registered_elsewhere_is_not_withdrawn_here_nor_what_is_another_units() -> None:
    owner = signed_in(FIRST)
    with pytest.raises(Refused, match=r"mandate\.registered"):
        end(Mandate.objects.get(), owner)
    stranger = new_user("stranger")
    confirm_agent(user=stranger, name="丙某", id_number=OTHER_NUMBER, units=[SECOND], now=NOW)
    made = given(owner)
    for unit in (FIRST, SECOND):
        with pytest.raises(Refused, match=r"mandate\.not_yours"):
            end(made, stranger, unit)


def test_nobody_acts_for_a_unit_that_is_deregistered() -> None:
    owner = signed_in(FIRST, SECOND)
    given(owner)
    helper = delegated()
    gone = RegisteredUnit(FIRST.name, FIRST.code, OWNER, is_active=False)
    signed_in(gone, SECOND, now=NOW + timedelta(hours=1))
    assert mandates_of(helper, TODAY) == []
    assert [one.unit.name for one in mandates_of(owner, TODAY)] == [SECOND.name]
    ended = Mandate.objects.filter(unit__name=FIRST.name)
    assert {one.ended_because for one in ended} == {"DEREGISTERED"}
    assert end_all_of_unit(unit=unit_of(FIRST), actor=owner, now=NOW) == 0


def test_a_user_is_an_agent_or_a_citizen_or_an_officer_and_only_one_of_them() -> None:
    citizen = new_user("citizen")
    link_citizen(user=citizen, name="甲某", id_number=OWNERS_NUMBER, now=NOW)
    for user in (citizen, officer()):
        with pytest.raises(Refused, match=r"identity\.officer"):
            confirm_agent(user=user, name="甲某", id_number=OWNERS_NUMBER, units=[FIRST], now=NOW)
    owner = signed_in(FIRST)
    assert owner.agent_person == citizen.party
    assert mandates_of(citizen, TODAY) == []
    assert can(owner, Action.SEE_OWN_UNITS) and not can(owner, Action.SEE_OWN_MATTERS)
    assert can(citizen, Action.SEE_OWN_MATTERS) and not can(citizen, Action.SEE_OWN_UNITS)
    for wrong in ({"party": citizen.party}, {"roles": ["HANDLER"]}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=owner.pk).update(**wrong)


def test_one_person_acts_under_one_user_and_one_user_as_one_person() -> None:
    owner = signed_in(FIRST)
    with pytest.raises(Refused, match=r"identity\.linked_elsewhere"):
        confirm_agent(user=new_user("x"), name="甲某", id_number=OWNERS_NUMBER, units=[], now=NOW)
    with pytest.raises(Refused, match=r"identity\.number_differs"):
        confirm_agent(user=owner, name="乙某", id_number=NUMBER, units=[], now=NOW)


def test_a_code_that_cannot_be_one_is_said_to_be_so() -> None:
    with pytest.raises(Refused, match=r"identity\.unit_code"):
        signed_in(RegisteredUnit("某单位", "91130102000000000X", OWNER))


def test_an_account_that_is_closed_acts_for_nobody() -> None:
    owner = signed_in(FIRST)
    owner.is_active = False
    assert mandates_of(owner, TODAY) == []
    assert mandate_for(owner, unit_of(FIRST).pk, TODAY) is None


def test_the_database_lets_a_mandate_be_ended_once_and_changed_never() -> None:
    owner = signed_in(FIRST)
    row = Mandate.objects.filter(pk=Mandate.objects.get().pk)
    later = NOW + timedelta(hours=1)
    for wrong in (
        {"named_as": "别人"},
        {"valid_to": TODAY},
        {"ended_at": later, "ended_because": "WITHDRAWN", "named_as": "别人"},
        {"ended_at": later},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            row.update(**wrong)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()
    assert row.update(ended_at=later, ended_by=owner, ended_because="WITHDRAWN") == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        row.update(ended_at=None, ended_by=None, ended_because="")


def test_the_page_of_a_unit_shows_a_delegate_only_himself() -> None:
    owner = signed_in(FIRST)
    given(owner)
    helper = delegated()
    own, his = mandate_for(owner, unit_of(FIRST).pk, TODAY), mandate_for(helper, unit_of(FIRST).pk, TODAY)
    assert own is not None and his is not None
    everybody = unit_page(own, now=NOW)
    assert [(row.mandate.named_as, row.is_own, row.may_end) for row in everybody.agents] == [
        ("甲某", True, False),
        ("乙某", False, True),
    ]
    assert everybody.code == FIRST.code
    assert NUMBER not in [row.number for row in everybody.agents]
    assert [row.mandate for row in unit_page(his, now=NOW).agents] == [his]
