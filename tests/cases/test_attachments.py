"""Files: what they are is read from their content; what is wrong is said; what is kept stays, encrypted."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile, UploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory
from django.utils.datastructures import MultiValueDict

from accounts.selectors import machine
from cases import selectors, services, trail
from cases.attachments import MAX_BYTES, MOST_AN_ACT, Paper, attach, check, kind_of, rest_on, safe_name
from cases.forms import PapersField
from cases.models import Amendment, Attachment, Event
from cases.uploads import BoundedUploads
from law.errors import Refused
from tests.cases.papers import JPEG, PDF, PNG
from tests.cases.samples import NOW, case, officer, person


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, Attachment.Kind.PDF),
        (JPEG, Attachment.Kind.JPEG),
        (PNG, Attachment.Kind.PNG),
        (b"<html><script>alert(1)</script>", None),
        (b"MZ\x90\x00" + PDF, None),
        (b" %PDF-1.7", None),
        (b"GIF89a", None),
        (b"PK\x03\x04", None),
        (b"\xff\xd8", None),
        (b"", None),
    ],
)
def test_the_kind_is_what_the_first_bytes_say(content: bytes, kind: Attachment.Kind | None) -> None:
    assert kind_of(content) is kind


@pytest.mark.parametrize(
    ("papers", "code", "named"),
    [
        ([Paper("a.pdf", b"")], "attachment.empty", "a.pdf"),
        ([Paper("b.pdf", b"<html>")], "attachment.wrong_kind", "b.pdf"),
        ([Paper("c.png", PNG + bytes(MAX_BYTES))], "attachment.too_large", "c.png"),
        ([Paper("d.pdf", PDF)] * (MOST_AN_ACT + 1), "attachment.too_many", None),
        ([Paper("good.pdf", PDF), Paper("病历.docx", b"PK\x03\x04")], "attachment.wrong_kind", "病历.docx"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name(papers: list[Paper], code: str, named: str | None) -> None:
    with pytest.raises(Refused) as refused:
        check(papers)
    assert refused.value.code == code
    assert refused.value.numbers.get("name") == named


def test_a_file_of_exactly_the_limit_is_taken() -> None:
    check([Paper("a.png", PNG + bytes(MAX_BYTES - len(PNG)))])


@pytest.mark.parametrize(
    ("name", "kind", "kept"),
    [
        ("证明.pdf", Attachment.Kind.PDF, "证明.pdf"),
        ("../../etc/passwd", Attachment.Kind.PDF, "passwd.pdf"),
        ("C:\\Users\\a\\b.exe", Attachment.Kind.PNG, "b.exe.png"),
        ("a\u202egpj.exe", Attachment.Kind.JPEG, "agpj.exe.jpg"),
        ("a\r\nSet-Cookie: x=1.pdf", Attachment.Kind.PDF, "aSet-Cookie_ x=1.pdf"),
        ("", Attachment.Kind.JPEG, "附件.jpg"),
        ("...", Attachment.Kind.JPEG, "附件.jpg"),
        ("13010219900307002X.png", Attachment.Kind.PNG, "1301-002X.png"),
        ("PHOTO.JPEG", Attachment.Kind.JPEG, "PHOTO.JPEG"),
        ("长" * 200 + ".pdf", Attachment.Kind.PDF, "长" * 116 + ".pdf"),
    ],
)
def test_a_name_is_safe_and_ends_as_the_content_demands(name: str, kind: Attachment.Kind, kept: str) -> None:
    assert safe_name(name, kind) == kept
    assert len(kept) <= 120


# --- kept -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("statuses")
class TestKept:
    def test_content_comes_back_byte_for_byte_and_lies_encrypted(self) -> None:
        opened = case(party=person())
        (kept,) = attach(case=opened, papers=[Paper("证明.pdf", PDF)], actor=machine(), now=NOW)
        found = selectors.attachment(opened, kept.pk)
        assert found is not None and found.content == PDF
        assert (found.kind, found.size, found.name) == ("application/pdf", len(PDF), "证明.pdf")
        assert found.sha256 == hashlib.sha256(PDF).hexdigest()
        assert found.party == opened.party
        with connection.cursor() as cursor:
            cursor.execute("SELECT content FROM cases_attachment WHERE id = %s", [kept.pk])
            (stored,) = cursor.fetchone()
        assert b"%PDF" not in bytes(stored)

    def test_the_trail_vouches_for_each_file_of_an_act(self) -> None:
        opened = case()
        kept = attach(
            case=opened, papers=[Paper("1.pdf", PDF), Paper("2.png", PNG)], actor=machine(), now=NOW
        )
        event = Event.objects.get(case=opened, verb="attachment.added")
        assert event.payload == {"attachments": {str(row.pk): row.sha256 for row in kept}}
        assert trail.verify().broken is None

    def test_no_file_is_no_act(self) -> None:
        opened = case()
        assert attach(case=opened, papers=[], actor=machine(), now=NOW) == []
        assert not Event.objects.filter(case=opened, verb="attachment.added").exists()

    def test_one_bad_file_keeps_none_of_the_act(self) -> None:
        opened = case()
        with pytest.raises(Refused):
            attach(case=opened, papers=[Paper("1.pdf", PDF), Paper("2", b"x")], actor=machine(), now=NOW)
        assert selectors.attachments_of(opened) == []

    def test_a_list_of_files_reads_no_content(self) -> None:
        opened = case()
        attach(case=opened, papers=[Paper("1.pdf", PDF)], actor=machine(), now=NOW)
        (listed,) = selectors.attachments_of(opened)
        assert "content" in listed.get_deferred_fields()

    def test_a_file_of_another_case_is_not_found(self) -> None:
        mine, other = case(), case()
        (kept,) = attach(case=other, papers=[Paper("1.pdf", PDF)], actor=machine(), now=NOW)
        assert selectors.attachment(mine, kept.pk) is None

    def test_a_settled_fact_names_the_papers_it_rests_on(self) -> None:
        opened, handler = case(status="FIRST"), officer("handler")
        services.amend_fact(
            case=opened, field="employed", value="NO", source="OFFICE", reason="r", actor=handler, now=NOW
        )
        kept = attach(case=opened, papers=[Paper("1.pdf", PDF)], actor=handler, now=NOW)
        rest_on(case=opened, field="employed", attachments=kept)
        assert list(Amendment.objects.get(case=opened).attachments.all()) == kept

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE cases_attachment SET name = 'x'",
            "DELETE FROM cases_attachment",
            "TRUNCATE cases_attachment CASCADE",
            "DELETE FROM cases_amendment_attachments",
        ],
    )
    def test_nobody_changes_or_removes_one(self, sql: str) -> None:
        opened, handler = case(status="FIRST"), officer("handler")
        services.amend_fact(
            case=opened, field="employed", value="NO", source="OFFICE", reason="r", actor=handler, now=NOW
        )
        kept = attach(case=opened, papers=[Paper("1.pdf", PDF)], actor=handler, now=NOW)
        rest_on(case=opened, field="employed", attachments=kept)
        with connection.cursor() as cursor:
            # Deferred checks of the inserts above would hide the refusal of TRUNCATE.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute(sql)


# --- the edge ---------------------------------------------------------------------------------------------


def uploaded(*files: tuple[str, bytes]) -> list[UploadedFile[bytes]]:
    """Files as they come through the whole of Django's reading of a form."""
    parts = [SimpleUploadedFile(name, content) for name, content in files]
    request = RequestFactory().post("/", {"papers": parts, "text": "words"})
    request.upload_handlers = [BoundedUploads(request)]
    assert request.POST["text"] == "words"
    return list(request.FILES.getlist("papers"))


