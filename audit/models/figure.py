"""Tables of supervision. Figures of a day are counted once by a sweep and kept, so that no page counts.

No writes, no rules, no network in this module.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

Constraints = list[models.BaseConstraint]


class Measure(models.TextChoices):
    """What a figure counts. Amounts are whole fen, times whole minutes; all but the stocks add up."""

    SPENT_FEN = "SPENT_FEN", _("支出（元）")
    """Reached an account and stayed, less what came back; subject: the item."""
    PAYMENTS = "PAYMENTS", _("支付笔数")
    RETURNED = "RETURNED", _("退回笔数")
    """Payments that did not arrive or came back, by the day on which that was seen."""
    RETURNED_FEN = "RETURNED_FEN", _("退回金额（元）")
    PERSONS = "PERSONS", _("本年首次收到钱的人")
    """Persons whose first money of the calendar year came on this day; subject: the item, "" for any."""
    UNITS = "UNITS", _("本年首次收到钱的单位")
    OPENED = "OPENED", _("收到")
    """Cases by the day they came; subject of this and the next ones: the kind's code."""
    DECIDED = "DECIDED", _("决定")
    GRANTED = "GRANTED", _("批准")
    BY_MACHINE = "BY_MACHINE", _("系统直接批准")
    """Granted without an officer."""
    LATE_PROMISE = "LATE_PROMISE", _("超承诺")
    LATE_LAW = "LATE_LAW", _("超法定")
    DAYS = "DAYS", _("所用工作日的件数")
    """Decided after so many working days of ours (`step`): a histogram, from which percentiles come."""
    MINUTES = "MINUTES", _("等待分钟数")
    """Time that decided cases and settled payments spent waiting; subject: for whom."""
    OPEN = "OPEN", _("在办")
    """A stock: cases open at the end of the day."""
    OVERDUE = "OVERDUE", _("在办已超期")
    """A stock: those among them whose promise was over."""
    FUND_FEN = "FUND_FEN", _("基金结余（元）")
    """A stock: what the fund holds and owes nobody."""


STOCKS = (Measure.OPEN, Measure.OVERDUE, Measure.FUND_FEN)


class Figure(models.Model):
    """One number about a day or a month, a region and a subject."""

    region = models.CharField(max_length=6)
    measure = models.CharField(max_length=16, choices=Measure.choices)
    subject = models.CharField(max_length=40, blank=True)
    step = models.PositiveSmallIntegerField(default=0)
    value = models.BigIntegerField()

    class Meta:
        abstract = True


class DayFigure(Figure):
    """A number of a day."""

    day = models.DateField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="audit_dayfigure_once", fields=["day", "region", "measure", "subject", "step"]
            ),
        ]


class MonthFigure(Figure):
    """The sum of a month's days; "YYYY-MM". There is none of a stock."""

    month = models.CharField(max_length=7)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="audit_monthfigure_once", fields=["month", "region", "measure", "subject", "step"]
            ),
        ]


class Counting(models.Model):
    """One run of the sweep: every day from `since` on was counted again."""

    since = models.DateField()
    counted_at = models.DateTimeField(unique=True)
