"""All writes to cases, their trail, determinations, proposals, messages and seals.

A status is changed by `transition` (or its set form) and by nothing else: a look-up in the kind's table, an
UPDATE that compares before it sets, and an event, in one transaction. Services never read the clock or send
anything, and an event's payload never holds prose or a personal number.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q

from accounts.models import Party, User
from accounts.roles import can
from accounts.selectors import covers, machine
from cases import clocks, kinds, messages, queue, trail
from cases.determining import checks_of, determination_of, keep_parameters, vouching
from cases.inserting import insert
from cases.kinds import Kind, WaitsFor
from cases.models import (
    Amendment,
    Case,
    Determination,
    Event,
    Message,
    Proposal,
    Seal,
)
from cases.steps import STEP_OF, right_for
from law.decision import Decision
from law.errors import Refused
from law.parameters import Parameters
from law.workdays import Calendar, legal_day

Payload = Mapping[str, object]

CHUNK = 5_000
# For acts that are never refused, so that nobody catches their failure and goes on: inside a caller's
# transaction they need no savepoint of their own, which costs two more statements each time.
INSIDE = transaction.atomic(savepoint=False)
# A case leaves its handler's desk when the next step is the other officer's, or nobody's of flesh and blood.
KEEPS_HANDLER = frozenset({WaitsFor.HANDLER, WaitsFor.APPLICANT, WaitsFor.OFFICE})


class NoSuchWay(Exception):
    """The kind's table has no way from this status to that one, or no such verb: a bug of the caller."""


@dataclass(frozen=True)
class Move:
    """What a transition writes besides the event."""

    to: str
    waits_for: WaitsFor
    clears_handler: bool


# --- opening ----------------------------------------------------------------------------------------------


@INSIDE
def open_case(
    *,
    kind: Kind,
    party: Party | None,
    region: str,
    actor: User,
    now: datetime,
    verb: str,
    payload: Payload | None = None,
    promise_due: date | None = None,
    promise_days: int | None = None,
    statutory_due: date | None = None,
    statutory_days: int | None = None,
    due_provisional: bool = False,
) -> Case:
    """Open a case in the kind's initial status, with the next number of its legal day and its first event.

    With each due date come the working days it counts, so that it can be computed again.
    """
    waits_for = kind.waits_for[kind.initial]
    case = Case.objects.create(
        number=_next_number(kind, legal_day(now)),
        kind=kind.code,
        party=party,
        region=region,
        status=kind.initial,
        waits_for=waits_for.value,
        promise_due=promise_due,
        promise_days=promise_days,
        statutory_due=statutory_due,
        statutory_days=statutory_days,
        due_provisional=due_provisional,
        opened_at=now,
        changed_at=now,
        closed_at=now if waits_for is WaitsFor.NOBODY else None,
    )
    _append(kind, case, verb=verb, actor=actor, now=now, payload={**(payload or {}), "to": kind.initial})
    return case


