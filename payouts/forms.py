"""What officers type about money: the total again, a one-time code, a reason. Cleaning only, no writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from law.money import Fen, parse_yuan
from payouts.kinds import SEND_BACK_LABELS, Act


class SignForm(forms.Form):
    """The signature under a batch: nothing is filled in beforehand, on purpose."""

    total = forms.CharField(
        label=_("照着输入合计金额"),
        help_text=_("避免看错批次，可以不打逗号。"),
        max_length=24,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": _("还没有输入：请照着本批的合计输一遍。")},
    )
    code = forms.CharField(
        label=_("动态口令"),
        max_length=8,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": _("还没有输入：请打开动态口令，输入 6 位数字。")},
    )
    seen = forms.BooleanField(
        label=_("看过第一次发放的名单和待核实项"),
        error_messages={"required": _("请先看一遍，再勾选。")},
    )

    def clean_total(self) -> Fen:
        """Fen, from yuan as a person types them."""
        try:
            return parse_yuan(self.cleaned_data["total"])
        except ValueError as fault:
            message = _("这不是一个金额：请输入数字，小数最多两位，例如 9,452,520.00。")
            raise forms.ValidationError(message) from fault


class SendBackForm(forms.Form):
    """Why a batch goes back."""

    reason = forms.ChoiceField(
        label=_("退回制单人的原因"),
        choices=[("", _("请选择")), *SEND_BACK_LABELS.items()],
        error_messages={"required": _("请选一个原因，制单人才知道改什么。")},
    )


class PayAgainForm(forms.Form):
    """Why a payment that came back can be made again."""

    reason = forms.CharField(
        label=_("为什么可以重发"),
        help_text=_("写清核实了什么、向谁核实的；复核人要看。"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("还没有写原因：复核人要知道核实了什么。")},
    )


class DecideForm(forms.Form):
    """The second officer's word on paying again."""

    agreed = forms.ChoiceField(
        label=_("您的意见"),
        choices=[("yes", _("同意重发")), ("no", _("退回，再核实"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )
    remark = forms.CharField(
        label=_("说明"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class ActForm(forms.Form):
    """How a contradiction is to be put right, of the acts that the evidence allows."""

    act = forms.ChoiceField(
        label=_("怎样处理"), widget=forms.RadioSelect, error_messages={"required": _("请选一种处理。")}
    )
    reason = forms.CharField(
        label=_("核实了什么"),
        help_text=_("写清向谁核实、对方怎么说；复核人要看。"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("还没有写：复核人要知道核实了什么。")},
    )

    def __init__(self, posted: Mapping[str, str] | None = None, *, acts: Sequence[Act]) -> None:
        super().__init__(posted)
        self.offer(acts)

    def offer(self, acts: Sequence[Act]) -> None:
        """The acts to choose from."""
        choice = self.fields["act"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(act.value, act.label) for act in acts]


class SignActForm(DecideForm):
    """The second officer's word on a contradiction."""

    agreed = forms.ChoiceField(
        label=_("您的意见"),
        choices=[("yes", _("同意，更正账目")), ("no", _("退回，再核实"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )
