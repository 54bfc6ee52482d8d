"""Tables as files for spreadsheets: CSV, and the least that is an Office Open XML workbook.

Each cell is text and says so: nothing in it is ever taken for a formula. Nothing of the house is known here.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Row = Sequence[str]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEET}.worksheet+xml"/></Types>'
)
_STEP = '<Relationship Id="rId1" Type="{office}/{kind}" Target="{target}"/>'


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
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([safe(cell) for cell in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(lines: Sequence[Row], *, title: str) -> bytes:
    """A workbook of one sheet, whose cells are all inline text."""
    content = io.BytesIO()
    book = (
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name={quoteattr(title)} sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _way("officeDocument", "xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", book)
        archive.writestr("xl/_rels/workbook.xml.rels", _way("worksheet", "worksheets/sheet1.xml"))
        archive.writestr("xl/worksheets/sheet1.xml", "".join(_sheet(lines)))
    return content.getvalue()


def _way(kind: str, target: str) -> str:
    step = _STEP.format(office=_OFFICE, kind=kind, target=target)
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{step}</Relationships>'


def _sheet(lines: Sequence[Row]) -> Iterator[str]:
    yield f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'
    for line in lines:
        yield "<row>"
        for cell in line:
            yield f'<c t="inlineStr"><is><t xml:space="preserve">{escape(safe(cell))}</t></is></c>'
        yield "</row>"
    yield "</sheetData></worksheet>"
