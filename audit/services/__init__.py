"""Writes of the audit app, one module a subject. Import them from here."""

from audit.services.asking import ask_again, exchange, make_request
from audit.services.counting import count_figures
from audit.services.matching import record_answer
from audit.services.monthly import go_on, start_due
from audit.services.roll import start_check
from audit.services.screening import open_findings

__all__ = [
    "ask_again",
    "count_figures",
    "exchange",
    "go_on",
    "make_request",
    "open_findings",
    "record_answer",
    "start_check",
    "start_due",
]
