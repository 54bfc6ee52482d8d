"""Which layout a batch has: chosen by the payer's bank when it is sealed, known by its own bytes ever after.

Pure. It must never read a setting: a batch that was sealed before the bank changed keeps its layout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from payouts.formats import bank_file, iso20022
from payouts.formats.bank_file import Header, Line, Read


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written, read, encoded and named on the wire."""

    code: str
    charset: str
    media_type: str
    build: Callable[[Header, Sequence[Line]], bytes]
    read: Callable[[bytes], Read]


TEXT = Layout("text", bank_file.ENCODING, "text/plain", bank_file.build, bank_file.read)
PAIN001 = Layout("pain001", iso20022.ENCODING, "application/xml", iso20022.build, iso20022.read)
LAYOUTS: Mapping[str, Layout] = {layout.code: layout for layout in (TEXT, PAIN001)}


@dataclass(frozen=True, slots=True, repr=False)
class StoredFile:
    """A sealed file as it is kept: its layout and its bytes. Has no repr: the bytes name people."""

    layout: Layout
    content: bytes

    def read(self) -> Read:
        """What it says. Raises FileFault."""
        return self.layout.read(self.content)


def stored(text: str) -> StoredFile:
    """A kept text as the file that it is: XML begins with `<`, the delimited text with `H`."""
    layout = PAIN001 if text.startswith("<") else TEXT
    return StoredFile(layout, text.encode(layout.charset))
