"""How people sign in: what we decide where the sign-in library asks us (its adapters).

Officers: user name, password, one-time code. Citizens and the agents of units: the identity provider of each,
whose verified number becomes an `Identifier`; through which of the two one came says as what one acts. This
module must never keep or log a number of a person, and never decide what a role may do.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from qrcode.image.svg import SvgPathFillImage  # type: ignore[import-untyped]  # published without types
from qrcode.main import QRCode  # type: ignore[import-untyped]  # published without types

from accounts import privacy
from accounts.citizen_provider import UNIT, VerifiedPerson
from accounts.mandates import RegisteredUnit, confirm_agent
from accounts.models import Access, User
from accounts.roles import Action, can
from accounts.selectors import agent_with_number, party_by_number, staff_by_username, was_ever_agent
from accounts.services import link_citizen, record_access
from law.errors import Refused

# Where an officer lands who asked for no page; the first that he may open.
STARTING_PAGES = (
    (Action.SEE_QUEUE, "queue"),
    (Action.SEE_OWN_MATTERS, "my"),
    (Action.SEE_OWN_UNITS, "units"),
    (Action.MANAGE_USERS, "users"),
    (Action.READ_AUDIT_LOG, "access-log"),
    (Action.SEE_SYSTEM, "system"),
)
SECOND_FACTOR_CONTEXT = "mfa_authenticator.data"


def clock() -> datetime:
    """The time of a sign-in: adapters are called by the library's views and stand at the edge as views do."""
    return datetime.now(UTC)  # noqa: TID251 - as said


def address_of(request: HttpRequest) -> str:
    """The address the request came from, to be kept as a digest only."""
    return str(request.META.get("REMOTE_ADDR", ""))


