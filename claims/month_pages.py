"""What the pages of the month show: its steps with counts, days and turns, its roll, and what differs.

Reads only, put together from `claims.rolls` and the selectors of the money. No clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import cases.selectors
import payouts.selectors
import policy.selectors
from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import covers
from cases.timetable import next_turn
from claims import kinds, rolls
from claims.month_models import BenefitMonth, StepRun
from claims.rolls import Difference, Roll
from law import months
from law.errors import MissingParameter
from law.money import yuan_grouped
from law.parameters import ParameterBook
from law.workdays import provisional_due
from payouts.month_models import FundRequest
from payouts.selectors import MonthBatch, Total

Step = StepRun.Step

TASKS = {
    Step.FREEZE: "claims.tasks.accrue_current_month",
    Step.SCAN: "claims.tasks.accrue_current_month",
    Step.OWE: "claims.tasks.accrue_current_month",
    Step.SEND: "payouts.tasks.submit_approved",
    Step.RESULTS: "payouts.tasks.fetch_receipts",
    Step.RECONCILE: "payouts.tasks.reconcile",
}
"""The task of the timetable that does each step by itself."""

BY_DAY = {
    "FREEZE": "payout.freeze_by_day",
    "SCAN": "payout.freeze_by_day",
    "OWE": "payout.owe_by_day",
    "SEND": "benefit.pay_by_day",
    "RESULTS": "payout.reconcile_by_day",
    "RECONCILE": "payout.reconcile_by_day",
}
"""The day of the month by which each step is due, by policy."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step as the page shows it. `outcome` is PASS, OPEN or "" (not its turn yet)."""

    code: str
    label: str
    outcome: str
    words: str
    by: date | None
    at: datetime | None
    next_at: datetime | None
    run: StepRun | None
    problem: str
    may_run: bool


def due_by(key: str, month: str, *, region: str, law: ParameterBook) -> date | None:
    """The day by which a step is due: the policy's day of the month, on the next working day if it is none.

    2026-10 and the 3rd: the holiday lasts to the 7th, so 2026-10-08. None where the policy has no day.
    """
    first = months.first_day(months.parse(month))
    try:
        day = first.replace(day=law.integer(key, region=region, on=first))
    except MissingParameter:
        return None
    try:
        return policy.selectors.calendar(region=region, law=law).next_working_day(day)
    except MissingParameter:
        before = date.fromordinal(day.toordinal() - 1)
        return provisional_due(before, 1)


def month_page(
    row: BenefitMonth, *, viewer: User, differences: Sequence[Difference], now: datetime
) -> dict[str, object]:
    """The page of one month."""
    roll = rolls.roll_of(row)
    money = payouts.selectors.money_of(row.pool, row.month)
    batches = payouts.selectors.batches_of(row.pool, row.month)
    returned = payouts.selectors.returned_of(row.pool, row.month)
    may_run = can(viewer, Action.RUN_MONTH) and covers(viewer, row.pool)
    may_sign = can(viewer, Action.SIGN_MONTH) and covers(viewer, row.pool)
    steps = {**_of_roll(row, roll), **_of_money(row, money, batches, returned)}
    requests = payouts.selectors.fund_requests_of(row.pool, row.month)
    return {
        "row": row,
        "case": row.case,
        "status_label": kinds.MONTH.status_labels[row.case.status],
        "tone": rolls.tone_of(row),
        "roll": roll,
        "held_back": rolls.held_back_words(row) if roll.not_owed else [],
        "money": money,
        "returned": returned,
        "to_recover": payouts.selectors.to_recover_of(row.pool, row.month),
        "steps": _steps(row, steps, now=now, may_run=may_run and row.closed_at is None),
        "running": rolls.is_running(row),
        "batches": batches,
        "fund_requests": [(one, payouts.selectors.fund_status(one)) for one in requests],
        "fund": payouts.selectors.fund(row.pool),
        "may_ask_funds": may_run
        and row.closed_at is None
        and roll.not_owed > 0
        and not any(one.closed_at is None for one in requests),
        "differences": differences,
        "may_propose": may_run and row.case.status == kinds.OPEN,
        "may_sign": may_sign and row.case.status == kinds.PROPOSED and row.proposed_by_id != viewer.pk,
        "events": cases.selectors.timeline(row.case),
    }


Done = dict[Step, tuple[str, str, datetime | None]]
"""How far each step is: its outcome, its numbers in words, and when it last did something."""


