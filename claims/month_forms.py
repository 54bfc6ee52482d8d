"""Input of the pages of the month: cleaning only, never a save."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from claims.month_models import StepRun
from law.money import Fen, parse_yuan


class StepForm(forms.Form):
    """Which step of the month is to be done again."""

    step = forms.ChoiceField(choices=StepRun.Step.choices)


YES_OR_NO = [("yes", gettext_lazy("同意，签字")), ("no", gettext_lazy("不同意，退回"))]


class FundDecisionForm(forms.Form):
    """A supervisor's word on a request of funds."""

    agreed = forms.ChoiceField(
        label=gettext_lazy("签批"),
        choices=YES_OR_NO,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选同意还是不同意。")},
    )
    remark = forms.CharField(
        label=gettext_lazy("意见"),
        help_text=gettext_lazy("不同意的，请写明为什么。"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class CloseForm(FundDecisionForm):
    """A supervisor's signature under the end of a month."""

    code = forms.CharField(
        label=gettext_lazy("动态口令"),
        help_text=gettext_lazy("退回不用填。"),
        max_length=8,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class ReceiptForm(forms.Form):
    """Money that finance moved: the voucher and the sum on it."""

    voucher = forms.CharField(
        label=gettext_lazy("拨款凭证号"),
        max_length=64,
        error_messages={"required": gettext_lazy("请填拨款凭证号：同一张凭证只记一次。")},
    )
    amount = forms.CharField(
        label=gettext_lazy("到账金额（元）"),
        help_text=gettext_lazy("照凭证输入，可以不打逗号。"),
        max_length=24,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("请照凭证输入到账金额。")},
    )

    def clean_amount(self) -> Fen:
        """Fen, from yuan as a person types them."""
        try:
            return parse_yuan(self.cleaned_data["amount"])
        except ValueError as fault:
            message = _("这不是一个金额：请输入数字，小数最多两位，例如 9,452,520.00。")
            raise forms.ValidationError(message) from fault
