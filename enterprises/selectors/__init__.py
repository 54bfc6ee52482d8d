"""All reads of insured units: the facts of their refunds, and their pages. Nothing here writes."""

from enterprises.selectors.classing import MANUAL, Figures, answer_of
from enterprises.selectors.facts import Origin, UnitFacts, classes_of, lists_read, refund_facts

__all__ = [
    "MANUAL",
    "Figures",
    "Origin",
    "UnitFacts",
    "answer_of",
    "classes_of",
    "lists_read",
    "refund_facts",
]
