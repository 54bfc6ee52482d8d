"""The rows of the case page's checks: each source asked, each test computed, with its outcome.

Reads a stored decision and the evidence behind it. It must never judge: an outcome here is the law's outcome,
except that the one question of employment is shown register by register, as each of them answered.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.wording import reference_words, sentence
from claims.facts import Evidence, FactValue
from gateways.ports import Source
from law.decision import Decision, Outcome, Reason

SOURCE_LABELS: Mapping[Source, str | Promise] = {
    Source.IDENTITY: gettext_lazy("公安人口库"),
    Source.INSURANCE: gettext_lazy("社保系统"),
    Source.INSURANCE_PROVINCE: gettext_lazy("省集中库"),
    Source.INSURANCE_NATIONAL: gettext_lazy("全国信息查询比对"),
    Source.SEPARATION: gettext_lazy("单位退工备案"),
    Source.PENSION: gettext_lazy("全国待遇领取库"),
    Source.JUSTICE: gettext_lazy("司法"),
    Source.MARKET: gettext_lazy("市场监管"),
    Source.CARD: gettext_lazy("社保卡发卡银行"),
}

COMPUTED: Mapping[str, str | Promise] = {
    "R07": gettext_lazy("计算"),
    "registered": gettext_lazy("本次申请"),
    "T01": gettext_lazy("核心系统导入"),
    "T02": gettext_lazy("核心系统导入"),
}
"""Tests that rest on a computation rather than on a register."""

SOURCES_OF_FIELD: Mapping[str, Source] = {
    "identity": Source.IDENTITY,
    "deceased": Source.IDENTITY,
    "contributed_months": Source.INSURANCE,
    "agency_competent": Source.INSURANCE,
    "separation_reason": Source.SEPARATION,
    "drawing_pension": Source.PENSION,
    "drawing_elsewhere": Source.INSURANCE_NATIONAL,
    "imprisoned": Source.JUSTICE,
    "operates_business": Source.MARKET,
    "card_account": Source.CARD,
}

EMPLOYED = "employed"


@dataclass(frozen=True)
class Check:
    """One row: `outcome` PASS, FAIL or UNKNOWN; `when` the register's answer, None for a computation."""

    code: str
    outcome: str
    title: str
    detail: str
    source: str
    when: datetime | None


def checks_of(*, decision: Decision, facts: Mapping[str, FactValue], evidence: Evidence) -> Sequence[Check]:
    """The rows for a case page, the open ones first, then those that fail, then those that pass."""
    rows: list[Check] = []
    for reason in decision.reasons:
        if EMPLOYED in reason.fields:
            rows.extend(_employment_rows(reason, facts, evidence))
        else:
            rows.append(_row(reason, evidence))
    order = {Outcome.UNKNOWN.value: 0, Outcome.FAIL.value: 1, Outcome.PASS.value: 2}
    return sorted(rows, key=lambda row: order[row.outcome])


def tally(rows: Sequence[Check]) -> dict[str, int]:
    """How many of the rows a page shows passed, failed and are open, so that tags and list are one number."""
    found = Counter(row.outcome for row in rows)
    return {
        "passed": found[Outcome.PASS.value],
        "failed": found[Outcome.FAIL.value],
        "unknown": found[Outcome.UNKNOWN.value],
    }


def _row(reason: Reason, evidence: Evidence) -> Check:
    source = next((SOURCES_OF_FIELD[name] for name in reason.fields if name in SOURCES_OF_FIELD), None)
    if reason.code in COMPUTED or source is None:
        label, when = str(COMPUTED.get(reason.code, _("计算"))), None
    else:
        label, when = str(SOURCE_LABELS[source]), _answered(evidence, source)
    detail = reference_words(reason.reference)
    return Check(
        code=reason.code,
        outcome=reason.outcome.value,
        title=sentence(reason),
        detail=detail,
        source=label,
        when=when,
    )


def _employment_rows(reason: Reason, facts: Mapping[str, FactValue], evidence: Evidence) -> list[Check]:
    """Three rows for one question; an officer's finding replaces them by one."""
    city, detail = evidence.insurance(), reference_words(reason.reference)
    registers = (
        (Source.INSURANCE, None if city is None else city.active, _("本市")),
        *(
            (source, None if reply is None else reply.active, place)
            for source, place in (
                (Source.INSURANCE_PROVINCE, _("本省")),
                (Source.INSURANCE_NATIONAL, _("外省")),
            )
            for reply in (evidence.elsewhere(source),)
        ),
    )
    derived = "YES" if any(active for _s, active, _p in registers) else "NO"
    known = all(active is not None for _s, active, _p in registers)
    if facts.get(EMPLOYED) != (derived if known or derived == "YES" else Outcome.UNKNOWN.value):
        return [
            Check(
                code=reason.code,
                outcome=reason.outcome.value,
                title=sentence(reason),
                detail=detail,
                source=_("经办认定"),
                when=None,
            )
        ]
    return [
        Check(
            code=f"{reason.code}-{source.value}",
            outcome=_outcome(active),
            title=_employment_title(active, place),
            detail=detail,
            source=str(SOURCE_LABELS[source]),
            when=_answered(evidence, source),
        )
        for source, active, place in registers
    ]


def _outcome(active: bool | None) -> str:
    if active is None:
        return Outcome.UNKNOWN.value
    return Outcome.FAIL.value if active else Outcome.PASS.value


def _employment_title(active: bool | None, place: str) -> str:
    if active is None:
        return _("%(place)s有没有在职参保，还没有查到") % {"place": place}
    if active:
        return _("%(place)s有在职参保") % {"place": place}
    return _("%(place)s无在职参保") % {"place": place}


def _answered(evidence: Evidence, source: Source) -> datetime | None:
    lookup = evidence.lookups.get(source)
    return None if lookup is None else lookup.answered_at