def starting_page(user: User) -> str:
    """Where to go after signing in, if no page was asked for."""
    for action, name in STARTING_PAGES:
        if can(user, action):
            return reverse(name)
    return reverse("home")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-in of officers, and what both ways of signing in have in common."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy(
            "用户名和密码对不上。请检查大小写后再试；连续 5 次对不上，这个用户名要停 5 分钟。"
        ),
        "too_many_login_attempts": gettext_lazy(
            "已经连续 5 次没有登录成功，为保护账户，请 5 分钟后再试。忘了密码，请联系安全管理员重新设置。"
        ),
        "too_many_codes": gettext_lazy(
            "动态口令已经连续 5 次对不上，为保护账户，请 5 分钟后再试。手机时间不准也会这样，请先校准时间。"
        ),
        "incorrect_code": gettext_lazy(
            "口令对不上。每个口令 30 秒内有效，而且只能用一次：请等手机上换了新的数字再填。"
        ),
        "incorrect_passkey": gettext_lazy("这个通行密钥没有通过。请再试一次，或者填动态口令。"),
        "incorrect_new_code": gettext_lazy(
            "数字对不上。请确认扫的是本页的二维码，再填手机上现在的 6 位数字。"
        ),
        "rate_limited": gettext_lazy("试得太快了，请等一分钟再试。"),
        "account_inactive": gettext_lazy("这个账户已经停用。要恢复，请联系安全管理员。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody registers himself: officers are registered by the security administrator."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt; the one that is refused for being too many is logged."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            self._record(request, Access.Act.LOCKED_OUT, credentials)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Log the failure, under the officer if the name is one; never what was typed."""
        self._record(request, Access.Act.SIGN_IN_FAILED, credentials)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponseBase:
        """Both steps are done: log it."""
        record_access(
            act=Access.Act.SIGN_IN,
            actor=user,
            party=user.party or user.agent_person,
            address=address_of(request),
            now=clock(),
        )
        answer: HttpResponseBase = super().post_login(request, user, **kwargs)
        return answer

    def logout(self, request: HttpRequest) -> None:
        """Log who leaves, then leave."""
        if isinstance(request.user, User):
            record_access(
                act=Access.Act.SIGN_OUT, actor=request.user, address=address_of(request), now=clock()
            )
        super().logout(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The place of work of whoever has signed in."""
        return starting_page(request.user) if isinstance(request.user, User) else reverse("home")

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Say that the account is closed."""
        return render(request, "account/account_inactive.html", status=403)

    def add_message(self, request: HttpRequest, *args: object, **kwargs: object) -> None:
        """None of the library's own messages: the page one lands on says what is so."""

    def send_notification_mail(self, *args: object, **kwargs: object) -> None:
        """No account has an e-mail address."""

    def _record(self, request: HttpRequest, act: Access.Act, credentials: Mapping[str, Any]) -> None:
        record_access(
            act=act,
            actor=staff_by_username(str(credentials.get("username", ""))),
            address=address_of(request),
            now=clock(),
        )


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """One-time codes and passkeys: secrets are encrypted; the picture to scan obeys our content policy."""

    def encrypt(self, text: str) -> str:
        """Encrypt a secret of one-time or recovery codes."""
        return privacy.provider().encrypt(text, context=SECOND_FACTOR_CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        """Open it again."""
        return privacy.provider().decrypt(encrypted_text, context=SECOND_FACTOR_CONTEXT)

    def build_totp_svg(self, url: str) -> str:
        """The picture to scan, as an element that can stand in the page: no style, no data address."""
        code = QRCode(border=2)
        code.add_data(url)
        return str(code.make_image(image_factory=SvgPathFillImage).to_string(encoding="unicode"))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """For whom a passkey is made: this host, without its port."""
        host = context.request.get_host().partition(":")[0]
        return {"id": host, "name": self.get_totp_issuer()}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """A name for a passkey that nobody has named."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return f"{_('通行密钥')} {count + 1}"

    def get_totp_label(self, user: User) -> str:
        """What the telephone shows beside the code."""
        return user.username


class CitizenAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-in of citizens and of the agents of units through their identity providers."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whoever the identity provider vouches for may come in."""
        return True

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Mapping[str, Any]) -> User:
        """Such a user is named by chance: neither his name nor his number is a user name."""
        user = sociallogin.user
        assert isinstance(user, User)  # the library's attribute has no type
        kind = "u" if sociallogin.account.provider == UNIT else "p"
        user.username = f"{kind}-{privacy.digest(str(sociallogin.account.uid), purpose='user-name')[:24]}"
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The provider has answered: find or make the user of this person before anything else happens.

        One person has one user in each capacity, even if the provider knows him under a new subject.
        """
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            raise ImmediateHttpResponse(refuse(request, "identity.process"))
        person = getattr(sociallogin, "verified_person", None)
        if not isinstance(person, VerifiedPerson):
            raise ImmediateHttpResponse(refuse(request, "identity.no_number"))
        try:
            if sociallogin.account.provider == UNIT:
                self._sign_in_agent(request, sociallogin, person)
            else:
                self._sign_in_citizen(request, sociallogin, person)
        except Refused as refusal:
            raise ImmediateHttpResponse(refuse(request, refusal.code)) from None

    @transaction.atomic
    def _sign_in_citizen(
        self, request: HttpRequest, sociallogin: SocialLogin, person: VerifiedPerson
    ) -> None:
        known = party_by_number(kind=person.id_kind, number=person.id_number)
        self._find_or_make(request, sociallogin, User.objects.filter(party=known).first() if known else None)
        link_citizen(
            user=sociallogin.user,
            name=person.name,
            id_kind=person.id_kind,
            id_number=person.id_number,
            now=clock(),
        )

    def _sign_in_agent(self, request: HttpRequest, sociallogin: SocialLogin, person: VerifiedPerson) -> None:
        """What the provider registers is kept even where nothing is left to act for: that too is news."""
        units: list[RegisteredUnit] | None = sociallogin.registered_units
        if units is None:
            raise Refused("identity.no_units_said")
        if not units and not was_ever_agent(kind=person.id_kind, number=person.id_number):
            # Nobody's agent: nothing of this person is kept.
            raise Refused("identity.no_unit")
        with transaction.atomic():
            user = agent_with_number(kind=person.id_kind, number=person.id_number)
            self._find_or_make(request, sociallogin, user)
            in_force = confirm_agent(
                user=sociallogin.user,
                name=person.name,
                id_kind=person.id_kind,
                id_number=person.id_number,
                units=units,
                now=clock(),
            )
        if not in_force and any(not unit.is_active for unit in units):
            raise Refused("identity.unit_deregistered")
        if not in_force:
            raise Refused("identity.no_unit")

    def _find_or_make(self, request: HttpRequest, sociallogin: SocialLogin, user: User | None) -> None:
        if sociallogin.is_existing:
            return
        if user is not None:
            sociallogin.connect(request, user)
        else:
            self.save_user(request, sociallogin)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: Mapping[str, Any] | None = None,
    ) -> None:
        """The provider said no, was not there, or the person went back: one page that says what to do."""
        code = "identity.cancelled" if error == AuthError.CANCELLED else "identity.unavailable"
        if "state_id" in (extra_context or {}):
            # An answer to a question that this session never asked.
            code = "identity.process"
        raise ImmediateHttpResponse(refuse(request, code))


def refusal_words(code: str) -> str:
    """What happened and what to do now, for a code of a refused sign-in of a citizen or agent."""
    words = {
        "identity.cancelled": _("您没有完成登录，什么都没有改变。"),
        "identity.unavailable": _(
            "统一身份认证现在没有应答，这是系统之间的问题，不是您的问题。请过几分钟再试。"
        ),
        "identity.no_number": _(
            "统一身份认证没有给出证件号码，我们无法确认您是谁。请先在那边完成实名认证，再来登录。"
        ),
        "identifier.invalid": _(
            "统一身份认证给出的证件号码位数或校验位不符，我们无法确认您是谁。请带身份证到窗口办理。"
        ),
        "identity.number_differs": _(
            "这个账号以前关联的是另一个证件号码。请带身份证到窗口核对，核对好就能登录。"
        ),
        "identity.linked_elsewhere": _(
            "这个证件号码已经有另一个账号在用。请带身份证到窗口核对，核对好就能登录。"
        ),
        "identity.officer": _("工作人员账号不能用来办本人的事，请用自己的统一身份认证账号登录。"),
        "identity.no_unit": _(
            "现在没有您可以替它办事的单位：统一身份认证没有登记，单位也没有委托您，或者委托已经结束。"
            "请单位的法定代表人登记或委托您，再来登录。办本人的事，请选“个人”登录。"
        ),
        "identity.unit_deregistered": _(
            "登记的单位已经注销，不能再替它办事。信息不对的，请到市场监管部门核对后再来登录。"
        ),
        "identity.unit_code": _(
            "统一身份认证给出的统一社会信用代码位数或校验位不符，我们无法确认是哪个单位。请带营业执照到窗口办理。"
        ),
        "identity.no_units_said": _(
            "统一身份认证没有说明您登记在哪些单位，我们无法确认您替谁办事。请过几分钟再试，还不行就打 12333。"
        ),
        "identity.process": _("这次登录隔得太久，或者是从另一个窗口开始的。请从登录页重新开始。"),
    }
    return words[code]


def refuse(request: HttpRequest, code: str) -> HttpResponse:
    """The page for such a sign-in that did not come about; logged."""
    record_access(
        act=Access.Act.SIGN_IN_FAILED, actor=None, reason=code, address=address_of(request), now=clock()
    )
    status = {"identity.cancelled": 200, "identity.unavailable": 503}.get(code, 403)
    words = refusal_words(code)
    return render(request, "socialaccount/refused.html", {"words": words, "code": code}, status=status)
