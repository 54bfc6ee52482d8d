"""The proof of the books: every balance computed again, every obligation, payment, receipt and line paired.

Set-based reading, nothing is trusted: neither the trigger that keeps the balances nor the services that
write. It never mends anything; a difference is for people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection

from payouts.formats import files
from payouts.models import (
    Batch,
    BatchFile,
    Obligation,
    Payment,
    Receipt,
    Reconciliation,
    StatementLine,
    Transfer,
)

NAMED = 20
"""How many differences of one kind are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of difference: what does not hold, how often, and the first few by id or name."""

    check: str
    count: int
    examples: tuple[str, ...]


@dataclass(slots=True)
class Proof:
    """What was compared, by name, and what does not hold. The books hold if `findings` is empty."""

    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether every comparison came out."""
        return not self.findings


# Each query lists what does not hold: one text column that names the row.
QUERIES: dict[str, str] = {
    "balance_differs": """
        WITH moved AS (
            SELECT region, debit AS account,
                   CASE WHEN pending OR kind = 'VOIDED' THEN 0 ELSE -amount_fen END AS posted,
                   CASE WHEN pending THEN amount_fen
                        WHEN pending_of_id IS NOT NULL THEN -amount_fen ELSE 0 END AS reserved
            FROM payouts_transfer
            UNION ALL
            SELECT region, credit, CASE WHEN pending OR kind = 'VOIDED' THEN 0 ELSE amount_fen END, 0
            FROM payouts_transfer
        ), summed AS (
            SELECT region, account, sum(posted) AS posted, sum(reserved) AS reserved FROM moved GROUP BY 1, 2
        )
        SELECT coalesce(b.region, s.region) || ' ' || coalesce(b.account, s.account)
        FROM summed s FULL JOIN payouts_balance b ON b.region = s.region AND b.account = s.account
        WHERE coalesce(b.posted_fen, 0) <> coalesce(s.posted, 0)
           OR coalesce(b.pending_fen, 0) <> coalesce(s.reserved, 0)
    """,
    "accounts_do_not_sum_to_zero": """
        SELECT region FROM payouts_balance GROUP BY region HAVING sum(posted_fen) <> 0
    """,
    "balance_below_zero": """
        SELECT region || ' ' || account FROM payouts_balance
        WHERE account <> 'OUTSIDE' AND posted_fen < pending_fen
    """,
    "obligation_without_transfer": """
        SELECT o.key FROM payouts_obligation o
        LEFT JOIN payouts_transfer t ON t.obligation_id = o.id AND t.kind = 'OWED'
        WHERE t.id IS NULL OR t.amount_fen <> o.amount_fen OR t.region <> o.pool
    """,
    "payment_differs_from_obligation": """
        SELECT p.end_to_end_id FROM payouts_payment p JOIN payouts_obligation o ON o.id = p.obligation_id
        WHERE p.amount_fen <> o.amount_fen
    """,
    "transfer_differs_from_payment": """
        SELECT t.id::text FROM payouts_transfer t JOIN payouts_payment p ON p.id = t.payment_id
        WHERE t.amount_fen <> p.amount_fen OR t.obligation_id <> p.obligation_id
    """,
    "obligation_paid_twice": """
        SELECT o.key FROM payouts_obligation o JOIN payouts_payment p ON p.obligation_id = o.id
        WHERE p.settled_at IS NOT NULL AND p.returned_at IS NULL GROUP BY o.key HAVING count(*) > 1
    """,
    "payment_dates_differ_from_transfers": """
        SELECT p.end_to_end_id FROM payouts_payment p
        JOIN payouts_batch b ON b.case_id = p.batch_id
        LEFT JOIN (
            SELECT payment_id, bool_or(kind = 'SUBMITTED') AS submitted,
                   bool_or(kind IN ('SETTLED', 'PAID_AFTER'))
                       AND NOT bool_or(kind = 'UNPAID_AFTER') AS settled,
                   bool_or(kind IN ('VOIDED', 'UNPAID_AFTER'))
                       AND NOT bool_or(kind = 'PAID_AFTER') AS voided,
                   bool_or(kind = 'RETURNED') AS returned,
                   bool_or(kind = 'DEBITED') AS debited, bool_or(kind = 'REISSUED') AS reissued
            FROM payouts_transfer WHERE payment_id IS NOT NULL GROUP BY payment_id
        ) t ON t.payment_id = p.id
        WHERE coalesce(t.submitted, false) <> (b.submitted_at IS NOT NULL)
           OR coalesce(t.settled, false) <> (p.settled_at IS NOT NULL)
           OR coalesce(t.voided, false) <> (p.failed_at IS NOT NULL AND b.submitted_at IS NOT NULL)
           OR coalesce(t.returned, false) <> (p.returned_at IS NOT NULL)
           OR (coalesce(t.debited, false) AND p.settled_at IS NULL)
           OR (coalesce(t.reissued, false) AND p.returned_at IS NULL)
    """,
    "pending_ended_wrongly": """
        SELECT t.id::text FROM payouts_transfer t JOIN payouts_transfer b ON b.id = t.pending_of_id
        WHERE NOT b.pending OR b.payment_id <> t.payment_id OR b.amount_fen <> t.amount_fen
           OR b.region <> t.region
    """,
    "payment_without_receipt": """
        SELECT p.end_to_end_id FROM payouts_payment p JOIN payouts_batch b ON b.case_id = p.batch_id
        LEFT JOIN payouts_receipt paid
            ON paid.payment_id = p.id AND paid.status = 'S' AND NOT paid.conflicts
        LEFT JOIN payouts_receipt failed
            ON failed.payment_id = p.id AND failed.status = 'F' AND NOT failed.conflicts
        LEFT JOIN payouts_transfer corrected
            ON corrected.payment_id = p.id AND corrected.kind IN ('PAID_AFTER', 'UNPAID_AFTER')
        WHERE ((p.settled_at IS NOT NULL) <> (paid.id IS NOT NULL) AND corrected.id IS NULL)
           OR (p.failed_at IS NOT NULL AND b.accepted_at IS NOT NULL AND failed.id IS NULL
               AND corrected.id IS NULL)
           OR (failed.id IS NOT NULL AND p.failed_at IS NULL AND p.settled_at IS NULL)
    """,
    "receipt_in_conflict": """
        SELECT r.bank_serial FROM payouts_receipt r WHERE r.conflicts AND NOT EXISTS (
            SELECT FROM payouts_contradiction c
            WHERE c.payment_id = r.payment_id AND c.resolved_at >= r.received_at
        )
    """,
    "withdrawn_without_replacement": """
        SELECT o.key FROM payouts_obligation o
        LEFT JOIN payouts_transfer t ON t.obligation_id = o.id AND t.kind = 'WITHDRAWN'
        LEFT JOIN payouts_obligation n ON n.replaces_id = o.id
        WHERE (t.id IS NULL) <> (n.id IS NULL) OR t.amount_fen <> o.amount_fen
    """,
    "corrected_without_two_signatures": """
        SELECT t.id::text FROM payouts_transfer t
        WHERE t.kind IN ('PAID_AFTER', 'UNPAID_AFTER', 'WITHDRAWN') AND NOT EXISTS (
            SELECT FROM payouts_contradiction c JOIN cases_proposal p ON p.case_id = c.case_id AND p.agreed
            WHERE c.obligation_id = t.obligation_id AND c.resolved_at = t.at
        )
    """,
    "stopped_and_sent": """
        SELECT o.key FROM payouts_transfer t JOIN payouts_obligation o ON o.id = t.obligation_id
        LEFT JOIN payouts_payment p
            ON p.obligation_id = o.id AND p.failed_at IS NULL AND p.returned_at IS NULL
        WHERE t.kind = 'STOPPED' AND (p.id IS NOT NULL OR t.amount_fen <> o.amount_fen)
    """,
    "to_recover_and_not_sent": """
        SELECT o.key FROM payouts_receivable r JOIN payouts_obligation o ON o.id = r.obligation_id
        LEFT JOIN payouts_payment p ON p.obligation_id = o.id
        WHERE p.id IS NULL OR r.amount_fen <> o.amount_fen
    """,
    "line_without_transfer": """
        SELECT l.bank_serial FROM payouts_statementline l
        LEFT JOIN payouts_transfer t ON t.statement_line_id = l.id
        WHERE t.id IS NULL AND NOT (l.direction = 'C' AND l.end_to_end_id = '')
    """,
    "transfer_differs_from_line": """
        SELECT t.id::text FROM payouts_transfer t
        LEFT JOIN payouts_statementline l ON l.id = t.statement_line_id
        LEFT JOIN payouts_payment p ON p.id = t.payment_id
        WHERE (t.kind IN ('DEBITED', 'RETURNED')) <> (l.id IS NOT NULL)
           OR (l.id IS NOT NULL AND (l.amount_fen <> t.amount_fen OR l.end_to_end_id <> p.end_to_end_id
               OR (t.kind = 'DEBITED') <> (l.direction = 'D')))
    """,
    "reconciled_without_debit": """
        SELECT p.end_to_end_id FROM payouts_payment p
        JOIN cases_case c ON c.id = p.batch_id AND c.status = 'RECONCILED'
        LEFT JOIN payouts_transfer t ON t.payment_id = p.id AND t.kind = 'DEBITED'
        WHERE p.settled_at IS NOT NULL AND t.id IS NULL
    """,
    "batch_differs_from_payments": """
        SELECT c.number FROM payouts_batch b JOIN cases_case c ON c.id = b.case_id
        LEFT JOIN payouts_payment p ON p.batch_id = b.case_id
        GROUP BY c.number, b.count, b.total_fen
        HAVING count(p.id) <> b.count OR coalesce(sum(p.amount_fen), 0) <> b.total_fen
    """,
    "sent_without_signatures": """
        SELECT c.number FROM payouts_batch b JOIN cases_case c ON c.id = b.case_id
        LEFT JOIN payouts_signature s ON s.batch_id = b.case_id
        WHERE b.submitted_at IS NOT NULL GROUP BY c.number HAVING count(DISTINCT s.actor_id) < 2
    """,
    "return_without_case": """
        SELECT p.end_to_end_id FROM payouts_payment p JOIN payouts_batch b ON b.case_id = p.batch_id
        LEFT JOIN payouts_returnedpayment r ON r.obligation_id = p.obligation_id
        WHERE r.case_id IS NULL
          AND (p.returned_at IS NOT NULL OR (p.failed_at IS NOT NULL AND b.accepted_at IS NOT NULL))
    """,
    "day_does_not_agree": """
        SELECT region || ' ' || day FROM (
            SELECT DISTINCT ON (region, day) region, day, agreed FROM payouts_reconciliation
            ORDER BY region, day, made_at DESC, id DESC
        ) latest WHERE NOT agreed
    """,
}


