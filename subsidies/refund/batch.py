"""Set-based writes of the refund: a chunk of units screened in a few statements, whatever its size.

Only the rule decides; here its decisions become rows. What one act does to many refunds goes through
`cases.services.transition_many` as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts.models import User
from cases.copying import copy_rows
from cases.dated import determine_many, move_dated
from cases.deciding import Decided, Outcomes, open_decided
from cases.determining import determination_of, keep_parameters
from cases.models import Case
from enterprises.selectors.facts import UnitFacts
from law.decision import Outcome, Reason, Verdict
from law.parameters import Parameters
from law.reading import UNKNOWN
from law.retention_refund import PROGRAM, RefundDecision, facts_to_json
from subsidies.refund import kinds
from subsidies.refund.models import Refund, Run

OUTCOMES = Outcomes(
    to={"GRANT": kinds.ELIGIBLE, "REFUSE": kinds.INELIGIBLE, "REVIEW": kinds.MANUAL},
    verbs={"GRANT": "refund.eligible", "REFUSE": "refund.ineligible", "REVIEW": "refund.manual"},
)
COLUMNS = (
    "case_id", "campaign_id", "unit_id", "run_id", "kind", "size_class", "uplift", "labour_dispatch",
    "on_commitment", "headcount_sum", "drew", "limit_bp", "base_fen", "rate_bp", "refund_fen", "payable_fen",
    "because", "held_from", "held_because",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Screened:
    """A unit, its facts and what the rule says of them."""

    unit: UnitFacts
    decision: RefundDecision


def code_of(reason: Reason) -> str:
    """A reason's code, with its variant where it has one: Q1 and Q1.arrears are counted apart."""
    return f"{reason.code}.{reason.variant}" if reason.variant else reason.code


def because(decision: RefundDecision) -> list[str]:
    """The codes of the tests that failed; where none did, of those that are open."""
    worst = Outcome.FAIL if decision.failed else Outcome.UNKNOWN
    return [code_of(reason) for reason in decision.reasons if reason.outcome is worst]


@transaction.atomic
def open_refunds(
    *, run: Run, rows: Sequence[Screened], parameters: Parameters, actor: User, now: datetime
) -> None:
    """Open a refund for each unit. IntegrityError where one of them has its refund of the year already."""
    written = open_decided(
        kind=kinds.REFUND,
        rows=[
            Decided(
                row.unit.enterprise_id,
                row.unit.region,
                facts_to_json(row.unit.facts),
                row.unit.origins,
                row.decision,
            )
            for row in rows
        ],
        outcomes=OUTCOMES,
        verb="refund.screened",
        payload={"run": run.number},
        parameters=parameters,
        actor=actor,
        now=now,
    )
    copy_rows(
        "subsidies_refund",
        COLUMNS,
        [
            (keys.case_id, run.campaign_id, row.unit.enterprise_id, run.pk, *numbers_of(row), "", "")
            for row, keys in zip(rows, written, strict=True)
        ],
    )


def numbers_of(row: Screened) -> tuple[str | int | None, ...]:
    """What a refund repeats of facts and decision, in the order of its columns from `kind` to `because`."""
    facts, decision = row.unit.facts, row.decision
    return (
        facts.kind,
        facts.size_class,
        facts.uplift,
        facts.labour_dispatch,
        decision.on_commitment,
        decision.layoff.s,
        decision.layoff.r,
        decision.layoff.limit_bp,
        None if facts.base_fen == UNKNOWN else facts.base_fen,
        decision.rate_bp,
        decision.refund_fen,
        decision.payable_fen,
        "{" + ",".join(because(decision)) + "}",
    )


# The refunds' numbers in one statement; only what a determination says anew is written.
_ANEW = """
    UPDATE subsidies_refund AS r SET run_id = %(run)s, kind = n.kind, size_class = n.size_class,
        uplift = n.uplift, labour_dispatch = n.labour_dispatch, on_commitment = n.on_commitment,
        headcount_sum = n.headcount_sum, drew = n.drew, limit_bp = n.limit_bp, base_fen = n.base_fen,
        rate_bp = n.rate_bp, refund_fen = n.refund_fen, payable_fen = n.payable_fen,
        because = n.because::text[]::varchar[]
    FROM unnest(%(cases)s::bigint[], %(kinds)s::text[], %(sizes)s::text[], %(uplifts)s::text[],
                %(dispatch)s::bool[], %(committed)s::bool[], %(sums)s::int[], %(drew)s::int[],
                %(limits)s::int[], %(bases)s::bigint[], %(rates)s::int[], %(refunds)s::bigint[],
                %(payable)s::bigint[], %(because)s::text[])
        AS n (case_id, kind, size_class, uplift, labour_dispatch, on_commitment, headcount_sum, drew,
        limit_bp,
              base_fen, rate_bp, refund_fen, payable_fen, because)
    WHERE r.case_id = n.case_id
"""
_ANEW_COLUMNS = (
    "kinds", "sizes", "uplifts", "dispatch", "committed", "sums", "drew", "limits", "bases", "rates",
    "refunds", "payable", "because",
)  # fmt: skip


def write_numbers(*, run_id: int, case_ids: Sequence[int], rows: Sequence[Screened]) -> None:
    """Repeat in refunds that stand already what their newest determinations say."""
    columns = list(zip(*(numbers_of(row) for row in rows), strict=True))
    parameters: dict[str, list[str | int | None]] = {
        name: list(column) for name, column in zip(_ANEW_COLUMNS, columns, strict=True)
    }
    with connection.cursor() as cursor:
        cursor.execute(_ANEW, {"run": run_id, "cases": list(case_ids), **parameters})


@transaction.atomic
def screen_again(
    *,
    run: Run,
    found: Sequence[tuple[Case, Screened]],
    parameters: Parameters,
    actor: User,
    now: datetime,
) -> None:
    """Decide refunds that stand already anew; each goes through `SCREENED` to what the rule says."""
    if not found:
        return
    keep_parameters(parameters)
    for status in sorted({case.status for case, _row in found}):
        move_dated(
            kind=kinds.REFUND,
            acts=[(case.pk, now, {"run": run.number}) for case, _row in found if case.status == status],
            from_status=status,
            to=kinds.SCREENED,
            verb="refund.screened_again",
            actor=actor,
        )
    rows = [
        determination_of(
            case_id=case.pk,
            program=PROGRAM,
            facts=facts_to_json(row.unit.facts),
            sources=row.unit.origins,
            parameters=parameters,
            decision=row.decision,
            actor=actor,
            now=now,
        )
        for case, row in found
    ]
    cases = [case for case, _row in found]
    determine_many(kind=kinds.REFUND, cases=cases, rows=rows, actor=actor)
    for verdict in Verdict:
        acts = [
            (case.pk, now, {"determination": case.determination_id})
            for case, row in found
            if row.decision.verdict is verdict
        ]
        if acts:
            move_dated(
                kind=kinds.REFUND,
                acts=acts,
                from_status=kinds.SCREENED,
                to=OUTCOMES.to[verdict.value],
                verb=OUTCOMES.verbs[verdict.value],
                actor=actor,
            )
    keys = [case.pk for case in cases]
    write_numbers(run_id=run.pk, case_ids=keys, rows=[row for _case, row in found])
    Refund.objects.filter(pk__in=keys).update(notified_at=None, answer_due=None, notice=None, finance=None)
