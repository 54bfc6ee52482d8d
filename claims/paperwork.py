"""What pages show of a claim's letters, papers and messages, of what can be done about a
refusal, of the next money and an ended spell, and of a request for a person.

Words and addresses for what selectors found. Reads the dated values of remedies; never writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

import cases.letters
import cases.messages
import cases.selectors
import payouts.selectors
import policy.selectors
from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import masked_numbers
from cases.models import Attachment, Letter, Message
from cases.wording import month_words
from claims import kinds
from claims.forms import PersonAnswerForm
from claims.letters import EXTENSION, PAPERS, SUSPENSION
from claims.models import Claim, PersonRequest, Spell
from claims.remedies import remedies, reopen_until
from claims.selectors import first_day, months_left
from law.money import Fen, yuan_grouped
from law.months import shift
from law.workdays import legal_day

NOTICES = frozenset({PAPERS.code, SUSPENSION.code, EXTENSION.code})
"""Letters that decide nothing."""


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
            is_decision=letter.template not in NOTICES,
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
        return {"remedies": None, "remedies_body": "", "reopen_until": None}
    law = policy.selectors.book()
    until = reopen_until(claim, law)
    assert until is not None
    ways = remedies(law, region=claim.county, on=legal_day(now))
    return {
        "remedies": ways,
        "remedies_body": _(ways.body),
        "reopen_until": until if legal_day(now) <= until else None,
    }


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


def ended_words(spell: Spell, payments: Sequence[payouts.selectors.MonthState]) -> str:
    """Until when benefit was due, what is kept, and what has to come back."""
    left = months_left(spell)
    said = [
        _("失业保险金发到%(month)s。") % {"month": month_words(min(spell.paid_through, spell.last_month))}
        if spell.paid_through >= spell.first_month
        else _("还没有开始发，一个月也没有用掉。")
    ]
    if left:
        said.append(_("没领的 %(n)d 个月给您留着，以后失业可以再申请。") % {"n": left})
    over = [payment for payment in payments if payment.is_to_recover]
    if over:
        total = yuan_grouped(Fen(sum(payment.amount_fen for payment in over)))
        words = _("之后多发了 %(n)d 个月，共 %(amount)s 元，要退回；工作人员会和您联系怎么退。")
        said.append(words % {"n": len(over), "amount": total})
    return " ".join(said)


def next_pay_by(spell: Spell | None, payments: Sequence[payouts.selectors.MonthState]) -> date | None:
    """The day by which the next money is to be on the card; None where nothing is to come, or it came back.

    The policy's day of the month the money is for; where that had passed at the grant, of the month after.
    A missed day stays, so that the page can say so. Granted 2026-11-28 from November on: by 2026-12-10.
    """
    if spell is None or spell.ended_at or any(payment.is_returned for payment in payments):
        return None
    owed = [payment.month for payment in payments if payment.month and not payment.is_paid]
    known = [payment.month for payment in payments if payment.month]
    month = min(owed) if owed else shift(max(known), 1) if known else spell.first_month
    if month > spell.last_month:
        return None
    law, granted = policy.selectors.book(), legal_day(spell.granted_at)
    while True:
        first = first_day(month)
        by = first.replace(day=law.integer("benefit.pay_by_day", region=spell.claim.county, on=first))
        if by >= granted:
            return by
        month = shift(month, 1)


def person_request_page(
    request: PersonRequest, *, viewer: User, form: PersonAnswerForm, now: datetime
) -> dict[str, object]:
    """The officer's page of a request for a person."""
    case, claim = request.case, request.claim
    promise, statutory = cases.selectors.clocks_of(case, now=now, days=policy.selectors.calendar())
    return {
        "case": case,
        "asked": request,
        "claim": claim,
        "party": claim.party,
        "masked_number": masked_numbers([claim.party_id]).get(claim.party_id, ""),
        "promise_clock": promise,
        "statutory_clock": statutory,
        "events": cases.selectors.timeline(case),
        "form": form,
        "may_answer": request.answered_at is None and can(viewer, Action.HANDLE_CASE),
        "status_label": kinds.PERSON_REQUEST.status_labels[case.status],
        "claim_status_label": kinds.CLAIM.status_labels[claim.case.status],
    }
