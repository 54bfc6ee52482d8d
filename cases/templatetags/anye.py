"""Template tags and filters of every page: money, dates, seals, the bridge, form fields and the navigation.

Only words and shapes are made here, in the reader's language. This module never reads the database or the
clock, and never decides anything: what a page says was decided by the view's selector.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput
from django.http import HttpRequest
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from accounts.roles import Action, can
from cases import selectors, wording
from cases.kinds import WaitsFor
from cases.models import Case
from cases.steps import right_for
from cases.wording import ENGLISH_MONTHS, date_words, english, month_words, reference_words
from law.decision import Reason, Reference
from law.money import Fen, yuan_grouped

register = template.Library()

Day = dt.date | dt.datetime | str | None
DateFilter = Callable[[Day], str]

SHANGHAI = ZoneInfo("Asia/Shanghai")
ENGLISH_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CHINESE_DAYS = "一二三四五六日"


# ---------- money and numbers ----------


@register.filter
def amount(fen: int | None) -> str:
    """Fen as bare digits, for a table column whose heading names the unit. Nothing for None."""
    return "" if fen is None else yuan_grouped(Fen(fen))


@register.filter
def money(fen: int | None, variant: str = "") -> str:
    """Fen as `<span class="money">1,980.00<i>元</i></span>`; `variant` may be "big". Nothing for None."""
    if fen is None:
        return ""
    classes = " ".join(filter(None, ["money", variant, "less" if fen < 0 else ""]))
    space = " " if english() else ""
    return format_html(
        '<span class="{}">{}<i>{}{}</i></span>', classes, yuan_grouped(Fen(fen)), space, gettext("元")
    )


BIG_UNITS: tuple[tuple[int, str | Promise, int], ...] = (
    (100_000_000_00, _("亿元"), 2),
    (10_000_00, _("万元"), 1),
)
"""Fen of a unit for big sums, its name, its decimal places; below the last one sums are shown in yuan."""
ENGLISH_UNITS: tuple[tuple[int, str | Promise, int], ...] = ((1_000_000_00, "m", 2), (1_000_00, "k", 1))


@register.filter
def money_short(fen: int | None) -> str:
    """A big sum for a headline, `7.10<i>亿元</i>`, rounded down; the exact one stands elsewhere."""
    if fen is None:
        return ""
    for unit, name, places in ENGLISH_UNITS if english() else BIG_UNITS:
        if abs(fen) >= unit:
            scaled = abs(fen) * 10**places // unit
            whole, part = divmod(scaled, 10**places)
            sign = "−" if fen < 0 else ""
            words = f"{name} {gettext('元')}" if english() else name
            return format_html("{}{}.{}<i>{}</i>", sign, f"{whole:,}", str(part).rjust(places, "0"), words)
    return format_html("{}<i>{}{}</i>", yuan_grouped(Fen(fen)), " " if english() else "", gettext("元"))


@register.filter
def percent(basis_points: int | None) -> str:
    """Basis points as `99.2<i>%</i>`, rounded down: 99.99 % must not read as all."""
    if basis_points is None:
        return ""
    return format_html("{}.{}<i>%</i>", basis_points // 100, basis_points % 100 // 10)


@register.filter
def money_text(fen: int | None) -> str:
    """Fen as plain words, "1,980.00 元": for attributes, titles and inside sentences. Nothing for None."""
    return "" if fen is None else f"{yuan_grouped(Fen(fen))} {gettext('元')}"


@register.filter
def grouped(number: int | None) -> str:
    """A count with thousands separators: 4986 -> "4,986"."""
    return "" if number is None else f"{number:,}".replace("-", "\u2212")


@register.filter
def shown(count: int) -> str:
    """A count that stops, as the tabs show it: 999+ from a thousand on."""
    return selectors.shown_count(count)


# ---------- dates ----------


def _day(value: Day) -> dt.date | None:
    """A date from a date, an aware datetime (taken in Shanghai) or ISO text as decisions store it.

    Raises ValueError for text that is no date: a page that shows a wrong date is worse than one that fails.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return dt.date.fromisoformat(value[:10])
    if isinstance(value, dt.datetime):
        return _local(value).date()
    return value


def _local(moment_: dt.datetime) -> dt.datetime:
    return moment_.astimezone(SHANGHAI)


