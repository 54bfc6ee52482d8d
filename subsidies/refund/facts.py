"""A unit's facts as its refund sees them: what `enterprises` knows, overlaid by what officers settled.

The latest amendment of a field counts, with its own source. Reads only; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

import enterprises.selectors
from cases.models import Amendment
from enterprises.selectors import Origin, UnitFacts
from law.retention_refund import facts_to_json, parse
from subsidies.refund.models import Refund
from subsidies.refund.selectors import paid_before

AMENDABLE = (
    "monthly_headcounts",
    "new_recipients",
    "paid_months_in_base_year",
    "in_arrears",
    "base_fen",
    "size_class",
)
"""The facts an officer may settle; lists and holds are settled where they are kept."""


def facts_of(refund: Refund, *, on: date) -> UnitFacts:
    """All that is known of a refund's unit on a day. LookupError for a unit that is none any more: a bug."""
    paid = paid_before(campaign=refund.campaign, unit_ids=[refund.unit_id])
    for chunk in enterprises.selectors.refund_facts(
        refund_year=refund.campaign.refund_year,
        on=on,
        enterprise_ids=[refund.unit_id],
        already_paid=paid,
    ):
        for unit in chunk:
            return amended(unit, amendments_of([refund.pk]).get(refund.pk, []))
    raise LookupError(f"refund {refund.pk}: no such unit")


def amendments_of(case_ids: Iterable[int]) -> Mapping[int, list[Amendment]]:
    """The amendments of these cases, oldest first."""
    found: dict[int, list[Amendment]] = {}
    for row in Amendment.objects.filter(case__in=list(case_ids)).order_by("pk"):
        found.setdefault(row.case_id, []).append(row)
    return found


def amended(unit: UnitFacts, amendments: Iterable[Amendment]) -> UnitFacts:
    """The facts with what officers settled. Raises FaultyField for a value that cannot be."""
    latest = {row.field: row for row in amendments if row.field in AMENDABLE}
    if not latest:
        return unit
    row = facts_to_json(unit.facts) | {name: one.value for name, one in latest.items()}
    settled: dict[str, Origin] = {
        name: {"source": "AMENDMENT", "amendment": one.pk, "at": one.at.isoformat()}
        for name, one in latest.items()
    }
    return replace(unit, facts=parse(row), origins={**unit.origins, **settled})
