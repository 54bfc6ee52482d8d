"""The finished reasons of a job-retention refund: articles, outcomes, and the numbers of their sentences.

Which of them holds is decided in `law.retention_refund`; no fact is weighed here beyond the one that a reason
names. Every reason of a unit shows the numbers it rests on, so that the unit can contest them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from law.decision import Outcome, Reason, Reference
from law.money import Fen, Rate, yuan_grouped
from law.reading import UNKNOWN, Unknown

HANDLING = "社会保险经办条例"
GATE_ARTICLE = Reference(HANDLING, "第四十八条")
CHECK_ARTICLE = Reference(HANDLING, "第二十六条")


@dataclass(frozen=True, slots=True)
class Articles:
    """Where the rules of a refund year stand: the yearly notice, the ratios, the six kinds."""

    notice: Reference
    ratio: Reference
    six_kinds: Reference


LIST_NAMES = {
    "SERIOUS_DISCREDIT": "严重失信企业",
    "DISHONEST_DEBTOR": "失信被执行人",
    "WAGE_ARREARS": "拖欠农民工工资黑名单",
    "ZOMBIE": "僵尸企业",
    "DEREGISTERED": "注销或吊销",
}
SIZE_NAMES = {"LARGE": "大型", "MEDIUM": "中型", "SMALL": "小型", "MICRO": "微型"}
KIND_NAMES = {
    "ENTERPRISE": "企业",
    "SOCIAL_ORGANISATION": "社会团体",
    "FOUNDATION": "基金会",
    "SOCIAL_SERVICE": "社会服务机构",
    "LAW_FIRM": "律师事务所",
    "ACCOUNTING_FIRM": "会计师事务所",
    "SOLE_BUSINESS": "以单位形式参保的个体工商户",
    "PUBLIC_BODY": "机关事业单位",
}

_Q1 = ("paid_months_in_base_year", "in_arrears")
_Q2 = ("monthly_headcounts", "new_recipients")
_Q3 = ("exclusion_lists", "gate")


@lru_cache(maxsize=256)
def contributions(paid: int, needed: int, by: Articles) -> Reason:
    """Q1, with nothing in arrears or too few months whatever the arrears."""
    outcome = Outcome.PASS if paid >= needed else Outcome.FAIL
    numbers: dict[str, str | int] = {"months": paid, "minimum": needed}
    if outcome is Outcome.FAIL:
        numbers["lacking"] = needed - paid
    return Reason("Q1", outcome, paid, needed, by.notice, numbers, _Q1)


@lru_cache(maxsize=256)
def in_arrears(paid: int | Unknown, needed: int, by: Articles) -> Reason:
    return Reason("Q1", Outcome.FAIL, paid, needed, by.notice, {}, _Q1, "arrears")


@lru_cache(maxsize=256)
def contributions_unknown(paid: int | Unknown, needed: int, by: Articles) -> Reason:
    return Reason("Q1", Outcome.UNKNOWN, paid, needed, by.notice, {}, _Q1)


@lru_cache(maxsize=64)
def headcounts_missing(missing: int, by: Articles) -> Reason:
    return Reason("Q2", Outcome.UNKNOWN, UNKNOWN, None, by.notice, {"missing": missing}, _Q2, "missing")


@lru_cache(maxsize=64)
def nobody_insured(by: Articles) -> Reason:
    return Reason("Q2", Outcome.UNKNOWN, 0, None, by.notice, {}, _Q2, "nobody")


@lru_cache(maxsize=64)
def drawers_unknown(limit: Rate | None, by: Articles) -> Reason:
    return Reason("Q2", Outcome.UNKNOWN, UNKNOWN, limit, by.notice, {}, _Q2)


def layoff(drew: int, total: int, limit: Rate, *, passes: bool, by: Articles) -> Reason:
    """The rate is shown to four decimals of a per cent, cut off: it is not what decides."""
    numbers: dict[str, str | int] = {
        "drew": drew,
        "sum": total,
        "average": f"{total // 12}.{total % 12 * 100 // 12:02d}",
        "rate": _percent(drew * 12 * 1_000_000 // total, 4),
        "limit": _percent(limit, 2),
    }
    outcome = Outcome.PASS if passes else Outcome.FAIL
    if not passes:
        numbers["most"] = limit * total // (12 * 10_000)
    return Reason("Q2", outcome, drew, limit, by.notice, numbers, _Q2)


@lru_cache(maxsize=64)
def gate(state: str, by: Articles) -> Reason:
    """Findings of an inspection that are not put right, or whose rectification failed."""
    return Reason("Q3", Outcome.FAIL, state, "PASSED", GATE_ARTICLE, {}, _Q3, state)


@lru_cache(maxsize=64)
def lists_unknown(by: Articles) -> Reason:
    return Reason("Q3", Outcome.UNKNOWN, UNKNOWN, None, by.ratio, {}, _Q3)


@lru_cache(maxsize=256)
def listed(lists: Sequence[str], by: Articles) -> Reason:
    names = "、".join(LIST_NAMES[name] for name in dict.fromkeys(lists))
    return Reason("Q3", Outcome.FAIL, " ".join(lists), None, by.ratio, {"lists": names}, _Q3)


@lru_cache(maxsize=64)
def not_excluded(state: str, by: Articles) -> Reason:
    return Reason("Q3", Outcome.PASS, state, None, by.ratio, {}, _Q3)


@lru_cache(maxsize=64)
def kind(code: str, by: Articles) -> Reason:
    """Q4: enterprises and the six kinds; government bodies and public institutions are out."""
    outcome = Outcome.FAIL if code == "PUBLIC_BODY" else Outcome.PASS
    article = by.notice if code in ("ENTERPRISE", "PUBLIC_BODY") else by.six_kinds
    return Reason("Q4", outcome, code, None, article, {"kind": KIND_NAMES[code]}, ("kind",))


def paid_before(paid: int, refund: Fen | None, by: Articles) -> Reason:
    """Q6: paid in full before; less than the refund is a top-up. Not judged while the refund is not known."""
    rests_on = ("already_paid_fen",)
    numbers: dict[str, str | int] = {"paid": yuan_grouped(Fen(paid))}
    if refund is None and paid:
        return Reason("Q6", Outcome.UNKNOWN, paid, None, by.notice, numbers, rests_on)
    if not paid:
        return Reason("Q6", Outcome.PASS, 0, refund, by.notice, {}, rests_on)
    numbers["refund"] = yuan_grouped(refund or Fen(0))
    if refund is not None and paid >= refund:
        return Reason("Q6", Outcome.FAIL, paid, refund, by.notice, numbers, rests_on)
    return Reason("Q6", Outcome.PASS, paid, refund, by.notice, numbers, rests_on, "top_up")


@lru_cache(maxsize=256)
def rate(code: str, size: str, found: Rate | None, by: Articles) -> Reason:
    """The ratio, by class of an enterprise or by headcount of the six kinds."""
    is_enterprise = code == "ENTERPRISE"
    article = by.ratio if is_enterprise else by.six_kinds
    rests_on = ("size_class", "uplift", "commitment") if is_enterprise else ("kind", "monthly_headcounts")
    if found is None:
        variant = "" if is_enterprise else "other"
        return Reason("rate", Outcome.UNKNOWN, UNKNOWN, None, article, {}, rests_on, variant)
    numbers: dict[str, str | int] = {"rate": _percent(found, 2)}
    if is_enterprise:
        numbers["size"] = SIZE_NAMES[size]
        return Reason("rate", Outcome.PASS, size, found, article, numbers, rests_on)
    return Reason("rate", Outcome.PASS, code, found, article, numbers, rests_on, "other")


def amount(base: int | Unknown, refund: Fen | None, labour_dispatch: bool, by: Articles) -> Reason:
    """Base times ratio; 0 fen are never granted. A dispatch firm's base is split by user unit first."""
    rests_on = ("base_fen",)
    if base == UNKNOWN:
        return Reason("amount", Outcome.UNKNOWN, UNKNOWN, None, by.notice, {}, rests_on)
    numbers: dict[str, str | int] = {"base": yuan_grouped(Fen(base))}
    if refund is None:
        variant = "split" if labour_dispatch else "rate"
        return Reason("amount", Outcome.UNKNOWN, base, None, by.notice, numbers, rests_on, variant)
    numbers["refund"] = yuan_grouped(refund)
    outcome, variant = (Outcome.PASS, "") if refund else (Outcome.UNKNOWN, "nothing")
    return Reason("amount", outcome, base, refund, by.notice, numbers, rests_on, variant)


@lru_cache(maxsize=64)
def dispatch(by: Articles) -> Reason:
    """Labour dispatch firms apply, with their user units (domain rule 2.9)."""
    return Reason("dispatch", Outcome.UNKNOWN, "YES", None, by.notice, {}, ("labour_dispatch",))


@lru_cache(maxsize=64)
def commitment(size: str, status: str, by: Articles) -> Reason:
    """A commitment that the data contradict is a question; a valid or barred one is not."""
    outcome = Outcome.UNKNOWN if status == "CONTRADICTED" else Outcome.PASS
    numbers: dict[str, str | int] = {"size": SIZE_NAMES[size]}
    return Reason("commitment", outcome, status, None, CHECK_ARTICLE, numbers, ("commitment",), status)


def _percent(value: int, decimals: int) -> str:
    """A whole number of 10^-decimals per cent as text: 550, 2 -> "5.5"."""
    whole, rest = divmod(value, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}".rstrip("0").rstrip(".")
