"""The pages over the test client, which runs no script: who gets in, what they say, what they refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

import cases.tasks
from accounts.models import Role, User
from accounts.selectors import machine
from accounts.services import set_second_factor
from cases.models import Case, Event
from cases.services import open_case
from law.workdays import provisional_due
from policy.kinds import POLICY
from policy.models import PolicyValue
from policy.selectors import calendar, integer
from policy.services import decline
from tests.policy.samples import CITY, NOW, approved, calendar_2027, officer, proposed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

NEXT_MONTH = date(2026, 12, 1)
NOTICE = "国务院办公厅关于2027年部分节假日安排的通知"


@pytest.fixture
def at_now() -> Iterator[None]:
    """The pages read the clock: it stands at the hour of the samples."""
    with time_machine.travel(NOW, tick=False):
        yield


def browser(username: str = "proposer", *, role: Role = Role.SUPERVISOR, region: str = CITY) -> Client:
    """A signed-in officer with a second factor."""
    user = officer(username, role=role, region=region)
    set_second_factor(user=user, totp_secret="JBSWY3DPEHPK3PXP", now=NOW)
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, url: str, *, status: int = 200) -> str:
    """The words of a page."""
    answer = client.get(url)
    assert answer.status_code == status
    return answer.content.decode()


def filled(**changed: str) -> dict[str, str]:
    """A filled-in form for the promise."""
    return {
        "key": "benefit.promise_wd",
        "region": CITY,
        "start": "2026-12-01",
        "value": "2",
        "title": "石家庄市失业保险经办服务承诺",
        "number": "石人社〔2026〕9号",
        "article": "第二条",
        "url": "https://example.org/notice",
        "seen": "text",
        "reason": "",
        **changed,
    }


def year_2027(**changed: str) -> dict[str, str]:
    """A filled-in form for a calendar."""
    fields = filled(key="calendar.2027", region="000000", start="2027-01-01", title=NOTICE, seen="press")
    del fields["value"]
    return {**fields, "off": "2027-01-01、2027-02-08 至 2027-02-12", "worked": "2月6日", **changed}


def looked_at(client: Client, fields: dict[str, str]) -> str:
    """Look at the preview, then propose; where the answer leads."""
    shown = client.post(reverse("policy-new"), {**fields, "step": "preview"})
    assert shown.status_code == 200, shown.content.decode()
    seen = re.search(r'name="seen_preview" value="([0-9a-f]{64})"', shown.content.decode())
    assert seen is not None
    answer = client.post(reverse("policy-new"), {**fields, "step": "propose", "seen_preview": seen[1]})
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


# --- the list ---------------------------------------------------------------------------------------------


def test_the_list_shows_every_key_in_peoples_units_with_its_source() -> None:
    page = text_of(browser(), reverse("policy"))
    for words in (
        "承诺办结",
        "3 个工作日",
        "第 1 档 1,980.00 元",
        "60,000.00 元",
        "0%",
        "24 个月",
        "原文",
        "报道",
        "转载",
        "自定",
    ):
        assert words in page, words
    assert "benefit.promise_wd" in page and "2025年工作日历" in page
    assert "演示假设" not in page


def test_the_list_says_what_is_missing_and_how_to_add_it() -> None:
    page = text_of(browser(), reverse("policy"))
    assert "2027年工作日历" in page
    assert f"{reverse('policy-new')}?key=calendar.2027" in page
    province = text_of(browser(), reverse("policy") + "?region=130000")
    assert "缺 " in province and "承诺办结" in province
    approved(calendar_2027())
    assert f"{reverse('policy-new')}?key=calendar.2027" not in text_of(browser(), reverse("policy"))


def test_the_list_is_of_a_region_on_a_day_and_can_be_searched() -> None:
    client = browser()
    assert "1,760.00 元" in text_of(client, reverse("policy") + "?region=130000&on=2023-06-01")
    found = text_of(client, reverse("policy") + "?text=承诺")
    assert "承诺办结" in found and "法定办结" not in found.split("<table")[-1]
    assert "没有这样的参数" in text_of(client, reverse("policy") + "?text=zzz")


@pytest.mark.parametrize("query", ["?on=someday", "?region=999999", "?on=2026-02-30", "?text=" + "x" * 61])
def test_a_filter_that_makes_no_sense_is_said_and_shows_today(query: str) -> None:
    page = text_of(browser(), reverse("policy") + query, status=422)
    assert "承诺办结" in page


def test_an_assumption_is_marked_wherever_it_stands() -> None:
    client = browser()
    url = looked_at(
        client,
        filled(
            key="benefit.report_wd", region=CITY, value="15", start="2026-11-01", seen="own", assumption="on"
        ),
    )
    browser("approver").post(url + "decide/", {"agreed": "yes", "remark": ""})
    assert integer("benefit.report_wd", region=CITY, on=NOW.date()) == 15
    for address in (reverse("policy"), reverse("policy-key", args=["benefit.report_wd"]), url):
        assert "演示假设" in text_of(client, address)


@pytest.mark.parametrize("role", [Role.HANDLER, Role.REVIEWER, Role.AUDITOR])
def test_officers_read_and_propose_nothing(role: Role) -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    client = browser("reader", role=role)
    for address in (
        reverse("policy"),
        reverse("policy-key", args=["benefit.promise_wd"]),
        reverse("case-policy", args=[row.number]),
    ):
        page = text_of(client, address)
        assert reverse("policy-new") not in page
        assert page.count('method="post"') == 1, "signing out is all that can be sent from here"
    assert client.get(reverse("policy-new")).status_code == 403
    assert client.post(reverse("policy-new"), filled()).status_code == 403
    assert client.post(reverse("policy-decide", args=[row.number]), {"agreed": "yes"}).status_code == 403
    assert client.post(reverse("policy-withdraw", args=[row.number])).status_code == 403


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN])
def test_administrators_see_no_policy(role: Role) -> None:
    assert browser("admin", role=role).get(reverse("policy")).status_code == 403


def test_the_navigation_counts_what_waits_for_a_supervisor() -> None:
    proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    entry = re.compile(r'href="/policy/"[^>]*>政策参数(<b>(\d+)</b>)?')
    for role, count in ((Role.SUPERVISOR, "1"), (Role.REVIEWER, None), (Role.AUDITOR, None)):
        found = entry.search(text_of(browser(f"nav-{role.value.lower()}", role=role), reverse("queue")))
        assert found is not None and found[2] == count


def test_a_proposal_is_in_nobodys_queue_and_found_by_its_number() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    client = browser()
    for tab in ("all", "HANDLER", "REVIEWER"):
        assert row.number not in text_of(client, reverse("queue") + f"?tab={tab}")
    answer = client.get(reverse("queue"), {"q": row.number})
    assert answer.headers["Location"] == reverse("case-policy", args=[row.number])
    assert client.post(reverse("case-take", args=[row.number])).status_code in (302, 403)
    assert Case.objects.get(pk=row.case_id).handler is None


# --- one key ----------------------------------------------------------------------------------------------


def test_a_key_shows_its_dated_values_in_order_with_what_is_to_come() -> None:
    proposed(
        key="benefit.standard",
        unit="fen",
        region="130000",
        start=date(2027, 1, 1),
        value={"1": "212400", "2": "192600", "3": "173700"},
    )
    page = text_of(browser(), reverse("policy-key", args=["benefit.standard"]))
    steps = page[page.index('class="params"') : page.index("</ol>", page.index('class="params"'))]
    places = [steps.index(words) for words in ("1,520.00", "1,760.00", "1,980.00", "2,124.00")]
    assert places == sorted(places)
    assert 'class="now"' in steps and "现行" in steps
    assert 'class="draft"' in steps and "等批准" in steps


def test_what_was_declined_stays_in_the_list_of_the_key() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    decline(value=row, remark="文号不对", actor=officer("approver"), now=NOW)
    page = text_of(browser(), reverse("policy-key", args=["benefit.promise_wd"]))
    assert row.number in page and "未批准" in page
    assert "文号不对" in text_of(browser(), reverse("case-policy", args=[row.number]))


@pytest.mark.parametrize("key", ["nonsense", "benefit.nothing", "calendar.1999", "calendar.99999"])
def test_a_key_that_no_rule_reads_is_not_found(key: str) -> None:
    client = browser()
    assert client.get(reverse("policy-key", args=[key])).status_code == 404
    assert client.get(reverse("policy-new"), {"key": key}).status_code == 404
    assert client.post(reverse("policy-new"), {"key": key}).status_code == 404


def test_a_year_without_a_calendar_has_a_page_that_says_so() -> None:
    assert "没有这一项的值" in text_of(browser(), reverse("policy-key", args=["calendar.2027"]))


# --- proposing --------------------------------------------------------------------------------------------


def test_a_supervisor_looks_at_the_change_and_proposes_it_and_another_approves() -> None:
    client = browser()
    assert "承诺办结" in text_of(client, reverse("policy-new"))
    form = text_of(client, reverse("policy-new") + "?key=benefit.promise_wd")
    assert 'name="value"' in form and "个工作日" in form
    shown = client.post(reverse("policy-new"), {**filled(), "step": "preview"}).content.decode()
    assert "3 个工作日" in shown and "2 个工作日" in shown and "从 2026年12月1日 起" in shown
    assert not PolicyValue.objects.exists()
    url = looked_at(client, filled(reason="承诺缩短一天"))
    page = text_of(client, url)
    assert "撤回" in page and "签字" not in page and "承诺缩短一天" in page
    assert (
        client.post(url + "decide/", {"agreed": "yes"}, follow=True)
        .content.decode()
        .count("提出的人不能自己批准")
    )
    second = browser("approver")
    assert "签字" in text_of(second, url)
    answer = second.post(url + "decide/", {"agreed": "yes", "remark": "已核对"}, follow=True)
    assert "已批准，从起始日起生效" in answer.content.decode()
    assert integer("benefit.promise_wd", region=CITY, on=NEXT_MONTH) == 2
    assert "已核对" in text_of(client, url)


def test_nothing_is_proposed_that_was_not_looked_at() -> None:
    client = browser()
    for fields in ({"step": "propose"}, {"step": "propose", "seen_preview": "0" * 64}):
        shown = client.post(reverse("policy-new"), {**filled(), **fields})
        assert shown.status_code == 200
        assert "请再看一遍" in shown.content.decode()
    assert not PolicyValue.objects.exists()


def test_a_second_click_leads_to_what_the_first_one_made() -> None:
    client = browser()
    url = looked_at(client, filled())
    again = client.post(reverse("policy-new"), {**filled(), "step": "propose"})
    assert (again.status_code, again.headers["Location"]) == (302, url)
    other = browser("approver").post(reverse("policy-new"), {**filled(value="1"), "step": "preview"})
    assert other.status_code == 422
    assert "已经提出" in other.content.decode()
    assert PolicyValue.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"value": ""}, "还没有填"),
        ({"value": "两天"}, "只写一个整数"),
        ({"value": "2.5"}, "只写一个整数"),
        ({"value": "-1"}, "只写一个整数"),
        ({"value": "0"}, "只能在 1 个工作日 到 250 个工作日 之间"),
        ({"start": ""}, "还没有填日期"),
        ({"start": "2026-02-30"}, "这不是一个日期"),
        ({"start": "2032-01-01"}, "三年以后"),
        ({"region": "999999"}, "没有这个地区"),
        ({"region": ""}, ""),
        ({"title": " "}, "还没有写依据"),
        ({"title": "长" * 201}, "最多 200 个字"),
        ({"url": "javascript:alert(1)"}, "这不是一个完整的网址"),
        ({"seen": ""}, "还没有选"),
        ({"seen": "hearsay"}, ""),
        ({"reason": "字" * 501}, ""),
    ],
)
def test_a_field_that_is_wrong_says_what_and_how(changed: dict[str, str], words: str) -> None:
    answer = browser().post(reverse("policy-new"), {**filled(**changed), "step": "preview"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'class="errors"' in page and words in page
    assert not PolicyValue.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"key": "benefit.auto_grant_max_fen", "value": "六万"}, "这不是一个金额"),
        ({"key": "benefit.auto_grant_max_fen", "value": "1,23"}, "这不是一个金额"),
        ({"key": "benefit.sample_bp", "value": "5.555"}, "这不是一个百分数"),
        ({"key": "benefit.sample_bp", "value": "101"}, "只能在 0% 到 100% 之间"),
        ({"key": "benefit.licence_counts", "value": "MAYBE"}, "请从列出的几项里选"),
        ({"key": "benefit.licence_counts", "value": ""}, "还没有填"),
        ({"key": "benefit.auto_grant", "value": "perhaps"}, "请从列出的几项里选"),
        ({"key": "benefit.separation_reasons", "region": "000000", "records": "Z01 | Y"}, "应当有 4 格"),
        ({"key": "benefit.separation_reasons", "region": "000000", "records": " "}, "一行也没有写"),
        ({"key": "benefit.standard", "region": "130000", "entry_1": "2000"}, "还没有填"),
    ],
)
def test_each_unit_is_written_as_people_write_it(fields: dict[str, str], words: str) -> None:
    answer = browser().post(reverse("policy-new"), {**filled(), **fields, "step": "preview"})
    assert answer.status_code == 422
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    ("key", "written", "stored"),
    [
        ("benefit.auto_grant_max_fen", "80,000.00", "8000000"),
        ("benefit.sample_bp", "5.5", "550"),
        ("benefit.sample_bp", "5.5%", "550"),
        ("benefit.auto_grant", "false", "false"),
        ("benefit.licence_counts", "NO", "NO"),
        ("payout.batch_max", "08000", "8000"),
    ],
)
def test_what_people_write_is_stored_as_the_rules_read_it(key: str, written: str, stored: str) -> None:
    looked_at(browser(), filled(key=key, value=written))
    assert PolicyValue.objects.get().value == stored


def test_a_table_is_filled_in_field_by_field_and_may_gain_entries() -> None:
    fields = filled(key="benefit.standard", region="130000", start="2027-01-01")
    fields |= {"entry_1": "2,124", "entry_2": "1926.00", "entry_3": "1737", "more": "4 = 1,500\n"}
    looked_at(browser(), fields)
    assert PolicyValue.objects.get().value == {"1": "212400", "2": "192600", "3": "173700", "4": "150000"}


@pytest.mark.parametrize(
    ("more", "words"), [("4：1500", "名称 = 值"), ("1 = 1500", "上面已经有了"), ("4 = 很多", "不是一个金额")]
)
def test_a_new_entry_is_written_with_its_name(more: str, words: str) -> None:
    fields = filled(key="benefit.standard", region="130000", start="2027-01-01", more=more)
    fields |= {"entry_1": "2,124", "entry_2": "1926.00", "entry_3": "1737"}
    answer = browser().post(reverse("policy-new"), {**fields, "step": "preview"})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_reasons_of_separation_are_lines_as_they_were_shown() -> None:
    client = browser()
    form = text_of(client, reverse("policy-new") + "?key=benefit.separation_reasons&region=000000")
    area = re.search(r'<textarea name="records"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    assert area is not None
    lines = area[1].strip().replace("&lt;", "<") + "\nZ09 | Y | 合同到期后歇业 | 劳动合同法 | 核对营业执照"
    looked_at(client, filled(key="benefit.separation_reasons", region="000000", records=lines))
    stored = PolicyValue.objects.get().value
    assert len(stored) == 17
    assert stored[-1]["hint"] == "核对营业执照"
    assert "hint" not in stored[0] and stored[1]["hint"] == "这种情形只影响经济补偿"


def test_a_repeal_is_a_value_without_a_number() -> None:
    client = browser()
    shown = client.post(reverse("policy-new"), {**filled(value="", repeal="on"), "step": "preview"})
    assert "停下来" in shown.content.decode()
    looked_at(client, filled(value="", repeal="on"))
    assert PolicyValue.objects.get().value == "REPEALED"


# --- the calendar -----------------------------------------------------------------------------------------


def test_the_calendar_of_a_year_is_written_as_days_and_spans() -> None:
    shown = browser().post(reverse("policy-new"), {**year_2027(), "step": "preview"}).content.decode()
    assert "6 天" in shown and "1 天：2-6" in shown
    assert "5-3" not in shown, "only weekdays are missed"
    assert "是法定节假日" in shown and "10-1" in shown
    looked_at(browser(), year_2027())
    assert PolicyValue.objects.get().value == {
        "off": ["2027-01-01", "2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11", "2027-02-12"],
        "worked": ["2027-02-06"],
    }


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"off": ""}, "一天也没有写"),
        ({"off": "元旦"}, "“元旦”不是一个日期"),
        ({"off": "2027-02-30"}, "不是一个日期"),
        ({"off": "2026-01-01"}, "不在 2027 年里"),
        ({"off": "2027-01-02"}, "是周六，本来就休息"),
        ({"off": "2027-02-12 至 2027-02-08"}, "后一天比前一天早"),
        ({"worked": "2027-01-04"}, "是周一，本来就上班"),
        ({"title": "国务院办公厅关于2026年部分节假日安排的通知"}, "标题里没有 2027 年"),
        ({"title": "国务院办公厅的通知"}, "标题里没有 2027 年"),
        ({"start": "2027-02-01"}, "1 月 1 日起算"),
        ({"region": CITY}, "没有这个地区"),
    ],
)
def test_a_calendar_that_is_wrong_says_which_day_and_why(changed: dict[str, str], words: str) -> None:
    answer = browser().post(reverse("policy-new"), {**year_2027(**changed), "step": "preview"})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_an_approved_calendar_wakes_the_worker_and_settles_what_was_provisional(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
    late = open_case(
        kind=POLICY,
        party=None,
        region=CITY,
        actor=machine(),
        now=opened,
        verb="policy.proposed",
        promise_due=provisional_due(opened.date(), 10),
        promise_days=10,
        due_provisional=True,
    )
    woken: list[str] = []
    monkeypatch.setattr("policy.views.wake", lambda task: woken.append(task.name))
    client = browser()
    shown = client.post(reverse("policy-new"), {**year_2027(), "step": "preview"}).content.decode()
    assert "1 件暂定的期限会重新计算" in shown
    url = looked_at(client, year_2027())
    browser("approver").post(url + "decide/", {"agreed": "yes", "remark": ""})
    assert woken == ["cases.tasks.recompute_provisional"]
    assert 2027 in calendar().years
    cases.tasks.recompute_provisional()
    late.refresh_from_db()
    assert (late.promise_due, late.due_provisional) == (date(2027, 1, 12), False)
    assert Event.objects.filter(case=late, verb="deadline.recomputed").count() == 1


# --- deciding ---------------------------------------------------------------------------------------------


def test_a_refusal_to_approve_says_why_or_is_asked_again() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    url = reverse("policy-decide", args=[row.number])
    client = browser("approver")
    for fields in ({}, {"agreed": "perhaps"}, {"agreed": "no"}, {"agreed": "no", "remark": "  "}):
        answer = client.post(url, fields)
        assert answer.status_code == 422
        assert 'class="errors"' in answer.content.decode()
    client.post(url, {"agreed": "no", "remark": "请附原文"})
    row.refresh_from_db()
    assert (row.approved_at, row.remark) == (None, "请附原文")


def test_who_comes_second_is_told() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    url = reverse("policy-decide", args=[row.number])
    browser("approver").post(url, {"agreed": "yes"})
    page = browser("third").post(url, {"agreed": "no", "remark": "不对"}, follow=True).content.decode()
    assert "已经批准过了" in page
    page = browser().post(reverse("policy-withdraw", args=[row.number]), follow=True).content.decode()
    assert "已经批准过了" in page


def test_the_proposer_withdraws_and_nobody_else_does() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    url = reverse("policy-withdraw", args=[row.number])
    page = browser("approver").post(url, follow=True).content.decode()
    assert "只有提出的人可以撤回" in page
    assert browser().post(url, {"remark": "字" * 501}).status_code == 422
    page = browser().post(url, {"remark": "填错了"}, follow=True).content.decode()
    assert "已撤回" in page
    assert Case.objects.get(pk=row.case_id).status == "WITHDRAWN"


def test_a_supervisor_of_another_city_reads_and_decides_nothing() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    client = browser("stranger", region="130200")
    page = text_of(client, reverse("case-policy", args=[row.number]))
    assert "由当地主管批准" in page and "签字" not in page
    answer = client.post(reverse("policy-decide", args=[row.number]), {"agreed": "yes"}, follow=True)
    assert "不在您的管辖范围内" in answer.content.decode()


@pytest.mark.parametrize("number", ["ZC20260101-0001", "SP20260101-0001", "nonsense"])
def test_a_number_nobody_has_is_not_found(number: str) -> None:
    client = browser()
    assert client.get(reverse("case-policy", args=[number])).status_code == 404
    assert client.post(reverse("policy-decide", args=[number]), {"agreed": "yes"}).status_code == 404
    assert client.post(reverse("policy-withdraw", args=[number])).status_code == 404


# --- the alarm --------------------------------------------------------------------------------------------

ALARM = "2027年的工作日历还没有录入"


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.SUPERVISOR, "queue"),
        (Role.HANDLER, "queue"),
        (Role.REVIEWER, "batches"),
        (Role.AUDITOR, "queue"),
    ],
)
def test_from_october_on_every_officer_sees_that_a_calendar_is_missing(role: Role, page: str) -> None:
    client = browser(f"alarm-{role.value.lower()}", role=role)
    # The alarm looks at the book as the process last saw it: here, in another test.
    text_of(client, reverse("policy"))
    shown = text_of(client, reverse(page))
    assert ALARM in shown
    assert (f"{reverse('policy-new')}?key=calendar.2027" in shown) is (role is Role.SUPERVISOR)
    approved(calendar_2027())
    text_of(client, reverse("policy"))
    assert ALARM not in text_of(client, reverse(page))


@pytest.mark.parametrize(
    ("day", "alarm"), [("2026-09-30T12:00:00+08:00", False), ("2026-10-01T00:30:00+08:00", True)]
)
def test_the_alarm_begins_in_october(day: str, alarm: bool) -> None:
    client = browser()
    with time_machine.travel(datetime.fromisoformat(day), tick=False):
        client.force_login(User.objects.get(username="proposer"))
        assert (ALARM in text_of(client, reverse("queue"))) is alarm


def test_citizens_and_administrators_see_no_alarm() -> None:
    admin = browser("admin", role=Role.SECURITY_ADMIN)
    assert ALARM not in admin.get(reverse("shortcuts")).content.decode()
    assert ALARM not in Client().get(reverse("home")).content.decode()
