"""All writes of single units: the lists that name them, the holds on their refunds.

Each is one keyword-only call that takes the clock and the actor. What a core system says of many units at
once is `enterprises.batch`.
"""

from enterprises.services.holds import fail_hold, lift_hold, place_hold
from enterprises.services.lists import Entry, record_publication

__all__ = ["Entry", "fail_hold", "lift_hold", "place_hold", "record_publication"]
