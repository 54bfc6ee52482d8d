"""The facts an officer may settle on the case page: why each is open, and what it may be settled as.

Reads only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cases.wording import sentence
from claims import words
from claims.facts import AMENDABLE
from law.decision import Outcome, Reason
from law.unemployment_benefit import UnemploymentDecision


@dataclass(frozen=True)
class OpenQuestion:
    """One fact an officer may settle: its name, the sentence that says why it is open, and the answers."""

    field: str
    title: str
    options: Sequence[tuple[str, str]]
    is_number: bool
    answer: str = ""


def open_questions(
    decision: UnemploymentDecision | None, names: Mapping[str, str], given: Mapping[str, str]
) -> list[OpenQuestion]:
    """The facts to settle: those of open reasons, and of failing ones that evidence may put right.

    `given`: what the officer has answered on a form that is shown again.
    """
    if decision is None:
        return []
    found = []
    for reason in sorted(decision.reasons, key=lambda each: each.outcome is not Outcome.UNKNOWN):
        if reason.outcome is Outcome.PASS:
            continue
        for field in reason.fields:
            if field in AMENDABLE:
                found.append(_question(reason, field, names, given.get(field, "")))
    return found


def _question(reason: Reason, field: str, names: Mapping[str, str], answer: str) -> OpenQuestion:
    return OpenQuestion(
        field=field,
        title=sentence(reason),
        options=words.options(field, names),
        is_number=AMENDABLE[field] == "months",
        answer=answer,
    )
