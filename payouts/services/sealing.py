"""Sealing: what is due becomes one batch whose count, sum, payees and bytes can never change again.

Set-based: whatever its size, a batch costs a few dozen statements. Whoever is left out is listed with the
reason. Nobody is paid by sealing: signatures and the bank come after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Identifier, User
from accounts.selectors import machine
from cases.services import open_case, transition
from law.errors import Refused
from law.money import Fen
from law.workdays import LEGAL_ZONE, legal_day
from payouts.formats import bank_file
from payouts.kinds import (
    ACCOUNT_FAULTY,
    APPROVED1,
    BATCH,
    CONFLICT,
    COOLING_OFF,
    CORRECTING,
    LEFT_OUT_LABELS,
    MAKER,
    NAME_FAULTY,
    NEXT_FILE,
    NO_PAYEE,
    PROPOSED,
    RECHECK,
    RETURN_OPEN,
    RETURNED,
    Odd,
)
from payouts.models import (
    Account,
    Balance,
    Batch,
    BatchFile,
    Contradiction,
    Obligation,
    Payee,
    Payment,
    ReturnedPayment,
    Signature,
    StatementLine,
    pool_of,
    still_owed,
    unresolved_receipts,
)
from payouts.payer import Payer, payer
from payouts.recheck import Rechecked, ToPay, differing_of, recheck
from payouts.services.contradictions import open_for_obligations
from payouts.services.ledger import lock_pool
from policy.selectors import integer

_ACCOUNT_PROBLEMS = frozenset({bank_file.ACCOUNT_SHAPE, bank_file.ACCOUNT_CHECK, bank_file.BANK_CODE})

# What the bank prints on the person's statement, by program; one that is not listed prints its item.
PURPOSES = {"unemployment-benefit": "失业保险金"}


@dataclass(frozen=True, slots=True)
class _Owed:
    """One obligation that is due and has no live payment, with what sealing asks about it. No account
    number.
    """

    obligation_id: int
    determination_id: int
    party_id: int
    case_number: str
    program: str
    item: str
    month: str
    amount_fen: Fen
    attempts: int
    payee_id: int | None
    payee_replaces: bool
    payee_since: datetime | None
    is_returned: bool
    is_in_conflict: bool
    is_differing: bool

    @property
    def end_to_end_id(self) -> str:
        """Obligation and number of the attempt; the bank accepts it once in its life."""
        return f"AY{self.obligation_id:010d}-{self.attempts + 1}"

    @property
    def purpose(self) -> str:
        return PURPOSES.get(self.program, self.item) + self.month.replace("-", "")


_Found = tuple[int, int, int, str, str, str, str, int, int, bool, bool, bool]


@dataclass(frozen=True, slots=True)
class _Line:
    """An obligation with its line of the file."""

    owed: _Owed
    line: bank_file.Line


class _Differs(Exception):
    """The rule does not give what was about to be sealed."""


def seal_batch(*, region: str, actor: User, now: datetime) -> Batch:
    """Seal all that is due in the pool of `region`, up to `payout.batch_max` rows; call again for the rest.

    A person who seals signs as maker; the machine's sealing is nobody's signature. Where one of the sample
    does not come out the same, all that is due is run again: each that differs gets a case and is left out.
    Raises `Refused`: "batch.nothing_due", "fund.short" (the account does not hold what is owed).
    """
    pool = pool_of(region)
    try:
        return _seal(pool, actor=actor, now=now)
    except _Differs:
        _set_apart(pool, now=now)
    return _seal(pool, actor=actor, now=now)


@transaction.atomic
def _set_apart(pool: str, *, now: datetime) -> None:
    """A case for each obligation that is due and that the rule no longer gives: all are run, no sample."""
    lock_pool(pool)
    payable, _left_out = sort_out(due_obligations(pool, legal_day(now)), pool=pool, today=legal_day(now))
    open_for_obligations(differing_of([_to_pay(one) for one in payable]), now=now)


@transaction.atomic
def _seal(pool: str, *, actor: User, now: datetime) -> Batch:
    lock_pool(pool)
    today = legal_day(now)
    owed = due_obligations(pool, today)
    chosen, left_out = _choose(owed, pool=pool, today=today)
    if not chosen:
        raise Refused("batch.nothing_due", left_out=sum(len(ids) for ids in left_out.values()))
    is_person = actor.pk != machine().pk
    case = open_case(
        kind=BATCH,
        party=None,
        region=pool,
        actor=actor,
        now=now,
        verb="batch.sealed",
        payload={"count": len(chosen), "total_fen": _total(chosen)},
    )
    rechecked = recheck([_to_pay(one.owed) for one in chosen], seed=case.number)
    if rechecked.differing:
        raise _Differs
    held = _must_cover(pool, _total(chosen))
    paying = payer()
    content = _bank_file(paying, chosen, batch_number=case.number, value_date=today, now=now)
    read = paying.layout.read(content)
    batch = Batch.objects.create(
        case=case,
        region=pool,
        count=read.count,
        total_fen=read.total_fen,
        account_hash=read.account_hash,
        sha256=hashlib.sha256(content).hexdigest(),
        value_date=today,
        checks=_checks(chosen, left_out, rechecked, held),
        left_out={reason: ids for reason, ids in left_out.items() if ids},
        sealed_by=actor,
        sealed_at=now,
    )
    BatchFile.objects.create(batch=batch, content=content.decode(paying.layout.charset))
    _write_payments(batch, chosen)
    if is_person:
        Signature.objects.create(batch=batch, level=MAKER, actor=actor, at=now)
        transition(case=case, to=APPROVED1, verb="batch.signed_by_maker", actor=actor, now=now)
    return batch


def _bank_file(
    paying: Payer, chosen: Sequence[_Line], *, batch_number: str, value_date: date, now: datetime
) -> bytes:
    """The file as it will go to the bank, in the layout that the bank reads."""
    header = bank_file.Header(
        batch_number=batch_number,
        business="UIB",
        payer_account=paying.account,
        payer_name=paying.name,
        payer_bank_code=paying.bank_code,
        value_date=value_date,
        created_at=now,
    )
    return paying.layout.build(header, [one.line for one in chosen])


def due_obligations(pool: str, today: date) -> list[_Owed]:
    """All obligations of a pool that may be paid by `today` and have no live payment, oldest first."""
    live = Payment.objects.filter(obligation=OuterRef("pk"), failed_at=None, returned_at=None)
    waiting = Contradiction.objects.filter(obligation=OuterRef("pk"), resolved_at=None)
    rows = (
        still_owed(Obligation.objects.filter(pool=pool, due_on__lte=today))
        .filter(~Exists(live))
        .annotate(
            attempts=Count("payments"),
            is_in_conflict=Exists(unresolved_receipts().filter(payment__obligation=OuterRef("pk")))
            | Exists(waiting.exclude(odd=Odd.RECHECK))
            | Exists(_left_all_the_same()),
            is_differing=Exists(waiting.filter(odd=Odd.RECHECK)),
            is_returned=Exists(
                ReturnedPayment.objects.filter(
                    obligation=OuterRef("pk"), case__status__in=[RETURNED, CORRECTING, PROPOSED]
                )
            ),
        )
        .order_by("due_on", "pk")
        .values_list(
            "pk",
            "determination_id",
            "party_id",
            "case__number",
            "program",
            "item",
            "month",
            "amount_fen",
            "attempts",
            "is_returned",
            "is_in_conflict",
            "is_differing",
        )
    )
    found = list(rows)
    payees = _payees_in_force({row[2] for row in found})
    return [_owed(row, payees.get(row[2], (None, False, None))) for row in found]


def _owed(row: _Found, payee: tuple[int | None, bool, datetime | None]) -> _Owed:
    """A row of `due_obligations` with the account it would be paid to."""
    payee_id, replaces, since = payee
    return _Owed(
        obligation_id=row[0],
        determination_id=row[1],
        party_id=row[2],
        case_number=row[3],
        program=row[4],
        item=row[5],
        month=row[6],
        amount_fen=Fen(row[7]),
        attempts=row[8],
        payee_id=payee_id,
        payee_replaces=replaces,
        payee_since=since,
        is_returned=row[9],
        is_in_conflict=row[10],
        is_differing=row[11],
    )


def _left_all_the_same() -> QuerySet[Payment]:
    """Payments whose money is on the statement as gone although the bank said that it was not paid, or was
    returned: who paid again now would pay twice. Money that came back by itself settles it.
    """
    lines = StatementLine.objects.filter(end_to_end_id=OuterRef("end_to_end_id"), transfer=None)
    return Payment.objects.filter(
        Exists(lines.filter(direction="D")),
        ~Exists(lines.filter(direction="C")),
        obligation=OuterRef("pk"),
    )


def _payees_in_force(party_ids: set[int]) -> dict[int, tuple[int | None, bool, datetime | None]]:
    rows = Payee.objects.filter(valid_to=None, party_id__in=party_ids)
    return {row[0]: row[1:] for row in rows.values_list("party_id", "pk", "replaces", "valid_from")}


def sort_out(owed: Iterable[_Owed], *, pool: str, today: date) -> tuple[list[_Owed], dict[str, list[int]]]:
    """Those that may be paid, and the ids of the others by reason, before accounts are opened."""
    left_out: dict[str, list[int]] = {reason: [] for reason in LEFT_OUT_LABELS}
    free_before = _free_before(pool, today)
    payable: list[_Owed] = []
    for one in owed:
        reason = _reason(one, free_before=free_before)
        if reason is None:
            payable.append(one)
        else:
            left_out[reason].append(one.obligation_id)
    return payable, left_out


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


def _reason(one: _Owed, *, free_before: datetime) -> str | None:
    if one.payee_since is None:
        return NO_PAYEE
    if one.is_in_conflict:
        return CONFLICT
    if one.is_differing:
        return RECHECK
    if one.is_returned:
        return RETURN_OPEN
    if one.payee_replaces and one.payee_since > free_before:
        return COOLING_OFF
    return None


def _choose(owed: Sequence[_Owed], *, pool: str, today: date) -> tuple[list[_Line], dict[str, list[int]]]:
    """The lines of the batch, and who is left out by reason."""
    payable, left_out = sort_out(owed, pool=pool, today=today)
    limit = min(integer("payout.batch_max", region=pool, on=today), bank_file.LINES_MAX)
    payable, later = payable[:limit], payable[limit:]
    left_out[NEXT_FILE] = [one.obligation_id for one in later]
    payees = Payee.objects.in_bulk([one.payee_id for one in payable])
    tails = _id_tails({one.party_id for one in payable})
    chosen: list[_Line] = []
    for one in payable:
        payee = payees[one.payee_id or 0]
        line = bank_file.Line(
            end_to_end_id=one.end_to_end_id,
            account=payee.account,
            name=payee.account_name,
            id_tail=tails.get(one.party_id, ""),
            bank_code=payee.bank_code,
            amount_fen=one.amount_fen,
            purpose=one.purpose,
            case_number=one.case_number,
            is_card=payee.is_card,
        )
        problems = bank_file.problems_of(line)
        if not problems:
            chosen.append(_Line(one, line))
        elif _ACCOUNT_PROBLEMS.intersection(problems):
            left_out[ACCOUNT_FAULTY].append(one.obligation_id)
        else:
            left_out[NAME_FAULTY].append(one.obligation_id)
    return chosen, left_out


def _id_tails(party_ids: set[int]) -> dict[int, str]:
    rows = Identifier.objects.filter(party_id__in=party_ids, valid_to=None).order_by("-pk")
    return {party_id: masked[-4:] for party_id, masked in rows.values_list("party_id", "masked")}


def _must_cover(pool: str, total_fen: Fen) -> Fen:
    """What the account at the bank must hold for this pool, in fen. Raises `Refused("fund.short")` below the
    total.

    Nothing is owed that the fund did not cover, so a shortage here means that the books are wrong.
    """
    balances = {row.account: row for row in Balance.objects.filter(region=pool)}
    payable = balances.get(str(Account.PAYABLE))
    if payable is None or payable.posted_fen - payable.pending_fen < total_fen:
        raise Refused("fund.short")
    return Fen(-balances[str(Account.OUTSIDE)].posted_fen)


def _checks(
    chosen: Sequence[_Line], left_out: dict[str, list[int]], rechecked: Rechecked, held_fen: Fen
) -> list[dict[str, str | int]]:
    """What was checked, with its numbers, for the page: frozen, so that it says what was true at sealing."""
    rare = sum(bank_file.is_rare(one.line.name) for one in chosen)
    first = _first_payments({one.owed.party_id for one in chosen})
    return [
        {"code": "COUNTS", "outcome": "PASS", "count": len(chosen), "total_fen": _total(chosen)},
        {"code": "ONCE", "outcome": "PASS"},
        {"code": "FILE", "outcome": "PASS", "rare": rare},
        {"code": "COOLING", "outcome": "PASS", "count": len(left_out[COOLING_OFF])},
        {
            "code": "RECHECK",
            "outcome": "PASS",
            "sampled": rechecked.sampled,
            "largest": rechecked.largest,
        },
        {"code": "COVER", "outcome": "PASS", "held_fen": held_fen},
        {"code": "FIRST", "outcome": "OPEN" if first else "PASS", "count": first},
    ]


def _first_payments(party_ids: set[int]) -> int:
    """How many of these parties have never been paid before: a checker looks at them."""
    paid = Payment.objects.filter(obligation__party_id__in=party_ids).filter(~Q(settled_at=None))
    return len(party_ids) - paid.values("obligation__party_id").distinct().count()


def _write_payments(batch: Batch, chosen: Sequence[_Line]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO payouts_payment (obligation_id, batch_id, payee_id, sequence, attempt, end_to_end_id,
                                         amount_fen, reason_code)
            SELECT owed, %s, payee, position, attempt, name, amount, ''
            FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::text[], %s::bigint[])
                WITH ORDINALITY AS given (owed, payee, attempt, name, amount, position)
            """,
            [
                batch.pk,
                [one.owed.obligation_id for one in chosen],
                [one.owed.payee_id for one in chosen],
                [one.owed.attempts + 1 for one in chosen],
                [one.owed.end_to_end_id for one in chosen],
                [one.owed.amount_fen for one in chosen],
            ],
        )


def _to_pay(one: _Owed) -> ToPay:
    return ToPay(one.obligation_id, one.determination_id, one.month, one.amount_fen)


def _total(chosen: Sequence[_Line]) -> Fen:
    return Fen(sum(one.line.amount_fen for one in chosen))
