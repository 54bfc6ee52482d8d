"""What a simulated year has at hand: the plan, the sandbox, the officers, and whose claim is whose."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection

from accounts.models import Role, User
from accounts.selectors import machine
from accounts.services import create_staff, initial_password
from claims.models import Claim
from config.simulation.entitlement import CITY, Due, dues_of, law_of
from config.simulation.outside import Outside
from config.simulation.plan import Course, Loss, Plan
from law.parameters import ParameterBook

OFFICERS = (Role.HANDLER, Role.REVIEWER, Role.SUPERVISOR)


@dataclass(frozen=True, slots=True)
class Filing:
    """One application of the plan: its form's number, whose, the how-manieth, what it has to come to."""

    number: uuid.UUID
    course: Course
    nth: int
    due: Due

    @property
    def loss(self) -> Loss:
        """The work that ended."""
        return self.course.losses[self.nth]

    def repairs_after(self, day: date) -> int | None:
        """After how many days a card is put right; None: never, also where its holder has died."""
        stop = self.due.stop
        has_died = stop is not None and stop.ground == "DIED" and stop.on <= day
        return None if has_died else self.course.repairs_after


@dataclass
class Stage:
    """The year's cast. Nothing here changes while the year goes on, so that a killed step forgets nothing."""

    plan: Plan
    outside: Outside
    staff: dict[Role, tuple[User, User]] = field(default_factory=dict)
    filings: dict[uuid.UUID, Filing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.law: ParameterBook = law_of(self.plan)
        for course in self.plan.courses:
            for nth, due in enumerate(dues_of(course, self.plan, self.law)):
                number = course.submission(nth, self.plan.seed)
                self.filings[number] = Filing(number, course, nth, due)

    def officer(self, role: Role, nth: int = 0) -> User:
        """One of the two officers of a role."""
        return self.staff[role][nth]

    def of(self, claims: Iterable[Claim]) -> Iterator[tuple[Claim, Filing]]:
        """Each claim with its application in the plan."""
        for claim in claims:
            yield claim, self.filings[claim.submission_id]


def stands(kind: str, *statuses: str) -> bool:
    """Whether any case of a kind is in one of these statuses: asked before a sweep reads what it needs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM cases_case WHERE kind = %s AND status = ANY(%s))",
            [kind, list(statuses)],
        )
        (found,) = cursor.fetchone()
    return bool(found)


def hire(stage: Stage, *, now: datetime) -> None:
    """Two officers of each role, with a second factor still to be set up: their services ask for none."""
    for role in OFFICERS:
        stage.staff[role] = (_hired(role, 1, now=now), _hired(role, 2, now=now))


def _hired(role: Role, nth: int, *, now: datetime) -> User:
    return create_staff(
        username=f"{role.value.lower()}{nth}",
        full_name=f"{role.label}{nth}",
        roles=[role],
        regions=[CITY],
        password=initial_password(),
        actor=machine(),
        now=now,
    )
