"""The claim's pages through the test client: what a wrong answer, a second click or a stranger gets."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import pytest
from django.test import Client

import claims.services
from accounts.models import User
from accounts.services import link_citizen
from cases.models import Case
from claims.models import Claim, Draft, PersonRequest, Spell
from sandbox.world import Person
from tests.claims.conftest import NOW, Staff, verified

pytestmark = pytest.mark.django_db
Find = Callable[..., Person]

ANSWERS = {
    "mobile": "13800000012",
    "district": "130102",
    "street": "",
    "job": "LOGISTICS",
    "train": "no",
    "claimed_reason": "",
    "wrong": "",
    "truth": "on",
}


def citizen(client: Client, person: Person) -> User:
    """The person, signed in."""
    user = User.objects.create(username=f"citizen-{person.id_number[-6:]}-{person.name}")
    link_citizen(user=user, name=person.name, id_number=person.id_number, now=NOW)
    client.force_login(user)
    return user


class Answer(Protocol):
    """What the test client hands back, as far as these tests look at it."""

    @property
    def content(self) -> bytes: ...


def text_of(answer: Answer) -> str:
    """The page's words without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def submission_id_of(answer: Answer) -> str:
    """The hidden field that makes a double click one claim."""
    found = re.search(r'name="submission_id" value="([0-9a-f-]{36})"', answer.content.decode())
    assert found is not None
    return found.group(1)


