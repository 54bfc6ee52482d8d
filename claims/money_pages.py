"""Every month of a spell in money: what was owed, paid, held, stopped, to be returned, and what is to come.

For the person's page of all months and for the officer's of the same spell. Reads only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import payouts.selectors
import policy.selectors
from claims import kinds, selectors
from claims.models import Claim, Ground, Interruption, Spell
from law.money import Fen
from payouts.selectors import MonthState

STATES = {
    "paid": gettext_lazy("已到账"),
    "under_way": gettext_lazy("在路上"),
    "waiting": gettext_lazy("等下一批"),
    "held": gettext_lazy("先停着"),
    "returned": gettext_lazy("退回，等改正"),
    "stopped": gettext_lazy("停发，不再发"),
    "to_recover": gettext_lazy("多发了，要退回"),
    "ahead": gettext_lazy("还没到"),
}
"""What a month's money may be, in the order of the sums."""
TONES = {"paid": "ok", "under_way": "info", "held": "warn", "returned": "warn", "to_recover": "warn"}


@dataclass(frozen=True)
class MoneyRow:
    """One month: the amount in fen, how far it has come, and where it went."""

    month: str
    fen: int
    state: str
    paid_at: datetime | None = None
    tail: str = ""
    bank_name: str = ""
    batch_number: str = ""
    returned_number: str = ""

    @property
    def words(self) -> str:
        """The state in a few words."""
        return str(STATES[self.state])

    @property
    def tone(self) -> str:
        """Its colour on a page; empty for none."""
        return TONES.get(self.state, "")


@dataclass(frozen=True)
class Total:
    """How many months are in one state, and how much that is together."""

    words: str
    count: int
    fen: Fen


def money_rows(spell: Spell, payments: Sequence[MonthState], rests: Sequence[Interruption]) -> list[MoneyRow]:
    """Every month of a spell, oldest first."""
    rows = [_row(payment) for payment in payments]
    known = {payment.month for payment in payments}
    last = min(spell.paid_through or spell.last_month, spell.last_month)
    book = policy.selectors.book()
    for month in selectors.months_due(spell, rests, last=last):
        if month not in known:
            rows.append(MoneyRow(month, selectors.month_fen(spell, month, book=book), "ahead"))
    return sorted(rows, key=lambda row: row.month)


def _row(payment: MonthState) -> MoneyRow:
    return MoneyRow(
        month=payment.month,
        fen=payment.amount_fen,
        state=_state(payment),
        paid_at=payment.paid_at,
        tail=payment.tail,
        bank_name=payment.bank_name,
        batch_number=payment.batch_number,
        returned_number=payment.returned_number,
    )


def _state(payment: MonthState) -> str:
    if payment.is_stopped:
        return "stopped"
    if payment.is_to_recover:
        return "to_recover"
    if payment.is_paid:
        return "paid"
    if payment.is_held:
        return "held"
    if payment.is_returned:
        return "returned"
    return "under_way" if payment.is_in_batch else "waiting"


def totals(rows: Sequence[MoneyRow]) -> list[Total]:
    """The sums by state; those of which there is nothing are left out."""
    found = []
    for state, words in STATES.items():
        there = [row for row in rows if row.state == state]
        if there:
            found.append(Total(str(words), len(there), Fen(sum(row.fen for row in there))))
    return found


def spell_money(spell: Spell | None) -> dict[str, object]:
    """The officer's list of a spell: what was owed and paid, newest first, the sums, and what was stopped."""
    if spell is None:
        return {"payments": []}
    payments = payouts.selectors.payments_of_case(spell.claim.case)
    rests = selectors.interruptions_of(spell)
    return {
        "payments": payments,
        "money_totals": totals(money_rows(spell, payments, rests)),
        "stops": selectors.stops_of(spell),
        "rests": rests,
    }


def money_page(claim: Claim, spell: Spell) -> dict[str, object]:
    """The person's page of every month's money."""
    rests = selectors.interruptions_of(spell)
    rows = money_rows(spell, payouts.selectors.months_of_case(claim.case), rests)
    return {
        "claim": claim,
        "case": claim.case,
        "spell": spell,
        "rows": rows,
        "totals": totals(rows),
        "rests": rests,
        "left": selectors.months_left(spell) if spell.ended_at or _rests(claim) else None,
        "ended_because": _ended_because(spell),
    }


def _rests(claim: Claim) -> bool:
    return claim.case.status == kinds.INTERRUPTED


def _ended_because(spell: Spell) -> str:
    """Why it ended, in words; empty while it has not."""
    if spell.ended_at is None:
        return ""
    return _("核定已撤销") if spell.ground == Ground.NEVER_ENTITLED else str(spell.get_ground_display())
