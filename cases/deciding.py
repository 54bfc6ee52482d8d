"""Opens many cases that a rule has already decided: whole-city screening, in a few statements a chunk.

What `open_case`, `determine` and `transition` do one after the other, for rows that nobody has seen in
between: the case is written as it stands in the end, its trail holds each of the three acts. It must never
be used for a case that somebody may act on meanwhile, and it decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts.models import User
from cases import trail
from cases.copying import NULL, cell, copy_columns, copy_rows, reserve_keys
from cases.determining import granted_fen, keep_parameters
from cases.kinds import Kind, WaitsFor
from cases.models import Checks
from cases.services import NoSuchWay
from law.decision import Decision, Outcome
from law.parameters import Parameters
from law.programs import PROGRAMS
from law.workdays import legal_day

CASE_COLUMNS = (
    "id", "number", "kind", "party_id", "region", "status", "waits_for", "opened_at", "changed_at",
    "closed_at", "due_provisional", "determination_id", "checks",
)  # fmt: skip
DETERMINATION_COLUMNS = (
    "id", "case_id", "program", "rule_version", "verdict", "facts", "sources", "parameter_set_id", "decision",
    "pass_count", "fail_count", "unknown_count", "amount_fen", "content_hash", "made_by_id", "made_at",
)  # fmt: skip
EVENT_COLUMNS = ("case_id", "verb", "actor_id", "at", "payload")

_in_words = json.JSONEncoder(ensure_ascii=False).encode
_canonical = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
).encode


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Where a decided case goes: the status by verdict, and the verb that says so."""

    to: Mapping[str, str]
    verbs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decided:
    """One case to be opened with the decision it rests on."""

    party_id: int
    region: str
    facts: Mapping[str, object]
    sources: Mapping[str, object]
    decision: Decision


@dataclass(frozen=True, slots=True)
class Written:
    """The keys of what was written for one of them, in the order given."""

    case_id: int
    determination_id: int
    status: str


@transaction.atomic
def open_decided(
    *,
    kind: Kind,
    rows: Sequence[Decided],
    outcomes: Outcomes,
    verb: str,
    payload: Mapping[str, object],
    parameters: Parameters,
    actor: User,
    now: datetime,
) -> list[Written]:
    """Open a case for each row, with its determination and its trail. Raises NoSuchWay.

    `verb` and `payload` are of the first event; the third names the determination.
    """
    if not rows:
        return []
    _check_ways(kind, outcomes, verb)
    keep_parameters(parameters)
    written = [
        Written(case_id, determination_id, outcomes.to[row.decision.verdict.value])
        for row, case_id, determination_id in zip(
            rows,
            reserve_keys("cases_case", len(rows)),
            reserve_keys("cases_determination", len(rows)),
            strict=True,
        )
    ]
    at = now.isoformat()
    contents = _copy_determinations(rows, written, parameters=parameters, actor=actor, at=at)
    _copy_cases(kind, rows, written, now=now)
    _copy_events(kind, rows, written, contents, outcomes, verb, payload, actor=actor, at=at)
    return written


def _check_ways(kind: Kind, outcomes: Outcomes, verb: str) -> None:
    for known in (verb, *outcomes.verbs.values()):
        if not kind.knows(known):
            raise NoSuchWay(f"{kind.code}: no verb {known}")
    for to in outcomes.to.values():
        if not kind.allows(kind.initial, to):
            raise NoSuchWay(f"{kind.code}: no way from {kind.initial} to {to}")