class TestTheForm:
    def test_it_shows_what_the_registers_know_and_masks_the_number(
        self, client: Client, person_of: Find
    ) -> None:
        person = person_of("CLEAN")
        citizen(client, person)
        answer = client.get("/apply/")
        assert answer.status_code == 200
        words = text_of(answer)
        assert person.name in words and "累计缴费" in words
        assert person.id_number not in answer.content.decode()

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("mobile", "1380000012", "少一位"),
            ("mobile", "138000000123", "多 1 位"),
            ("mobile", "12800000012", "第二位"),
            ("mobile", "手机", "只有数字"),
            ("mobile", "", "请填手机号码"),
            ("district", "", "请选现在住的区县"),
            ("district", "999999", "请从列表里选"),
            ("job", "KING", "请从列表里选"),
            ("train", "maybe", "请选想不想"),
            ("claimed_reason", "Q77", "请从列表里选离职原因"),
            ("street", "x" * 121, "最多 120 个字"),
            ("wrong", "x" * 1001, "最多写 1,000 个字"),
            ("truth", "", "请确认以上是真实的"),
        ],
    )
    def test_a_wrong_answer_is_named_and_the_others_are_kept(
        self, client: Client, person_of: Find, field: str, value: str, words: str
    ) -> None:
        citizen(client, person_of("CLEAN"))
        posted = {**ANSWERS, "submission_id": str(uuid.uuid4()), field: value}
        if field == "truth":
            posted.pop("truth")
        answer = client.post("/apply/", posted)
        assert answer.status_code == 422
        assert words in text_of(answer)
        assert "LOGISTICS" in answer.content.decode()
        assert not Claim.objects.exists()

    def test_full_width_digits_and_blanks_are_put_right(self, client: Client, person_of: Find) -> None:
        user = citizen(client, person_of("CLEAN"))
        posted = {**ANSWERS, "submission_id": str(uuid.uuid4()), "mobile": "１３８ 0000-0012"}
        assert client.post("/apply/", posted).status_code == 302
        assert Claim.objects.get(party=user.party).registration.mobile == "13800000012"

    def test_a_double_click_is_one_claim(self, client: Client, person_of: Find) -> None:
        citizen(client, person_of("CLEAN"))
        posted = {**ANSWERS, "submission_id": submission_id_of(client.get("/apply/"))}
        first, second = client.post("/apply/", posted), client.post("/apply/", posted)
        assert first.status_code == second.status_code == 302
        assert first["Location"] == second["Location"]
        assert Claim.objects.count() == 1

    def test_the_form_again_shows_the_claim_that_is_open(self, client: Client, person_of: Find) -> None:
        citizen(client, person_of("CLEAN"))
        posted = {**ANSWERS, "submission_id": str(uuid.uuid4())}
        made = client.post("/apply/", posted)["Location"]
        assert client.get("/apply/")["Location"] == made
        assert client.post("/apply/", {**posted, "submission_id": str(uuid.uuid4())})["Location"] == made

    def test_a_half_filled_form_is_kept_and_goes_on_under_the_same_id(
        self, client: Client, person_of: Find
    ) -> None:
        user = citizen(client, person_of("CLEAN"))
        submission_id = submission_id_of(client.get("/apply/"))
        saved = {"submission_id": submission_id, "mobile": "138", "save": "1"}
        assert client.post("/apply/", saved)["Location"] == "/apply/"
        assert Draft.objects.get(party=user.party).answers["mobile"] == "138"
        again = client.get("/apply/")
        assert submission_id_of(again) == submission_id
        assert 'value="138"' in again.content.decode()

    def test_each_changed_field_is_kept_beside_the_others_and_comes_back(
        self, client: Client, person_of: Find
    ) -> None:
        user = citizen(client, person_of("CLEAN"))
        submission_id = submission_id_of(client.get("/apply/"))
        for name, value in (("mobile", "138"), ("job", "CARE"), ("train", "yes"), ("mobile", "1381")):
            answer = client.post("/apply/draft/", {"submission_id": submission_id, name: value})
            assert answer.status_code == 200
            assert "已经存好" in text_of(answer)
        kept = Draft.objects.get(party=user.party).answers
        assert kept == {"mobile": "1381", "job": "CARE", "train": "yes"}
        again = client.get("/apply/").content.decode()
        assert 'value="1381"' in again
        assert '<option value="CARE" selected' in again

    def test_one_kept_field_leaves_the_others_prefilled(self, client: Client, person_of: Find) -> None:
        citizen(client, person_of("CLEAN"))
        submission_id = submission_id_of(client.get("/apply/"))
        client.post("/apply/draft/", {"submission_id": submission_id, "mobile": "138"})
        again = client.get("/apply/").content.decode()
        assert '<option value="UNDECIDED" selected' in again

    def test_each_field_that_is_kept_sends_itself_alone(self, client: Client, person_of: Find) -> None:
        citizen(client, person_of("CLEAN"))
        page = client.get("/apply/").content.decode()
        for name in ("mobile", "district", "street", "job", "train", "claimed_reason", "wrong"):
            assert f'hx-params="{name},csrfmiddlewaretoken,submission_id"' in page
        assert 'hx-params="papers' not in page and 'hx-params="truth' not in page

    @pytest.mark.parametrize(
        "posted",
        [
            {},
            {"truth": "on"},
            {"papers": "x"},
            {"saved_at": "2020-01-01"},
            {"mobile": "138", "party": "1"},
            {"mobile": "138", "submission_id": "nonsense"},
            {"mobile": "138", "submission_id": ""},
        ],
    )
    def test_a_field_nobody_asked_for_is_not_kept(
        self, client: Client, person_of: Find, posted: dict[str, str]
    ) -> None:
        citizen(client, person_of("CLEAN"))
        answer = client.post("/apply/draft/", {"submission_id": str(uuid.uuid4()), **posted})
        assert answer.status_code == 400
        assert not Draft.objects.exists()

    @pytest.mark.parametrize("has_own", [False, True])
    def test_another_persons_form_is_neither_read_nor_written(
        self, client: Client, person_of: Find, has_own: bool
    ) -> None:
        other = citizen(client, person_of("CLEAN", 1))
        theirs = submission_id_of(client.get("/apply/"))
        client.post("/apply/draft/", {"submission_id": theirs, "mobile": "139"})
        own = citizen(client, person_of("CLEAN"))
        if has_own:
            client.post("/apply/draft/", {"submission_id": str(uuid.uuid4()), "mobile": "138"})
        answer = client.post("/apply/draft/", {"submission_id": theirs, "mobile": "130"})
        assert answer.status_code == 409
        assert "139" not in answer.content.decode()
        assert Draft.objects.get(party=other.party).answers == {"mobile": "139"}
        assert [draft.answers for draft in Draft.objects.filter(party=own.party)] == [
            {"mobile": "138"}
        ] * has_own
        button = {"submission_id": theirs, "mobile": "130", "save": "1"}
        assert client.post("/apply/", button)["Location"] == "/my/"
        assert Draft.objects.get(party=other.party).answers == {"mobile": "139"}

    def test_a_field_that_comes_after_the_form_was_sent_begins_no_new_draft(
        self, client: Client, person_of: Find
    ) -> None:
        citizen(client, person_of("CLEAN"))
        posted = {**ANSWERS, "submission_id": submission_id_of(client.get("/apply/"))}
        assert client.post("/apply/", posted).status_code == 302
        late = {"submission_id": posted["submission_id"], "street": "中山路"}
        assert client.post("/apply/draft/", late).status_code == 409
        assert not Draft.objects.exists()

    def test_a_long_answer_is_cut_and_never_refused(self, client: Client, person_of: Find) -> None:
        citizen(client, person_of("CLEAN"))
        client.post("/apply/draft/", {"submission_id": str(uuid.uuid4()), "wrong": "x" * 5000})
        assert len(Draft.objects.get().answers["wrong"]) == 1000


