"""Set-based writes of matters that came about at times of their own: opened, moved, decided, written to.

Each does what its single form does, for many cases at once, with the time of each act in its row; the acts of
one case must be given in their order. For work that is written after it happened, as a synthetic city's is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from accounts.models import Party, User
from cases import trail
from cases.batch import ROWS, Act, append_dated
from cases.determining import checks_of, vouching
from cases.kinds import Kind, WaitsFor
from cases.letters import Words, first_number, letter_of, registered
from cases.letters import vouching as vouching_for_letter
from cases.models import Case, Determination, Letter
from cases.services import NoSuchWay
from law.workdays import legal_day


@dataclass(frozen=True, slots=True)
class Arrival:
    """One case to be opened, with its clocks: `cases.services.open_case` without its objects."""

    party_id: int
    region: str
    at: datetime
    promise_due: date
    promise_days: int
    statutory_due: date
    statutory_days: int
    due_provisional: bool


@dataclass(frozen=True, slots=True, repr=False)
class Issue:
    """A case's first letter."""

    case: Case
    party: Party
    words: Words
    at: datetime


@transaction.atomic
def open_dated(*, kind: Kind, arrivals: Sequence[Arrival], verb: str, actor: User) -> list[Case]:
    """Open many cases, numbered within their legal days in the order given. Raises NoSuchWay for an unknown
    verb.
    """
    days = [legal_day(arrival.at) for arrival in arrivals]
    serials = {day: _reserve(kind, day, days.count(day)) for day in sorted(set(days))}
    waits_for = kind.waits_for[kind.initial]
    opened = []
    for arrival, day in zip(arrivals, days, strict=True):
        serials[day] += 1
        opened.append(
            Case(
                number=f"{kind.prefix}{day:%Y%m%d}-{serials[day]:04d}",
                kind=kind.code,
                party_id=arrival.party_id,
                region=arrival.region,
                status=kind.initial,
                waits_for=waits_for.value,
                promise_due=arrival.promise_due,
                promise_days=arrival.promise_days,
                statutory_due=arrival.statutory_due,
                statutory_days=arrival.statutory_days,
                due_provisional=arrival.due_provisional,
                opened_at=arrival.at,
                changed_at=arrival.at,
                closed_at=arrival.at if waits_for is WaitsFor.NOBODY else None,
            )
        )
    Case.objects.bulk_create(opened, batch_size=ROWS)
    acts: list[Act] = [(case.pk, case.opened_at, {"to": kind.initial}) for case in opened]
    record_dated(kind=kind, verb=verb, acts=acts, actor=actor)
    return opened


def _reserve(kind: Kind, day: date, count: int) -> int:
    """Take the day's next `count` numbers; the last one that was given before them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_serial AS s (prefix, day, last) VALUES (%s, %s, %s) "
            "ON CONFLICT (prefix, day) DO UPDATE SET last = s.last + excluded.last RETURNING last",
            [kind.prefix, day, count],
        )
        (last,) = cursor.fetchone()
    return int(last) - count


@transaction.atomic
def record_dated(*, kind: Kind, verb: str, acts: Sequence[Act], actor: User) -> None:
    """The same act on many cases, each at its time. Raises NoSuchWay for an unknown verb."""
    if not kind.knows(verb):
        raise NoSuchWay(f"{kind.code}: no verb {verb}")
    append_dated(acts, verb=verb, actor=actor)


@transaction.atomic
def move_dated(*, kind: Kind, acts: Sequence[Act], from_status: str, to: str, verb: str, actor: User) -> None:
    """Move many cases that no officer holds. Raises NoSuchWay, also where one stands in another status."""
    if not kind.allows(from_status, to):
        raise NoSuchWay(f"{kind.code}: no way from {from_status} to {to}")
    waits_for = kind.waits_for[to]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE cases_case SET status = %s, waits_for = %s, changed_at = at, hold_until = NULL,
                paused_at = NULL, closed_at = CASE WHEN %s THEN at END
            FROM unnest(%s::bigint[], %s::timestamptz[]) AS moved (case_id, at)
            WHERE id = case_id AND kind = %s AND status = %s AND handler_id IS NULL
            """,
            [
                to,
                waits_for.value,
                waits_for is WaitsFor.NOBODY,
                [case_id for case_id, _, _ in acts],
                [at for _, at, _ in acts],
                kind.code,
                from_status,
            ],
        )
        if cursor.rowcount != len(acts):
            raise NoSuchWay(f"{kind.code}: {len(acts) - cursor.rowcount} cases are not in {from_status}")
    moved: list[Act] = [
        (case_id, at, {**payload, "from": from_status, "to": to}) for case_id, at, payload in acts
    ]
    record_dated(kind=kind, verb=verb, acts=moved, actor=actor)


@transaction.atomic
def determine_many(*, kind: Kind, cases: Sequence[Case], rows: Sequence[Determination], actor: User) -> None:
    """Store determinations (`cases.determining.determination_of`), one for each case, and vouch for them.

    Their parameters are stored already (`keep_parameters`). The cases given are brought up to date.
    """
    Determination.objects.bulk_create(rows, batch_size=ROWS)
    for case, row in zip(cases, rows, strict=True):
        case.determination, case.checks = row, checks_of(row)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE cases_case SET determination_id = determination, checks = worst
            FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS made (case_id, determination, worst)
            WHERE id = case_id
            """,
            [[row.case_id for row in rows], [row.pk for row in rows], [str(case.checks) for case in cases]],
        )
    acts: list[Act] = [(row.case_id, row.made_at, vouching(row)) for row in rows]
    record_dated(kind=kind, verb=trail.DETERMINED, acts=acts, actor=actor)


@transaction.atomic
def issue_many(*, kind: Kind, template: str, issues: Sequence[Issue], actor: User) -> None:
    """Freeze the first letter of many cases and vouch for each. IntegrityError where it is not the first."""
    letters = [
        letter_of(
            case=issue.case,
            party=issue.party,
            template=template,
            number=first_number(issue.case, registered(template)),
            words=issue.words,
            actor=actor,
            now=issue.at,
        )
        for issue in issues
    ]
    Letter.objects.bulk_create(letters, batch_size=ROWS)
    acts: list[Act] = [(letter.case_id, letter.issued_at, vouching_for_letter(letter)) for letter in letters]
    record_dated(kind=kind, verb=trail.LETTER_ISSUED, acts=acts, actor=actor)
