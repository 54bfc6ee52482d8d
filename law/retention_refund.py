"""Job-retention refund: which unit gets back how much of what it paid for the year before.

The yearly notices on unemployment-insurance support (稳岗返还) and Hebei's rules for them; domain rules 2.1
to 2.9. `decide` makes every test, in the order of the rules, even after one has failed. The governing date is
the refund year: a year without a row cannot be decided. Whether the fund may pay at all (Q5) is not asked
here: it is no fact of a unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Literal

from law import reading
from law import refund_reasons as finished
from law.decision import (
    Decision,
    Json,
    Outcome,
    Reason,
    Verdict,
    mapping,
    number,
    sequence,
    text,
    texts,
    verdict_of,
)
from law.errors import FaultyField
from law.money import Fen, Rate, share
from law.parameters import DatedValue, Parameters
from law.reading import UNKNOWN, Unknown
from law.size_class import CLASSES, SizeClass
from law.unemployment_reasons import ANSWERS, Answer

PROGRAM = "retention-refund"
VERSION = 1
"""Raised with every change after which a stored determination could come out differently."""

KEYS = (
    "refund.layoff_limit",
    "refund.paid_months",
    "refund.ratio",
    "refund.ratio_uplift",
    "refund.six_kinds_persons",
    "refund.six_kinds_ratio",
    "refund.small_persons",
)
MONTHS_A_YEAR = 12
WHOLE_BP = 10_000

Kind = Literal[
    "ENTERPRISE",
    "SOCIAL_ORGANISATION",
    "FOUNDATION",
    "SOCIAL_SERVICE",
    "LAW_FIRM",
    "ACCOUNTING_FIRM",
    "SOLE_BUSINESS",
    "PUBLIC_BODY",
]
Uplift = Literal["NONE", "TARIFF", "KEY_INDUSTRY"]
Gate = Literal["NONE", "OPEN", "PASSED", "FAILED"]
Listed = Literal["SERIOUS_DISCREDIT", "DISHONEST_DEBTOR", "WAGE_ARREARS", "ZOMBIE", "DEREGISTERED"]
Standing = Literal["VALID", "BARRED", "CONTRADICTED"]

KINDS: dict[str, Kind] = {
    "ENTERPRISE": "ENTERPRISE",
    "SOCIAL_ORGANISATION": "SOCIAL_ORGANISATION",
    "FOUNDATION": "FOUNDATION",
    "SOCIAL_SERVICE": "SOCIAL_SERVICE",
    "LAW_FIRM": "LAW_FIRM",
    "ACCOUNTING_FIRM": "ACCOUNTING_FIRM",
    "SOLE_BUSINESS": "SOLE_BUSINESS",
    "PUBLIC_BODY": "PUBLIC_BODY",
}
"""An enterprise, the six kinds that are treated alike, and public bodies, which are out."""

UPLIFTS: dict[str, Uplift] = {"NONE": "NONE", "TARIFF": "TARIFF", "KEY_INDUSTRY": "KEY_INDUSTRY"}
GATES: dict[str, Gate] = {"NONE": "NONE", "OPEN": "OPEN", "PASSED": "PASSED", "FAILED": "FAILED"}
LISTS: dict[str, Listed] = {
    "SERIOUS_DISCREDIT": "SERIOUS_DISCREDIT",
    "DISHONEST_DEBTOR": "DISHONEST_DEBTOR",
    "WAGE_ARREARS": "WAGE_ARREARS",
    "ZOMBIE": "ZOMBIE",
    "DEREGISTERED": "DEREGISTERED",
}
STANDINGS: dict[str, Standing] = {"VALID": "VALID", "BARRED": "BARRED", "CONTRADICTED": "CONTRADICTED"}
SIZE_CLASSES: dict[str, SizeClass | Unknown] = {**CLASSES, UNKNOWN: UNKNOWN}


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a unit that disputes its class signed for, and what that is worth now."""

    size_class: SizeClass
    status: Standing


@dataclass(frozen=True, slots=True)
class Facts:
    """All the law may see of a unit for one refund year.

    `monthly_headcounts`: the twelve month-ends of the base year, None where a month is missing.
    `new_recipients`: persons who left this unit and drew their first month in the base year (R). `base_fen`:
    contributions of unit and staff actually paid for the base year, in fen. `already_paid_fen`: what was
    refunded for this year before.
    """

    refund_year: int
    kind: Kind
    size_class: SizeClass | Unknown
    monthly_headcounts: tuple[int | None, ...]
    new_recipients: int | Unknown
    paid_months_in_base_year: int | Unknown
    in_arrears: Answer
    base_fen: int | Unknown
    uplift: Uplift
    exclusion_lists: tuple[Listed, ...] | Unknown
    gate: Gate
    labour_dispatch: bool
    already_paid_fen: int
    commitment: Commitment | None

    @property
    def headcount_sum(self) -> int | None:
        """S: the sum of the twelve month-ends; None while one is missing."""
        known = [count for count in self.monthly_headcounts if count is not None]
        return sum(known) if len(known) == MONTHS_A_YEAR else None


