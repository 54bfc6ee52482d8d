"""What officers and units fill in about a refund. Cleaning only, no writes."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.forms import PapersField
from law.money import Fen, parse_yuan
from subsidies.refund import kinds
from subsidies.refund.words import SIZES

YEARS = (2000, 2100)
EVIDENCE: Mapping[str, object] = {
    "PAPERS": _("单位交来的材料"),
    "OFFICE": _("向有关单位核实"),
    "CORE_SYSTEM": _("社保核心系统查询"),
}
"""On what an officer settles a fact."""


class YuanField(forms.CharField):
    """An amount in yuan as people write it; cleaned to fen."""

    def __init__(self, *, label: object, help_text: object = "", required: bool = True) -> None:
        super().__init__(
            label=label,  # type: ignore[arg-type]  # a lazily translated text
            help_text=help_text,  # type: ignore[arg-type]  # a lazily translated text
            required=required,
            max_length=24,
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            error_messages={"required": _("请填金额。")},
        )

    def clean(self, value: object) -> Fen | None:
        """Fen, or None where nothing was given and nothing is needed."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_yuan(str(text))
        except ValueError as fault:
            raise forms.ValidationError(_("这不是一个金额：请输入数字，小数最多两位。")) from fault


class OpenForm(forms.Form):
    """Which year is to be opened."""

    year = forms.IntegerField(
        label=_("返还年度"),
        min_value=YEARS[0],
        max_value=YEARS[1],
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("请填年度。"), "invalid": _("年度是四位数字。")},
    )


class FundYearForm(forms.Form):
    """What the fund held and spent, and where the numbers come from."""

    year = forms.IntegerField(label=_("哪一年"), min_value=YEARS[0], max_value=YEARS[1])
    balance = YuanField(label=_("年末累计结余（元）"))
    expenditure = YuanField(label=_("参照年度总支出（元）"))
    source = forms.CharField(
        label=_("来源"),
        help_text=_("例如：2024年度基金决算表。"),
        max_length=200,
        error_messages={"required": _("请写明数字从哪里来。")},
    )


