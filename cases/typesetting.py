"""Sets the words of a letter as a PDF with typst: PDF/A-2a, tagged, in the one font that is shipped.

Offline and closed: typst sees the folder of letters, the shipped font, and the words it is handed. It adds no
word of its own. Reads nothing from the database.
"""

import json
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string

from cases.models import Letter

if TYPE_CHECKING:
    from typst import Fonts

FONT_PACKAGE = "noto_cjk_sans_otc"
# How typst says under PDF/A that no glyph is there, or that archives may not hold the character at all; the
# text is quoted as Rust quotes it.
_LACKING = re.compile(
    r"the text (?:contains the disallowed codepoint )?`\"(?P<text>.*?)\"`(?: could not be displayed|$)",
    re.DOTALL,
)
_QUOTED = re.compile(r"\\u\{([0-9a-f]+)\}")


class MissingGlyph(Exception):
    """The shipped font has no glyph for a character of a letter. Names it by its code point alone."""

    def __init__(self, characters: str) -> None:
        self.code_points = [f"U+{ord(character):04X}" for character in characters]
        super().__init__(", ".join(self.code_points))


def typeset(letter: Letter) -> bytes:
    """The letter as a PDF. Raises MissingGlyph; any other fault of the setting is a bug and stays one."""
    # Eight megabytes that most processes never need.
    import typst  # noqa: PLC0415 - see the line above

    try:
        return typst.compile(
            folder() / "letter.typ",
            root=folder(),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs=inputs(letter),
            pdf_standards="a-2a",
            timestamp=int(letter.issued_at.timestamp()),
        )
    except typst.TypstError as fault:
        found = _LACKING.search(fault.message)
        if found is None:
            raise
        characters = _QUOTED.sub(lambda code: chr(int(code[1], 16)), found["text"])
        raise MissingGlyph(characters) from fault


def folder() -> Path:
    """Where the two settings of a letter lie side by side."""
    return Path(settings.BASE_DIR) / "templates" / "letters"


def inputs(letter: Letter) -> dict[str, str]:
    """What typst is handed: the frozen words with number and code, and the drawing of the sample seal."""
    words = letter.words
    said = {**words, "number": letter.number, "code": letter.code}
    seal = render_to_string("letters/_seal.svg", {"words": words}) if words["sample"] else ""
    return {"letter": json.dumps(said, ensure_ascii=False), "seal": seal}


@lru_cache(maxsize=1)
def _fonts() -> "Fonts":
    import typst  # noqa: PLC0415 - as in `typeset`

    found = find_spec(FONT_PACKAGE)
    assert found is not None and found.origin is not None
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[Path(found.origin).parent],
    )