def _moment(value: dt.datetime | str | None) -> dt.datetime | None:
    if isinstance(value, str):
        return _local(dt.datetime.fromisoformat(value)) if value else None
    return _local(value) if value else None


@register.filter
def cn_date(value: Day) -> str:
    """2025年9月26日, in English 26 September 2025."""
    day = _day(value)
    return "" if day is None else date_words(day)


@register.filter
def short_date(value: Day) -> str:
    """9月26日, in English 26 Sep: for dense tables where the year is plain from the page."""
    day = _day(value)
    if day is None:
        return ""
    if english():
        return f"{day.day} {ENGLISH_MONTHS[day.month - 1][:3]}"
    return f"{day.month}月{day.day}日"


@register.filter
def near_date(value: Day) -> str:
    """2025年9月30日（周二）, in English 30 September 2025 (Tue): a due date that is near."""
    day = _day(value)
    if day is None:
        return ""
    if english():
        return f"{cn_date(day)} ({ENGLISH_DAYS[day.weekday()]})"
    return f"{cn_date(day)}（周{CHINESE_DAYS[day.weekday()]}）"


@register.filter
def moment(value: dt.datetime | str | None) -> str:
    """2025年9月26日 14:05, Shanghai time; in English 26 September 2025, 14:05."""
    at = _moment(value)
    if at is None:
        return ""
    return f"{cn_date(at)}{',' if english() else ''} {at:%H:%M}"


@register.filter
def short_moment(value: dt.datetime | str | None) -> str:
    """9月26日 14:05, Shanghai time."""
    at = _moment(value)
    return "" if at is None else f"{short_date(at)} {at:%H:%M}"


@register.filter
def cn_month(value: Day) -> str:
    """2025年10月, in English October 2025, from a date or "2025-10"; 2025年 from "2025"."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}", value):
        return month_words(value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}", value):
        value = f"{value}-01"
    day = _day(value)
    if day is None:
        return ""
    return month_words(day.isoformat())


# ---------- numbers of persons and accounts ----------


@register.filter
def tail(account: str | None) -> str:
    """The last four characters of an account, named as such: 尾号 0012. Nothing for an empty account."""
    if not account:
        return ""
    return format_html(
        '<span class="nb">{} <span class="code">{}</span></span>', gettext("尾号"), str(account)[-4:]
    )


@register.filter
def region_name(code: str | None) -> str:
    """The name of a county by its code, 130102 -> 长安区; for the code of a whole city 全市."""
    if not code:
        return ""
    name = selectors.region_name(code)
    return gettext("全市") if name == code and code.endswith("00") else name


@register.filter
def role_names(codes: Sequence[str]) -> str:
    """Officers' roles in words: 经办、复核."""
    return gettext("、").join(str(Role(code).label) for code in codes)


# ---------- seals and tones ----------

SEALS: Mapping[str, tuple[str, str | Promise, str | Promise]] = {
    "OK": ("ok", pgettext_lazy("seal", "合"), _("符合")),
    "FAIL": ("bad", pgettext_lazy("seal", "否"), _("不符合")),
    "OPEN": ("warn", pgettext_lazy("seal", "待"), _("待核实")),
}
_SYNONYMS = {"PASS": "OK", "UNKNOWN": "OPEN", "GRANT": "OK", "REFUSE": "FAIL", "REVIEW": "OPEN"}


def _seal_of(outcome: object) -> tuple[str, str | Promise, str | Promise]:
    code = str(getattr(outcome, "value", outcome))
    return SEALS[_SYNONYMS.get(code, code)]


@register.simple_tag
def seal(outcome: object) -> str:
    """The one-character sign of a check: OK or PASS 合, FAIL 否, OPEN or UNKNOWN 待. KeyError for another."""
    tone_, sign, words = _seal_of(outcome)
    return format_html('<span class="seal {}" role="img" aria-label="{}">{}</span>', tone_, words, sign)


@register.filter
def sentence(reason: Reason) -> str:
    """A reason's sentence in the reader's language: its pattern translated, then its numbers filled in."""
    return wording.sentence(reason)


@register.filter
def reference(cited: Reference) -> str:
    """Title and article of what a reason rests on, in the reader's language."""
    return reference_words(cited)


