"""What was paid beyond the last payable month, what it costs if it was got by deceit, and how it is paid
back.

Social Insurance Law art. 51 and 88, Handling Regulation art. 46 and 55. The two tracks belong to two
offices: the agency orders a refund, only the bureau fines. This module says which sums are at stake; it
decides nothing, and it never offsets a fine against a refund. The last payable month of each ground is
domain rule 1.9.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from law import months, reading
from law.decision import Json
from law.errors import FaultyField
from law.money import Fen
from law.parameters import Parameters

Event = Literal["REEMPLOYED", "PENSION", "DEATH", "IMPRISONED", "EMIGRATED", "CONSCRIPTED", "NEVER_ENTITLED"]

EVENTS: dict[str, Event] = {
    "REEMPLOYED": "REEMPLOYED",
    "PENSION": "PENSION",
    "DEATH": "DEATH",
    "IMPRISONED": "IMPRISONED",
    "EMIGRATED": "EMIGRATED",
    "CONSCRIPTED": "CONSCRIPTED",
    "NEVER_ENTITLED": "NEVER_ENTITLED",
}
KEYS = ("benefit.stop_month_rule", "fraud.fine_max", "fraud.fine_min")
FIELDS = frozenset({"event", "event_on", "deceit", "paid"})
PAID_FIELDS = frozenset({"month", "fen"})
INSTALMENT_FIELDS = frozenset({"total_fen", "parts"})
MOST_PARTS = 1_000_000
"""More parts than any agreement could have; a limit so that a slip of the hand does not fill the memory."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`event_on`: the day of the event; for PENSION the first day for which pension is paid.

    `paid`: number of the month (`law.months`) -> fen.
    """

    event: Event
    event_on: date
    deceit: bool
    paid: dict[int, Fen]


@dataclass(frozen=True, slots=True)
class Answer:
    """`track` is OVERPAYMENT or FRAUD, None if nothing is overpaid; the fines are 0 unless FRAUD."""

    last_payable_month: str | None
    overpaid_months: tuple[str, ...]
    overpaid_fen: Fen
    track: str | None
    fine_min_fen: Fen
    fine_max_fen: Fen

    def to_public(self) -> dict[str, Json]:
        return {
            "last_payable_month": self.last_payable_month,
            "overpaid_months": list(self.overpaid_months),
            "overpaid_fen": self.overpaid_fen,
            "track": self.track,
            "fine_min_fen": self.fine_min_fen,
            "fine_max_fen": self.fine_max_fen,
        }


@dataclass(frozen=True, slots=True)
class InstalmentFacts:
    """A sum and the number of its parts."""

    total_fen: Fen
    parts: int


@dataclass(frozen=True, slots=True)
class InstalmentAnswer:
    """The parts in the order they fall due."""

    parts_fen: tuple[Fen, ...]

    def to_public(self) -> dict[str, Json]:
        return {"parts_fen": list(self.parts_fen)}


def parse(row: reading.Row) -> Facts:
    """Raises FaultyField; what is wrong inside the list names `paid`."""
    reading.exact_fields(row, FIELDS)
    event = reading.choice(row, "event", EVENTS)
    event_on = reading.day(row, "event_on")
    deceit = reading.yes_or_no(row, "deceit")
    listed = row["paid"]
    if not isinstance(listed, list):
        raise FaultyField("paid", "应当是列表")
    paid: dict[int, Fen] = {}
    for entry in listed:
        if not isinstance(entry, dict):
            raise FaultyField("paid", "每一项应当是含 month、fen 的对象")
        reading.exact_fields(entry, PAID_FIELDS, inside="paid")
        try:
            number, fen = reading.month(entry, "month"), reading.whole(entry, "fen")
        except FaultyField as fault:
            raise FaultyField("paid", f"{fault.field}：{fault.message}") from None
        if number in paid:
            raise FaultyField("paid", "同一个月出现了两次")
        paid[number] = Fen(fen)
    return Facts(event, event_on, deceit, paid)


def last_payable_month(event: Event, event_on: date, parameters: Parameters) -> int | None:
    """The number of the last month that may be paid; None if none ever was due.

    Re-employed on 2025-06-10: June is still paid (`benefit.stop_month_rule`). Pension paid from 2025-06-01:
    May.
    """
    happened = months.number_of(event_on)
    match event:
        case "NEVER_ENTITLED":
            return None
        case "PENSION":
            return happened - 1
        case "REEMPLOYED":
            same = parameters.text("benefit.stop_month_rule", on=event_on) == "SAME_MONTH"
            return happened - 1 if same else happened
        case "DEATH" | "IMPRISONED" | "EMIGRATED" | "CONSCRIPTED":
            return happened


def assess(facts: Facts, parameters: Parameters) -> Answer:
    """Overpaid months and sums.

    Five wrong months at 1,980.00, got by deceit: 9,900.00, and a fine of 19,800.00 to 49,500.00.
    Raises MissingParameter for a fraud before the fine's first date.
    """
    last = last_payable_month(facts.event, facts.event_on, parameters)
    if last is not None and last < months.number_of(date.min):
        raise FaultyField("event_on", "早于日历")
    wrong = sorted(number for number in facts.paid if last is None or number > last)
    overpaid = Fen(sum(facts.paid[number] for number in wrong))
    fraud = bool(overpaid) and facts.deceit
    least = parameters.integer("fraud.fine_min", on=facts.event_on) if fraud else 0
    most = parameters.integer("fraud.fine_max", on=facts.event_on) if fraud else 0
    return Answer(
        last_payable_month=None if last is None else months.text_of(last),
        overpaid_months=tuple(months.text_of(number) for number in wrong),
        overpaid_fen=overpaid,
        track=("FRAUD" if fraud else "OVERPAYMENT") if overpaid else None,
        fine_min_fen=Fen(overpaid * least),
        fine_max_fen=Fen(overpaid * most),
    )


def parse_instalments(row: reading.Row) -> InstalmentFacts:
    """Raises FaultyField."""
    reading.exact_fields(row, INSTALMENT_FIELDS)
    total = reading.whole(row, "total_fen", least=1)
    return InstalmentFacts(Fen(total), reading.whole(row, "parts", least=1, most=min(total, MOST_PARTS)))


def split(total: Fen, parts: int) -> tuple[Fen, ...]:
    """`parts` equal parts, rounded down, and the rest in the last one. 10 fen in 3: 3, 3, 4.

    Raises ValueError unless 1 <= parts <= total: no part may be 0.
    """
    if not 1 <= parts <= total:
        raise ValueError("there are 1 to `total` parts")
    each = total // parts
    return (Fen(each),) * (parts - 1) + (Fen(total - each * (parts - 1)),)
