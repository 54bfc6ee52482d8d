"""Words for dated values: what each key is called, what its unit and entries mean, how a value reads.

All in the reader's language and in people's units: yuan for fen, per cent for basis points. Words only:
nothing here reads the database or decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from cases.selectors import region_name
from cases.wording import article_words, date_words, reference_words
from law.decision import Reference
from law.money import Fen, yuan_grouped
from law.parameters import REPEALED, Citation, Value
from policy.checks import CALENDAR

Label = str | Promise

TOPICS: Mapping[str, Label] = {
    "benefit": _("失业保险金"),
    "remedy": _("救济途径"),
    "check": _("每月核查"),
    "payout": _("发放"),
    "refund": _("稳岗返还"),
    "skill": _("技能提升补贴"),
    "expand": _("一次性扩岗补助"),
    "size_class": _("企业划型"),
    "retirement": _("法定退休年龄"),
    "fraud": _("多领和骗取"),
    "region": _("地区"),
    "agency": _("经办机构"),
    "calendar": _("工作日历"),
}
"""By the first part of a key, in the order of the page; any other part is its own topic, last."""
OTHER_TOPIC: Label = _("其他")

TITLES: Mapping[str, Label] = {
    "benefit.min_months": _("领取失业保险金的最低缴费月数"),
    "benefit.cap_months": _("失业保险金最长月数"),
    "benefit.ceiling": _("缴费年限对应的最多月数（法律上限）"),
    "benefit.steps": _("缴费年限对应的领取月数"),
    "benefit.standard": _("失业保险金月标准"),
    "benefit.min_age": _("最低年龄"),
    "benefit.first_month_rule": _("从哪个月起领"),
    "benefit.stop_month_rule": _("从哪个月起停发"),
    "benefit.licence_counts": _("有营业执照算不算已就业"),
    "benefit.near_retirement_months": _("距法定退休年龄多近时继续发放"),
    "benefit.separation_reasons": _("离职原因"),
    "benefit.promise_wd": _("承诺办结"),
    "benefit.review_statutory_wd": _("法定办结"),
    "benefit.report_wd": _("变化报告期限"),
    "benefit.supplement_wd": _("补充材料期限"),
    "benefit.suspended_answer_wd": _("暂停发放后的答复期限"),
    "benefit.person_answer_wd": _("请人工办理的答复期限"),
    "benefit.auto_grant": _("全部符合时由系统核定"),
    "benefit.auto_grant_max_fen": _("系统核定的最高总额"),
    "benefit.sample_bp": _("全部符合时抽查的比例"),
    "benefit.pay_by_day": _("每月最晚到账日"),
    "remedy.reconsideration_days": _("申请行政复议的期限"),
    "remedy.suit_months": _("提起行政诉讼的期限"),
    "check.ahead_days": _("每月核查提前几天"),
    "check.clean_months": _("没有回结果时，沿用上次结果的最长时间"),
    "check.data_days": _("比对数据的最长时效"),
    "check.reply_wd": _("本人答复核查询问的期限"),
    "check.assistance_wd": _("外地协查答复的期限"),
    "payout.batch_max": _("一个银行文件的最多笔数"),
    "payout.third_signature_fen": _("批次要主管签字的金额"),
    "payout.account_change": _("换卡后隔几批再付"),
    "payout.freeze_by_day": _("每月最晚冻结名册的日子"),
    "payout.owe_by_day": _("每月最晚生成应付的日子"),
    "payout.reconcile_by_day": _("每月最晚对账完的日子"),
    "payout.return_reminders": _("退票提醒次数"),
    "payout.return_reminder_wd": _("退票提醒的间隔"),
    "refund.layoff_limit": _("裁员率上限"),
    "refund.small_persons": _("适用小单位裁员率上限的最多人数"),
    "refund.paid_months": _("基准年度要缴足的月数"),
    "refund.ratio": _("企业返还比例"),
    "refund.ratio_uplift": _("受关税影响企业和重点行业的返还比例"),
    "refund.six_kinds_ratio": _("六类单位的返还比例"),
    "refund.six_kinds_persons": _("六类单位按较低比例返还的最少人数"),
    "refund.reserve_years": _("基金备付年限的下限"),
    "refund.answer_wd": _("单位核对返还的期限"),
    "refund.notice_wd": _("公示的期限"),
    "skill.amounts": _("各等级证书的补贴"),
    "skill.min_months": _("职工申领要缴满的月数"),
    "skill.window_months": _("证书核发后多少个月内申请"),
    "skill.year_count": _("每年补贴次数"),
    "expand.amount": _("每招用一人的补助"),
    "expand.insured_months": _("三项保险要缴满的月数"),
    "expand.unit_kinds": _("可以享受的单位类型"),
    "expand.graduation_years": _("毕业年份可以早几年"),
    "expand.ages": _("登记失业青年的年龄"),
    "size_class.lines": _("企业划型标准"),
    "size_class.evidence_days": _("划型承诺的材料期限"),
    "size_class.reminder_days": _("催交后再等的天数"),
    "retirement.male": _("男职工退休年龄"),
    "retirement.female_cadre": _("女职工（干部）退休年龄"),
    "retirement.female_worker": _("女职工（工人）退休年龄"),
    "fraud.fine_min": _("骗保罚款的最低倍数"),
    "fraud.fine_max": _("骗保罚款的最高倍数"),
    "fraud.crime_alert": _("可能构成犯罪的金额"),
    "agency.letterhead": _("经办机构落款"),
    "region.name": _("区县名称"),
    "region.tier": _("区县的档次"),
}

CODE_WORDS: Mapping[str, Mapping[str, Label]] = {
    "benefit.first_month_rule": {
        "NEXT_MONTH": _("登记（申请）的次月"),
        "SAME_MONTH": _("登记（申请）的当月"),
    },
    "benefit.stop_month_rule": {
        "NEXT_MONTH": _("就业的次月"),
        "SAME_MONTH": _("就业的当月"),
    },
    "benefit.licence_counts": {
        "YES": _("算已就业"),
        "NO": _("不算"),
        "REVIEW": _("由人核实"),
    },
}
FLAG_WORDS: Mapping[str, Label] = {"true": _("是"), "false": _("否")}

ENTRIES: Mapping[str, Label] = {
    "base_years": _("原年龄（岁）"),
    "born_from": _("从哪个出生月份起延迟"),
    "step_months": _("每几个月延迟一个月"),
    "cap_months": _("最多延迟几个月"),
    "name": _("机构名称"),
    "reconsideration": _("复议机关"),
    "phone": _("电话"),
    "small": _("小单位"),
    "other": _("其他单位"),
    "smaller": _("中小微企业、人数较少的单位"),
    "large": _("大型企业、人数较多的单位"),
    "ordinary": _("一般"),
    "urgent": _("急需紧缺职业另加"),
    "kinds": _("单位类型"),
    "graduate": _("应届毕业生"),
    "leaver": _("离校未就业毕业生"),
    "least": _("满"),
    "below": _("不满"),
    "off": _("休息的工作日"),
    "worked": _("上班的周末"),
}
"""What the entries of tables are called, by name."""

UNIT_NAMES: Mapping[str, Label] = {
    "fen": _("元"),
    "bp": _("%"),
    "months": _("个月"),
    "years": _("年"),
    "days": _("天"),
    "working_days": _("个工作日"),
    "hours": _("小时"),
    "times": _("次"),
    "rows": _("笔"),
    "persons": _("人"),
    "day_of_month": _("日"),
    "code": _("代码"),
    "flag": _("是否"),
    "table": _("表"),
    "calendar": _("日历"),
}

KEY_UNITS: Mapping[str, Label] = {
    "benefit.min_age": _("周岁"),
    "expand.ages": _("周岁"),
    "fraud.fine_min": _("倍"),
    "fraud.fine_max": _("倍"),
    "payout.account_change": _("批"),
}
"""What is counted, where the unit alone does not say it."""

SEEN: Mapping[str, tuple[Label, str]] = {
    "text": (_("原文"), "ok"),
    "press": (_("报道"), "warn"),
    "repost": (_("转载"), "warn"),
    "own": (_("自定"), "idle"),
}
"""How we know a number: the word and its tone."""
SEEN_LONG: Mapping[str, Label] = {
    "text": _("原文：看过文件全文"),
    "press": _("报道：只见于新闻"),
    "repost": _("转载：非官方网站转载的全文"),
    "own": _("自定：没有法律依据，由经办机构确定"),
}

REGIONS: Mapping[str, Label] = {"000000": _("全国"), "130000": _("河北省"), "130100": _("石家庄市")}


@dataclass(frozen=True)
class Badge:
    """A tag that says how we know a number."""

    label: Label
    tone: str


def badges(citation: Citation, *, assumption: bool) -> list[Badge]:
    """原文, 报道, 转载 or 自定, and 演示假设 for a number that no notice supports."""
    label, tone = SEEN[citation.seen]
    return [Badge(label, tone), *([Badge(_("演示假设"), "warn")] if assumption else [])]


def topic_of(key: str) -> Label:
    """The heading a key stands under."""
    return TOPICS.get(key.partition(".")[0], OTHER_TOPIC)


def topic_order(key: str) -> int:
    """Where that heading comes."""
    return _place(list(TOPICS), key.partition(".")[0])


def key_order(key: str) -> tuple[int, str]:
    """Where a key comes under its heading: as in the list of titles, then by name."""
    return _place(list(TITLES), key), key


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def title(key: str) -> str:
    """What a key is called; the key itself where nobody has given it a name."""
    calendar = CALENDAR.fullmatch(key)
    if calendar is not None:
        return gettext("%(year)s年工作日历") % {"year": calendar[1]}
    return str(TITLES.get(key, key))


def region_title(region: str) -> str:
    """全国, a province, a city, or a county by the name the law has for it."""
    known = REGIONS.get(region)
    return region_name(region) if known is None else str(known)


def unit_name(unit: str, key: str = "") -> str:
    """What one writes behind a number of this unit."""
    return str(KEY_UNITS.get(key) or UNIT_NAMES.get(unit, unit))


def start_words(start: date) -> str:
    """The day from which a value holds; one that always held has none."""
    return gettext("一直") if start == date.min else date_words(start)


def citation_words(citation: Citation) -> str:
    """Title, number and article of a source."""
    number = gettext("（%(number)s）") % {"number": gettext(citation.number)} if citation.number else ""
    title = reference_words(Reference(citation.title, ""))
    return f"{title}{number} {article_words(citation.article)}".rstrip()


# --- values -----------------------------------------------------------------------------------------------


def leaf_words(unit: str, leaf: str, key: str = "") -> str:
    """One number with its unit: `198000` fen is 1,980.00 元, `550` basis points 5.5%.

    `key` tells what is counted where the unit alone does not: a fine's 倍 from a reminder's 次.
    """
    if not leaf.isdecimal():
        return str(FLAG_WORDS[leaf]) if unit == "flag" and leaf in FLAG_WORDS else leaf and gettext(leaf)
    count = int(leaf)
    match unit:
        case "fen":
            return f"{yuan_grouped(Fen(count))} {gettext('元')}"
        case "bp":
            return f"{percent(count)}%"
        case "months":
            return ngettext("%(n)s 个月", "%(n)s 个月", count) % {"n": leaf}
        case "years" if key in ("benefit.min_age", "expand.ages"):
            return gettext("%(n)s 周岁") % {"n": leaf}
        case "years":
            return ngettext("%(n)s 年", "%(n)s 年", count) % {"n": leaf}
        case "days":
            return ngettext("%(n)s 天", "%(n)s 天", count) % {"n": leaf}
        case "working_days":
            return ngettext("%(n)s 个工作日", "%(n)s 个工作日", count) % {"n": leaf}
        case "hours":
            return ngettext("%(n)s 小时", "%(n)s 小时", count) % {"n": leaf}
        case "times" if key.startswith("fraud."):
            return gettext("%(n)s 倍") % {"n": leaf}
        case "times" if key == "payout.account_change":
            return ngettext("%(n)s 批", "%(n)s 批", count) % {"n": leaf}
        case "times":
            return ngettext("%(n)s 次", "%(n)s 次", count) % {"n": leaf}
        case "rows":
            return ngettext("%(n)s 笔", "%(n)s 笔", count) % {"n": f"{count:,}"}
        case "persons":
            return ngettext("%(n)s 人", "%(n)s 人", count) % {"n": f"{count:,}"}
        case "day_of_month":
            return gettext("每月 %(n)s 日") % {"n": leaf}
        case _:
            return leaf


def percent(basis_points: int) -> str:
    """550 -> "5.5", without a float."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def code_words(key: str, leaf: str) -> str:
    """A code in words; a code without words as it is."""
    return str(CODE_WORDS.get(key, {}).get(leaf, leaf))


