"""The words for what policy's services refuse: what happened, why, and what to do now."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: Mapping[str, str | Promise] = {
    "policy.not_allowed": _("政策数值由主管提出和批准。请交给主管办理。"),
    "policy.region_unknown": _("没有登记过地区 %(region)s。请用六位行政区划代码。"),
    "policy.region_not_yours": _("地区 %(region)s 不在您的管辖范围内。请交给当地主管。"),
    "policy.key_unknown": _("没有哪条规则读 %(key)s 这一项。请从现有的项目中选。"),
    "policy.unit_differs": _("%(key)s 的单位是 %(unit)s。请换算后再填。"),
    "policy.start_not_of_year": _("%(key)s 要从那一年的 1 月 1 日起算。"),
    "policy.start_too_early": _(
        "%(key)s 最早的一行从 %(earliest)s 起，不能填更早的日期。请核对文件上的施行日期。"
    ),
    "policy.start_too_late": _("%(key)s 的起始日期在三年以后。请核对年份。"),
    "policy.shape_differs": _("%(key)s 的内容和现有的一行对不上：原有的每一格都要填。"),
    "policy.not_readable": _("%(key)s 的内容规则读不了。数字只写数字，日期写成 2027-01-01 这样。"),
    "policy.reference_missing": _("请写明依据：文件标题，有文号的写文号。"),
    "policy.approved": _("这一项已经批准过了。要更正，请另提一项。"),
    "policy.own": _("提出的人不能自己批准。请由另一位主管批准。"),
}
