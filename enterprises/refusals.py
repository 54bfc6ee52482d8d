"""The words for what the services of `enterprises` refuse: what happened, and what to do now. Words only."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import cases.refusals
from enterprises.models import SizeClass
from law.errors import Refused

SENTENCES: Mapping[str, str | Promise] = {
    "year.headcounts": _("各月末人数要有 12 项，缺的月份留空。"),
    "size_class.differs": _("这个单位已有 2020 年的划型，两次不一样。请核对原始记录，不能直接改。"),
    "list.older": _("已经登记过更新的一期名单（%(published_on)s）。请核对是不是拿错了文件。"),
    "list.document_missing": _("请写明名单出自哪份文件或哪个平台。"),
    "list.in_future": _("名单的公布日期在今天以后。请核对日期。"),
    "dispute.open": _("这个单位已有一件划型异议在办（%(number)s）。请在那一件里继续。"),
    "dispute.no_class": _("只有企业分大中小微型，其他单位不按划型返还，不用提异议。"),
    "dispute.same_class": _("主张的划型和记录的一样，不用提异议。"),
    "dispute.same_ratio": _("中型、小型、微型按同一比例返还，改划型不改变金额，不用提异议。"),
    "dispute.figures_missing": _("这个行业要由人工划型，请把人数、营业收入和资产总额都填上。"),
    "dispute.figures_differ": _(
        "按您填的数，划型标准给出的是%(by_table)s，和主张的不一样。请核对数额和行业。"
    ),
    "dispute.no_papers": _("还没有选文件。请选证明材料，例如审计报告或纳税申报表。"),
    "dispute.not_waiting": _("这件异议现在不等材料，也不等核实。请看最新的经过。"),
    "dispute.reason_missing": _("请写明核实了哪些材料、怎么得出这些数。"),
    "dispute.class_missing": _("这个行业或缺的数要由人工划型，请选核实的划型。"),
    "dispute.no_proposal": _("没有等复核的意见。请看最新的经过。"),
    "hold.reason_missing": _("请写明原因。"),
    "hold.not_open": _("这条暂缓已经解除。请看最新的情况。"),
}


def sentence(refused: Refused) -> str:
    """The sentence of a refusal in the reader's language; those of cases come from there."""
    pattern = SENTENCES.get(refused.code)
    if pattern is None:
        return cases.refusals.sentence(refused)
    numbers: dict[str, object] = dict(refused.numbers)
    if "by_table" in numbers:
        numbers["by_table"] = SizeClass(str(numbers["by_table"])).label
    return str(pattern) % numbers