def entry_title(key: str, entry: str) -> str:
    """What an entry of a table is called: 1 is 第 1 档 of the standard and 满 1 年 of the steps."""
    if key == "benefit.standard":
        return gettext("第 %(n)s 档") % {"n": entry}
    if key == "skill.amounts":
        return gettext("%(n)s 级证书") % {"n": entry}
    if key in ("benefit.steps", "benefit.ceiling"):
        return gettext("满 %(n)s 年") % {"n": entry}
    if key == "region.tier":
        return region_title(entry)
    return str(ENTRIES.get(entry, entry))


def value_words(key: str, unit: str, value: Value) -> str:
    """A value on one line: a short table in full, a long one by its size."""
    if value == REPEALED:
        return gettext("已废止")
    match value:
        case str():
            return code_words(key, value) if unit == "code" else leaf_words(unit, value, key)
        case list():
            return ngettext("%(n)s 项", "%(n)s 项", len(value)) % {"n": len(value)}
        case dict() if unit == "calendar":
            return _calendar_words(value)
        case dict() if len(value) <= SHORT_TABLE:
            return gettext("；").join(f"{label} {words}" for label, words in lines(key, unit, value))
        case dict():
            return ngettext("%(n)s 项", "%(n)s 项", len(value)) % {"n": len(value)}


