"""What somebody typed into a form whose session had ended: kept for that person, and for no one else.

The session that ended is gone, and the form is not taken; but a page of reasons must not be lost with it. It
is encrypted into the new, still anonymous session of the same browser, bound to the user who typed it, and
shown after that user has signed in again, to be sent on or dropped. It must never keep a password, a one-time
code, a number of a person or a file, and never anything that came from another site.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from accounts import privacy
from accounts.models import User

KEPT = "typed"
CONTEXT = "session.typed"
KEEP_FOR = timedelta(hours=2)
MOST_CHARACTERS = 100_000
FREE_TEXT_CHARACTERS = 12
"""What is at least so long was written, not chosen: it is shown again."""
NEVER_KEPT = frozenset(
    {
        "csrfmiddlewaretoken",
        "password",
        "password1",
        "password2",
        "oldpassword",
        "login",
        "code",
        "credential",
        # of the person to whom a unit delegates
        "id_number",
    }
)


@dataclass(frozen=True)
class Typed:
    """A form as it was sent: its path, its fields as (name, value), and whether files came with it."""

    path: str
    fields: Sequence[tuple[str, str]]
    had_files: bool

    @property
    def texts(self) -> list[str]:
        """What the person wrote."""
        return [value for _name, value in self.fields if len(value.strip()) >= FREE_TEXT_CHARACTERS]


def read(request: HttpRequest) -> Typed | None:
    """The form that a request carries, if it is one of our own pages' and holds anything to keep."""
    try:
        refused = CsrfViewMiddleware(_nothing).process_view(request, _nothing, (), {})
        if refused is not None:
            return None
        fields = [
            (name, str(value))
            for name, values in request.POST.lists()
            if name not in NEVER_KEPT
            for value in values
        ]
        had_files = bool(request.FILES)
    except (RequestDataTooBig, TooManyFieldsSent):
        return None
    if not fields or sum(len(value) for _name, value in fields) > MOST_CHARACTERS:
        return None
    return Typed(request.get_full_path(), fields, had_files)


def keep(request: HttpRequest, typed: Typed, *, user: User, now: datetime) -> None:
    """Put it into the session that begins now."""
    content = json.dumps([typed.path, typed.fields, typed.had_files])
    request.session[KEPT] = {
        "user": user.pk,
        "until": int((now + KEEP_FOR).timestamp()),
        "form": privacy.provider().encrypt(content, context=CONTEXT),
    }


def kept_for(request: HttpRequest, *, user: User, now: datetime) -> Typed | None:
    """What this user typed before, if it is still kept; what another typed is dropped."""
    kept = request.session.get(KEPT)
    if not kept:
        return None
    if kept["user"] != user.pk or kept["until"] < now.timestamp():
        drop(request)
        return None
    path, fields, had_files = json.loads(privacy.provider().decrypt(kept["form"], context=CONTEXT))
    return Typed(path, [(name, value) for name, value in fields], had_files)


def drop(request: HttpRequest) -> None:
    """Forget it."""
    request.session.pop(KEPT, None)


def _nothing(_request: HttpRequest) -> HttpResponseBase:
    return HttpResponse()
