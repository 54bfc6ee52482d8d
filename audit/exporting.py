"""The figures of a year as a file: a row a month, county, measure and subject. Nobody is in it."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.selectors import in_regions, region_names
from audit.models import Measure, MonthFigure
from cases import kinds
from cases.exporting import Exported, register
from cases.kinds import WAITS_FOR_LABELS, WaitsFor
from law.money import Fen, yuan

ROWS_A_PART = 2_000
IN_FEN = (Measure.SPENT_FEN, Measure.RETURNED_FEN)


def count(viewer: User, parameters: Mapping[str, str], *, now: datetime) -> int:
    """How many rows the year has."""
    return in_regions(MonthFigure.objects.filter(month__startswith=parameters["year"]), viewer).count()


def part(
    viewer: User, parameters: Mapping[str, str], *, after: str, now: datetime
) -> tuple[list[list[str]], str, bool]:
    """The next rows in the order in which they were first counted."""
    rows = in_regions(MonthFigure.objects.filter(month__startswith=parameters["year"]), viewer)
    found = list(rows.filter(pk__gt=int(after or 0)).order_by("pk")[:ROWS_A_PART])
    names = region_names()
    with translation.override(parameters.get("language") or translation.get_language()):
        cells = [_cells(row, names) for row in found]
    return cells, str(found[-1].pk) if found else after, len(found) < ROWS_A_PART


def _cells(row: MonthFigure, names: Mapping[str, str]) -> list[str]:
    measure = Measure(row.measure)
    return [
        row.month,
        row.region,
        names.get(row.region) or "",
        row.measure,
        str(measure.label),
        _subject(row.subject, measure),
        str(row.step) if measure is Measure.DAYS else "",
        yuan(Fen(row.value)) if measure in IN_FEN else str(row.value),
    ]


def _subject(code: str, measure: Measure) -> str:
    """The words of what a figure is about; the code where there are none."""
    if measure is Measure.MINUTES:
        return str(WAITS_FOR_LABELS[WaitsFor(code)])
    known = {kind.code: str(kind.label) for kind in kinds.all_kinds()}
    return known.get(code, code)


def headings() -> list[str]:
    """The first row."""
    return [
        _("月份"),
        _("区划代码"),
        _("区县"),
        _("代码"),
        _("数字"),
        _("事项"),
        _("工作日"),
        _("值"),
    ]


register("FIGURES", Exported(gettext_lazy("看板数字"), headings, count, part))
