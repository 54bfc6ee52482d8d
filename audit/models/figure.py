"""Tables of supervision. Figures of a day are counted once by a sweep and kept, so that no page counts.

No writes, no rules, no network in this module.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

Constraints = list[models.BaseConstraint]


class Measure(models.TextChoices):
    """What a figure counts. Amounts are whole fen, times whole minutes; all but the stocks add up."""

    SPENT_FEN = "SPENT_FEN"
    """Reached an account and stayed, less what came back; subject: the item."""
    PAYMENTS = "PAYMENTS"
    RETURNED = "RETURNED"
    """Payments that did not arrive or came back, by the day on which that was seen."""
    RETURNED_FEN = "RETURNED_FEN"
    PERSONS = "PERSONS"
    """Persons whose first money of the calendar year came on this day; subject: the item, "" for any."""
    UNITS = "UNITS"
    OPENED = "OPENED"
    """Cases by the day they came; subject of this and the next ones: the kind's code."""
    DECIDED = "DECIDED"
    GRANTED = "GRANTED"
    BY_MACHINE = "BY_MACHINE"
    """Granted without an officer."""
    LATE_PROMISE = "LATE_PROMISE"
    LATE_LAW = "LATE_LAW"
    DAYS = "DAYS"
    """Decided after so many working days of ours (`step`): a histogram, from which percentiles come."""
    MINUTES = "MINUTES"
    """Time that decided cases and settled payments spent waiting; subject: for whom."""
    OPEN = "OPEN"
    """A stock: cases open at the end of the day."""
    OVERDUE = "OVERDUE"
    """A stock: those among them whose promise was over."""
    FUND_FEN = "FUND_FEN"
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
