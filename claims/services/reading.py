"""What is noted when somebody reads: messages seen, a letter opened, a paper taken out.

Whose reading counts as the person's own is decided here; officers' readings go to the access log.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

import accounts.services
import cases.inbox
import cases.letters
import cases.selectors
from accounts.models import Access, User
from cases.models import Attachment, Letter, Message
from claims.models import Claim


def note_read(*, viewer: User, received: Sequence[Message], now: datetime) -> int:
    """Mark a person's own messages as seen; returns how many were new. Mostly none: then nothing is asked."""
    if all(message.read_at for message in received) or viewer.party is None:
        return 0
    return cases.inbox.mark_read(party=viewer.party, messages=received, now=now)


@transaction.atomic
def open_letter(*, claim: Claim, key: int, viewer: User, now: datetime) -> Letter | None:
    """A letter of this claim, its opening noted: once in the trail for the person, each time for officers."""
    letter = cases.selectors.letter(claim.case, key)
    if letter is None:
        return None
    _note(claim, viewer, reason=f"letter {letter.pk}", now=now)
    cases.letters.note_opening(letter=letter, actor=viewer, now=now)
    return letter


@transaction.atomic
def open_paper(*, claim: Claim, key: int, viewer: User, now: datetime) -> Attachment | None:
    """A paper of this claim with its content. A person may take out what that person handed in."""
    attachment = cases.selectors.attachment(claim.case, key)
    if attachment is None or not (viewer.is_staff_member or attachment.uploaded_by_id == viewer.pk):
        return None
    accounts.services.record_access(
        act=Access.Act.READ,
        actor=viewer,
        party=claim.party,
        case_number=claim.case.number,
        reason=f"attachment {attachment.pk}",
        now=now,
    )
    return attachment


def _note(claim: Claim, viewer: User, *, reason: str, now: datetime) -> None:
    if viewer.is_staff_member:
        accounts.services.record_access(
            act=Access.Act.READ,
            actor=viewer,
            party=claim.party,
            case_number=claim.case.number,
            reason=reason,
            now=now,
        )