@register.simple_tag
def count_tag(outcome: object, count: int) -> str:
    """How many checks came out so, as a tag "合 12"; nothing for 0."""
    if not count:
        return ""
    tone_, sign, words = _seal_of(outcome)
    return format_html(
        '<span class="tag {}"><span class="sr">{}</span><span aria-hidden="true">{}</span>&nbsp;{}</span>',
        tone_,
        words,
        sign,
        count,
    )


@register.simple_tag
def ticks(used: int | None, total: int | None) -> str:
    """The marks of a clock: one for each working day, filled when used. Nothing for a clock of no length."""
    if not total:
        return ""
    filled = max(0, min(used or 0, total))
    marks = SafeString('<i class="on"></i>' * filled + "<i></i>" * (total - filled))
    return format_html('<span class="ticks" aria-hidden="true">{}</span>', marks)


@register.filter
def tone(outcome: object) -> str:
    """The tone class of an outcome or verdict: ok, bad or warn."""
    return _seal_of(outcome)[0]


# ---------- the bridge ----------

_STONE = (
    "M8 60Q180 22 352 60V122H312Q180 -2 48 122H8ZM18 122V98a10 10 0 0 1 20 0v24ZM52 104V86a9 9 0 0 1 18 0v4Z"
    "M308 122zM342 122V98a10 10 0 0 0-20 0v24ZM308 104V86a9 9 0 0 0-18 0v4Z"
)
_ROAD = "M8 60Q180 22 352 60"
_FIRST_POST, _LAST_POST = 0.07, 0.93  # where on the deck the posts stand, as shares of its length


def _on_deck(share: float) -> tuple[float, float]:
    """The point at `share` of the deck: a quadratic Bézier curve from 8,60 over 180,22 to 352,60."""
    return 8 + 344 * share, 60 - 76 * share * (1 - share)


def _walked(share: float) -> str:
    """The part of the deck up to `share`, as a path of its own (de Casteljau's split)."""
    x, y = _on_deck(share)
    return f"M8 60Q{8 + 172 * share:.1f} {60 - 38 * share:.1f} {x:.1f} {y:.1f}"


@register.simple_tag
def bridge(stage: int, total: int, labels: Sequence[str] | str = "") -> str:
    """The picture of the way: `total` posts on a bridge, walked up to post `stage` (1 the first).

    `stage` 0 is before the start, `total` + 1 is when all is done. `labels` is a list, or text parted by 、.
    It is drawn for the eye only: the page must say the same in `.steps`. ValueError if a label is missing.
    """
    names = (
        [name for name in labels.split("、") if name] if isinstance(labels, str) else [str(n) for n in labels]
    )
    if names and len(names) != total:
        raise ValueError("a bridge needs one label for each post, or none")
    step = (_LAST_POST - _FIRST_POST) / max(total - 1, 1)
    shares = [_FIRST_POST + step * index for index in range(total)]
    posts: list[tuple[str, str, str, str]] = []
    texts: list[tuple[str, str, str, str]] = []
    for position, share in enumerate(shares, start=1):
        x, y = _on_deck(share)
        state = "done" if position < stage else "now" if position == stage else ""
        posts.append((state, f"{x:.1f}", f"{y:.1f}", "8"))
        if names:
            texts.append((state, f"{x:.1f}", f"{y - 18:.1f}", names[position - 1]))
    reached = 1.0 if stage > total else shares[stage - 1] if stage >= 1 else 0.0
    walked = format_html('<path class="walked" d="{}"/>', _walked(reached)) if reached else ""
    return format_html(
        '<svg class="bridge" viewBox="0 0 360 126" aria-hidden="true">'
        '<path class="stone" fill-rule="evenodd" d="{}"/><path class="road" d="{}"/>{}{}{}</svg>',
        _STONE,
        _ROAD,
        walked,
        format_html_join("", '<circle class="post {}" cx="{}" cy="{}" r="{}"/>', posts),
        format_html_join("", '<text class="{}" x="{}" y="{}">{}</text>', texts),
    )


# ---------- form fields ----------


@register.filter
def control(bound: BoundField, classes: str = "") -> SafeString:
    """A form's control with the classes of the design: `{{ form.mobile|control:"w-m" }}`."""
    extra = f"input {classes}".strip()
    return bound.as_widget(attrs={"class": extra})


