"""The administrators' pages, the own account, and who looked at whom: in the words of those who use them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.idp.oidc.models import Client as MachineClient
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Access, Identifier, Party, Role, User
from accounts.selectors import LogFilters, LogKey, access_lines, clients, machine, region_names
from accounts.services import (
    create_client,
    delete_expired,
    ensure_person,
    link_citizen,
    record_access,
    record_machine_reads,
    unmask,
)
from law.errors import Refused
from tests.accounts.people import NOW, NUMBER, OTHER_NUMBER, PASSWORD, new_secret, officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief() -> User:
    return officer("chief", Role.SECURITY_ADMIN, regions=(), totp_secret=new_secret())


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(answer: HttpResponse, label: str) -> str:
    """What the page that shows things once says beside a label."""
    found = re.search(
        rf"<dt>{label}</dt><dd><span class=\"code long\">([^<]+)</span>", answer.content.decode()
    )
    assert found is not None, answer.content.decode()
    return found[1]


def person(number: str = NUMBER, name: str = "张三") -> Party:
    return ensure_person(name=name, id_kind="CITIZEN_ID", id_number=number, now=NOW)


def person_user(party: Party) -> User:
    user = User.objects.create(username=f"p-{party.pk}")
    link_citizen(user=user, name=party.name, id_number=NUMBER, now=NOW)
    return user


# --- officers ---------------------------------------------------------------------------------------------


def register(client: Client, **changed: object) -> HttpResponse:
    form = {"username": "new.officer", "full_name": "李四", "roles": ["HANDLER"], "regions": ["130102"]}
    answer = client.post(reverse("user-new"), {**form, **changed})
    assert isinstance(answer, HttpResponse)
    return answer


def test_an_officer_is_registered_and_the_first_password_is_shown_once(chief: User) -> None:
    client = signed_in(chief)
    answer = register(client)
    password = shown(answer, "第一次登录的密码")
    assert "no-store" in answer["Cache-Control"]
    made = User.objects.get(username="new.officer")
    assert made.check_password(password)
    assert (made.roles, made.regions, made.temporary_password) == (["HANDLER"], ["130102"], True)
    assert password not in client.get(reverse("user", args=[made.pk])).content.decode()
    assert Access.objects.filter(actor=chief, act="RIGHTS_CHANGED", reason__startswith="new.officer").exists()


def test_from_the_first_password_to_the_first_case(chief: User) -> None:
    """Sign in, connect the telephone, note the codes, choose an own password; only then is there work."""
    password = shown(register(signed_in(chief)), "第一次登录的密码")
    client = Client()
    answer = client.post(
        reverse("staff-sign-in"), {"login": "new.officer", "password": password}, follow=True
    )
    assert answer.redirect_chain[-1][0] == reverse("mfa_activate_totp")
    newcomer = User.objects.get(username="new.officer")
    Authenticator.objects.create(user=newcomer, type=Authenticator.Type.TOTP, data={})
    assert client.get(reverse("queue"))["Location"] == reverse("own-password")
    own = {"current": password, "new": "a quite different one 9", "again": "a quite different one 9"}
    assert client.post(reverse("own-password"), own)["Location"] == reverse("queue")
    assert client.get(reverse("queue")).status_code == 200


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"username": ""}, "请填用户名"),
        ({"username": "ab"}, "用户名只能用"),
        ({"username": "<b>x</b>"}, "用户名只能用"),
        ({"username": "CHIEF"}, "已有同名的用户"),
        ({"full_name": " "}, "请填姓名"),
        ({"roles": []}, "至少选一个岗位"),
        ({"roles": ["CITIZEN"]}, "CITIZEN"),
        ({"roles": ["HANDLER", "AUDIT_ADMIN"]}, "不能兼任"),
        ({"regions": ["999999"]}, "999999"),
    ],
)
def test_what_is_wrong_with_a_registration_is_said_and_nobody_is_made(
    chief: User, changed: dict[str, object], words: str
) -> None:
    before = User.objects.count()
    answer = register(signed_in(chief), **changed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert User.objects.count() == before


def test_rights_are_changed_but_not_the_own(chief: User) -> None:
    client, other = signed_in(chief), officer("other")
    client.post(reverse("user-rights", args=[other.pk]), {"roles": ["REVIEWER"], "regions": ["130100"]})
    other.refresh_from_db()
    assert (other.roles, other.regions) == (["REVIEWER"], ["130100"])
    answer = client.post(reverse("user-rights", args=[chief.pk]), {"roles": ["HANDLER"]}, follow=True)
    assert "不能改自己的权限" in answer.content.decode()
    chief.refresh_from_db()
    assert chief.roles == ["SECURITY_ADMIN"]


def test_a_reset_ends_sessions_and_both_factors_begin_anew(chief: User) -> None:
    other = officer("other", totp_secret=new_secret())
    theirs = signed_in(other)
    answer = signed_in(chief).post(reverse("user-credentials", args=[other.pk]))
    assert isinstance(answer, HttpResponse)
    password = shown(answer, "第一次登录的密码")
    other.refresh_from_db()
    assert other.check_password(password) and not other.check_password(PASSWORD)
    assert not Authenticator.objects.filter(user=other).exists()
    assert theirs.get(reverse("queue"))["Location"].startswith(reverse("staff-sign-in"))
    assert Access.objects.filter(act="CREDENTIALS_RESET", reason="other").count() == 1


def test_a_closed_account_is_out_at_once_and_can_be_opened_again(chief: User) -> None:
    other = officer("other", totp_secret=new_secret())
    theirs, client = signed_in(other), signed_in(chief)
    assert theirs.get(reverse("queue")).status_code == 200
    client.post(reverse("user-open", args=[other.pk]), {"open": "no"})
    assert theirs.get(reverse("queue")).status_code == 302
    assert "停用" in client.get(reverse("users")).content.decode()
    client.post(reverse("user-open", args=[other.pk]), {"open": "yes"})
    other.refresh_from_db()
    assert other.is_active
    acts = list(
        Access.objects.filter(reason="other", actor=chief).order_by("id").values_list("act", flat=True)
    )
    assert acts == ["ACCOUNT_CLOSED", "ACCOUNT_OPENED"]
    answer = client.post(reverse("user-open", args=[chief.pk]), {"open": "no"}, follow=True)
    assert "不能改自己的权限" in answer.content.decode()


def test_a_citizen_is_no_officer_of_any_page(chief: User) -> None:
    citizen = person_user(person())
    for page in ("user", "user-rights", "user-credentials", "user-open"):
        send = signed_in(chief).get if page == "user" else signed_in(chief).post
        assert send(reverse(page, args=[citizen.pk])).status_code == 404
    assert "张三" not in signed_in(chief).get(reverse("users")).content.decode()


def test_more_officers_cost_no_more_queries(chief: User) -> None:
    client = signed_in(chief)
    client.get(reverse("users"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("users"))
    for number in range(5):
        officer(f"o{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("users"))
    assert len(many) <= len(few) <= 6


# --- machine clients --------------------------------------------------------------------------------------


def test_a_machine_client_is_registered_for_regions_and_revoked_for_good(chief: User) -> None:
    client = signed_in(chief)
    answer = client.post(reverse("api-clients"), {"name": "某会计师事务所", "regions": ["130102"]})
    assert isinstance(answer, HttpResponse)
    key, secret = shown(answer, "客户编号"), shown(answer, "密钥")
    form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
    token = Client().post("/api/v1/token/", form).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert Client().get(reverse("api-determinations"), headers=bearer).status_code == 200
    (row,) = clients()
    assert (row.regions, row.scopes, row.revoked) == (["130102"], ["determinations:read"], False)
    assert secret not in client.get(reverse("api-clients")).content.decode()
    client.post(reverse("api-client-revoke", args=[key]))
    assert Client().get(reverse("api-determinations"), headers=bearer).status_code == 401
    assert Client().post("/api/v1/token/", form).status_code in (400, 401)
    assert "已撤销" in client.get(reverse("api-clients")).content.decode()
    client.post(reverse("api-client-revoke", args=[key]))
    assert Access.objects.filter(act="CLIENT_REVOKED").count() == 1


def test_a_client_that_is_not_there_cannot_be_revoked(chief: User) -> None:
    assert signed_in(chief).post(reverse("api-client-revoke", args=["nobody"])).status_code == 404


def test_a_client_needs_a_name(chief: User) -> None:
    answer = signed_in(chief).post(reverse("api-clients"), {"name": ""})
    assert answer.status_code == 422
    assert "请填名称" in answer.content.decode()
    assert not MachineClient.objects.exists()


# --- the access log ---------------------------------------------------------------------------------------


@pytest.fixture
def watcher() -> Client:
    return signed_in(officer("watcher", Role.AUDIT_ADMIN, regions=(), totp_secret=new_secret()))


def test_the_log_is_narrowed_by_who_what_whose_file_which_case_and_when(watcher: Client) -> None:
    reader, party = officer("reader"), person()
    for day in range(3):
        record_access(
            act="READ",
            actor=reader,
            party=party,
            case_number=f"SP2026112{day}-0001",
            now=NOW + timedelta(days=day),
        )
    record_access(act="SIGN_IN", actor=reader, now=NOW)

    def found(**filters: str | int) -> list[str]:
        page = watcher.get(reverse("access-log"), filters)
        assert page.status_code == 200
        return re.findall(r'<td data-label="案号">([^<]+)</td>', page.content.decode())

    assert found(act="READ") == ["SP20261122-0001", "SP20261121-0001", "SP20261120-0001"]
    assert found(who="reader", act="SIGN_IN") == ["—"]
    assert found(who="nobody") == []
    assert len(found(**{"act": "READ", "from": "0001-01-01", "to": "9999-12-31"})) == 3
    assert found(case="sp20261121-0001") == ["SP20261121-0001"]
    assert found(party=party.pk, **{"from": "2026-11-24", "to": "2026-11-24"}) == ["SP20261121-0001"]
    assert found(party=999_999) == []
    assert len(found(party="x", act="x", **{"from": "x", "after": "x"})) > 3


def test_somebody_is_found_by_number_without_the_number_in_an_address(watcher: Client) -> None:
    party = person()
    record_access(act="READ", actor=officer("reader"), party=party, case_number="SP20261123-0001", now=NOW)
    answer = watcher.post(reverse("access-log-party"), {"number": f" {NUMBER.lower()} "})
    assert answer["Location"] == f"{reverse('access-log')}?party={party.pk}"
    page = watcher.get(answer["Location"]).content.decode()
    assert "SP20261123-0001" in page and NUMBER not in page and "1301**********0003" in page
    assert "张三" not in page
    lost = watcher.post(reverse("access-log-party"), {"number": OTHER_NUMBER}, follow=True)
    assert "没有登记过这个号码" in lost.content.decode()


def test_pages_of_the_log_follow_one_another_without_a_gap() -> None:
    reader = officer("reader")
    for _turn in range(60):
        record_access(act="READ", actor=reader, now=NOW)
    first = access_lines(LogFilters(act="READ"), after=None)
    second = access_lines(LogFilters(act="READ"), after=LogKey.parse(first.next_after))
    keys = [row.pk for row in (*first.rows, *second.rows)]
    assert (len(first.rows), len(second.rows), second.next_after) == (50, 10, "")
    assert keys == sorted(set(keys), reverse=True)


@pytest.mark.parametrize("text", ["", "x", "-", "20260101-1", "20260101000000000000+0000-x", "9" * 40 + "-1"])
def test_a_place_that_nobody_gave_is_the_first_page(text: str) -> None:
    assert LogKey.parse(text) is None


# --- the own account --------------------------------------------------------------------------------------


def change(client: Client, current: str, new: str, again: str = "") -> HttpResponse:
    answer = client.post(reverse("own-password"), {"current": current, "new": new, "again": again or new})
    assert isinstance(answer, HttpResponse)
    return answer


def test_the_own_password_is_changed_and_other_sessions_end() -> None:
    user = officer(totp_secret=new_secret())
    here, elsewhere = signed_in(user), signed_in(user)
    assert change(here, PASSWORD, "a quite different one 9")["Location"] == reverse("own-account")
    assert here.get(reverse("queue")).status_code == 200
    assert elsewhere.get(reverse("queue")).status_code == 302
    assert Access.objects.filter(actor=user, act="PASSWORD_CHANGED").count() == 1


@pytest.mark.parametrize(
    ("current", "new", "again", "words"),
    [
        ("wrong", "a quite different one 9", "", "现在的密码不对"),
        (PASSWORD, "a quite different one 9", "a quite other one 99", "两次填的不一样"),
        (PASSWORD, PASSWORD, "", "和现在的一样"),
        (PASSWORD, "short", "", "密码"),
        (PASSWORD, "", "", "这里要填"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(
    current: str, new: str, again: str, words: str
) -> None:
    user = officer(totp_secret=new_secret())
    answer = change(signed_in(user), current, new, again)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_new_recovery_codes_replace_the_old_ones_and_are_shown_once() -> None:
    user = officer(totp_secret=new_secret())
    client = signed_in(user)

    def codes() -> set[str]:
        page = client.post(reverse("own-recovery-codes"), follow=True).content.decode()
        return set(re.findall(r'<li><span class="code">(\d+)</span>', page))

    first, second = codes(), codes()
    assert len(first) == len(second) == 10 and not first & second
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 302


def test_everybody_at_work_has_an_own_account_and_citizens_have_none() -> None:
    user = officer("a", Role.SYSTEM_ADMIN, regions=(), totp_secret=new_secret())
    page = signed_in(user).get(reverse("own-account")).content.decode()
    assert reverse("shortcuts") in page and reverse("own-password") in page and "系统管理员" in page
    assert signed_in(person_user(person())).get(reverse("own-account")).status_code == 403


# --- the number in full, and who looked -------------------------------------------------------------------


def test_a_number_in_full_costs_a_reason_and_leaves_a_line() -> None:
    reader, party = officer("reader"), person()
    given = {"party": party, "actor": reader, "case_number": "SP20261123-0001", "address": "", "now": NOW}
    for reason in ("", "   ", "看 看"):
        with pytest.raises(Refused, match=r"unmask\.reason_missing"):
            unmask(reason=reason, **given)  # type: ignore[arg-type]  # keyword answers of a test
    assert not Access.objects.filter(act="UNMASK").exists()
    assert unmask(reason="来电人报不出案号，核对身份", **given) == NUMBER  # type: ignore[arg-type]  # as above
    line = Access.objects.get(act="UNMASK")
    assert (line.party, line.actor, line.reason) == (party, reader, "来电人报不出案号，核对身份")
    assert NUMBER not in str(vars(line))


def test_a_person_sees_who_looked_and_why_but_not_the_own_looks() -> None:
    party = person()
    user = person_user(party)
    reader = officer("reader", Role.HANDLER, regions=("130102",))
    record_access(act="READ", actor=reader, party=party, case_number="SP20261123-0001", now=NOW)
    unmask(party=party, actor=reader, case_number="", reason="核对来电人的身份", address="", now=NOW)
    record_access(act="READ", actor=user, party=party, now=NOW)
    record_access(act="READ", actor=reader, party=person(OTHER_NUMBER, "别人"), case_number="SP1", now=NOW)
    auditor, _secret = create_client(
        name="某会计师事务所", scopes=["determinations:read"], actor=machine(), now=NOW
    )
    record_machine_reads(client=auditor, files=[(party.pk, "SP20261123-0001")], address="", now=NOW)
    page = signed_in(user).get(reverse("my-readers")).content.decode()
    assert page.count("<li><time") == 3
    for words in ("reader 甲", "经办", "核对来电人的身份", "某会计师事务所", "看了完整证件号码"):
        assert words in page
    for hidden in ("SP1<", NUMBER, '"reader"', PASSWORD):
        assert hidden not in page


def test_nobody_has_looked_yet() -> None:
    page = signed_in(person_user(person())).get(reverse("my-readers")).content.decode()
    assert "还没有人打开过" in page


# --- small things -----------------------------------------------------------------------------------------


def test_what_has_expired_is_removed_and_nothing_else() -> None:
    signed_in(officer(totp_secret=new_secret()))
    made, secret = create_client(name="x", scopes=["determinations:read"], actor=machine(), now=NOW)
    form = {"grant_type": "client_credentials", "client_id": made.pk, "client_secret": secret}
    assert Client().post("/api/v1/token/", form).status_code == 200
    assert delete_expired(now=datetime.now(UTC)) == (0, 0)
    assert delete_expired(now=datetime.now(UTC) + timedelta(days=30)) == (1, 1)
    assert not Session.objects.exists()


def test_the_regions_to_choose_from_are_those_of_the_law() -> None:
    names = region_names()
    assert (names["130100"], names["130102"], len(names)) == ("", "长安区", 23)


def test_looking_people_up_by_their_last_four_walks_an_index() -> None:
    """The search of the queue (`cases.queue`) asks in these words."""
    parties = Party.objects.bulk_create(Party(kind="PERSON", name="x", created_at=NOW) for _ in range(2_000))
    Identifier.objects.bulk_create(
        Identifier(
            party=party,
            kind="CITIZEN_ID",
            number="",
            digest=str(number),
            masked=f"1301**********{number:04d}",
            valid_from=NOW,
        )
        for number, party in enumerate(parties)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_identifier")
        cursor.execute(
            "EXPLAIN SELECT party_id FROM accounts_identifier "
            "WHERE valid_to IS NULL AND right(masked, 4) = '0003'"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "accounts_identifier_last_four" in plan
