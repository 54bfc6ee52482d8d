"""Messages to a unit: into its inbox, and as a text where its account names somebody to reach."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import cases.services
from enterprises.models import SizeDispute
from payouts.models import Payee


def tell(dispute: SizeDispute, template: str, numbers: Mapping[str, str | int], *, now: datetime) -> None:
    """Say what has happened to a dispute. `case` is filled in."""
    payee = Payee.objects.filter(party=dispute.enterprise_id, valid_to=None).first()
    cases.services.notify(
        case=dispute.case,
        party=dispute.enterprise.party,
        template=template,
        numbers={"case": dispute.case.number, **numbers},
        address=payee.contact if payee is not None else "",
        now=now,
    )
