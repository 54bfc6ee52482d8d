"""Everything that leaves the house: questions to registers, files to the bank, short messages.

A question is asked with no transaction open (a slow office must not hold our locks), in threads that do
network only; the caller's thread writes what came back. A source that does not answer is *unknown*; nothing
here guesses. No personal number may reach a log line, an exception or a task argument.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import F, Q

from accounts.models import Party
from cases.inserting import insertion
from cases.messages import registered, render
from cases.models import Case, Message
from gateways import registry
from gateways.adapters import bank, comparison, sms
from gateways.adapters.wire import BadAnswer, Endpoint
from gateways.models import Lookup, question_digest, question_text
from gateways.ports import (
    BankReceipt,
    BankReply,
    BankStatement,
    Channel,
    ComparisonAnswer,
    ComparisonReply,
    ComparisonWait,
    Problem,
    Question,
    SmsReply,
    Source,
    Unavailable,
)
from law.workdays import legal_day

__all__ = [
    "Unavailable",
    "ask_many",
    "fetch_comparison",
    "fetch_receipts",
    "fetch_statement",
    "file_status",
    "send_messages",
    "submit_comparison",
    "submit_file",
]

logger = logging.getLogger("anye.gateways")

Found = TypeVar("Found")

MESSAGE_WAITS = (
    timedelta(0),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
)
"""Age of a message before its first, second, … try. After the last one fails it is given up; the inbox
still has it.
"""
MESSAGE_GIVEN_UP = timedelta(hours=24)
MESSAGES_A_CHUNK = 100
CHUNKS_A_RUN = 20
MESSAGE_THREADS = 4
REGISTER_THREADS = 16
"""All registers of one question round at once, with room for a second round of the same process."""
MESSAGE_LANGUAGE = "zh-hans"


class InsideTransaction(RuntimeError):
    """A bug of the caller: the outside was asked while a transaction was open."""


# --- registers --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class _Outcome:
    """What one thread brings home."""

    text: str | None
    problem: str
    attempts: int
    milliseconds: int


def ask_many(
    *,
    questions: Sequence[Question],
    party: Party | None,
    case: Case | None = None,
    now: datetime,
    round: int = 1,
    fresh: bool = False,
) -> dict[Source, Lookup]:
    """Ask each source about the person, all at once, and keep every answer. One question a source.

    A source that has answered the same question on the same legal day (in this round or a later one) is not
    asked again, unless `fresh`: then a new round begins. Never raises for a silent or faulty source: its
    lookup carries the problem. Raises InsideTransaction, and ValueError for two questions to one source.
    """
    _refuse_inside_transaction()
    if len({question.source for question in questions}) != len(questions):
        raise ValueError("two questions to one source")
    today = legal_day(now)
    digests = {question.source: question_digest(question) for question in questions}
    found = {} if fresh else _answered(digests, today=today, since_round=round)
    open_questions = [question for question in questions if question.source not in found]
    if not open_questions:
        return found
    first_round = max(round, _last_round(digests, today=today) + 1) if fresh else round
    request_ids = {question.source: uuid.uuid4() for question in open_questions}
    asks = [
        partial(_ask, question, str(request_ids[question.source]), registry.endpoint(question.source), now)
        for question in open_questions
    ]
    outcomes = _in_threads(asks, threads=REGISTER_THREADS)
    lookups = [
        Lookup(
            source=question.source.value,
            question_digest=digests[question.source],
            question=question_text(question),
            request_id=request_ids[question.source],
            asked_on=today,
            round=first_round,
            asked_at=now,
            answered_at=None if outcome.text is None else now + timedelta(milliseconds=outcome.milliseconds),
            answer=outcome.text or "",
            problem=outcome.problem,
            attempts=outcome.attempts,
            milliseconds=outcome.milliseconds,
            case=case,
            party=party,
        )
        for question, outcome in zip(open_questions, outcomes, strict=True)
    ]
    return found | _keep(lookups)


def _ask(question: Question, request_id: str, endpoint: Endpoint, now: datetime) -> _Outcome:
    """One question, in a thread: network only. Whatever goes wrong outside comes back as a problem."""
    row = registry.SOURCES[question.source]
    began = time.monotonic()
    text: str | None = None
    try:
        heard = row.adapter.ask(
            endpoint, row.path, question=question, request_id=request_id, asked_at=now, limits=row.limits
        )
        row.adapter.read(question.source, heard.text, request_id=request_id)
    except Unavailable as silence:
        problem, attempts = silence.problem.value, silence.attempts
    except BadAnswer as fault:
        problem, attempts = Problem.BAD_ANSWER.value, 1
        logger.error("%s gave an answer that does not fit: %s", question.source.value, fault.where)
    else:
        text, problem, attempts = heard.text, "", heard.attempts
    return _Outcome(text, problem, attempts, int((time.monotonic() - began) * 1000))


def _answered(digests: dict[Source, str], *, today: date, since_round: int) -> dict[Source, Lookup]:
    """The answers that may be used again, by source."""
    if not digests:
        return {}
    oldest = {source: today - timedelta(days=registry.SOURCES[source].fresh_days - 1) for source in digests}
    rows = Lookup.objects.raw(
        f"SELECT * {_ALIKE} AND asked_on BETWEEN %s AND %s AND round >= %s ORDER BY asked_on, round",
        [*_alike(digests), min(oldest.values()), today, since_round],
    )
    found: dict[Source, Lookup] = {}
    for lookup in rows:
        source = Source(lookup.source)
        if digests.get(source) == lookup.question_digest and lookup.asked_on >= oldest[source]:
            found[source] = lookup
    return found


# The answered lookups of some questions. Text, not an expression: asked for every claim, and building it cost
# more than asking. The sources are named too, because the index begins with them.
_ALIKE = (
    "FROM gateways_lookup WHERE source = ANY(%s) AND question_digest = ANY(%s) AND answered_at IS NOT NULL"
)


def _alike(digests: dict[Source, str]) -> list[list[str]]:
    return [[source.value for source in digests], list(digests.values())]


def _last_round(digests: dict[Source, str], *, today: date) -> int:
    """The highest round in which one of the questions was answered today; 0 if none was."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(max(round), 0) {_ALIKE} AND asked_on = %s", [*_alike(digests), today]
        )
        (highest,) = cursor.fetchone()
    return int(highest)


