"""The words for what this app's services refuse: what happened, why, and what to do now. Words only."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import cases.refusals
from law.errors import Refused

SENTENCES: Mapping[str, str | Promise] = {
    "campaign.opened": _("%(year)s年度已由 %(who)s 开始。请直接进入那一年度办理。"),
    "campaign.no_row": _(
        "%(year)s年度没有现行的政策数值（缺 %(key)s），不能开始。有了文件，请主管在政策参数里新增一行。"
    ),
    "campaign.fund_unknown": _(
        "还没有登记%(year)s年末的基金结余和支出，备付期限算不出来。请先登记，写明来源。"
    ),
    "campaign.fund_short": _(
        "%(year)s年末基金只够付 %(years)s 年，要求不少于 %(least)s 年，不能返还。请核对登记的结余和支出。"
    ),
    "campaign.not_yours": _("这个统筹地区不归您负责。"),
    "campaign.nobody": _("还没有导入参保单位，没有可以筛查的。"),
    "campaign.running": _("正在筛查，完成以后再办这一步。"),
    "campaign.busy": _("上一步还在后台处理，完成以后再办。"),
    "campaign.closed": _("%(year)s年度已经结束。"),
    "campaign.unfinished": _("还有 %(count)s 家没有办完，不能结束。"),
    "fund_year.not_over": _("%(year)s年还没有过完，没有年末数。"),
    "fund_year.amounts": _("结余不能是负数，支出要大于 0。请核对。"),
    "fund_year.source": _("请写明数字的来源，例如基金决算表。"),
    "notify.nothing": _("没有要通知的单位：都已经通知过。"),
    "notice.nothing": _("现在没有可以公示的：单位还在核对期内，或者都已经公示过。"),
    "finance.answered": _("财政的意见已经登记过：%(document)s。"),
    "finance.document": _("请写明财政意见的文号或函件名称。"),
    "finance.in_future": _("文件的日期不能在今天以后。"),
    "finance.remark": _("财政不同意的，请写明原因，单位要知道。"),
    "refund.not_waiting": _("这一件现在不等这一步。请看最新的经过。"),
    "refund.reason_missing": _("请写明核实了什么、为什么这样办。"),
    "refund.verdict_differs": _(
        "按规则核定的结果和您选的不一样（%(verdict)s）。请核对认定的事实；没有核清的先核清。"
    ),
    "refund.fact_faulty": _("认定的“%(field)s”不可能是这样，规则算不了。请核对。"),
    "refund.not_held": _("这一件没有暂缓。请看最新的经过。"),
    "complaint.not_published": _("这一件不在公示期内。"),
    "complaint.words": _("请写明反映了什么。"),
    "answer.too_late": _("核对期已过，或者已经答复过。要改，请提异议，或打 12333。"),
    "objection.words": _("请写明哪个数不对、应该是多少。"),
    "objection.not_now": _("这一件正在核实，现在不用再提；有话要说，请打 12333。"),
    "objection.settled": _("没有等答复的异议。请看最新的经过。"),
}


def sentence(refused: Refused) -> str:
    """The sentence of a refusal in the reader's language; those of cases come from there."""
    pattern = SENTENCES.get(refused.code)
    if pattern is None:
        return cases.refusals.sentence(refused)
    return str(pattern) % refused.numbers
