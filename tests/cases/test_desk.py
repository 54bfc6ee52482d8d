"""Putting a case aside for another office, and giving cases to somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from accounts.models import Role, User
from cases import desk, queue, selectors, services
from cases.models import Case, Event, Hold
from cases.queue import Filters
from cases.selectors import open_cases
from law.errors import Refused
from tests.cases.samples import COUNTY, NOW, OTHER_COUNTY, TODAY, case, move, officer

pytestmark = [pytest.mark.usefixtures("statuses"), pytest.mark.urls("tests.cases.urls")]

WEEK = TODAY + timedelta(days=7)


def held(actor: User, status: str = "FIRST") -> Case:
    aside = case(status=status)
    desk.hold_until(case=aside, until=WEEK, reason="等公安局复函", actor=actor, now=NOW)
    return aside


def verbs(of: Case) -> list[str]:
    return list(Event.objects.filter(case=of).order_by("sequence").values_list("verb", flat=True))


def refusal(**given: object) -> str:
    """The code with which putting a case aside is refused."""
    wanted = {"until": WEEK, "reason": "等复函", "now": NOW, **given}
    with pytest.raises(Refused) as refused:
        desk.hold_until(**wanted)  # type: ignore[arg-type]  # a table of arguments
    return refused.value.code


# --- aside ------------------------------------------------------------------------------------------------


def test_a_case_put_aside_waits_for_the_office_and_both_clocks_keep_running() -> None:
    handler = officer("handler")
    aside = held(handler)
    before = aside.promise_due
    assert (aside.waits_for, aside.status, aside.hold_until) == ("OFFICE", "FIRST", WEEK)
    assert (aside.handler, aside.paused_at, aside.promise_due) == (handler, None, before)
    late, _statutory = selectors.clocks_of(aside, now=NOW + timedelta(days=20))
    assert (late.tone, late.paused) == ("bad", False)
    assert verbs(aside)[-2:] == ["case.taken", "case.held"]


def test_the_reason_stands_beside_the_trail_and_never_in_it() -> None:
    aside = held(officer("handler"))
    line = selectors.timeline(aside)[0]
    assert (line.verb, line.remark) == ("case.held", "等公安局复函")
    assert "10月3日" in line.detail
    assert not Event.objects.filter(case=aside, payload__icontains="公安").exists()


def test_what_was_written_about_a_hold_cannot_be_rewritten() -> None:
    held(officer("handler"))
    with pytest.raises(DatabaseError), transaction.atomic():
        Hold.objects.update(reason="另一个说法")


def test_it_lies_in_a_tab_of_its_own_and_is_nobodys_next_case() -> None:
    handler = officer("handler")
    aside = held(handler)
    for tab, expected in (("OFFICE", [aside.number]), ("HANDLER", [])):
        rows = open_cases(handler, tab=tab, filters=Filters(), now=NOW).rows
        assert [row.case.number for row in rows] == expected
    assert selectors.counts(handler, now=NOW)["OFFICE"] == 1
    assert services.take_next(viewer=handler, now=NOW) is None
    assert "OFFICE" in queue.tabs_of(officer("reviewer", Role.REVIEWER))


def test_it_comes_back_on_its_day_and_not_before_and_only_once() -> None:
    aside = held(officer("handler"))
    assert desk.return_due(now=NOW + timedelta(days=6)) == []
    assert desk.return_due(now=NOW + timedelta(days=7)) == [aside.pk]
    assert desk.return_due(now=NOW + timedelta(days=7)) == []
    aside.refresh_from_db()
    assert (aside.waits_for, aside.hold_until, str(aside.handler)) == ("HANDLER", None, "handler")
    assert verbs(aside).count("case.hold_ended") == 1


def test_a_case_put_aside_again_stays_for_its_new_day() -> None:
    handler = officer("handler")
    aside = held(handler)
    desk.resume(case=aside, actor=handler, now=NOW)
    later = WEEK + timedelta(days=7)
    desk.hold_until(case=aside, until=later, reason="还在等", actor=handler, now=NOW + timedelta(hours=1))
    assert desk.return_due(now=NOW + timedelta(days=7)) == []
    assert Case.objects.get(pk=aside.pk).hold_until == later


@pytest.mark.parametrize(
    ("status", "role", "waits_for"),
    [("FIRST", Role.HANDLER, "HANDLER"), ("SECOND", Role.REVIEWER, "REVIEWER")],
)
def test_who_put_it_aside_goes_on_with_it_any_time(status: str, role: Role, waits_for: str) -> None:
    actor = officer("actor", role)
    aside = held(actor, status)
    desk.resume(case=aside, actor=actor, now=NOW)
    assert (aside.waits_for, aside.hold_until, aside.handler) == (waits_for, None, actor)
    count = len(verbs(aside))
    desk.resume(case=aside, actor=actor, now=NOW)
    assert len(verbs(aside)) == count


def test_a_colleague_neither_goes_on_with_it_nor_takes_it() -> None:
    aside = held(officer("handler"))
    for act in (desk.resume, services.take):
        with pytest.raises(Refused, match="held_by_other"):
            act(case=aside, actor=officer(f"colleague-{act.__name__}"), now=NOW)


def test_only_the_right_officer_takes_up_what_its_holder_gave_back() -> None:
    reviewer = officer("reviewer", Role.REVIEWER)
    aside = held(reviewer, "SECOND")
    services.release(case=aside, actor=reviewer, now=NOW)
    with pytest.raises(Refused, match="not_your_step"):
        desk.resume(case=aside, actor=officer("handler"), now=NOW)
    desk.resume(case=aside, actor=officer("second", Role.REVIEWER), now=NOW)
    assert aside.waits_for == "REVIEWER"


def test_an_act_on_a_case_put_aside_ends_the_waiting() -> None:
    handler = officer("handler")
    aside = held(handler)
    move(aside, "SECOND", actor=handler)
    assert (aside.waits_for, aside.hold_until) == ("REVIEWER", None)
    assert desk.return_due(now=NOW + timedelta(days=7)) == []


def test_what_cannot_be_put_aside_is_said() -> None:
    handler, auditor = officer("handler"), officer("auditor", Role.AUDITOR)
    free = case(status="FIRST")
    for wrong in (TODAY, TODAY - timedelta(days=1), TODAY + timedelta(days=31)):
        assert refusal(case=free, actor=handler, until=wrong) == "case.hold_date"
    assert refusal(case=free, actor=handler, reason="  ") == "case.hold_reason"
    assert refusal(case=free, actor=auditor) == "case.not_your_step"
    assert refusal(case=case(status="PAPERS"), actor=handler) == "case.not_waiting"
    assert refusal(
        case=case(status="FIRST", region=OTHER_COUNTY), actor=officer("far", regions=[COUNTY])
    ) == ("case.not_your_region")
    assert refusal(case=held(officer("first")), actor=handler) == "case.not_waiting"
    stale = Case.objects.get(pk=free.pk)
    move(free, "SECOND")
    assert refusal(case=stale, actor=handler) == "case.changed_meanwhile"
    assert Hold.objects.filter(case=free).count() == 0


# --- to somebody else -------------------------------------------------------------------------------------


def test_a_supervisor_gives_a_case_to_a_colleague_and_the_trail_says_from_whom_to_whom() -> None:
    boss, first, second = officer("boss", Role.SUPERVISOR), officer("何敏"), officer("王芳")
    given = case(status="FIRST")
    services.take(case=given, actor=first, now=NOW)
    desk.reassign(case=given, to=second, actor=boss, now=NOW)
    assert given.handler == second
    line = selectors.timeline(given)[0]
    assert (line.verb, line.actor_name, line.detail) == ("case.reassigned", "boss", "何敏 → 王芳")
    desk.reassign(case=given, to=second, actor=boss, now=NOW)
    assert verbs(given).count("case.reassigned") == 1
    desk.reassign(case=given, to=None, actor=boss, now=NOW)
    assert Case.objects.get(pk=given.pk).handler is None
    assert selectors.timeline(given)[0].detail == "王芳 → 待办池"


def test_a_case_put_aside_stays_aside_with_its_new_officer() -> None:
    boss, second = officer("boss", Role.SUPERVISOR), officer("second")
    aside = held(officer("first"))
    desk.reassign(case=aside, to=second, actor=boss, now=NOW)
    assert (aside.waits_for, aside.handler) == ("OFFICE", second)


def test_only_an_officer_who_could_have_taken_it_gets_a_case() -> None:
    boss, handler = officer("boss", Role.SUPERVISOR), officer("handler")
    given, review = case(status="FIRST"), case(status="SECOND")
    gone = officer("gone")
    gone.is_active = False
    gone.save()
    far = officer("far", regions=[OTHER_COUNTY])
    for wrong in (gone, far, officer("reviewer", Role.REVIEWER), officer("auditor", Role.AUDITOR)):
        with pytest.raises(Refused, match="cannot_be_given"):
            desk.reassign(case=given, to=wrong, actor=boss, now=NOW)
    with pytest.raises(Refused, match="cannot_be_given"):
        desk.reassign(case=review, to=handler, actor=boss, now=NOW)
    with pytest.raises(Refused, match="not_waiting"):
        desk.reassign(case=case(), to=handler, actor=boss, now=NOW)
    assert Case.objects.get(pk=given.pk).handler is None


def test_who_proposed_does_not_get_the_review_of_it() -> None:
    both = officer("both", Role.HANDLER, Role.REVIEWER)
    proposed = case(status="FIRST")
    services.propose(case=proposed, act="GRANT", reason="r", actor=both, now=NOW)
    move(proposed, "SECOND", actor=both)
    with pytest.raises(Refused, match="cannot_be_given"):
        desk.reassign(case=proposed, to=both, actor=officer("boss", Role.SUPERVISOR), now=NOW)


def test_a_supervisor_of_another_county_and_a_colleague_move_nothing() -> None:
    second = officer("second")
    given = case(status="FIRST")
    for actor in (officer("far", Role.SUPERVISOR, regions=[OTHER_COUNTY]), officer("colleague")):
        with pytest.raises(Refused, match="not_your_region"):
            desk.reassign(case=given, to=second, actor=actor, now=NOW)


def test_who_comes_second_hears_who_was_first() -> None:
    boss, second = officer("boss", Role.SUPERVISOR), officer("second")
    given = case(status="FIRST")
    seen = Case.objects.get(pk=given.pk)
    services.take(case=given, actor=officer("何敏"), now=NOW)
    with pytest.raises(Refused, match="held_by_other") as refused:
        desk.reassign(case=seen, to=second, actor=boss, now=NOW)
    assert refused.value.numbers["who"] == "何敏"


def test_all_that_an_absent_officer_holds_goes_and_what_cannot_is_named() -> None:
    boss = officer("boss", Role.SUPERVISOR, regions=[COUNTY])
    absent, second = officer("absent", Role.HANDLER, Role.REVIEWER), officer("second")
    ours = [case(status="FIRST"), case(status="PAPERS")]
    review, far = case(status="SECOND"), case(status="FIRST", region=OTHER_COUNTY)
    Case.objects.filter(pk__in=[one.pk for one in (*ours, review, far)]).update(handler=absent)
    moved = desk.reassign_all(holder=absent, to=second, actor=boss, now=NOW)
    assert (moved.count, list(moved.left)) == (2, [review.number])
    assert desk.reassign_all(holder=absent, to=None, actor=boss, now=NOW).count == 1
    owners = Case.objects.filter(pk__in=[*(one.pk for one in ours), review.pk, far.pk]).order_by("pk")
    assert [str(one.handler) for one in owners] == ["second", "second", "None", "absent"]
