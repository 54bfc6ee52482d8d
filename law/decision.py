"""What a rule answers: a verdict, its reasons, and their way into the database, onto pages and out of the
command.

A reason keeps a code and numbers, never a sentence: the sentence is filled when it is read
(`law.sentences`). A decision stores no fact and no personal number. Precedence is the same for every
program (`verdict_of`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from law.sentences import pattern

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"
"""What may be stored and sent: no float."""

Scalar: TypeAlias = str | int | None


class Verdict(StrEnum):
    """`REFUSE` is a proposal: only a person refuses."""

    GRANT = "GRANT"
    REFUSE = "REFUSE"
    REVIEW = "REVIEW"


class Outcome(StrEnum):
    """Of one test. `UNKNOWN` covers what no source could answer and what contradicts itself."""

    PASS = "PASS"  # noqa: S105 - the outcome of a test, not a password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where the law says so: title of the law or notice, and article."""

    title: str
    article: str

    def to_json(self) -> dict[str, Json]:
        return {"title": self.title, "article": self.article}


@dataclass(frozen=True)
class Reason:
    """One test of one case.

    `given` is what was found, `limit` what is required (months, dates and codes as they stand in the facts);
    `fields` names the facts the test rests on; `numbers` fill the sentence of (`code`, `outcome`, `variant`).
    """

    code: str
    outcome: Outcome
    given: Scalar
    limit: Scalar
    reference: Reference
    numbers: Mapping[str, str | int]
    fields: tuple[str, ...]
    variant: str = ""

    @property
    def pattern(self) -> str:
        """The Chinese pattern with `{name}` placeholders: pages translate it, then fill in `numbers`."""
        return pattern(self.code, self.outcome, self.variant)

    def explanation(self) -> str:
        """The Chinese sentence, never empty."""
        return self.pattern.format_map(self.numbers)

    def to_public(self) -> dict[str, Json]:
        """The six members promised to programs outside."""
        return {
            "code": self.code,
            "outcome": self.outcome.value,
            "given": self.given,
            "limit": self.limit,
            "reference": self.reference.to_json(),
            "explanation": self.explanation(),
        }

    @cached_property
    def public_bytes(self) -> bytes:
        """`to_public` as UTF-8 JSON, made once: constant reasons are shared by all decisions."""
        return _encode(self.to_public()).encode()

    def to_json(self) -> dict[str, Json]:
        """All that is needed to read the reason again years later, without the sentence."""
        return {
            "code": self.code,
            "outcome": self.outcome.value,
            "variant": self.variant,
            "given": self.given,
            "limit": self.limit,
            "reference": self.reference.to_json(),
            "numbers": dict(self.numbers),
            "fields": list(self.fields),
        }

    @classmethod
    def from_json(cls, stored: Json) -> Reason:
        """The reverse of `to_json`. Raises ValueError if it is not such a value."""
        row = mapping(stored)
        reference = mapping(row["reference"])
        numbers: dict[str, str | int] = {}
        for name, value in mapping(row["numbers"]).items():
            filled = scalar(value)
            if filled is None:
                raise ValueError(f"number {name} of a stored reason is null")
            numbers[name] = filled
        return cls(
            code=text(row["code"]),
            outcome=Outcome(text(row["outcome"])),
            given=scalar(row["given"]),
            limit=scalar(row["limit"]),
            reference=Reference(text(reference["title"]), text(reference["article"])),
            numbers=numbers,
            fields=texts(row["fields"]),
            variant=text(row["variant"]),
        )


@dataclass(frozen=True)
class Decision:
    """Base of every program's decision. `parameters_digest` names the parameters it was made with."""

    program: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    parameters_digest: str

    def results(self) -> dict[str, Json]:
        """The program's own answers (amounts, months, codes) by name."""
        raise NotImplementedError

    def results_members(self) -> bytes:
        """The members of `results` as UTF-8 JSON. A program may keep them ready, for speed."""
        return json_members(self.results())

    def to_public(self) -> dict[str, Json]:
        """What programs outside are promised, without the `id` of the question."""
        return {
            "verdict": self.verdict.value,
            **self.results(),
            "reasons": [reason.to_public() for reason in self.reasons],
            "parameters_digest": self.parameters_digest,
        }

    def public_members(self) -> list[bytes]:
        """The members of `to_public` as UTF-8 JSON, from reasons that are encoded once."""
        return [
            b'"verdict": "%b"' % self.verdict.encode(),
            self.results_members(),
            b'"reasons": [%b]' % b", ".join([reason.public_bytes for reason in self.reasons]),
            b'"parameters_digest": "%b"' % self.parameters_digest.encode(),
        ]

    def to_json(self) -> dict[str, Json]:
        """What a determination stores; `from_json` of the program's class reads it back."""
        return {
            "program": self.program,
            "verdict": self.verdict.value,
            "results": self.results(),
            "reasons": [reason.to_json() for reason in self.reasons],
            "parameters_digest": self.parameters_digest,
        }

    def compared(self) -> dict[str, Json]:
        """What a replay compares: verdict, codes, outcomes, amounts and dates; not the wording."""
        return {
            "verdict": self.verdict.value,
            "results": self.results(),
            "reasons": [[reason.code, reason.outcome.value] for reason in self.reasons],
        }


_encode = json.JSONEncoder(ensure_ascii=False).encode


def json_members(public: Mapping[str, Json]) -> bytes:
    """The members of an object as UTF-8 JSON, without its braces."""
    return _encode(public)[1:-1].encode()


def verdict_of(reasons: Iterable[Reason]) -> Verdict:
    """REFUSE if a test fails on known facts; otherwise REVIEW if anything is unknown; otherwise GRANT."""
    verdict = Verdict.GRANT
    for reason in reasons:
        outcome = reason.outcome
        if outcome is Outcome.FAIL:
            return Verdict.REFUSE
        if outcome is Outcome.UNKNOWN:
            verdict = Verdict.REVIEW
    return verdict


def mapping(value: Json) -> Mapping[str, Json]:
    """Narrow a stored value. Raises ValueError, as do the four below: a stored decision was damaged."""
    if not isinstance(value, Mapping):
        raise ValueError("a stored decision holds no object where one must stand")
    return value


def sequence(value: Json) -> Sequence[Json]:
    """Narrow a stored value to a list."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError("a stored decision holds no list where one must stand")
    return value


def text(value: Json) -> str:
    """Narrow a stored value to text."""
    if not isinstance(value, str):
        raise ValueError("a stored decision holds no text where one must stand")
    return value


def scalar(value: Json) -> Scalar:
    """Narrow a stored value to text, a whole number or null."""
    if value is None or isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError("a stored decision holds no number or text where one must stand")


def number(value: Json) -> int | None:
    """Narrow a stored value to a whole number or null."""
    found = scalar(value)
    if isinstance(found, str):
        raise ValueError("a stored decision holds text where a number must stand")
    return found


def texts(value: Json) -> tuple[str, ...]:
    """Narrow a stored value to a list of text."""
    return tuple(text(item) for item in sequence(value))
