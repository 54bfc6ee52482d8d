"""English is complete: every text has its own, with the same places and tags, and it is what Django loads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import polib
import pytest
from django.template.base import Lexer, TokenType
from django.utils.translation import gettext, ngettext, override, pgettext

from config import translations
from config.home import ROOT
from config.translations import HAN, Text, Untranslatable, faults, from_python, from_template, merge, problems
from law.sentences import PATTERNS
from tests.house.sources import APPS, called, name, python_files, templates, tree_of


def test_english_is_complete() -> None:
    """`./manage translations` adds what is missing to the catalogue; a translator fills it in."""
    compiled = translations.CATALOGUE.with_suffix(".mo").read_bytes()
    assert problems(translations.read(), translations.collect(), compiled) == []


def test_a_second_run_changes_nothing() -> None:
    wanted = translations.collect()
    merged = merge(translations.read(), wanted)
    assert str(merge(merged, wanted)) == str(merged)


def test_what_is_loaded_is_what_is_written() -> None:
    with override("en"):
        for entry in translations.read():
            if entry.msgid_plural:
                if not entry.msgctxt:
                    for count in (1, 2):
                        said = ngettext(entry.msgid, entry.msgid_plural, count)
                        assert said == (entry.msgstr_plural[int(count != 1)] or entry.msgid_plural)
            elif entry.msgctxt:
                assert pgettext(entry.msgctxt, entry.msgid) == (entry.msgstr or entry.msgid)
            else:
                assert gettext(entry.msgid) == (entry.msgstr or entry.msgid)


def test_the_laws_sentences_are_found() -> None:
    wanted = {text.msgid for text in translations.collect()}
    assert set(PATTERNS.values()) <= wanted
    assert {"长安区", "经济性裁员", "失业保险条例"} <= wanted


def test_every_call_named_as_made_at_run_time_is_there() -> None:
    """A name left behind would hide the next text that nobody collects."""
    for (path, expression), _where in translations.AT_RUNTIME.items():
        source = (ROOT / path).read_text()
        assert f"({expression.replace(chr(39), chr(34))})" in source, f"{path} translates no {expression}"


# --- what is not translated -------------------------------------------------------------------------------

CHINESE_ON_PURPOSE = {
    "accounts/demo.py": "names of the demo's officers",
    "audit/letters.py": "letters are Chinese",
    "cases/attachments.py": "the name of a file without one",
    "cases/cells.py": "reads months, days and amounts as Chinese systems write them",
    "cases/letters.py": "letters are Chinese",
    "cases/sheets.py": "reads headings as Chinese systems write them",
    "cases/spreadsheet.py": "full-width signs that begin a formula",
    "cases/templatetags/anye.py": "Chinese dates; their English stands beside them",
    "cases/wording.py": "Chinese dates and numerals of articles; their English stands beside them",
    "claims/contributions.py": "headings and words of the core system's sheets",
    "claims/letters.py": "letters are Chinese",
    "claims/recipients.py": "headings and words of the core system's sheets",
    "config/city.py": "what officers of the demo city wrote",
    "config/city_units.py": "the name of the demo city's core system",
    "config/play.py": "reads Chinese pages",
    "config/settings.py": "the name of an account",
    "config/translations.py": "numerals of articles",
    "enterprises/sheets.py": "headings and words of the core system's sheets",
    "enterprises/forms.py": "reads lists as Chinese sheets write them",
    "enterprises/letters.py": "letters are Chinese",
    "config/simulation/crowd.py": "what simulated people write",
    "config/simulation/entitlement.py": "marks the simulated year's assumptions",
    "config/simulation/office.py": "what simulated officers write",
    "config/simulation/plan.py": "names of places",
    "subsidies/refund/forms.py": "reads numbers parted as people type them",
    "subsidies/refund/whatif.py": "marks numbers that are only tried",
    "templates/audit/agency_letter.html": "letters are Chinese",
    "payouts/services/judging.py": "the bank's file is Chinese",
    "payouts/formats/bank_file.py": "the plain characters of names, as a range",
    "policy/checks.py": "reads the year in the title of a notice",
    "policy/entry.py": "reads days as Chinese notices write them",
    "policy/forms.py": "reads days as Chinese notices write them",
    "policy/wording.py": "finds where the article of a source begins",
    "templates/_modes.html": "the way back to Chinese",
}


def untranslated(path: Path) -> list[str]:
    """Chinese that a module or template says untranslated; docstrings and comments do not count."""
    said = _of_template(path) if path.suffix == ".html" else _of_module(path)
    return [text for text in said if HAN.search(text)]


def _of_template(path: Path) -> Iterator[str]:
    inside = False
    for token in Lexer(path.read_text()).tokenize():
        if token.token_type is TokenType.BLOCK:
            tag = token.contents.split()[0]
            inside = (inside or tag in {"blocktranslate", "comment"}) and not tag.startswith("end")
        elif token.token_type is TokenType.TEXT and not inside:
            yield token.contents
        elif token.token_type is TokenType.VAR and not inside:
            yield re.sub(r"_\(.*?\)", "", token.contents)


def _of_module(path: Path) -> Iterator[str]:
    tree = tree_of(path)
    translated: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in {*translations.FUNCTIONS, "_"}:
            translated.update(id(part) for part in ast.walk(node))
        elif isinstance(node, ast.Expr):
            translated.add(id(node.value))  # a docstring
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in translated:
            yield node.value


def test_chinese_that_is_not_translated_is_so_on_purpose() -> None:
    found = {
        name(path): untranslated(path)
        for path in [*python_files(*APPS, "config"), *templates()]
        if not name(path).startswith("templates/letters/")
    }
    assert {where: said for where, said in found.items() if said and where not in CHINESE_ON_PURPOSE} == {}
    assert [where for where in CHINESE_ON_PURPOSE if not found.get(where)] == [], "no longer needed"


# --- how texts are found ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('from django.utils.translation import gettext as _\n_("一")', [Text("一")]),
        ('from django.utils.translation import gettext_lazy\ngettext_lazy("一" "二")', [Text("一二")]),
        (
            'from django.utils.translation import ngettext as many\nmany("一件", "%d 件", n)',
            [Text("一件", plural="%d 件")],
        ),
        (
            'from django.utils.translation import pgettext\npgettext("seal", "合")',
            [Text("合", context="seal")],
        ),
        ('from django.utils import translation\ntranslation.gettext("一")', [Text("一")]),
        ('_ = str\n_("一")', []),
    ],
)
def test_texts_of_python(source: str, found: list[Text]) -> None:
    assert list(from_python(source, "sample.py")) == found


@pytest.mark.parametrize("argument", ["name", 'f"{name}个"', '"一" + name'])
def test_a_text_that_is_not_written_out_is_refused(argument: str) -> None:
    source = f"from django.utils.translation import gettext as _\n_({argument})"
    with pytest.raises(Untranslatable, match=r"sample\.py:2"):
        list(from_python(source, "sample.py"))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('{% translate "一" %}', [Text("一")]),
        ("<p title=\"{% translate '一' %}\">", [Text("一")]),
        ('{% translate "合" context "seal" %}', [Text("合", context="seal")]),
        (
            "{% blocktranslate trimmed with n=x %}\n 共 {{ n }} 件\n{% endblocktranslate %}",
            [Text("共 %(n)s 件")],
        ),
        (
            "{% blocktranslate count n=x %}一件{% plural %}{{ n }} 件{% endblocktranslate %}",
            [Text("一件", plural="%(n)s 件")],
        ),
        ('{{ list|join:_("、") }}', [Text("、")]),
        ('{% include "a.html" with label=_("一") %}', [Text("一")]),
        ("{# _('一') #}<p>gettext(x)</p>", []),
    ],
)
def test_texts_of_templates(source: str, found: list[Text]) -> None:
    assert list(from_template(source, "sample.html")) == found


# --- what counts as wrong ---------------------------------------------------------------------------------


def entry(msgid: str, msgstr: str, **more: object) -> polib.POEntry:
    return polib.POEntry(msgid=msgid, msgstr=msgstr, **more)


@pytest.mark.parametrize(
    ("source", "english", "fault"),
    [
        ("一", "", "without English"),
        ("一", "一", "Chinese"),
        ("一", "one，", "Chinese"),
        ("%(n)s 件", "cases", "other places"),
        ("%(n)s 件", "%(m)s cases", "other places"),
        ("%d 年", "%s years", "other places"),
        ("{n} 个月", "months", "other places"),
        ("{on:date}前", "by {on}", "other places"),
        ("<b>一</b>", "one", "other tags"),
    ],
)
def test_faulty_english_is_found(source: str, english: str, fault: str) -> None:
    assert any(fault in found for found in faults(entry(source, english)))


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("一", "one"),
        ("%(a)s 的 %(b)s", "%(b)s of %(a)s"),
        ("{on:date}前", "by {on:date}"),
        ("最低工资的80%", "80% of the minimum wage"),
        ("<b>%(n)s</b> 件", "<b>%(n)s</b> cases"),
    ],
)
def test_sound_english_is_taken(source: str, english: str) -> None:
    assert faults(entry(source, english)) == []


@pytest.mark.parametrize(
    ("forms", "sound"),
    [
        ({0: "%(n)s case", 1: "%(n)s cases"}, True),
        ({0: "one case", 1: "%(n)s cases"}, True),
        ({0: "%(n)s case", 1: "cases"}, False),
        ({0: "%(n)s case"}, False),
        ({0: "", 1: "%(n)s cases"}, False),
    ],
)
def test_both_plural_forms_are_needed(forms: Mapping[int, str], sound: bool) -> None:
    found = faults(entry("%(n)s 件", "", msgid_plural="%(n)s 件", msgstr_plural=dict(forms)))
    assert (found == []) is sound


def catalogue_of(*entries: polib.POEntry) -> polib.POFile:
    catalogue = polib.POFile()
    catalogue.extend(entries)
    return catalogue


def test_missing_unused_fuzzy_and_stale_are_told_apart() -> None:
    wanted = {Text("一"): ["a.py"], Text("二"): ["a.py"], Text("四"): ["a.py"]}
    catalogue = catalogue_of(entry("一", "one"), entry("三", "three"), entry("四", "four", flags=["fuzzy"]))
    assert problems(catalogue, wanted, b"old") == [
        "not in the catalogue: '二' (a.py)",
        "no longer used: '三'",
        "marked fuzzy: '四'",
        "the compiled catalogue differs from the .po file",
    ]


def test_merging_keeps_english_and_drops_what_is_unused() -> None:
    merged = merge(
        catalogue_of(entry("一", "one"), entry("三", "three")), {Text("一"): ["a.py"], Text("二"): []}
    )
    assert {each.msgid: each.msgstr for each in merged} == {"一": "one", "二": ""}
