"""Lookups: each question sent outside and what came back, kept as evidence.

Written once and complete, then append-only by trigger. Question and answer are encrypted: they name a person.
"""

from __future__ import annotations

import json
from typing import ClassVar, TypeVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Party
from accounts.privacy import EncryptedTextField, digest
from cases.models import Case
from gateways import registry
from gateways.ports import Answer, Problem, Question, Source

AnswerType = TypeVar("AnswerType", bound=Answer)

DIGEST_PURPOSE = "lookup"


class Lookup(models.Model):
    """One question to one source: either answered, or with the problem that left it open (unknown, never
    "no").

    `answer` is what stood on the wire, word for word ("" where nothing came). `asked_on` is the legal day.
    `round` counts how often a person had the same question asked again on that day. `source` has no list in
    the database: a new source is one line in `gateways.registry` and no migration.
    """

    source = models.CharField(max_length=32)
    question_digest = models.CharField(max_length=64)
    question = EncryptedTextField()
    # Made by us before asking; the answer must name it.
    request_id = models.UUIDField(unique=True)
    asked_on = models.DateField()
    round = models.PositiveSmallIntegerField(default=1)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = EncryptedTextField(blank=True)
    problem = models.CharField(max_length=16, blank=True)
    attempts = models.PositiveSmallIntegerField()
    milliseconds = models.PositiveIntegerField()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="lookups")
    party = models.ForeignKey(
        Party, on_delete=models.PROTECT, null=True, blank=True, related_name="lookups", db_index=False
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="gateways_lookup_answered_once",
                fields=["source", "question_digest", "asked_on", "round"],
                condition=Q(answered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="gateways_lookup_answered_or_problem",
                condition=Q(answered_at__isnull=False, problem="")
                | Q(answered_at__isnull=True, problem__in=[str(p) for p in Problem]),
            ),
            models.CheckConstraint(
                name="gateways_lookup_answer_after_question",
                condition=Q(answered_at__isnull=True) | Q(answered_at__gte=F("asked_at")),
            ),
            models.CheckConstraint(name="gateways_lookup_round", condition=Q(round__gte=1)),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="gateways_lookup_party", fields=["party", "source", "asked_at"])
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.asked_on} {self.problem or 'answered'}"

    @property
    def answered(self) -> bool:
        """Whether the source has answered."""
        return self.answered_at is not None

    def reply(self) -> Answer:
        """The typed answer. Raises ValueError where there is none: see `answered`, or use `reply_as`."""
        if not self.answered:
            raise ValueError(f"lookup {self.pk} has no answer: {self.problem}")
        source = Source(self.source)
        return registry.SOURCES[source].adapter.read(source, self.answer, request_id=str(self.request_id))

    def reply_as(self, kind: type[AnswerType]) -> AnswerType | None:
        """The answer as `kind`; None where the source has not answered. Raises TypeError for another
        source's kind.
        """
        if not self.answered:
            return None
        found = self.reply()
        if not isinstance(found, kind):
            raise TypeError(f"{self.source} answers with {type(found).__name__}, not {kind.__name__}")
        return found


def question_digest(question: Question) -> str:
    """Keyed digest by which the same question to the same source is found again; reveals nothing without
    the key.
    """
    subject = question.subject
    return digest(
        json.dumps(
            [question.source.value, subject.id_kind, subject.id_number, subject.name], ensure_ascii=False
        ),
        purpose=DIGEST_PURPOSE,
    )


def question_text(question: Question) -> str:
    """The question as it is stored, encrypted."""
    subject = question.subject
    return json.dumps(
        {"name": subject.name, "id_kind": subject.id_kind, "id_number": subject.id_number}, ensure_ascii=False
    )
