"""The law book: every rule by article, with its sentences, numbers, dates and sources, written from the
code itself.

It is generated (`python -m law lawbook`), committed as `docs/law-book.md`, and compared in a test, so it
cannot rot. Nothing is said here that the rules and values do not say.
"""

from collections.abc import Callable, Iterable
from datetime import date

from law import size_class, unemployment_reasons
from law.decision import Reference
from law.money import Fen, yuan_grouped
from law.parameters import DatedValue, ParameterBook, Value
from law.sentences import PATTERNS

_OUTCOMES = {"PASS": "符合", "FAIL": "不符合", "UNKNOWN": "待核实"}
_SEEN = {"text": "全文", "press": "报道", "repost": "转载", "own": "自定"}
_UNITS = {
    "fen": "分",
    "bp": "万分之一",
    "months": "个月",
    "years": "年",
    "days": "天",
    "working_days": "个工作日",
    "hours": "小时",
    "times": "次（倍）",
    "rows": "笔",
    "persons": "人",
    "day_of_month": "日",
    "code": "代码",
    "flag": "是否",
    "table": "表",
    "calendar": "日历",
}
_REGIONS = {"000000": "全国", "130000": "河北省", "130100": "石家庄市"}

BENEFIT_TESTS: tuple[tuple[str, str, Reference], ...] = (
    ("R01", "累计缴费月数", unemployment_reasons.MONTHS_ARTICLE),
    ("R02", "非因本人意愿中断就业", unemployment_reasons.SEPARATION_ARTICLE),
    ("registered", "失业登记和求职要求", unemployment_reasons.REGISTRATION_ARTICLE),
    ("R03", "没有重新就业", unemployment_reasons.EMPLOYED_ARTICLE),
    ("licence_counts", "没有经营", unemployment_reasons.EMPLOYED_ARTICLE),
    ("R04", "没有领取养老保险待遇", unemployment_reasons.PENSION_ARTICLE),
    ("R07", "年龄", unemployment_reasons.AGE_ARTICLE),
    ("R09", "没有收监服刑", unemployment_reasons.PRISON_ARTICLE),
    ("R11", "生存", unemployment_reasons.DEATH_ARTICLE),
    ("R05", "由本地经办", unemployment_reasons.COMPETENCE_ARTICLE),
    ("R06", "身份一致", unemployment_reasons.CHECK_ARTICLE),
    ("R08", "没有重复领取", unemployment_reasons.CHECK_ARTICLE),
    ("card_account", "社保卡账户（不影响核定）", unemployment_reasons.CARD_ARTICLE),
)
"""Code, title and article of each test of the benefit, in the order they are made."""

REFUND_TESTS: tuple[tuple[str, str], ...] = (
    ("Q1", "基准年度足额缴费"),
    ("Q2", "裁员率"),
    ("Q3", "不在不予返还的名单上"),
    ("Q4", "单位类型"),
    ("Q6", "本年度没有返还过"),
    ("rate", "返还比例"),
    ("amount", "返还金额"),
    ("dispatch", "劳务派遣"),
    ("commitment", "承诺"),
)
"""Code and title of each test of the refund; its article is that of the year's values below."""

SKILL_TESTS: tuple[tuple[str, str], ...] = (
    ("K1", "申请人"),
    ("K2", "证书"),
    ("certificate_number", "证书编号"),
    ("K3", "申请期限"),
    ("K4", "没有领过"),
    ("K5", "每年次数"),
    ("K6", "证岗相适（职工）"),
)
EXPANSION_TESTS: tuple[tuple[str, str], ...] = (
    ("F01", "毕业记录"),
    ("F02", "毕业年份"),
    ("F03", "离校未就业"),
    ("F04", "失业登记"),
    ("F05", "年龄"),
    ("F06", "劳动合同备案"),
    ("F07", "参保月数"),
    ("F08", "三项保险齐全"),
    ("F09", "仍在参保"),
    ("F10", "没有用过"),
    ("F11", "没有享受一次性吸纳就业补贴"),
    ("F12", "单位类型"),
    ("F14", "单位账户"),
    ("F16", "政策期"),
)


_BENEFIT_PREFACE = (
    "申请日是适用日；月标准按每个待遇月的第一天适用。每一项都检查，不因前一项不符合而停止。"
    "已知事实不符合的提出不予核定（只有人可以作出），有不清楚的转人工，全部符合的可以核定。"
)
_RETIREMENT_PREFACE = (
    "按出生月份查表：早于起算月的不延迟；从起算月起，每满一个步长延迟一个月，到上限为止。"
    "到龄日是到龄月中与生日相同的日子，没有这一天的为月末。到龄月份由基础年龄加延迟月数得出。"
)
_OVERPAYMENT_PREFACE = (
    "最后应发月：就业、入伍、出境定居、收监、死亡为发生当月；领取养老金为养老金起发月的上月；"
    "自始不符合的没有应发月。以后已经发放的月份全部退回；以欺诈手段领取的，另按倍数处以罚款。"
    "分期退回的，每期向下取整到分，余数并入最后一期。"
)
_REFUND_PREFACE = (
    "返还年度是适用日，没有当年数值的年度不能核定。裁员率用整数比较：12 × 新增领取人数 × 10000 不大于"
    "上限（万分之一）× 十二个月末人数之和。返还金额为基准年度实际缴费乘以返还比例，四舍五入到分。"
    "每一项都检查，不因前一项不符合而停止。基金备付条件（Q5）不在这里核定。"
)
_SKILL_PREFACE = (
    "申请日是适用日。申请期限为核发之日起若干个月的对应日（没有的为月末），遇休息日顺延到下一个工作日。"
    "证岗相适：职业编码相同为一致；同一小类或同一中类由人工认定；其他的提出不一致，由人工确认。"
)
_EXPANSION_PREFACE = (
    "合同开始之日和核查之日是适用日。每一项不符合的都说明能否补正；参保月数不足的，算出最早符合的日子。"
)
_SIZE_PREFACE = (
    "达到所列各项下限的最高一档；行业不在表内，或所列指标查不到的，由人工划型。下限依次为大型、中型、小型。"
)