def test_files_are_read_into_memory_whole() -> None:
    (first, second) = uploaded(("a.pdf", PDF), ("b.png", PNG * 9_000))
    assert (first.name, first.read()) == ("a.pdf", PDF)
    assert second.read() == PNG * 9_000


def test_a_file_that_is_too_long_is_cut_one_byte_behind_the_limit() -> None:
    (cut, after) = uploaded(("a.png", PNG + bytes(MAX_BYTES + 300_000)), ("b.pdf", PDF))
    assert cut.size == MAX_BYTES + 1
    assert after.read() == PDF


def test_files_beyond_one_too_many_are_not_kept() -> None:
    assert len(uploaded(*[(f"{n}.pdf", PDF) for n in range(12)])) == MOST_AN_ACT + 1


def test_the_field_takes_several_files_and_none() -> None:
    field = PapersField()
    files = MultiValueDict({"papers": uploaded(("a.pdf", PDF), ("b.png", PNG))})
    value = field.widget.value_from_datadict({}, files, "papers")
    assert field.clean(value) == [Paper("a.pdf", PDF), Paper("b.png", PNG)]
    assert field.clean(field.widget.value_from_datadict({}, MultiValueDict(), "papers")) == []
    assert "multiple" in field.widget.render("papers", None)


def test_the_field_says_which_file_why_and_what_now() -> None:
    field = PapersField()
    bad = InMemoryUploadedFile(BytesIO(b"PK"), "papers", "表.docx", None, 2, None)
    with pytest.raises(ValidationError) as raised:
        field.clean([bad])
    (said,) = raised.value.messages
    assert "表.docx" in said and "PDF" in said
