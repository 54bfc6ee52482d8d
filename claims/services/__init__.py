"""All writes about claims: draft, submission, verification, proposal, decision, card, monthly obligation,
suspension and end.

Each public service is one transaction, except those that ask the outside world: they read, ask with no
transaction open, then write in one. No HTTP, no Celery, no clock and no number of the law in here.
"""

from claims.services.applying import (
    Application,
    answer_papers,
    drop_old_drafts,
    look_up_for_form,
    save_draft,
    submit_claim,
)
from claims.services.changing import end_interruption, resume_claim, suspend_claim
from claims.services.closing import ask_for_month_funds, decide_close, differences, propose_close
from claims.services.deciding import close_unanswered, propose, request_papers, review
from claims.services.ending import report_job
from claims.services.extending import end_used_up, settle_category
from claims.services.months import (
    ask_for_step,
    freeze_roll,
    go_on_with_step,
    go_through_months,
    scan_roll,
    steps_to_go_on,
)
from claims.services.paying import accrue_due, accrue_month, follow_payments
from claims.services.person import answer_person_request, ask_for_person
from claims.services.reading import note_read, open_letter, open_paper
from claims.services.reopening import reopen
from claims.services.stopping import propose_stop, sign_stop
from claims.services.verifying import (
    LEASE,
    ask_again,
    check_card_again,
    claims_to_ask,
    verify_claim,
    verify_due,
)

__all__ = [
    "LEASE",
    "Application",
    "accrue_due",
    "accrue_month",
    "answer_papers",
    "answer_person_request",
    "ask_again",
    "ask_for_month_funds",
    "ask_for_person",
    "ask_for_step",
    "check_card_again",
    "claims_to_ask",
    "close_unanswered",
    "decide_close",
    "differences",
    "drop_old_drafts",
    "end_interruption",
    "end_used_up",
    "follow_payments",
    "freeze_roll",
    "go_on_with_step",
    "go_through_months",
    "look_up_for_form",
    "note_read",
    "open_letter",
    "open_paper",
    "propose",
    "propose_close",
    "propose_stop",
    "reopen",
    "report_job",
    "request_papers",
    "resume_claim",
    "review",
    "save_draft",
    "scan_roll",
    "settle_category",
    "sign_stop",
    "steps_to_go_on",
    "submit_claim",
    "suspend_claim",
    "verify_claim",
    "verify_due",
]
