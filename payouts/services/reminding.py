"""Reminders to people whose payment came back and who have not put their account right yet.

A sweep over the day on which each is due: every reminder goes out once, and after the last one the case comes
back to the handler. It never moves money.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.selectors import machine
from cases.batch import Notice, notify_many
from cases.messages import CASE_NUMBER
from cases.services import record, transition
from law.workdays import legal_day
from payouts.kinds import CORRECTING, RETURNED
from payouts.models import ReturnedPayment
from payouts.services.returns import CHUNK, next_reminder
from policy.selectors import integer


def remind_returned(*, now: datetime) -> int:
    """Remind all who are due today, and hand back those who were reminded often enough; returns how many."""
    total = 0
    while handled := _remind_chunk(now=now):
        total += handled
    return total


@transaction.atomic
def _remind_chunk(*, now: datetime) -> int:
    today = legal_day(now)
    due = (
        ReturnedPayment.objects.select_related("case", "obligation__case", "payment__payee")
        .filter(Q(remind_on=None) | Q(remind_on__lte=today), case__status=CORRECTING)
        .order_by("pk")
        .select_for_update(of=("self", "case"), skip_locked=True)
    )
    found = list(due[:CHUNK])
    notices = []
    for returned in found:
        pool = returned.obligation.pool
        if returned.remind_on is None:
            # Asked before there were reminders.
            returned.remind_on = next_reminder(pool, today)
            continue
        returned.remind_on = next_reminder(pool, today)
        if returned.reminders >= integer("payout.return_reminders", region=pool, on=today):
            transition(
                case=returned.case,
                to=RETURNED,
                verb="return.unanswered",
                actor=machine(),
                now=now,
                payload={"reminders": returned.reminders},
            )
            continue
        returned.reminders += 1
        notices.append(_notice(returned))
        payload = {"nth": returned.reminders}
        record(case=returned.case, verb="return.reminded", actor=machine(), now=now, payload=payload)
    ReturnedPayment.objects.bulk_update(found, ["reminders", "remind_on"], batch_size=CHUNK)
    notify_many(notices=notices, now=now)
    return len(found)


def _notice(returned: ReturnedPayment) -> Notice:
    return Notice(
        case_id=returned.obligation.case_id,
        party_id=returned.obligation.party_id,
        template="payment.reminder",
        numbers={
            "amount_fen": returned.payment.amount_fen,
            "nth": returned.reminders,
            CASE_NUMBER: returned.obligation.case.number,
        },
        address=returned.payment.payee.contact,
    )
