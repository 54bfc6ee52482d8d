"""The English catalogue: which texts are translated, where each stands, and what is wrong with their English.

Source texts are Chinese. They are collected from the syntax trees of the apps, from the templates (as Django
itself reads them), and from the law, whose sentences and names pages translate while they run. Nothing is
translated here and nothing is guessed: a text without its English is reported, and a call whose text cannot
be known beforehand must be named in `AT_RUNTIME`.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import polib
from django.utils.translation.template import templatize

import law
from config.home import ROOT
from law.decision import Reference
from law.parameters import ParameterBook
from law.sentences import PATTERNS

APPS = (
    "accounts", "audit", "cases", "claims", "config", "enterprises", "gateways", "payouts", "policy",
    "subsidies",
)  # fmt: skip
CATALOGUE = ROOT / "locale/en/LC_MESSAGES/django.po"
WRAP = 100

FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "gettext": ("msgid",),
    "gettext_lazy": ("msgid",),
    "gettext_noop": ("msgid",),
    "ngettext": ("msgid", "plural"),
    "ngettext_lazy": ("msgid", "plural"),
    "pgettext": ("context", "msgid"),
    "pgettext_lazy": ("context", "msgid"),
    "npgettext": ("context", "msgid", "plural"),
    "npgettext_lazy": ("context", "msgid", "plural"),
}
"""Django's functions and what their first arguments are."""

AT_RUNTIME: Mapping[tuple[str, str], str] = {
    ("accounts/forms.py", "name"): "names of counties, from the law",
    ("cases/selectors.py", "name"): "names of counties, from the law",
    ("cases/wording.py", "reason.pattern"): "sentences, from the law",
    ("cases/wording.py", "value"): "names and hints in those sentences, from the law",
    ("cases/wording.py", "reference.title"): "titles of laws and notices, from the law",
    ("cases/wording.py", "article"): "articles that are not numbered, from the law",
    ("claims/change_pages.py", "one.why"): "an officer's words, or CATEGORY_WANTED of claims/words.py",
    ("claims/pages.py", "name"): "names of counties, from the law",
    ("claims/paperwork.py", "ways.body"): "who decides on a reconsideration, from the law",
    ("claims/pages.py", "row['name']"): "names of separation reasons, from the law",
    ("policy/wording.py", "citation.number"): "numbers of documents, from the law",
    ("policy/wording.py", "leaf"): "names of counties and of the bureau, from the law",
    ("policy/wording.py", "text"): "names, hints and articles of separation reasons, from the law",
    ("config/pages.py", "name"): "names of counties, from the law",
}
"""Calls whose text is not written beside them, by file and expression, and where the texts come from."""

HAN = re.compile(r"[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")
_NAMED = re.compile(r"%(?:\((?P<name>[^)]*)\))?[-+ #0]*\d*(?:\.\d+)?(?P<kind>[sdifr%])")
_TAG = re.compile(r"<(/?\w+)")
# What `templatize` leaves of a tag is its text as a Python literal inside the call of a function; the rest is
# blanked out.
_CALL = re.compile(
    r"(?<![\w.])(?P<function>n?p?gettext|_)\((?P<arguments>\s*u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"(?:\s*,\s*u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))*)\s*(?:,\s*count)?\s*\)"
)


class Untranslatable(Exception):
    """A call whose text cannot be collected. Names file, line and what to do."""


