"""The proof at the end of a year: plan and law against the bank's book, the bank's book against ours.

Four witnesses: what everybody had to get (`entitlement`), what reached their cards by the bank's own book,
our ledger, and trail and replay. Nothing is trusted that the services say of themselves. It mends nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum

import payouts.selectors
from cases import replaying, trail
from claims import kinds
from claims.models import Claim
from config.simulation.entitlement import CITY, CLOSED, GRANTED, REFUSED
from config.simulation.outside import BankRow
from config.simulation.stage import Filing, Stage
from law import months
from law.months import month_of
from payouts.kinds import RECONCILED, REJECTED
from payouts.models import Account, Balance, Batch, Move, Obligation, Receivable, Transfer, still_owed

NAMED = 10
STATUSES = {
    GRANTED: {kinds.APPROVED, kinds.PAYING, kinds.ENDED, kinds.INTERRUPTED, kinds.ANNULLED},
    REFUSED: {kinds.REJECTED},
    CLOSED: {kinds.CLOSED_NO_RESPONSE},
}
"""In which statuses a claim may stand at the end, by what it had to come to."""


@dataclass
class Verdict:
    """What was counted, and what does not hold."""

    counts: Counter[str] = field(default_factory=Counter)
    violations: dict[str, list[str]] = field(default_factory=dict)

    def note(self, what: str, who: str) -> None:
        """One violation of a kind."""
        self.violations.setdefault(what, []).append(who)

    def must(self, holds: bool, what: str, who: str) -> None:
        """Note what does not hold."""
        if not holds:
            self.note(what, who)

    def lines(self) -> Iterator[str]:
        """For people: the counts, then each kind of violation with the first few."""
        for name, count in self.counts.items():
            yield f"{name:<32} {count:>14,}"
        for what, found in sorted(self.violations.items()):
            yield f"VIOLATION {what}: {len(found)} ({'; '.join(found[:NAMED])})"


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What stayed on a card for one month: each payment with its time of booking."""

    fen: tuple[int, ...]
    booked_at: tuple[datetime, ...]


def prove(stage: Stage) -> Verdict:
    """Compare all four. The database and the sandbox are read as they stand."""
    found = Verdict()
    rows = list(stage.outside.book())
    arrived = _arrived(rows)
    _count(found, stage, rows)
    _claims(found, stage)
    overpaid, unpaid = _months(found, stage, arrived)
    _ledger(found, rows, overpaid=overpaid, unpaid=unpaid)
    _records(found)
    return found


def _arrived(rows: Iterable[BankRow]) -> dict[tuple[int, str], _Arrived]:
    """By person and month, what the bank booked and did not take back."""
    fen: dict[tuple[int, str], list[int]] = defaultdict(list)
    booked: dict[tuple[int, str], list[datetime]] = defaultdict(list)
    for row in rows:
        if row.arrived and not row.came_back:
            fen[row.person, row.month].append(row.fen)
            booked[row.person, row.month].append(datetime.fromisoformat(row.booked_at))
    return {key: _Arrived(tuple(fen[key]), tuple(booked[key])) for key in fen}


def _count(found: Verdict, stage: Stage, rows: Sequence[BankRow]) -> None:
    outcomes = Counter(filing.due.outcome for filing in stage.filings.values())
    grounds = Counter(
        filing.due.stop.ground for filing in stage.filings.values() if filing.due.stop is not None
    )
    found.counts["people"] = len(stage.plan.courses)
    found.counts["claims"] = len(stage.filings)
    for outcome, count in sorted(outcomes.items()):
        found.counts[f"  {outcome.lower()}"] = count
    for ground, count in sorted(grounds.items()):
        found.counts[f"  stopped: {ground.lower()}"] = count
    found.counts["  known when the spell was over"] = sum(
        filing.due.outcome == GRANTED and filing.loss.stop is not None and filing.due.stop is None
        for filing in stage.filings.values()
    )
    found.counts["bank rows"] = len(rows)
    found.counts["  refused by the bank"] = sum(not row.arrived for row in rows)
    found.counts["  came back"] = sum(row.came_back for row in rows)
    found.counts["files sent again"] = stage.outside.sent_again()


# --- claims -----------------------------------------------------------------------------------------------


def _claims(found: Verdict, stage: Stage) -> None:
    """Every application was decided, and as the law decides on the truth."""
    standing = {
        number: (case, status, months, first)
        for number, case, status, months, first in Claim.objects.values_list(
            "submission_id", "case__number", "case__status", "spell__months", "spell__first_month"
        )
    }
    for number, filing in stage.filings.items():
        if number not in standing:
            found.note("an application is lost", _name(filing))
            continue
        case, status, granted, first = standing[number]
        due = filing.due
        found.must(status in STATUSES[due.outcome], f"a claim that had to be {due.outcome} is {status}", case)
        if due.outcome == GRANTED and due.decision is not None:
            same = (granted, first) == (due.decision.months, due.decision.first_month)
            found.must(same, "a grant has other months than the law gives", case)
    found.must(len(standing) == len(stage.filings), "claims that nobody filed", str(len(standing)))


def _name(filing: Filing) -> str:
    return f"person {filing.course.person.ordinal}, claim {filing.nth + 1}"


# --- months -----------------------------------------------------------------------------------------------


