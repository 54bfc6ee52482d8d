"""The pages of signing in and out.

Most of the work is done by the sign-in library's own views, mounted one by one.

It must never mount the whole library: an address that we do not need is an address that we do not guard.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from allauth.account.internal.flows.logout import logout
from allauth.account.views import login as library_sign_in
from allauth.mfa.base.views import authenticate as library_one_time_code
from allauth.mfa.recovery_codes.internal.flows import view_recovery_codes
from allauth.mfa.totp.views import activate_totp as library_second_factor
from allauth.socialaccount.providers.openid_connect.views import callback as library_callback
from allauth.socialaccount.providers.openid_connect.views import login as library_citizen
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from accounts.models import Access, User
from accounts.roles import AS, AS_UNIT, Action, requires
from accounts.selectors import has_second_factor
from accounts.services import record_access
from accounts.sign_in import refuse, starting_page


@never_cache
@requires(Action.PUBLIC)
def staff_sign_in(request: HttpRequest) -> HttpResponseBase:
    """First step of an officer: user name and password."""
    if isinstance(request.user, User) and request.user.is_staff_member:
        return HttpResponseRedirect(_next(request) or starting_page(request.user))
    if request.user.is_authenticated:
        # A citizen's session on this machine ends where an officer's begins.
        logout(request)
    answer: HttpResponseBase = library_sign_in(request)
    return answer


@never_cache
@requires(Action.PUBLIC)
def one_time_code(request: HttpRequest) -> HttpResponseBase:
    """Second step of an officer. The library lets nobody in here who has not done the first."""
    answer: HttpResponseBase = library_one_time_code(request)
    return answer


@never_cache
@requires(Action.SIGNED_IN, needs_second_factor=False, needs_own_password=False)
def set_up_second_factor(request: HttpRequest) -> HttpResponseBase:
    """An officer's first sign-in: connect the telephone that shows the one-time codes."""
    user = request.user
    if not isinstance(user, User) or not user.is_staff_member or has_second_factor(user):
        return HttpResponseRedirect(_home_of(request))
    answer: HttpResponseBase = library_second_factor(request)
    if has_second_factor(user):
        record_access(act=Access.Act.SECOND_FACTOR_SET, actor=user, now=datetime.now(UTC))
    return answer


@never_cache
@requires(Action.SIGNED_IN, needs_own_password=False)
def recovery_codes(request: HttpRequest) -> HttpResponseBase:
    """The codes for the day the telephone is lost: shown once."""
    codes, can_view = view_recovery_codes(request)
    if codes is None or not can_view:
        return HttpResponseRedirect(_home_of(request))
    context = {"codes": codes.get_unused_codes(), "onward": _home_of(request)}
    return render(request, "mfa/recovery_codes/index.html", context)


@never_cache
@requires(Action.PUBLIC)
@require_safe
def citizen_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Citizens and agents: what signing in means, and the link to the identity provider of each."""
    if isinstance(request.user, User) and not request.user.is_staff_member:
        return HttpResponseRedirect(_next(request) or starting_page(request.user))
    context = {"next": _next(request), "as_unit": request.GET.get(AS) == AS_UNIT}
    return render(request, "account/citizen_sign_in.html", context)


@never_cache
@requires(Action.PUBLIC)
def to_identity_provider(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Off to the identity provider."""
    return _with_provider(request, provider_id, library_citizen)


@never_cache
@requires(Action.PUBLIC)
def from_identity_provider(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Back from the identity provider, with its answer."""
    return _with_provider(request, provider_id, library_callback)


@never_cache
@requires(Action.PUBLIC)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Sign out. A visitor may press it too: a page left open after the session's end shows it still."""
    was_staff = isinstance(request.user, User) and request.user.is_staff_member
    logout(request)
    messages.success(request, _("您已经退出。"))
    onward = "" if was_staff else _ours(request, request.POST.get("next", ""))
    return HttpResponseRedirect(onward or reverse("staff-sign-in" if was_staff else "home"))


def _with_provider(
    request: HttpRequest, provider_id: str, view: Callable[[HttpRequest, str], HttpResponseBase]
) -> HttpResponseBase:
    """Run a view that speaks with the identity provider; by itself its silence would be an error of ours."""
    try:
        return view(request, provider_id)
    except RequestException:
        return refuse(request, "identity.unavailable")


def _next(request: HttpRequest) -> str:
    """The page asked for before signing in, if it is one of ours."""
    return _ours(request, request.GET.get("next", ""))


def _ours(request: HttpRequest, url: str) -> str:
    """An address, if it is one of ours."""
    is_ours = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()})
    return url if is_ours else ""


def _home_of(request: HttpRequest) -> str:
    return starting_page(request.user) if isinstance(request.user, User) else reverse("home")