@dataclass(frozen=True, order=True)
class Text:
    """One text to translate. `context` and `plural` are empty where there is none."""

    msgid: str
    context: str = ""
    plural: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What a catalogue finds it by."""
        return self.context, self.msgid


# --- collecting -------------------------------------------------------------------------------------------


def from_python(source: str, name: str) -> Iterator[Text]:
    """The texts of one module. Raises `Untranslatable` for a call whose text is not a literal."""
    tree = ast.parse(source, name)
    known = {
        alias.asname or alias.name: FUNCTIONS[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in FUNCTIONS
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute) and ast.unparse(called.value).endswith("translation"):
            parts = FUNCTIONS.get(called.attr)
        else:
            parts = known.get(called.id) if isinstance(called, ast.Name) else None
        if parts is not None and (name, ast.unparse(node.args[0])) not in AT_RUNTIME:
            yield _text_of(node, parts, name)


def _text_of(call: ast.Call, parts: tuple[str, ...], name: str) -> Text:
    found: dict[str, str] = {}
    for part, argument in zip(parts, call.args, strict=False):
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise Untranslatable(
                f"{name}:{call.lineno}: {ast.unparse(argument)} is not a literal; "
                "name it in AT_RUNTIME and collect its texts"
            )
        found[part] = argument.value
    return Text(**found)


def from_template(source: str, name: str) -> Iterator[Text]:
    """The texts of one template."""
    for call in _CALL.finditer(templatize(source, origin=name)):
        arguments = ast.literal_eval(f"({call['arguments']},)")
        function = "gettext" if call["function"] == "_" else call["function"]
        yield Text(**dict(zip(FUNCTIONS[function], arguments, strict=True)))


def from_law() -> Iterator[Text]:
    """What pages translate while they run: the law's sentences, names, hints and references."""
    yield from (Text(pattern) for pattern in PATTERNS.values())
    for row in ParameterBook.shipped().rows():
        yield from _cited(row.reference.short())
        if HAN.search(row.reference.number):
            yield Text(row.reference.number)
        if row.key in ("region.name", "agency.letterhead"):
            yield from (Text(name) for name in row.table().values() if HAN.search(name))
        elif row.key == "benefit.separation_reasons":
            for reason in row.records():
                yield from (Text(reason[part]) for part in ("name", "hint") if reason.get(part))
                title, sign, article = reason["basis"].partition("第")
                yield from _cited(Reference(title, sign + article))
    for module in pkgutil.iter_modules(law.__path__):
        if module.name != "__main__":
            for value in vars(importlib.import_module(f"law.{module.name}")).values():
                if isinstance(value, Reference):
                    yield from _cited(value)


def _cited(reference: Reference) -> Iterator[Text]:
    if reference.title:
        yield Text(reference.title)
    if HAN.search(reference.article) and not reference.article.startswith("第"):
        yield Text(reference.article)


def collect() -> dict[Text, list[str]]:
    """Every text of the product, and the files it stands in."""
    found: dict[Text, set[str]] = {}
    for path in _files("*.py", *APPS):
        _note(found, from_python(path.read_text(), _name(path)), _name(path))
    for path in _files("*.html", "templates", *APPS):
        _note(found, from_template(path.read_text(), _name(path)), _name(path))
    _note(found, from_law(), "law")
    once = {text.key: text for text in found}
    for text in found:
        if once[text.key] != text:
            where = ", ".join(sorted(found[text] | found[once[text.key]]))
            raise Untranslatable(
                f"{text.msgid!r} has a plural in one place and none, or another, elsewhere ({where}); "
                "give them the same, or a context"
            )
    return {text: sorted(found[text]) for text in sorted(found, key=lambda text: (min(found[text]), text))}


def _files(pattern: str, *folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(pattern)):
            if "migrations" not in path.parts:
                yield path


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _note(found: dict[Text, set[str]], texts: Iterable[Text], name: str) -> None:
    for text in texts:
        found.setdefault(text, set()).add(name)


# --- the catalogue ----------------------------------------------------------------------------------------


def read(path: Path = CATALOGUE) -> polib.POFile:
    """The catalogue, empty if there is none yet."""
    return polib.pofile(str(path), wrapwidth=WRAP) if path.exists() else polib.POFile(wrapwidth=WRAP)