class TestTheTracker:
    def test_nobody_sees_another_persons_claim(self, client: Client, person_of: Find) -> None:
        claim = verified(person_of("CLEAN"))
        citizen(client, person_of("CLEAN", 1))
        assert client.get(f"/claims/{claim.case.number}/").status_code == 404

    def test_a_granted_claim_says_what_comes_next(self, client: Client, person_of: Find) -> None:
        person = person_of("CLEAN")
        claim = verified(person)
        citizen(client, person)
        words = text_of(client.get(f"/claims/{claim.case.number}/"))
        assert "已经批准，等发第一笔" in words and "系统核定" in words
        assert "对决定有疑问" in words

    def test_a_granted_claim_names_the_day_of_the_first_money(self, client: Client, person_of: Find) -> None:
        person = person_of("CLEAN")
        claim = verified(person)  # on 23 November, for November: the 10th of that month has passed
        citizen(client, person)
        assert "2026年12月10日（周四）前到账" in text_of(client.get(f"/claims/{claim.case.number}/"))

    def test_a_day_that_was_missed_is_said_and_not_moved(self, client: Client, person_of: Find) -> None:
        person = person_of("CLEAN")
        claim = verified(person)
        Spell.objects.filter(pk=claim.pk).update(
            granted_at=datetime(2026, 9, 1, 4, tzinfo=UTC), first_month="2026-09"
        )
        citizen(client, person)
        words = text_of(client.get(f"/claims/{claim.case.number}/"))
        assert "本该 2026年9月10日（周四）前到账，是我们晚了" in words

    def test_a_card_that_takes_no_money_comes_before_the_promise(
        self, client: Client, person_of: Find
    ) -> None:
        person = person_of("CARD_CLOSED")
        claim = verified(person)
        citizen(client, person)
        words = text_of(client.get(f"/claims/{claim.case.number}/"))
        assert "等您的社保卡能收款" in words and "账户已注销" in words
        assert "您不用做什么" not in words and "日（周四）前到账" not in words

    def test_before_a_decision_nobody_is_asked_whether_he_doubts_it(
        self, client: Client, person_of: Find
    ) -> None:
        person = person_of("STILL_EMPLOYED")
        claim = verified(person)
        citizen(client, person)
        words = text_of(client.get(f"/claims/{claim.case.number}/"))
        assert "对决定有疑问" not in words and "请人工办理" in words

    def test_a_person_who_asks_for_a_person_is_answered_on_the_same_page(
        self, client: Client, person_of: Find, staff: Staff
    ) -> None:
        person = person_of("CLEAN")
        claim = verified(person)
        page = f"/claims/{claim.case.number}/"
        citizen(client, person)
        for _click in range(2):
            assert client.post(f"{page}person/", {"question": "月数好像少算了一年。"}).status_code == 302
        asked = PersonRequest.objects.get(claim=claim)
        assert "前答复您" in text_of(client.get(page))

        officer = Client()
        officer.force_login(staff.handler)
        case = f"/person-requests/{asked.case.number}/"
        assert asked.case.number in text_of(officer.get(f"/claims/{claim.case.number}/case/"))
        assert asked.case.number in text_of(officer.get("/queue/"))
        assert "月数好像少算了一年。" in text_of(officer.get(case))
        assert officer.post(f"{case}answer/", {"answer": " "}).status_code == 422
        assert (
            officer.post(f"{case}answer/", {"answer": "三段缴费都算上了，一共 26 个月。"}).status_code == 302
        )
        late = officer.post(f"{case}answer/", {"answer": "另一个答复"})
        assert late.status_code == 422 and "另一个答复" in text_of(late), "what was written is kept"

        words = text_of(client.get(page))
        assert "三段缴费都算上了，一共 26 个月。" in words and "另一个答复" not in words
        assert "工作人员看过您的申请" in words
        client.post(f"{page}person/", {"question": "还有一个问题"})
        assert PersonRequest.objects.filter(claim=claim).count() == 2


