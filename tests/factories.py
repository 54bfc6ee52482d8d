"""People, officers, claims and batches for any test, made by the services alone: no impossible state exists.

The outside is a running sandbox (`sandbox_server` of the root conftest or a test's own); the time of every
act is passed in. Nothing here writes a table.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count

import urllib3

import audit.services
import claims.services
import payouts.selectors
import payouts.services
from accounts.mandates import RegisteredUnit, confirm_agent
from accounts.models import Party, Role, User
from accounts.selectors import agent_with_number, machine
from accounts.services import create_staff, ensure_person, link_citizen
from audit.models import CheckRun, Finding
from cases.attachments import Paper
from claims import kinds
from claims.models import Claim, Ground
from claims.month_models import BenefitMonth
from claims.services import Application
from gateways.ports import BankReceipt
from law.money import Fen
from law.parameters import Citation, Value
from law.workdays import legal_day
from payouts import kinds as money
from payouts.models import Batch, Contradiction, ReturnedPayment
from payouts.month_models import FundRequest
from policy.models import PolicyValue
from policy.services import approve, propose
from sandbox.server import Running
from sandbox.world import Person

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
CITY = "130100"
PASSWORD = "a long and dull password"
TOTP_SECRET = "JBSWY3DPEHPK3PXP"
OWN = Citation(title="test assumption", number="", article="", url="", seen="own")
FUND_FEN = Fen(10_000_000_000)
PAPER = Paper(name="离职证明.png", content=b"\x89PNG\r\n\x1a\n" + bytes(64))

_serial = count(1)


# --- officers ---------------------------------------------------------------------------------------------


def officer(*roles: Role, region: str = CITY, username: str = "", now: datetime = NOW) -> User:
    """An officer of these roles (a handler without any) with a second factor."""
    wanted = roles or (Role.HANDLER,)
    name = username or f"{wanted[0].value.lower()}-{next(_serial)}"
    return create_staff(
        username=name,
        full_name=name,
        roles=wanted,
        regions=[region],
        password=PASSWORD,
        totp_secret=TOTP_SECRET,
        actor=machine(),
        now=now,
    )


@dataclass(frozen=True)
class Staff:
    """Two officers of each role that signs."""

    handlers: tuple[User, User]
    reviewers: tuple[User, User]
    supervisors: tuple[User, User]


def staff() -> Staff:
    """Officers of the whole city."""

    def pair(role: Role) -> tuple[User, User]:
        return officer(role), officer(role)

    return Staff(pair(Role.HANDLER), pair(Role.REVIEWER), pair(Role.SUPERVISOR))


def set_value(
    team: Staff,
    key: str,
    value: Value,
    unit: str,
    *,
    start: date = date(2026, 1, 1),
    region: str = CITY,
) -> PolicyValue:
    """A dated value, proposed by one supervisor and approved by another."""
    first, second = team.supervisors
    row = propose(
        key=key,
        region=region,
        start=start,
        value=value,
        unit=unit,
        reference=OWN,
        assumption=True,
        actor=first,
        now=NOW,
    )
    return approve(value=row, actor=second, now=NOW)


def proposed_value(
    team: Staff, key: str = "benefit.promise_wd", value: Value = "2", *, start: date = date(2026, 12, 1)
) -> PolicyValue:
    """A number of working days that one supervisor proposed, waiting for the other."""
    return propose(
        key=key,
        region=CITY,
        start=start,
        value=value,
        unit="working_days",
        reference=OWN,
        assumption=True,
        actor=team.supervisors[0],
        now=NOW,
    )


# --- people -----------------------------------------------------------------------------------------------


def party_of(person: Person, *, now: datetime = NOW) -> Party:
    """A person of the sandbox in our books."""
    return ensure_person(name=person.name, id_kind="CITIZEN_ID", id_number=person.id_number, now=now)


def citizen(person: Person, *, now: datetime = NOW) -> User:
    """The user under whom a person of the sandbox signs in."""
    user = User.objects.filter(party=party_of(person, now=now)).first()
    if user is None:
        user = User(username=f"p-{uuid.uuid4().hex[:12]}")
        user.set_unusable_password()
        user.save()
        link_citizen(user=user, name=person.name, id_number=person.id_number, now=now)
    return user


def agent(name: str, id_number: str, *units: RegisteredUnit, now: datetime = NOW) -> User:
    """The user under whom somebody acts for these units, registered with the identity provider."""
    user = agent_with_number(kind="CITIZEN_ID", number=id_number)
    if user is None:
        user = User(username=f"u-{uuid.uuid4().hex[:12]}")
        user.set_unusable_password()
        user.save()
    confirm_agent(user=user, name=name, id_number=id_number, units=units, now=now)
    return user


# --- the city ---------------------------------------------------------------------------------------------


@dataclass
class City:
    """A bureau at work: officers, a fund, the assumption that a claim of this month is paid this month."""

    box: Running
    staff: Staff = field(default_factory=staff)
    taken: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        set_value(self.staff, "benefit.first_month_rule", "SAME_MONTH", "code")
        payouts.services.open_fund(
            region=CITY,
            amount_fen=FUND_FEN,
            actor=machine(),
            now=NOW - timedelta(days=60),
            reference="opening",
        )

    def person(self, scenario: str = "CLEAN") -> Person:
        """Somebody of this scenario whom this city has not met yet."""
        world = self.box.application.world
        for ordinal in range(1, world.size + 1):
            if ordinal in self.taken:
                continue
            found = world.person(ordinal)
            if found.scenario == scenario:
                self.taken.add(ordinal)
                return found
        raise LookupError(f"the sandbox has nobody left of {scenario}")

    def account_of(self, person: Person, generation: int = 0) -> str:
        """The account number of a person's card."""
        return self.box.application.world.account(person.ordinal, generation)

    def tell(self, path: str, **fields: str) -> None:
        """Tell the sandbox to let something happen, as its own page does."""
        answer = urllib3.request("POST", f"{self.box.url}{path}", json=fields)
        assert answer.status == 200, answer.data

    # --- claims -------------------------------------------------------------------------------------------

    def submitted(self, person: Person | None = None, *, now: datetime = NOW, **answers: object) -> Claim:
        """A claim from the form's lookups to its submission."""
        who = person or self.person()
        party = party_of(who, now=now)
        claims.services.look_up_for_form(party=party, now=now)
        claim = claims.services.submit_claim(
            party=party,
            application=application(who, **answers),
            submission_id=uuid.uuid4(),
            actor=citizen(who, now=now),
            now=now,
        )
        return reread(claim)

    def verified(self, person: Person | None = None, *, now: datetime = NOW, **answers: object) -> Claim:
        """What the machine makes of it a minute later."""
        claim = self.submitted(person, now=now, **answers)
        claims.services.verify_claim(claim_id=claim.pk, now=now + timedelta(minutes=1))
        return reread(claim)

    def claim(self, status: str) -> Claim:
        """A claim in this status, reached as people and machine reach it. KeyError for one nobody reaches."""
        return {
            kinds.SUBMITTED: self.submitted,
            kinds.AUTO_CHECK: self._silent,
            kinds.REVIEW1: self._questioned,
            kinds.REVIEW2: self._proposed,
            kinds.SUPPLEMENT: self._asked_for_papers,
            kinds.APPROVED: self.verified,
            kinds.PAYING: self._paying,
            kinds.SUSPENDED: self._suspended,
            kinds.STOP_REVIEW: self._stop_proposed,
            kinds.INTERRUPTED: self._interrupted,
            kinds.ENDED: self._ended,
            kinds.ANNULLED: self._annulled,
            kinds.REJECTED: self._rejected,
            kinds.REOPENED: self._reopened,
            kinds.CLOSED_NO_RESPONSE: self._closed,
        }[status]()

    def _silent(self) -> Claim:
        """A register does not answer, nothing else is open: the machine keeps the case."""
        return self.verified(self.person("SOURCE_DOWN"))

    def _questioned(self) -> Claim:
        return self.verified(self.person("STILL_EMPLOYED"))

    def _proposed(self) -> Claim:
        claim = self._questioned()
        propose_refusal(claim, actor=self.staff.handlers[0])
        return reread(claim)

    def _rejected(self) -> Claim:
        claim = self._proposed()
        claims.services.review(
            claim=claim,
            agreed=True,
            remark="",
            actor=self.staff.reviewers[0],
            now=NOW + timedelta(minutes=30),
        )
        return reread(claim)

    def _reopened(self) -> Claim:
        claim = self._rejected()
        claims.services.reopen(
            claim=claim,
            why="单位已改正申报。",
            papers=[PAPER],
            actor=self.staff.handlers[1],
            now=NOW + timedelta(minutes=40),
        )
        return reread(claim)

    def refused_with_papers(self, person: Person) -> Claim:
        """A person's refused claim that has seen it all: a notice, an answer with a paper, letters."""
        claim = self.verified(person)
        handler, reviewer = self.staff.handlers[0], self.staff.reviewers[0]
        claims.services.request_papers(
            claim=claim, wanted="请补充离职证明。", actor=handler, now=NOW + timedelta(minutes=20)
        )
        claims.services.answer_papers(
            claim=reread(claim),
            text="已寄出。",
            papers=[PAPER],
            actor=citizen(person),
            now=NOW + timedelta(minutes=30),
        )
        claims.services.verify_claim(claim_id=claim.pk, now=NOW + timedelta(minutes=31))
        propose_refusal(reread(claim), actor=handler, now=NOW + timedelta(minutes=40))
        claims.services.review(
            claim=reread(claim), agreed=True, remark="", actor=reviewer, now=NOW + timedelta(minutes=50)
        )
        return reread(claim)

    def _asked_for_papers(self) -> Claim:
        claim = self._questioned()
        claims.services.request_papers(
            claim=claim,
            wanted="请补充离职证明。",
            actor=self.staff.handlers[0],
            now=NOW + timedelta(minutes=20),
        )
        return reread(claim)

    def _closed(self) -> Claim:
        claim = self._asked_for_papers()
        claims.services.close_unanswered(now=NOW + timedelta(days=60))
        return reread(claim)

    def _paying(self) -> Claim:
        claim = self.verified()
        self.accrue(claim)
        self.settled(self.batch(money.ACCEPTED, size=0))
        claims.services.follow_payments(now=NOW + timedelta(hours=3))
        return reread(claim)

    def _ended(self) -> Claim:
        claim = self._paying()
        later = NOW + timedelta(days=3)
        claims.services.report_job(
            claim=claim, started_on=legal_day(later), actor=claim.party.user, now=later
        )
        return reread(claim)

    def _suspended(self) -> Claim:
        claim = self._paying()
        claims.services.suspend_claim(
            claim=claim,
            why="有单位给您参保，请说明。",
            actor=self.staff.handlers[0],
            now=NOW + timedelta(hours=4),
        )
        return reread(claim)

    def _stop_proposed(self, ground: Ground = Ground.CONSCRIPTED) -> Claim:
        claim = self._paying()
        later = NOW + timedelta(days=3)
        claims.services.propose_stop(
            claim=claim,
            ground=ground,
            event_on=legal_day(later),
            why="兵役机关已书面答复。",
            evidence="OFFICE",
            actor=self.staff.handlers[0],
            now=later,
        )
        return reread(claim)

    def _stopped(self, ground: Ground) -> Claim:
        claim = self._stop_proposed(ground)
        claims.services.sign_stop(
            claim=claim,
            agreed=True,
            remark="",
            actor=self.staff.reviewers[0],
            now=NOW + timedelta(days=3, hours=1),
        )
        return reread(claim)

    def _interrupted(self) -> Claim:
        return self._stopped(Ground.IMPRISONED)

    def _annulled(self) -> Claim:
        return self._stopped(Ground.NEVER_ENTITLED)

    # --- money --------------------------------------------------------------------------------------------

    def accrue(self, *granted: Claim, now: datetime = NOW + timedelta(hours=1)) -> None:
        """Owe the current month to these claims."""
        claims.services.accrue_month(
            month=legal_day(now).isoformat()[:7], now=now, claim_ids=[claim.pk for claim in granted]
        )

    def batch(self, status: str, *, size: int = 1) -> Batch:
        """A batch in this status, of what is owed already and of `size` new claims.

        KeyError for a status nobody reaches.
        """
        steps = {
            money.BUILT: (),
            money.APPROVED1: (),
            money.REJECTED: (self.sent_back,),
            money.APPROVED2: (self.signed,),
            money.SENT: (self.signed, self.sent_into_silence),
            money.ACCEPTED: (self.signed, self.sent),
            money.SETTLED: (self.signed, self.sent, self.settled),
            money.PART_SETTLED: (self.signed, self.replace_a_card, self.sent, self.settled),
            money.RECONCILED: (self.signed, self.sent, self.settled, self.reconciled),
        }[status]
        self.accrue(*(self.verified() for _ in range(size)))
        maker = machine() if status == money.BUILT else self.staff.handlers[0]
        batch = payouts.services.seal_batch(region=CITY, actor=maker, now=NOW + timedelta(hours=1))
        for step in steps:
            batch = step(batch)
        return reread_batch(batch)

    def signed(self, batch: Batch) -> Batch:
        """Checked by a reviewer; also by a supervisor where the sum asks for it."""
        actors = [self.staff.reviewers[0], self.staff.supervisors[0]]
        for actor in actors[: payouts.selectors.required_levels(batch) - 1]:
            payouts.services.sign_batch(
                batch=batch, total_fen=Fen(batch.total_fen), actor=actor, now=NOW + timedelta(minutes=70)
            )
        return reread_batch(batch)

    def sent_back(self, batch: Batch) -> Batch:
        """Sent back by the checker before anything left."""
        return payouts.services.send_back_batch(
            batch=batch,
            reason_code="NUMBERS",
            actor=self.staff.reviewers[0],
            now=NOW + timedelta(minutes=70),
        )

    def sent(self, batch: Batch) -> Batch:
        """Brought to the bank, which accepts it."""
        return payouts.services.submit_batch(batch=batch, now=NOW + timedelta(minutes=75))

    def replace_a_card(self, batch: Batch) -> Batch:
        """The first person in the batch gets a new card, so that the bank cannot pay the account we know."""
        payment = batch.payments.select_related("obligation__party").order_by("sequence")[0]
        number = payment.obligation.party.identifiers.get(valid_to=None).number
        self.tell("/control/card", id_number=number)
        return batch

    def sent_into_silence(self, batch: Batch) -> Batch:
        """Brought to a bank that does not answer."""
        with self.fault("bank", "down"):
            return self.sent(batch)

    def settled(self, batch: Batch) -> Batch:
        """Every receipt has come."""
        payouts.services.fetch_and_record(now=NOW + timedelta(hours=2))
        return reread_batch(batch)

    def reconciled(self, batch: Batch) -> Batch:
        """The statement of the day agrees."""
        payouts.services.reconcile_day(region=CITY, day=TODAY, now=NOW + timedelta(hours=2))
        return reread_batch(batch)

    def returned(self) -> ReturnedPayment:
        """A payment that the bank could not make because the card was closed meanwhile."""
        before = set(ReturnedPayment.objects.values_list("pk", flat=True))
        person = self.person("PAYMENT_RETURNED_LATER")
        self.accrue(self.verified(person))
        batch = self.settled(self.sent(self.signed(self.batch(money.APPROVED1, size=0))))
        later = NOW + timedelta(days=6)
        for day in range(7):
            payouts.services.reconcile_day(region=CITY, day=TODAY + timedelta(days=day), now=later)
        found = ReturnedPayment.objects.select_related("case", "obligation__party", "payment__payee")
        return found.exclude(pk__in=before).get(payment__batch=batch)

    def month(self) -> BenefitMonth:
        """The current month with its roll frozen, and owed to whoever is due it."""
        claims.services.go_through_months(now=NOW + timedelta(hours=1))
        return BenefitMonth.objects.select_related("case").get(
            pool=CITY, month=legal_day(NOW).isoformat()[:7]
        )

    def fund_request(self) -> FundRequest:
        """More than the fund holds, asked for by a handler."""
        return payouts.services.ask_for_funds(
            pool=CITY,
            month=legal_day(NOW).isoformat()[:7],
            count=1,
            needed_fen=Fen(2 * FUND_FEN),
            actor=self.staff.handlers[0],
            now=NOW + timedelta(hours=1),
        )

    # --- checks -------------------------------------------------------------------------------------------

    def checked(self, *, now: datetime, period: str = "") -> CheckRun:
        """A month's check from its roll to its findings, as the timetable takes it there."""
        month = period or legal_day(now).isoformat()[:7]
        run = audit.services.start_check(region=CITY, period=month, actor=machine(), now=now)
        for turn in range(3):
            audit.services.go_on(now=now + turn * timedelta(minutes=1))
        return CheckRun.objects.get(pk=run.pk)

    def finding(
        self, scenario: str = "WORKS_ELSEWHERE_LATER", *, claim: Claim | None = None, after: int = 60
    ) -> Finding:
        """What the check finds so many days later about a claim of this scenario."""
        about = claim or self.verified(self.person(scenario))
        self.checked(now=NOW + timedelta(days=after))
        return reread_finding(about)

    def contradiction(self) -> Contradiction:
        """A payment of which the bank says that it was made, and then that it had failed before."""
        batch = self.batch(money.SETTLED)
        payment = batch.payments.order_by("sequence")[0]
        word = BankReceipt(
            end_to_end_id=payment.end_to_end_id,
            status="F",
            reason_code="AC06",
            reason_text="",
            bank_serial=f"{payment.end_to_end_id}F",
            booked_at=NOW,
        )
        payouts.services.record_receipts(batch=batch, receipts=[word], now=NOW + timedelta(hours=3))
        return Contradiction.objects.select_related("case").get(payment=payment)

    @contextmanager
    def fault(self, source: str, mode: str, **fields: str) -> Iterator[None]:
        """Inside, one source of the sandbox misbehaves."""
        self.tell("/control/fault", source=source, mode=mode, **fields)
        try:
            yield
        finally:
            self.tell("/control/fault", source=source, mode="auto")


