"""What may be paid now: each obligation that is due is judged, and those for one file are read as its lines.

The judging is one statement that brings ids home, because every file of a month asks it of the whole month;
names and accounts are read for the lines of the one file alone. It never writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db import connection

from accounts.privacy import context_of, provider
from cases.arrays import integers
from law.money import Fen
from law.workdays import LEGAL_ZONE
from payouts import standing
from payouts.formats import bank_file
from payouts.kinds import (
    CONFLICT,
    COOLING_OFF,
    CORRECTING,
    HELD,
    LEFT_OUT_LABELS,
    NO_PAYEE,
    PROPOSED,
    RECHECK,
    RETURN_OPEN,
    RETURNED,
    Odd,
)
from payouts.models import Batch, Move, Obligation, Payee
from payouts.recheck import ToPay
from policy.selectors import integer

# What the bank prints on the person's statement, by program; one that is not listed prints its item.
PURPOSES = {"unemployment-benefit": "失业保险金", "retention-refund": "稳岗返还"}

ACCOUNT_PROBLEMS = frozenset({bank_file.ACCOUNT_SHAPE, bank_file.ACCOUNT_CHECK, bank_file.BANK_CODE})
"""Problems of a line that another account would mend; the others are of the name."""


@dataclass(frozen=True, slots=True, repr=False)
class Payable:
    """An obligation that may be paid, the account it is paid to, and its line of the file. Has no repr: the
    line names a person.
    """

    obligation_id: int
    determination_id: int
    party_id: int
    month: str
    attempt: int
    payee_id: int
    line: bank_file.Line

    @property
    def to_pay(self) -> ToPay:
        """It as the law is asked about it again."""
        return ToPay(self.obligation_id, self.determination_id, self.month, self.line.amount_fen)


# Ids by reason, oldest first; '' may be paid. An obligation is due until a payment of it lives, another one
# takes its place, or it is stopped (`payouts.models.still_owed` says the same to the ORM). Money that is on
# the statement as gone, although the bank said that it was not paid or was returned, would be paid twice,
# unless it came back by itself. What is rare is looked up once for all.
JUDGED = """
    SELECT reason, array_agg(id ORDER BY due_on, id)
    FROM (
        SELECT owed.id, owed.due_on,
               CASE WHEN held.id IS NOT NULL THEN %(held)s
                    WHEN payee.id IS NULL THEN %(no_payee)s
                    WHEN contradicted.obligation_id IS NOT NULL OR waiting.is_contradicted
                         OR EXISTS (
                             SELECT 1 FROM payouts_payment tried
                             JOIN payouts_statementline gone ON gone.end_to_end_id = tried.end_to_end_id
                                 AND gone.direction = 'D'
                             LEFT JOIN payouts_transfer booked ON booked.statement_line_id = gone.id
                             WHERE tried.obligation_id = owed.id AND booked.id IS NULL AND NOT EXISTS (
                                 SELECT 1 FROM payouts_statementline back
                                 LEFT JOIN payouts_transfer booked ON booked.statement_line_id = back.id
                                 WHERE back.end_to_end_id = tried.end_to_end_id AND back.direction = 'C'
                                     AND booked.id IS NULL))
                        THEN %(conflict)s
                    WHEN waiting.is_differing THEN %(recheck)s
                    WHEN returned.obligation_id IS NOT NULL THEN %(return_open)s
                    WHEN payee.replaces AND payee.valid_from > %(free_before)s THEN %(cooling_off)s
                    ELSE '' END AS reason
        FROM payouts_obligation owed
        LEFT JOIN payouts_paymenthold held ON held.case_id = owed.case_id AND held.lifted_at IS NULL
        LEFT JOIN payouts_payee payee ON payee.party_id = owed.party_id AND payee.valid_to IS NULL
        LEFT JOIN (
            SELECT obligation_id, bool_or(odd = %(odd)s) AS is_differing,
                   bool_or(odd <> %(odd)s) AS is_contradicted
            FROM payouts_contradiction WHERE resolved_at IS NULL GROUP BY obligation_id
        ) waiting ON waiting.obligation_id = owed.id
        LEFT JOIN (
            SELECT DISTINCT paid.obligation_id
            FROM payouts_receipt said JOIN payouts_payment paid ON paid.id = said.payment_id
            WHERE said.conflicts AND NOT EXISTS (
                SELECT 1 FROM payouts_contradiction decided
                WHERE decided.payment_id = said.payment_id AND decided.resolved_at >= said.received_at)
        ) contradicted ON contradicted.obligation_id = owed.id
        LEFT JOIN (
            SELECT one.obligation_id
            FROM payouts_returnedpayment one JOIN cases_case opened ON opened.id = one.case_id
            WHERE opened.status = ANY(%(open)s)
        ) returned ON returned.obligation_id = owed.id
        WHERE owed.pool = %(pool)s AND owed.due_on <= %(today)s
            AND NOT EXISTS (SELECT 1 FROM payouts_obligation other WHERE other.replaces_id = owed.id)
            AND NOT EXISTS (
                SELECT 1 FROM payouts_transfer ended
                WHERE ended.obligation_id = owed.id AND ended.kind = %(stopped)s)
            AND NOT EXISTS (SELECT 1 FROM payouts_receivable back WHERE back.obligation_id = owed.id)
            AND NOT EXISTS (
                SELECT 1 FROM payouts_payment live
                WHERE live.obligation_id = owed.id AND live.failed_at IS NULL AND live.returned_at IS NULL)
    ) judged
    GROUP BY reason
