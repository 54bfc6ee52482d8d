"""What officers and citizens type about a check: facts, a reply, an outcome. Cleaning only, no writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.kinds import Act
from cases.forms import PapersField
from claims.models import Ground

LONGEST = 2_000


class _Text(forms.CharField):
    """Some lines of text; `missing` is said where they are needed and not there."""

    def __init__(self, *, missing: Any = "", **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 3})
        messages = {"required": missing}
        super().__init__(max_length=LONGEST, widget=widget, error_messages=messages, **kwargs)


class InquiryForm(forms.Form):
    """What the person is asked."""

    facts = _Text(
        label=_("向本人核实什么"),
        help_text=_("会写进询问通知：写清请本人说明什么、带什么材料。"),
        missing=_("请写清要向本人核实什么。"),
    )


class ReplyForm(forms.Form):
    """What the person says, with papers."""

    text = _Text(
        label=_("情况说明"),
        help_text=_("记录不对的、说的不是您的，请直说。"),
        required=False,
    )
    papers = PapersField()

    def clean(self) -> dict[str, object]:
        """Words, papers, or both."""
        cleaned = super().clean() or {}
        if not self.errors and not cleaned["text"].strip() and not cleaned["papers"]:
            self.add_error("text", _("还没有写内容，也没有材料。请写清楚再提交。"))
        return cleaned


class RecordedReplyForm(forms.Form):
    """What the person said on the telephone or at the counter."""

    text = _Text(label=_("本人怎么说"), missing=_("还没有写：记下本人说了什么。"))


class AgencyForm(forms.Form):
    """Which agency is asked for its files, and what."""

    agency = forms.CharField(
        label=_("发给哪个经办机构"),
        max_length=120,
        error_messages={"required": _("请写明发给哪个经办机构。")},
    )
    question = _Text(label=_("请对方核实什么"), missing=_("请写明请对方核实什么。"))


class AgencyAnswerForm(forms.Form):
    """What the agency answered."""

    answer = _Text(label=_("对方答复了什么"), missing=_("请写清对方答复了什么。"))


class OutcomeForm(forms.Form):
    """How the finding is to end, of the ends that are open."""

    act = forms.ChoiceField(
        label=_("下一步"), widget=forms.RadioSelect, error_messages={"required": _("请选一项。")}
    )
    ground = forms.ChoiceField(
        label=_("停发的理由（属实才选）"),
        required=False,
        choices=[("", _("请选择")), *Ground.choices],
    )
    event_on = forms.DateField(
        label=_("从哪一天起（属实才填）"),
        help_text=_("比对结果只到月份；查到了准确日期，请改成那一天。"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = _Text(
        label=_("查清了什么"),
        help_text=_("写清向谁核实、依据什么；复核人要看。"),
        missing=_("还没有写：复核人要看到为什么。"),
    )

    def __init__(
        self,
        posted: Mapping[str, str] | None = None,
        *,
        acts: Sequence[Act],
        initial: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(posted, initial=dict(initial or {}))
        choice = self.fields["act"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(act.value, act.label) for act in acts]


class SignOutcomeForm(forms.Form):
    """The second officer's word."""

    agreed = forms.ChoiceField(
        label=_("您的意见"),
        choices=[("yes", _("同意")), ("no", _("退回，再核实"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。")},
    )
    remark = _Text(label=_("说明"), required=False)


class StartForm(forms.Form):
    """Which city and month to check."""

    region = forms.RegexField(r"^\d{4}00$", label=_("地区"))
    period = forms.RegexField(r"^\d{4}-(0[1-9]|1[0-2])$", label=_("月份"))
