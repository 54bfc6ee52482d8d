"""Keeps many answers as evidence at once, where they were heard together. Asks nobody."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from gateways import registry
from gateways.adapters.wire import BadAnswer
from gateways.models import Lookup, question_digest, question_text
from gateways.ports import Question, Source
from law.workdays import legal_day

CHUNK = 1_000


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """A question and the answer to it as it stood on the wire."""

    question: Question
    request_id: uuid.UUID
    text: str
    at: datetime
    case_id: int
    party_id: int


def fits(*, source: Source, text: str, request_id: uuid.UUID) -> bool:
    """Whether the text is an answer to this very question."""
    try:
        registry.SOURCES[source].adapter.read(source, text, request_id=str(request_id))
    except BadAnswer:
        return False
    return True


@transaction.atomic
def keep_many(*, answers: Sequence[Kept]) -> list[Lookup]:
    """Write many answers in the order given, each as if asked alone; IntegrityError for one kept already."""
    return Lookup.objects.bulk_create(
        [
            Lookup(
                source=one.question.source.value,
                question_digest=question_digest(one.question),
                question=question_text(one.question),
                request_id=one.request_id,
                asked_on=legal_day(one.at),
                asked_at=one.at,
                answered_at=one.at,
                answer=one.text,
                attempts=1,
                milliseconds=0,
                case_id=one.case_id,
                party_id=one.party_id,
            )
            for one in answers
        ],
        batch_size=CHUNK,
    )