FIELDS = frozenset(field.name for field in fields(Facts))
COMMITMENT_FIELDS = ("size_class", "status")


@dataclass(frozen=True, slots=True)
class Layoff:
    """`r` persons of `s` person-months against `limit_bp`; None where it cannot be known."""

    r: int | None
    s: int | None
    limit_bp: Rate | None
    passes: bool | None

    def to_json(self) -> dict[str, Json]:
        return {"r": self.r, "s": self.s, "limit_bp": self.limit_bp, "passes": self.passes}


@dataclass(frozen=True)
class RefundDecision(Decision):
    """On REFUSE and REVIEW the amounts are what would be paid if it were granted, None if not known."""

    failed: tuple[str, ...]
    layoff: Layoff
    rate_bp: Rate | None
    refund_fen: Fen | None
    payable_fen: Fen | None
    on_commitment: bool

    def results(self) -> dict[str, Json]:
        return {
            "failed": list(self.failed),
            "layoff": self.layoff.to_json(),
            "rate_bp": self.rate_bp,
            "refund_fen": self.refund_fen,
            "payable_fen": self.payable_fen,
            "on_commitment": self.on_commitment,
        }

    @classmethod
    def from_json(cls, stored: Json) -> RefundDecision:
        """The reverse of `to_json`. Raises ValueError or KeyError if it is not such a decision."""
        row = mapping(stored)
        results = mapping(row["results"])
        layoff = mapping(results["layoff"])
        rate, limit = number(results["rate_bp"]), number(layoff["limit_bp"])
        refund, payable = number(results["refund_fen"]), number(results["payable_fen"])
        return cls(
            program=text(row["program"]),
            verdict=Verdict(text(row["verdict"])),
            reasons=tuple(Reason.from_json(reason) for reason in sequence(row["reasons"])),
            parameters_digest=text(row["parameters_digest"]),
            failed=texts(results["failed"]),
            layoff=Layoff(
                r=number(layoff["r"]),
                s=number(layoff["s"]),
                limit_bp=None if limit is None else Rate(limit),
                passes=None if layoff["passes"] is None else layoff["passes"] is True,
            ),
            rate_bp=None if rate is None else Rate(rate),
            refund_fen=None if refund is None else Fen(refund),
            payable_fen=None if payable is None else Fen(payable),
            on_commitment=results["on_commitment"] is True,
        )


@dataclass(frozen=True, eq=False)
class Terms:
    """The numbers of one refund year, read once."""

    limit: Rate
    small_limit: Rate
    small_persons: int
    paid_months: int
    ratio: Mapping[str, Rate]
    uplifted: Mapping[str, Rate] | None
    six_kinds: Mapping[str, Rate]
    six_kinds_persons: int
    articles: finished.Articles


def parse(row: reading.Row) -> Facts:
    """Facts of one line (without `id`). Raises FaultyField. Whether the year has a row is for `decide`."""
    reading.exact_fields(row, FIELDS)
    return Facts(
        refund_year=reading.whole(row, "refund_year", least=1, most=date.max.year),
        kind=reading.choice(row, "kind", KINDS),
        size_class=reading.choice(row, "size_class", SIZE_CLASSES),
        monthly_headcounts=_headcounts(row["monthly_headcounts"]),
        new_recipients=reading.whole_or_unknown(row, "new_recipients"),
        paid_months_in_base_year=_paid_months(row),
        in_arrears=reading.choice(row, "in_arrears", ANSWERS),
        base_fen=reading.whole_or_unknown(row, "base_fen"),
        uplift=reading.choice(row, "uplift", UPLIFTS),
        exclusion_lists=_lists(row["exclusion_lists"]),
        gate=reading.choice(row, "gate", GATES),
        labour_dispatch=reading.yes_or_no(row, "labour_dispatch"),
        already_paid_fen=reading.whole(row, "already_paid_fen"),
        commitment=_commitment(row["commitment"]),
    )


