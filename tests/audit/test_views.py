"""The pages of checks and findings, as officers and the person walk through them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit import kinds
from audit.models import CheckRun
from claims import kinds as of_claims
from tests.audit.samples import LATER
from tests.factories import NOW, PAPER, City, reread, reread_finding

HOUR = timedelta(hours=1)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_finding_goes_from_notice_to_signature_on_its_pages(city: City) -> None:
    found = city.finding()
    number = {"number": found.case.number}
    page = reverse("case-finding", kwargs=number)
    with time_machine.travel(LATER + HOUR, tick=False):
        handler, reviewer = browser(city.staff.handlers[0]), browser(city.staff.reviewers[0])
        person = browser(found.claim.party.user)
        shown = handler.get(page).content.decode()
        assert "在职参保" in shown and "比对只是线索" in shown and found.claim.party.name in shown
        assert handler.post(reverse("finding-inquire", kwargs=number), {"facts": ""}).status_code == 422
        handler.post(reverse("finding-inquire", kwargs=number), {"facts": "请说明。"})
        own = reverse("claim-checks", kwargs={"number": found.claim.case.number})
        told = person.get(own).content.decode()
        assert "请说明。" in told and "为什么先停着" in told
        empty = {"finding": found.case.number, "text": ""}
        assert person.post(own, empty).status_code == 422
        paper = SimpleUploadedFile(PAPER.name, PAPER.content)
        said = {"finding": found.case.number, "text": "朋友代缴的。", "papers": paper}
        assert person.post(own, said).status_code == 302
        assert "朋友代缴的。" in handler.get(page).content.decode()
        asked = {"agency": "深圳市社保局", "question": "请核实。"}
        handler.post(reverse("finding-agency", kwargs=number), asked)
        letter = handler.get(reverse("finding-agency-letter", kwargs=number)).content.decode()
        assert "深圳市社保局" in letter and "第二十六条" in letter
        handler.post(reverse("finding-agency-answer", kwargs=number), {"answer": "已停保。"})
        outcome = {"act": "CLEAR", "reason": "对方已停保。"}
        handler.post(reverse("finding-propose", kwargs=number), outcome)
        assert reviewer.post(reverse("finding-decide", kwargs=number), {"agreed": "yes"}).status_code == 302
        assert "查清没有问题" in person.get(own).content.decode()
    assert reread_finding(found.claim).case.status == kinds.CLEARED
    assert reread(found.claim).case.status == of_claims.APPROVED


def test_a_paper_of_a_reply_is_handed_out_to_officers_as_it_came(city: City) -> None:
    found = city.finding()
    with time_machine.travel(LATER + HOUR, tick=False):
        handler = browser(city.staff.handlers[0])
        handler.post(reverse("finding-inquire", kwargs={"number": found.case.number}), {"facts": "请说明。"})
        own = reverse("claim-checks", kwargs={"number": found.claim.case.number})
        paper = SimpleUploadedFile(PAPER.name, PAPER.content)
        browser(found.claim.party.user).post(own, {"finding": found.case.number, "text": "", "papers": paper})
        key = reread_finding(found.claim).reply_papers.get().pk
        where = reverse("finding-paper", kwargs={"number": found.case.number, "key": key})
        assert handler.get(where).content == PAPER.content


def test_a_check_is_started_and_seen_on_its_page(city: City) -> None:
    city.verified(city.person("WORKS_ELSEWHERE_LATER"))
    handler = browser(city.staff.handlers[0])
    with time_machine.travel(NOW + HOUR, tick=False):
        assert "还没有核查过" in handler.get(reverse("checks")).content.decode()
        sent = handler.post(reverse("check-start"), {"region": "130100", "period": "2026-11"})
        run = CheckRun.objects.get()
        assert sent["Location"] == reverse("check", kwargs={"number": run.number})
        shown = handler.get(sent["Location"]).content.decode()
        assert "外省在职参保" in shown and "没回结果" in shown
        assert handler.post(reverse("check-again", kwargs={"number": run.number})).status_code == 302
        assert handler.get(reverse("check", kwargs={"number": "HC130200-202611"})).status_code == 404


@pytest.mark.parametrize("after", ["x", "9" * 30, "0"])
def test_a_page_of_the_list_that_is_none_is_the_first(city: City, after: str) -> None:
    city.finding()
    handler = browser(city.staff.handlers[0])
    assert handler.get(f"{reverse('checks')}?after={after}").status_code == 200


def test_a_person_who_was_not_told_sees_no_clue(city: City) -> None:
    found = city.finding("BUSINESS_LATER")
    own = reverse("claim-checks", kwargs={"number": found.claim.case.number})
    person = browser(found.claim.party.user)
    shown = person.get(own).content.decode()
    assert found.case.number not in shown and found.hit.unit not in shown
    assert person.post(own, {"finding": found.case.number, "text": "？"}).status_code == 302
    assert reread_finding(found.claim).reply == ""
