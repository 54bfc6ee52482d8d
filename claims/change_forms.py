"""Input of the officer's acts on a running benefit: cleaning only, never a save."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.forms import PapersField
from claims.models import Ground
from claims.words import EVIDENCE_LABELS
from law.ending import GROUNDS, Effect

DATED_GROUNDS = frozenset(
    name for name, ground in GROUNDS.items() if ground.event is not None and ground.effect is not Effect.ANNUL
)
"""Where the day of the event decides which month was the last."""


class SuspendForm(forms.Form):
    """Why the next payments of a claim wait."""

    why = forms.CharField(
        max_length=500,
        label=gettext_lazy("要核实什么（写进告知书）"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("请写清楚要核实什么：领取人要看到为什么暂停。"),
            "max_length": gettext_lazy("最多 500 个字。"),
        },
    )


class StopForm(forms.Form):
    """What a handler proposes: the ground, since when, on what evidence, and why."""

    ground = forms.ChoiceField(
        label=gettext_lazy("停发的情形"),
        choices=[("", ""), *((one.value, one.label) for one in Ground if one != Ground.EXHAUSTED)],
        error_messages={
            "required": gettext_lazy("请选停发的情形。"),
            "invalid_choice": gettext_lazy("请选停发的情形。"),
        },
    )
    event_on = forms.DateField(
        required=False,
        label=gettext_lazy("哪天发生的"),
        help_text=gettext_lazy(
            "养老待遇填开始发放的第一天；拒绝工作按决定的那天、自始不符合按申请的那天算，可以不填。"
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("这个日子写得不对，请像 2026-11-20 这样写。")},
    )
    keeps_months = forms.BooleanField(
        required=False, label=gettext_lazy("没领的月数留着（只用于拒绝工作，法律没有规定）")
    )
    evidence = forms.ChoiceField(
        label=gettext_lazy("依据"),
        choices=[("", ""), *EVIDENCE_LABELS.items()],
        error_messages={"required": gettext_lazy("请选依据：认定的事实凭什么。")},
    )
    why = forms.CharField(
        max_length=500,
        label=gettext_lazy("理由（写进决定书）"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("请写理由：决定书和复核人都要看到为什么。"),
            "max_length": gettext_lazy("理由最多 500 个字。"),
        },
    )
    papers = PapersField(label=gettext_lazy("依据的材料"))

    def clean(self) -> dict[str, object]:
        """A day is needed where the law counts from it."""
        cleaned = super().clean() or {}
        ground = cleaned.get("ground")
        if ground in DATED_GROUNDS and not cleaned.get("event_on") and "event_on" not in self.errors:
            self.add_error("event_on", _("请填哪天发生的：发到哪个月由它决定。"))
        return cleaned


class CategoryForm(forms.Form):
    """What the pension file says of a woman: worker or cadre."""

    category = forms.ChoiceField(
        label=gettext_lazy("养老档案中的身份"),
        choices=[("", ""), ("WORKER", gettext_lazy("工人")), ("CADRE", gettext_lazy("干部"))],
        error_messages={
            "required": gettext_lazy("请选工人还是干部。"),
            "invalid_choice": gettext_lazy("请选工人还是干部。"),
        },
    )
    category_evidence = forms.ChoiceField(
        label=gettext_lazy("依据"),
        choices=[("", ""), *EVIDENCE_LABELS.items()],
        error_messages={"required": gettext_lazy("请选依据：认定的事实凭什么。")},
    )
    category_why = forms.CharField(
        max_length=500,
        label=gettext_lazy("理由"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("请写理由：申请人和复核人都要看到为什么。"),
            "max_length": gettext_lazy("理由最多 500 个字。"),
        },
    )


class ReleaseForm(forms.Form):
    """The day on which somebody was released from prison."""

    ended_on = forms.DateField(
        label=gettext_lazy("哪天释放"),
        help_text=gettext_lazy("从这个月起接着发。"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": gettext_lazy("请填释放的日子。"),
            "invalid": gettext_lazy("这个日子写得不对，请像 2026-11-20 这样写。"),
        },
    )
