"""Parties, officers, codes and the access log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import Access, Identifier, Party, Role, User
from accounts.selectors import covers, in_regions, machine, party_by_number, region_prefixes
from accounts.services import (
    change_rights,
    check_one_time_code,
    create_staff,
    ensure_person,
    ensure_unit,
    link_citizen,
    one_time_codes_locked,
    record_access,
)
from law.errors import Refused
from tests.accounts.people import NOW, NUMBER, OTHER_NUMBER, PASSWORD, code_of, new_secret, officer

pytestmark = pytest.mark.django_db


def citizen(username: str = "p-1") -> User:
    return User.objects.create_user(username=username)


def test_one_number_is_one_party() -> None:
    first = ensure_person(name="张三", id_kind="CITIZEN_ID", id_number=NUMBER, now=NOW)
    again = ensure_person(name="张三丰", id_kind="CITIZEN_ID", id_number=NUMBER, now=NOW)
    assert first == again
    assert again.name == "张三", "a name that nobody has verified renames nobody"
    assert party_by_number(kind="CITIZEN_ID", number=NUMBER) == first
    assert party_by_number(kind="CITIZEN_ID", number=OTHER_NUMBER) is None


@pytest.mark.parametrize("number", ["130102199003070004", "13010219900307", "", "130102209003070009"])
def test_a_number_that_cannot_be_one_makes_no_party(number: str) -> None:
    with pytest.raises(Refused, match=r"identifier\.invalid"):
        ensure_person(name="张三", id_kind="CITIZEN_ID", id_number=number, now=NOW)
    assert not Party.objects.exists()


def test_a_person_has_no_credit_code_and_a_unit_no_citizen_number() -> None:
    with pytest.raises(Refused):
        ensure_person(name="张三", id_kind="USCC", id_number="91350100M000100Y43", now=NOW)
    assert ensure_unit(name="某公司", uscc="91350100M000100Y43", now=NOW).kind == Party.Kind.UNIT


def test_the_database_lets_two_parties_hold_one_number_only_one_after_the_other() -> None:
    party = ensure_person(name="张三", id_kind="CITIZEN_ID", id_number=NUMBER, now=NOW)
    other = ensure_person(name="李四", id_kind="CITIZEN_ID", id_number=OTHER_NUMBER, now=NOW)
    kept = Identifier.objects.get(party=party)
    double = Identifier(
        party=Party.objects.create(kind="PERSON", name="王五", created_at=NOW),
        kind=kept.kind,
        number=NUMBER,
        digest=kept.digest,
        masked=kept.masked,
        valid_from=kept.valid_from,
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        double.save()
    kept.valid_to = kept.valid_from + timedelta(days=1)
    kept.save()
    double.save()
    assert other.identifiers.count() == 1


def test_a_citizen_who_signs_in_twice_is_the_same_party_under_the_newest_name() -> None:
    user = citizen()
    first = link_citizen(user=user, name="张三", id_number=NUMBER, now=NOW)
    second = link_citizen(user=user, name="张山", id_number=NUMBER, now=NOW)
    second.refresh_from_db()
    assert first == second == user.party
    assert (second.name, second.former_names) == ("张山", ["张三"])
    assert list(Access.objects.order_by("id").values_list("act", flat=True)) == ["LINKED", "RENAMED"]


def test_a_user_who_is_one_person_never_becomes_another() -> None:
    user = citizen()
    link_citizen(user=user, name="张三", id_number=NUMBER, now=NOW)
    with pytest.raises(Refused, match=r"identity\.number_differs"):
        link_citizen(user=user, name="张三", id_number=OTHER_NUMBER, now=NOW)
    with pytest.raises(Refused, match=r"identity\.linked_elsewhere"):
        link_citizen(user=citizen("p-2"), name="张三", id_number=NUMBER, now=NOW)


def test_an_officer_is_never_a_citizen_with_the_same_user() -> None:
    user = officer()
    with pytest.raises(Refused, match=r"identity\.officer"):
        link_citizen(user=user, name="张三", id_number=NUMBER, now=NOW)
    user.party = ensure_person(name="张三", id_kind="CITIZEN_ID", id_number=NUMBER, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        user.save()


def test_only_the_security_administrator_gives_rights_and_every_change_is_logged() -> None:
    administrator = officer("security", Role.SECURITY_ADMIN)
    handler = officer("handler")
    with pytest.raises(Refused, match=r"user\.not_yours_to_manage"):
        change_rights(user=handler, roles=["REVIEWER"], regions=["130100"], actor=handler, now=NOW)
    with pytest.raises(Refused, match=r"user\.own_rights"):
        change_rights(user=administrator, roles=["HANDLER"], regions=[], actor=administrator, now=NOW)
    change_rights(user=handler, roles=["REVIEWER"], regions=["130102"], actor=administrator, now=NOW)
    handler.refresh_from_db()
    assert handler.roles == ["REVIEWER"]
    line = Access.objects.filter(act="RIGHTS_CHANGED").latest("id")
    assert (line.actor, line.reason) == (administrator, "handler: REVIEWER / 130102")


@pytest.mark.parametrize("roles", [[], ["CITIZEN"], ["SECURITY_ADMIN", "HANDLER"], ["KING"]])
def test_impossible_sets_of_roles_are_refused_by_service_and_database(roles: list[str]) -> None:
    with pytest.raises(Refused, match=r"user\.roles"):
        create_staff(
            username="x", full_name="甲", roles=roles, regions=[], password=PASSWORD, actor=machine(), now=NOW
        )
    if roles:
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(username="x", roles=roles)


def test_a_weak_password_is_refused() -> None:
    with pytest.raises(ValidationError):
        create_staff(
            username="x",
            full_name="甲",
            roles=["HANDLER"],
            regions=[],
            password="1234",
            actor=machine(),
            now=NOW,
        )


def test_the_machine_exists_has_no_role_and_cannot_sign_in() -> None:
    user = machine()
    assert (user.roles, user.is_active, user.has_usable_password()) == ([], False, False)


def test_a_region_covers_its_counties() -> None:
    user = officer(regions=("130100", "130502"))
    assert region_prefixes(user) == ["1301", "130502"]
    assert covers(user, "130102")
    assert covers(user, "130502")
    assert not covers(user, "130503")
    assert covers(officer("province", regions=("130000",)), "130503")
    rows = User.objects.filter(username="officer")
    assert in_regions(rows.extra(select={"region": "1"}), citizen("none"), field="username").count() == 0


def test_a_one_time_code_counts_once_and_one_step_early_or_late() -> None:
    secret = new_secret()
    user = officer(totp_secret=secret)
    assert not check_one_time_code(user=user, code=code_of(secret, steps=-3))
    assert check_one_time_code(user=user, code=code_of(secret))
    assert not check_one_time_code(user=user, code=code_of(secret)), "used"
    assert check_one_time_code(user=user, code=code_of(secret, steps=1))
    assert not check_one_time_code(user=user, code=code_of(secret)), "older than one used"


def test_codes_are_locked_after_five_wrong_ones_even_for_the_right_one() -> None:
    secret = new_secret()
    user = officer(totp_secret=secret)
    for _ in range(5):
        assert not check_one_time_code(user=user, code="abcdef")
    assert not check_one_time_code(user=user, code=code_of(secret))
    latest = Access.objects.latest("at").at
    assert one_time_codes_locked(user=user, now=latest + timedelta(seconds=1))
    assert not one_time_codes_locked(user=user, now=latest + timedelta(minutes=6))


def test_an_officer_without_a_second_factor_has_no_right_code() -> None:
    assert not check_one_time_code(user=officer(), code="000000")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE accounts_access SET reason = 'x'", "DELETE FROM accounts_access", "TRUNCATE accounts_access"],
)
def test_the_database_refuses_to_change_the_access_log(statement: str) -> None:
    record_access(act="READ", actor=machine(), address="127.0.0.1", now=NOW)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)
    line = Access.objects.get()
    assert line.reason == ""
    assert "127.0.0.1" not in line.address_digest


def test_an_unknown_act_is_not_logged() -> None:
    with pytest.raises(ValueError, match="PEEK"):
        record_access(act="PEEK", actor=None, now=NOW)
