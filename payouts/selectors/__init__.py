"""All reads of money: what a case was paid, the batches and their pages, the proof of the books.

Nothing here writes, and no account number leaves it.
"""

from payouts.selectors.batches import (
    batch_by_number,
    batch_page,
    batches,
    batches_to_submit,
    owed_now,
    required_levels,
    returned_by_number,
    returned_page,
)
from payouts.selectors.contradictions import contradiction_by_number, contradiction_page, contradictions_of
from payouts.selectors.payments import (
    FundState,
    MonthState,
    all_paid_case_ids,
    fund,
    months_of_case,
    paid_case_ids,
    payments_of_case,
)
from payouts.selectors.proof import Finding, Proof, prove

__all__ = [
    "Finding",
    "FundState",
    "MonthState",
    "Proof",
    "all_paid_case_ids",
    "batch_by_number",
    "batch_page",
    "batches",
    "batches_to_submit",
    "contradiction_by_number",
    "contradiction_page",
    "contradictions_of",
    "fund",
    "months_of_case",
    "owed_now",
    "paid_case_ids",
    "payments_of_case",
    "prove",
    "required_levels",
    "returned_by_number",
    "returned_page",
]