def _keep(lookups: Sequence[Lookup]) -> dict[Source, Lookup]:
    """Write all lookups at once. Where another worker has kept the same answer meanwhile, its row is the
    one.
    """
    text, values = insertion(lookups)
    with connection.cursor() as cursor:
        cursor.execute(f"{text} ON CONFLICT DO NOTHING RETURNING request_id, id", values)
        keys: dict[uuid.UUID, int] = dict(cursor.fetchall())
    kept: dict[Source, Lookup] = {}
    for lookup in lookups:
        source = Source(lookup.source)
        if lookup.request_id in keys:
            lookup.pk = keys[lookup.request_id]
            kept[source] = lookup
        else:
            kept[source] = Lookup.objects.get(
                source=lookup.source,
                question_digest=lookup.question_digest,
                asked_on=lookup.asked_on,
                round=lookup.round,
                answered_at__isnull=False,
            )
    return kept


# --- bank -------------------------------------------------------------------------------------------------


def submit_file(
    *,
    batch_number: str,
    content: bytes,
    sha256: str,
    now: datetime,
    charset: str = "gb18030",
    media_type: str = "text/plain",
) -> BankReply:
    """Send one payment file, once. `sha256` is the hex digest of `content`.

    Raises Unavailable; unless its problem is REFUSED the bank may have taken the file: ask `file_status`,
    never send again before it says None. REFUSED (the number is known with other content, keys differ)
    needs a person.
    """
    _refuse_inside_transaction()
    send = partial(
        bank.submit,
        registry.endpoint(Channel.BANK),
        registry.BANK_FILES,
        batch_number=batch_number,
        content=content,
        sha256=sha256,
        charset=charset,
        media_type=media_type,
        asked_at=now,
        limits=registry.BANK_SUBMIT,
    )
    return _from_bank(send)


