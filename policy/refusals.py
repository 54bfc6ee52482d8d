"""The words for what policy's services refuse: what happened, why, and what to do now."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import cases.refusals
from law.errors import Refused
from policy import wording

SENTENCES: Mapping[str, str | Promise] = {
    "policy.not_allowed": _("政策数值由主管提出和批准。请交给主管办理。"),
    "policy.region_unknown": _("没有登记过地区 %(region)s。请用六位行政区划代码。"),
    "policy.region_not_yours": _("地区 %(region)s 不在您的管辖范围内。请交给当地主管。"),
    "policy.key_unknown": _("没有哪条规则读 %(key)s 这一项。请从现有的项目中选。"),
    "policy.unit_differs": _("“%(key)s”的单位是 %(unit)s。请换算后再填。"),
    "policy.start_not_of_year": _("“%(key)s”要从那一年的 1 月 1 日起算。"),
    "policy.start_too_early": _(
        "“%(key)s”最早的一行从 %(earliest)s 起，不能填更早的日期。请核对文件上的施行日期。"
    ),
    "policy.start_too_late": _("“%(key)s”的起始日期在三年以后。请核对年份。"),
    "policy.shape_differs": _("“%(key)s”的内容和现有的一行对不上：原有的每一格都要填。"),
    "policy.not_readable": _("“%(key)s”的内容规则读不了。数字只写数字，日期写成 2027-01-01 这样。"),
    "policy.out_of_range": _("“%(key)s”只能在 %(least)s 到 %(most)s 之间。请核对有没有多写或少写一位。"),
    "policy.code_unknown": _("“%(key)s”只能是 %(allowed)s 中的一个。"),
    "policy.tier_unknown": _("“%(key)s”里写了第 %(tier)s 档，可月标准没有这一档。请先补上这一档的标准。"),
    "policy.above_ceiling": _(
        "“%(key)s”里满 %(year)s 年的月数超过了法律规定的最多 %(most)s 个月（社会保险法第四十六条）。"
    ),
    "policy.reference_missing": _("请写明依据：文件标题，有文号的写文号。"),
    "policy.notice_of_other_year": _(
        "这是 %(year)s 年的工作日历，依据的标题写的却是 %(named)s 年。请核对是不是拿错了通知。"
    ),
    "policy.already_proposed": _("“%(key)s”同一天起的一行已经提出（%(number)s），在等批准。请先办完那一件。"),
    "policy.approved": _("这一项已经批准过了。要更正，请另提一项。"),
    "policy.closed": _("这一项已经结束，没有生效。要再提，请另提一项。"),
    "policy.own": _("提出的人不能自己批准。请由另一位主管批准。"),
    "policy.not_proposer": _("只有提出的人可以撤回。不同意的话，请选不批准并写明原因。"),
    "policy.reason_missing": _("请写明为什么不批准，提出的人才知道改什么。"),
}


def sentence(refused: Refused) -> str:
    """The sentence of a refusal in the reader's language, with the value's name for its key."""
    pattern = SENTENCES.get(refused.code)
    if pattern is None:
        return cases.refusals.sentence(refused)
    numbers: dict[str, object] = dict(refused.numbers)
    key = str(numbers.get("key", ""))
    if "key" in numbers and refused.code != "policy.key_unknown":
        numbers["key"] = wording.title(key)
    for bound in ("least", "most"):
        if bound in numbers and "unit" in numbers:
            numbers[bound] = wording.leaf_words(str(numbers["unit"]), str(numbers[bound]), key)
    if "unit" in numbers:
        numbers["unit"] = wording.unit_name(str(numbers["unit"]), key)
    return str(pattern) % numbers
