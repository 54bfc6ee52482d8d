"""Several who ask, and several workers, at the same moment make one job and one file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

import cases.exporting
from accounts.models import Role
from cases import jobs
from cases.models import Job
from tests.cases.samples import NOW, case, officer
from tests.cases.test_jobs import asked, lines_of


@pytest.mark.urls("tests.cases.urls")
def test_workers_at_once_make_one_file(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases.exporting, "ROWS_A_PART", 1)
    numbers = {case(status="FIRST").number for _ in range(4)}
    actor = officer("chief", Role.SUPERVISOR)

    def ask(_nth: int) -> int:
        try:
            return asked(actor).pk
        finally:
            connection.close()

    def work(key: int) -> bool:
        try:
            return jobs.go_on(job_id=key, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        (key,) = set(pool.map(ask, range(4)))
        list(pool.map(work, [key] * 4))
    job = Job.objects.get()
    assert [row[0] for row in lines_of(job)[1:]] == sorted(numbers)
