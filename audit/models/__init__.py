"""Tables of the audit app, one module a subject."""

from audit.models.check import CheckFile, CheckHit, CheckRow, CheckRun
from audit.models.figure import Counting, DayFigure, Measure, MonthFigure
from audit.models.finding import Assistance, Finding, Screened

__all__ = [
    "Assistance",
    "CheckFile",
    "CheckHit",
    "CheckRow",
    "CheckRun",
    "Counting",
    "DayFigure",
    "Finding",
    "Measure",
    "MonthFigure",
    "Screened",
]
