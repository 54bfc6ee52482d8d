"""Small files that are what they say, and words of a letter, for the tests of papers and letters."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from django.template.loader import render_to_string

from cases.letters import Words
from cases.models import Letter

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20) + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


def words(*, addressee: str = "陈志强（身份证号 1301**********0003）：", sample: str = "") -> Words:
    """A letter that uses every part: table, two paragraphs, several sections."""
    return {
        "agency": "石家庄市失业保险经办机构",
        "reference": "申请日 2025年9月26日",
        "title": "失业保险金核定决定书",
        "addressee": addressee,
        "opening": ["经核对，", "符合条件", "，予以核定。"],
        "sections": [
            {
                "heading": "一、核定结果",
                "table": {
                    "head": ["项目", "怎么来的", "核定"],
                    "rows": [
                        ["每月", "长安区，1 档", "1,980.00 元"],
                        ["共计", "(17 个月) <a & b>", "33,660.00 元"],
                    ],
                },
                "paragraphs": ["第一段。", "第二段 \\ (a) #b *c* $d$ _e_ @f <g> “h”。"],
            },
            {"heading": "二、对本决定不服", "table": None, "paragraphs": ["60 日内，可以申请行政复议。"]},
        ],
        "date": "2025年9月30日",
        "sample": sample,
        "signed": ["经办 宋颖　复核 高慧　电话 12333", "本决定由工作人员作出。"],
        "code_label": "核对码",
        "code_note": "真伪可在“我的”里查验",
    }


class _Text(HTMLParser):
    """The text of a page without what is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.drawing = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.drawing += tag == "svg"

    def handle_endtag(self, tag: str) -> None:
        self.drawing -= tag == "svg"

    def handle_data(self, data: str) -> None:
        if not self.drawing:
            self.pieces.append(data)


def page_text(letter: Letter) -> str:
    """What the page of a letter says, blanks taken out."""
    reader = _Text()
    reader.feed(render_to_string("letters/_letter.html", {"letter": letter, "words": letter.words}))
    return tight("".join(reader.pieces))


def tight(text: str) -> str:
    """Text without blanks of any width: where a line ends is the setting's own matter."""
    return re.sub(r"\s", "", text)