"""

# The named obligations in the order given, with the account in force and what else stands on a line.
LINES = """
    SELECT owed.id, owed.determination_id, owed.party_id, owed.month, payee.id,
           1 + (SELECT count(*) FROM payouts_payment tried WHERE tried.obligation_id = owed.id),
           payee.account, payee.account_name, payee.bank_code, payee.is_card,
           (SELECT right(held.masked, 4) FROM accounts_identifier held
            WHERE held.party_id = owed.party_id AND held.valid_to IS NULL ORDER BY held.id LIMIT 1),
           owed.amount_fen, owed.program, owed.item, granted.number
    FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (id, position)
    JOIN payouts_obligation owed ON owed.id = given.id
    JOIN cases_case granted ON granted.id = owed.case_id
    JOIN payouts_payee payee ON payee.party_id = owed.party_id AND payee.valid_to IS NULL
    ORDER BY given.position
"""


def judge(pool: str, today: date) -> tuple[list[int], dict[str, list[int]]]:
    """Ids of the obligations of a pool that may be paid by `today` and have no live payment, oldest first;
    and those of the others that are due, by the reason why they may not, before accounts are opened.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            JUDGED,
            {
                "held": HELD,
                "no_payee": NO_PAYEE,
                "conflict": CONFLICT,
                "recheck": RECHECK,
                "return_open": RETURN_OPEN,
                "cooling_off": COOLING_OFF,
                "odd": str(Odd.RECHECK),
                "stopped": str(Move.STOPPED),
                "open": [RETURNED, CORRECTING, PROPOSED],
                "free_before": _free_before(pool, today),
                "pool": pool,
                "today": today,
            },
        )
        found: dict[str, list[int]] = dict(cursor.fetchall())
    return found.get("", []), {reason: found.get(reason, []) for reason in LEFT_OUT_LABELS}


def still_standing(obligation_ids: Sequence[int], today: date) -> tuple[list[int], list[int]]:
    """These obligations, in their order, and those of them whose own app says that they may not be paid
    now.
    """
    rows = Obligation.objects.filter(pk__in=obligation_ids, program__in=standing.programs())
    asked: dict[str, dict[int, int]] = {}
    for key, program, case_id in rows.values_list("pk", "program", "case_id"):
        asked.setdefault(program, {})[key] = case_id
    fallen: set[int] = set()
    for program, cases in asked.items():
        out = standing.fallen(program, sorted(set(cases.values())), today)
        fallen |= {key for key, case_id in cases.items() if case_id in out}
    return (
        [key for key in obligation_ids if key not in fallen],
        [key for key in obligation_ids if key in fallen],
    )


def lines_of(obligation_ids: Sequence[int]) -> list[Payable]:
    """These obligations, which may be paid, as lines of a file, in the order given."""
    opened, context = provider(), context_of(Payee._meta.get_field("account"))
    with connection.cursor() as cursor:
        cursor.execute(LINES, [integers(obligation_ids)])
        return [
            Payable(
                obligation_id=obligation_id,
                determination_id=determination_id,
                party_id=party_id,
                month=month,
                attempt=attempt,
                payee_id=payee_id,
                line=bank_file.Line(
                    # Obligation and number of the attempt; the bank accepts it once in its life.
                    end_to_end_id=f"AY{obligation_id:010d}-{attempt}",
                    account=opened.decrypt(account, context=context),
                    name=name,
                    id_tail=tail or "",
                    bank_code=bank_code,
                    amount_fen=Fen(amount_fen),
                    purpose=PURPOSES.get(program, item) + month.replace("-", ""),
                    case_number=case_number,
                    is_card=is_card,
                ),
            )
            for (
                obligation_id,
                determination_id,
                party_id,
                month,
                payee_id,
                attempt,
                account,
                name,
                bank_code,
                is_card,
                tail,
                amount_fen,
                program,
                item,
                case_number,
            ) in cursor.fetchall()
        ]


def to_pay(obligation_ids: Sequence[int]) -> list[ToPay]:
    """These obligations as the law is asked about them again."""
    rows = Obligation.objects.filter(pk__in=obligation_ids).order_by("due_on", "pk")
    return [
        ToPay(pk, determination_id, month, Fen(amount_fen))
        for pk, determination_id, month, amount_fen in rows.values_list(
            "pk", "determination_id", "month", "amount_fen"
        )
    ]


def _free_before(pool: str, today: date) -> datetime:
    """A replaced account recorded up to this instant has waited long enough.

    So many batches (`payout.account_change`) were sealed since; or the month in which it was recorded is
    over, so that the last person owed anything does not wait for a batch that nobody else fills.
    """
    begin_of_month = datetime.combine(today.replace(day=1), time.min, LEGAL_ZONE)
    wait = integer("payout.account_change", region=pool, on=today)
    if not wait:
        return datetime.max.replace(tzinfo=UTC)
    seals = list(
        Batch.objects.filter(region=pool).order_by("-sealed_at").values_list("sealed_at", flat=True)[:wait]
    )
    return max(seals[-1], begin_of_month) if len(seals) == wait else begin_of_month
