"""A form field for papers: several files, checked and cleaned to what services take. Never a save."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from cases.attachments import Paper, check
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
