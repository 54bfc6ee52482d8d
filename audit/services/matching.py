"""Matching an answer file with the roll: set by set, once.

What is answered is written beside each person, one letter a check; hits are kept word for word. Data that is
too old is no answer. Runs inside one transaction that also says that the file was answered, so a worker that
dies leaves all of it undone or all done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import connection, transaction

from audit.checks import CODES, Said
from audit.models import CheckFile, CheckHit, CheckRow
from cases.arrays import integers
from gateways.ports import ComparisonAnswer, ComparisonLine
from law.workdays import legal_day
from policy.selectors import book

PLACE = {code: place for place, code in enumerate(CODES)}
CLEAN = Said.NO.value * (len(CODES) - 1)
"""How the answers of a clean person begin; the last check means nothing, whatever its answer."""


@transaction.atomic
def record_answer(*, file: CheckFile, answer: ComparisonAnswer, now: datetime) -> bool:
    """Write what a file's answer says; whether this call did. One recorded already changes nothing."""
    locked = CheckFile.objects.select_for_update(of=("self",)).defer("content", "answer").get(pk=file.pk)
    if locked.answered_at is not None or locked.given_up_at is not None:
        return False
    as_of = legal_day(answer.as_of)
    days = book().integer("check.data_days", region=file.run.region, on=as_of)
    oldest = as_of - timedelta(days=days)
    letters = _letters(file, answer.lines, oldest=oldest)
    by_answers: dict[str, list[int]] = defaultdict(list)
    for seq, row in letters.items():
        by_answers["".join(row)].append(seq)
    for said, places in by_answers.items():
        _write(file, said, places, clean_on=as_of if is_clean(said) else None)
    _keep_hits(file, [line for line in answer.lines if line.said == Said.YES.value])
    CheckFile.objects.filter(pk=file.pk).update(
        answered_at=now,
        as_of=answer.as_of,
        answer=answer.content,
        answer_sha256=sha256(answer.content).hexdigest(),
        next_at=None,
        problem="",
    )
    return True


def is_clean(answers: str) -> bool:
    """Whether every check that means anything was answered, and none hit."""
    return answers.startswith(CLEAN) and answers[-1] in (Said.YES.value, Said.NO.value)


def _letters(file: CheckFile, lines: Iterable[ComparisonLine], *, oldest: date) -> dict[int, list[str]]:
    """The answers of each person with a line, those of earlier rounds included."""
    known: dict[int, list[str]] = {}
    if file.round > 1:
        before = CheckRow.objects.filter(run=file.run).exclude(answers__regex="^[YN]+$")
        known = {seq: list(answers) for seq, answers in before.values_list("seq", "answers")}
    found: dict[int, list[str]] = {}
    for line in lines:
        said = line.said
        if said == Said.NO.value and line.data_date is not None and line.data_date < oldest:
            said = Said.STALE.value
        row = found.get(line.seq)
        if row is None:
            row = found[line.seq] = known.get(line.seq) or [Said.UNANSWERED.value] * len(CODES)
        for check in line.checks:
            row[PLACE[check]] = said
    return found


def _write(file: CheckFile, said: str, places: list[int], *, clean_on: date | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_checkrow SET answers = %s, clean_on = %s"
            " WHERE run_id = %s AND seq = ANY(%s::int[])",
            [said, clean_on, file.run_id, integers(places)],
        )


def _keep_hits(file: CheckFile, lines: list[ComparisonLine]) -> None:
    places = CheckRow.objects.filter(run=file.run, seq__in=[line.seq for line in lines])
    rows = dict(places.values_list("seq", "pk"))
    CheckHit.objects.bulk_create(
        [
            CheckHit(
                row_id=rows[line.seq],
                check_code=line.checks[0],
                province=line.province,
                unit=line.unit,
                start_month=line.start_month,
                end_month=line.end_month,
                data_date=line.data_date or date.min,
                same_name=line.same_name,
            )
            for line in lines
        ],
        batch_size=2_000,
    )
