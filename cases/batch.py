"""Set-based writes for whole-city work, where one statement a row would be too slow.

Each does what its single form in `cases.services` does, for many rows at once. Nothing else may write here.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.db import connection, transaction

from accounts.models import User
from accounts.privacy import context_of, provider
from accounts.selectors import machine
from cases import messages
from cases.arrays import instants, integers, texts
from cases.kinds import Kind, WaitsFor
from cases.models import Case, Message
from cases.services import NoSuchWay
from law.workdays import legal_day

CHUNK = 5_000
ROWS = 1_000
"""Rows of a wide table in one statement."""

Act = tuple[int, datetime, Mapping[str, object]]
"""What happened on a case: its id, when, and the payload of the event."""


@dataclass(frozen=True, slots=True, repr=False)
class Notice:
    """One message to be written: `cases.services.notify` without its objects. `address` may be empty (inbox
    only), `at` where all are written as of the same moment.
    """

    case_id: int
    party_id: int
    template: str
    numbers: Mapping[str, str | int]
    address: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """One case to be opened: `cases.services.open_case` without its objects."""

    party_id: int | None
    region: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Promise:
    """By when cases opened together are promised to be decided, and the working days that this counts."""

    due: date
    days: int
    provisional: bool


@transaction.atomic
def open_many(
    *,
    kind: Kind,
    openings: Sequence[Opening],
    verb: str,
    actor: User,
    now: datetime,
    promise: Promise | None = None,
) -> list[int]:
    """Open many cases of one kind; their ids in the order given. Raises NoSuchWay for an unknown verb."""
    if not openings:
        return []
    day, waits_for = legal_day(now), kind.waits_for[kind.initial]
    with connection.cursor() as cursor:
        # The row stays locked until all of them are committed, as for one.
        cursor.execute(
            "INSERT INTO cases_serial AS s (prefix, day, last) VALUES (%s, %s, %s) "
            "ON CONFLICT (prefix, day) DO UPDATE SET last = s.last + excluded.last RETURNING last",
            [kind.prefix, day, len(openings)],
        )
        (last,) = cursor.fetchone()
    numbers = range(last - len(openings) + 1, last + 1)
    opened = Case.objects.bulk_create(
        [
            Case(
                number=f"{kind.prefix}{day:%Y%m%d}-{number:04d}",
                kind=kind.code,
                party_id=opening.party_id,
                region=opening.region,
                status=kind.initial,
                waits_for=waits_for.value,
                promise_due=promise.due if promise is not None else None,
                promise_days=promise.days if promise is not None else None,
                due_provisional=promise is not None and promise.provisional,
                opened_at=now,
                changed_at=now,
                closed_at=now if waits_for is WaitsFor.NOBODY else None,
            )
            for number, opening in zip(numbers, openings, strict=True)
        ],
        batch_size=CHUNK,
    )
    payloads = [
        (case.pk, {**opening.payload, "to": kind.initial})
        for case, opening in zip(opened, openings, strict=True)
    ]
    record_many(kind=kind, verb=verb, payloads=payloads, actor=actor, now=now)
    return [case.pk for case in opened]


@transaction.atomic
def record_many(
    *, kind: Kind, verb: str, payloads: Iterable[tuple[int, Mapping[str, object]]], actor: User, now: datetime
) -> None:
    """One act on many cases of one kind, each (case id, payload) an event; a case may stand there twice.

    Raises NoSuchWay for an unknown verb.
    """
    if not kind.knows(verb):
        raise NoSuchWay(f"{kind.code}: no verb {verb}")
    _append(payloads, verb=verb, actor=actor, now=now)


def _append(
    payloads: Iterable[tuple[int, Mapping[str, object]]], *, verb: str, actor: User, now: datetime
) -> None:
    append_dated(((case_id, now, payload) for case_id, payload in payloads), verb=verb, actor=actor)


def append_dated(acts: Iterable[Act], *, verb: str, actor: User) -> None:
    """Write the events; the caller answers for the verb and for the order of one case's acts."""
    in_words = json.JSONEncoder(ensure_ascii=False).encode
    # In the order of the cases, so that two writers that overlap wait for each other and never cross.
    ordered = sorted(acts, key=lambda act: act[0])
    with connection.cursor() as cursor:
        for start in range(0, len(ordered), CHUNK):
            chunk = ordered[start : start + CHUNK]
            cursor.execute(
                "INSERT INTO cases_event (case_id, verb, actor_id, at, payload) "
                "SELECT case_id, %s, %s, at, payload::jsonb "
                "FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) "
                "WITH ORDINALITY AS given (case_id, at, payload, position) ORDER BY position",
                [
                    verb,
                    actor.pk,
                    integers(case_id for case_id, _, _ in chunk),
                    instants(at for _, at, _ in chunk),
                    texts(in_words(payload) for _, _, payload in chunk),
                ],
            )


@transaction.atomic
def notify_many(*, notices: Sequence[Notice], now: datetime) -> int:
    """Put many messages into inboxes and their events into the trails; returns how many. Raises as `notify`.

    The caller answers for the verb: every kind knows `message.sent`.
    """
    filled: set[tuple[str, frozenset[str]]] = set()
    for notice in notices:
        messages.check_numbers(notice.numbers)
        shape = (notice.template, frozenset(notice.numbers))
        if shape not in filled:
            messages.fill(notice.template, notice.numbers)
            filled.add(shape)
    for start in range(0, len(notices), CHUNK):
        _write(notices[start : start + CHUNK], now=now)
    return len(notices)


# The messages in the order given, and in each trail that one was sent.
MESSAGES = """
    WITH written AS (
        INSERT INTO cases_message (case_id, party_id, template, numbers, channel, mobile, created_at,
                                   attempts, provider_id)
        SELECT case_id, party_id, template, numbers::jsonb, channel, mobile, at, 0, ''
        FROM unnest(%(cases)s::bigint[], %(parties)s::bigint[], %(templates)s::text[], %(numbers)s::text[],
                    %(channels)s::text[], %(mobiles)s::text[], %(at)s::timestamptz[])
            WITH ORDINALITY AS given (case_id, party_id, template, numbers, channel, mobile, at, position)
        ORDER BY position
        RETURNING id, case_id, template, created_at
    )
    INSERT INTO cases_event (case_id, verb, actor_id, at, payload)
    SELECT case_id, 'message.sent', %(actor)s, created_at,
           jsonb_build_object('message', id, 'template', template)
    FROM written ORDER BY case_id, id
"""


def _write(notices: Sequence[Notice], *, now: datetime) -> None:
    """The messages, encrypted as the model does it, and an event for each."""
    encrypt = partial(provider().encrypt, context=context_of(Message._meta.get_field("mobile")))
    in_words = json.JSONEncoder(ensure_ascii=False).encode
    sms, inbox = Message.Channel.SMS.value, Message.Channel.INBOX.value
    with connection.cursor() as cursor:
        cursor.execute(
            MESSAGES,
            {
                "cases": integers(notice.case_id for notice in notices),
                "parties": integers(notice.party_id for notice in notices),
                "templates": texts(notice.template for notice in notices),
                "numbers": texts(in_words(dict(notice.numbers)) for notice in notices),
                "channels": texts(sms if notice.address else inbox for notice in notices),
                "mobiles": texts(encrypt(notice.address) for notice in notices),
                "at": instants(notice.at or now for notice in notices),
                "actor": machine().pk,
            },
        )
