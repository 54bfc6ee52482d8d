"""A kind of case for these tests alone, and officers, people and determinations made by the services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from accounts.models import Party, Role, User
from accounts.selectors import machine
from accounts.services import create_staff, ensure_person
from cases import services
from cases.kinds import Kind, WaitsFor
from cases.models import Case, Determination
from law.identifiers import citizen_id_check_digit
from law.parameters import ParameterBook
from law.programs import PROGRAMS

NOW = datetime(2025, 9, 26, 6, 5, tzinfo=UTC)
TODAY = date(2025, 9, 26)
COUNTY, OTHER_COUNTY, CITY = "130102", "130181", "130100"
PROGRAM = "unemployment-benefit"

SAMPLE = Kind(
    code="sample",
    prefix="XX",
    label=_("失业保险金"),
    initial="NEW",
    transitions={
        "NEW": frozenset({"FIRST", "DONE"}),
        "FIRST": frozenset({"SECOND", "PAPERS", "NEW"}),
        "PAPERS": frozenset({"NEW", "LAPSED"}),
        "SECOND": frozenset({"DONE", "FIRST"}),
        "DONE": frozenset({"NEW"}),
        "LAPSED": frozenset(),
    },
    waits_for={
        "NEW": WaitsFor.MACHINE,
        "FIRST": WaitsFor.HANDLER,
        "PAPERS": WaitsFor.APPLICANT,
        "SECOND": WaitsFor.REVIEWER,
        "DONE": WaitsFor.NOBODY,
        "LAPSED": WaitsFor.NOBODY,
    },
    verbs=frozenset({"sample.opened", "sample.moved", "sample.noted"}),
    status_labels={status: _("初审") for status in ("NEW", "FIRST", "PAPERS", "SECOND", "DONE", "LAPSED")},
    verb_labels={verb: _("提交") for verb in ("sample.opened", "sample.moved", "sample.noted")},
    max_age={"NEW": timedelta(hours=1)},
)

FACTS: dict[str, object] = {
    "applied_on": "2025-09-26",
    "birth_date": "1986-04-02",
    "sex": "M",
    "retirement_category": None,
    "contributed_months": 114,
    "deemed_months": 0,
    "had_previous_spell": False,
    "residual_months": 0,
    "separation_reason": "D03",
    "employed": "NO",
    "drawing_pension": "NO",
    "drawing_elsewhere": "NO",
    "imprisoned": "NO",
    "deceased": "NO",
    "operates_business": "NO",
    "agency_competent": "YES",
    "identity": "MATCH",
    "card_account": "ACTIVE",
    "paying_county": "130102",
}


def id_number(serial: int, born: date = date(1986, 4, 2)) -> str:
    """A synthetic identity number: serial 000, told apart by the day of birth."""
    body = f"130102{born + timedelta(days=serial):%Y%m%d}000"
    return body + citizen_id_check_digit(body)


def person(serial: int = 0, name: str = "陈志强") -> Party:
    """A person with an identity number."""
    return ensure_person(name=name, id_kind="CITIZEN_ID", id_number=id_number(serial), now=NOW)


def officer(
    username: str,
    *roles: Role,
    regions: Sequence[str] = (CITY,),
    full_name: str = "",
    totp_secret: str | None = None,
) -> User:
    """An officer; a handler of the whole city unless told otherwise. Pages want one with a second factor."""
    return create_staff(
        username=username,
        full_name=full_name or username,
        roles=list(roles) or [Role.HANDLER],
        regions=list(regions),
        password="a long enough password 7",
        totp_secret=totp_secret,
        actor=machine(),
        now=NOW,
    )


def case(
    *,
    status: str = "NEW",
    region: str = COUNTY,
    promise_due: date | None = date(2025, 9, 30),
    party: Party | None = None,
    now: datetime = NOW,
) -> Case:
    """A case walked to `status` by the machine."""
    opened = services.open_case(
        kind=SAMPLE,
        party=party,
        region=region,
        actor=machine(),
        now=now,
        verb="sample.opened",
        promise_due=promise_due,
        promise_days=2 if promise_due else None,
        statutory_due=date(2025, 10, 16) if promise_due else None,
        statutory_days=10 if promise_due else None,
    )
    for step in {
        "NEW": (),
        "FIRST": ("FIRST",),
        "PAPERS": ("FIRST", "PAPERS"),
        "SECOND": ("FIRST", "SECOND"),
    }[status]:
        move(opened, step, now=now)
    return opened


def move(moved: Case, to: str, actor: User | None = None, now: datetime = NOW) -> None:
    """One step of a sample case."""
    services.transition(case=moved, to=to, verb="sample.moved", actor=actor or machine(), now=now)


def determine(decided: Case, **changed: object) -> Determination:
    """A determination of the real rule on sample facts."""
    program = PROGRAMS[PROGRAM]
    facts = {**FACTS, **changed}
    parameters = ParameterBook.shipped().for_program(program.keys, region=COUNTY)
    return services.determine(
        case=decided,
        program=PROGRAM,
        facts=facts,
        sources={"identity": [{"source": "IDENTITY"}]},
        parameters=parameters,
        decision=program.decide(program.parse(facts), parameters),
        actor=machine(),
        now=NOW,
    )