def _months(found: Verdict, stage: Stage, arrived: Mapping[tuple[int, str], _Arrived]) -> tuple[int, int]:
    """Every entitled month on the card once, of the right sum; nothing else but what was not known of.

    Returns the fen that came to cards beyond what was due, and those that were due and did not come.
    """
    due: dict[tuple[int, str], tuple[int, Filing]] = {}
    by_person: dict[int, list[Filing]] = defaultdict(list)
    for filing in stage.filings.values():
        by_person[filing.course.person.ordinal].append(filing)
        for month, fen in filing.due.fen_of.items():
            key = filing.course.person.ordinal, month
            found.must(key not in due, "the plan owes a month twice", f"{_name(filing)}, {month}")
            due[key] = fen, filing
    overpaid = 0
    for key, got in sorted(arrived.items()):
        who = f"person {key[0]}, {key[1]}"
        found.must(len(got.fen) == 1, "a month was paid twice", who)
        if key in due:
            found.must(sum(got.fen) == due[key][0] * len(got.fen), "a month was paid with another sum", who)
        else:
            overpaid += sum(got.fen)
            _beyond(found, by_person[key[0]], key[1], got, who)
    missing = [(key, filing) for key, (_fen, filing) in due.items() if key not in arrived]
    unpaid = _missing(found, missing)
    found.counts["entitled months"] = len(due)
    found.counts["  on the card"] = sum(key in due for key in arrived)
    found.counts["  wait for a card"] = len(missing)
    found.counts["months paid and not due"] = sum(key not in due for key in arrived)
    return overpaid, unpaid


def _beyond(found: Verdict, filings: Sequence[Filing], month: str, got: _Arrived, who: str) -> None:
    """Money for a month that was not due: only where the office could not have known when it paid."""
    stops = [filing.due.stop for filing in filings if filing.due.stop is not None and filing.due.granted]
    unknown = [stop for stop in stops if all(paid < stop.told_at for paid in got.booked_at)]
    if not stops:
        found.note("money for a month nobody was entitled to", who)
    elif not unknown:
        found.note("money after the stop month, although the stop was known", who)
    elif not Receivable.objects.filter(
        obligation__month=month,
        obligation__case__claim__submission_id__in=[filing.number for filing in filings],
    ).exists():
        found.note("money for a month that was not due is not recorded as to recover", who)


def _missing(found: Verdict, missing: Sequence[tuple[tuple[int, str], Filing]]) -> int:
    """Entitled months that never arrived: only of people who never put their card right. Their fen."""
    for (person, month), filing in missing:
        who = f"person {person}, {month}"
        # Money for somebody who has died is for the heirs to ask for: the bank refuses it.
        stop = filing.due.stop
        has_died = stop is not None and stop.ground == "DIED" and month >= months.shift(month_of(stop.on), -1)
        never = filing.course.repairs_after is None and filing.course.card_closed_from is not None
        if not (has_died or never):
            found.note("an entitled month never arrived", who)
    return sum(filing.due.fen_of[month] for (_person, month), filing in missing)


# --- ledger -----------------------------------------------------------------------------------------------


def _ledger(found: Verdict, rows: Sequence[BankRow], *, overpaid: int, unpaid: int) -> None:
    """Fund, payable, transit, suspense and what is to be recovered against the bank's own sums."""
    left = sum(row.fen for row in rows if row.arrived and not row.came_back)
    funded = _sum(Transfer.objects.filter(region=CITY, kind=Move.FUNDING))
    posted = dict(Balance.objects.filter(region=CITY).values_list("account", "posted_fen"))
    balance = {account: posted.get(str(account), 0) for account in Account}
    receivable = _sum(Receivable.objects.all())
    owed = _sum(still_owed(Obligation.objects.all()))
    for name, fen in (
        ("funded fen", funded),
        ("paid fen, by the bank", left),
        ("fund fen", balance[Account.FUND]),
        ("payable fen", balance[Account.PAYABLE]),
        ("transit fen", balance[Account.TRANSIT]),
        ("suspense fen", balance[Account.SUSPENSE]),
        ("to recover fen", receivable),
    ):
        found.counts[name] = fen
    waits = balance[Account.PAYABLE] + balance[Account.SUSPENSE]
    for holds, what in (
        (balance[Account.TRANSIT] == 0, "money is still on its way"),
        (waits == unpaid, "payable and suspense are not what waits for cards"),
        (
            balance[Account.FUND] + waits + left == funded,
            "fund, what waits and payments are not what was funded",
        ),
        (
            -balance[Account.OUTSIDE] == funded - left,
            "the bank does not hold what the ledger says",
        ),
        (receivable == overpaid, "what is to be recovered is not what was overpaid"),
        (owed == unpaid + left - overpaid, "what is owed in all is not what was paid and what waits"),
    ):
        found.must(holds, what, "ledger")
    proof = payouts.selectors.prove()
    for finding in proof.findings:
        found.note(f"verify_ledger: {finding.check}", f"{finding.count}: {', '.join(finding.examples)}")
    open_batches = Batch.objects.exclude(case__status__in=[RECONCILED, REJECTED])
    for number, status in open_batches.values_list("case__number", "case__status"):
        found.note("a batch is not reconciled", f"{number} {status}")
    found.counts["batches"] = Batch.objects.count()


def _sum(rows: QuerySet[Any]) -> int:
    total = rows.aggregate(total=Sum("amount_fen"))["total"]
    return int(total or 0)


def _records(found: Verdict) -> None:
    """Trail, seals and replay."""
    verified = trail.verify()
    found.counts["events"] = verified.events
    found.counts["seals"] = verified.seals
    found.must(verified.broken is None, "verify_trail", str(verified.broken))
    replayed = replaying.replay()
    found.counts["determinations replayed"] = replayed.equal + replayed.different
    for difference in replayed.differences:
        found.note("replay", str(difference))
