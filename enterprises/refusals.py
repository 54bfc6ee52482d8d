"""The words for what the services of `enterprises` refuse: what happened, and what to do now. Words only."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import cases.refusals
from law.errors import Refused

SENTENCES: Mapping[str, str | Promise] = {
    "year.headcounts": _("各月末人数要有 12 项，缺的月份留空。"),
    "size_class.differs": _("这个单位已有 2020 年的划型，两次不一样。请核对原始记录，不能直接改。"),
    "list.older": _("已经登记过更新的一期名单（%(published_on)s）。请核对是不是拿错了文件。"),
    "list.document_missing": _("请写明名单出自哪份文件或哪个平台。"),
    "list.in_future": _("名单的公布日期在今天以后。请核对日期。"),
    "hold.reason_missing": _("请写明原因。"),
    "hold.not_open": _("这条暂缓已经解除。请看最新的情况。"),
}


def sentence(refused: Refused) -> str:
    """The sentence of a refusal in the reader's language; those of cases come from there."""
    pattern = SENTENCES.get(refused.code)
    if pattern is None:
        return cases.refusals.sentence(refused)
    return str(pattern) % refused.numbers
