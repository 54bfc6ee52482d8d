"""Words for the codes of a claim that officers settle: facts, their values, and what these rest on.

Words only: which facts may be settled is said in `claims.facts`, what follows from them by the law.
"""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from claims.facts import AMENDABLE

FIELD_LABELS: Mapping[str, str | Promise] = {
    "separation_reason": gettext_lazy("离职原因"),
    "contributed_months": gettext_lazy("累计缴费月数"),
    "employed": gettext_lazy("仍有在职参保"),
    "drawing_pension": gettext_lazy("正在领取养老保险待遇"),
    "drawing_elsewhere": gettext_lazy("正在其他地方领取失业保险金"),
    "imprisoned": gettext_lazy("正在收监服刑"),
    "deceased": gettext_lazy("已经去世"),
    "operates_business": gettext_lazy("实际经营"),
    "agency_competent": gettext_lazy("由本机构经办"),
    "identity": gettext_lazy("身份"),
    "retirement_category": gettext_lazy("养老档案中的身份"),
}

OTHER_FIELD_LABELS: Mapping[str, str | Promise] = {
    "birth_date": gettext_lazy("出生日期"),
    "sex": gettext_lazy("性别"),
    "deemed_months": gettext_lazy("视同缴费月数"),
    "residual_months": gettext_lazy("以前没有领完的月数"),
    "paying_county": gettext_lazy("参保地"),
    "card_account": gettext_lazy("社保卡金融账户"),
}
"""Facts that nobody may settle: what a register has wrong is put right there."""

CATEGORY_WANTED = gettext_noop("月数领完了，能不能发到法定退休年龄，要看养老档案里是工人还是干部。")
"""Why payment waits at the end of the months of a woman whose category nobody has settled."""

EVIDENCE_LABELS: Mapping[str, str | Promise] = {
    "RULING": gettext_lazy("裁判文书、仲裁裁决书"),
    "CERTIFICATE": gettext_lazy("双方签字的证明"),
    "EMPLOYER": gettext_lazy("单位申报或书面说明"),
    "APPLICANT": gettext_lazy("本人陈述"),
    "OFFICE": gettext_lazy("有关部门的书面答复"),
}


def field_words(field: str) -> str:
    """The name of a fact; the code itself for one that has none."""
    return str(FIELD_LABELS.get(field) or OTHER_FIELD_LABELS.get(field, field))


def options(field: str, reasons: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """What a fact may be settled as; none for a number. `reasons`: names of separation reasons by code."""
    match AMENDABLE[field]:
        case "reason":
            return [(code, f"{code} {name}") for code, name in reasons.items() if code != "X99"]
        case "identity":
            return [("MATCH", _("是本人")), ("MISMATCH", _("不是本人"))]
        case "category":
            return [("WORKER", _("工人")), ("CADRE", _("干部"))]
        case "months":
            return []
        case _:
            return [("YES", _("是")), ("NO", _("否"))]


def value_words(field: str, value: str, reasons: Mapping[str, str]) -> str:
    """What a fact was settled as; a number as it is."""
    return dict(options(field, reasons)).get(value, value) if field in AMENDABLE else value