def _headcounts(listed: object) -> tuple[int | None, ...]:
    if not isinstance(listed, list) or len(listed) != MONTHS_A_YEAR:
        raise FaultyField("monthly_headcounts", "应当是 12 个月末人数")
    counts: list[int | None] = []
    for count in listed:
        if count is not None and (type(count) is not int or count < 0):
            raise FaultyField("monthly_headcounts", "每一项应当是不小于 0 的整数，缺的月份是 null")
        counts.append(count)
    return tuple(counts)


def _paid_months(row: reading.Row) -> int | Unknown:
    if row["paid_months_in_base_year"] == UNKNOWN:
        return UNKNOWN
    return reading.whole(row, "paid_months_in_base_year", most=MONTHS_A_YEAR)


def _lists(listed: object) -> tuple[Listed, ...] | Unknown:
    if listed == UNKNOWN:
        return UNKNOWN
    if not isinstance(listed, list):
        raise FaultyField("exclusion_lists", "应当是列表或 UNKNOWN")
    found: list[Listed] = []
    for name in listed:
        known = LISTS.get(name) if type(name) is str else None
        if known is None:
            raise FaultyField("exclusion_lists", f"每一项应当是 {'、'.join(LISTS)} 之一")
        found.append(known)
    return tuple(found)


def _commitment(given: object) -> Commitment | None:
    """Faults inside it name the dotted path."""
    if given is None:
        return None
    with reading.inside("commitment", given, COMMITMENT_FIELDS) as row:
        return Commitment(
            reading.choice(row, "size_class", CLASSES), reading.choice(row, "status", STANDINGS)
        )


def facts_to_json(facts: Facts) -> dict[str, Json]:
    """The reverse of `parse`."""
    row: dict[str, Json] = {name: getattr(facts, name) for name in sorted(FIELDS)}
    lists, signed = facts.exclusion_lists, facts.commitment
    row["monthly_headcounts"] = list(facts.monthly_headcounts)
    row["exclusion_lists"] = UNKNOWN if lists == UNKNOWN else [str(name) for name in lists]
    row["commitment"] = None if signed is None else {"size_class": signed.size_class, "status": signed.status}
    return row


def decide(facts: Facts, parameters: Parameters) -> RefundDecision:
    """The decision on one unit and refund year. Governing date: the first day of the refund year.

    Worked example: a small enterprise of 20 persons all year (S = 240), of whom 4 drew benefit: exactly 20 %,
    not above the limit of a small firm. It paid 10,800.00: 60 % is 6,480.00.

    Raises MissingParameter for a year without a row.
    """
    terms = terms_for(parameters, facts.refund_year)
    size, on_commitment = _class_that_counts(facts)
    layoff = _layoff(facts, terms)
    rate = _rate(facts, size, terms)
    refund = None
    if rate is not None and facts.base_fen != UNKNOWN and not facts.labour_dispatch:
        refund = share(Fen(facts.base_fen), rate)
    reasons = (
        _contributions(facts, terms),
        _layoff_reason(facts, layoff, terms),
        _exclusions(facts, terms),
        finished.kind(facts.kind, terms.articles),
        finished.paid_before(facts.already_paid_fen, refund, terms.articles),
        finished.rate(facts.kind, size, rate, terms.articles),
        finished.amount(facts.base_fen, refund, facts.labour_dispatch, terms.articles),
        *_questions(facts, terms),
    )
    return RefundDecision(
        program=PROGRAM,
        verdict=verdict_of(reasons),
        reasons=reasons,
        parameters_digest=parameters.digest,
        failed=tuple(reason.code for reason in reasons if reason.outcome is Outcome.FAIL),
        layoff=layoff,
        rate_bp=rate,
        refund_fen=refund,
        payable_fen=None if refund is None else Fen(max(0, refund - facts.already_paid_fen)),
        on_commitment=on_commitment,
    )


def amount_for(facts: Facts, period: str, parameters: Parameters) -> Fen:
    """Fen owed for the refund year `period`: what the decision says is payable, 0 where it is not known.

    Raises ValueError for another year than that of the facts.
    """
    if period != f"{facts.refund_year:04d}":
        raise ValueError(f"these facts are of {facts.refund_year}, not of {period}")
    return decide(facts, parameters).payable_fen or Fen(0)


