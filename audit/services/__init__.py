"""Writes of the audit app, one module a subject. Import them from here."""

from audit.services.counting import count_figures
from audit.services.roll import start_check

__all__ = ["count_figures", "start_check"]
