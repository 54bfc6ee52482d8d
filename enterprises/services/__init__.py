"""All writes of single units: disputes about their class, lists that name them, holds on their refunds.

Each is one keyword-only call that takes the clock and the actor. What a core system says of many units at
once is `enterprises.batch`.
"""

from enterprises.services.disputes import Signed, file_dispute, give_papers
from enterprises.services.finding import Found, decide_finding, propose_finding
from enterprises.services.holds import fail_hold, lift_hold, place_hold
from enterprises.services.lists import Entry, record_publication
from enterprises.services.overdue import sweep_overdue
from enterprises.services.reading import open_letter, open_paper

__all__ = [
    "Entry",
    "Found",
    "Signed",
    "decide_finding",
    "fail_hold",
    "file_dispute",
    "give_papers",
    "lift_hold",
    "open_letter",
    "open_paper",
    "place_hold",
    "propose_finding",
    "record_publication",
    "sweep_overdue",
]
