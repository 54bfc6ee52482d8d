"""Reads of the month: who is on its roll and who left, how far each step is, and what keeps it from closing.

Numbers are counted from the rows themselves, never from what a run said of itself. Nothing here writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext, gettext_lazy

import payouts.refusals
import payouts.selectors
import policy.selectors
from accounts.models import User
from accounts.selectors import covers, in_regions, masked_numbers
from cases.kinds import Label
from claims import kinds
from claims.models import Claim, Ground, SpellMonth
from claims.month_models import BenefitMonth, RollLine, StepRun
from claims.selectors import fen_of_month
from law import months
from law.money import Fen
from law.workdays import legal_day

LINES_SHOWN = 50
MONTHS_SHOWN = 36

DIFFERENCE_LABELS: Mapping[str, Label] = {
    "NOT_OVER": gettext_lazy("这个月还没有过完"),
    "EARLIER": gettext_lazy("更早的月份还没有结账"),
    "NOT_SCANNED": gettext_lazy("名册还没有核对到期和年龄"),
    "NOT_OWED": gettext_lazy("有在册的人还没有生成应付"),
    "FUND_REQUEST": gettext_lazy("拨款申请还没有办完"),
    "UNPAID": gettext_lazy("有应付没有付，也没有写明的原因"),
    "BATCHES": gettext_lazy("有批次还没有对账"),
    "DAYS": gettext_lazy("有日子还没有和对账单对平"),
    "CONTRADICTIONS": gettext_lazy("有账目矛盾还没有查清"),
    "BOOKS": gettext_lazy("账面验算对不上"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that keeps a month from closing: its code, how often, and the first few by number or day."""

    code: str
    count: int
    named: Sequence[str] = ()

    @property
    def label(self) -> Label:
        """It in words."""
        return DIFFERENCE_LABELS[self.code]


# Spells due the month without an obligation.
NOT_OWED = """
    FROM claims_spell spell
    JOIN claims_claim claim ON claim.case_id = spell.claim_id
    JOIN cases_case standing ON standing.id = spell.claim_id
    LEFT JOIN claims_spellmonth done ON done.spell_id = spell.claim_id AND done.month = %(month)s
    LEFT JOIN claims_interruption rest ON rest.spell_id = spell.claim_id AND rest.after < %(month)s
        AND (rest.until = '' OR rest.until >= %(month)s)
    WHERE standing.status = ANY(%(in_payment)s) AND left(claim.county, 4) || '00' = %(pool)s
        AND spell.first_month <= %(month)s AND spell.last_month >= %(month)s
        AND (spell.paid_through = '' OR spell.paid_through >= %(month)s)
        AND done.id IS NULL AND rest.id IS NULL
"""
COUNTED = f"SELECT count(*), (array_agg(standing.number ORDER BY spell.claim_id))[1:5] {NOT_OWED}"
WITH_FACTS = (
    "SELECT grounds.program, grounds.facts, missing.county"  # noqa: S608 - a constant of this module
    f" FROM (SELECT spell.claim_id, spell.determination_id, claim.county {NOT_OWED}) missing"
    " JOIN cases_determination grounds ON grounds.id = missing.determination_id ORDER BY missing.claim_id"
)
# Of those: why they were held back, as was said last.
WHY_HELD = (
    "SELECT why, count(*) FROM ("  # noqa: S608 - as above
    " SELECT DISTINCT ON (said.case_id) said.payload ->> 'why' AS why FROM cases_event said"
    " WHERE said.verb = 'claim.month_held_back' AND said.payload ->> 'month' = %(month)s"
    f" AND said.case_id IN (SELECT spell.claim_id {NOT_OWED})"
    " ORDER BY said.case_id, said.sequence DESC) latest GROUP BY why ORDER BY why"
)
# One that ended or rests is still owed what is due of it (`claims.services.paying.IN_PAYMENT`).
DUE_STATUSES = [kinds.APPROVED, kinds.PAYING, kinds.INTERRUPTED, kinds.ENDED]


def month_by_number(viewer: User, number: str) -> BenefitMonth | None:
    """A month of the viewer's regions."""
    rows = BenefitMonth.objects.select_related("case", "proposed_by", "closed_by")
    found = rows.filter(case__number=number).first()
    return found if found is not None and covers(viewer, found.pool) else None


