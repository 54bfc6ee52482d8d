"""Asking: one request file a round to the national comparison, and fetching its one answer file.

Intent is committed before anything travels, no transaction is open while it does, and what comes back is
recorded in one. The file's number is the key, so a step that was killed or met silence is simply taken again.
Silence leaves everybody on the file unanswered, which is never a clean result.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from django.db import connection, transaction
from django.db.models import F, Q

import gateways.services
from accounts.models import Identifier, User
from accounts.privacy import context_of, provider
from accounts.selectors import covers
from audit.checks import CODES, OPEN_ANSWERS, Said
from audit.models import CheckFile, CheckRow, CheckRun
from audit.services.matching import record_answer
from gateways.adapters.comparison import request_file
from gateways.ports import ComparedPerson, ComparisonAnswer, ComparisonWait, Problem, Unavailable
from law.errors import Refused

logger = logging.getLogger("anye.audit")

LEASE = timedelta(minutes=5)
"""Longer than any exchange may take: a worker that has not come back by then is dead."""
POLL = timedelta(minutes=1)
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""From one try that met trouble to the next; the last one from then on."""
ASK_AGAIN_AFTER = timedelta(hours=6)
"""From an answer that left somebody unanswered to the next round."""

# Names and numbers stand with the party; whoever has no document cannot be asked about and stays unanswered.
ASKED = """
    SELECT roll.seq, roll.answers, roll.spell_start, person.name, document.kind, document.number
    FROM audit_checkrow roll
    JOIN accounts_party person ON person.id = roll.party_id
    JOIN accounts_identifier document ON document.party_id = person.id AND document.valid_to IS NULL
        AND document.kind = 'CITIZEN_ID'
    WHERE roll.run_id = %s AND roll.answers ~ %s ORDER BY roll.seq
"""


@transaction.atomic
def make_request(*, run: CheckRun, now: datetime) -> CheckFile | None:
    """The file at work of a run, or the next one about all that is unanswered; None if nothing is."""
    CheckRun.objects.select_for_update().get(pk=run.pk)
    at_work = run.files.filter(answered_at=None, given_up_at=None).defer("content", "answer").first()
    if at_work is not None:
        return at_work
    people = _people(run)
    if not people:
        return None
    last = run.files.order_by("-round").values_list("round", flat=True).first() or 0
    number = f"BD{run.region}-{run.period.replace('-', '')}-{run.pk}-{last + 1}"
    content = request_file(request_number=number, period=run.period, made_at=now, people=people)
    return CheckFile.objects.create(
        run=run,
        round=last + 1,
        number=number,
        count=len(people),
        content=content,
        sha256=sha256(content).hexdigest(),
        made_at=now,
        next_at=now,
    )


def _people(run: CheckRun) -> list[ComparedPerson]:
    decrypt = partial(provider().decrypt, context=context_of(Identifier._meta.get_field("number")))
    with connection.cursor() as cursor:
        cursor.execute(ASKED, [run.pk, OPEN_ANSWERS])
        return [
            ComparedPerson(seq, kind, decrypt(number), name, spell_start, open_codes(answers))
            for seq, answers, spell_start, name, kind, number in cursor.fetchall()
        ]


def open_codes(answers: str) -> tuple[str, ...]:
    """The codes of the checks that a row has no answer to."""
    known = _OPEN_CODES.get(answers)
    if known is None:
        is_open = {Said.UNANSWERED.value, Said.STALE.value}
        known = tuple(code for code, said in zip(CODES, answers, strict=True) if said in is_open)
        _OPEN_CODES[answers] = known
    return known


# A handful of patterns for a whole city.
_OPEN_CODES: dict[str, tuple[str, ...]] = {}


def exchange(*, file_id: int, now: datetime) -> bool:
    """Take the next step of one file, if it is due: send it, or fetch its answer. Whether it was answered.

    Safe to run twice and in parallel: of two workers the one whose UPDATE moves `next_at` goes.
    """
    due = CheckFile.objects.filter(Q(next_at__lte=now), pk=file_id, answered_at=None, given_up_at=None)
    if due.update(next_at=now + LEASE, attempts=F("attempts") + 1) != 1:
        return False
    file = CheckFile.objects.select_related("run").get(pk=file_id)
    try:
        if file.accepted_at is None:
            _send(file, now=now)
            return False
        return _fetch(file, now=now)
    except Unavailable as trouble:
        _note(file, trouble.problem.value, now=now)
        return False


def _send(file: CheckFile, *, now: datetime) -> None:
    reply = gateways.services.submit_comparison(request_number=file.number, content=file.content, now=now)
    if not reply.accepted:
        logger.error("the comparison does not take %s: %s", file.number, reply.code)
        CheckFile.objects.filter(pk=file.pk).update(next_at=None, problem=reply.code)
        return
    CheckFile.objects.filter(pk=file.pk, accepted_at=None).update(
        accepted_at=now, reference=reply.reference, next_at=now + POLL, attempts=0, problem=""
    )


def _fetch(file: CheckFile, *, now: datetime) -> bool:
    asked = _asked(file)
    found = gateways.services.fetch_comparison(request_number=file.number, asked=asked, now=now)
    if isinstance(found, ComparisonAnswer):
        return record_answer(file=file, answer=found, now=now)
    if found is ComparisonWait.UNKNOWN:
        # It took the file once and has lost it: the same number with the same bytes goes again.
        CheckFile.objects.filter(pk=file.pk, answered_at=None).update(accepted_at=None, next_at=now)
        return False
    CheckFile.objects.filter(pk=file.pk, answered_at=None).update(next_at=now + POLL, problem="")
    return False


def _asked(file: CheckFile) -> Mapping[int, frozenset[str]]:
    """What was asked about whom: nothing was answered since, or this file would not be at work."""
    rows = CheckRow.objects.filter(run=file.run, answers__regex=OPEN_ANSWERS)
    sets = {
        answers: frozenset(open_codes(answers))
        for answers in rows.values_list("answers", flat=True).distinct()
    }
    return {seq: sets[answers] for seq, answers in rows.values_list("seq", "answers")}


def _note(file: CheckFile, problem: str, *, now: datetime) -> None:
    wait = WAITS[min(file.attempts, len(WAITS)) - 1]
    # A number that is known with another content cannot be sent again by itself: a person looks.
    next_at = None if problem == Problem.REFUSED else now + wait
    CheckFile.objects.filter(pk=file.pk, answered_at=None).update(next_at=next_at, problem=problem)


@transaction.atomic
def ask_again(*, run: CheckRun, actor: User, now: datetime) -> CheckFile | None:
    """By hand: give up the file at work, if there is one, and ask about all that is unanswered in a new one.

    None if nobody is unanswered. `Refused("check.not_your_region")`.
    """
    if not covers(actor, run.region):
        raise Refused("check.not_your_region")
    CheckRun.objects.select_for_update().get(pk=run.pk)
    run.files.filter(answered_at=None, given_up_at=None).update(given_up_at=now, next_at=None)
    CheckRun.objects.filter(pk=run.pk).update(closed_at=None)
    return make_request(run=run, now=now)
