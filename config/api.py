"""The whole API's frame: errors as `application/problem+json`, and its description for programs.

Decides nothing. What an error says is safe to show: never what was sent, never the text of an exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBadRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

import accounts.refusals
import cases.refusals
import claims.refusals
import payouts.refusals
import policy.refusals
from accounts.models import API_SCOPES
from accounts.problems import PROBLEM, problem, problem_response
from accounts.roles import Action, requires
from law.errors import Refused

API = "/api/"
TOKEN = "/api/v1/token/"  # noqa: S105 - an address

CONFLICTS = frozenset(
    {
        "case.changed_meanwhile",
        "case.held_by_other",
        "claim.already_open",
        "claim.newer_open",
        "obligation.differs",
        "obligation.month_taken",
        "proposal.decided",
        "proposal.open",
        "user.exists",
    }
)
"""Refusals because of something else that is there: 409. All others are 422."""


# --- errors -----------------------------------------------------------------------------------------------


def answer_problem(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """What an API view answers when it raised; None for what is a bug and must be seen as one."""
    match exception:
        case Refused():
            status = 409 if exception.code in CONFLICTS else 422
            words = sentence(exception)
            body = problem(status, exception.code, detail=words, reference=exception.reference)
            return Response(body, status=status, content_type=PROBLEM)
        case Http404():
            exception = exceptions.NotFound()
        case PermissionDenied():
            exception = exceptions.PermissionDenied()
        case exceptions.APIException():
            pass
        case _:
            return None
    return _of_the_framework(exception)


def _of_the_framework(exception: exceptions.APIException) -> Response:
    """Its errors have a status, a code and, for some, headers."""
    headers: dict[str, str] = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = str(challenge)
    wait = getattr(exception, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(exception, exceptions.ValidationError):
        faults = list(_faults(exception.detail))
        words = _("请看 errors：每一项说明哪个参数要改。")
        body = problem(exception.status_code, "invalid", detail=words, errors=faults)
    else:
        code = str(exception.get_codes())
        body = problem(exception.status_code, code, detail=str(exception.detail))
    return Response(body, status=exception.status_code, headers=headers, content_type=PROBLEM)


def _faults(detail: object, field: str = "") -> Iterator[dict[str, str]]:
    """What is wrong with each parameter, out of the framework's nested lists."""
    match detail:
        case dict():
            for name, inner in detail.items():
                yield from _faults(inner, f"{field}.{name}".lstrip("."))
        case list():
            for inner in detail:
                yield from _faults(inner, field)
        case _:
            yield {"field": field, "message": str(detail)}


def sentence(refused: Refused) -> str:
    """The words for a refusal of any app."""
    match refused.code:
        case code if code in accounts.refusals.SENTENCES:
            return accounts.refusals.sentence(refused)
        case code if code in policy.refusals.SENTENCES:
            return str(policy.refusals.SENTENCES[code]) % refused.numbers
        case code if code in payouts.refusals.SENTENCES:
            return payouts.refusals.sentence(refused)
        case code if code in claims.refusals.SENTENCES:
            return claims.refusals.sentence(refused)
        case _:
            return cases.refusals.sentence(refused)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400 where no view was reached; a page for people, a problem for programs."""
    if request.path.startswith(API):
        return problem_response(400, "bad_request")
    # Django's own view reads the form once more for its token: what made the form unreadable would be raised
    # again, and end as a fault of ours.
    return HttpResponseBadRequest(render_to_string("400.html"))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """403 likewise."""
    if request.path.startswith(API):
        return problem_response(403, "not_allowed")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404 likewise."""
    if request.path.startswith(API):
        return problem_response(404, "not_found", detail=_("有哪些地址，见 /api/v1/docs/。"))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500 likewise: a bug of ours."""
    if request.path.startswith(API):
        return problem_response(500, "server_error", detail=_("我们已经记下来了。请稍后再试。"))
    return defaults.server_error(request)


# --- description ------------------------------------------------------------------------------------------


class ClientTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its own base is untyped
    """Tells the description how a program signs in."""

    target_class = "accounts.api.ClientTokenAuthentication"
    name = "clientCredentials"

    def get_security_definition(self, auto_schema: object) -> dict[str, object]:
        """OAuth 2 client credentials."""
        flow = {"tokenUrl": TOKEN, "scopes": dict.fromkeys(API_SCOPES, "")}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}

    def get_security_requirement(self, auto_schema: object) -> dict[str, list[str]]:
        """The one scope there is."""
        return {self.name: list(API_SCOPES)}


PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "status", "code", "title", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "for programs; does not change with the language"},
        "title": {"type": "string"},
        "detail": {"type": "string", "description": "what to do now"},
        "reference": {"$ref": "#/components/schemas/Reference"},
        "errors": {
            "type": "array",
            "description": "for 400: what is wrong with each parameter",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
PROBLEMS = {"400": "a parameter is wrong", "401": "no good token", "403": "no scope for this",
            "404": "not there", "429": "too many requests"}  # fmt: skip
TOKEN_PATH = {
    "post": {
        "operationId": "token",
        "summary": "A bearer token for a client's id and secret (RFC 6749 section 4.4)",
        "tags": ["token"],
        "security": [],
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type", "client_id", "client_secret"],
                        "properties": {
                            "grant_type": {"type": "string", "enum": ["client_credentials"]},
                            "client_id": {"type": "string"},
                            "client_secret": {"type": "string", "format": "password"},
                            "scope": {"type": "string", "enum": list(API_SCOPES)},
                        },
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "good for the seconds it says",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {
                                "access_token": {"type": "string"},
                                "token_type": {"type": "string", "enum": ["Bearer"]},
                                "expires_in": {"type": "integer"},
                                "scope": {"type": "string"},
                            },
                        }
                    }
                },
            },
            "400": {"description": "an error as RFC 6749 section 5.2 has it"},
            "401": {"description": "an error as RFC 6749 section 5.2 has it"},
        },
    }
}


def complete_description(
    result: dict[str, Any], generator: object, request: object, public: bool
) -> dict[str, Any]:
    """Add what is true of every address: the problems it may answer with; and the one that gives tokens."""
    answer = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for methods in result["paths"].values():
        for operation in methods.values():
            has_place = any(parameter["in"] == "path" for parameter in operation.get("parameters", []))
            for status, words in PROBLEMS.items():
                if status not in (("404",) if not has_place else ("400",)):
                    operation["responses"][status] = {"description": words, "content": answer}
    result["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    result["paths"][TOKEN] = TOKEN_PATH
    result["paths"] = dict(sorted(result["paths"].items()))
    return result


schema = requires(Action.PUBLIC)(
    SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[AllowAny])
)
"""`/api/v1/schema/`: OpenAPI 3 of the whole API."""
