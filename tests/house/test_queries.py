"""What a page asks of the database: no more than is pinned here, and nothing more for twice the data.

A page that grows by a query has its number here raised on purpose, by whoever can say what the query is for.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import claims.services
import payouts.services
from accounts.mandates import RegisteredUnit, delegate
from accounts.models import Mandate, User
from audit.services import count_figures
from cases.attachments import Paper
from claims import kinds
from claims.models import Claim
from enterprises.models import Hold, Publication
from enterprises.services import Entry, give_papers, place_hold, record_publication
from payouts import kinds as money
from payouts.models import Batch
from tests.cases.papers import PDF
from tests.enterprises.samples import code, dispute_of, enterprise, large_firm
from tests.factories import CITY, NOW, City, agent, citizen, proposed_value, reread, set_value

# Session, user and second factor are among them, and the edition of the law book, asked at each look into it.
MOST = {
    "queue": 8,
    "queue, rows alone": 6,
    "case": 25,
    "check": 12,
    "finding": 17,
    "batches": 8,
    "batch": 22,
    "months": 9,
    "month": 44,
    "liabilities": 12,
    "my": 8,
    "tracker": 19,
    "apply": 30,
    "fund": 10,
    "size-class dispute": 15,
    "lists": 5,
    "list": 7,
    "holds": 7,
    "units": 8,
    "unit": 9,
    "policy": 16,
    "policy, one key": 16,
}
# What a claim in order costs from its first check to its grant: reading, asking, deciding and writing, the
# opening and closing of its transactions and the first parameters of a county among them.
MOST_TO_VERIFY = 35


@dataclass
class Look:
    """A page as somebody sees it."""

    user: User
    url: str
    is_part: bool = False

    def queries(self) -> list[str]:
        """What a second visit asks; the first one fills what a process keeps."""
        client = Client(headers={"HX-Request": "true"} if self.is_part else {})
        client.force_login(self.user)
        assert client.get(self.url).status_code == 200
        with CaptureQueriesContext(connection) as asked:
            assert client.get(self.url).status_code == 200
        texts = [str(query["sql"]) for query in asked.captured_queries]
        # A page that notes what was read opens a transaction: inside a test's own that is a savepoint.
        return [text for text in texts if not text.startswith(("SAVEPOINT", "RELEASE"))]


@dataclass
class Scene:
    """A page, and what doubles the data behind it."""

    look: Look
    double: Callable[[], object]


def queue(city: City, *, is_part: bool = False) -> Scene:
    """Open cases of all sorts; then as many again."""

    def fill() -> None:
        city.claim(kinds.REVIEW1)
        city.claim(kinds.REVIEW2)
        city.claim(kinds.SUPPLEMENT)
        city.claim(kinds.AUTO_CHECK)

    fill()
    return Scene(Look(city.staff.handlers[0], reverse("queue") + "?tab=all", is_part), fill)


def case(city: City) -> Scene:
    """A claim with a question; then asked again, amended and sent back."""
    claim = city.claim(kinds.REVIEW2)

    def fill() -> None:
        later = NOW + timedelta(hours=1)
        claims.services.review(
            claim=claim, agreed=False, remark="请再核实。", actor=city.staff.reviewers[0], now=later
        )
        back = reread(claim)
        claims.services.ask_again(claim_id=back.pk, actor=city.staff.handlers[0], now=later)
        claims.services.verify_claim(claim_id=back.pk, now=later + timedelta(minutes=2))
        claims.services.propose(
            claim=reread(claim),
            act=kinds.REFUSE,
            why="单位已书面说明。",
            amendments={"employed": "YES", "imprisoned": "NO"},
            evidence="OFFICE",
            actor=city.staff.handlers[1],
            now=later + timedelta(minutes=5),
        )

    return Scene(
        Look(city.staff.handlers[0], reverse("case-claim", kwargs={"number": claim.case.number})), fill
    )


def batches(city: City) -> Scene:
    """Two batches; then four."""

    def fill() -> None:
        city.batch(money.RECONCILED)
        city.batch(money.APPROVED1)

    fill()
    return Scene(Look(city.staff.reviewers[0], reverse("batches")), fill)


def months(city: City) -> Scene:
    """A month of two people, one of them paid; then of six."""
    city.accrue(*(city.verified() for _ in range(2)))
    city.month()
    return Scene(Look(city.staff.handlers[0], reverse("months")), lambda: batches(city).double())


def month(city: City) -> Scene:
    """A month with batches on their way, looked at closely; then with as many again."""
    fill = batches(city).double
    fill()
    number = city.month().case.number
    page = reverse("case-month", kwargs={"number": number})
    return Scene(Look(city.staff.handlers[0], page), fill)


def liabilities(city: City) -> Scene:
    """Money that came back; then more of it."""
    city.returned()
    return Scene(Look(city.staff.handlers[0], reverse("liabilities")), city.returned)


def batch(city: City) -> Scene:
    """A batch of two, looked at as one of four."""
    sealed: list[Batch] = [city.batch(money.SETTLED, size=2)]
    look = Look(city.staff.reviewers[0], page_of(sealed[0]))

    def fill() -> None:
        sealed.append(city.batch(money.SETTLED, size=4))
        look.url = page_of(sealed[-1])

    return Scene(look, fill)


def fund(city: City) -> Scene:
    """The figures of a year; then as many again of everything that is counted."""

    def fill() -> None:
        city.batch(money.SETTLED)
        city.claim(kinds.REVIEW1)
        count_figures(now=NOW + timedelta(days=3))

    fill()
    return Scene(Look(city.staff.supervisors[0], reverse("fund")), fill)


def policy(city: City) -> Scene:
    """The list of numbers with a proposal and an approved value; then with more of both."""
    months = iter(range(1, 13))

    def fill() -> None:
        for _ in range(3):
            start = date(2027, next(months), 1)
            proposed_value(city.staff, "benefit.report_wd", "15", start=start)
            set_value(city.staff, "benefit.promise_wd", "2", "working_days", start=start)

    fill()
    return Scene(Look(city.staff.supervisors[0], reverse("policy")), fill)


def policy_key(city: City) -> Scene:
    """One number with what was proposed for it; then with more."""
    scene = policy(city)
    scene.look.url = reverse("policy-key", kwargs={"key": "benefit.promise_wd"})
    return scene


def page_of(batch: Batch) -> str:
    return reverse("case-batch", kwargs={"number": batch.number})


def paid_claim(city: City) -> tuple[Claim, User]:
    person = city.person()
    claim = city.verified(person)
    return claim, citizen(person)


def own_pages(city: City, url: Callable[[Claim], str]) -> Scene:
    """A claim with one month paid; then with a second month, paid too, and what was said about it."""
    claim, user = paid_claim(city)
    city.accrue(claim)
    city.settled(city.batch(money.ACCEPTED, size=0))

    def fill() -> None:
        later = NOW + timedelta(days=10)
        city.accrue(claim, now=later)
        claims.services.check_card_again(claim_id=claim.pk, actor=user, now=later)
        sealed = payouts.services.seal_batch(region=CITY, actor=city.staff.handlers[0], now=later)
        city.sent(city.signed(sealed))
        payouts.services.fetch_and_record(now=later + timedelta(hours=1))

    return Scene(Look(user, url(claim)), fill)


def check(city: City, *, one: bool = False) -> Scene:
    """A month's check with a finding, and the finding; then the next month's with twice as many."""
    found = city.finding()

    def fill() -> None:
        for _ in range(2):
            city.verified(city.person("WORKS_ELSEWHERE_LATER"))
        city.checked(now=NOW + timedelta(days=92))

    url = reverse("case-finding", args=[found.case.number]) if one else reverse("checks")
    return Scene(Look(city.staff.handlers[0], url), fill)


def apply(city: City) -> Scene:
    """A form with its look-ups; then asked a second time, with a draft."""
    person = city.person()
    user = citizen(person)
    assert user.party is not None
    party = user.party
    claims.services.look_up_for_form(party=party, now=NOW)
    claims.services.save_draft(party=party, submission_id=uuid.uuid4(), answers={"street": "中山路"}, now=NOW)

    def fill() -> None:
        claims.services.look_up_for_form(party=party, now=NOW + timedelta(days=1))
        city.verified()

    return Scene(Look(user, reverse("apply")), fill)


def units(city: City, *, one: bool = False) -> Scene:
    """An agent of two units with a delegate; then of more, with more."""
    known = city.box.application.units
    agent_of, people = known.unit(0).agent, iter(range(1, 20))
    held: list[RegisteredUnit] = []

    def fill() -> None:
        for _ in range(2):
            unit = known.unit(len(held)).unit
            held.append(RegisteredUnit(unit.name, unit.code, Mandate.Capacity.REGISTERED.value))
        acting = agent(agent_of.name, agent_of.id_number, *held)
        for mandate in Mandate.objects.filter(person__agent_user=acting).select_related("unit"):
            person = known.world.person(next(people))
            delegate(
                unit=mandate.unit,
                name=person.name,
                id_number=person.id_number,
                until=None,
                actor=acting,
                now=NOW,
            )

    fill()
    mandate = Mandate.objects.filter(person__agent_user__isnull=False).order_by("pk")[0]
    assert mandate.person.agent_user is not None
    url = reverse("unit", kwargs={"unit": mandate.unit_id}) if one else reverse("units")
    return Scene(Look(mandate.person.agent_user, url), fill)


def size_dispute(city: City) -> Scene:
    """A unit's dispute with a paper; then with more papers."""
    firm = large_firm()
    dispute = dispute_of(firm, now=NOW)

    def fill() -> None:
        paper = Paper("审计报告.pdf", PDF)
        give_papers(dispute=dispute, papers=[paper], actor=city.staff.handlers[0], now=NOW)

    fill()
    url = reverse("case-size-dispute", kwargs={"number": dispute.case.number})
    return Scene(Look(city.staff.handlers[0], url), fill)


