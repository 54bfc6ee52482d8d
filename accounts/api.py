"""Machine clients: the token address (OAuth 2 client credentials) and how an API view knows its caller.

It must never show or log a secret or a token, and never let a token open more than the action of its scope.
"""

import base64
import binascii
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from allauth.idp.oidc.contrib.rest_framework.authentication import TokenAuthentication
from allauth.idp.oidc.contrib.rest_framework.permissions import TokenPermission
from allauth.idp.oidc.models import Client, Token
from allauth.idp.oidc.views import token as issue_token
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import Access
from accounts.problems import problem_response
from accounts.roles import SCOPES, Action, requires
from accounts.services import record_access

if TYPE_CHECKING:
    # The framework's settings name this module, which its own views read while they load.
    from rest_framework.views import APIView

ViewT = TypeVar("ViewT", bound=Callable[..., object])
CHALLENGE = 'Bearer realm="anye"'

logger = logging.getLogger(__name__)


@csrf_exempt
@never_cache
@requires(Action.PUBLIC)
def token(request: HttpRequest) -> HttpResponseBase:
    """`POST /api/v1/token/`: a bearer token for a client's id and secret (RFC 6749 section 4.4).

    Only client credentials are served here: no person ever signs in through this address. What is wrong with
    a request for a token is said as RFC 6749 section 5.2 wants it, for OAuth libraries read that.
    """
    if request.method != "POST":
        return problem_response(405, "method_not_allowed", headers={"Allow": "POST"})
    if request.POST.get("grant_type") != Client.GrantType.CLIENT_CREDENTIALS:
        return JsonResponse({"error": "unsupported_grant_type"}, status=400)
    if _has_nul(request):
        # A question that the database cannot even be asked: no client is called so.
        return JsonResponse({"error": "invalid_client"}, status=401)
    answer: HttpResponseBase = issue_token(request)
    is_issued = answer.status_code == 200
    record_access(
        act=Access.Act.TOKEN_ISSUED if is_issued else Access.Act.TOKEN_REFUSED,
        actor=None,
        reason=_client_name(request) if is_issued else "",
        address=str(request.META.get("REMOTE_ADDR", "")),
        now=datetime.now(UTC),
    )
    return answer


class ClientTokenAuthentication(TokenAuthentication):  # type: ignore[misc]  # allauth has no types
    """A bearer token in the Authorization header. Without a good one the answer is 401, not 403."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Token] | None:
        """The client's token; None if none was sent. Raises AuthenticationFailed for one that is not good."""
        if not request.headers.get("Authorization", "").lower().startswith("bearer "):
            return None
        found = super().authenticate(request)
        if found is None or not isinstance(found[1], Token) or found[1].user_id is not None:
            raise AuthenticationFailed(_("令牌不对，或者已经过期。请换一个新的。"), code="invalid_token")
        return AnonymousUser(), found[1]

    def authenticate_header(self, request: Request) -> str:
        """Makes the answer a 401 that names the scheme."""
        return CHALLENGE


def client_of(request: Request) -> Client:
    """The machine client that sent the request.

    Raises TypeError on a view that does not authenticate clients.
    """
    if not isinstance(request.auth, Token) or request.auth.client is None:
        raise TypeError("this request does not come from a machine client")
    return request.auth.client


def scope_permission(action: Action) -> type[TokenPermission]:
    """The permission class of an API view: the token must hold a scope that opens this action."""
    scopes = [scope for scope, opened in SCOPES.items() if opened is action]
    if not scopes:
        raise ValueError(f"no scope opens {action}")
    permission: type[TokenPermission] = TokenPermission.has_scope(scopes)
    return permission


class ClientThrottle(SimpleRateThrottle):
    """So many requests a minute for each machine client, as `DEFAULT_THROTTLE_RATES` says."""

    scope = "client"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        """By client; a request without a token is refused before it can be many."""
        if not isinstance(request.auth, Token):
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.auth.client_id}

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Whether it is not one too many. Where the cache is away nobody is counted."""
        try:
            return super().allow_request(request, view)
        except RedisError:
            logger.warning("the cache does not answer: requests are not counted")
            return True


def declares(action: Action) -> Callable[[ViewT], ViewT]:
    """Mark an API view with the action its scope opens, for the house test over the URL tree."""

    def mark(view: ViewT) -> ViewT:
        marked: Any = view
        marked.action = action
        return view

    return mark


def _has_nul(request: HttpRequest) -> bool:
    """Whether id or secret in a Basic header hold a NUL character; those in a form are turned away before."""
    scheme, _gap, sent = request.headers.get("Authorization", "").partition(" ")
    try:
        return scheme.lower() == "basic" and b"\x00" in base64.b64decode(sent)
    except binascii.Error:
        return False


def _client_name(request: HttpRequest) -> str:
    client = Client.objects.filter(pk=request.POST.get("client_id", "")).first()
    return client.name if client else ""