def _next_number(kind: Kind, day: date) -> str:
    """The day's next number; its row stays locked until the case is committed, so no number is given
    twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_serial AS s (prefix, day, last) VALUES (%s, %s, 1) "
            "ON CONFLICT (prefix, day) DO UPDATE SET last = s.last + 1 RETURNING last",
            [kind.prefix, day],
        )
        (last,) = cursor.fetchone()
    return f"{kind.prefix}{day:%Y%m%d}-{last:04d}"


# --- status -----------------------------------------------------------------------------------------------


def transition(
    *, case: Case, to: str, verb: str, actor: User, now: datetime, payload: Payload | None = None
) -> Event:
    """Move a case from the status the caller saw to `to`, and write the event; `case` is brought up to date.

    Whoever comes second is `Refused("case.changed_meanwhile")`, which says who acted and what; an officer is
    also `Refused("case.held_by_other")` where a colleague holds the case. Raises NoSuchWay for a way or verb
    the kind lacks.
    """
    kind = kinds.get(case.kind)
    move = _move(kind, case.status, to)
    _check_verb(kind, verb)
    content = {**(payload or {}), "from": case.status, "to": to}
    with INSIDE:
        if _compare_and_set(case, _values(move, now), actor):
            return _append(kind, case, verb=verb, actor=actor, now=now, payload=content)
    # Refused where nothing was written, and outside the block: the caller's transaction may go on.
    raise lost(case, actor)


def _move(kind: Kind, status: str, to: str) -> Move:
    if not kind.allows(status, to):
        raise NoSuchWay(f"{kind.code}: no way from {status} to {to}")
    waits_for = kind.waits_for[to]
    same_desk = waits_for in KEEPS_HANDLER and kind.waits_for[status] in KEEPS_HANDLER
    return Move(to, waits_for, clears_handler=not same_desk)


def _values(move: Move, now: datetime) -> dict[str, datetime | str | None]:
    """What a transition writes into the case."""
    values: dict[str, datetime | str | None] = {
        "status": move.to,
        "waits_for": move.waits_for.value,
        "changed_at": now,
    }
    closes: dict[str, datetime | str | None] = (
        {"closed_at": now, "paused_at": None} if move.waits_for is WaitsFor.NOBODY else {"closed_at": None}
    )
    return values | closes | {"hold_until": None} | ({"handler": None} if move.clears_handler else {})


def _compare_and_set(case: Case, values: Mapping[str, datetime | str | None], actor: User) -> bool:
    """Write `values` if the status is still the one `case` shows, and bring `case` up to date; one statement.

    Written out because it is what every act of the house does: the update and the reading after it, built
    by the ORM, cost more than both take.
    """
    fields = {field.name: (field.attname, str(field.column)) for field in Case._meta.concrete_fields}
    columns = ", ".join(column for _, column in fields.values())
    assignments = ", ".join(f"{fields[name][1]} = %s" for name in values)
    free = " AND (handler_id IS NULL OR handler_id = %s)" if actor.is_staff_member else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE cases_case SET {assignments} WHERE id = %s AND status = %s{free} "  # noqa: S608 - our own
            f"RETURNING {columns}",
            [*values.values(), case.pk, case.status, *([actor.pk] if free else [])],
        )
        row = cursor.fetchone()
    if row is None:
        return False
    for (attribute, _), value in zip(fields.values(), row, strict=True):
        setattr(case, attribute, value)
    return True


def _free_for(actor: User) -> Q:
    """Officers act on what nobody else holds; the machine and the applicant on what is theirs to act on."""
    return Q(handler__isnull=True) | Q(handler=actor) if actor.is_staff_member else Q()


def lost(case: Case, actor: User) -> Refused:
    """Why a compare-and-set on this case found nothing: who was there first."""
    current = Case.objects.select_related("handler").get(pk=case.pk)
    if actor.is_staff_member and current.handler is not None and current.handler != actor:
        return Refused("case.held_by_other", number=current.number, who=str(current.handler))
    last = Event.objects.select_related("actor").filter(case=current).order_by("-sequence").first()
    return Refused(
        "case.changed_meanwhile",
        number=current.number,
        kind=current.kind,
        status=current.status,
        who=str(last.actor) if last else "",
        verb=last.verb if last else "",
    )


def transition_many(
    *,
    kind: Kind,
    case_ids: Sequence[int],
    from_status: str,
    to: str,
    verb: str,
    actor: User,
    now: datetime,
    payload: Payload | None = None,
) -> list[int]:
    """`transition` for a set, each chunk in a transaction of its own; returns the ids that moved, ascending.

    Cases in another status by then, or on a colleague's desk, stay as they are and are simply not in the
    answer.
    """
    move = _move(kind, from_status, to)
    _check_verb(kind, verb)
    moved: list[int] = []
    ordered = sorted(set(case_ids))
    for start in range(0, len(ordered), CHUNK):
        moved += _transition_chunk(
            kind, ordered[start : start + CHUNK], from_status, move, verb, actor, now, payload or {}
        )
    return moved


@transaction.atomic
def _transition_chunk(
    kind: Kind,
    ids: list[int],
    from_status: str,
    move: Move,
    verb: str,
    actor: User,
    now: datetime,
    payload: Payload,
) -> list[int]:
    held = Case.objects.filter(pk__in=ids, kind=kind.code, status=from_status).filter(_free_for(actor))
    # Locked in the order of their keys first, so that two sets that overlap cannot wait for each other.
    locked = list(held.order_by("pk").select_for_update().values_list("pk", flat=True))
    Case.objects.filter(pk__in=locked).update(**_values(move, now))
    content = json.dumps({**payload, "from": from_status, "to": move.to}, ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_event (case_id, verb, actor_id, at, payload) "
            "SELECT id, %s, %s, %s, %s::jsonb FROM unnest(%s::bigint[]) AS moved (id)",
            [verb, actor.pk, now, content, locked],
        )
    return locked


def record(*, case: Case, verb: str, actor: User, now: datetime, payload: Payload | None = None) -> Event:
    """Write an act that changes no status. Raises NoSuchWay for a verb the kind does not know."""
    return _append(kinds.get(case.kind), case, verb=verb, actor=actor, now=now, payload=payload)


def _append(
    kind: Kind, case: Case, *, verb: str, actor: User, now: datetime, payload: Payload | None = None
) -> Event:
    _check_verb(kind, verb)
    content = dict(payload or {})
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [case.pk, verb, actor.pk, now, json.dumps(content, ensure_ascii=False)])
        pk, sequence, previous_hash, own_hash = cursor.fetchone()
    event = Event(
        pk=pk,
        case=case,
        sequence=sequence,
        previous_hash=previous_hash,
        hash=own_hash,
        verb=verb,
        actor=actor,
        at=now,
        payload=content,
    )
    event._state.adding = False
    event._state.db = connection.alias
    return event


# Text, not a model's insert: every act of the house writes an event, a grant six of them.
_APPEND = (
    "INSERT INTO cases_event (case_id, verb, actor_id, at, payload) VALUES (%s, %s, %s, %s, %s::jsonb) "
    "RETURNING id, sequence, previous_hash, hash"
)


def _check_verb(kind: Kind, verb: str) -> None:
    if not kind.knows(verb):
        raise NoSuchWay(f"{kind.code}: no verb {verb}")


# --- determinations and facts -----------------------------------------------------------------------------


@INSIDE
def determine(
    *,
    case: Case,
    program: str,
    facts: Mapping[str, object],
    sources: Mapping[str, object],
    parameters: Parameters,
    decision: Decision,
    actor: User,
    now: datetime,
) -> Determination:
    """Store a decision with what it rests on, make it the case's latest, and vouch for it in the trail.

    `facts` are the JSON values the program parses, `sources` names for each field where it came from.
    """
    keep_parameters(parameters)
    determination = determination_of(
        case_id=case.pk,
        program=program,
        facts=facts,
        sources=sources,
        parameters=parameters,
        decision=decision,
        actor=actor,
        now=now,
    )
    insert(determination)
    case.determination, case.checks = determination, checks_of(determination)
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [determination.pk, case.checks, case.pk])
    payload = vouching(determination)
    _append(kinds.get(case.kind), case, verb=trail.DETERMINED, actor=actor, now=now, payload=payload)
    return determination


_LATEST = "UPDATE cases_case SET determination_id = %s, checks = %s WHERE id = %s"


@transaction.atomic
def amend_fact(
    *, case: Case, field: str, value: object, source: str, reason: str, actor: User, now: datetime
) -> Amendment:
    """Settle a fact on an officer's word: on what evidence, and why. The caller runs the rule again."""
    _take_if_free(case, actor, now)
    amendment = Amendment.objects.create(
        case=case, field=field, value=value, source=source, reason=reason, actor=actor, at=now
    )
    payload = {"amendment": amendment.pk, "field": field}
    _append(kinds.get(case.kind), case, verb="fact.amended", actor=actor, now=now, payload=payload)
    return amendment


