"""Services of cases: numbers, status, the desk, four eyes, clocks, messages; refusals name their reason."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from django.db import Error, IntegrityError, connection, transaction

from accounts.models import Role
from accounts.selectors import machine
from cases import messages, services
from cases.clocks import shipped_calendar
from cases.models import Case, Checks, Determination, Event, Message, Proposal
from cases.refusals import SENTENCES, sentence
from cases.selectors import timeline
from law.errors import Refused
from tests.cases.samples import NOW, OTHER_COUNTY, SAMPLE, case, determine, move, officer, person

pytestmark = pytest.mark.usefixtures("statuses")

LATER = datetime(2025, 9, 29, 1, 0, tzinfo=UTC)


# --- numbers ----------------------------------------------------------------------------------------------


def test_numbers_count_up_within_the_legal_day_and_start_anew_on_the_next() -> None:
    assert case().number == "XX20250926-0001"
    assert case().number == "XX20250926-0002"
    # 16:30 UTC is half past midnight in Shijiazhuang.
    assert case(now=datetime(2025, 9, 26, 16, 30, tzinfo=UTC)).number == "XX20250927-0001"


def test_the_ten_thousandth_case_of_a_day_gets_a_longer_number() -> None:
    case()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_serial SET last = 9999")
    assert case().number == "XX20250926-10000"


# --- status -----------------------------------------------------------------------------------------------


def test_a_transition_moves_the_case_and_writes_who_did_what_from_where_to_where() -> None:
    moved = case()
    event = services.transition(
        case=moved, to="FIRST", verb="sample.moved", actor=machine(), now=LATER, payload={"determination": 7}
    )
    assert (moved.status, moved.waits_for, moved.changed_at) == ("FIRST", "HANDLER", LATER)
    assert event.payload == {"determination": 7, "from": "NEW", "to": "FIRST"}
    assert event.sequence == 2
    assert len(event.hash) == 64


def test_a_case_nobody_waits_for_is_closed_and_reopens_with_the_next_act() -> None:
    moved = case()
    move(moved, "DONE", now=LATER)
    assert moved.closed_at == LATER
    move(moved, "NEW", now=LATER)
    assert moved.closed_at is None


def test_a_way_or_a_verb_the_kind_does_not_know_is_a_bug_and_changes_nothing() -> None:
    moved = case()
    with pytest.raises(services.NoSuchWay):
        move(moved, "SECOND")
    with pytest.raises(services.NoSuchWay):
        services.record(case=moved, verb="sample.invented", actor=machine(), now=NOW)
    assert Event.objects.filter(case=moved).count() == 1


def test_whoever_acts_on_an_old_page_is_told_who_was_first_and_what_was_done() -> None:
    first, second = officer("first", full_name="宋颖"), officer("second")
    shown_to_both = case(status="FIRST")
    stale = Case.objects.get(pk=shown_to_both.pk)
    move(shown_to_both, "SECOND", actor=first)
    with pytest.raises(Refused) as refusal:
        move(stale, "SECOND", actor=second)
    assert refusal.value.code == "case.changed_meanwhile"
    assert "宋颖" in sentence(refusal.value)
    assert "提交" in sentence(refusal.value)


def test_the_database_refuses_a_status_its_kind_did_not_declare() -> None:
    moved = case()
    with pytest.raises(IntegrityError, match="cases_case_known_status"), transaction.atomic():
        Case.objects.filter(pk=moved.pk).update(status="INVENTED")
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=moved.pk).update(waits_for="BANK")


def test_a_set_moves_as_one_and_leaves_out_what_is_elsewhere_by_now() -> None:
    ready = [case(status="FIRST") for _ in range(3)]
    elsewhere, held = case(), case(status="FIRST")
    services.take(case=held, actor=officer("colleague"), now=NOW)
    moved = services.transition_many(
        kind=SAMPLE,
        case_ids=[one.pk for one in (*reversed(ready), elsewhere, held)],
        from_status="FIRST",
        to="SECOND",
        verb="sample.moved",
        actor=officer("handler"),
        now=LATER,
        payload={"run": 1},
    )
    assert moved == sorted(one.pk for one in ready)
    last = Event.objects.filter(case=ready[0]).latest("sequence")
    assert last.payload == {"run": 1, "from": "FIRST", "to": "SECOND"}
    assert Case.objects.get(pk=ready[0].pk).waits_for == "REVIEWER"


def test_history_cannot_be_changed_deleted_or_emptied() -> None:
    done = case(status="FIRST")
    determine(done)
    connection.check_constraints()
    for table in ("cases_event", "cases_determination", "cases_parameterset"):
        for attempt in (
            f"UPDATE {table} SET {column_of(table)}",  # noqa: S608 - names of our own tables
            f"DELETE FROM {table}",  # noqa: S608 - as above
            f"TRUNCATE {table} CASCADE",
        ):
            with (
                pytest.raises(Error, match="append-only"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(attempt)


def column_of(table: str) -> str:
    """A change that would go through if nothing forbade it."""
    return {
        "cases_event": "verb = 'sample.noted'",
        "cases_determination": "verdict = 'GRANT'",
        "cases_parameterset": "snapshot = '{}'",
    }[table]


def test_a_case_is_never_deleted_and_keeps_its_number_kind_and_party() -> None:
    kept = case(party=person())
    connection.check_constraints()
    for attempt in (
        "DELETE FROM cases_case",
        "UPDATE cases_case SET number = 'XX20250926-9999'",
        "UPDATE cases_case SET party_id = NULL",
    ):
        with (
            pytest.raises(Error, match=r"never deleted|are final"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(attempt)
    assert Case.objects.get().number == kept.number


# --- the desk ---------------------------------------------------------------------------------------------


def test_the_first_act_takes_a_free_case_and_a_colleague_is_told_who_holds_it() -> None:
    first, second = officer("first", full_name="宋颖"), officer("second")
    shared = case(status="FIRST")
    services.amend_fact(
        case=shared, field="employed", value="NO", source="电话核实", reason="已停保", actor=first, now=NOW
    )
    assert Case.objects.get(pk=shared.pk).handler == first
    for attempt in (
        lambda: services.take(case=shared, actor=second, now=NOW),
        lambda: move(Case.objects.get(pk=shared.pk), "SECOND", actor=second),
        lambda: services.propose(case=shared, act="GRANT", reason="", actor=second, now=NOW),
        lambda: services.release(case=shared, actor=second, now=NOW),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "case.held_by_other"
        assert "宋颖" in sentence(refusal.value)


def test_taking_twice_is_taking_once_and_a_released_case_is_free() -> None:
    handler, shared = officer("handler"), case(status="FIRST")
    services.take(case=shared, actor=handler, now=NOW)
    services.take(case=shared, actor=handler, now=NOW)
    assert Event.objects.filter(case=shared, verb="case.taken").count() == 1
    services.release(case=shared, actor=handler, now=NOW)
    services.release(case=shared, actor=handler, now=NOW)
    assert shared.handler is None
    assert Event.objects.filter(case=shared, verb="case.released").count() == 1


@pytest.mark.parametrize(
    ("status", "role", "region", "code"),
    [
        ("NEW", Role.HANDLER, "130100", "case.not_waiting"),
        ("FIRST", Role.REVIEWER, "130100", "case.not_your_step"),
        ("SECOND", Role.HANDLER, "130100", "case.not_your_step"),
        ("FIRST", Role.HANDLER, OTHER_COUNTY, "case.not_your_region"),
    ],
)
def test_only_who_may_do_the_step_there_can_take_a_case(
    status: str, role: Role, region: str, code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        services.take(case=case(status=status), actor=officer("somebody", role, regions=[region]), now=NOW)
    assert refusal.value.code == code
    assert "%(" not in sentence(refusal.value)


def test_a_case_leaves_the_desk_when_the_other_officer_is_next_and_stays_while_the_applicant_is() -> None:
    handler = officer("handler")
    proposed, asked = case(status="FIRST"), case(status="FIRST")
    services.take(case=proposed, actor=handler, now=NOW)
    services.take(case=asked, actor=handler, now=NOW)
    move(proposed, "SECOND", actor=handler)
    move(asked, "PAPERS", actor=handler)
    assert proposed.handler is None
    assert asked.handler == handler


def test_the_next_case_is_the_nearest_promise_among_mine_and_the_free_ones_of_my_regions() -> None:
    handler, colleague = officer("handler", regions=["130102"]), officer("colleague")
    far = case(status="FIRST", promise_due=date(2025, 10, 9))
    near = case(status="FIRST", promise_due=date(2025, 9, 29))
    case(status="FIRST", promise_due=date(2025, 9, 28), region=OTHER_COUNTY)
    services.take(case=case(status="FIRST", promise_due=date(2025, 9, 27)), actor=colleague, now=NOW)
    case(status="SECOND", promise_due=date(2025, 9, 26))
    taken = services.take_next(viewer=handler, now=NOW)
    assert taken == near
    assert taken.handler == handler
    # Unfinished, it stays the next one, unless it is the one being left.
    assert services.take_next(viewer=handler, now=NOW) == near
    assert services.take_next(viewer=handler, now=NOW, skip=near.number) == far
    assert Event.objects.filter(verb="case.taken", actor=handler).count() == 2


def test_a_reviewer_is_not_given_a_proposal_of_his_own() -> None:
    both = officer("both", Role.HANDLER, Role.REVIEWER)
    own, others = case(status="FIRST"), case(status="FIRST", promise_due=date(2025, 10, 9))
    for one, author in ((own, both), (others, officer("author"))):
        services.propose(case=one, act="GRANT", reason="查明", actor=author, now=NOW)
        move(one, "SECOND", actor=author)
    assert services.take_next(viewer=both, now=NOW) == others
    assert services.take_next(viewer=both, now=NOW, skip=others.number) is None


# --- four eyes --------------------------------------------------------------------------------------------


def test_a_proposal_is_decided_by_another_and_once() -> None:
    handler = officer("handler", Role.HANDLER, Role.REVIEWER)
    reviewer, late = officer("reviewer", Role.REVIEWER, full_name="何敏"), officer("late", Role.REVIEWER)
    decided = case(status="FIRST")
    determination = determine(decided)
    proposal = services.propose(case=decided, act="GRANT", reason="查明", actor=handler, now=NOW)
    assert proposal.determination == determination
    move(decided, "SECOND", actor=handler)
    with pytest.raises(Refused, match=r"proposal\.own"):
        services.decide_proposal(proposal=proposal, agreed=True, remark="", actor=handler, now=NOW)
    services.decide_proposal(proposal=proposal, agreed=False, remark="再核实", actor=reviewer, now=LATER)
    assert (proposal.agreed, proposal.decided_by, proposal.decided_at) == (False, reviewer, LATER)
    services.release(case=Case.objects.get(pk=decided.pk), actor=reviewer, now=LATER)
    with pytest.raises(Refused) as refusal:
        services.decide_proposal(proposal=proposal, agreed=True, remark="", actor=late, now=LATER)
    assert refusal.value.code == "proposal.decided"
    assert "何敏" in sentence(refusal.value)


def test_the_database_too_refuses_two_open_proposals_ones_own_signature_and_a_second_decision() -> None:
    handler, reviewer = officer("handler"), officer("reviewer", Role.REVIEWER)
    decided = case(status="FIRST")
    proposal = services.propose(case=decided, act="GRANT", reason="查明", actor=handler, now=NOW)
    with pytest.raises(Refused, match=r"proposal\.open"):
        services.propose(case=decided, act="REFUSE", reason="", actor=handler, now=NOW)
    with pytest.raises(IntegrityError, match="cases_proposal_one_open"), transaction.atomic():
        Proposal.objects.create(case=decided, act="REFUSE", proposed_by=reviewer, proposed_at=NOW)
    one = Proposal.objects.filter(pk=proposal.pk)
    with pytest.raises(IntegrityError, match="cases_proposal_four_eyes"), transaction.atomic():
        one.update(decided_by=handler, decided_at=NOW, agreed=True)
    with pytest.raises(IntegrityError, match="cases_proposal_decided_whole"), transaction.atomic():
        one.update(decided_by=reviewer)
    with pytest.raises(Error, match="decided once"), transaction.atomic():
        one.update(act="REFUSE")
    one.update(decided_by=reviewer, decided_at=NOW, agreed=True)
    with pytest.raises(Error, match="decided once"), transaction.atomic():
        one.update(agreed=False)


# --- determinations ---------------------------------------------------------------------------------------


def test_a_determination_keeps_what_it_rests_on_and_shows_on_the_case() -> None:
    decided = case(status="FIRST")
    granted = determine(decided)
    assert (granted.verdict, granted.months, granted.amount_fen) == ("GRANT", 17, 3_366_000)
    assert granted.fail_count == granted.unknown_count == 0 < granted.pass_count
    assert decided.determination == granted
    assert Case.objects.get(pk=decided.pk).checks == Checks.PASS
    refused = determine(decided, contributed_months=10)
    assert (refused.verdict, decided.checks) == ("REFUSE", Checks.FAIL)
    determine(decided, drawing_pension="UNKNOWN")
    assert decided.checks == Checks.OPEN
    # Three determinations under the same law keep one set of numbers.
    assert Determination.objects.values("parameter_set").distinct().count() == 1


# --- clocks -----------------------------------------------------------------------------------------------


def test_the_applicants_delay_moves_both_dates_by_the_working_days_it_took() -> None:
    asked = case(status="PAPERS")
    services.pause_clock(case=asked, now=NOW)
    assert asked.paused_at == NOW
    # Paused on Friday 09-26, answered on Monday 09-29: Sunday 09-28 was a working day, so two were lost.
    services.resume_clock(case=asked, calendar=shipped_calendar(), now=LATER)
    assert Case.objects.get(pk=asked.pk).paused_at is None
    assert (asked.promise_due, asked.statutory_due) == (date(2025, 10, 10), date(2025, 10, 20))
    assert not asked.due_provisional


def test_an_answer_on_the_same_day_moves_nothing_and_a_running_clock_stays_as_it_is() -> None:
    asked = case(status="PAPERS")
    services.pause_clock(case=asked, now=NOW)
    services.resume_clock(case=asked, calendar=shipped_calendar(), now=NOW)
    services.resume_clock(case=asked, calendar=shipped_calendar(), now=LATER)
    assert asked.promise_due == date(2025, 9, 30)
    assert Event.objects.filter(case=asked, verb="clock.resumed").count() == 1


def test_another_offices_delay_stops_no_clock() -> None:
    waiting = case(status="FIRST")
    with pytest.raises(Refused, match=r"case\.not_waiting"):
        services.pause_clock(case=waiting, now=NOW)
    with pytest.raises(IntegrityError, match="paused_for_the_applicant_only"), transaction.atomic():
        Case.objects.filter(pk=waiting.pk).update(paused_at=NOW)


def test_a_pause_into_a_year_without_a_calendar_gives_a_provisional_date() -> None:
    asked = case(status="PAPERS", promise_due=date(2026, 12, 30))
    paused, answered = datetime(2026, 12, 28, 2, tzinfo=UTC), datetime(2026, 12, 31, 2, tzinfo=UTC)
    services.pause_clock(case=asked, now=paused)
    services.resume_clock(case=asked, calendar=shipped_calendar(), now=answered)
    assert asked.promise_due == date(2027, 1, 5)
    assert asked.due_provisional


def test_a_case_that_closes_while_paused_is_paused_no_more() -> None:
    asked = case(status="PAPERS")
    services.pause_clock(case=asked, now=NOW)
    move(asked, "LAPSED", now=LATER)
    assert (asked.closed_at, asked.paused_at) == (LATER, None)


# --- messages, trail of a case ----------------------------------------------------------------------------


def test_a_message_is_kept_as_code_and_numbers_and_its_address_is_encrypted() -> None:
    told = case(party=(party := person()))
    messages.register("sample.paid", "您的 {amount:money} 已到账，{month:month}。")
    message = services.notify(
        case=told,
        party=party,
        template="sample.paid",
        numbers={"amount": 198_000, "month": "2025-10"},
        address="13800138000",
        now=NOW,
    )
    assert message.channel == Message.Channel.SMS
    assert messages.render(Message.objects.get()) == "您的 1,980.00 元 已到账，2025年10月。"
    with connection.cursor() as cursor:
        cursor.execute("SELECT mobile FROM cases_message")
        assert "13800138000" not in cursor.fetchone()[0]
    assert Event.objects.filter(case=told).latest("sequence").payload == {
        "message": message.pk,
        "template": "sample.paid",
    }


def test_a_message_without_words_or_with_a_personal_number_is_never_written() -> None:
    told = case(party=(party := person()))
    messages.register("sample.told", "{what}")
    for number in ("130102198604020003", "6222021234567890123", "13800138000"):
        with pytest.raises(messages.PersonalNumber) as trouble:
            services.notify(case=told, party=party, template="sample.told", numbers={"what": number}, now=NOW)
        assert number not in str(trouble.value)
    with pytest.raises(KeyError):
        services.notify(case=told, party=party, template="sample.told", numbers={}, now=NOW)
    assert not Message.objects.exists()


def test_the_page_of_a_case_shows_the_newest_act_first_with_the_officers_own_words() -> None:
    handler = officer("handler", full_name="宋颖")
    shown = case(status="FIRST")
    determine(shown)
    services.propose(case=shown, act="GRANT", reason="裁决书为准。", actor=handler, now=LATER)
    move(shown, "SECOND", actor=handler, now=LATER)
    lines = timeline(shown)
    assert [line.verb for line in lines] == [
        "sample.moved",
        "case.taken",
        "sample.moved",
        "sample.opened",
    ]
    assert (lines[0].actor_name, lines[0].remark, lines[0].tone) == ("宋颖", "裁决书为准。", "warn")
    assert lines[1].remark == ""


def test_every_refusal_has_words() -> None:
    # Whatever a sentence asks for beyond these is a word or a number that reads as one.
    named = {name for words in SENTENCES.values() for name in re.findall(r"%\((\w+)\)", str(words))}
    numbers: dict[str, str | int] = {
        **dict.fromkeys(named - {"act"}, "7"),
        "number": "XX20250926-0001",
        "who": "宋颖",
        "verb": "sample.moved",
        "kind": "sample",
        "waits_for": "BANK",
        "day": "2025-09-26",
        "name": "证明.pdf",
        "most": 5,
    }
    for code in SENTENCES:
        assert "%" not in sentence(Refused(code, None, **numbers))
    assert "case.unheard_of" in sentence(Refused("case.unheard_of"))
