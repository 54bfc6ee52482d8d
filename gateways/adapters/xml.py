"""Reads one XML document strictly: what is asked for must be there and be of its kind, or none of it counts.

A document type declaration is refused before anything of it is read, so there are no entities to expand and
nothing to fetch. Nothing is repaired and nothing is guessed. The error names the place and never its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from gateways.adapters.fields import is_storable
from gateways.adapters.wire import BadAnswer
from law.money import Fen
from law.workdays import LEGAL_ZONE

CURRENCY = "CNY"
LONGEST_TEXT = 400
DEEPEST = 40

_AMOUNT = re.compile(r"(\d{1,13})(?:\.(\d{1,5}))?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)


def is_xml(body: bytes) -> bool:
    """Whether an answer is a document of this kind rather than a JSON object."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def parse(body: bytes, *, namespace: str) -> Node:
    """The document's root. Raises `BadAnswer` for what is no XML, has a DTD, or is another message."""
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise BadAnswer("depth")
        builder.start(_qualified(name), attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_qualified(name))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):  # the last two: an encoding that nobody knows
        raise BadAnswer("document") from None
    root = builder.close()
    if root.tag != f"{{{namespace}}}Document":
        raise BadAnswer("Document")
    return Node(root, namespace, "")


def _qualified(name: str) -> str:
    return "{" + name if "}" in name else name


def _refuse(*_declaration: object) -> None:
    raise BadAnswer("DOCTYPE")


class Node:
    """Typed access to one element. Children are asked for by name, in the document's own namespace."""

    __slots__ = ("_at", "_element", "_namespace")

    def __init__(self, element: Element, namespace: str, at: str) -> None:
        self._element = element
        self._namespace = namespace
        self._at = at

    def bad(self, name: str = "") -> BadAnswer:
        """The error for child `name`, or for this element itself."""
        return BadAnswer(".".join(part for part in (self._at, name) if part))

    def each(self, name: str) -> Iterator[Node]:
        """All children of that name, in order."""
        found = self._element.findall(f"{{{self._namespace}}}{name}")
        for position, element in enumerate(found):
            place = f"{name}[{position}]" if len(found) > 1 else name
            yield Node(element, self._namespace, f"{self._at}.{place}" if self._at else place)

    def inner_or_none(self, path: str) -> Node | None:
        """The only element under that path of names (`Id/Othr/Id`), None if there is none; two are a
        fault.
        """
        node = self
        for name in path.split("/"):
            found = list(node.each(name))
            if len(found) > 1:
                raise node.bad(name)
            if not found:
                return None
            node = found[0]
        return node

    def inner(self, path: str) -> Node:
        """The only element under that path; it must be there."""
        node = self.inner_or_none(path)
        if node is None:
            raise self.bad(path.replace("/", "."))
        return node

    def text_or_empty(self, path: str, *, longest: int = LONGEST_TEXT) -> str:
        """The text under that path, "" where there is none."""
        node = self.inner_or_none(path)
        return "" if node is None else node.own_text(longest=longest)

    def own_text(self, *, longest: int = LONGEST_TEXT) -> str:
        """The text of this element, which has no elements in it."""
        value = self._element.text or ""
        if len(self._element) or len(value) > longest:
            raise self.bad()
        return value

    def text(self, path: str, *, longest: int = LONGEST_TEXT) -> str:
        """The text under that path; not empty."""
        value = self.text_or_empty(path, longest=longest)
        if not value:
            raise self.bad(path.replace("/", "."))
        return value

    def choice(self, path: str, allowed: frozenset[str]) -> str:
        """A code, one of `allowed`."""
        value = self.text(path)
        if value not in allowed:
            raise self.bad(path.replace("/", "."))
        return value

    def whole_or_none(self, path: str) -> int | None:
        """A whole number of 0 or more."""
        value = self.text_or_empty(path)
        if value and _WHOLE.fullmatch(value) is None:
            raise self.bad(path.replace("/", "."))
        return int(value) if value else None

    def fen_or_none(self, path: str, *, has_currency: bool = True) -> Fen | None:
        """An amount of money in fen, from yuan with at most two decimals that are not zero."""
        node = self.inner_or_none(path)
        if node is None:
            return None
        if has_currency and node._element.get("Ccy") != CURRENCY:
            raise node.bad("Ccy")
        matched = _AMOUNT.fullmatch(node._element.text or "")
        if matched is None:
            raise node.bad()
        decimals = (matched[2] or "").ljust(5, "0")
        if decimals[2:] != "000":
            raise node.bad()
        return Fen(int(matched[1]) * 100 + int(decimals[:2]))

    def fen(self, path: str, *, has_currency: bool = True) -> Fen:
        """The same; it must be there."""
        amount = self.fen_or_none(path, has_currency=has_currency)
        if amount is None:
            raise self.bad(path.replace("/", "."))
        return amount

    def day(self, path: str) -> date:
        """A calendar day, of a date or of an instant in China's time."""
        value = self.text(path)
        if _DAY.fullmatch(value) is None:
            return self.moment(path).astimezone(LEGAL_ZONE).date()
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.bad(path.replace("/", ".")) from None

    def moment(self, path: str) -> datetime:
        """An instant. One that names no offset is in China's time, as the standard's local time."""
        value = self.text(path)
        try:
            if _MOMENT.fullmatch(value) is None:
                raise ValueError
            found = datetime.fromisoformat(value)
        except ValueError:
            raise self.bad(path.replace("/", ".")) from None
        if not is_storable(found):
            raise self.bad(path.replace("/", "."))
        return found if found.tzinfo is not None else found.replace(tzinfo=LEGAL_ZONE)
