"""The acts on a spell as people meet them: on the officer's page, and in words on the citizen's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from time_machine import travel

from claims import kinds
from claims.models import Claim, Ground, Suspension
from law.workdays import legal_day
from tests.factories import NOW, City, reread
from tests.house.conftest import sandbox_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city with a bank of its own, some days after its claims were granted."""
    with sandbox_in(tmp_path / "sandbox.sqlite3", people=300) as box:
        yield City(box)


def page(client: Client, claim: Claim, *, language: str = "zh-hans") -> str:
    answer = client.get(f"/claims/{claim.case.number}/", headers={"accept-language": language})
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


def case_page(client: Client, claim: Claim) -> str:
    return client.get(f"/claims/{claim.case.number}/case/").content.decode()


def test_an_officer_suspends_and_resumes_and_the_person_reads_why_and_until_when(
    city: City, client: Client
) -> None:
    claim = city.claim(kinds.PAYING)
    address = f"/claims/{claim.case.number}/"
    client.force_login(city.staff.handlers[0])
    assert "先暂停，核实一件事" in case_page(client, claim)
    empty = client.post(f"{address}suspend/", {"why": " "})
    assert empty.status_code == 422
    assert "领取人要看到为什么暂停" in empty.content.decode()
    client.post(f"{address}suspend/", {"why": "有单位给您参保。"})
    suspension = Suspension.objects.get(spell=claim.pk)
    client.force_login(claim.party.user)
    words = page(client, claim)
    assert "先停一停，正在核实" in words
    assert "有单位给您参保。" in words
    assert f"{suspension.until.month}月{suspension.until.day}日" in words
    assert "报告找到工作" not in words
    client.force_login(city.staff.handlers[1])
    assert "核实清楚，恢复发放" in case_page(client, claim)
    assert client.post(f"{address}resume/").status_code == 302
    assert reread(claim).case.status == kinds.PAYING
    again = client.post(f"{address}resume/")
    assert again.status_code == 422
    assert "恢复发放" in again.content.decode(), "who was first, and what was done"


def test_a_stop_is_proposed_with_a_day_and_signed_by_another(city: City, client: Client) -> None:
    claim = city.claim(kinds.PAYING)
    address = f"/claims/{claim.case.number}/"
    handler, reviewer = city.staff.handlers[0], city.staff.reviewers[0]
    client.force_login(handler)
    asked = {"ground": Ground.CONSCRIPTED, "evidence": "OFFICE", "why": "兵役机关已答复。"}
    undated = client.post(f"{address}stop/", asked)
    assert undated.status_code == 422
    assert "请填哪天发生的" in undated.content.decode()
    with travel(NOW.replace(day=28), tick=False):
        assert client.post(f"{address}stop/", {**asked, "event_on": "2026-11-26"}).status_code == 302
        assert "拟停发，等复核" in case_page(client, claim)
        client.force_login(reviewer)
        shown = case_page(client, claim)
        for words in ("应征服兵役", "2026年11月26日", "2026年11月", "兵役机关已答复。"):
            assert words in shown
        assert client.post(f"{address}stop/sign/", {"decision": "return"}).status_code == 422
        assert client.post(f"{address}stop/sign/", {"decision": "agree"}).status_code == 302
    claim = reread(claim)
    assert claim.case.status == kinds.ENDED
    client.force_login(claim.party.user)
    words = page(client, claim)
    assert "已停发" in words
    assert "停发决定书" in words
    letter = claim.case.letters.get(template="claim.stop")
    said = client.get(f"{address}letters/{letter.pk}/").content.decode()
    for words in ("应征服兵役", "第五十一条第（二）项", "行政复议", "本决定由工作人员作出"):
        assert words in said


@pytest.mark.parametrize(
    ("status", "chinese", "english"),
    [
        (kinds.SUSPENDED, "先停一停，正在核实", "On hold"),
        (kinds.STOP_REVIEW, "先停一停，正在核实", "On hold"),
        (kinds.INTERRUPTED, "服刑期间不发", "prison"),
        (kinds.ANNULLED, "核定撤销了", "cancelled"),
    ],
)
def test_the_person_reads_the_state_in_either_language(
    city: City, client: Client, status: str, chinese: str, english: str
) -> None:
    claim = city.claim(status)
    client.force_login(claim.party.user)
    assert chinese in page(client, claim)
    client.post("/language/en/")
    assert english in page(client, claim, language="en")


def test_a_released_person_goes_on_from_the_officers_page(city: City, client: Client) -> None:
    claim = city.claim(kinds.INTERRUPTED)
    client.force_login(city.staff.handlers[0])
    assert "已经释放，接着发" in case_page(client, claim)
    address = f"/claims/{claim.case.number}/release/"
    assert client.post(address, {"ended_on": ""}).status_code == 422
    today = legal_day(timezone.now())
    answer = client.post(address, {"ended_on": today.isoformat()})
    assert answer.status_code == 302, answer.content.decode()
    assert reread(claim).case.status == kinds.PAYING


def test_the_person_sees_every_months_money_and_the_officer_what_was_stopped(
    city: City, client: Client
) -> None:
    claim = city.claim(kinds.PAYING)
    months = claim.spell.months
    client.force_login(claim.party.user)
    assert f"/claims/{claim.case.number}/money/" in page(client, claim)
    money = client.get(f"/claims/{claim.case.number}/money/").content.decode()
    assert money.count("<tr>") == months + 1
    assert "已到账" in money
    assert f"{months - 1} 笔" in money, "what is to come"
    ended = city.claim(kinds.ANNULLED)
    client.force_login(ended.party.user)
    money = client.get(f"/claims/{ended.case.number}/money/").content.decode()
    assert "多发了，要退回" in money
    assert "核定已撤销" in money
    client.force_login(city.staff.handlers[0])
    shown = case_page(client, ended)
    assert "停发和中断" in shown
    assert "自始不符合条件" in shown
    assert "多发了，要退回" in shown


def test_nobody_sees_the_money_of_another(city: City, client: Client) -> None:
    claim, other = city.claim(kinds.PAYING), city.claim(kinds.REVIEW1)
    client.force_login(other.party.user)
    assert client.get(f"/claims/{claim.case.number}/money/").status_code == 404
    own = client.get(f"/claims/{other.case.number}/money/")
    assert own.status_code == 302, "nothing was granted yet"
