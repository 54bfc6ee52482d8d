"""Context processor of officers' pages: the alarm over a year that has no calendar. Reads only."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.roles import Action, can
from law.workdays import legal_day
from policy.selectors import missing_year


def alarms(request: HttpRequest) -> dict[str, object]:
    """`calendar_missing`: a year that deadlines need and nobody has put in; 0 where there is none.

    Nothing is asked before a template shows it.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not can(user, Action.SEE_POLICY):
        return {"calendar_missing": 0}
    return {"calendar_missing": SimpleLazyObject(_missing)}


def _missing() -> int:
    now = datetime.now(UTC)  # noqa: TID251 - a context processor stands at the edge, where a view would
    return missing_year(legal_day(now)) or 0
