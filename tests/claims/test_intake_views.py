"""Handing a file in: read by a worker, shown with what was refused, kept by nobody longer than needed."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from accounts.roles import Action
from accounts.selectors import machine
from cases import intake, sheets, uploads
from cases.intake_models import Intake, IntakePiece
from claims.contribution_models import Contribution
from claims.intakes import LINES
from law.errors import Refused
from tests.factories import NOW, officer
from tests.sheets import as_text, handed_in, number, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor() -> User:
    """Who may import."""
    return officer(Role.SUPERVISOR)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sent(client: Client, content: bytes, *, name: str = "缴费.csv", kind: str = "CONTRIBUTIONS") -> str:
    file = SimpleUploadedFile(name, content)
    answer = client.post(reverse("imports"), {"kind": kind, "file": file})
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def read(kept: Intake) -> Intake:
    assert intake.go_on(intake_id=kept.pk, lines=LINES, now=NOW)
    kept.refresh_from_db()
    return kept


def test_a_file_is_kept_encrypted_until_it_has_been_read(supervisor: User) -> None:
    client = browser(supervisor)
    where = sent(
        client, as_text([row(), row(2, base="-5")]).encode("gb18030"), name=f"C:\\tmp\\{number(1)}.csv"
    )
    kept = Intake.objects.get()
    assert where == reverse("import", kwargs={"key": kept.pk})
    assert number(1) not in kept.file_name
    piece = IntakePiece.objects.get()
    assert number(1).encode() in piece.content
    assert (
        "正在" in client.get(where).content.decode()
        or "排队" in client.get(reverse("imports")).content.decode()
    )
    read(kept)
    assert not IntakePiece.objects.exists()
    assert Contribution.objects.count() == 1
    page = client.get(where).content.decode()
    assert "新增 1 行" in page and "未导入 1 行" in page and "金额不能是负数" in page
    assert number(1) not in page


def test_the_list_of_refused_rows_holds_no_formula(supervisor: User) -> None:
    kept = read(handed_in(supervisor, as_text([row(kind='=cmd|"/c calc"!A1'), row(base="+1")])))
    answer = browser(supervisor).get(reverse("import-refused", kwargs={"key": kept.pk}))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # it is a streaming answer
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert [line[3] for line in lines[1:]] == ['\'=cmd|"/c calc"!A1', "'+1"]


def test_the_same_file_is_one_as_long_as_it_waits(supervisor: User) -> None:
    client, content = browser(supervisor), as_text([row()]).encode()
    assert sent(client, content) == sent(client, content)
    read(Intake.objects.get())
    sent(client, content)
    assert Intake.objects.count() == 2
    assert read(Intake.objects.get(finished_at=None)).unchanged == 1


def test_a_file_larger_than_a_paper_is_taken_here_and_nowhere_else(
    supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_BYTES", 100)
    monkeypatch.setattr(uploads, "LARGER", {"imports": (Action.IMPORT, 10_000)})
    content = as_text([row(serial) for serial in range(1, 20)]).encode()
    sent(browser(supervisor), content)
    assert Intake.objects.get().size == len(content)
    answer = browser(officer(Role.HANDLER)).post(
        reverse("imports"), {"kind": "CONTRIBUTIONS", "file": SimpleUploadedFile("a.csv", content)}
    )
    assert answer.status_code == 403


def test_a_file_that_is_too_large_is_refused_in_words(
    supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_BYTES", 100)
    client = browser(supervisor)
    file = SimpleUploadedFile("a.csv", as_text([row()]).encode())
    page = client.post(reverse("imports"), {"kind": "CONTRIBUTIONS", "file": file}, follow=True)
    assert "MB" in page.content.decode()
    assert not Intake.objects.exists()
    assert sheets.MOST_BYTES > 150_000_000, "a year of the city's contributions is one file"


def test_a_form_without_a_file_says_so(supervisor: User) -> None:
    answer = browser(supervisor).post(reverse("imports"), {"kind": "CONTRIBUTIONS"})
    assert answer.status_code == 422
    assert "还没有选文件" in answer.content.decode()


def test_a_file_that_cannot_be_read_says_why_on_its_page(supervisor: User) -> None:
    kept = read(handed_in(supervisor, "姓名\n某甲\n"))
    assert kept.problem == "sheet.column_missing"
    page = browser(supervisor).get(reverse("import", kwargs={"key": kept.pk})).content.decode()
    assert "证件号码" in page


def test_who_lost_the_right_meanwhile_imports_nothing(supervisor: User) -> None:
    kept = handed_in(supervisor)
    User.objects.filter(pk=supervisor.pk).update(roles=[Role.HANDLER])
    assert read(kept).problem == "intake.no_right"
    assert not Contribution.objects.exists()


def test_a_file_whose_command_was_killed_can_be_handed_in(supervisor: User) -> None:
    content = as_text([row()]).encode()
    begun = intake.announce(
        kind=Intake.Kind.CONTRIBUTIONS,
        file_name="a.csv",
        content=io.BytesIO(content),
        actor=machine(),
        now=NOW,
    )
    kept = handed_in(supervisor, content.decode())
    assert kept != begun
    assert read(kept).added == 1
    begun.refresh_from_db()
    assert begun.problem == "intake.stopped"


def test_an_empty_file_is_not_kept(supervisor: User) -> None:
    with pytest.raises(Refused, match=r"intake\.empty"):
        intake.receive(
            kind=Intake.Kind.CONTRIBUTIONS,
            file_name="a.csv",
            content=io.BytesIO(b""),
            actor=supervisor,
            now=NOW + timedelta(hours=1),
        )
