"""All writes of the refund: campaigns, screening, what units say, notices, finance's answer, owing.

Each is one keyword-only call that takes the clock and, where a person acts, the actor; nothing outside this
package writes a table of the refund.
"""

from subsidies.refund.services.answering import confirm, decline, object_to
from subsidies.refund.services.campaigns import (
    ask_for_run,
    close_campaign,
    enter_fund_year,
    open_campaign,
)
from subsidies.refund.services.deciding import end_hold, propose, record_complaint, review, settle_objection
from subsidies.refund.services.financing import (
    follow_payments,
    hold_changed,
    owe_waiting,
    record_finance_answer,
)
from subsidies.refund.services.notifying import notify
from subsidies.refund.services.publishing import end_notices, publish
from subsidies.refund.services.screening import go_on, unfinished

__all__ = [
    "ask_for_run",
    "close_campaign",
    "confirm",
    "decline",
    "end_hold",
    "end_notices",
    "enter_fund_year",
    "follow_payments",
    "go_on",
    "hold_changed",
    "notify",
    "object_to",
    "open_campaign",
    "owe_waiting",
    "propose",
    "publish",
    "record_complaint",
    "record_finance_answer",
    "review",
    "settle_objection",
    "unfinished",
]
