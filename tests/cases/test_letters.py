"""Letters: frozen as issued, numbered after their case, the same words on the page and in the PDF."""

from __future__ import annotations

import copy
import logging
import re

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import machine
from accounts.services import link_citizen
from cases import inbox, letters, selectors, services, trail, typesetting
from cases.letters import Template, Words, issue_letter, note_opening, pdf_of
from cases.models import Case, Event, Letter, LetterFile, Message
from cases.typesetting import MissingGlyph, typeset
from tests.cases.papers import page_text, tight, words
from tests.cases.pdf_text import text_of
from tests.cases.samples import NOW, case, id_number, officer, person

DECISION = Template(code="sample.decision", noun="决定书", label=_("核定决定书"))
NOTICE = Template(code="sample.notice", noun="补正告知书", label=_("补正告知书"))


@pytest.fixture(autouse=True)
def templates() -> None:
    letters.register(DECISION)
    letters.register(NOTICE)


def unsaved(said: Words, number: str = "XX20250926-0001 号决定书") -> Letter:
    """A letter that only pages and PDF look at."""
    return Letter(number=number, words=said, content_hash="0123456789abcdef" * 4, issued_at=NOW)


def issued(opened: Case, said: Words | None = None, template: str = DECISION.code) -> Letter:
    assert opened.party is not None
    return issue_letter(
        case=opened, party=opened.party, template=template, words=said or words(), actor=machine(), now=NOW
    )


# --- page and PDF -----------------------------------------------------------------------------------------


def test_page_and_pdf_say_the_same_words_in_the_same_order() -> None:
    letter = unsaved(words())
    assert tight(text_of(typeset(letter))) == page_text(letter)


def test_every_word_that_is_frozen_is_on_the_page() -> None:
    letter = unsaved(words())
    page = page_text(letter)
    pieces = [piece for piece in strings(letter.words) if piece]
    assert len(pieces) > 20
    assert [piece for piece in pieces if tight(piece) not in page] == []
    assert tight(letter.number) in page and letter.code in page


