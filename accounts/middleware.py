"""Signs out whoever has done nothing for long, and says so on the page one lands on.

A page warns before (`static/page.js`) and asks here how long is left. This must never end a session without
the notice, never lose what a form carried, and never count a request without a session.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from accounts import typed
from accounts.models import Access, User
from accounts.roles import AS, AS_UNIT
from accounts.services import record_access

SEEN_AT = "seen_at"
IDLE_SECONDS = "idle_seconds"
# Writing the session at every request would double the cost of a page; a minute is exact enough.
STAMP_EVERY_SECONDS = 60


class IdleTimeout:
    """Slides with each request: officers have 30 minutes, citizens 2 hours (`ANYE_IDLE_SECONDS`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, or end the session and show where to sign in again."""
        if SESSION_KEY not in request.session:
            return self.get_response(request)
        now = datetime.now(UTC)  # noqa: TID251 - a middleware stands at the edge, as a view does
        stamp = int(now.timestamp())
        seen_at = request.session.get(SEEN_AT)
        if seen_at is None:
            is_staff = isinstance(request.user, User) and request.user.is_staff_member
            request.session[IDLE_SECONDS] = settings.ANYE_IDLE_SECONDS["staff" if is_staff else "citizen"]
            request.session[SEEN_AT] = stamp
        elif stamp - seen_at > request.session[IDLE_SECONDS]:
            return self._end(request, now)
        elif stamp - seen_at >= self._stamp_after(request):
            request.session[SEEN_AT] = stamp
        return self.get_response(request)

    @staticmethod
    def _stamp_after(request: HttpRequest) -> float:
        """To ask how long is left is no sign of life; to go on is one at once."""
        return {reverse("session"): inf, reverse("session-go-on"): 0}.get(request.path, STAMP_EVERY_SECONDS)

    def _end(self, request: HttpRequest, now: datetime) -> HttpResponseBase:
        user = request.user
        is_staff = isinstance(user, User) and user.is_staff_member
        is_agent = isinstance(user, User) and user.agent_person_id is not None
        is_part = "HX-Request" in request.headers
        form = typed.read(request) if request.method == "POST" and not is_part else None
        if isinstance(user, User):
            record_access(act=Access.Act.IDLE_SIGN_OUT, actor=user, now=now)
        logout(request)
        words = {"idle": "1"}
        if form is not None and isinstance(user, User):
            typed.keep(request, form, user=user, now=now)
            words = {"idle": "2", "next": reverse("typed")}
        elif request.method == "GET" and not is_part:
            words["next"] = request.get_full_path()
        if is_agent:
            words[AS] = AS_UNIT
        url = f"{reverse('staff-sign-in' if is_staff else 'sign-in')}?{urlencode(words)}"
        if is_part:
            answer = HttpResponse(status=200)
            answer["HX-Redirect"] = url
            return answer
        return HttpResponseRedirect(url)


def seconds_left(request: HttpRequest, *, now: datetime) -> int:
    """How long the session lasts if nothing more is done, in seconds; 0 without one."""
    seen_at = request.session.get(SEEN_AT)
    if SESSION_KEY not in request.session or seen_at is None:
        return 0
    return max(0, int(seen_at + request.session[IDLE_SECONDS] - now.timestamp()))
