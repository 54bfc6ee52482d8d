"""The shells and the parts of the case pages, drawn with samples; and what no template may contain."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import RequestContext, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from accounts.models import Role, User
from cases import selectors
from cases.clocks import Clock
from cases.models import Case
from cases.queue import Filters
from cases.templatetags import anye
from law.decision import Outcome, Reason, Reference

# The shell of officers asks whether the coming year has its calendar.
pytestmark = pytest.mark.django_db

TEMPLATES = Path(settings.BASE_DIR) / "templates"
ALL = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
PROMISE = Clock("warn", "今天", dt.date(2025, 9, 29), 3, 3, paused=False, provisional=False)


def officer(*roles: Role) -> User:
    return User(pk=7, username="sample", full_name="宋颖", roles=[role.value for role in roles])


def drawn(template: str, user: User | None = None, /, **context: object) -> str:
    """A template as `user` gets it; `path` in the context is the address of the page."""
    request: HttpRequest = RequestFactory().get(str(context.pop("path", "/queue/")))
    request.user = user or AnonymousUser()
    context.setdefault("staff_counts", {})  # else they are counted in the database
    return render_to_string(template, context, request=request)


def shell(user: User, /, **context: object) -> str:
    return drawn("base_staff.html", user, **context)


# ---------- what no template may contain ----------


@pytest.mark.parametrize("name", ALL)
def test_a_template_has_no_inline_style_script_or_handler(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:|hx-on|data:image", source), name
    assert not re.search(r"<script(?![^>]*\ssrc=)", source), name


@pytest.mark.parametrize("name", ALL)
def test_what_htmx_swaps_works_as_a_plain_link_or_form(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    source = re.sub(r"{%.*?%}", "x", source, flags=re.DOTALL)
    for tag in re.findall(r"<[a-z]+[^>]*\shx-(?:get|post)=[^>]*>", source):
        assert re.match(r"<a[^>]*\shref=|<form[^>]*\saction=|<button[^>]*\sformaction=", tag), tag


@pytest.mark.parametrize("name", ALL)
def test_a_form_that_posts_carries_its_token(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    for form in re.findall(r'<form[^>]*method="post".*?</form>', source, flags=re.DOTALL):
        assert "{% csrf_token %}" in form, form[:120]


# ---------- the shells ----------


def test_the_public_shell_offers_sign_in_and_both_switches() -> None:
    page = drawn("base_public.html", path="/privacy/")
    assert 'href="#main"' in page
    assert f'href="{reverse("sign-in")}"' in page
    assert 'href="/view/elder/?next=/privacy/"' in page
    assert 'href="/language/en/?next=/privacy/"' in page
    assert '"includeIndicatorStyles": false' in page


def test_a_citizen_finds_the_own_matters_and_an_officer_the_bench() -> None:
    citizen = drawn("base_public.html", User(pk=8, username="c", party_id=1), path="/")
    assert ">我的</a>" in citizen
    assert ">退出</button>" in citizen
    assert ">登录</a>" not in citizen
    agent = drawn("base_public.html", User(pk=9, username="u", agent_person_id=1), path="/units/")
    assert 'aria-current="page">我的单位</a>' in agent
    assert ">我的</a>" not in agent
    assert ">工作台</a>" in drawn("base_public.html", officer(Role.HANDLER), path="/")


def test_the_page_for_our_own_faults_needs_no_request() -> None:
    page = render_to_string("500.html")
    assert "不是您的操作有问题" in page
    assert 'href="/language/en/?next=/"' in page


@pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html", "500.html", "privacy.html"])
def test_every_page_for_trouble_says_what_one_can_do(name: str) -> None:
    page = drawn(name)
    assert page.count("<h1") == 1
    assert "12333" in page
    assert re.search(r"<title>[^<]+ · 安业</title>", page)


def test_the_refusal_page_says_who_may() -> None:
    page = drawn("403.html", who_may=["经办", "复核"], exception="<b>")
    assert "经办、复核" in page
    assert "<b></span>" not in page


# ---------- the officers' navigation ----------


def test_each_entry_of_the_navigation_leads_somewhere() -> None:
    for item in anye.STAFF_NAV:
        try:
            assert reverse(item.url_name)
        except NoReverseMatch:
            pytest.fail(f"{item.label} leads to {item.url_name}, which no page has")


def test_officers_see_what_they_may_open_and_how_much_waits() -> None:
    page = shell(officer(Role.HANDLER), staff_counts={"queue": 28})
    assert re.search(r'<a href="/queue/" aria-current="page" data-key="g q">我的待办<b>28</b></a>', page)
    assert "发放批次" in page
    assert "宋颖 · 经办" in page


def test_an_administrator_sees_no_cases() -> None:
    page = shell(officer(Role.SYSTEM_ADMIN), path="/shortcuts/")
    assert "发放批次</a>" not in page
    assert "我的待办</a>" not in page
    assert 'role="search"' not in page


def test_the_search_keeps_what_was_asked_and_escapes_it() -> None:
    page = shell(officer(Role.REVIEWER), path="/queue/?q=<script>")
    assert 'value="&lt;script&gt;"' in page


def test_english_pages_say_so() -> None:
    with translation.override("en"):
        page = shell(officer(Role.HANDLER))
    assert '<html lang="en">' in page
    assert 'href="/language/zh-hans/' in page


# ---------- parts of the case pages ----------


def test_a_clock_tells_words_date_and_what_is_provisional() -> None:
    assert "<b>承诺：今天</b><small>9月29日</small>" in drawn(
        "cases/_clock.html", clock=PROMISE, label="承诺"
    )
    provisional = Clock("ok", "剩 9 天", dt.date(2027, 1, 8), 1, 10, paused=False, provisional=True)
    assert "1月8日（暂定）" in drawn("cases/_clock.html", clock=provisional)
    paused = Clock("idle", "已暂停", dt.date(2025, 9, 29), 1, 3, paused=True, provisional=False)
    assert "等申请人" in drawn("cases/_clock.html", clock=paused)


def check(code: str, outcome: str) -> SimpleNamespace:
    return SimpleNamespace(code=code, outcome=outcome, title=code, detail="", source="社保系统", when=None)


def test_open_checks_come_first_and_unknown_is_not_shown_as_failed() -> None:
    page = drawn("cases/_checks.html", checks=[check("A", "PASS"), check("B", "UNKNOWN"), check("C", "FAIL")])
    assert page.index('id="check-B"') < page.index('id="check-A"')
    assert '<li class="open" id="check-B">' in page
    assert '<li class="open fail" id="check-C">' in page


def test_a_reason_is_one_sentence_with_its_article() -> None:
    reason = Reason(
        "R04",
        Outcome.PASS,
        None,
        None,
        Reference("社会保险法", "第五十一条第（四）项"),
        {},
        ("drawing_pension",),
    )
    page = drawn("cases/_reasons.html", reasons=[reason])
    assert "没有领取养老保险待遇。" in page
    assert "<small>社会保险法 第五十一条第（四）项</small>" in page


def test_a_sum_shows_amounts_and_words_and_ends_with_the_total() -> None:
    lines = [
        SimpleNamespace(label="月数", fen=None, value="17 个月", note="", total=False),
        SimpleNamespace(label="抵扣", fen=0, value="", note="", total=False),
        SimpleNamespace(label="共", fen=3_366_000, value="", note="", total=True),
    ]
    page = drawn("cases/_sum.html", lines=lines)
    assert "<b>17 个月</b>" in page
    assert "0.00" in page
    assert re.search(r'<li class="total"><span>共</span><b><span class="money">33,660.00', page)


def test_a_trail_keeps_an_officers_words_apart_and_escapes_them() -> None:
    event = SimpleNamespace(
        at=dt.datetime(2025, 9, 29, 1, 4, tzinfo=dt.UTC),
        actor_name="宋颖",
        verb_label="认定一项事实",
        tone="warn",
        detail="",
        remark="<script>",
    )
    page = drawn("cases/_trail.html", events=[event])
    assert "2025年9月29日 09:04" in page
    assert '<p class="remark">&lt;script&gt;</p>' in page
    assert "还没有经过" in drawn("cases/_trail.html", events=[])


def row(number: str) -> SimpleNamespace:
    case = SimpleNamespace(
        number=number,
        opened_at=dt.datetime(2025, 9, 25, tzinfo=dt.UTC),
        paused_at=None,
        statutory_due=dt.date(2025, 10, 15),
    )
    return SimpleNamespace(
        case=case,
        party_name="刘伟",
        masked_number="1301**********0012",
        kind_label="失业保险金",
        region_name="裕华区",
        passed=12,
        failed=0,
        unknown=1,
        months=13,
        amount_fen=2_574_000,
        promise_clock=PROMISE,
        statutory_clock=None,
        status_label="等经办",
        handler_name="",
        url=f"/claims/{number}/case/",
    )


def queue(**context: object) -> str:
    given = {
        "tabs": [
            {"code": "HANDLER", "label": "初审", "count": 1, "current": True, "url": "/queue/?tab=HANDLER"}
        ],
        "tab": "HANDLER",
        "filters": Filters(check="OPEN", text="刘"),
        "kind_choices": [("claim", "失业保险金")],
        "check_choices": selectors.check_choices(),
        "due_choices": list(selectors.DUE_CHOICES.items()),
        "page": SimpleNamespace(rows=[row("SP20250925-0187")]),
        "next_url": "",
        "total_label": "1 件",
        "clear_url": "/queue/?tab=HANDLER",
    }
    return drawn("cases/queue.html", officer(Role.HANDLER), **(given | context))


def test_the_queue_is_one_table_with_filters_that_keep_their_values() -> None:
    page = queue()
    assert '<a class="go" href="/claims/SP20250925-0187/case/">刘伟</a>' in page
    assert '<option value="OPEN" selected>有待核实' in page
    assert 'name="text" value="刘"' in page
    assert page.count("<h1>") == 1
    assert "后面的" not in page
    assert "后面的" in queue(next_url="/queue/?after=x")


def test_an_empty_queue_says_so() -> None:
    assert "这里没有等您办的事" in queue(page=SimpleNamespace(rows=[]))


def test_the_part_for_htmx_is_the_part_of_the_page() -> None:
    part = drawn(
        "cases/_rows.html",
        officer(Role.HANDLER),
        page=SimpleNamespace(rows=[row("SP20250925-0187")]),
        total_label="1 件",
    )
    assert "<html" not in part
    assert part.strip() in queue()


def desk(user: User, **state: object) -> str:
    source = Template("{% load anye %}{% desk case %}")
    request = RequestFactory().get("/")
    request.user = user
    case = Case(number="SP20250925-0187", **({"waits_for": "HANDLER"} | state))
    return source.render(RequestContext(request, {"case": case}))


def test_a_free_case_can_be_taken_by_whose_step_it_is() -> None:
    assert "我来办" in desk(officer(Role.HANDLER))
    assert "我来办" not in desk(officer(Role.REVIEWER))
    assert "我来办" in desk(officer(Role.REVIEWER), waits_for="REVIEWER")
    assert "我来办" not in desk(officer(Role.HANDLER), waits_for="APPLICANT")
    assert "我来办" not in desk(officer(Role.AUDITOR))


def test_a_held_case_says_whose_it_is() -> None:
    me, other = officer(Role.HANDLER), User(pk=9, username="other", full_name="孟庆", roles=["HANDLER"])
    assert "退回待办" in desk(me, handler=me)
    page = desk(me, handler=other)
    assert "孟庆 在办" in page
    assert "退回待办" not in page
    assert 'name="skip" value="SP20250925-0187"' in page
    assert "data-key" not in desk(officer(Role.AUDITOR), handler=other)


def test_the_case_page_names_person_number_and_clocks() -> None:
    page = drawn(
        "cases/case.html",
        officer(Role.HANDLER),
        case=Case(number="SP20250925-0187", waits_for="HANDLER"),
        party=SimpleNamespace(name="刘伟"),
        masked_number="1301**********0012",
        promise_clock=PROMISE,
        statutory_clock=None,
        checks=[check("A", "PASS")],
        determination=SimpleNamespace(pass_count=1, fail_count=0, unknown_count=0),
        events=[],
    )
    assert "<h1>刘伟</h1>" in page
    assert "1301**********0012" in page
    assert "承诺：今天" in page
    assert "核验 1 项" in page
    assert "<li>SP20250925-0187</li>" in page
