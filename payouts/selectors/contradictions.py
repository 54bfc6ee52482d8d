"""The page of a contradiction: the two statements side by side, each with its source and its time.

Reads only, in the viewer's regions; no account number is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import in_regions, masked_numbers
from cases.kinds import Label
from cases.models import Case, Proposal
from cases.selectors import TrailLine, timeline
from law.errors import Refused
from law.money import Fen
from payouts.kinds import CONTRADICTION, OPEN, PROPOSED, Act
from payouts.models import Contradiction, Obligation, Payment, Receipt, StatementLine
from payouts.recheck import work_out_anew

NUMBERS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source says: in words, its amount, where it comes from and when it was said and heard.

    `heard_at` is None where it was worked out this moment.
    """

    words: str
    amount_fen: Fen | None
    source: str
    said_at: datetime | None
    heard_at: datetime | None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ContradictionPage:
    """All that the page shows."""

    contradiction: Contradiction
    case: Case
    status_label: Label
    first: Statement
    second: Statement
    more: Sequence[Statement]
    masked_number: str
    proposal: Proposal | None
    proposed_act: Label
    act_label: Label
    may_handle: bool
    may_review: bool
    events: Sequence[TrailLine]


def contradiction_by_number(viewer: User, number: str) -> Contradiction | None:
    """A contradiction of the viewer's regions."""
    rows: QuerySet[Contradiction] = Contradiction.objects.select_related(
        "case",
        "obligation__party",
        "obligation__case",
        "obligation__determination__parameter_set",
        "payment__batch__case",
    )
    return in_regions(rows, viewer, "case__region").filter(case__number=number).first()


def contradiction_page(viewer: User, number: str) -> ContradictionPage | None:
    """The page of one contradiction of the viewer's regions."""
    found = contradiction_by_number(viewer, number)
    if found is None:
        return None
    case, party_id = found.case, found.obligation.party_id
    proposal = Proposal.objects.select_related("proposed_by").filter(case=case, decided_at=None).first()
    first, second, *more = (
        _of_payment(found.payment) if found.payment is not None else _of_obligation(found.obligation)
    )
    return ContradictionPage(
        contradiction=found,
        case=case,
        status_label=CONTRADICTION.status_labels[case.status],
        first=first,
        second=second,
        more=more,
        masked_number=masked_numbers([party_id]).get(party_id, ""),
        proposal=proposal,
        proposed_act=Act(proposal.act).label if proposal is not None else "",
        act_label=Act(found.act).label if found.act else "",
        may_handle=case.status == OPEN and can(viewer, Action.HANDLE_CASE),
        may_review=case.status == PROPOSED
        and can(viewer, Action.REVIEW_CASE)
        and (proposal is None or proposal.proposed_by_id != viewer.pk),
        events=timeline(case),
    )


def contradictions_of(obligation_ids: Sequence[int]) -> list[str]:
    """The numbers of the open contradictions of these obligations, oldest first, the first few."""
    rows = Contradiction.objects.filter(obligation__in=list(obligation_ids), resolved_at=None)
    return list(rows.order_by("pk").values_list("case__number", flat=True)[:NUMBERS_SHOWN])


def _of_payment(payment: Payment) -> list[Statement]:
    """Every word about a payment in the order in which it reached us, those that stand before the others."""
    receipts = Receipt.objects.filter(payment=payment).order_by("conflicts", "received_at", "pk")
    words = {"S": _("已付"), "F": _("未付")}
    said = [
        Statement(
            words=words[one.status],
            amount_fen=Fen(payment.amount_fen),
            source=_("银行回盘"),
            said_at=one.booked_at,
            heard_at=one.received_at,
            reference=" ".join(filter(None, (one.bank_serial, one.reason_code))),
        )
        for one in receipts
    ]
    lines = StatementLine.objects.filter(end_to_end_id=payment.end_to_end_id).order_by("received_at", "pk")
    directions = {"D": _("钱已支出"), "C": _("钱已退回")}
    said += [
        Statement(
            words=directions[line.direction],
            amount_fen=Fen(line.amount_fen),
            source=_("银行对账单"),
            said_at=line.booked_at,
            heard_at=line.received_at,
            reference=line.bank_serial,
        )
        for line in lines
    ]
    silent = Statement(_("还没有说法"), None, _("银行对账单"), None, None)
    return [*said, *[silent] * (2 - len(said))]


def _of_obligation(obligation: Obligation) -> list[Statement]:
    """What is owed by the determination that stands, and what the rule gives for the same facts now."""
    stored = obligation.determination
    owed = Statement(
        words=_("应付这么多"),
        amount_fen=Fen(obligation.amount_fen),
        source=_("原来的核定"),
        said_at=stored.made_at,
        heard_at=obligation.created_at,
        reference=stored.content_hash[:12],
    )
    replaced = Obligation.objects.select_related("determination").filter(replaces=obligation).first()
    if replaced is not None:
        made = replaced.determination
        anew = Statement(
            _("应付这么多"),
            Fen(replaced.amount_fen),
            _("重新核定"),
            made.made_at,
            replaced.created_at,
            made.content_hash[:12],
        )
        return [owed, anew]
    try:
        amount_fen = work_out_anew(obligation).amount_fen
    except Refused as refused:
        altered = refused.code == "contradiction.altered"
        words = _("内容和留痕的指纹不符") if altered else _("按规则不该发")
        return [owed, Statement(words, None, _("现在按规则重算"), None, None)]
    return [owed, Statement(_("应付这么多"), amount_fen, _("现在按规则重算"), None, None)]
