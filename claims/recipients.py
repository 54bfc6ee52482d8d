"""Takes over who draws benefit in the core system: the months left of an award go on here, none twice.

The award was made there, so nobody is asked and no rule of entitlement is run: the facts of its determination
are what the sheet says, their source is the file and its line, and the law only says what is left of it
(`law.continued_benefit`). The spell made here holds the months left and no other. Nothing is written before a
second officer has signed the file (`claims.intakes.LINES`).
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from itertools import islice

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import policy.selectors
from accounts.batch import NewPerson, add_people, parties_by_number
from accounts.models import Party
from accounts.selectors import identifier_digest, machine
from cases import cells
from cases.batch import Act
from cases.dated import Arrival, determine_many, move_dated, open_dated
from cases.determining import determination_of, keep_parameters
from cases.intake import Settled
from cases.intake_models import Intake
from cases.models import Case, Determination
from cases.sheets import Column, Fault, Layout, Part
from claims import kinds
from claims.facts import FactValue, sex_and_birth
from claims.models import Claim, JobWish, Registration, Spell
from claims.selectors import known_counties
from claims.services.steps import due_dates
from law import continued_benefit, identifiers
from law.decision import Verdict
from law.errors import FaultyField, MissingParameter, Refused
from law.months import month_of
from law.parameters import ParameterBook, Parameters
from law.programs import PROGRAMS
from law.unemployment_benefit import UnemploymentDecision
from law.workdays import LEGAL_ZONE, legal_day
from payouts.models import Payee
from payouts.services import NewPayee, set_first_payees

PROGRAM = continued_benefit.PROGRAM
EARLIEST = date(1999, 1, 1)
"""The regulation is of that year: an earlier day is a slip of the keyboard."""
LATEST_MONTH = "2099-12"
MOST = 200_000
CHUNK = 1_000
NAMESPACE = uuid.UUID("0b7b8a3c-52c0-4c55-8d52-6c7f3f0f6a11")
NOTICE = "imported"
"""No notice was read here: what the person was told and declared, the core system has."""

REASONS: Mapping[str, str | Promise] = {
    "recipient.twice": _("这个人在文件里前面已有一行；只导第一行"),
    "recipient.open": _("这个人在本系统已有在办或在领的申请，不再转入"),
    "recipient.differs": _("以前转入过这份核定，内容和这一行不同；没有改动，请先核实"),
    "recipient.name": _("姓名和本系统登记的不同，请先核实"),
    "recipient.county": _("没有这个区县，或没有它的标准档次"),
    "recipient.months": _("核定月数、起止月份和已发月份互相矛盾"),
    "recipient.long": _("核定月数超过了法定最长月数"),
    "recipient.used_up": _("已经全部发完，没有剩余的月数"),
    "recipient.standard": _("没有这些月份的发放标准"),
}
# Which column a fault of the law's is a fault of, and how it is said.
_FAULTS: Mapping[str, tuple[str, str]] = {
    "paying_county": ("county", "recipient.county"),
    "birth_date": ("person", "number.date"),
    "retirement_category": ("category", "choice.unknown"),
}
_FAILS: Mapping[str, tuple[str, str]] = {
    "T01": ("granted_months", "recipient.long"),
    "T02": ("paid_through", "recipient.used_up"),
}
CATEGORIES: Mapping[str, str] = {"工人": "WORKER", "干部": "CADRE"}


def layout(today: date) -> Layout:
    """The columns of a list of recipients."""
    any_month = cells.month(until=LATEST_MONTH, since=month_of(EARLIEST))
    paid = cells.month(until=month_of(today), since=month_of(EARLIEST))
    return Layout(
        [
            Column(
                "person",
                ("证件号码", "身份证号", "公民身份号码", "id_number"),
                cells.citizen_id,
                is_personal=True,
            ),
            Column("name", ("姓名",), cells.words),
            Column(
                "mobile", ("手机号码", "手机号"), cells.mobile, default="", required=False, is_personal=True
            ),
            Column("county", ("区县代码", "经办区县"), cells.region),
            Column("applied_on", ("申请日期",), cells.day(until=today, since=EARLIEST)),
            Column("granted_months", ("核定月数",), cells.whole(least=1, most=continued_benefit.MOST_MONTHS)),
            Column("first_month", ("开始月份", "起始月份"), any_month),
            Column("last_month", ("截止月份", "终止月份"), any_month),
            Column("paid_through", ("已发至", "已发月份"), paid, default=""),
            Column("category", ("人员类别",), cells.choice(CATEGORIES), default="", required=False),
            Column("bank_code", ("开户行号", "联行号"), cells.bank_code),
            Column("bank_name", ("开户银行", "开户行"), cells.words),
            Column("account", ("银行账号", "社保卡银行账号"), cells.bank_card, is_personal=True),
        ]
    )


@dataclass(frozen=True, slots=True, repr=False)
class Award:
    """One row in order: who, where to pay, and what is left of which award."""

    line: int
    number: str
    name: str
    mobile: str
    county: str
    applied_on: date
    bank_code: str
    bank_name: str
    account: str
    facts: Mapping[str, FactValue]
    decision: UnemploymentDecision
    parameters: Parameters

    @property
    def submission_id(self) -> uuid.UUID:
        """The same award of the same person is one claim for ever."""
        digest = identifier_digest(kind=identifiers.CITIZEN_ID, number=self.number)
        return uuid.uuid5(NAMESPACE, f"{digest}/{self.facts['first_month']}/{self.facts['last_month']}")


class RecipientTaker:
    """One reading of a list of recipients. Some tens of thousands at most, so rows are held in memory."""

    def __init__(self, today: date) -> None:
        self.layout = layout(today)
        self._law = policy.selectors.book()
        self._awards: list[Award] = []
        self._seen: set[str] = set()
        self._numbers = cache(
            lambda county: policy.selectors.parameters_for(program=PROGRAM, region=county, law=self._law)
        )
        self._counties = cache(lambda on, region: known_counties(self._law, on=on, region=region))

    def take(self, part: Part) -> Sequence[Fault]:
        """Keep the rows of which something is left by the law."""
        faults = []
        names = list(part.columns)
        for line, cells_of in zip(part.lines, zip(*part.columns.values(), strict=True), strict=True):
            row = dict(zip(names, cells_of, strict=True))
            found = self._judge(line, row)
            if isinstance(found, Award):
                self._awards.append(found)
            else:
                faults.append(found)
        if len(self._awards) > MOST:
            raise Refused("sheet.too_many", most=MOST)
        return faults

    def _judge(self, line: int, row: Mapping[str, str]) -> Award | Fault:
        number, county = row["person"], row["county"]
        if number in self._seen:
            return Fault(line, "person", "recipient.twice", cells.masked(number, is_personal=True))
        applied_on = date.fromisoformat(row["applied_on"])
        if not self._is_known(county, applied_on):
            return Fault(line, "county", "recipient.county", county)
        try:
            parameters, facts = self._numbers(county), facts_of(row)
            program = PROGRAMS[PROGRAM]
            decision = program.decide(program.parse(facts), parameters)
        except FaultyField as fault:
            column, reason = _FAULTS.get(fault.field, (fault.field, "recipient.months"))
            value = "" if column == "person" else row.get(column, "")
            return Fault(line, column, reason, value)
        except MissingParameter:
            return Fault(line, "first_month", "recipient.standard", row["first_month"])
        assert isinstance(decision, UnemploymentDecision)
        if decision.verdict is not Verdict.GRANT:
            column, reason = _FAILS[decision.refusal_codes[0]]
            return Fault(line, column, reason, row[column])
        self._seen.add(number)
        return Award(
            line=line,
            number=number,
            name=row["name"],
            mobile=row["mobile"],
            county=county,
            applied_on=applied_on,
            bank_code=row["bank_code"],
            bank_name=row["bank_name"],
            account=row["account"],
            facts=facts,
            decision=decision,
            parameters=parameters,
        )

    def _is_known(self, county: str, on: date) -> bool:
        try:
            return county in self._counties(on, county)
        except MissingParameter:
            return False

    def settle(self, intake: Intake, *, is_final: bool, now: datetime) -> Settled:
        """Make a claim and a spell of each award that is new here."""
        settled = Settled()
        for chunk in _chunks(self._awards):
            new = _new(chunk, settled)
            settled.added += len(new)
            settled.total_fen += sum(award.decision.total_fen or 0 for award, _party in new)
            if is_final and new:
                _write(new, intake, self._law, now=now)
        return settled


def facts_of(row: Mapping[str, str]) -> dict[str, FactValue]:
    """The facts of the law, from the cells of a row."""
    sex, birth = sex_and_birth(row["person"])
    return {
        "applied_on": row["applied_on"],
        "birth_date": birth.isoformat(),
        "sex": sex,
        "retirement_category": (row["category"] or None) if sex == "F" else None,
        "granted_months": int(row["granted_months"]),
        "first_month": row["first_month"],
        "last_month": row["last_month"],
        "paid_through": row["paid_through"] or None,
        "paying_county": row["county"],
    }


Known = tuple[Award, Party | None]


def _new(awards: Sequence[Award], settled: Settled) -> list[Known]:
    """Those that are not here yet, each with its party where one is; the others are counted or listed."""
    parties = parties_by_number(id_kind=identifiers.CITIZEN_ID, numbers=[award.number for award in awards])
    keys = [party.pk for party in parties.values()]
    busy = set(Claim.objects.open().filter(party__in=keys).values_list("party_id", flat=True))
    taken = dict(
        Claim.objects.filter(submission_id__in=[award.submission_id for award in awards]).values_list(
            "submission_id", "case__determination__facts"
        )
    )
    new: list[Known] = []
    for award in awards:
        party = parties.get(award.number)
        shown = cells.masked(award.number, is_personal=True)
        if award.submission_id in taken:
            if taken[award.submission_id] == award.facts:
                settled.unchanged += 1
            else:
                settled.faults.append(Fault(award.line, "person", "recipient.differs", shown))
        elif party is not None and party.pk in busy:
            settled.faults.append(Fault(award.line, "person", "recipient.open", shown))
        elif party is not None and party.name != award.name:
            settled.faults.append(Fault(award.line, "name", "recipient.name", award.name))
        else:
            new.append((award, party))
    return new


def _write(rows: Sequence[Known], intake: Intake, law: ParameterBook, *, now: datetime) -> None:
    """Parties, cases, registrations, claims, determinations, spells and accounts of new awards."""
    strangers = [
        NewPerson(award.name, identifiers.CITIZEN_ID, award.number, now)
        for award, party in rows
        if party is None
    ]
    made = iter(add_people(people=strangers))
    placed = [(award, party if party is not None else next(made).party) for award, party in rows]
    opened = _cases(placed, law, now=now)
    claims = _claims(placed, opened, now=now)
    awards = [award for award, _party in placed]
    determinations = _determinations(awards, claims, intake, now=now)
    determine_many(kind=kinds.CLAIM, cases=opened, rows=determinations, actor=machine())
    acts: list[Act] = [
        (claim.pk, now, {"determination": row.pk, "intake": intake.pk, "line": award.line})
        for claim, row, award in zip(claims, determinations, awards, strict=True)
    ]
    move_dated(
        kind=kinds.CLAIM,
        acts=acts,
        from_status=kinds.SUBMITTED,
        to=kinds.APPROVED,
        verb="claim.continued",
        actor=machine(),
    )
    Spell.objects.bulk_create(
        [
            _spell(claim, row, award.decision, now=now)
            for claim, row, award in zip(claims, determinations, awards, strict=True)
        ]
    )
    _accounts(placed, now=now)


def _cases(placed: Sequence[tuple[Award, Party]], law: ParameterBook, *, now: datetime) -> list[Case]:
    due_on = cache(lambda region: due_dates(law, region=region, received_on=legal_day(now)))
    return open_dated(
        kind=kinds.CLAIM,
        arrivals=[
            Arrival(
                party_id=party.pk,
                region=award.county,
                at=now,
                promise_due=due_on(award.county).promise,
                promise_days=due_on(award.county).promise_days,
                statutory_due=due_on(award.county).statutory,
                statutory_days=due_on(award.county).statutory_days,
                due_provisional=due_on(award.county).provisional,
            )
            for award, party in placed
        ],
        verb="claim.taken_over",
        actor=machine(),
    )


def _claims(placed: Sequence[tuple[Award, Party]], opened: Sequence[Case], *, now: datetime) -> list[Claim]:
    registrations = _registrations(placed)
    return Claim.objects.bulk_create(
        [
            Claim(
                case=case,
                party=party,
                registration=registrations[party.pk],
                submission_id=award.submission_id,
                applied_on=award.applied_on,
                county=award.county,
                notice_version=NOTICE,
                truth_committed_at=datetime.combine(award.applied_on, time(), LEGAL_ZONE),
                questions_open_at=now,
            )
            for (award, party), case in zip(placed, opened, strict=True)
        ]
    )


def _registrations(placed: Sequence[tuple[Award, Party]]) -> dict[int, Registration]:
    """The registration in force of each, made as of the day of the application where there is none."""
    found = {
        row.party_id: row
        for row in Registration.objects.filter(party__in=[party for _award, party in placed], ended_on=None)
    }
    made = Registration.objects.bulk_create(
        [
            Registration(
                party=party,
                registered_on=award.applied_on,
                mobile=award.mobile,
                residence=award.county,
                job_wish=JobWish.UNDECIDED,
                wants_training=False,
            )
            for award, party in placed
            if party.pk not in found
        ]
    )
    return found | {row.party_id: row for row in made}


def _determinations(
    awards: Sequence[Award], claims: Sequence[Claim], intake: Intake, *, now: datetime
) -> list[Determination]:
    for _digest, parameters in sorted(
        {award.parameters.digest: award.parameters for award in awards}.items()
    ):
        keep_parameters(parameters)
    return [
        determination_of(
            case_id=claim.pk,
            program=PROGRAM,
            facts=award.facts,
            sources={name: [source] for name in award.facts},
            parameters=award.parameters,
            decision=award.decision,
            actor=machine(),
            now=now,
        )
        for award, claim in zip(awards, claims, strict=True)
        for source in [{"source": "CORE_SYSTEM_FILE", "intake": intake.pk, "line": award.line}]
    ]


def _spell(claim: Claim, row: Determination, decision: UnemploymentDecision, *, now: datetime) -> Spell:
    assert decision.months and decision.first_month and decision.last_month
    return Spell(
        claim=claim,
        determination=row,
        months=decision.months,
        first_month=decision.first_month,
        last_month=decision.last_month,
        granted_at=now,
    )


def _accounts(placed: Sequence[tuple[Award, Party]], *, now: datetime) -> None:
    """The account of each who has none here; one that a register confirmed is not replaced by a file."""
    having = set(
        Payee.objects.filter(party__in=[party for _award, party in placed], valid_to=None).values_list(
            "party_id", flat=True
        )
    )
    set_first_payees(
        rows=[
            NewPayee(
                party=party,
                account=award.account,
                account_name=party.name,
                bank_code=award.bank_code,
                bank_name=award.bank_name,
                lookup=None,
                contact=award.mobile,
                at=now,
            )
            for award, party in placed
            if party.pk not in having
        ]
    )


def _chunks(rows: Sequence[Award]) -> Iterator[list[Award]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