class FinanceForm(forms.Form):
    """What the finance department answered."""

    agreed = forms.ChoiceField(
        label=_("财政的意见"),
        choices=[("yes", _("同意")), ("no", _("不同意"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )
    document = forms.CharField(
        label=_("文号或函件名称"), max_length=120, error_messages={"required": _("请写明依据的文件。")}
    )
    dated_on = forms.DateField(
        label=_("文件日期"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("请填文件日期。"), "invalid": _("请填一个日期。")},
    )
    remark = forms.CharField(
        label=_("说明"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    papers = PapersField(label=_("扫描件"), required=False)


class WordsForm(forms.Form):
    """Something said in one's own words."""

    words = forms.CharField(
        label=_("写明情况"),
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("还没有写：请写明哪个数不对、应该是多少。")},
    )


class ProposeForm(forms.Form):
    """What a handler settles, on what, and what then follows. Left empty, a fact stays as it is known."""

    monthly_headcounts = forms.CharField(
        label=_("12个月末人数"), help_text=_("1月到12月，用空格隔开。"), required=False, max_length=200
    )
    new_recipients = forms.IntegerField(label=_("新领金人数（R）"), required=False, min_value=0)
    paid_months_in_base_year = forms.IntegerField(
        label=_("缴足的月数"), required=False, min_value=0, max_value=12
    )
    in_arrears = forms.ChoiceField(
        label=_("欠费"), required=False, choices=[("", _("不改")), ("NO", _("不欠费")), ("YES", _("欠费"))]
    )
    base = YuanField(label=_("实缴失业保险费（元）"), required=False)
    size_class = forms.ChoiceField(label=_("划型"), required=False)
    evidence = forms.ChoiceField(label=_("凭什么认定"), choices=list(EVIDENCE.items()))
    act = forms.ChoiceField(
        label=_("提出的意见"),
        choices=[(kinds.GRANT, _("符合，可以返还")), (kinds.REFUSE, _("不符合"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )
    why = forms.CharField(
        label=_("核实了什么"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("还没有写：复核人要知道核实了什么。")},
    )

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]  # handed on as they came
        classes = [(code, label) for code, label in SIZES.items() if code != "UNKNOWN"]
        field = self.fields["size_class"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("不改")), *classes]

    def clean_monthly_headcounts(self) -> list[int] | None:
        """Twelve whole numbers, or None."""
        words = self.cleaned_data["monthly_headcounts"].replace("，", " ").replace(",", " ").split()
        if not words:
            return None
        if len(words) != 12 or not all(word.isascii() and word.isdigit() for word in words):
            raise forms.ValidationError(_("要 12 个整数，一个月一个。"))
        return [int(word) for word in words]

    def amendments(self) -> dict[str, object]:
        """The facts that were settled, by the names of the rule."""
        given = self.cleaned_data
        named = {
            "monthly_headcounts": given.get("monthly_headcounts"),
            "new_recipients": given.get("new_recipients"),
            "paid_months_in_base_year": given.get("paid_months_in_base_year"),
            "in_arrears": given.get("in_arrears") or None,
            "base_fen": given.get("base"),
            "size_class": given.get("size_class") or None,
        }
        return {name: value for name, value in named.items() if value is not None}


class ReviewForm(forms.Form):
    """The reviewer's word."""

    agreed = forms.ChoiceField(
        label=_("您的意见"),
        choices=[("yes", _("同意")), ("no", _("退回，再核实"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )
    remark = forms.CharField(
        label=_("说明"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class HoldForm(forms.Form):
    """How a hold ends."""

    cleared = forms.ChoiceField(
        label=_("核实的结果"),
        choices=[("yes", _("没有问题，继续办")), ("no", _("有问题，重新认定"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )
    why = forms.CharField(
        label=_("核实了什么"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("还没有写：请写明核实了什么。")},
    )


class PercentField(forms.CharField):
    """A share in per cent as people write it; cleaned to basis points as text."""

    def __init__(self, *, label: object) -> None:
        super().__init__(
            label=label,  # type: ignore[arg-type]  # a lazily translated text
            required=False,
            max_length=8,
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        )

    def clean(self, value: object) -> str:
        """Basis points without a float: 5.5 is "550"; empty stays empty."""
        text = str(super().clean(value)).strip().removesuffix("%")
        if not text:
            return ""
        whole, _point, rest = text.partition(".")
        digits = whole + rest
        if not (digits.isascii() and digits.isdigit()) or len(rest) > 2 or int(whole or "0") > 100:
            raise forms.ValidationError(_("请填 0 到 100 的百分数，小数最多两位。"))
        return str(int(whole or "0") * 100 + int(rest.ljust(2, "0") or "0"))


class TrialForm(forms.Form):
    """Other numbers to be tried. What is left empty stays as it is in force."""

    limit_other = PercentField(label=_("裁员率上限（%）"))
    limit_small = PercentField(label=_("小单位裁员率上限（%）"))
    small_persons = forms.IntegerField(
        label=_("小单位最多人数"), required=False, min_value=1, max_value=10_000
    )
    ratio_smaller = PercentField(label=_("中小微返还比例（%）"))
    ratio_large = PercentField(label=_("大型返还比例（%）"))
    six_smaller = PercentField(label=_("六类单位返还比例（%）"))
    six_large = PercentField(label=_("六类单位较低比例（%）"))
    uplift_smaller = PercentField(label=_("名单内中小微比例（%）"))
    uplift_large = PercentField(label=_("名单内大型比例（%）"))
    industries = forms.CharField(
        label=_("再加哪些行业"),
        help_text=_("国民经济行业代码的开头，用空格隔开，例如 17 18。"),
        required=False,
        max_length=60,
    )

    def clean_industries(self) -> tuple[str, ...]:
        """Beginnings of industry codes."""
        words = tuple(self.cleaned_data["industries"].replace("，", " ").replace("、", " ").split())
        if not all(word.isascii() and word.isdigit() and 2 <= len(word) <= 4 for word in words):
            raise forms.ValidationError(_("行业代码是 2 到 4 位数字。"))
        return words
