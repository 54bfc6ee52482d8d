"""What the supervisor's page asks for."""

from django import forms

from cases.models import Job

KINDS = (Job.Kind.FIGURES_CSV, Job.Kind.FIGURES_XLSX)


class FiguresForm(forms.Form):
    """A year's figures, in which form. The page offers both, so a wrong one was not typed by a person."""

    kind = forms.ChoiceField(choices=[(kind.value, kind.label) for kind in KINDS])
    year = forms.RegexField(r"^[0-9]{4}$")
