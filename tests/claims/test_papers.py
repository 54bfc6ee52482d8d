"""Letters and papers over HTTP: who opens what, how a file leaves, and what a form says of a bad one."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from urllib.parse import unquote

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

import claims.services
from accounts.models import Access, Role, User
from cases.attachments import MAX_BYTES
from cases.models import Attachment, Event, Letter, Message
from claims import kinds
from claims.models import Claim
from sandbox.server import Running
from tests.cases.papers import JPEG, PDF, PNG, page_text, tight
from tests.cases.pdf_text import text_of
from tests.factories import NOW, City, citizen, officer, reread

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def city(sandbox_server: Running) -> City:
    return City(sandbox_server)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def owner(claim: Claim) -> Client:
    """The browser of the person whose claim it is."""
    user: User = claim.party.user
    return browser(user)


def text_shown(answer: HttpResponseBase) -> str:
    """The words of a page, without those inside a drawing."""
    content = getattr(answer, "content", b"").decode()
    return tight(re.sub(r"<svg.*?</svg>|<[^>]+>", "", content, flags=re.DOTALL))


def post(
    client: Client, page: str, claim: Claim, *files: tuple[str, bytes], **fields: str
) -> HttpResponseBase:
    """A form with files, ten minutes after everything the factories did."""
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    with time_machine.travel(NOW + HOUR):
        return client.post(reverse(page, kwargs={"number": claim.case.number}), {**fields, "papers": uploads})


# --- letters ----------------------------------------------------------------------------------------------


def letter_address(claim: Claim, *, pdf: bool = False) -> str:
    letter = Letter.objects.get(case=claim.case)
    page = "claim-letter-pdf" if pdf else "claim-letter"
    return reverse(page, kwargs={"number": claim.case.number, "key": letter.pk})


class TestLetter:
    def test_its_person_reads_prints_and_saves_it(self, city: City) -> None:
        claim = city.claim(kinds.REJECTED)
        client = owner(claim)
        letter = Letter.objects.get(case=claim.case)
        page = client.get(letter_address(claim))
        assert page.status_code == 200
        assert page_text(letter) in text_shown(page)
        answer = client.get(letter_address(claim, pdf=True))
        assert answer["Content-Type"] == "application/pdf"
        assert unquote(answer["Content-Disposition"]).endswith(f"{letter.number}.pdf")
        assert tight(claim.party.name) in tight(text_of(answer.content))
        assert Event.objects.filter(case=claim.case, verb="letter.opened").count() == 1
        assert not Access.objects.filter(case_number=claim.case.number, act=Access.Act.READ).exists()

    def test_links_lead_to_it_from_tracker_own_matters_and_case(self, city: City) -> None:
        claim = city.claim(kinds.REJECTED)
        address = letter_address(claim)
        for client, page in (
            (owner(claim), reverse("claim", kwargs={"number": claim.case.number})),
            (owner(claim), reverse("my")),
            (browser(city.staff.handlers[0]), reverse("case-claim", kwargs={"number": claim.case.number})),
        ):
            assert f'href="{address}"' in client.get(page).content.decode(), page

    def test_an_officers_reading_is_recorded_each_time(self, city: City) -> None:
        claim = city.verified()
        letter = Letter.objects.get(case=claim.case)
        client = browser(city.staff.handlers[0])
        client.get(letter_address(claim))
        client.get(letter_address(claim, pdf=True))
        seen = Access.objects.filter(case_number=claim.case.number, reason=f"letter {letter.pk}")
        assert seen.filter(act=Access.Act.READ, party=claim.party).count() == 2
        assert not Event.objects.filter(case=claim.case, verb="letter.opened").exists()

    def test_nobody_else_finds_it(self, city: City) -> None:
        claim, other = city.verified(), city.verified()
        elsewhere = browser(officer(Role.HANDLER, region="130200"))
        for client in (owner(other), elsewhere):
            assert client.get(letter_address(claim)).status_code == 404
            assert client.get(letter_address(claim, pdf=True)).status_code == 404
        assert Client().get(letter_address(claim)).status_code == 302

    def test_a_letter_of_another_case_is_not_found_under_ones_own(self, city: City) -> None:
        claim, other = city.verified(), city.verified()
        key = Letter.objects.get(case=other.case).pk
        address = reverse("claim-letter", kwargs={"number": claim.case.number, "key": key})
        assert owner(claim).get(address).status_code == 404

    def test_a_name_the_font_lacks_leads_to_the_page_which_says_so(self, city: City) -> None:
        claim = city.claim(kinds.REVIEW1)
        claim.party.name = "王𠀀"
        claim.party.save(update_fields=["name"])
        claims.services.request_papers(
            claim=claim, wanted="请补充。", actor=city.staff.handlers[0], now=NOW + HOUR
        )
        client = owner(claim)
        answer = client.get(letter_address(claim, pdf=True))
        assert answer.headers["Location"] == letter_address(claim)
        page = client.get(answer.headers["Location"])
        assert "王𠀀" in text_shown(page) and "直接打印这一页" in text_shown(page)
        assert letter_address(claim, pdf=True) not in page.content.decode()

    def test_it_stays_chinese_for_who_reads_english(self, city: City) -> None:
        claim = city.verified()
        client = owner(claim)
        client.cookies["anye_language"] = "en"
        answer = client.get(letter_address(claim))
        page = answer.content.decode()
        assert '<html lang="en"' in page and '<article class="letter" lang="zh-Hans">' in page
        assert page_text(Letter.objects.get(case=claim.case)) in text_shown(answer)


# --- papers -----------------------------------------------------------------------------------------------


class TestPapers:
    def test_an_answer_brings_words_and_files(self, city: City) -> None:
        claim = city.claim(kinds.SUPPLEMENT)
        answer = post(
            owner(claim), "claim-answer-papers", claim, ("证明.pdf", PDF), ("照片.jpg", JPEG), answer="见附件"
        )
        assert answer.status_code == 302
        assert reread(claim).case.status == kinds.AUTO_CHECK
        kept = Attachment.objects.filter(case=claim.case).order_by("pk")
        assert [(paper.name, paper.uploaded_by) for paper in kept] == [
            ("证明.pdf", claim.party.user),
            ("照片.jpg", claim.party.user),
        ]

    def test_files_alone_are_an_answer_and_nothing_is_none(self, city: City) -> None:
        claim = city.claim(kinds.SUPPLEMENT)
        empty = post(owner(claim), "claim-answer-papers", claim, answer=" ")
        assert empty.status_code == 422 and "请写清楚" in text_shown(empty)
        assert reread(claim).case.status == kinds.SUPPLEMENT
        assert post(owner(claim), "claim-answer-papers", claim, ("a.png", PNG), answer="").status_code == 302

    @pytest.mark.parametrize(
        ("files", "said"),
        [
            ([("合同.docx", b"PK\x03\x04")], "“合同.docx”不是PDF、JPEG或PNG文件"),
            ([("空.pdf", b"")], "“空.pdf”是空的"),
            ([("大.png", PNG + bytes(MAX_BYTES))], "“大.png”超过10MB"),
            ([(f"{n}.pdf", PDF) for n in range(7)], "一次最多交5份文件"),
            ([("好.pdf", PDF), ("坏.pdf", b"<script>alert(1)</script>")], "“坏.pdf”不是PDF"),
        ],
    )
    def test_a_bad_file_is_said_and_the_words_are_kept(
        self, city: City, files: list[tuple[str, bytes]], said: str
    ) -> None:
        claim = city.claim(kinds.SUPPLEMENT)
        answer = post(owner(claim), "claim-answer-papers", claim, *files, answer="写了很久的话")
        assert answer.status_code == 422
        shown = text_shown(answer)
        assert said in shown and "写了很久的话" in shown
        assert not Attachment.objects.exists()
        assert reread(claim).case.status == kinds.SUPPLEMENT

    def test_the_application_brings_what_shows_that_something_is_wrong(self, city: City) -> None:
        person = city.person()
        client = browser(citizen(person))
        with time_machine.travel(NOW):
            client.get(reverse("apply"))
            form = {
                "submission_id": str(uuid.uuid4()),
                "mobile": "13800000012",
                "district": "130102",
                "job": "LOGISTICS",
                "train": "no",
                "truth": "on",
                "wrong": "离职原因不对",
            }
            bad = client.post(reverse("apply"), {**form, "papers": SimpleUploadedFile("a.zip", b"PK")})
            assert bad.status_code == 422 and "“a.zip”不是PDF" in text_shown(bad)
            assert not Claim.objects.exists()
            good = client.post(reverse("apply"), {**form, "papers": SimpleUploadedFile("解除通知.pdf", PDF)})
        assert good.status_code == 302
        claim = Claim.objects.get()
        assert [paper.name for paper in claim.case.attachments.all()] == ["解除通知.pdf"]

    def test_the_handlers_evidence_stands_beside_the_settled_fact(self, city: City) -> None:
        claim = city.claim(kinds.REVIEW1)
        answer = post(
            browser(city.staff.handlers[0]),
            "claim-propose",
            claim,
            ("停保证明.pdf", PDF),
            act="grant",
            why="已停保",
            evidence="OFFICE",
            **{"fact-employed": "NO"},
        )
        assert answer.status_code == 302 and reread(claim).case.status == kinds.REVIEW2
        (amendment,) = claim.case.amendments.all()
        assert [paper.name for paper in amendment.attachments.all()] == ["停保证明.pdf"]
        page = browser(city.staff.reviewers[0]).get(
            reverse("case-claim", kwargs={"number": claim.case.number})
        )
        assert text_shown(page).count("停保证明.pdf") == 2

    def test_no_fact_is_settled_without_evidence(self, city: City) -> None:
        claim = city.claim(kinds.REVIEW1)
        fields = {"act": "grant", "why": "已停保", "fact-employed": "NO"}
        answer = post(browser(city.staff.handlers[0]), "claim-propose", claim, **fields)
        assert answer.status_code == 422 and "请选依据" in text_shown(answer)
        assert not claim.case.amendments.exists()

    def test_a_file_leaves_byte_for_byte_with_no_rights_and_is_recorded(self, city: City) -> None:
        claim = city.claim(kinds.SUPPLEMENT)
        post(owner(claim), "claim-answer-papers", claim, ('证明 "1".pdf', PDF), answer="x")
        kept = Attachment.objects.get()
        address = reverse("claim-paper", kwargs={"number": claim.case.number, "key": kept.pk})
        for client in (owner(claim), browser(city.staff.handlers[0])):
            answer = client.get(address)
            assert answer.content == PDF
            assert answer["Content-Type"] == "application/pdf"
            assert answer["Content-Disposition"].startswith("attachment; filename")
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert "no-store" in answer["Cache-Control"]
        seen = Access.objects.filter(reason=f"attachment {kept.pk}", act=Access.Act.READ)
        assert {access.actor for access in seen} == {claim.party.user, city.staff.handlers[0]}

    def test_an_officers_evidence_is_not_the_applicants_to_take_out(self, city: City) -> None:
        claim = city.claim(kinds.REVIEW1)
        post(
            browser(city.staff.handlers[0]),
            "claim-propose",
            claim,
            ("单位来函.pdf", PDF),
            act="refuse",
            why="仍在职",
            evidence="EMPLOYER",
        )
        kept = Attachment.objects.get()
        address = reverse("claim-paper", kwargs={"number": claim.case.number, "key": kept.pk})
        assert owner(claim).get(address).status_code == 404
        assert owner(city.verified()).get(address).status_code == 404
        assert browser(city.staff.reviewers[0]).get(address).status_code == 200


# --- reopening --------------------------------------------------------------------------------------------


class TestReopening:
    def test_the_person_brings_new_evidence_on_the_tracker(self, city: City) -> None:
        claim = city.claim(kinds.REJECTED)
        client = owner(claim)
        page = client.get(reverse("claim", kwargs={"number": claim.case.number}))
        assert reverse("claim-reopen", kwargs={"number": claim.case.number}) in page.content.decode()
        answer = post(client, "claim-reopen", claim, ("裁决书.pdf", PDF), why="仲裁裁决")
        assert answer.status_code == 302 and reread(claim).case.status == kinds.REOPENED
        page = client.get(reverse("claim", kwargs={"number": claim.case.number}))
        assert "重新受理" in text_shown(page) and "裁决书.pdf" in text_shown(page)

    @pytest.mark.parametrize(
        ("why", "files"), [("", [("a.pdf", PDF)]), ("有", [("a.exe", b"MZ")]), ("长" * 1001, [])]
    )
    def test_bad_input_is_shown_again_and_nothing_moves(
        self, city: City, why: str, files: list[tuple[str, bytes]]
    ) -> None:
        claim = city.claim(kinds.REJECTED)
        answer = post(owner(claim), "claim-reopen", claim, *files, why=why)
        assert answer.status_code == 422 and "还差1处" in text_shown(answer)
        assert reread(claim).case.status == kinds.REJECTED

    def test_an_officer_reopens_from_the_case_page_a_reviewer_cannot(self, city: City) -> None:
        claim = city.claim(kinds.REJECTED)
        page = reverse("case-claim", kwargs={"number": claim.case.number})
        door = reverse("case-claim-reopen", kwargs={"number": claim.case.number})
        assert door not in browser(city.staff.reviewers[0]).get(page).content.decode()
        handler = browser(city.staff.handlers[1])
        assert door in handler.get(page).content.decode()
        assert post(handler, "case-claim-reopen", claim, why="").status_code == 422
        assert post(handler, "case-claim-reopen", claim, why="登记有误").status_code == 302
        assert reread(claim).case.status == kinds.REOPENED

    def test_after_the_last_day_the_tracker_offers_no_form_and_says_what_remains(self, city: City) -> None:
        claim = city.claim(kinds.REJECTED)
        with time_machine.travel(NOW + timedelta(days=100)):
            page = owner(claim).get(reverse("claim", kwargs={"number": claim.case.number}))
        assert reverse("claim-reopen", kwargs={"number": claim.case.number}) not in page.content.decode()
        assert "随时可以再申请" in text_shown(page)

    def test_somebody_elses_refusal_is_not_found(self, city: City) -> None:
        claim = city.claim(kinds.REJECTED)
        stranger = owner(city.verified())
        assert post(stranger, "claim-reopen", claim, why="x").status_code == 404


# --- inbox ------------------------------------------------------------------------------------------------


def test_messages_are_marked_new_until_their_person_has_seen_them(city: City) -> None:
    claim = city.verified()
    client = owner(claim)
    assert (
        browser(city.staff.handlers[0])
        .get(reverse("case-claim", kwargs={"number": claim.case.number}))
        .status_code
        == 200
    )
    assert Message.objects.filter(party=claim.party, read_at=None).count() == 2
    assert text_shown(client.get(reverse("my"))).count("新消息") == 2
    assert text_shown(client.get(reverse("my"))).count("新消息") == 0
