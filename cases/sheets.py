"""Reads a table that another system wrote: CSV in UTF-8 or GB18030, or a workbook, as a stream of parts.

The encoding is found, not asked for; columns are known by their headings, in any order. A file that cannot be
read as agreed is `Refused` as a whole; a row that cannot is a fault with line, column and reason, and the
others go on. Nothing here holds more of a file than one part, but for a workbook, whose size is bounded. No
database and no clock.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import BinaryIO

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from cases.cells import BadCell, Reader, masked
from law.errors import Refused

ROWS_A_PART = 20_000
MOST_ROWS = 5_000_000
MOST_BYTES = 256 * 1024 * 1024
MOST_WORKBOOK_BYTES = 64 * 1024 * 1024
MOST_UNPACKED_BYTES = 1024 * 1024 * 1024
MOST_SHARED_BYTES = 128 * 1024 * 1024
"""The rows of a workbook are read as a stream; all else of it, the texts they share among it, is not."""
BLOCK = 1024 * 1024
LONGEST_CELL = 10_000
KNOWN_TEXTS = 200_000
"""How many texts of a column are remembered at a time."""

_WORKBOOK, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BESIDE_A_HEADING = re.compile(r"[\s*:_]|\(元\)|\(fen\)")
_EXACT_DIGITS = 15
"""A workbook keeps numbers to so many places: a longer one is not what was typed."""

Open = Callable[[], BinaryIO]
"""Opens the file at its beginning, as often as it is read."""


@dataclass(frozen=True)
class Column:
    """One column: its own name, the headings it is known by (the first is shown), and how a cell is read.

    `default`: what an empty cell means; None where it may not be empty. Not `required`: it may be missing.
    Not `kept`: it is known, and nothing of it is read.
    """

    name: str
    headings: Sequence[str]
    read: Reader
    default: str | None = None
    required: bool = True
    is_personal: bool = False
    kept: bool = True


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of sheet."""

    columns: Sequence[Column]

    def kept(self) -> list[Column]:
        """Those that are read, in their order."""
        return [column for column in self.columns if column.kept]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row was not taken. `column` is the column's name, empty where it is the whole row."""

    line: int
    column: str
    reason: str
    value: str


@dataclass
class Part:
    """The next rows: `lines` of the good ones, their columns by name, and the faults of the others."""

    lines: list[int] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    read: int = 0


Row = tuple[int, list[str]]


class Sheet:
    """One file, opened: how many lines it has about (0: not known), and its parts."""

    def __init__(self, rows: Iterator[Row], *, layout: Layout, about: int) -> None:
        self.about = max(about - 1, 0)
        self._rows = rows
        self._layout = layout
        first = next((row for row in rows if any(row[1])), None)
        if first is None:
            raise Refused("sheet.empty")
        self._width = len(first[1])
        self._places = _places(first[1], layout)
        self._known: dict[str, dict[str, str]] = {column.name: {} for column in layout.columns}
        self._faulty: dict[str, dict[str, str]] = {column.name: {} for column in layout.columns}

    def parts(self) -> Iterator[Part]:
        """The rows behind the headings. `Refused`: "sheet.no_rows", "sheet.too_many", "sheet.damaged"."""
        total = 0
        while chunk := list(islice(self._rows, ROWS_A_PART)):
            filled = [row for row in chunk if any(row[1])]
            total += len(filled)
            if total > MOST_ROWS:
                raise Refused("sheet.too_many", most=MOST_ROWS)
            if filled:
                yield self._read(filled)
        if not total:
            raise Refused("sheet.no_rows")

    def _read(self, rows: Sequence[Row]) -> Part:
        part = Part(read=len(rows))
        whole = [row for row in rows if len(row[1]) == self._width]
        for line, cells in rows:
            if len(cells) != self._width:
                part.faults.append(Fault(line, "", "row.width", str(len(cells))))
        lines = [line for line, _cells in whole]
        raw = list(zip(*(cells for _line, cells in whole), strict=True))
        bad: set[int] = set()
        for column in self._layout.kept():
            place = self._places.get(column.name)
            if place is None or not whole:
                part.columns[column.name] = [column.default or ""] * len(whole)
                continue
            part.columns[column.name] = self._judged(column, raw[place], lines, part, bad)
        if bad:
            good = [nth for nth in range(len(whole)) if nth not in bad]
            part.columns = {name: [cells[nth] for nth in good] for name, cells in part.columns.items()}
            lines = [lines[nth] for nth in good]
        part.lines = lines
        part.faults.sort(key=lambda fault: fault.line)
        return part

    def _judged(
        self, column: Column, cells: Sequence[str], lines: Sequence[int], part: Part, bad: set[int]
    ) -> list[str]:
        """A column read: each text that occurs in it once, however often it stands there."""
        known, faulty = self._known[column.name], self._faulty[column.name]
        if len(known) + len(faulty) > KNOWN_TEXTS:
            known.clear()
            faulty.clear()
        distinct = set(cells)
        for text in distinct.difference(known, faulty):
            try:
                known[text] = _read_cell(column, text)
            except BadCell as found:
                faulty[text] = found.reason
        if distinct.isdisjoint(faulty):
            return list(map(known.__getitem__, cells))
        for nth, text in enumerate(cells):
            if text in faulty:
                value = masked(text, is_personal=column.is_personal)
                part.faults.append(Fault(lines[nth], column.name, faulty[text], value))
                bad.add(nth)
        return [known.get(text, "") for text in cells]


def _read_cell(column: Column, text: str) -> str:
    if not text.strip():
        if column.default is None:
            raise BadCell("cell.empty")
        return column.default
    if len(text) > LONGEST_CELL:
        raise BadCell("text.long")
    return column.read(text)


