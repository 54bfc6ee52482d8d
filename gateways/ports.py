"""What may be asked outside and what comes back: the words that the rest of the product uses for it.

Plain dataclasses. This module must never import Django, open a connection or decide what an answer means:
an answer is evidence, and the facts that follow from it are the business of the app that asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Source(StrEnum):
    """A register that answers one question about one person."""

    IDENTITY = "IDENTITY"
    INSURANCE = "INSURANCE"
    INSURANCE_PROVINCE = "INSURANCE_PROVINCE"
    INSURANCE_NATIONAL = "INSURANCE_NATIONAL"
    SEPARATION = "SEPARATION"
    PENSION = "PENSION"
    JUSTICE = "JUSTICE"
    MARKET = "MARKET"
    CARD = "CARD"


class Channel(StrEnum):
    """An outside service that acts for us, as against a register that answers."""

    BANK = "BANK"
    SMS = "SMS"
    COMPARISON = "COMPARISON"


class Problem(StrEnum):
    """Why there is no answer. Each of them means *unknown*, never *no*."""

    TIMEOUT = "TIMEOUT"
    REFUSED = "REFUSED"
    DOWN = "DOWN"
    BAD_ANSWER = "BAD_ANSWER"


class Unavailable(Exception):
    """The outside did not answer as agreed. Carries names and a count only, so it may be logged and shown."""

    def __init__(self, service: str, problem: Problem, attempts: int = 0) -> None:
        super().__init__(service, problem, attempts)
        self.service = service
        self.problem = problem
        self.attempts = attempts

    def __str__(self) -> str:
        return f"{self.service}: {self.problem} after {self.attempts} attempt(s)"


@dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """The person a question is about. Has no repr: its fields must not reach a log by accident."""

    name: str
    id_kind: str
    id_number: str


@dataclass(frozen=True, slots=True)
class Question:
    """One source asked about one person."""

    source: Source
    subject: Subject


@dataclass(frozen=True, slots=True, repr=False)
class IdentityAnswer:
    """Population register. Where `found` is False the other fields are empty or None.

    `sex` is "M" or "F"; `deceased` None: the register does not say; `hukou_region` a six-digit code or "".
    """

    found: bool
    name: str
    sex: str
    birth_date: date | None
    deceased: bool | None
    hukou_region: str


@dataclass(frozen=True, slots=True, repr=False)
class InsuranceAnswer:
    """The city's insurance core system. Months are whole months no earlier award has consumed.

    `contributed_months` None: they cannot be counted (a record being corrected, nobody found).
    `first_month` and `last_month` are "YYYY-MM" or ""; `active` is an employee-type insurance in force on
    the day asked for; `competent` None: not known.
    """

    contributed_months: int | None
    deemed_months: int
    first_month: str
    last_month: str
    unit_name: str
    unit_code: str
    county: str
    active: bool
    had_previous_spell: bool
    residual_months: int
    competent: bool | None
    found: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class ElsewhereAnswer:
    """Insurance outside the city, from the province or from the country.

    `start_month` is "YYYY-MM" or ""; `drawing` tells of a benefit drawn elsewhere, None: this source does
    not say.
    """

    active: bool
    region_name: str
    start_month: str
    drawing: bool | None
    found: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class SeparationAnswer:
    """The employer's report that work has ended. Where `reported` is False the rest is empty or None."""

    reported: bool
    reason_code: str
    separated_on: date | None
    reported_at: datetime | None
    unit_name: str
    found: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class PensionAnswer:
    """The pension file. `category` is "WORKER", "CADRE" or None where the file does not tell."""

    drawing: bool
    category: str | None
    found: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class JusticeAnswer:
    """The justice register."""

    imprisoned: bool
    found: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class MarketAnswer:
    """The market register: does the person run a business, and the names of those it knows."""

    operates: bool
    names: tuple[str, ...]
    found: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class CardAnswer:
    """The bank account of the social-security card.

    `status` is "ACTIVE", "INACTIVE", "CLOSED", "NAME_DIFFERS", or "UNKNOWN" where no card is found. An
    ACTIVE card always has a well-formed account and bank code; else the other fields are "" where the bank
    does not give them.
    """

    status: str
    bank_name: str
    bank_code: str
    account_number: str
    account_name: str
    found: bool = True


Answer = (
    IdentityAnswer
    | InsuranceAnswer
    | ElsewhereAnswer
    | SeparationAnswer
    | PensionAnswer
    | JusticeAnswer
    | MarketAnswer
    | CardAnswer
)


@dataclass(frozen=True, slots=True)
class SmsReply:
    """What the SMS provider says: taken with its own id, or never deliverable (no such number)."""

    accepted: bool
    provider_id: str


@dataclass(frozen=True, slots=True)
class BankReply:
    """What the bank says to a payment file: taken or not, its code for it, its own reference.

    `count` (rows) and `total_fen` are the bank's own words on what it holds under this number. They come
    with the status alone, None else, and tell whether a file found there is ours.
    """

    accepted: bool
    code: str
    reference: str
    count: int | None = field(default=None, compare=False)
    total_fen: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class BankReceipt:
    """The bank's word on one payment: "S" paid, "F" failed, "P" still pending.

    S and F carry a serial and a booking time; P has "" and None. An F after an S of the same
    `end_to_end_id` is money that came back. `amount_fen` is what the bank booked.
    """

    end_to_end_id: str
    status: str
    reason_code: str
    reason_text: str
    bank_serial: str
    booked_at: datetime | None
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line of the account's statement: "D" money left, "C" money came; `amount_fen` > 0.

    `end_to_end_id` and `batch_number` are "" for money that is not a payment of ours (funding).
    """

    bank_serial: str
    booked_at: datetime
    direction: str
    amount_fen: int
    end_to_end_id: str
    reason_code: str
    batch_number: str


@dataclass(frozen=True, slots=True)
class BankStatement:
    """One day of the payment account, in fen: opening + credits − debits = closing (checked when read)."""

    opening_fen: int
    closing_fen: int
    lines: tuple[StatementRow, ...]


@dataclass(frozen=True, slots=True, repr=False)
class ComparedPerson:
    """One person in a request to compare. `seq` is its place, `checks` the codes of what is asked."""

    seq: int
    id_kind: str
    id_number: str
    name: str
    spell_start: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComparisonReply:
    """What the comparison says to a request file: taken or not, its code, its own reference."""

    accepted: bool
    code: str
    reference: str


class ComparisonWait(StrEnum):
    """Why there is no answer file: it is being made, or the other side does not have the request."""

    WORKING = "WORKING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, repr=False)
class ComparisonLine:
    """The answer to one or more checks of one person. `said` is "Y" (one check), "N" or "U" (not answered).

    Months are "YYYY-MM" or ""; `data_date` None with U; `same_name` None: it does not say.
    """

    seq: int
    checks: tuple[str, ...]
    said: str
    province: str
    unit: str
    start_month: str
    end_month: str
    data_date: date | None
    same_name: bool | None


@dataclass(frozen=True, slots=True, repr=False)
class ComparisonAnswer:
    """A whole answer file as of a moment, and its bytes as they came."""

    as_of: datetime
    lines: tuple[ComparisonLine, ...]
    content: bytes
