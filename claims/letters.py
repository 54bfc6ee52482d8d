"""The letters of a claim, composed word by word: grant, refusal, notices of what is missing and of the end,
of a suspension and of a stop.

Always Chinese. What is said about the facts are the reasons that every page shows; numbers come from the
decision, from dated values or from the registers' answers, never from here. Composes and reads; what is
composed is frozen by `cases.letters.issue_letter`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import Identifier, IdentifierKind, User
from accounts.selectors import machine
from cases.letters import Section, Table, Template, Words, register
from cases.models import Proposal
from cases.wording import date_words, month_words, reference_words, sentence
from claims.models import Claim, Spell, Stop
from claims.remedies import Agency, Remedies, agency, remedies, reopen_until
from claims.selectors import first_day, identifier_of
from gateways.ports import CardAnswer
from law.decision import Outcome, Reason, Reference
from law.ending import GROUNDS, INQUIRY, Effect
from law.money import Fen, yuan_grouped
from law.months import shift
from law.parameters import ParameterBook
from law.unemployment_benefit import UnemploymentDecision
from law.workdays import legal_day

GRANT = register(Template(code="claim.grant", noun="决定书", label=_("核定决定书")))
REFUSAL = register(Template(code="claim.refusal", noun="决定书", label=_("不予核定决定书")))
PAPERS = register(Template(code="claim.papers", noun="补正告知书", label=_("补正告知书")))
CLOSED = register(Template(code="claim.closed", noun="办结告知书", label=_("办结告知书")))
SUSPENSION = register(Template(code="claim.suspension", noun="暂停告知书", label=_("暂停发放告知书")))
EXTENSION = register(Template(code="claim.extension", noun="继续告知书", label=_("继续发放告知书")))
STOP = register(Template(code="claim.stop", noun="停发决定书", label=_("停发决定书")))

CHINESE = "zh-hans"
SAMPLE = "样章 无效"
"""Stands on the seal of an installation that decides nothing; a real seal is put on by who keeps it."""

TESTS: Mapping[str, str] = {
    "R01": "累计缴费",
    "R02": "离职原因",
    "registered": "失业登记",
    "R03": "就业状态",
    "licence_counts": "营业执照",
    "R04": "养老待遇",
    "R07": "年龄",
    "R09": "服刑情况",
    "R11": "生存状态",
    "R05": "经办地",
    "R06": "身份",
    "R08": "重复领取",
    "card_account": "收款账户",
}
"""Short names of the tests, as a table of a letter begins its rows."""

ALWAYS_TOLD = ("R01", "R02", "registered")
"""The three conditions of article 45: a decision speaks of each, whatever came out."""

NUMBER_NAMES: Mapping[str, str] = {IdentifierKind.CITIZEN_ID: "身份证号"}


EVIDENCE: Mapping[str, str] = {
    "RULING": "裁判文书或者仲裁裁决书",
    "CERTIFICATE": "双方签字的证明",
    "EMPLOYER": "单位的申报或者书面说明",
    "APPLICANT": "您本人的陈述",
    "OFFICE": "有关部门的书面答复",
}
"""What a stop rests on, as its letter says it."""

EVENTS: Mapping[str, str] = {
    "REEMPLOYED": "您于{day}重新就业",
    "CONSCRIPTED": "您于{day}应征服兵役",
    "EMIGRATED": "您于{day}移居境外",
    "PENSION": "您从{day}起享受基本养老保险待遇",
    "JOBS_REFUSED": "您无正当理由，拒不接受介绍的适当工作或者提供的培训",
    "IMPRISONED": "您于{day}被判刑收监执行",
    "DIED": "领取人于{day}去世",
    "NEVER_ENTITLED": "您申请时（{day}）不符合领取条件",
}
"""What happened, by ground."""


STOPS: Mapping[Effect, tuple[str, str]] = {
    Effect.END: ("失业保险金停发决定书", "停止发放失业保险金"),
    Effect.INTERRUPT: ("失业保险金中断发放决定书", "服刑期间不发失业保险金"),
    Effect.ANNUL: ("失业保险金核定撤销决定书", "撤销原来的核定"),
}
"""Title and decision, by what becomes of the spell."""


class _Head(TypedDict):
    agency: str
    reference: str
    title: str
    addressee: str


class _Foot(TypedDict):
    sample: str
    signed: list[str]
    code_label: str
    code_note: str


@dataclass(frozen=True)
class Signatures:
    """Who made a decision: nobody (the machine), a reviewer alone, or handler and reviewer."""

    handler: str = ""
    reviewer: str = ""

    @classmethod
    def of(cls, *, actor: User, proposal: Proposal | None) -> "Signatures":
        """The machine signs nothing. A proposal names the handler who made it."""
        if actor.pk == machine().pk:
            return cls()
        return cls(handler=str(proposal.proposed_by) if proposal is not None else "", reviewer=str(actor))


def grant_words(
    claim: Claim,
    decision: UnemploymentDecision,
    law: ParameterBook,
    *,
    card: CardAnswer | None,
    signed: Signatures,
    now: datetime,
    identifier: Identifier | None = None,
) -> Words:
    """The decision that grants: what is paid and why, from when to when, and the remedies.

    `identifier`: the person's document, where the caller has it already.
    """
    assert decision.months is not None and decision.first_month and decision.last_month
    today = legal_day(now)
    with override(CHINESE):
        office = agency(law, region=claim.county, on=today)
        return {
            **_head(claim, office, title="失业保险金核定决定书", identifier=identifier),
            "opening": [f"{_applied(claim)}，", "符合条件，予以核定", "。"],
            "sections": [
                _result(claim, decision, law, card),
                _grounds(decision),
                _changes(claim, office, law, on=today),
                _remedies("四、对本决定不服", remedies(law, region=claim.county, on=today)),
            ],
            "date": date_words(today),
            **_foot(_signed(signed, len(decision.reasons), office)),
        }


def refusal_words(
    claim: Claim,
    decision: UnemploymentDecision,
    law: ParameterBook,
    *,
    why: str,
    signed: Signatures,
    now: datetime,
) -> Words:
    """The decision that refuses: reasons with their articles, what stays, what can be done, the remedies.

    `why` is the handler's own reason. The claim is refused already, so that the last day for new evidence is
    known.
    """
    today = legal_day(now)
    with override(CHINESE):
        office = agency(law, region=claim.county, on=today)
        return {
            **_head(claim, office, title="失业保险金不予核定决定书"),
            "opening": [f"{_applied(claim)}。经核对，", "现在还不能核定", "，理由如下。"],
            "sections": [
                _reasons(decision, why),
                _what_stays(claim, decision, office, law),
                _remedies("三、对本决定不服", remedies(law, region=claim.county, on=today)),
            ],
            "date": date_words(today),
            **_foot(_signed(signed, len(decision.reasons), office)),
        }


def papers_words(
    claim: Claim, law: ParameterBook, *, wanted: str, due: date, handler: str, now: datetime
) -> Words:
    """The one-time notice of what is missing: what, until when and how, and what happens meanwhile."""
    today = legal_day(now)
    with override(CHINESE):
        office = agency(law, region=claim.county, on=today)
        return {
            **_head(claim, office, title="失业保险金申请补正告知书"),
            "opening": [f"{_applied(claim)}。经核对，", "还差下面的材料或说明", "，请一次补齐。"],
            "sections": [
                _section("一、请补充", *_lines(wanted)),
                _section(
                    "二、什么时候、怎么补",
                    f"请在{date_words(due)}前补充：到“我的”里写明情况、上传照片或文件，或者到经办窗口交。"
                    f"不清楚的，请拨 {office.phone}。",
                ),
                _section(
                    "三、补充期间",
                    "等您补充的这段时间，办理期限暂停计算；您补上之后，从那天接着算。"
                    "到期没有补充的，本次申请先结；失业登记仍然有效，缴费年限都保留，材料齐了随时可以再申请。",
                ),
            ],
            "date": date_words(today),
            **_foot([f"经办 {handler}　电话 {office.phone}", "本告知书由工作人员作出，未使用自动决定。"]),
        }


def closed_words(claim: Claim, law: ParameterBook, *, now: datetime) -> Words:
    """The notice that a claim ended because no answer came: what was missing, what stays, how to go on."""
    assert claim.papers_due is not None
    today = legal_day(now)
    with override(CHINESE):
        office = agency(law, region=claim.county, on=today)
        return {
            **_head(claim, office, title="失业保险金申请办结告知书"),
            "opening": [f"{_applied(claim)}。到今天", "还没有等到补充的材料", "，这次申请先结了。"],
            "sections": [
                _section(
                    "一、当时请您补充的",
                    *_lines(claim.papers_wanted),
                    f"补充期限到{date_words(claim.papers_due)}。",
                ),
                _section(
                    "二、您保留的权利和可以办的事",
                    "没有作出不予核定的决定。您的失业登记仍然有效，已缴的月数全部保留。"
                    f"材料齐了，随时可以在网上或者经办窗口再申请，没有期限。不清楚的，请拨 {office.phone}。",
                ),
                _remedies("三、对本告知不服", remedies(law, region=claim.county, on=today), paper="告知书"),
            ],
            "date": date_words(today),
            **_foot([f"电话 {office.phone}", "期满未补充，由系统办结；您可以要求由工作人员重新办理。"]),
        }


def suspension_words(
    claim: Claim, law: ParameterBook, *, why: str, until: date, actor: User, now: datetime
) -> Words:
    """The notice that the next payments wait: what is looked into, until when, and what it means."""
    today = legal_day(now)
    with override(CHINESE):
        office = agency(law, region=claim.county, on=today)
        who = "系统比对" if actor.pk == machine().pk else f"经办 {actor}"
        return {
            **_head(claim, office, title="失业保险金暂停发放告知书"),
            "opening": [
                "您正在领取失业保险金。",
                "从下一笔起先暂停发放",
                "，因为有一件事要核实。这不是停发的决定。",
            ],
            "sections": [
                _section("一、正在核实什么", *_lines(why), f"依据{_articles([INQUIRY])}。"),
                _section(
                    "二、这意味着什么",
                    f"最晚{date_words(until)}给您答复。核实没有问题的，恢复发放，暂停期间的各月一起补发，一分不少；"
                    "确实要停发的，由两位工作人员签字，另发决定书，写明理由和救济途径。"
                    "已经到账的、已经送到银行的，不受暂停影响。",
                ),
                _section(
                    "三、您可以说明情况",
                    f"到“我的”里写明情况、请人工办理，或者拨 {office.phone}。您说的会写进案卷。",
                ),
            ],
            "date": date_words(today),
            **_foot([f"{who}　电话 {office.phone}", "暂停只影响还没有送出的款项。"]),
        }


def extension_words(spell: Spell, law: ParameterBook, *, now: datetime) -> Words:
    """The notice that benefit goes on up to the retirement age: until when, why, and on what condition."""
    claim, today = spell.claim, legal_day(now)
    near = law.value("benefit.near_retirement_months", region=claim.county, on=today)
    with override(CHINESE):
        span = f"{month_words(shift(spell.extended_from, 1))}到{month_words(spell.last_month)}"
        office = agency(law, region=claim.county, on=today)
        return {
            **_head(claim, office, title="失业保险金继续发放告知书"),
            "opening": [
                f"您的失业保险金 {spell.months} 个月已经发完。",
                f"从{span}继续发放",
                "，不用申请。",
            ],
            "sections": [
                _section(
                    "一、为什么",
                    f"您领完时离法定退休年龄不超过 {near.integer()} 个月，还没有工作。"
                    f"依据{_articles([near.reference.short()])}，失业保险金发到您到法定退休年龄的那个月。",
                ),
                _section(
                    "二、要知道的",
                    "标准和原来一样，每月发到同一个账户。找到工作的，请告诉我们，就发到那时为止。"
                    f"养老金从到龄的下个月起领，请提前申请。不清楚的，请拨 {office.phone}。",
                ),
            ],
            "date": date_words(today),
            **_foot([f"电话 {office.phone}", "由系统按规定继续发放；您可以要求由工作人员重新办理。"]),
        }


@dataclass(frozen=True)
class Ending:
    """What a signed stop comes to: the last month, the months kept, and what has to come back."""

    spell: Spell
    stop: Stop
    through: str
    left: int
    to_recover: Sequence[str]
    to_recover_fen: Fen


def stop_words(ending: Ending, law: ParameterBook, *, why: str, signed: Signatures, now: datetime) -> Words:
    """The decision that ends a spell or lets it rest: the ground, the last month, what is kept, the remedies.

    `why` is the handler's own reason.
    """
    claim, today = ending.spell.claim, legal_day(now)
    ground = GROUNDS[ending.stop.ground]
    with override(CHINESE):
        said = EVENTS[ending.stop.ground].format(day=date_words(ending.stop.event_on))
        office = agency(law, region=claim.county, on=today)
        title, decided = STOPS[ground.effect]
        return {
            **_head(claim, office, title=title),
            "opening": [f"{_applied(claim)}，已经核定。经核实，现在决定", decided, "，理由如下。"],
            "sections": [
                _section(
                    "一、事实和依据",
                    f"{said}；凭{EVIDENCE[ending.stop.evidence]}认定。",
                    f"经办说明：{' '.join(_lines(why))}",
                    f"依据{_articles([ground.reference])}，决定{decided}。",
                ),
                _stop_result(ending),
                _section("三、您保留的权利和可以办的事", _after_stop(ending, office)),
                _remedies("四、对本决定不服", remedies(law, region=claim.county, on=today)),
            ],
            "date": date_words(today),
            **_foot(_signed(signed, 0, office)),
        }


def _stop_result(ending: Ending) -> Section:
    """Until when benefit was due, the months kept, and what has to come back."""
    spell = ending.spell
    none = ending.through < spell.first_month
    last = min(ending.through, spell.last_month)
    rows = [
        ["发到", "一个月也不该发" if none else "最后一个月照发", "—" if none else month_words(last)],
    ]
    if GROUNDS[ending.stop.ground].effect is not Effect.ANNUL:
        said = "留着以后用" if ending.left else "没有留下的月数"
        rows.append(["没领的月数", said, f"{ending.left} 个月"])
    if ending.to_recover:
        months = "、".join(month_words(month) for month in ending.to_recover)
        rows.append(["多发的", f"{months}，要退回", _yuan(ending.to_recover_fen)])
    table: Table = {"head": ["项目", "说明", "结果"], "rows": rows}
    return {"heading": "二、结果", "table": table, "paragraphs": []}


def _after_stop(ending: Ending, office: Agency) -> str:
    ground = GROUNDS[ending.stop.ground]
    if ground.effect is Effect.INTERRUPT:
        again = "刑满释放后告诉我们，从释放的那个月起接着发，不用重新申请。"
    elif ground.effect is Effect.ANNUL:
        again = "已缴的月数全部恢复，以后符合条件可以再申请。"
    elif ending.left:
        again = "没领的月数给您留着，以后失业可以再申请，和新的月数合并计算。"
    else:
        again = "已缴的养老等其他保险不受影响。"
    if ending.to_recover:
        again += "多发的要退回，工作人员会和您联系怎么退；一次退有困难的，可以商量分期。"
    return f"{again}记录不对的请拨 {office.phone}。"


# --- parts ------------------------------------------------------------------------------------------------


def _head(claim: Claim, office: Agency, *, title: str, identifier: Identifier | None = None) -> _Head:
    identifier = identifier or identifier_of(claim.party)
    name = NUMBER_NAMES.get(identifier.kind) or f"{identifier.get_kind_display()}号"
    return {
        "agency": office.name,
        "reference": f"申请日 {date_words(claim.applied_on)}",
        "title": title,
        "addressee": f"{claim.party.name}（{name} {identifier.masked}）：",
    }


def _foot(signed: Sequence[str]) -> _Foot:
    return {
        "sample": SAMPLE if settings.ANYE_DEMO else "",
        "signed": list(signed),
        "code_label": "核对码",
        "code_note": "真伪可在“我的”里查验",
    }


def _section(heading: str, *paragraphs: str) -> Section:
    return {"heading": heading, "table": None, "paragraphs": list(paragraphs)}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _applied(claim: Claim) -> str:
    return f"您于{date_words(claim.applied_on)}申请领取失业保险金"


def _yuan(fen: Fen | None) -> str:
    assert fen is not None
    return f"{yuan_grouped(fen)} 元"


def _result(
    claim: Claim, decision: UnemploymentDecision, law: ParameterBook, card: CardAnswer | None
) -> Section:
    """What is granted: a row for each number, with where it comes from."""
    assert decision.months is not None and decision.first_month and decision.last_month
    first = first_day(decision.first_month)
    county = law.value("region.name", region=claim.county, on=first).table()[claim.county]
    tier = law.text("region.tier", region=claim.county, on=first, item=claim.county)
    pay_by = law.integer("benefit.pay_by_day", region=claim.county, on=first)
    length = next(reason for reason in decision.reasons if reason.code == "R01")
    earned = sentence(length).removesuffix("。")
    if not length.variant:  # the plain case, without what an earlier spell left
        earned = f"累计缴费 {length.numbers['months']} 个月，满 {length.numbers['years']} 年"
    span = f"{month_words(decision.first_month)}至{month_words(decision.last_month)}"
    rows = [
        [
            "每月",
            f"{county}，{tier} 档，{month_words(decision.first_month)}的标准",
            _yuan(decision.monthly_fen),
        ],
        ["月数", earned, f"{decision.months} 个月"],
        ["起止", "按整月发放", span],
        ["共计", "按已公布的标准；调整时随之调整", _yuan(decision.total_fen)],
        ["发放", _account(card), f"每月 {pay_by} 日前"],
    ]
    table: Table = {"head": ["项目", "怎么来的", "核定"], "rows": rows}
    return {"heading": "一、核定结果", "table": table, "paragraphs": []}


def _account(card: CardAnswer | None) -> str:
    if card is None or card.status != "ACTIVE":
        return "社保卡现在还不能收款，办好后发放，月数不会少"
    return f"社保卡金融账户，{card.bank_name}，尾号 {card.account_number[-4:]}"


def _grounds(decision: UnemploymentDecision) -> Section:
    """The conditions of article 45; the months stand in the table above. All others are on the pages."""
    told = [reason for reason in decision.reasons if reason.code in ALWAYS_TOLD]
    others = len(decision.reasons) - len(told)
    return _section(
        "二、事实和依据",
        "".join(sentence(reason) for reason in told if reason.code != "R01")
        + f"其余 {others} 项也都符合，可以在“我的”里逐项查看。",
        f"依据{_articles([reason.reference for reason in told])}，决定核定失业保险金。",
    )


def _changes(claim: Claim, office: Agency, law: ParameterBook, *, on: date) -> Section:
    days = law.value("benefit.report_wd", region=claim.county, on=on)
    return _section(
        "三、情况变了请告诉我们",
        f"找到工作、应征服兵役、移居境外或开始领取养老保险待遇的，请在 {days.integer()} 个工作日内告诉我们"
        f"（{_articles([days.reference.short()])}），电话 {office.phone}。没领完的月数留着以后用。",
    )


def _reasons(decision: UnemploymentDecision, why: str) -> Section:
    """The tests that fail, then the conditions of article 45; then how many more there were."""
    failed = [reason for reason in decision.reasons if reason.outcome is Outcome.FAIL]
    told = failed + [r for r in decision.reasons if r.code in ALWAYS_TOLD and r not in failed]
    rest = [reason for reason in decision.reasons if reason not in told]
    unknown = sum(reason.outcome is Outcome.UNKNOWN for reason in rest)
    passed = len(rest) - unknown
    rest_words = f"其余 {passed} 项核对符合，可以在“我的”里逐项查看。" if passed else ""
    if unknown:
        rest_words += f"另有 {unknown} 项没有查清，不影响本决定。"
    basis = _articles([reason.reference for reason in failed])
    after = [
        f"经办说明：{' '.join(_lines(why))}",
        f"{rest_words}依据{basis}，决定不予核定失业保险金。",
    ]
    return {
        "heading": "一、事实和依据",
        "table": {"head": ["项目", "核对情况", "依据", "结果"], "rows": [_row(reason) for reason in told]},
        "paragraphs": after,
    }


def _row(reason: Reason) -> list[str]:
    match reason.outcome:
        case Outcome.PASS:
            result = "符合"
        case Outcome.UNKNOWN:
            result = "没有查清"
        case Outcome.FAIL:
            lacking = reason.numbers.get("lacking")
            result = f"差 {lacking} 个月" if lacking else "不符合"
    return [TESTS[reason.code], sentence(reason), reference_words(reason.reference), result]


def _what_stays(claim: Claim, decision: UnemploymentDecision, office: Agency, law: ParameterBook) -> Section:
    """What a refusal leaves as it was, and what can be done."""
    length = next(reason for reason in decision.reasons if reason.code == "R01")
    months, minimum = length.numbers.get("months"), length.numbers.get("minimum")
    kept = f"已缴的 {months} 个月全部保留。" if months else "已缴的月数全部保留。"
    if length.outcome is Outcome.FAIL:
        kept = f"{kept.removesuffix('。')}；今后累计满 {minimum} 个月，可以再次申请。"
    until = reopen_until(claim, law)
    again = f"{date_words(until)}以前，有新的证据可以在“我的”里要求重新核定；" if until is not None else ""
    return _section(
        "二、您保留的权利和可以办的事",
        f"您的失业登记有效，可以享受免费职业介绍和培训。{kept}"
        f"{again}缺的条件补齐了，可以再次申请。记录不对的请拨 {office.phone}。",
    )


def _remedies(heading: str, ways: Remedies, *, paper: str = "决定书") -> Section:
    return _section(
        heading,
        f"您可以自收到本{paper}之日起 {ways.days} 日内，向{ways.body}申请行政复议"
        f"（{reference_words(ways.days_basis)}）；或者 {ways.months} 个月内，向有管辖权的人民法院提起行政诉讼"
        f"（{reference_words(ways.months_basis)}）。",
    )


def _signed(signed: Signatures, tests: int, office: Agency) -> list[str]:
    """The two lines that say who decided: the machine, a reviewer alone, or two people."""
    if not signed.reviewer:
        return [
            f"系统核定：{tests} 项全部符合　电话 {office.phone}",
            "本决定由系统自动作出；您可以要求由工作人员重新办理。",
        ]
    if not signed.handler:
        return [
            f"复核 {signed.reviewer}　电话 {office.phone}",
            f"系统核验 {tests} 项全部符合，由工作人员复核后作出。",
        ]
    return [
        f"经办 {signed.handler}　复核 {signed.reviewer}　电话 {office.phone}",
        "本决定由工作人员作出，未使用自动决定。",
    ]


def _articles(references: Sequence[Reference]) -> str:
    """《中华人民共和国社会保险法》第四十五条第（一）项、第（二）项: each law once, each article once."""
    by_title: dict[str, dict[str, list[str]]] = {}
    for reference in references:
        article, separator, item = reference.article.partition("条第")
        items = by_title.setdefault(reference.title, {}).setdefault(article + separator[:1], [])
        if (said := separator[1:] + item) not in items:
            items.append(said)
    return "，".join(
        f"《{title}》{'、'.join(article + '、'.join(items) for article, items in articles.items())}"
        for title, articles in by_title.items()
    )
