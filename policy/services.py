"""Writes dated values: one supervisor proposes, another approves, and from then on the rules read it.

A proposal is a case: its trail says who proposed and who decided, and vouches for the content. Nothing here
changes or forgets a value; a correction is a later value for the same start.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import covers
from cases import trail
from cases.services import open_case, transition
from law.errors import Refused
from law.parameters import Citation, Value
from law.workdays import legal_day
from policy import checks, kinds
from policy.checks import Draft
from policy.models import PolicyValue
from policy.selectors import book, draft_of


@transaction.atomic
def propose(
    *,
    key: str,
    region: str,
    start: date,
    value: Value,
    unit: str,
    reference: Citation,
    assumption: bool,
    actor: User,
    now: datetime,
    reason: str = "",
) -> PolicyValue:
    """Write down a value that another supervisor may approve. `value` is text, or lists and tables of text.

    Raises Refused: `policy.not_allowed`, `policy.region_not_yours`, `policy.already_proposed` (the number of
    the one that waits), and what `policy.checks.check` raises.
    """
    draft = Draft(
        key=key,
        region=region,
        start=start,
        value=value,
        unit=unit,
        reference=reference,
        assumption=assumption,
    )
    check_proposal(draft, actor=actor, now=now)
    try:
        # An inner block, so that the one that was faster can still be read.
        with transaction.atomic():
            return _write(draft, reason=reason.strip(), actor=actor, now=now)
    except IntegrityError:
        _refuse_second(draft)
        raise


def check_proposal(draft: Draft, *, actor: User, now: datetime) -> None:
    """Raises what `propose` would raise, and writes nothing: for the preview."""
    if not can(actor, Action.PROPOSE_POLICY):
        raise Refused("policy.not_allowed")
    checks.check(draft, book(), today=legal_day(now))
    _check_covered(draft.region, actor)
    _refuse_second(draft)


def _refuse_second(draft: Draft) -> None:
    waiting = PolicyValue.objects.open().select_related("case")
    found = waiting.filter(key=draft.key, region=draft.region, start=draft.start).first()
    if found is not None:
        raise Refused("policy.already_proposed", key=draft.key, number=found.number)


def _write(draft: Draft, *, reason: str, actor: User, now: datetime) -> PolicyValue:
    case = open_case(
        kind=kinds.POLICY,
        party=None,
        region=_bureau_of(draft.region, actor),
        actor=actor,
        now=now,
        verb="policy.proposed",
        payload={
            "key": draft.key,
            "region": draft.region,
            "start": draft.start.isoformat(),
            "content": content_hash(draft),
        },
    )
    return PolicyValue.objects.create(
        case=case,
        key=draft.key,
        region=draft.region,
        start=draft.start,
        value=draft.value,
        unit=draft.unit,
        reference=draft.reference.to_json(),
        assumption=draft.assumption,
        reason=reason,
        proposed_by=actor,
        proposed_at=now,
    )


def content_hash(content: Draft | PolicyValue) -> str:
    """SHA-256 of what is proposed, as the trail keeps it."""
    return trail.sha256(trail.canonical([content.dated().to_json(), content.assumption]))


def _bureau_of(region: str, actor: User) -> str:
    """Whose matter it is: the region's own, or the proposer's where the nation or the province is copied."""
    return region if covers(actor, region) else actor.regions[0]


@transaction.atomic
def approve(*, value: PolicyValue, actor: User, now: datetime, remark: str = "") -> PolicyValue:
    """Put a proposed value in force. The rules of all processes read it from their next look at the book
    on.

    Raises Refused: `policy.not_allowed`, `policy.region_not_yours`, `policy.approved`, `policy.closed`,
    `policy.own` (the proposer), and what has come to hinder it since it was proposed.
    """
    row = _to_decide(value, actor)
    checks.check(draft_of(row), book(), today=legal_day(now))
    row.approved_by, row.approved_at, row.remark = actor, now, remark.strip()
    row.save(update_fields=["approved_by", "approved_at", "remark"])
    payload = {"content": content_hash(row)}
    transition(
        case=row.case, to=kinds.APPROVED, verb="policy.approved", actor=actor, now=now, payload=payload
    )
    return row


@transaction.atomic
def decline(*, value: PolicyValue, remark: str, actor: User, now: datetime) -> PolicyValue:
    """Close a proposal without putting it in force; `remark` tells the proposer why.

    Raises Refused as `approve`, and `policy.reason_missing`.
    """
    row = _to_decide(value, actor)
    if not remark.strip():
        raise Refused("policy.reason_missing")
    _close(row, remark=remark, actor=actor, now=now)
    transition(case=row.case, to=kinds.DECLINED, verb="policy.declined", actor=actor, now=now)
    return row


@transaction.atomic
def withdraw(*, value: PolicyValue, actor: User, now: datetime, remark: str = "") -> PolicyValue:
    """Take back what one has proposed oneself.

    Raises Refused: `policy.not_allowed`, `policy.approved`, `policy.closed`, `policy.not_proposer`.
    """
    if not can(actor, Action.PROPOSE_POLICY):
        raise Refused("policy.not_allowed")
    row = _locked(value)
    if row.proposed_by_id != actor.pk:
        raise Refused("policy.not_proposer")
    _close(row, remark=remark, actor=actor, now=now)
    transition(case=row.case, to=kinds.WITHDRAWN, verb="policy.withdrawn", actor=actor, now=now)
    return row


def _close(row: PolicyValue, *, remark: str, actor: User, now: datetime) -> None:
    row.closed_by, row.closed_at, row.remark = actor, now, remark.strip()
    row.save(update_fields=["closed_by", "closed_at", "remark"])


def _to_decide(value: PolicyValue, actor: User) -> PolicyValue:
    """The row, locked and open, for a second supervisor of its region."""
    if not can(actor, Action.APPROVE_POLICY):
        raise Refused("policy.not_allowed")
    row = _locked(value)
    if row.proposed_by_id == actor.pk:
        raise Refused("policy.own")
    _check_covered(row.region, actor)
    return row


def _locked(value: PolicyValue) -> PolicyValue:
    """The row as it is now; of two who decide at once the second waits here, and is then refused."""
    row = PolicyValue.objects.select_for_update(of=["self"]).select_related("case").get(pk=value.pk)
    if row.approved_at is not None:
        raise Refused("policy.approved")
    if row.closed_at is not None:
        raise Refused("policy.closed")
    return row


def _check_covered(region: str, actor: User) -> None:
    """A city's value is for a supervisor of that city. What the nation or the province fixes any supervisor
    may copy.
    """
    if not actor.regions or not (region.endswith("0000") or covers(actor, region)):
        raise Refused("policy.region_not_yours", region=region)
