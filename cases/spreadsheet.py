"""Tables as files for spreadsheets: CSV, and Office Open XML workbooks.

Each cell is text and says so: nothing in it is ever taken for a formula. Nothing of the house is known here.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from openpyxl import Workbook

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
LINES_A_BLOCK = 5_000
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Row = Sequence[str]


def safe(cell: str) -> str:
    """A cell that is read as text: what would begin a formula gets an apostrophe, as spreadsheets do it.

    >>> safe("=1+1"), safe("某甲")
    ("'=1+1", '某甲')
    """
    text = _NOT_XML.sub("", cell)
    is_formula = text.startswith(BEGINS_A_FORMULA) or text.lstrip().startswith(BEGINS_A_FORMULA)
    return f"'{text}" if is_formula else text


def as_csv(lines: Sequence[Row]) -> bytes:
    """UTF-8 with a mark, by which spreadsheets know it."""
    return b"".join(csv_blocks(lines))


def csv_blocks(lines: Iterable[Row]) -> Iterator[bytes]:
    """The same piece by piece, for a list that is longer than memory is wide."""
    yield codecs.BOM_UTF8
    rest = iter(lines)
    while block := list(islice(rest, LINES_A_BLOCK)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows([safe(cell) for cell in line] for line in block)
        yield text.getvalue().encode()


def as_xlsx(lines: Sequence[Row], *, title: str) -> bytes:
    """A workbook of one sheet, whose cells are all text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title=title)
    for line in lines:
        sheet.append([safe(cell) for cell in line])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