def strings(value: object) -> list[str]:
    """Every text inside a JSON value."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for part in value.values() for text in strings(part)]
        case list():
            return [text for part in value for text in strings(part)]
        case _:
            return []


def test_a_template_that_lost_a_part_would_be_noticed() -> None:
    whole, shorter = words(), words()
    shorter["sections"] = shorter["sections"][:1]
    assert tight(text_of(typeset(unsaved(shorter)))) != page_text(unsaved(whole))


def test_the_templates_hold_no_chinese_of_their_own() -> None:
    for name in ("letter.typ", "_letter.html", "_seal.svg"):
        source = (typesetting.folder() / name).read_text(encoding="utf-8")
        assert re.findall(r"[\u4e00-\u9fff]", source) == [], name


def test_a_letter_of_two_pages_is_said_whole() -> None:
    said = words()
    said["sections"][0]["paragraphs"] = [f"第 {n} 段：{'很长的说明，' * 20}" for n in range(20)]
    letter = unsaved(said)
    pdf = typeset(letter)
    assert re.search(rb"/Type/Pages/Count [2-9]", pdf)
    assert tight(text_of(pdf)) == page_text(letter)


def test_the_sample_seal_is_a_drawing_in_both_and_only_where_there_is_one() -> None:
    sealed = unsaved(words(sample="样章 无效"))
    assert "样章无效" in tight(text_of(typeset(sealed)))
    assert page_text(sealed) == page_text(unsaved(words()))
    assert "样章" not in text_of(typeset(unsaved(words())))


def test_the_pdf_is_made_for_archives_and_screen_readers() -> None:
    pdf = typeset(unsaved(words()))
    assert pdf.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in re.sub(
        rb">\s+<", b"><", pdf
    )
    assert b"/StructTreeRoot" in pdf
    assert b"NotoSansCJK" in pdf


def test_the_same_letter_is_the_same_file() -> None:
    assert typeset(unsaved(words())) == typeset(unsaved(words()))


@pytest.mark.parametrize("name", ["㛃玥", "龘靐", "欧阳·买买提", "Zoë O’Brien"])
def test_rare_and_foreign_names_that_the_font_has_are_set(name: str) -> None:
    letter = unsaved(words(addressee=f"{name}（身份证号 1301**********0003）："))
    assert tight(name) in tight(text_of(typeset(letter)))


@pytest.mark.parametrize("name", ["王𠀀", "\ue815某", "王👍", "王\ufeff某"])
def test_a_character_that_the_font_lacks_stops_the_setting(name: str) -> None:
    letter = unsaved(words(addressee=f"{name}："))
    with pytest.raises(MissingGlyph) as missing:
        typeset(letter)
    lacking = next(sign for sign in name if sign not in "王某")
    assert missing.value.code_points == [f"U+{ord(lacking):04X}"]
    assert name in page_text(letter)


# --- issued -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("statuses")
class TestIssued:
    def test_a_letter_is_frozen_numbered_and_vouched_for(self) -> None:
        opened = case(party=person())
        letter = issued(opened)
        again = Letter.objects.get(pk=letter.pk)
        assert again.words == words()
        assert again.number == f"{opened.number} 号决定书"
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", again.code)
        event = Event.objects.get(case=opened, verb="letter.issued")
        assert event.payload == {
            "letter": letter.pk,
            "template": DECISION.code,
            "content": again.content_hash,
        }
        assert trail.verify().broken is None

    def test_the_second_of_its_noun_is_numbered_so(self) -> None:
        opened = case(party=person())
        numbers = [
            issued(opened, template=code).number
            for code in (NOTICE.code, DECISION.code, DECISION.code, DECISION.code)
        ]
        assert numbers == [
            f"{opened.number} 号补正告知书",
            f"{opened.number} 号决定书",
            f"{opened.number} 号决定书之二",
            f"{opened.number} 号决定书之三",
        ]

    def test_other_words_have_another_code(self) -> None:
        opened = case(party=person())
        changed = copy.deepcopy(words())
        changed["sections"][0]["paragraphs"][0] = "第一段！"
        assert issued(opened).code != issued(opened, changed).code

    def test_words_lie_encrypted(self) -> None:
        letter = issued(case(party=person()))
        with connection.cursor() as cursor:
            cursor.execute("SELECT words FROM cases_letter WHERE id = %s", [letter.pk])
            (stored,) = cursor.fetchone()
        assert "陈志强" not in stored

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE cases_letter SET number = ''",
            "DELETE FROM cases_letter",
            "TRUNCATE cases_letter CASCADE",
            "UPDATE cases_letterfile SET sha256 = ''",
            "DELETE FROM cases_letterfile",
            "TRUNCATE cases_letterfile",
        ],
    )
    def test_nobody_changes_or_removes_one(self, sql: str) -> None:
        assert pdf_of(letter=issued(case(party=person())), now=NOW)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute(sql)

    def test_words_changed_behind_the_triggers_are_found(self) -> None:
        opened = case(party=person())
        letter, forged = issued(opened), copy.deepcopy(words())
        assert trail.verify().letters == 1
        forged["sections"][0]["table"] = None
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE cases_letter DISABLE TRIGGER ALL")
        Letter.objects.filter(pk=letter.pk).update(words=forged)
        assert str(trail.verify().broken) == f"{opened.number} letter {letter.pk}: its words were changed"
        unheard = trail.letter_hash(
            number=letter.number, template=letter.template, words=forged, issued_at=letter.issued_at
        )
        Letter.objects.filter(pk=letter.pk).update(content_hash=unheard)
        assert "does not vouch" in str(trail.verify().broken)

    def test_an_unknown_template_is_a_bug(self) -> None:
        with pytest.raises(KeyError):
            issued(case(party=person()), template="sample.unheard")

    def test_lists_of_letters_open_no_words(self) -> None:
        opened = case(party=person())
        first, second = issued(opened), issued(opened)
        listed = selectors.letters_of(opened)
        assert [letter.pk for letter in listed] == [second.pk, first.pk]
        assert "words" in listed[0].get_deferred_fields()
        assert selectors.letters_of_cases([opened.pk]) == {opened.pk: listed}


@pytest.mark.usefixtures("statuses")
class TestFile:
    def test_it_is_made_when_first_opened_and_the_same_ever_after(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        letter = issued(case(party=person()))
        assert not LetterFile.objects.exists()
        first = pdf_of(letter=letter, now=NOW)
        assert first is not None and tight(text_of(first)) == page_text(letter)

        def never(_letter: Letter) -> bytes:
            raise AssertionError("a kept file is not made again")

        monkeypatch.setattr(letters, "typeset", never)
        assert pdf_of(letter=letter, now=NOW) == first
        with connection.cursor() as cursor:
            cursor.execute("SELECT content FROM cases_letterfile")
            (stored,) = cursor.fetchone()
        assert b"%PDF" not in bytes(stored)

    def test_of_two_who_open_it_at_once_both_get_the_kept_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        letter = issued(case(party=person()))
        real = typeset

        def meanwhile(wanted: Letter) -> bytes:
            monkeypatch.setattr(letters, "typeset", real)
            pdf_of(letter=wanted, now=NOW)
            return b"%PDF-1.7 of the one who came second"

        monkeypatch.setattr(letters, "typeset", meanwhile)
        assert pdf_of(letter=letter, now=NOW) == real(letter)
        assert LetterFile.objects.count() == 1

    def test_a_lacking_character_is_an_alarm_once_and_no_file(self, caplog: pytest.LogCaptureFixture) -> None:
        opened = case(party=person())
        letter = issued(opened, words(addressee="王𠀀（身份证号 1301**********0003）："))
        with caplog.at_level(logging.ERROR, logger="anye.letters"):
            assert pdf_of(letter=letter, now=NOW) is None
            assert pdf_of(letter=letter, now=NOW) is None
        assert not LetterFile.objects.exists()
        event = Event.objects.get(case=opened, verb="letter.not_drawn")
        assert event.payload == {"letter": letter.pk, "code_points": ["U+20000"]}
        assert opened.number in caplog.text and "U+20000" in caplog.text and "𠀀" not in caplog.text
        assert selectors.cannot_be_drawn(letter)

    def test_a_letter_that_can_be_drawn_says_so(self) -> None:
        assert not selectors.cannot_be_drawn(issued(case(party=person())))


# --- reading ----------------------------------------------------------------------------------------------


def citizen(serial: int = 0) -> User:
    """The user of `person(serial)`."""
    user = User.objects.create(username=f"citizen-{serial}")
    link_citizen(user=user, name=person(serial).name, id_number=id_number(serial), now=NOW)
    user.refresh_from_db()
    return user


@pytest.mark.usefixtures("statuses")
class TestReading:
    def test_the_first_opening_by_the_person_is_noted_once(self) -> None:
        opened = case(party=person())
        letter = issued(opened)
        reader = citizen()
        assert not note_opening(letter=letter, actor=officer("handler"), now=NOW)
        assert not note_opening(letter=letter, actor=citizen(1), now=NOW)
        assert note_opening(letter=letter, actor=reader, now=NOW)
        assert not note_opening(letter=letter, actor=reader, now=NOW)
        assert Event.objects.filter(case=opened, verb="letter.opened").count() == 1

    def test_messages_are_marked_once_and_only_ones_own(self) -> None:
        opened = case(party=person())
        assert opened.party is not None
        code = "claim.papers_requested"
        numbers = {"case": opened.number, "due": "2025-10-16"}
        for _n in range(2):
            services.notify(case=opened, party=opened.party, template=code, numbers=numbers, now=NOW)
        received = selectors.messages_of(opened.party)
        assert inbox.mark_read(party=person(1), messages=received, now=NOW) == 0
        assert inbox.mark_read(party=opened.party, messages=received, now=NOW) == 2
        assert inbox.mark_read(party=opened.party, messages=selectors.messages_of(opened.party), now=NOW) == 0
        assert not Message.objects.filter(read_at=None).exists()
