"""What an officer does about a payment that came back: ask the card register again, or have it paid again by
two.

Paying again without a new account is one person's proposal and another's signature; asking a register is not:
its answer is evidence.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Identifier, IdentifierKind, User
from cases.models import Proposal
from cases.services import decide_proposal, propose, record, transition
from gateways.ports import CardAnswer, Question, Source, Subject
from gateways.services import ask_many
from law.errors import Refused
from payouts.kinds import CORRECTING, PROPOSED, RETURNED, Cause
from payouts.models import Payee, ReturnedPayment
from payouts.services.payees import set_payee
from payouts.services.returns import make_ready

PAY_AGAIN = "PAY_AGAIN"
NEEDS_NEW_PAYEE = frozenset({Cause.NUMBER_WRONG, Cause.ACCOUNT_CLOSED, Cause.NAME_DIFFERS})
"""Paying the same account under the same name can only come back: something must have been put right
first.
"""


def ask_card_again(*, returned: ReturnedPayment, actor: User, now: datetime) -> str:
    """Ask the card register once more and act on its answer; returns the card's status, "" if there was no
    answer.

    Asks outside a transaction. Another account than before is recorded (and waits out a batch); the same
    account that is active makes a payment ready that came back because it was not.
    """
    if returned.case.status not in (RETURNED, CORRECTING):
        raise Refused("return.not_open")
    party = returned.obligation.party
    identifier = Identifier.objects.get(party=party, kind=IdentifierKind.CITIZEN_ID, valid_to=None)
    question = Question(
        source=Source.CARD,
        subject=Subject(name=party.name, id_kind=identifier.kind, id_number=identifier.number),
    )
    lookup = ask_many(questions=[question], party=party, case=returned.case, now=now, fresh=True)[Source.CARD]
    answer = lookup.reply_as(CardAnswer)
    with transaction.atomic():
        payload = {"card": answer.status if answer else "", "lookup": lookup.pk}
        record(case=returned.case, verb="return.card_asked", actor=actor, now=now, payload=payload)
        if answer is None:
            return ""
        if answer.status == "ACTIVE":
            set_payee(
                party=party,
                account=answer.account_number,
                account_name=answer.account_name,
                bank_code=answer.bank_code,
                bank_name=answer.bank_name,
                lookup=lookup,
                actor=actor,
                now=now,
            )
    return answer.status


@transaction.atomic
def propose_pay_again(*, returned: ReturnedPayment, reason: str, actor: User, now: datetime) -> Proposal:
    """An officer proposes that the payment go into the next batch; a reason is required.

    Raises `Refused`: "return.not_open"; "return.same_account" where nothing has been put right that could
    make it arrive.
    """
    if returned.case.status not in (RETURNED, CORRECTING):
        raise Refused("return.not_open")
    if not reason.strip():
        raise Refused("return.reason_missing")
    payee = Payee.objects.filter(party=returned.obligation.party, valid_to=None).first()
    if payee is None or (returned.cause in NEEDS_NEW_PAYEE and payee.pk == returned.payment.payee_id):
        raise Refused("return.same_account")
    proposal = propose(case=returned.case, act=PAY_AGAIN, reason=reason, actor=actor, now=now)
    transition(case=returned.case, to=PROPOSED, verb="return.pay_again_proposed", actor=actor, now=now)
    return proposal


@transaction.atomic
def decide_pay_again(
    *, returned: ReturnedPayment, agreed: bool, remark: str, actor: User, now: datetime
) -> Proposal:
    """Another officer decides. Agreed: the payment goes into the next batch. Raises
    `Refused("proposal.own")`.
    """
    proposal = Proposal.objects.filter(case=returned.case, decided_at=None, act=PAY_AGAIN).first()
    if proposal is None:
        raise Refused("return.no_proposal")
    decided = decide_proposal(proposal=proposal, agreed=agreed, remark=remark, actor=actor, now=now)
    returned.case.refresh_from_db()
    if agreed:
        make_ready(returned, why="officers", actor=actor, now=now)
    else:
        transition(case=returned.case, to=RETURNED, verb="return.pay_again_declined", actor=actor, now=now)
    return decided
