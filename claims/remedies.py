"""What may be done about a refusal, and until when.

Reads dated values and the case; decides nothing. Who decides for a region and which remedies there are is the
same for every app (`policy.agencies`).
"""

from datetime import date, timedelta

import policy.selectors
from claims import kinds
from claims.models import Claim
from law.parameters import ParameterBook
from law.workdays import LEGAL_ZONE
from policy.agencies import Agency, Remedies, agency, remedies

__all__ = ["Agency", "Remedies", "agency", "remedies", "reopen_until"]


def reopen_until(claim: Claim, law: ParameterBook) -> date | None:
    """The last day on which the person may bring new evidence against a refusal; None for any other claim.

    As long as for reconsideration, from the day after the decision (Civil Code 201); a period that ends on a
    day off ends on the next working day (203). Refused on 2026-11-23: until 2027-01-22.
    """
    if claim.case.status != kinds.REJECTED or claim.closed_at is None:
        return None
    decided = claim.closed_at.astimezone(LEGAL_ZONE).date()
    last = decided + timedelta(days=remedies(law, region=claim.county, on=decided).days)
    due, _provisional = policy.selectors.deadline(start=last - timedelta(days=1), days=1, law=law)
    return due
