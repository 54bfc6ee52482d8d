"""People who are owed money, made by the services: party, case, a determination of the law, an account."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

import urllib3
from django.test import Client

from accounts.models import Party
from accounts.selectors import machine
from accounts.services import ensure_person
from cases.models import Case, Determination
from cases.services import determine, open_case
from claims.kinds import CLAIM
from gateways.ports import BankReceipt, CardAnswer, Question, Source, Subject
from gateways.services import ask_many
from law import identifiers
from law.money import Fen
from law.programs import PROGRAMS
from payouts.models import Batch, Obligation, Payee, Payment
from payouts.services import Due, owe_many, seal_batch, set_payee, sign_batch, submit_batch
from policy.selectors import parameters_for
from sandbox.server import Running
from tests.payouts.conftest import CITY, MONTH, NOW, Staff

PROGRAM = "unemployment-benefit"
COUNTY = "130102"
AMOUNT = 198_000
_serial = count(1)

FACTS = {
    "applied_on": "2026-10-20",
    "birth_date": "1986-04-02",
    "sex": "M",
    "retirement_category": None,
    "contributed_months": 114,
    "deemed_months": 0,
    "had_previous_spell": False,
    "residual_months": 0,
    "separation_reason": "D03",
    "employed": "NO",
    "drawing_pension": "NO",
    "drawing_elsewhere": "NO",
    "imprisoned": "NO",
    "deceased": "NO",
    "operates_business": "NO",
    "agency_competent": "YES",
    "identity": "MATCH",
    "card_account": "ACTIVE",
    "paying_county": COUNTY,
}


@dataclass(frozen=True)
class Recipient:
    """Somebody whose claim was granted."""

    party: Party
    case: Case
    determination: Determination

    def due(self, month: str = MONTH, amount_fen: int = AMOUNT, item: str = PROGRAM) -> Due:
        """One month of benefit."""
        return Due(
            case_id=self.case.pk,
            determination_id=self.determination.pk,
            party_id=self.party.pk,
            program=PROGRAM,
            item=item,
            month=month,
            amount_fen=Fen(amount_fen),
            region=COUNTY,
        )


def id_number() -> str:
    """A synthetic number, serial 000 (odd digit of the sex is part of it), a new birth date each time."""
    serial = next(_serial)
    body = f"130102{1960 + serial % 40:04d}{1 + serial // 40 % 12:02d}{1 + serial // 480 % 28:02d}000"
    return body + identifiers.citizen_id_check_digit(body)


def card_number() -> str:
    """A synthetic card with its check digit."""
    body = f"6217{next(_serial):014d}"
    return body + identifiers.luhn_check_digit(body)


def recipient(*, name: str = "某甲", account: str | None = "", now: datetime = NOW) -> Recipient:
    """A granted claim; `account` "": a new card, None: none."""
    party = ensure_person(name=name, id_kind="CITIZEN_ID", id_number=id_number(), now=now)
    return granted(party, account=card_number() if account == "" else account, now=now)


def granted(party: Party, *, account: str | None, now: datetime = NOW) -> Recipient:
    """A claim of this party that the law grants."""
    case = open_case(kind=CLAIM, party=party, region=COUNTY, actor=machine(), now=now, verb="claim.submitted")
    program = PROGRAMS[PROGRAM]
    parameters = parameters_for(program=PROGRAM, region=COUNTY)
    facts = program.parse(FACTS)
    determination = determine(
        case=case,
        program=PROGRAM,
        facts=program.facts_to_json(facts),
        sources={},
        parameters=parameters,
        decision=program.decide(facts, parameters),
        actor=machine(),
        now=now,
    )
    if account is not None:
        pay_to(party, account, now=now)
    return Recipient(party, case, determination)


def pay_to(party: Party, account: str, *, now: datetime = NOW, bank_code: str = "102121000012") -> Payee:
    """The party's account from now on."""
    return set_payee(
        party=party,
        account=account,
        account_name=party.name,
        bank_code=bank_code,
        bank_name="合成银行",
        lookup=None,
        contact="19900000001",
        now=now,
    )


