"""The trail as text: what exactly is hashed, and the check that nothing of it was changed since.

Hashes events, determinations, access rows and seals from their rows, in Python; the trigger of migration 0002
makes the event's hash in the database, from the same text. Everything streams: memory does not grow with the
trail. This module never writes, and what it finds it returns; it never repairs.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from accounts.models import Access
from cases.models import Event, Letter, ParameterSet, Seal

CHUNK = 2_000
NO_SEAL = Seal(last_event=0, last_access=0, hash="")
DETERMINED = "determination.made"
LETTER_ISSUED = "letter.issued"


@contextmanager
def streamed(sql: str, **params: Any) -> Iterator[Iterable[tuple[Any, ...]]]:
    """The rows of a query, fetched in chunks of 2,000 from a cursor that stays at the server."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        yield cursor


def instant(moment: datetime) -> str:
    """An instant as it stands in hashed text: `2025-09-26T06:05:00.000000Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def sha256(text: str) -> str:
    """SHA-256 of UTF-8 text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: object) -> str:
    """JSON in one form only: sorted keys, no blanks, text as it is. Raises TypeError for what is not JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def event_text(
    *, number: str, sequence: int, verb: str, actor_id: int, at: datetime, payload: str, previous_hash: str
) -> str:
    """What the hash of an event is made of: seven lines.

    Case number, sequence, verb, id of the actor, instant in UTC to the microsecond, the payload as PostgreSQL
    writes `jsonb`, and the hash of the event before it (empty for the first).
    """
    return "\n".join((number, str(sequence), verb, str(actor_id), instant(at), payload, previous_hash))


def determination_hash(
    *,
    program: str,
    rule_version: str,
    verdict: str,
    facts: object,
    sources: object,
    parameters_digest: str,
    decision: object,
) -> str:
    """The hash over what a determination says and what it rests on."""
    return sha256(canonical([program, rule_version, verdict, facts, sources, parameters_digest, decision]))


def letter_hash(*, number: str, template: str, words: object, issued_at: datetime) -> str:
    """The hash over all that a letter says."""
    return sha256(canonical([number, template, words, instant(issued_at)]))


def seal_text(seal: Seal) -> str:
    """What the hash of a seal is made of."""
    parts = (
        seal.day.isoformat(),
        seal.last_event,
        seal.head_count,
        seal.heads_hash,
        seal.last_access,
        seal.access_count,
        seal.access_hash,
        seal.previous_hash,
    )
    return "\n".join(str(part) for part in parts)


HEADS = """
    SELECT DISTINCT ON (case_id) case_id, sequence, hash FROM cases_event
    WHERE id > %(after)s AND id <= %(upto)s ORDER BY case_id, sequence DESC
"""


def heads_between(*, after: int, upto: int) -> tuple[int, str]:
    """How many trails grew by events with ids in (after, upto], and the hash over their last events."""
    hasher, count = hashlib.sha256(), 0
    with streamed(HEADS, after=after, upto=upto) as rows:
        for case_id, sequence, head in rows:
            hasher.update(f"{case_id} {sequence} {head}\n".encode())
            count += 1
    return count, hasher.hexdigest()


def access_between(*, after: int, upto: int) -> tuple[int, str]:
    """How many access rows have ids in (after, upto], and the hash over them."""
    hasher, count = hashlib.sha256(), 0
    found = Access.objects.filter(pk__gt=after, pk__lte=upto).order_by("pk")
    for row in found.iterator(chunk_size=CHUNK):
        parts = [
            row.pk,
            instant(row.at),
            row.actor_id,
            row.act,
            row.party_id,
            row.case_number,
            row.reason,
            row.address_digest,
        ]
        hasher.update(f"{canonical(parts)}\n".encode())
        count += 1
    return count, hasher.hexdigest()


@transaction.atomic
def watermarks() -> tuple[int, int]:
    """The largest ids below which nothing can appear any more.

    An insert takes its id while it holds the table; SHARE waits until all such are over, so what has a
    smaller id is committed or never will be. Writers stand still for the length of two index look-ups.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE cases_event, accounts_access IN SHARE MODE")
    last_event = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    last_access = Access.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return last_event, last_access


@dataclass(frozen=True)
class Break:
    """Something that does not hold: where (case number, day of a seal) and what, in English for the log."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class Verification:
    """What was recomputed, and the first thing that did not hold (None: all of it does)."""

    events: int = 0
    cases: int = 0
    determinations: int = 0
    letters: int = 0
    seals: int = 0
    broken: Break | None = None
    newest_seal: date | None = field(default=None)


def verify() -> Verification:
    """Recompute all chains, hashes of determinations and letters, and seals; stop at the first break."""
    found = Verification()
    for check in (
        _verify_events,
        _verify_beginnings,
        _verify_determinations,
        _verify_letters,
        _verify_parameters,
        _verify_seals,
    ):
        found.broken = check(found)
        if found.broken is not None:
            break
    return found


EVENTS = """
    SELECT e.case_id, c.number, c.status, e.sequence, e.verb, e.actor_id, e.at, e.payload::text,
           e.payload->>'to', e.previous_hash, e.hash
    FROM cases_event e JOIN cases_case c ON c.id = e.case_id
    ORDER BY e.case_id, e.sequence
