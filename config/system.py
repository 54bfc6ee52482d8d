"""The system administrator's page: which parts answer, which jobs ran, and what has stood too long.

Counts and times only: whoever keeps the machines running needs to know nobody's case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from celery.schedules import crontab
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from accounts.roles import Action, requires
from cases import kinds
from cases.kinds import WAITS_FOR_LABELS, Label, WaitsFor
from config import watch
from config.celery import TIMETABLE, Job
from config.health import parts_that_answer
from config.worker import Run

PARTS: Mapping[str, str | Promise] = {
    "database": gettext_lazy("数据库"),
    "broker": gettext_lazy("消息服务"),
    "worker": gettext_lazy("后台任务"),
}
JOBS: Mapping[str, str | Promise] = {
    "verify-submitted-claims": gettext_lazy("核验新提交的申请"),
    "accrue-current-month": gettext_lazy("冻结名册，生成本月应发"),
    "go-on-with-steps": gettext_lazy("接着做没做完的每月发放步骤"),
    "follow-payments": gettext_lazy("把到账的申请转为发放中"),
    "end-used-up-spells": gettext_lazy("月数领完的停发"),
    "drop-old-drafts": gettext_lazy("删除放了三十天的草稿"),
    "close-unanswered-notices": gettext_lazy("到期没有补正的结案"),
    "go-on-with-refund-runs": gettext_lazy("接着做没做完的稳岗返还筛查"),
    "end-refund-notices": gettext_lazy("稳岗返还公示期满送财政"),
    "check-owed-refunds": gettext_lazy("复查待拨付的稳岗返还"),
    "follow-refunds": gettext_lazy("把到账的稳岗返还记为已拨付"),
    "start-monthly-checks": gettext_lazy("每月核查：定名单"),
    "go-on-with-checks": gettext_lazy("每月核查：送比对、取结果"),
    "sweep-inquiries": gettext_lazy("核查询问和协查的期限"),
    "submit-approved-batches": gettext_lazy("把签齐的批次送银行"),
    "fetch-bank-receipts": gettext_lazy("取银行回执"),
    "reconcile-with-statement": gettext_lazy("和银行流水对账"),
    "sweep-commitments": gettext_lazy("催交划型承诺的材料"),
    "send-messages": gettext_lazy("发出没发成的消息"),
    "remind-of-returned-payments": gettext_lazy("提醒退票的人"),
    "go-on-with-jobs": gettext_lazy("接着做没做完的导出"),
    "go-on-with-imports": gettext_lazy("接着导入没导完的文件"),
    "recompute-provisional-deadlines": gettext_lazy("日历公布后重算暂定的期限"),
    "return-held-cases": gettext_lazy("搁置到期的案件退回待办"),
    "seal-yesterday": gettext_lazy("封存昨天的记录"),
    "count-figures": gettext_lazy("统计看板的数字"),
    "clear-expired": gettext_lazy("清理过期的登录和令牌"),
}
"""What each job of the timetable does, for people."""

LATE_AFTER = 3
"""A job is late when so many of its turns have passed since its last end."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One job of the timetable as the page shows it."""

    label: Label
    when: str
    ran_at: datetime | None
    tone: str
    words: str


@dataclass(frozen=True)
class Standing:
    """Open cases of a kind in a status; `tone` is bad where some are too old."""

    kind: Label
    status: Label
    waits_for: Label
    count: int
    oldest_at: datetime
    limit: str
    too_old: int
    tone: str


@never_cache
@requires(Action.SEE_SYSTEM)
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """The page."""
    now = datetime.now(UTC)  # noqa: TID251 - a view reads the clock
    waiting = watch.open_cases(now=now)
    try:
        runs = watch.last_runs()
    except RedisError:
        runs = {}
    context = {
        "parts": [(PARTS[part], answers) for part, answers in parts_that_answer().items()],
        "jobs": [_line(name, job, runs.get(name), now=now) for name, job in TIMETABLE.items()],
        "cases": [_standing(one) for one in waiting],
        "too_old": sum(one.too_old for one in waiting),
        "provisional": sum(one.provisional for one in waiting),
        "unsent": watch.unsent_messages(),
        "transit": watch.payments_in_transit(),
        "lookups": watch.lookups_lately(now=now),
    }
    return render(request, "administration/system.html", context)


def _line(name: str, job: Job, run: Run | None, *, now: datetime) -> Line:
    label = JOBS.get(name, name)
    if run is None:
        return Line(label, _when(job.every), None, "idle", _("没有记录"))
    ran_at = datetime.fromtimestamp(run.at, tz=UTC)
    if run.state != "SUCCESS":
        tone, words = "bad", _("出错")
    elif now - ran_at > LATE_AFTER * _turn(job.every):
        tone, words = "warn", _("晚了")
    else:
        tone, words = "ok", _("正常")
    return Line(label, _when(job.every), ran_at, tone, words)


def _turn(every: timedelta | crontab) -> timedelta:
    """How long from one turn to the next."""
    if isinstance(every, timedelta):
        return every
    return DAY if len(_hours(every)) == 1 else timedelta(hours=1)


def _hours(every: crontab) -> set[int]:
    """The hours of the day; the library's types leave them out."""
    fields: Any = every
    found: set[int] = fields.hour
    return found


def _when(every: timedelta | crontab) -> str:
    if isinstance(every, timedelta):
        seconds = int(every.total_seconds())
        if seconds % 60:
            return ngettext("每 %(n)s 秒", "每 %(n)s 秒", seconds) % {"n": seconds}
        return ngettext("每 %(n)s 分钟", "每 %(n)s 分钟", seconds // 60) % {"n": seconds // 60}
    fields: Any = every
    minute: int = min(fields.minute)
    hours = _hours(every)
    if len(hours) == 1:
        return _("每天 %(at)s") % {"at": f"{min(hours):02d}:{minute:02d}"}
    return _("每小时第 %(minute)s 分") % {"minute": minute}


def _standing(one: watch.Waiting) -> Standing:
    kind = kinds.get(one.kind)
    return Standing(
        kind=kind.label,
        status=kind.status_labels.get(one.status, one.status),
        waits_for=WAITS_FOR_LABELS[WaitsFor(one.waits_for)],
        count=one.count,
        oldest_at=one.oldest_at,
        limit=_age(one.limit),
        too_old=one.too_old,
        tone="bad" if one.too_old else "",
    )


def _age(limit: timedelta | None) -> str:
    if limit is None:
        return ""
    hours = int(limit.total_seconds()) // 3_600
    if hours % 24:
        return ngettext("%(n)s 小时", "%(n)s 小时", hours) % {"n": hours}
    return ngettext("%(n)s 天", "%(n)s 天", limit.days) % {"n": limit.days}
