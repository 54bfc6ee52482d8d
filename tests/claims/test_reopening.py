"""New evidence against a refusal: who, until when, with what, and clocks that begin anew."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

import cases.selectors
import claims.selectors
import claims.services
from accounts.models import User
from cases import trail
from cases.attachments import Paper
from cases.models import Case, Event, Letter, Message
from cases.queue import Filters
from claims import kinds
from claims.models import Claim
from gateways.models import Lookup
from law.errors import Refused
from sandbox.server import Running
from tests.cases.papers import PDF
from tests.factories import NOW, City, propose_refusal, reread

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=10)


@pytest.fixture
def city(sandbox_server: Running) -> City:
    return City(sandbox_server)


def refused(city: City) -> Claim:
    """A claim that two officers refused."""
    return city.claim(kinds.REJECTED)


def reopen(
    claim: Claim, *, why: str = "离职证明在附件里。", papers: list[Paper] | None = None, **when: int
) -> Claim:
    """By the person, ten days later unless told otherwise."""
    now = NOW + timedelta(**when) if when else LATER
    user = claim.party.user
    return claims.services.reopen(claim=claim, why=why, papers=papers or [], actor=user, now=now)


def test_the_claim_is_open_again_and_both_clocks_begin_anew(city: City) -> None:
    claim = reopen(refused(city), papers=[Paper("证明.pdf", PDF)])
    case = Case.objects.get(pk=claim.pk)
    assert (case.status, case.closed_at, case.waits_for) == (kinds.REOPENED, None, "MACHINE")
    assert (case.promise_due, case.statutory_due) == (date(2026, 12, 8), date(2026, 12, 17))
    assert (case.opened_at, case.reopened_at) == (NOW, LATER)
    promise, statutory = cases.selectors.clocks_of(case, now=LATER + timedelta(days=1))
    assert (promise.used, promise.total) == (1, 3)
    assert (statutory.used, statutory.total) == (1, 10)
    again = reread(claim)
    assert again.closed_at is None and again.new_evidence == "离职证明在附件里。"
    assert [paper.name for paper in cases.selectors.attachments_of(case)] == ["证明.pdf"]
    assert trail.verify().broken is None


def test_the_person_is_told_and_the_old_letter_stays(city: City) -> None:
    claim = refused(city)
    letter = Letter.objects.get(case=claim.case)
    reopen(claim)
    message = Message.objects.get(case=claim.case, template="claim.reopened")
    assert message.numbers["promise_due"] == "2026-12-08"
    assert Letter.objects.get(case=claim.case) == letter
    assert Event.objects.filter(case=claim.case, verb="claim.reopened").count() == 1


def test_it_is_checked_from_the_beginning_with_new_answers(city: City) -> None:
    claim = refused(city)
    before = Lookup.objects.filter(case=claim.case).count()
    reopen(claim)
    assert claims.services.claims_to_ask(now=LATER, limit=10) == [claim.pk]
    claims.services.verify_claim(claim_id=claim.pk, now=LATER + timedelta(minutes=1))
    assert reread(claim).case.status == kinds.REVIEW1
    assert Lookup.objects.filter(case=claim.case).count() > before


def test_what_a_register_said_before_does_not_decide_what_is_taken_up_again(city: City) -> None:
    claim = refused(city)
    assert claims.selectors.evidence_of(claim=reread(claim)).lookups
    reopen(claim)
    assert not claims.selectors.evidence_of(claim=reread(claim)).lookups


def test_a_second_refusal_is_a_second_letter(city: City) -> None:
    claim = refused(city)
    reopen(claim)
    claims.services.verify_claim(claim_id=claim.pk, now=LATER + timedelta(minutes=1))
    propose_refusal(reread(claim), actor=city.staff.handlers[0], now=LATER + timedelta(hours=1))
    claims.services.review(
        claim=reread(claim),
        agreed=True,
        remark="",
        actor=city.staff.reviewers[0],
        now=LATER + timedelta(hours=2),
    )
    numbers = Letter.objects.filter(case=claim.case).order_by("pk").values_list("number", flat=True)
    assert list(numbers) == [f"{claim.case.number} 号决定书", f"{claim.case.number} 号决定书之二"]


def test_new_evidence_can_lead_to_a_grant(city: City) -> None:
    claim = refused(city)
    reopen(claim)
    claims.services.verify_claim(claim_id=claim.pk, now=LATER + timedelta(minutes=1))
    claims.services.propose(
        claim=reread(claim),
        act=kinds.GRANT,
        why="离职证明属实。",
        amendments={"employed": "NO"},
        evidence="CERTIFICATE",
        papers=[Paper("核实.pdf", PDF)],
        actor=city.staff.handlers[0],
        now=LATER + timedelta(hours=1),
    )
    claims.services.review(
        claim=reread(claim),
        agreed=True,
        remark="",
        actor=city.staff.reviewers[1],
        now=LATER + timedelta(hours=2),
    )
    assert reread(claim).case.status == kinds.APPROVED
    amendment = claim.case.amendments.get()
    assert [paper.name for paper in amendment.attachments.all()] == ["核实.pdf"]


def test_the_last_day_is_still_in_time_and_the_next_is_not(city: City) -> None:
    claim = refused(city)
    with pytest.raises(Refused) as late:
        reopen(claim, days=61)
    assert late.value.code == "claim.reopen_late"
    assert late.value.numbers["until"] == "2027-01-22"
    assert reopen(claim, days=60).case.status == kinds.REOPENED


def test_an_officer_may_mend_a_mistake_after_that(city: City) -> None:
    claim = claims.services.reopen(
        claim=refused(city), why="登记有误。", actor=city.staff.handlers[1], now=NOW + timedelta(days=300)
    )
    assert claim.case.status == kinds.REOPENED


def test_while_a_newer_claim_is_open_that_one_is_named(city: City) -> None:
    person = city.person("STILL_EMPLOYED")
    claim = city.verified(person)
    propose_refusal(claim, actor=city.staff.handlers[0])
    claims.services.review(
        claim=reread(claim),
        agreed=True,
        remark="",
        actor=city.staff.reviewers[0],
        now=NOW + timedelta(hours=1),
    )
    newer = city.submitted(person, now=NOW + timedelta(days=5))
    with pytest.raises(Refused) as held:
        reopen(reread(claim))
    assert held.value.code == "claim.newer_open"
    assert held.value.numbers["number"] == newer.case.number
    assert reread(claim).case.status == kinds.REJECTED


@pytest.mark.parametrize("why", ["", "  \n "])
def test_nothing_new_is_no_reopening(city: City, why: str) -> None:
    with pytest.raises(Refused, match=r"claim\.evidence_missing"):
        reopen(refused(city), why=why)


def test_twice_is_once(city: City) -> None:
    claim = refused(city)
    reopen(claim)
    with pytest.raises(Refused, match=r"case\.changed_meanwhile"):
        reopen(reread(claim))


def test_a_file_that_cannot_be_taken_leaves_the_refusal_as_it_was(city: City) -> None:
    claim = refused(city)
    with pytest.raises(Refused, match=r"attachment\.wrong_kind"):
        reopen(claim, papers=[Paper("a.docx", b"PK")])
    again = reread(claim)
    assert again.case.status == kinds.REJECTED and again.closed_at is not None and again.new_evidence == ""


def test_only_a_refusal_is_reopened(city: City) -> None:
    with pytest.raises(Refused, match=r"case\.changed_meanwhile"):
        claims.services.reopen(claim=city.verified(), why="x", actor=city.staff.handlers[0], now=LATER)


def test_the_queue_counts_from_the_new_beginning(city: City) -> None:
    claim = refused(city)
    reopen(claim)
    claims.services.verify_claim(claim_id=claim.pk, now=LATER + timedelta(minutes=1))
    filters = Filters()
    with time_machine.travel(LATER):
        page = cases.selectors.open_cases(
            city.staff.handlers[0], tab="HANDLER", filters=filters, now=LATER + timedelta(hours=1)
        )
    (row,) = [row for row in page.rows if row.case.number == claim.case.number]
    assert (row.promise_clock.used, row.promise_clock.total) == (0, 3)


def test_the_person_reads_the_ways_on_before_the_reasons(city: City, client: Client) -> None:
    claim = refused(city)
    user = User.objects.get(party=claim.party)
    client.force_login(user)
    words = client.get(f"/claims/{claim.case.number}/").content.decode()
    assert "自收到决定书之日起 60 日内，可以向石家庄市人民政府申请行政复议" in words
    assert words.index("您可以怎么办</h2>") < words.index("为什么没有核定</h2>")
