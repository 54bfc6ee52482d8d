"""Two supervisors put a value in force; what the rules could not read is refused, and nothing is ever
changed.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils.translation import override

from accounts.models import Role
from law.errors import Refused
from law.parameters import Citation, ParameterBook, Value
from policy.models import PolicyValue
from policy.refusals import SENTENCES
from policy.services import approve
from tests.policy.samples import CITY, NOTICE, NOW, approved, calendar_2027, officer, proposed

pytestmark = pytest.mark.django_db
NEXT_MONTH = date(2026, 12, 1)


def refused(**changed: object) -> str:
    """The code with which a changed proposal is refused; its sentence must be there and be filled."""
    asked: dict[str, object] = {"key": "benefit.promise_wd", "value": "2", "start": NEXT_MONTH}
    with pytest.raises(Refused) as caught:
        proposed(**(asked | changed))  # type: ignore[arg-type]  # the point of some is a wrong type
    with override("zh-hans"):
        assert str(SENTENCES[caught.value.code]) % caught.value.numbers
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
    rows: list[Value] = [{"code": "Z01", "eligible": "Y", "name": "合同期满", "basis": "劳动合同法"}]
    proposed(key=key, value=rows, unit="table", start=NEXT_MONTH, region="000000")
    short: list[Value] = [*rows, {"code": "Z02"}]
    with pytest.raises(Refused) as caught:
        proposed(key=key, value=short, unit="table", start=NEXT_MONTH, region="000000")
    assert caught.value.code == "policy.shape_differs"


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
        with pytest.raises(DatabaseError, match="approved once"), transaction.atomic():
            cursor.execute(statement)


def test_an_approval_may_not_smuggle_in_another_value() -> None:
    row = proposed(key="benefit.promise_wd", value="2", start=NEXT_MONTH)
    with pytest.raises(DatabaseError, match="approved once"), transaction.atomic():
        PolicyValue.objects.filter(pk=row.pk).update(
            approved_by=officer("approver"), approved_at=NOW, value="9"
        )
