"""Turns away text with a NUL character (U+0000), which PostgreSQL cannot hold and no keyboard types.

Without it an address or form that is looked up in the database would end as a fault of ours. It must never
repair a text: what came is either taken as it is or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponseBase, QueryDict, UnreadablePostError

NUL = "\x00"


class NoNulCharacters:
    """Answers 400 where path, query or form hold one. Stands after the CSRF check, which reads forms too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at the address."""
        if NUL in request.path or _holds_nul(request.GET):
            raise SuspiciousOperation("a NUL character in the address")
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: object, _args: Iterable[object], _kwargs: object
    ) -> None:
        """Look at the form."""
        try:
            form = request.POST
        except UnreadablePostError:  # the visitor has gone: the view will find that out
            return
        if _holds_nul(form):
            raise SuspiciousOperation("a NUL character in the form")


def _holds_nul(given: QueryDict) -> bool:
    return any(NUL in name or any(NUL in text for text in texts) for name, texts in given.lists())
