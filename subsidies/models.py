"""The tables of all programmes; Django looks for them here."""

from subsidies.refund.kinds import CAMPAIGN, REFUND
from subsidies.refund.models import (
    Award,
    Campaign,
    FinanceReview,
    FundYear,
    Notice,
    Objection,
    Refund,
    Run,
)

__all__ = [
    "CAMPAIGN",
    "REFUND",
    "Award",
    "Campaign",
    "FinanceReview",
    "FundYear",
    "Notice",
    "Objection",
    "Refund",
    "Run",
]
