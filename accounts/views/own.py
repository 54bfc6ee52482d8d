"""An officer's own account: password, codes for the lost telephone, keys of the keyboard."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.forms import PasswordForm
from accounts.models import User
from accounts.refusals import sentence
from accounts.roles import Action, requires
from accounts.sign_in import starting_page
from law.errors import Refused


@requires(Action.OWN_ACCOUNT)
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who one is here, and the ways in."""
    return render(request, "administration/account.html")


@never_cache
@sensitive_post_parameters()
@requires(Action.OWN_ACCOUNT, needs_own_password=False)
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Choose another password. All other sessions of this user end."""
    user = request.user
    assert isinstance(user, User)  # `requires` has let nobody else in
    was_temporary = user.temporary_password
    form = PasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_password(
                user=user,
                current=form.cleaned_data["current"],
                new=form.cleaned_data["new"],
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error("current" if refused.code == "password.wrong" else "new", sentence(refused))
        except ValidationError as weak:
            form.add_error("new", weak)
        else:
            update_session_auth_hash(request, user)
            messages.success(request, _("密码改好了。其他地方的登录都退出了。"))
            return redirect(starting_page(user)) if was_temporary else redirect("own-account")
    context = {"form": form, "is_temporary": was_temporary}
    status = 422 if form.is_bound else 200
    return render(request, "administration/password.html", context, status=status)


@requires(Action.OWN_ACCOUNT)
@require_POST
def renew_recovery_codes(request: HttpRequest) -> HttpResponse:
    """New codes in place of the old ones; the next page shows them, once."""
    assert isinstance(request.user, User)  # as above
    services.renew_recovery_codes(user=request.user, now=datetime.now(UTC))
    return redirect("mfa_view_recovery_codes")
