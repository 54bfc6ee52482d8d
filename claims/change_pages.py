"""What pages show of a spell that rests, was stopped or annulled: words for the person, acts for the officer.

Reads only; what may be done is said again, and decided, by the services.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext as _

import payouts.selectors
from accounts.models import User
from accounts.roles import Action, can
from cases.models import Proposal
from cases.wording import date_words, month_words
from claims import kinds, selectors
from claims.change_forms import CategoryForm, ReleaseForm, StopForm, SuspendForm
from claims.forms import ReviewForm
from claims.models import Spell, Stop
from claims.words import CATEGORY_WANTED, EVIDENCE_LABELS
from law.money import Fen, yuan_grouped


@dataclass(frozen=True)
class ChangeForms:
    """The forms of the panel; one that could not be taken is shown again as it was filled in."""

    suspend: SuspendForm = field(default_factory=SuspendForm)
    stop: StopForm = field(default_factory=StopForm)
    category: CategoryForm = field(default_factory=CategoryForm)
    release: ReleaseForm = field(default_factory=ReleaseForm)
    signing: ReviewForm = field(default_factory=ReviewForm)

    @property
    def is_faulty(self) -> bool:
        """Whether one of them was filled in wrongly."""
        forms = (self.suspend, self.stop, self.category, self.release, self.signing)
        return any(form.errors for form in forms)


@dataclass(frozen=True)
class StopLine:
    """A proposed stop in words: what happened, on what it rests, and what follows from it."""

    ground: str
    event_on: str
    evidence: str
    through: str
    to_recover: str


def change_panel(
    spell: Spell | None, *, proposal: Proposal | None, viewer: User, forms: ChangeForms
) -> dict[str, object]:
    """The officer's acts on a spell that runs or rests, and a stop that waits for the second signature."""
    if spell is None or spell.ended_at is not None:
        return {"changes": None, "stop": None}
    status = spell.claim.case.status
    may_handle = can(viewer, Action.HANDLE_CASE)
    stop = selectors.stop_of(proposal) if proposal is not None else None
    suspensions = selectors.open_suspensions_of(spell) if status in kinds.AT_REST else []
    asks_category = status == kinds.SUSPENDED and any(one.why == CATEGORY_WANTED for one in suspensions)
    return {
        "stop": _stop_line(spell, stop) if stop is not None else None,
        "changes": {
            "forms": forms,
            "suspensions": [(one, gettext(one.why)) for one in suspensions],
            "may_settle": may_handle and asks_category,
            "may_suspend": may_handle and status in {kinds.APPROVED, kinds.PAYING},
            "may_resume": may_handle
            and status == kinds.SUSPENDED
            and not asks_category
            and not any(one.reference for one in suspensions),
            "may_release": may_handle and status == kinds.INTERRUPTED,
            "may_stop": may_handle and status != kinds.STOP_REVIEW,
        },
    }


def _stop_line(spell: Spell, stop: Stop) -> StopLine:
    through = selectors.last_payable(spell, ground=stop.ground, event_on=stop.event_on)
    payments = payouts.selectors.months_of_case(spell.claim.case)
    over = [one for one in payments if one.month > through and (one.is_paid or one.is_in_batch)]
    return StopLine(
        ground=str(stop.get_ground_display()),
        event_on=date_words(stop.event_on),
        evidence=str(EVIDENCE_LABELS.get(stop.evidence, stop.evidence)),
        through=month_words(through) if through >= spell.first_month else _("一个月也不该发"),
        to_recover=_to_recover(over),
    )


def _to_recover(over: Sequence[payouts.selectors.MonthState]) -> str:
    """How much has to come back, in words; empty where nothing has."""
    if not over:
        return ""
    total = yuan_grouped(Fen(sum(one.amount_fen for one in over)))
    words = ngettext("%(n)d 个月，共 %(amount)s 元", "%(n)d 个月，共 %(amount)s 元", len(over))
    return words % {"n": len(over), "amount": total}


def rest_words(spell: Spell, payments: Sequence[payouts.selectors.MonthState]) -> tuple[str, str]:
    """Heading and what it means for the person, of a spell that rests or was annulled."""
    match spell.claim.case.status:
        case kinds.INTERRUPTED:
            rest = selectors.interruptions_of(spell)[-1]
            said = _("发到%(month)s。剩下的 %(n)d 个月都给您留着；释放后告诉我们，从释放的那个月起接着发。")
            numbers = {"month": month_words(rest.after), "n": selectors.months_left(spell)}
            return _("服刑期间不发"), _joined(said % numbers, payments)
        case kinds.ANNULLED:
            said = _("经核实，申请时不符合条件。缴费月数已经恢复；理由和您可以怎么办，写在决定书里。")
            return _("核定撤销了"), _joined(said, payments)
        case _:
            suspensions = selectors.open_suspensions_of(spell)
            until = date_words(max(one.until for one in suspensions)) if suspensions else ""
            reasons = " ".join(dict.fromkeys(gettext(one.why) for one in suspensions))
            said = _("这不是停发。没有问题就恢复，停着的月份一起补发；您可以在下面说明情况。")
            if suspensions:
                asked = _("正在核实：%(why)s 最晚 %(day)s给您答复。") % {"why": reasons, "day": until}
                said = f"{asked} {said}"
            return _("先停一停，正在核实"), said


def _joined(said: str, payments: Sequence[payouts.selectors.MonthState]) -> str:
    over = _to_recover([one for one in payments if one.is_to_recover])
    if not over:
        return said
    back = _("多发了 %(sum)s，要退回；工作人员会和您联系怎么退。") % {"sum": over}
    return f"{said} {back}"
