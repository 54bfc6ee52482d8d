"""The trail under attack: whoever changes history past the triggers is found, the first break named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Access
from accounts.selectors import machine
from accounts.services import record_access
from cases import services, trail
from cases.models import Event, Seal
from law.errors import Refused
from tests.cases.samples import NOW, TODAY, case, determine, move

pytestmark = pytest.mark.usefixtures("statuses")

DAY = timedelta(days=1)


def past_the_triggers(sql: str) -> None:
    """What an intruder with the database owner's rights would do."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql)
        changed = cursor.rowcount
        cursor.execute("SET session_replication_role = DEFAULT")
    assert changed > 0


def history() -> None:
    """Three cases of two days, a determination, access rows, and a seal for each day."""
    first, second = case(status="SECOND"), case(status="FIRST")
    determine(second)
    record_access(act=Access.Act.READ, actor=machine(), case_number=first.number, reason="办案", now=NOW)
    services.seal_day(day=TODAY, now=NOW)
    move(first, "DONE", now=NOW + DAY)
    case(now=NOW + DAY)
    record_access(act=Access.Act.READ, actor=machine(), case_number=second.number, now=NOW + DAY)
    services.seal_day(day=TODAY + DAY, now=NOW + DAY)


def test_an_untouched_trail_is_verified_whole() -> None:
    history()
    output = StringIO()
    call_command("verify_trail", stdout=output)
    said = output.getvalue()
    assert said == "3 trails, 8 events, 1 determinations, 0 letters, 2 seals up to 2025-09-27 verified\n"


@pytest.mark.parametrize(
    ("attack", "where"),
    [
        ("UPDATE cases_event SET verb = 'sample.noted' WHERE sequence = 2", "XX20250926-0001 event 2"),
        ("UPDATE cases_event SET at = at + interval '1 microsecond' WHERE sequence = 3", "0001 event 3"),
        ("UPDATE cases_event SET payload = payload || '{\"x\": 1}' WHERE sequence = 3", "0001 event 3"),
        ("UPDATE cases_event SET previous_hash = repeat('0', 64) WHERE sequence = 2", "0001 event 2"),
        ("DELETE FROM cases_event WHERE sequence = 2", "0001 event 3"),
        ("DELETE FROM cases_event WHERE sequence = 4", "XX20250926-0001"),
        ("DELETE FROM cases_event WHERE verb = 'determination.made'", "XX20250926-0002 determination"),
        (
            "UPDATE cases_case SET status = 'FIRST', waits_for = 'HANDLER', closed_at = NULL",
            "XX20250926-0001",
        ),
        (
            "DELETE FROM cases_event USING cases_case c WHERE case_id = c.id AND c.number LIKE 'XX20250927%'",
            "XX20250927-0001",
        ),
        ('UPDATE cases_determination SET facts = facts || \'{"employed": "YES"}\'', "0002 determination"),
        ("UPDATE cases_determination SET content_hash = repeat('0', 64)", "0002 determination"),
        ('UPDATE cases_parameterset SET snapshot = snapshot || \'{"region": "130181"}\'', "parameters"),
        ("UPDATE cases_seal SET head_count = head_count + 1 WHERE day = '2025-09-27'", "seal of 2025-09-27"),
        ("DELETE FROM cases_seal WHERE day = '2025-09-26'", "seal of 2025-09-27"),
        ("UPDATE accounts_access SET reason = '' WHERE reason <> ''", "seal of 2025-09-26"),
        ("DELETE FROM accounts_access", "seal of 2025-09-26"),
    ],
)
def test_whoever_changes_history_is_found_and_the_first_break_is_named(attack: str, where: str) -> None:
    history()
    past_the_triggers(attack)
    broken = trail.verify().broken
    assert broken is not None
    assert where in str(broken)
    errors = StringIO()
    with pytest.raises(SystemExit) as exit_status:
        call_command("verify_trail", stdout=StringIO(), stderr=errors)
    assert exit_status.value.code == 1
    assert where in errors.getvalue()


def test_a_chain_forged_again_from_its_beginning_still_breaks_the_seal() -> None:
    """Whoever can write hashes can make a case's chain fit again; the seal of the day keeps the old head."""
    history()
    events = list(Event.objects.filter(case__number="XX20250926-0002").order_by("sequence"))
    previous = ""
    for event in events:
        at = event.at + DAY
        forged = trail.sha256(
            trail.event_text(
                number="XX20250926-0002",
                sequence=event.sequence,
                verb=event.verb,
                actor_id=event.actor_id,
                at=at,
                payload=payload_text(event),
                previous_hash=previous,
            )
        )
        forgery = f"at = '{at.isoformat()}', previous_hash = '{previous}', hash = '{forged}'"
        past_the_triggers(f"UPDATE cases_event SET {forgery} WHERE id = {event.pk}")  # noqa: S608 - our own values
        previous = forged
    assert str(trail.verify().broken) == "seal of 2025-09-26: the trails of that day were changed"


def payload_text(event: Event) -> str:
    """The payload as the database writes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload::text FROM cases_event WHERE id = %s", [event.pk])
        return str(cursor.fetchone()[0])


def test_a_day_is_sealed_once_and_the_days_in_order() -> None:
    case()
    first = services.seal_day(day=TODAY, now=NOW)
    assert services.seal_day(day=TODAY, now=NOW + DAY) == first
    with pytest.raises(Refused, match=r"seal\.out_of_order"):
        services.seal_day(day=TODAY - DAY, now=NOW)
    empty = services.seal_day(day=TODAY + DAY, now=NOW)
    assert (empty.head_count, empty.access_count, empty.previous_hash) == (0, 0, first.hash)


def test_an_event_dated_back_belongs_to_the_seal_after_it_was_written() -> None:
    services.seal_day(day=TODAY, now=NOW)
    case(now=NOW - 5 * DAY)
    assert services.seal_day(day=TODAY + DAY, now=NOW).head_count == 1
    assert trail.verify().broken is None


def test_the_seal_stands_for_the_same_rows_however_often_it_is_computed() -> None:
    history()
    for seal in Seal.objects.order_by("day"):
        assert seal.hash == trail.sha256(trail.seal_text(seal))


payloads = st.dictionaries(
    st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=8),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=12),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text('ab"\\\n', max_size=3), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=4,
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds; the zone is given


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=payloads, at=moments)
def test_the_database_and_python_hash_the_same_text(payload: dict[str, object], at: datetime) -> None:
    noted = case()
    event = services.record(case=noted, verb="sample.noted", actor=machine(), now=at, payload=payload)
    text = trail.event_text(
        number=noted.number,
        sequence=2,
        verb="sample.noted",
        actor_id=machine().pk,
        at=at,
        payload=payload_text(event),
        previous_hash=event.previous_hash,
    )
    assert event.hash == trail.sha256(text)


def test_verification_reads_a_long_trail_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory must not grow with the trail: the rows come from a cursor that stays at the server."""
    opened: list[str] = []
    original = connection.chunked_cursor

    def counted() -> object:
        opened.append("cursor")
        return original()

    monkeypatch.setattr(connection, "chunked_cursor", counted)
    history()
    opened.clear()
    assert trail.verify().broken is None
    # Events, cases without any, determinations, parameters, seals; heads and access rows of two seals.
    assert len(opened) >= 9
