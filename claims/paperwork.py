"""What pages show of a claim's letters, papers and messages, and of what can be done about a refusal.

Words and addresses for what selectors found. Reads the dated values of remedies; never writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

import cases.letters
import cases.messages
import cases.selectors
import policy.selectors
from accounts.models import User
from cases.models import Attachment, Letter, Message
from claims import kinds
from claims.letters import PAPERS
from claims.models import Claim
from claims.remedies import remedies, reopen_until
from law.workdays import legal_day


def inbox(messages: Sequence[Message]) -> list[dict[str, object]]:
    """Messages with their words; those not seen before are marked."""
    return [
        {"text": cases.messages.render(one), "message": one, "is_new": one.read_at is None}
        for one in messages
    ]


@dataclass(frozen=True)
class LetterRow:
    """A letter as pages list it: what it is, when it came, where it is."""

    label: str | Promise
    number: str
    at: datetime
    url: str
    is_decision: bool


def letter_rows(number: str, letters: Sequence[Letter]) -> list[LetterRow]:
    """The letters of one claim, in the order given."""
    return [
        LetterRow(
            label=cases.letters.registered(letter.template).label,
            number=letter.number,
            at=letter.issued_at,
            url=reverse("claim-letter", args=[number, letter.pk]),
            is_decision=letter.template != PAPERS.code,
        )
        for letter in letters
    ]


@dataclass(frozen=True)
class PaperRow:
    """A paper as pages list it."""

    name: str
    kilobytes: int
    who: str
    at: datetime
    url: str


def paper_rows(number: str, attachments: Sequence[Attachment]) -> list[PaperRow]:
    """The papers of one claim, in the order given."""
    return [
        PaperRow(
            name=paper.name,
            kilobytes=max(1, paper.size // 1024),
            who=str(paper.uploaded_by),
            at=paper.at,
            url=reverse("claim-paper", args=[number, paper.pk]),
        )
        for paper in attachments
    ]


def ways_on(claim: Claim, *, now: datetime) -> dict[str, object]:
    """What a refused person can do: the remedies, and until when new evidence is taken."""
    if claim.case.status != kinds.REJECTED:
        return {"remedies": None, "reopen_until": None}
    law = policy.selectors.book()
    until = reopen_until(claim, law)
    assert until is not None
    ways = remedies(law, region=claim.county, on=legal_day(now))
    return {"remedies": ways, "reopen_until": until if legal_day(now) <= until else None}


def letter_page(claim: Claim, letter: Letter, *, viewer: User) -> dict[str, object]:
    """The page of one letter, and the way back to where its reader came from."""
    number = claim.case.number
    return {
        "letter": letter,
        "words": letter.words,
        "pdf_url": reverse("claim-letter-pdf", args=[number, letter.pk]),
        "not_drawn": cases.selectors.cannot_be_drawn(letter),
        "back_url": reverse("case-claim" if viewer.is_staff_member else "claim", args=[number]),
        "back_label": _("回到案件") if viewer.is_staff_member else _("回到进度"),
    }
