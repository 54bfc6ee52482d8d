"""Checks when several workers act at once, and when one of them dies: real threads, real commits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.selectors import machine
from audit.models import CheckFile, CheckHit, CheckRow, CheckRun, Finding
from audit.services import exchange, go_on, make_request, open_findings, start_check
from audit.services import matching as matching_module
from cases.models import Case
from claims.models import Suspension
from sandbox.server import Running
from tests.audit.samples import LATER, MINUTE, PERIOD
from tests.cases.conftest import committed as committed
from tests.cases.test_parallel import at_once
from tests.factories import CITY, City

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def town(committed: None, sandbox: Running) -> City:
    """Two people, one of whom works elsewhere by now."""
    city = City(sandbox)
    for scenario in ("CLEAN", "WORKS_ELSEWHERE_LATER"):
        city.verified(city.person(scenario))
    return city


def start() -> CheckRun:
    return start_check(region=CITY, period=PERIOD, actor=machine(), now=LATER)


def test_of_many_who_start_a_month_at_once_one_takes_the_roll(town: City) -> None:
    runs = at_once(*[start] * 5)
    assert {run.pk for run in runs if isinstance(run, CheckRun)} == {CheckRun.objects.get().pk}
    assert CheckRow.objects.count() == 2
    assert CheckRun.objects.get().count == 2


def test_many_workers_take_a_check_to_one_end(town: City) -> None:
    start()
    for turn in range(4):
        at_once(*[lambda now=LATER + turn * MINUTE: go_on(now=now)] * 4)
    assert CheckFile.objects.count() == 1
    assert CheckHit.objects.count() == Finding.objects.count() == 1
    assert Case.objects.filter(kind="finding").count() == 1
    assert Suspension.objects.filter(lifted_at=None).count() == 1


def test_a_worker_that_dies_while_it_matches_leaves_nothing_and_is_followed(
    town: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start()
    file = make_request(run=run, now=LATER)
    assert file is not None
    exchange(file_id=file.pk, now=LATER)

    def dies(*_anything: object) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as broken, pytest.raises(SystemExit):
        broken.setattr(matching_module, "_keep_hits", dies)
        exchange(file_id=file.pk, now=LATER + MINUTE)
    assert set(run.rows.values_list("answers", flat=True)) == {"U" * 11}, "all of it or nothing"
    assert CheckFile.objects.get().answered_at is None
    assert exchange(file_id=file.pk, now=LATER + 2 * MINUTE) is False, "the lease of the dead worker runs"
    assert exchange(file_id=file.pk, now=LATER + timedelta(minutes=7)) is True
    assert len(open_findings(run=run, now=LATER + timedelta(minutes=7))) == 1
