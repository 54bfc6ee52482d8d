"""Four eyes: two different people, three above the limit, and only on what was sealed."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Role
from accounts.selectors import machine
from cases.models import Event
from law.errors import Refused
from law.money import Fen
from law.parameters import Citation
from payouts.kinds import APPROVED1, APPROVED2
from payouts.models import Signature
from payouts.selectors import required_levels
from payouts.services import seal_batch, sign_batch, submit_batch
from policy.services import approve, propose
from tests.payouts.conftest import CITY, NOW, Staff, officer
from tests.payouts.samples import owed, reread, sealed

pytestmark = pytest.mark.usefixtures("money")


def limit_of(fen: int) -> None:
    """Above this sum a supervisor signs, too."""
    row = propose(
        key="payout.third_signature_fen",
        region=CITY,
        start=date(2026, 1, 1),
        value=str(fen),
        unit="fen",
        reference=Citation(title="test assumption", number="", article="", url="", seen="own"),
        assumption=True,
        actor=officer(Role.SUPERVISOR),
        now=NOW,
    )
    approve(value=row, actor=officer(Role.SUPERVISOR), now=NOW)


def test_the_checker_approves_what_the_maker_sealed(staff: Staff) -> None:
    owed(2)
    batch = sealed(staff)
    sign_batch(batch=batch, total_fen=Fen(batch.total_fen), actor=staff.checker, now=NOW)
    batch = reread(batch)
    assert batch.case.status == APPROVED2
    assert list(batch.signatures.order_by("level").values_list("level", "actor")) == [
        (1, staff.maker.pk),
        (2, staff.checker.pk),
    ]
    approval = Event.objects.get(case=batch.case, verb="batch.approved")
    assert approval.payload["sha256"] == batch.sha256


def test_nobody_signs_twice_whatever_the_roles(staff: Staff) -> None:
    owed(1)
    both = officer(Role.HANDLER)
    both.roles = [Role.HANDLER.value, Role.REVIEWER.value]
    both.save()
    batch = seal_batch(region=CITY, actor=both, now=NOW)
    with pytest.raises(Refused, match=r"batch\.own"):
        sign_batch(batch=batch, total_fen=Fen(batch.total_fen), actor=both, now=NOW)
    with pytest.raises(IntegrityError, match="payouts_signature_other_person"), transaction.atomic():
        Signature.objects.create(batch=batch, level=2, actor=both, at=NOW)


def test_a_maker_is_no_checker_and_another_regions_officer_is_neither(staff: Staff) -> None:
    owed(1)
    batch = sealed(staff)
    for actor in (officer(Role.HANDLER), staff.elsewhere, officer(Role.AUDITOR), machine()):
        with pytest.raises(Refused, match=r"batch\.not_yours"):
            sign_batch(batch=batch, total_fen=Fen(batch.total_fen), actor=actor, now=NOW)
    assert reread(batch).case.status == APPROVED1


def test_a_total_that_was_not_read_is_refused(staff: Staff) -> None:
    owed(1)
    batch = sealed(staff)
    with pytest.raises(Refused, match=r"batch\.total_differs"):
        sign_batch(batch=batch, total_fen=Fen(batch.total_fen - 1), actor=staff.checker, now=NOW)


def test_above_the_limit_a_supervisor_signs_too(staff: Staff) -> None:
    limit_of(100_000)
    owed(1)
    batch = sealed(staff)
    assert required_levels(batch) == 3
    total = Fen(batch.total_fen)
    sign_batch(batch=batch, total_fen=total, actor=staff.checker, now=NOW)
    assert reread(batch).case.status == APPROVED1
    with pytest.raises(Refused, match=r"batch\.not_yours"):
        sign_batch(batch=batch, total_fen=total, actor=staff.other_checker, now=NOW)
    sign_batch(batch=batch, total_fen=total, actor=staff.supervisor, now=NOW)
    assert reread(batch).case.status == APPROVED2


def test_at_the_limit_two_are_enough(staff: Staff) -> None:
    owed(1)
    batch = sealed(staff)
    limit_of(batch.total_fen)
    assert required_levels(batch) == 2


def test_what_the_timetable_sealed_needs_a_maker_first(staff: Staff) -> None:
    owed(1)
    batch = seal_batch(region=CITY, actor=machine(), now=NOW)
    total = Fen(batch.total_fen)
    with pytest.raises(Refused, match=r"batch\.not_yours"):
        sign_batch(batch=batch, total_fen=total, actor=staff.checker, now=NOW)
    sign_batch(batch=batch, total_fen=total, actor=staff.maker, now=NOW)
    sign_batch(batch=batch, total_fen=total, actor=staff.checker, now=NOW)
    assert reread(batch).case.status == APPROVED2


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE payouts_payment SET amount_fen = amount_fen + 1 WHERE sequence = 1",
        "UPDATE payouts_payment SET end_to_end_id = 'AY-other' WHERE sequence = 1",
        "DELETE FROM payouts_payment WHERE sequence = 1",
        "UPDATE payouts_batch SET sha256 = repeat('0', 64)",
        "UPDATE payouts_batch SET total_fen = total_fen - 1",
        "UPDATE payouts_obligation SET amount_fen = amount_fen + 1",
    ],
)
def test_a_batch_altered_past_the_triggers_is_neither_signed_nor_sent(staff: Staff, tampering: str) -> None:
    owed(2)
    batch = sealed(staff)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(tampering)
        cursor.execute("SET session_replication_role = DEFAULT")
    batch = reread(batch)
    with pytest.raises(Refused, match=r"batch\.tampered"):
        sign_batch(batch=batch, total_fen=Fen(batch.total_fen), actor=staff.checker, now=NOW)


def test_a_batch_without_its_signatures_is_not_sent(staff: Staff) -> None:
    owed(1)
    batch = sealed(staff)
    sign_batch(batch=batch, total_fen=Fen(batch.total_fen), actor=staff.checker, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM payouts_signature WHERE level = 2")
        cursor.execute("SET session_replication_role = DEFAULT")
    with pytest.raises(Refused, match=r"batch\.not_signed"):
        submit_batch(batch=batch, now=NOW)