def month_of(pool: str, month: str) -> BenefitMonth | None:
    """The month of a pool, once its roll is frozen."""
    return BenefitMonth.objects.select_related("case").filter(pool=pool, month=month).first()


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One month in the list."""

    number: str
    pool: str
    month: str
    on: int
    left: int
    status_label: Label
    tone: str


def months_of(viewer: User) -> list[MonthRow]:
    """The months of the viewer's regions, newest first."""
    rows = in_regions(BenefitMonth.objects.select_related("case"), viewer, "pool")
    found = list(rows.order_by("-month", "pool")[:MONTHS_SHOWN])
    return [
        MonthRow(
            number=row.case.number,
            pool=row.pool,
            month=row.month,
            on=row.on_count,
            left=row.left_count,
            status_label=kinds.MONTH.status_labels[row.case.status],
            tone=tone_of(row),
        )
        for row in found
    ]


def tone_of(row: BenefitMonth) -> str:
    """The tone of its status."""
    return {kinds.OPEN: "info", kinds.PROPOSED: "warn", kinds.CLOSED: "ok"}[row.case.status]


@dataclass(frozen=True, slots=True)
class Roll:
    """The frozen roll in numbers: who is on it, who left and why, what the scan noted, who came later."""

    on: int
    left: int
    left_by: Sequence[tuple[Label, int]]
    noted_by: Sequence[tuple[str, Label, int]]
    owed: int
    added: int
    not_owed: int


def roll_of(row: BenefitMonth) -> Roll:
    """The numbers of a month's roll."""
    lines = RollLine.objects.filter(month=row)
    gone = lines.filter(standing=RollLine.Standing.LEFT)
    left = gone.values_list("why").annotate(n=Count("pk")).order_by("-n", "why")
    noted = dict(lines.exclude(notice="").values_list("notice").annotate(n=Count("pk")).order_by())
    owed = _owed_of(row).count()
    return Roll(
        on=row.on_count,
        left=row.left_count,
        left_by=[(why_label(why), n) for why, n in left],
        noted_by=[(code.value, code.label, noted[code.value]) for code in RollLine.Notice if code in noted],
        owed=owed,
        added=_added_of(row).count(),
        not_owed=missing_of(row)[0],
    )


def why_label(why: str) -> Label:
    """Why somebody left the roll: the ground of the end, or the claim's status."""
    grounds: dict[str, Label] = dict(Ground.choices)
    return grounds.get(why) or kinds.CLAIM.status_labels.get(why, why)


def _owed_of(row: BenefitMonth) -> QuerySet[SpellMonth]:
    prefix = row.pool[:4]
    return SpellMonth.objects.filter(month=row.month, spell__claim__county__startswith=prefix)


def _added_of(row: BenefitMonth) -> QuerySet[SpellMonth]:
    """Months owed to spells that were granted after the freeze: for the further batches."""
    on_roll = RollLine.objects.filter(month=row).values("spell")
    return _owed_of(row).filter(owed_at__gte=row.frozen_at).exclude(spell__in=on_roll)


def missing_of(row: BenefitMonth) -> tuple[int, list[str]]:
    """How many spells are due the month without an obligation, and the numbers of the first few."""
    [(count, first)] = _ask(COUNTED, row)
    return count, first or []


def _ask(question: str, row: BenefitMonth) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, {"month": row.month, "pool": row.pool, "in_payment": DUE_STATUSES})
        return list(cursor.fetchall())


def held_back_words(row: BenefitMonth) -> list[tuple[str, int]]:
    """Why months were held back, in words, of those that are not owed yet."""
    return [(problem_words(why), n) for why, n in _ask(WHY_HELD, row)]


def problem_words(code: str) -> str:
    """What stopped a step or a month: a refusal in its words, or the number of law that is missing."""
    pattern = payouts.refusals.SENTENCES.get(code)
    if pattern is not None and "%(" not in str(pattern):
        return str(pattern)
    return gettext("政策参数里没有 %(key)s，补上之后自动再做") % {"key": code} if "." in code else code


def needed_of(row: BenefitMonth) -> tuple[int, Fen]:
    """How many months are still to be owed, and their sum by the rule, in fen. Raises MissingParameter."""
    book = policy.selectors.book()
    amounts = [
        fen_of_month(program, json.loads(facts), row.month, county=county, book=book)
        for program, facts, county in _ask(WITH_FACTS, row)
    ]
    return len(amounts), Fen(sum(amounts))


@dataclass(frozen=True, slots=True)
class RollPerson:
    """A line of the roll as the page lists it."""

    key: int
    name: str
    masked_number: str
    case_number: str
    words: Label


