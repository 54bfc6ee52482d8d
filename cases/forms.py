"""Form input of cases: papers, a day to wait until, a receiver; cleaned, never saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from cases.attachments import Paper, check
from cases.models import Job
from cases.refusals import sentence
from cases.uploads import papers
from law.errors import Refused

ACCEPTED = ".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"


class PapersInput(forms.FileInput):
    """One control for several files."""

    allow_multiple_selected = True

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any] | Mapping[str, Any], name: str
    ) -> list[Any]:
        """All files of the field; none where the form came without files."""
        return files.getlist(name) if isinstance(files, MultiValueDict) else []


class PapersField(forms.FileField):
    """Papers that come with an act, none needed. Its value is a list of `Paper`."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", _("材料"))
        kwargs.setdefault(
            "help_text", _("PDF、JPEG 或 PNG，最多 5 份，每份不超过 10 MB。手机拍的照片也可以。")
        )
        super().__init__(widget=PapersInput(attrs={"multiple": True, "accept": ACCEPTED}), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Paper]:
        """Read and check every file; says which file cannot be taken, why, and what to do."""
        found = papers(list(data or []))
        try:
            check(found)
        except Refused as refused:
            raise forms.ValidationError(sentence(refused)) from refused
        return found


class HoldForm(forms.Form):
    """Until when a case is put aside, and which office it waits for."""

    until = forms.DateField(
        label=_("等到哪一天"),
        error_messages={"required": _("请选等到哪一天。"), "invalid": _("请选一个日期，例如 2026-12-01。")},
    )
    reason = forms.CharField(
        max_length=200,
        label=_("在等哪个单位、等什么"),
        error_messages={
            "required": _("请写明在等哪个单位、等什么。"),
            "max_length": _("最多写 200 个字，请写短一些。"),
        },
    )

    def first_problem(self) -> str:
        """What is wrong, in one sentence, for a page that does not show this form's fields again."""
        return str(next(iter(self.errors.values()))[0])


class ReceiverForm(forms.Form):
    """To whom cases go: one of the officers offered, or nobody (back to the pool)."""

    POOL = "pool"
    to = forms.ChoiceField(
        label=_("转给谁"),
        error_messages={"required": _("请选转给谁。"), "invalid_choice": _("请从列表里选转给谁。")},
    )

    def __init__(self, *args: Any, receivers: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.officers = {str(officer.pk): officer for officer in receivers}
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)
        to.choices = [
            ("", _("请选择")),
            *((key, _with_roles(officer)) for key, officer in self.officers.items()),
            (self.POOL, _("退回待办池，谁有空谁办")),
        ]

    def receiver(self) -> User | None:
        """The officer chosen; None for the pool."""
        return self.officers.get(self.cleaned_data["to"])


def _with_roles(officer: User) -> str:
    """An officer's name, and as what he works."""
    roles = gettext("、").join(str(Role(code).label) for code in officer.roles)
    return f"{officer} · {roles}"


QUEUE_KINDS = (Job.Kind.QUEUE_CSV, Job.Kind.QUEUE_XLSX)


class ExportForm(forms.Form):
    """Which list becomes a file, in what form, and why. The list is the one the page showed."""

    kind = forms.ChoiceField(choices=[(kind.value, kind.label) for kind in QUEUE_KINDS])
    reason = forms.CharField(
        label=_("为什么导出"),
        max_length=300,
        error_messages={"required": _("请写明为什么要导出：导出的是很多人的情况，原因会留痕。")},
    )
    tab = forms.ChoiceField()
    check = forms.CharField(required=False, max_length=8)
    due = forms.CharField(required=False, max_length=8)
    of_kind = forms.CharField(required=False, max_length=24)
    text = forms.CharField(required=False, max_length=60)

    def __init__(self, posted: Mapping[str, Any], *, tabs: Sequence[str]) -> None:
        super().__init__(posted)
        choice = self.fields["tab"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(tab, tab) for tab in tabs]

    def parameters(self) -> dict[str, str]:
        """The list's own narrowing."""
        given = self.cleaned_data
        return {
            "tab": given["tab"],
            "kind": given["of_kind"],
            "check": given["check"],
            "due": given["due"],
            "text": given["text"],
        }

    def first_problem(self) -> str:
        """The first sentence that says what is missing."""
        return str(next(iter(self.errors.values()))[0])
