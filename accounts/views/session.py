"""How long a session lasts, going on with it, and what somebody typed when one had ended."""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import typed
from accounts.middleware import seconds_left
from accounts.models import User
from accounts.roles import Action, requires
from accounts.sign_in import starting_page


@never_cache
@requires(Action.PUBLIC)
@require_safe
def left(request: HttpRequest) -> HttpResponseBase:
    """`{"seconds": n}` until the session ends by itself, 0 without one.

    It stands at two addresses: to ask at `session` does not lengthen it, to ask at `session-go-on` starts its
    time again, as any page does (`accounts.middleware.IdleTimeout`).
    """
    return JsonResponse({"seconds": seconds_left(request, now=datetime.now(UTC))})


@never_cache
@requires(Action.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def typed_before(request: HttpRequest) -> HttpResponseBase:
    """What was typed before the session ended, to be sent on; a POST drops it."""
    user = request.user
    assert isinstance(user, User)  # the guard has seen to it
    kept = typed.kept_for(request, user=user, now=datetime.now(UTC))
    if request.method == "POST":
        typed.drop(request)
        messages.success(request, _("刚才填写的内容已经丢弃，没有提交。"))
        return HttpResponseRedirect(starting_page(user))
    if kept is None:
        return HttpResponseRedirect(starting_page(user))
    return render(request, "account/typed.html", {"typed": kept})
