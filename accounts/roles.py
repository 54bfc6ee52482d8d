"""Who may do what: the matrix of roles and actions, and the decorator that guards each page by it.

A view names exactly one action. It must never ask for a role: what a role may do is decided here and nowhere
else.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, update_wrapper
from typing import Concatenate, Generic, ParamSpec
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Access, Role, User
from accounts.problems import problem_response
from accounts.selectors import has_second_factor
from accounts.services import record_access

P = ParamSpec("P")


class Action(models.TextChoices):
    """What a page, an address or an API scope lets one do."""

    PUBLIC = "PUBLIC", gettext_lazy("公开页面")
    SIGNED_IN = "SIGNED_IN", gettext_lazy("登录后的页面")
    OWN_ACCOUNT = "OWN_ACCOUNT", gettext_lazy("管理本人账户")
    APPLY = "APPLY", gettext_lazy("提出申请")
    SEE_OWN_MATTERS = "SEE_OWN_MATTERS", gettext_lazy("查看本人事项")
    SEE_OWN_UNITS = "SEE_OWN_UNITS", gettext_lazy("查看本人经办的单位")
    DELEGATE_UNIT = "DELEGATE_UNIT", gettext_lazy("委托和撤回单位经办人")
    ACT_FOR_UNIT = "ACT_FOR_UNIT", gettext_lazy("替单位提出异议、交材料")
    OPEN_PAPERS = "OPEN_PAPERS", gettext_lazy("打开文书和材料")
    SEE_QUEUE = "SEE_QUEUE", gettext_lazy("查看待办")
    SEE_CASE = "SEE_CASE", gettext_lazy("查看案件")
    HANDLE_CASE = "HANDLE_CASE", gettext_lazy("经办案件")
    REVIEW_CASE = "REVIEW_CASE", gettext_lazy("复核案件")
    REASSIGN = "REASSIGN", gettext_lazy("转办案件")
    EXPORT = "EXPORT", gettext_lazy("导出清单")
    IMPORT = "IMPORT", gettext_lazy("导入核心系统数据")
    UNMASK = "UNMASK", gettext_lazy("显示全号")
    SEE_BATCHES = "SEE_BATCHES", gettext_lazy("查看发放批次")
    MAKE_BATCH = "MAKE_BATCH", gettext_lazy("生成发放批次")
    CHECK_BATCH = "CHECK_BATCH", gettext_lazy("复核发放批次")
    RUN_MONTH = "RUN_MONTH", gettext_lazy("办理每月发放")
    SIGN_MONTH = "SIGN_MONTH", gettext_lazy("签批拨款和结账")
    SEE_UNITS = "SEE_UNITS", gettext_lazy("查看名单和暂缓返还")
    KEEP_LISTS = "KEEP_LISTS", gettext_lazy("登记名单")
    HOLD_REFUNDS = "HOLD_REFUNDS", gettext_lazy("暂缓和恢复返还")
    SEE_FUND = "SEE_FUND", gettext_lazy("查看基金")
    SEE_POLICY = "SEE_POLICY", gettext_lazy("查看政策参数")
    PROPOSE_POLICY = "PROPOSE_POLICY", gettext_lazy("提出政策数值")
    APPROVE_POLICY = "APPROVE_POLICY", gettext_lazy("批准政策数值")
    MANAGE_USERS = "MANAGE_USERS", gettext_lazy("管理用户与权限")
    READ_AUDIT_LOG = "READ_AUDIT_LOG", gettext_lazy("查看访问记录")
    SEE_SYSTEM = "SEE_SYSTEM", gettext_lazy("查看系统运行")
    API_DETERMINATIONS = "API_DETERMINATIONS", gettext_lazy("接口：核定结果")


MATRIX: Mapping[Role, frozenset[Action]] = {
    Role.CITIZEN: frozenset({Action.SIGNED_IN, Action.APPLY, Action.SEE_OWN_MATTERS, Action.OPEN_PAPERS}),
    # For which units is said by `accounts.models.Mandate`, asked anew at each page.
    Role.AGENT: frozenset(
        {Action.SIGNED_IN, Action.SEE_OWN_UNITS, Action.DELEGATE_UNIT, Action.ACT_FOR_UNIT}
    ),
    Role.HANDLER: frozenset(
        {
            Action.SIGNED_IN,
            Action.OWN_ACCOUNT,
            Action.SEE_QUEUE,
            Action.SEE_CASE,
            Action.OPEN_PAPERS,
            Action.HANDLE_CASE,
            Action.UNMASK,
            Action.SEE_BATCHES,
            Action.MAKE_BATCH,
            Action.RUN_MONTH,
            Action.SEE_UNITS,
            Action.KEEP_LISTS,
            Action.SEE_POLICY,
        }
    ),
    Role.REVIEWER: frozenset(
        {
            Action.SIGNED_IN,
            Action.OWN_ACCOUNT,
            Action.SEE_QUEUE,
            Action.SEE_CASE,
            Action.OPEN_PAPERS,
            Action.REVIEW_CASE,
            Action.UNMASK,
            Action.SEE_BATCHES,
            Action.CHECK_BATCH,
            Action.SEE_FUND,
            Action.SEE_UNITS,
            Action.SEE_POLICY,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            Action.SIGNED_IN,
            Action.OWN_ACCOUNT,
            Action.SEE_QUEUE,
            Action.SEE_CASE,
            Action.OPEN_PAPERS,
            Action.REASSIGN,
            Action.EXPORT,
            Action.IMPORT,
            Action.UNMASK,
            Action.SEE_BATCHES,
            # the third signature above the limit
            Action.CHECK_BATCH,
            Action.SIGN_MONTH,
            Action.SEE_FUND,
            Action.SEE_UNITS,
            Action.HOLD_REFUNDS,
            Action.SEE_POLICY,
            Action.PROPOSE_POLICY,
            Action.APPROVE_POLICY,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Action.SIGNED_IN,
            Action.OWN_ACCOUNT,
            Action.SEE_QUEUE,
            Action.SEE_CASE,
            Action.OPEN_PAPERS,
            Action.SEE_BATCHES,
            Action.SEE_FUND,
            Action.SEE_UNITS,
            Action.SEE_POLICY,
        }
    ),
    # Three administrators who keep watch on one another; none of them sees a case.
    Role.SYSTEM_ADMIN: frozenset({Action.SIGNED_IN, Action.OWN_ACCOUNT, Action.SEE_SYSTEM}),
    Role.SECURITY_ADMIN: frozenset({Action.SIGNED_IN, Action.OWN_ACCOUNT, Action.MANAGE_USERS}),
    Role.AUDIT_ADMIN: frozenset({Action.SIGNED_IN, Action.OWN_ACCOUNT, Action.READ_AUDIT_LOG}),
}

# What the address of the sign-in page says when the page asked for is a unit's.
AS = "as"
AS_UNIT = "unit"

# What a machine client may be given: a scope opens one action and nothing else.
SCOPES: Mapping[str, Action] = {"determinations:read": Action.API_DETERMINATIONS}


def roles_of(user: User | AnonymousUser) -> list[Role]:
    """The roles a user holds, citizen's and agent's included; none for a visitor or a closed account."""
    if not isinstance(user, User) or not user.is_active:
        return []
    return [role for role in Role if user.has_role(role)]


def can(user: User | AnonymousUser, action: Action) -> bool:
    """Whether one of the user's roles allows the action.

    Says nothing about regions (see `accounts.selectors`).
    """
    if action is Action.PUBLIC:
        return True
    if not isinstance(user, User) or not user.is_active:
        return False
    return action in _actions(
        frozenset(user.roles), user.party_id is not None, user.agent_person_id is not None
    )


@lru_cache(maxsize=64)
def _actions(roles: frozenset[str], is_citizen: bool, is_agent: bool) -> frozenset[Action]:
    """All that these roles allow together: few sets of roles exist, and a page asks some forty times."""
    held = {Role(code) for code in roles}
    if is_citizen:
        held.add(Role.CITIZEN)
    if is_agent:
        held.add(Role.AGENT)
    return frozenset[Action]().union(*(MATRIX[role] for role in held))


def who_may(action: Action) -> list[Role]:
    """The roles that the action is given to."""
    return [role for role in Role if action in MATRIX[role]]


def sign_in_url(action: Action, *, then: str = "") -> str:
    """The page at which those who may do this sign in; `then` is the path to come back to."""
    public = {Role.CITIZEN, Role.AGENT}.intersection(who_may(action))
    page = reverse("sign-in" if public else "staff-sign-in")
    asked = {"next": then} if then else {}
    if public == {Role.AGENT}:
        asked[AS] = AS_UNIT
    return f"{page}?{urlencode(asked)}" if asked else page


class Guarded(Generic[P]):
    """A view that answers only those who may. Its `action` is read by the house test over the URL tree."""

    def __init__(
        self,
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
        action: Action,
        *,
        json: bool,
        needs_second_factor: bool,
        needs_own_password: bool,
    ) -> None:
        update_wrapper(self, view)
        self.view = view
        self.action = action
        self.json = json
        self.needs_second_factor = needs_second_factor
        self.needs_own_password = needs_own_password

    def __call__(self, request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        """Answer, or say what is missing: sign-in, the second factor, or the right."""
        if self.action is Action.PUBLIC:
            return self.view(request, *args, **kwargs)
        user = request.user
        if not isinstance(user, User):
            return self._ask_to_sign_in(request)
        if self.needs_second_factor and user.is_staff_member and not has_second_factor(user):
            return _go(request, reverse("mfa_activate_totp"))
        if self.needs_own_password and user.temporary_password:
            return _go(request, reverse("own-password"))
        if not can(user, self.action):
            return self._refuse(request, user)
        return self.view(request, *args, **kwargs)

    def _ask_to_sign_in(self, request: HttpRequest) -> HttpResponseBase:
        if self.json:
            challenge = {"WWW-Authenticate": 'Bearer realm="anye"'}
            return problem_response(401, "sign_in_needed", title=_("请先登录"), headers=challenge)
        return _go(request, sign_in_url(self.action, then=_way_back(request)))

    def _refuse(self, request: HttpRequest, user: User) -> HttpResponseBase:
        record_access(
            act=Access.Act.REFUSED,
            actor=user,
            reason=self.action.value,
            address=request.META.get("REMOTE_ADDR", ""),
            now=datetime.now(UTC),  # noqa: TID251 - the guard stands at the edge, where a view would
        )
        if self.json:
            return problem_response(403, "not_allowed", title=_("您的岗位不办这件事"))
        public = {Role.CITIZEN, Role.AGENT}.intersection(who_may(self.action))
        context = {
            "who_may": [str(role.label) for role in who_may(self.action)],
            "other_capacity_url": ""
            if user.is_staff_member or not public
            else sign_in_url(self.action, then=_way_back(request)),
        }
        return render(request, "403.html", context, status=403)


def requires(
    action: Action, *, json: bool = False, needs_second_factor: bool = True, needs_own_password: bool = True
) -> Callable[[Callable[Concatenate[HttpRequest, P], HttpResponseBase]], Guarded[P]]:
    """Guard a view by one action.

    A visitor is sent to the sign-in page (`json`: 401), the wrong role gets a page that says who may (403),
    an officer without a second factor first sets one up (not where `needs_second_factor=False`), and one
    whose password was set by another first chooses an own one (not where `needs_own_password=False`).
    """

    def guard(view: Callable[Concatenate[HttpRequest, P], HttpResponseBase]) -> Guarded[P]:
        return Guarded(
            view,
            action,
            json=json,
            needs_second_factor=needs_second_factor,
            needs_own_password=needs_own_password,
        )

    return guard


def _way_back(request: HttpRequest) -> str:
    """Where to return after signing in: the page itself, or the page a part or a form belongs to."""
    if request.method in ("GET", "HEAD") and "HX-Request" not in request.headers:
        return request.get_full_path()
    return ""


def _go(request: HttpRequest, url: str) -> HttpResponseBase:
    """Send the browser there; htmx would put the other page into a part of this one, so it is told to go."""
    if "HX-Request" in request.headers:
        answer = HttpResponse(status=200)
        answer["HX-Redirect"] = url
        return answer
    return HttpResponseRedirect(url)