def _steps(row: BenefitMonth, done: Done, *, now: datetime, may_run: bool) -> list[StepRow]:
    runs, law = rolls.latest_runs(row), policy.selectors.book()
    return [
        StepRow(
            code=step.value,
            label=str(step.label),
            outcome=outcome,
            words=words,
            by=due_by(BY_DAY[step.value], row.month, region=row.pool, law=law),
            at=at,
            next_at=next_turn(TASKS[step], now=now) if row.closed_at is None else None,
            run=(run := runs.get(step.value)),
            problem=rolls.problem_words(run.problem) if run is not None and run.problem else "",
            may_run=may_run,
        )
        for step, (outcome, words, at) in done.items()
    ]


def _of_roll(row: BenefitMonth, roll: Roll) -> Done:
    numbers = {"owed": f"{roll.owed:,}", "added": f"{roll.added:,}", "rest": f"{roll.not_owed:,}"}
    noted = sum(n for _code, _label, n in roll.noted_by)
    return {
        Step.FREEZE: (
            "PASS",
            _("在册 %(on)s 人，出册 %(left)s 人") % {"on": f"{roll.on:,}", "left": f"{roll.left:,}"},
            row.frozen_at,
        ),
        Step.SCAN: (
            "PASS" if row.scanned_at else "OPEN",
            _("要看一眼的 %(n)s 人") % {"n": f"{noted:,}"},
            row.scanned_at,
        ),
        Step.OWE: (
            "OPEN" if roll.not_owed else "PASS",
            _("已生成 %(owed)s 笔，其中冻结后追加 %(added)s 笔；未生成 %(rest)s 笔") % numbers,
            rolls.owed_at(row),
        ),
    }


def _of_money(
    row: BenefitMonth, money: dict[str, Total], batches: Sequence[MonthBatch], returned: Total
) -> Done:
    days = payouts.selectors.open_days_of(row.pool, row.month)
    sent = [one.submitted_at for one in batches if one.submitted_at is not None]
    unsent = sum(one.submitted_at is None and one.tone != "bad" for one in batches)
    waiting = money["OWED"].count + money["IN_BATCH"].count
    results = {
        "paid": f"{money['PAID'].count:,}",
        "yuan": yuan_grouped(money["PAID"].fen),
        "sent": f"{money['SENT'].count:,}",
        "back": f"{returned.count:,}",
    }
    return {
        Step.SEND: (
            "OPEN" if waiting else "PASS" if sent else "",
            _("已送 %(sent)s 批，等签字或等送 %(unsent)s 批；还没送的 %(n)s 笔")
            % {"sent": len(sent), "unsent": unsent, "n": f"{waiting:,}"},
            max(sent, default=None),
        ),
        Step.RESULTS: (
            "OPEN" if money["SENT"].count else "PASS" if money["PAID"].count else "",
            _("到账 %(paid)s 笔 %(yuan)s 元，等回盘 %(sent)s 笔，退回未了 %(back)s 笔") % results,
            payouts.selectors.latest_receipt_at(row.pool, row.month),
        ),
        Step.RECONCILE: (
            "OPEN" if days else "PASS" if sent else "",
            ngettext("还有 %(n)s 天没有对平", "还有 %(n)s 天没有对平", len(days)) % {"n": len(days)},
            payouts.selectors.compared_at(row.pool, row.month),
        ),
    }


def timetable_words(pool: str, month: str) -> Sequence[tuple[str, date | None]]:
    """Each step and the day by which it is due, for the list of months."""
    law = policy.selectors.book()
    return [(str(Step(code).label), due_by(key, month, region=pool, law=law)) for code, key in BY_DAY.items()]


def fund_request_page(asked: FundRequest, *, viewer: User) -> dict[str, object]:
    """The page of a request of funds."""
    month = rolls.month_of(asked.pool, asked.month)
    may_run = can(viewer, Action.RUN_MONTH) and covers(viewer, asked.pool)
    may_sign = can(viewer, Action.SIGN_MONTH) and covers(viewer, asked.pool)
    return {
        "asked": asked,
        "case": asked.case,
        "month": month,
        "status_label": payouts.selectors.fund_status(asked),
        "may_decide": may_sign and asked.decided_at is None and asked.asked_by_id != viewer.pk,
        "may_receive": may_run and asked.decided_at is not None and asked.closed_at is None,
        "events": cases.selectors.timeline(asked.case),
    }