@lru_cache(maxsize=256)
def terms_for(parameters: Parameters, refund_year: int) -> Terms:
    """The numbers of a refund year. Raises MissingParameter where one of them has no row."""
    on = date(refund_year, 1, 1)
    limits = parameters.live("refund.layoff_limit", on=on)
    ratio = parameters.live("refund.ratio", on=on)
    uplift = parameters.value("refund.ratio_uplift", on=on)
    six = parameters.live("refund.six_kinds_ratio", on=on)
    return Terms(
        limit=Rate(limits.integer("other")),
        small_limit=Rate(limits.integer("small")),
        small_persons=parameters.integer("refund.small_persons", on=on),
        paid_months=parameters.integer("refund.paid_months", on=on),
        ratio=_by_size(ratio),
        uplifted=None if uplift.repealed else _by_size(uplift),
        six_kinds=_by_size(six),
        six_kinds_persons=parameters.integer("refund.six_kinds_persons", on=on),
        articles=finished.Articles(
            notice=limits.reference.short(), ratio=ratio.reference.short(), six_kinds=six.reference.short()
        ),
    )


def _by_size(row: DatedValue) -> dict[str, Rate]:
    return {name: Rate(row.integer(name)) for name in ("smaller", "large")}


def _class_that_counts(facts: Facts) -> tuple[SizeClass | Unknown, bool]:
    """The class the ratio is taken by, and whether it rests on a commitment (domain rule 2.8)."""
    signed = facts.commitment
    if facts.kind == "ENTERPRISE" and signed is not None and signed.status == "VALID":
        return signed.size_class, True
    return facts.size_class, False


def _layoff(facts: Facts, terms: Terms) -> Layoff:
    """R / (S / 12) against the limit, in whole numbers: no rounded percentage decides."""
    total = facts.headcount_sum
    drew = None if facts.new_recipients == UNKNOWN else facts.new_recipients
    if not total:
        return Layoff(drew, total, None, None)
    is_small = total <= terms.small_persons * MONTHS_A_YEAR
    limit = terms.small_limit if is_small else terms.limit
    passes = None if drew is None else MONTHS_A_YEAR * drew * WHOLE_BP <= limit * total
    return Layoff(drew, total, limit, passes)


def _rate(facts: Facts, size: SizeClass | Unknown, terms: Terms) -> Rate | None:
    """The ratio in basis points; None where it cannot be known (domain rule 2.4)."""
    match facts.kind:
        case "PUBLIC_BODY":
            return None
        case "ENTERPRISE":
            if size == UNKNOWN:
                return None
            raised = terms.uplifted if facts.uplift != "NONE" else None
            return (raised or terms.ratio)["large" if size == "LARGE" else "smaller"]
        case _:
            total = facts.headcount_sum
            if not total:
                return None
            is_large = total >= terms.six_kinds_persons * MONTHS_A_YEAR
            return terms.six_kinds["large" if is_large else "smaller"]


def _contributions(facts: Facts, terms: Terms) -> Reason:
    """Q1: the base year paid in full, and nothing in arrears. Either one known to be bad fails."""
    paid, arrears = facts.paid_months_in_base_year, facts.in_arrears
    if arrears == "YES":
        return finished.in_arrears(paid, terms.paid_months, terms.articles)
    if paid == UNKNOWN or (arrears == UNKNOWN and paid >= terms.paid_months):
        return finished.contributions_unknown(paid, terms.paid_months, terms.articles)
    return finished.contributions(paid, terms.paid_months, terms.articles)


def _layoff_reason(facts: Facts, layoff: Layoff, terms: Terms) -> Reason:
    """Q2."""
    if layoff.s is None:
        missing = sum(count is None for count in facts.monthly_headcounts)
        return finished.headcounts_missing(missing, terms.articles)
    if not layoff.s:
        return finished.nobody_insured(terms.articles)
    if layoff.r is None or layoff.limit_bp is None:
        return finished.drawers_unknown(layoff.limit_bp, terms.articles)
    return finished.layoff(layoff.r, layoff.s, layoff.limit_bp, passes=bool(layoff.passes), by=terms.articles)


def _exclusions(facts: Facts, terms: Terms) -> Reason:
    """Q3: no list, and no rectification that is open or failed."""
    if facts.gate in ("OPEN", "FAILED"):
        return finished.gate(facts.gate, terms.articles)
    if facts.exclusion_lists == UNKNOWN:
        return finished.lists_unknown(terms.articles)
    if facts.exclusion_lists:
        return finished.listed(facts.exclusion_lists, terms.articles)
    return finished.not_excluded(facts.gate, terms.articles)


def _questions(facts: Facts, terms: Terms) -> tuple[Reason, ...]:
    """What a person must look at whatever the tests say."""
    signed = facts.commitment
    asked: list[Reason] = []
    if facts.labour_dispatch:
        asked.append(finished.dispatch(terms.articles))
    if facts.kind == "ENTERPRISE" and signed is not None:
        asked.append(finished.commitment(signed.size_class, signed.status, terms.articles))
    return tuple(asked)
