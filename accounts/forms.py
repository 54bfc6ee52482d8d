"""The forms of sign-in and of the administrators' pages.

They clean what was typed; whether it is right is asked of the adapter and the services.
"""

import struct
from datetime import UTC, datetime
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import STAFF_ROLES, Access, User
from accounts.selectors import region_names
from accounts.services import (
    check_one_time_code,
    one_time_codes_locked,
    record_access,
    use_code_of_new_secret,
)

CODE_ATTRIBUTES = {
    "class": "input w-s",
    "inputmode": "numeric",
    "autocomplete": "one-time-code",
    "autocapitalize": "none",
    "spellcheck": "false",
}

# What the library lets through where a browser, or somebody else, sends what is no credential at all.
NO_CREDENTIAL = (AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error)
TYPED_TYPES = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


class StaffSignInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    """User name and password, in our words."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["login"]
        name.label = _("用户名")
        name.widget = forms.TextInput(
            attrs={"class": "input w-m", "autocomplete": "username", "autocapitalize": "none"}
        )
        password = self.fields["password"]
        password.label = _("密码")
        password.help_text = ""
        password.widget = forms.PasswordInput(
            attrs={"class": "input w-m", "autocomplete": "current-password"}
        )


class OneTimeCodeForm(AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The second step of an officer's sign-in: a one-time code, or a recovery code."""

    user: User
    code = forms.CharField(
        label=_("动态口令"),
        help_text=_("手机验证器上的 6 位数字；手机不在身边，可以填一个备用码。"),
        max_length=24,
        widget=forms.TextInput(attrs={**CODE_ATTRIBUTES, "autofocus": True}),
    )

    def clean_code(self) -> str:
        """Check the code.

        It counts once across sign-in and signing, which the library's own check does not promise.
        """
        code = str(self.cleaned_data["code"])
        # Asked anew here and not through `now` of a service: this form stands at the edge, within allauth's
        # view.
        now = datetime.now(UTC)  # noqa: TID251 - as said
        if one_time_codes_locked(user=self.user, now=now):
            raise get_adapter(context.request).validation_error("too_many_codes")
        for authenticator in Authenticator.objects.filter(user=self.user, type__in=TYPED_TYPES):
            if authenticator.type == Authenticator.Type.TOTP:
                accepted = len(code.replace(" ", "")) == 6 and check_one_time_code(user=self.user, code=code)
            else:
                accepted = authenticator.wrap().validate_code(code)
            if accepted:
                authenticator.user = self.user
                self.authenticator = authenticator
                return code
        raise get_adapter(context.request).validation_error("incorrect_code")


class SecondFactorForm(ActivateTOTPForm):  # type: ignore[misc]  # allauth has no types
    """Proof that the telephone shows the right codes, before the second factor is switched on."""

    user: User
    secret: str
    code = forms.CharField(
        label=_("手机上现在显示的 6 位数字"),
        max_length=12,
        widget=forms.TextInput(attrs=CODE_ATTRIBUTES),
    )

    def clean_code(self) -> str:
        """Check the code against the secret shown on this page; it counts as used."""
        code = str(self.cleaned_data["code"])
        if not use_code_of_new_secret(user=self.user, totp_secret=self.secret, code=code):
            raise get_adapter(context.request).validation_error("incorrect_new_code")
        return code


class PasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """The second step of an officer's sign-in by a passkey: what the browser's key has signed."""

    user: User

    def clean_credential(self) -> Authenticator:
        """Check the signature. A wrong one counts and is logged like a wrong code."""
        code = "incorrect_passkey"
        try:
            found: Authenticator = super().clean_credential()
        except forms.ValidationError as error:
            if error.code == "too_many_login_attempts":
                code = error.code
        except NO_CREDENTIAL:
            pass
        else:
            self._record(Access.Act.PASSKEY_USED)
            return found
        self._record(Access.Act.ONE_TIME_CODE_FAILED)
        raise get_adapter(context.request).validation_error(code)

    def _record(self, act: Access.Act) -> None:
        # This form stands at the edge, within allauth's view.
        now = datetime.now(UTC)  # noqa: TID251 - as said
        record_access(act=act, actor=self.user, reason="passkey", now=now)


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A new passkey of an officer, and a name to know it by."""

    name = forms.CharField(
        label=_("给它起个名字"),
        help_text=_("例如：办公室电脑、蓝色 U 盘密钥。"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "input w-m", "autocomplete": "off"}),
    )
    # Whoever finds a session left open must not make a way in of his own.
    code = forms.CharField(
        label=_("动态口令"),
        max_length=8,
        widget=forms.TextInput(
            attrs={"class": "input w-s", "inputmode": "numeric", "autocomplete": "one-time-code"}
        ),
        error_messages={"required": _("还没有输入：请打开动态口令，输入 6 位数字。")},
    )

    def clean(self) -> dict[str, Any]:
        """Check what the browser has made, then the code: it counts once and must not be spent in vain."""
        try:
            cleaned: dict[str, Any] = super().clean()
        except NO_CREDENTIAL:
            raise get_adapter(context.request).validation_error("incorrect_passkey") from None
        if not self.errors and not check_one_time_code(user=self.user, code=cleaned["code"]):
            self.add_error("code", _("这个口令不对，或者刚才用过了。等手机上换了新的再输。"))
        return cleaned


def region_choices() -> list[tuple[str, str]]:
    """The regions one may work for: the whole city, then its counties."""
    return [(code, gettext(name) if name else gettext("全市")) for code, name in region_names().items()]


class RightsForm(forms.Form):
    """Roles and regions of an officer."""

    roles = forms.MultipleChoiceField(
        label=_("岗位"),
        help_text=_("三类管理员各由不同的人担任，不兼任其他岗位。"),
        choices=[(role.value, role.label) for role in STAFF_ROLES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("至少选一个岗位。")},
    )
    regions = forms.MultipleChoiceField(
        label=_("负责的地区"),
        help_text=_("管理员不用选。"),
        choices=region_choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class StaffForm(RightsForm):
    """A new officer."""

    username = forms.RegexField(
        regex=r"\A[A-Za-z0-9][A-Za-z0-9._-]{2,63}\Z",
        label=_("用户名"),
        help_text=_("登录用，3 到 64 位字母、数字或 . _ -，以后不能改。"),
        error_messages={
            "required": _("请填用户名。"),
            "invalid": _("用户名只能用字母、数字和 . _ -，3 到 64 位，以字母或数字开头。"),
        },
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    full_name = forms.CharField(
        max_length=120,
        label=_("姓名"),
        help_text=_("写在经过和文书里，本人办事时申请人也看得到。"),
        error_messages={"required": _("请填姓名。")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("username", "full_name", "roles", "regions")


class ClientForm(forms.Form):
    """A new machine client."""

    name = forms.CharField(
        max_length=100,
        label=_("名称"),
        help_text=_("单位和用途，例如“某会计师事务所 2026 年度稽核”。被读到档案的人看得到这个名称。"),
        error_messages={"required": _("请填名称。")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    regions = forms.MultipleChoiceField(
        label=_("能读的地区"),
        help_text=_("不选就是全部。"),
        choices=region_choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class UnshownInput(forms.TextInput):
    """A field whose content is never sent back to the page: a number of a person is typed again."""

    def format_value(self, value: Any) -> None:
        """Nothing to show."""


class DelegateForm(forms.Form):
    """Whom a unit lets act for it, and until when."""

    name = forms.CharField(
        max_length=120,
        label=_("姓名"),
        error_messages={"required": _("请填姓名。")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    id_number = forms.CharField(
        max_length=40,
        label=_("公民身份号码"),
        help_text=_("18 位。加密保存，以后只显示首尾几位；没填对的，要再填一遍。"),
        error_messages={"required": _("请填公民身份号码。")},
        widget=UnshownInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    until = forms.DateField(
        label=_("到哪天止（可不填）"),
        help_text=_("当天还能办。不填，就到单位撤回时为止。"),
        required=False,
        error_messages={"invalid": _("请填日期，例如 2026-12-31。")},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_name(self) -> str:
        """One blank between parts of a name."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_id_number(self) -> str:
        """As it is kept: no blanks, a capital X."""
        return "".join(str(self.cleaned_data["id_number"]).split()).upper()


class PasswordField(forms.CharField):
    """A password: kept as typed, blanks and all."""

    def __init__(self, *, complete: str, **kwargs: Any) -> None:
        super().__init__(
            strip=False,
            max_length=200,
            error_messages={"required": _("这里要填。")},
            widget=forms.PasswordInput(attrs={"autocomplete": complete}),
            **kwargs,
        )


class PasswordForm(forms.Form):
    """An own new password, typed twice. `user` is named so that browsers keep it for the right one."""

    current = PasswordField(label=_("现在的密码"), complete="current-password")
    new = PasswordField(
        label=_("新密码"),
        complete="new-password",
        help_text=_("至少 12 位；不能全是数字，不能是常见的密码，不要和用户名、姓名太像。"),
    )
    again = PasswordField(label=_("再填一遍新密码"), complete="new-password")

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they come
        self.username = user.username

    def clean(self) -> None:
        """Both must be the same."""
        super().clean()
        new, again = self.cleaned_data.get("new"), self.cleaned_data.get("again")
        if new and again and new != again:
            self.add_error("again", gettext("两次填的不一样。请再填一遍。"))