# --- four eyes --------------------------------------------------------------------------------------------


@transaction.atomic
def propose(*, case: Case, act: str, reason: str, actor: User, now: datetime) -> Proposal:
    """Propose an act for another officer to decide, on the latest determination; the caller moves the case.

    `Refused("proposal.open")` while one waits already.
    """
    _take_if_free(case, actor, now)
    if Proposal.objects.filter(case=case, decided_at__isnull=True).exists():
        raise Refused("proposal.open", number=case.number)
    proposal = Proposal.objects.create(
        case=case,
        act=act,
        reason=reason,
        determination_id=case.determination_id,
        proposed_by=actor,
        proposed_at=now,
    )
    payload = {"proposal": proposal.pk, "act": act}
    _append(kinds.get(case.kind), case, verb="proposal.made", actor=actor, now=now, payload=payload)
    return proposal


@transaction.atomic
def decide_proposal(*, proposal: Proposal, agreed: bool, remark: str, actor: User, now: datetime) -> Proposal:
    """Agree to a proposal or not, once, by another than its author: else `Refused("proposal.own")`.

    `Refused("proposal.decided")` for whoever comes second.
    """
    if proposal.proposed_by_id == actor.pk:
        raise Refused("proposal.own")
    _take_if_free(proposal.case, actor, now)
    undecided = Proposal.objects.filter(pk=proposal.pk, decided_at__isnull=True)
    changed = undecided.update(decided_by=actor, decided_at=now, agreed=agreed, remark=remark)
    proposal.refresh_from_db()
    if changed != 1:
        raise Refused("proposal.decided", who=str(proposal.decided_by))
    verb = "proposal.agreed" if agreed else "proposal.declined"
    payload = {"proposal": proposal.pk, "act": proposal.act}
    _append(kinds.get(proposal.case.kind), proposal.case, verb=verb, actor=actor, now=now, payload=payload)
    return proposal