def law_book(book: ParameterBook) -> str:
    """The whole book as Markdown."""
    parts = [
        "# 法规手册",
        "本手册由 `python -m law lawbook` 从规则和参数生成，请勿手改。金额以元显示，程序内以分计算。",
        "## 一、失业保险金",
        _BENEFIT_PREFACE,
        *_tests(BENEFIT_TESTS),
        "### 领取月数",
        *_steps(book),
        "### 起领月、停发月",
        "`NEXT_MONTH`：登记（申请）的次月起领；就业的次月停发。`SAME_MONTH`：当月起领；当月停发。按整月发放。",
        "## 二、法定退休年龄",
        _RETIREMENT_PREFACE,
        "## 三、多领和骗取",
        _OVERPAYMENT_PREFACE,
        "## 四、稳岗返还",
        _REFUND_PREFACE,
        *_tests((code, title, None) for code, title in REFUND_TESTS),
        "## 五、企业划型",
        _SIZE_PREFACE,
        *_size_lines(book),
        "## 六、技能提升补贴",
        _SKILL_PREFACE,
        *_tests((code, title, None) for code, title in SKILL_TESTS),
        "## 七、一次性扩岗补助",
        _EXPANSION_PREFACE,
        *_tests((code, title, None) for code, title in EXPANSION_TESTS),
        "## 八、参数",
        *_values(book),
        "## 九、来源",
        *_sources(book),
    ]
    return "\n\n".join(parts) + "\n"


def _tests(tests: Iterable[tuple[str, str, Reference | None]]) -> Iterable[str]:
    for position, (code, title, article) in enumerate(tests, start=1):
        yield f"### {position}. {title}（{code}）"
        if article is not None:
            yield f"依据：{article.title} {article.article}"
        yield "\n".join(
            f"- {_OUTCOMES[outcome]}：{sentence}"
            for (found, outcome, _), sentence in PATTERNS.items()
            if found == code
        )


def _steps(book: ParameterBook) -> Iterable[str]:
    for row in book.rows():
        if row.key == "benefit.steps":
            years = sorted(row.table().items(), key=lambda step: int(step[0]))
            heads = " | ".join(year for year, _ in years)
            months = " | ".join(found for _, found in years)
            yield f"{_region(row.region)}，{_start(row.start)}："
            yield f"| 满年 | {heads} |\n|---|{'---|' * len(years)}\n| 月数 | {months} |"


def _size_lines(book: ParameterBook) -> Iterable[str]:
    for row in book.rows():
        if row.key == "size_class.lines":
            lines = ["| 行业 | 代码 | 人数 | 营业收入（万元） | 资产总额（万元） |", "|---|---|---|---|---|"]
            for line in row.records():
                cells = (line.get(measure, "").replace(" ", "、") for measure in size_class.MEASURES)
                lines.append(f"| {line['name']} | {line['groups']} | {' | '.join(cells)} |")
            yield f"{_region(row.region)}，{_start(row.start)}："
            yield "\n".join(lines)


def _values(book: ParameterBook) -> Iterable[str]:
    """One table a key; its rows by region and date."""
    rows = book.rows()
    for key in book.names():
        lines = [f"### `{key}`", "", "| 地区 | 起 | 值 | 依据 | 来源 |", "|---|---|---|---|---|"]
        for row in rows:
            if row.key == key:
                basis = " ".join(part for part in (row.reference.title, row.reference.article) if part)
                value = "已废止" if row.repealed else _value(row)
                lines.append(
                    f"| {_region(row.region)} | {_start(row.start)} | {value} | {basis} "
                    f"| {_SEEN[row.reference.seen]} |"
                )
        yield "\n".join(lines)


def _sources(book: ParameterBook) -> Iterable[str]:
    lines = dict.fromkeys(
        f"- {row.reference.title}"
        + (f"（{row.reference.number}）" if row.reference.number else "")
        + f"：{_SEEN[row.reference.seen]}"
        + (f" <{row.reference.url}>" if row.reference.url else "")
        for row in book.rows()
    )
    yield "\n".join(sorted(lines))


def _value(row: DatedValue) -> str:
    if row.unit == "calendar":
        off, worked = row.codes("off"), row.codes("worked")
        return f"休：{_days(off)}；班：{_days(worked)}"
    if row.unit == "fen":
        return _shown(row.value, lambda leaf: f"{yuan_grouped(Fen(int(leaf)))} 元")
    if row.unit in ("code", "flag", "table"):
        return _shown(row.value, str)
    return _shown(row.value, lambda leaf: f"{leaf} {_UNITS[row.unit]}")


def _shown(value: Value, leaf: Callable[[str], str]) -> str:
    match value:
        case str():
            return leaf(value)
        case list():
            return "<br>".join(_shown(entry, leaf) for entry in value)
        case dict():
            return "，".join(f"{name}：{_shown(entry, leaf)}" for name, entry in value.items())


def _days(days: Iterable[str]) -> str:
    return "、".join(day[5:] for day in days)


def _region(region: str) -> str:
    return f"{_REGIONS[region]} {region}" if region in _REGIONS else region


def _start(start: date) -> str:
    return "一直" if start == date.min else start.isoformat()