SHORT_TABLE = 4


def _calendar_words(value: Mapping[str, Value]) -> str:
    off, worked = (len(value.get(name, ())) for name in ("off", "worked"))
    return gettext("休息 %(off)s 天，周末上班 %(worked)s 天") % {"off": off, "worked": worked}


def lines(key: str, unit: str, value: Value) -> list[tuple[str, str]]:
    """A value in full, as label and words; what is no table is one line without a label."""
    match value:
        case dict() if unit == "calendar":
            return [(entry_title(key, name), _days(entry)) for name, entry in value.items()]
        case dict():
            return [
                (entry_title(key, name), leaf_words(unit, entry, key) if isinstance(entry, str) else "")
                for name, entry in value.items()
            ]
        case list():
            return [_record(row) for row in value if isinstance(row, dict)]
        case _:
            return [("", value_words(key, unit, value))]


def _record(row: Mapping[str, Value]) -> tuple[str, str]:
    texts = {name: text for name, text in row.items() if isinstance(text, str) and text}
    head = texts.pop("code", "")
    return head, " · ".join(_record_words(text) for text in texts.values())


def _record_words(text: str) -> str:
    """A name of the law, or an article such as 劳动合同法第三十九条, in the reader's language."""
    title, sign, article = text.partition("第")
    return reference_words(Reference(title, sign + article)) if title and sign else gettext(text)


def _days(entry: Value) -> str:
    days = [date.fromisoformat(day) for day in entry if isinstance(day, str)]
    return gettext("、").join(f"{day.month}-{day.day}" for day in sorted(days)) or gettext("没有")
