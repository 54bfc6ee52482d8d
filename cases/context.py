"""Context processor of officers' pages: the counts beside the navigation's entries. Reads only."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.roles import Action, can
from cases import selectors

COUNTED = "_cases_page_counts"


def staff_nav(request: HttpRequest) -> dict[str, object]:
    """`staff_counts`: `queue` and the code of each kind with its own page -> the count as shown.

    Nothing is asked before a template shows it; a view that has counted already leaves its numbers on the
    request.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not can(user, Action.SEE_QUEUE):
        return {"staff_counts": {}}
    return {"staff_counts": SimpleLazyObject(lambda: _counts(request, user))}


def _counts(request: HttpRequest, user: User) -> dict[str, str]:
    known: dict[str, int] | None = getattr(request, COUNTED, None)
    found = selectors.page_counts(user) if known is None else known
    return {name: selectors.shown_count(count) for name, count in found.items() if count}
