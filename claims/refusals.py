"""The words for what the claim's services refuse: what happened, why, and what to do now."""

from collections.abc import Mapping
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import payouts.refusals
from cases.models import Determination
from cases.wording import date_words, month_words
from claims.rolls import DIFFERENCE_LABELS
from claims.words import field_words
from law.errors import Refused

SENTENCES: Mapping[str, str | Promise] = {
    "claim.already_open": _("您已经有一件在办（%(number)s），不用再交一次。进度在“我的”里。"),
    "claim.not_yours": _("这份申请不是您的。请从首页重新开始。"),
    "claim.no_document": _("没有登记您的证件号码。请重新登录一次。"),
    "claim.reason_missing": _("请写理由：申请人和复核人都要看到为什么。"),
    "claim.remark_missing": _("退回要写明为什么，经办才知道改什么。"),
    "claim.answer_missing": _("还没有写内容。请写清楚再提交。"),
    "claim.fact_not_amendable": _("这一项不能由人认定（%(field)s）。"),
    "claim.fact_impossible": _("认定的内容填得不对（%(field)s），请再看一看。"),
    "claim.verdict_differs": _(
        "按认定后的事实，规则的结论是 %(verdict)s，和您选的不一样。请先核实待定的事项。"
    ),
    "claim.evidence_missing": _("请写清楚新的证据是什么，要我们看什么。"),
    "claim.reopen_late": _(
        "要求重新核定的期限到 %(until)s 为止，已经过了。条件有变化或有新的证据，可以再申请一次；"
        "失业登记一直有效。"
    ),
    "claim.newer_open": _(
        "您后来又交了一份申请（%(number)s），正在办或正在领。新的证据请交到那一份里，这一份不用再动。"
    ),
    "claim.answer_empty": _("还没有写答复：申请人要看到的就是这段话。"),
    "claim.job_ahead": _("开始工作的日子还没有到。上班之后再报告，不会晚。"),
    "claim.job_before": _(
        "这个日子不晚于您申请的那天（%(applied)s），要由工作人员看。请在下面请人工办理，或者打 12333。"
    ),
    "claim.not_in_payment": _("这一份现在不在发放，不用报告。"),
    "claim.being_looked_into": _(
        "这一份正在核实，先不能这样报告。请在下面请人工办理，写明哪天上班，或者打 12333。"
    ),
    "claim.suspended_elsewhere": _("这一份因为 %(number)s 暂停，请在那一件里核实、办结。"),
    "claim.category_not_asked": _("这一份没有在等养老档案里的身份，不用认定。"),
    "claim.event_ahead": _("这个日子还没有到。到了那天再办，不会晚。"),
    "claim.event_before": _(
        "这个日子不晚于申请的那天（%(applied)s）：那样要看的是当时该不该核定，不能按停发办。"
    ),
    "claim.nothing_left": _("那个月以后已经没有月数，没有什么可中断的。"),
    "claim.rests_already": _("这一份已经因为服刑中断。"),
    "claim.released_before": _("释放的日子不晚于收监的那天（%(event)s），请再看一看。"),
    "claim.month_not_begun": _("%(month)s 还没有开始，不能生成应发。"),
    "month.not_yours": _("每月发放由经办办理、主管签字，要在自己负责的地区。"),
    "month.not_open": _("这个月现在不能提出结账。请看最新的经过。"),
    "month.not_proposed": _("没有等签字的结账。请看最新的经过。"),
    "month.own": _("您提出的，要由另一个人签字。"),
    "month.remark_missing": _("退回要写明为什么，经办才知道改什么。"),
    "month.differs": _("还有 %(count)s 项对不上，不能结账：%(first)s。逐项列在下面，对平了再结。"),
}


def sentence(refused: Refused) -> str:
    """The sentence of a refusal, with its numbers filled in."""
    pattern = SENTENCES.get(refused.code)
    if pattern is None:
        return payouts.refusals.sentence(refused)
    numbers = dict(refused.numbers)
    match numbers:
        case {"first": str(first)}:
            numbers["first"] = str(DIFFERENCE_LABELS[first])
        case {"field": str(field)}:
            numbers["field"] = field_words(field)
        case {"verdict": str(verdict)}:
            numbers["verdict"] = str(Determination.Verdict(verdict).label)
        case {"applied": str(applied)}:
            numbers["applied"] = date_words(date.fromisoformat(applied))
        case {"event": str(event)}:
            numbers["event"] = date_words(date.fromisoformat(event))
        case {"until": str(until)}:
            numbers["until"] = date_words(date.fromisoformat(until))
        case {"month": str(month)}:
            numbers["month"] = month_words(month)
        case _:
            pass
    return str(pattern) % numbers
