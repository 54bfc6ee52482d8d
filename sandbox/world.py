"""The synthetic population: one person a number, every record of them derived from the seed, so all sources
agree.

Nothing is stored here and nothing is random twice: `World.person(ordinal)` gives the same person for the same
seed, day and size, in any process. It must never read a clock or a database, and must never make a person who
could be real: sequence numbers in ID numbers are 000 to 009, names are put together by lot, units do not
exist.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from hashlib import sha256
from math import gcd
from random import Random
from zoneinfo import ZoneInfo

from law.identifiers import citizen_id_check_digit, cnaps_check_digit, luhn_check_digit, uscc_check_character
from sandbox import scenarios

CHINA = ZoneInfo("Asia/Shanghai")
CITIZEN_ID = "CITIZEN_ID"
FREE = "free"
SEED = "seed"
MOST_PEOPLE = 200_000
MOST_ENTERPRISES = 99_999
"""An employer's code has five digits for it."""

COUNTIES = {
    "130102": "长安区",
    "130104": "桥西区",
    "130105": "新华区",
    "130107": "井陉矿区",
    "130108": "裕华区",
    "130109": "藁城区",
    "130110": "鹿泉区",
    "130111": "栾城区",
    "130121": "井陉县",
    "130123": "正定县",
    "130125": "行唐县",
    "130126": "灵寿县",
    "130127": "高邑县",
    "130128": "深泽县",
    "130129": "赞皇县",
    "130130": "无极县",
    "130131": "平山县",
    "130132": "元氏县",
    "130133": "赵县",
    "130183": "晋州市",
    "130184": "新乐市",
}
_COUNTY_CODES = tuple(COUNTIES)
# More people live and work in the urban districts.
_INSURED_IN = (*_COUNTY_CODES[:3] * 6, "130108", "130108", "130108", "130108", *_COUNTY_CODES)

_SURNAMES = "".join((
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎",
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文",
))  # fmt: skip
_GIVEN = "".join((
    "安宁晨曦若木远山清禾景行知微望舒明川云栖思齐子衿和光致远怀瑾乐天书言浅夏初阳长风映雪采薇鹿鸣松岚",
    "青竹北辰听雨南星秋实春和自牧静姝念慈遥之砚田听澜向暖其琛予希沐泽语嫣亦然星野屿白溪亭禹丞恒一",
))  # fmt: skip
_RARE = ("㛃", "䶮", "㬢", "\U00020087", "\U00020be0", "\U0002a6c9")
_BRAND = "禾云栖青岚松远明川和安泽景行瑞启恒德丰正宏泰嘉木星辰海晨"
_TRADES = (
    "精密制造",
    "软件服务",
    "食品加工",
    "纺织",
    "物流",
    "建筑工程",
    "医药科技",
    "商贸",
    "餐饮管理",
    "物业服务",
    "汽车零部件",
    "教育咨询",
)
_BANKS = (("滹沱河银行", "313"), ("太行商业银行", "313"), ("槐安农村信用社", "402"), ("常山银行", "313"))
_ELSEWHERE = ("天津市", "山东省德州市", "河南省安阳市", "北京市大兴区")
_IN_PROVINCE = ("保定市", "邢台市", "衡水市")
_INVOLUNTARY = ("Z01", "Z01", "Z03", "Z04", "D02", "D03", "D03", "D04", "D04", "D05", "D01")

LATER = timedelta(days=50)
"""From the separation to what only the monthly comparison finds."""
_BIRTH_YEARS = 26
_OLDEST = 49
_SERIALS = 5
_STRIDE = 618_033


@dataclass(frozen=True, slots=True)
class Unit:
    """An employer. It does not exist; its code is well formed."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Job:
    """Work after the separation: from which day, at which unit, where ("" is this city), until when.

    `under` is the name the other place has for the number, where it is another one.
    """

    unit: Unit
    starts_on: date
    region_name: str = ""
    ends_on: date | None = None
    under: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """All that registers, bank and phone know of one person. Months are `year * 12 + month - 1`."""

    ordinal: int
    pool: str
    scenario: str
    name: str
    id_number: str
    sex: str
    birth_date: date
    hukou_region: str
    county: str
    mobile: str
    unit: Unit
    contributed_months: int
    first_month: int
    last_month: int
    had_previous_spell: bool
    residual_months: int
    separated_on: date
    reported_at: datetime | None
    reason: str
    says_reason: str
    pension_category: str | None
    bank_name: str
    bank_code: str
    account_name: str
    card_status: str = "ACTIVE"
    register_name: str = ""
    next_job: Job | None = None
    job_elsewhere: Job | None = None
    draws_elsewhere_from: date | None = None
    draws_pension: bool = False
    pension_from: date | None = None
    imprisoned_on: date | None = None
    died_on: date | None = None
    businesses: tuple[str, ...] = ()
    business_from: date | None = None
    taxed_from: date | None = None
    pays_privately_from: date | None = None


def month_of(day: date) -> int:
    """The month of a day, as one number that can be counted with."""
    return day.year * 12 + day.month - 1


def month_text(month: int) -> str:
    """`2025-09`."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