@register.inclusion_tag("_field.html")
def field(bound: BoundField, width: str = "", inline: bool = False) -> dict[str, object]:
    """A form field as the design has it: label, help, error, control, in that order.

    `width` is "", "w-s", "w-m" or "w-l"; `inline` puts radio buttons in one line. Checkboxes and radio groups
    are recognised by their widget.
    """
    widget = bound.field.widget
    return {
        "field": bound,
        "width": width,
        "inline": inline,
        "is_checkbox": isinstance(widget, CheckboxInput),
        "is_group": widget.use_fieldset,
    }


# ---------- navigation ----------


@dataclass(frozen=True)
class NavItem:
    """An entry of the officers' navigation: shown to who may do `action`, once its page exists."""

    section: str | Promise
    label: str | Promise
    url_name: str
    action: Action
    counter: str = ""
    key: str = ""


# The one list of the officers' navigation: section, words, URL name, right, name in `staff_counts`, keys.
STAFF_NAV: tuple[NavItem, ...] = (
    NavItem(_("工作台"), _("我的待办"), "queue", Action.SEE_QUEUE, "queue", "g q"),
    NavItem(_("工作台"), _("每月发放"), "months", Action.SEE_BATCHES, "month", "g m"),
    NavItem(_("工作台"), _("发放批次"), "batches", Action.SEE_BATCHES, "batch", "g b"),
    NavItem(_("工作台"), _("待付和应收"), "liabilities", Action.SEE_BATCHES),
    NavItem(_("企业"), _("稳岗返还"), "refunds", Action.SEE_CASE, "refund", "g r"),
    NavItem(_("企业"), _("失信和重点名单"), "lists", Action.SEE_UNITS),
    NavItem(_("企业"), _("暂缓返还"), "holds", Action.SEE_UNITS),
    NavItem(_("核查"), _("异地核查"), "checks", Action.SEE_CASE, key="g c"),
    NavItem(_("监督"), _("基金看板"), "fund", Action.SEE_FUND, key="g f"),
    NavItem(_("监督"), _("各人在办"), "desks", Action.REASSIGN, key="g d"),
    NavItem(_("监督"), _("政策参数"), "policy", Action.SEE_POLICY, "policy", "g p"),
    NavItem(_("管理"), _("导入"), "imports", Action.IMPORT),
    NavItem(_("管理"), _("用户和岗位"), "users", Action.MANAGE_USERS),
    NavItem(_("管理"), _("接口客户"), "api-clients", Action.MANAGE_USERS),
    NavItem(_("管理"), _("访问记录"), "access-log", Action.READ_AUDIT_LOG),
    NavItem(_("管理"), _("系统运行"), "system", Action.SEE_SYSTEM),
)