OF_DAYS = frozenset({"day_does_not_agree", "receipt_in_conflict", "line_without_transfer"})
"""Comparisons that an open day may fail while the books of a month before it hold."""


def ledger_findings() -> list[Finding]:
    """What does not hold in the books themselves, whatever of the open days is still to be compared."""
    proof = Proof()
    for check, query in QUERIES.items():
        if check not in OF_DAYS:
            with connection.cursor() as cursor:
                cursor.execute(query)
                _note(proof, check, [str(name) for (name,) in cursor.fetchall()])
    return proof.findings


def prove() -> Proof:
    """Run every comparison on what stands in the database now."""
    proof = Proof()
    proof.counts = {
        "obligations": Obligation.objects.count(),
        "batches": Batch.objects.count(),
        "payments": Payment.objects.count(),
        "transfers": Transfer.objects.count(),
        "receipts": Receipt.objects.count(),
        "statement_lines": StatementLine.objects.count(),
        "reconciliations": Reconciliation.objects.count(),
    }
    for check, query in QUERIES.items():
        with connection.cursor() as cursor:
            cursor.execute(query)
            _note(proof, check, [str(name) for (name,) in cursor.fetchall()])
    _note(proof, "batch_file_changed", _changed_files())
    return proof


def _note(proof: Proof, check: str, rows: Sequence[str]) -> None:
    if rows:
        proof.findings.append(Finding(check, len(rows), tuple(rows[:NAMED])))


def _changed_files() -> list[str]:
    """Batches whose stored bytes no longer have the fingerprint that was sealed."""
    changed = []
    for file in BatchFile.objects.select_related("batch__case").order_by("pk").iterator(chunk_size=20):
        if hashlib.sha256(files.stored(file.content).content).hexdigest() != file.batch.sha256:
            changed.append(file.batch.number)
    return changed
