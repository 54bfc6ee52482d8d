"""Input of the application form and of the officers' decision panel: cleaning only, never a save."""

import re
import unicodedata
from collections.abc import Mapping

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from cases.forms import PapersField
from cases.intake_models import Intake
from claims.facts import AMENDABLE
from claims.intakes import LINES
from claims.models import JobWish
from claims.services import Application
from claims.words import EVIDENCE_LABELS

MOBILE_DIGITS = 11


class ApplicationForm(forms.Form):
    """The combined form of registration and claim. `counties` are (code, name) pairs."""

    submission_id = forms.UUIDField(widget=forms.HiddenInput)
    mobile = forms.CharField(
        max_length=32,
        label=gettext_lazy("手机号码"),
        help_text=gettext_lazy("进度和到账会发短信到这个号码。"),
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "numeric", "autocomplete": "tel"}),
        error_messages={"required": gettext_lazy("请填手机号码，进度和到账会发短信告诉您。")},
    )
    district = forms.ChoiceField(
        label=gettext_lazy("现在住在"),
        widget=forms.Select(attrs={"autocomplete": "address-level3"}),
        error_messages={
            "required": gettext_lazy("请选现在住的区县。"),
            "invalid_choice": gettext_lazy("请从列表里选现在住的区县。"),
        },
    )
    street = forms.CharField(
        max_length=120,
        required=False,
        label=gettext_lazy("街道和门牌"),
        help_text=gettext_lazy("书面决定寄到这里；只要电子版可以不填。"),
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
        error_messages={"max_length": gettext_lazy("街道和门牌最多 120 个字，请写短一些。")},
    )
    job = forms.ChoiceField(
        label=gettext_lazy("想找什么工作"),
        choices=JobWish.choices,
        error_messages={
            "required": gettext_lazy("请选想找的工作；还没想好也可以选。"),
            "invalid_choice": gettext_lazy("请从列表里选想找的工作。"),
        },
    )
    train = forms.ChoiceField(
        label=gettext_lazy("想参加免费培训吗"),
        help_text=gettext_lazy("取得证书可以再领技能提升补贴，和失业保险金不冲突。"),
        widget=forms.RadioSelect,
        choices=[("yes", gettext_lazy("想，请联系我")), ("no", gettext_lazy("暂时不用"))],
        error_messages={
            "required": gettext_lazy("请选想不想参加培训。"),
            "invalid_choice": gettext_lazy("请选想不想参加培训。"),
        },
    )
    claimed_reason = forms.ChoiceField(
        required=False,
        label=gettext_lazy("离职原因，您的说法"),
        help_text=gettext_lazy("和单位申报的一样，就不用选。"),
        error_messages={"invalid_choice": gettext_lazy("请从列表里选离职原因。")},
    )
    wrong = forms.CharField(
        max_length=1000,
        required=False,
        label=gettext_lazy("哪一项不对，应该是什么"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": gettext_lazy("最多写 1,000 个字，请写短一些。")},
    )
    papers = PapersField(
        help_text=gettext_lazy(
            "能说明问题的材料，没有也可以提交。PDF、JPEG 或 PNG，最多 5 份，每份不超过 10 MB。"
            "先存着的草稿不存文件，提交时再选。"
        ),
    )
    truth = forms.BooleanField(
        label=pgettext_lazy("declaration", "承诺"),
        error_messages={"required": gettext_lazy("请确认以上是真实的，勾选后才能提交。")},
    )

    def __init__(
        self,
        *args: object,
        counties: list[tuple[str, str]],
        reasons: list[tuple[str, str]],
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own
        district, claimed = self.fields["district"], self.fields["claimed_reason"]
        assert isinstance(district, forms.ChoiceField) and isinstance(claimed, forms.ChoiceField)
        district.choices = [("", gettext_lazy("请选择")), *counties]
        claimed.choices = [("", gettext_lazy("和单位申报的一样")), *reasons]
        for name in DRAFT_FIELDS:
            self.fields[name].widget.attrs |= _saved_on_change(name)

    def clean_mobile(self) -> str:
        """Eleven digits; says how many are missing or too many. Blanks and full-width digits are mended."""
        text = unicodedata.normalize("NFKC", self.cleaned_data["mobile"])
        digits = re.sub(r"[\s-]", "", text).removeprefix("+86")
        if not digits.isascii() or not digits.isdigit():
            raise forms.ValidationError(_("手机号码只有数字，请看看是不是多了别的字。"))
        if len(digits) != MOBILE_DIGITS:
            raise forms.ValidationError(_length_problem(len(digits)))
        if not re.fullmatch(r"1[3-9]\d{9}", digits):
            raise forms.ValidationError(_("手机号码第一位是 1，第二位是 3 到 9，请再看一看。"))
        return digits

    def application(self) -> Application:
        """The cleaned answers as the service takes them."""
        cleaned = self.cleaned_data
        return Application(
            mobile=cleaned["mobile"],
            residence=cleaned["district"],
            street=cleaned["street"],
            job_wish=cleaned["job"],
            wants_training=cleaned["train"] == "yes",
            claimed_reason=cleaned["claimed_reason"],
            disputed=cleaned["wrong"],
        )


def _length_problem(count: int) -> str:
    """What is wrong with a mobile number of `count` digits, in plain words."""
    gap = MOBILE_DIGITS - count
    if gap == 1:
        return _("少一位：手机号码是 11 位数字，您填了 10 位。")
    if gap > 0:
        return _("少 %(gap)d 位：手机号码是 11 位数字，您填了 %(count)d 位。") % {"gap": gap, "count": count}
    return _("多 %(gap)d 位：手机号码是 11 位数字，您填了 %(count)d 位。") % {"gap": -gap, "count": count}


DRAFT_FIELDS = ("mobile", "district", "street", "job", "train", "claimed_reason", "wrong")
NOT_ANSWERS = frozenset({"submission_id", "csrfmiddlewaretoken"})


def _saved_on_change(name: str) -> dict[str, str]:
    """Attributes that send one field, alone, as soon as it was changed; a page without scripts ignores
    them.
    """
    return {
        "hx-post": reverse("apply-draft"),
        "hx-trigger": "change delay:500ms",
        "hx-params": ",".join((name, *sorted(NOT_ANSWERS))),
    }


def changed_answers(posted: Mapping[str, str]) -> dict[str, str] | None:
    """The answers of a form that sends only what was changed; None if it names a field nobody asked for."""
    names = set(posted) - NOT_ANSWERS
    if not names or not names <= set(DRAFT_FIELDS):
        return None
    return {name: posted[name][:1000] for name in names}


def draft_answers(posted: "dict[str, str]") -> dict[str, str]:
    """What of a half-filled form is worth keeping, cut to the length of its field."""
    return {name: posted.get(name, "")[:1000] for name in DRAFT_FIELDS}


class AnswerForm(forms.Form):
    """The answer to a notice of what is missing: words, papers, or both."""

    answer = forms.CharField(
        max_length=1000,
        required=False,
        label=gettext_lazy("您的答复"),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": gettext_lazy("最多写 1,000 个字，请写短一些。")},
    )
    papers = PapersField()

    def clean(self) -> dict[str, object]:
        """Something at least has to come."""
        cleaned = super().clean() or {}
        if not self.errors and not cleaned["answer"].strip() and not cleaned["papers"]:
            self.add_error("answer", _("还没有写内容，也没有选文件。请写清楚，或选好文件再提交。"))
        return cleaned


class ReopenForm(forms.Form):
    """New evidence against a refusal: what it is, and papers."""

    why = forms.CharField(
        max_length=1000,
        label=gettext_lazy("有什么新的证据"),
        help_text=gettext_lazy("写清楚哪一项和决定书里的不一样，凭什么。"),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": gettext_lazy("请写清楚新的证据是什么，要我们看什么。"),
            "max_length": gettext_lazy("最多写 1,000 个字，请写短一些。"),
        },
    )
    papers = PapersField()


class ProposalForm(forms.Form):
    """The handler's panel: answers to the open facts, the act, the evidence and the reason."""

    act = forms.ChoiceField(
        label=gettext_lazy("怎么办"),
        choices=[("grant", ""), ("refuse", ""), ("supplement", "")],
        error_messages={
            "required": gettext_lazy("请选怎么办。"),
            "invalid_choice": gettext_lazy("请选怎么办。"),
        },
    )
    evidence = forms.ChoiceField(
        required=False,
        label=gettext_lazy("依据"),
        choices=list(EVIDENCE_LABELS.items()),
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
        """No fact is settled without saying what it rests on."""
        cleaned = super().clean() or {}
        if "evidence" not in self.errors and self.amendments() and not cleaned["evidence"]:
            self.add_error("evidence", _("请选依据：认定的事实凭什么。"))
        return cleaned

    def amendments(self) -> dict[str, str]:
        """The facts the officer settled: field name to value, open ones left out."""
        found = {}
        for field in AMENDABLE:
            value = self.data.get(f"fact-{field}", "")
            if isinstance(value, str) and value:
                found[field] = value
        return found


class ReviewForm(forms.Form):
    """The reviewer's panel: agree or send back, with a remark."""

    decision = forms.ChoiceField(
        label=gettext_lazy("怎么办"),
        choices=[("agree", ""), ("return", "")],
        error_messages={
            "required": gettext_lazy("请选同意还是退回。"),
            "invalid_choice": gettext_lazy("请选同意还是退回。"),
        },
    )
    remark = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("意见"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": gettext_lazy("意见最多 500 个字。")},
    )


class PersonForm(forms.Form):
    """What the applicant wants a person to look at; may stay empty."""

    question = forms.CharField(
        required=False,
        max_length=1000,
        label=gettext_lazy("想让工作人员看什么"),
        help_text=gettext_lazy("可以不写。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": gettext_lazy("最多 1000 个字，请写短一些。")},
    )


class PersonAnswerForm(forms.Form):
    """An officer's answer to the applicant."""

    answer = forms.CharField(
        max_length=2000,
        label=gettext_lazy("答复"),
        help_text=gettext_lazy("申请人看到的就是这段话：写清看了什么、结果怎样、接下来做什么。"),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": gettext_lazy("还没有写答复：申请人要看到的就是这段话。"),
            "max_length": gettext_lazy("最多 2000 个字，请写短一些。"),
        },
    )


class JobForm(forms.Form):
    """The person reports work."""

    started_on = forms.DateField(
        label=gettext_lazy("哪天开始上班"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": gettext_lazy("请填开始上班的日子。"),
            "invalid": gettext_lazy("这个日子写得不对，请像 2026-11-20 这样写。"),
        },
    )


class ImportForm(forms.Form):
    """A file from the core system, and what its rows are."""

    kind = forms.ChoiceField(
        label=gettext_lazy("内容"),
        choices=[(code, Intake.Kind(code).label) for code in LINES],
        error_messages={
            "required": gettext_lazy("请选文件里是什么。"),
            "invalid_choice": gettext_lazy("请从列表里选文件里是什么。"),
        },
    )
    file = forms.FileField(
        label=gettext_lazy("文件"),
        help_text=gettext_lazy("CSV（UTF-8 或 GB18030）或 Excel（.xlsx），第一行是表头。"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        error_messages={"required": gettext_lazy("还没有选文件。")},
    )
