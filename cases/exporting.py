"""Lists as files: which lists there are, and the queue as the first of them.

A list is read in parts, as the person who asked may see it; no spreadsheet takes a cell for a formula, and
personal numbers are masked. Higher apps register theirs when they load. Nothing here writes to the database.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from cases import queue, selectors
from cases.kinds import Label
from cases.queue import Filters
from cases.spreadsheet import Row, as_csv, as_xlsx
from law.money import Fen, yuan_grouped
from law.workdays import LEGAL_ZONE, legal_day

ROWS_A_PART = 500


def count(viewer: User, parameters: Mapping[str, str], *, now: datetime) -> int:
    """How many rows the list has now."""
    return queue.total(viewer, tab=parameters["tab"], filters=_filters(parameters), today=legal_day(now))


def part(
    viewer: User, parameters: Mapping[str, str], *, after: str, now: datetime
) -> tuple[list[list[str]], str, bool]:
    """The next rows after a position, the position behind them, and whether they are the last."""
    page = selectors.open_cases(
        viewer,
        tab=parameters["tab"],
        filters=_filters(parameters),
        now=now,
        after=after,
        limit=ROWS_A_PART,
    )
    with translation.override(parameters.get("language") or translation.get_language()):
        rows = [_cells(row) for row in page.rows]
    return rows, page.next_after or after, not page.next_after


def _filters(parameters: Mapping[str, str]) -> Filters:
    return Filters(
        kind=parameters.get("kind", ""),
        check=parameters.get("check", ""),
        due=parameters.get("due", ""),
        text=parameters.get("text", ""),
    )


def _cells(row: selectors.Row) -> list[str]:
    case = row.case
    received = timezone.localtime(case.opened_at, LEGAL_ZONE)
    return [
        case.number,
        row.party_name,
        row.masked_number,
        str(row.kind_label),
        str(row.region_name),
        f"{received:%Y-%m-%d}",
        case.promise_due.isoformat() if case.promise_due else "",
        case.statutory_due.isoformat() if case.statutory_due else "",
        str(row.passed),
        str(row.failed),
        str(row.unknown),
        yuan_grouped(Fen(row.amount_fen)) if row.amount_fen is not None else "",
        str(row.status_label),
        row.handler_name,
    ]


def headings() -> list[str]:
    """The first row."""
    return [
        _("案号"),
        _("申请人"),
        _("证件号码"),
        _("事项"),
        _("参保地"),
        _("收到"),
        _("承诺"),
        _("法定"),
        _("符合"),
        _("不符合"),
        _("待核实"),
        _("金额（元）"),
        _("状态"),
        _("经办人"),
    ]


class Count(Protocol):
    """How many rows a list has now."""

    def __call__(self, viewer: User, parameters: Mapping[str, str], *, now: datetime) -> int: ...


class Part(Protocol):
    """The next rows after a position, the position behind them, and whether they are the last."""

    def __call__(
        self, viewer: User, parameters: Mapping[str, str], *, after: str, now: datetime
    ) -> tuple[list[list[str]], str, bool]: ...


@dataclass(frozen=True)
class Exported:
    """One list that can become a file: its name, its first row, how it is counted and read."""

    name: Label
    headings: Callable[[], list[str]]
    count: Count
    part: Part


LISTS: dict[str, Exported] = {"QUEUE": Exported(gettext_lazy("待办"), headings, count, part)}
"""The lists by the word with which the kinds of their jobs begin: QUEUE_CSV is the queue as CSV."""


def register(code: str, exported: Exported) -> None:
    """Make a list of a higher app known; called once when it loads."""
    LISTS[code] = exported


def list_of(kind: str) -> Exported:
    """The list that a kind of job exports."""
    return LISTS[kind.rpartition("_")[0]]


def file(kind: str, rows: Sequence[Row]) -> bytes:
    """The bytes of the file."""
    listed = list_of(kind)
    lines = [listed.headings(), *rows]
    return as_csv(lines) if kind.endswith("_CSV") else as_xlsx(lines, title=str(listed.name))