def known_to_bank(bank: Running, scenario: str = "CLEAN", nth: int = 0, *, now: datetime = NOW) -> Recipient:
    """A granted claim of somebody whom the sandbox knows, paid to the account the card register names."""
    world = bank.application.world
    people = (world.person(ordinal) for ordinal in range(1, world.size + 1))
    person = [one for one in people if one.scenario == scenario and one.pool == "free"][nth]
    party = ensure_person(name=person.name, id_kind="CITIZEN_ID", id_number=person.id_number, now=now)
    found = granted(party, account=None, now=now)
    question = Question(Source.CARD, Subject(person.name, "CITIZEN_ID", person.id_number))
    lookup = ask_many(questions=[question], party=party, now=now)[Source.CARD]
    card = lookup.reply_as(CardAnswer)
    assert card is not None
    set_payee(
        party=party,
        account=card.account_number,
        account_name=card.account_name,
        bank_code=card.bank_code,
        bank_name=card.bank_name,
        lookup=lookup,
        contact=person.mobile,
        now=now,
    )
    return found


def owed_by_bank(bank: Running, *scenarios: str) -> list[Recipient]:
    """People of these scenarios, each owed this month."""
    people = [
        known_to_bank(bank, scenario, scenarios[:index].count(scenario))
        for index, scenario in enumerate(scenarios)
    ]
    owe_many(rows=[one.due() for one in people], actor=machine(), now=NOW)
    return people


def tell(bank: Running, path: str, **fields: str) -> None:
    """Tell the sandbox to let something happen, as its own page does."""
    answer = urllib3.request("POST", f"{bank.url}{path}", json=fields)
    assert answer.status == 200, answer.data


def submissions(bank: Running, batch: Batch) -> int:
    """How often the bank was sent this file."""
    state = json.loads(urllib3.request("GET", f"{bank.url}/control/state").data)
    return sum(row["submissions"] for row in state["files"] if row["batch_number"] == batch.number)


def owed(count_: int = 1, *, name: str = "某甲") -> list[Recipient]:
    """So many people who are owed this month."""
    people = [recipient(name=name) for _ in range(count_)]
    owe_many(rows=[one.due() for one in people], actor=machine(), now=NOW)
    return people


def sealed(staff: Staff, *, now: datetime = NOW) -> Batch:
    """All that is due, sealed by the maker."""
    return seal_batch(region=CITY, actor=staff.maker, now=now)


def approved(staff: Staff, *, now: datetime = NOW) -> Batch:
    """Sealed and signed by two."""
    batch = sealed(staff, now=now)
    sign_batch(batch=batch, total_fen=Fen(batch.total_fen), actor=staff.checker, now=now)
    return reread(batch)


def sent(staff: Staff, *, now: datetime = NOW) -> Batch:
    """Taken by the bank."""
    return submit_batch(batch=approved(staff, now=now), now=now)


def reread(batch: Batch) -> Batch:
    """The batch as the database has it now."""
    return Batch.objects.select_related("case").get(pk=batch.pk)


def receipt(
    payment: Payment, status: str = "S", *, at: datetime = NOW, reason: str = "", serial: str = ""
) -> BankReceipt:
    """The bank's word on a payment."""
    return BankReceipt(
        end_to_end_id=payment.end_to_end_id,
        status=status,
        reason_code=reason,
        reason_text="",
        bank_serial=serial or f"{payment.end_to_end_id}{status}",
        booked_at=None if status == "P" else at,
    )


def payments_of(batch: Batch) -> list[Payment]:
    """In the order of the file."""
    return list(Payment.objects.filter(batch=batch).order_by("sequence"))


def obligation_of(person: Recipient, month: str = MONTH) -> Obligation:
    """What this person is owed for a month."""
    return Obligation.objects.get(case=person.case, month=month)


def signed_in(client: Client, user: object) -> Client:
    """A browser of an officer."""
    client.force_login(user)  # type: ignore[arg-type]  # any user model
    return client


def names(rows: Sequence[Payment]) -> list[str]:
    """End-to-end identifiers."""
    return [row.end_to_end_id for row in rows]