def people_of(row: BenefitMonth, show: str, *, after: int) -> tuple[list[RollPerson], int]:
    """The next people of a part of the roll ("on", "left", "added", or a notice) and the key behind them.

    The key is 0 behind the last.
    """
    found: list[tuple[int, Claim, Label]]
    if show == "added":
        added = _added_of(row).select_related("spell__claim__party", "spell__claim__case")
        found = [
            (one.pk, one.spell.claim, gettext_lazy("冻结后批准"))
            for one in added.filter(pk__gt=after).order_by("pk")[: LINES_SHOWN + 1]
        ]
    else:
        lines = RollLine.objects.filter(month=row, pk__gt=after).select_related(
            "spell__claim__party", "spell__claim__case"
        )
        part = {"on": Q(standing="ON"), "left": Q(standing="LEFT")}.get(show, Q(notice=show))
        found = [
            (one.pk, one.spell.claim, why_label(one.why) if one.why else one.get_notice_display())
            for one in lines.filter(part).order_by("pk")[: LINES_SHOWN + 1]
        ]
    masked = masked_numbers([claim.party_id for _, claim, _ in found])
    people = [
        RollPerson(key, claim.party.name, masked.get(claim.party_id, ""), claim.case.number, words)
        for key, claim, words in found[:LINES_SHOWN]
    ]
    return people, people[-1].key if len(found) > LINES_SHOWN else 0


def latest_runs(row: BenefitMonth) -> dict[str, StepRun]:
    """The latest run of each step that an officer asked for."""
    rows = (
        StepRun.objects.select_related("asked_by").filter(month=row).order_by("step", "-pk").distinct("step")
    )
    return {one.step: one for one in rows}


def is_running(row: BenefitMonth) -> bool:
    """Whether a step is being done again."""
    return StepRun.objects.filter(month=row, finished_at=None).exists()


def owed_at(row: BenefitMonth) -> datetime | None:
    """When a month was last owed to somebody."""
    last: datetime | None = _owed_of(row).aggregate(last=Max("owed_at"))["last"]
    return last


def stands_in_the_way(row: BenefitMonth, *, unpaid: int, with_books: bool, now: datetime) -> list[Difference]:
    """All that keeps a month from closing; `unpaid`: obligations that could be paid and are not."""
    unfinished = payouts.selectors.unfinished_batches(row.pool, row.month)
    days = [day.isoformat() for day in payouts.selectors.open_days_of(row.pool, row.month)]
    odd = payouts.selectors.open_contradictions(row.pool, row.month)
    asked = [one.case.number for one in payouts.selectors.fund_requests_of(row.pool, row.month)
             if one.closed_at is None]  # fmt: skip
    missing, first = missing_of(row)
    earlier = BenefitMonth.objects.filter(pool=row.pool, month__lt=row.month, closed_at=None)
    found = [
        Difference("NOT_OVER", int(months.month_of(legal_day(now)) <= row.month)),
        Difference("EARLIER", earlier.count(), [one.month for one in earlier.order_by("month")[:5]]),
        Difference("NOT_SCANNED", int(row.scanned_at is None)),
        Difference("NOT_OWED", missing, first),
        Difference("FUND_REQUEST", len(asked), asked),
        Difference("UNPAID", unpaid),
        Difference("BATCHES", len(unfinished), unfinished[:5]),
        Difference("DAYS", len(days), days[:5]),
        Difference("CONTRADICTIONS", len(odd), odd[:5]),
    ]
    if with_books:
        findings = payouts.selectors.ledger_findings()
        found.append(Difference("BOOKS", len(findings), [one.check for one in findings[:5]]))
    return [one for one in found if one.count]


def figures_of(row: BenefitMonth) -> dict[str, object]:
    """The month in numbers, as it is frozen when it is closed."""
    roll = roll_of(row)
    money = payouts.selectors.money_of(row.pool, row.month)
    fund = payouts.selectors.fund(row.pool)
    returned = payouts.selectors.returned_of(row.pool, row.month)
    back = payouts.selectors.to_recover_of(row.pool, row.month)
    return {
        "on": roll.on,
        "left": roll.left,
        "added": roll.added,
        **{state.lower(): [one.count, one.fen] for state, one in money.items()},
        "returned": [returned.count, returned.fen],
        "to_recover": [back.count, back.fen],
        "fund_fen": fund.fund_fen,
        "payable_fen": fund.payable_fen,
        "transit_fen": fund.transit_fen,
        "suspense_fen": fund.suspense_fen,
    }