@dataclass(frozen=True)
class World:
    """A population of `people` with a claim to come and at least as many free to apply, as of `today`.

    They have worked for `enterprises` employers, or for as many as so many people need, if those are more.
    Raises ValueError for a size outside 0 to `MOST_PEOPLE` or `MOST_ENTERPRISES`.
    """

    seed: int
    people: int
    today: date
    enterprises: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.enterprises <= MOST_ENTERPRISES:
            raise ValueError(f"enterprises must be between 0 and {MOST_ENTERPRISES}")
        if not 0 <= self.people <= MOST_PEOPLE:
            raise ValueError(f"people must be between 0 and {MOST_PEOPLE}")

    @cached_property
    def _named(self) -> tuple[str, ...]:
        return scenarios.named_people()

    @cached_property
    def free_people(self) -> int:
        """How many are free to apply: as many as come with a claim, and never fewer than the named ones."""
        return max(self.people, len(self._named))

    @property
    def size(self) -> int:
        """All people; ordinals run from 1 to this, those free to apply first."""
        return self.free_people + self.people

    @cached_property
    def _born_from(self) -> date:
        return date(self.today.year - _OLDEST, 1, 1)

    @cached_property
    def _slots(self) -> int:
        days = (date(self.today.year - _OLDEST + _BIRTH_YEARS, 1, 1) - self._born_from).days
        return days * len(_COUNTY_CODES) * _SERIALS

    @cached_property
    def _stride(self) -> int:
        stride = _STRIDE
        while gcd(stride, self._slots) != 1:
            stride += 1
        return stride

    @cached_property
    def _offset(self) -> int:
        return Random(f"{self.seed}/offset").randrange(self._slots)  # noqa: S311 - a toy world, no secret

    def pool(self, ordinal: int) -> str:
        """Whether the person is free to apply or comes with a claim. Raises ValueError for an unknown
        ordinal.
        """
        if not 1 <= ordinal <= self.size:
            raise ValueError(f"no person {ordinal}")
        return FREE if ordinal <= self.free_people else SEED

    def scenario(self, ordinal: int, rng: Random) -> str:
        """The situation of a person; draws one number from `rng` in every case."""
        thousandth = rng.randrange(1000)
        if self.pool(ordinal) == SEED:
            return scenarios.scenario_at(thousandth)
        return self._named[ordinal - 1] if ordinal <= len(self._named) else scenarios.CLEAN

    def person(self, ordinal: int) -> Person:
        """The person with this ordinal, with every record of theirs. Raises ValueError for an unknown
        ordinal.
        """
        rng = Random(f"{self.seed}/{ordinal}")  # noqa: S311 - a toy world, no secret
        pool = self.pool(ordinal)
        scenario = self.scenario(ordinal, rng)
        sex = rng.choice("MF")
        id_number, born, region = self._identity(ordinal, scenario, sex)
        name = _name(rng, rare=scenario == "RARE_CHARACTER_NAME")
        county = rng.choice(_INSURED_IN)
        ago = rng.randint(16, 45) if pool == FREE else rng.randint(20, 760)
        separated_on = self.today - timedelta(days=ago)
        last_month = month_of(separated_on)
        working_months = last_month - month_of(born) - 18 * 12
        contributed = (
            rng.randint(2, 10)
            if scenario == "TOO_FEW_MONTHS"
            else rng.randint(14, max(14, working_months - 24))
        )
        gap = rng.choice((0, 0, 0, 0, rng.randint(1, 12)))
        had_previous = scenario == scenarios.CLEAN and contributed < 120 and rng.randrange(25) == 0
        reported_on = separated_on + timedelta(days=rng.randint(1, 10))
        reason = rng.choice(_INVOLUNTARY)
        bank = rng.choice(_BANKS)
        branch = f"{bank[1]}1210{rng.randint(1, 40):04d}"
        person = Person(
            ordinal=ordinal,
            pool=pool,
            scenario=scenario,
            name=name,
            id_number=id_number,
            sex=sex,
            birth_date=born,
            hukou_region=region,
            county=county,
            mobile=f"1990{ordinal:07d}",
            unit=self.unit(rng.randrange(self.units), county),
            contributed_months=contributed,
            first_month=last_month - contributed - gap + 1,
            last_month=last_month,
            had_previous_spell=had_previous,
            residual_months=rng.randint(1, 10) if had_previous else 0,
            separated_on=separated_on,
            reported_at=datetime.combine(reported_on, time(9 + rng.randrange(8), rng.randrange(60)), CHINA),
            reason=reason,
            says_reason=reason,
            pension_category=rng.choice(("WORKER", "WORKER", "CADRE")) if sex == "F" else None,
            bank_name=bank[0],
            bank_code=branch + cnaps_check_digit(branch),
            account_name=name,
            register_name=name,
        )
        return self._in_scenario(person, rng)

    def signatory(self, ordinal: int) -> tuple[str, str]:
        """Name and number of somebody who signs for units, beyond the population; nobody else has the number.

        Raises ValueError for an ordinal of the population.
        """
        if ordinal <= self.size:
            raise ValueError(f"{ordinal} is one of the population")
        rng = Random(f"{self.seed}/signatory/{ordinal}")  # noqa: S311 - a toy world, no secret
        id_number, _, _ = self._identity(ordinal, scenarios.CLEAN, rng.choice("MF"))
        return _name(rng, rare=False), id_number

    def ordinal_of(self, id_number: str) -> int | None:
        """Whose place in the walk a number stands at: the way of `_identity` back, or None."""
        if len(id_number) != 18 or not (id_number[:17].isascii() and id_number[:17].isdigit()):
            return None
        try:
            born = date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))
            county = _COUNTY_CODES.index(id_number[:6])
        except ValueError:
            return None
        rest = (born - self._born_from).days * len(_COUNTY_CODES) + county
        slot = rest * _SERIALS + int(id_number[14:17]) // 2
        return (slot - self._offset) * pow(self._stride, -1, self._slots) % self._slots

    def account(self, ordinal: int, generation: int) -> str:
        """The account number of a person's card: 19 digits that pass the Luhn sum, others for each card."""
        lot = int.from_bytes(sha256(f"{self.seed}/account/{ordinal}".encode()).digest()[:4]) % 100_000
        body = f"6217{generation % 100:02d}{ordinal:07d}{lot:05d}"
        return body + luhn_check_digit(body)

    def holder(self, account: str) -> tuple[int, int] | None:
        """The ordinal of the person an account was ever given to, and which card; None if nobody's."""
        if len(account) != 19 or not (account.isascii() and account.isdigit()):
            return None
        generation, ordinal = int(account[4:6]), int(account[6:13])
        if not 1 <= ordinal <= self.size or self.account(ordinal, generation) != account:
            return None
        return ordinal, generation

    @cached_property
    def units(self) -> int:
        """How many employers there are in each county."""
        return max(40 + self.size // 12, self.enterprises)

    def unit(self, index: int, county: str, *, head: str = "91", trade: str = "") -> Unit:
        """An employer by number; the same number in two counties is two units.

        `head`: the first two characters of its code, by which it is an enterprise or something else.
        """
        brand = _BRAND[index % len(_BRAND)] + _BRAND[index // len(_BRAND) * 7 % len(_BRAND)]
        trade = trade or f"{_TRADES[index * 5 % len(_TRADES)]}有限公司"
        body = f"{head}{county}000{index:05d}0"
        return Unit(f"石家庄{brand}{trade}", f"{body}{uscc_check_character(body)}")

    def county_of_unit(self, index: int) -> str:
        """The county in which the employer of this number may sign in."""
        return _INSURED_IN[index * 7 % len(_INSURED_IN)]

    def _identity(self, ordinal: int, scenario: str, sex: str) -> tuple[str, date, str]:
        # A walk of fixed stride over (day, county, serial) meets no place twice, so no two people share a
        # number.
        slot = (ordinal * self._stride + self._offset) % self._slots
        rest, serial = divmod(slot, _SERIALS)
        day, county = divmod(rest, len(_COUNTY_CODES))
        region = hukou = _COUNTY_CODES[county]
        if scenario == "HONG_KONG_PERMIT":
            # Few, and numbered: a day and serial of their own under the common prefix.
            region, hukou, day, serial = "810000", "", 400 + 37 * (ordinal % 200), ordinal % _SERIALS
        born = self._born_from + timedelta(days=day)
        body = f"{region}{born:%Y%m%d}{2 * serial + (sex == 'M'):03d}"
        return body + citizen_id_check_digit(body), born, hukou

    def _in_scenario(self, person: Person, rng: Random) -> Person:
        later = person.separated_on + timedelta(days=5)
        match person.scenario:
            case "STILL_EMPLOYED":
                unit = self.unit(rng.randrange(self.units), person.county)
                return replace(person, next_job=Job(unit, person.separated_on + timedelta(days=3)))
            case "REEMPLOYED_LATER":
                unit = self.unit(rng.randrange(self.units), person.county)
                return replace(person, next_job=Job(unit, person.separated_on + timedelta(days=90)))
            case "SEPARATION_DISPUTED":
                return replace(person, reason="V02", says_reason="D04")
            case "RESIGNED":
                return replace(person, reason="V02", says_reason="V02")
            case "SEPARATION_UNREPORTED":
                return replace(person, reported_at=None)
            case "CARD_CLOSED":
                return replace(person, card_status="CLOSED")
            case "CARD_INACTIVE":
                return replace(person, card_status="INACTIVE")
            case "NAME_DIFFERS":
                return replace(person, card_status="NAME_DIFFERS", account_name=_other_name(person.name, rng))
            case "IDENTITY_MISMATCH":
                return replace(person, register_name=_other_name(person.name, rng))
            case "DRAWS_PENSION":
                return replace(person, draws_pension=True)
            case "INSURED_ELSEWHERE":
                unit = Unit("外地单位", "")
                return replace(person, job_elsewhere=Job(unit, later, rng.choice(_ELSEWHERE)))
            case "DRAWS_ELSEWHERE":
                return replace(
                    person,
                    draws_elsewhere_from=later,
                    job_elsewhere=Job(Unit("", ""), later, rng.choice(_ELSEWHERE)),
                )
            case "IMPRISONED":
                return replace(person, imprisoned_on=later)
            case "DECEASED":
                return replace(person, died_on=later)
            case "OPERATES_BUSINESS":
                return replace(person, businesses=(f"石家庄{rng.choice(_BRAND)}{rng.choice(_BRAND)}便利店",))
            case _:
                return self._later(person, rng)

    def _later(self, person: Person, rng: Random) -> Person:
        """What happens to a person after the claim, and only the monthly comparison finds."""
        later = person.separated_on + LATER
        elsewhere = Unit("深圳市**科技有限公司", "")
        match person.scenario:
            case "WORKS_ELSEWHERE_LATER":
                return replace(person, job_elsewhere=Job(elsewhere, later, rng.choice(_ELSEWHERE)))
            case "DRAWS_ELSEWHERE_LATER":
                job = Job(Unit("", ""), later, rng.choice(_ELSEWHERE))
                return replace(person, draws_elsewhere_from=later, job_elsewhere=job)
            case "PENSION_LATER":
                return replace(person, pension_from=later)
            case "DIES_LATER":
                return replace(person, died_on=later)
            case "IMPRISONED_LATER":
                return replace(person, imprisoned_on=later)
            case "BUSINESS_LATER":
                shop = f"石家庄{rng.choice(_BRAND)}{rng.choice(_BRAND)}便利店"
                return replace(person, businesses=(shop,), business_from=later)
            case "TAXED_LATER":
                return replace(person, taxed_from=later)
            case "PAYS_PRIVATELY":
                return replace(person, pays_privately_from=later)
            case "NAMESAKE_ELSEWHERE":
                job = Job(elsewhere, later, rng.choice(_ELSEWHERE), under=_other_name(person.name, rng))
                return replace(person, job_elsewhere=job)
            case "OLD_RECORD_ELSEWHERE":
                began, ended = (person.separated_on - timedelta(days=days) for days in (900, 700))
                return replace(person, job_elsewhere=Job(elsewhere, began, rng.choice(_ELSEWHERE), ended))
            case _:
                return person


def _name(rng: Random, *, rare: bool) -> str:
    given = "".join(rng.choices(_GIVEN, k=rng.choice((1, 2, 2))))
    return rng.choice(_SURNAMES) + (rng.choice(_RARE) if rare else "") + given[: 1 if rare else 2]


def _other_name(name: str, rng: Random) -> str:
    other = name
    while other == name:
        other = name[0] + "".join(rng.choices(_GIVEN, k=len(name) - 1))
    return other