# --- who holds a case -------------------------------------------------------------------------------------


@transaction.atomic
def take(*, case: Case, actor: User, now: datetime) -> Case:
    """Put a free case on the actor's desk; on it already, nothing happens. `case` is brought up to date.

    `Refused`: `case.held_by_other` (who), `case.changed_meanwhile` (who, what), `case.not_waiting`,
    `case.not_your_step`, `case.not_your_region`.
    """
    _check_may_hold(case, actor)
    free = Case.objects.filter(pk=case.pk, handler__isnull=True, status=case.status)
    if free.update(handler=actor) == 1:
        case.refresh_from_db()
        _append(kinds.get(case.kind), case, verb="case.taken", actor=actor, now=now)
        return case
    held = Case.objects.filter(pk=case.pk, handler=actor, status=case.status).exists()
    if not held:
        raise lost(case, actor)
    case.refresh_from_db()
    return case


def _check_may_hold(case: Case, actor: User) -> None:
    waits_for, step = WaitsFor(case.waits_for), right_for(case)
    if step is None:
        raise Refused("case.not_waiting", number=case.number, waits_for=waits_for.value)
    if not can(actor, step):
        raise Refused("case.not_your_step", number=case.number, waits_for=waits_for.value)
    if not covers(actor, case.region):
        raise Refused("case.not_your_region", number=case.number)


def _take_if_free(case: Case, actor: User, now: datetime) -> None:
    """The first act takes a free case; on a colleague's desk it is refused. The machine holds nothing."""
    if actor.is_staff_member:
        take(case=case, actor=actor, now=now)


@transaction.atomic
def release(*, case: Case, actor: User, now: datetime) -> Case:
    """Put a case back so that anybody may take it; a free one stays free. `Refused("case.held_by_other")`."""
    if Case.objects.filter(pk=case.pk, handler=actor).update(handler=None) == 1:
        case.refresh_from_db()
        _append(kinds.get(case.kind), case, verb="case.released", actor=actor, now=now)
        return case
    case.refresh_from_db()
    if case.handler_id is not None:
        raise lost(case, actor)
    return case


def take_next(*, viewer: User, now: datetime, skip: str = "") -> Case | None:
    """The viewer's next case by nearest promise: one already on the desk, or a free one, which is then taken.

    Free cases that colleagues are taking this moment are passed over without waiting. `skip`: number of a
    case to leave out (the one being left). None when there is nothing to do.
    """
    steps = [step for step in (WaitsFor.HANDLER, WaitsFor.REVIEWER) if can(viewer, STEP_OF[step])]
    after: queue.Key | None = None
    while candidates := queue.next_candidates(viewer, steps, after=after, skip=skip):
        for own_run, group in queue.runs(candidates):
            if own_run:
                return Case.objects.get(pk=group[0].case_id)
            taken = _take_one([candidate.case_id for candidate in group], viewer, now)
            if taken is not None:
                return taken
        after = candidates[-1].key
    return None


@transaction.atomic
def _take_one(ids: Sequence[int], viewer: User, now: datetime) -> Case | None:
    free = Case.objects.filter(
        pk__in=ids, handler__isnull=True, waits_for__in=[WaitsFor.HANDLER, WaitsFor.REVIEWER]
    )
    case = free.order_by("queue_on", "pk").select_for_update(skip_locked=True).first()
    if case is None:
        return None
    return take(case=case, actor=viewer, now=now)


