"""Long work goes on whoever dies: asked for twice it is one, done in parts, its file masked and harmless."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from openpyxl import load_workbook

import cases.exporting
from accounts.models import Access, Role, User
from cases import jobs
from cases.models import Job, JobPart
from cases.spreadsheet import as_csv, as_xlsx, safe
from law.errors import Refused
from tests.cases.samples import NOW, OTHER_COUNTY, case, officer, person

pytestmark = [pytest.mark.usefixtures("statuses"), pytest.mark.urls("tests.cases.urls")]
ALL = {"tab": "all", "kind": "", "check": "", "due": "", "text": "", "language": "zh-hans"}


@pytest.fixture
def supervisor(statuses: None) -> User:
    """Who may export."""
    return officer("chief", Role.SUPERVISOR, totp_secret="JBSWY3DPEHPK3PXP")


def asked(actor: User, kind: Job.Kind = Job.Kind.QUEUE_CSV, **narrowed: str) -> Job:
    return jobs.ask_for_export(
        kind=kind, parameters=ALL | narrowed, reason="季度检查", actor=actor, now=NOW + timedelta(hours=1)
    )


def lines_of(job: Job) -> list[list[str]]:
    content = Job.objects.get(pk=job.pk).content
    assert content is not None
    return list(csv.reader(io.StringIO(bytes(content).decode("utf-8-sig"))))


def test_asked_for_twice_it_is_one_job(supervisor: User) -> None:
    case(status="FIRST")
    first = asked(supervisor)
    assert asked(supervisor) == first
    assert Access.objects.filter(act=Access.Act.EXPORT).count() == 1
    jobs.go_on(job_id=first.pk, now=NOW)
    assert asked(supervisor) != first


def test_the_file_holds_every_row_and_masked_numbers_only(supervisor: User) -> None:
    shown = [case(status="FIRST", party=person()) for _ in range(3)]
    case(status="FIRST", region=OTHER_COUNTY)
    job = asked(supervisor)
    assert jobs.go_on(job_id=job.pk, now=NOW) is False
    head, *rows = lines_of(job)
    assert head[0] == "案号"
    assert {one.number for one in shown} <= {row[0] for row in rows}
    for one in shown:
        assert one.party is not None
        number = one.party.identifiers.get().number
        text = "\n".join(",".join(row) for row in rows)
        assert number not in text
        assert number[:4] + "*" in text


def test_a_killed_worker_loses_nothing(supervisor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases.exporting, "ROWS_A_PART", 2)
    monkeypatch.setattr(jobs, "PARTS_A_TURN", 1)
    numbers = {case(status="FIRST").number for _ in range(5)}
    job = asked(supervisor)
    assert jobs.go_on(job_id=job.pk, now=NOW) is True
    # The next worker takes its lease and dies in the middle of a part.
    Job.objects.filter(pk=job.pk).update(leased_until=NOW + jobs.LEASE)
    assert jobs.unfinished(now=NOW + timedelta(seconds=1)) == []
    assert jobs.go_on(job_id=job.pk, now=NOW + timedelta(seconds=1)) is False
    assert Job.objects.get(pk=job.pk).done == 2
    later = NOW + jobs.LEASE
    while jobs.unfinished(now=later):
        for key in jobs.unfinished(now=later):
            jobs.go_on(job_id=key, now=later)
    assert [row[0] for row in lines_of(job)[1:]] == sorted(numbers)
    finished = Job.objects.get(pk=job.pk)
    assert (finished.done, finished.total, finished.problem) == (5, 5, "")
    assert not JobPart.objects.exists()


def test_who_lost_the_right_meanwhile_gets_no_file(supervisor: User) -> None:
    case(status="FIRST")
    job = asked(supervisor)
    User.objects.filter(pk=supervisor.pk).update(is_active=False)
    jobs.go_on(job_id=job.pk, now=NOW)
    ended = Job.objects.get(pk=job.pk)
    assert ended.problem == "job.no_right"
    assert not ended.content


def test_results_go_after_their_time_and_belong_to_one(supervisor: User) -> None:
    case(status="FIRST")
    job = asked(supervisor)
    jobs.go_on(job_id=job.pk, now=NOW)
    done = Job.objects.get(pk=job.pk)
    with pytest.raises(Refused, match=r"job\.no_result"):
        jobs.fetch_result(
            job=done, actor=officer("other", Role.SUPERVISOR, totp_secret="JBSWY3DPEHPK3PXP"), now=NOW
        )
    assert jobs.fetch_result(job=done, actor=supervisor, now=NOW)
    assert jobs.drop_old_results(now=NOW + jobs.KEPT) == 0
    assert jobs.drop_old_results(now=NOW + jobs.KEPT + timedelta(seconds=1)) == 1
    with pytest.raises(Refused, match=r"job\.no_result"):
        jobs.fetch_result(job=Job.objects.get(pk=job.pk), actor=supervisor, now=NOW)


def test_no_reason_no_rows_no_file(supervisor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match=r"job\.nothing"):
        asked(supervisor)
    case(status="FIRST")
    case(status="FIRST")
    with pytest.raises(Refused, match=r"job\.reason"):
        jobs.ask_for_export(kind=Job.Kind.QUEUE_CSV, parameters=ALL, reason=" ", actor=supervisor, now=NOW)
    monkeypatch.setattr(jobs, "MOST_ROWS", 1)
    with pytest.raises(Refused, match=r"job\.too_many"):
        asked(supervisor)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "＝", "＠", " ="])
def test_no_cell_is_a_formula(begin: str) -> None:
    cell = f"{begin}HYPERLINK(1)"
    assert safe(cell).startswith("'")
    assert as_csv([[cell]]).decode("utf-8-sig").lstrip('"').startswith("'")
    book = load_workbook(io.BytesIO(as_xlsx([[cell, "<&>\x00", "007"]], title="待办 & <x>")))
    (row,) = book["待办 & <x>"].iter_rows()
    assert [found.data_type for found in row] == ["s", "s", "s"]
    assert [str(found.value) for found in row] == [safe(cell).replace("\r", "\n"), "<&>", "007"]


def test_what_is_exported_is_the_list_that_is_shown(client: Client, supervisor: User) -> None:
    shown = case(status="FIRST")
    case(status="FIRST")
    client.force_login(supervisor)
    assert 'name="text" value=""' in client.get("/queue/").content.decode()
    # htmx swaps the rows alone: the form of the export must follow the filter
    part = client.get(f"/queue/?text={shown.number}", headers={"HX-Request": "true"}).content.decode()
    assert f'name="text" value="{shown.number}"' in part
    nothing = client.get("/queue/?text=nobody", headers={"HX-Request": "true"}).content.decode()
    assert "导出这个清单" not in nothing, "there is nothing to export"


def test_the_pages_ask_show_and_hand_over(client: Client, supervisor: User) -> None:
    case(status="FIRST")
    client.force_login(supervisor)
    asked_for = client.post("/queue/export/", {"kind": "QUEUE_XLSX", "tab": "all", "reason": "季度检查"})
    job = Job.objects.get()
    assert asked_for.headers["Location"] == f"/jobs/{job.pk}/"
    assert "<progress" in client.get(f"/jobs/{job.pk}/").content.decode()
    part = client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "every 2s" in part
    jobs.go_on(job_id=job.pk, now=NOW)
    assert "下载" in client.get(f"/jobs/{job.pk}/").content.decode()
    file = client.get(f"/jobs/{job.pk}/file/")
    assert file.content[:2] == b"PK"
    assert "attachment" in file.headers["Content-Disposition"]
    assert Access.objects.filter(act=Access.Act.EXPORT, actor=supervisor, reason="季度检查").count() == 2
    other = Client()
    other.force_login(officer("other", Role.SUPERVISOR, totp_secret="JBSWY3DPEHPK3PXP"))
    assert other.get(f"/jobs/{job.pk}/file/").status_code == 404
    assert client.post("/queue/export/", {"kind": "QUEUE_CSV", "tab": "all"}).status_code == 302
    assert Job.objects.count() == 1
