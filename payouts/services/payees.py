"""The account each party is paid to, dated; and the returned payments that a new account sets free.

An account is replaced, never edited: what was paid where must be seen years later. It must never accept an
account that is held in another name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Party, User
from accounts.privacy import digest
from cases.inserting import insert
from gateways.models import Lookup
from law.errors import Refused
from payouts.kinds import ASKS_THE_PERSON, CORRECTING, RETURNED, Cause
from payouts.models import Payee, ReturnedPayment
from payouts.services.returns import make_ready

ACCOUNT_PURPOSE = "payee-account"


@transaction.atomic
def set_payee(
    *,
    party: Party,
    account: str,
    account_name: str,
    bank_code: str,
    bank_name: str,
    lookup: Lookup | None,
    now: datetime,
    contact: str = "",
    is_card: bool = True,
    actor: User | None = None,
) -> Payee:
    """Record the account `party` is paid to. The account already in force stays the same row (its contact
    follows).

    The account's owner must be the party: `Refused("payee.name_differs")`. Another account than before waits
    out a batch; payments that came back because of the old one become ready to be paid again. So do those
    that came back from this very account because it was not active, if a register (`lookup`) confirms it now.
    """
    name = Party.objects.select_for_update().values_list("name", flat=True).get(pk=party.pk)
    if account_name.strip() != name.strip():
        raise Refused("payee.name_differs")
    current = Payee.objects.filter(party=party, valid_to=None).first()
    account_digest = digest(account, purpose=ACCOUNT_PURPOSE)
    described = (account_digest, account_name, bank_code, bank_name, is_card)
    if current is not None:
        if described == _described(current):
            if contact and contact != current.contact:
                current.contact = contact
                current.save(update_fields=["contact"])
            if lookup is not None:
                _release_returns(party, current, actor=actor, now=now)
            return current
        current.valid_to = now
        current.save(update_fields=["valid_to"])
    payee = insert(
        Payee(
            party=party,
            account=account,
            account_digest=account_digest,
            account_last4=account[-4:],
            account_name=account_name,
            bank_code=bank_code,
            bank_name=bank_name,
            is_card=is_card,
            contact=contact or (current.contact if current is not None else ""),
            lookup=lookup,
            # Whoever is still waiting goes on waiting when only the bank's name or code is written anew.
            replaces=current is not None and (current.account_digest != account_digest or current.replaces),
            valid_from=now,
        )
    )
    if current is not None:
        _release_returns(party, payee, actor=actor, now=now)
    return payee


def _described(payee: Payee) -> tuple[str, str, str, str, bool]:
    """What makes an account another one."""
    return payee.account_digest, payee.account_name, payee.bank_code, payee.bank_name, payee.is_card


@dataclass(frozen=True, slots=True, repr=False)
class NewPayee:
    """The account of a party that has none yet: `set_payee` without its look-up."""

    party: Party
    account: str
    account_name: str
    bank_code: str
    bank_name: str
    lookup: Lookup | None
    contact: str
    at: datetime
    is_card: bool = True


@transaction.atomic
def set_first_payees(*, rows: Sequence[NewPayee]) -> None:
    """Record the accounts of parties that never had one; IntegrityError for a party that has.

    `Refused("payee.name_differs")` as for one: then none is recorded.
    """
    if any(row.account_name.strip() != row.party.name.strip() for row in rows):
        raise Refused("payee.name_differs")
    Payee.objects.bulk_create(
        [
            Payee(
                party=row.party,
                account=row.account,
                account_digest=digest(row.account, purpose=ACCOUNT_PURPOSE),
                account_last4=row.account[-4:],
                account_name=row.account_name,
                bank_code=row.bank_code,
                bank_name=row.bank_name,
                is_card=row.is_card,
                contact=row.contact,
                lookup=row.lookup,
                replaces=False,
                valid_from=row.at,
            )
            for row in rows
        ],
        batch_size=1_000,
    )


def _release_returns(party: Party, payee: Payee, *, actor: User | None, now: datetime) -> None:
    """A new account answers what was asked of the person; the same one only that it had not been active.

    Other causes stay with the officer.
    """
    waiting = ReturnedPayment.objects.select_related("case", "payment__payee", "obligation").filter(
        obligation__party=party,
        case__status__in=[RETURNED, CORRECTING],
        cause__in=[*ASKS_THE_PERSON, Cause.UNSPECIFIED],
    )
    for returned in waiting.order_by("pk"):
        is_same = returned.payment.payee.account_digest == payee.account_digest
        if not is_same or returned.cause == Cause.NOT_ACTIVE:
            make_ready(returned, why="active" if is_same else "account", actor=actor, now=now)
