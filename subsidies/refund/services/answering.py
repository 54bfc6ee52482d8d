"""What a unit itself says: the numbers are right, it wants none, or something is wrong. Its agent acts.

A unit that says nothing is published as one that confirmed. What it contests is looked at by a person; if
money is in a batch already, the bank's answer comes first and the difference is paid or asked back
afterwards.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from cases.services import record, transition
from law.errors import Refused
from law.workdays import legal_day
from subsidies.refund import kinds
from subsidies.refund.models import Objection, Refund
from subsidies.refund.services.financing import hold, take_back

CONTESTABLE = {
    kinds.INELIGIBLE: (Objection.About.RESULT, "refund.contested"),
    kinds.NOTIFIED: (Objection.About.DATA, "refund.objected"),
    kinds.CONFIRMED: (Objection.About.DATA, "refund.objected"),
    kinds.PUBLIC_NOTICE: (Objection.About.DATA, "refund.objected"),
}
"""Where an objection has the case looked at by a person at once: what it is about, and the verb."""
HOLDABLE = frozenset({kinds.FINANCE_REVIEW, kinds.APPROVED})


@transaction.atomic
def confirm(*, refund: Refund, actor: User, now: datetime) -> None:
    """The unit says that the numbers are right. `Refused("answer.too_late")` once it is not asked any
    more.
    """
    _must_be_asked(refund, now=now)
    transition(case=refund.case, to=kinds.CONFIRMED, verb="refund.confirmed", actor=actor, now=now)


@transaction.atomic
def decline(*, refund: Refund, actor: User, now: datetime) -> None:
    """The unit wants no refund this year. `Refused("answer.too_late")`."""
    if refund.case.status != kinds.CONFIRMED:
        _must_be_asked(refund, now=now)
    transition(case=refund.case, to=kinds.DECLINED, verb="refund.declined", actor=actor, now=now)


def _must_be_asked(refund: Refund, *, now: datetime) -> None:
    due = refund.answer_due
    if refund.case.status != kinds.NOTIFIED or due is None or legal_day(now) > due:
        raise Refused("answer.too_late")


@transaction.atomic
def object_to(*, refund: Refund, words: str, actor: User, now: datetime) -> Objection:
    """The unit says what is wrong; a person looks at it. The same words again are one objection.

    `Refused`: "objection.words", "objection.not_now" (nothing has been found yet, or it is being looked at).
    """
    said = words.strip()
    if not said:
        raise Refused("objection.words")
    Refund.objects.select_for_update().get(pk=refund.pk)
    same = Objection.objects.filter(refund=refund, words=said, settled_at=None).first()
    if same is not None:
        return same
    status = refund.case.status
    if status in CONTESTABLE:
        about, verb = CONTESTABLE[status]
        made = _write(refund, about, said, actor=actor, now=now)
        transition(
            case=refund.case,
            to=kinds.MANUAL,
            verb=verb,
            actor=actor,
            now=now,
            payload={"objection": made.pk},
        )
        Refund.objects.filter(pk=refund.pk).update(notice=None)
        return made
    if status in HOLDABLE:
        made = _write(refund, Objection.About.DATA, said, actor=actor, now=now)
        hold({refund.pk: "OBJECTION"}, actor=actor, now=now)
        return made
    if status in (kinds.PAYING, kinds.PAID, kinds.TOPPED_UP):
        return _after_owing(refund, said, actor=actor, now=now)
    raise Refused("objection.not_now")


def _after_owing(refund: Refund, words: str, *, actor: User, now: datetime) -> Objection:
    """What is owed and not in a batch is held; what is, is paid first, and the objection waits for it."""
    held = 0
    if refund.case.status == kinds.PAYING:
        held = take_back({refund.pk: "OBJECTION"}, actor=actor, now=now)
    made = _write(refund, Objection.About.DATA, words, actor=actor, now=now, after_sealing=not held)
    payload = {"objection": made.pk, "after_sealing": not held}
    record(case=refund.case, verb="refund.objected", actor=actor, now=now, payload=payload)
    return made


def _write(
    refund: Refund,
    about: Objection.About,
    words: str,
    *,
    actor: User,
    now: datetime,
    after_sealing: bool = False,
) -> Objection:
    return Objection.objects.create(
        refund=refund,
        about=about,
        words=words,
        made_by=actor,
        made_at=now,
        after_sealing=after_sealing,
    )
