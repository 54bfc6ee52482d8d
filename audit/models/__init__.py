"""Tables of the audit app, one module a subject."""

from audit.models.check import CheckHit, CheckRow, CheckRun
from audit.models.figure import Counting, DayFigure, Measure, MonthFigure

__all__ = ["CheckHit", "CheckRow", "CheckRun", "Counting", "DayFigure", "Measure", "MonthFigure"]
