"""THE table of what is brought in from the core system: each kind of sheet, who takes it, and its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _

import enterprises.sheets
from cases.intake import Line, waits_for_signature
from cases.intake_models import Intake
from claims import contributions, recipients

LINES: Mapping[str, Line] = {
    Intake.Kind.CONTRIBUTIONS.value: Line(
        Intake.Kind.CONTRIBUTIONS, contributions.layout, contributions.ContributionTaker
    ),
    # What is imported is paid: nobody does that alone.
    Intake.Kind.RECIPIENTS.value: Line(
        Intake.Kind.RECIPIENTS, recipients.layout, recipients.RecipientTaker, needs_signature=True
    ),
    Intake.Kind.ENTERPRISES.value: enterprises.sheets.LINE,
}

REASONS: Mapping[str, str | Promise] = {
    **contributions.REASONS,
    **recipients.REASONS,
    **enterprises.sheets.REASONS,
}


@dataclass(frozen=True)
class Standing:
    """How a file stands, in words and a tone."""

    words: str
    tone: str
    runs: bool = False


def standing_of(intake: Intake) -> Standing:
    """What a page says of a file."""
    if intake.problem:
        return Standing(_("没有导入"), "bad")
    if intake.finished_at is not None:
        return Standing(_("有未导入的行"), "warn") if intake.refused else Standing(_("导入了"), "ok")
    if waits_for_signature(intake):
        return Standing(_("等复核"), "warn")
    if intake.started_at is None:
        return Standing(_("排队"), "idle", runs=True)
    return Standing(_("正在导入"), "idle", runs=intake.is_kept)


@dataclass(frozen=True)
class Columns:
    """The columns of one kind of sheet, for the page that explains them."""

    label: str
    required: Sequence[str]
    optional: Sequence[str]


def columns_of(today: date) -> list[Columns]:
    """Which columns each kind of sheet has, and which of them may be left out."""
    found = []
    for code, line in LINES.items():
        columns = line.layout(today).columns
        found.append(
            Columns(
                str(Intake.Kind(code).label),
                [column.headings[0] for column in columns if column.required],
                [column.headings[0] for column in columns if not column.required],
            )
        )
    return found
