"""An officer's own account: password, codes for the lost telephone, passkeys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.webauthn.views import AddWebAuthnView
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.forms import PasswordForm
from accounts.models import Access, User
from accounts.refusals import sentence
from accounts.roles import Action, requires
from accounts.selectors import passkeys_of
from accounts.sign_in import starting_page
from law.errors import Refused


@requires(Action.OWN_ACCOUNT)
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who one is here, and the ways in."""
    assert isinstance(request.user, User)  # `requires` has let nobody else in
    context = {"passkeys": passkeys_of(request.user), "may_add_passkey": takes_passkeys(request)}
    return render(request, "administration/account.html", context)


def takes_passkeys(request: HttpRequest) -> bool:
    """Whether browsers make passkeys for this address: a name, and not an open connection but to oneself."""
    host = urlsplit(f"//{request.get_host()}").hostname or ""
    is_name = ":" not in host and any(letter.isalpha() for letter in host)
    return host == "localhost" or (request.is_secure() and is_name)


class _AddPasskey(AddWebAuthnView):  # type: ignore[misc]  # allauth has no types
    """The library's exchange with the browser; where one goes afterwards is ours."""

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        """With the form that was checked: the library makes another one, and a code counts once."""
        context: dict[str, Any] = super().get_context_data()
        return context | given

    def get_success_url(self) -> str:
        """Back to the own account."""
        return reverse("own-account")


_add_passkey = _AddPasskey.as_view()


@never_cache
@requires(Action.OWN_ACCOUNT)
@require_http_methods(["GET", "HEAD", "POST"])
def add_passkey(request: HttpRequest) -> HttpResponseBase:
    """Let the browser, or a key in its port, make a passkey for this account."""
    user = request.user
    assert isinstance(user, User)  # as above
    if not takes_passkeys(request):
        messages.warning(request, _("用这个地址打开的页面不能添加通行密钥：要用 https 的域名。"))
        return redirect("own-account")
    before = len(passkeys_of(user))
    answer: HttpResponseBase = _add_passkey(request)
    if len(passkeys_of(user)) > before:
        services.record_access(act=Access.Act.PASSKEY_ADDED, actor=user, now=datetime.now(UTC))
        messages.success(request, _("添加好了。下次登录，填完密码用它代替动态口令。"))
    return answer


@requires(Action.OWN_ACCOUNT)
@require_POST
def remove_passkey(request: HttpRequest, key: int) -> HttpResponse:
    """Take a passkey away; the one-time codes stay."""
    assert isinstance(request.user, User)  # as above
    if services.remove_passkey(user=request.user, key=key, now=datetime.now(UTC)):
        messages.success(request, _("通行密钥删掉了，它不能再用来登录。"))
    return redirect("own-account")


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
