"""Writes attachments: files that come with an act on a case, checked by what they are, kept encrypted.

A file's name and what the browser says about it are never believed: its kind is read from its first bytes.
Nothing here opens, renders or changes a file; what was handed in is handed out, byte for byte.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

import cases.services
from accounts.models import User
from cases.models import Amendment, Attachment, Case
from law.errors import Refused

MAX_BYTES = 10 * 1024 * 1024
MOST_AN_ACT = 5
"""How many files may come with one act."""

_NAME_LENGTH = 120
_LONG_NUMBER = re.compile(r"[0-9]{11,}[Xx]?")
_SIGNATURES: tuple[tuple[bytes, Attachment.Kind], ...] = (
    (b"%PDF-", Attachment.Kind.PDF),
    (b"\xff\xd8\xff", Attachment.Kind.JPEG),
    (b"\x89PNG\r\n\x1a\n", Attachment.Kind.PNG),
)
_ENDINGS: Mapping[Attachment.Kind, tuple[str, ...]] = {
    Attachment.Kind.PDF: (".pdf",),
    Attachment.Kind.JPEG: (".jpg", ".jpeg"),
    Attachment.Kind.PNG: (".png",),
}


@dataclass(frozen=True)
class Paper:
    """One file as it came: the name somebody gave it, and its content."""

    name: str
    content: bytes


def kind_of(content: bytes) -> Attachment.Kind | None:
    """What the first bytes say it is; None for anything that is not taken."""
    return next((kind for signature, kind in _SIGNATURES if content.startswith(signature)), None)


def check(papers: Sequence[Paper]) -> None:
    """Refuses files that cannot be taken, naming the file and what to do.

    `Refused`: `attachment.too_many`, `attachment.empty`, `attachment.too_large`, `attachment.wrong_kind`.
    """
    if len(papers) > MOST_AN_ACT:
        raise Refused("attachment.too_many", most=MOST_AN_ACT)
    for paper in papers:
        name = _plain(paper.name)
        if not paper.content:
            raise Refused("attachment.empty", name=name)
        if len(paper.content) > MAX_BYTES:
            raise Refused("attachment.too_large", name=name, most=MAX_BYTES // (1024 * 1024))
        if kind_of(paper.content) is None:
            raise Refused("attachment.wrong_kind", name=name)


def attach(*, case: Case, papers: Sequence[Paper], actor: User, now: datetime) -> list[Attachment]:
    """Keep the files of one act, in their order, and vouch for each in the trail. None: nothing happens.

    Raises what `check` raises; then nothing of the act is kept.
    """
    check(papers)
    return _keep(case, papers, actor=actor, now=now) if papers else []


@transaction.atomic
def _keep(case: Case, papers: Sequence[Paper], *, actor: User, now: datetime) -> list[Attachment]:
    kept = []
    for paper in papers:
        kind = kind_of(paper.content)
        assert kind is not None
        kept.append(
            Attachment.objects.create(
                case=case,
                party_id=case.party_id,
                name=safe_name(paper.name, kind),
                kind=kind,
                size=len(paper.content),
                sha256=hashlib.sha256(paper.content).hexdigest(),
                content=paper.content,
                uploaded_by=actor,
                at=now,
            )
        )
    cases.services.record(
        case=case,
        verb="attachment.added",
        actor=actor,
        now=now,
        payload={"attachments": {str(row.pk): row.sha256 for row in kept}},
    )
    return kept


@transaction.atomic
def rest_on(*, case: Case, field: str, attachments: Sequence[Attachment]) -> None:
    """Say which papers the latest settled value of a fact rests on. The caller has just settled it."""
    amendment = Amendment.objects.filter(case=case, field=field).order_by("-at", "-pk").first()
    assert amendment is not None
    amendment.attachments.add(*attachments)


def safe_name(name: str, kind: Attachment.Kind) -> str:
    """A name safe in any folder that ends as the content demands: as a PDF, `a/b.exe` is `b.exe.pdf`."""
    plain = _plain(name)
    endings = _ENDINGS[kind]
    if plain.lower().endswith(endings):
        stem, _dot, ending = plain.rpartition(".")
        return f"{stem[: _NAME_LENGTH - len(ending) - 1]}.{ending}"
    return plain[: _NAME_LENGTH - len(endings[0])] + endings[0]


def _plain(name: str) -> str:
    """The last part of a path, without control characters and what file systems forbid; never empty."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    # People name a scan after the number on it; the name is kept in the clear, the number is not.
    kept = _LONG_NUMBER.sub(lambda found: f"{found[0][:4]}-{found[0][-4:]}", kept)
    return re.sub(r'[<>:"|?*]', "_", kept).strip(" .")[:_NAME_LENGTH] or "附件"
