"""The grounds of domain rule 1.9: last payable month, effect, and what becomes of the months left."""

from __future__ import annotations

from datetime import date

import pytest

from law.ending import GROUNDS, KEYS, Effect, Months, last_payable_month, resumes_in
from law.overpayment import EVENTS
from law.parameters import ParameterBook

LAW = ParameterBook.shipped().for_program(KEYS, region="130100")
DAY = date(2025, 6, 10)


@pytest.mark.parametrize(
    ("ground", "last", "months"),
    [
        ("REEMPLOYED", "2025-06", Months.KEPT),
        ("CONSCRIPTED", "2025-06", Months.KEPT),
        ("EMIGRATED", "2025-06", Months.LAPSE),
        ("PENSION", "2025-05", Months.LAPSE),
        ("JOBS_REFUSED", "2025-06", Months.OFFICER),
        ("IMPRISONED", "2025-06", Months.KEPT),
        ("DIED", "2025-06", Months.LAPSE),
        ("NEVER_ENTITLED", None, Months.LAPSE),
    ],
)
def test_each_ground_has_its_last_month_and_keeps_or_loses_the_rest(
    ground: str, last: str | None, months: Months
) -> None:
    assert last_payable_month(ground, DAY, LAW) == last
    assert GROUNDS[ground].months is months


def test_every_event_of_an_overpayment_is_a_ground() -> None:
    assert {ground.event for ground in GROUNDS.values()} - {None} == set(EVENTS)


def test_prison_interrupts_and_only_a_grant_that_never_was_is_annulled() -> None:
    effects = {name: ground.effect for name, ground in GROUNDS.items() if ground.effect is not Effect.END}
    assert effects == {"IMPRISONED": Effect.INTERRUPT, "NEVER_ENTITLED": Effect.ANNUL}


@pytest.mark.parametrize(
    ("through", "ended_on", "first"),
    [
        ("2025-06", date(2025, 9, 20), "2025-09"),
        ("2025-06", date(2025, 6, 28), "2025-07"),
        ("2025-12", date(2026, 1, 1), "2026-01"),
    ],
)
def test_an_interrupted_spell_goes_on_with_the_month_of_release(
    through: str, ended_on: date, first: str
) -> None:
    assert resumes_in(through=through, ended_on=ended_on) == first
