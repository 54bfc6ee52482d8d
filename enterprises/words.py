"""What speaks against a commitment, and what is wrong with a line of a list, in words. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from enterprises.models import Publication, SizeDispute

CONTRADICTIONS: Mapping[str, str | Promise] = {
    "EMPLOYEES": _("年末参保 %(known)s 人，承诺的从业人员只有 %(given)s 人。"),
    "INDUSTRY": _("登记的行业代码是 %(known)s，承诺的是 %(given)s。"),
    "REVENUE": _("已有记录的营业收入是 %(known)s 万元，承诺的是 %(given)s 万元。"),
    "ASSETS": _("已有记录的资产总额是 %(known)s 万元，承诺的是 %(given)s 万元。"),
    "MANUAL": _("行业代码 %(given)s 不在划型标准里，或者缺标准要看的数，要由人工划型。"),
}

CODE_PROBLEMS: Mapping[str, str | Promise] = {
    "LENGTH": _("不是 18 位"),
    "CHARACTER": _("含有不允许的字符"),
    "CHECK": _("校验位不符"),
}
"""What may be wrong with a unified social credit code, named as in `law.identifiers`."""


def contradiction_words(dispute: SizeDispute) -> list[str]:
    """Each as a sentence, in the order found."""
    return [
        str(CONTRADICTIONS[row["code"]]) % {"given": row["given"], "known": row["known"]}
        for row in dispute.contradictions
    ]


def fault_words(publication: Publication) -> list[str]:
    """Each line of a list that was not taken, as a sentence."""
    return [_fault(row) for row in publication.faults]


def _fault(row: Mapping[str, str | int]) -> str:
    if row["problem"] == "TWICE":
        return str(_("第 %(line)s 行：%(given)s 在第 %(first)s 行已经有了，只算一次。")) % row
    problem = str(CODE_PROBLEMS[str(row["problem"])])
    return str(_("第 %(line)s 行：%(given)s %(problem)s，没有登记。")) % {**row, "problem": problem}
