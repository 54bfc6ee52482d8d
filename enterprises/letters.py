"""The letters of a dispute about a size class, word by word: the unit's commitment, and what was found.

Always Chinese. Numbers come from the dispute and from dated values, never from here. Composes and reads; what
is composed is frozen by `cases.letters.issue_letter`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.selectors import masked_number
from cases.letters import Section, Template, Words, register
from cases.wording import date_words
from enterprises.kinds import CONFIRMED, DISPROVED, NOT_PROVEN
from enterprises.models import SizeDispute
from law.parameters import ParameterBook
from law.size_class import KEYS
from law.workdays import legal_day
from policy.agencies import Agency, agency, remedies

COMMITMENT = register(Template(code="dispute.commitment", noun="承诺书", label=_("划型承诺书")))
FINDING = register(Template(code="dispute.finding", noun="认定书", label=_("划型认定书")))

CHINESE = "zh-hans"
SAMPLE = "样章 无效"
_OUTCOMES: Mapping[str, str] = {
    CONFIRMED: "主张的划型成立",
    DISPROVED: "承诺的划型不成立",
    NOT_PROVEN: "没有证明主张的划型",
}


def commitment_words(dispute: SizeDispute, law: ParameterBook, *, now: datetime) -> Words:
    """What the unit signs: its class and figures, that it shows papers by a day, what follows if they do not
    bear it out.
    """
    today = legal_day(now)
    party = dispute.enterprise.party
    objection = f"对 {dispute.refund_year} 年稳岗返还的划型（{_recorded(dispute)}）有异议"
    days = law.integer("size_class.evidence_days", region=dispute.enterprise.region, on=today)
    with override(CHINESE):
        office = agency(law, region=dispute.enterprise.region, on=today)
        due = (
            f"在{date_words(dispute.evidence_due)}前"
            if dispute.evidence_due is not None
            else "在经办机构核实时"
        )
        return {
            **_frame(dispute, office, today_words=date_words(today), title="企业划型承诺书"),
            # The unit's own word: in its name, to the office, and under no seal of ours.
            "agency": party.name,
            "addressee": f"{office.name}：",
            "sample": "",
            "opening": [
                f"我单位（统一社会信用代码 {masked_number(party)}）{objection}，承诺属于",
                f"{dispute.get_claimed_class_display()}企业",
                "。",
            ],
            "sections": [
                _figures("一、承诺的情况", dispute, _signed_figures(dispute)),
                _section(
                    "二、我单位的义务",
                    f"{due}交来能证明上述情况的材料（年度报告、审计报告或纳税申报表）。"
                    f"一般期限为承诺之日起 {days} 天。",
                    "材料不能证明的，或者到期、经催交仍不交的，退回按承诺多得的返还；"
                    "以后的年度不再适用承诺；明知不实而承诺的，依法处理。",
                ),
                _section("三、依据", law.value(KEYS[0], region="000000", on=today).reference.title + "。"),
            ],
            "signed": [
                f"承诺单位 {party.name}",
                f"经办人 {dispute.signed_by}　{date_words(today)}",
            ],
        }


def finding_words(
    dispute: SizeDispute,
    outcome: str,
    law: ParameterBook,
    *,
    why: str,
    signed: Sequence[str],
    now: datetime,
) -> Words:
    """What was found and what follows. `signed`: handler and reviewer; nobody where papers never came."""
    today = legal_day(now)
    with override(CHINESE):
        office = agency(law, region=dispute.enterprise.region, on=today)
        ways = remedies(law, region=dispute.enterprise.region, on=today)
        objected = f"你单位于{date_words(legal_day(dispute.signed_at))}对企业划型提出异议"
        claimed = f"主张属于{dispute.get_claimed_class_display()}企业"
        signers = (
            [f"经办 {signed[0]}　复核 {signed[1]}　电话 {office.phone}"]
            if signed
            else [f"电话 {office.phone}", "期满未交材料，由系统办结；您可以要求由工作人员查看。"]
        )
        return {
            **_frame(dispute, office, today_words=date_words(today), title="企业划型认定书"),
            "opening": [
                f"{objected}，{claimed}。经核实，",
                _OUTCOMES[outcome],
                "。",
            ],
            "sections": [
                _found(dispute, why),
                _section("二、怎么办", *_consequences(dispute, outcome)),
                _section(
                    "三、对本认定不服",
                    f"可以自收到之日起 {ways.days} 日内向{ways.body}申请行政复议，"
                    f"或者自收到之日起 {ways.months} 个月内依法向人民法院提起行政诉讼。",
                ),
            ],
            "signed": signers,
        }


def _frame(dispute: SizeDispute, office: Agency, *, today_words: str, title: str) -> Words:
    """What every letter of a dispute begins and ends with; the rest is filled in by the caller."""
    party = dispute.enterprise.party
    return {
        "agency": office.name,
        "reference": f"{dispute.refund_year} 年稳岗返还",
        "title": title,
        "addressee": f"{party.name}（统一社会信用代码 {masked_number(party)}）：",
        "opening": ["", "", ""],
        "sections": [],
        "date": today_words,
        "sample": SAMPLE if settings.ANYE_DEMO else "",
        "signed": [],
        "code_label": "核对码",
        "code_note": "真伪可在“我的单位”里查验",
    }


def _signed_figures(dispute: SizeDispute) -> tuple[int | None, ...]:
    return dispute.employees, dispute.revenue_wan, dispute.assets_wan


def _found_figures(dispute: SizeDispute) -> tuple[int | None, ...]:
    return dispute.found_employees, dispute.found_revenue_wan, dispute.found_assets_wan


def _figures(heading: str, dispute: SizeDispute, figures: tuple[int | None, ...]) -> Section:
    year = dispute.refund_year - 1
    employees, revenue, assets = figures
    rows = [
        ["行业代码", "国民经济行业分类", dispute.industry],
        ["从业人员", f"{year} 年末", _shown(employees, "人")],
        ["营业收入", f"{year} 年", _shown(revenue, "万元")],
        ["资产总额", f"{year} 年末", _shown(assets, "万元")],
    ]
    return {
        "heading": heading,
        "table": {"head": ["项目", "口径", "数额"], "rows": rows},
        "paragraphs": [],
    }


def _found(dispute: SizeDispute, why: str) -> Section:
    if dispute.ground == SizeDispute.Ground.NO_PAPERS:
        assert dispute.evidence_due is not None and dispute.reminded_at is not None
        return _section(
            "一、核实的情况",
            f"证明材料的期限到{date_words(dispute.evidence_due)}，"
            f"{date_words(legal_day(dispute.reminded_at))}催交过一次，到今天没有收到。",
        )
    section = _figures("一、核实的情况", dispute, _found_figures(dispute))
    found = dispute.get_found_class_display() if dispute.found_class else "没有认定"
    return {**section, "paragraphs": [f"认定的划型：{found}。", f"经办说明：{' '.join(why.split())}"]}


def _consequences(dispute: SizeDispute, outcome: str) -> list[str]:
    if outcome == CONFIRMED:
        return ["稳岗返还按核实的划型办，这次异议办结。"]
    stands = f"稳岗返还按{_recorded(dispute) if not dispute.found_class else '核实的划型'}办。"
    if outcome == DISPROVED:
        return [
            stands,
            "按承诺已经拨付、多于应得部分的，要退回，工作人员会另行通知。以后的年度不再适用承诺。",
        ]
    return [stands]


def _recorded(dispute: SizeDispute) -> str:
    return f"记录为{dispute.get_recorded_class_display()}" if dispute.recorded_class else "没有记录"


def _shown(value: int | None, unit: str) -> str:
    return "没有填" if value is None else f"{value} {unit}"


def _section(heading: str, *paragraphs: str) -> Section:
    return {"heading": heading, "table": None, "paragraphs": list(paragraphs)}
