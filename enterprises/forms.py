"""Input of the pages of units: a dispute, its papers, what officers find, lists and holds. Cleaning only."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from cases.forms import PapersField
from enterprises.models import LIST_CHOICES, Hold, SizeClass
from enterprises.services import Entry, Found, Signed

MOST_WAN = 10**12
"""Far above any firm: what a number field still takes."""
MOST_PERSONS = 10**7


class WholeNumberField(forms.IntegerField):
    """A whole number of 0 or more, typed with or without commas."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            min_value=0,
            max_value=most,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            error_messages={
                "invalid": _("请填整数，例如 320。"),
                "min_value": _("不能小于 0。"),
                "max_value": _("这个数太大了，请核对单位（万元、人）。"),
            },
            **kwargs,
        )

    def to_python(self, value: object) -> int | None:
        """Commas are for the eye."""
        return super().to_python(str(value or "").replace(",", "").replace("，", "").strip())


class FiguresForm(forms.Form):
    """The figures of a size class at the end of a year."""

    employees = WholeNumberField(label=_("从业人员（人）"), most=MOST_PERSONS, help_text=_("年末人数"))
    revenue_wan = WholeNumberField(label=_("营业收入（万元）"), most=MOST_WAN, help_text=_("全年，到万元"))
    assets_wan = WholeNumberField(label=_("资产总额（万元）"), most=MOST_WAN, help_text=_("年末，到万元"))


class DisputeForm(FiguresForm):
    """A unit signs for a class."""

    submission_id = forms.UUIDField(widget=forms.HiddenInput)
    claimed_class = forms.ChoiceField(
        label=_("单位属于哪一型"),
        choices=SizeClass.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选单位属于哪一型。"), "invalid_choice": _("请从列表里选。")},
    )
    industry = forms.RegexField(
        label=_("行业代码"),
        regex=r"^[0-9]{2,4}$",
        help_text=_("国民经济行业分类的 2 至 4 位数字，营业执照或统计登记上有"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": _("请填行业代码。"), "invalid": _("请填 2 至 4 位数字，例如 3670。")},
    )
    promise = forms.BooleanField(
        label=_("承诺以上情况属实，按期交证明材料；不能证明的，退回多得的返还"),
        error_messages={"required": _("没有勾选承诺，不能按承诺办。")},
    )

    def signed(self, refund_year: int) -> Signed:
        """What was signed, for the service. The form is valid."""
        given = self.cleaned_data
        return Signed(
            refund_year=refund_year,
            claimed_class=given["claimed_class"],
            industry=given["industry"],
            employees=given["employees"],
            revenue_wan=given["revenue_wan"],
            assets_wan=given["assets_wan"],
        )


class EvidenceForm(forms.Form):
    """The unit's papers."""

    papers = PapersField(required=True, label=_("证明材料"))


class FindingForm(FiguresForm):
    """What a handler finds in the papers."""

    has_papers = forms.ChoiceField(
        label=_("材料"),
        choices=[("yes", _("有材料，数填在下面")), ("no", _("没有能用的材料"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选有没有能用的材料。"), "invalid_choice": _("请从两项里选。")},
    )
    by_person = forms.ChoiceField(
        label=_("人工认定的划型"),
        help_text=_("只在划型标准不管这个行业，或者缺数时填"),
        choices=[("", _("按标准计算")), *SizeClass.choices],
        required=False,
        error_messages={"invalid_choice": _("请从列表里选。")},
    )
    why = forms.CharField(
        label=_("核实了什么"),
        help_text=_("哪份材料、哪一页；复核人要看。"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("还没有写：复核人要知道核实了什么。"),
            "max_length": _("最多 500 个字，请写短一些。"),
        },
    )

    def found(self) -> Found:
        """What was found, for the service. The form is valid."""
        given = self.cleaned_data
        if given["has_papers"] == "no":
            return Found(has_papers=False)
        return Found(
            employees=given["employees"],
            revenue_wan=given["revenue_wan"],
            assets_wan=given["assets_wan"],
            by_person=given["by_person"],
        )


class SignFindingForm(forms.Form):
    """The second officer's word."""

    agreed = forms.ChoiceField(
        label=_("您的意见"),
        choices=[("yes", _("同意")), ("no", _("退回经办"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选您的意见。"), "invalid_choice": _("请选您的意见。")},
    )
    remark = forms.CharField(
        label=_("说明"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("最多 500 个字，请写短一些。")},
    )


class PublicationForm(forms.Form):
    """One issue of a list, as a file of two columns or pasted."""

    name = forms.ChoiceField(
        label=_("哪一份名单"),
        choices=LIST_CHOICES,
        error_messages={"required": _("请选是哪一份名单。"), "invalid_choice": _("请从列表里选。")},
    )
    document = forms.CharField(
        label=_("出处"),
        help_text=_("文件名称或公布平台"),
        max_length=120,
        error_messages={
            "required": _("请写明名单出自哪份文件或哪个平台。"),
            "max_length": _("最多 120 个字，请写短一些。"),
        },
    )
    published_on = forms.DateField(
        label=_("公布日期"),
        error_messages={"required": _("请填公布日期。"), "invalid": _("请填日期，例如 2026-11-20。")},
    )
    supplement = forms.BooleanField(label=_("这是补充名单：只加，不把没写到的单位去掉"), required=False)
    pasted = forms.CharField(
        label=_("名单"),
        help_text=_("一行一个：统一社会信用代码，逗号，单位名称。一个也没有就留空。"),
        required=False,
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    file = forms.FileField(
        label=_("或者选文件"),
        help_text=_("CSV，UTF-8 或 GB18030，两列：统一社会信用代码、单位名称"),
        required=False,
        allow_empty_file=True,
    )

    def entries(self) -> list[Entry]:
        """The lines that have a code, from the file or what was pasted. The form is valid."""
        given = self.cleaned_data["file"]
        if isinstance(given, UploadedFile):
            return _entries(_decoded(given.read()))
        return _entries(self.cleaned_data["pasted"])


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


def _entries(text: str) -> list[Entry]:
    reader = csv.reader(io.StringIO(text.replace("，", ",")))
    return [
        Entry(reader.line_num, row[0].strip(), row[1].strip() if len(row) > 1 else "")
        for row in reader
        if row and row[0].strip() and not _is_heading(row)
    ]


def _is_heading(row: Sequence[str]) -> bool:
    return "代码" in row[0]


class HoldForm(forms.Form):
    """Hold a unit's refund back."""

    code = forms.CharField(
        label=_("统一社会信用代码"),
        max_length=24,
        error_messages={"required": _("请填统一社会信用代码。"), "max_length": _("代码是 18 位。")},
    )
    ground = forms.ChoiceField(
        label=_("事由"),
        choices=Hold.Ground.choices,
        error_messages={"required": _("请选事由。"), "invalid_choice": _("请从列表里选。")},
    )
    reason = forms.CharField(
        label=_("原因"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("请写明原因。"), "max_length": _("最多 300 个字，请写短一些。")},
    )


class LiftForm(forms.Form):
    """Let a unit's refund go again."""

    because = forms.CharField(
        label=_("为什么解除"),
        max_length=300,
        error_messages={"required": _("请写明原因。"), "max_length": _("最多 300 个字，请写短一些。")},
    )
