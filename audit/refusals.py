"""The words for what the audit app's services refuse: what happened, why, and what to do now. Words only."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import claims.refusals
from cases.wording import month_words
from law.errors import Refused

SENTENCES: Mapping[str, str | Promise] = {
    "check.period_far": _("%(month)s 还早，不能现在核查：名单要在发放前不久定。"),
    "check.not_your_region": _("这个地区不归您负责，不能发起核查。"),
    "finding.facts_missing": _("请写清要向本人核实什么：通知里要写明。"),
    "finding.reply_missing": _("还没有写内容，也没有材料。请写清楚再提交。"),
    "finding.reply_late": _("这件已经办结，不能再补充。对决定不服的，可以按决定书上的办法救济。"),
    "finding.no_agency": _("这一项不用发协查函：不是外地经办机构的记录。"),
    "finding.agency_missing": _("请写明发给哪个经办机构、请对方核实什么。"),
    "finding.agency_asked": _("已经发过协查函。到期没有答复，系统会催办一次，再报省里。"),
    "finding.answer_missing": _("请写清对方答复了什么。"),
    "finding.not_asked": _("没有等答复的协查函。请看最新的经过。"),
    "finding.reason_missing": _("请写理由：复核人要看到为什么。"),
    "finding.remark_missing": _("退回要写明为什么，经办才知道查什么。"),
    "finding.not_yet": _("现在还不能这样办：本人答复或期满之前，不能确认属实。"),
    "finding.no_ground": _("请选停发的理由，并写明从哪天起。"),
}


def sentence(refused: Refused) -> str:
    """The sentence of a refusal in the reader's language; those of claims and cases come from there."""
    pattern = SENTENCES.get(refused.code)
    if pattern is None:
        return claims.refusals.sentence(refused)
    numbers = dict(refused.numbers)
    match numbers:
        case {"month": str(month)}:
            numbers["month"] = month_words(month)
        case _:
            pass
    return str(pattern) % numbers
