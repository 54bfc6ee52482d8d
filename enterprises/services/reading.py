"""Opening letters and papers of a dispute: each look is recorded."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

import cases.selectors
from accounts.models import Access, User
from accounts.services import record_access
from cases.models import Attachment, Letter
from enterprises.models import SizeDispute


@transaction.atomic
def open_letter(*, dispute: SizeDispute, key: int, viewer: User, now: datetime) -> Letter | None:
    """A letter of this dispute; None for another's."""
    found = cases.selectors.letter(dispute.case, key)
    if found is not None:
        _note(dispute, viewer, reason=f"letter {found.pk}", now=now)
    return found


@transaction.atomic
def open_paper(*, dispute: SizeDispute, key: int, viewer: User, now: datetime) -> Attachment | None:
    """A paper of this dispute with its content; None for another's."""
    found = cases.selectors.attachment(dispute.case, key)
    if found is not None:
        _note(dispute, viewer, reason=f"attachment {found.pk}", now=now)
    return found


def _note(dispute: SizeDispute, viewer: User, *, reason: str, now: datetime) -> None:
    record_access(
        act=Access.Act.READ,
        actor=viewer,
        party=dispute.enterprise.party,
        case_number=dispute.case.number,
        reason=reason,
        now=now,
    )
