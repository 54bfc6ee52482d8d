"""The population: deterministic, well formed, without two alike."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from law.identifiers import BANK_CARD, CITIZEN_ID, CNAPS, MOBILE, USCC, check
from sandbox import scenarios
from sandbox.world import FREE, SEED, World

TODAY = date(2026, 11, 23)
WORLD = World(seed=3, people=400, today=TODAY)
EVERYBODY = [WORLD.person(ordinal) for ordinal in range(1, WORLD.size + 1)]


def test_the_same_seed_makes_the_same_people_and_another_seed_others() -> None:
    again = World(seed=3, people=400, today=TODAY)
    assert [again.person(n) for n in (1, 57, 800)] == [WORLD.person(n) for n in (1, 57, 800)]
    other = World(seed=4, people=400, today=TODAY)
    assert {other.person(n).id_number for n in range(1, 100)} != {p.id_number for p in EVERYBODY[:99]}


def test_every_number_is_well_formed_and_marked_as_synthetic() -> None:
    for person in EVERYBODY:
        assert check(CITIZEN_ID, person.id_number, on=TODAY).valid
        assert person.id_number[14:16] == "00"
        assert check(MOBILE, person.mobile).valid
        assert check(USCC, person.unit.code).valid
        assert check(CNAPS, person.bank_code).valid
        assert check(BANK_CARD, WORLD.account(person.ordinal, 0)).valid


def test_no_two_people_share_a_number_a_phone_or_an_account() -> None:
    large = World(seed=1, people=6_000, today=TODAY)
    people = [large.person(ordinal) for ordinal in range(1, large.size + 1)]
    assert len(people) == 12_000
    assert len({person.id_number for person in people}) == len(people)
    assert len({person.mobile for person in people}) == len(people)
    assert len({large.account(person.ordinal, 0) for person in people}) == len(people)


def test_as_many_people_are_free_to_apply_as_come_with_a_claim_and_never_fewer_than_the_named() -> None:
    pools = [person.pool for person in EVERYBODY]
    assert (pools.count(FREE), pools.count(SEED)) == (400, 400)
    assert World(seed=3, people=0, today=TODAY).size == len(scenarios.named_people())


def test_people_have_worked_for_as_many_employers_as_asked_for() -> None:
    small, large = WORLD, World(seed=3, people=400, today=TODAY, enterprises=50_000)
    employers = {large.person(ordinal).unit.code for ordinal in range(1, large.size + 1)}
    assert len(employers) > len({person.unit.code for person in EVERYBODY})
    assert all(check(USCC, code).valid for code in employers)
    assert World(seed=3, people=400, today=TODAY, enterprises=60).person(57) == small.person(57)
    with pytest.raises(ValueError, match="enterprises"):
        World(seed=3, people=400, today=TODAY, enterprises=100_000)


@pytest.mark.parametrize("code", sorted(scenarios.SCENARIOS))
def test_every_scenario_has_its_named_people(code: str) -> None:
    free = [person for person in EVERYBODY if person.pool == FREE and person.scenario == code]
    assert len(free) >= scenarios.SCENARIOS[code].named >= 6


def test_people_in_order_have_paid_long_enough_and_are_of_working_age() -> None:
    for person in EVERYBODY:
        if person.scenario != scenarios.CLEAN:
            continue
        assert person.contributed_months >= 12
        assert person.first_month <= person.last_month - person.contributed_months + 1
        assert 22 <= TODAY.year - person.birth_date.year <= 49
        assert person.reason == person.says_reason
        assert not person.reason.startswith(("V", "N"))


def test_those_free_to_apply_lost_their_work_in_the_last_weeks_and_were_reported_since() -> None:
    for person in EVERYBODY:
        if person.pool == FREE:
            assert TODAY - timedelta(days=45) <= person.separated_on <= TODAY - timedelta(days=16)
            if person.reported_at is not None:
                assert person.separated_on < person.reported_at.date() < TODAY


def test_an_account_leads_back_to_its_holder_and_to_the_card_it_was_on() -> None:
    first, second = WORLD.account(5, 0), WORLD.account(5, 1)
    assert first != second
    assert WORLD.holder(first) == (5, 0)
    assert WORLD.holder(second) == (5, 1)
    for nobody in ("6217000000000000012", first[:-1], "x" * 19, str(int(first) + 10), ""):
        assert WORLD.holder(nobody) is None


def test_a_size_that_would_break_uniqueness_is_refused() -> None:
    with pytest.raises(ValueError, match="between"):
        World(seed=1, people=1_000_000, today=TODAY)


def test_names_of_the_rare_kind_survive_the_encoding_of_banks() -> None:
    rare = [person for person in EVERYBODY if person.scenario == "RARE_CHARACTER_NAME"]
    assert any(ord(character) > 0xFFFF for person in rare for character in person.name)
    for person in rare:
        assert person.name.encode("gb18030").decode("gb18030") == person.name
