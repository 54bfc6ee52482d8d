"""The page of a monthly check: how far it is, what it found by check and severity, and the list of findings.

Reads only, in the viewer's regions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import in_regions
from audit import kinds
from audit.checks import CATALOGUE, OPEN_ANSWERS, Check, Severity
from audit.models import CheckFile, CheckHit, CheckRun, Finding
from law.money import Fen

RUNS_SHOWN = 24
LISTED = 25
_NUMBER = re.compile(r"HC(\d{6})-(\d{4})(\d{2})", re.ASCII)

RULED_OUT = (kinds.FALSE_POSITIVE, kinds.CLEARED)
TONES = {
    kinds.HIT: "info",
    kinds.SCREENED: "info",
    kinds.INQUIRY: "warn",
    kinds.HEARD: "warn",
    kinds.PROPOSED: "warn",
    kinds.FALSE_POSITIVE: "ok",
    kinds.CLEARED: "ok",
    kinds.CONFIRMED: "bad",
}


@dataclass(frozen=True, slots=True)
class Pick:
    """A finding as the list beside it shows it."""

    number: str
    name: str
    status_label: str | Promise
    tone: str
    check_label: str | Promise
    province: str
    start_month: str
    goes_on: bool


@dataclass(frozen=True, slots=True)
class CheckCount:
    """What one check found: how many hits, and what became of them."""

    check: Check
    severity: Severity
    hits: int
    open: int
    ruled_out: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class RunPage:
    """All that the page shows."""

    run: CheckRun
    file: CheckFile | None
    stage: str
    unanswered: int
    hits: int
    ruled_out: int
    open: int
    confirmed: int
    overpaid_fen: Fen
    checks: Sequence[CheckCount]
    picks: Sequence[Pick]
    after: int | None
    may_ask: bool


def runs_of(viewer: User) -> list[CheckRun]:
    """The runs of the viewer's regions, newest month first."""
    rows = in_regions(CheckRun.objects.all(), viewer)
    return list(rows.order_by("-period", "region")[:RUNS_SHOWN])


def latest_run(viewer: User) -> CheckRun | None:
    """The run of the newest month in the viewer's regions."""
    return next(iter(runs_of(viewer)), None)


def run_by_number(viewer: User, number: str) -> CheckRun | None:
    """A run of the viewer's regions by its number, `HC130100-202512`."""
    found = _NUMBER.fullmatch(number)
    if found is None:
        return None
    rows = in_regions(CheckRun.objects.all(), viewer)
    return rows.filter(region=found[1], period=f"{found[2]}-{found[3]}").first()


def run_page(viewer: User, run: CheckRun, *, after: int | None = None) -> RunPage:
    """The page of one run; the list of findings goes on behind the key `after`."""
    findings = _of_run(run)
    counts = findings.aggregate(
        ruled_out=Count("pk", filter=Q(case__status__in=RULED_OUT)),
        open=Count("pk", filter=Q(closed_at=None)),
        confirmed=Count("pk", filter=Q(case__status=kinds.CONFIRMED)),
        overpaid=Sum("overpaid_fen"),
    )
    picked, following = picks(run, after=after)
    file = run.files.order_by("-round").defer("content", "answer").first()
    unanswered = run.rows.filter(answers__regex=OPEN_ANSWERS).count()
    checks = _by_check(run)
    return RunPage(
        run=run,
        file=file,
        stage=_stage(run, file),
        unanswered=unanswered,
        hits=sum(one.hits for one in checks if one.severity is not Severity.NONE),
        ruled_out=counts["ruled_out"],
        open=counts["open"],
        confirmed=counts["confirmed"],
        overpaid_fen=Fen(counts["overpaid"] or 0),
        checks=checks,
        picks=picked,
        after=following,
        may_ask=can(viewer, Action.HANDLE_CASE) and unanswered > 0,
    )


def picks(run: CheckRun, *, after: int | None = None) -> tuple[list[Pick], int | None]:
    """A page of a run's findings, oldest first, and the key behind which the next one begins."""
    rows = _of_run(run).select_related("case__party", "hit").order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    found = list(rows[: LISTED + 1])
    shown = found[:LISTED]
    return [pick_of(one) for one in shown], shown[-1].pk if len(found) > LISTED else None


def pick_of(finding: Finding) -> Pick:
    """The line of one finding."""
    return Pick(
        number=finding.case.number,
        name=finding.case.party.name if finding.case.party is not None else "",
        status_label=kinds.FINDING.status_labels[finding.case.status],
        tone=TONES[finding.case.status],
        check_label=Check(finding.check_code).label,
        province=finding.hit.province,
        start_month=finding.hit.start_month,
        goes_on=finding.severity != Severity.HIGH,
    )


def _of_run(run: CheckRun) -> QuerySet[Finding]:
    return Finding.objects.filter(hit__row__run=run)


def _by_check(run: CheckRun) -> list[CheckCount]:
    rows = (
        CheckHit.objects.filter(row__run=run)
        .values("check_code")
        .annotate(
            hits=Count("pk"),
            is_open=Count("finding", filter=Q(finding__isnull=False, finding__closed_at=None)),
            ruled_out=Count("pk", filter=Q(finding__case__status__in=RULED_OUT)),
            confirmed=Count("pk", filter=Q(finding__case__status=kinds.CONFIRMED)),
        )
    )
    found = {
        row["check_code"]: (row["hits"], row["is_open"], row["ruled_out"], row["confirmed"])
        for row in rows.order_by()
    }
    return [
        CheckCount(check, CATALOGUE[check].severity, *found.get(check.value, (0, 0, 0, 0))) for check in Check
    ]


def _stage(run: CheckRun, file: CheckFile | None) -> str:
    """How far a run is, in words."""
    if file is None:
        return _("名单已定，等送比对")
    if file.problem:
        return _("全国信息查询比对没有答复，系统会再试；没有答复不算没有问题")
    if file.answered_at is None:
        return _("已送全国信息查询比对，等结果") if file.accepted_at else _("正在送全国信息查询比对")
    return _("全国信息查询比对完成") if run.closed_at is not None else _("还有人没回结果，稍后自动重查")