# --- clocks -----------------------------------------------------------------------------------------------


@transaction.atomic
def pause_clock(*, case: Case, now: datetime) -> Case:
    """Stop both clocks of a case that waits for the applicant; paused already, nothing happens.

    Another office's delay never stops a clock: `Refused("case.not_waiting")` unless the applicant is waited
    for.
    """
    waiting = Case.objects.filter(pk=case.pk, waits_for=WaitsFor.APPLICANT.value, paused_at__isnull=True)
    changed = waiting.update(paused_at=now)
    case.refresh_from_db()
    if changed:
        _append(kinds.get(case.kind), case, verb="clock.paused", actor=machine(), now=now)
    elif case.paused_at is None:
        raise Refused("case.not_waiting", number=case.number, waits_for=case.waits_for)
    return case


@transaction.atomic
def resume_clock(*, case: Case, calendar: Calendar, now: datetime) -> Case:
    """Start the clocks again before the case moves on: due dates move by the working days that were paused.

    The day of the pause was used, the day of the answer is not counted (Civil Code 201). A case that is not
    paused stays as it is. A date in a year without a calendar becomes provisional.
    """
    current = Case.objects.select_for_update().get(pk=case.pk)
    if current.paused_at is None:
        case.refresh_from_db()
        return case
    days, estimated = clocks.working_days_between(calendar, legal_day(current.paused_at), legal_day(now))
    for name in ("promise_due", "statutory_due"):
        due = getattr(current, name)
        if due is not None:
            moved, provisional = clocks.shifted(calendar, due, days)
            setattr(current, name, moved)
            estimated = estimated or provisional
    current.paused_at = None
    current.due_provisional = current.due_provisional or estimated
    current.save(update_fields=["paused_at", "promise_due", "statutory_due", "due_provisional"])
    case.refresh_from_db()
    payload = {"days": days, **clocks.due_dates(case.promise_due, case.statutory_due)}
    _append(kinds.get(case.kind), case, verb="clock.resumed", actor=machine(), now=now, payload=payload)
    return case


# --- messages ---------------------------------------------------------------------------------------------


def notify(
    *,
    case: Case,
    party: Party,
    template: str,
    numbers: Mapping[str, str | int],
    now: datetime,
    address: str = "",
) -> Message:
    """Put a message into the party's inbox; with `address` (a mobile number) it is also to be sent as a text.

    Raises `PersonalNumber` for a number that must not travel in a message, KeyError for a template or number
    missing.
    """
    messages.check_numbers(numbers)
    messages.fill(template, numbers)
    with INSIDE:
        message = Message(case=case, party=party, template=template, numbers=dict(numbers), created_at=now)
        message.channel, message.mobile = Message.Channel.SMS if address else Message.Channel.INBOX, address
        insert(message)
        payload = {"message": message.pk, "template": template}
        _append(kinds.get(case.kind), case, verb="message.sent", actor=machine(), now=now, payload=payload)
    return message


# --- seals ------------------------------------------------------------------------------------------------


def seal_day(*, day: date, now: datetime) -> Seal:
    """Seal all that was written to trails and access log since the seal before, under the legal day `day`.

    Sealing a day again returns its seal. `Refused("seal.out_of_order")` for a day before the latest sealed
    one.
    """
    last_event, last_access = trail.watermarks()
    with transaction.atomic():
        # Two sealers at once would both follow the same seal.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('cases.seal_day'))")
        known = Seal.objects.filter(day=day).first()
        if known is not None:
            return known
        newest = Seal.objects.order_by("-day").first()
        if newest is not None and newest.day > day:
            raise Refused("seal.out_of_order", day=day.isoformat())
        before = newest or trail.NO_SEAL
        seal = Seal(day=day, previous_hash=before.hash, sealed_at=now)
        seal.last_event, seal.last_access = (
            max(last_event, before.last_event),
            max(last_access, before.last_access),
        )
        seal.head_count, seal.heads_hash = trail.heads_between(after=before.last_event, upto=seal.last_event)
        seal.access_count, seal.access_hash = trail.access_between(
            after=before.last_access, upto=seal.last_access
        )
        seal.hash = trail.sha256(trail.seal_text(seal))
        seal.save(force_insert=True)
        return seal
