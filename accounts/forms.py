"""The forms of sign-in.

They clean what was typed; whether it is right is asked of the adapter and the services.
"""

from datetime import UTC, datetime

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import check_one_time_code, one_time_codes_locked, use_code_of_new_secret

CODE_ATTRIBUTES = {
    "class": "input w-s",
    "inputmode": "numeric",
    "autocomplete": "one-time-code",
    "autocapitalize": "none",
    "spellcheck": "false",
}


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
        for authenticator in Authenticator.objects.filter(user=self.user):
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