def _url(name: str) -> str:
    """The address of a page, or "" while the page is not built: an entry appears together with its page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _request(context: Context) -> HttpRequest | None:
    request = context.get("request")
    return request if isinstance(request, HttpRequest) else None


@register.simple_tag
def is_demo() -> bool:
    """Whether the outside world is the sandbox, so that pages say their data are synthetic."""
    return bool(settings.ANYE_DEMO)


@register.simple_tag(takes_context=True)
def this_page(context: Context) -> str:
    """The address to come back to, for a `next` parameter; the home page where a form was just posted."""
    request = _request(context)
    return request.get_full_path() if request is not None and request.method == "GET" else "/"


def _user(context: Context) -> User | None:
    """Who reads the page, or None; pages without a request (500) have nobody."""
    request = _request(context)
    user = getattr(request, "user", None)
    return user if isinstance(user, User) and user.is_authenticated else None


def _visible(user: User | None) -> list[tuple[NavItem, str]]:
    if user is None:
        return []
    return [(item, url) for item in STAFF_NAV if can(user, item.action) and (url := _url(item.url_name))]


@register.inclusion_tag("_staff_nav.html", takes_context=True)
def staff_nav(context: Context) -> dict[str, object]:
    """The officers' navigation, by their rights; counts from the context's `staff_counts` (counter -> n)."""
    request = _request(context)
    path = request.path if request else ""
    counts = context.get("staff_counts") or {}
    sections: list[dict[str, object]] = []
    entries: list[dict[str, object]] = []
    for item, url in _visible(_user(context)):
        if not sections or sections[-1]["label"] != item.section:
            entries = []
            sections.append({"label": item.section, "entries": entries})
        entries.append(
            {
                "label": item.label,
                "url": url,
                "key": item.key,
                "count": counts.get(item.counter, 0),
                "current": path.startswith(url),
            }
        )
    return {"sections": sections}


@register.simple_tag(takes_context=True)
def staff_home(context: Context) -> str:
    """Where the brand leads officers: the first page they may open, else the public home page."""
    visible = _visible(_user(context))
    return visible[0][1] if visible else _url("home")


@register.inclusion_tag("_staff_search.html", takes_context=True)
def staff_search(context: Context) -> dict[str, object]:
    """The search field of the bench, for officers who see the queue."""
    user, request = _user(context), _request(context)
    url = _url("queue") if user is not None and can(user, Action.SEE_QUEUE) else ""
    return {"url": url, "q": request.GET.get("q", "") if request else ""}


STEP_RIGHTS: Mapping[str, Action] = {
    WaitsFor.HANDLER: Action.HANDLE_CASE,
    WaitsFor.REVIEWER: Action.REVIEW_CASE,
}
"""Who may take a case on the desk: whose step it waits for."""


@register.simple_tag(takes_context=True)
def next_case_url(context: Context) -> str:
    """Where the next case is taken (POST), for officers who handle or review; else nothing."""
    user = _user(context)
    works = user is not None and any(can(user, right) for right in STEP_RIGHTS.values())
    return _url("queue-next") if works else ""


@register.inclusion_tag("cases/_desk.html", takes_context=True)
def desk(context: Context, case: Case) -> dict[str, object]:
    """Whose desk an open case lies on, and what the reader may do about that."""
    user = _user(context)
    held = case.handler_id is not None
    right = STEP_RIGHTS.get(case.waits_for)
    may_take = user is not None and right is not None and can(user, right) and case.closed_at is None
    mine = held and user is not None and case.handler_id == user.pk
    aside = case.waits_for == WaitsFor.OFFICE
    may_give = user is not None and can(user, Action.REASSIGN) and right_for(case) is not None
    return {
        "csrf_token": context.get("csrf_token"),
        "number": case.number,
        "mine": mine,
        "holder": case.handler if held else None,
        "take_url": reverse("case-take", args=[case.number]) if may_take and not held else "",
        "release_url": reverse("case-release", args=[case.number]) if held else "",
        "hold_url": reverse("case-hold", args=[case.number]) if may_take and (mine or not held) else "",
        "held_until": case.hold_until if aside else None,
        "resume_url": reverse("case-resume", args=[case.number]) if aside and (mine or not held) else "",
        "reassign_url": reverse("case-reassign", args=[case.number]) if may_give else "",
        "next_url": next_case_url(context),
    }


@register.inclusion_tag("_staff_who.html", takes_context=True)
def staff_who(context: Context) -> dict[str, object]:
    """Who is at work, in which roles, and the way out."""
    user = _user(context)
    return {
        "request": _request(context),
        "csrf_token": context.get("csrf_token"),
        "name": (user.full_name or user.username) if user is not None else "",
        "roles": role_names(user.roles) if user is not None else "",
        "account_url": _url("own-account") if user is not None and can(user, Action.OWN_ACCOUNT) else "",
        "sign_out_url": _url("sign-out") if user is not None else "",
    }


@register.inclusion_tag("_public_account.html", takes_context=True)
def public_account(context: Context) -> dict[str, object]:
    """The account links of the public header: 我的 or 我的单位, and 退出; or 登录; or an officer's bench."""
    user, request = _user(context), _request(context)
    staff = user is not None and user.is_staff_member
    return {
        "csrf_token": context.get("csrf_token"),
        "here": request.path if request else "",
        "staff_url": staff_home(context) if staff else "",
        "my_url": _url("my") if user is not None and can(user, Action.SEE_OWN_MATTERS) else "",
        "units_url": _url("units") if user is not None and can(user, Action.SEE_OWN_UNITS) else "",
        "sign_in_url": _url("sign-in") if user is None else "",
        "sign_out_url": _url("sign-out") if user is not None else "",
    }
