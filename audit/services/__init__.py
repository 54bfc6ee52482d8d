"""Writes of the audit app, one module a subject. Import them from here."""

from audit.services.asking import ask_again, exchange, make_request
from audit.services.counting import count_figures
from audit.services.deciding import decide_outcome, propose_outcome
from audit.services.holding import hold_findings, hold_unchecked, let_go_checked
from audit.services.inquiry import (
    ask_agency,
    begin_inquiry,
    end_unanswered,
    record_agency_answer,
    remind_agencies,
    reply,
    sweep_inquiries,
)
from audit.services.matching import record_answer
from audit.services.monthly import go_on, start_due
from audit.services.roll import start_check
from audit.services.screening import open_findings

__all__ = [
    "ask_again",
    "ask_agency",
    "begin_inquiry",
    "count_figures",
    "decide_outcome",
    "end_unanswered",
    "exchange",
    "go_on",
    "hold_findings",
    "hold_unchecked",
    "let_go_checked",
    "make_request",
    "open_findings",
    "propose_outcome",
    "record_agency_answer",
    "record_answer",
    "remind_agencies",
    "reply",
    "start_check",
    "start_due",
    "sweep_inquiries",
]
