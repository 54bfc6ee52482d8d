"""Reads the text of a letter's PDF back, in the order in which it is drawn: enough of PDF for our own files.

No library for this is among the dependencies. What is read is what the file says about its glyphs
(ToUnicode), which is also what a screen reader and a search see.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

_STREAM = re.compile(rb"\d+ 0 obj\s*<<(?P<head>[^\n]*)>>\s*stream\r?\n")
_PAIR = re.compile(r"<([0-9A-F]{4})> <([0-9A-F]+)>")
_BLOCK = re.compile(rb"\nBT (.*?)\nET\n", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(pdf: bytes) -> str:
    """All text of a PDF as it is drawn; nothing between two pieces."""
    streams = list(_streams(pdf))
    (cmap,) = [stream.decode() for stream in streams if b"begincmap" in stream]
    glyphs = {int(code, 16): bytes.fromhex(text).decode("utf-16-be") for code, text in _PAIR.findall(cmap)}
    return "".join(
        glyphs[int.from_bytes(drawn[at : at + 2], "big")]
        for stream in streams
        if b" Tf" in stream
        for drawn in _strings(stream)
        for at in range(0, len(drawn), 2)
    )


def _streams(pdf: bytes) -> Iterator[bytes]:
    for found in _STREAM.finditer(pdf):
        length = re.search(rb"/Length (\d+)", found["head"])
        assert length is not None
        content = pdf[found.end() : found.end() + int(length[1])]
        yield zlib.decompress(content) if b"FlateDecode" in found["head"] else content


def _strings(stream: bytes) -> Iterator[bytes]:
    """The strings of the text blocks, hexadecimal or literal.

    Brackets within a literal one stand unescaped as long as they pair.
    """
    for block in _BLOCK.findall(stream):
        at, begun, depth = 0, 0, 0
        while at < len(block):
            match block[at : at + 1]:
                case b"\\":
                    at += 1
                case b"<" if depth == 0:
                    end = block.index(b">", at)
                    yield bytes.fromhex(block[at + 1 : end].decode())
                    at = end
                case b"(":
                    depth += 1
                    begun = at + 1 if depth == 1 else begun
                case b")":
                    depth -= 1
                    if depth == 0:
                        yield _ESCAPE.sub(_unescaped, block[begun:at])
                case _:
                    pass
            at += 1


def _unescaped(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    if sign.isdigit():
        return bytes([int(sign, 8)])
    return _LETTERS.get(sign, sign)
