"""Words of the refund's pages for codes of the law: what failed, kinds of unit, classes, lists. Words
only.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Label = str | Promise

BECAUSE: Mapping[str, Label] = {
    "Q1": _("缴费未满月数"),
    "Q1.arrears": _("欠费"),
    "Q2": _("裁员率超限"),
    "Q2.missing": _("缺月末人数"),
    "Q2.nobody": _("全年无人参保"),
    "Q3": _("在失信等名单上"),
    "Q3.OPEN": _("待整改"),
    "Q3.FAILED": _("整改不合格"),
    "Q4": _("类型不适用"),
    "Q6": _("已经返还过"),
    "Q6.top_up": _("补差"),
    "rate": _("没有划型"),
    "rate.other": _("比例定不下来"),
    "amount": _("缴费基数不清楚"),
    "amount.rate": _("比例定不下来，算不出金额"),
    "amount.split": _("派遣单位要分开计算"),
    "amount.nothing": _("金额是零"),
    "dispatch": _("劳务派遣单位，须申请"),
    "commitment.CONTRADICTED": _("承诺和已知情况不符"),
    "commitment.BARRED": _("以前的承诺不成立"),
    "commitment.VALID": _("按承诺的划型"),
}
"""A test that failed or is open, in a few words, for counts; the whole sentence stands on the unit's page."""

OPEN_CODES: Mapping[str, Label] = {
    "Q1": _("缴费情况不清楚"),
    "Q2": _("领金人数不清楚"),
    "Q3": _("名单还没有读到"),
    "Q6": _("以前返还过，这次算不出"),
}
"""Codes that mean something else where the test is open."""

SIZES: Mapping[str, Label] = {
    "LARGE": _("大型"),
    "MEDIUM": _("中型"),
    "SMALL": _("小型"),
    "MICRO": _("微型"),
    "UNKNOWN": _("未划型"),
}
UNIT_KINDS: Mapping[str, Label] = {
    "ENTERPRISE": _("企业"),
    "SOCIAL_ORGANISATION": _("社会团体"),
    "FOUNDATION": _("基金会"),
    "SOCIAL_SERVICE": _("社会服务机构"),
    "LAW_FIRM": _("律师事务所"),
    "ACCOUNTING_FIRM": _("会计师事务所"),
    "SOLE_BUSINESS": _("以单位形式参保的个体工商户"),
    "PUBLIC_BODY": _("机关事业单位"),
}
SIX_KINDS: Label = _("六类单位")
HELD: Mapping[str, Label] = {
    "COMPLAINT": _("公示期内有人反映"),
    "DEREGISTERED": _("批准后注销或吊销"),
    "LISTED": _("批准后列入失信等名单"),
    "GATE": _("批准后查出问题，待整改"),
    "OBJECTION": _("单位提出异议"),
    "FACTS": _("单位的情况有变化，规则不再给这个数"),
    "FINANCE": _("财政不同意"),
}
"""Why a refund was put on hold."""

SOURCES: Mapping[str, Label] = {
    "CORE_SYSTEM": _("社保核心系统"),
    "MARKET": _("市场主体登记"),
    "OFFICER": _("经办人员录入"),
    "OWN": _("本系统领金记录"),
    "RECORD_2020": _("2020年减免社保费时的划型"),
    "TABLE": _("按划型标准计算"),
    "PROOF": _("材料核实的划型"),
    "COMMITMENT": _("单位承诺"),
    "LISTING": _("名单"),
    "PUBLICATION": _("名单"),
    "HOLD": _("检查记录"),
    "LEDGER": _("发放记录"),
    "RULE": _("政策年度"),
    "NONE": _("没有来源"),
}
"""Where a fact came from, by the `source` of its origin."""


def class_label(kind: str, size_class: str) -> Label:
    """The class as a table shows it: by size for enterprises, together for the six kinds."""
    if kind == "ENTERPRISE":
        return SIZES.get(size_class, size_class)
    return UNIT_KINDS["PUBLIC_BODY"] if kind == "PUBLIC_BODY" else SIX_KINDS


def percent(basis_points: int | None) -> str:
    """550 as 5.5; empty for None."""
    if basis_points is None:
        return ""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")