"""


def _verify_events(found: Verification) -> Break | None:
    """Walk all chains in one pass: sequence, link, hash, and that the case stands where its trail ended."""
    case_id: int | None = None
    number, status, reached, expected, previous = "", "", "", 1, ""
    with streamed(EVENTS) as rows:
        for row in rows:
            if row[0] != case_id:
                if case_id is not None and reached != status:
                    return Break(number, f"the case says {status}, its trail {reached or 'nothing'}")
                case_id, number, status, reached, expected, previous = row[0], row[1], row[2], "", 1, ""
                found.cases += 1
            _, _, _, sequence, verb, actor_id, at, payload, to, link, stored = row
            where = f"{number} event {sequence} ({verb})"
            if sequence != expected:
                return Break(where, f"event {expected} is missing")
            if link != previous:
                return Break(where, "it does not follow from the event before it")
            text = event_text(
                number=number,
                sequence=sequence,
                verb=verb,
                actor_id=actor_id,
                at=at,
                payload=payload,
                previous_hash=link,
            )
            if sha256(text) != stored:
                return Break(where, "its content was changed")
            reached, expected, previous = to or reached, expected + 1, stored
            found.events += 1
    if case_id is not None and reached != status:
        return Break(number, f"the case says {status}, its trail {reached or 'nothing'}")
    return None


WITHOUT_TRAIL = """
    SELECT number FROM cases_case c WHERE NOT EXISTS (SELECT FROM cases_event e WHERE e.case_id = c.id) LIMIT
    1
"""


def _verify_beginnings(found: Verification) -> Break | None:
    with streamed(WITHOUT_TRAIL) as rows:
        for (number,) in rows:
            return Break(str(number), "the case has no trail")
    return None


DETERMINATIONS = """
    SELECT c.number, d.id, d.program, d.rule_version, d.verdict, d.facts::text, d.sources::text,
           d.parameter_set_id, d.decision::text, d.content_hash, e.payload->>'content'
    FROM cases_determination d JOIN cases_case c ON c.id = d.case_id
    LEFT JOIN cases_event e
        ON e.case_id = d.case_id AND e.verb = %(verb)s AND (e.payload->>'determination')::bigint = d.id
    ORDER BY d.id
"""


def _verify_determinations(found: Verification) -> Break | None:
    with streamed(DETERMINATIONS, verb=DETERMINED) as rows:
        for (
            number,
            key,
            program,
            version,
            verdict,
            facts,
            sources,
            parameters,
            decision,
            stored,
            in_trail,
        ) in rows:
            where = f"{number} determination {key}"
            content = determination_hash(
                program=program,
                rule_version=version,
                verdict=verdict,
                facts=json.loads(facts),
                sources=json.loads(sources),
                parameters_digest=parameters,
                decision=json.loads(decision),
            )
            if content != stored:
                return Break(where, "its content was changed")
            if stored != in_trail:
                return Break(where, "the trail does not vouch for it")
            found.determinations += 1
    return None


def _verify_letters(found: Verification) -> Break | None:
    named = Event.objects.annotate(letter=Cast(KeyTextTransform("letter", "payload"), BigIntegerField()))
    vouched = named.filter(case=OuterRef("case"), verb=LETTER_ISSUED, letter=OuterRef("pk"))
    rows = Letter.objects.select_related("case").annotate(
        in_trail=Subquery(vouched.values("payload__content")[:1])
    )
    for letter in rows.order_by("pk").iterator(chunk_size=CHUNK // 10):
        where = f"{letter.case.number} letter {letter.pk}"
        content = letter_hash(
            number=letter.number, template=letter.template, words=letter.words, issued_at=letter.issued_at
        )
        if content != letter.content_hash:
            return Break(where, "its words were changed")
        if content != letter.in_trail:
            return Break(where, "the trail does not vouch for it")
        found.letters += 1
    return None


def _verify_parameters(found: Verification) -> Break | None:
    for parameters in ParameterSet.objects.order_by("pk").iterator(chunk_size=10):
        if sha256(canonical(parameters.snapshot)) != parameters.digest:
            return Break(f"parameters {parameters.digest[:12]}", "their values were changed")
    return None


def _verify_seals(found: Verification) -> Break | None:
    before = NO_SEAL
    for seal in Seal.objects.order_by("day").iterator(chunk_size=CHUNK):
        where = f"seal of {seal.day}"
        if seal.previous_hash != before.hash:
            return Break(where, "it does not follow from the seal before it")
        if sha256(seal_text(seal)) != seal.hash:
            return Break(where, "the seal itself was changed")
        if (seal.head_count, seal.heads_hash) != heads_between(after=before.last_event, upto=seal.last_event):
            return Break(where, "the trails of that day were changed")
        if (seal.access_count, seal.access_hash) != access_between(
            after=before.last_access, upto=seal.last_access
        ):
            return Break(where, "the access log of that day was changed")
        before = seal
        found.seals += 1
        found.newest_seal = seal.day
    return None