# --- small things -----------------------------------------------------------------------------------------


def application(person: Person | None = None, **changed: object) -> Application:
    """A filled-in form."""
    answers: dict[str, object] = {
        "mobile": person.mobile if person else "13800000012",
        "residence": person.county if person else "130102",
        "street": "",
        "job_wish": "LOGISTICS",
        "wants_training": True,
        "claimed_reason": person.says_reason if person else "",
        "disputed": "",
    }
    return Application(**{**answers, **changed})  # type: ignore[arg-type]  # keyword answers of a test


def propose_refusal(
    claim: Claim,
    *,
    actor: User,
    amendments: Mapping[str, str] | None = None,
    now: datetime = NOW + timedelta(minutes=20),
) -> None:
    """A handler proposes what the law says of the facts: a refusal."""
    claims.services.propose(
        claim=claim,
        act=kinds.REFUSE,
        why="登记的事实不符合条件，已告知本人。",
        amendments=amendments or {},
        evidence="OFFICE",
        actor=actor,
        now=now,
    )


def reread(claim: Claim) -> Claim:
    """The claim as the database has it now."""
    return Claim.objects.select_related("case__determination", "party", "registration").get(pk=claim.pk)


def reread_finding(claim: Claim) -> Finding:
    """The newest finding about a claim as the database has it now."""
    rows = Finding.objects.select_related(
        "case__party", "claim__case", "claim__party", "claim__registration", "hit__row__run", "stop"
    )
    return rows.filter(claim_id=claim.pk).order_by("-pk")[0]


def reread_batch(batch: Batch) -> Batch:
    """The batch as the database has it now."""
    return Batch.objects.select_related("case").get(pk=batch.pk)
