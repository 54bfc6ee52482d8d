"""The finished reasons of an unemployment benefit: articles, outcomes, and the numbers of their sentences.

Reasons are made once and shared by all decisions, so that a decision costs little. Which of them holds is
decided in `law.unemployment_benefit`; no fact is weighed here beyond the one that a reason names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Literal

from law import months
from law.decision import Outcome, Reason, Reference
from law.parameters import Parameters
from law.reading import UNKNOWN

Answer = Literal["YES", "NO", "UNKNOWN"]
Identity = Literal["MATCH", "MISMATCH", "UNKNOWN"]
CardAccount = Literal["ACTIVE", "INACTIVE", "CLOSED", "NAME_DIFFERS", "UNKNOWN"]

ANSWERS: dict[str, Answer] = {"YES": "YES", "NO": "NO", "UNKNOWN": "UNKNOWN"}
IDENTITIES: dict[str, Identity] = {"MATCH": "MATCH", "MISMATCH": "MISMATCH", "UNKNOWN": "UNKNOWN"}
CARD_ACCOUNTS: dict[str, CardAccount] = {
    "ACTIVE": "ACTIVE",
    "INACTIVE": "INACTIVE",
    "CLOSED": "CLOSED",
    "NAME_DIFFERS": "NAME_DIFFERS",
    "UNKNOWN": "UNKNOWN",
}

LAW = "中华人民共和国社会保险法"
HANDLING = "社会保险经办条例"
MONTHS_ARTICLE = Reference(LAW, "第四十五条第（一）项")
LENGTH_ARTICLE = Reference(LAW, "第四十六条")
SEPARATION_ARTICLE = Reference(LAW, "第四十五条第（二）项")
REGISTRATION_ARTICLE = Reference(LAW, "第四十五条第（三）项")
EMPLOYED_ARTICLE = Reference(LAW, "第五十一条第（一）项")
PENSION_ARTICLE = Reference(LAW, "第五十一条第（四）项")
DEATH_ARTICLE = Reference(LAW, "第四十九条")
COMPETENCE_ARTICLE = Reference(LAW, "第五十二条")
PRISON_ARTICLE = Reference("失业保险条例", "第十五条")
CHECK_ARTICLE = Reference(HANDLING, "第二十六条")
CARD_ARTICLE = Reference(HANDLING, "第七条")
AGE_16_ARTICLE = Reference("就业服务与就业管理规定", "第六十一条至第六十三条")
AGE_ARTICLE = Reference("全国人民代表大会常务委员会关于实施渐进式延迟法定退休年龄的决定", "第一条")


@lru_cache(maxsize=64)
def separation_reasons(parameters: Parameters, start: date) -> dict[str, Reason]:
    """The finished reason for each code in force from `start`, and for UNKNOWN."""
    reasons: dict[str, Reason] = {UNKNOWN: _separation(UNKNOWN, Outcome.UNKNOWN, {})}
    for row in parameters.live("benefit.separation_reasons", on=start).records():
        numbers = {"separation": row["code"], "name": row["name"]}
        match row["eligible"]:
            case "Y" if "hint" in row:
                reason = _separation(row["code"], Outcome.PASS, {**numbers, "hint": row["hint"]}, "hint")
            case "Y":
                reason = _separation(row["code"], Outcome.PASS, numbers)
            case "N":
                reason = _separation(row["code"], Outcome.FAIL, numbers)
            case "MANUAL":
                reason = _separation(row["code"], Outcome.UNKNOWN, numbers, "disputed")
            case other:
                raise ValueError(f"benefit.separation_reasons: eligible {other!r} of {row['code']}")
        reasons[row["code"]] = reason
    return reasons


def _separation(code: str, outcome: Outcome, numbers: Mapping[str, str | int], variant: str = "") -> Reason:
    return Reason(
        "R02", outcome, code, "INVOLUNTARY", SEPARATION_ARTICLE, numbers, ("separation_reason",), variant
    )


@lru_cache(maxsize=4096)
def registered(on: date) -> Reason:
    """One form is claim and registration: it is in force from the day of receipt (art. 45(3))."""
    day = on.isoformat()
    return Reason(
        "registered", Outcome.PASS, day, None, REGISTRATION_ARTICLE, {"registered_on": day}, ("applied_on",)
    )


def licence(counts: str, operates: Answer) -> Reason:
    """A business licence by `benefit.licence_counts`: YES, NO or REVIEW. The law itself is silent."""
    if counts == "NO":
        return _LICENCE_IGNORED[operates]
    if counts == "YES" and operates == "YES":
        return _LICENCE_COUNTS
    return _LICENCE_REVIEW[operates]


_AGE_FIELDS = ("birth_date", "sex", "retirement_category")


@lru_cache(maxsize=8192)
def too_young(age: int, least: int, reached: date) -> Reason:
    numbers: dict[str, str | int] = {"age": age, "minimum_age": least, "reached_on": reached.isoformat()}
    return Reason("R07", Outcome.FAIL, age, least, AGE_16_ARTICLE, numbers, ("birth_date",), "young")


@lru_cache(maxsize=8192)
def retired(age: int, reached: date) -> Reason:
    numbers: dict[str, str | int] = {"age": age, "reached_on": reached.isoformat()}
    month = months.month_of(reached)
    return Reason("R07", Outcome.FAIL, age, month, AGE_ARTICLE, numbers, _AGE_FIELDS, "retired")


@lru_cache(maxsize=8192)
def not_retired(age: int, month: int) -> Reason:
    limit = months.text_of(month)
    return Reason(
        "R07", Outcome.PASS, age, limit, AGE_ARTICLE, {"age": age, "retirement_month": limit}, _AGE_FIELDS
    )


@lru_cache(maxsize=8192)
def either(age: int, worker: int, cadre: int, below_both: bool) -> Reason:
    """A woman whose category is not known: below both ages, or between them."""
    limit = months.text_of(worker)
    numbers: dict[str, str | int] = {
        "age": age,
        "worker_month": limit,
        "cadre_month": months.text_of(cadre),
    }
    outcome, variant = (Outcome.PASS, "either") if below_both else (Outcome.UNKNOWN, "")
    return Reason("R07", outcome, age, limit, AGE_ARTICLE, numbers, _AGE_FIELDS, variant)


def _by_answer(code: str, field: str, article: Reference, passes: str, fails: str) -> dict[str, Reason]:
    """The three finished reasons of a test that one answer decides."""
    outcomes = {passes: Outcome.PASS, fails: Outcome.FAIL, UNKNOWN: Outcome.UNKNOWN}
    return {
        given: Reason(code, outcome, given, passes, article, {}, (field,))
        for given, outcome in outcomes.items()
    }


BY_ANSWER: Mapping[str, Mapping[str, Reason]] = {
    "R03": _by_answer("R03", "employed", EMPLOYED_ARTICLE, "NO", "YES"),
    "R04": _by_answer("R04", "drawing_pension", PENSION_ARTICLE, "NO", "YES"),
    "R05": _by_answer("R05", "agency_competent", COMPETENCE_ARTICLE, "YES", "NO"),
    "R06": _by_answer("R06", "identity", CHECK_ARTICLE, "MATCH", "MISMATCH"),
    "R08": _by_answer("R08", "drawing_elsewhere", CHECK_ARTICLE, "NO", "YES"),
    "R09": _by_answer("R09", "imprisoned", PRISON_ARTICLE, "NO", "YES"),
    "R11": _by_answer("R11", "deceased", DEATH_ARTICLE, "NO", "YES"),
}


def _licence_reason(given: Answer, outcome: Outcome, variant: str = "") -> Reason:
    return Reason(
        "licence_counts", outcome, given, "NO", EMPLOYED_ARTICLE, {}, ("operates_business",), variant
    )


_LICENCE_COUNTS = _licence_reason("YES", Outcome.FAIL)
_LICENCE_IGNORED = {given: _licence_reason(given, Outcome.PASS, "ignored") for given in ANSWERS.values()}
_LICENCE_REVIEW = {
    "NO": _licence_reason("NO", Outcome.PASS),
    "YES": _licence_reason("YES", Outcome.UNKNOWN, "operating"),
    "UNKNOWN": _licence_reason("UNKNOWN", Outcome.UNKNOWN),
}

# A payment problem, not an entitlement: it passes whatever it is, and says so.
CARD = {
    given: Reason(
        "card_account",
        Outcome.PASS,
        given,
        "ACTIVE",
        CARD_ARTICLE,
        {},
        ("card_account",),
        "" if given == "ACTIVE" else given,
    )
    for given in CARD_ACCOUNTS
}
