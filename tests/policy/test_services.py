"""Two supervisors put a value in force; what the rules could not read is refused, and nothing is ever
changed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils.translation import override

from accounts.models import Role
from cases import trail
from cases.models import Case, Event
from cases.services import open_case
from law.errors import Refused
from law.parameters import Citation, ParameterBook, Value
from policy.kinds import POLICY
from policy.models import PolicyValue
from policy.refusals import sentence
from policy.selectors import integer
from policy.services import approve, content_hash, decline, withdraw
from tests.policy.samples import CITY, NOTICE, NOW, approved, calendar_2027, officer, proposed

pytestmark = pytest.mark.django_db
NEXT_MONTH = date(2026, 12, 1)


def refused(**changed: object) -> str:
    """The code with which a changed proposal is refused; its sentence must be there and be filled."""
    asked: dict[str, object] = {"key": "benefit.promise_wd", "value": "2", "start": NEXT_MONTH}
    with pytest.raises(Refused) as caught:
        proposed(**(asked | changed))  # type: ignore[arg-type]  # the point of some is a wrong type
    with override("zh-hans"):
        words = sentence(caught.value)
        assert words and caught.value.code not in words and "%(" not in words
    assert not PolicyValue.objects.exists()
    return caught.value.code


def test_a_value_is_written_as_it_was_proposed() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    row.refresh_from_db()
    dated = row.dated()
    assert (dated.key, dated.region, dated.start, dated.value) == (
        "benefit.promise_wd",
        CITY,
        NEXT_MONTH,
        "2",
    )
    assert dated.reference == NOTICE
    assert (row.proposed_by, row.approved_at) == (officer("proposer"), None)


def test_another_supervisor_approves() -> None:
    row = approved(proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH))
    row.refresh_from_db()
    assert (row.approved_by, row.approved_at) == (officer("approver"), NOW)


def test_nobody_approves_what_he_proposed() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    with pytest.raises(Refused) as caught:
        approve(value=row, actor=officer("proposer"), now=NOW)
    assert caught.value.code == "policy.own"
    with pytest.raises(IntegrityError, match="policy_value_four_eyes"), transaction.atomic():
        PolicyValue.objects.filter(pk=row.pk).update(approved_by=row.proposed_by, approved_at=NOW)


def test_a_value_is_approved_once() -> None:
    row = approved(proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH))
    with pytest.raises(Refused) as caught:
        approve(value=row, actor=officer("third"), now=NOW)
    assert caught.value.code == "policy.approved"


@pytest.mark.parametrize("role", [Role.HANDLER, Role.REVIEWER, Role.AUDITOR, Role.SYSTEM_ADMIN])
def test_only_supervisors_propose_and_approve(role: Role) -> None:
    assert refused(actor=officer("other", role=role)) == "policy.not_allowed"
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    with pytest.raises(Refused) as caught:
        approve(value=row, actor=officer("other", role=role), now=NOW)
    assert caught.value.code == "policy.not_allowed"


def test_a_city_is_changed_by_its_own_supervisors_only() -> None:
    stranger = officer("stranger", region="130200")
    assert refused(actor=stranger) == "policy.region_not_yours"
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    with pytest.raises(Refused) as caught:
        approve(value=row, actor=stranger, now=NOW)
    assert caught.value.code == "policy.region_not_yours"


def test_what_the_nation_fixes_any_supervisor_may_copy() -> None:
    assert approved(calendar_2027()).region == "000000"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key": "benefit.promise"}, "policy.key_unknown"),
        ({"key": "nonsense"}, "policy.key_unknown"),
        ({"unit": "days"}, "policy.unit_differs"),
        ({"region": "9999"}, "policy.region_unknown"),
        ({"region": "440300"}, "policy.region_unknown"),
        ({"value": "two"}, "policy.not_readable"),
        ({"value": "0"}, "policy.out_of_range"),
        ({"value": "251"}, "policy.out_of_range"),
        ({"value": "9" * 30}, "policy.not_readable"),
        ({"value": "2\x00"}, "policy.not_readable"),
        ({"key": "benefit.licence_counts", "unit": "code", "value": "MAYBE"}, "policy.code_unknown"),
        ({"key": "benefit.first_month_rule", "unit": "code", "value": ""}, "policy.code_unknown"),
        ({"key": "benefit.auto_grant", "unit": "flag", "value": "yes"}, "policy.not_readable"),
        ({"key": "benefit.sample_bp", "unit": "bp", "value": "10001"}, "policy.out_of_range"),
        ({"key": "benefit.pay_by_day", "unit": "day_of_month", "value": "31"}, "policy.out_of_range"),
        ({"value": "2.5"}, "policy.not_readable"),
        ({"value": "-2"}, "policy.not_readable"),
        ({"value": 2}, "policy.shape_differs"),
        ({"value": ["2"]}, "policy.shape_differs"),
        ({"value": {"a": "2"}}, "policy.shape_differs"),
        ({"value": None}, "policy.shape_differs"),
        ({"start": date(2030, 1, 1)}, "policy.start_too_late"),
        ({"start": date.min}, "policy.start_too_early"),
        ({"key": "fraud.fine_min", "unit": "times", "start": date(2011, 6, 30)}, "policy.start_too_early"),
        ({"reference": Citation(" ", "", "", "", "text")}, "policy.reference_missing"),
        ({"reference": Citation("标题", "", "", "", "hearsay")}, "policy.not_readable"),
    ],
)
def test_a_value_no_rule_could_read_is_refused(changed: dict[str, object], code: str) -> None:
    assert refused(**changed) == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"off": ["2027-01-01"]}, "policy.shape_differs"),
        ({"off": "2027-01-01", "worked": []}, "policy.shape_differs"),
        ({"off": ["2027-01-02"], "worked": []}, "policy.not_readable"),
        ({"off": [], "worked": ["2027-01-04"]}, "policy.not_readable"),
        ({"off": ["2026-01-01"], "worked": []}, "policy.not_readable"),
        ({"off": ["2027-02-30"], "worked": []}, "policy.not_readable"),
    ],
)
def test_a_calendar_that_cannot_be_counted_in_is_refused(value: Value, code: str) -> None:
    calendar = {"key": "calendar.2027", "unit": "calendar", "region": "000000", "start": date(2027, 1, 1)}
    assert refused(**calendar, value=value) == code


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("国务院办公厅关于2026年部分节假日安排的通知", "policy.notice_of_other_year"),
        ("国务院办公厅关于 2028 年部分节假日安排的通知", "policy.notice_of_other_year"),
        ("", "policy.reference_missing"),
    ],
)
def test_a_calendar_rests_on_the_notice_of_its_year(title: str, code: str) -> None:
    calendar = {"key": "calendar.2027", "unit": "calendar", "region": "000000", "start": date(2027, 1, 1)}
    value = {"off": ["2027-01-01"], "worked": []}
    assert refused(**calendar, value=value, reference=Citation(title, "", "", "", "press")) == code


STEPS = ParameterBook.shipped().history("benefit.steps", region="130000")[-1].table()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"17": "24"}, ""),
        ({"18": "24"}, "policy.not_readable"),
        ({"一": "24"}, "policy.not_readable"),
        ({"4": "2"}, "policy.not_readable"),
        ({"4": "13"}, "policy.above_ceiling"),
        ({"16": "25"}, "policy.above_ceiling"),
        ({"16": "0"}, "policy.out_of_range"),
    ],
)
def test_steps_count_without_a_gap_and_stay_below_the_ceiling(changed: dict[str, str], code: str) -> None:
    steps: dict[str, object] = {
        "key": "benefit.steps",
        "unit": "months",
        "region": "130000",
        "value": {**STEPS, **changed},
    }
    if code:
        assert refused(**steps) == code
    else:
        value: dict[str, Value] = {**STEPS, **changed}
        proposed(key="benefit.steps", unit="months", region="130000", value=value, start=NEXT_MONTH)


@pytest.mark.parametrize(("tier", "code"), [("4", "policy.tier_unknown"), ("甲", "policy.not_readable")])
def test_a_county_has_a_tier_that_is_paid(tier: str, code: str) -> None:
    tiers = ParameterBook.shipped().history("region.tier", region=CITY)[-1].table()
    assert refused(key="region.tier", unit="code", value={**tiers, "130102": tier}) == code


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"born_from": "1965"}, "policy.not_readable"),
        ({"born_from": "1965-13"}, "policy.not_readable"),
        ({"base_years": "6"}, "policy.out_of_range"),
        ({"step_months": "0"}, "policy.out_of_range"),
    ],
)
def test_the_table_of_retirement_is_one_the_rule_can_read(changed: dict[str, str], code: str) -> None:
    table = ParameterBook.shipped().history("retirement.male", region="000000")[-1].table()
    found = refused(key="retirement.male", unit="table", region="000000", value={**table, **changed})
    assert found == code


def test_a_calendar_starts_with_its_year() -> None:
    calendar = {"key": "calendar.2027", "unit": "calendar", "region": "000000", "start": date(2027, 1, 2)}
    assert refused(**calendar, value={"off": [], "worked": []}) == "policy.start_not_of_year"


def test_a_table_may_gain_entries_and_not_lose_one() -> None:
    rows = ParameterBook.shipped().history("region.tier", region=CITY)
    table = dict(rows[-1].table())
    more = table | {"130199": "2"}
    proposed(key="region.tier", value={**more}, unit="code", start=NEXT_MONTH)
    PolicyValue.objects.get()
    less: dict[str, Value] = {name: tier for name, tier in table.items() if name != "130102"}
    with pytest.raises(Refused) as caught:
        proposed(key="region.tier", value=less, unit="code", start=NEXT_MONTH)
    assert caught.value.code == "policy.shape_differs"


def test_each_record_of_a_list_needs_what_all_records_have() -> None:
    key = "benefit.separation_reasons"
    known = ParameterBook.shipped().history(key, region="000000")[-1].records()
    rows: list[Value] = [
        {**row}
        for row in (*known, {"code": "Z09", "eligible": "Y", "name": "合同期满", "basis": "劳动合同法"})
    ]
    table: dict[str, object] = {"key": key, "unit": "table", "region": "000000"}
    without_a_name: list[Value] = [*rows, {"code": "Z08"}]
    assert refused(**table, value=without_a_name) == "policy.shape_differs"
    assert refused(**table, value=rows[1:]) == "policy.shape_differs"
    twice: list[Value] = [*rows, rows[0]]
    assert refused(**table, value=twice) == "policy.shape_differs"
    for fault in ({"eligible": "MAYBE"}, {"code": "9"}, {"name": " "}):
        assert isinstance(rows[0], dict)
        assert refused(**table, value=[{**rows[0], "code": "Z07", **fault}, *rows]) == "policy.not_readable"
    assert proposed(key=key, value=rows, unit="table", start=NEXT_MONTH, region="000000").pk


def test_a_proposal_is_a_case_that_waits_for_a_supervisor_and_whose_trail_vouches_for_the_content() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    case = Case.objects.get(pk=row.case_id)
    assert row.number.startswith("ZC20261123-")
    assert (case.kind, case.status, case.waits_for, case.region) == ("policy", "PROPOSED", "SUPERVISOR", CITY)
    approved(row)
    case.refresh_from_db()
    assert (case.status, case.waits_for, case.closed_at) == ("APPROVED", "NOBODY", NOW)
    first, second = Event.objects.filter(case=case).order_by("sequence")
    assert [(event.verb, event.actor) for event in (first, second)] == [
        ("policy.proposed", officer("proposer")),
        ("policy.approved", officer("approver")),
    ]
    assert first.payload["content"] == second.payload["content"] == content_hash(row)
    assert first.payload["key"] == "benefit.promise_wd"
    assert trail.verify().broken is None


def test_a_national_value_is_the_matter_of_the_bureau_that_copies_it() -> None:
    assert Case.objects.get(pk=calendar_2027().case_id).region == CITY


def test_a_supervisor_without_a_region_proposes_nothing() -> None:
    nowhere = officer("nowhere")
    nowhere.regions = []
    calendar = {"key": "calendar.2027", "unit": "calendar", "region": "000000", "start": date(2027, 1, 1)}
    value = {"off": ["2027-01-01"], "worked": []}
    assert refused(**calendar, value=value, actor=nowhere) == "policy.region_not_yours"


def test_another_supervisor_declines_and_says_why() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    with pytest.raises(Refused, match=r"policy\.reason_missing"):
        decline(value=row, remark="  ", actor=officer("approver"), now=NOW)
    with pytest.raises(Refused, match=r"policy\.own"):
        decline(value=row, remark="不同意", actor=officer("proposer"), now=NOW)
    closed = decline(value=row, remark=" 文号不对。 ", actor=officer("approver"), now=NOW)
    closed.refresh_from_db()
    assert (closed.closed_by, closed.closed_at, closed.remark) == (officer("approver"), NOW, "文号不对。")
    assert closed.approved_at is None
    assert Case.objects.get(pk=closed.case_id).status == "DECLINED"
    assert integer("benefit.promise_wd", region=CITY, on=NEXT_MONTH) == 3


def test_only_the_proposer_takes_a_proposal_back() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    with pytest.raises(Refused, match=r"policy\.not_proposer"):
        withdraw(value=row, actor=officer("approver"), now=NOW)
    with pytest.raises(Refused, match=r"policy\.not_allowed"):
        withdraw(value=row, actor=officer("handler", role=Role.HANDLER), now=NOW)
    gone = withdraw(value=row, remark="填错了", actor=officer("proposer"), now=NOW)
    assert (gone.closed_by, gone.remark) == (officer("proposer"), "填错了")
    assert Case.objects.get(pk=gone.case_id).status == "WITHDRAWN"


@pytest.mark.parametrize("end", ["declined", "withdrawn", "approved"])
def test_what_is_decided_is_decided(end: str) -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    match end:
        case "declined":
            decline(value=row, remark="不对", actor=officer("approver"), now=NOW)
        case "withdrawn":
            withdraw(value=row, actor=officer("proposer"), now=NOW)
        case _:
            approved(row)
    code = "policy.approved" if end == "approved" else "policy.closed"
    acts: list[Callable[[], PolicyValue]] = [
        lambda: approve(value=row, actor=officer("approver"), now=NOW),
        lambda: decline(value=row, remark="不对", actor=officer("approver"), now=NOW),
        lambda: withdraw(value=row, actor=officer("proposer"), now=NOW),
    ]
    for act in acts:
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.code == code


def test_one_value_for_a_day_is_open_at_a_time() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    with pytest.raises(Refused) as caught:
        proposed(key="benefit.promise_wd", value="1", start=NEXT_MONTH, actor=officer("third"))
    assert (caught.value.code, caught.value.numbers["number"]) == ("policy.already_proposed", row.number)
    proposed(key="benefit.promise_wd", value="1", start=NEXT_MONTH, region="130102")
    withdraw(value=row, actor=officer("proposer"), now=NOW)
    assert proposed(key="benefit.promise_wd", value="1", start=NEXT_MONTH).pk != row.pk
    duplicate = PolicyValue.objects.open().first()
    assert duplicate is not None
    duplicate.pk, duplicate.case = None, open_like(duplicate)
    with pytest.raises(IntegrityError, match="policy_value_open_once"), transaction.atomic():
        duplicate.save(force_insert=True)


def open_like(row: PolicyValue) -> Case:
    """Another case of a proposal."""
    return open_case(
        kind=POLICY, party=None, region=CITY, actor=row.proposed_by, now=NOW, verb="policy.proposed"
    )


def test_what_has_come_to_hinder_it_meanwhile_stops_an_approval() -> None:
    tiers = ParameterBook.shipped().history("region.tier", region=CITY)[-1].table()
    row = proposed(key="region.tier", unit="code", value={**tiers, "130102": "3"}, start=date(2024, 8, 1))
    start = date(2029, 6, 1)
    later = proposed(key="region.tier", unit="code", value={**tiers, "130102": "2"}, start=start)
    with pytest.raises(Refused) as caught:
        approve(value=later, actor=officer("approver"), now=NOW - timedelta(days=400))
    assert caught.value.code == "policy.start_too_late"
    assert approved(row).approved_at == NOW


def test_every_refusal_is_said_in_peoples_words() -> None:
    with override("zh-hans"):
        refusal = Refused("policy.out_of_range", key="benefit.sample_bp", unit="bp", least=0, most=10_000)
        assert sentence(refusal).startswith("“全部符合时抽查的比例”只能在 0% 到 100% 之间")
        refusal = Refused("policy.unit_differs", key="benefit.promise_wd", unit="working_days")
        assert "承诺办结" in sentence(refusal) and "个工作日" in sentence(refusal)
        assert sentence(Refused("case.held_by_other", number="1", who="某")).startswith("1 由 某 在办")


def test_a_notice_that_came_late_may_start_in_the_past() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=(NOW - timedelta(days=60)).date())
    assert approved(row).approved_at == NOW


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policy_policyvalue SET value = '\"9\"'",
        "UPDATE policy_policyvalue SET start = '2020-01-01'",
        "UPDATE policy_policyvalue SET approved_at = now()",
        "UPDATE policy_policyvalue SET approved_at = NULL, approved_by_id = NULL",
        "DELETE FROM policy_policyvalue",
        "TRUNCATE policy_policyvalue CASCADE",
    ],
)
def test_the_database_refuses_to_change_an_approved_value(statement: str) -> None:
    approved(proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH))
    with connection.cursor() as cursor:
        # PostgreSQL truncates no table with checks still to come; these are those of the inserts above.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="decided once"), transaction.atomic():
            cursor.execute(statement)


def test_an_approval_may_not_smuggle_in_another_value() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    with pytest.raises(DatabaseError, match="decided once"), transaction.atomic():
        PolicyValue.objects.filter(pk=row.pk).update(
            approved_by=officer("approver"), approved_at=NOW, value="9"
        )
