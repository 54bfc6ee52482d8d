"""All reads of insured units: the facts of their refunds, and their pages. Nothing here writes."""

from enterprises.selectors.facts import Origin, UnitFacts, classes_of, lists_read, refund_facts

__all__ = ["Origin", "UnitFacts", "classes_of", "lists_read", "refund_facts"]
