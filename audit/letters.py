"""What the person and other agencies are told of a check, word by word: why money waits, the notice with the
facts, the letter of assistance.

Always Chinese. Composes and reads; the notice is frozen by `cases.letters.issue_letter`.
"""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from audit.checks import Check
from audit.models import Assistance, CheckHit, CheckRun, Finding
from cases.letters import Section, Template, Words, register
from cases.wording import date_words, month_words
from claims.remedies import Agency, agency
from claims.selectors import identifier_of
from law.parameters import ParameterBook
from law.workdays import legal_day

NOTICE = register(Template(code="finding.notice", noun="询问通知书", label=_("核查询问通知书")))

CHINESE = "zh-hans"
SAMPLE = "样章 无效"

SAID = {
    Check.C1: "您在职参保",
    Check.C2: "您在职参保",
    Check.C3: "您在领失业保险金",
    Check.C4: "您在领养老待遇",
    Check.C5: "户籍或医疗登记有变化",
    Check.C6: "司法登记与您有关",
    Check.C7: "您名下有营业执照",
    Check.C8: "有单位为您申报工资薪金个税",
    Check.C9: "您应征服兵役",
    Check.C10: "您移居境外",
}
"""What each check says to the person; of a death and a prison the word itself is left to an officer."""


def held_for_hit(finding: Finding) -> str:
    """Why the next payment waits: the clue in one sentence, and that it is one."""
    with override(CHINESE):
        return (
            f"每月核查中，{_clue(finding.hit, Check(finding.check_code))}。"
            "这只是线索，不是结论；正在核实，也会请您说明。"
        )


def held_unchecked(run: CheckRun) -> str:
    """Why the next payment waits although nothing was found: nobody has answered."""
    with override(CHINESE):
        return (
            f"{month_words(run.period)}发放前的全国信息查询比对一直没有回结果，上一次结果也已经过了有效期。"
            "不是您的原因；结果一回来，没有问题就自动恢复，一起补发。"
        )


def notice_words(
    finding: Finding, law: ParameterBook, *, facts: str, due: date, handler: str, now: datetime
) -> Words:
    """The notice that asks the person: what was found, what it may mean, until when and how to reply."""
    claim, today = finding.claim, legal_day(now)
    with override(CHINESE):
        office = agency(law, region=claim.county, on=today)
        identifier = identifier_of(claim.party)
        clue = _clue(finding.hit, Check(finding.check_code))
        held = (
            "核实期间，还没有发出的待遇先暂停；查清没有问题的，一起补发。"
            if finding.held_at is not None
            else "核实期间，待遇照常发放。"
        )
        return {
            "agency": office.name,
            "reference": f"核查编号 {finding.case.number}",
            "title": "失业保险待遇核查询问通知书",
            "addressee": f"{claim.party.name}（身份证号 {identifier.masked}）：",
            "opening": ["您正在领取失业保险金。每月核查中发现", "一条需要您说明的记录", "，请您说明情况。"],
            "sections": [
                _section("一、记录是什么", f"{clue}。", *_lines(facts)),
                _section(
                    "二、您可以陈述、申辩",
                    f"请在{date_words(due)}前答复：到“我的”里写明情况、上传材料，"
                    f"或者拨 {office.phone}、到窗口说明。"
                    "记录不对的、说的不是您的，请直说；您说的会写进案卷。",
                ),
                _section(
                    "三、这意味着什么",
                    "比对结果只是线索，不是结论。没有听取您的意见之前，不作停发的决定"
                    f"（《社会保险经办条例》第二十六条）。{held}",
                ),
            ],
            "date": date_words(today),
            "sample": SAMPLE if settings.ANYE_DEMO else "",
            "signed": [f"经办 {handler}　电话 {office.phone}", "本通知由工作人员发出，未使用自动决定。"],
            "code_label": "核对码",
            "code_note": "真伪可在“我的”里查验",
        }


def assistance_lines(asked: Assistance, law: ParameterBook) -> list[str]:
    """The letter to the other agency, a paragraph a line; the number stays masked until it is signed out."""
    finding = asked.finding
    claim, hit = finding.claim, finding.hit
    with override(CHINESE):
        office: Agency = agency(law, region=claim.county, on=legal_day(asked.asked_at))
        identifier = identifier_of(claim.party)
        clue = _clue(hit, Check(finding.check_code), person="该人")
        about = (
            f"{claim.party.name}（身份证号 {identifier.masked}）在我市领取失业保险金。"
            f"全国信息查询比对显示：{clue}。"
        )
        request = (
            "根据《社会保险经办条例》第八条、第二十六条，请协助核实上述情况，"
            f"并在{date_words(asked.due)}前书面答复。"
            f"联系电话 {office.phone}，核查编号 {finding.case.number}。"
        )
        signed = [office.name, date_words(legal_day(asked.asked_at))]
        return [f"{asked.agency}：", about, *_lines(asked.question), request, *signed]


def _clue(hit: CheckHit, check: Check, *, person: str = "您") -> str:
    since = month_words(hit.start_month)
    until = f"到{month_words(hit.end_month)}" if hit.end_month else "至今"
    unit = f"（{hit.unit}）" if hit.unit else ""
    said = SAID[check].replace("您", person)
    return f"{hit.province}的记录显示{said}{unit}，{since}起{until}，数据截至{date_words(hit.data_date)}"


def _section(heading: str, *paragraphs: str) -> Section:
    return {"heading": heading, "table": None, "paragraphs": list(paragraphs)}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
