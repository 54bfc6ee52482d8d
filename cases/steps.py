"""Whose step a case is at: the right that lets an officer act on it. Nothing is read or written here."""

from collections.abc import Mapping

from accounts.roles import Action
from cases import kinds
from cases.kinds import WaitsFor
from cases.models import Case

STEP_OF: Mapping[WaitsFor, Action] = {
    WaitsFor.HANDLER: Action.HANDLE_CASE,
    WaitsFor.APPLICANT: Action.HANDLE_CASE,
    WaitsFor.REVIEWER: Action.REVIEW_CASE,
}
"""Which right lets an officer act on a case that waits for whom."""


def right_for(case: Case) -> Action | None:
    """The right that the case's next act needs; None where no officer has one.

    A case put aside for another office is still at the step its status names.
    """
    waits_for = WaitsFor(case.waits_for)
    if waits_for is WaitsFor.OFFICE:
        waits_for = kinds.get(case.kind).waits_for[case.status]
    return STEP_OF.get(waits_for)
