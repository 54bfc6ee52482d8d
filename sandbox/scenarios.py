"""The named situations a person may be in, how many people are in each, and which source misbehaves for them.

This is a list only: what a situation means for a person's records is `sandbox.world`, what it means for a
payment is `sandbox.bank`. It must never hold a rule of law, nor say how a claim ought to end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

DOWN = "down"
SLOW = "slow"
TWICE = "twice"
OK = "ok"
AUTO = "auto"
MODES = (DOWN, SLOW, TWICE, OK, AUTO)

REGISTERS = (
    "identity",
    "insurance",
    "insurance-province",
    "insurance-national",
    "separation",
    "pension",
    "justice",
    "market",
    "card",
)
BANK = "bank"
SMS = "sms"
COMPARISON = "comparison"
IDENTITY_PROVIDER = "identity-provider"
SOURCES = (*REGISTERS, COMPARISON, BANK, SMS, IDENTITY_PROVIDER)

DEFAULT_SLOW_SECONDS = 10.0
LONGEST_SLOW_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Fault:
    """How a source behaves: a mode, and for SLOW the seconds between the act and the answer."""

    mode: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation.

    `named` people of it always stand among those free to apply; `share` is its part, in thousandths, of the
    people who come with a claim. `faults` are the sources that misbehave for such a person.
    """

    code: str
    chinese: str
    english: str
    named: int
    share: int = 0
    faults: Mapping[str, Fault] = field(default_factory=dict)


CLEAN = "CLEAN"

_ALL = (
    Scenario(CLEAN, "样样符合", "Everything in order", named=24, share=846),
    Scenario("STILL_EMPLOYED", "又在本市参保", "Insured again in this city", named=12, share=10),
    Scenario(
        "SEPARATION_DISPUTED",
        "单位报辞职，本人说协商",
        "Unit says resigned, person says agreed",
        named=12,
        share=25,
    ),
    Scenario(
        "SOURCE_DOWN",
        "全国比对查不到（系统停机）",
        "National insurance source is down",
        named=12,
        faults={"insurance-national": Fault(DOWN)},
    ),
    Scenario("CARD_CLOSED", "社保卡账户已销户", "Card account closed", named=12, share=8),
    Scenario(
        "PAYMENT_RETURNED_LATER", "到账五天后退票", "Payment comes back after five days", named=12, share=8
    ),
    Scenario("RESIGNED", "本人辞职", "Resigned", named=6, share=25),
    Scenario("TOO_FEW_MONTHS", "缴费不足十二个月", "Fewer than twelve months paid", named=6, share=20),
    Scenario("DRAWS_PENSION", "已领养老金", "Draws a pension", named=6, share=3),
    Scenario("INSURED_ELSEWHERE", "外省正在参保", "Insured in another province", named=6, share=5),
    Scenario("DRAWS_ELSEWHERE", "外省正在领失业金", "Draws the benefit elsewhere", named=6),
    Scenario("IMPRISONED", "正在服刑", "In prison", named=6),
    Scenario("OPERATES_BUSINESS", "名下有在营企业", "Runs a business", named=6, share=6),
    Scenario("DECEASED", "人口库登记死亡", "Recorded as deceased", named=6),
    Scenario("IDENTITY_MISMATCH", "姓名与人口库不同", "Name differs from the population register", named=6),
    Scenario("CARD_INACTIVE", "社保卡金融功能未激活", "Card not activated", named=6, share=2),
    Scenario("NAME_DIFFERS", "银行户名不同", "Bank has another name", named=6, share=3),
    Scenario(
        "SOURCE_SLOW",
        "离职申报查得慢",
        "Separation source is slow",
        named=6,
        faults={"separation": Fault(SLOW, 8.0)},
    ),
    Scenario(
        "ANSWERS_TWICE",
        "各处都回两遍",
        "Every register answers twice",
        named=6,
        faults={source: Fault(TWICE) for source in REGISTERS},
    ),
    Scenario("RARE_CHARACTER_NAME", "姓名有生僻字", "Rare character in the name", named=6),
    Scenario("HONG_KONG_PERMIT", "港澳台居民居住证", "Hong Kong residence permit", named=6),
    Scenario("SEPARATION_UNREPORTED", "单位还没报离职", "Unit has not reported", named=6),
    Scenario("REEMPLOYED_LATER", "三个月后又就业", "Works again after three months", named=6, share=25),
    # What the monthly comparison finds: all of them are in order on the day they apply.
    Scenario(
        "WORKS_ELSEWHERE_LATER", "后来在外省参保", "Insured in another province later", named=6, share=5
    ),
    Scenario(
        "DRAWS_ELSEWHERE_LATER",
        "后来在外省领失业金",
        "Draws the benefit elsewhere later",
        named=6,
        share=1,
    ),
    Scenario("PENSION_LATER", "后来领养老金", "Draws a pension later", named=6, share=1),
    Scenario("DIES_LATER", "后来去世", "Dies later", named=6, share=1),
    Scenario("IMPRISONED_LATER", "后来服刑", "In prison later", named=6, share=1),
    Scenario("BUSINESS_LATER", "后来开店", "Opens a shop later", named=6, share=1),
    Scenario("TAXED_LATER", "后来有单位报个税", "A unit declares wage tax later", named=6, share=1),
    Scenario("PAYS_PRIVATELY", "以个人身份缴养老", "Pays pension contributions privately", named=6, share=1),
    Scenario("NAMESAKE_ELSEWHERE", "外省有人用同一个号", "Somebody else has the number", named=6, share=1),
    Scenario(
        "OLD_RECORD_ELSEWHERE", "外省有旧账没销", "An old record elsewhere was never closed", named=6, share=1
    ),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.code: scenario for scenario in _ALL}


