"""How the source reads: each file says what it is for, exceptions to the rules say why, pages hold no code.

Ruff and mypy check most of it; here stands what they cannot see.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import EVERYTHING, PRODUCT, name, python_files, templates, tree_of

LONGEST_MODULE = 600
LONGEST_FUNCTION = 60
# A reason stands after the code, behind a dash or a second hash.
EXCEPTION = re.compile(r"#\s*(type:\s*ignore|noqa|pragma|fmt:\s*off|nosec)", re.IGNORECASE)
WITH_REASON = re.compile(
    r"#\s*(?:type:\s*ignore\[[\w, -]+\]|noqa:\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)"
    r"\s*(?:#|-|–|:)?\s*(?P<why>\S.{2,})"
)
INLINE = {
    "a style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "a script": re.compile(r"<script\b(?![^>]*\bsrc\s*=)|javascript:", re.IGNORECASE),
    "a handler": re.compile(r"\son[a-z]+\s*=\s*[\"']|\shx-on", re.IGNORECASE),
}
TEMPLATE_NOTES = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}", re.DOTALL)


def test_the_files_are_found() -> None:
    assert len(python_files(*PRODUCT)) > 100
    assert len(templates()) > 30


def test_every_module_opens_with_a_docstring() -> None:
    silent = [
        name(path)
        for path in python_files(*EVERYTHING)
        if path.read_text().strip() and not (ast.get_docstring(tree_of(path)) or "").strip()
    ]
    assert silent == []


def test_modules_and_functions_stay_short() -> None:
    long = []
    for path in python_files(*EVERYTHING):
        lines = len(path.read_text().splitlines())
        if lines > LONGEST_MODULE:
            long.append(f"{name(path)}: {lines} lines")
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > LONGEST_FUNCTION:
                    long.append(f"{name(path)}:{node.lineno} {node.name}: {size} lines")
    assert long == []


def test_no_error_is_swallowed_by_a_net_too_wide() -> None:
    wide = {"Exception", "BaseException"}
    found = [
        f"{name(path)}:{node.lineno}"
        for path in python_files(*EVERYTHING)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or wide & names_in(node.type))
    ]
    assert found == []


def names_in(node: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def test_no_type_is_claimed_without_proof() -> None:
    found = [
        f"{name(path)}:{node.lineno}"
        for path in python_files(*EVERYTHING)
        for node in ast.walk(tree_of(path))
        if (
            isinstance(node, ast.ImportFrom)
            and node.module in ("typing", "typing_extensions")
            and any(alias.name == "cast" for alias in node.names)
        )
        or (
            isinstance(node, ast.Attribute)
            and node.attr == "cast"
            and isinstance(node.value, ast.Name)
            and node.value.id in ("typing", "typing_extensions")
        )
    ]
    assert found == []


def test_an_import_inside_a_function_says_why() -> None:
    found = []
    for path in python_files(*PRODUCT):
        lines = path.read_text().splitlines()
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found += [
                    f"{name(path)}:{inner.lineno}"
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Import | ast.ImportFrom)
                    and not explained(lines[inner.lineno - 1])
                ]
    assert found == []


def explained(line: str) -> bool:
    """Whether a comment on this line gives a reason."""
    return WITH_REASON.search(line) is not None


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every comment; strings that only look like one are not among them."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def test_every_exception_to_a_rule_gives_its_reason() -> None:
    bare = [
        f"{name(path)}:{line}: {text}"
        for path in python_files(*EVERYTHING)
        for line, text in comments(path)
        if EXCEPTION.match(text) and "fmt:" not in text and not explained(text)
    ]
    assert bare == []


@pytest.mark.parametrize("what", sorted(INLINE))
def test_templates_hold_no_code(what: str) -> None:
    found = []
    for path in templates():
        text = TEMPLATE_NOTES.sub(lambda note: "\n" * note.group().count("\n"), path.read_text())
        found += [
            f"{name(path)}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
            for match in INLINE[what].finditer(text)
        ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ('<p style="color: red">', "a style"),
        ("<style>", "a style"),
        ("<script>alert(1)</script>", "a script"),
        ('<a href="javascript:void 0">', "a script"),
        ('<button onclick="go()">', "a handler"),
        ("<body hx-on:click='go()'>", "a handler"),
    ],
)
def test_code_in_a_template_would_be_seen(line: str, holds: str) -> None:
    assert INLINE[holds].search(line)


@pytest.mark.parametrize(
    "line", ["<script src=\"{% static 'keys.js' %}\" defer></script>", '<a href="/on/">']
)
def test_what_is_no_code_is_left_alone(line: str) -> None:
    assert not any(pattern.search(line) for pattern in INLINE.values())


@pytest.mark.parametrize("line", ["x = 1  # noqa", "x = 1  # noqa: S105", "x = 1  # type: ignore[misc]"])
def test_an_exception_without_a_reason_would_be_seen(line: str) -> None:
    text = line[line.index("#") :]
    assert EXCEPTION.match(text) and not explained(text)