def file_status(*, batch_number: str, now: datetime) -> BankReply | None:
    """What the bank says of a file; None: it does not have it, so it may be sent. Raises Unavailable."""
    _refuse_inside_transaction()
    ask = partial(
        bank.status,
        registry.endpoint(Channel.BANK),
        registry.BANK_FILES,
        batch_number=batch_number,
        asked_at=now,
        limits=registry.BANK_ASK,
    )
    return _from_bank(ask)


def fetch_receipts(*, batch_number: str, now: datetime) -> list[BankReceipt]:
    """All receipts of a batch so far, in the bank's order; asking again gives the same ones and more.

    Raises Unavailable.
    """
    _refuse_inside_transaction()
    ask = partial(
        bank.receipts,
        registry.endpoint(Channel.BANK),
        registry.BANK_FILES,
        batch_number=batch_number,
        asked_at=now,
        limits=registry.BANK_ASK,
    )
    return _from_bank(ask)


def fetch_statement(*, day: date, now: datetime, account: str = "") -> BankStatement:
    """The statement of one day (Asia/Shanghai) as of `now`; of all payer accounts together without `account`.

    Raises Unavailable, also (BAD_ANSWER) for a statement whose lines do not make its closing balance.
    """
    _refuse_inside_transaction()
    ask = partial(
        bank.statement,
        registry.endpoint(Channel.BANK),
        registry.BANK_STATEMENT,
        day=day,
        account=account,
        asked_at=now,
        limits=registry.BANK_ASK,
    )
    return _from_bank(ask)


def _from_bank(call: Callable[[], Found]) -> Found:
    """Run one call to the bank; an answer that does not fit is no answer."""
    return _from_channel(Channel.BANK, call)


def _from_channel(channel: Channel, call: Callable[[], Found]) -> Found:
    try:
        return call()
    except BadAnswer as fault:
        logger.error("%s gave an answer that does not fit: %s", channel.value, fault.where)
        raise Unavailable(channel.value, Problem.BAD_ANSWER, 1) from None


# --- the national comparison ------------------------------------------------------------------------------


def submit_comparison(*, request_number: str, content: bytes, now: datetime) -> ComparisonReply:
    """Send one request file. The number is its key: after silence the same bytes may be sent again.

    Raises Unavailable; its problem is REFUSED where the number is known with another content.
    """
    _refuse_inside_transaction()
    send = partial(
        comparison.submit,
        registry.endpoint(Channel.COMPARISON),
        registry.COMPARISON_REQUESTS,
        request_number=request_number,
        content=content,
        asked_at=now,
        limits=registry.COMPARISON_SUBMIT,
    )
    return _from_channel(Channel.COMPARISON, send)


def fetch_comparison(
    *, request_number: str, asked: Mapping[int, frozenset[str]], now: datetime
) -> ComparisonAnswer | ComparisonWait:
    """The answer to a request, or why there is none yet. `asked`: place -> codes that were asked.

    Raises Unavailable, also (BAD_ANSWER) for a file that does not hold together or answers what nobody asked.
    """
    _refuse_inside_transaction()
    ask = partial(
        comparison.fetch,
        registry.endpoint(Channel.COMPARISON),
        registry.COMPARISON_REQUESTS,
        request_number=request_number,
        asked=asked,
        asked_at=now,
        limits=registry.COMPARISON_FETCH,
    )
    return _from_channel(Channel.COMPARISON, ask)


# --- short messages ---------------------------------------------------------------------------------------


def send_messages(*, now: datetime) -> int:
    """Send the short messages that are due and return how many the provider took.

    Safe to run twice and in parallel: a try is counted before it is made, rows in work are passed over, and
    the provider knows a message by our id. A message that can never be delivered, or has used up its tries,
    gets `failed_at`; it stays in the person's inbox.
    """
    _refuse_inside_transaction()
    _give_up(now)
    taken = 0
    for _chunk in range(CHUNKS_A_RUN):
        messages = _claim_messages(now)
        endpoint = registry.endpoint(Channel.SMS)
        sends = [
            partial(
                _send,
                endpoint,
                message_id=message_key(message),
                mobile=message.mobile,
                text=render(message, MESSAGE_LANGUAGE),
                now=now,
            )
            for message in messages
        ]
        taken += _record_sent(messages, _in_threads(sends, threads=MESSAGE_THREADS), now=now)
        if len(messages) < MESSAGES_A_CHUNK:
            break
    return taken


