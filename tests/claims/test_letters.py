"""What the letters of a claim say: the numbers of the decision, reasons with their articles, who signed."""

from __future__ import annotations

import re
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

import claims.services
from cases.letters import pdf_of
from cases.models import Event, Letter
from claims import kinds
from claims.letters import SAMPLE, TESTS
from claims.models import Claim
from claims.remedies import remedies, reopen_until
from config.home import ROOT
from law.sentences import BENEFIT_PATTERNS
from policy.selectors import book
from sandbox.server import Running
from tests.cases.papers import page_text, tight
from tests.cases.pdf_text import text_of
from tests.factories import NOW, City, propose_refusal, reread, set_value

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(sandbox_server: Running) -> City:
    """Officers and the sandbox's people."""
    return City(sandbox_server)


def letter_of(claim: Claim, template: str) -> Letter:
    return Letter.objects.get(case=claim.case, template=template)


def said(letter: Letter) -> dict[str, Any]:
    """The sections of a letter by their headings, without the numeral."""
    return {section["heading"].split("、", 1)[1]: section for section in letter.words["sections"]}


def test_every_test_of_the_rule_has_a_short_name() -> None:
    assert set(TESTS) == {code for code, _outcome, _variant in BENEFIT_PATTERNS}


class TestGrant:
    def test_it_says_amounts_months_account_and_remedies(self, city: City) -> None:
        claim = city.verified()
        assert claim.case.status == kinds.APPROVED and claim.case.determination is not None
        letter = letter_of(claim, "claim.grant")
        result = claim.case.determination.decision["results"]
        table = {row[0]: row[-1] for row in said(letter)["核定结果"]["table"]["rows"]}
        assert table["每月"] == f"{result['monthly_fen'] / 100:,.2f} 元"
        assert table["共计"] == f"{result['total_fen'] / 100:,.2f} 元"
        assert table["月数"] == f"{result['months']} 个月"
        assert table["起止"].startswith("2026年11月至")
        identifier = claim.party.identifiers.get()
        assert letter.words["addressee"] == f"{claim.party.name}（身份证号 {identifier.masked}）："
        assert "60 日内" in said(letter)["对本决定不服"]["paragraphs"][0]
        assert "第四十五条第（一）项、第（二）项、第（三）项" in said(letter)["事实和依据"]["paragraphs"][1]

    def test_no_personal_number_is_whole(self, city: City) -> None:
        claim = city.verified()
        shown = page_text(letter_of(claim, "claim.grant"))
        assert claim.party.identifiers.get().number not in shown
        assert claim.registration.mobile not in shown

    def test_what_the_machine_granted_names_nobody(self, city: City) -> None:
        letter = letter_of(city.verified(), "claim.grant")
        first, second = letter.words["signed"]
        assert first.startswith("系统核定：13 项全部符合") and "经办" not in first and "复核" not in first
        assert "系统自动作出" in second
        assert letter.issued_by.username == "system"

    def test_a_reviewer_alone_is_named_alone(self, city: City) -> None:
        set_value(city.staff, "benefit.auto_grant", "false", "flag")
        claim, reviewer = city.verified(), city.staff.reviewers[0]
        claims.services.review(
            claim=claim, agreed=True, remark="", actor=reviewer, now=NOW + timedelta(hours=1)
        )
        letter = letter_of(claim, "claim.grant")
        assert letter.words["signed"][0].startswith(f"复核 {reviewer}")
        assert "经办" not in letter.words["signed"][0]

    def test_after_a_question_both_are_named(self, city: City) -> None:
        claim, handler, reviewer = city.claim(kinds.REVIEW1), city.staff.handlers[0], city.staff.reviewers[0]
        claims.services.propose(
            claim=claim,
            act=kinds.GRANT,
            why="单位已停保。",
            amendments={"employed": "NO"},
            evidence="OFFICE",
            actor=handler,
            now=NOW + timedelta(hours=1),
        )
        claims.services.review(
            claim=claim, agreed=True, remark="", actor=reviewer, now=NOW + timedelta(hours=2)
        )
        first, second = letter_of(claim, "claim.grant").words["signed"]
        assert first.startswith(f"经办 {handler}　复核 {reviewer}")
        assert "未使用自动决定" in second

    def test_the_letter_comes_before_the_message_that_tells_of_it(self, city: City) -> None:
        trail = list(Event.objects.filter(case=city.verified().case).order_by("sequence"))
        assert [event.verb for event in trail][-2:] == ["letter.issued", "message.sent"]

    def test_a_card_that_cannot_be_paid_is_said(self, city: City) -> None:
        claim = city.verified(city.person("CARD_CLOSED"))
        rows = said(letter_of(claim, "claim.grant"))["核定结果"]["table"]["rows"]
        assert "还不能收款" in rows[-1][1]


