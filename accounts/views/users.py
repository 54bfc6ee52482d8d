"""The security administrator's pages: officers with their roles and regions, and machine clients.

Passwords and secrets are made here, shown on the one answer that made them, and never again.
"""

from __future__ import annotations

from datetime import UTC, datetime

from allauth.idp.oidc.models import Client
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors, services
from accounts.forms import ClientForm, RightsForm, StaffForm
from accounts.models import API_SCOPES, User
from accounts.refusals import sentence
from accounts.roles import Action, requires
from law.errors import Refused

UNPROCESSABLE = 422


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `requires` has let nobody else in
    return request.user


def _officer(key: int) -> User:
    user = selectors.staff_by_key(key)
    if user is None:
        raise Http404
    return user


def _client(key: str) -> Client:
    client = selectors.client_by_key(key)
    if client is None:
        raise Http404
    return client


@requires(Action.MANAGE_USERS)
@require_safe
def users(request: HttpRequest) -> HttpResponse:
    """Every officer, the closed accounts last."""
    return render(request, "administration/users.html", {"rows": selectors.staff()})


@never_cache
@requires(Action.MANAGE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_user(request: HttpRequest) -> HttpResponse:
    """Register an officer; the answer shows the first password, once."""
    form = StaffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = services.initial_password()
        try:
            user = services.create_staff(
                username=form.cleaned_data["username"],
                full_name=form.cleaned_data["full_name"],
                roles=form.cleaned_data["roles"],
                regions=form.cleaned_data["regions"],
                password=password,
                temporary_password=True,
                actor=_actor(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
        else:
            return _shown_once(request, user, password)
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "administration/new_user.html", {"form": form}, status=status)


@requires(Action.MANAGE_USERS)
@require_safe
def user(request: HttpRequest, key: int) -> HttpResponse:
    """One officer: rights and ways in."""
    return _user_page(request, _officer(key))


@requires(Action.MANAGE_USERS)
@require_POST
def change_rights(request: HttpRequest, key: int) -> HttpResponse:
    """Give an officer other roles and regions."""
    officer, form = _officer(key), RightsForm(request.POST)
    if not form.is_valid():
        return _user_page(request, officer, form, status=UNPROCESSABLE)
    try:
        services.change_rights(
            user=officer,
            roles=form.cleaned_data["roles"],
            regions=form.cleaned_data["regions"],
            actor=_actor(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
    else:
        messages.success(request, _("权限改好了，马上生效。"))
    return redirect("user", key=key)


@never_cache
@requires(Action.MANAGE_USERS)
@require_POST
def reset_credentials(request: HttpRequest, key: int) -> HttpResponse:
    """A new first password, shown once; the telephone is connected anew at the next sign-in."""
    officer, password = _officer(key), services.initial_password()
    try:
        services.reset_credentials(
            user=officer,
            password=password,
            totp_secret=None,
            temporary_password=True,
            actor=_actor(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("user", key=key)
    return _shown_once(request, officer, password)


@requires(Action.MANAGE_USERS)
@require_POST
def set_open(request: HttpRequest, key: int) -> HttpResponse:
    """Close an account, or open it again."""
    officer, is_open = _officer(key), request.POST.get("open") == "yes"
    try:
        services.set_account_open(user=officer, is_open=is_open, actor=_actor(request), now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
    else:
        messages.success(request, _("账户恢复了。") if is_open else _("账户停用了，已登录的也退出了。"))
    return redirect("user", key=key)


@never_cache
@requires(Action.MANAGE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def clients(request: HttpRequest) -> HttpResponse:
    """Machine clients; registering one shows its secret, once."""
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            client, secret = services.create_client(
                name=form.cleaned_data["name"],
                scopes=API_SCOPES,
                regions=form.cleaned_data["regions"],
                actor=_actor(request),
                now=datetime.now(UTC),
            )
        except (Refused, ValidationError) as refused:
            form.add_error(None, sentence(refused) if isinstance(refused, Refused) else refused)
        else:
            shown = [(_("客户编号"), client.pk), (_("密钥"), secret)]
            return render(
                request,
                "administration/shown_once.html",
                {"name": client.name, "shown": shown, "onward": reverse("api-clients")},
            )
    status = UNPROCESSABLE if form.is_bound else 200
    context = {"form": form, "rows": selectors.clients()}
    return render(request, "administration/clients.html", context, status=status)


@requires(Action.MANAGE_USERS)
@require_POST
def revoke_client(request: HttpRequest, key: str) -> HttpResponse:
    """Shut a machine client out."""
    client = _client(key)
    services.revoke_client(client=client, actor=_actor(request), now=datetime.now(UTC))
    messages.success(request, _("已撤销“%(name)s”，它的令牌也作废了。") % {"name": client.name})
    return HttpResponseRedirect(reverse("api-clients"))


def _user_page(
    request: HttpRequest, officer: User, form: RightsForm | None = None, *, status: int = 200
) -> HttpResponse:
    rights = form or RightsForm(initial={"roles": officer.roles, "regions": officer.regions})
    context = {
        "officer": officer,
        "form": rights,
        "is_self": officer == request.user,
        "has_second_factor": selectors.has_second_factor(officer),
    }
    return render(request, "administration/user.html", context, status=status)


def _shown_once(request: HttpRequest, officer: User, password: str) -> HttpResponse:
    shown = [(_("用户名"), officer.username), (_("第一次登录的密码"), password)]
    context = {"name": str(officer), "shown": shown, "onward": reverse("user", kwargs={"key": officer.pk})}
    return render(request, "administration/shown_once.html", context)