def lists(city: City, *, page: str = "lists") -> Scene:
    """One issue of a list with two units, and a hold on each; then more issues and holds."""
    serials, days = iter(range(1, 20)), iter(range(1, 20))
    officer = city.staff.handlers[0]

    def fill() -> None:
        firms = [enterprise(next(serials)) for _ in range(2)]
        codes = [code(serial) for serial in range(1, 20)]
        record_publication(
            name="ZOMBIE",
            document="公布页",
            published_on=NOW.date() - timedelta(days=30 - next(days)),
            entries=[Entry(line, one) for line, one in enumerate(codes, start=2)],
            actor=officer,
            now=NOW,
        )
        for firm in firms:
            ground = Hold.Ground.RECTIFICATION
            place_hold(enterprise=firm, ground=ground, case=None, reason="账册", actor=officer, now=NOW)

    fill()
    kwargs = {"key": Publication.objects.get().pk} if page == "list" else {}
    return Scene(Look(officer, reverse(page, kwargs=kwargs)), fill)


def shape(query: str) -> str:
    """A query without its values and columns, to tell which one comes again and again."""
    return re.sub(r"\d+|'[^']*'", "?", re.sub(r"SELECT .*? FROM", "SELECT … FROM", query))


SCENES: dict[str, Callable[[City], Scene]] = {
    "queue": queue,
    "queue, rows alone": lambda city: queue(city, is_part=True),
    "case": case,
    "check": check,
    "finding": lambda city: check(city, one=True),
    "batches": batches,
    "batch": batch,
    "months": months,
    "month": month,
    "liabilities": liabilities,
    "my": lambda city: own_pages(city, lambda claim: reverse("my")),
    "tracker": lambda city: own_pages(
        city, lambda claim: reverse("claim", kwargs={"number": claim.case.number})
    ),
    "apply": apply,
    "fund": fund,
    "size-class dispute": size_dispute,
    "lists": lists,
    "list": lambda city: lists(city, page="list"),
    "holds": lambda city: lists(city, page="holds"),
    "units": units,
    "unit": lambda city: units(city, one=True),
    "policy": policy,
    "policy, one key": policy_key,
}


@pytest.mark.parametrize("page", sorted(SCENES))
def test_twice_the_data_asks_no_more(page: str, within: City) -> None:
    scene = SCENES[page](within)
    before = scene.look.queries()
    scene.double()
    after = scene.look.queries()
    grown = Counter(map(shape, after)) - Counter(map(shape, before))
    assert len(after) <= len(before), f"asked more often now: {grown}"
    assert len(after) <= MOST[page], "\n".join(after)


def test_a_claim_in_order_is_checked_and_granted_in_few_statements(within: City) -> None:
    within.verified()
    claim = within.submitted()
    with CaptureQueriesContext(connection) as asked:
        claims.services.verify_claim(claim_id=claim.pk, now=NOW + timedelta(minutes=1))
    assert reread(claim).case.status == kinds.APPROVED
    texts = [str(query["sql"]) for query in asked.captured_queries]
    assert len(texts) <= MOST_TO_VERIFY, "\n".join(texts)