def _copy_cases(kind: Kind, rows: Sequence[Decided], written: Sequence[Written], *, now: datetime) -> None:
    day, at = legal_day(now), now.isoformat()
    with connection.cursor() as cursor:
        # The row stays locked until all of them are committed, as for one.
        cursor.execute(
            "INSERT INTO cases_serial AS s (prefix, day, last) VALUES (%s, %s, %s) "
            "ON CONFLICT (prefix, day) DO UPDATE SET last = s.last + excluded.last RETURNING last",
            [kind.prefix, day, len(rows)],
        )
        (last,) = cursor.fetchone()
    beginning, first = f"{kind.prefix}{day:%Y%m%d}-", last - len(rows) + 1
    statuses = [keys.status for keys in written]
    waiting = {status: kind.waits_for[status] for status in set(statuses)}
    closed = {status: at if waits is WaitsFor.NOBODY else NULL for status, waits in waiting.items()}
    same = len(rows)
    copy_columns(
        "cases_case",
        CASE_COLUMNS,
        [
            [str(keys.case_id) for keys in written],
            [f"{beginning}{first + nth:04d}" for nth in range(same)],
            [kind.code] * same,
            [str(row.party_id) for row in rows],
            [row.region for row in rows],
            statuses,
            [waiting[status].value for status in statuses],
            [at] * same,
            [at] * same,
            [closed[status] for status in statuses],
            ["f"] * same,
            [str(keys.determination_id) for keys in written],
            [_checks(row.decision) for row in rows],
        ],
    )


def _checks(decision: Decision) -> str:
    outcomes = {reason.outcome for reason in decision.reasons}
    if Outcome.FAIL in outcomes:
        return Checks.FAIL.value
    return Checks.OPEN.value if Outcome.UNKNOWN in outcomes else Checks.PASS.value


def _copy_determinations(
    rows: Sequence[Decided], written: Sequence[Written], *, parameters: Parameters, actor: User, at: str
) -> list[str]:
    """The determinations' hashes, in order. Each part is written once and hashed as it is written."""
    program = rows[0].decision.program
    version = str(PROGRAMS[program].version)
    # Facts of whole cities come from few places: the same sources stand at many rows.
    texts: dict[int, str] = {}
    contents, copied = [], []
    for row, keys in zip(rows, written, strict=True):
        decision, verdict = row.decision, row.decision.verdict.value
        sources = texts.get(id(row.sources))
        if sources is None:
            sources = texts[id(row.sources)] = _canonical(row.sources)
        facts, stored = _canonical(row.facts), _canonical(decision.to_json())
        content = trail.sha256(
            f'["{program}","{version}","{verdict}",{facts},{sources},"{parameters.digest}",{stored}]'
        )
        outcomes = [reason.outcome for reason in decision.reasons]
        contents.append(content)
        copied.append(
            (
                keys.determination_id,
                keys.case_id,
                program,
                version,
                verdict,
                facts,
                sources,
                parameters.digest,
                stored,
                outcomes.count(Outcome.PASS),
                outcomes.count(Outcome.FAIL),
                outcomes.count(Outcome.UNKNOWN),
                granted_fen(decision),
                content,
                actor.pk,
                at,
            )
        )
    copy_rows("cases_determination", DETERMINATION_COLUMNS, copied)
    return contents


def _copy_events(
    kind: Kind,
    rows: Sequence[Decided],
    written: Sequence[Written],
    contents: Sequence[str],
    outcomes: Outcomes,
    verb: str,
    payload: Mapping[str, object],
    *,
    actor: User,
    at: str,
) -> None:
    """Three acts a case, in the order in which they are done one by one."""
    opened = _in_words({**payload, "to": kind.initial})
    cases: list[str] = []
    verbs: list[str] = []
    payloads: list[str] = []
    for row, keys, content in zip(rows, written, contents, strict=True):
        verdict, key = row.decision.verdict.value, keys.determination_id
        cases += [str(keys.case_id)] * 3
        verbs += (verb, trail.DETERMINED, outcomes.verbs[verdict])
        payloads += (
            cell(opened),
            f'{{"determination": {key}, "verdict": "{verdict}", "content": "{content}"}}',
            f'{{"determination": {key}, "from": "{kind.initial}", "to": "{keys.status}"}}',
        )
    same = len(cases)
    copy_columns("cases_event", EVENT_COLUMNS, [cases, verbs, [str(actor.pk)] * same, [at] * same, payloads])