@dataclass(frozen=True, slots=True)
class UnitScenario:
    """One situation of a unit; `named` units of it stand first in the list.

    `share` is its part, in thousandths, of all units behind the named ones.
    """

    code: str
    chinese: str
    english: str
    named: int
    share: int = 0


ORDINARY_UNIT = "SMALL_PASSES"

_UNITS = (
    UnitScenario(ORDINARY_UNIT, "小微单位，样样符合", "Small unit, everything in order", named=8),
    UnitScenario("TWO_UNITS", "经办人兼办上一家单位", "Its agent acts for the unit before, too", named=1),
    UnitScenario("OWNER_APPLIES", "法定代表人本人也是申请人", "Its owner is a claimant, too", named=2),
    UnitScenario("DEREGISTERED", "单位已经注销", "Unit is deregistered", named=2),
    UnitScenario("DEREGISTERED_LATER", "十天后注销", "Is deregistered in ten days", named=2),
    UnitScenario(
        "LAYOFF_AT_LIMIT", "200 人，领金 11 人（正好 5.5%）", "200 staff, 11 drew benefit: 5.5 % exactly", 2
    ),
    UnitScenario("LAYOFF_ONE_OVER", "200 人，领金 12 人", "200 staff, 12 drew benefit", 2, share=25),
    UnitScenario(
        "SMALL_AT_LIMIT", "30 人，领金 6 人（正好 20%）", "30 staff, 6 drew benefit: 20 % exactly", 2
    ),
    UnitScenario("SMALL_ONE_OVER", "30 人，领金 7 人", "30 staff, 7 drew benefit", 2, share=15),
    UnitScenario("HIDDEN_LAYOFFS", "停保三个月又回来", "Staff gone for three months and back", 2, share=5),
    UnitScenario("MISSING_MONTH", "缺一个月的人数", "One month's headcount is missing", 2, share=10),
    UnitScenario("IN_ARREARS", "欠费", "In arrears", 2, share=40),
    UnitScenario("LISTED", "失信被执行人", "On a list of dishonest debtors", 2, share=12),
    UnitScenario("LISTED_LATER", "两周后列入欠薪名单", "Listed for unpaid wages in two weeks", 2),
    UnitScenario("TARIFF", "受关税影响名单", "On the list of firms hit by tariffs", 2, share=40),
    UnitScenario("ACCOUNT_CLOSED", "对公账户已销户", "Corporate account closed", 2, share=4),
    UnitScenario("NO_ACCOUNT", "没有对公账户", "No corporate account", 2, share=15),
    UnitScenario("NO_2020_RECORD", "没有 2020 年划型", "No class on record", 2, share=120),
    UnitScenario("NO_MEASURES", "没有划型，也没有营收资产", "No class and no figures for one", 1, share=10),
    UnitScenario("LARGE_FIRM", "大型企业", "Large firm", 1, share=10),
    UnitScenario("CLASS_TRUE", "记为大型，其实中型", "Recorded as large, is medium", 2),
    UnitScenario("CLASS_FALSE", "记为大型，自称中型", "Is large, says it is medium", 2),
    UnitScenario(
        "DISPATCH_STATE_BODY", "劳务派遣，用工单位有机关", "Labour dispatch, one user is a state body", 1
    ),
    UnitScenario("LAW_FIRM_320", "律师事务所，320 人", "Law firm of 320", 1),
)

UNIT_SCENARIOS: Mapping[str, UnitScenario] = {scenario.code: scenario for scenario in _UNITS}


def named_units() -> tuple[str, ...]:
    """The scenario of each named unit in order; those in order first, since they are asked for most."""
    return tuple(scenario.code for scenario in _UNITS for _ in range(scenario.named))


def unit_scenario_at(thousandth: int) -> str:
    """The scenario of a unit behind the named ones, by a number from 0 to 999; most are in order."""
    for scenario in _UNITS:
        if thousandth < scenario.share:
            return scenario.code
        thousandth -= scenario.share
    return ORDINARY_UNIT


def named_people() -> tuple[str, ...]:
    """The scenario of each named person in order; CLEAN first, since it is asked for most."""
    return tuple(scenario.code for scenario in _ALL for _ in range(scenario.named))


def scenario_at(thousandth: int) -> str:
    """The scenario of a person with a claim, by a number from 0 to 999. Raises ValueError outside of it."""
    for scenario in _ALL:
        if thousandth < scenario.share:
            return scenario.code
        thousandth -= scenario.share
    raise ValueError("the shares of all scenarios make a thousand")


def fault_of(scenario: str, source: str) -> Fault | None:
    """How `source` behaves for a person of `scenario` by itself, or None if as usual."""
    return SCENARIOS[scenario].faults.get(source)
