"""Asking and matching over the wire: the whole way, silence, and every step taken twice or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit import kinds
from audit.checks import Said
from audit.models import CheckFile, CheckHit, CheckRow, CheckRun, Finding, Screened
from audit.services import ask_again, exchange, go_on, make_request, open_findings, start_due
from audit.services.monthly import due_period
from cases.models import Event
from claims import kinds as of_claims
from tests.audit.samples import LATER, MINUTE, PERIOD, begun, checked, granted
from tests.factories import CITY, NOW, City

NONE = Said.NO.value * 11


def answers(run: CheckRun) -> list[str]:
    return list(run.rows.order_by("seq").values_list("answers", flat=True))


def test_a_run_is_asked_answered_matched_and_closed(city: City) -> None:
    granted(city, "CLEAN", "WORKS_ELSEWHERE_LATER", "PAYS_PRIVATELY")
    run = checked()
    assert answers(run) == [NONE, "Y" + NONE[1:], NONE[1:] + "Y"]
    day = LATER.date()
    assert list(run.rows.order_by("seq").values_list("clean_on", flat=True)) == [day, None, day]
    assert run.closed_at is not None
    file = run.files.get()
    assert (file.round, file.count) == (1, 3)
    assert file.number == f"BD130100-202701-{run.pk}-1"
    assert file.reference and file.content.startswith(b"H|BD130100")
    assert file.answer.startswith(b"H|BD130100")


@pytest.mark.parametrize(
    ("scenario", "check", "severity", "screened", "status"),
    [
        ("WORKS_ELSEWHERE_LATER", "C1", "HIGH", Screened.PLAIN, kinds.SCREENED),
        ("DRAWS_ELSEWHERE_LATER", "C3", "HIGH", Screened.PLAIN, kinds.SCREENED),
        ("PENSION_LATER", "C4", "HIGH", Screened.PLAIN, kinds.SCREENED),
        ("DIES_LATER", "C5", "HIGH", Screened.PLAIN, kinds.SCREENED),
        ("IMPRISONED_LATER", "C6", "HIGH", Screened.PLAIN, kinds.SCREENED),
        ("BUSINESS_LATER", "C7", "LOW", Screened.PLAIN, kinds.SCREENED),
        ("TAXED_LATER", "C8", "MEDIUM", Screened.PLAIN, kinds.SCREENED),
        ("NAMESAKE_ELSEWHERE", "C1", "HIGH", Screened.OTHER_NAME, kinds.SCREENED),
        ("OLD_RECORD_ELSEWHERE", "C1", "HIGH", Screened.OVER_BEFORE, kinds.FALSE_POSITIVE),
    ],
)
def test_a_hit_becomes_a_finding_by_its_check(
    city: City, scenario: str, check: str, severity: str, screened: Screened, status: str
) -> None:
    (claim,) = granted(city, scenario)
    checked()
    found = Finding.objects.select_related("case").get(claim=claim)
    assert (found.check_code, found.severity, found.screened) == (check, severity, screened)
    assert found.case.status == status
    assert found.case.party_id == claim.party_id
    assert (found.closed_at is None) == (status == kinds.SCREENED)


def test_somebody_insured_again_in_the_own_province_is_found(city: City) -> None:
    (claim,) = granted(city, "REEMPLOYED_LATER")
    checked(now=NOW + timedelta(days=100), period="2027-03")
    assert Finding.objects.get(claim=claim).check_code == "C2"


def test_private_pension_contributions_mean_nothing(city: City) -> None:
    granted(city, "PAYS_PRIVATELY")
    run = checked()
    assert CheckHit.objects.get().check_code == "C11"
    assert not Finding.objects.exists()
    assert run.rows.get().clean_on is not None


def test_the_same_hit_next_month_is_the_same_finding(city: City) -> None:
    granted(city, "WORKS_ELSEWHERE_LATER")
    checked()
    checked(now=LATER + timedelta(days=30), period="2027-02")
    assert CheckHit.objects.count() == 2
    assert Finding.objects.count() == 1


def test_every_step_may_be_taken_twice(city: City) -> None:
    granted(city, "CLEAN", "WORKS_ELSEWHERE_LATER")
    run = begun()
    file = make_request(run=run, now=LATER)
    again = make_request(run=run, now=LATER)
    assert file is not None and again is not None and file.pk == again.pk
    assert exchange(file_id=file.pk, now=LATER) is False
    assert exchange(file_id=file.pk, now=LATER) is False, "not due before the next poll"
    assert exchange(file_id=file.pk, now=LATER + MINUTE) is True
    assert exchange(file_id=file.pk, now=LATER + 2 * MINUTE) is False
    assert len(open_findings(run=run, now=LATER)) == 1
    assert open_findings(run=run, now=LATER) == []
    assert Event.objects.filter(verb="finding.hit").count() == 1


def test_a_source_that_is_down_leaves_everybody_unanswered_and_is_asked_again(city: City) -> None:
    granted(city, "CLEAN")
    with city.fault("comparison", "down"):
        run = checked()
        for hour in range(1, 24):
            go_on(now=LATER + timedelta(hours=hour))
    assert run.closed_at is None
    assert answers(run) == [Said.UNANSWERED.value * 11]
    file = run.files.get()
    assert (file.accepted_at, file.problem) == (None, "DOWN")
    assert file.attempts > 10
    go_on(now=LATER + timedelta(days=2))
    go_on(now=LATER + timedelta(days=2, minutes=2))
    assert answers(run) == [NONE]


def test_a_source_that_answers_twice_is_matched_once(city: City) -> None:
    granted(city, "CLEAN", "WORKS_ELSEWHERE_LATER")
    with city.fault("comparison", "twice"):
        run = checked()
    assert answers(run) == [NONE, "Y" + NONE[1:]]
    assert CheckHit.objects.count() == Finding.objects.count() == 1


def test_a_worker_that_died_on_the_way_is_followed_by_another(city: City) -> None:
    """Killed after the file had left, before the reply was written: the same file goes again, and is one."""
    granted(city, "CLEAN")
    run = begun()
    file = make_request(run=run, now=LATER)
    assert file is not None
    exchange(file_id=file.pk, now=LATER)
    CheckFile.objects.filter(pk=file.pk).update(
        accepted_at=None, reference="", next_at=LATER + timedelta(minutes=5)
    )
    go_on(now=LATER + timedelta(minutes=4))
    assert CheckFile.objects.get(pk=file.pk).accepted_at is None, "the lease of the dead worker runs"
    for minute in (5, 6, 7):
        go_on(now=LATER + timedelta(minutes=minute))
    assert answers(run) == [NONE]
    assert run.files.count() == 1


def test_a_request_that_the_other_side_lost_is_sent_again(city: City) -> None:
    granted(city, "CLEAN")
    run = begun()
    file = make_request(run=run, now=LATER)
    assert file is not None
    CheckFile.objects.filter(pk=file.pk).update(accepted_at=LATER, reference="lost")
    for minute in range(4):
        go_on(now=LATER + timedelta(minutes=minute))
    assert answers(run) == [NONE]


def test_asked_again_by_hand_only_the_unanswered_are_asked_about(city: City) -> None:
    granted(city, "CLEAN", "CLEAN")
    run = checked()
    first = CheckRow.objects.filter(run=run).order_by("seq")[0]
    CheckRow.objects.filter(pk=first.pk).update(answers="S" + NONE[1:], clean_on=None)
    file = ask_again(run=run, actor=city.staff.handlers[0], now=LATER + timedelta(hours=1))
    assert file is not None and (file.round, file.count) == (2, 1)
    assert f"|{first.spell_start}|C1\r\n" in file.content.decode()
    later = LATER + timedelta(hours=1)
    for turn in range(3):
        go_on(now=later + turn * MINUTE)
    assert answers(run) == [NONE, NONE]
    assert ask_again(run=run, actor=city.staff.handlers[0], now=later) is None


def test_the_timetable_starts_each_month_once_and_ahead_of_it(city: City) -> None:
    city.claim(of_claims.APPROVED)
    assert due_period(CITY, now=NOW) == "2026-11"
    assert due_period(CITY, now=NOW + timedelta(days=3)) == "2026-11"
    assert due_period(CITY, now=NOW + timedelta(days=4)) == "2026-12"
    (run,) = start_due(now=NOW)
    assert (run.region, run.period, run.count) == (CITY, "2026-11", 1)
    assert [one.pk for one in start_due(now=NOW)] == [run.pk]
    (ahead,) = start_due(now=NOW + timedelta(days=4))
    assert ahead.period == "2026-12"


def test_a_run_whose_month_is_over_is_closed_unanswered(city: City) -> None:
    granted(city, "CLEAN")
    with city.fault("comparison", "down"):
        run = checked()
        go_on(now=LATER + timedelta(days=15))
    run.refresh_from_db()
    assert run.closed_at is not None
    assert run.files.get().given_up_at is not None
    assert run.period == PERIOD
