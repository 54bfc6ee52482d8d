"""All writes of money: what is owed, sealed, signed, sent, received, returned, reconciled.

Each is one keyword-only call that takes the clock and, where a person acts, the actor; each may be called
again without harm. Nothing outside this package writes a table of this app.
"""

from payouts.services.closing import close_month, unpaid_of
from payouts.services.correcting import ask_card_again, decide_pay_again, propose_pay_again
from payouts.services.funding import ask_for_funds, decide_fund_request, receive_funds
from payouts.services.holding import hold_payments, release_payments
from payouts.services.owing import Due, open_fund, owe, owe_many
from payouts.services.payees import NewPayee, set_first_payees, set_payee
from payouts.services.receipts import fetch_and_record, record_receipts
from payouts.services.reconciling import reconcile_day, reconcile_open_days
from payouts.services.reminding import remind_returned
from payouts.services.resolving import acts_for, decide_act, propose_act
from payouts.services.sealing import seal_batch
from payouts.services.sending import submit_batch, submit_waiting
from payouts.services.signing import send_back_batch, sign_batch
from payouts.services.stopping import Stopped, stop_after, stop_unsent

__all__ = [
    "Due",
    "NewPayee",
    "Stopped",
    "acts_for",
    "ask_card_again",
    "ask_for_funds",
    "close_month",
    "decide_act",
    "decide_fund_request",
    "decide_pay_again",
    "fetch_and_record",
    "hold_payments",
    "open_fund",
    "owe",
    "owe_many",
    "propose_act",
    "propose_pay_again",
    "receive_funds",
    "reconcile_day",
    "reconcile_open_days",
    "record_receipts",
    "release_payments",
    "remind_returned",
    "seal_batch",
    "send_back_batch",
    "set_first_payees",
    "set_payee",
    "sign_batch",
    "stop_after",
    "stop_unsent",
    "submit_batch",
    "submit_waiting",
    "unpaid_of",
]
