"""Supervisors and values for these tests, made by the services alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

from accounts.models import Role, User
from accounts.selectors import machine
from accounts.services import create_staff
from law.parameters import Citation, Value
from policy.models import PolicyValue
from policy.services import approve, propose

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
CITY = "130100"
NOTICE = Citation(title="关于调整经办时限的通知", number="〔2026〕1号", article="一", url="", seen="text")


def officer(username: str, *, role: Role = Role.SUPERVISOR, region: str = CITY) -> User:
    """An officer; the same one for the same name."""
    found = User.objects.filter(username=username).first()
    return found or create_staff(
        username=username,
        full_name=username,
        roles=[role],
        regions=[region],
        password="a-long-password-of-a-test",
        actor=machine(),
        now=NOW,
    )


def proposed(
    *,
    key: str,
    value: Value,
    start: date,
    unit: str = "working_days",
    region: str = CITY,
    actor: User | None = None,
    reference: Citation = NOTICE,
) -> PolicyValue:
    """A value that one supervisor proposes."""
    return propose(
        key=key,
        region=region,
        start=start,
        value=value,
        unit=unit,
        reference=reference,
        assumption=False,
        actor=actor or officer("proposer"),
        now=NOW,
    )


def calendar_2027() -> PolicyValue:
    """The calendar of a year whose notice has come."""
    return proposed(
        key="calendar.2027",
        value={"off": ["2027-01-01"], "worked": ["2027-01-09"]},
        start=date(2027, 1, 1),
        unit="calendar",
        region="000000",
    )


def approved(value: PolicyValue, *, now: datetime = NOW) -> PolicyValue:
    """The same value, approved by another supervisor."""
    return approve(value=value, actor=officer("approver"), now=now)