def merge(catalogue: polib.POFile, wanted: Mapping[Text, list[str]]) -> polib.POFile:
    """A catalogue of exactly the wanted texts, with the English that is known."""
    known = {(entry.msgctxt or "", entry.msgid): entry for entry in catalogue if not entry.obsolete}
    merged = polib.POFile(wrapwidth=WRAP)
    merged.metadata = {
        "Project-Id-Version": "Anye",
        "Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for text, places in wanted.items():
        before = known.get(text.key)
        entry = polib.POEntry(
            msgid=text.msgid,
            msgctxt=text.context or None,
            occurrences=[(place, "") for place in places],
            comment=before.tcomment if before else "",
        )
        if text.plural:
            entry.msgid_plural = text.plural
            entry.msgstr_plural = dict(before.msgstr_plural) if before else {}
            entry.msgstr_plural = entry.msgstr_plural or {0: "", 1: ""}
        else:
            entry.msgstr = before.msgstr if before else ""
        if before is not None and before.fuzzy:
            entry.flags.append("fuzzy")
        merged.append(entry)
    return merged


def write(catalogue: polib.POFile, path: Path = CATALOGUE) -> None:
    """Save the catalogue and, beside it, the form that Django loads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    catalogue.save_as_mofile(str(path.with_suffix(".mo")))


# --- checking ---------------------------------------------------------------------------------------------


def problems(catalogue: polib.POFile, wanted: Mapping[Text, list[str]], compiled: bytes | None) -> list[str]:
    """What is wrong, one line each; `compiled` are the bytes of the .mo, None if there is none."""
    entries = {(entry.msgctxt or "", entry.msgid): entry for entry in catalogue}
    found = []
    for text, places in wanted.items():
        entry = entries.get(text.key)
        if entry is None or (text.plural or None) != (entry.msgid_plural or None):
            found.append(f"not in the catalogue: {text.msgid!r} ({', '.join(places)})")
    keys = {text.key for text in wanted}
    for key, entry in entries.items():
        if entry.obsolete or key not in keys:
            found.append(f"no longer used: {entry.msgid!r}")
        else:
            found.extend(f"{fault}: {entry.msgid!r}" for fault in faults(entry))
    if compiled is None:
        found.append("the compiled catalogue is missing")
    elif compiled != catalogue.to_binary():
        found.append("the compiled catalogue differs from the .po file")
    return found


def faults(entry: polib.POEntry) -> list[str]:
    """What is wrong with the English of one text."""
    if entry.fuzzy:
        return ["marked fuzzy"]
    pairs = (
        [(entry.msgid_plural, text) for text in entry.msgstr_plural.values()]
        if entry.msgid_plural
        else [(entry.msgid, entry.msgstr)]
    )
    if len(pairs) != (2 if entry.msgid_plural else 1) or not all(english for _source, english in pairs):
        return ["without English"]
    found = []
    for source, english in pairs:
        if HAN.search(english):
            found.append("Chinese in the English")
        if not set(places(english)) <= set(places(source)) or (
            not entry.msgid_plural and sorted(places(english)) != sorted(places(source))
        ):
            found.append(f"other places ({', '.join(places(english))} for {', '.join(places(source))})")
        if sorted(_TAG.findall(english)) != sorted(_TAG.findall(source)):
            found.append("other tags")
    # "1 month left" may drop the number; the form for many may not.
    if entry.msgid_plural and sorted(places(pairs[-1][1])) != sorted(places(entry.msgid_plural)):
        found.append("the form for many lacks a place")
    return found


def places(text: str) -> list[str]:
    """The places to be filled: `%(name)s`, `%d`, `{name}` and `{name:kind}`, as written."""
    found = [match[0] for match in _NAMED.finditer(text) if match["kind"] != "%"]
    if not found and "{" in text:
        found = [
            f"{{{name}:{kind}}}" if kind else f"{{{name}}}"
            for _literal, name, kind, _conversion in Formatter().parse(text)
            if name is not None
        ]
    return found