class TestRefusal:
    def test_reasons_with_articles_what_stays_and_remedies(self, city: City) -> None:
        claim = city.claim(kinds.REJECTED)
        letter = letter_of(claim, "claim.refusal")
        facts, stays, ways = (
            said(letter)[heading] for heading in ("事实和依据", "您保留的权利和可以办的事", "对本决定不服")
        )
        rows = facts["table"]["rows"]
        assert rows[0][0] == "就业状态" and rows[0][-1] == "不符合"
        assert rows[0][2] == "社会保险法 第五十一条第（一）项"
        assert [row[0] for row in rows[1:]] == ["累计缴费", "离职原因", "失业登记"]
        assert facts["paragraphs"][0] == "经办说明：登记的事实不符合条件，已告知本人。"
        assert "依据《中华人民共和国社会保险法》第五十一条第（一）项，决定不予核定" in facts["paragraphs"][1]
        assert "失业登记有效" in stays["paragraphs"][0] and "全部保留" in stays["paragraphs"][0]
        assert "2027年1月22日以前" in stays["paragraphs"][0]
        assert "60 日内，向石家庄市人民政府申请行政复议（行政复议法 第二十条）" in ways["paragraphs"][0]
        assert "6 个月内" in ways["paragraphs"][0] and "行政诉讼法 第四十六条" in ways["paragraphs"][0]

    def test_the_two_who_signed_are_named(self, city: City) -> None:
        letter = letter_of(city.claim(kinds.REJECTED), "claim.refusal")
        assert letter.words["signed"][0].startswith(
            f"经办 {city.staff.handlers[0]}　复核 {city.staff.reviewers[0]}"
        )
        assert letter.issued_by == city.staff.reviewers[0]

    def test_too_few_months_says_how_many_are_lacking_and_what_is_kept(self, city: City) -> None:
        claim = city.verified(city.person("TOO_FEW_MONTHS"))
        propose_refusal(claim, actor=city.staff.handlers[0])
        claims.services.review(
            claim=reread(claim),
            agreed=True,
            remark="",
            actor=city.staff.reviewers[0],
            now=NOW + timedelta(hours=1),
        )
        letter = letter_of(claim, "claim.refusal")
        assert claim.case.determination is not None
        months = claim.case.determination.facts["contributed_months"]
        row = said(letter)["事实和依据"]["table"]["rows"][0]
        assert (row[0], row[-1]) == ("累计缴费", f"差 {12 - months} 个月")
        stays = said(letter)["您保留的权利和可以办的事"]["paragraphs"][0]
        assert f"已缴的 {months} 个月全部保留；今后累计满 12 个月，可以再次申请。" in stays


class TestPapers:
    def test_the_notice_says_what_until_when_and_what_meanwhile(self, city: City) -> None:
        claim = city.claim(kinds.SUPPLEMENT)
        letter = letter_of(claim, "claim.papers")
        assert letter.number == f"{claim.case.number} 号补正告知书"
        assert said(letter)["请补充"]["paragraphs"] == ["请补充离职证明。"]
        assert "2026年12月7日前" in said(letter)["什么时候、怎么补"]["paragraphs"][0]
        assert letter.words["signed"][0].startswith(f"经办 {city.staff.handlers[0]}")


@pytest.mark.parametrize("status", [kinds.APPROVED, kinds.REJECTED, kinds.SUPPLEMENT])
def test_each_letter_is_one_page_that_says_what_its_page_says(
    city: City, settings: Settings, status: str
) -> None:
    claim = city.claim(status)
    letter = Letter.objects.get(case=claim.case)
    assert letter.words["sample"] == SAMPLE
    letter.words["sample"] = ""  # the seal is a drawing; its text is no word of the letter
    pdf = pdf_of(letter=letter, now=NOW)
    assert pdf is not None and b"/Type/Pages/Count 1" in pdf
    assert tight(text_of(pdf)) == page_text(letter)
    assert tight(claim.party.name) in tight(text_of(pdf))


def test_an_installation_that_decides_prints_no_sample_seal(city: City, settings: Settings) -> None:
    settings.ANYE_DEMO = False
    assert letter_of(city.verified(), "claim.grant").words["sample"] == ""


def test_a_person_with_a_rare_name_gets_the_page_and_nobody_a_name_with_a_gap(city: City) -> None:
    claim = city.submitted()
    claim.party.name = "王𠀀"
    claim.party.save(update_fields=["name"])
    claims.services.verify_claim(claim_id=claim.pk, now=NOW + timedelta(minutes=1))
    letter = Letter.objects.filter(case=claim.case).first()
    if letter is None:  # the register has another name: a person looks first
        claims.services.request_papers(
            claim=reread(claim),
            wanted="请核对姓名。",
            actor=city.staff.handlers[0],
            now=NOW + timedelta(hours=1),
        )
        letter = Letter.objects.get(case=claim.case)
    assert pdf_of(letter=letter, now=NOW) is None
    assert "王𠀀" in page_text(letter)
    assert Event.objects.filter(case=claim.case, verb="letter.not_drawn").count() == 1


class TestRemedies:
    def test_they_are_the_laws_numbers(self) -> None:
        ways = remedies(book(), region="130102", on=date(2026, 11, 23))
        assert (ways.days, ways.months, ways.body) == (60, 6, "石家庄市人民政府")

    def test_the_time_for_new_evidence_ends_on_a_working_day(self, city: City) -> None:
        claim = city.claim(kinds.REJECTED)
        assert reopen_until(claim, book()) == date(2027, 1, 22)
        # sixty days end on a Saturday
        claim.closed_at = NOW - timedelta(days=93)
        assert reopen_until(claim, book()) == date(2026, 10, 21)
        claim.closed_at = NOW - timedelta(days=90)
        assert reopen_until(claim, book()) == date(2026, 10, 26)

    def test_what_is_not_refused_has_none(self, city: City) -> None:
        assert reopen_until(city.verified(), book()) is None


@pytest.mark.browser
@pytest.mark.parametrize("status", [kinds.APPROVED, kinds.REJECTED, kinds.SUPPLEMENT])
def test_the_page_prints_on_one_sheet(city: City, chromium: str, tmp_path: Path, status: str) -> None:
    claim = city.claim(status)
    letter = Letter.objects.get(case=claim.case)
    client = Client()
    client.force_login(claim.party.user)
    answer = client.get(reverse("claim-letter", kwargs={"number": claim.case.number, "key": letter.pk}))
    page, printed = tmp_path / "letter.html", tmp_path / "letter.pdf"
    page.write_text(answer.content.decode().replace('href="/static/', f'href="{ROOT.as_uri()}/static/'))
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", profile]
    subprocess.run(
        [chromium, *quiet, "--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri()],
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == 1
