"""Writes letters: decisions and notices that a party keeps, frozen word by word when they are issued.

A letter is Chinese, whatever language its reader uses. What it says is composed once, by the app that issues
it (`Words`); the page and the PDF are two settings of those words and add none. Nothing here reads a template
of a letter or the state of a case afterwards: a letter never changes.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from django.db import IntegrityError, connection, transaction

import cases.services
from accounts.models import Party, User
from accounts.selectors import machine
from cases import trail
from cases.inserting import insert
from cases.models import Case, Event, Letter, LetterFile
from cases.typesetting import MissingGlyph, typeset

logger = logging.getLogger("anye.letters")

OPENED = "letter.opened"
NOT_DRAWN = "letter.not_drawn"
_ORDINALS = "零一二三四五六七八九十"


class Table(TypedDict):
    """A table of a letter: its head, and rows as long as the head. The first cell of a row names it."""

    head: list[str]
    rows: list[list[str]]


class Section(TypedDict):
    """One part of a letter: heading, then its table if it has one, then paragraphs."""

    heading: str
    table: Table | None
    paragraphs: list[str]


class Words(TypedDict):
    """Everything a letter says but for its number and its code, in the order in which it says it.

    `opening` has three parts; the middle one, the decision itself, stands out. `sample` is what a seal that
    seals nothing says on it; empty in production, where the seal is put on by who keeps it.
    """

    agency: str
    reference: str
    title: str
    addressee: str
    opening: list[str]
    sections: list[Section]
    date: str
    sample: str
    signed: list[str]
    code_label: str
    code_note: str


@dataclass(frozen=True)
class Template:
    """A kind of letter: `noun` ends its number (决定书), `label` names it on pages."""

    code: str
    noun: str
    label: Any


_templates: dict[str, Template] = {}


def register(template: Template) -> Template:
    """Make a kind of letter known."""
    _templates[template.code] = template
    return template


def registered(code: str) -> Template:
    """The kind of letter with this code. KeyError if nobody registered it: a bug."""
    return _templates[code]


@cases.services.INSIDE
def issue_letter(
    *, case: Case, party: Party, template: str, words: Words, actor: User, now: datetime
) -> Letter:
    """Freeze a letter, number it after its case, and vouch for it in the trail.

    The second letter of the same noun in one case is numbered 之二. KeyError for an unknown template.
    """
    number = _next_number(case, registered(template))
    letter = letter_of(
        case=case, party=party, template=template, number=number, words=words, actor=actor, now=now
    )
    insert(letter)
    cases.services.record(case=case, verb=trail.LETTER_ISSUED, actor=actor, now=now, payload=vouching(letter))
    return letter


def letter_of(
    *, case: Case, party: Party, template: str, number: str, words: Words, actor: User, now: datetime
) -> Letter:
    """The row of a letter, not stored yet."""
    return Letter(
        case=case,
        party=party,
        template=template,
        number=number,
        words=words,
        content_hash=trail.letter_hash(number=number, template=template, words=words, issued_at=now),
        determination_id=case.determination_id,
        issued_by=actor,
        issued_at=now,
    )


def vouching(letter: Letter) -> dict[str, object]:
    """What the trail says of a stored letter."""
    return {"letter": letter.pk, "template": letter.template, "content": letter.content_hash}


def first_number(case: Case, template: Template) -> str:
    """The number of a case's first letter of a noun."""
    return f"{case.number} 号{template.noun}"


# Text, not an expression: asked at each letter, and building it cost more than asking.
_BEFORE = "SELECT count(*) FROM cases_letter WHERE case_id = %s AND template = ANY(%s)"


def _next_number(case: Case, template: Template) -> str:
    alike = [code for code, other in _templates.items() if other.noun == template.noun]
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [case.pk, alike])
        (before,) = cursor.fetchone()
    first = first_number(case, template)
    if not before:
        return first
    nth = before + 1
    return f"{first}之{_ORDINALS[nth] if nth < len(_ORDINALS) else nth}"


@transaction.atomic
def note_opening(*, letter: Letter, actor: User, now: datetime) -> bool:
    """Note that the party itself opened the letter: once, the first time. Returns whether this was it."""
    if actor.party_id is None or actor.party_id != letter.party_id or _noted(letter, OPENED):
        return False
    payload = {"letter": letter.pk}
    cases.services.record(case=letter.case, verb=OPENED, actor=actor, now=now, payload=payload)
    return True


def pdf_of(*, letter: Letter, now: datetime) -> bytes | None:
    """The PDF of a letter: made when first asked for, the same bytes ever after.

    None where the font lacks a character of it: that is noted in the trail and the log, and the page is
    printed instead. A name with a gap is never handed out.
    """
    kept = LetterFile.objects.filter(pk=letter.pk).first()
    if kept is not None:
        return kept.content
    try:
        content = typeset(letter)
    except MissingGlyph as missing:
        _alarm(letter, missing, now=now)
        return None
    try:
        with transaction.atomic():
            LetterFile.objects.create(
                letter=letter, content=content, sha256=hashlib.sha256(content).hexdigest(), made_at=now
            )
    except IntegrityError:
        # Two opened it at once: the file that was kept first is the letter's.
        return LetterFile.objects.get(pk=letter.pk).content
    return content


@transaction.atomic
def _alarm(letter: Letter, missing: MissingGlyph, *, now: datetime) -> None:
    logger.error("%s: the font of letters lacks %s", letter.case.number, ", ".join(missing.code_points))
    if not _noted(letter, NOT_DRAWN):
        payload = {"letter": letter.pk, "code_points": missing.code_points}
        cases.services.record(case=letter.case, verb=NOT_DRAWN, actor=machine(), now=now, payload=payload)


def _noted(letter: Letter, verb: str) -> bool:
    return Event.objects.filter(case_id=letter.case_id, verb=verb, payload__letter=letter.pk).exists()
