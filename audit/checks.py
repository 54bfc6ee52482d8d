"""The catalogue of checks (domain rule 7.1): what each looks for, who answers, what a hit may mean, how
grave.

Data only. A hit is a clue and never a conclusion: what follows from one is decided by people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from law.overpayment import Event

Label = str | Promise


class Severity(models.TextChoices):
    """What a hit does to the next payment: HIGH holds it, MEDIUM and LOW let it go on while people ask."""

    HIGH = "HIGH", _("高风险")
    MEDIUM = "MEDIUM", _("中风险")
    LOW = "LOW", _("低风险")
    NONE = "NONE", _("不说明问题")


class Check(models.TextChoices):
    """The checks by their codes."""

    C1 = "C1", _("外省在职参保")
    C2 = "C2", _("省内在职参保")
    C3 = "C3", _("外省在领失业保险金")
    C4 = "C4", _("领取养老待遇")
    C5 = "C5", _("死亡登记")
    C6 = "C6", _("服刑")
    C7 = "C7", _("营业执照")
    C8 = "C8", _("单位申报个税")
    C9 = "C9", _("应征服兵役")
    C10 = "C10", _("移居境外")
    C11 = "C11", _("灵活就业缴纳养老")


@dataclass(frozen=True, slots=True)
class Entry:
    """One check. `event` is what the law would call it if it is true; None where only people can say."""

    severity: Severity
    office: Label
    event: Event | None
    assistance: bool = False
    """Whether another agency is asked for its files by letter."""


CATALOGUE: Mapping[Check, Entry] = {
    Check.C1: Entry(Severity.HIGH, _("全国社会保险比对"), "REEMPLOYED", assistance=True),
    Check.C2: Entry(Severity.HIGH, _("省社保核心系统"), "REEMPLOYED"),
    Check.C3: Entry(Severity.HIGH, _("全国社会保险比对"), None, assistance=True),
    Check.C4: Entry(Severity.HIGH, _("全国社会保险比对"), "PENSION"),
    Check.C5: Entry(Severity.HIGH, _("公安、卫健、民政"), "DEATH"),
    Check.C6: Entry(Severity.HIGH, _("司法、法院、公安"), "IMPRISONED"),
    Check.C7: Entry(Severity.LOW, _("市场监管"), "REEMPLOYED"),
    Check.C8: Entry(Severity.MEDIUM, _("税务"), "REEMPLOYED"),
    Check.C9: Entry(Severity.HIGH, _("退役军人事务"), "CONSCRIPTED"),
    Check.C10: Entry(Severity.MEDIUM, _("出入境管理"), "EMIGRATED"),
    # Paying pension contributions as a private person is no work and no ground to stop.
    Check.C11: Entry(Severity.NONE, _("社会保险"), None),
}

CODES = tuple(check.value for check in Check)
"""In the order in which a row keeps its answers, one letter a check."""


class Said(models.TextChoices):
    """What is known of one check of one person. UNANSWERED and STALE are never a clean result."""

    YES = "Y", _("命中")
    NO = "N", _("没有")
    UNANSWERED = "U", _("没回结果")
    STALE = "S", _("数据太旧")


UNANSWERED = Said.UNANSWERED.value * len(CODES)
OPEN_ANSWERS = f"[{Said.UNANSWERED}{Said.STALE}]"
"""Finds the rows in which a check has no answer."""