def message_key(message: Message) -> str:
    """The id by which the provider knows a message: ours for ever, and not that of another installation's
    row.
    """
    return f"{message.pk}-{message.created_at:%Y%m%d%H%M%S%f}"


def _due(now: datetime) -> Q:
    """Which messages have their next try before them; one whose words are not known waits for its app."""
    due = Q(pk__in=[])
    for attempts, age in enumerate(MESSAGE_WAITS):
        due |= Q(attempts=attempts, created_at__lte=now - age)
    return due & Q(
        channel=Message.Channel.SMS,
        sent_at__isnull=True,
        failed_at__isnull=True,
        template__in=registered(),
    )


@transaction.atomic
def _claim_messages(now: datetime) -> list[Message]:
    """Take a chunk of due messages and count the try that is about to be made."""
    messages = list(
        Message.objects.filter(_due(now))
        .order_by("pk")
        .select_for_update(skip_locked=True)[:MESSAGES_A_CHUNK]
    )
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(attempts=F("attempts") + 1)
    for message in messages:
        message.attempts += 1
    return messages


@transaction.atomic
def _give_up(now: datetime) -> None:
    """Close messages whose last try was counted and never reported: its worker died."""
    Message.objects.filter(
        channel=Message.Channel.SMS,
        sent_at__isnull=True,
        failed_at__isnull=True,
        attempts__gte=len(MESSAGE_WAITS),
        created_at__lte=now - MESSAGE_GIVEN_UP,
    ).update(failed_at=now)


def _send(endpoint: Endpoint, *, message_id: str, mobile: str, text: str, now: datetime) -> SmsReply | None:
    """One message, in a thread: network only. None: not known to be taken, try again."""
    if not mobile:
        return SmsReply(accepted=False, provider_id="")
    try:
        return sms.send(
            endpoint,
            registry.SMS_MESSAGES,
            message_id=message_id,
            mobile=mobile,
            text=text,
            asked_at=now,
            limits=registry.SMS_SEND,
        )
    except Unavailable:
        return None
    except BadAnswer as fault:
        logger.error("the SMS provider gave an answer that does not fit: %s", fault.where)
        return None


@transaction.atomic
def _record_sent(messages: Sequence[Message], replies: Sequence[SmsReply | None], *, now: datetime) -> int:
    """Write what became of each message."""
    taken = 0
    for message, reply in zip(messages, replies, strict=True):
        row = Message.objects.filter(pk=message.pk, sent_at__isnull=True, failed_at__isnull=True)
        if reply is not None and reply.accepted:
            taken += row.update(sent_at=now, provider_id=reply.provider_id)
        elif reply is not None or message.attempts >= len(MESSAGE_WAITS):
            row.update(failed_at=now)
            logger.warning("message %s was given up after %s tries", message.pk, message.attempts)
    return taken


# --- common -----------------------------------------------------------------------------------------------


def _refuse_inside_transaction() -> None:
    """The outside may be slow: no lock of ours may wait for it. The blocks of a test case do not count."""
    # The same look as `transaction.atomic(durable=True)` takes; Django has no public name for it.
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise InsideTransaction("the outside was asked inside a transaction")


def _in_threads(calls: Sequence[Callable[[], Found]], *, threads: int) -> list[Found]:
    """Run the calls at the same time and return their results in order. They must not touch the database."""
    if len(calls) <= 1:
        return [call() for call in calls]
    pool = _pool(os.getpid(), threads)
    return [future.result() for future in [pool.submit(call) for call in calls]]


@cache
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """The threads of a process, started once: starting them anew took as long as some registers answer.

    By process, because threads do not survive a fork.
    """
    return ThreadPoolExecutor(max_workers=threads, thread_name_prefix=f"outside-{process}")
