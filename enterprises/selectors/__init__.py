"""All reads of insured units: facts of their refunds, classes and disputes, pages. Nothing here writes."""

from enterprises.selectors.classing import MANUAL, Figures, answer_of, classes_of
from enterprises.selectors.disputes import (
    Broken,
    Contradiction,
    Origin,
    broken_commitments,
    commitments_of,
    contradictions_of,
    dispute_for_officer,
    dispute_of_unit,
    dispute_page,
    officer_page,
    open_dispute_of,
    refund_year_on,
    unit_class_page,
    was_barred,
)
from enterprises.selectors.facts import UnitFacts, lists_read, refund_facts
from enterprises.selectors.lists import (
    enterprise_by_code,
    hold_by_key,
    holds_page,
    publication_page,
    publications,
)

__all__ = [
    "MANUAL",
    "Broken",
    "Contradiction",
    "Figures",
    "Origin",
    "UnitFacts",
    "answer_of",
    "broken_commitments",
    "classes_of",
    "commitments_of",
    "contradictions_of",
    "dispute_for_officer",
    "dispute_of_unit",
    "dispute_page",
    "enterprise_by_code",
    "hold_by_key",
    "holds_page",
    "lists_read",
    "officer_page",
    "open_dispute_of",
    "publication_page",
    "publications",
    "refund_facts",
    "refund_year_on",
    "unit_class_page",
    "was_barred",
]