# --- headings ---------------------------------------------------------------------------------------------


def _places(headings: Sequence[str], layout: Layout) -> dict[str, int]:
    """Where each column stands. `Refused` names what is missing, there twice, or unknown."""
    by_heading = {
        _plain(heading): column.name
        for column in layout.columns
        for heading in (column.name, *column.headings)
    }
    places: dict[str, int] = {}
    unknown: list[str] = []
    for place, heading in enumerate(headings):
        name = by_heading.get(_plain(heading))
        if name is None:
            unknown.append(heading.strip()[:20] or f"({place + 1})")
        elif name in places:
            raise Refused("sheet.column_twice", column=heading.strip()[:20])
        else:
            places[name] = place
    missing = [
        column.headings[0] for column in layout.columns if column.required and column.name not in places
    ]
    if missing:
        raise Refused("sheet.column_missing", columns=", ".join(missing))
    if unknown:
        raise Refused("sheet.column_unknown", columns=", ".join(unknown[:10]))
    return places


def _plain(heading: str) -> str:
    return _BESIDE_A_HEADING.sub("", unicodedata.normalize("NFKC", heading).lower())


# --- files ------------------------------------------------------------------------------------------------


@contextmanager
def open_sheet(opened: Open, *, layout: Layout) -> Iterator[Sheet]:
    """The table in a file. What it is, is read from its first bytes, never from its name.

    `Refused`: "sheet.empty", "sheet.old_workbook", "sheet.encoding" (line), "sheet.damaged" (line),
    "sheet.workbook_large" (most), "sheet.more_sheets", and those of the headings and of `Sheet.parts`.
    """
    with opened() as file:
        begins = file.read(4)
    if not begins:
        raise Refused("sheet.empty")
    if begins == _OLD_WORKBOOK:
        raise Refused("sheet.old_workbook")
    if begins == _WORKBOOK:
        with opened() as file, _rows_of_workbook(file) as (rows, about):
            yield Sheet(rows, layout=layout, about=about)
        return
    encoding, about = _encoding(opened)
    with io.TextIOWrapper(opened(), encoding, newline="") as text:
        yield Sheet(_rows_of_csv(text), layout=layout, about=about)


def _encoding(opened: Open) -> tuple[str, int]:
    """UTF-8 if all of it is that, else GB18030; and how many lines there are about."""
    lines = 0
    line_of_fault: dict[str, int] = {}
    with opened() as file:
        begins = file.read(2)
    if begins in _UTF16:
        raise Refused("sheet.encoding", line=1)
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        lines = 0
        with opened() as file:
            try:
                while block := file.read(BLOCK):
                    decoder.decode(block)
                    lines += block.count(b"\n")
                decoder.decode(b"", final=True)
            except UnicodeDecodeError as fault:
                line_of_fault[encoding] = lines + fault.object[: fault.start].count(b"\n") + 1
                continue
        return encoding, lines + 1
    raise Refused("sheet.encoding", line=line_of_fault["utf-8-sig"])


def _rows_of_csv(text: io.TextIOWrapper) -> Iterator[Row]:
    reader = csv.reader(text, strict=False)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error:
        raise Refused("sheet.damaged", line=reader.line_num) from None


@contextmanager
def _rows_of_workbook(file: BinaryIO) -> Iterator[tuple[Iterator[Row], int]]:
    """The rows of the only sheet with something in it."""
    try:
        content = io.BytesIO(file.read(MOST_WORKBOOK_BYTES + 1))
        if len(content.getvalue()) > MOST_WORKBOOK_BYTES:
            raise Refused("sheet.workbook_large", most=MOST_WORKBOOK_BYTES // (1024 * 1024))
        with zipfile.ZipFile(content) as packed:
            sizes = {entry.filename: entry.file_size for entry in packed.infolist()}
            shared = sum(size for name, size in sizes.items() if not name.startswith("xl/worksheets/"))
            if sum(sizes.values()) > MOST_UNPACKED_BYTES or shared > MOST_SHARED_BYTES:
                raise Refused("sheet.workbook_large", most=MOST_WORKBOOK_BYTES // (1024 * 1024))
        book = load_workbook(content, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as damage:
        raise Refused("sheet.damaged", line=1) from damage
    try:
        used = [sheet for sheet in book.worksheets if _is_used(sheet.iter_rows(max_row=5, values_only=True))]
        if not used:
            raise Refused("sheet.empty")
        if len(used) > 1:
            raise Refused("sheet.more_sheets", count=len(used))
        sheet = used[0]
        yield _as_wide(enumerate(sheet.iter_rows(values_only=True), start=1)), sheet.max_row or 0
    finally:
        book.close()


def _is_used(rows: Iterator[Sequence[object]]) -> bool:
    return any(cell is not None for cells in rows for cell in cells)


def _as_wide(rows: Iterator[tuple[int, Sequence[object]]]) -> Iterator[Row]:
    """Rows of a workbook, all as wide as the headings: it leaves out empty cells at the end."""
    width = line = 0
    try:
        for line, cells in rows:
            texts = [_text(cell) for cell in cells]
            while texts and not texts[-1]:
                texts.pop()
            width = width or len(texts)
            yield line, texts + [""] * (width - len(texts)) if texts else []
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, SyntaxError) as damage:
        raise Refused("sheet.damaged", line=line + 1) from damage


def _text(cell: object) -> str:
    """A cell of a workbook as text. A number too long to be kept exactly shows that it was not."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell)
        case int() if len(str(abs(cell))) > _EXACT_DIGITS:
            return f"{cell:e}"
        case float() if abs(cell) >= 10**_EXACT_DIGITS:
            return f"{cell:e}"
        case float():
            return f"{cell:.6f}".rstrip("0").rstrip(".")
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case _:
            return str(cell)