class TestTheCasePage:
    def test_heading_tags_and_list_of_the_checks_are_one_number(
        self, client: Client, person_of: Find, staff: Staff
    ) -> None:
        claim = verified(person_of("STILL_EMPLOYED"))
        client.force_login(staff.handler)
        page = client.get(f"/claims/{claim.case.number}/case/")
        said = text_of(page)
        heading = re.search(r"核验 (\d+) 项(.{0,60})", said)
        assert heading is not None, said
        tags = re.findall(r"[合否待] &nbsp;(\d+)", heading[2])
        assert len(page.context["checks"]) == int(heading[1]) == sum(map(int, tags))

    def test_a_proposal_the_law_does_not_carry_is_said_in_words(
        self, client: Client, person_of: Find, staff: Staff
    ) -> None:
        person = person_of("SEPARATION_DISPUTED")
        claim = verified(person, claimed_reason=person.says_reason)
        client.force_login(staff.handler)
        answer = client.post(
            f"/claims/{claim.case.number}/propose/", {"act": "grant", "why": "试一试", "evidence": "RULING"}
        )
        assert answer.status_code == 422
        assert "规则的结论" in text_of(answer)
        assert "试一试</textarea>" in answer.content.decode()
        assert Case.objects.get(pk=claim.pk).status == "REVIEW1"

    def test_an_act_without_a_reason_keeps_the_page_and_names_what_is_missing(
        self, client: Client, person_of: Find, staff: Staff
    ) -> None:
        claim = verified(person_of("STILL_EMPLOYED"))
        client.force_login(staff.handler)
        answer = client.post(f"/claims/{claim.case.number}/propose/", {"act": "refuse", "why": ""})
        assert answer.status_code == 422
        assert "请写理由" in text_of(answer)

    def test_an_answer_to_the_open_question_is_kept_when_the_page_comes_again(
        self, client: Client, person_of: Find, staff: Staff
    ) -> None:
        claim = verified(person_of("STILL_EMPLOYED"))
        client.force_login(staff.handler)
        address = f"/claims/{claim.case.number}/propose/"
        field, value = re.findall(
            r'name="fact-(\w+)"><option value="">.*?<option value="([^"]+)"',
            client.post(address, {}).content.decode(),
        )[0]
        again = client.post(address, {"act": "grant", f"fact-{field}": value}).content.decode()
        assert f'<option value="{value}" selected>' in again

    def test_a_signature_without_a_choice_keeps_the_remark(
        self, client: Client, person_of: Find, staff: Staff
    ) -> None:
        claim = verified(person_of("STILL_EMPLOYED"))
        claims.services.propose(
            claim=claim,
            act="REFUSE",
            why="Still insured.",
            amendments={},
            evidence="OFFICE",
            actor=staff.handler,
            now=NOW,
        )
        client.force_login(staff.reviewer)
        answer = client.post(f"/claims/{claim.case.number}/review/", {"remark": "再核一次"})
        assert answer.status_code == 422
        assert "请选同意还是退回" in text_of(answer)
        assert "再核一次</textarea>" in answer.content.decode()

    def test_the_second_officer_is_told_who_acted(
        self, client: Client, person_of: Find, staff: Staff
    ) -> None:
        claim = verified(person_of("STILL_EMPLOYED"))
        claims.services.propose(
            claim=claim,
            act="REFUSE",
            why="Still insured.",
            amendments={},
            evidence="OFFICE",
            actor=staff.handler,
            now=NOW,
        )
        client.force_login(staff.other_handler)
        posted = {"act": "refuse", "why": "也是这样看", "evidence": "OFFICE"}
        answer = client.post(f"/claims/{claim.case.number}/propose/", posted)
        assert staff.handler.full_name in text_of(client.get(answer["Location"]))

    def test_reading_a_file_leaves_a_record(self, client: Client, person_of: Find, staff: Staff) -> None:
        claim = verified(person_of("CLEAN"))
        client.force_login(staff.handler)
        assert client.get(f"/claims/{claim.case.number}/case/").status_code == 200
        assert claim.party.accesses.filter(act="READ", actor=staff.handler).count() == 1
        for address in (f"/claims/{claim.case.number}/propose/", f"/claims/{claim.case.number}/case/reopen/"):
            assert client.post(address, {}).status_code == 422
        assert claim.party.accesses.filter(act="READ", actor=staff.handler).count() == 3
