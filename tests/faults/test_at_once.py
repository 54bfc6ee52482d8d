"""Two hands on one thing at the same instant: one act counts, and whoever comes second is told so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier

import pytest

from config.visitor import Form, Page, Visitor
from tests.faults.stage import Applied, Officer, Stage

pytestmark = pytest.mark.faults

PATIENCE_SECONDS = 20
PROPOSED_BY = (
    "SELECT username FROM cases_proposal JOIN accounts_user u ON u.id = proposed_by_id WHERE case_id = %s"
)
DECIDED_BY = (
    "SELECT username FROM cases_proposal JOIN accounts_user u ON u.id = decided_by_id WHERE case_id = %s"
)


def at_once(*acts: Callable[[], Page]) -> list[Page]:
    """Do all of it at the same instant, each over a connection of its own."""
    start = Barrier(len(acts), timeout=PATIENCE_SECONDS)

    def begin(act: Callable[[], Page]) -> Page:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(begin, acts))


def claims_of(stage: Stage, claim: Applied) -> int:
    query = (
        "SELECT count(*) FROM claims_claim"
        " WHERE party_id = (SELECT party_id FROM cases_case WHERE number = %s)"
    )
    return int(stage.value(query, claim.number))


def disputed(stage: Stage) -> Applied:
    """A claim whose question waits for a handler."""
    person = stage.person("SEPARATION_DISPUTED")
    form, answers = stage.form(person)
    page = person.browser.submit(form, {**answers, "claimed_reason": person.says_reason}, leave_out="save")
    claim = stage.applied(person, page)
    stage.eventually(
        lambda: stage.status(claim.number) == "REVIEW1",
        waking=["claims.tasks.sweep_unverified"],
        seconds=60,
        what=f"a question on {claim.number}",
    )
    return claim


def proposing(claim: Applied, officer: Officer) -> Callable[[], Page]:
    """The officer has the case open and is about to propose a grant."""
    form = officer.browser.get(f"/claims/{claim.number}/case/").form_to("/propose/")
    answers = {
        "fact-separation_reason": claim.person.says_reason,
        "evidence": "CERTIFICATE",
        "act": "grant",
        "why": "双方签字的协议写明协商一致解除。",
    }
    return lambda: officer.browser.submit(form, answers)


def reviewing(claim: Applied, officer: Officer) -> Callable[[], Page]:
    """The officer has the case open and is about to agree."""
    form = officer.browser.get(f"/claims/{claim.number}/case/").form_to("/review/")
    return lambda: officer.browser.submit(form, {"decision": "agree", "remark": ""})


def by_name(officers: Sequence[Officer], username: object) -> Officer:
    return next(officer for officer in officers if officer.username == username)


def name_of(stage: Stage, officer: Officer) -> str:
    return str(stage.value("SELECT full_name FROM accounts_user WHERE username = %s", officer.username))


def test_a_double_click_is_one_claim(stage: Stage) -> None:
    person = stage.person()
    form, answers = stage.form(person)

    def click() -> Page:
        return person.browser.submit(form, answers, leave_out="save")

    first, second = at_once(click, click)
    claim = stage.applied(person, first)
    assert second.url == first.url, "both clicks end on the page of the one claim"
    assert claims_of(stage, claim) == 1


def test_two_windows_of_one_person_are_one_claim(stage: Stage) -> None:
    person = stage.person()
    form, answers = stage.form(person)
    other_form, other_answers = stage.form(person)
    assert form.fields["submission_id"] != other_form.fields["submission_id"]
    pages = at_once(
        lambda: person.browser.submit(form, answers, leave_out="save"),
        lambda: person.browser.submit(other_form, other_answers, leave_out="save"),
    )
    taken = next(page for page in pages if "/claims/" in page.url)
    claim = stage.applied(person, taken)
    assert claims_of(stage, claim) == 1
    assert all(claim.number in page.text for page in pages), "both windows show the claim there is"
    assert all(page.status == 200 for page in pages)


def test_of_two_handlers_one_proposes_and_the_other_is_told_who(stage: Stage) -> None:
    claim = disputed(stage)
    officers = [stage.officer("HANDLER", nth) for nth in (0, 1)]
    pages = at_once(*(proposing(claim, officer) for officer in officers))
    assert [page.status for page in pages] == [200, 200]
    case = stage.case_id(claim.number)
    first = by_name(officers, stage.value(PROPOSED_BY, case))
    told = pages[1 - officers.index(first)]
    assert name_of(stage, first) in told.text
    assert stage.verbs(claim.number).count("claim.grant_proposed") == 1
    assert stage.value("SELECT count(*) FROM cases_amendment WHERE case_id = %s", case) == 1

    reviewers = [stage.officer("REVIEWER", nth) for nth in (0, 1)]
    pages = at_once(*(reviewing(claim, officer) for officer in reviewers))
    assert [page.status for page in pages] == [200, 200]
    assert stage.status(claim.number) == "APPROVED"
    first = by_name(reviewers, stage.value(DECIDED_BY, case))
    told = pages[1 - reviewers.index(first)]
    assert name_of(stage, first) in told.text
    assert stage.verbs(claim.number).count("claim.granted") == 1
    assert stage.value("SELECT count(*) FROM claims_spell WHERE claim_id = %s", case) == 1


def test_an_old_page_acts_no_more_and_names_who_did(stage: Stage) -> None:
    claim = disputed(stage)
    first, second = stage.officer("HANDLER", 0), stage.officer("HANDLER", 1)
    late = proposing(claim, second)
    assert proposing(claim, first)().status == 200
    page = late()
    assert page.status == 200
    assert name_of(stage, first) in page.text
    assert stage.verbs(claim.number).count("claim.grant_proposed") == 1


def test_one_officer_signs_a_batch_once(stage: Stage) -> None:
    claim = stage.approved()
    batch = stage.seal()
    maker, reviewer = stage.officer("HANDLER"), stage.officer("REVIEWER", 1)
    form, answers = stage.signature(batch, reviewer)

    # The maker, who has signed by sealing, sends the checker's form.
    token = maker.browser.get("/batches/").form_with("csrfmiddlewaretoken").fields["csrfmiddlewaretoken"]
    own = replace(form, fields={**form.fields, "csrfmiddlewaretoken": token})
    page = maker.browser.submit(own, {**answers, "code": stage.code(maker)})
    assert "这一步不归您签" in page.text
    assert signers(stage, batch) == [maker.username]

    # The reviewer's two windows, each with a one-time code.
    again = {**answers, "code": stage.code(reviewer)}
    pages = at_once(
        lambda: reviewer.browser.submit(form, answers), lambda: reviewer.browser.submit(form, again)
    )
    assert all(page.status in (200, 422) for page in pages)
    assert signers(stage, batch) == [maker.username, reviewer.username]
    assert stage.verbs(batch).count("batch.approved") == 1

    stage.until_paid(claim)
    stage.must_be_paid_once(claim)


def signers(stage: Stage, batch: str) -> list[str]:
    rows = stage.rows(
        "SELECT username FROM payouts_signature JOIN accounts_user u ON u.id = actor_id"
        " WHERE batch_id = %s ORDER BY level",
        stage.case_id(batch),
    )
    return [str(name) for (name,) in rows]


def test_of_two_who_seal_one_makes_the_batch(stage: Stage) -> None:
    claim = stage.approved()
    officers = [stage.officer("HANDLER", nth) for nth in (0, 1)]
    forms: list[tuple[Visitor, Form]] = [
        (officer.browser, officer.browser.get("/batches/").form_to("/batches/new/")) for officer in officers
    ]
    pages = at_once(*(partial(browser.submit, form, {}) for browser, form in forms))
    assert [page.status for page in pages] == [200, 200]
    batch = stage.batch_of(claim)
    assert sorted(page.url.endswith(f"/batches/{batch}/") for page in pages) == [False, True]
    other = next(page for page in pages if not page.url.endswith(f"/batches/{batch}/"))
    assert "现在没有可以封批的应付" in other.text

    stage.sign(batch)
    stage.until_paid(claim)
    stage.must_be_paid_once(claim)
